"""Folders encrypted file by file: their configurations, their files, and the empty password, told from bytes."""

import base64
import hashlib
import json
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble, Weakness
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.inspection import Claim, Found
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts
from cyberaudit.probes.stores.vaults import cryptomator, ecryptfs, encfs, gocryptfs, sealed
from cyberaudit.probes.stores.vaults.marked_folder import judge_for, read_marked_folder
from cyberaudit.probes.stores.vaults.sealed import Seal, is_readable, judge_without_mark
from tests.unit.backup_files import NOISE, sample
from tests.unit.backup_places import NOW, inspecting, set_back

pytestmark = pytest.mark.unit

TEXT = b"Deliberation du conseil municipal\n" * 100


def claimed(path: Path, claim: Claim, **options: Any) -> Found:
    """What the claim reads in a folder that it takes for its own."""
    with inspecting(path, **options) as inspection:
        entries = list(inspection.tree.entries(()))
        folders = frozenset(entry.name for entry in entries if entry.kind is Kind.FOLDER)
        files = frozenset(entry.name for entry in entries if entry.kind is not Kind.FOLDER)
        assert claim.is_here(path.name, folders, files)
        found = claim.read(inspection, ())
    assert found is not None
    return found


def codes(found: Found) -> set[Trouble]:
    return {each.code for each in found.anomalies}


# --- gocryptfs ---


def gocryptfs_config(
    *, password: bytes = b"essai", n: int = 1024, flags: tuple[str, ...] = (), **fields: Any
) -> bytes:
    """The configuration of a folder that the password opens, as gocryptfs writes it."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    salt, nonce = NOISE[:32], NOISE[32:48]
    key = hashlib.scrypt(password, salt=salt, n=n, r=8, p=1, dklen=32, maxmem=1 << 28)
    wrapping = HKDF(SHA256(), 32, None, b"AES-GCM file content encryption").derive(key)
    wrapped = nonce + AESGCM(wrapping).encrypt(nonce, NOISE[100:132], bytes(8))
    told = {
        "Creator": "gocryptfs 2.3",
        "EncryptedKey": base64.b64encode(wrapped).decode(),
        "ScryptObject": {"Salt": base64.b64encode(salt).decode(), "N": n, "R": 8, "P": 1, "KeyLen": 32},
        "Version": 2,
        "FeatureFlags": ["HKDF", "GCMIV128", "DirIV", "EMENames", *flags],
        **fields,
    }
    return json.dumps(told).encode()


def gocryptfs_file(size: int) -> bytes:
    blocks = -(-size // 4096)
    return b"\0\x02" + NOISE[:16] + NOISE[:size] + NOISE[: 32 * blocks]


NAME = "H4H5nGrSsoZdNEJrGlFaa%d"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of gocryptfs, written over nine days."""
    place = tmp_path / "coffre"
    place.mkdir()
    (place / "gocryptfs.conf").write_bytes(gocryptfs_config())
    (place / "gocryptfs.diriv").write_bytes(NOISE[:16])
    for number in range(9):
        (place / (NAME % number)).write_bytes(gocryptfs_file(5000))
        set_back(place / (NAME % number), NOW.replace(day=number + 10))
    return place


def test_a_gocryptfs_folder_is_one_encrypted_mirror(folder: Path) -> None:
    found = claimed(folder, gocryptfs.CLAIM)
    (point,) = found.points
    assert (found.kind, point.reading.encrypted, point.reading.fault) == (
        "gocryptfs",
        Encrypted.YES,
        "end-not-seen",
    )
    assert (point.written, point.date_kind) == (NOW.replace(day=18).timestamp(), DateKind.LOWER_BOUND)
    assert found.reading.method == "AES-256-GCM, scrypt N=1024 r=8 p=1"
    assert found.reading.weaknesses == (Weakness.FAST_KDF,)
    assert "0x0002" in found.reading.evidence
    assert found.empty_password is False
    assert (found.anomalies, found.complete) == ((), True)


