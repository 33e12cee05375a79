"""`declare`, `waive` and `questions`: what a person types, what the profile then says, and what is refused."""

import hashlib
import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.declared import Answer
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.questions import READ_BESIDE, first_sentence
from cyberaudit.errors import UsageError
from cyberaudit.run.answers import SaidWords, propose_answer, save
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.sdk import OnDeclaration
from cyberaudit.town.load import load_profile

pytestmark = pytest.mark.unit

TOWN = """\
# Profil d'essai
schema_version: 1
commune: {id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}
hosts:
  - id: box   # la box
    zone: outside
    addresses: [192.0.2.1]
    model: Boîte 3
backups:
  - {id: nas, label: Disque réseau, of: [files], place: on-site}   # au sous-sol
domains:
  - {id: main, name: lhay-d-essai.example}
practices:
  awareness: {answer: unknown, by: M, on: 2026-11-01}
  firewall: {answer: yes, by: M, on: 2025-01-01}
"""
NOW = ("--now", "2026-11-22")
BY = ("--by", "Maud Lefèvre, secrétaire")
MAYOR = ("--by", "Hélène Marchand, maire")
REASON = ("--reason", "Le fournisseur change en janvier.")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "lhay.yaml"
    path.write_text(TOWN, encoding="utf-8")
    return path


def said_of(path: Path, key: str, field: str = "answer") -> tuple[Answer, str, str, str]:
    asset = load_profile(path).town.asset(key)
    declaration = asset.declaration(field) if asset else None
    assert declaration is not None
    return declaration.answer, declaration.by, declaration.on.isoformat(), declaration.value


def test_an_answer_is_shown_then_written_and_nothing_else_changes(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    profile.chmod(0o640)
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--yes"]) == 0
    page = capsys.readouterr().out
    assert '  +   mfa: {answer: yes, by: "Maud Lefèvre, secrétaire", on: 2026-11-22}\n' in page
    told = "Double authentification : oui. Selon Maud Lefèvre, secrétaire, le 22 novembre 2026."
    assert told in " ".join(page.split())
    assert page.endswith("C'est écrit.\n")
    added = '  mfa: {answer: yes, by: "Maud Lefèvre, secrétaire", on: 2026-11-22}\n'
    assert profile.read_text(encoding="utf-8") == TOWN + added
    assert stat.S_IMODE(profile.stat().st_mode) == 0o640
    assert list(profile.parent.iterdir()) == [profile]


def test_nothing_is_written_when_nobody_can_confirm(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    for more in ((), ("--json",)):
        assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, *more]) == ExitCode.USAGE
        assert "--yes" in capsys.readouterr().err
    assert profile.read_text(encoding="utf-8") == TOWN


