"""Scan files: the way there and back, hostile ones, and what a history accepts."""

import gzip
import json
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.history import document
from cyberaudit.history.document import to_audit
from cyberaudit.history.scan_file import Imported, import_scan, read_scan_file, write_scan_file
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Observation, Reason, Unreachable, finding_identity

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
BASE = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))


def envelope(**changes: Any) -> dict[str, Any]:
    content = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return {"format": "cyberaudit-scan", "version": 1, "audit": content, **changes}


def write_envelope(path: Path, content: object) -> None:
    path.write_bytes(gzip.compress(json.dumps(content).encode()))


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    content = envelope()
    change(content["audit"])
    return gzip.compress(json.dumps(content).encode())


def of_commune(name: str, number: int) -> Audit:
    town = replace(BASE.town, commune=replace(BASE.town.commune, id=name))
    findings = tuple(
        replace(each, identity=finding_identity(name, each.check, each.asset)) for each in BASE.findings
    )
    return replace(BASE, uuid=str(UUID(int=number)), town=town, findings=findings)


def test_an_audit_comes_back_from_a_scan_file_its_owner_alone_may_read(tmp_path: Path) -> None:
    write_scan_file(BASE, tmp_path / "town.cya")
    assert read_scan_file(tmp_path / "town.cya") == BASE
    assert stat.S_IMODE((tmp_path / "town.cya").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["town.cya"]


def test_a_scan_file_already_there_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "town.cya").write_text("ancien " * 100_000, encoding="utf-8")
    write_scan_file(BASE, tmp_path / "town.cya")
    assert read_scan_file(tmp_path / "town.cya") == BASE


@pytest.mark.parametrize(
    ("name", "clause"),
    [
        ("none/town.cya", "ce fichier n'existe pas"),
        ("file/town.cya", "un fichier se trouve à la place d'un dossier"),
        ("folder", "c'est un dossier"),
        ("pipe", "n'est pas un fichier ordinaire"),
    ],
)
def test_a_scan_file_that_cannot_be_written_is_told_in_one_sentence(
    tmp_path: Path, name: str, clause: str
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotSaved, match=clause):
        write_scan_file(BASE, tmp_path / name)
    assert {file.name for file in tmp_path.iterdir()} == {"file", "folder", "pipe"}


def gzip_bomb() -> bytes:
    return gzip.compress(b"[" + b" " * (document.DECOMPRESSED_LIMIT + 1) + b"]", compresslevel=1)


