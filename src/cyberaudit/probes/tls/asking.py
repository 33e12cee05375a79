"""One question to a TLS server and its answer: counted, paced, and asked again when something was in the way.

An alert is an answer. A reset, a close or silence is none: the offer may be at fault, or a limiter. To tell them
apart the survey goes on alone, asks once more, and then asks for what was granted before (the control): where
that works, it was the offer, else a limiter, which is waited for. From then on every refusal needs a control.

SSLv2 alone has no alert to refuse with: there the line is cut, and that is a « no » when it happens twice, alone,
right after the hello, each time with a control granted behind it. Silence says nothing there either.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.tls.conversation import Conversation, Opener
from cyberaudit.probes.tls.flight import Alert, Answer, FlightReader, Foreign, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS13, VERSION_NAMES, Hello, build
from cyberaudit.probes.tls.turns import Turns

CHUNK_BYTES = 16 * 1024
# RFC 8446 §6: close_notify, unexpected_message, record_overflow, access_denied, internal_error, user_canceled.
# They may be about the passing state of the server as well as about the offer.
VAGUE_ALERTS = frozenset({0, 10, 22, 49, 80, 90})
PROTOCOL_VERSION = 70
# What another try cannot change.
LASTING = frozenset(
    {
        Reason.DEADLINE,
        Reason.NOT_AUTHORIZED,
        Reason.PRIVATE_ADDRESS,
        Reason.BUDGET_SPENT,
        Reason.PERMISSION_DENIED,
    }
)
# Ours: a server shows one chain a kind of key; more means that it makes them up.
MAX_CHAINS = 4
# RFC 8446 §5.1: change_cipher_spec, alert, handshake
_TLS_RECORDS = {b"\x14", b"\x15", b"\x16"}
# Ours: an answer that takes this many times longer than the slowest so far is not on its way any more.
_PATIENCE = 6
# Ours: the slowest boxes of a local network sign within it.
_FAR_SECONDS = 0.02
# RFC 6066 §8: a server fetches the answer to staple when it is first asked for, and sends it from then on.
_STATUS_REQUEST = 5
# RFC 5746, RFC 7627
_RENEGOTIATION_INFO, _EXTENDED_MASTER_SECRET = 0xFF01, 0x0017
_CLOSED = Unreachable(Reason.RESET, "connexion fermée par le serveur")
_MUTE = Unreachable(Reason.TIMEOUT, "le serveur ne répond plus")
CUTS_INSTEAD = Unreachable(Reason.RESET, "le serveur coupe au lieu de refuser")

Refusable = ServerFlight | Alert | Unreachable


@frozen
class Misfit:
    """TLS was answered, but not to what was asked."""

    cause: Unreachable


@frozen
class HungUp:
    """The line was cut right after the hello, before any byte of an answer; told apart for SSLv2 alone."""

    cause: Unreachable


Heard = Answer | Misfit | HungUp | Unreachable
_LAST_RANK = 2


@frozen
class Pace:
    """How hard one server is asked."""

    at_once: int = 5
    """Conversations, as long as nothing is in the way."""
    hello_seconds: float = 5.0
    """From the hello to the end of the answer."""
    deadline_seconds: float = 60.0
    """For the whole survey."""
    # Ours: connection limits of firewalls look at a few seconds, seldom at more than ten.
    pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0)
    """How long a limiter is waited for, time after time."""
    mute_seconds: float = 15.0
    """How long a server is waited for that answered and then says nothing more, whatever it is asked."""


class Asker:
    """Asks one server, and remembers what it showed."""

    def __init__(self, opener: Opener, pace: Pace) -> None:
        self.hellos = 0
        """Sent for versions and suites: those of rank 0."""
        self.connections = 0
        self.control: Hello | None = None
        """What the server granted at first; None: nothing yet."""
        self.wants_whole = True
        """False: this server's flights are not to be waited for to their end."""
        self.reads_long = False
        """The longest hello, of TLS 1.2, was granted or refused by name: its length is nothing to stumble over."""
        self.careful = False
        """A limiter was met: every refusal needs a control."""
        self.lost: Unreachable | None = None
        """Why the server is not asked any more."""
        self.unstable = False
        """It contradicted itself."""
        self.owes_proof = True
        """Something may have been refused since the server was last seen to grant what it granted at first."""
        self.refused_in_words: set[str] = set()
        """Versions about which an alert, or an answer in another one, left no doubt."""
        self.chains: list[tuple[bytes, ...]] = []
        """Certificates as sent, each chain once."""
        self.flights: list[ServerFlight] = []
        """All that came to a hello of the survey, without certificates."""
        self.granted_later: list[ServerFlight] = []
        """What was granted only when it was asked for once more."""
        self._opener, self._pace = opener, pace
        self._clock = asyncio.get_running_loop().time
        self._until = self._clock() + pace.deadline_seconds
        self._turns = Turns(pace.at_once)
        self._one_trouble = asyncio.Lock()
        self._slowest = 0.0
        self._last_heard = self._clock()
        self._gap = 0.0
        self._next = 0.0
        self._granted: ServerFlight | None = None
        self._habits: dict[tuple[int, bool], tuple[bool, bool]] = {}

    @property
    def slowest(self) -> float:
        """Seconds of the slowest whole answer so far, its connection included."""
        return self._slowest

    @property
    def is_far(self) -> bool:
        """Round trips cost more than what is computed between them."""
        return self._slowest > _FAR_SECONDS

    @property
    def is_old(self) -> bool:
        """Nothing newer than TLS 1.0 was granted to the first hello: nobody who knows TLS 1.3 stops there."""
        return self._granted is not None and self._granted.version <= TLS10

    async def ask(self, hello: Hello, *, rank: int = 0, is_usual: bool = True) -> Refusable:
        """What the server makes of `hello`: a flight that fits it, an alert that is meant, or why neither is known.

        Args:
            hello: the offer.
            rank: what matters most has the lowest.
            is_usual: what is shown goes into the memory of the survey.
        """
        answer = _refusable(await self._settled(hello, rank))
        if is_usual and isinstance(answer, ServerFlight):
            self._remember(hello, answer)
        return answer

    async def ask_ssl2(self, hello: Hello) -> Refusable | HungUp:
        """As `ask`; `HungUp` is a refusal: twice the line was cut, alone, and the control granted after each."""
        answer = await self._settled(hello, 0)
        if isinstance(answer, ServerFlight):
            self._remember(hello, answer)
        return answer

    async def ask_again(self, hello: Hello) -> None:
        """What was refused, once more: a grant contradicts the refusal, and all else says nothing new."""
        # After all other questions: they lead to more of them, this one does not.
        async with self._turns.turn(_LAST_RANK):
            answer = await self.once(hello, rank=_LAST_RANK)
        if isinstance(answer, ServerFlight) and answer.version == hello.version:
            self.granted_later.append(replace(answer, certificates=()))
            self.unstable = True

    async def once(self, hello: Hello, *, rank: int = 0, within: float | None = None) -> Heard:
        """One conversation, and what came of it; nothing is asked again. `within`: seconds for the answer."""
        if self.lost is not None:
            return self.lost
        if self._next > self._clock():
            await asyncio.sleep(self._next - self._clock())
        left = self._until - self._clock()
        if left <= 0:
            return Unreachable(Reason.DEADLINE)
        self._next = self._clock() + self._gap
        self.hellos += rank == 0
        try:
            async with asyncio.timeout(left):
                answer = await self._converse(hello, within=within or self._within())
        except TimeoutError:
            return Unreachable(Reason.DEADLINE)
        if not (isinstance(answer, Unreachable) and answer.reason is Reason.TIMEOUT):
            self._last_heard = self._clock()
        return (_misfit(hello, answer) if isinstance(answer, ServerFlight) else None) or answer

    def grant(self, hello: Hello, flight: ServerFlight) -> None:
        """`hello` is what the server granted at first: from now on the control."""
        self.control, self._granted = hello, flight
        self._remember(hello, flight)

    async def still_grants(self, *, twice: bool = False) -> bool:
        """Ask the control, or two of them side by side; True when it is granted."""
        assert self.control is not None
        assert self._granted is not None
        both = twice and self._turns.at_once > 1
        controls = [self.once(self.control) for _ in range(1 + both)]
        answers = await asyncio.gather(*controls)
        granted = [answer for answer in answers if isinstance(answer, ServerFlight)]
        self.unstable |= any(self._mark(answer) != self._mark(self._granted) for answer in granted)
        if len(granted) < len(answers):
            return False
        self.owes_proof = False
        return True

    async def comes_back(self) -> bool:
        """Wait for a limiter until the control is granted again; False: given up, `lost` says why."""
        self.be_careful()
        for pause in self._pace.pauses if self.lost is None else ():
            if self._clock() + pause - self._last_heard > self._pace.mute_seconds:
                self.lost = self.lost or _MUTE
                return False
            await asyncio.sleep(min(pause, max(self._until - self._clock(), 0)))
            if await self.still_grants():
                return True
        self.lost = self.lost or await self._cause()
        return False

    def be_careful(self) -> None:
        """One conversation at a time, with time between them; more each time this is needed."""
        self._turns.at_once = 1
        self.careful = True
        first = self._pace.pauses[0] if self._pace.pauses else 0.0
        self._gap = min(max(2 * self._gap, first / 2), 2 * first)

    async def _cause(self) -> Unreachable:
        assert self.control is not None
        answer = await self.once(self.control)
        if isinstance(answer, ServerFlight):
            return Unreachable(Reason.UNSTABLE)
        return _why(answer)

    async def _settled(self, hello: Hello, rank: int) -> Refusable | HungUp:
        async with self._turns.turn(rank):
            answer = await self.once(hello, rank=rank)
        if self.control is None or self._stands(answer):
            self.owes_proof |= not isinstance(answer, ServerFlight)
            return _refusable(answer)
        async with self._one_trouble:
            return await self._asked_alone(hello, rank, answer)

    def _stands(self, answer: Heard) -> bool:
        match answer:
            case ServerFlight() | Misfit():
                return True
            case Alert():
                return not self.careful and answer.code not in VAGUE_ALERTS
            case Foreign() | HungUp():
                return False
            case Unreachable():
                return answer.reason in LASTING or answer is self.lost

    async def _asked_alone(self, hello: Hello, rank: int, first: Heard) -> Refusable | HungUp:
        """The answer when nobody else asks, with a control after it."""
        at_once, self._turns.at_once = self._turns.at_once, 1
        # Below every other rank: those who wait for a turn wait until this is clear.
        async with self._turns.turn(-1):
            is_refusal = self.careful and isinstance(first, Alert)
            answer = first if is_refusal else await self.once(hello, rank=rank)
            if isinstance(answer, ServerFlight):
                return answer
            if await self.still_grants():
                if not (self.careful or self._stands(answer)):
                    # Twice the same, the control in between granted: it is about this offer, nobody limits us.
                    self._turns.at_once = at_once
                return await self._meant(hello, answer)
            return await self._asked_later(hello, rank)

    async def _asked_later(self, hello: Hello, rank: int) -> Refusable | HungUp:
        """The answer once the limiter lets us through; tried a few times."""
        for _ in self._pace.pauses:
            if not await self.comes_back():
                break
            answer = await self.once(hello, rank=rank)
            if isinstance(answer, ServerFlight) or await self.still_grants():
                return await self._meant(hello, answer)
        return self.lost or Unreachable(Reason.UNSTABLE)

    async def _meant(self, hello: Hello, answer: Heard) -> Refusable | HungUp:
        """What an answer says about the offer, now that the control was granted behind it."""
        if isinstance(answer, HungUp):
            again = await self.once(hello)
            if isinstance(again, HungUp) and await self.still_grants():
                return again
            return again if isinstance(again, ServerFlight) else CUTS_INSTEAD
        is_cut = isinstance(answer, Unreachable) and answer.reason is Reason.RESET
        return CUTS_INSTEAD if is_cut else _refusable(answer)

    def _within(self) -> float:
        """Seconds for an answer: those of the pace until the server has shown how fast it is."""
        most = self._pace.hello_seconds
        return most if self.control is None else min(most, max(most / 2, _PATIENCE * self._slowest))

    async def _converse(self, hello: Hello, *, within: float) -> Heard:
        conversation = await self._opener()
        if isinstance(conversation, Unreachable):
            return conversation
        self.connections += 1
        begun = self._clock()
        with conversation:
            whole = self.wants_whole and hello.version not in (SSL2, TLS13)
            reader = FlightReader(wants_whole=whole)
            unsent = await conversation.write(build(hello), within=within)
            if unsent is not None:
                return unsent
            answer = await _hear(conversation, reader, until=begun + within, clock=self._clock)
        if isinstance(answer, HungUp):
            return answer if hello.version == SSL2 else answer.cause
        if isinstance(answer, ServerFlight) and answer.is_whole:
            self._slowest = max(self._slowest, self._clock() - begun)
        return answer

    def _mark(self, flight: ServerFlight) -> tuple[object, ...]:
        """What stays the same each time the control is granted: a certificate only when it is waited for."""
        shown = flight.certificates[:1] if self.wants_whole else ()
        return flight.version, flight.suite, flight.extensions - {_STATUS_REQUEST}, shown

    def _remember(self, hello: Hello, flight: ServerFlight) -> None:
        chain = flight.certificates
        if chain and chain not in self.chains and len(self.chains) < MAX_CHAINS:
            self.chains.append(chain)
        self.flights.append(replace(flight, certificates=()))
        if SSL3 < flight.version < TLS13:
            habit = (
                _RENEGOTIATION_INFO in flight.extensions,
                _EXTENDED_MASTER_SECRET in flight.extensions,
            )
            # A plain hello has less to be answered.
            kind = flight.version, hello.extended_master_secret
            self.unstable |= self._habits.setdefault(kind, habit) != habit


