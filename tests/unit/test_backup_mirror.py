"""Mirrors: documents kept as they are or encrypted one by one, what dates them and what they prove."""

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Role, StoreContents, Trouble, Weakness
from cyberaudit.probes.stores.contents import read_contents
from cyberaudit.probes.stores.formats.marked import read_marked
from cyberaudit.probes.stores.inspection import File
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.recognise import recognise
from cyberaudit.probes.stores.vaults.mirror import judge_document, mirrors_among, read_documents
from cyberaudit.probes.stores.vaults.passage import Dated, last_passage
from cyberaudit.probes.stores.vaults.sealed import Seal
from cyberaudit.probes.stores.walk import Walked, walk
from tests.unit.backup_files import NOISE, sample
from tests.unit.backup_places import NOW, contents_of, inspecting, set_back
from tests.unit.test_backup_vaults import Unreadable

pytestmark = pytest.mark.unit

LOWER, UPPER, EXACT = DateKind.LOWER_BOUND, DateKind.UPPER_BOUND, DateKind.EXACT
PDF = b"%PDF-1.7\n" + NOISE[:3000] + b"\n%%EOF\n"
DAY, T = 86_400.0, NOW.timestamp()


# --- When it was last brought up to date ---

KEPT = [Dated(T - day * DAY, T - 3600) for day in range(1, 9)]
HERE = [Dated(T - day * DAY, T - day * DAY + 1) for day in range(1, 9)]


@pytest.mark.parametrize(
    ("dated", "kind", "at"),
    [
        (KEPT, LOWER, T - 3 * DAY),
        ([Dated(each.written, None) for each in KEPT], LOWER, T - 3 * DAY),
        (HERE, UPPER, T - DAY + 1),
        ([*HERE, *KEPT[6:]], UPPER, T - 3600),
        ([Dated(T - 60, None), *KEPT[5:]], LOWER, T - 7 * DAY),
        ([Dated(T - DAY, None)] * 9, UPPER, T - DAY),
        ([Dated(T - DAY, T - 60)] * 9, UPPER, T - 60),
        ([Dated(T - DAY - 10 * i, None) for i in range(200)], UPPER, T - DAY),
        ([Dated(T - DAY - 60 * i, None) for i in range(200)], LOWER, T - DAY - 120),
        ([Dated(0.0, None)] * 9, UPPER, T),
        ([], UPPER, T),
        ([Dated(T - DAY, T + 9 * DAY)] * 2, UPPER, T),
    ],
)
def test_the_last_passage_is_dated_by_three_documents_that_kept_their_date(
    dated: Sequence[Dated], kind: DateKind, at: float
) -> None:
    found = last_passage(dated, NOW)
    assert (found.kind, found.at) == (kind, at)


def test_what_a_tool_writes_in_its_own_folder_is_dated_by_one_file() -> None:
    assert last_passage(HERE, NOW, written_here=True)[:2] == (T - DAY, LOWER)
    assert last_passage(HERE[:1] * 9, NOW, written_here=True).kind is UPPER


def test_of_a_listing_cut_short_nothing_bounds_the_passage() -> None:
    assert last_passage(HERE, NOW, is_whole=False)[:2] == (T, UPPER)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(0, T), st.none() | st.floats(0, T)), max_size=30))
def test_no_dates_make_a_passage_younger_than_what_was_written(
    dates: list[tuple[float, float | None]],
) -> None:
    found = last_passage([Dated(*each) for each in dates], NOW)
    if found.kind is LOWER:
        assert sum(written >= found.at for written, _ in dates) >= 3


# --- One document ---


