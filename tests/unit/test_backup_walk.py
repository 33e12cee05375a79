"""One pass over a location: what is kept of its files, where its limits are, and which readers it loads."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.backup import Encrypted, Trouble
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores import inspection as inspection_room
from cyberaudit.probes.stores import walk as walking
from cyberaudit.probes.stores.inspection import Claim, Family, File, Found, Inspection
from cyberaudit.probes.stores.known import CLAIM_LINES, CLAIMS, FAMILIES, FAMILY_LINES, reader
from cyberaudit.probes.stores.local_tree import LocalTree
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.tree import Entry, Kind, Parts
from cyberaudit.probes.stores.walk import Newest, walk
from tests.unit.backup_places import NOW, contents_of, inspecting

pytestmark = pytest.mark.unit

T = NOW.timestamp()


# --- Which readers are loaded ---


def test_each_claim_has_the_kind_of_its_module() -> None:
    kinds = [(kind, reader(module).CLAIM.kind) for kind, module, _ in CLAIM_LINES]
    assert kinds == [(claim.kind, claim.kind) for claim in CLAIMS]


def test_each_family_has_the_kind_and_the_hint_of_its_module() -> None:
    real = [reader(module).FAMILY for _, module, _ in FAMILY_LINES]
    assert [(each.kind, each.hint) for each in real] == [(each.kind, each.hint) for each in FAMILIES]


TELLING = {
    "windows-image": [st.from_regex(r"\A(?i:backup) 20\d\d-\d\d-\d\d \d{6}\Z")],
    "rsnapshot": [st.from_regex(r"\A(?:daily|alpha|[a-c_]{1,3})\.[0-2]\Z")],
    "ecryptfs": [st.from_regex(r"\AECRYPTFS_(?:FNEK_)?ENCRYPTED\.[a-zA-Z]{4}\Z")],
}
"""Names that no constant of a module holds whole."""


def constants_of(module: ModuleType) -> list[str]:
    """Every short text of a module, alone or in a collection: among them, the names it asks for."""
    found: set[str] = set()
    for value in vars(module).values():
        each = value if isinstance(value, tuple | frozenset | set | dict) else (value,)
        found |= {text for text in each if isinstance(text, str) and 0 < len(text) < 40 and "/" not in text}
    return sorted(
        found | {"config", "data", "index", "keys", "snapshots", "README", "archives", "packs", "x"}
    )


@pytest.mark.parametrize("line", CLAIM_LINES, ids=lambda line: line[0])
@settings(deadline=None)
@given(data=st.data())
def test_no_folder_is_a_repository_without_the_marks_that_call_for_its_reader(
    line: tuple[str, str, object], data: st.DataObject
) -> None:
    kind, module, _ = line
    name = st.one_of(st.sampled_from(constants_of(reader(module))), *TELLING.get(kind, []))
    names = st.frozensets(name, max_size=6)
    own, folders, files = data.draw(name), data.draw(names), data.draw(names)
    (claim,) = (each for each in CLAIMS if each.kind == kind)
    assert claim.is_here(own, folders, files) is reader(module).CLAIM.is_here(own, folders, files)


LEAST = {
    "restic": ({"data", "index", "keys", "snapshots", "locks"}, {"config"}),
    "borg": ({"data"}, {"config", "README"}),
    "borg2": ({"config", "packs", "archives", "keys", "data"}, set()),
    "kopia": (set(), {"kopia.repository.f"}),
    "pbs": ({".chunks", "vm"}, set()),
    "hyper-backup": ({"Config", "Pool"}, {"_Syno_TaskConfig"}),
    "rdiff-backup": ({"rdiff-backup-data"}, set()),
    "windows-image": ({"BACKUP 2026-11-20 020000"}, set()),
    "rsnapshot": ({"daily.0"}, set()),
    "gocryptfs": (set(), {"gocryptfs.diriv"}),
    "encfs": (set(), {".encfs6.xml"}),
    "cryptomator": ({"d"}, {"masterkey.cryptomator"}),
    "ecryptfs": (set(), {"ECRYPTFS_FNEK_ENCRYPTED.FWaa"}),
}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.kind)
def test_each_repository_is_known_by_its_names_among_others(claim: Claim) -> None:
    folders, files = LEAST[claim.kind]
    assert claim.is_here("copies", frozenset(folders), frozenset(files | {"lisez-moi.txt"}))
    assert not claim.is_here("copies", frozenset({"compta"}), frozenset({"lisez-moi.txt", "a.zip"}))


def test_a_place_of_documents_loads_no_reader_of_repositories_or_sets(tmp_path: Path) -> None:
    (tmp_path / "compta").mkdir()
    (tmp_path / "compta" / "budget.pdf").write_bytes(b"%PDF-1.7\n")
    script = (
        "import sys; from pathlib import Path; from tests.unit.backup_places import contents_of;"
        "contents_of(Path(sys.argv[1])); print(*sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    loaded = said.stdout.split()
    lines = [module for _, module, _ in (*CLAIM_LINES, *FAMILY_LINES)]
    assert "cyberaudit.probes.stores.walk" in loaded
    assert not {f"cyberaudit.probes.stores.{module}" for module in lines} & set(loaded)


def test_a_reader_is_loaded_and_asked_where_its_names_are(tmp_path: Path) -> None:
    fill(tmp_path / "coffre", [".encfs6.xml"])
    fill(tmp_path / "machines", ["vzdump-qemu-100-2026_11_20-02_00_00.vma"])
    fill(tmp_path / "config", ["lisez-moi.txt"])
    contents = contents_of(tmp_path)
    assert sorted((store.kind, store.place) for store in contents.stores) == [
        ("encfs", "coffre"),
        ("vzdump", "machines"),
    ]


# --- The newest files ---


FILES = st.lists(
    st.builds(
        Entry,
        st.text("abc", min_size=1, max_size=2),
        st.just(Kind.FILE),
        st.integers(0, 2),
        st.sampled_from([None, 0.0, 5.0, 6.0, 6.5, 7.0, 20.0, 21.0]),
    ),
    max_size=20,
    unique_by=lambda entry: entry.name,
)


@given(st.lists(FILES, max_size=5), st.integers(1, 8))
def test_the_newest_are_those_of_a_whole_sort(folders: list[list[Entry]], limit: int) -> None:
    newest, every = Newest(limit), []
    for rank, files in enumerate(folders):
        newest.offer((str(rank),), files, future=10.0)
        every += [
            File((each.written or 0.0) <= 10.0, each.written or 0.0, (str(rank), each.name), each.size)
            for each in files
        ]
    assert list(newest) == sorted(every, reverse=True)[:limit]
    assert (newest.count, newest.left_out) == (len(every), max(len(every) - limit, 0))


# --- Sets, claims, limits ---


NOTHING = Reading("coffre", Encrypted.YES, "")


def family(*, most: int = 9) -> Family:
    def read(_: Inspection, __: Parts, files: Sequence[File]) -> Found:
        return Found("lot", NOTHING, (), more_points=min(len(files), most))

    return Family("lot", r"lot-", lambda name: re.fullmatch(r"lot-\d+\.zip", name) is not None, read)


def fill(place: Path, names: Sequence[str]) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        (place / name).write_bytes(b"x")
    return place


@pytest.mark.parametrize("batch", [1, 3, 100])
def test_files_of_sets_are_taken_out_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(walking, "CLAIM_ENTRIES", batch)
    monkeypatch.setattr(walking, "CLOCK_EVERY", batch)
    fill(
        tmp_path,
        ["lot-1.zip", "lot-2.zip", "lot-b.zip", "LOT-4.zip", "a.zip", "\n", "b.odt", "lot-5.zip", "c"],
    )
    with inspecting(tmp_path) as inspection:
        walked = walk(inspection, (), (family(),), future=T * 2)
    ((key, files),) = walked.sets.items()
    assert (key, sorted(file.parts for file in files)) == (
        ((), "lot"), [("lot-1.zip",), ("lot-2.zip",), ("lot-5.zip",)],
    )  # fmt: skip
    assert sorted(file.parts[0] for file in walked.copies) == ["LOT-4.zip", "a.zip", "lot-b.zip"]
    assert (walked.documents.count, walked.strangers.count) == (1, 2)
    assert (walked.entries, walked.census.files, walked.complete) == (9, 9, True)


def test_a_set_of_too_many_files_is_kept_in_part_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "MOST_OF_A_FAMILY", 2)
    fill(tmp_path, ["lot-1.zip", "lot-2.zip", "lot-3.zip"])
    with inspecting(tmp_path) as inspection:
        walked = walk(inspection, (), (family(),), future=T * 2)
    assert (len(walked.sets[(), "lot"]), walked.copies.count, walked.complete) == (2, 0, False)


def refuses(_: Inspection, __: Parts) -> Found:
    raise PermissionError


def test_a_repository_that_cannot_be_read_is_one_all_the_same(tmp_path: Path) -> None:
    fill(tmp_path / "bas", ["coffre"])
    claim = Claim("coffre", lambda _, __, files: "coffre" in files, refuses)
    with inspecting(tmp_path) as inspection:
        ((parts, found),) = walk(inspection, (claim,), (), future=T).stores
    assert (parts, found.kind, found.complete, found.points) == (("bas",), "coffre", False, ())
    assert "non lisible" in found.reading.evidence


@frozen
class Closed(LocalTree):
    """Some folders cannot be listed, or not to their end."""

    closed: tuple[str, ...] = ()
    after: int = 0

    def entries(self, parts: Parts) -> Iterator[Entry]:
        for rank, entry in enumerate(LocalTree.entries(self, parts)):
            if parts and parts[-1] in self.closed and rank >= self.after:
                raise PermissionError
            yield entry


@pytest.mark.parametrize("after", [0, 2])
def test_a_folder_that_cannot_be_listed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(walking, "CLAIM_ENTRIES", 2)
    fill(tmp_path / "clos", ["a.zip", "b.zip", "c.zip"])
    fill(tmp_path / "ouvert", ["d.zip"])
    with inspecting(tmp_path) as inspection:
        assert isinstance(inspection.tree, LocalTree)
        inspection.tree = Closed(inspection.tree.root, "lieu", closed=("clos",), after=after)
        walked = walk(inspection, (), (), future=T * 2)
        (told,) = (each for each in walked.census.anomalies(inspection) if each.code is Trouble.UNREADABLE)
    assert (walked.copies.count, walked.complete, told.count) == (1 + after, False, 1)
    assert "« clos »" in told.evidence


def test_a_location_that_cannot_be_listed_is_no_empty_one(tmp_path: Path) -> None:
    with inspecting(tmp_path / "..") as inspection:
        inspection.tree = LocalTree(os.open("/dev/null", os.O_RDONLY), "lieu")
        with pytest.raises(OSError, match="directory"):
            walk(inspection, (), (), future=T)


def test_a_look_without_time_left_is_not_complete(tmp_path: Path) -> None:
    fill(tmp_path, ["a.zip"])
    with inspecting(tmp_path, seconds=-1.0) as inspection:
        walked = walk(inspection, CLAIMS, FAMILIES, future=T)
    assert (walked.entries, walked.complete) == (0, False)


def test_the_bin_links_and_pipes_are_not_walked(tmp_path: Path) -> None:
    fill(tmp_path / "#recycle", ["a.zip"])
    (tmp_path / "lien").symlink_to("/etc")
    os.mkfifo(tmp_path / "tube.zip")
    with inspecting(tmp_path) as inspection:
        walked = walk(inspection, CLAIMS, FAMILIES, future=T * 2)
        told = [each for each in walked.census.anomalies(inspection) if each.code is Trouble.LEFT_OUT]
    assert (walked.entries, walked.census.files, walked.complete, len(told)) == (3, 0, True, 2)
    assert contents_of(tmp_path).copies == ()


def test_depth_is_bounded_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "MOST_DEPTH", 2)
    fill(tmp_path / "a" / "b" / "c", ["a.zip"])
    fill(tmp_path / "a" / "b", ["b.zip"])
    with inspecting(tmp_path) as inspection:
        walked = walk(inspection, (), (), future=T * 2)
    assert (walked.copies.count, walked.complete) == (1, False)


def test_who_computes_too_long_is_hurried_and_who_waits_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inspection_room, "WORK_SECONDS", -1.0)
    with inspecting(tmp_path) as shallow, inspecting(tmp_path, deep=True) as deep:
        assert shallow.hurried()
        assert not deep.hurried()
