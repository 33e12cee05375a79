"""Sets of files: which files make one copy, what is missing of it, and what it stands on."""

import gzip
import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.backup import Confidence, DateKind, Encrypted, Role, Trouble, Weakness
from cyberaudit.probes.stores.formats.veeam import crc32c, read_veeam
from cyberaudit.probes.stores.inspection import Family, File, Found, Point
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.sets import duplicati, duplicity, veeam_chain, volumes, vzdump
from cyberaudit.probes.stores.sets import parts as sets
from tests.unit.backup_files import (
    NOISE,
    RAR4_START,
    RAR5_START,
    aescrypt,
    rar4_block,
    rar4_file,
    rar5_block,
    rar5_file,
    sample,
    seven,
    seven_streams,
    vint,
    vma,
)
from tests.unit.backup_places import NOW, inspecting

pytestmark = pytest.mark.unit

YES, NO, PARTIAL, UNKNOWN = Encrypted.YES, Encrypted.NO, Encrypted.PARTIAL, Encrypted.UNKNOWN


def found(family: Family, folder: Path, **options: Any) -> Found | None:
    """What the family makes of its files of one folder."""
    with inspecting(folder, **options) as inspection:
        files = [
            File(True, entry.written or 0.0, (entry.name,), entry.size)
            for entry in inspection.tree.entries(())
            if family.owns(entry.name)
        ]
        return family.read(inspection, (), sorted(files, reverse=True))


def made(family: Family, folder: Path, **options: Any) -> Found:
    store = found(family, folder, **options)
    assert store is not None
    return store


def laid(
    folder: Path, files: Mapping[str, bytes], *, at: datetime = datetime(2026, 11, 20, 4, tzinfo=UTC)
) -> Path:
    """The files, each written a minute after the one before."""
    folder.mkdir(exist_ok=True)
    for rank, (name, data) in enumerate(files.items()):
        (folder / name).write_bytes(data)
        moment = at.timestamp() + 60 * rank
        os.utime(folder / name, (moment, moment))
    return folder


def told(store: Found) -> list[tuple[str, str]]:
    """Encryption and fault of each restore point, newest first."""
    return [(point.reading.encrypted.value, point.reading.fault) for point in store.points]


def codes(store: Found) -> set[Trouble]:
    return {each.code for each in store.anomalies}


def utc(point: Point) -> str:
    return datetime.fromtimestamp(point.written, UTC).strftime("%Y-%m-%d %H:%M:%S")


# --- What all sets share ---


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ((YES, YES), YES),
        ((YES, NO), PARTIAL),
        ((YES, UNKNOWN), UNKNOWN),
        ((YES, Encrypted.WEAK), Encrypted.WEAK),
        ((NO, UNKNOWN), PARTIAL),
        ((), UNKNOWN),
    ],
)
def test_parts_that_are_all_needed_are_proved_encrypted_only_together(
    said: tuple[Encrypted, ...], expected: Encrypted
) -> None:
    assert sets.mixed(said) is expected


def test_a_file_older_than_its_name_says_gives_its_own_date() -> None:
    assert sets.dated(2e9, 2e9 + 99_999, "nom")[0:2] == (2e9, DateKind.EXACT)
    assert sets.dated(2e9, 0.0, "nom")[0:2] == (2e9, DateKind.EXACT)
    assert sets.dated(2e9, 1.9e9, "nom")[0:2] == (1.9e9, DateKind.UPPER_BOUND)


def test_dates_of_names_are_those_of_their_zone_or_none() -> None:
    assert sets.utc_moment("20261120T020012Z") == datetime(2026, 11, 20, 2, 0, 12, tzinfo=UTC).timestamp()
    assert sets.utc_moment("20261320T020012Z") is None
    local = sets.local_moment("2026-07-01T020000", veeam_chain.LAYOUT)
    assert local == datetime(2026, 7, 1, tzinfo=UTC).timestamp()
    assert sets.local_moment("2026-02-30T020000", veeam_chain.LAYOUT) is None


def test_what_was_not_opened_speaks_for_nothing_and_leaves_a_doubt() -> None:
    yes = Reading("openpgp", YES, "octet 0")
    whole = sets.together([("a", yes), ("b", sets.NOT_OPENED)])
    assert (whole.encrypted, whole.fault) == (YES, "end-not-seen")
    assert sets.together([("a", sets.NOT_OPENED)]).encrypted is UNKNOWN


def test_the_share_of_sets_is_not_that_of_other_archives(tmp_path: Path) -> None:
    laid(tmp_path, {"a": b"x"})
    with inspecting(tmp_path) as inspection:
        count = 0
        while sets.spend_one(inspection):
            count += 1
        assert (count, inspection.heads) == (sets.HEADS, 50)
    with inspecting(tmp_path, deep=True) as inspection:
        assert all(sets.spend_one(inspection) for _ in range(300))
        assert sets.patience(inspection) == sets.DEEP_PATIENCE
    with inspecting(tmp_path, seconds=-1.0) as inspection:
        assert not sets.spend_one(inspection)


def test_a_file_that_went_away_is_left_out_and_in_doubt(tmp_path: Path) -> None:
    laid(tmp_path, {"a": b"x"})
    with inspecting(tmp_path) as inspection:
        assert sets.read_one(inspection, File(True, 1.0, ("b",), 9)) is sets.NOT_READ
        assert inspection.left_out


# --- duplicity ---


