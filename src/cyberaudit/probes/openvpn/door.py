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
from cyberaudit.probes.openvpn.silences import Silences
from cyberaudit.probes.tls.conversation import Conversation

# OpenVPN 2.6, --connect-freq-initial: 100 new sessions in 10 s, of everybody together; the rest is for the agents.
SESSIONS, IN_SECONDS = 60, 10.0


def no_sessions() -> deque[float]:
    """The count of a server that was not asked yet."""
    return deque(maxlen=SESSIONS)


@dataclass(slots=True)
class Door:
    """Where sessions are opened; one at a time."""

    network: Network
    address: IpAddress
    port: int
    over_tcp: bool
    patience: Patience
    begun: deque[float] = field(default_factory=no_sessions)
    """When the last sessions began: one server counts them over all its addresses, whose doors share it."""
    silences: Silences = field(default_factory=Silences)
    """What the server behind this address dropped without a word."""

    async def open(self) -> Conversation | Unreachable:
        """A session ready for a ClientHello: an `Opener`. Why there is none as `Channel.greet` says.

        After a hello that was dropped without a word, its control goes first, in a session of its own.
        """
        for hello, control in self.silences.unproved():
            granted = await self._is_granted(control)
            self.silences.controlled(hello, granted=granted)
        return await self._open(self.silences)

    async def _is_granted(self, control: bytes) -> bool:
        """Whether TLS answers with anything but an alert."""
        silences = Silences()
        conversation = await self._open(silences)
        if isinstance(conversation, Unreachable):
            return False
        with conversation:
            within = self.patience.handshake
            if await conversation.write(control, within=within) is None:
                await conversation.read(1, within=within)
        return silences.has_granted

    async def _open(self, silences: Silences) -> Conversation | Unreachable:
        await self._wait_turn()
        carrier = await self._carrier()
        if isinstance(carrier, Unreachable):
            return carrier
        channel = Channel(carrier, silences, on_reset=self._count)
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
        while len(self.begun) == SESSIONS and not self.over_tcp:
            left = self.begun[0] + IN_SECONDS - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)

    def _count(self) -> None:
        self.begun.append(asyncio.get_running_loop().time())

    async def _carrier(self) -> Carrier | Unreachable:
        if self.over_tcp:
            stream = await self.network.connect(
                self.address, self.port, purpose=Purpose.ACTIVE, within=self.patience.connect
            )
            return stream if isinstance(stream, Unreachable) else OverTcp(stream)
        datagrams = await self.network.datagrams(self.address, self.port, purpose=Purpose.ACTIVE)
        return datagrams if isinstance(datagrams, Unreachable) else OverUdp(datagrams)
