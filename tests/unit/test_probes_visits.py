"""One session a turn for every visitor, whatever happens to the one who opened it."""

import asyncio

import pytest

from cyberaudit.facts.mail_servers_samples import SESSION
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.visits import Place, Session, Visits

pytestmark = pytest.mark.unit

MX = Place("mx1.l-hay.example", "192.0.2.1", in_scope=True)
LOST = Unreachable(Reason.TIMEOUT)


class Server:
    """Counts its visitors; each answer in turn, the last one again and again."""

    def __init__(self, *answers: Session) -> None:
        self.answers = list(answers)
        self.seen = 0

    async def visit(self) -> Session:
        self.seen += 1
        await asyncio.sleep(0.01)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


async def ask(visits: Visits, server: Server, visitor: str) -> Session:
    return await visits.session(
        MX, visitor=visitor, visit=server.visit, may_change=lambda session: session == LOST
    )


def test_a_visitor_who_asks_while_the_session_runs_waits_for_it() -> None:
    async def run(server: Server) -> list[Session]:
        visits = Visits()
        return await asyncio.gather(*(ask(visits, server, visitor) for visitor in ("a", "b", "a")))

    server = Server(SESSION)
    assert asyncio.run(run(server)) == [SESSION] * 3
    assert server.seen == 1


def test_the_second_turn_is_one_session_for_all() -> None:
    async def run(server: Server) -> list[Session]:
        visits = Visits()
        return [await ask(visits, server, visitor) for visitor in ("a", "b", "a", "b", "a")]

    server = Server(LOST, SESSION)
    assert asyncio.run(run(server)) == [LOST, LOST, SESSION, SESSION, SESSION]
    assert server.seen == 2


def test_a_visit_that_crashed_is_made_again() -> None:
    async def crash() -> Session:
        raise KeyError("x")

    async def run(server: Server) -> Session:
        visits = Visits()
        with pytest.raises(KeyError):
            await visits.session(MX, visitor="a", visit=crash, may_change=lambda _: False)
        return await ask(visits, server, "a")

    assert asyncio.run(run(Server(SESSION))) == SESSION