def pgp(*, size: int = 100) -> bytes:
    """A message as gpg makes it with a password."""
    return (
        b"\x8c\x0d\x04\x09\x03\x08saltsalt\xff"
        b"\xd2\xff" + (size + 1).to_bytes(4, "big") + b"\x01" + (NOISE * (size // len(NOISE) + 1))[:size]
    )


def difftar(text: bytes = b"bonjour") -> bytes:
    """A tar archive without its last zeros, as duplicity leaves it, packed."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        member = tarfile.TarInfo("snapshot/a")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text))
    return gzip.compress(buffer.getvalue()[:1024], mtime=0)


def whole_tar() -> bytes:
    return gzip.decompress(difftar()) + bytes(9 * 1024)


def manifest(*volumes: bytes) -> bytes:
    text = b"Hostname mairie\nLocaldir src\n"
    for rank, volume in enumerate(volumes):
        total = hashlib.sha1(volume).hexdigest().encode()
        text += b"Volume %d:\n    StartingPath   .  \n    EndingPath     b  \n    Hash SHA1 %s\n" % (
            rank + 1,
            total,
        )
    return text + b"Filelist 1\n    new      a\n"


FULL, NEXT, LAST = "20261118T020000Z", "20261119T020000Z", "20261120T020000Z"


def chain(*, clear: bool = False) -> dict[str, bytes]:
    """A full set of two volumes, and two incremental ones."""
    ending, body, other = (".gz", difftar(), "") if clear else (".gpg", pgp(size=5000), ".gpg")
    small = difftar(b"") if clear else pgp(size=60)
    files = {
        f"duplicity-full.{FULL}.vol1.difftar{ending}": body,
        f"duplicity-full.{FULL}.vol2.difftar{ending}": small,
        f"duplicity-full-signatures.{FULL}.sigtar{ending}": body,
        f"duplicity-full.{FULL}.manifest{other}": manifest(body, small) if clear else pgp(),
    }
    for before, after in ((FULL, NEXT), (NEXT, LAST)):
        files[f"duplicity-inc.{before}.to.{after}.vol1.difftar{ending}"] = small
        files[f"duplicity-new-signatures.{before}.to.{after}.sigtar{ending}"] = small
        files[f"duplicity-inc.{before}.to.{after}.manifest{other}"] = manifest(small) if clear else pgp()
    return files


def without(files: dict[str, bytes], *words: str) -> dict[str, bytes]:
    return {name: data for name, data in files.items() if not all(word in name for word in words)}


@pytest.fixture(autouse=True)
def _volumes_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Real volumes are a hundred times larger than the slack of their size."""
    monkeypatch.setattr(duplicity, "SLACK", 100)


@pytest.mark.parametrize(("clear", "expected"), [(False, "yes"), (True, "no")])
def test_a_whole_chain_has_one_point_a_set_dated_by_its_name(
    tmp_path: Path, clear: bool, expected: str
) -> None:
    store = made(duplicity.FAMILY, laid(tmp_path, chain(clear=clear)))
    assert told(store) == [(expected, "")] * 3
    assert [(utc(point), point.role) for point in store.points] == [
        ("2026-11-20 02:00:00", Role.INCREMENTAL),
        ("2026-11-19 02:00:00", Role.INCREMENTAL),
        ("2026-11-18 02:00:00", Role.FULL),
    ]
    assert {point.date_kind for point in store.points} == {DateKind.EXACT}
    assert (store.kind, store.reading.encrypted.value, store.anomalies) == ("duplicity", expected, ())


@pytest.mark.parametrize(
    ("words", "faults", "trouble"),
    [
        (("full.", "vol2"), ["incomplete"] * 3, Trouble.MISSING_VOLUME),
        (("full.", "vol1"), ["incomplete"] * 3, Trouble.MISSING_VOLUME),
        (("full.",), ["incomplete"] * 2, Trouble.BROKEN_CHAIN),
        (("inc", NEXT, "manifest"), ["incomplete"] * 2 + [""], Trouble.MISSING_PART),
        ((f"to.{LAST}", "manifest"), ["incomplete", "", ""], Trouble.ABORTED_RUN),
        ((f"to.{NEXT}.",), ["incomplete", ""], Trouble.BROKEN_CHAIN),
        (("signatures", LAST), ["", "", ""], Trouble.MISSING_PART),
        ((f"to.{LAST}.vol",), ["incomplete", "", ""], Trouble.MISSING_VOLUME),
    ],
)
def test_what_is_missing_breaks_all_that_stands_on_it(
    tmp_path: Path, words: tuple[str, ...], faults: list[str], trouble: Trouble
) -> None:
    store = made(duplicity.FAMILY, laid(tmp_path, without(chain(clear=True), *words)))
    assert [fault for _, fault in told(store)] == faults
    assert trouble in codes(store)


def test_a_last_volume_lost_under_an_encrypted_manifest_leaves_a_doubt(tmp_path: Path) -> None:
    files = without(chain(), "full.", "vol2")
    other = {name.replace("duplicity", "autre-duplicity"): data for name, data in chain().items()}
    store = made(duplicity.FAMILY, laid(tmp_path, files | other))
    faults = {point.name: point.reading.fault for point in store.points}
    assert faults[f"duplicity-full.{FULL}"] == "end-not-seen"
    assert faults[f"duplicity-inc.{NEXT}.to.{LAST}"] == "end-not-seen"
    assert faults[f"autre-duplicity-inc.{NEXT}.to.{LAST}"] == ""


def test_a_lone_volume_of_a_round_size_may_be_followed_by_another(tmp_path: Path) -> None:
    files = {
        f"duplicity-full.{FULL}.vol1.difftar.gpg": pgp(size=1_048_000),
        f"duplicity-full.{FULL}.manifest.gpg": pgp(),
    }
    store = made(duplicity.FAMILY, laid(tmp_path, files))
    assert told(store) == [("yes", "end-not-seen")]


@pytest.mark.parametrize("cut", [1, 500])
def test_a_truncated_volume_makes_its_set_and_the_following_ones_bad(tmp_path: Path, cut: int) -> None:
    files = chain()
    name = f"duplicity-full.{FULL}.vol1.difftar.gpg"
    store = made(duplicity.FAMILY, laid(tmp_path, files | {name: files[name][:-cut]}))
    assert [fault for _, fault in told(store)] == ["incomplete", "incomplete", "truncated"]
    assert store.reading.encrypted is YES
    assert name in store.points[-1].reading.evidence


def test_the_bytes_tell_encryption_not_the_ending(tmp_path: Path) -> None:
    files = {name: difftar() if "difftar" in name else data for name, data in chain().items()}
    store = made(duplicity.FAMILY, laid(tmp_path, files))
    assert {encrypted for encrypted, _ in told(store)} == {"no"}
    assert store.reading.encrypted is NO


def test_a_run_that_found_nothing_changed_is_still_clear_and_whole(tmp_path: Path) -> None:
    files = chain(clear=True)
    nothing = gzip.compress(b"", mtime=0)
    files[f"duplicity-inc.{NEXT}.to.{LAST}.vol1.difftar.gz"] = nothing
    files[f"duplicity-inc.{NEXT}.to.{LAST}.manifest"] = manifest(nothing)
    assert told(made(duplicity.FAMILY, laid(tmp_path, files))) == [("no", "")] * 3


def test_volumes_that_are_not_packed_are_proved_by_their_sums_alone(tmp_path: Path) -> None:
    body = gzip.decompress(difftar())
    files = {f"duplicity-full.{FULL}.vol1.difftar": body, f"duplicity-full.{FULL}.manifest": manifest(body)}
    assert told(made(duplicity.FAMILY, laid(tmp_path, files))) == [("no", "end-not-seen")]
    assert told(made(duplicity.FAMILY, tmp_path, deep=True)) == [("no", "")]
    (tmp_path / f"duplicity-full.{FULL}.vol1.difftar").write_bytes(body[:-7])
    assert told(made(duplicity.FAMILY, tmp_path, deep=True))[0][1] == "truncated"


def test_mixed_endings_of_one_set_prove_nothing(tmp_path: Path) -> None:
    files = chain()
    files[f"duplicity-full.{FULL}.vol2.difftar"] = files.pop(f"duplicity-full.{FULL}.vol2.difftar.gpg")
    assert told(made(duplicity.FAMILY, laid(tmp_path, files)))[-1][0] == "unknown"


def test_a_set_left_in_the_middle_and_an_empty_manifest_are_told(tmp_path: Path) -> None:
    files = without(chain(), LAST)
    part = {f"duplicity-inc.{NEXT}.to.{LAST}.vol1.difftar.gpg": pgp()}
    part[f"duplicity-inc.{NEXT}.to.{LAST}.manifest.part"] = b""
    files[f"duplicity-full.{FULL}.manifest.gpg"] = b""
    store = made(duplicity.FAMILY, laid(tmp_path, files | part))
    assert [fault for _, fault in told(store)] == ["incomplete"] * 3
    assert {Trouble.ABORTED_RUN, Trouble.DAMAGED} <= codes(store)


def test_manifests_may_bear_another_prefix_than_volumes(tmp_path: Path) -> None:
    files = {f"m-{name}" if "manifest" in name else name: data for name, data in chain(clear=True).items()}
    assert told(made(duplicity.FAMILY, laid(tmp_path, files))) == [("no", "")] * 3


def test_an_encrypted_past_does_not_hide_a_clear_present(tmp_path: Path) -> None:
    files = without(chain(), LAST) | {name: data for name, data in chain(clear=True).items() if LAST in name}
    store = made(duplicity.FAMILY, laid(tmp_path, files))
    assert [encrypted for encrypted, _ in told(store)] == ["partial", "yes", "yes"]
    assert store.reading.encrypted is PARTIAL


def test_a_clear_manifest_beside_encrypted_volumes_shows_the_names(tmp_path: Path) -> None:
    files = {
        name.removesuffix(".gpg") if "manifest" in name else name: data for name, data in chain().items()
    }
    volumes_of = [data for name, data in chain().items() if f"full.{FULL}.vol" in name]
    files[f"duplicity-full.{FULL}.manifest"] = manifest(*volumes_of)
    store = made(duplicity.FAMILY, laid(tmp_path, files))
    assert Weakness.NAMES_VISIBLE in store.points[-1].reading.weaknesses


def test_only_the_deep_look_sums_the_volumes(tmp_path: Path) -> None:
    files = chain(clear=True)
    name = f"duplicity-full.{FULL}.vol1.difftar.gz"
    laid(tmp_path, files | {name: difftar(b"BONJOUR")})
    assert [fault for _, fault in told(made(duplicity.FAMILY, tmp_path))] == ["", "", ""]
    deep = made(duplicity.FAMILY, tmp_path, deep=True)
    assert [fault for _, fault in told(deep)] == ["incomplete", "incomplete", "damaged"]


@pytest.mark.parametrize("clear", [True, False])
@pytest.mark.parametrize("part", ["full-signatures", "new-signatures", "manifest"])
@pytest.mark.parametrize("broken", [bytes, lambda size: NOISE[:size]])
def test_signatures_and_manifests_that_do_not_open_stop_a_restore(
    tmp_path: Path, part: str, clear: bool, broken: Any
) -> None:
    files = chain(clear=clear)
    name = next(name for name in files if part in name)
    if clear and part == "manifest":
        files[name] = manifest(difftar())  # cut: it tells of one volume, two are there
    else:
        files[name] = broken(len(files[name]))
    store = made(duplicity.FAMILY, laid(tmp_path, files))
    faults = [fault for _, fault in told(store)]
    own = "incomplete" if clear and part == "manifest" else "damaged"
    assert faults == (
        ["incomplete", own, ""] if part.startswith("new") else ["incomplete", "incomplete", own]
    )
    assert Trouble.DAMAGED in codes(store)


def test_signatures_of_a_run_that_nobody_needs_may_be_what_they_are(tmp_path: Path) -> None:
    files = chain(clear=True)
    name = next(name for name in files if "full-signatures" in name)
    assert {fault for _, fault in told(made(duplicity.FAMILY, laid(tmp_path, files | {name: b""})))} == {""}


@pytest.mark.parametrize("word", ["full.*vol2", "inc.*vol1"])
def test_names_in_capitals_are_not_seen_by_the_tool(tmp_path: Path, word: str) -> None:
    files = chain()
    name = next(name for name in files if re.search(word, name))
    store = made(duplicity.FAMILY, laid(tmp_path, without(files, name) | {name.upper(): files[name]}))
    assert told(store)[0][1] == "incomplete"
    assert Trouble.MISSING_PART in codes(store)


def test_short_names_are_read_too(tmp_path: Path) -> None:
    body = difftar()
    files = {"df.towlbp.1.dt.z": body, "df.towlbp.m": manifest(body), "dfs.towlbp.st.z": body}
    files |= {"di.towlbp.towlbq.1.dt.z": body, "di.towlbp.towlbq.m": manifest(body)}
    store = made(duplicity.FAMILY, laid(tmp_path, files, at=datetime(2026, 11, 22, 13, tzinfo=UTC)))
    assert told(store) == [("no", ""), ("no", "")]
    assert utc(store.points[1]) == "2026-11-22 12:28:37"


def test_a_far_past_chain_longer_than_the_share_stays_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "HEADS", 3)
    store = made(duplicity.FAMILY, laid(tmp_path, chain()))
    assert [fault for _, fault in told(store)] == ["end-not-seen"] * 3
    assert store.reading.encrypted is YES
    monkeypatch.setattr(sets, "HEADS", 1)
    store = made(duplicity.FAMILY, tmp_path)
    assert [encrypted for encrypted, _ in told(store)] == ["yes", "unknown", "unknown"]
    # Those of the newest chain come first.
    assert "1 jeux ouverts sur 3" in store.reading.evidence


def test_sets_that_were_not_opened_and_end_otherwise_leave_the_whole_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "HEADS", 1)
    old = {name: data for name, data in chain(clear=True).items() if "full" in name}
    new = {name: data for name, data in chain().items() if "full" not in name}
    assert made(duplicity.FAMILY, laid(tmp_path, old | new)).reading.encrypted is UNKNOWN


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        (f"duplicity-full.{FULL}.vol1.difftar.gpg", True),
        (f"mairie-duplicity-inc.{FULL}.to.{NEXT}.manifest", True),
        (f"duplicity-inc.{FULL}.vol1.difftar.gpg", False),
        ("duplicity-full.20261399T020000Z.vol1.difftar.gpg", False),
        ("duplicity.log", False),
        ("df.rapport.pdf", False),
        ("df.towlbp.1.dt.z", True),
    ],
)
def test_which_names_are_duplicitys(name: str, owned: bool) -> None:
    assert duplicity.owns(name) is owned


