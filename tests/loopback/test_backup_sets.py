"""Sets of files written by duplicity, 7-Zip, zip and split themselves, then broken: what is told of each."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cyberaudit.facts.backup import Copy, DateKind, Encrypted, Role, StoreContents, Trouble
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.sets import parts as sets
from tests.unit.backup_files import NOISE, aescrypt, vma
from tests.unit.backup_places import contents_of, set_back

pytestmark = pytest.mark.loopback

SECRET = "essai"
YES, NO, PARTIAL, WEAK, UNKNOWN = (
    Encrypted.YES,
    Encrypted.NO,
    Encrypted.PARTIAL,
    Encrypted.WEAK,
    Encrypted.UNKNOWN,
)
LATER = datetime(2100, 1, 1, tzinfo=UTC)
"""duplicity dates its sets by the clock: all of them are in the past of this day."""


def need(*tools: str) -> None:
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"sans {', '.join(missing)}")


def run(*command: str | Path, folder: Path, **environment: str) -> None:
    around = {"PATH": os.environ["PATH"], "HOME": str(folder), **environment}
    subprocess.run(command, cwd=folder, env=around, check=True, capture_output=True, timeout=60)


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of a town, and what the tools made of them."""
    folder = tmp_path_factory.mktemp("atelier")
    documents = folder / "documents"
    documents.mkdir()
    (documents / "plan.bin").write_bytes(os.urandom(2_500_000))
    (documents / "délibération.txt").write_text("Séance du conseil\n" * 4000, "utf-8")
    return folder


@pytest.fixture(scope="module")
def keyring() -> Iterator[Path]:
    need("gpg", "gpgconf")
    # A short path: the agent's socket has at most 107 characters.
    home = Path("/tmp") / f"cyberaudit-sets-{os.getpid()}"
    home.mkdir(mode=0o700)
    yield home
    subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False, timeout=30)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="module")
def chains(workshop: Path, keyring: Path) -> Path:
    """`chiffre` and `clair`: a full set and an incremental one each; `court`: a full one, of short names."""
    need("duplicity")
    plans = {"chiffre": (), "clair": ("--no-encryption",), "court": ("--no-encryption", "--short-filenames")}
    moments = [str(int(datetime(2026, 11, day, 2, tzinfo=UTC).timestamp())) for day in (18, 19)]
    for name, options in plans.items():
        for rank, moment in enumerate(moments if name != "court" else moments[:1]):
            (workshop / "documents" / "registre.txt").write_text("page\n" * (rank + 1), "utf-8")
            run("duplicity", ("full", "incr")[rank], "--volsize", "1", "--archive-dir", f"memoire-{name}",
                "--current-time", moment, "--allow-source-mismatch", *options, "documents", f"file://{workshop}/{name}",
                folder=workshop, PASSPHRASE=SECRET, GNUPGHOME=str(keyring))  # fmt: skip
    return workshop


