"""Traces of ransomware: all of them together accuse, none of them alone, and no honest encryption."""

import os
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import Trouble
from cyberaudit.probes.stores.magic import has_lost_its_magic
from tests.unit.backup_places import NOW, contents_of

pytestmark = pytest.mark.unit

NOISE = random.Random(7)
DOCX = b"PK\x03\x04" + bytes(200)
DEMAND = "Vos fichiers sont chiffrés. Payez 3 BITCOIN sur http://exemple.onion\n"
RANSOM = {Trouble.RANSOM_NOTE, Trouble.MASS_RENAMED, Trouble.LOST_MAGIC}


def put(path: Path, data: bytes, *, days: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))


def noise(size: int = 2000) -> bytes:
    return NOISE.randbytes(size)


def codes(place: Path) -> set[Trouble]:
    return {each.code for each in contents_of(place).anomalies} & RANSOM


def documents(
    place: Path, *, ending: str, data: Callable[[], bytes], count: int = 30, step: float = 0
) -> None:
    """Documents of three services, written `step` days apart."""
    for rank in range(count):
        name = f"service-{rank % 3}/budget-{rank}.docx{ending}"
        put(place / name, data(), days=3 + step * rank)


def demands(place: Path, name: str = "HOW_TO_DECRYPT.txt", text: str = DEMAND) -> None:
    for service in range(3):
        put(place / f"service-{service}" / name, text.encode(), days=3)


def test_a_ransomed_place_is_told_with_what_it_stands_on(tmp_path: Path) -> None:
    documents(tmp_path, ending=".locked", data=noise)
    demands(tmp_path)
    told = {each.code: each for each in contents_of(tmp_path).anomalies if each.code in RANSOM}
    assert set(told) == RANSOM
    assert told[Trouble.MASS_RENAMED].count == 30
    assert "« .locked »" in told[Trouble.MASS_RENAMED].evidence
    assert told[Trouble.RANSOM_NOTE].count == 3
    assert "HOW_TO_DECRYPT.txt" in told[Trouble.RANSOM_NOTE].evidence


def test_random_endings_are_one_mass(tmp_path: Path) -> None:
    for rank in range(20):
        put(tmp_path / f"acte-{rank}.pdf.q{rank:x}zk{rank}", noise(), days=3)
    assert codes(tmp_path) == {Trouble.MASS_RENAMED, Trouble.LOST_MAGIC}
    told = contents_of(tmp_path).troubles(Trouble.MASS_RENAMED)[0]
    assert "20 fins de noms différentes" in told.evidence


def test_documents_encrypted_under_their_own_names_have_lost_their_magic(tmp_path: Path) -> None:
    documents(tmp_path, ending="", data=noise, step=1)
    assert codes(tmp_path) == {Trouble.LOST_MAGIC}


def test_names_replaced_to_the_last_letter_need_a_demand(tmp_path: Path) -> None:
    for rank in range(20):
        put(tmp_path / f"service-{rank % 3}" / f"{noise(8).hex()}.qwxz", noise(), days=3)
    assert codes(tmp_path) == set()
    demands(tmp_path)
    assert codes(tmp_path) == {Trouble.MASS_RENAMED, Trouble.RANSOM_NOTE}


@pytest.mark.parametrize(
    "ending", [".gpg", ".age", ".enc", ".crypt", ".zed", ".c9r", ".bin", ".7z", ".aes", ".encrypted"]
)
def test_a_folder_that_an_honest_tool_encrypted_in_one_night_is_not_accused(
    tmp_path: Path, ending: str
) -> None:
    documents(tmp_path, ending=ending, data=noise)
    put(
        tmp_path / "README.txt",
        b"Chiffr\xc3\xa9 par openssl. Pour d\xc3\xa9chiffrer, voir le coffre.",
        days=3,
    )
    assert codes(tmp_path) == set()