def test_signatures_alone_are_no_copy(tmp_path: Path) -> None:
    laid(tmp_path, {f"duplicity-full-signatures.{FULL}.sigtar.gz": difftar()})
    assert found(duplicity.FAMILY, tmp_path) is None


def test_an_old_file_with_a_new_name_keeps_its_older_date(tmp_path: Path) -> None:
    laid(tmp_path, chain(), at=datetime(2025, 1, 1, tzinfo=UTC))
    store = made(duplicity.FAMILY, tmp_path)
    assert {point.date_kind for point in store.points} == {DateKind.UPPER_BOUND}
    assert {utc(point)[:4] for point in store.points} == {"2025"}


def test_a_manifest_that_names_fewer_volumes_at_its_end_was_begun_again() -> None:
    text = manifest(b"a", b"b", b"c") + b"Volume 2:\n    StartingPath   a  \n    EndingPath     b  \n"
    said = duplicity.read_manifest(text)
    assert said is not None
    assert said.volumes == 2
    assert duplicity.read_manifest(b"\x8c\x0d") is None


def test_a_manifest_of_absurd_numbers_is_not_counted() -> None:
    assert duplicity.read_manifest(b"Volume 999999999:\n    StartingPath   a\n") is None


# --- Duplicati ---

STAMP, OLDER = "20261120T020000Z", "20261119T020000Z"


