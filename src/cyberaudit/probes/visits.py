"""One conversation with each mail server and turn of looking, shared by all the domains that it serves."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from cyberaudit.facts.mail_servers import SmtpSession
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

Session = SmtpSession | Unreachable


@frozen
class Place:
    """One address of one MX, as a visitor meets it."""

    host: str
    address: str
    in_scope: bool
    """Whether the visitor's domain is covered by the authorization: a refusal is not shared with the others."""


class Visits:
    """The sessions of one run. A domain that asks once more is given the next session, not the same one."""

    def __init__(self) -> None:
        self._sessions: dict[Place, list[asyncio.Task[Session]]] = {}
        self._turns: Counter[tuple[str, Place]] = Counter()

    async def session(
        self,
        place: Place,
        *,
        visitor: str,
        visit: Callable[[], Coroutine[Any, Any, Session]],
        may_change: Callable[[Session], bool],
    ) -> Session:
        """What `visit` saw, for this visitor's turn; a session that cannot change is never asked again."""
        held = self._sessions.setdefault(place, [])
        turn = self._turns[visitor, place]
        self._turns[visitor, place] += 1
        if not held or (turn >= len(held) and _asks_again(held[-1], may_change)):
            held.append(asyncio.create_task(visit()))
        # Shielded: one domain out of time must not take the session away from the others.
        return await asyncio.shield(held[min(turn, len(held) - 1)])


def _asks_again(last: asyncio.Task[Session], may_change: Callable[[Session], bool]) -> bool:
    if not last.done():
        return False
    return last.cancelled() or last.exception() is not None or may_change(last.result())
