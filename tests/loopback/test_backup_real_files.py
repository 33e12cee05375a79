"""Archives, volumes, disks and dumps written by the real tools, then cut and damaged: what their bytes prove."""

import contextlib
import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from cyberaudit.facts.backup import DateKind, Encrypted
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.recognise import recognise
from tests.loopback.test_probes_backup import contents, need, run
from tests.unit.backup_files import MEBIBYTE, bitlocker, gpt, mbr, sample
from tests.unit.backup_places import recognised

pytestmark = pytest.mark.loopback

SECRET = "essai"

YES, NO, WEAK, PARTIAL, UNKNOWN = (
    Encrypted.YES,
    Encrypted.NO,
    Encrypted.WEAK,
    Encrypted.PARTIAL,
    Encrypted.UNKNOWN,
)


def of(path: Path) -> Reading:
    reading = recognised(path)
    assert reading is not None, path.name
    return reading


def seen(path: Path) -> tuple[str, Encrypted, str]:
    reading = of(path)
    return reading.format, reading.encrypted, reading.fault


def cut(path: Path, count: int) -> Path:
    """The same file without its last bytes."""
    shorter = path.with_name(f"coupe-{path.name}")
    shorter.write_bytes(path.read_bytes()[:-count])
    return shorter


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder beside the documents of a town."""
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(20):
        (documents / f"délibération-{number}.txt").write_text(f"Séance {number}\n" * 500, "utf-8")
    (documents / "plan.bin").write_bytes(random.Random(7).randbytes(300_000))
    return tmp_path


SEVEN = [
    ((), NO),
    (("-mhc=off",), NO),
    (("-mx=0",), NO),
    (("-ms=off",), NO),
    (("-m0=lzma2", f"-p{SECRET}"), YES),
    ((f"-p{SECRET}", "-mhc=off"), YES),
    ((f"-p{SECRET}", "-mhe=on"), YES),
    ((f"-p{SECRET}", "-mx=0"), YES),
]


@pytest.mark.parametrize(("options", "expected"), SEVEN, ids=[" ".join(options) for options, _ in SEVEN])
def test_seven_zip_with_and_without_names(place: Path, options: tuple[str, ...], expected: Encrypted) -> None:
    need("7z")
    run("7z", "a", "-bso0", *options, "a.7z", "documents", folder=place)
    assert seen(place / "a.7z") == ("7z", expected, "")
    assert ("noms compris" in of(place / "a.7z").evidence) == ("-mhe=on" in options)
    for count in (1, 30, 2000, 250_000):
        assert seen(cut(place / "a.7z", count)) == ("7z", UNKNOWN, "truncated")


def test_seven_zip_part_encrypted_and_in_volumes(place: Path) -> None:
    need("7z")
    run("7z", "a", "-bso0", "a.7z", "documents/délibération-1.txt", folder=place)
    run("7z", "a", "-bso0", f"-p{SECRET}", "a.7z", "documents/plan.bin", folder=place)
    assert seen(place / "a.7z") == ("7z", PARTIAL, "")
    for name, options, expected in (
        ("v", (), NO),
        ("w", (f"-p{SECRET}",), YES),
        ("x", (f"-p{SECRET}", "-mhe"), YES),
    ):
        run("7z", "a", "-bso0", "-v100k", *options, f"{name}.7z", "documents", folder=place)
        *others, last = sorted(place.glob(f"{name}.7z.*"))
        assert len(others) > 1
        assert seen(last) == ("7z", expected, "end-not-seen")
        assert {seen(path) for path in others} == {("7z", UNKNOWN, "end-not-seen")}


def test_the_volumes_of_one_archive_are_one_copy(place: Path) -> None:
    need("7z")
    (place / "copies").mkdir()
    run("7z", "a", "-bso0", "-v60k", "copies/v.7z", "documents", folder=place)
    found = contents(place / "copies").copies
    assert len(list((place / "copies").iterdir())) > 4
    assert [(copy.name, copy.encrypted, copy.fault) for copy in found] == [("v.7z.001", NO, "")]


def test_seven_zip_damaged_anywhere_in_its_headers_is_never_called_encrypted_when_it_is_not(
    place: Path,
) -> None:
    need("7z")
    run("7z", "a", "-bso0", "a.7z", "documents", folder=place)
    data, chance = (place / "a.7z").read_bytes(), random.Random(20)
    for _ in range(200):
        at = chance.choice([chance.randrange(32), len(data) - chance.randrange(1, 900)])
        damaged = data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]
        reading = recognise(sample("a.7z", damaged))
        assert reading is not None
        assert reading.encrypted in (NO, UNKNOWN)


@pytest.fixture
def volume(place: Path) -> Path:
    """32 MiB for cryptsetup, which formats a file without any device."""
    need("cryptsetup")
    (place / "cle").write_text(SECRET, "ascii")
    with (place / "disque.img").open("wb") as file:
        file.truncate(32 * MEBIBYTE)
    return place / "disque.img"


def luks(volume: Path, *options: str) -> None:
    fast = ("--batch-mode", "--key-file", "cle", *options)
    run("cryptsetup", "luksFormat", *fast, volume.name, folder=volume.parent)


def test_luks_1_and_the_null_cipher_in_its_place(volume: Path) -> None:
    luks(volume, "--type", "luks1", "--iter-time", "1")
    assert seen(volume) == ("luks", YES, "end-not-seen")
    assert "aes-xts-plain64" in of(volume).evidence
    assert seen(cut(volume, 31 * MEBIBYTE))[2] == "truncated"
    with volume.open("r+b") as file:
        file.seek(8)
        file.write(b"cipher_null\0ecb".ljust(32, b"\0"))
    dumped = subprocess.run(["cryptsetup", "luksDump", volume], capture_output=True, check=True, timeout=60)
    assert b"cipher_null" in dumped.stdout
    assert seen(volume) == ("luks", NO, "end-not-seen")


def test_luks_2_damaged_erased_and_cut(volume: Path) -> None:
    luks(volume, "--type", "luks2", "--pbkdf-force-iterations", "4", "--pbkdf-memory", "32")
    assert seen(volume) == ("luks", YES, "end-not-seen")
    assert "argon2id, 4 tours, 32 Kio" in of(volume).evidence
    with volume.open("r+b") as file:
        file.seek(4100)
        file.write(b"XX")
    assert seen(volume) == ("luks", YES, "end-not-seen")
    assert seen(cut(volume, 24 * MEBIBYTE)) == ("luks", YES, "truncated")
    run("cryptsetup", "erase", "--batch-mode", volume.name, folder=volume.parent)
    assert seen(volume) == ("luks", YES, "damaged")


def test_the_bitlocker_volumes_of_the_unit_tests_are_what_cryptsetup_reads(place: Path) -> None:
    need("cryptsetup")
    (place / "bitlocker.img").write_bytes(bitlocker(0x2000, 0x0800))
    dumped = subprocess.run(
        ["cryptsetup", "bitlkDump", place / "bitlocker.img"], capture_output=True, check=True, timeout=60
    )
    assert b"VMK protected with passphrase" in dumped.stdout
    assert b"VMK protected with recovery passphrase" in dumped.stdout
    assert seen(place / "bitlocker.img") == ("bitlocker", YES, "")


@pytest.fixture
def disks(volume: Path) -> Path:
    """Raw disks: a clear one, an encrypted one, and one that is both."""
    need("qemu-img", "mkfs.ext4")
    luks(volume, "--type", "luks2", "--pbkdf-force-iterations", "4", "--pbkdf-memory", "32")
    place = volume.parent
    with (place / "ext.bin").open("wb") as file:
        file.truncate(16 * MEBIBYTE)
    run("mkfs.ext4", "-q", "-F", "ext.bin", folder=place)
    clear, closed = (place / "ext.bin").read_bytes(), volume.read_bytes()
    (place / "clair.raw").write_bytes(mbr(clear))
    (place / "ferme.raw").write_bytes(mbr(closed))
    (place / "mixte.raw").write_bytes(
        gpt((b"d" * 16, closed), (b"d" * 16, clear)),
    )
    return place


@pytest.mark.parametrize(
    ("form", "options"),
    [("qcow2", ()), ("vhdx", ()), ("vpc", ()), ("vpc", ("-o", "subformat=fixed")), ("vmdk", ())],
)
def test_virtual_disks_are_what_they_hold(disks: Path, form: str, options: tuple[str, ...]) -> None:
    suffix = {"vpc": "vhd"}.get(form, form)
    for name, expected in (("clair", NO), ("ferme", YES), ("mixte", PARTIAL)):
        path = disks / f"{name}.{suffix}"
        run("qemu-img", "convert", "-f", "raw", "-O", form, *options, f"{name}.raw", path.name, folder=disks)
        assert seen(path) == (suffix, expected, ""), name
        assert seen(cut(path, 70_000))[2] == "truncated"
        assert seen(cut(path, path.stat().st_size // 2))[2] == "truncated"


def test_compressed_virtual_disks_are_not_opened(disks: Path) -> None:
    run("qemu-img", "convert", "-c", "-O", "qcow2", "-f", "raw", "ferme.raw", "a.qcow2", folder=disks)
    run("qemu-img", "convert", "-O", "vmdk", "-o", "subformat=streamOptimized", "-f", "raw", "clair.raw", "a.vmdk",
        folder=disks)  # fmt: skip
    assert seen(disks / "a.qcow2") == ("qcow2", UNKNOWN, "")
    assert seen(disks / "a.vmdk") == ("vmdk", UNKNOWN, "")
    assert seen(cut(disks / "a.qcow2", 9000))[2] == "truncated"
    # qemu-img pads what it compressed up to one whole grain.
    assert seen(cut(disks / "a.vmdk", 66_000))[2] == "truncated"


def run_until_it_measures(*command: str, folder: Path) -> None:
    """qemu-img times a key derivation, and gives up where the machine is too busy to be timed."""
    for _ in range(9):
        with contextlib.suppress(subprocess.CalledProcessError):
            run(*command, folder=folder)
            return
    run(*command, folder=folder)


def test_qcow2_by_itself(place: Path) -> None:
    need("qemu-img")
    secret = ("--object", f"secret,id=s,data={SECRET}", "-o")
    run("qemu-img", "create", "-q", "-f", "qcow2", "a.qcow2", "1G", folder=place)
    run("qemu-img", "create", "-q", "-f", "qcow2", "-b", "a.qcow2", "-F", "qcow2", "b.qcow2", folder=place)
    run("qemu-img", "create", "-q", "-f", "qcow2", *secret, "encrypt.format=aes,encrypt.key-secret=s", "c.qcow2", "9M",
        folder=place)  # fmt: skip
    locked = (*secret, "encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=200", "d.qcow2", "9M")
    run_until_it_measures("qemu-img", "create", "-q", "-f", "qcow2", *locked, folder=place)
    assert seen(place / "a.qcow2") == ("qcow2", NO, "")
    assert seen(place / "b.qcow2") == ("qcow2", UNKNOWN, "end-not-seen")
    assert seen(place / "c.qcow2") == ("qcow2", WEAK, "")
    assert seen(place / "d.qcow2") == ("qcow2", YES, "")
    assert seen(cut(place / "d.qcow2", 400_000)) == ("qcow2", YES, "truncated")


def test_openssl_and_rclone(place: Path) -> None:
    need("openssl", "rclone")
    run("openssl", "enc", "-aes-256-cbc", "-pbkdf2", "-k", SECRET, "-in", "documents/plan.bin", "-out", "a.enc",
        folder=place)  # fmt: skip
    hidden = subprocess.run(["rclone", "obscure", SECRET], capture_output=True, check=True, timeout=60)
    crypt = ("--crypt-remote", str(place / "miroir"), "--crypt-password", hidden.stdout.decode().strip())
    run("rclone", *crypt, "copy", "documents", ":crypt:", folder=place)
    assert seen(place / "a.enc") == ("openssl", UNKNOWN, "end-not-seen")
    mirror = contents(place / "miroir")
    assert [(copy.format, copy.encrypted, copy.date_kind) for copy in mirror.copies] == [
        ("rclone", YES, DateKind.UPPER_BOUND)
    ]


@pytest.fixture
def postgres(place: Path) -> Iterator[Path]:
    """A server of its own on a socket in a folder, as the user of the package."""
    need("pg_dump", "runuser")
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if os.getuid() or not versions:
        pytest.skip("sans PostgreSQL")
    # A short path: a socket has at most 107 characters.
    home, tools = Path(f"/tmp/cyberaudit-pg-{os.getpid()}"), versions[-1].parent
    home.mkdir()
    shutil.chown(home, "postgres")
    server = (str(tools / "pg_ctl"), "-D", str(home / "data"), "-l", str(home / "log"), "-w")
    as_postgres(home, tools / "initdb", "-D", home / "data", "-A", "trust")
    as_postgres(home, *server, "-o", f"-k {home} -c listen_addresses=", "start")
    yield home
    as_postgres(home, *server, "-m", "immediate", "stop")
    shutil.rmtree(home)


def as_postgres(home: Path, *command: str | Path) -> None:
    run("runuser", "-u", "postgres", "--", *command, folder=home)


def test_postgres_custom_dumps_to_a_file_and_to_a_pipe(postgres: Path) -> None:
    made = "create table t as select g, md5(g::text) from generate_series(1, 20000) g"
    large = "select lo_from_bytea(0, decode(repeat('ab', 50000), 'hex'))"
    as_postgres(postgres, "psql", "-h", postgres, "-qc", made, "-c", large)
    for name, options in (
        ("a", ("-f", "a.dump")),
        ("b", ("-Z0", "-f", "b.dump")),
        ("c", ("-s", "-f", "c.dump")),
    ):
        as_postgres(postgres, "pg_dump", "-h", postgres, "-Fc", *options)
        assert seen(postgres / f"{name}.dump") == ("pgdump", NO, "")
    as_postgres(postgres, "sh", "-c", f"pg_dump -h {postgres} -Fc | cat > pipe.dump")
    assert seen(postgres / "pipe.dump") == ("pgdump", NO, "")
    for name in ("a", "b", "pipe"):
        for count in (1, 300, 30_000):
            assert seen(cut(postgres / f"{name}.dump", count)) == ("pgdump", NO, "truncated")
    assert of(postgres / "a.dump").newest is not None


def test_a_tar_whose_end_is_a_hole_is_no_copy(place: Path) -> None:
    run("tar", "-cf", "a.tar", "documents", folder=place)
    assert seen(place / "a.tar") == ("tar", NO, "")
    size = (place / "a.tar").stat().st_size
    os.truncate(place / "a.tar", size // 2)
    os.truncate(place / "a.tar", size + 8 * MEBIBYTE)
    assert seen(place / "a.tar") == ("tar", NO, "truncated")


def test_an_encrypted_file_whose_place_was_only_reserved_is_not_called_whole(place: Path) -> None:
    need("7z", "age", "age-keygen")
    (place / "documents" / "gros.bin").write_bytes(random.Random(8).randbytes(6 * MEBIBYTE))
    run("7z", "a", "-bso0", "-mx=0", f"-p{SECRET}", "a.7z", "documents", folder=place)
    assert seen(place / "a.7z") == ("7z", YES, "")
    # A copy that stopped in the middle, and went on: the end is there, the middle was never written.
    data = (place / "a.7z").read_bytes()
    with (place / "a.7z").open("wb") as file:
        file.write(data[:MEBIBYTE])
        file.seek(5 * MEBIBYTE)
        file.write(data[5 * MEBIBYTE :])
    assert seen(place / "a.7z") == ("7z", YES, "end-not-seen")
    assert "octets écrits sur le disque" in of(place / "a.7z").evidence


def test_a_sparse_disk_of_terabytes_is_read_at_once(place: Path) -> None:
    head = bytearray(512)
    struct.pack_into("<4xB3xLL", head, 446, 0x83, 2048, 0xFFFFFFFF)
    head[510:] = b"\x55\xaa"
    with (place / "disque.img").open("wb") as file:
        file.write(head)
        file.truncate(1 << 41)
    assert seen(place / "disque.img")[:2] == ("disk", UNKNOWN)


def test_the_time_that_is_over_is_never_an_answer(place: Path) -> None:
    need("7z")
    run("7z", "a", "-bso0", f"-p{SECRET}", "a.7z", "documents", folder=place)
    hurried = replace(sample("a.7z", (place / "a.7z").read_bytes()), hurried=lambda: True)
    assert getattr(recognise(hurried), "encrypted", None) is YES
