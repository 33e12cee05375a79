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


class Sessions:
    """Those begun at one server, over all its addresses: when the last ones were, and the ports they came from."""

    def __init__(self) -> None:
        self._begun: deque[float] = deque(maxlen=SESSIONS)
        self.ports: set[int] = set()
        """Of ours, over UDP. The server goes on with a session for a minute (--hand-window): from the same port,
        the next one would hear the last one's packets, and its own would be taken for the last one's."""

    def count(self) -> None:
        """A hard reset leaves: a session begins, for the server."""
        self._begun.append(asyncio.get_running_loop().time())

    async def turn(self) -> None:
        """Wait; hardly more than `SESSIONS` begin in `IN_SECONDS`."""
        loop = asyncio.get_running_loop()
        while len(self._begun) == SESSIONS:
            left = self._begun[0] + IN_SECONDS - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)


@dataclass(slots=True)
class Door:
    """Where sessions are opened; one at a time."""

    network: Network
    address: IpAddress
    port: int
    over_tcp: bool
    patience: Patience
    sessions: Sessions = field(default_factory=Sessions)
    """Shared by the doors of one server, one an address."""
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
        if not self.over_tcp:  # only UDP servers count them
            await self.sessions.turn()
        carrier = await self._carrier()
        if isinstance(carrier, Unreachable):
            return carrier
        channel = Channel(carrier, silences, on_reset=self.sessions.count)
        try:
            trouble = await channel.greet(within=self.patience.handshake)
        except BaseException:  # cut short: the socket must not stay behind
            channel.close()
            raise
        if trouble is None:
            return channel
        channel.close()
        return trouble

    async def _carrier(self) -> Carrier | Unreachable:
        if self.over_tcp:
            stream = await self.network.connect(
                self.address, self.port, purpose=Purpose.ACTIVE, within=self.patience.connect
            )
            return stream if isinstance(stream, Unreachable) else OverTcp(stream)
        datagrams = await self.network.datagrams(
            self.address, self.port, purpose=Purpose.ACTIVE, not_from=self.sessions.ports
        )
        if isinstance(datagrams, Unreachable):
            return datagrams
        self.sessions.ports.add(datagrams.own_port)
        return OverUdp(datagrams)
