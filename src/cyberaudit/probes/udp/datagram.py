"""What came back to one UDP datagram: words, an ICMP message and its author, or nothing."""

import asyncio
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from cyberaudit.facts.reach import PortState
from cyberaudit.frozen import frozen
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.ports.knock import Attempt, IcmpError, Knock, read_attempt, read_icmp

# Ours: the loudest amplifiers known send that in a second; more tells nothing more.
MOST_BYTES = 64 * 1024
# Ours: empty datagrams fill no byte count.
MOST_DATAGRAMS = 2_000
# Ours: an amplifier sends its answer at once.
LISTEN_SECONDS = 1.0
# Ours: a flood must leave the others their turn.
_IN_ONE_GO = 64


@frozen
class Heard:
    """What the kernel handed over, from the question to the end of our patience."""

    first: bytes | None
    """The first datagram that came back; None: none did."""
    received: int
    """Bytes of payload, of all that came back within `LISTEN_SECONDS` of the first."""
    seconds: float
    """From the question to the first answer or refusal, or to the end of our patience."""
    icmp: IcmpError | None
    error: int
    """errno of the sending or of the hearing; 0: none."""
    target: IpAddress
    own: IpAddress | None
    to_itself: bool = False
    """On loopback the kernel may lend us the very port we ask: the question is then its own answer."""


def read_heard(heard: Heard) -> Knock:
    """The state behind one question; only words of the service make it open."""
    if heard.to_itself:
        return Knock(PortState.CLOSED, "aucun service n'écoute")
    if heard.first is not None:
        milliseconds = heard.seconds * 1000
        took = f"{milliseconds:.0f} ms" if milliseconds >= 1 else "moins de 1 ms"
        return Knock(PortState.OPEN, f"réponse en {took}", heard.seconds)
    if heard.icmp is not None and not _refuses(heard.icmp):
        return Knock(PortState.SILENT, str(heard.icmp))
    return read_attempt(
        Attempt(
            error=heard.error,
            icmp=heard.icmp,
            connected=False,
            target=heard.target,
            own=heard.own,
            seconds=heard.seconds,
        )
    )


def _refuses(icmp: IcmpError) -> bool:
    """« Destination unreachable » or « time exceeded »; not « packet too big », which speaks of its size only."""
    if icmp.author.version == 4:
        return icmp.type in (3, 11) and (icmp.type, icmp.code) != (3, 4)
    return icmp.type in (1, 3)


async def hear(
    sock: socket.socket, *, target: IpAddress, own: IpAddress | None, begun: float, within: float
) -> Heard:
    """Listen on a socket that has just sent its question, and hears ICMP errors (IP_RECVERR).

    Whatever comes from another address than `target` is dropped. The wait ends at the first refusal, or
    `LISTEN_SECONDS` after the first answer.
    """
    loop = asyncio.get_running_loop()
    ear = _Ear(sock, _bare(str(target)), begun)
    loop.add_reader(sock, ear.listen)
    try:
        with suppress(TimeoutError):  # silence is an answer too
            async with asyncio.timeout(within):
                await ear.stirred.wait()
        if ear.first is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LISTEN_SECONDS):
                    await ear.full.wait()
    finally:
        loop.remove_reader(sock)
    # An answer that came together with the end of our patience.
    ear.listen()
    seconds = (ear.at or loop.time()) - begun
    return Heard(ear.first, ear.received, seconds, ear.icmp, ear.error, target, own)


def _bare(address: str) -> IpAddress:
    return ip_address(address.partition("%")[0])


@dataclass(slots=True)
class _Ear:
    """Takes from the kernel all that waits there, both queues: an error left behind would wake us for ever."""

    sock: socket.socket
    target: IpAddress
    begun: float
    first: bytes | None = None
    received: int = 0
    datagrams: int = 0
    at: float | None = None
    icmp: IcmpError | None = None
    error: int = 0
    stirred: asyncio.Event = field(default_factory=asyncio.Event)
    full: asyncio.Event = field(default_factory=asyncio.Event)

    def listen(self) -> None:
        self._read_errors()
        for _ in range(_IN_ONE_GO):
            if self.full.is_set():
                return
            try:
                data, sender = self.sock.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError as error:
                self._refused(error.errno or 0)
            else:
                self._spoke(data, sender)

    def _spoke(self, data: bytes, sender: Any) -> None:
        if _bare(sender[0]) != self.target:
            return
        if self.first is None:
            self.first, self.at = data, asyncio.get_running_loop().time()
        self.received = min(MOST_BYTES, self.received + len(data))
        self.datagrams += 1
        self.stirred.set()
        if self.received >= MOST_BYTES or self.datagrams >= MOST_DATAGRAMS:
            self.full.set()
            asyncio.get_running_loop().remove_reader(self.sock)

    def _refused(self, error: int) -> None:
        self.error = error
        self._read_errors()
        self._stop_waiting()

    def _read_errors(self) -> None:
        for _ in range(_IN_ONE_GO):
            try:
                _, ancillary, _, _ = self.sock.recvmsg(0, 512, socket.MSG_ERRQUEUE)
            except OSError:  # the queue is empty
                return
            icmp = read_icmp((level, kind, data) for level, kind, data in ancillary)
            self.icmp = self.icmp or icmp
            self._stop_waiting()

    def _stop_waiting(self) -> None:
        if self.at is None:
            self.at = asyncio.get_running_loop().time()
        self.stirred.set()
