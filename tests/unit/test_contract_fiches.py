"""Every check is readable by a person and stands on something."""

from pathlib import Path

import pytest

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.conformance import conformance
from cyberaudit.engine.fiche import read_fiche
from cyberaudit.errors import CatalogueError
from cyberaudit.sdk import Check

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()


@pytest.mark.parametrize("check", CATALOGUE.checks, ids=lambda check: check.id)
def test_every_check_has_a_question_a_reason_and_a_remedy(check: Check) -> None:
    fiche = CATALOGUE.fiches[check.id]
    assert fiche.title.endswith("?")
    assert len(fiche.title) <= 120
    assert len(fiche.why) > 60
    assert len(fiche.fix) > 60


@pytest.mark.parametrize("check", CATALOGUE.checks, ids=lambda check: check.id)
def test_every_check_cites_an_official_source_or_says_it_is_our_judgement(check: Check) -> None:
    assert check.sources or "notre jugement" in CATALOGUE.fiches[check.id].limits


@pytest.mark.parametrize("check", CATALOGUE.checks, ids=lambda check: check.id)
def test_every_check_conforms(check: Check) -> None:
    assert conformance(check) == ()


def test_every_measure_of_the_catalogue_serves_a_check_or_the_questions() -> None:
    used = {check.measure for check in CATALOGUE.checks} | {"answer-questions"}
    assert set(CATALOGUE.remedies.measures) == used


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("x = 1\n", "Pourquoi"),
        ('"""## Pourquoi\nA\n\n## Corriger\nB\n"""\n', "son titre"),
        ('"""Titre ?\n"""\n', "Pourquoi"),
        ('"""Titre ?\n\n## Pourquoi\nParce que.\n"""\n', "Corriger"),
        ('"""Titre ?\n\n## Pourquoi\nA\n\n## Corriger\nB\n\n## Remarque\nC\n"""\n', "Remarque"),
    ],
)
def test_an_incomplete_fiche_is_refused_by_name(tmp_path: Path, text: str, wrong: str) -> None:
    path = tmp_path / "check.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=wrong):
        read_fiche(path)
