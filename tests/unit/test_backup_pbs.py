"""Datastores of Proxmox Backup Server built byte by byte from its sources, then broken in known ways."""

import hashlib
import json
import shutil
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import DateKind, Encrypted, Trouble, Verification
from cyberaudit.model import Unreachable
from cyberaudit.probes.stores.inspection import Found, Inspection
from cyberaudit.probes.stores.repositories.pbs import CLAIM, moment_of
from cyberaudit.probes.stores.repositories.pbs_files import (
    DYNAMIC,
    FIXED,
    PACKED,
    PLAIN,
    SEALED,
    SEALED_KEY,
    Manifest,
    read_manifest,
    start_of,
)
from tests.unit.backup_places import inspecting
from tests.unit.backup_refusals import changed, refusing

pytestmark = pytest.mark.unit

NEW, OLD = "2026-11-20T02:00:12Z", "2026-11-19T02:00:12Z"
UPID = "UPID:pbs:000002A4:00000F3C:00000012:6A66A1B4:verificationjob:mairie:root@pam:"
YES, NO, PARTIAL = Encrypted.YES, Encrypted.NO, Encrypted.PARTIAL


def blob(data: bytes, mark: bytes = PLAIN) -> bytes:
    head = bytes(32) if mark == SEALED else b""
    return mark + struct.pack("<L", zlib.crc32(data)) + head + data


def stored_zstd(data: bytes) -> bytes:
    """One frame with one block of plain bytes."""
    block = struct.pack("<L", len(data) << 3 | 1)[:3]
    return b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<L", len(data)) + block + data


def moment(name: str) -> int:
    return int(datetime.fromisoformat(name).timestamp())


class Store:
    """A datastore of one machine `vm/100`."""

    def __init__(self, path: Path, *, mode: str = "encrypt", below: str = "") -> None:
        self.path, self.mode = path, mode
        self.chunks = path / ".chunks"
        self.group = path / below / "vm" / "100"
        for name in ("0000", "ffff"):
            (self.chunks / name).mkdir(parents=True, exist_ok=True)
        (path / ".lock").touch()

    def chunk(self, number: int) -> bytes:
        data = f"morceau {self.mode} {number}".encode()
        digest = hashlib.sha256(data).digest()
        folder = self.chunks / digest.hex()[:4]
        folder.mkdir(exist_ok=True)
        (folder / digest.hex()).write_bytes(blob(data, SEALED if self.mode == "encrypt" else PLAIN))
        return digest

    def snapshot(self, name: str, **changes: Any) -> Path:
        """A disk of ten chunks, a tree of three, a configuration; `changes` are those of the manifest."""
        folder = self.group / name
        folder.mkdir(parents=True)
        digests = [self.chunk(number) for number in range(10)]
        disk = b"".join(digests)
        tree = b"".join(struct.pack("<Q", 1000 * rank + 1000) + each for rank, each in enumerate(digests[:3]))
        head = struct.Struct("<8s16sq32sQQ")
        sums = [hashlib.sha256(disk).digest(), hashlib.sha256(tree).digest()]
        made = moment(name) + 1
        (folder / "disque.img.fidx").write_bytes(
            head.pack(FIXED, bytes(16), made, sums[0], 9_500, 1000).ljust(4096, b"\0") + disk
        )
        (folder / "racine.pxar.didx").write_bytes(
            head.pack(DYNAMIC, bytes(16), made, sums[1], 0, 0).ljust(4096, b"\0") + tree
        )
        config = blob(b"memory: 2048", SEALED if self.mode == "encrypt" else PACKED)
        (folder / "qemu-server.conf.blob").write_bytes(config)
        files = [
            {"filename": "disque.img.fidx", "crypt-mode": self.mode, "size": 9_500, "csum": sums[0].hex()},
            {"filename": "racine.pxar.didx", "crypt-mode": self.mode, "size": 3000, "csum": sums[1].hex()},
            {
                "filename": "qemu-server.conf.blob",
                "crypt-mode": self.mode,
                "size": len(config),
                "csum": hashlib.sha256(config).hexdigest(),
            },
        ]
        manifest = {
            "backup-type": "vm",
            "backup-id": "100",
            "backup-time": moment(name),
            "files": files,
            "unprotected": {},
        }
        self.manifest(folder, {**manifest, **changes})
        return folder

    @staticmethod
    def manifest(folder: Path, said: dict[str, Any], *, packed: bool = True) -> None:
        text = json.dumps(said, indent=2).encode()
        data = blob(stored_zstd(text), PACKED) if packed else blob(text)
        (folder / "index.json.blob").write_bytes(data)

    def change(self, folder: Path, edit: Callable[[dict[str, Any]], None]) -> None:
        said = json.loads((folder / "index.json.blob").read_bytes()[12 + 12 :])  # headers of blob and frame
        edit(said)
        self.manifest(folder, said)


