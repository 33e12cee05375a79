"""What several probes need is looked at once, and one that gives up takes nothing from the others."""

import asyncio
from collections.abc import Callable, Coroutine

import pytest

from cyberaudit.probes.shared_looks import SharedLooks

pytestmark = pytest.mark.unit


def counting(*, seconds: float = 0.0) -> Callable[[], Coroutine[None, None, int]]:
    """A look that answers how many times it was begun."""
    begun = 0

    async def look() -> int:
        nonlocal begun
        begun += 1
        turn = begun
        await asyncio.sleep(seconds)
        return turn

    return look


def test_those_who_come_together_share_one_look() -> None:
    async def meet() -> list[int]:
        looks, look = SharedLooks(), counting(seconds=0.01)
        return await asyncio.gather(*(looks.shared("box", look) for _ in range(3)))

    assert asyncio.run(meet()) == [1, 1, 1]


def test_another_look_is_begun_and_shared_by_those_who_come_later() -> None:
    async def meet() -> list[int]:
        looks, look = SharedLooks(), counting()
        return [
            await looks.shared("box", look),
            await looks.anew("box", look),
            await looks.shared("box", look),
            await looks.shared("serveur", look),
        ]

    assert asyncio.run(meet()) == [1, 2, 2, 3]


def test_another_look_joins_the_one_that_is_under_way() -> None:
    async def meet() -> list[int]:
        looks, look = SharedLooks(), counting(seconds=0.01)
        return list(await asyncio.gather(looks.shared("box", look), looks.anew("box", look)))

    assert asyncio.run(meet()) == [1, 1]


def test_one_who_gives_up_does_not_take_the_look_away() -> None:
    async def meet() -> tuple[bool, int]:
        looks, look = SharedLooks(), counting(seconds=0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(looks.shared("box", look), 0.001)
        return looks.begun("box"), await looks.shared("box", look)

    assert asyncio.run(meet()) == (True, 1)
    assert not SharedLooks().begun("box")


def test_what_a_look_leaves_behind_is_found_by_its_name() -> None:
    looks = SharedLooks()
    looks.leave("box", 1)
    looks.leave("box", 2)
    assert (looks.left_behind("box"), looks.left_behind("serveur")) == (2, None)