def copied(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def one(folder: Path, pattern: str) -> Path:
    return next(iter(sorted(folder.glob(pattern))))


def told(contents: StoreContents) -> list[tuple[Encrypted, str]]:
    return [(copy.encrypted, copy.fault) for copy in contents.copies]


def look(folder: Path, **options: Any) -> StoreContents:
    return contents_of(folder, now=LATER, **options)


def codes(contents: StoreContents) -> set[Trouble]:
    return {each.code for each in contents.anomalies} & {
        Trouble.ABORTED_RUN, Trouble.BROKEN_CHAIN, Trouble.DAMAGED, Trouble.MISSING_PART, Trouble.MISSING_VOLUME,
    }  # fmt: skip


@pytest.mark.parametrize(("name", "expected"), [("chiffre", YES), ("clair", NO)])
def test_duplicity_whole(chains: Path, name: str, expected: Encrypted) -> None:
    contents = look(chains / name)
    (store,) = contents.stores
    assert (store.kind, store.encrypted, store.copies) == ("duplicity", expected, 2)
    assert told(contents) == [(expected, "")] * 2
    assert [copy.role for copy in contents.copies] == [Role.INCREMENTAL, Role.FULL]
    assert [copy.written_at.day for copy in contents.copies] == [19, 18]
    assert {copy.date_kind for copy in contents.copies} == {DateKind.EXACT}
    assert codes(contents) == set()
    assert contents.other_files == 0


def test_duplicity_of_short_names(chains: Path) -> None:
    contents = look(chains / "court")
    assert [(copy.written_at.day, copy.fault) for copy in contents.copies] == [(18, "")]


@pytest.mark.parametrize("name", ["chiffre", "clair"])
def test_duplicity_copied_long_after_keeps_the_dates_of_its_names(
    chains: Path, tmp_path: Path, name: str
) -> None:
    folder = copied(chains / name, tmp_path)
    set_back(folder, datetime(2027, 5, 1, tzinfo=UTC))
    assert [copy.written_at.day for copy in look(folder).copies] == [19, 18]


@pytest.mark.parametrize(
    ("pattern", "faults", "trouble"),
    [
        ("*full*vol1*", ["incomplete", "incomplete"], Trouble.MISSING_VOLUME),
        ("*full*vol2*", ["incomplete", "incomplete"], Trouble.MISSING_VOLUME),
        ("*full.*manifest*", ["incomplete", "incomplete"], Trouble.MISSING_PART),
        ("*inc.*manifest*", ["incomplete", ""], Trouble.ABORTED_RUN),
        ("*full-sig*", ["", ""], Trouble.MISSING_PART),
        ("*full.*", ["incomplete"], Trouble.BROKEN_CHAIN),
    ],
)
@pytest.mark.parametrize("name", ["chiffre", "clair"])
def test_duplicity_broken(
    chains: Path, tmp_path: Path, name: str, pattern: str, faults: list[str], trouble: Trouble
) -> None:
    folder = copied(chains / name, tmp_path)
    for path in folder.glob(pattern):
        path.unlink()
    contents = look(folder)
    assert [fault for _, fault in told(contents)] == faults
    assert trouble in codes(contents)


@pytest.mark.parametrize(("name", "fault"), [("chiffre", "end-not-seen"), ("clair", "incomplete")])
def test_duplicity_without_its_last_volume_is_never_good(
    chains: Path, tmp_path: Path, name: str, fault: str
) -> None:
    folder = copied(chains / name, tmp_path)
    max(folder.glob("*full*vol*")).unlink()
    assert {fault for _, fault in told(look(folder))} == {fault}


@pytest.mark.parametrize("count", [1, 700, 100_000])
@pytest.mark.parametrize("name", ["chiffre", "clair", "court"])
def test_duplicity_cut(chains: Path, tmp_path: Path, name: str, count: int) -> None:
    folder = copied(chains / name, tmp_path)
    path = one(folder, "d*f*1.d*t*.g*" if name != "court" else "df.*.1.dt*")
    os.truncate(path, max(path.stat().st_size - count, 10))
    contents = look(folder)
    assert all(fault not in ("", "end-not-seen") for _, fault in told(contents))
    assert not contents.good


def test_duplicity_deep_sums_find_a_flipped_byte(chains: Path, tmp_path: Path) -> None:
    folder = copied(chains / "clair", tmp_path)
    path = one(folder, "*full*vol2*")
    data = bytearray(path.read_bytes())
    data[4] ^= 1  # the date of gzip: nothing but the sum sees it
    path.write_bytes(data)
    assert {fault for _, fault in told(look(folder))} == {""}
    assert [fault for _, fault in told(look(folder, deep=True))] == ["incomplete", "damaged"]


def test_duplicity_that_stopped_encrypting_is_told(chains: Path, tmp_path: Path) -> None:
    folder = copied(chains / "chiffre", tmp_path)
    for path in folder.glob("*inc.*"):
        path.unlink()
    for path in (chains / "clair").glob("*inc.*"):
        shutil.copy2(path, folder)
    contents = look(folder)
    assert [copy.encrypted for copy in contents.copies] == [PARTIAL, YES]
    assert contents.stores[0].encrypted is PARTIAL


# --- Volumes ---


def volumes(workshop: Path, tmp_path: Path, *command: str) -> Path:
    folder = tmp_path / "copies"
    folder.mkdir()
    run(*command, folder=workshop, COPIES=str(folder))
    return folder


def first(contents: StoreContents) -> Copy:
    (copy,) = contents.copies
    return copy


COMMANDS = {
    "7z": ("7z a -bso0 -v600k $COPIES/m.7z documents", NO),
    "7z-aes": (f"7z a -bso0 -v600k -p{SECRET} $COPIES/m.7z documents", YES),
    "7z-names": (f"7z a -bso0 -v600k -mhe=on -p{SECRET} $COPIES/m.7z documents", YES),
    "zip": ("zip -qr -s 600k $COPIES/m.zip documents", NO),
    "zipcrypto": (f"zip -qr -s 600k -P {SECRET} $COPIES/m.zip documents", WEAK),
    "7z-zip": (f"7z a -bso0 -tzip -mem=AES256 -v600k -p{SECRET} $COPIES/m.zip documents", YES),
    "split": ("tar cz documents | split -b 600k - $COPIES/m.tar.gz.", NO),
    "split-d": ("tar cz documents | split -d -b 600k - $COPIES/m.tar.gz.", NO),
    "split-a3": ("tar cJ documents | split -d -a 3 -b 600k - $COPIES/m.tar.xz.", NO),
}


@pytest.fixture(scope="module")
def made(workshop: Path) -> dict[str, Path]:
    """Each kind of volumes, made once."""
    need("7z", "zip", "split", "tar", "xz")
    folders = {name: workshop / f"volumes-{name}" for name in COMMANDS}
    for name, (command, _) in COMMANDS.items():
        folders[name].mkdir()
        run("bash", "-o", "pipefail", "-c", command, folder=workshop, COPIES=str(folders[name]))
    return folders


@pytest.mark.parametrize("name", COMMANDS)
def test_volumes_are_one_copy(made: dict[str, Path], name: str) -> None:
    contents = look(made[name])
    copy = first(contents)
    assert (copy.encrypted, copy.fault) == (COMMANDS[name][1], "")
    assert copy.size == sum(path.stat().st_size for path in made[name].iterdir())
    assert contents.other_files == 0
    assert codes(contents) == set()


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("rank", [0, 1, -1])
def test_a_missing_volume_makes_the_copy_incomplete(
    made: dict[str, Path], tmp_path: Path, name: str, rank: int
) -> None:
    folder = copied(made[name], tmp_path)
    sorted(folder.iterdir())[rank].unlink()
    contents = look(folder)
    copy = first(contents)
    assert copy.encrypted in (COMMANDS[name][1], UNKNOWN)
    if rank == 0 and name in ("split-d", "split-a3"):
        # Volumes may be counted from 1: the absence of 0 is seen by the bytes.
        assert copy.fault == "damaged"
        return
    assert copy.fault == "incomplete"
    assert codes(contents) == {Trouble.MISSING_VOLUME}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("rank", [0, 1, -1])
def test_a_cut_volume_is_never_good(made: dict[str, Path], tmp_path: Path, name: str, rank: int) -> None:
    folder = copied(made[name], tmp_path)
    path = sorted(folder.iterdir())[rank]
    os.truncate(path, path.stat().st_size - 512 if path.stat().st_size > 1024 else 10)
    copy = first(look(folder))
    assert copy.fault not in ("", "end-not-seen")


def test_a_gpg_stream_in_pieces_is_followed_to_its_end(workshop: Path, keyring: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    locking = f"gpg --batch --pinentry-mode loopback --passphrase {SECRET} -c"
    command = f"tar c documents | {locking} | split -b 600k - $COPIES/m.gpg."
    run("bash", "-o", "pipefail", "-c", command, folder=workshop, COPIES=str(folder), GNUPGHOME=str(keyring))
    assert told(look(folder)) == [(YES, "")]
    os.truncate(folder / "m.gpg.ab", 500_000)
    assert told(look(folder)) == [(YES, "truncated")]


# --- Sets beside other archives, in one look ---


def test_sets_and_loose_archives_of_one_folder_are_all_told(made: dict[str, Path], tmp_path: Path) -> None:
    folder = copied(made["zip"], tmp_path)
    run("zip", "-q", folder / "seul.zip", "délibération.txt", folder=made["zip"].parent / "documents")
    (folder / "vzdump-qemu-100-2026_11_20-02_00_00.vma").write_bytes(vma(16))
    (folder / "mairieD2026-11-20T220000.vib").write_bytes(NOISE)
    for name in ("20261120T020000Z.dlist", "b01.dblock", "i01.dindex"):
        (folder / f"mairie-{name}.zip.aes").write_bytes(aescrypt())
    (folder / "notes.txt").write_text("à lire", "utf-8")
    contents = look(folder)
    assert {store.kind for store in contents.stores} == {"volumes", "vzdump", "veeam", "duplicati", "folder"}
    assert {copy.name for copy in contents.copies} == {
        "m.zip", "seul.zip", "vzdump-qemu-100-2026_11_20-02_00_00.vma", "mairieD2026-11-20T220000.vib",
        "mairie-20261120T020000Z.dlist.zip.aes",
    }  # fmt: skip


def test_hostile_sets_end(tmp_path: Path) -> None:
    """A link, a pipe and a folder in place of volumes; names of a thousand volumes; zeros."""
    (tmp_path / "a.7z.001").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "a.zip")
    (tmp_path / "a.z01").write_bytes(b"PK\x03\x04")
    (tmp_path / "b.7z.999").write_bytes(bytes(5000))
    (tmp_path / "duplicity-full.20261118T020000Z.vol9999999.difftar.gpg").write_bytes(bytes(5000))
    (tmp_path / "duplicity-full.20261118T020000Z.manifest").write_bytes(b"Volume 999999999:\n" * 5000)
    (tmp_path / "mairie-verification.json").write_bytes(b"[" * 100_000)
    (tmp_path / "mairie-b00.dblock.zip").write_bytes(bytes(5000))
    contents = look(tmp_path)
    assert not contents.good
    assert all(copy.fault not in ("", "end-not-seen") for copy in contents.copies)


def test_many_sets_open_a_bounded_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(400):
        stamp = datetime.fromtimestamp(1.76e9 + day * 86_400, UTC).strftime("%Y%m%dT%H%M%SZ")
        (tmp_path / f"mairie-{stamp}.dlist.zip.aes").write_bytes(aescrypt())
        (tmp_path / f"mairie-b{day:04x}.dblock.zip.aes").write_bytes(aescrypt())
    counted: list[object] = []
    first_sight = sets.read_one

    def counting(*given: Any, **more: Any) -> Reading:
        counted.append(given)
        return first_sight(*given, **more)

    monkeypatch.setattr("cyberaudit.probes.stores.sets.duplicati.read_one", counting)
    contents = look(tmp_path)
    assert len(counted) <= sets.HEADS
    assert (len(contents.copies), contents.more_copies) == (200, 200)
    assert contents.stores[0].copies == 400
