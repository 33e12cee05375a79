"""What a declared backup store holds, read by a child process that can be killed: a dead share stops nothing."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from dataclasses import dataclass, field

from cyberaudit.declared import Backup
from cyberaudit.facts.backup import BackupStore
from cyberaudit.facts.codec import NotDecodable, decode_facts, encode
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.far_places import far_place, without_secret
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.lent_lines import Opener, lend_lines, opener
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.stores.request import FarPlace, StoreRequest

log = logging.getLogger(__name__)

WORKER = "cyberaudit.probes.worker"
# Ours: two hundred copies of a slow share, under the 60 s after which the scan gives up any probe (engine/observe).
WALL_SECONDS = 50.0
# The child's own hour (stores/inspection), and what its last file takes.
DEEP_WALL_SECONDS = 3650.0
# A process stuck in the kernel (state D) does not end when killed: it is left behind.
BURIAL_SECONDS = 2.0
# Two hundred copies at 700 bytes each, ten times over.
ANSWER_BYTES = 2 * 1024 * 1024
ERROR_BYTES = 16 * 1024
# Ours: a thousand questions and 64 MiB of answers, acknowledged two by two.
MOST_PACKETS = 40_000


async def look(asset: Backup, instruments: Instruments) -> BackupStore | Unreachable:
    """The facts; `Unreachable` when this machine may not, or could not, look at all."""
    if not asset.path:
        if asset.url:
            return await _look_far(asset, instruments)
        return Unreachable(Reason.NO_PLACE, "aucun dossier déclaré")
    roots = instruments.options.backup_roots
    if not roots:
        # Not this machine's business: another one, whose configuration allows it, may have looked.
        return Unreachable(Reason.NOT_LOOKED, "aucun dossier de sauvegarde n'est à lire sur cette machine")
    request = StoreRequest(
        path=asset.path,
        roots=tuple(str(root.absolute()) for root in roots),
        media=asset.media,
        now=instruments.now,
        deep=instruments.options.deep,
        tries_empty_password=instruments.options.empty_password,
    )
    return await ask_child(request, seconds=DEEP_WALL_SECONDS if request.deep else WALL_SECONDS)


async def _look_far(asset: Backup, instruments: Instruments) -> BackupStore | Unreachable:
    place = _place_of(asset, instruments)
    if isinstance(place, Unreachable):
        return place
    # Never deep: a far copy is not fetched whole.
    request = StoreRequest(
        path=without_secret(asset.url),
        roots=(),
        media=asset.media,
        now=instruments.now,
        tries_empty_password=instruments.options.empty_password,
        far=place,
    )
    return await ask_child(request, opener=opener(place, instruments))


def _place_of(asset: Backup, instruments: Instruments) -> FarPlace | Unreachable:
    options = instruments.options
    return far_place(asset.url, dict(options.backup_accesses).get(asset.id), roots=options.ca_bundle)


def worth_asking_again(facts: BackupStore) -> bool:
    """An absent folder may be a share that was being mounted: looked at again before it becomes a fact."""
    return facts.present is False


def announce(asset: Backup, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: a folder of this machine, or one far place."""
    if asset.url and not asset.path:
        return _announce_far(asset, instruments)
    if not asset.path or not instruments.options.backup_roots:
        return ()
    return (
        Announcement(
            target=asset.name,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"la sauvegarde « {asset.name} » : son dossier est lu sur cette machine, rien n'y est écrit",
            max_packets=0,
        ),
    )


def _announce_far(asset: Backup, instruments: Instruments) -> tuple[Announcement, ...]:
    place = _place_of(asset, instruments)
    if isinstance(place, Unreachable):
        return ()
    return (
        Announcement(
            target=place.host,
            purpose=Purpose.INFRASTRUCTURE,
            text=(
                f"la sauvegarde « {asset.name} » : {place.host}, port {place.port}, "
                "lue à distance, rien n'y est écrit"
            ),
            max_packets=MOST_PACKETS,
        ),
    )