@pytest.mark.parametrize(
    ("ending", "head"),
    [(".coffre", b"Salted__"), (".mairie", b"age-encryption.org/v1\n-> X25519 x\n"), (".x1", b"RCLONE\0\0")],
)
def test_what_a_tool_signed_is_its_owners_whatever_the_ending(
    tmp_path: Path, ending: str, head: bytes
) -> None:
    documents(tmp_path, ending=ending, data=lambda: head + noise(2000))
    assert codes(tmp_path) == set()


@pytest.mark.parametrize("ending", [".enc", ".encrypted", ".crypt"])
def test_an_ending_of_honest_tools_is_accused_when_money_is_asked_for(tmp_path: Path, ending: str) -> None:
    documents(tmp_path, ending=ending, data=noise)
    demands(tmp_path)
    assert codes(tmp_path) == RANSOM


def test_nothing_alone_accuses(tmp_path: Path) -> None:
    cases: dict[str, Callable[[Path], None]] = {
        "one locked file": lambda place: put(place / "a.docx.locked", noise(), days=3),
        "a readme everywhere": lambda place: demands(
            place, "README.txt", "Documents du service, encrypted at rest."
        ),
        "one story about ransomware": lambda place: put(place / "ransom.txt", DEMAND.encode(), days=3),
        "renamed, still readable": lambda place: documents(place, ending=".ancien", data=lambda: DOCX),
        "renamed over months": lambda place: documents(place, ending=".xyz", data=noise, step=20),
        "a minority": lambda place: documents(place, ending=".locked", data=noise, count=8),
    }
    for name, make in cases.items():
        place = tmp_path / name.replace(" ", "-")
        for rank in range(22):
            put(place / f"service-{rank % 3}/delib-{rank}.odt", DOCX, days=rank)
        make(place)
        assert codes(place) == set(), name


def test_a_demand_spread_over_the_folders_is_told_by_itself(tmp_path: Path) -> None:
    documents(tmp_path, ending="", data=lambda: DOCX)
    demands(tmp_path, "!!! LISEZ-MOI !!!.html")
    assert codes(tmp_path) == {Trouble.RANSOM_NOTE}


def test_dates_that_nobody_sets_at_will_must_agree(tmp_path: Path) -> None:
    # Without the place's own dates in one burst, only the demand settles: `changed` is today's here, for all.
    documents(tmp_path, ending=".xyz", data=noise)
    assert codes(tmp_path) == {Trouble.MASS_RENAMED, Trouble.LOST_MAGIC}


def test_a_hundred_decoys_hide_no_note(tmp_path: Path) -> None:
    documents(tmp_path, ending=".locked", data=noise, count=90)
    for rank in range(205):
        put(tmp_path / "leurres" / f"readme-{rank}.txt", b"rien", days=3)
    demands(tmp_path)
    assert Trouble.RANSOM_NOTE in codes(tmp_path)


def test_heads_are_bounded_and_those_of_the_copies_are_theirs(tmp_path: Path) -> None:
    documents(tmp_path, ending="", data=noise, count=60)
    for rank in range(196):
        put(tmp_path / f"base-{rank}.sql", b"-- x\n-- Dump completed on today\n", days=rank + 1)
    found = contents_of(tmp_path)
    assert sum(each.name.startswith("base-") for each in found.copies) == 196
    assert found.complete
    assert Trouble.LOST_MAGIC not in {each.code for each in found.anomalies}


@given(st.binary(min_size=256, max_size=1024))
def test_any_bytes_are_told_without_crash_and_a_mark_is_never_lost(data: bytes) -> None:
    assert isinstance(has_lost_its_magic(data), bool)
    for mark in (b"PK\x03\x04", b"%PDF-1.7", b"\xff\xd8\xff\xe0", b"\xd0\xcf\x11\xe0"):
        assert not has_lost_its_magic(mark + data)


@pytest.mark.parametrize(
    "data", [b"", bytes(1000), "Séance du conseil\n".encode() * 40, "é".encode("utf-16") * 300]
)
def test_text_zeros_and_nothing_have_lost_nothing(data: bytes) -> None:
    assert not has_lost_its_magic(data)


def test_random_bytes_have_lost_it() -> None:
    assert all(has_lost_its_magic(random.Random(seed).randbytes(1024)) for seed in range(50))