def test_one_readable_file_dropped_there_is_told_and_dates_nothing(folder: Path) -> None:
    (folder / "paie.odt").write_bytes(b"PK\x03\x04" + NOISE[:3000])
    set_back(folder / "paie.odt", NOW)
    found = claimed(folder, gocryptfs.CLAIM)
    assert found.reading.encrypted is Encrypted.PARTIAL
    assert codes(found) == {Trouble.CLEAR_BESIDE}
    assert "paie.odt" in found.anomalies[0].evidence
    assert found.points[0].written == NOW.replace(day=18).timestamp()


@pytest.mark.parametrize(
    ("body", "encrypted", "fault", "code"),
    [
        (TEXT, Encrypted.NO, "end-not-seen", Trouble.CLEAR_BESIDE),
        (NOISE[:5000], Encrypted.UNKNOWN, "damaged", Trouble.DAMAGED),
        (gocryptfs_file(5000)[:4166], Encrypted.YES, "truncated", Trouble.DAMAGED),
        (bytes(9000), Encrypted.UNKNOWN, "empty", Trouble.EMPTY_FILES),
    ],
)
def test_the_files_are_believed_before_the_configuration(
    folder: Path, body: bytes, encrypted: Encrypted, fault: str, code: Trouble
) -> None:
    for path in folder.glob("H4*"):
        path.write_bytes(body)
    found = claimed(folder, gocryptfs.CLAIM)
    assert (found.reading.encrypted, found.reading.fault) == (encrypted, fault)
    assert code in codes(found)


def test_without_its_configuration_nothing_can_be_restored(folder: Path) -> None:
    (folder / "gocryptfs.conf").unlink()
    found = claimed(folder, gocryptfs.CLAIM)
    assert (found.reading.encrypted, found.reading.fault) == (Encrypted.YES, "incomplete")
    assert codes(found) == {Trouble.MISSING_PART}
    assert isinstance(found.empty_password, Unreachable)


DAMAGED_CONFIGS = [
    b"",
    b"{}",
    b"[" * 60_000,
    b"\xff",
    gocryptfs_config(Version=3),
    gocryptfs_config(EncryptedKey="YQ=="),
    gocryptfs_config(FeatureFlags=[1]),
]


@pytest.mark.parametrize("data", DAMAGED_CONFIGS)
def test_a_damaged_configuration_proves_nothing(folder: Path, data: bytes) -> None:
    (folder / "gocryptfs.conf").write_bytes(data)
    found = claimed(folder, gocryptfs.CLAIM)
    assert (found.reading.encrypted, found.reading.fault) == (Encrypted.UNKNOWN, "damaged")


def test_an_empty_folder_has_no_copy_and_is_not_called_encrypted(tmp_path: Path) -> None:
    (tmp_path / "gocryptfs.conf").write_bytes(gocryptfs_config(flags=("PlaintextNames", "XChaCha20Poly1305")))
    found = claimed(tmp_path, gocryptfs.CLAIM)
    assert (found.points, found.reading.encrypted) == ((), Encrypted.UNKNOWN)
    assert Weakness.NAMES_VISIBLE in found.reading.weaknesses
    assert found.reading.method.startswith("XChaCha20-Poly1305")


def test_the_empty_password_is_proved_by_the_tag_of_the_key() -> None:
    def tried(trial: bytes, **fields: Any) -> bool | Unreachable:
        config = gocryptfs.read_config(gocryptfs_config(**fields))
        assert config is not None
        return gocryptfs.opens_with(trial, config)

    assert tried(b"", password=b"") is True
    assert tried(b"essai") is True
    assert tried(b"") is False
    assert isinstance(tried(b"", flags=("FIDO2",)), Unreachable)
    assert isinstance(tried(b"", FeatureFlags=["GCMIV128"]), Unreachable)


@pytest.mark.parametrize("changed", [{"N": 1 << 17}, {"N": 1000}, {"P": 17}, {"R": 1 << 20}])
def test_a_trial_that_would_cost_too_much_is_not_made(changed: dict[str, int]) -> None:
    told = json.loads(gocryptfs_config())
    told["ScryptObject"] |= changed
    config = gocryptfs.read_config(json.dumps(told).encode())
    assert config is not None
    assert isinstance(gocryptfs.opens_with(b"", config), Unreachable)


