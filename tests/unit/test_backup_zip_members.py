"""A clear ZIP archive is summed member by member: one that would not come out makes the copy bad."""

import io
import random
import zipfile
from dataclasses import replace

import pytest

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import read, sample

pytestmark = pytest.mark.unit

CHANCE = random.Random(7)
TEXT = b"".join(b"fiche %d, rue %d\n" % (rank, CHANCE.randrange(10**6)) for rank in range(4000))
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def archive(method: int, *, before: bytes = b"") -> bytes:
    target = io.BytesIO()
    target.write(before)
    with zipfile.ZipFile(target, "a" if before else "w", method) as made:
        made.writestr("état civil.csv", TEXT)
        made.writestr("vide.txt", b"")
        made.writestr("paie.csv", TEXT[::-1])
    return target.getvalue()


@pytest.mark.parametrize("method", [*METHODS, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("before", [b"", b"MZ" + bytes(range(200))])
def test_a_whole_archive_is_good(method: int, before: bytes) -> None:
    assert read("mairie.zip", archive(method, before=before)).fault == ""


@pytest.mark.parametrize("method", METHODS)
def test_one_bit_anywhere_in_the_contents_is_seen(method: int) -> None:
    whole = archive(method)
    start = whole.index(b"fiche") if method == zipfile.ZIP_STORED else 60
    for _ in range(60):
        at = CHANCE.randrange(start, len(whole) - 400)
        holed = whole[:at] + bytes([whole[at] ^ 1 << CHANCE.randrange(8)]) + whole[at + 1 :]
        opened = zipfile.ZipFile(io.BytesIO(holed))
        try:
            lost = opened.testzip() is not None
        except Exception:  # noqa: BLE001 — the reference raises what its decompressor says
            lost = True
        # What the reference refuses, we refuse; a header's own fields may be wrong without loss.
        assert not lost or read("mairie.zip", holed).fault == "damaged", at


@pytest.mark.parametrize("said", [0, 10, len(TEXT) + 1])
def test_a_member_that_is_not_as_long_as_announced_is_lost(said: int) -> None:
    whole = bytearray(archive(zipfile.ZIP_DEFLATED))
    record = whole.index(b"PK\x01\x02")
    whole[record + 24 : record + 28] = said.to_bytes(4, "little")
    reading = read("mairie.zip", bytes(whole))
    assert reading.fault == ("damaged" if said else "")


def test_a_directory_that_leads_nowhere_is_a_loss() -> None:
    whole = bytearray(archive(zipfile.ZIP_STORED))
    record = whole.index(b"PK\x01\x02")
    whole[record + 42 : record + 46] = (5).to_bytes(4, "little")
    reading = read("mairie.zip", bytes(whole))
    assert (reading.fault, "aucun en-tête" in reading.evidence) == ("damaged", True)


def test_what_takes_too_long_is_neither_good_nor_bad_for_it() -> None:
    whole = archive(zipfile.ZIP_DEFLATED)
    holed = whole[:90] + bytes([whole[90] ^ 1]) + whole[91:]
    for unread in (
        replace(sample("mairie.zip", holed), hurried=lambda: True),
        replace(sample("mairie.zip", holed), patience=10),
    ):
        reading = recognise(unread)
        assert reading is not None
        assert reading.encrypted is Encrypted.NO


def test_a_member_that_swells_without_end_stops_at_its_announced_size() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("bombe.bin", bytes(40 * 1024 * 1024))
    bomb = bytearray(target.getvalue())
    record = bomb.index(b"PK\x01\x02")
    bomb[record + 24 : record + 28] = (1000).to_bytes(4, "little")
    assert read("mairie.zip", bytes(bomb)).fault == "damaged"


def test_the_volumes_of_a_split_archive_are_not_summed_as_one_file() -> None:
    whole = bytearray(archive(zipfile.ZIP_DEFLATED))
    end = whole.rindex(b"PK\x05\x06")
    whole[end + 4 : end + 6] = (2).to_bytes(2, "little")
    whole[90] ^= 1
    assert read("mairie.zip", bytes(whole)).fault == ""
