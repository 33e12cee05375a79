"""Turns at one server: so many at once, the lowest rank first, and none lost."""

import asyncio

import pytest

from cyberaudit.probes.tls.turns import Turns

pytestmark = pytest.mark.unit


async def _tell(turns: Turns, rank: int, told: list[int]) -> None:
    async with turns.turn(rank):
        told.append(rank)
        await asyncio.sleep(0)


def test_the_lowest_rank_goes_first() -> None:
    async def play() -> list[int]:
        turns, told = Turns(1), list[int]()
        async with turns.turn(0):
            waiting = [asyncio.create_task(_tell(turns, rank, told)) for rank in (2, 1, 0, -1, 1)]
            await asyncio.sleep(0)
        await asyncio.gather(*waiting)
        return told

    assert asyncio.run(play()) == [-1, 0, 1, 1, 2]


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_no_more_than_so_many_are_at_it(at_once: int) -> None:
    async def play() -> int:
        turns, busy, most = Turns(at_once), 0, 0

        async def work() -> None:
            nonlocal busy, most
            async with turns.turn(0):
                busy += 1
                most = max(most, busy)
                await asyncio.sleep(0.001)
                busy -= 1

        await asyncio.gather(*(work() for _ in range(20)))
        return most

    assert asyncio.run(play()) == at_once


def test_a_smaller_number_holds_from_then_on() -> None:
    async def play() -> list[int]:
        turns, told = Turns(2), list[int]()
        async with turns.turn(0):
            turns.at_once = 1
            waiting = asyncio.create_task(_tell(turns, 7, told))
            await asyncio.sleep(0.01)
            assert told == []
        await waiting
        return told

    assert asyncio.run(play()) == [7]


@pytest.mark.parametrize("is_woken", [False, True])
def test_who_gives_up_leaves_his_turn_to_the_next(is_woken: bool) -> None:
    async def play() -> list[int]:
        turns, told = Turns(1), list[int]()
        async with turns.turn(0):
            tired = asyncio.create_task(_tell(turns, 1, told))
            patient = asyncio.create_task(_tell(turns, 2, told))
            await asyncio.sleep(0)
            if not is_woken:
                tired.cancel()
                await asyncio.sleep(0)
        tired.cancel()
        await asyncio.gather(tired, return_exceptions=True)
        async with asyncio.timeout(5):
            await patient
        return told

    assert asyncio.run(play()) == [2]
