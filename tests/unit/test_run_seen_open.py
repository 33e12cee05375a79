"""What an earlier scan found open is asked again, from the same place, whatever the list of ports."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.facts.reach import HostReach, PortAnswer, PortState
from cyberaudit.facts.reach_samples import BAD_HOST, GOOD_HOST, HOSTILE_HOST
from cyberaudit.history.document import to_audit
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Observation, Reason, Unreachable
from cyberaudit.run.seen_open import MOST_OF_ONE_HOST, open_in, ports_seen_open

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
BASE = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
NOW = BASE.started_at + timedelta(days=1)


def audit(facts: object, *, number: int = 1, vantage: str = "outside", days_ago: int = 0) -> Audit:
    started = BASE.started_at - timedelta(days=days_ago)
    seen = (Observation("host/box", "host-reach", facts, started),)
    return replace(
        BASE, uuid=str(UUID(int=number)), vantage=vantage, started_at=started, observations=seen, findings=()
    )


def opening(*ports: str) -> HostReach:
    answers = (
        *(PortAnswer(port, PortState.OPEN, "") for port in ports),
        PortAnswer("tcp/1", PortState.CLOSED, ""),
    )
    return replace(GOOD_HOST, addresses=(replace(GOOD_HOST.addresses[0], ports=answers),))


def stored(path: Path, *audits: Audit) -> Path:
    with open_history(path, create=True) as history:
        for each in audits:
            history.save(each)
    return path


def test_an_open_port_is_remembered_and_a_closed_one_is_not(tmp_path: Path) -> None:
    history = stored(tmp_path / "h.sqlite3", audit(opening("tcp/31337", "tcp/443")))
    found = ports_seen_open(history, BASE.town.id, vantage="outside", now=NOW)
    assert found == (("host/box", "tcp/31337"), ("host/box", "tcp/443"))


@pytest.mark.parametrize(
    ("made", "commune"),
    [
        (audit(opening("tcp/31337"), vantage="lan"), BASE.town.id),
        (audit(opening("tcp/31337")), "autre-commune"),
        (audit(opening("tcp/31337"), days_ago=400), BASE.town.id),
        (audit(Unreachable(Reason.TIMEOUT)), BASE.town.id),
    ],
)
def test_another_place_another_town_and_an_old_audit_say_nothing(
    tmp_path: Path, made: Audit, commune: str
) -> None:
    history = stored(tmp_path / "h.sqlite3", made)
    assert ports_seen_open(history, commune, vantage="outside", now=NOW) == ()


def test_a_history_that_is_missing_or_broken_costs_the_scan_nothing(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_bytes(b"not a database" * 100)
    for path in (broken, tmp_path / "none.sqlite3"):
        assert ports_seen_open(path, BASE.town.id, vantage="outside", now=NOW) == ()
    assert not (tmp_path / "none.sqlite3").exists()


def test_a_machine_that_opens_everything_names_nothing_and_no_host_names_thousands() -> None:
    many = opening(*(f"tcp/{number}" for number in range(1000, 3000)))
    assert len(open_in([audit(many)])) == MOST_OF_ONE_HOST
    decoys = tuple(PortAnswer(f"tcp/{number}", PortState.OPEN, "") for number in (61001, 62002, 63003))
    liar = replace(many, addresses=tuple(replace(each, decoys=decoys) for each in many.addresses))
    assert open_in([audit(liar)]) == ()
    assert open_in([audit(BAD_HOST), audit(HOSTILE_HOST)])
