"""A proof is read again under the profile's folder, and nowhere else."""

import hashlib
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.declared import Answer, Declaration, Declared, Document, Practice, Town
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge, side_by_side
from cyberaudit.facts.codec import decode, encode
from cyberaudit.model import Basis, Finding, Reason, Unreachable
from cyberaudit.probes.instruments import Options
from cyberaudit.reports.points import Scene, stands_on
from cyberaudit.run.scan import Request, prepare
from cyberaudit.sdk import failed, passed, unknown
from cyberaudit.town import proofs
from cyberaudit.town.proofs import digest_under, documents_read
from tests.unit import towns

pytestmark = pytest.mark.unit

CONTENT = b"Charte signee"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
CATALOGUE = towns.narrowed(load_catalogue(), "practice.mfa")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    beside = tmp_path / "commune"
    (beside / "preuves").mkdir(parents=True)
    (beside / "preuves" / "charte.pdf").write_bytes(CONTENT)
    (tmp_path / "ailleurs.pdf").write_bytes(CONTENT)
    (beside / "lien.pdf").symlink_to("preuves/charte.pdf")
    (beside / "fuite.pdf").symlink_to("../ailleurs.pdf")
    (beside / "boucle.pdf").symlink_to("boucle.pdf")
    (beside / "dehors").symlink_to("..")
    os.mkfifo(beside / "tuyau.pdf")
    return beside


def town(proof: str, sha256: str = DIGEST) -> Town:
    said = replace(towns.declaration(Answer.YES, proof=proof), sha256=sha256)
    return towns.town(Practice("mfa", "Double authentification", (Declared("answer", said),)))


def document(found: Town) -> Document:
    said = found.assets[-1].declaration("answer")
    assert said is not None
    return said.document


@pytest.mark.parametrize(
    ("proof", "expected"),
    [
        ("preuves/charte.pdf", Document.UNCHANGED),
        ("lien.pdf", Document.UNCHANGED),
        ("preuves/../lien.pdf", Document.UNCHANGED),
        ("preuves/perdue.pdf", Document.MISSING),
        ("preuves/charte.pdf/x", Document.MISSING),
        ("../ailleurs.pdf", Document.UNREADABLE),
        ("fuite.pdf", Document.UNREADABLE),
        ("dehors/ailleurs.pdf", Document.UNREADABLE),
        ("boucle.pdf", Document.UNREADABLE),
        ("tuyau.pdf", Document.UNREADABLE),
        ("preuves", Document.UNREADABLE),
        ("a\0b", Document.UNREADABLE),
        ("/etc/hostname", Document.UNREADABLE),
    ],
)
def test_each_place_of_a_proof_has_its_word(folder: Path, proof: str, expected: Document) -> None:
    assert document(documents_read(town(proof), folder)) is expected


def test_a_document_that_changed_is_told_from_one_that_did_not(folder: Path) -> None:
    (folder / "preuves" / "charte.pdf").write_bytes(CONTENT + b".")
    assert document(documents_read(town("preuves/charte.pdf"), folder)) is Document.CHANGED


def test_a_proof_without_digest_is_not_looked_for(folder: Path) -> None:
    assert documents_read(town("preuves/charte.pdf", ""), folder) == town("preuves/charte.pdf", "")
    assert document(documents_read(town("perdue.pdf", ""), folder)) is Document.NOT_READ


def test_one_answer_beside_another_without_proof_is_read_alone(folder: Path) -> None:
    with_proof = replace(towns.declaration(Answer.YES, proof="lien.pdf"), sha256=DIGEST)
    said = (Declared("answer", with_proof), Declared("other", towns.declaration(Answer.YES)))
    read = documents_read(towns.town(Practice("mfa", "m", said)), folder).assets[-1]
    assert [each.declaration.document for each in read.declared] == [Document.UNCHANGED, Document.NOT_READ]


def test_a_document_too_big_is_not_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "MAX_PROOF_BYTES", len(CONTENT))
    assert digest_under(folder, "preuves/charte.pdf") == DIGEST
    monkeypatch.setattr(proofs, "MAX_PROOF_BYTES", len(CONTENT) - 1)
    assert digest_under(folder, "preuves/charte.pdf") is Document.UNREADABLE


def test_what_became_of_a_document_is_no_part_of_what_was_said() -> None:
    said = towns.declaration(Answer.YES)
    assert replace(said, document=Document.CHANGED) == said


def test_a_declaration_stored_before_documents_were_read_again_is_still_read() -> None:
    said = replace(towns.declaration(Answer.YES, proof="a.pdf"), sha256=DIGEST, document=Document.CHANGED)
    stored = encode(said, Declaration)
    assert isinstance(stored, dict)
    assert decode(stored, Declaration).document is Document.CHANGED
    del stored["document"]
    assert decode(stored, Declaration).document is Document.NOT_READ


