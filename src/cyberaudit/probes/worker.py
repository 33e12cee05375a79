"""The child process that alone touches the paths of a profile: one JSON request in, one JSON answer out.

    python -m cyberaudit.probes.worker [DESCRIPTOR]

DESCRIPTOR: a socket to the parent, who opens each connection to a far place. It may hang on a dead share, run out of
memory or of time: its parent goes on. It writes nothing anywhere.
"""

import gc
import json
import os
import resource
import sys
from pathlib import Path

from cyberaudit.facts.backup import BackupStore
from cyberaudit.facts.codec import decode, encode_facts
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.contents import read_contents
from cyberaudit.probes.stores.inspection import DEEP_SECONDS, LOOK_SECONDS, Inspection
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.place import Absent, CannotTell, reason_of, store_folder
from cyberaudit.probes.stores.request import StoreRequest
from cyberaudit.probes.stores.tree import Tree

# Ours: a hundred thousand files take some 30 MiB; what needs more than this is an attack.
MEMORY_BYTES = 512 * 1024 * 1024
# Ours: a store of a hundred thousand files takes a second.
CPU_SECONDS, DEEP_CPU_SECONDS = 60, 3600
OPEN_FILES = 64
# Ours: the largest file of trusted authorities that is taken, with room.
REQUEST_BYTES = 9 * 1024 * 1024
# Ours: a listing of ten thousand names, which holds no cycle, is not gone through again and again.
OBJECTS_BEFORE_COLLECTION = 100_000


def look_at(request: StoreRequest, *, parent: int | None = None) -> BackupStore | Unreachable:
    """What the store holds, or why that could not be seen; `parent`: a socket to who opens connections."""
    if request.far is None:
        return _look_here(request)
    if parent is None:
        return Unreachable(Reason.PROBE_CRASHED, "aucun lien vers le processus qui ouvre les connexions")
    # Imported here: most looks stay on this machine.
    from cyberaudit.probes.network import inherited
    from cyberaudit.probes.stores.far.look import look_far

    try:
        with inherited(parent) as control:
            return look_far(request, request.far, control)
    except MemoryError:
        return Unreachable(Reason.DEADLINE, f"plus de {MEMORY_BYTES // 1024 // 1024} Mio de mémoire")


def _look_here(request: StoreRequest) -> BackupStore | Unreachable:
    path = clean(request.path)
    roots = tuple(Path(root) for root in request.roots)
    try:
        with store_folder(Path(request.path), roots, media=request.media) as (here, only):
            inspection = _inspection(request, LocalTree(here, Path(request.path).name, only=only))
            device = str(os.fstat(here).st_dev)
            return BackupStore(path, present=True, contents=read_contents(inspection, device=device))
    except Absent:
        return BackupStore(path, present=False, contents=Unreachable(Reason.NOT_COLLECTED, "dossier absent"))
    except CannotTell as trouble:
        cause = trouble.unreachable
        return cause if cause.reason is Reason.NOT_LOOKED else BackupStore(path, cause, cause)
    except MemoryError:
        return Unreachable(Reason.DEADLINE, f"plus de {MEMORY_BYTES // 1024 // 1024} Mio de mémoire")
    except (OSError, ValueError) as trouble:  # ValueError: a null byte in the path
        cause = reason_of(trouble) if isinstance(trouble, OSError) else Unreachable(Reason.PROTOCOL_ERROR)
        return BackupStore(path, cause, cause)


def _inspection(request: StoreRequest, tree: Tree) -> Inspection:
    return Inspection(
        tree,
        request.now,
        deep=request.deep,
        tries_empty_password=request.tries_empty_password,
        seconds=DEEP_SECONDS if request.deep else LOOK_SECONDS,
    )


def _limit(*, deep: bool) -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, DEEP_CPU_SECONDS if deep else CPU_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, hard))


def main() -> None:
    """Read the request, answer it, end."""
    gc.freeze()
    gc.set_threshold(OBJECTS_BEFORE_COLLECTION)
    request: StoreRequest = decode(json.loads(sys.stdin.buffer.read(REQUEST_BYTES)), StoreRequest)
    _limit(deep=request.deep)
    parent = int(sys.argv[1]) if len(sys.argv) > 1 else None
    answer = json.dumps(encode_facts(look_at(request, parent=parent)))
    sys.stdout.buffer.write(answer.encode("ascii"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
    # Nothing is left to do or to write: taking the modules down costs as much as a thousand files.
    os._exit(0)
