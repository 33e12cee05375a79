"""The child process that alone touches the paths of a profile: one JSON request in, one JSON answer out.

    python -m cyberaudit.probes.worker

It may hang on a dead share, run out of memory or of time: its parent goes on. It writes nothing anywhere.
"""

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
CPU_SECONDS = 60
OPEN_FILES = 64
REQUEST_BYTES = 64 * 1024


def look_at(request: StoreRequest) -> BackupStore | Unreachable:
    """What the store holds, or why that could not be seen."""
    path = clean(request.path)
    roots = tuple(Path(root) for root in request.roots)
    try:
        with store_folder(Path(request.path), roots, media=request.media) as here:
            inspection = _inspection(request, LocalTree(here, Path(request.path).name))
            device = str(os.fstat(here).st_dev)
            return BackupStore(path, present=True, contents=read_contents(inspection, device=device))
    except Absent:
        return BackupStore(path, present=False, contents=Unreachable(Reason.NOT_COLLECTED, "dossier absent"))
    except CannotTell as trouble:
        cause = trouble.unreachable
        return cause if cause.reason is Reason.NOT_AUTHORIZED else BackupStore(path, cause, cause)
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


def _limit() -> None:
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, hard))


def main() -> None:
    """Read the request, answer it, end."""
    _limit()
    request: StoreRequest = decode(json.loads(sys.stdin.buffer.read(REQUEST_BYTES)), StoreRequest)
    answer = json.dumps(encode_facts(look_at(request)))
    sys.stdout.buffer.write(answer.encode("ascii"))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