def judged(found: Town) -> Finding:
    (finding,) = judge(found, CATALOGUE, (), vantage="outside", now=towns.NOW)
    return finding


@pytest.mark.parametrize(
    ("state", "basis", "words"),
    [
        (Document.NOT_READ, Basis.DECLARED, "pièce : a.pdf"),
        (Document.UNCHANGED, Basis.ATTESTED, "a.pdf (inchangée)"),
        (Document.CHANGED, Basis.DECLARED, "a.pdf (changée depuis)"),
        (Document.MISSING, Basis.DECLARED, "a.pdf (introuvable)"),
        (Document.UNREADABLE, Basis.DECLARED, "a.pdf (non relue)"),
    ],
)
def test_only_a_document_unchanged_attests(state: Document, basis: Basis, words: str) -> None:
    said = replace(towns.declaration(Answer.YES, proof="a.pdf"), sha256=DIGEST, document=state)
    finding = judged(towns.town(Practice("mfa", "Double authentification", (Declared("answer", said),))))
    assert finding.basis is basis
    assert finding.verdict.evidence[-1].value.endswith(words)


def test_an_unread_answer_is_never_attested() -> None:
    said = replace(towns.declaration(Answer.UNKNOWN, proof="a.pdf"), document=Document.UNCHANGED)
    finding = judged(towns.town(Practice("mfa", "Double authentification", (Declared("answer", said),))))
    assert finding.basis is Basis.DECLARED


def test_a_measurement_is_never_attested_by_a_document() -> None:
    said = replace(towns.declaration(Answer.NO, proof="a.pdf"), document=Document.UNCHANGED)
    unseen = unknown(Unreachable(Reason.TIMEOUT))
    assert side_by_side(passed("Vu."), said)[1] is Basis.ATTESTED
    assert side_by_side(failed("Vu.", reason="r"), said)[1] is Basis.MEASURED
    assert side_by_side(unseen, said)[1] is Basis.ATTESTED


def test_a_scan_reads_the_documents_beside_its_profile(folder: Path) -> None:
    profile = folder / "lhay.yaml"
    profile.write_text(
        'schema_version: 1\ncommune: {id: lhay, name: "L\'Haÿ", insee: "99001", population: 900}\n'
        f"practices: {{mfa: {{answer: yes, by: M, on: 2026-11-01, proof: lien.pdf, sha256: {DIGEST}}}}}\n",
        encoding="utf-8",
    )
    now = datetime(2026, 11, 22, tzinfo=UTC)
    loaded, _, _ = prepare(Request(profile, folder / "h", Options(), now=now, clock=now, vantage="outside"))
    said = {each.id: each.declaration("answer") for each in loaded.town.assets}["mfa"]
    assert said is not None
    assert said.document is Document.UNCHANGED


def test_a_proof_that_no_scan_can_read_again_is_remarked(
    capsys: pytest.CaptureFixture[str], folder: Path
) -> None:
    profile = folder / "lhay.yaml"
    profile.write_text(
        'schema_version: 1\ncommune: {id: lhay, name: "L\'Haÿ", insee: "99001", population: 900}\n',
        encoding="utf-8",
    )
    words = ["declare", str(profile), "mfa", "oui", "--by", "M", "--now", "2026-11-22", "--yes", "--proof"]
    assert run([*words, str(folder.parent / "ailleurs.pdf")]) == 0
    assert "rangez-le à côté du profil" in " ".join(capsys.readouterr().out.split())
    assert run([*words, str(folder / "preuves" / "charte.pdf")]) == 0
    assert "à côté du profil" not in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Document.NOT_READ, "Déclaré le 1er octobre 2026 par Mme Lefèvre. Non vérifié."),
        (Document.UNCHANGED, "Attesté le 1er octobre 2026 par Mme Lefèvre. Un document l'appuie."),
        (Document.CHANGED, "Non vérifié. Le document a changé depuis."),
        (Document.MISSING, "Non vérifié. Le document est introuvable."),
        (Document.UNREADABLE, "Non vérifié. Le document n'a pas pu être relu."),
    ],
)
def test_the_report_says_what_became_of_the_document(state: Document, words: str) -> None:
    said = replace(towns.declaration(Answer.YES, proof="a.pdf"), sha256=DIGEST, document=state)
    found = towns.town(Practice("mfa", "Double authentification", (Declared("answer", said),)))
    scene = Scene(found, CATALOGUE.remedies, UTC, towns.NOW.date())
    assert stands_on(judged(found), scene).replace("\u00a0", " ").endswith(words)
