"""Papers to print: the questionnaire and the decision sheet, as text of eighty columns and as HTML."""

import stat
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from cyberaudit.cli.main import run
from cyberaudit.declared import Waiver
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.reports.decision import Decision, decision_sheet
from cyberaudit.reports.paper import LINES, PAGE_BREAK, WIDTH, Entry, Leaf, Paper, Part, as_html, as_text
from cyberaudit.run.exit_code import ExitCode

pytestmark = pytest.mark.unit

NBSP = "\u00a0"
CATALOGUE = load_catalogue()
TODAY = date(2026, 11, 22)
TOWN = """\
schema_version: 1
commune: {id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}
hosts: [{id: box, zone: outside, addresses: [192.0.2.1], model: Boîte 3}]
backups: [{id: nas, label: Disque réseau, of: [files], place: on-site}]
domains:
  - {id: main, name: lhay-d-essai.example}
  - {id: old, name: mairie-lhay.example}
practices:
  passwords: {answer: unknown, by: "Maud Lefèvre, secrétaire", on: 2026-11-01}
  awareness: {answer: yes, by: M, on: 2025-01-01}
waivers:
  - check: mail.spf@main
    reason: Le fournisseur change en janvier.
    decided_by: "Hélène Marchand, maire"
    decided_on: 2026-11-01
    until: 2027-01-31
"""
NOW = ("--now", "2026-11-22")


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "lhay.yaml"
    path.write_text(TOWN, encoding="utf-8")
    return path


def plain(text: str) -> str:
    """One line, every space the same."""
    return " ".join(text.replace(NBSP, " ").split())


WORDS = st.text(st.characters(codec="utf-8"), max_size=200)
ENTRIES = st.builds(
    Entry,
    WORDS,
    st.lists(WORDS, max_size=3).map(tuple),
    st.lists(WORDS, max_size=5).map(tuple),
    st.lists(st.text("abcé ", max_size=40), max_size=3).map(tuple),
    WORDS,
)
PARTS = st.builds(
    Part,
    WORDS,
    st.lists(WORDS, max_size=3).map(tuple),
    st.lists(ENTRIES, max_size=12).map(tuple),
    st.booleans(),
)
LEAVES = st.builds(Leaf, WORDS, st.lists(PARTS, max_size=3).map(tuple))
PAPERS = st.builds(Paper, WORDS, WORDS, st.lists(LEAVES, min_size=1, max_size=3).map(tuple))


@settings(max_examples=40)
@given(PAPERS)
def test_no_page_is_longer_or_wider_than_a_sheet(paper: Paper) -> None:
    pages = as_text(paper).split(PAGE_BREAK)
    assert len(pages) >= len(paper.leaves)
    for page in pages:
        assert len(page.splitlines()) == LINES
        assert all(cell_len(line) <= WIDTH or "://" in line for line in page.splitlines())


