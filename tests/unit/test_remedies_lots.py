"""The parts of a measure that may be done one a year: what is read, what is refused."""

from pathlib import Path

import pytest

from cyberaudit.engine.measures import Lot
from cyberaudit.engine.remedies import load_remedies
from cyberaudit.errors import CatalogueError

pytestmark = pytest.mark.unit

MEASURE = """
- id: change-desktops
  title: Changer les postes trop vieux
  why: Ils ne reçoivent plus de corrections.
  owner: contractor
  cost: {low: 900, high: 1800, yearly: 60, source: "estimation, novembre 2026"}
  days: 1.5
  steps: [Appeler le prestataire.]
  contractor: Bonjour.
  done_when: Les postes sont changés.
  stopgap: Débrancher du réseau les postes trop vieux.
  guidance_class: 2
  ranks: {ten_measures: 0, cyberdepart: 0, monaidecyber: 0}
  sources: []
"""
LOTS = """
  lots:
    - {title: "Les postes de l'accueil", cost: 1000, yearly: 60, days: 1.1}
    - {title: "Les autres postes", cost: 800, yearly: 0, days: 0.4}
"""


def folder(tmp_path: Path, lots: str) -> Path:
    (tmp_path / "measures.yaml").write_text(MEASURE + lots, "utf-8")
    return tmp_path


def test_lots_are_read_in_their_order(tmp_path: Path) -> None:
    measure = load_remedies(folder(tmp_path, LOTS)).measures["change-desktops"]
    assert measure.lots == (
        Lot("Les postes de l'accueil", 1000, 60, 1.1),
        Lot("Les autres postes", 800, 0, 0.4),
    )


def test_a_measure_need_not_have_lots(tmp_path: Path) -> None:
    assert load_remedies(folder(tmp_path, "")).measures["change-desktops"].lots == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cost: 800", "cost: 700", "les « cost » des lots font 1700, et ceux de la mesure 1800"),
        ("yearly: 0", "yearly: 60", "les « yearly » des lots font 120, et ceux de la mesure 60"),
        ("days: 0.4", "days: 0.5", "les « days » des lots font 1.6, et ceux de la mesure 1.5"),
        ("cost: 800", "cost: beaucoup", "lots, n° 2 : « cost » doit être un nombre"),
        (", days: 0.4", "", "lots, n° 2 : il manque le champ « days »"),
        ("days: 0.4", "days: 0.4, when: 2027", "lots, n° 2 : le champ « when » n'existe pas"),
    ],
)
def test_lots_that_are_not_the_whole_are_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        load_remedies(folder(tmp_path, LOTS.replace(old, new)))
    assert said in str(refused.value).replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("lots", "said"),
    [
        ("  lots: deux\n", "« lots » doit être une liste de groupes de champs"),
        ("  lots: [un, deux]\n", "« lots » doit être une liste de groupes de champs"),
        ("  lots: [{title: Tout, cost: 1800, yearly: 60, days: 1.5}]\n", "deux parties au moins"),
    ],
)
def test_lots_are_a_list_of_two_groups_at_least(tmp_path: Path, lots: str, said: str) -> None:
    with pytest.raises(CatalogueError) as refused:
        load_remedies(folder(tmp_path, lots))
    assert said in str(refused.value).replace("\xa0", " ").replace("\u202f", " ")