def found(path: Path, *refused: str, **options: Any) -> Found:
    with inspecting(path, now=datetime(2026, 11, 21, tzinfo=UTC), **options) as inspection:
        inspection.tree = refusing(inspection.tree, *refused)
        answer = looked(inspection)
    assert answer is not None
    return answer


def looked(inspection: Inspection) -> Found | None:
    entries = list(inspection.tree.entries(()))
    folders = frozenset(entry.name for entry in entries if entry.kind == "folder")
    assert CLAIM.is_here("mairie", folders, frozenset(entry.name for entry in entries) - folders)
    return CLAIM.read(inspection, ())


@pytest.mark.parametrize(("mode", "expected"), [("encrypt", YES), ("none", NO), ("sign-only", NO)])
def test_the_manifest_and_the_bytes_say_what_is_encrypted(
    tmp_path: Path, mode: str, expected: Encrypted
) -> None:
    store = Store(tmp_path, mode=mode)
    store.snapshot(OLD)
    store.snapshot(NEW)
    answer = found(tmp_path)
    assert answer.reading.encrypted is expected
    assert [(point.name, point.reading.encrypted, point.reading.fault) for point in answer.points] == [
        (f"vm/100/{NEW}", expected, ""),
        (f"vm/100/{OLD}", expected, ""),
    ]
    newest = answer.points[0]
    assert (newest.written, newest.date_kind, newest.series) == (moment(NEW), DateKind.EXACT, "vm/100")
    assert answer.complete
    assert isinstance(answer.verified, Unreachable)
    assert not answer.anomalies