def zipped(*names: str) -> bytes:
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names or ("manifest",):
            archive.writestr(name, "x" * 50)
    return buffer.getvalue()


def locked(*, rest: int = 5, body: int = 64) -> bytes:
    """AES Crypt 2, with the size modulo 16 that is asked for."""
    whole = bytearray(aescrypt(body=body))
    whole[-33] = rest
    return bytes(whole)


def job(block: bytes, listing: bytes, *, ending: str = "") -> dict[str, bytes]:
    return {
        f"mairie-{OLDER}.dlist.zip{ending}": listing,
        f"mairie-b01.dblock.zip{ending}": block,
        f"mairie-i01.dindex.zip{ending}": listing,
        f"mairie-b02.dblock.zip{ending}": block,
        f"mairie-i02.dindex.zip{ending}": listing,
        f"mairie-{STAMP}.dlist.zip{ending}": listing,
    }


def test_duplicati_in_clear_is_seen_to_its_end(tmp_path: Path) -> None:
    store = made(duplicati.FAMILY, laid(tmp_path, job(zipped(), zipped())))
    assert told(store) == [("no", ""), ("no", "")]
    assert [utc(point) for point in store.points] == ["2026-11-20 02:00:00", "2026-11-19 02:00:00"]
    assert {(point.role, point.series) for point in store.points} == {(Role.SNAPSHOT, "mairie")}
    assert store.anomalies == ()


def test_duplicati_encrypted_marks_no_end_unless_its_own_list_gives_the_sizes(tmp_path: Path) -> None:
    files = job(locked(), locked(), ending=".aes")
    assert told(made(duplicati.FAMILY, laid(tmp_path, files))) == [("yes", "end-not-seen")] * 2
    rows = [{"Name": name, "Size": len(data), "State": 3} for name, data in files.items()]
    laid(tmp_path, {"mairie-verification.json": json.dumps(rows).encode()})
    assert told(made(duplicati.FAMILY, tmp_path)) == [("yes", "")] * 2
    rows[1]["Size"] = 7
    laid(tmp_path, {"mairie-verification.json": json.dumps(rows).encode()})
    store = made(duplicati.FAMILY, tmp_path)
    assert told(store) == [("yes", "incomplete")] * 2
    assert Trouble.MISSING_VOLUME in codes(store)


