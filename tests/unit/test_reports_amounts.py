"""Costs, lengths of work, deadlines and communes as French says them."""

from datetime import date

import pytest

from cyberaudit.engine.measures import Cost
from cyberaudit.french import NARROW, NBSP
from cyberaudit.reports import amounts
from cyberaudit.reports.commune import of_commune

pytestmark = pytest.mark.unit


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(NARROW, " ")


@pytest.mark.parametrize(
    ("low", "high", "yearly", "long", "short"),
    [
        (0, 0, 0, "0 €", "0 €"),
        (500, 500, 0, "500 €", "500 €"),
        (0, 1760, 0, "entre 0 € et 1 760 €", "0 à 1 760 €"),
        (100, 1760, 660, "entre 100 € et 1 760 €, puis 660 € par an", "100 à 1 760 € + 660 €/an"),
        (0, 0, 660, "660 € par an", "660 €/an"),
        (200, 200, 60, "200 €, puis 60 € par an", "200 € + 60 €/an"),
    ],
)
def test_a_cost_says_the_purchase_then_the_subscription(
    low: int, high: int, yearly: int, long: str, short: str
) -> None:
    cost = Cost(low, high, yearly, "estimation")
    assert plain(amounts.cost(cost)) == long
    assert plain(amounts.short_cost(cost)) == short


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (0.001, "5 minutes"),
        (0.0476, "20 minutes"),
        (0.14, "une heure"),
        (0.3, "2 heures"),
        (0.5, "une demi-journée"),
        (0.7, "une demi-journée"),
        (1, "une journée"),
        (1.5, "une journée et demie"),
        (2, "2 jours"),
        (2.5, "2 jours et demi"),
        (15, "15 jours"),
    ],
)
def test_a_length_of_work_is_said_as_people_say_it(days: float, expected: str) -> None:
    assert plain(amounts.duration(days)) == expected


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        (date(2026, 11, 28), "avant le 28 novembre"),
        (date(2026, 11, 21), "aujourd'hui"),
        (date(2027, 1, 1), "avant le 1er janvier 2027"),
        (date(2026, 11, 14), "en retard depuis le 14 novembre"),
    ],
)
def test_a_deadline_names_the_year_only_when_it_is_another(due: date, expected: str) -> None:
    assert plain(amounts.deadline(due, date(2026, 11, 21))) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("Un pirate peut entrer.", "un pirate peut entrer."),
        ("N'importe qui peut écrire.", "n'importe qui peut écrire."),
        ("Copier les dossiers ce soir.", "copier les dossiers ce soir."),
        ("L'ANSSI le demande.", "l'ANSSI le demande."),
        ("DMARC n'est pas publié.", "DMARC n'est pas publié."),
        ("Internet suffit.", "Internet suffit."),
        ("Mode CBC à écarter.", "mode CBC à écarter."),
        ("Chiffrement à refaire.", "chiffrement à refaire."),
        ("Diffie-Hellman trop court.", "Diffie-Hellman trop court."),
        ("", ""),
    ],
)
def test_a_capital_is_dropped_after_a_colon_unless_the_word_may_be_a_name(
    sentence: str, expected: str
) -> None:
    assert amounts.after_colon(sentence) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Ville-Exemple", "de Ville-Exemple"),
        ("Aubagne", "d'Aubagne"),
        ("Évran", "d'Évran"),
        ("Œuilly", "d'Œuilly"),
        ("L'Haÿ-les-Roses", "de L'Haÿ-les-Roses"),
        ("Le Havre", "du Havre"),
        ("Les Lilas", "des Lilas"),
        ("La Rochelle", "de La Rochelle"),
        ("Lens", "de Lens"),
        ("Lesneven", "de Lesneven"),
        ("Yvetot", "d'Yvetot"),
        ("Yutz", "de Yutz"),
        ("Y", "d'Y"),
        ("Hyères", "d'Hyères"),
        ("Honfleur", "de Honfleur"),
    ],
)
def test_a_commune_takes_the_article_or_the_elision_it_needs(name: str, expected: str) -> None:
    assert of_commune(name) == expected
