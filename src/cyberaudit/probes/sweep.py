"""Many ports of a few addresses: asked together, the silent ones once more, all within a time."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from cyberaudit.facts.reach import CANARY_PORTS, AddressReach, CanaryAnswer, PortAnswer, PortState
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


async def sweep(
    network: Network, addresses: Sequence[IpAddress], ports: Sequence[str], manner: Manner
) -> tuple[AddressReach, ...]:
    """Every port of every address, addresses in turn. Only what was silent twice is silent.

    What time did not allow is `Unreachable(deadline)`; a port that is not TCP, `Unreachable(no-probe)`.
    """
    deadline = asyncio.get_running_loop().time() + manner.seconds
    run = _Sweep(network, manner, tuple(addresses), deadline)
    await run.ask(Question(address, port) for port in ports for address in addresses)
    await run.ask(run.silent())
    return tuple(
        AddressReach(str(address), address.version, tuple(_answers(run, address, ports)))
        for address in addresses
    )


def _answers(run: _Sweep, address: IpAddress, ports: Sequence[str]) -> Iterator[PortAnswer]:
    for port in ports:
        knock = run.heard[Question(address, port)]
        yield PortAnswer(port, knock.state, knock.detail)


async def ask_canary(instruments: Instruments, ports: Iterable[str]) -> tuple[CanaryAnswer, ...]:
    """Control (b): the ports among `ports` that access networks filter, asked of the canary of this vantage.

    One more port tells whether our own line works. Empty without a canary.
    """
    address = canary(instruments.town, instruments.vantage)
    if address is None:
        return ()
    asked = (*sorted(CANARY_PORTS.intersection(ports)), PLUGGED_PORT)
    manner = Manner(Purpose.INFRASTRUCTURE, rate=None)
    (reach,) = await sweep(instruments.network, (address,), asked, manner)
    return tuple(
        CanaryAnswer(reach.family, answer.port, reached=answer.state in (PortState.OPEN, PortState.CLOSED))
        for answer in reach.ports
        if not isinstance(answer.state, Unreachable)
    )
