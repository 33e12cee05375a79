"""A few handshake initiations to one port, and the most telling thing that comes back."""

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cyberaudit.facts.wireguard import WireGuardMet
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.udp.datagram_stream import DatagramStream
from cyberaudit.probes.udp.questions import wireguard_initiation
from cyberaudit.probes.wireguard.configuration import Configuration, Peer

if TYPE_CHECKING:
    from cyberaudit.probes.wireguard.handshake import Handshake

# Ours: one lost packet, then another, must not look like a silent server.
PATIENCE = (1.0, 1.5, 2.0)


@frozen
class Keys:
    """Who we are, and for which server."""

    ours: Configuration
    server: Peer


@dataclass(slots=True)
class Initiations:
    """From one port of ours, which a cookie is bound to. Without keys, an initiation that no server can accept."""

    stream: DatagramStream
    keys: Keys | None
    _cookie: bytes = b""
    _met: WireGuardMet = WireGuardMet.SILENT
    _handshakes: list["Handshake"] = field(default_factory=list)

    async def met(self) -> WireGuardMet | Unreachable:
        """What was met; `refused` when nobody listens."""
        for within in PATIENCE:
            trouble = await self._once(within)
            if trouble is not None:
                return trouble
            if self._met is WireGuardMet.PROVEN or (
                self.keys is None and self._met is not WireGuardMet.SILENT
            ):
                break
        return self._met

    async def _once(self, within: float) -> Unreachable | None:
        """One initiation, and all that comes for a time; a cookie is used at once."""
        until = asyncio.get_running_loop().time() + within
        trouble = await self.stream.send(self._initiation(), within=within)
        while trouble is None and self._met is not WireGuardMet.PROVEN:
            left = until - asyncio.get_running_loop().time()
            answer = await self.stream.receive(within=max(0.0, left))
            if isinstance(answer, Unreachable):
                return None if answer.reason is Reason.TIMEOUT else answer
            if self._take(answer):
                return None
        return trouble

    def _initiation(self) -> bytes:
        if self.keys is None:
            return wireguard_initiation()
        from cyberaudit.probes.wireguard.handshake import Handshake

        handshake = Handshake(self.keys.ours, self.keys.server, cookie=self._cookie)
        self._handshakes.append(handshake)
        return handshake.initiation

    def _take(self, datagram: bytes) -> bool:
        """Keep what a datagram tells; True when there is no use in waiting for another one."""
        read = next(filter(None, (handshake.read(datagram) for handshake in self._handshakes)), None)
        if read is None:
            if self._met is WireGuardMet.SILENT:
                self._met = WireGuardMet.FOREIGN
            return self.keys is None
        if isinstance(read, bytes):
            first, self._cookie = not self._cookie, read
            self._met = WireGuardMet.BUSY
            return first
        self._met = WireGuardMet.PROVEN
        return True