def judged(name: str, data: bytes) -> tuple[Seal, bool]:
    one = sample(name, data)
    return judge_document(one, recognise(one))


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.pdf", PDF, (Seal.READABLE, True)),
        ("a.pdf", PDF[:-9], (Seal.CUT, False)),
        ("a.png", b"\x89PNG\r\n\x1a\n" + NOISE[:99] + b"IEND\xaeB`\x82", (Seal.READABLE, True)),
        ("a.jpg", b"\xff\xd8\xff\xe0" + NOISE[:900], (Seal.READABLE, False)),
        ("a.docx", NOISE[:900], (Seal.STRANGE, False)),
        ("a.dwf", NOISE[:900], (Seal.UNTOLD, False)),
        ("a.doc", b"", (Seal.EMPTY, False)),
        ("a.doc", bytes(900), (Seal.EMPTY, False)),
        ("a.odt", b"PK\x03\x04" + NOISE[:900], (Seal.CUT, False)),
        (
            "a.docx",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + NOISE[:600] + "EncryptedPackage".encode("utf-16-le"),
            (Seal.HELD, False),
        ),
        ("a.db", b"Salted__" + NOISE[:900], (Seal.UNTOLD, False)),
    ],
)
def test_a_document_by_its_bytes(name: str, data: bytes, expected: tuple[Seal, bool]) -> None:
    assert judged(name, data) == expected


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["a.pdf", "a.docx", "a.xyz", "a.jpg"]))
def test_no_bytes_break_the_judge_of_documents(data: bytes, name: str) -> None:
    judged(name, data)
    judged(name, b"%PDF-" + data)


R, H, S, C, E, U = Seal.READABLE, Seal.HELD, Seal.STRANGE, Seal.CUT, Seal.EMPTY, Seal.UNTOLD


@pytest.mark.parametrize(
    ("seals", "whole", "encrypted", "fault"),
    [
        ([R] * 9, True, Encrypted.NO, ""),
        ([R] * 9, False, Encrypted.NO, "end-not-seen"),
        ([R, R, H], True, Encrypted.NO, ""),
        ([R, H, H], True, Encrypted.PARTIAL, ""),
        ([R] * 6 + [S], True, Encrypted.NO, "end-not-seen"),
        ([R, S, S, S], True, Encrypted.PARTIAL, "damaged"),
        ([S] * 9, False, Encrypted.UNKNOWN, "damaged"),
        ([R] * 4 + [C] * 5, True, Encrypted.NO, "truncated"),
        ([E] * 5 + [R] * 4, True, Encrypted.NO, "empty"),
        ([U] * 9, False, Encrypted.UNKNOWN, "end-not-seen"),
        ([H] * 9, False, Encrypted.UNKNOWN, "end-not-seen"),
        ([], False, Encrypted.UNKNOWN, "end-not-seen"),
    ],
)
def test_a_mirror_by_the_documents_looked_at(
    seals: list[Seal], *, whole: bool, encrypted: Encrypted, fault: str
) -> None:
    reading = read_documents([(seal, whole) for seal in seals], 900)
    assert (reading.encrypted, reading.fault) == (encrypted, fault)


# --- Whole locations ---


def put(path: Path, data: bytes, when: datetime) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    set_back(path, when)
    return path


def mirror(folder: Path, *, count: int = 30, data: bytes = PDF, ending: str = "pdf", days: int = 1) -> Path:
    """Documents of some services, one saved each day until `days` days ago, their dates kept."""
    for number in range(count):
        name = folder / ("compta", "état civil", "urbanisme")[number % 3] / f"acte {number}.{ending}"
        put(name, data, NOW - timedelta(days=days + number))
    return folder


def of(contents: StoreContents) -> list[tuple[str, str, Encrypted]]:
    return [(store.kind, store.place, store.encrypted) for store in contents.stores]


def test_a_mirror_of_documents_is_one_copy_in_clear(tmp_path: Path) -> None:
    contents = contents_of(mirror(tmp_path))
    (copy,) = contents.copies
    assert of(contents) == [("mirror", "", Encrypted.NO)]
    assert (copy.role, copy.encrypted, copy.fault) == (Role.MIRROR, Encrypted.NO, "")
    assert (copy.date_kind, copy.written_at) == (LOWER, NOW - timedelta(days=3))
    assert "trois" in copy.date_source or "3 documents" in copy.date_source
    assert contents.other_files == 0


def test_one_file_dropped_by_hand_makes_no_mirror_younger(tmp_path: Path) -> None:
    put(mirror(tmp_path, days=90) / "compta" / "note.pdf", PDF, NOW)
    (copy,) = contents_of(tmp_path).copies
    assert copy.written_at < NOW - timedelta(days=89)


def test_documents_saved_where_they_lie_are_no_proof_of_a_passage(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"acte {number}.pdf").write_bytes(PDF)
    (copy,) = contents_of(tmp_path).copies
    assert copy.date_kind is UPPER