def test_the_trial_is_left_out_on_demand(folder: Path) -> None:
    found = claimed(folder, gocryptfs.CLAIM, tries_empty_password=False)
    assert isinstance(found.empty_password, Unreachable)


def test_names_of_gocryptfs_left_in_clear_are_no_documents(folder: Path) -> None:
    (folder / ("gocryptfs.longname." + "a" * 43 + ".name")).write_text("x" * 300, "ascii")
    (folder / ".DS_Store").write_bytes(TEXT)
    (folder / "Thumbs.db").write_bytes(TEXT)
    assert codes(claimed(folder, gocryptfs.CLAIM)) == set()


def test_hostile_names_are_told_and_harmless(folder: Path) -> None:
    for name in (b"\xff\xfe\x1b]8;;x\x07", b"[red]\n", b"a\xed\xa0\x80", b"b" * 250):
        Path(os.fsdecode(os.fsencode(folder) + b"/" + name)).write_bytes(TEXT)
    (folder / "lien").symlink_to("/etc")
    os.mkfifo(folder / "tube.tar.gz")
    found = claimed(folder, gocryptfs.CLAIM)
    (clear,) = found.anomalies
    assert (found.reading.encrypted, clear.count) == (Encrypted.PARTIAL, 4)
    assert not {"\x1b", "\n"} & set(clear.evidence)
    clear.evidence.encode()


# --- EncFS ---

ENCFS = b"""<?xml version="1.0" encoding="UTF-8"?>
<boost_serialization signature="serialization::archive" version="7">
 <cfg class_id="0"><version>20100713</version>
  <cipherAlg class_id="1" tracking_level="0" version="0"><name>%s</name><major>3</major></cipherAlg>
  <nameAlg><name>%s</name><major>4</major></nameAlg>
  <keySize>256</keySize><uniqueIV>1</uniqueIV><blockMACBytes>%d</blockMACBytes>
  <encodedKeySize>44</encodedKeySize><encodedKeyData>
qFfO5qbk3NZp/QZ2ec2FXvNL12xX2Klc3vly2SlG1p9LtJsIoHZ//ZM7ke0=
</encodedKeyData>
  <kdfIterations>%d</kdfIterations></cfg></boost_serialization>
"""


@pytest.mark.parametrize(
    ("told", "encrypted", "weaknesses"),
    [
        ((b"ssl/aes", b"nameio/block", 8, 150_000), Encrypted.YES, set()),
        ((b"ssl/aes", b"nameio/block", 0, 150_000), Encrypted.YES, {Weakness.NO_INTEGRITY}),
        ((b"ssl/aes", b"nameio/null", 8, 900), Encrypted.YES, {Weakness.NAMES_VISIBLE, Weakness.FAST_KDF}),
        ((b"ssl/blowfish", b"nameio/block", 8, 150_000), Encrypted.YES, {Weakness.WEAK_CIPHER}),
        ((b"nullCipher", b"nameio/null", 0, 0), Encrypted.NO, set()),
        ((b"ssl/rot13", b"nameio/block", 8, 150_000), Encrypted.UNKNOWN, set()),
    ],
)
def test_encfs_by_its_configuration(
    told: tuple[bytes, bytes, int, int], encrypted: Encrypted, weaknesses: set[Weakness]
) -> None:
    reading = encfs.read_config(ENCFS % told)
    assert (reading.encrypted, set(reading.weaknesses)) == (encrypted, weaknesses)


WHOLE = ENCFS % (b"ssl/aes", b"nameio/block", 8, 150_000)


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (WHOLE, ""),
        (WHOLE.replace(b"ke0=", b""), "incomplete"),
        (WHOLE.replace(b"qFfO", b"q"), "incomplete"),
        (b"", "damaged"),
        (b'<!DOCTYPE a [<!ENTITY b "bbb">]><cfg>&b;</cfg>', "damaged"),
    ],
)
def test_encfs_without_its_key_opens_nothing(data: bytes, fault: str) -> None:
    assert encfs.read_config(data).fault == fault


