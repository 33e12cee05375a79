"""The texts of `explain` and `checks list`."""

import json
from dataclasses import replace

import pytest
from rich.cells import cell_len

from cyberaudit.cli.main import run
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.fiche import Fiche
from cyberaudit.engine.measures import Confidence, Ranks, Remedies, Source
from cyberaudit.engine.remedies import cite
from cyberaudit.plan.level import LEVEL_PARAGRAPH
from cyberaudit.reports.catalogue import (
    ListedCheck,
    by_source,
    check_plain,
    list_by_source,
    list_checks,
    list_sources,
    standing_plain,
)
from cyberaudit.reports.citations import dated, in_full
from cyberaudit.reports.explain import IMPACTS, LIKELIHOODS, Explained, explain, explain_plain, rank_of
from tests.unit import report_samples as samples
from tests.unit.golden import golden

pytestmark = pytest.mark.unit

CHECKS = (
    ListedCheck("x-acme.badge", "Le badge est-il coupé au départ ?", ()),
    ListedCheck("mail.spf", samples.QUESTIONS["mail.spf"], ("PA-066 R44", "MAC 3", "INCONNU 1")),
    ListedCheck("mail.dmarc", samples.QUESTIONS["mail.dmarc"], ("PA-066 R44",)),
    ListedCheck("firewall.remote-desktop", samples.QUESTIONS["firewall.remote-desktop"], ("PA-066 R3",)),
)
FRESH = Explained("backup.fresh", 4, 3, ("PA-066 R1", "PA-066 R44"))


def explained(*, width: int = 80, remedies: Remedies = samples.REMEDIES) -> str:
    return explain(
        FRESH,
        samples.FICHES["backup.fresh"],
        measure=samples.REMEDIES.measures["restart-backup"],
        remedies=remedies,
        width=width,
    )


@pytest.mark.parametrize("width", [80, 52])
def test_the_explanation_is_the_accepted_text(width: int) -> None:
    assert explained(width=width) == golden(f"report-explain-{width}.txt", explained(width=width))


def test_a_source_cited_twice_is_printed_once() -> None:
    assert explained().count("R44") == 1


def test_an_explanation_without_known_source_says_that_it_is_our_advice() -> None:
    assert explained(remedies=Remedies({}, {})).endswith(
        "Sources\n  Ce contrôle ne s'appuie sur aucun texte officiel : c'est notre conseil.\n".replace(
            " :", "\u00a0:"
        )
    )
    assert "notre conseil" not in explained()


def test_the_list_of_checks_goes_by_theme_ours_first() -> None:
    text = list_checks(CHECKS, width=80)
    assert text == golden("report-checks-list.txt", text)
    assert text.index("Pare-feu") < text.index("mail.dmarc") < text.index("mail.spf") < text.index("x-acme\n")


def test_the_list_of_sources_says_when_a_check_stands_on_none() -> None:
    text = list_sources(CHECKS, remedies=samples.REMEDIES, width=80)
    assert text == golden("report-checks-sources.txt", text)
    assert text.count("aucun document") == 1


@pytest.mark.parametrize("width", [40, 52, 80, 120])
def test_no_line_is_wider_than_asked(width: int) -> None:
    texts = (
        explained(width=width),
        list_checks(CHECKS, width=width),
        list_sources(CHECKS, remedies=samples.REMEDIES, width=width),
        list_by_source(CHECKS, remedies=samples.REMEDIES, width=width),
    )
    for line in "".join(texts).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_a_measure_without_stopgap_says_nothing_of_waiting() -> None:
    free = samples.REMEDIES.measures["print-contacts"]
    fiche = Fiche("Est-ce affiché ?", "Parce que.", "1. Afficher.", "")
    text = explain(Explained("x.y", 1, 1, ()), fiche, measure=free, remedies=samples.REMEDIES, width=80)
    assert "En attendant" not in text
    assert "Limites" not in text
    assert "Texte à transmettre" not in text