def test_a_name_that_says_aes_over_bytes_of_zip_is_not_encrypted(tmp_path: Path) -> None:
    store = made(duplicati.FAMILY, laid(tmp_path, job(zipped(), zipped(), ending=".aes")))
    assert {encrypted for encrypted, _ in told(store)} == {"no"}
    mixed = made(duplicati.FAMILY, laid(tmp_path, job(zipped(), locked(), ending=".aes")))
    assert {encrypted for encrypted, _ in told(mixed)} == {"partial"}
    assert mixed.reading.encrypted is PARTIAL


@pytest.mark.parametrize(
    ("word", "trouble"),
    [("b02", Trouble.MISSING_VOLUME), ("i02", Trouble.MISSING_PART), (".dblock", Trouble.MISSING_VOLUME)],
)
def test_a_missing_file_of_duplicati_is_told(tmp_path: Path, word: str, trouble: Trouble) -> None:
    store = made(duplicati.FAMILY, laid(tmp_path, without(job(zipped(), zipped()), word)))
    assert trouble in codes(store)
    assert ("incomplete" in {fault for _, fault in told(store)}) is (word != "i02")


@pytest.mark.parametrize(
    "block",
    [b"", zipped()[:-30], locked()[:-16], locked(rest=200), locked()[:-3]],
    ids=["0", "zip", "16", "rest", "3"],
)
def test_one_bad_block_leaves_no_version_good(tmp_path: Path, block: bytes) -> None:
    ending = "" if block[:2] == b"PK" else ".aes"
    files = job(locked() if ending else zipped(), locked() if ending else zipped(), ending=ending)
    store = made(duplicati.FAMILY, laid(tmp_path, files | {f"mairie-b02.dblock.zip{ending}": block}))
    if block == locked()[:-16]:
        # One cut in sixteen leaves a right length; here the byte of the rest tells.
        assert all(fault for _, fault in told(store))
        return
    assert store.points[0].reading.fault not in ("", "end-not-seen")
    assert store.points[1].reading.fault
    assert Trouble.DAMAGED in codes(store)


def test_blocks_without_any_list_are_no_version(tmp_path: Path) -> None:
    store = made(duplicati.FAMILY, laid(tmp_path, without(job(zipped(), zipped()), "dlist")))
    assert store.points == ()
    assert Trouble.MISSING_PART in codes(store)


@pytest.mark.parametrize("data", [b"{", b"[" * 100_000, b"{}", b"[1]", b'[{"Name": 3}]'])
def test_a_checklist_that_makes_no_sense_is_not_believed(data: bytes) -> None:
    assert duplicati.read_checklist(data) == {}


def test_a_stray_checklist_is_no_store(tmp_path: Path) -> None:
    assert found(duplicati.FAMILY, laid(tmp_path, {"mairie-verification.json": b"[]"})) is None


@pytest.mark.parametrize(
    ("name", "owned"),
    [
        (f"mairie-{STAMP}.dlist.zip.aes", True),
        ("mairie-b0a1f.dblock.zip", True),
        ("mairie-b0a1f.dlist.zip", False),
        ("mairie-20261399T020000Z.dlist.zip", False),
        ("liste.dlist.zip", False),
    ],
)
def test_which_names_are_duplicatis(name: str, owned: bool) -> None:
    assert duplicati.owns(name) is owned


# --- vzdump ---

VM = "vzdump-qemu-100-2026_11_20-02_00_00"
CREATED = int(datetime(2026, 11, 20, 1, 0, 0, tzinfo=UTC).timestamp())


def test_vzdump_is_dated_in_local_time_and_never_encrypted(tmp_path: Path) -> None:
    files = {
        f"{VM}.vma": vma(16, created=CREATED),
        f"{VM}.log": b"INFO: Finished Backup of VM 100 (00:01:16)\n",
    }
    store = made(vzdump.FAMILY, laid(tmp_path, files | {f"{VM}.vma.notes": b"mairie"}))
    assert told(store) == [("no", "")]
    point = store.points[0]
    assert (utc(point), point.date_kind, point.series) == (
        "2026-11-20 01:00:00",
        DateKind.EXACT,
        "vzdump-qemu-100",
    )
    assert "heure locale" in point.date_source
    assert store.anomalies == ()


def test_a_header_older_than_the_name_gives_the_date(tmp_path: Path) -> None:
    store = made(vzdump.FAMILY, laid(tmp_path, {f"{VM}.vma": vma(16, created=CREATED - 10 * 86_400)}))
    assert (utc(store.points[0])[:10], store.points[0].date_kind) == ("2026-11-10", DateKind.UPPER_BOUND)


@pytest.mark.parametrize(
    ("log", "fault"),
    [
        (b"INFO: Finished Backup of VM 100 (00:01:16)", ""),
        (b"ERROR: Backup of VM 100 failed - disque plein", "incomplete"),
        (b"INFO: status: 12%", "incomplete"),
    ],
)
def test_the_log_tells_how_the_passage_went(tmp_path: Path, log: bytes, fault: str) -> None:
    store = made(vzdump.FAMILY, laid(tmp_path, {f"{VM}.vma": vma(16, created=CREATED), f"{VM}.log": log}))
    assert told(store) == [("no", fault)]
    assert (Trouble.ABORTED_RUN in codes(store)) is bool(fault)


def test_an_archive_left_unfinished_is_told_when_it_is_not_being_written(tmp_path: Path) -> None:
    store = made(vzdump.FAMILY, laid(tmp_path, {f"{VM}.vma.dat": b"VMA"}))
    assert (store.points, codes(store)) == ((), {Trouble.ABORTED_RUN})
    laid(tmp_path, {f"{VM}.vma.dat": b"VMA"}, at=NOW)
    assert found(vzdump.FAMILY, tmp_path) is None