def encfs_folder(tmp_path: Path, config: bytes = WHOLE) -> Path:
    (tmp_path / ".encfs6.xml").write_bytes(config)
    for number in range(4):
        path = tmp_path / f"zyrU0UBtGGLzeNjvineEv3F{number}"
        path.write_bytes(NOISE[number : 3000 + number])
        set_back(path, NOW.replace(day=number + 10))
    return tmp_path


def test_an_encfs_folder_is_one_mirror(tmp_path: Path) -> None:
    found = claimed(encfs_folder(tmp_path), encfs.CLAIM)
    assert found.reading.encrypted is Encrypted.YES
    assert found.points[0].date_kind is DateKind.LOWER_BOUND
    assert "2014" in found.reading.evidence
    assert isinstance(found.empty_password, Unreachable)


def test_a_name_that_encfs_does_not_give_makes_the_whole_doubtful(tmp_path: Path) -> None:
    (encfs_folder(tmp_path) / "photo.xyz").write_bytes(NOISE[:900])
    found = claimed(tmp_path, encfs.CLAIM)
    assert (found.reading.encrypted, codes(found)) == (Encrypted.UNKNOWN, {Trouble.DAMAGED})


def test_old_and_damaged_configurations_of_encfs_prove_nothing(tmp_path: Path) -> None:
    found = claimed(encfs_folder(tmp_path, b"<cfg>"), encfs.CLAIM)
    assert (found.reading.encrypted, codes(found)) == (Encrypted.UNKNOWN, {Trouble.DAMAGED})
    (tmp_path / ".encfs6.xml").rename(tmp_path / ".encfs5")
    assert claimed(tmp_path, encfs.CLAIM).reading.encrypted is Encrypted.UNKNOWN


# --- Cryptomator ---


def master_key(*, password: bytes = b"essai", version: int = 999, n: int = 1024, **fields: Any) -> bytes:
    from cryptography.hazmat.primitives.keywrap import aes_key_wrap

    key = hashlib.scrypt(password, salt=NOISE[:8], n=n, r=8, p=1, dklen=32)
    told = {
        "version": version,
        "scryptSalt": base64.b64encode(NOISE[:8]).decode(),
        "scryptCostParam": n,
        "scryptBlockSize": 8,
        "primaryMasterKey": base64.b64encode(aes_key_wrap(key, NOISE[200:232])).decode(),
        **fields,
    }
    return json.dumps(told).encode()


def token(*, kid: str = "masterkeyfile:masterkey.cryptomator", **fields: Any) -> bytes:
    payload = {"format": 8, "cipherCombo": "SIV_GCM", **fields}
    both = (
        base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=") for each in ({"kid": kid}, payload)
    )
    return b".".join((*both, b"c2lnbmF0dXJl"))


def vault(
    tmp_path: Path, *, config: bytes | None = token(), key: bytes | None = master_key(), extra: int = 68
) -> Path:
    for name, data in (("vault.cryptomator", config), ("masterkey.cryptomator", key)):
        if data is not None:
            (tmp_path / name).write_bytes(data)
    below = tmp_path / "d" / "5U" / "EIGFW56C23IVVU26MJUXJV32ZX3EQV"
    below.mkdir(parents=True)
    for number in range(5):
        path = below / f"cv-vEQMlTCqzpqIFvHEL_FsVKy8Xpl{number}.c9r"
        path.write_bytes(NOISE[number : number + extra + 28 + 500])
        set_back(path, NOW.replace(day=number + 10))
    (below / "dir.c9r").write_text("63645bb3-2c38-4585-a606-8ca6351c631e", "ascii")
    return tmp_path


