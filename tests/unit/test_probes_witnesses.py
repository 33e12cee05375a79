"""What canaries answered is shared for a while, and watched while somebody looks: no network."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import pytest

from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.ports import witnesses as module
from cyberaudit.probes.ports.witnesses import Witnesses

pytestmark = pytest.mark.unit

CANARY = ip_address("203.0.113.9")


@dataclass
class Canary:
    """One that answers, or not, and counts what it is asked."""

    answers: bool = True
    asked: list[tuple[str, ...]] = field(default_factory=list)
    seconds: float = 0.0

    async def call(self, address: IpAddress) -> bool:
        self.asked.append(("tcp/443",))
        return self.answers

    async def ask(self, address: IpAddress, ports: Sequence[str]) -> dict[str, bool]:
        self.asked.append(tuple(ports))
        return {port: self.answers for port in ports if port != "tcp/0"}


@dataclass
class Clock:
    seconds: float = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.mark.parametrize(
    ("answers", "later", "once", "asked"),
    [
        (True, 59, False, 1),
        (True, 61, False, 2),
        (False, 9, False, 1),
        (False, 11, False, 2),
        (False, 999, True, 1),
    ],
)
def test_what_a_canary_said_holds_for_a_while_and_a_strangers_for_the_run(
    answers: bool, later: float, once: bool, asked: int
) -> None:
    clock, canary = Clock(), Canary(answers)
    known = Witnesses(now=clock)

    async def twice() -> list[dict[str, bool]]:
        first = await known.answers(CANARY, ("tcp/22", "tcp/0"), canary.ask, once=once)
        clock.seconds += later
        canary.asked = [each for each in canary.asked if each != ("tcp/0",)]
        return [first, await known.answers(CANARY, ("tcp/22",), canary.ask, once=once)]

    assert asyncio.run(twice()) == [{"tcp/22": answers}] * 2
    assert len(canary.asked) == asked


def test_hosts_that_end_together_ask_each_port_once() -> None:
    canary, known = Canary(), Witnesses()

    async def together() -> None:
        wanted = (("tcp/22", "tcp/23"), ("tcp/23", "tcp/24"), ("tcp/22",))
        await asyncio.gather(*(known.answers(CANARY, ports, canary.ask) for ports in wanted))

    asyncio.run(together())
    assert canary.asked == [("tcp/22", "tcp/23"), ("tcp/24",)]


def test_a_canary_mute_in_the_middle_is_remembered_and_the_watch_is_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_WATCH_SECONDS", 0.01)
    canary, known = Canary(), Witnesses()

    async def looking(*, out: bool) -> None:
        with known.watching((CANARY,), canary.call):
            await asyncio.sleep(0.05)
            canary.answers = not out
            await asyncio.sleep(0.05)
            canary.answers = True

    async def several() -> tuple[bool, bool, int]:
        begun = known.now()
        await asyncio.gather(looking(out=False), looking(out=False))
        before, asked = known.missed_since(CANARY, begun), len(canary.asked)
        await looking(out=True)
        canary.asked.clear()
        await asyncio.sleep(0.05)
        return before, known.missed_since(CANARY, begun), asked

    before, after, asked = asyncio.run(several())
    assert (before, after) == (False, True)
    assert 0 < asked < 20
    assert canary.asked == []
    assert not known.missed_since(CANARY, known.now())


def test_a_miss_is_remembered_from_when_it_was_asked() -> None:
    clock, canary = Clock(), Canary(answers=False)
    known = Witnesses(now=clock)
    assert not asyncio.run(known.answers_now(CANARY, canary.call))
    assert known.missed_since(CANARY, 100.0)
    assert not known.missed_since(CANARY, 100.1)
    canary.answers = True
    assert asyncio.run(known.answers_now(CANARY, canary.call))