GENUINE = gzip.compress(json.dumps(envelope()).encode())
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", r"\(.cya\)"),
    "text": (lambda: b"Bonjour", r"\(.cya\)"),
    "cut short": (lambda: GENUINE[:-20], "incomplet"),
    "two in one": (lambda: GENUINE + GENUINE, "abîmé"),
    "a flipped bit": (lambda: GENUINE[:200] + bytes([GENUINE[200] ^ 1]) + GENUINE[201:], "abîmé"),
    "gzip bomb": (gzip_bomb, "trop gros"),
    "huge": (lambda: b"\x1f\x8b" + os.urandom(16 * 1024 * 1024), "trop gros"),
    "millions of values": (lambda: gzip.compress(b"[" + b"[]," * 2_000_000 + b"0]"), "trop gros"),
    "deep": (lambda: gzip.compress(b"[" * 200_000), "pas un contrôle"),
    "deep and closed": (lambda: gzip.compress(b"[" * 20_000 + b"]" * 20_000), "pas un contrôle"),
    "not JSON": (lambda: gzip.compress(b"{format: 1}"), "pas un contrôle"),
    "not UTF-8": (lambda: gzip.compress(b'"\xff"'), "pas un contrôle"),
    "endless number": (lambda: gzip.compress(b"9" * 10_000), "pas un contrôle"),
    "a list": (lambda: gzip.compress(b"[]"), "pas un contrôle"),
    "another format": (lambda: gzip.compress(b'{"format": "x", "version": 1}'), "pas un contrôle"),
    "no version": (lambda: gzip.compress(b'{"format": "cyberaudit-scan"}'), "pas un contrôle"),
    "true as version": (
        lambda: gzip.compress(json.dumps(envelope(version=True)).encode()),
        "pas un contrôle",
    ),
    "newer": (lambda: gzip.compress(b'{"format": "cyberaudit-scan", "version": 2}'), "version plus récente"),
    "no audit": (
        lambda: gzip.compress(b'{"format": "cyberaudit-scan", "version": 1}'),
        "pas un contrôle",
    ),
    "a missing part": (lambda: changed(lambda audit: audit.pop("findings")), "pas un contrôle"),
    "a wrong type": (lambda: changed(lambda audit: audit.update(partial="no")), "pas un contrôle"),
    "a kind that is a list": (
        lambda: changed(lambda audit: audit["observations"][0]["facts"].update(kind=[])),
        "pas un contrôle",
    ),
    "a date before all dates": (
        lambda: changed(lambda audit: audit.update(started_at="0001-01-01T00:00:00+10:00")),
        "pas un contrôle",
    ),
    "a finding seen in ten years": (
        lambda: changed(lambda audit: audit["findings"][0].update(seen_at="2036-11-21T21:10:00Z")),
        "dates sont impossibles",
    ),
    "facts seen in ten years": (
        lambda: changed(lambda audit: audit["observations"][0].update(seen_at="2036-11-21T21:10:00Z")),
        "dates sont impossibles",
    ),
    "a scan that lasts ten years": (
        lambda: changed(lambda audit: audit.update(finished_at="2036-11-21T21:10:00Z")),
        "dates sont impossibles",
    ),
    "a scan begun after its end": (
        lambda: changed(lambda audit: audit.update(started_at="2036-11-21T21:10:00Z")),
        "dates sont impossibles",
    ),
    "a scan of the year 1": (
        lambda: changed(
            lambda audit: audit.update(started_at="0001-01-02T00:00:00Z", finished_at="0001-01-02T00:01:00Z")
        ),
        "dates sont impossibles",
    ),
    "a scan of the year 9999": (
        lambda: changed(
            lambda audit: audit.update(started_at="9999-12-31T00:00:00Z", finished_at="9999-12-31T00:01:00Z")
        ),
        "dates sont impossibles",
    ),
    "a finding seen in the year 1": (
        lambda: changed(lambda audit: audit["findings"][0].update(seen_at="0001-01-02T00:00:00Z")),
        "dates sont impossibles",
    ),
    "a UUID that is none": (lambda: changed(lambda audit: audit.update(uuid="../../x")), "pas un contrôle"),
    "a UUID in capitals": (
        lambda: changed(lambda audit: audit.update(uuid=audit["uuid"].upper())),
        "pas un contrôle",
    ),
    "an impossible timezone": (
        lambda: changed(lambda audit: audit["town"]["commune"].update(timezone="../etc/passwd")),
        "pas un contrôle",
    ),
    "an unknown timezone": (
        lambda: changed(lambda audit: audit["town"]["commune"].update(timezone="Lune/Mer")),
        "pas un contrôle",
    ),
    "an impact of 99": (
        lambda: changed(lambda audit: audit["findings"][0].update(impact=99)),
        "pas un contrôle",
    ),
    "the finding of another": (
        lambda: changed(lambda audit: audit["findings"][0].update(identity="0" * 16)),
        "pas un contrôle",
    ),
}


@pytest.mark.parametrize(("minutes", "accepted"), [(59, True), (61, False)])
def test_two_clocks_may_differ_by_an_hour(tmp_path: Path, minutes: int, *, accepted: bool) -> None:
    late = replace(BASE.findings[0], seen_at=BASE.finished_at + timedelta(minutes=minutes))
    write_scan_file(replace(BASE, findings=(late,)), tmp_path / "town.cya")
    if accepted:
        assert read_scan_file(tmp_path / "town.cya").findings == (late,)
    else:
        with pytest.raises(HistoryError, match="dates sont impossibles"):
            read_scan_file(tmp_path / "town.cya")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_scan_file_gets_one_sentence(tmp_path: Path, name: str) -> None:
    content, clause = HOSTILE[name]
    (tmp_path / "town.cya").write_bytes(content())
    with pytest.raises(HistoryError, match=clause) as caught:
        read_scan_file(tmp_path / "town.cya")
    assert str(caught.value).startswith("Le fichier «")
    assert "\n" not in str(caught.value)
    assert not isinstance(caught.value, NotSaved)


