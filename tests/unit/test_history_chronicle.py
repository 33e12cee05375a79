"""Long histories: told as fast as short ones, pruned and forgotten, and never younger for it."""

import json
import os
import random
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.declared import CheckChoice
from cyberaudit.errors import HistoryError, NotSaved, TooOld, UsageError
from cyberaudit.history import memories, retention
from cyberaudit.history.document import to_audit
from cyberaudit.history.memory import Chronicle, remember
from cyberaudit.history.merge import audits_to_read, town_state
from cyberaudit.history.retention import to_prune
from cyberaudit.history.scan_file import import_scan, write_scan_file
from cyberaudit.history.state import TownState
from cyberaudit.history.store import History, open_history
from cyberaudit.history.trace import trace_of
from cyberaudit.model import Audit, Finding, Status, Verdict
from cyberaudit.run import past
from cyberaudit.run.diff import Span, compare

pytestmark = pytest.mark.unit

LONG = int(os.environ.get("CYBERAUDIT_LONG", "1"))
GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
BASE = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
NOW = BASE.started_at + timedelta(hours=1)
COMMUNE = BASE.town.id


def verdict(finding: Finding, status: Status) -> Finding:
    # Declared answers end on a date: only measurements here.
    return replace(finding, verdict=Verdict(status, "Vu.", reason="" if status.is_known else "timeout"))


def audit(days_ago: float, statuses: Sequence[Status], *, number: int, partial: bool = False) -> Audit:
    shift = timedelta(days=days_ago)
    findings = [
        replace(verdict(finding, status), seen_at=BASE.started_at - shift)
        for finding, status in zip(BASE.findings, statuses, strict=False)
    ]
    return replace(
        BASE,
        uuid=str(UUID(int=number)),
        started_at=BASE.started_at - shift,
        finished_at=BASE.started_at - shift,
        partial=partial,
        observations=(),
        findings=tuple(findings),
    )


def years(number: int, *, every: float = 7, seed: int = 1) -> list[Audit]:
    """Newest first; some things change from one to the next."""
    chance = random.Random(seed)
    statuses = [Status.PASS] * len(BASE.findings)
    made = []
    for rank in range(number):
        for place in range(len(statuses)):
            if chance.random() < 0.15:
                statuses[place] = chance.choice((Status.PASS, Status.FAIL, Status.PARTIAL, Status.UNKNOWN))
        days = every * (number - 1 - rank)
        made.append(
            audit(days, statuses, number=rank + 1, partial=chance.random() < 0.05 and rank < number - 1)
        )
    return made[::-1]


def kept(path: Path, audits: Sequence[Audit]) -> Path:
    with open_history(path, create=True) as history:
        for each in audits:
            history.save(each)
    return path


def state(history: History, *, whole: bool, now: datetime = NOW) -> TownState:
    traces = history.traces(COMMUNE) if whole else history.chronicle(COMMUNE, now=now)
    return town_state(history.read(audits_to_read(traces, now=now)), now=now, traces=traces)


@pytest.mark.parametrize("number", [3, 100, 300])
def test_a_long_history_is_told_the_same_in_short(tmp_path: Path, number: int) -> None:
    path = kept(tmp_path / "h.sqlite3", years(number))
    with open_history(path, create=False) as history:
        for _ in range(2):  # the memories are made, then read
            for weeks in (0, 1, 30, 200):
                now = NOW - timedelta(weeks=min(weeks, number - 2))
                assert state(history, whole=False, now=now) == state(history, whole=True, now=now)
        told = history.chronicle(COMMUNE, now=NOW)
    assert len(told) <= memories.BLOCK + 7
    assert bool(told.memory) is (number >= 100)


def test_ten_years_of_weeks_are_compared_the_same_and_read_in_part(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(520))
    with open_history(path, create=False) as history:
        summaries = [each for each in history.summaries(COMMUNE) if not each.partial]
        assert len(history.chronicle(COMMUNE, now=NOW).traces) < 80
        last = (summaries[3].started_at, summaries[3].finished_at, summaries[3].uuid)
        short = history.chronicle(COMMUNE, now=summaries[3].started_at, last=last)
        assert short.traces[-1].uuid == summaries[3].uuid
        assert remember(short.memory, short.traces) == remember(
            {}, (each for each in history.traces(COMMUNE) if each.started_at <= last[0])
        )


@settings(deadline=None, max_examples=6 * LONG)
@given(seed=st.integers(0, 10_000), keep=st.integers(1, 40), number=st.integers(70, 180))
def test_pruning_changes_nothing_of_today(
    tmp_path_factory: pytest.TempPathFactory, seed: int, keep: int, number: int
) -> None:
    path = kept(tmp_path_factory.mktemp("prune") / "h.sqlite3", years(number, seed=seed))
    with open_history(path, create=False) as history:
        before = state(history, whole=True)
    first = compare_now(path)
    for months in (keep + 6, keep):
        removed = past.prune_stored(path, keep_months=months, now=NOW)
        with open_history(path, create=False) as history:
            assert removed == 0 or history.count() <= number - removed
            assert state(history, whole=False) == before
        assert compare_now(path) == first
    assert past.prune_stored(path, keep_months=keep, now=NOW) == 0


