"""Windows images: the names of their folders, their catalogue and the disks in them."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.facts.backup import Confidence, DateKind, Encrypted, Trouble
from cyberaudit.probes.stores.inspection import Found
from cyberaudit.probes.stores.repositories.windows_image import CLAIM, moment_of, together
from tests.unit.backup_places import inspecting
from tests.unit.backup_refusals import refusing

pytestmark = pytest.mark.unit

FOLDER = "Backup 2026-11-20 190017"
MOMENT = datetime(2026, 11, 20, 19, 0, 17, tzinfo=UTC).timestamp()
YES, NO, PARTIAL, UNKNOWN, WEAK = (
    Encrypted.YES,
    Encrypted.NO,
    Encrypted.PARTIAL,
    Encrypted.UNKNOWN,
    Encrypted.WEAK,
)


def fixed_vhd(start: bytes = b"") -> bytes:
    """A fixed VHD of 64 KiB, its footer at the end (VHD Image Format Specification 1.0)."""
    footer = bytearray(512)
    footer[:8] = b"conectix"
    footer[8:16] = bytes.fromhex("0000000200010000")
    footer[16:24] = b"\xff" * 8
    footer[40:48] = footer[48:56] = (65_536).to_bytes(8, "big")
    footer[60:64] = (2).to_bytes(4, "big")
    footer[64:68] = (~sum(footer) & 0xFFFFFFFF).to_bytes(4, "big")
    return start.ljust(65_536, b"\0") + bytes(footer)


def image(path: Path, **disks: bytes) -> Path:
    """The folder of one machine."""
    (path / FOLDER).mkdir(parents=True)
    (path / "Catalog").mkdir()
    (path / "Catalog/GlobalCatalog").write_bytes(b"c")
    (path / "MediaId").write_bytes(b"m")
    ntfs = b"\xeb\x52\x90NTFS    ".ljust(512, b"\0")
    for name, data in (disks or {"c": fixed_vhd(ntfs)}).items():
        (path / FOLDER / f"{name}.vhd").write_bytes(data)
    for each in (path / FOLDER).iterdir():
        os.utime(each, (MOMENT, MOMENT))
    return path


def found(path: Path, *refused: str) -> Found:
    with inspecting(path) as inspection:
        inspection.tree = refusing(inspection.tree, *refused)
        entries = list(inspection.tree.entries(()))
        folders = frozenset(entry.name for entry in entries if entry.kind == "folder")
        assert CLAIM.is_here(path.name, folders, frozenset(entry.name for entry in entries) - folders)
        answer = CLAIM.read(inspection, ())
    assert answer is not None
    return answer


def test_an_image_tells_its_date_and_what_its_disks_hold(tmp_path: Path) -> None:
    answer = found(image(tmp_path / "PC-MAIRIE"))
    (point,) = answer.points
    assert (point.written, point.date_kind, point.reading.encrypted) == (MOMENT, DateKind.EXACT, NO)
    assert point.reading.fault in ("", "end-not-seen")
    assert (answer.reading.encrypted, answer.reading.confidence) == (NO, Confidence.PROBABLE)
    assert "Windows ne garde qu'une version" in answer.reading.evidence
    assert not answer.anomalies


BREAKS: list[tuple[str, Callable[[Path], object], str, tuple[Trouble, ...]]] = [
    ("no catalogue", lambda path: shutil.rmtree(path / "Catalog"), "incomplete", (Trouble.MISSING_PART,)),
    (
        "empty catalogue",
        lambda path: (path / "Catalog/GlobalCatalog").write_bytes(b""),
        "incomplete",
        (Trouble.MISSING_PART,),
    ),
    (
        "no global catalogue",
        lambda path: (path / "Catalog/GlobalCatalog").unlink(),
        "incomplete",
        (Trouble.MISSING_PART,),
    ),
    ("no medium", lambda path: (path / "MediaId").unlink(), "incomplete", (Trouble.MISSING_PART,)),
    ("no disk", lambda path: (path / FOLDER / "c.vhd").unlink(), "empty", ()),
    ("empty disk", lambda path: (path / FOLDER / "c.vhd").write_bytes(b""), "empty", ()),
    ("cut disk", lambda path: (path / FOLDER / "c.vhd").write_bytes(fixed_vhd()[:-512]), "truncated", ()),
]


@pytest.mark.parametrize(
    ("wreck", "fault", "troubles"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS]
)
def test_a_broken_image_is_never_good(
    tmp_path: Path, wreck: Callable[[Path], object], fault: str, troubles: tuple[Trouble, ...]
) -> None:
    path = image(tmp_path / "PC-MAIRIE")
    wreck(path)
    answer = found(path)
    assert answer.points[0].reading.fault == fault
    assert tuple(each.code for each in answer.anomalies) == troubles


def test_a_disk_that_is_none_is_known_by_its_name_alone(tmp_path: Path) -> None:
    path = image(tmp_path / "PC", c=b"\x01" * 70_000)
    (path / FOLDER / "c.vhd").rename(path / FOLDER / "c.vhdx")
    (path / FOLDER / "d.vhdx").symlink_to("/dev/zero")
    reading = found(path).points[0].reading
    assert (reading.encrypted, reading.fault) == (UNKNOWN, "damaged")


def test_disks_older_than_the_folder_date_the_image(tmp_path: Path) -> None:
    path = image(tmp_path / "PC")
    os.utime(path / FOLDER / "c.vhd", (MOMENT - 9 * 86_400, MOMENT - 9 * 86_400))
    point = found(path).points[0]
    assert (point.written, point.date_kind) == (MOMENT - 9 * 86_400, DateKind.UPPER_BOUND)


def test_an_image_that_was_never_finished_has_no_point(tmp_path: Path) -> None:
    path = image(tmp_path / "PC")
    (path / FOLDER / "c.vhd").unlink()
    (path / FOLDER).rmdir()
    answer = found(path)
    assert not answer.points
    assert [each.code for each in answer.anomalies] == [Trouble.ABORTED_RUN]
    assert answer.reading.encrypted is UNKNOWN


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({YES}, YES),
        ({NO}, NO),
        ({UNKNOWN}, UNKNOWN),
        ({YES, NO}, PARTIAL),
        ({YES, UNKNOWN}, UNKNOWN),
        ({NO, UNKNOWN}, PARTIAL),
        ({WEAK, YES}, UNKNOWN),
        ({PARTIAL, YES}, PARTIAL),
        ({PARTIAL, UNKNOWN}, PARTIAL),
    ],
)
def test_disks_together(said: set[Encrypted], expected: Encrypted) -> None:
    assert together(said) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (FOLDER, MOMENT),
        (FOLDER.upper(), MOMENT),
        ("Backup 2026-13-20 190017", None),
        ("Backup 2026-11-20", None),
    ],
)
def test_names_of_folders(name: str, expected: float | None) -> None:
    assert moment_of(name) == expected


def test_what_may_not_be_read_is_not_good(tmp_path: Path) -> None:
    path = image(tmp_path / "PC")
    assert found(path, FOLDER).points[0].reading.fault == "end-not-seen"
    assert found(path, "c.vhd").points[0].reading.fault == "end-not-seen"
    assert found(path, "c.vhd").points[0].reading.encrypted is UNKNOWN
    assert not found(path, "GlobalCatalog").anomalies


def test_disks_beyond_the_limit_were_not_seen(tmp_path: Path) -> None:
    path = image(tmp_path / "PC", **{f"d{number}": fixed_vhd() for number in range(42)})
    reading = found(path).points[0].reading
    assert (reading.fault, reading.encrypted) == ("end-not-seen", PARTIAL)