def test_the_words_of_a_weight_are_those_of_the_paragraph_about_the_level() -> None:
    assert ", ".join(IMPACTS) in LEVEL_PARAGRAPH
    assert ", ".join(LIKELIHOODS) in LEVEL_PARAGRAPH
    text = explained().replace("\u00a0", " ")
    assert "Gravité : 4 sur 4 (service arrêté et données perdues)." in text
    assert "Vraisemblance : 3 sur 4 (fréquent)." in text
    assert "Risque : 4 × 3 = 12 sur 16." in text
    assert "notre jugement, novembre 2026" in text


@pytest.mark.parametrize(
    ("ranks", "guidance_class", "words"),
    [
        (Ranks(1, 0, 12), 1, "n° 1 des dix mesures essentielles et n° 12 de MonAideCyber."),
        (Ranks(0, 2, 0), 4, "n° 2 de CyberDépart."),
        (Ranks(0, 0, 0), 3, "sans lui donner de rang : sa place exacte est notre jugement."),
        (Ranks(0, 0, 0), 4, "Aucun texte officiel ne range cette mesure"),
    ],
)
def test_a_rank_is_official_or_said_to_be_ours(ranks: Ranks, guidance_class: int, words: str) -> None:
    free = samples.REMEDIES.measures["print-contacts"]
    assert words in rank_of(replace(free, ranks=ranks, guidance_class=guidance_class))


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("2020-06-19", "19 juin 2020"),
        ("2020-06-01", "1er juin 2020"),
        ("2020-06", "juin 2020"),
        ("2020", "2020"),
        ("", "sans date connue"),
        ("hier", "hier"),
        ("2020-13", "2020-13"),
    ],
)
def test_a_date_is_told_as_precisely_as_it_is_known(written: str, told: str) -> None:
    source = Source("S", "Titre", "ANSSI", written, "https://s.example", Confidence.CONFIRMED)
    assert dated(source).replace("\u00a0", " ") == told


@pytest.mark.parametrize("confidence", [Confidence.CONFLICTING, Confidence.UNCONFIRMED])
def test_an_address_that_is_not_confirmed_is_never_printed(confidence: Confidence) -> None:
    source = Source("S", "Titre", "ANSSI", "2020", "https://s.example", confidence)
    remedies = Remedies({}, {"S": source})
    rows = (ListedCheck("mail.spf", "?", ("S R1",)),)
    assert in_full(cite("S R1", remedies)).endswith("— adresse non confirmée")
    for text in (
        list_sources(rows, remedies=remedies, width=80),
        list_by_source(rows, remedies=remedies, width=80),
    ):
        assert "s.example" not in text
        assert "adresse non confirmée" in text
    (standing,) = by_source(rows, remedies=remedies)
    assert standing_plain(standing)["url"] is None
    assert "s.example" not in json.dumps(check_plain(rows[0], remedies=remedies))


def test_what_stands_on_a_document_is_the_mirror_of_what_a_check_stands_on() -> None:
    catalogue = load_catalogue()
    rows = [ListedCheck(each.id, "?", each.sources) for each in catalogue.checks]
    found = by_source(rows, remedies=catalogue.remedies)
    pairs = {(each.source.id, name) for each in found for name, _ in each.checks}
    assert pairs == {(ref.partition(" ")[0], row.id) for row in rows for ref in row.sources}
    of_measures = {(each.source.id, name) for each in found for name, _ in each.measures}
    assert of_measures == {
        (ref.partition(" ")[0], each.id)
        for each in catalogue.remedies.measures.values()
        for ref in each.sources
    }


def test_an_explanation_for_machines_says_the_same() -> None:
    measure = samples.REMEDIES.measures["restart-backup"]
    plain = explain_plain(FRESH, samples.FICHES["backup.fresh"], measure=measure, remedies=samples.REMEDIES)
    assert (plain["impact"], plain["likelihood"], plain["risk"], plain["ours"]) == (4, 3, 12, False)
    assert json.loads(json.dumps(plain))["sources"][0]["places"] == ["R1", "R44"]


def test_the_commands_say_it_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "mail.spf", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == "mail.spf"
    assert run(["checks", "list", "--by-source"]) == 0
    assert "Contrôles" in capsys.readouterr().out
    for more, key in ((["--sources"], "ours"), (["--by-source"], "checks")):
        assert run(["checks", "list", "--json", *more]) == 0
        assert key in json.loads(capsys.readouterr().out)[0]