def compare_now(path: Path) -> object:
    from cyberaudit.engine.catalogue import load_catalogue

    return compare(path, load_catalogue(()), commune=COMMUNE, span=Span(), now=NOW).diff


def some(chance: random.Random, number: int) -> list[Audit]:
    """Of two vantages, some cut short, some of little, some at one moment, some with a check set aside."""
    made, days = [], 0.0
    for rank in range(number):
        days += chance.choice((0, 0.1, 1, 7, 14, 50))
        vantage, is_little = chance.choice(("outside", "lan")), chance.random() < 0.2
        statuses = chance.choices((Status.PASS, Status.FAIL, Status.PARTIAL, Status.UNKNOWN), k=5)
        told = audit(days, statuses, number=rank + 1, partial=chance.random() < 0.1)
        checks = (CheckChoice(told.findings[0].check, "ailleurs", ()),) if chance.random() < 0.2 else ()
        findings = tuple(
            verdict(each, Status.NOT_APPLICABLE) if checks and each.check == checks[0].check else each
            for each in (told.findings[rank % 5 : rank % 5 + 1] if is_little else told.findings)
        )
        made.append(
            replace(
                told,
                vantage=vantage,
                town=replace(told.town, checks=checks),
                findings=tuple(replace(each, vantage=vantage) for each in findings),
            )
        )
    return made