def test_what_the_profile_says_already_is_not_written_again(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    words = ["declare", str(profile), "awareness", "unknown", "--by", "M", "--on", "01/11/2026", *NOW]
    assert run(words) == 0
    assert "rien à écrire" in capsys.readouterr().out
    assert profile.read_text(encoding="utf-8") == TOWN


@pytest.mark.parametrize(
    ("words", "key", "field", "said"),
    [
        (("practice/incident_contacts", "en partie"), "practice/incident-contacts", "answer",
         (Answer.PARTIAL, "2026-11-22", "")),
        (("backup/nas.restore_test", "--result", "ok", "--on", "2026-10-01"), "backup/nas", "restore_test",
         (Answer.YES, "2026-10-01", "")),
        (("backup/nas.restore-test", "--result", "errors"), "backup/nas", "restore_test",
         (Answer.NO, "2026-11-22", "")),
        (("host/box.firmware_date", "--value", "2026-09-15"), "host/box", "firmware_date",
         (Answer.YES, "2026-11-22", "2026-09-15")),
        (("host/box.confirmed",), "host/box", "confirmed", (Answer.YES, "2026-11-22", "")),
        (("guest-wifi", "sans objet"), "practice/guest-wifi", "answer",
         (Answer.NOT_APPLICABLE, "2026-11-22", "")),
        (("domain/main.mailbox_mfa", "yes", "--value", "SMS"), "domain/main", "mailbox_mfa",
         (Answer.YES, "2026-11-22", "SMS")),
    ],
)  # fmt: skip
def test_every_form_of_answer_can_be_declared(
    profile: Path, words: tuple[str, ...], key: str, field: str, said: tuple[Answer, str, str]
) -> None:
    assert run(["declare", str(profile), *words, *BY, *NOW, "--yes"]) == 0
    answer, by, on, value = said_of(profile, key, field)
    assert (answer, on, value) == said
    assert by == "Maud Lefèvre, secrétaire"
    assert "# la box" in profile.read_text(encoding="utf-8")
    assert "# au sous-sol" in profile.read_text(encoding="utf-8")


REFUSALS = {
    "unknown practice": (("mfaa", "oui", *BY), "vouliez-vous dire « mfa »"),
    "unknown field": (("backup/nas.alert", "oui", *BY), "vouliez-vous dire « backup/nas.alerts »"),
    "unknown answer": (("mfa", "peut-être", *BY), "n'est pas une réponse"),
    "no answer": (("mfa", *BY), "Il manque la réponse"),
    "no answer where none is one": (("guest-wifi", *BY), "ou « sans objet »"),
    "sans objet everywhere": (("mfa", "sans objet", *BY), "« mfa » se demande partout"),
    "sans objet of a thing": (("domain/main.mailbox_mfa", "x", *BY), "se demande partout"),
    "no answer of a trial": (("backup/nas.restore_test", *BY), "ou --result ok ou errors"),
    "no author": (("mfa", "oui"), "Il manque --by"),
    "future": (("mfa", "oui", *BY, "--on", "2026-11-23"), "n'est pas encore arrivé"),
    "no date": (("mfa", "oui", *BY, "--on", "hier"), "--on : Une date s'écrit"),
    "no such day": (("mfa", "oui", *BY, "--on", "31/02/2026"), "n'existe pas dans le calendrier"),
    "result of no trial": (("mfa", "--result", "ok", *BY), "--result ne sert que pour un essai"),
    "two answers": (("backup/nas.restore_test", "oui", "--result", "ok", *BY), "pas les deux"),
    "strange result": (("backup/nas.restore_test", "--result", "bof", *BY), "écrivez ok ou errors"),
    "no day": (("host/box.firmware_date", "oui", *BY), "est une date"),
    "not a day": (("host/box.firmware_date", "--value", "hier", *BY), "Une date s'écrit"),
    "update after the answer": (("host/box.firmware_date", "--value", "2026-11-23", *BY), "suivrait la réponse"),
    "long text": (("mfa", "oui", *BY, "--value", "x" * 501), "dépasse 500 caractères"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_declared_is_refused_in_a_sentence(
    capsys: pytest.CaptureFixture[str], profile: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert run(["declare", str(profile), *words, *NOW, "--yes"]) == ExitCode.USAGE
    assert sentence in capsys.readouterr().err.replace("\u00a0", " ")
    assert profile.read_text(encoding="utf-8") == TOWN


def test_a_proof_that_is_a_file_keeps_its_digest(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    proof = profile.parent / "charte signée.pdf"
    proof.write_bytes(b"charte")
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--proof", proof.name, "--yes"]) == 0
    found = {each.id: each.declaration("answer") for each in load_profile(profile).town.assets}["mfa"]
    assert found is not None
    assert (found.proof, found.sha256) == ("charte signée.pdf", hashlib.sha256(b"charte").hexdigest())
    run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--proof", "classeur bleu", "--yes"])
    assert "sans empreinte" in " ".join(capsys.readouterr().out.split())
    assert "sha256" not in profile.read_text(encoding="utf-8")


def test_an_old_answer_is_written_with_a_remark(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--on", "2025-10-01", "--yes"]) == 0
    assert "plus de douze mois" in capsys.readouterr().out


def test_hostile_texts_become_one_harmless_line(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    by = "M\x1b[31m \"L', #: {\\x}\n  - maire\u202e"
    assert run(["declare", str(profile), "mfa", "non", "--by", by, *NOW, "--yes"]) == 0
    assert "\x1b" not in capsys.readouterr().out
    assert said_of(profile, "practice/mfa")[1] == "M [31m \"L', #: {\\x} - maire"


def test_the_change_is_told_to_machines(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--yes", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["written"], told["line"]) == (True, 16)
    assert told["diff"][-1].startswith("+  mfa:") or told["diff"][-2].startswith("+  mfa:")


def test_a_byte_order_mark_and_windows_line_ends_stay(profile: Path) -> None:
    old = b"\xef\xbb\xbf" + TOWN.replace("\n", "\r\n").encode()
    profile.write_bytes(old)
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--yes"]) == 0
    new = profile.read_bytes()
    assert new.startswith(old)
    assert new.count(b"\n") == new.count(b"\r\n") == old.count(b"\n") + 1


def test_a_link_to_the_profile_stays_a_link(profile: Path) -> None:
    link = profile.parent / "lien.yaml"
    link.symlink_to(profile.name)
    assert run(["declare", str(link), "mfa", "oui", *BY, *NOW, "--yes"]) == 0
    assert link.is_symlink()
    assert "mfa" in profile.read_text(encoding="utf-8")


def test_a_waiver_is_written_then_extended_in_its_place(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    words = ["waive", str(profile), "mail.spf@main", *REASON, *MAYOR, *NOW, "--yes"]
    assert run([*words, "--until", "2027-01-31"]) == 0
    assert "Rien n'est prévu en attendant" in capsys.readouterr().out
    assert run([*words, "--until", "22/11/2027", "--stopgap", "Relire les messages."]) == 0
    (waiver,) = load_profile(profile).town.waivers
    assert (waiver.check, waiver.asset, waiver.until.isoformat()) == ("mail.spf", "main", "2027-11-22")
    assert (waiver.decided_by, waiver.stopgap) == ("Hélène Marchand, maire", "Relire les messages.")
    assert profile.read_text(encoding="utf-8").startswith(TOWN)
    assert run([*words[:2], "mail.dmarc", *words[3:], "--until", "2027-01-31", "--json"]) == 0
    assert len(load_profile(profile).town.waivers) == 2


UNTIL = ("--until", "2027-01-31")
WAIVER_REFUSALS = {
    "unknown check": (("mail.spff", *REASON, *MAYOR, *UNTIL), "vouliez-vous dire « mail.spf »"),
    "unknown thing": (("mail.spf@maim", *REASON, *MAYOR, *UNTIL), "vouliez-vous dire « main »"),
    "another kind": (("mail.spf@nas", *REASON, *MAYOR, *UNTIL), "Il concerne : main"),
    "nothing concerned": (("vpn.mfa", *REASON, *MAYOR, *UNTIL), "ne concerne rien"),
    "short reason": (("mail.spf", "--reason", "trop tôt", *MAYOR, *UNTIL), "trop courte"),
    "no reason": (("mail.spf", *MAYOR, *UNTIL), "Il manque --reason"),
    "no end": (("mail.spf", *REASON, *MAYOR), "Il manque --until"),
    "too long": (("mail.spf", *REASON, *MAYOR, "--until", "2027-11-23"), "douze mois au plus"),
    "over": (("mail.spf", *REASON, *MAYOR, "--until", "2026-11-21"), "déjà passé"),
    "not elected": (("mail.spf", *REASON, "--by", "Paul Girard, secrétaire de mairie", *UNTIL), "seul un élu"),
    "named like one": (("mail.spf", *REASON, "--by", "Jean Maire, DGS", *UNTIL), "seul un élu"),
    "no quality": (("mail.spf", *REASON, "--by", "Hélène Marchand", *UNTIL), "seul un élu"),
}  # fmt: skip


@pytest.mark.parametrize(("words", "sentence"), WAIVER_REFUSALS.values(), ids=WAIVER_REFUSALS)
def test_a_waiver_that_breaks_the_rules_is_refused(
    capsys: pytest.CaptureFixture[str], profile: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert run(["waive", str(profile), *words, *NOW, "--yes"]) == ExitCode.USAGE
    assert sentence in capsys.readouterr().err.replace("\u00a0", " ")
    assert profile.read_text(encoding="utf-8") == TOWN


@pytest.mark.parametrize(
    "quality", ["adjointe au numérique", "Maire", "conseiller municipal", "vice-présidente"]
)
def test_every_elected_person_may_accept_a_risk(profile: Path, quality: str) -> None:
    words = [
        "waive",
        str(profile),
        "mail.spf",
        *REASON,
        "--by",
        f"Léa Roux, {quality}",
        *UNTIL,
        *NOW,
        "--yes",
    ]
    assert run(words) == 0


def test_the_questions_without_a_valid_answer_are_listed(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    assert run(["questions", str(profile), *NOW]) == 0
    page = capsys.readouterr().out
    assert "[mfa]" in page
    assert "cyberaudit declare" in page
    run(["questions", str(profile), *NOW, "--json"])
    found = {each["key"]: each for each in json.loads(capsys.readouterr().out)}
    assert found["mfa"]["reason"] == "not-declared"
    assert found["firewall"]["reason"] == "declaration-expired"
    assert found["awareness"]["reason"] == "answer-unknown"
    assert found["backup/nas.restore_test"]["form"] == "test"
    assert all(each["question"].endswith("?") for each in found.values())
    assert [each["risk"] for each in found.values()][:2] == [16, 12]


def test_an_answered_question_is_asked_no_more(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    run(["questions", str(profile), *NOW, "--json"])
    for each in json.loads(capsys.readouterr().out):
        value = ("--value", "2026-09-15") if each["form"] == "day" else ()
        assert run(["declare", str(profile), each["key"], "oui", *BY, *NOW, *value, "--yes", "--quiet"]) == 0
    assert run(["questions", str(profile), *NOW]) == 0
    assert "Aucune question en attente" in capsys.readouterr().out


def test_a_check_that_is_off_asks_nothing(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    with profile.open("a", encoding="utf-8") as file:
        file.write("checks: {practice.mfa: {off: Le fournisseur change en janvier.}}\n")
    run(["questions", str(profile), *NOW])
    assert "[mfa]" not in capsys.readouterr().out


def test_what_a_check_reads_beside_is_asked_too() -> None:
    """A field that a check names and that nobody asks for would stay unknown for ever."""
    for check in load_catalogue().checks:
        text = check.path.read_text(encoding="utf-8")
        needed = [need.field for need in check.needs if isinstance(need, OnDeclaration)]
        beside = [
            field
            for field in ("immutable", "separate_account", "key_kept", "auto_renewal", "alerts", "reviewed")
            if f'asset, "{field}")' in text or f'.asset.declaration("{field}")' in text
        ]
        assert set(beside) <= {*needed, *READ_BESIDE.get(check.id, ())}, check.id


def test_the_first_sentence_keeps_its_numbers_and_names() -> None:
    assert (
        first_sentence("Le guide v1.2 de\nl'ANSSI le dit. Le reste suit.")
        == "Le guide v1.2 de l'ANSSI le dit."
    )
    assert first_sentence("sans point") == "sans point"


def test_a_file_that_changed_meanwhile_is_not_overwritten(profile: Path) -> None:
    words = SaidWords(by="M", answer="oui")
    proposed = propose_answer(profile, "mfa", words, now=datetime(2026, 11, 22, tzinfo=UTC))
    profile.write_text(f"{TOWN}# quelqu'un d'autre\n", encoding="utf-8")
    with pytest.raises(UsageError, match="vient d'être changé"):
        save(proposed)
    assert list(profile.parent.iterdir()) == [profile]
    profile.unlink()
    with pytest.raises(UsageError, match="n'existe pas"):
        save(proposed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_the_owner_of_the_profile_stays(profile: Path) -> None:
    os.chown(profile, 65534, 65534)
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--yes"]) == 0
    assert (profile.stat().st_uid, profile.stat().st_gid) == (65534, 65534)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_profile_that_is_read_only_stays_as_it_is(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    profile.chmod(0o400)
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--yes"]) == ExitCode.USAGE
    assert "l'accès est refusé" in capsys.readouterr().err


def test_the_services_that_keep_copies_are_asked_about_too(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    with profile.open("a", encoding="utf-8") as file:
        file.write("cloud: [{id: copies, what: backup, provider: Hébergeur, country: FR}]\n")
    run(["questions", str(profile), *NOW, "--json"])
    found = {each["key"] for each in json.loads(capsys.readouterr().out)}
    assert {"backup-provider", "cloud/copies.reversibility"} <= found


def test_a_proof_that_is_no_file_name_at_all_is_a_text(profile: Path) -> None:
    assert run(["declare", str(profile), "mfa", "oui", *BY, *NOW, "--proof", "x" * 400, "--yes"]) == 0
    assert f"proof: {'x' * 400}" in profile.read_text(encoding="utf-8")


@pytest.mark.parametrize("digest", ["abc", "G" * 64, "A" * 64])
def test_a_digest_that_is_none_is_refused(
    capsys: pytest.CaptureFixture[str], profile: Path, digest: str
) -> None:
    with profile.open("a", encoding="utf-8") as file:
        file.write(f"  mfa: {{answer: yes, by: M, on: 2026-11-01, proof: a.pdf, sha256: {digest}}}\n")
    assert run(["profile", "check", str(profile)]) == ExitCode.USAGE
    assert "64 chiffres hexadécimaux" in capsys.readouterr().err