async def ask_child(
    request: StoreRequest, *, seconds: float = WALL_SECONDS, opener: Opener | None = None
) -> BackupStore | Unreachable:
    """The answer of one child process; it is killed, with all it started, after `seconds`.

    `opener` opens, for a far place, each connection that the child asks for.
    """
    payload = json.dumps(encode(request, StoreRequest)).encode("ascii")
    # -P: a file of the current folder must not stand in for a module.
    command = (sys.executable, "-P", "-m", WORKER)
    with contextlib.ExitStack() as held:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        held.callback(ours.close)
        held.callback(theirs.close)
        handed = (theirs.fileno(),) if opener else ()
        loop = asyncio.get_running_loop()
        transport, child = await loop.subprocess_exec(
            _Child, *command, *map(str, handed), cwd="/", start_new_session=True, pass_fds=handed
        )
        lending = loop.create_task(lend_lines(ours, opener)) if opener else None
        try:
            async with asyncio.timeout(seconds):
                _send(transport, payload)
                await child.ended.wait()
        except TimeoutError:
            what = "l'emplacement" if request.far else "le dossier"
            return Unreachable(Reason.DEADLINE, f"{what} ne répond pas : {seconds:g} s")
        finally:
            await _bury(transport, child)
            await _end(lending)
        return _answer(child, transport.get_returncode())


async def _end(lending: asyncio.Task[None] | None) -> None:
    if lending is not None:
        lending.cancel()
        await asyncio.wait([lending])


def _send(transport: asyncio.SubprocessTransport, payload: bytes) -> None:
    pipe = transport.get_pipe_transport(0)
    assert isinstance(pipe, asyncio.WriteTransport)
    pipe.write(payload)
    pipe.close()


@dataclass(eq=False)
class _Child(asyncio.SubprocessProtocol):
    """What the child said, in bounded memory."""

    output: bytearray = field(default_factory=bytearray)
    errors: bytearray = field(default_factory=bytearray)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    """It ended, or said too much; its output is whole only in the first case."""
    gone: asyncio.Event = field(default_factory=asyncio.Event)
    """It is dead and its pipes are closed."""

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 1:
            self.output += data
        else:
            self.errors += data[: ERROR_BYTES - len(self.errors)]
        if len(self.output) > ANSWER_BYTES:
            self.ended.set()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 — asyncio's signature
        self.ended.set()
        self.gone.set()


async def _bury(transport: asyncio.SubprocessTransport, child: _Child) -> None:
    """Kill the child's whole group when it still runs, and wait for its end a moment, not for ever."""
    if transport.get_returncode() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(transport.get_pid(), signal.SIGKILL)
        try:
            async with asyncio.timeout(BURIAL_SECONDS):
                await child.gone.wait()
        except TimeoutError:
            log.warning("process %s does not end: left behind", transport.get_pid())
    transport.close()


def _answer(child: _Child, code: int | None) -> BackupStore | Unreachable:
    if len(child.output) > ANSWER_BYTES:
        return Unreachable(Reason.PROBE_CRASHED, "réponse trop longue")
    if code == -signal.SIGXCPU:
        return Unreachable(Reason.DEADLINE, "trop de calcul")
    if code is not None and code < 0:
        return Unreachable(Reason.INTERRUPTED, f"signal {-code}")
    if code != 0:
        log.error("backup worker ended with %s: %s", code, clean(bytes(child.errors), limit=4000))
        last = bytes(child.errors).strip().rpartition(b"\n")[2]
        return Unreachable(Reason.PROBE_CRASHED, clean(last))
    try:
        facts = decode_facts(json.loads(child.output))
    except (ValueError, NotDecodable) as error:
        return Unreachable(Reason.PROBE_CRASHED, clean(str(error)))
    if isinstance(facts, BackupStore | Unreachable):
        return facts
    return Unreachable(Reason.PROBE_CRASHED, type(facts).__name__)
