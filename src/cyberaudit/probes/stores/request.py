"""What the parent asks of the child process that reads stores."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoreRequest:
    """One store to look at."""

    path: str
    roots: tuple[str, ...]
    """Absolute folders under which it may lie."""
    media: str
    """As declared: `disk`, `nas`, …"""
    now: datetime
    """The scan's date: what is dated later is in the future."""
    deep: bool = False
    """Everything is read to its end."""
    tries_empty_password: bool = True