@settings(deadline=None, max_examples=10 * LONG)
@given(seed=st.integers(0, 10_000))
def test_any_history_in_any_order_is_told_as_by_who_keeps_everything(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    chance = random.Random(seed)
    given_in = sorted(some(chance, 50), key=lambda each: (each.started_at, chance.random()))
    for _ in range(8):
        place = chance.randrange(len(given_in))
        given_in.insert(max(0, place - chance.randint(1, 8)), given_in.pop(place))
    everything: list[Audit] = []
    memories_before, memories.BLOCK = memories.BLOCK, 4
    try:
        with open_history(tmp_path_factory.mktemp("any") / "h.sqlite3", create=True) as history:
            for rank, each in enumerate(given_in):
                with suppress(TooOld):
                    history.save(each)
                    everything.append(each)
                if rank % 5 == 4:
                    history.follow(COMMUNE)
                if rank % 17 == 16:
                    retention.prune(history, to_prune(history, before=each.started_at - timedelta(days=90)))
                now = max(each.started_at for each in everything)
                if rank % 5 and any(not each.partial for each in everything if each.started_at == now):
                    traces = [trace_of(each) for each in everything]
                    assert state(history, whole=False, now=now) == town_state(
                        everything, now=now, traces=traces
                    )
    finally:
        memories.BLOCK = memories_before


def test_what_the_last_visits_stand_on_stays_whatever_its_age(tmp_path: Path) -> None:
    old = [audit(2000 + days, [Status.FAIL], number=10 + days) for days in (0, 30, 44, 60, 400)]
    path = kept(tmp_path / "h.sqlite3", old)
    assert past.prune_stored(path, keep_months=24, now=NOW) == 1
    with open_history(path, create=False) as history:
        assert [each.uuid for each in history.summaries()] == [each.uuid for each in old[:-1]]


def test_an_interrupted_scan_alone_is_not_removed(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", [audit(2000, [Status.FAIL], number=1, partial=True)])
    assert past.prune_stored(path, keep_months=24, now=NOW) == 0


def test_what_was_removed_for_its_age_does_not_come_back(tmp_path: Path) -> None:
    audits = years(200)
    path = kept(tmp_path / "h.sqlite3", audits)
    assert past.prune_stored(path, keep_months=24, now=NOW) > 80
    write_scan_file(audits[-1], tmp_path / "old.cya")
    with (
        open_history(path, create=True) as history,
        pytest.raises(TooOld, match=r"ont été retirés de l'historique pour leur âge\."),
    ):
        import_scan(history, tmp_path / "old.cya", commune=None)


def test_a_scan_imported_late_makes_its_memories_again(tmp_path: Path) -> None:
    audits = years(300)
    late = audits[150]
    path = kept(tmp_path / "h.sqlite3", [each for each in audits if each is not late])
    with open_history(path, create=True) as history:
        state(history, whole=False)
        history.save(late)
        assert state(history, whole=False) == state(history, whole=True)


@pytest.mark.parametrize("order", ["as they were made", "the newest first", "any"])
def test_many_scans_brought_one_by_one_are_told_the_same_and_at_once(tmp_path: Path, order: str) -> None:
    audits = years(120)
    given = {"as they were made": audits[::-1], "the newest first": audits}.get(order)
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        for each in given or random.Random(3).sample(audits, len(audits)):
            history.save(each)
            history.follow(COMMUNE)
        if order == "as they were made":
            made = history.connection.execute("SELECT count(*), max(audits) FROM memories").fetchone()
            assert made == (3, 3 * memories.BLOCK)
        assert state(history, whole=False) == state(history, whole=True)


def test_a_scan_is_brought_though_an_older_one_is_damaged(tmp_path: Path) -> None:
    audits = years(60)
    path = kept(tmp_path / "h.sqlite3", audits[1:])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE audits SET document = x'00'")
        connection.execute("UPDATE marks SET packed = x'00'")
    write_scan_file(audits[0], tmp_path / "new.cya")
    with open_history(path, create=True) as history:
        assert import_scan(history, tmp_path / "new.cya", commune=None).was_new
        assert history.load(audits[0].uuid) == audits[0]


def test_a_removed_and_a_new_scan_are_not_taken_for_each_other(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(200))
    with open_history(path, create=False) as history:
        before = state(history, whole=False)
        with closing(sqlite3.connect(path)) as other, other:
            other.execute("UPDATE memories SET packed = x'00'")
        assert state(history, whole=False) == before


def test_a_lost_memory_of_removed_scans_is_told(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(200))
    past.prune_stored(path, keep_months=24, now=NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE memories SET packed = x'00'")
    with open_history(path, create=False) as history, pytest.raises(HistoryError, match="n'est plus entier"):
        history.chronicle(COMMUNE, now=NOW)
    assert [each.what for each in past.check(path).faults] == [COMMUNE]


def test_a_history_that_cannot_be_written_is_told_without_keeping_memories(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(200))
    with (
        open_history(path, create=False) as history,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        assert isinstance(history.chronicle(COMMUNE, now=NOW), Chronicle)
        other.execute("ROLLBACK")
        assert other.execute("SELECT count(*) FROM memories").fetchone() == (0,)


def test_one_town_leaves_nothing_behind_and_the_others_stay(tmp_path: Path) -> None:
    town = replace(BASE.town, commune=replace(BASE.town.commune, id="aubagne", name="Aubagne-la-Fictive"))
    other = [replace(each, town=town, uuid=str(UUID(int=9000 + i))) for i, each in enumerate(years(90))]
    path = kept(tmp_path / "h.sqlite3", [*years(20), *other])
    past.prune_stored(path, keep_months=12, now=NOW)
    assert past.forget(path, "aubagne") > 40
    with open_history(path, create=False) as history:
        assert history.communes() == (COMMUNE,)
    content = b"".join(each.read_bytes() for each in tmp_path.glob("h.sqlite3*"))
    assert b"aubagne" not in content


def test_where_nothing_may_be_changed_no_town_is_forgotten(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(2))
    with open_history(path, create=False) as history:
        history.connection.execute("PRAGMA query_only = ON")
        with pytest.raises(NotSaved, match="ne peut pas être modifié"):
            retention.forget(history, COMMUNE)
        assert history.count() == 2


def test_pruning_one_town_leaves_the_other(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(200))
    with open_history(path, create=False) as history:
        assert to_prune(history, before=NOW, commune="ailleurs") == ()
        found = to_prune(history, before=NOW, commune=COMMUNE)
        assert found[0].audits[0].started_at < found[0].audits[-1].started_at
        assert retention.prune(history, found) == len(found[0].audits)
        assert retention.prune(history, found) == 0


def test_a_damaged_scan_is_never_removed_unread(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(200))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE audits SET document = x'00'")
        connection.execute("UPDATE marks SET packed = x'00'")
    with pytest.raises(HistoryError, match="ne peut pas être lu"):
        past.prune_stored(path, keep_months=24, now=NOW)
    with open_history(path, create=False) as history:
        assert history.count() == 200


@pytest.mark.parametrize(
    ("months", "expected"),
    [(1, date(2026, 2, 28)), (24, date(2024, 3, 31)), (12 * 100, date(1926, 3, 31)), (12 * 5000, date.min)],
)
def test_months_are_counted_back_from_today(months: int, expected: date) -> None:
    assert past.older_than(months, now=datetime(2026, 3, 31, 12, tzinfo=UTC)).date() == expected


@pytest.mark.parametrize(("text", "months"), [("24m", 24), (" 1m ", 1), ("1200m", 1200)])
def test_a_duration_is_a_number_of_months(text: str, months: int) -> None:
    assert past.read_months(text) == months


@pytest.mark.parametrize("text", ["", "24", "0m", "2a", "-3m", "1201m", "24 m", "٣m"])
def test_another_duration_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="24m"):
        past.read_months(text)


def test_pruning_where_nothing_can_be_written_removes_nothing(tmp_path: Path) -> None:
    path = kept(tmp_path / "h.sqlite3", years(200))
    with open_history(path, create=False, patience=0.01) as history:
        found = to_prune(history, before=NOW)
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(NotSaved, match="un autre programme l'occupe"):
                retention.prune(history, found)
            other.execute("ROLLBACK")
        assert history.count() == 200