def test_text_deep_inside_an_audit_is_told_as_well(tmp_path: Path) -> None:
    deep = '{"format": "cyberaudit-scan", "version": 1, "audit": ' + "[" * 950 + "]" * 950 + "}"
    (tmp_path / "town.cya").write_bytes(gzip.compress(deep.encode()))
    with pytest.raises(HistoryError, match="pas un contrôle"):
        read_scan_file(tmp_path / "town.cya")


def test_a_pipe_never_blocks(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(HistoryError, match="n'est pas un fichier ordinaire"):
        read_scan_file(tmp_path / "pipe")


@pytest.mark.parametrize(
    ("name", "clause"),
    [("", "c'est un dossier"), ("none.cya", "ce fichier n'existe pas")],
    ids=["folder", "none"],
)
def test_what_is_no_file_is_told_in_one_sentence(tmp_path: Path, name: str, clause: str) -> None:
    with pytest.raises(HistoryError, match=clause):
        read_scan_file(tmp_path / name)


def test_control_characters_from_another_machine_are_taken_out(tmp_path: Path) -> None:
    name = "Cabinet\x1b[31m Dupont \u202e \ud800 & fils"
    write_scan_file(replace(BASE, scanned_by=name), tmp_path / "town.cya")
    assert read_scan_file(tmp_path / "town.cya").scanned_by == "Cabinet [31m Dupont & fils"


def test_french_spaces_and_double_spaces_come_through_untouched(tmp_path: Path) -> None:
    name = "Cabinet «\u00a0Dupont\u00a0»  1\u202f760\u00a0€"
    write_scan_file(replace(BASE, scanned_by=name), tmp_path / "town.cya")
    assert read_scan_file(tmp_path / "town.cya").scanned_by == name


def test_importing_twice_changes_nothing(tmp_path: Path) -> None:
    write_scan_file(BASE, tmp_path / "town.cya")
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        assert import_scan(history, tmp_path / "town.cya", commune=None) == Imported(BASE.uuid, was_new=True)
        assert import_scan(history, tmp_path / "town.cya", commune=None) == Imported(BASE.uuid, was_new=False)
        assert history.load(BASE.uuid) == BASE
        assert len(history.summaries()) == 1


def test_another_commune_than_the_one_named_is_refused(tmp_path: Path) -> None:
    write_scan_file(BASE, tmp_path / "town.cya")
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        with pytest.raises(HistoryError, match="concerne la commune"):
            import_scan(history, tmp_path / "town.cya", commune="aubagne")
        assert history.summaries() == ()


def test_a_commune_the_history_does_not_know_must_be_named(tmp_path: Path) -> None:
    write_scan_file(of_commune("aubagne", 1), tmp_path / "aubagne.cya")
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        history.save(BASE)
        with pytest.raises(HistoryError, match="--commune aubagne"):
            import_scan(history, tmp_path / "aubagne.cya", commune=None)
        assert import_scan(history, tmp_path / "aubagne.cya", commune="aubagne").was_new
        assert history.communes() == ("aubagne", BASE.town.id)


def test_an_id_made_to_be_pasted_in_a_shell_is_quoted(tmp_path: Path) -> None:
    write_scan_file(of_commune("x; reboot", 1), tmp_path / "x.cya")
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        history.save(BASE)
        with pytest.raises(HistoryError, match="--commune 'x; reboot'"):
            import_scan(history, tmp_path / "x.cya", commune=None)


def test_facts_of_a_newer_version_are_kept_for_the_day_they_can_be_read(tmp_path: Path) -> None:
    content = envelope()
    newer = {"kind": "mail-dns", "version": 99, "data": {"moon": "full"}}
    content["audit"]["observations"][0]["facts"] = newer
    write_envelope(tmp_path / "town.cya", content)
    with open_history(tmp_path / "h.sqlite3", create=True) as history:
        import_scan(history, tmp_path / "town.cya", commune=None)
        seen: Observation = history.load(BASE.uuid).observations[0]
    assert seen.facts == Unreachable(Reason.TOO_NEW, "mail-dns 99")
    shutil.copy(tmp_path / "h.sqlite3", tmp_path / "copy.sqlite3")
    with open_history(tmp_path / "copy.sqlite3", create=False) as history:
        stored = history.connection.execute("SELECT document FROM audits").fetchone()[0]
    kept = document.unpack(stored)
    assert isinstance(kept, dict)
    assert json.dumps(newer) in json.dumps(kept)