def test_the_key_and_the_protection_are_in_the_evidence(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.snapshot(NEW, unprotected={"key-fingerprint": "aa:bb:cc:dd:ee:ff:00:11:22"})
    (folder / ".protected").touch()
    reading = found(tmp_path).points[0].reading
    assert "clé aa:bb:cc:dd" in reading.evidence
    assert "protégé (.protected)" in reading.evidence
    assert reading.method.startswith("AES-256-GCM")


def test_a_manifest_that_lies_is_denied_by_the_bytes(tmp_path: Path) -> None:
    def all_encrypted(said: dict[str, Any]) -> None:
        for each in said["files"]:
            each["crypt-mode"] = "encrypt"

    def configuration_only(said: dict[str, Any]) -> None:
        said["files"][2]["crypt-mode"] = "none"

    clear = Store(tmp_path / "clair", mode="none")
    clear.change(clear.snapshot(OLD), all_encrypted)
    clear.change(clear.snapshot(NEW), all_encrypted)
    answer = found(tmp_path / "clair")
    assert {point.reading.encrypted for point in answer.points} == {NO}
    assert "démenti par" in answer.points[0].reading.evidence
    sealed = Store(tmp_path / "scelle")
    sealed.change(sealed.snapshot(NEW), configuration_only)
    assert found(tmp_path / "scelle").points[0].reading.encrypted is PARTIAL


def test_a_readable_configuration_beside_encrypted_disks_is_partial(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.snapshot(NEW)
    clear = blob(b"memory: 2048")
    (folder / "qemu-server.conf.blob").write_bytes(clear)

    def told(said: dict[str, Any]) -> None:
        said["files"][2] |= {"size": len(clear), "csum": hashlib.sha256(clear).hexdigest()}

    store.change(folder, told)
    assert found(tmp_path).points[0].reading.encrypted is PARTIAL


def test_the_sealed_copy_of_the_key_is_no_readable_file(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.snapshot(NEW)
    sealed = blob(b"RSA" * 50)
    (folder / SEALED_KEY).write_bytes(sealed)
    each = {
        "filename": SEALED_KEY,
        "crypt-mode": "encrypt",
        "size": len(sealed),
        "csum": hashlib.sha256(sealed).hexdigest(),
    }
    store.change(folder, lambda said: said["files"].append(each))
    assert (found(tmp_path).points[0].reading.encrypted, found(tmp_path).points[0].reading.fault) == (YES, "")


def _remove(name: str) -> Callable[[Store, Path], None]:
    return lambda _, folder: (folder / name).unlink()


def _write(name: str, make: Callable[[bytes], bytes]) -> Callable[[Store, Path], object]:
    return lambda _, folder: (folder / name).write_bytes(make((folder / name).read_bytes()))


def _one_chunk(store: Store, number: int, make: Callable[[Path], object]) -> None:
    digest = store.chunk(number).hex()
    make(store.chunks / digest[:4] / digest)


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _emptied(store: Store, _: Path) -> None:
    shutil.rmtree(store.chunks)
    store.chunks.mkdir()


BREAKS: list[tuple[str, Callable[[Store, Path], object], str]] = [
    ("index gone", _remove("disque.img.fidx"), "incomplete"),
    ("blob gone", _remove("qemu-server.conf.blob"), "incomplete"),
    ("empty index", _write("disque.img.fidx", lambda _: b""), "empty"),
    ("cut header", _write("disque.img.fidx", lambda data: data[:1000]), "truncated"),
    ("cut index", _write("disque.img.fidx", lambda data: data[:-32]), "truncated"),
    ("cut tree", _write("racine.pxar.didx", lambda data: data[:-40]), "truncated"),
    ("torn tree", _write("racine.pxar.didx", lambda data: data[:-7]), "truncated"),
    ("other magic", _write("disque.img.fidx", lambda data: b"X" + data[1:]), "damaged"),
    ("other sum", _write("disque.img.fidx", lambda data: data[:40] + b"X" + data[41:]), "damaged"),
    ("no step", _write("disque.img.fidx", lambda data: data[:72] + bytes(8) + data[80:]), "truncated"),
    ("cut blob", _write("qemu-server.conf.blob", lambda data: data[:-1]), "truncated"),
    ("empty blob", _write("qemu-server.conf.blob", lambda _: b""), "empty"),
    ("other blob", _write("qemu-server.conf.blob", lambda data: data[:-1] + b"X"), "damaged"),
    ("blob of zeros", _write("qemu-server.conf.blob", lambda data: bytes(len(data))), "damaged"),
    ("empty manifest", _write("index.json.blob", lambda _: b""), "empty"),
    ("cut manifest", _write("index.json.blob", lambda data: data[:-9]), "damaged"),
    ("manifest that is none", _write("index.json.blob", lambda _: blob(b"[]")), "damaged"),
    ("deep manifest", _write("index.json.blob", lambda _: blob(b"[" * 50_000)), "damaged"),
    ("manifest beyond the limit", _write("index.json.blob", lambda _: blob(b" " * 70_000)), "end-not-seen"),
    ("bad zstd", _write("index.json.blob", lambda _: blob(b"rien", PACKED)), "end-not-seen"),
    ("first chunk gone", lambda store, _: _one_chunk(store, 0, Path.unlink), "damaged"),
    ("last chunk gone", lambda store, _: _one_chunk(store, 9, Path.unlink), "damaged"),
    (
        "first chunk of zeros",
        lambda store, _: _one_chunk(store, 0, lambda path: path.write_bytes(bytes(50))),
        "damaged",
    ),
    (
        "first chunk empty",
        lambda store, _: _one_chunk(store, 0, lambda path: path.write_bytes(b"")),
        "damaged",
    ),
    ("a link for a chunk", lambda store, _: _one_chunk(store, 0, _linked), "end-not-seen"),
    ("no chunk store", lambda store, _: shutil.rmtree(store.chunks), "damaged"),
    ("empty chunk store", _emptied, "damaged"),
    ("no files", lambda store, folder: store.change(folder, lambda said: said["files"].clear()), "empty"),
]


@pytest.mark.parametrize(("wreck", "fault"), [each[1:] for each in BREAKS], ids=[each[0] for each in BREAKS])
def test_a_broken_snapshot_is_never_good(
    tmp_path: Path, wreck: Callable[[Store, Path], object], fault: str
) -> None:
    store = Store(tmp_path)
    folder = store.snapshot(NEW)
    wreck(store, folder)
    answer = found(tmp_path)
    assert [point.reading.fault or answer.reading.fault for point in answer.points] == [fault]


def test_deep_reads_every_chunk(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.snapshot(NEW)
    assert found(tmp_path, deep=True).points[0].reading.fault == ""
    _one_chunk(store, 5, lambda path: path.write_bytes(path.read_bytes()[:-1]))
    assert found(tmp_path).points[0].reading.fault == ""
    assert "CRC32" in found(tmp_path, deep=True).points[0].reading.evidence
    store.chunk(5)
    index = folder / "disque.img.fidx"
    data = index.read_bytes()
    index.write_bytes(data[: 4096 + 160] + data[4096 : 4096 + 32] + data[4096 + 192 :])
    assert "SHA-256 des entrées" in found(tmp_path, deep=True).points[0].reading.evidence


def test_a_hurried_look_says_that_it_did_not_see(tmp_path: Path) -> None:
    Store(tmp_path).snapshot(NEW)
    with inspecting(tmp_path, seconds=-1) as inspection:
        answer = looked(inspection)
    assert answer is not None
    assert not answer.complete
    assert not answer.points


def test_a_failed_verification_is_a_fault_whatever_its_date(tmp_path: Path) -> None:
    for name, upid in (("a", UPID), ("b", "rien")):
        store = Store(tmp_path / name)
        store.snapshot(OLD, unprotected={"verify_state": {"state": "ok", "upid": UPID}})
        store.snapshot(NEW, unprotected={"verify_state": {"state": "failed", "upid": upid}})
        answer = found(tmp_path / name)
        assert [point.reading.fault for point in answer.points] == ["damaged", ""]
        assert [each.code for each in answer.anomalies] == [Trouble.VERIFICATION_FAILED]
        assert isinstance(answer.verified, Verification)
        assert answer.verified.good is (upid == "rien")
        assert answer.verified.done_at == datetime.fromtimestamp(0x6A66A1B4, UTC)


def test_a_snapshot_without_manifest_was_never_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.snapshot(OLD)
    (store.group / NEW).mkdir()
    answer = found(tmp_path)
    assert [point.name for point in answer.points] == [f"vm/100/{OLD}"]
    assert [(each.code, each.place) for each in answer.anomalies] == [(Trouble.ABORTED_RUN, f"vm/100/{NEW}")]
    assert "en cours ou interrompue" in answer.anomalies[0].evidence


def test_the_oldest_of_the_dates_is_kept(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.snapshot(OLD)
    folder.rename(folder.with_name(NEW))
    point = found(tmp_path).points[0]
    assert (point.written, point.date_kind) == (moment(OLD), DateKind.UPPER_BOUND)
    assert "backup-time" in point.date_source
    far = folder.with_name(NEW).rename(folder.with_name("2026-11-28T02:00:12Z"))
    store.change(far, lambda said: said.pop("backup-time"))
    point = found(tmp_path).points[0]
    assert (point.written, point.date_kind) == (moment(OLD) + 1, DateKind.UPPER_BOUND)
    assert "octet 24" in point.date_source


def test_namespaces_are_entered_and_told_apart(tmp_path: Path) -> None:
    Store(tmp_path).snapshot(NEW)
    Store(tmp_path, below="ns/ecole/ns/cantine").snapshot(OLD)
    assert [point.series for point in found(tmp_path).points] == ["vm/100", "ecole/cantine/vm/100"]


def test_namespaces_nested_without_end_stop(tmp_path: Path) -> None:
    Store(tmp_path, below="/".join(["ns/a"] * 12)).snapshot(NEW)
    answer = found(tmp_path)
    assert not answer.complete
    assert not answer.points


def test_every_machine_keeps_its_newest_points(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for day in range(1, 29):
        for month in range(1, 9):
            (store.group / f"2026-{month:02}-{day:02}T01:00:00Z").mkdir(parents=True)
    store.group = tmp_path / "ct" / "7"
    store.snapshot("2020-01-01T00:00:00Z")
    answer = found(tmp_path)
    assert [point.series for point in answer.points] == ["ct/7"]
    assert answer.more_points == 8 * 28 + 1 - 200
    assert len(answer.moments) == 8 * 28 + 1


def test_what_else_lies_in_the_datastore_is_said_to_be_left_out(tmp_path: Path) -> None:
    Store(tmp_path).snapshot(NEW)
    (tmp_path / "divers").mkdir()
    answer = found(tmp_path)
    assert [each.code for each in answer.anomalies] == [Trouble.LEFT_OUT]
    assert not answer.complete


def test_a_copy_that_lost_its_hidden_folder_cannot_be_restored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.snapshot(NEW)
    shutil.rmtree(store.chunks)
    (tmp_path / ".lock").unlink()
    answer = found(tmp_path)
    assert answer.reading.fault == "damaged"
    assert answer.points[0].reading.fault == "damaged"


def test_a_folder_named_like_a_datastore_is_none(tmp_path: Path) -> None:
    (tmp_path / "vm" / "notes").mkdir(parents=True)
    with inspecting(tmp_path) as inspection:
        assert looked(inspection) is None


def test_a_far_place_opens_the_newest_alone(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.snapshot(OLD)
    store.snapshot(NEW)
    with inspecting(tmp_path) as inspection:
        inspection.tree = refusing(inspection.tree, far=True)
        answer = looked(inspection)
    assert answer is not None
    assert [point.reading.fault for point in answer.points] == ["", "end-not-seen"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (NEW, moment(NEW)),
        ("2026-02-31T02:00:12Z", None),
        ("2026-11-20T02:00:12", None),
        ("20261120T020012.000Z", None),
    ],
)
def test_names_of_snapshots(name: str, expected: float | None) -> None:
    assert moment_of(name) == expected


@pytest.mark.parametrize(
    ("upid", "expected"),
    [
        (UPID, 0x6A66A1B4),
        ("", None),
        ("UPID:a:b", None),
        (UPID.replace("6A66A1B4", "zz"), None),
        (UPID.replace("6A66A1B4", "0"), None),
    ],
)
def test_the_start_of_a_verification(upid: str, expected: float | None) -> None:
    assert start_of(upid) == expected


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "a\0b", 7])
def test_a_manifest_never_leads_elsewhere(name: object) -> None:
    files = [{"filename": name, "crypt-mode": "none", "size": 1, "csum": "00" * 32}]
    assert not isinstance(read_manifest(blob(json.dumps({"files": files}).encode())), Manifest)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    assert not isinstance(read_manifest(data), Manifest)
    read_manifest(blob(data))
    read_manifest(blob(data, PACKED))


KEYS = ["files", "filename", "crypt-mode", "size", "csum", "unprotected", "verify_state", "backup-time"]
JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=5) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
)


@given(JSON)
def test_any_json_is_read_without_a_crash(said: object) -> None:
    read_manifest(blob(json.dumps(said).encode()))


@pytest.mark.parametrize("refused", ["disque.img.fidx", "index.json.blob", NEW])
def test_what_may_not_be_read_is_not_good(tmp_path: Path, refused: str) -> None:
    Store(tmp_path).snapshot(NEW)
    answer = found(tmp_path, refused)
    assert [point.reading.fault for point in answer.points] == ["end-not-seen"]
    assert not answer.complete


def test_chunks_that_may_not_be_read_are_not_missing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.snapshot(NEW)
    answer = found(tmp_path, ".chunks", store.chunk(0).hex())
    assert (answer.reading.fault, answer.points[0].reading.fault) == ("", "end-not-seen")
    assert not answer.complete


def test_a_group_that_may_not_be_listed_makes_the_look_incomplete(tmp_path: Path) -> None:
    Store(tmp_path).snapshot(NEW)
    answer = found(tmp_path, "100")
    assert not answer.points
    assert not answer.complete


def test_a_missing_chunk_store_is_worse_than_what_was_not_opened(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.snapshot(NEW)
    _emptied(store, tmp_path)
    answer = found(tmp_path, "index.json.blob")
    assert answer.points[0].reading.fault == "damaged"
    assert [each.code for each in answer.anomalies] == [Trouble.MISSING_PART]


@given(st.integers(0, 10_000), st.integers(0, 7), st.booleans())
def test_a_flipped_bit_never_makes_another_manifest(at: int, bit: int, packed: bool) -> None:
    each = {"filename": "disque.img.fidx", "crypt-mode": "none", "size": 9, "csum": "00" * 32}
    text = json.dumps({"files": [each], "unprotected": {"verify_state": {"state": "failed"}}}).encode()
    whole = blob(stored_zstd(text), PACKED) if packed else blob(text)
    damaged = bytearray(whole)
    damaged[at % len(whole)] ^= 1 << bit
    assert not isinstance(read_manifest(bytes(damaged)), Manifest)
    assert isinstance(read_manifest(whole), Manifest)


def test_a_look_that_runs_out_of_time_keeps_what_it_saw(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.snapshot(OLD)
    store.snapshot(NEW)
    with inspecting(tmp_path) as inspection:

        def late(parts: tuple[str, ...]) -> bool:
            inspection.seconds = -1.0 if parts[-1:] == ("index.json.blob",) else inspection.seconds
            return False

        inspection.tree = changed(inspection.tree, late)
        answer = looked(inspection)
    assert answer is not None
    assert [point.reading.fault for point in answer.points] == ["end-not-seen", "end-not-seen"]
    assert not answer.complete