def test_documents_dated_in_the_future_date_nothing(tmp_path: Path) -> None:
    mirror(tmp_path, days=40)
    for number in range(5):
        put(tmp_path / f"demain {number}.pdf", PDF, NOW + timedelta(days=30))
    (copy,) = contents_of(tmp_path).copies
    assert (copy.written_at, copy.date_kind) == (NOW - timedelta(days=42), LOWER)


def test_a_few_documents_are_no_mirror(tmp_path: Path) -> None:
    mirror(tmp_path, count=9)
    assert contents_of(tmp_path).stores == ()
    assert contents_of(tmp_path).other_files == 9


def test_documents_beside_archives_are_no_mirror(tmp_path: Path) -> None:
    mirror(tmp_path, count=30)
    for day in range(1, 6):
        put(tmp_path / "compta" / f"paie-2026-11-0{day}.sql", b"-- MySQL dump", NOW - timedelta(days=day))
    assert {(kind, place) for kind, place, _ in of(contents_of(tmp_path))} == {
        ("folder", ""), ("mirror", "urbanisme"), ("mirror", "état civil"),
    }  # fmt: skip


def test_one_archive_among_many_documents_is_one_of_them(tmp_path: Path) -> None:
    put(mirror(tmp_path, count=60, days=60) / "compta" / "reçu.sql", b"-- MySQL dump", NOW)
    contents = contents_of(tmp_path)
    assert [store.kind for store in contents.stores] == ["mirror"]
    assert contents.copies[0].written_at < NOW - timedelta(days=50)
    put(tmp_path / "base.sql", b"-- MySQL dump", NOW)
    assert {store.kind for store in contents_of(tmp_path).stores} == {"mirror", "folder"}


def test_empty_documents_are_told(tmp_path: Path) -> None:
    contents = contents_of(mirror(tmp_path, data=b""))
    assert contents.copies[0].fault == "empty"
    assert [(each.code, each.count) for each in contents.troubles(Trouble.EMPTY_FILES)][:1] == [
        (Trouble.EMPTY_FILES, 30)
    ]


def test_documents_without_their_end_are_told(tmp_path: Path) -> None:
    contents = contents_of(mirror(tmp_path, data=PDF[:-20]))
    assert contents.copies[0].fault == "truncated"
    assert "acte" in contents.troubles(Trouble.DAMAGED)[0].evidence


def test_documents_lost_to_a_ransom_are_never_a_good_or_an_encrypted_copy(tmp_path: Path) -> None:
    contents = contents_of(mirror(tmp_path, data=NOISE[:4000]))
    assert (contents.copies[0].fault, contents.copies[0].encrypted) == ("damaged", Encrypted.UNKNOWN)
    assert contents.good == ()


RCLONE = b"RCLONE\0\0" + NOISE[:24] + NOISE[:500]
CLOUD_MARK = b"__CLOUDSYNC_ENC__"
CLOUD = CLOUD_MARK + hashlib.md5(CLOUD_MARK, usedforsecurity=False).hexdigest().encode()


def text(value: bytes) -> bytes:
    return b"\x10" + len(value).to_bytes(2, "big") + value


def cloud_sync(*, encrypt: int = 1, major: int = 3, key: bytes = b"0d7B6Auj", end: bool = True) -> bytes:
    """A file as Cloud Sync writes it: a description, the data, the MD5 of the document."""
    told = {b"compress": 1, b"encrypt": encrypt}
    fields = b"".join(text(name) + bytes([1, 1, value]) for name, value in told.items())
    version = text(b"version") + b"\x42" + text(b"major") + bytes([1, 1, major]) + b"\x40"
    head = b"\x42" + text(b"enc_key1") + text(key) + fields + version + b"\x40"
    data = b"\x42" + text(b"data") + b"\x11\x02\x00" + NOISE[:512] + text(b"type") + text(b"data") + b"\x40"
    last = b"\x42" + text(b"file_md5") + text(b"a" * 32) + text(b"type") + text(b"metadata") + b"\x40"
    return CLOUD + head + data + (last if end else b"")


