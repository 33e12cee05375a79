"""How each DNS server behaves in this run: whether it still deserves a question, and what it has cost."""

from dataclasses import dataclass

from cyberaudit.frozen import frozen
from cyberaudit.probes.endpoint import Endpoint

# Ours: a server that never answered is not asked a third time.
MUTE_AFTER = 2
# A server that has answered may be silent about one dead domain without being dead itself.
MUTE_AFTER_ONCE_HEARD = 10
# Ours: as short as the pause before a second look at what was silent.
FORGIVEN_AFTER_SECONDS = 1.5
# Ours: the later questions of a first look, then the second look; a second's wait each.
MOST_FORGIVEN = 2
# One datagram may be lost: a second question settles it.
PLAIN_AFTER = 2


@dataclass(slots=True)
class Server:
    """One server, over UDP unless said otherwise; times as `time.monotonic` counts."""

    endpoint: Endpoint
    heard: bool = False
    heard_with_edns: bool = False
    heard_without: int = 0
    """Replies to questions without EDNS, after one with it that met silence."""
    refuses_edns: bool = False
    silent: int = 0
    """Waits in vain since the last reply; datagrams lost together count once."""
    silent_over_tcp: int = 0
    questions: int = 0
    silences: int = 0
    replies: int = 0
    seconds: float = 0.0
    """Waited for the replies, all together."""
    forgiven: int = 0
    """Times that a mute server was given one question more, over UDP."""
    forgiven_over_tcp: int = 0
    _last_silence: float = 0.0
    _last_reply: float = 0.0
    _last_silence_over_tcp: float = 0.0

    @property
    def is_mute(self) -> bool:
        """Not asked any more over UDP, until it is forgiven."""
        return self.silent >= (MUTE_AFTER_ONCE_HEARD if self.heard else MUTE_AFTER)

    @property
    def is_mute_over_tcp(self) -> bool:
        """Not connected to any more, until it is forgiven."""
        return self.silent_over_tcp >= MUTE_AFTER

    @property
    def wants_plain(self) -> bool:
        """It refused EDNS, or only ever answered without."""
        return self.refuses_edns or (not self.heard_with_edns and self.heard_without >= PLAIN_AFTER)

    def forgive(self, *, now: float) -> None:
        """One question more to a server that fell mute a while ago: datagrams may have been lost together."""
        rested = now - self._last_silence >= FORGIVEN_AFTER_SECONDS
        if self.is_mute and rested and self.forgiven < MOST_FORGIVEN:
            self.forgiven += 1
            self.silent -= 1

    def forgive_over_tcp(self, *, now: float) -> None:
        """As `forgive`, for one conversation."""
        rested = now - self._last_silence_over_tcp >= FORGIVEN_AFTER_SECONDS
        if self.is_mute_over_tcp and rested and self.forgiven_over_tcp < MOST_FORGIVEN:
            self.forgiven_over_tcp += 1
            self.silent_over_tcp = MUTE_AFTER - 1

    def said_nothing_over_tcp(self, *, now: float) -> None:
        """A conversation met silence."""
        self.silent_over_tcp += 1
        self._last_silence_over_tcp = now

    def answered(self, *, sent: float, now: float, edns: bool) -> None:
        """A reply came, `edns`: to a question with EDNS."""
        self.heard, self.silent = True, 0
        self.heard_with_edns |= edns
        self.heard_without += not edns
        self.replies += 1
        self.seconds += now - sent
        self._last_reply = now

    def said_nothing(self, *, sent: float, now: float) -> None:
        """A datagram sent at `sent` was waited for in vain.

        Thirty questions about one dead domain are silent together: that is one silence. And a server that
        answered another question meanwhile is not mute.
        """
        self.silences += 1
        if sent >= self._last_silence and sent >= self._last_reply:
            self.silent += 1
            self._last_silence = now


@frozen
class ServerStatistics:
    """What one server has cost in this run."""

    endpoint: Endpoint
    questions: int
    """Datagrams sent, and conversations over TCP."""
    silences: int
    milliseconds: float
    """Mean wait for a reply over UDP; 0 without any."""


def statistics_of(server: Server) -> ServerStatistics:
    """A copy that no longer moves."""
    mean = 1000 * server.seconds / server.replies if server.replies else 0.0
    return ServerStatistics(server.endpoint, server.questions, server.silences, mean)
