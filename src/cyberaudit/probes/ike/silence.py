"""Silence as an answer: a gateway that leaves some questions without one, and answers others all along.

A lost packet, a limiter or a gateway that bears no more of us is silent too, but to every question. So each round of
the silent questions stands between two sane ones, which the same port of the same address answered before
and still does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol, TypeVar

from cyberaudit.model import Reason, Unreachable

W = TypeVar("W")

# Ours: on a line that loses one packet in ten, three answers in a row are lost once in a thousand times.
ROUNDS: Final = 3


CHANGED: Final = Unreachable(Reason.PROTOCOL_ERROR, "refuse ce qui était accepté d'abord")
"""What it granted at first is refused: a limiter may speak so, and what it refuses proves nothing."""


class Sane(Protocol):
    """A question that was answered before, put again: is it answered alike?"""

    async def __call__(self, *, once: bool = False) -> bool | Unreachable:
        """True: it still is. `once`: in one try."""


def is_silence(word: object) -> bool:
    """No answer came, and nothing says why."""
    return isinstance(word, Unreachable) and word.reason is Reason.TIMEOUT


async def put_in_vain(
    questions: Sequence[Callable[[], Awaitable[W | Unreachable]]], sane: Sane, *, pause: float
) -> tuple[W, ...] | Unreachable:
    """Every question, three times: what was answered after all; nothing when the gateway ignores them.

    Unreachable: whether we would have heard is not known. A round lasts as long as its questions wait, then there are
    0, 1, 2 times `pause` seconds, so that no limiter keeps time with us.
    """
    still = await sane()
    for turn in range(ROUNDS):
        if isinstance(still, Unreachable):
            return still
        await asyncio.sleep(turn * pause)
        said, still = await _round(questions, sane)
        if said:
            return said
    return still if isinstance(still, Unreachable) else ()


async def _round(
    questions: Sequence[Callable[[], Awaitable[W | Unreachable]]], sane: Sane
) -> tuple[tuple[W, ...], bool | Unreachable]:
    """What was said to the questions; and whether silence is all that the rest met, the sane one apart.

    The sane question follows at once, in one try: what a limiter of packets does to the others, it does to this one.
    """
    asked = asyncio.gather(*(question() for question in questions))
    words, still = await asyncio.gather(asked, sane(once=True))
    said = tuple(word for word in words if not isinstance(word, Unreachable))
    stopped = (word for word in words if isinstance(word, Unreachable) and not is_silence(word))
    return said, next(stopped, still)