@pytest.mark.parametrize(
    ("data", "encrypted", "fault"),
    [
        (cloud_sync(), Encrypted.YES, ""),
        (cloud_sync(encrypt=0), Encrypted.NO, ""),
        (cloud_sync(encrypt=2), Encrypted.UNKNOWN, ""),
        (cloud_sync(key=b""), Encrypted.UNKNOWN, ""),
        (cloud_sync(end=False), Encrypted.YES, "truncated"),
        (cloud_sync(end=False, major=1), Encrypted.YES, "end-not-seen"),
        (CLOUD, Encrypted.UNKNOWN, "truncated"),
        (CLOUD + b"\x42" + text(b"") * 300, Encrypted.UNKNOWN, "truncated"),
        (CLOUD + b"\xff".ljust(90_000), Encrypted.UNKNOWN, "damaged"),
    ],
)
def test_cloud_sync_says_whether_it_encrypts_or_only_compresses(
    data: bytes, encrypted: Encrypted, fault: str
) -> None:
    reading = read_marked(sample("a.pdf", data))
    assert reading is not None
    assert (reading.encrypted, reading.fault) == (encrypted, fault)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(cloud_sync(encrypt=0)) - 1))
def test_a_cut_cloud_sync_file_is_never_called_encrypted_nor_whole(at: int) -> None:
    reading = read_marked(sample("a.pdf", cloud_sync(encrypt=0)[:at]))
    assert reading is None or reading.encrypted is not Encrypted.YES
    assert reading is None or reading.fault


@pytest.mark.parametrize(
    ("data", "kind", "place", "fault"),
    [
        (RCLONE, "rclone-crypt", "miroir", "end-not-seen"),
        (cloud_sync(), "cloud-sync", "miroir", ""),
    ],
)
def test_files_encrypted_one_by_one_are_one_store(
    tmp_path: Path, data: bytes, kind: str, place: str, fault: str
) -> None:
    mirror(tmp_path / "miroir", data=data, ending="pdf.bin")
    contents = contents_of(tmp_path)
    assert of(contents) == [(kind, place, Encrypted.YES)]
    (copy,) = contents.copies
    assert (copy.date_kind, copy.written_at, copy.fault) == (LOWER, NOW - timedelta(days=3), fault)
    assert Weakness.NAMES_VISIBLE in copy.weaknesses
    assert contents.other_files == 0


def test_clear_documents_beside_encrypted_ones_are_told(tmp_path: Path) -> None:
    mirror(tmp_path / "miroir", data=RCLONE, ending="pdf.bin")
    put(tmp_path / "miroir" / "mots de passe.txt", b"messagerie : azerty2026\n" * 3, NOW - timedelta(days=4))
    contents = contents_of(tmp_path)
    assert of(contents) == [("rclone-crypt", "miroir", Encrypted.PARTIAL)]
    assert "mots de passe.txt" in contents.troubles(Trouble.CLEAR_BESIDE)[0].evidence


def test_hidden_folders_are_those_of_one_store(tmp_path: Path) -> None:
    for number in range(6):
        put(
            tmp_path / f"{number}q5v1k0gcbfmjf0r8s5dvq9pj7s" / f"{number}".ljust(26, "a"),
            RCLONE,
            NOW - timedelta(days=number + 1),
        )
    contents = contents_of(tmp_path)
    assert of(contents) == [("rclone-crypt", "", Encrypted.YES)]
    assert contents.copies[0].weaknesses == ()


def test_two_tools_and_two_folders_are_told_apart(tmp_path: Path) -> None:
    mirror(tmp_path / "nuage", data=cloud_sync(), count=12)
    mirror(tmp_path / "loin", data=RCLONE, ending="bin", count=12)
    mirror(tmp_path / "clair", count=12)
    assert {(kind, place, encrypted.value) for kind, place, encrypted in of(contents_of(tmp_path))} == {
        ("cloud-sync", "nuage", "yes"), ("rclone-crypt", "loin", "yes"), ("mirror", "clair", "no"),
    }  # fmt: skip


def test_many_folders_of_one_tool_are_one_mirror(tmp_path: Path) -> None:
    for service in range(6):
        put(tmp_path / f"service {service}" / "acte.pdf", cloud_sync(), NOW - timedelta(days=service))
    assert of(contents_of(tmp_path)) == [("cloud-sync", "", Encrypted.YES)]


