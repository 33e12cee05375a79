"""Folders of rsnapshot: what is claimed, what their dates are worth, what was interrupted."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble
from cyberaudit.probes.stores.inspection import Found, Inspection
from cyberaudit.probes.stores.repositories.rsnapshot import CLAIM, disorder, is_root, passages_of
from cyberaudit.probes.stores.tree import Entry, Kind
from tests.unit.backup_places import NOW, inspecting
from tests.unit.backup_refusals import refusing

pytestmark = pytest.mark.unit

HOUR, DAY = 3600.0, 86_400.0
SINCE = datetime(2026, 1, 2, tzinfo=UTC)


def passage(root: Path, name: str, moment: datetime, *files: str) -> Path:
    """A folder as rsnapshot leaves it: older documents inside, its own date last."""
    for each in files or ("localhost/etc/hosts", "localhost/home/paie.odt"):
        path = root / name / each
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
        os.utime(path, (SINCE.timestamp(), SINCE.timestamp()))
    (root / name).mkdir(parents=True, exist_ok=True)
    os.utime(root / name, (moment.timestamp(), moment.timestamp()))
    return root / name


def good(root: Path) -> Path:
    for rank in range(3):
        passage(root, f"daily.{rank}", NOW - timedelta(days=rank, hours=1))
    passage(root, "weekly.0", NOW - timedelta(days=8))
    return root


def looked(inspection: Inspection) -> Found | None:
    entries = list(inspection.tree.entries(()))
    folders = frozenset(entry.name for entry in entries if entry.kind == "folder")
    assert CLAIM.is_here("", folders, frozenset(entry.name for entry in entries) - folders)
    return CLAIM.read(inspection, ())


def found(path: Path) -> Found:
    with inspecting(path) as inspection:
        answer = looked(inspection)
    assert answer is not None
    return answer


def test_each_passage_is_a_point_with_the_date_of_its_folder(tmp_path: Path) -> None:
    answer = found(good(tmp_path))
    assert [each.name for each in answer.points] == ["daily.0", "daily.1", "daily.2", "weekly.0"]
    assert {each.date_kind for each in answer.points} == {DateKind.EXACT}
    assert answer.points[0].written == (NOW - timedelta(hours=1)).timestamp()
    assert {each.reading.encrypted for each in answer.points} == {Encrypted.NO}
    assert {each.reading.fault for each in answer.points} == {""}
    assert answer.complete
    assert not answer.anomalies


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ({"daily.0"}, True),
        ({"weekly.3"}, True),
        ({"alpha.0", "alpha.1"}, True),
        ({"nuit.0", "nuit.1"}, True),
        ({"nuit.0", "nuit.1", "_delete.123", ".sync"}, True),
        ({"nuit.0"}, False),
        ({"nuit.0", "nuit.1", "photos"}, False),
        ({"daily.x"}, False),
        ({"version.2", "version.3"}, False),
        ({"2026.0"}, False),
        (set(), False),
    ],
)
def test_which_folders_are_claimed(folders: set[str], expected: bool) -> None:
    assert is_root("", frozenset(folders), frozenset()) is expected


def entry(name: str, ago: float | None) -> Entry:
    return Entry(name, Kind.FOLDER, 0, None if ago is None else 1e9 - ago)


@pytest.mark.parametrize(
    ("ages", "word"),
    [
        ({"daily.0": 0, "daily.1": DAY, "daily.2": 2 * DAY}, ""),
        ({"daily.0": 0, "daily.1": DAY, "weekly.0": 7 * DAY, "monthly.0": 30 * DAY}, ""),
        ({"hourly.0": 0, "hourly.1": 4 * HOUR, "daily.0": DAY}, ""),
        ({"alpha.0": 0, "alpha.1": 61}, ""),
        ({"daily.0": DAY, "daily.1": 0}, "contredisent leur ordre"),
        ({"daily.0": 0, "daily.1": 1, "daily.2": 2}, "même minute"),
        ({"daily.0": 0, "daily.1": 600, "daily.2": 1200}, "de trop près"),
        ({"weekly.0": 0, "weekly.1": DAY}, "de trop près"),
    ],
)
def test_dates_that_are_not_those_of_the_passages(ages: dict[str, float], word: str) -> None:
    why = disorder(passages_of([entry(name, ago) for name, ago in ages.items()]))
    assert (word in why) if word else not why


def test_levels_of_other_names_are_ordered_by_their_dates() -> None:
    names = {"soir.0": 900.0, "soir.1": DAY, "matin.0": 2.0, "matin.1": 3 * DAY}
    order = passages_of([entry(name, ago) for name, ago in names.items()])
    assert [each.entry.name for each in order] == ["matin.0", "matin.1", "soir.0", "soir.1"]


def test_one_folder_alone_is_dated_by_older_documents_inside(tmp_path: Path) -> None:
    passage(tmp_path, "daily.0", NOW - timedelta(hours=1))
    assert found(tmp_path).points[0].date_kind is DateKind.EXACT


def test_one_folder_whose_documents_are_as_young_proves_no_date(tmp_path: Path) -> None:
    folder = passage(tmp_path, "daily.0", NOW)
    for each in (*folder.rglob("*"), folder):
        os.utime(each, (NOW.timestamp(), NOW.timestamp()))
    answer = found(tmp_path)
    assert answer.points[0].date_kind is DateKind.UPPER_BOUND
    assert [each.code for each in answer.anomalies] == [Trouble.LOST_DATES]


def _same_date(root: Path) -> None:
    passage(root, "daily.0", NOW - timedelta(days=1, hours=1))


def _emptied(root: Path) -> None:
    for each in (root / "daily.0").rglob("*.*"):
        each.unlink()
    (root / "daily.0/localhost/etc/hosts").unlink()


def _less(root: Path) -> None:
    (root / "daily.0/localhost/home/paie.odt").unlink()
    (root / "daily.0/localhost/home").rmdir()
    passage(root, "daily.0", NOW - timedelta(hours=1), "localhost/etc/hosts")


def _no_newest(root: Path) -> None:
    (root / "daily.0").rename(root / "daily.9")


def _no_host(root: Path) -> None:
    (root / "daily.0/localhost").rename(root / "daily.0/autre")
    os.utime(root / "daily.0", ((NOW - timedelta(hours=1)).timestamp(),) * 2)


@pytest.mark.parametrize(
    ("wreck", "fault", "word"),
    [
        (_same_date, "end-not-seen", "même date que daily.1"),
        (_emptied, "empty", "aucun fichier"),
        (_less, "end-not-seen", "« localhost/home »"),
        (_no_newest, "end-not-seen", "daily.0 manque"),
        (_no_host, "end-not-seen", "« localhost »"),
    ],
)
def test_an_interrupted_passage_is_not_good(
    tmp_path: Path, wreck: Callable[[Path], None], fault: str, word: str
) -> None:
    wreck(good(tmp_path))
    answer = found(tmp_path)
    bad = [each for each in answer.points if each.reading.fault]
    assert [each.reading.fault for each in bad] == [fault]
    assert word in bad[0].reading.evidence
    assert Trouble.ABORTED_RUN in [each.code for each in answer.anomalies]


def test_old_locks_and_deletions_are_told(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "_delete.4242").mkdir()
    (tmp_path / "rsnapshot.pid").write_text("4242")
    (tmp_path / "rsnapshot.log").write_text("")
    with inspecting(tmp_path, now=datetime.now(UTC) + timedelta(days=2)) as inspection:
        answer = looked(inspection)
    assert answer is not None
    assert {each.code for each in answer.anomalies} == {Trouble.ABORTED_RUN, Trouble.STALE_LOCK}
    assert answer.complete
    with inspecting(tmp_path, now=datetime.now(UTC)) as inspection:
        answer = looked(inspection)
    assert answer is not None
    assert not answer.anomalies


def test_what_stands_beside_is_said_to_be_left_out(tmp_path: Path) -> None:
    good(tmp_path)
    (tmp_path / "compta").mkdir()
    (tmp_path / "dump.sql.gz").write_bytes(b"x")
    answer = found(tmp_path)
    assert not answer.complete
    assert [(each.code, each.count) for each in answer.anomalies] == [(Trouble.LEFT_OUT, 2)]


def test_a_place_without_dates_says_so(tmp_path: Path) -> None:
    with inspecting(good(tmp_path)) as inspection:
        inspection.tree = refusing(inspection.tree, dated=False, far=True)
        answer = looked(inspection)
    assert answer is not None
    assert {each.date_kind for each in answer.points} == {DateKind.UPPER_BOUND}
    assert "ne donne pas de date" in answer.points[0].date_source


def test_links_to_folders_are_no_passages(tmp_path: Path) -> None:
    good(tmp_path / "vrai")
    (tmp_path / "daily.0").symlink_to(tmp_path / "vrai/daily.0")
    (tmp_path / "daily.1").mkdir()
    answer = found(tmp_path)
    assert [each.name for each in answer.points] == ["daily.1"]
    assert answer.points[0].reading.fault == "empty"


def test_a_tree_wider_than_the_look_is_not_called_empty(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / "daily.0" / f"h{number}" / "vide").mkdir(parents=True)
    assert found(tmp_path).points[0].reading.fault == "end-not-seen"


def test_what_may_not_be_read_is_not_called_empty(tmp_path: Path) -> None:
    with inspecting(good(tmp_path)) as inspection:
        inspection.tree = refusing(inspection.tree, "daily.0", "localhost")
        answer = looked(inspection)
    assert answer is not None
    assert answer.points[0].reading.fault == "end-not-seen"
    with inspecting(tmp_path) as inspection:
        inspection.tree = refusing(inspection.tree, "daily.1")
        answer = looked(inspection)
    assert answer is not None
    assert answer.points[0].reading.fault == ""


def test_a_hurried_look_does_not_call_a_passage_empty(tmp_path: Path) -> None:
    with inspecting(good(tmp_path), seconds=-1) as inspection:
        answer = looked(inspection)
    assert answer is not None
    assert answer.points[0].reading.fault == "end-not-seen"


def test_files_alone_are_no_passages(tmp_path: Path) -> None:
    with inspecting(tmp_path) as inspection:
        assert CLAIM.read(inspection, ()) is None


@pytest.mark.parametrize(
    ("before", "emptied", "expected"),
    [
        ("localhost/home/paie.odt", "localhost/home", "« localhost/home » est vide"),
        ("nas/paie.odt", "nas", "« nas » est vide"),
        ("nas/srv/data/mairie/paie.odt", "nas/srv/data/mairie", "« nas/srv/data/mairie » est vide"),
        # A folder of documents that somebody emptied.
        ("nas/srv/data/paie.odt", "nas/srv/data/brouillons", ""),
    ],
)
def test_a_source_found_empty_is_a_disk_that_was_not_there(
    tmp_path: Path, before: str, emptied: str, expected: str
) -> None:
    kept = (before,) if not expected else ()
    passage(tmp_path, "daily.0", NOW - timedelta(hours=1), "serveur/etc/hosts", *kept)
    passage(tmp_path, "daily.1", NOW - timedelta(days=1), "serveur/etc/hosts", before)
    (tmp_path / "daily.0" / emptied).mkdir(parents=True, exist_ok=True)
    if not expected:
        passage(tmp_path, "daily.1", NOW - timedelta(days=1), f"{emptied}/note.odt")
    for rank in range(2):
        moment = (NOW - timedelta(days=rank, hours=1)).timestamp()
        os.utime(tmp_path / f"daily.{rank}", (moment, moment))
    newest = found(tmp_path).points[0]
    assert newest.reading.fault == ("end-not-seen" if expected else "")
    assert expected in newest.reading.evidence
