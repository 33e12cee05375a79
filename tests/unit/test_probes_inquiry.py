"""What the answers of one address are taken for, without any network: the answers come from a script."""

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address

import pytest

from cyberaudit.facts.reach import AddressReach, Engine, Line, PortAnswer, PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_udp
from cyberaudit.probes.ports.inquiry import Inquiry
from cyberaudit.probes.ports.knock import Knock
from cyberaudit.probes.ports.timing import Losses
from cyberaudit.probes.ports.volley import Then, Volley

pytestmark = pytest.mark.unit

ADDRESS = ip_address("192.0.2.1")
PORTS = tuple(f"tcp/{number}" for number in range(1, 31))


class Script(Volley):
    """One port opens when the script says so; the others are silent. Everything is told at once."""

    def __init__(self, answers: Iterator[bool]) -> None:
        self.asked = 0
        self._answers = answers

    async def ask(self, port: str, then: Then) -> None:
        self.asked += 1
        opens = port == PORTS[0] and next(self._answers)
        then(port, Knock(PortState.OPEN if opens else PortState.SILENT))

    async def drained(self, *, by: float | None = None) -> None:
        """Nothing is ever under way."""


def found(answers: str) -> AddressReach:
    """What is said of an address whose one port that opens answers (`+`) or not (`-`), and answers ever after."""

    def script() -> Iterator[bool]:
        yield from (answer == "+" for answer in answers)
        while True:
            yield True

    async def ask() -> AddressReach:
        deadline = asyncio.get_running_loop().time() + 20
        inquiry = Inquiry(Script(script()), PORTS, first=0, deadline=deadline)
        await inquiry.run()
        return inquiry.reach(ADDRESS)

    return asyncio.run(ask())


def test_three_answers_lost_of_four_are_a_bad_line_not_a_limit() -> None:
    reach = found("+---+")
    assert isinstance(reach.line, Line)
    assert reach.line.answers_per_second is None
    assert [answer.state for answer in reach.ports] == [PortState.OPEN, *[PortState.SILENT] * 29]


def test_many_answers_lost_in_a_row_are_looked_at_more_closely() -> None:
    reach = found("+" + "-" * 100)
    assert {answer.state for answer in reach.ports[1:]} == {
        Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
    }


@pytest.mark.parametrize(
    ("loss", "limit", "losses"),
    [(0, None, Losses(30, 0)), (3, None, Losses(30, 1)), (80, 50, Losses())],
)
def test_what_tcp_teaches_udp_of_the_losses(loss: int, limit: int | None, losses: Losses) -> None:
    line = Line(
        engine=Engine.CONNECT,
        round_trip=900,
        loss=loss,
        answers_per_second=limit,
        only_refusals=False,
        asked=60,
        milliseconds=900,
    )
    answers = tuple(PortAnswer(port, PortState.CLOSED, "rst") for port in PORTS)
    assert host_udp._losses(AddressReach(str(ADDRESS), 4, answers, (), line)) == losses
