"""One OpenVPN port of one address, and how often we knock there: each conversation is a new session."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from cyberaudit.model import Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Patience
from cyberaudit.probes.network import Network
from cyberaudit.probes.openvpn.carrier import Carrier, OverTcp, OverUdp
from cyberaudit.probes.openvpn.channel import Channel
from cyberaudit.probes.tls.conversation import Conversation

# OpenVPN 2.6, --connect-freq-initial: 100 new sessions in 10 s, of everybody together; the rest is for the agents.
SESSIONS, IN_SECONDS = 60, 10.0


@dataclass(slots=True)
class Door:
    """Where sessions are opened; one at a time."""

    network: Network
    address: IpAddress
    port: int
    over_tcp: bool
    patience: Patience
    _begun: deque[float] = field(default_factory=lambda: deque(maxlen=SESSIONS))

    async def open(self) -> Conversation | Unreachable:
        """A session ready for a ClientHello: an `Opener`. Why there is none as `Channel.greet` says."""
        await self._wait_turn()
        carrier = await self._carrier()
        if isinstance(carrier, Unreachable):
            return carrier
        channel = Channel(carrier, on_reset=self._count)
        try:
            trouble = await channel.greet(within=self.patience.handshake)
        except BaseException:  # cut short: the socket must not stay behind
            channel.close()
            raise
        if trouble is None:
            return channel
        channel.close()
        return trouble

    async def _wait_turn(self) -> None:
        """Hardly more than `SESSIONS` in `IN_SECONDS`; only UDP servers count them."""
        loop = asyncio.get_running_loop()
        if len(self._begun) == SESSIONS and not self.over_tcp:
            await asyncio.sleep(max(0.0, self._begun[0] + IN_SECONDS - loop.time()))

    def _count(self) -> None:
        self._begun.append(asyncio.get_running_loop().time())

    async def _carrier(self) -> Carrier | Unreachable:
        if self.over_tcp:
            stream = await self.network.connect(
                self.address, self.port, purpose=Purpose.ACTIVE, within=self.patience.connect
            )
            return stream if isinstance(stream, Unreachable) else OverTcp(stream)
        datagrams = await self.network.datagrams(self.address, self.port, purpose=Purpose.ACTIVE)
        return datagrams if isinstance(datagrams, Unreachable) else OverUdp(datagrams)
