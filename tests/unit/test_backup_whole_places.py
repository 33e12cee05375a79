"""A whole place: what lies inside a repository, beside copies, or is a single file."""

from pathlib import Path

import pytest

from cyberaudit.facts.backup import BackupStore, StoreContents
from cyberaudit.probes.stores.request import StoreRequest
from cyberaudit.probes.worker import look_at
from tests.unit.backup_places import NOW, contents_of, set_back

pytestmark = pytest.mark.unit

AES = b"Salted__" + bytes(range(256))


def borg(place: Path) -> None:
    (place / "data" / "0").mkdir(parents=True)
    (place / "config").write_text("[repository]\nversion = 1\nid = 00\n", "ascii")
    (place / "README").write_text("This is a Borg Backup repository.\n", "ascii")
    (place / "data" / "0" / "0").write_bytes(
        b"BORG_SEG" + bytes.fromhex("404f360009000000 02".replace(" ", ""))
    )


def test_what_somebody_put_into_a_repository_is_looked_at_too(tmp_path: Path) -> None:
    borg(tmp_path)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "paie.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    borg(tmp_path / "ancien")
    set_back(tmp_path, NOW)
    found = contents_of(tmp_path)
    assert sorted((store.kind, store.place) for store in found.stores) == [
        ("borg", ""),
        ("borg", "ancien"),
        ("folder", ""),
    ]
    assert [copy.name for copy in found.copies if copy.format == "zip"] == ["paie.zip"]


@pytest.mark.parametrize(
    ("texts", "size", "others"), [(3, 100, 0), (10, 100, 0), (11, 100, 11), (1, 300_000, 1)]
)
def test_a_few_short_texts_are_notes_many_or_long_ones_are_documents(
    tmp_path: Path, texts: int, size: int, others: int
) -> None:
    (tmp_path / "mairie.enc").write_bytes(AES)
    for rank in range(texts):
        (tmp_path / f"état civil {rank}.txt").write_bytes(b"x" * size)
    set_back(tmp_path, NOW)
    assert contents_of(tmp_path).other_files == others


def seen(path: Path, root: Path) -> StoreContents:
    request = StoreRequest(path=str(path), roots=(str(root),), media="disk", now=NOW)
    facts = look_at(request)
    assert isinstance(facts, BackupStore)
    assert isinstance(facts.contents, StoreContents)
    return facts.contents


def test_one_file_is_looked_at_alone(tmp_path: Path) -> None:
    for name in ("mairie.enc", "mairie.enc.sha256", "autre.enc"):
        (tmp_path / name).write_bytes(AES)
    for root in (tmp_path, tmp_path / "mairie.enc"):
        assert [copy.name for copy in seen(tmp_path / "mairie.enc", root).copies] == ["mairie.enc"]
    assert len(seen(tmp_path, tmp_path).copies) == 2


def test_what_is_neither_a_folder_nor_a_file_is_refused(tmp_path: Path) -> None:
    import os

    os.mkfifo(tmp_path / "tuyau")
    request = StoreRequest(path=str(tmp_path / "tuyau"), roots=(str(tmp_path),), media="disk", now=NOW)
    facts = look_at(request)
    assert isinstance(facts, BackupStore)
    assert "ni un dossier ni un fichier" in str(facts.contents)


def test_clear_texts_beside_files_encrypted_one_by_one_are_counted(tmp_path: Path) -> None:
    for rank in range(12):
        (tmp_path / f"{'abcdefgh' * 2}{rank}").write_bytes(b"RCLONE\0\0" + bytes(range(24)) + bytes(200))
        (tmp_path / f"naissances {rank}.txt").write_text("registre", "utf-8")
    set_back(tmp_path, NOW)
    found = contents_of(tmp_path)
    assert {store.kind for store in found.stores} == {"rclone-crypt"}
    assert found.other_files == 12