LZOP = b"\x89LZO\x00\r\n\x1a\n" + NOISE[:200]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("tar.gz", difftar(), ("no", "truncated")),
        ("tar.gz", gzip.compress(whole_tar()), ("no", "")),
        ("vma.zst", b"\x28\xb5\x2f\xfd\x20\x01\x09\x00\x00a", ("no", "")),
        ("vma.zst", b"", ("unknown", "empty")),
        ("vma.zst", NOISE[:900], ("unknown", "damaged")),
        ("vma.lzo", LZOP + bytes(4), ("no", "end-not-seen")),
        ("vma.lzo", LZOP, ("no", "truncated")),
        ("vma.lzo", NOISE[:900], ("unknown", "damaged")),
    ],
)
def test_what_packs_an_archive_of_vzdump_is_no_encryption(
    tmp_path: Path, name: str, data: bytes, expected: tuple[str, str]
) -> None:
    store = made(vzdump.FAMILY, laid(tmp_path, {f"{VM}.{name}": data}))
    assert told(store)[0][1] == expected[1]
    assert told(store)[0][0] in (expected[0], "no")
    assert store.reading.encrypted is not YES


def test_two_archives_of_one_second_are_both_told(tmp_path: Path) -> None:
    files = {f"{VM}.vma": vma(16, created=CREATED), f"{VM}.vma.gz": gzip.compress(vma(16, created=CREATED))}
    assert len(made(vzdump.FAMILY, laid(tmp_path, files)).points) == 2


def test_a_name_without_a_real_date_is_not_vzdumps() -> None:
    assert vzdump.owns(f"{VM}.vma.zst")
    assert not vzdump.owns("vzdump-qemu-100-2026_13_20-02_00_00.vma.zst")


# --- Veeam ---


def vbk(
    *, size: int = 40_000, flags: int = 2, version: int = 13, form: int = 5, claimed: int | None = None
) -> bytes:
    """A file of two slots and one bank, laid out as its readers describe it."""
    import struct
    import zlib

    head = bytearray(4096)
    struct.pack_into("<LLL3s", head, 0, version, 1, 3, b"md5")
    struct.pack_into("<L", head, 0x107, form)
    body = struct.pack("<LQQL", 1, 4, claimed or size, 1) + bytes(88) + struct.pack("<LL", 2, 1)
    body += struct.pack("<LQL", 0, 16_384, 8192) + bytes(16)
    total = zlib.crc32(body) if form <= 5 else crc32c(body)
    slot = (struct.pack("<L", total) + body).ljust(4096, b"\0")
    whole = bytearray((bytes(head) + slot + slot).ljust(size, b"\0"))
    struct.pack_into("<HH", whole, 16_384, 2, flags)
    return bytes(whole)


def test_the_sum_of_castagnoli_is_that_of_its_specification() -> None:
    assert crc32c(bytes(32)) == 0x8A9136AA
    assert crc32c(b"\xff" * 32) == 0x62A8AB43


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (vbk(), ("yes", "end-not-seen", Confidence.PROBABLE)),
        (vbk(form=6), ("yes", "end-not-seen", Confidence.PROBABLE)),
        (vbk(flags=0), ("unknown", "end-not-seen", Confidence.PROBABLE)),
        (vbk(version=6), ("unknown", "end-not-seen", Confidence.PROBABLE)),
        (vbk(claimed=50_000), ("unknown", "truncated", Confidence.PROBABLE)),
        (vbk()[:20_000], ("unknown", "truncated", Confidence.PROBABLE)),
        (vbk()[:4096], ("unknown", "truncated", Confidence.PROBABLE)),
        (vbk()[:4196], ("unknown", "end-not-seen", Confidence.PROBABLE)),
        (vbk()[:4100] + b"x" + vbk()[4101:], ("yes", "end-not-seen", Confidence.PROBABLE)),
        (vbk()[:4096] + bytes(9000), ("unknown", "end-not-seen", Confidence.PROBABLE)),
        (NOISE[:9000], ("unknown", "end-not-seen", Confidence.NAME)),
    ],
)
def test_a_veeam_file_is_only_probably_told(data: bytes, expected: tuple[str, str, Confidence]) -> None:
    reading = read_veeam(sample("a.vbk", data))
    assert reading is not None
    assert (reading.encrypted.value, reading.fault, reading.confidence) == expected


def test_a_veeam_file_is_known_by_its_name_alone() -> None:
    assert read_veeam(sample("a.zip", vbk())) is None


def veeam(*names: str) -> dict[str, bytes]:
    return {f"mairieD2026-11-{name}": vbk() for name in names}


@pytest.mark.parametrize(
    ("names", "faults"),
    [
        (("18T220000_A1B2.vbk", "19T220000_A1B3.vib"), ["end-not-seen", "end-not-seen"]),
        (("18T220000.vib", "19T220000.vib"), ["incomplete", "incomplete"]),
        (("18T220000.vib", "19T220000.vbk"), ["end-not-seen", "incomplete"]),
        (("18T220000.vrb", "19T220000.vbk"), ["end-not-seen", "end-not-seen"]),
        (("18T220000.vbk", "19T220000.vrb"), ["incomplete", "end-not-seen"]),
    ],
)
def test_a_link_without_its_full_copy_is_worth_nothing(
    tmp_path: Path, names: tuple[str, ...], faults: list[str]
) -> None:
    store = made(veeam_chain.FAMILY, laid(tmp_path, veeam(*names)))
    assert [fault for _, fault in told(store)] == faults
    assert (Trouble.BROKEN_CHAIN in codes(store)) is ("incomplete" in faults)
    assert utc(store.points[0])[10:] == " 21:00:00"
    assert {point.reading.confidence for point in store.points} == {Confidence.PROBABLE}


def test_a_bad_link_breaks_those_after_it(tmp_path: Path) -> None:
    files = veeam("18T220000.vbk", "19T220000.vib", "20T220000.vib") | {"mairieD2026-11-19T220000.vib": b""}
    store = made(veeam_chain.FAMILY, laid(tmp_path, files))
    assert [fault for _, fault in told(store)] == ["incomplete", "empty", "end-not-seen"]


