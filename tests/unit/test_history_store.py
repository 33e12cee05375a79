"""The SQLite store: what it keeps, whom it lets read, what it says when it cannot."""

import json
import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.history.document import to_audit
from cyberaudit.history.marks import pack_marks, pack_rows
from cyberaudit.history.state import summarize
from cyberaudit.history.store import default_path, open_history
from cyberaudit.history.trace import trace_of
from cyberaudit.model import Audit

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
BASE = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))


def audit(number: int, *, days_ago: int = 0, commune: str = BASE.town.id, vantage: str = "outside") -> Audit:
    town = replace(BASE.town, commune=replace(BASE.town.commune, id=commune))
    started = BASE.started_at - timedelta(days=days_ago)
    return replace(BASE, uuid=str(UUID(int=number)), town=town, vantage=vantage, started_at=started)


def store(path: Path, *audits: Audit) -> None:
    with open_history(path, create=True) as history:
        for each in audits:
            history.save(each)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_an_audit_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", BASE)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.load(BASE.uuid) == BASE
        assert history.summaries() == (summarize(BASE),)


def test_saving_twice_changes_nothing(tmp_path: Path) -> None:
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        assert history.save(BASE)
        assert not history.save(replace(BASE, vantage="lan"))
        assert history.load(BASE.uuid).vantage == "outside"


def test_several_towns_and_vantages_share_one_file_newest_first(tmp_path: Path) -> None:
    old, new, other = audit(1, days_ago=9), audit(2, vantage="lan"), audit(3, days_ago=2, commune="aubagne")
    store(tmp_path / "h.sqlite3", old, other, new)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.communes() == ("aubagne", BASE.town.id)
        assert [each.uuid for each in history.summaries()] == [new.uuid, other.uuid, old.uuid]
        assert [each.vantage for each in history.summaries(BASE.town.id)] == ["lan", "outside"]
        assert history.summaries("inconnue") == ()


def test_audits_are_read_by_their_numbers_newest_first(tmp_path: Path) -> None:
    audits = [audit(1, days_ago=30), audit(2, days_ago=10), audit(3)]
    store(tmp_path / "h.sqlite3", *audits)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.read([audits[1].uuid, audits[2].uuid, "absent"]) == (audits[2], audits[1])
        assert history.read([]) == ()


def test_the_history_of_one_commune_is_told_in_brief_oldest_first(tmp_path: Path) -> None:
    audits = [audit(3), audit(1, days_ago=300), audit(4, commune="aubagne")]
    store(tmp_path / "h.sqlite3", *audits)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        told = history.traces(BASE.town.id)
    assert [each.uuid for each in told] == [audits[1].uuid, audits[0].uuid]
    assert [{*each.marks} for each in told] == [{*trace_of(each).marks} for each in (audits[1], audits[0])]


@pytest.mark.parametrize(
    "harm",
    [
        f"UPDATE marks SET packed = x'{pack_marks(trace_of(BASE).marks[1:]).hex()}'",
        "DELETE FROM marks",
        f"UPDATE marks SET packed = x'{pack_rows([('a', 'splendide', '', '', 'word', '2026-01-01')]).hex()}'",
        f"UPDATE marks SET packed = x'{pack_rows([('a', 'pass', '', '', 'word', 'hier')]).hex()}'",
        "UPDATE marks SET packed = x'00'",
        "UPDATE marks SET packed = 12",
    ],
)
def test_an_audit_without_all_its_marks_is_read_whole(tmp_path: Path, harm: str) -> None:
    store(tmp_path / "h.sqlite3", audit(1))
    with closing(sqlite3.connect(tmp_path / "h.sqlite3")) as connection, connection:
        connection.execute(harm)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.traces(BASE.town.id) == (trace_of(audit(1)),)


