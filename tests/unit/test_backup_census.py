"""What names, sizes, dates and rights tell of a whole location, and secrets that lie there."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import Anomaly, Encrypted, Trouble
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores import census as counting
from cyberaudit.probes.stores.beside import MOST_CANDIDATES, Beside, secret_in
from cyberaudit.probes.stores.census import Census, Sort, sort_of
from cyberaudit.probes.stores.endings import is_strange
from cyberaudit.probes.stores.inspection import Claim, Found
from cyberaudit.probes.stores.mounts import Mount, mount_among
from cyberaudit.probes.stores.ransom import Traces
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.rights import Rights, protection_of
from cyberaudit.probes.stores.sampling import Evenly, few
from cyberaudit.probes.stores.tree import Entry, Kind, Safeguards
from cyberaudit.probes.stores.walk import walk
from tests.unit.backup_places import NOW, contents_of, inspecting

pytestmark = pytest.mark.unit

TEXT = b"-- x\n-- Dump completed on today\n"
HEX = "-".join(["0a1b2c3d"] * 4)
CLEAR_PBS_KEY = (
    b'{"kdf":null,"created":"2026-01-01T00:00:00Z","modified":"x","data":"AAAA","fingerprint":"aa"}'
)
CRYPT = b"[depot]\ntype = crypt\nremote = nas:depot\npassword = Zm9vYmFy\n"

SECRETS = [
    ("cle.txt", b"# created: x\n# public key: age1xyz\nAGE-SECRET-KEY-1QQPZRY9X8", "age"),
    ("mairie.asc", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ", "OpenPGP"),
    ("mairie-secret.gpg", b"\x95\x03\x98\x04" + bytes(200), "OpenPGP"),
    ("id_ed25519", b"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbn", "SSH"),
    ("serveur.key", b"-----BEGIN RSA PRIVATE KEY-----\nMII", "BEGIN PRIVATE KEY"),
    ("serveur.pem", b"-----BEGIN CERTIFICATE-----\nx\n-----BEGIN PRIVATE KEY-----\nMII", "BEGIN PRIVATE KEY"),
    ("nas.ppk", b"PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY"),
    ("borg-key.txt", b"BORG_KEY " + b"0a" * 32 + b"\nabcd", "BORG_KEY"),
    ("borg.txt", b"BORG PAPER KEY v1\nid: 20 / x", "PAPER"),
    ("rclone.conf", b"[nas]\ntype = sftp\nhost = nas\n\n" + CRYPT, "rclone"),
    ("gocryptfs-cle.txt", f"    {HEX}-\n    {HEX}\n".encode(), "gocryptfs"),
    ("encryption-key.json", CLEAR_PBS_KEY, "kdf null"),
    ("passphrase.txt", b"correct cheval pile agrafe\n", "mot de passe"),
    ("mdp.txt", "été2026!".encode(), "mot de passe"),
    ("Mots de passe.txt", b"nas : essai", "mot de passe"),
    ("coffre.keyfile", bytes(range(256)), "mot de passe"),
]  # fmt: skip
HONEST = [
    ("cle.pub.txt", b"age1qqpzry9x8 # recipient"),
    ("mairie.asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ"),
    ("mairie-key.gpg", b"\x99\x03\x98\x04" + bytes(200)),
    ("serveur.pem", b"-----BEGIN CERTIFICATE-----\nMII"),
    ("id_ed25519.txt", b"ssh-ed25519 AAAAC3Nz mairie@commune.example"),
    ("rclone.conf", b"# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\nabcd"),
    ("rclone.conf", b"[nas]\ntype = sftp\npass = abc\n"),
    ("rclone.conf", b"[depot]\ntype = crypt\nremote = nas:\n\n[autre]\ntype = ftp\npassword = x\n"),
    ("keys.json", CLEAR_PBS_KEY.replace(b"null", b'{"Scrypt": 1}')),
    ("passphrase.txt", b"age-encryption.org/v1\n-> scrypt x 18\n"),
    ("passphrase.txt", b"-----BEGIN PGP MESSAGE-----\n\njA0"),
    ("passphrase.txt", b"  \n"),
    ("motdepasse.txt", bytes(range(256)) * 8),
    ("presentation.key", b"PK\x03\x04 Keynote"),
    ("uuid-key.txt", b"3f2a9c1d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"),
    ("passage.txt", "Séance du conseil".encode()),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "expected"), SECRETS, ids=[name for name, _, _ in SECRETS])
def test_a_secret_is_told_by_its_mark_and_never_shown(
    tmp_path: Path, name: str, data: bytes, expected: str
) -> None:
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / name).write_bytes(data)
    (told,) = contents_of(tmp_path).troubles(Trouble.SECRET_BESIDE)
    assert told.place == "copies"
    assert name in told.evidence
    assert expected in told.evidence
    for piece in (b"QQPZRY9X8", b"cheval", b"Zm9vYmFy", b"0a1b2c3d", b"AAAA", "été2026!".encode()):
        assert piece.decode() not in told.evidence


@pytest.mark.parametrize(("name", "data"), HONEST, ids=[f"{name} {data[:14]!r}" for name, data in HONEST])
def test_public_keys_certificates_and_encrypted_secrets_are_not_accused(
    tmp_path: Path, name: str, data: bytes
) -> None:
    (tmp_path / name).write_bytes(data)
    assert contents_of(tmp_path).troubles(Trouble.SECRET_BESIDE) == ()


def test_a_secret_in_the_folder_of_a_repository_is_seen(tmp_path: Path) -> None:
    (tmp_path / "base-1.sql").write_bytes(TEXT)
    (tmp_path / "passphrase.txt").write_text("essai", "ascii")
    (tmp_path / "sous").mkdir(mode=0o700)
    with inspecting(tmp_path) as inspection:
        claim = Claim(
            "coffre", lambda *_: True, lambda *_: Found("coffre", Reading("coffre", Encrypted.YES, ""), ())
        )
        census = walk(inspection, (claim,), (), future=2e9).census
        (told,) = census.anomalies(inspection)
    assert (told.code, census.files) == (Trouble.SECRET_BESIDE, 0)


def test_few_candidates_are_kept_and_the_named_come_first() -> None:
    beside = Beside()
    for rank in range(1000):
        beside.file((), f"key-{rank}.txt", 10)
        beside.file((), f"mdp-{rank}.txt", 10)
        beside.file((), f"mdp-grand-{rank}.txt", 1 << 20)
        beside.file((), f"mdp-vide-{rank}.txt", 0)
    assert (len(beside.named), len(beside.others)) == (MOST_CANDIDATES, MOST_CANDIDATES)
    assert beside.named[0] == ("mdp-0.txt",)


@given(st.text(max_size=30), st.binary(max_size=400))
def test_any_bytes_hold_a_secret_or_none(name: str, data: bytes) -> None:
    assert data == b"" or isinstance(secret_in(name, data), str)
    assert secret_in(name, b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + data)


def write(path: Path, data: bytes, *, moment: datetime) -> None:
    path.write_bytes(data)
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def troubles(place: Path) -> dict[Trouble, Anomaly]:
    """Those of the whole location; a mirror below tells its own."""
    return {each.code: each for each in reversed(contents_of(place).anomalies)}


def test_empty_files_in_mass_and_not_a_few(tmp_path: Path) -> None:
    for rank in range(30):
        write(
            tmp_path / f"a-{rank}.odt", b"PK\x03\x04" if rank > 8 else b"", moment=NOW - timedelta(days=rank)
        )
    assert not any("sur 30 fichiers" in each.evidence for each in contents_of(tmp_path).anomalies)
    for rank in range(9, 15):
        write(tmp_path / f"a-{rank}.odt", b"", moment=NOW - timedelta(days=rank))
    told = troubles(tmp_path)[Trouble.EMPTY_FILES]
    assert (told.count, "et 12 autres" in told.evidence) == (15, True)


def test_dates_of_the_future_of_1970_and_of_one_second(tmp_path: Path) -> None:
    for rank in range(20):
        write(tmp_path / f"a-{rank}.odt", b"x", moment=NOW - timedelta(days=rank))
    assert not set(troubles(tmp_path)) & {Trouble.FUTURE_DATES, Trouble.LOST_DATES}
    write(tmp_path / "a-0.odt", b"x", moment=NOW + timedelta(days=3))
    assert troubles(tmp_path)[Trouble.FUTURE_DATES].count == 1
    for rank in range(1, 9):
        write(tmp_path / f"a-{rank}.odt", b"x", moment=datetime(1980, 1, 1, rank, tzinfo=UTC))
    assert troubles(tmp_path)[Trouble.LOST_DATES].count == 8
    for rank in range(20):
        write(tmp_path / f"a-{rank}.odt", b"x", moment=NOW - timedelta(days=3))
    assert "même seconde" in troubles(tmp_path)[Trouble.LOST_DATES].evidence


def entry(
    name: str, *, size: int = 1, written: float | None = 1e9, mode: int | None = 0o600, kind: Kind = Kind.FILE
) -> Entry:
    return Entry(name, kind, size, written, mode)


def test_what_a_place_does_not_tell_is_not_counted() -> None:
    census = Census(future=2e9)
    for name in ("a.zip", "b.zip", "c"):
        census.sort((), [entry(name, written=None, mode=None)])
    census.folder((), entry("d", kind=Kind.FOLDER, mode=None))
    assert (census.files, census.epoch.count, census.rights.readable, census.rights.writable.count) == (
        3,
        0,
        0,
        0,
    )


@pytest.mark.parametrize(
    "name",
    ["a.zip", "A.ZIP", ".zip", ".cache.zip", "a.docx", "a.DOCX", "zip", "backup", "a", "a.log", "@eaDir", "#a.zip",
     "thumbs.db", "Thumbs.db", "a.db", "desktop.ini", "a.ini", "a.b.c.d", "a.", "full.20261121", "a.html"],
)  # fmt: skip
def test_names_are_sorted_alike_remembered_or_not(name: str) -> None:
    census = Census()
    others = (
        "a.zip",
        "a.ZIP",
        ".x.zip",
        "x.db",
        "x.ini",
        "x.docx",
        "x.DOCX",
        ".x.DOCX",
        "x.log",
        "x.",
        "~x.odt",
    )
    assert sorts(census, others) == [sort_of(other) for other in others]
    assert sorts(census, [name]) == sorts(census, [name]) == [sort_of(name)]


def sorts(census: Census, names: Sequence[str]) -> list[Sort]:
    """Where the names put their files, one call for all of them."""
    found = census.sort((), [entry(name, size=rank + 1) for rank, name in enumerate(names)])
    put = {file.size: sort for sort, files in zip(Sort, found, strict=True) for file in files}
    assert all([file.size for file in files] == sorted(file.size for file in files) for files in found)
    return [put[rank + 1] for rank in range(len(names))]


NAMES = st.one_of(
    st.text(min_size=1, max_size=12),
    st.from_regex(
        r"[.@#~$a]{0,3}(?:thumbs|desktop|x)?(?:\.?(?:db|ini|zip|docx|LOG|part|odt|001))?~?", fullmatch=True
    ),
).filter(bool)


@given(st.lists(NAMES, min_size=1, max_size=30))
def test_any_names_are_sorted_alike(names: list[str]) -> None:
    assert sorts(Census(), names) == [sort_of(name) for name in names]


@given(st.text("0123456789abcdefABCDEF", min_size=1, max_size=40))
def test_no_word_that_calls_for_a_look_is_missed_in_a_hash(name: str) -> None:
    census, beside, traces = Census(), Beside(), Traces()
    census.sort((), [entry(name)])
    beside.file((), name, 1)
    traces.text((), entry(name))
    assert (census.beside, census.traces.notes) == (beside, traces.notes) == (Beside(), {})


@pytest.mark.parametrize("name", ["passphrase", "LISEZ", "cle", "mdp"])
def test_a_bare_word_is_looked_at(name: str) -> None:
    census = Census()
    census.sort((), [entry(name)])
    assert census.beside.named or census.beside.others or census.traces.notes


FILES = st.builds(
    entry,
    st.sampled_from(
        ["a.zip", "b.docx", "lisez-moi.txt", "c.locked", "d.odt.locked", "mdp.txt", "e", ".f.zip", "g.2026"]
    ),
    size=st.integers(0, 2),
    written=st.sampled_from([None, 0.0, 1e9, 1e9 + 0.5, 1e9 + 1, 3e9]),
    mode=st.sampled_from([None, 0o600, 0o604, 0o602, 0o666]),
)


@given(st.lists(FILES, max_size=30), st.integers(0, 30))
def test_files_counted_together_or_apart_make_one_census(files: list[Entry], cut: int) -> None:
    whole, apart, one_by_one = Census(2e9), Census(2e9), Census(2e9)
    whole.sort(("d",), files)
    apart.sort(("d",), files[:cut])
    apart.sort(("d",), files[cut:])
    for file in files:
        one_by_one.sort(("d",), [file])
    assert whole == apart == one_by_one
    assert whole.epoch.count == sum(file.written == 0.0 for file in files)
    assert whole.ahead.count == sum(file.written == 3e9 for file in files)
    assert whole.empty.count == sum(not file.size for file in files)
    assert whole.rights.writable.count == sum(bool((file.mode or 0) & 0o002) for file in files)
    assert sum(whole._seconds.values()) == sum(file.written is not None for file in files)


def test_memory_is_bounded_whatever_the_endings_and_the_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_ENDINGS", 50)
    monkeypatch.setattr(counting, "MOST_SECONDS", 50)
    census = Census()
    for rank in range(5000):
        (stranger,) = census.sort((), [entry(f"a.docx.z{rank}q", written=1e9 + rank)])[Sort.STRANGER]
        assert stranger.name == f"a.docx.z{rank}q"
    assert (len(census._endings), len(census._seconds)) == (50, 50)
    assert len(census.traces.strange) <= 1001
    assert len(census.traces.samples.kept) <= 40


def test_a_sample_is_spread_over_the_whole() -> None:
    evenly = Evenly(10)
    for rank in range(1000):
        evenly.offer((), str(rank))
    ranks = [int(parts[0]) for parts in evenly.kept]
    assert len(ranks) <= 10
    assert ranks[0] == 0
    assert ranks[-1] > 600


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(1, 9))
def test_files_offered_together_are_sampled_as_one_by_one(counts: list[int], most: int) -> None:
    together, apart = Evenly(most), Evenly(most)
    for rank, count in enumerate(counts):
        names = [f"{rank}-{number}" for number in range(count)]
        counting._offer_all(together, (), names)
        for name in names:
            apart.offer((), name)
    assert together == apart


def test_many_are_told_by_a_few() -> None:
    assert few([("a", "b"), ("c",)], 2) == "« a/b », « c »"
    assert few([("a",), ("b",), ("c",)], 4) == "« a », « b », « c » et 1 autre"


@pytest.mark.parametrize(
    ("ending", "strange"),
    [
        ("locked", True),
        ("qwx12", True),
        ("docx", False),
        ("2026", False),
        ("gpg", False),
        ("encrypted", True),
        ("", False),
    ],
)
def test_usual_endings_and_those_of_tools_are_not_strange(ending: str, strange: bool) -> None:
    assert is_strange(ending) is strange


MOUNTS = (
    "22 27 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw",
    "30 27 0:40 / /mnt/nas rw,relatime shared:9 - cifs //nas/copies rw,vers=3.1",
    "31 27 8:1 / /mnt/usb ro,relatime - ext4 /dev/sda1 rw",
    "32 27 8:2 / /mnt/two rw,relatime shared:1 master:2 - ext4 /dev/sda2 ro,errors=remount-ro",
    "malformed",
    "33 - ext4",
)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("30", Mount("cifs", False)),
        ("31", Mount("ext4", True)),
        ("32", Mount("ext4", True)),
        ("33", None),
        ("99", None),
    ],
)
def test_a_mount_is_read_by_its_number(number: str, expected: Mount | None) -> None:
    assert mount_among(MOUNTS, number) == expected


def safeguards(*, modes_tell: bool = True, reached: bool = True, mode: int = 0o755) -> Safeguards:
    unseen = Unreachable(Reason.NOT_COLLECTED)
    return Safeguards("ext4", mode, True, False, False, modes_tell, reached, unseen, "dossier")


def rights() -> Rights:
    """One open folder with an open file, one closed folder with another, one file at the top that all may write."""
    made = Rights()
    made.folder((), entry("ferme", kind=Kind.FOLDER, mode=0o750))
    made.folder((), entry("ouvert", kind=Kind.FOLDER, mode=0o777))
    for folder in (("ferme", "bas"), ("ouvert",)):
        made.enter(folder)
        made.file(folder, "a.sql", 0o644)
    made.enter(())
    made.file((), "b.sql", 0o666)
    return made


def test_what_every_account_may_read_must_be_reached() -> None:
    seen = protection_of(safeguards(), rights())
    assert (seen.world_readable, seen.world_writable) == (2, 2)
    assert "« ouvert », « b.sql »" in seen.evidence
    assert protection_of(safeguards(reached=False), rights()).world_readable == 0
    assert protection_of(safeguards(mode=0o750), rights()).world_readable == 0
    assert protection_of(safeguards(mode=0o777), rights()).world_writable == 3


def test_modes_that_a_mount_makes_up_are_not_counted_and_that_is_said() -> None:
    seen = protection_of(safeguards(modes_tell=False), rights())
    assert (seen.world_readable, seen.world_writable) == (0, 0)
    assert "ce montage les invente" in seen.evidence