def test_metadata_in_clear_tell_a_lost_link(tmp_path: Path) -> None:
    files = veeam("18T220000.vbk", "19T220000.vib", "20T220000.vib")
    text = "".join(f'<Storage FilePath="{name}"/>' for name in files)
    del files["mairieD2026-11-19T220000.vib"]
    store = made(veeam_chain.FAMILY, laid(tmp_path, files | {"mairie.vbm": text.encode()}))
    assert [fault for _, fault in told(store)] == ["incomplete", "end-not-seen"]
    assert codes(store) == {Trouble.MISSING_PART, Trouble.BROKEN_CHAIN}
    assert veeam_chain.read_metadata(b"\xff\xfe" + text.encode("utf-16-le")) == veeam_chain.read_metadata(
        text.encode()
    )


def test_a_full_copy_without_a_date_in_its_name_may_be_older_than_its_file(tmp_path: Path) -> None:
    store = made(veeam_chain.FAMILY, laid(tmp_path, {"mairie.vbk": vbk()}))
    assert store.points[0].date_kind is DateKind.UPPER_BOUND
    os.utime(tmp_path / "mairie.vbk", (0, 0))
    assert made(veeam_chain.FAMILY, tmp_path).points[0].written == NOW.timestamp()


def test_metadata_alone_are_no_chain(tmp_path: Path) -> None:
    assert found(veeam_chain.FAMILY, laid(tmp_path, {"mairie.vbm": b"<x/>"})) is None


# --- Volumes ---


def pieces(data: bytes, name: str, *, size: int, names: str = "{:03}") -> dict[str, bytes]:
    starts = range(0, len(data), size)
    return {f"{name}.{names.format(rank + 1)}": data[at : at + size] for rank, at in enumerate(starts)}


LOCKED_SEVEN = seven(b"\x01\x04" + seven_streams([(b"\x06\xf1\x07\x01",)], packed=20) + b"\0\0")


def test_volumes_make_one_copy_and_are_read_as_one_file(tmp_path: Path) -> None:
    store = made(volumes.FAMILY, laid(tmp_path, pieces(LOCKED_SEVEN, "mairie.7z", size=60)))
    assert told(store) == [("yes", "")]
    point = store.points[0]
    assert (point.name, point.size, point.role) == ("mairie.7z.001", len(LOCKED_SEVEN), Role.ARCHIVE)


@pytest.mark.parametrize(
    ("lost", "expected"),
    [("001", "incomplete"), ("002", "incomplete"), ("003", "incomplete"), ("00", "none")],
)
def test_a_lost_volume_is_named(tmp_path: Path, lost: str, expected: str) -> None:
    files = without(pieces(LOCKED_SEVEN, "mairie.7z", size=60), f".{lost}")
    if not files:
        assert found(volumes.FAMILY, laid(tmp_path, files)) is None
        return
    store = made(volumes.FAMILY, laid(tmp_path, files))
    assert [fault for _, fault in told(store)] == [expected]
    assert codes(store) == {Trouble.MISSING_VOLUME}


@pytest.mark.parametrize("names", ["{:03}", "{:02}"])
def test_a_split_stream_is_joined_whatever_the_width_of_its_numbers(tmp_path: Path, names: str) -> None:
    data = gzip.compress(b"-- MariaDB dump 10.19" + NOISE[:3000] + b"\n-- Dump completed", mtime=0)
    store = made(volumes.FAMILY, laid(tmp_path, pieces(data, "mairie.sql.gz", size=1000, names=names)))
    assert [fault for _, fault in told(store)] == [""]
    one = made(volumes.FAMILY, laid(tmp_path / "un", {"mairie.sql.gz.aa": data[:1000]}))
    assert told(one)[0][1] == "incomplete"


def test_a_short_volume_in_the_middle_was_cut(tmp_path: Path) -> None:
    files = pieces(pgp(size=3000), "mairie.tar.gpg", size=1000)
    files["mairie.tar.gpg.002"] = files["mairie.tar.gpg.002"][:-100]
    store = made(volumes.FAMILY, laid(tmp_path, files))
    assert store.points[0].reading.fault == "truncated"


def test_an_empty_volume_makes_the_archive_incomplete(tmp_path: Path) -> None:
    files = pieces(pgp(size=3000), "mairie.tar.gpg", size=1000)
    store = made(volumes.FAMILY, laid(tmp_path, files | {"mairie.tar.gpg.002": b""}))
    assert told(store)[0][1] == "incomplete"
    nothing = made(volumes.FAMILY, laid(tmp_path / "rien", {"a.7z.001": b"", "a.7z.002": b""}))
    assert told(nothing) == [("unknown", "incomplete")]


def test_generations_and_strangers_are_given_back(tmp_path: Path) -> None:
    data = gzip.compress(NOISE[:300], mtime=0)
    names = (
        "a.tar.gz.01",
        "a.tar.gz.02",
        "notes.001",
        "archive.365",
        "budget.002",
        "plan.v12",
        "b.tar.gz.fr",
    )
    files = {**dict.fromkeys(names[:2], data), **dict.fromkeys(names[2:], b"texte " * 200)}
    assert found(volumes.FAMILY, laid(tmp_path, files)) is None
    store = made(volumes.FAMILY, laid(tmp_path, pieces(LOCKED_SEVEN, "mairie.7z", size=60)))
    assert {file.parts[-1] for file in store.given_back} == set(names)


def test_archives_all_of_one_second_have_lost_their_dates(tmp_path: Path) -> None:
    both = pieces(LOCKED_SEVEN, "a.7z", size=60) | pieces(LOCKED_SEVEN, "b.7z", size=60)
    laid(tmp_path, both)
    for name in both:
        os.utime(tmp_path / name, (1.79e9, 1.79e9))
    assert {point.date_kind for point in made(volumes.FAMILY, tmp_path).points} == {DateKind.UPPER_BOUND}


@pytest.mark.parametrize(
    ("base", "written", "expected"),
    [
        ("mairie-2026-11-20.7z", 20, DateKind.EXACT),
        ("mairie-2026-11-10.7z", 20, DateKind.UPPER_BOUND),
        ("mairie-2026-02-31.7z", 20, DateKind.EXACT),
    ],
)
def test_a_name_older_than_its_files_bounds_the_date(
    tmp_path: Path, base: str, written: int, expected: DateKind
) -> None:
    laid(tmp_path, pieces(LOCKED_SEVEN, base, size=60), at=datetime(2026, 11, written, tzinfo=UTC))
    assert made(volumes.FAMILY, tmp_path).points[0].date_kind is expected


