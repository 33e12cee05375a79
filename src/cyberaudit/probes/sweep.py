"""Many ports of a few addresses: asked together, the silent ones once more, all within a time."""

import asyncio
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from cyberaudit.facts.reach import AddressReach, CanaryAnswer, PortAnswer, PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.knock import Knock, Patience
from cyberaudit.probes.network import Network
from cyberaudit.probes.vantage import PLUGGED_PORT, canary, tcp_number

# Ours: the ports of v4 and v6 of one host in one and a half waves.
AT_ONCE = 128
# Ours: under the 60 s of a probe, so that what was seen is kept when time is over.
SWEEP_SECONDS = 50.0
# SYN, ACK, RST for an open port; SYN and one retransmission, twice, for a silent one: the longest of mixtures.
PACKETS_PER_PORT = 5
_NOT_TCP = Unreachable(Reason.NO_PROBE)
_TOO_LATE = Unreachable(Reason.DEADLINE)
# Our cable was pulled out meanwhile, or a firewall had enough of us: no silence of that sweep is worth anything.
_GONE: Final = Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
# The most telling first: an ICMP refusal is often held back when many are due.
_ANSWERS: Final = (PortState.OPEN, PortState.CLOSED, PortState.REJECTED)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Question:
    """One port of one address."""

    address: IpAddress
    port: str


@dataclass(frozen=True, slots=True)
class Manner:
    """How the ports of one sweep are asked."""

    purpose: Purpose
    rate: float | None
    """Attempts a second for the whole sweep; None: free."""
    seconds: float = SWEEP_SECONDS


@dataclass(slots=True)
class _Sweep:
    network: Network
    manner: Manner
    addresses: tuple[IpAddress, ...]
    deadline: float
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    patience: dict[IpAddress, Patience] = field(default_factory=dict)
    heard: dict[Question, Knock] = field(default_factory=dict)

    async def ask(self, questions: Iterable[Question]) -> None:
        await asyncio.gather(*(self._knock(question) for question in questions))

    async def _knock(self, question: Question) -> None:
        number = tcp_number(question.port)
        if number is None:
            self.heard[question] = Knock(_NOT_TCP)
            return
        patience = self.patience.setdefault(question.address, Patience())
        async with self.at_once:
            if asyncio.get_running_loop().time() >= self.deadline:
                self.heard[question] = Knock(_TOO_LATE)
                return
            rate = self.manner.rate
            answer = await self.network.knock(
                question.address,
                number,
                purpose=self.manner.purpose,
                within=patience.seconds,
                # The line behind the addresses is one, whatever their number.
                rate=None if rate is None else rate / len(self.addresses),
            )
        patience.learn(answer)
        self.heard[question] = answer

    def silent(self) -> list[Question]:
        return [question for question, knock in self.heard.items() if knock.state is PortState.SILENT]

    async def check_again(self, address: IpAddress) -> None:
        """Take back the silences of an address that answered at first and no longer does."""
        silent = [question for question in self.silent() if question.address == address]
        answered = self._answered(address)
        if not silent or answered is None:
            return
        before = self.heard[answered]
        await self.ask([answered])
        if self.heard[answered].state is PortState.SILENT:
            await self.ask([answered])
        if self.heard[answered].state not in _ANSWERS:
            self.heard.update(dict.fromkeys(silent, Knock(_GONE)))
        self.heard[answered] = before

    def _answered(self, address: IpAddress) -> Question | None:
        """The question of this address whose answer is the surest to come again."""
        found = {
            knock.state: question
            for question, knock in reversed(self.heard.items())
            if question.address == address and not isinstance(knock.state, Unreachable)
        }
        return next((found[state] for state in _ANSWERS if state in found), None)


async def sweep(
    network: Network, addresses: Sequence[IpAddress], ports: Sequence[str], manner: Manner
) -> tuple[AddressReach, ...]:
    """Every port of every address, addresses in turn. Only what was silent twice is silent.

    An address that had answered is asked that port again at the end: when nothing comes any more, its silences
    are `Unreachable(no-control)`. What time did not allow is `Unreachable(deadline)`; a port that is not TCP,
    `Unreachable(no-probe)`.
    """
    deadline = asyncio.get_running_loop().time() + manner.seconds
    run = _Sweep(network, manner, tuple(addresses), deadline)
    await run.ask(Question(address, port) for port in ports for address in addresses)
    await run.ask(run.silent())
    await asyncio.gather(*(run.check_again(address) for address in addresses))
    return tuple(
        AddressReach(str(address), address.version, tuple(_answers(run, address, ports)))
        for address in addresses
    )


def _answers(run: _Sweep, address: IpAddress, ports: Sequence[str]) -> Iterator[PortAnswer]:
    for port in ports:
        knock = run.heard[Question(address, port)]
        yield PortAnswer(port, knock.state, knock.detail)


async def beside_canary(
    instruments: Instruments, ports: Iterable[str], looking: Awaitable[T]
) -> tuple[T, tuple[CanaryAnswer, ...]]:
    """What `looking` found, and control (b) for each of `ports`: whether it gets out to the canary.

    The canary is asked while the looking lasts, and once more after it: when it is mute by then, nothing was
    reached. One more port tells whether our own line works. No answers without a canary.
    """
    address = canary(instruments.town, instruments.vantage)
    if address is None:
        return await looking, ()
    found, answers = await asyncio.gather(looking, _ask_canary(instruments, address, ports))
    reached = [answer.port for answer in answers if answer.reached]
    if reached and not await _still_there(instruments, address, reached):
        answers = tuple(replace(answer, reached=False) for answer in answers)
    return found, answers


async def _ask_canary(
    instruments: Instruments, address: IpAddress, ports: Iterable[str]
) -> tuple[CanaryAnswer, ...]:
    asked = tuple(dict.fromkeys((*ports, PLUGGED_PORT)))
    manner = Manner(Purpose.INFRASTRUCTURE, rate=None)
    (reach,) = await sweep(instruments.network, (address,), asked, manner)
    return tuple(
        CanaryAnswer(reach.family, answer.port, reached=answer.state in (PortState.OPEN, PortState.CLOSED))
        for answer in reach.ports
        if not isinstance(answer.state, Unreachable)
    )


async def _still_there(instruments: Instruments, address: IpAddress, reached: Sequence[str]) -> bool:
    port = PLUGGED_PORT if PLUGGED_PORT in reached else reached[0]
    manner = Manner(Purpose.INFRASTRUCTURE, rate=None)
    (reach,) = await sweep(instruments.network, (address,), (port,), manner)
    return reach.answered