def test_cloud_sync_that_only_compresses_is_in_clear(tmp_path: Path) -> None:
    mirror(tmp_path / "nuage", data=cloud_sync(encrypt=0))
    assert of(contents_of(tmp_path)) == [("cloud-sync", "nuage", Encrypted.NO)]


def test_documents_encrypted_alone_by_openssl_stay_loose(tmp_path: Path) -> None:
    put(tmp_path / "paie.enc", b"Salted__" + NOISE, NOW - timedelta(days=1))
    assert of(contents_of(tmp_path)) == [("folder", "", Encrypted.UNKNOWN)]


def test_a_set_at_the_location_itself_hides_no_mirror_below(tmp_path: Path) -> None:
    mirror(tmp_path / "clair")
    with inspecting(tmp_path) as inspection:
        walked = walk(inspection, (), (), future=T)
        walked.sets[(), "vzdump"] = []
        _, mirrors = mirrors_among(inspection, walked, [])
    assert [parts for parts, _ in mirrors] == [("clair",)]


def test_a_deep_look_reads_all_documents_kept(tmp_path: Path) -> None:
    mirror(tmp_path / "clair", count=40)
    mirror(tmp_path / "loin", count=90, data=RCLONE, ending="bin")
    (cut,) = (tmp_path / "loin").rglob("acte 50.bin")
    put(cut, RCLONE[:20], NOW - timedelta(days=51))
    contents = contents_of(tmp_path, deep=True)
    told = {store.kind: store.evidence for store in contents.stores}
    assert "40 regardés" in told["mirror"]
    assert "89 chiffrés" in told["rclone-crypt"]
    assert contents.troubles(Trouble.DAMAGED)[0].count == 1


def test_no_more_heads_are_read_than_the_location_has_left(tmp_path: Path) -> None:
    os.mkfifo(mirror(tmp_path) / "pipe.pdf")
    with inspecting(tmp_path, heads=3) as inspection:
        walked = walk(inspection, (), (), future=T)
        _, [(_, found)] = mirrors_among(inspection, walked, [])
    assert found.reading.encrypted is Encrypted.NO
    assert "3 regardés" in found.reading.evidence


def test_a_document_that_cannot_be_opened_leaves_the_look_incomplete(tmp_path: Path) -> None:
    mirror(tmp_path)
    with inspecting(tmp_path) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        inspection.tree = Unreadable(inspection.tree.root, "lieu")
        contents = read_contents(inspection, device="1")
    assert (contents.complete, of(contents)) == (False, [("mirror", "", Encrypted.NO)])


def test_a_far_mirror_is_dated_by_the_only_dates_it_tells(tmp_path: Path) -> None:
    mirror(tmp_path)
    with inspecting(tmp_path) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        inspection.tree = replace(inspection.tree, far=True)
        (copy,) = read_contents(inspection, device="1").copies
    assert (copy.date_kind, copy.written_at) == (LOWER, NOW - timedelta(days=3))
    assert "8 regardés" in copy.evidence


@pytest.mark.parametrize("gone", ["erased", "hurried"])
def test_documents_whose_second_date_is_not_told_date_nothing(tmp_path: Path, gone: str) -> None:
    mirror(tmp_path)
    with inspecting(tmp_path) as inspection:
        walked = walk(inspection, (), (), future=NOW.timestamp())
        if gone == "erased":
            shutil.rmtree(tmp_path / "compta")
            shutil.rmtree(tmp_path / "urbanisme")
            shutil.rmtree(tmp_path / "état civil")
        else:
            inspection.seconds = -1.0
        _, [(_, found)] = mirrors_among(inspection, walked, [])
    (point,) = found.points
    assert (point.date_kind, point.written, point.reading.encrypted) == (UPPER, T, Encrypted.UNKNOWN)


def test_a_marked_folder_gone_before_it_is_listed_is_not_complete(tmp_path: Path) -> None:
    gone = File(True, T, ("parti", "a"), 900)
    reading = Reading("rclone", Encrypted.YES, "octets 0 à 7 = « RCLONE »")
    with inspecting(tmp_path) as inspection:
        rest, [(parts, found)] = mirrors_among(inspection, Walked(T), [(gone, reading)])
    assert (rest, parts, found.complete, found.points) == ([], ("parti",), False, ())