class Tags(HTMLParser):
    """Opening and closing tags, and what could act."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.ids: list[str] = []
        self.labelled: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.labelled += [value or "" for name, value in attrs if name == "for"]
        if tag not in ("meta", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@settings(max_examples=40)
@given(PAPERS)
def test_any_text_stays_a_text_in_html(paper: Paper) -> None:
    page = Tags()
    page.feed(as_html(paper))
    assert page.open == []
    known = {
        "html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "p", "fieldset",
        "legend", "label", "input", "div", "footer",
    }  # fmt: skip
    assert page.seen <= known
    assert len(set(page.ids)) == len(page.ids)
    assert page.ids == page.labelled


def test_a_hostile_name_does_not_become_a_tag() -> None:
    paper = Paper("<b>", "f", (Leaf("</title><script>x()</script>", (Part("", ("<img src=x>",)),)),))
    assert "<script>" not in as_html(paper)
    assert "&lt;img src=x&gt;" in as_html(paper)


def test_a_heading_never_ends_a_page() -> None:
    long = Part("", entries=tuple(Entry("Question ?", boxes=("oui",)) for _ in range(18)))
    last = Part("Titre", ("Une phrase.",), (Entry("Autre ?", boxes=("oui", "non"), lines=("Date", "Nom")),))
    for page in as_text(Paper("t", "f", (Leaf("L", (long, last)),))).split(PAGE_BREAK):
        assert ("Titre" in page) == ("Autre" in page)


def printed(profile: Path, *more: str) -> list[str]:
    return ["questions", str(profile), *NOW, *more]


def test_the_form_has_a_part_for_each_of_those_who_know(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    assert run(printed(profile, "--print", "-")) == 0
    pages = [plain(page) for page in capsys.readouterr().out.split(PAGE_BREAK)]
    firsts = [page for page in pages if "Cochez une case" in page]
    owners = ("pour un agent de la mairie", "pour un élu", "pour le prestataire informatique")
    assert [next(each for each in owners if each in page) for page in firsts] == list(owners)
    letter = firsts[-1]
    assert "Bonjour, La mairie de L'Haÿ-d'Essai fait le point sur sa sécurité informatique." in letter
    for owner in owners[:2]:
        assert all("Bonjour" not in page for page in pages if owner in page)
    assert sum("Signature : __" in page for page in pages) == 3
    assert f"page 1 sur {len(pages)}" in pages[0]


def test_each_question_offers_its_own_answers(capsys: pytest.CaptureFixture[str], profile: Path) -> None:
    run(printed(profile, "--print", "-"))
    text = plain(capsys.readouterr().out)
    before = {key: text.partition(f"[{key}]")[0].rpartition("Pourquoi : ")[2] for key in (
        "mfa", "telework", "backup/nas.restore_test", "host/box.firmware_date",
    )}  # fmt: skip
    assert "[ ] oui [ ] non [ ] en partie [ ] je ne sais pas Précision" in before["mfa"]
    assert "[ ] je ne sais pas [ ] sans objet" in before["telework"]
    assert "Date du dernier essai" in before["backup/nas.restore_test"]
    assert "en partie" not in before["host/box.firmware_date"]


def test_who_did_not_know_and_whom_to_ask_stands_on_the_form_and_in_the_list(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    for more in (("--print", "-"), ("--list",)):
        run(printed(profile, *more))
        text = plain(capsys.readouterr().out)
        assert (
            "Maud Lefèvre, secrétaire a répondu « je ne sais pas » le 1er novembre 2026. À demander à un agent qui le"
            " sait." in text
        )
        assert "La réponse date de plus de douze mois." in text
    run(printed(profile, "--json"))
    assert '"ask": "à un agent qui le sait"' in capsys.readouterr().out


def test_the_form_is_written_for_its_owner_alone_as_text_or_html(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    for name, start in (("fiche.txt", "Mairie de L'Haÿ-d'Essai"), ("fiche.HTML", "<!DOCTYPE html>")):
        file = profile.with_name(name)
        assert run(printed(profile, "--print", str(file))) == 0
        assert file.read_text(encoding="utf-8").startswith(start)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert name in capsys.readouterr().out


def test_the_quick_form_has_the_questions_of_the_letters_alone(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    history = profile.with_name("none.sqlite3")
    run(["--history", str(history), *printed(profile, "--quick", "--print", "-")])
    text = capsys.readouterr().out
    assert "[inventory]" in text
    assert "[mfa]" not in text
    assert "[backup/nas" not in text


def test_a_form_without_question_says_so(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "vide.yaml"
    off = ", ".join(f"{each.id}: {{off: Rien à demander ici.}}" for each in CATALOGUE.checks)
    path.write_text(f"{TOWN.partition('hosts:')[0]}checks: {{{off}}}\n", encoding="utf-8")
    assert run(["questions", str(path), *NOW, "--print", "-"]) == 0
    assert "Aucune question en attente" in capsys.readouterr().out


@pytest.mark.parametrize("where", ["nulle-part/fiche.txt", "x\0y.txt"])
def test_a_file_that_cannot_be_written_is_a_sentence(
    capsys: pytest.CaptureFixture[str], profile: Path, where: str
) -> None:
    assert run(printed(profile, "--print", str(profile.parent / where))) == ExitCode.USAGE
    assert "n'est pas écrit" in capsys.readouterr().err


def sheet(profile: Path, target: str, *more: str) -> list[str]:
    return ["waive", str(profile), target, *NOW, *more]


PROPOSED = (
    "--reason", "Le site ferme en mars.", "--by", "Léa Roux, adjointe", "--until", "2027-03-31",
    "--stopgap", "Relire les messages reçus.",
)  # fmt: skip


def test_the_sheet_of_an_accepted_risk_is_one_neutral_page(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    assert run(sheet(profile, "mail.spf@main", "--sheet", "-")) == 0
    page = capsys.readouterr().out
    assert len(page.splitlines()) == LINES
    text = plain(page)
    assert "Cela concerne : « lhay-d-essai.example »." in text
    assert "Accepter ce risque jusqu'au 31 janvier 2027, ce jour compris. Raison" in text
    assert "En attendant : rien n'est prévu." in text
    assert "Décidé par : Hélène Marchand, maire." in text
    for word in ("Coût :", "D'où vient ce coût", "Nom : __", "Qualité : __", "Date : __", "Signature : __"):
        assert word in text
    assert "[ ] Je demande la mesure" in text
    assert profile.read_text(encoding="utf-8") == TOWN


def test_a_proposed_waiver_has_its_sheet_before_it_is_written(
    capsys: pytest.CaptureFixture[str], profile: Path
) -> None:
    file = profile.with_name("decision.html")
    assert run(sheet(profile, "mail.dmarc", *PROPOSED, "--sheet", str(file))) == ExitCode.USAGE
    assert "--yes" in capsys.readouterr().err
    text = plain(file.read_text(encoding="utf-8"))
    assert "« lhay-d-essai.example » et « mairie-lhay.example »" in text
    assert "En attendant : relire les messages reçus." in text
    assert "31 mars 2027" in text
    assert profile.read_text(encoding="utf-8") == TOWN
    assert run(sheet(profile, "mail.dmarc", *PROPOSED, "--sheet", str(file), "--yes")) == 0
    assert "mail.dmarc" in profile.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("mail.dmarc", "--sheet", "-"), "n'accepte pas le risque « mail.dmarc »"),
        (("mail.spf", "--sheet", "-"), "n'accepte pas le risque « mail.spf »"),
        (("mail.spff", "--sheet", "-"), "vouliez-vous dire « mail.spf »"),
        (("mail.spf@main", "--sheet", "-", "--json"), "pas les deux"),
    ],
)
def test_a_sheet_of_nothing_accepted_is_refused(
    capsys: pytest.CaptureFixture[str], profile: Path, words: tuple[str, ...], sentence: str
) -> None:
    assert run(sheet(profile, *words)) == ExitCode.USAGE
    assert sentence in capsys.readouterr().err.replace(NBSP, " ")


def decision(check_id: str, until: date) -> Decision:
    check = CATALOGUE.check(check_id)
    assert check is not None
    fiche, measure = CATALOGUE.fiches[check_id], CATALOGUE.remedies.measures[check.measure]
    waiver = Waiver(check_id, "", "r" * 100, "M, maire", date(2026, 11, 1), until, "s" * 100)
    return Decision("Ville-Exemple", check_id, fiche.title, fiche.why, ("Un", "Deux"), waiver, measure)


@pytest.mark.parametrize(
    ("until", "words"),
    [
        (date(2026, 12, 23), "ce jour compris. Raison"),
        (date(2026, 12, 22), "La fin est proche"),
        (date(2026, 11, 22), "La fin est proche"),
        (date(2026, 11, 21), "Cette date est passée"),
    ],
)
def test_the_sheet_says_when_the_end_is_near_or_past(until: date, words: str) -> None:
    assert words in plain(as_text(decision_sheet(decision("mail.spf", until), today=TODAY)))


def test_the_sheet_of_every_check_is_one_page() -> None:
    for check in CATALOGUE.checks:
        text = as_text(decision_sheet(decision(check.id, date(2027, 1, 31)), today=TODAY))
        assert PAGE_BREAK not in text, check.id
