"""The copies of the embedded town are real ones: age itself reads the first, any ZIP reader the second."""

import hashlib
import shutil
import subprocess
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from cyberaudit.declared import AssetKind, Backup
from cyberaudit.demo.age_file import CHUNK_BYTES, encrypt
from cyberaudit.demo.backups import FRESH, PROFILE_ROOT, STALE, profile_text, write_copies
from cyberaudit.demo.place import DEMO_NOW, DemoPlace
from cyberaudit.town.load import load_profile

pytestmark = pytest.mark.loopback

SHIPPED = Path(__file__).parents[2] / "profiles" / "demo.yaml"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
SIZES = [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES]


def recipient(identity: Path) -> X25519PublicKey:
    """The public key that `age-keygen` writes as bech32 in a comment of the identity file."""
    written = identity.read_text(encoding="ascii").partition("public key: age1")[2].split()[0]
    bits = "".join(f"{BECH32.index(letter):05b}" for letter in written[:-6])  # six letters of checksum
    return X25519PublicKey.from_public_bytes(int(bits[:256], 2).to_bytes(32, "big"))


@pytest.mark.skipif(shutil.which("age") is None, reason="age is not installed")
@pytest.mark.parametrize("size", SIZES)
def test_age_reads_what_we_encrypt(tmp_path: Path, size: int) -> None:
    identity, sealed = tmp_path / "identity", tmp_path / "copy.age"
    subprocess.run(["age-keygen", "-o", identity], check=True, capture_output=True)
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    sealed.write_bytes(encrypt(content, recipient(identity)))
    opened = subprocess.run(["age", "--decrypt", "-i", identity, sealed], check=True, capture_output=True)
    assert opened.stdout == content


def test_two_copies_of_one_text_share_nothing_but_the_header() -> None:
    key = X25519PrivateKey.generate().public_key()
    one, other = (encrypt(b"mairie", key) for _ in range(2))
    assert one.startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert one[40:] != other[40:]
    assert b"mairie" not in one


def test_one_copy_is_of_this_morning_and_encrypted_the_other_old_and_clear(tmp_path: Path) -> None:
    write_copies(tmp_path, DEMO_NOW)
    fresh, stale = (
        max((tmp_path / name).glob(pattern), key=lambda path: path.stat().st_mtime)
        for name, pattern in ((FRESH, "*.age"), (STALE, "*.zip"))
    )
    beside = fresh.with_name(f"{fresh.name}.sha256").read_text("ascii")
    assert beside == f"{hashlib.sha256(fresh.read_bytes()).hexdigest()}  {fresh.name}\n"
    assert fresh.stat().st_mtime == (DEMO_NOW - timedelta(hours=9)).timestamp()
    assert stale.stat().st_mtime == (DEMO_NOW - timedelta(days=23)).timestamp()
    assert fresh.read_bytes().startswith(b"age-encryption.org/v1\n")
    with zipfile.ZipFile(stale) as archive:
        assert archive.testzip() is None
        assert not any(entry.flag_bits & 1 for entry in archive.infolist())


def test_the_shipped_profile_is_valid_and_only_its_paths_change(demo_place: DemoPlace) -> None:
    shipped, copied = load_profile(SHIPPED), load_profile(demo_place.profile)
    stores = [asset for asset in copied.town.of_kind(AssetKind.BACKUP) if isinstance(asset, Backup)]
    assert [Path(store.path).parent for store in stores] == [*demo_place.backup_roots] * 2
    assert all(any(Path(store.path).iterdir()) for store in stores)
    assert len(shipped.town.assets) == len(copied.town.assets)
    text = demo_place.profile.read_text(encoding="utf-8")
    assert text.replace(str(demo_place.backup_roots[0]), PROFILE_ROOT) == SHIPPED.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["avec espace", 'a"b', "à # : [x]"])
def test_a_temporary_folder_of_any_name_still_makes_a_valid_profile(tmp_path: Path, name: str) -> None:
    path = tmp_path / "demo.yaml"
    path.write_text(profile_text(SHIPPED.read_text(encoding="utf-8"), Path("/tmp", name)), encoding="utf-8")
    stores = load_profile(path).town.of_kind(AssetKind.BACKUP)
    assert [store.path for store in stores if isinstance(store, Backup)] == [
        f"/tmp/{name}/{FRESH}", f"/tmp/{name}/{STALE}"
    ]  # fmt: skip
