"""The texts of `explain` and `checks list`."""

import pytest
from rich.cells import cell_len

from cyberaudit.engine.fiche import Fiche
from cyberaudit.engine.measures import Remedies
from cyberaudit.reports.catalogue import ListedCheck, list_checks, list_sources
from cyberaudit.reports.explain import explain
from tests.unit import report_samples as samples
from tests.unit.golden import golden

pytestmark = pytest.mark.unit

CHECKS = (
    ListedCheck("x-acme.badge", "Le badge est-il coupé au départ ?", ()),
    ListedCheck("mail.spf", samples.QUESTIONS["mail.spf"], ("PA-066 R44", "MAC 3", "INCONNU 1")),
    ListedCheck("mail.dmarc", samples.QUESTIONS["mail.dmarc"], ("PA-066 R44",)),
    ListedCheck("firewall.remote-desktop", samples.QUESTIONS["firewall.remote-desktop"], ("PA-066 R3",)),
)


def explained(*, width: int = 80, remedies: Remedies = samples.REMEDIES) -> str:
    return explain(
        "backup.fresh",
        samples.FICHES["backup.fresh"],
        measure=samples.REMEDIES.measures["restart-backup"],
        sources=("PA-066 R1", "PA-066 R44"),
        remedies=remedies,
        width=width,
    )


@pytest.mark.parametrize("width", [80, 52])
def test_the_explanation_is_the_accepted_text(width: int) -> None:
    assert explained(width=width) == golden(f"report-explain-{width}.txt", explained(width=width))


def test_a_source_cited_twice_is_printed_once() -> None:
    assert explained().count("R44") == 1


def test_an_explanation_without_known_source_has_no_such_section() -> None:
    assert "Sources" not in explained(remedies=Remedies({}, {}))


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
    )
    for line in "".join(texts).splitlines():
        assert cell_len(line) <= width
        assert line == line.rstrip()


def test_a_measure_without_stopgap_says_nothing_of_waiting() -> None:
    free = samples.REMEDIES.measures["print-contacts"]
    fiche = Fiche("Est-ce affiché ?", "Parce que.", "1. Afficher.", "")
    text = explain("x.y", fiche, measure=free, sources=(), remedies=samples.REMEDIES, width=80)
    assert "En attendant" not in text
    assert "Limites" not in text
    assert "Texte à transmettre" not in text