def test_a_cryptomator_vault_is_one_encrypted_mirror(tmp_path: Path) -> None:
    found = claimed(vault(tmp_path), cryptomator.CLAIM)
    assert (found.kind, found.reading.encrypted, found.reading.fault) == (
        "cryptomator",
        Encrypted.YES,
        "end-not-seen",
    )
    assert found.reading.method == "AES-256-GCM, scrypt N=1024 r=8 p=1"
    assert found.reading.weaknesses == (Weakness.FAST_KDF,)
    assert found.points[0].written == NOW.replace(day=14).timestamp()
    assert (found.anomalies, found.empty_password, found.complete) == ((), False, True)


@pytest.mark.parametrize(
    ("options", "encrypted", "fault"),
    [
        ({"config": token(format=9)}, Encrypted.UNKNOWN, "end-not-seen"),
        ({"config": token(cipherCombo="ROT13")}, Encrypted.UNKNOWN, "end-not-seen"),
        ({"config": b"rien"}, Encrypted.UNKNOWN, "damaged"),
        ({"config": b"a.b.c"}, Encrypted.UNKNOWN, "damaged"),
        ({"config": b"[" * 30_000 + b".b.c"}, Encrypted.UNKNOWN, "damaged"),
        ({"config": None, "key": master_key(version=7), "extra": 88 + 20}, Encrypted.YES, "end-not-seen"),
        ({"config": None, "key": master_key(version=3)}, Encrypted.UNKNOWN, "end-not-seen"),
        ({"config": None, "key": b"{}"}, Encrypted.UNKNOWN, "incomplete"),
        ({"key": None}, Encrypted.YES, "incomplete"),
        ({"key": b"[" * 60_000}, Encrypted.YES, "incomplete"),
        ({"key": master_key(primaryMasterKey="YQ==")}, Encrypted.YES, "incomplete"),
        ({"key": master_key(scryptCostParam="huit")}, Encrypted.YES, "incomplete"),
        ({"config": token(kid="hub+https://hub.example"), "key": None}, Encrypted.YES, "end-not-seen"),
    ],
)
def test_a_vault_is_believed_as_far_as_its_files_go(
    tmp_path: Path, options: dict[str, Any], encrypted: Encrypted, fault: str
) -> None:
    found = claimed(vault(tmp_path, **options), cryptomator.CLAIM)
    assert (found.reading.encrypted, found.reading.fault) == (encrypted, fault)
    assert bool(found.anomalies) == (fault in ("incomplete", "damaged"))


def test_what_lies_in_a_vault_in_clear_is_told(tmp_path: Path) -> None:
    (vault(tmp_path) / "d" / "5U" / "paie.pdf").write_bytes(b"%PDF-1.7" + NOISE[:900])
    (tmp_path / "IMPORTANT.rtf").write_bytes(b"{\\rtf1 Ne rien ranger ici}")
    found = claimed(tmp_path, cryptomator.CLAIM)
    assert (found.reading.encrypted, codes(found)) == (Encrypted.PARTIAL, {Trouble.CLEAR_BESIDE})
    assert found.anomalies[0].count == 1


def test_the_empty_password_of_a_vault_is_proved_by_its_key_wrap() -> None:
    def tried(trial: bytes, **fields: Any) -> bool | Unreachable:
        master = cryptomator.read_master_key(master_key(**fields))
        assert master is not None
        return cryptomator.opens_with(trial, master)

    assert tried(b"", password=b"") is True
    assert tried(b"essai") is True
    assert tried(b"") is False
    assert isinstance(tried(b"", scryptCostParam=1 << 20), Unreachable)
    assert isinstance(tried(b"", scryptCostParam=1000), Unreachable)


REAL_KEY = """{"version": 999, "scryptSalt": "9S5153RtV/o=", "scryptCostParam": 32768, "scryptBlockSize": 8,
 "primaryMasterKey": "GGRvJzxYt59Y5N6aEKniT1bVCzQs2BFBWOmixq4qykAwmCS4r5xW1Q==",
 "hmacMasterKey": "LyFNe4nV5aPI/P85I/THwz3HoXSNGm+nmRtT25pSgchMHQHLmzM1Ig==",
 "versionMac": "B7TOJg+KKapPptUGuHvTEgRapPjN6Q9UZuKGOLs/xNI="}"""