def test_no_audit_is_unpacked_to_be_told_in_brief(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", audit(1))
    with closing(sqlite3.connect(tmp_path / "h.sqlite3")) as connection, connection:
        connection.execute("UPDATE audits SET document = x'00'")
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert len(history.traces(BASE.town.id)) == 1


def test_half_a_second_is_enough_to_be_newer(tmp_path: Path) -> None:
    whole = replace(audit(2), started_at=BASE.started_at.replace(microsecond=0))
    half = replace(audit(1), started_at=BASE.started_at.replace(microsecond=500_000))
    store(tmp_path / "h.sqlite3", whole, half)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert [each.uuid for each in history.summaries()] == [half.uuid, whole.uuid]


def test_the_beginning_of_a_uuid_is_enough_when_it_is_alone(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", BASE, audit(1), audit(2))
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.load(" 6F1C9 ") == BASE
        with pytest.raises(HistoryError, match="Plusieurs contrôles"):
            history.load("0000")
        with pytest.raises(HistoryError, match="Aucun contrôle enregistré"):
            history.load("%")


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_what_the_store_creates_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "h.sqlite3"
    old_umask = os.umask(0)
    try:
        with open_history(path, create=True) as history:
            history.save(BASE)
            side_files = [mode(file) for file in path.parent.iterdir()]
    finally:
        os.umask(old_umask)
    assert (mode(tmp_path / "a"), mode(tmp_path / "a" / "b")) == (0o700, 0o700)
    assert side_files == [0o600, 0o600, 0o600]


def test_a_file_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", BASE)
    (tmp_path / "h.sqlite3").chmod(0o664)
    open_history(tmp_path / "h.sqlite3", create=False).close()
    assert mode(tmp_path / "h.sqlite3") == 0o600


def test_the_database_says_its_version_and_works_in_wal_mode(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3")
    with closing(sqlite3.connect(tmp_path / "h.sqlite3")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (2,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def write_newer(path: Path) -> None:
    store(path, BASE)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 3")


def write_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def write_damaged(path: Path) -> None:
    store(path, *(audit(number) for number in range(20)))
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)


def write_text(path: Path) -> None:
    path.write_text("Ceci est une lettre. " * 300, encoding="utf-8")


STRANGE: dict[str, Callable[[Path], object]] = {
    "version plus récente": write_newer,
    "n'est pas un historique de cyberaudit.": write_foreign,
    "abîmé": write_text,
    "le fichier est abîmé": write_damaged,
    "c'est un dossier": Path.mkdir,
    "n'est pas un fichier ordinaire": os.mkfifo,
}


@pytest.mark.parametrize("sentence", STRANGE)
def test_what_is_no_history_is_told_in_one_sentence_and_left_alone(tmp_path: Path, sentence: str) -> None:
    path = tmp_path / "h.sqlite3"
    STRANGE[sentence](path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(HistoryError, match=sentence) as reading:
        open_history(path, create=False).load(BASE.uuid)
    with pytest.raises(NotSaved, match=sentence):
        store(path, BASE)
    assert not isinstance(reading.value, NotSaved)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_missing_history_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"^Aucun contrôle n'est encore gardé\. .* n'existe pas\.$"):
        open_history(tmp_path / "none.sqlite3", create=False)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_file_is_a_history_that_holds_nothing_yet(tmp_path: Path) -> None:
    (tmp_path / "h.sqlite3").touch()
    with pytest.raises(HistoryError, match=r"^Aucun contrôle n'est encore gardé\. .* est encore vide\.$"):
        open_history(tmp_path / "h.sqlite3", create=False)
    store(tmp_path / "h.sqlite3", BASE)
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.load(BASE.uuid) == BASE


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("file/h.sqlite3", "un fichier se trouve à la place d'un dossier"),
        ("file/folder/h.sqlite3", "un fichier se trouve à la place d'un dossier"),
        ("x" * 300, "ce nom est trop long"),
        ("loop", "ce lien tourne en rond"),
    ],
)
def test_a_place_where_no_file_can_stand_is_told_in_one_sentence(
    tmp_path: Path, name: str, clause: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(NotSaved, match=clause):
        open_history(tmp_path / name, create=True)


def test_another_writer_for_too_long_is_told_and_nothing_is_lost(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", BASE)
    with (
        open_history(tmp_path / "h.sqlite3", create=True, patience=0.05) as history,
        closing(sqlite3.connect(tmp_path / "h.sqlite3", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotSaved, match="un autre programme l'occupe"):
            history.save(audit(1))
        other.execute("ROLLBACK")
        assert history.save(audit(1))
        assert len(history.summaries()) == 2


@pytest.mark.parametrize("document", [b"", b"x\x9c\x00", "texte", 12])
def test_one_damaged_audit_is_named_and_never_passed_over(
    tmp_path: Path, document: bytes | str | int
) -> None:
    store(tmp_path / "h.sqlite3", audit(1), audit(2))
    with closing(sqlite3.connect(tmp_path / "h.sqlite3")) as connection, connection:
        connection.execute("UPDATE audits SET document = ? WHERE uuid = ?", (document, audit(1).uuid))
    with open_history(tmp_path / "h.sqlite3", create=False) as history:
        assert history.load(audit(2).uuid) == audit(2)
        with pytest.raises(HistoryError, match=audit(1).uuid):
            history.read([audit(1).uuid, audit(2).uuid])


def test_an_impossible_date_in_the_list_is_told_in_one_sentence(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", BASE)
    with closing(sqlite3.connect(tmp_path / "h.sqlite3")) as connection, connection:
        connection.execute("UPDATE audits SET started_at = '31 février'")
    with (
        open_history(tmp_path / "h.sqlite3", create=False) as history,
        pytest.raises(HistoryError, match="date impossible"),
    ):
        history.summaries()


def test_a_lost_table_is_told_in_one_sentence(tmp_path: Path) -> None:
    store(tmp_path / "h.sqlite3", BASE)
    with closing(sqlite3.connect(tmp_path / "h.sqlite3")) as connection:
        connection.execute("DROP TABLE audits")
    with (
        open_history(tmp_path / "h.sqlite3", create=False) as history,
        pytest.raises(HistoryError, match="SQLITE_ERROR"),
    ):
        history.communes()


def test_a_name_with_escape_codes_is_made_safe_in_the_sentence(tmp_path: Path) -> None:
    with pytest.raises(HistoryError) as caught:
        open_history(tmp_path / "\x1b[31mrouge", create=False)
    assert "\x1b" not in str(caught.value)


def test_names_with_signs_of_an_address_are_ordinary_names(tmp_path: Path) -> None:
    path = tmp_path / "mairie ? #1 100 %25.sqlite3"
    store(path, BASE)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_the_default_place_follows_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_path() == tmp_path / "cyberaudit" / "history.sqlite3"