def test_a_place_without_dates_says_so(tmp_path: Path) -> None:
    files = pieces(LOCKED_SEVEN, "a.7z", size=60)
    laid(tmp_path, files)
    for name in files:
        os.utime(tmp_path / name, (0, 0))
    point = made(volumes.FAMILY, tmp_path).points[0]
    assert (point.written, point.date_kind, point.date_source) == (
        NOW.timestamp(),
        DateKind.UPPER_BOUND,
        sets.NO_DATE,
    )


RAR5_MORE, RAR5_LAST = rar5_block(5, vint(1)), rar5_block(5, vint(0))
RAR4_MORE, RAR4_LAST = rar4_block(0x7B, 0x4001), rar4_block(0x7B, 0x4000)


def rar5(*, last: bool = False, version: int | None = 0) -> bytes:
    flags = 0x08 if last else 0x10
    return RAR5_START + rar5_file(version=version, flags=flags) + (RAR5_LAST if last else RAR5_MORE)


def rar4(*, last: bool = False) -> bytes:
    return RAR4_START + rar4_file(flags=0x04 | (1 if last else 2)) + (RAR4_LAST if last else RAR4_MORE)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.part1.rar": rar5(), "a.part2.rar": rar5(last=True)}, ("yes", "")),
        ({"a.part1.rar": rar5(version=None), "a.part2.rar": rar5(last=True, version=None)}, ("no", "")),
        ({"a.part1.rar": rar5(), "a.part2.rar": rar5(last=True, version=None)}, ("partial", "")),
        ({"a.part1.rar": rar5(), "a.part2.rar": rar5()}, ("yes", "incomplete")),
        ({"a.part1.rar": rar5()}, ("yes", "incomplete")),
        ({"a.part1.rar": rar5(), "a.part3.rar": rar5(last=True)}, ("yes", "incomplete")),
        ({"a.part2.rar": rar5(last=True)}, ("yes", "incomplete")),
        ({"a.part1.rar": rar5()[:-4], "a.part2.rar": rar5(last=True)}, ("unknown", "truncated")),
        ({"a.part1.rar": rar5(last=True), "a.part2.rar": rar5(last=True)}, ("yes", "end-not-seen")),
        ({"a.rar": rar4(), "a.r00": rar4(), "a.r01": rar4(last=True)}, ("yes", "")),
        ({"a.rar": rar4(), "a.r00": rar4()}, ("yes", "incomplete")),
        ({"a.r00": rar4(last=True)}, ("yes", "incomplete")),
    ],
)
def test_rar_volumes(tmp_path: Path, files: dict[str, bytes], expected: tuple[str, str]) -> None:
    store = made(volumes.FAMILY, laid(tmp_path, files))
    assert told(store) == [expected]
    assert (("a.rar",) in store.also) is ("a.rar" in files)


def test_a_rar_of_many_volumes_is_opened_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(volumes, "MOST_OPENED", 2)
    files = {f"a.part{rank}.rar": rar5(last=rank == 4) for rank in range(1, 5)}
    assert told(made(volumes.FAMILY, laid(tmp_path, files))) == [("yes", "end-not-seen")]


def test_an_archive_that_the_share_does_not_reach_is_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "HEADS", 0)
    store = made(volumes.FAMILY, laid(tmp_path, pieces(LOCKED_SEVEN, "a.7z", size=60)))
    assert told(store) == [("unknown", "end-not-seen")]


def test_joined_volumes_read_like_the_whole(tmp_path: Path) -> None:
    laid(tmp_path, pieces(NOISE, "a.img", size=7001))
    with inspecting(tmp_path) as inspection:
        files = [File(True, 1.0, (path.name,), path.stat().st_size) for path in sorted(tmp_path.iterdir())]
        with volumes.joined(inspection, files, name="a.img") as whole:
            assert (whole.size, whole.head, whole.tail) == (len(NOISE), NOISE, NOISE)
            for at, count in ((0, 5), (7000, 3), (6999, 20_000), (59_990, 100), (60_000, 5), (-1, 5)):
                assert whole.read_at(at, count) == (NOISE[at : at + count] if at >= 0 else b"")
        (tmp_path / "a.img.002").write_bytes(b"")
        with pytest.raises(OSError), volumes.joined(inspection, files, name="a.img"):
            pass


# --- Whatever the names and the bytes ---


@settings(max_examples=200)
@given(
    st.text(max_size=60),
    st.sampled_from(["{}", "duplicity-full.{}.vol1.difftar", "a-{}.dlist.zip", "{}.vbk", "{}.001"]),
)
def test_no_name_at_all_makes_a_family_crash(text: str, shape: str) -> None:
    for family in (duplicity.FAMILY, duplicati.FAMILY, vzdump.FAMILY, veeam_chain.FAMILY, volumes.FAMILY):
        family.owns(shape.format(text))


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_at_all_make_a_parser_crash(data: bytes) -> None:
    duplicity.read_manifest(data)
    duplicati.read_checklist(data)
    vzdump.read_log(data)
    veeam_chain.read_metadata(data)
    volumes.another_follows(sample("a", RAR5_START + data))
    volumes.another_follows(sample("a", RAR4_START + data))


@settings(max_examples=300)
@given(st.integers(0, 39_000), st.binary(min_size=1, max_size=40), st.integers(0, 40_000))
def test_no_damage_makes_a_clear_veeam_file_encrypted_or_a_cut_one_whole(
    at: int, noise: bytes, cut: int
) -> None:
    start = vbk(flags=0)
    data = start[:at] + noise + start[at + len(noise) :]
    reading = read_veeam(sample("a.vbk", data[: len(start) - cut]))
    assert reading is not None
    assert reading.fault
    # The mark itself, on two bytes, is summed nowhere.
    assert reading.encrypted is not YES or 16_346 <= at < 16_388