def test_a_key_that_pycryptomator_made_opens_with_its_own_password_only() -> None:
    master = cryptomator.read_master_key(REAL_KEY.encode())
    assert master is not None
    assert cryptomator.opens_with(b"essaiessai", master) is True
    assert cryptomator.opens_with(b"", master) is False


def test_the_files_of_a_vault_have_lengths_that_its_chunks_make() -> None:
    def seal(name: str, size: int) -> Seal:
        return cryptomator.judge_file(sample(name, NOISE[:size]), 68, 28)

    assert [seal("a.c9r", size) for size in (68, 97, 60, 96, 32_864, 32_870)] == [
        Seal.HELD, Seal.HELD, Seal.CUT, Seal.CUT, Seal.HELD, Seal.CUT,
    ]  # fmt: skip
    assert seal("a.bin", 97) is Seal.STRANGE


# --- eCryptfs, and files that carry a mark ---


def ecryptfs_file(*, size: int = 5000, cipher: int = 7) -> bytes:
    mark = 0x12345678
    head = struct.pack(">QLLBBBBLH", size, mark, mark ^ 0x3C81B7F5, 3, 0, 0, 2, 4096, 2)
    return (head + bytes([0x8C, 0x1D, 4, cipher, 3, 1])).ljust(8192, b"\0") + NOISE[:8192]


HIDDEN = "ECRYPTFS_FNEK_ENCRYPTED.FWa7xqzcc"


@pytest.mark.parametrize(
    ("cipher", "encrypted", "method", "weaknesses"),
    [
        (7, Encrypted.YES, "AES-128-CBC", (Weakness.NO_INTEGRITY,)),
        (9, Encrypted.YES, "AES-256-CBC", (Weakness.NO_INTEGRITY,)),
        (2, Encrypted.WEAK, "3DES-CBC", (Weakness.WEAK_CIPHER, Weakness.NO_INTEGRITY)),
        (99, Encrypted.YES, "chiffre non lu-CBC", (Weakness.NO_INTEGRITY,)),
    ],
)
def test_an_ecryptfs_folder_with_hidden_names(
    tmp_path: Path, cipher: int, encrypted: Encrypted, method: str, weaknesses: tuple[Weakness, ...]
) -> None:
    below = tmp_path / f"{HIDDEN}dossier"
    below.mkdir()
    for number in range(4):
        (below / f"{HIDDEN}{number}").write_bytes(ecryptfs_file(cipher=cipher))
    found = claimed(tmp_path, ecryptfs.CLAIM)
    assert (found.reading.encrypted, found.reading.method, found.reading.fault) == (encrypted, method, "")
    assert found.reading.weaknesses == weaknesses
    (below / f"{HIDDEN}4").write_bytes(ecryptfs_file()[:-1])
    assert claimed(tmp_path, ecryptfs.CLAIM).reading.fault == "end-not-seen"


def test_many_names_of_ecryptfs_are_asked_in_part(tmp_path: Path) -> None:
    for number in range(80):
        (tmp_path / f"{HIDDEN}{number}").write_bytes(NOISE[:500])
        (tmp_path / f"acte {number}.pdf").write_bytes(b"%PDF-1.7")
    found = claimed(tmp_path, ecryptfs.CLAIM)
    assert (found.reading.encrypted, found.points[0].reading.fault) == (Encrypted.UNKNOWN, "damaged")


def test_a_name_of_ecryptfs_proves_nothing_by_itself(tmp_path: Path) -> None:
    (tmp_path / f"{HIDDEN}a").write_bytes(TEXT)
    (tmp_path / f"{HIDDEN}b").write_bytes(NOISE[:500])
    assert claimed(tmp_path, ecryptfs.CLAIM).reading.encrypted is Encrypted.UNKNOWN
    assert not ecryptfs.is_here("a", frozenset({"documents"}), frozenset({"a.txt"}))