async def _hear(
    conversation: Conversation, reader: FlightReader, *, until: float, clock: Callable[[], float]
) -> Heard:
    begins_well = False
    while True:
        data = await conversation.read(CHUNK_BYTES, within=max(until - clock(), 0))
        if isinstance(data, Unreachable) or not data:
            end = data if isinstance(data, Unreachable) else _CLOSED
            said = reader.ended()
            if said is None:
                return HungUp(end) if end.reason is Reason.RESET else end
            if isinstance(said, Alert) and end.reason is Reason.TIMEOUT:
                # Warnings, and then nothing: they are no answer, nor a reason to wait any longer.
                return end
            # The beginning of an answer is nothing foreign.
            return end if begins_well and isinstance(said, Foreign) else said
        begins_well = begins_well or data[:1] in _TLS_RECORDS
        answer = reader.feed(data)
        if answer is not None:
            return answer


def _refusable(answer: Heard) -> Refusable:
    return _why(answer) if isinstance(answer, Foreign | Misfit | HungUp) else answer


def _why(answer: Alert | Foreign | Misfit | HungUp | Unreachable) -> Unreachable:
    match answer:
        case Misfit() | HungUp():
            return answer.cause
        case Alert():
            return Unreachable(Reason.TLS_FAILURE, f"alerte {answer.code}")
        case Foreign():
            return Unreachable(Reason.PROTOCOL_ERROR, clean(answer.protocol))
        case Unreachable():
            return answer


def _misfit(hello: Hello, flight: ServerFlight) -> Misfit | None:
    """Why the flight is no answer to the hello; an older version is one, if the suite was offered."""
    if flight.version not in VERSION_NAMES:
        return _not_offered("version", flight.version)
    if hello.version == SSL2:  # a newer server may take it for the old wrapping of its own hello
        return None
    if flight.version > hello.version:
        return _not_offered("version", flight.version)
    # Suites of TLS 1.3 mean nothing in an older version.
    is_mixed = hello.version == TLS13 != flight.version
    if is_mixed or flight.suite not in hello.suites:
        return _not_offered("suite", flight.suite)
    if hello.groups and flight.group and flight.group not in hello.groups:
        return _not_offered("courbe", flight.group)
    return None


def unasked_group(code: int) -> Unreachable:
    """What comes of a question to which the server answers with a group that was not offered."""
    return _not_offered("courbe", code).cause


def _not_offered(what: str, code: int) -> Misfit:
    return Misfit(Unreachable(Reason.PROTOCOL_ERROR, f"{what} jamais proposée : 0x{code:04X}"))
