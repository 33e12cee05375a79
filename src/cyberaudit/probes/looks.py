"""Two looks at the same thing: what was seen once is never replaced by what could not be seen."""

from typing import TypeVar

from cyberaudit.model import Unreachable

T = TypeVar("T")


def kept(first: T, second: T) -> T:
    """The second look, unless it saw nothing where the first one did."""
    unseen = isinstance(second, Unreachable) and not isinstance(first, Unreachable)
    return first if unseen else second