def test_a_folder_that_cannot_be_listed_to_its_end_is_not_complete(folder: Path) -> None:
    assert claimed(folder, gocryptfs.CLAIM, seconds=-1.0).complete is False
    deep = folder
    for _ in range(45):
        deep = deep / "d"
    deep.mkdir(parents=True)
    assert claimed(folder, gocryptfs.CLAIM).complete is False


def test_a_folder_without_end_is_read_in_part(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(30):
        (folder / f"dossier{number}").mkdir()
    monkeypatch.setattr(sealed, "MOST_ENTRIES", 20)
    found = claimed(folder, gocryptfs.CLAIM)
    assert (found.complete, found.reading.encrypted) == (False, Encrypted.YES)


class Unreadable(LocalTree):
    """A place where one folder cannot be listed, and one file cannot be opened."""

    def entries(self, parts: Parts) -> Iterator[Entry]:
        if parts[-1:] == ("interdit",):
            raise PermissionError
        return LocalTree.entries(self, parts)

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        if parts[-1] in (NAME % 3, "acte 3.pdf"):
            raise PermissionError
        with LocalTree.opened(self, parts) as file:
            yield file


def test_what_cannot_be_read_leaves_the_look_incomplete(folder: Path) -> None:
    with inspecting(folder) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        inspection.tree = Unreadable(inspection.tree.root, folder.name)
        opened = gocryptfs.read_folder(inspection, ())
        (folder / (NAME % 3)).unlink()
        (folder / "interdit").mkdir()
        listed = gocryptfs.read_folder(inspection, ())
        assert opened is not None
        assert listed is not None
        assert (opened.complete, opened.reading.encrypted) == (False, Encrypted.YES)
        assert (listed.complete, listed.reading.encrypted) == (False, Encrypted.YES)
        with pytest.raises(PermissionError):
            read_marked_folder(inspection, ("interdit",), Reading("rclone", Encrypted.YES, "x"))


def test_a_readable_file_is_found_in_a_marked_folder_whatever_it_is(folder: Path) -> None:
    with inspecting(folder) as inspection:
        found = read_marked_folder(inspection, (), Reading("rclone", Encrypted.YES, "x"))
    assert found.reading.encrypted is Encrypted.PARTIAL  # the configuration of gocryptfs is readable text


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"%PDF-1.7\n", True), (b"\0\0\0\x18ftypheic", True), (TEXT, True), (b"Note de service.", True),
        (b"Conseil\n", False), (NOISE[:4096], False), (bytes(4096), False), (b"", False), (NOISE[:40], False),
    ],
)  # fmt: skip
def test_what_can_be_read_is_no_ciphertext(head: bytes, expected: bool) -> None:
    assert is_readable(head) is expected


def test_a_short_file_proves_nothing() -> None:
    assert judge_without_mark(sample("a", NOISE[:9])) is Seal.UNTOLD
    assert judge_without_mark(sample("a", b"")) is Seal.EMPTY


JUDGES: list[Callable[[bytes], Seal]] = [
    lambda data: gocryptfs.judge_file(sample("a", data), 32),
    lambda data: cryptomator.judge_file(sample("a.c9r", data), 68, 28),
    lambda data: judge_for("rclone")(sample("a", data)),
    lambda data: judge_for("cloud-sync")(sample("a", data)),
    lambda data: judge_for("ecryptfs")(sample("a", data)),
]


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=20, max_size=400))
def test_no_text_is_ever_taken_for_a_sealed_file(text: str) -> None:
    assert {judge(text.encode()) for judge in JUDGES} <= {Seal.READABLE}


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_break_the_readers_of_configurations(data: bytes) -> None:
    assert gocryptfs.read_config(data) is None
    assert cryptomator.read_master_key(data) is None
    assert encfs.read_config(data).encrypted is not Encrypted.YES
    cryptomator.read_token(data)
    for judge in JUDGES:
        judge(data)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_changed_configuration_is_never_stronger(data: st.DataObject) -> None:
    whole = ENCFS % (b"nullCipher", b"nameio/null", 0, 0)
    at = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([data.draw(st.integers(0, 255))]) + whole[at + 1 :]
    assert encfs.read_config(changed).encrypted is not Encrypted.YES
