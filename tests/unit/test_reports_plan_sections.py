"""The plan on a terminal: money in columns or in lines, what to arbitrate, the calendar, the past, whom to ask."""

from dataclasses import replace
from datetime import date

import pytest
from rich.cells import cell_len

from cyberaudit.french import NARROW, NBSP
from cyberaudit.history.transitions import Transition
from cyberaudit.plan.words import Standing, Word
from cyberaudit.reports import plan_sections
from cyberaudit.reports.change_words import ChangeLine, ChangesView, Section, SectionView
from cyberaudit.reports.changes import NOTHING_TO_COMPARE
from cyberaudit.reports.layout import Line, Sheet
from cyberaudit.reports.plan_words import (
    ArbitrationView,
    ContactView,
    TrendPointView,
    TrendView,
    YearView,
)
from cyberaudit.reports.words import ReportView
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit

TABLE, SIMPLE, NARROW_SHEET = Sheet(80, simple=False), Sheet(80, simple=True), Sheet(46, simple=False)
BUSY = samples.busy_view()
EMPTY = samples.view_of([], samples.town())


def plain(lines: list[Line]) -> list[str]:
    return [line.plain.replace(NBSP, " ").replace(NARROW, " ").rstrip() for line in lines]


def year(
    number: int, ceiling: int = 2000, purchases: int = 0, yearly: int = 0, *, chosen: bool = True
) -> YearView:
    total = f"{purchases + yearly} €"
    detail = f"achats {purchases} €, abonnements {yearly} €" if purchases and yearly else ""
    limit = f"plafond {'choisi' if chosen else 'proposé'} : {ceiling} €"
    return YearView(
        year=number,
        ceiling=ceiling,
        chosen=chosen,
        purchases=purchases,
        subscriptions=yearly,
        level=42,
        word=Word.TO_STRENGTHEN,
        amount=total,
        detail=detail,
        target="niveau visé 42",
        limit=limit,
    )


def with_years(*years: YearView, ceiling: str = "") -> ReportView:
    return replace(BUSY, budget=replace(BUSY.budget, years=years, ceiling=ceiling))


def money(*years: YearView, sheet: Sheet = TABLE, most: int = 9) -> list[str]:
    return plain(plan_sections.money(with_years(*years), sheet, most=most))


def test_without_a_year_only_the_choice_of_the_mayor_is_told() -> None:
    chosen = with_years(ceiling="Plafond choisi par le maire : 0 € en 2027.")
    assert plain(plan_sections.money(chosen, TABLE, most=3)) == ["Plafond choisi par le maire : 0 € en 2027."]
    assert plan_sections.money(with_years(), TABLE, most=3) == []


def test_one_ceiling_for_all_the_years_to_come_stands_in_the_title_alone() -> None:
    lines = money(year(2026, 0, chosen=False), year(2027, purchases=1100, yearly=660), year(2028, yearly=660))
    assert lines[0].startswith("Budget (plafond choisi : 2 000 € par an) ─")
    assert [" ".join(line.split()) for line in lines[1:]] == [
        "2026 : 0 € → niveau visé 42",
        "2027 : 1760 € (achats 1100 €, abonnements 660 €) → niveau visé 42",
        "2028 : 660 € → niveau visé 42",
    ]
    assert len({line.index("→") for line in lines[1:]}) == 1
    assert "plafond" not in "".join(lines[1:])


@pytest.mark.parametrize(
    ("years", "title"),
    [
        ((year(2026, 0), year(2027), year(2028)), "Budget (plafond choisi : 2 000 € par an)"),
        (
            (year(2026, 0), year(2027, chosen=False), year(2028, chosen=False)),
            "Budget (plafond proposé : 2 000 € par an)",
        ),
        ((year(2026, 0), year(2027), year(2028, chosen=False)), "Budget (plafond : 2 000 € par an)"),
        ((year(2026, 0), year(2027, 1500), year(2028)), "Budget"),
        ((year(2026, 0),), "Budget"),
    ],
)
def test_the_title_says_who_chose_the_ceiling_when_it_is_one(years: tuple[YearView, ...], title: str) -> None:
    assert money(*years)[0].rstrip(" ─") == title


def test_ceilings_that_differ_stand_beside_each_year() -> None:
    lines = money(year(2026, 0), year(2027, 1500, purchases=100), year(2028))
    assert "(plafond choisi : 1500 €)" in lines[2]
    assert "(plafond choisi : 0 €)" in lines[1]


def test_a_broken_ceiling_is_told_even_when_all_are_the_same() -> None:
    over = replace(year(2027, purchases=2300), limit="plafond choisi : 2000 €, dépassé de 300 €")
    lines = money(year(2026, 0), over, year(2028))
    assert "dépassé de 300 €" in lines[2]
    assert "plafond" not in lines[3]


def test_what_does_not_hold_in_columns_and_the_simple_report_take_lines() -> None:
    years = (year(2026, 0), year(2027, purchases=1100, yearly=660))
    told = "2027 : 1760 € (achats 1100 €, abonnements 660 €), plafond choisi : 2000 €. Niveau visé 42."
    for sheet in (SIMPLE, NARROW_SHEET):
        assert " ".join(each.strip() for each in money(*years, sheet=sheet)).endswith(
            f"Niveau visé 42. {told}"
        )


@pytest.mark.parametrize(
    ("most", "last"), [(3, None), (2, " 2028 : option --all."), (1, " 2027 et 2028 : option --all.")]
)
def test_years_left_out_are_named(most: int, last: str | None) -> None:
    lines = money(year(2026, 0), year(2027), year(2028), most=most)
    assert len(lines) == 1 + most + (last is not None)
    assert last is None or lines[-1] == last


def test_the_full_report_adds_the_sum_and_the_level_that_is_reached() -> None:
    lines = plain(plan_sections.money_in_full(BUSY, TABLE))
    assert " Budget des actions proposées" in "\n".join(lines)
    assert lines[-1].startswith(" Une fois ")


def to_arbitrate(*titles: str) -> ReportView:
    found = tuple(
        ArbitrationView(rank, f"m{rank}", title, f"{rank}00 €", "Il manque 900 €.", ("Relever.", "Demander."))
        for rank, title in enumerate(titles, 1)
    )
    return replace(BUSY, to_arbitrate=found)


@pytest.mark.parametrize(
    ("titles", "expected"),
    [
        ((), ""),
        (("Encadrer le télétravail",), "À arbitrer par le maire : encadrer le télétravail, 100 €."),
        # A name that is no common word keeps its capital.
        (("DMARC à poser", "Chiffrer"), "À arbitrer par le maire : DMARC à poser, 100 € ; chiffrer, 200 €."),
        (
            ("Chiffrer", "Former", "Trier"),
            "À arbitrer par le maire : chiffrer, 100 € ; former, 200 € ; et 1 autre action (option --all).",
        ),
        (
            ("Chiffrer", "Former", "Trier", "Lire"),
            "À arbitrer par le maire : chiffrer, 100 € ; former, 200 € ; et 2 autres actions (option --all).",
        ),
    ],
)
def test_the_summary_names_two_arbitrations_and_counts_the_others(
    titles: tuple[str, ...], expected: str
) -> None:
    lines = plain(plan_sections.arbitrations(to_arbitrate(*titles), Sheet(200, simple=True)))
    assert "".join(lines).strip() == expected


def test_the_full_report_tells_each_arbitration_with_its_ways() -> None:
    lines = plain(plan_sections.arbitrations_in_full(to_arbitrate("Chiffrer"), SIMPLE))
    assert lines == [
        "À arbitrer par le maire",
        "1. Chiffrer (100 €)",
        "   Il manque 900 €.",
        "   - Relever.",
        "   - Demander.",
    ]
    assert plan_sections.arbitrations_in_full(to_arbitrate(), SIMPLE) == []


def test_ways_and_causes_that_several_share_are_told_once() -> None:
    full, dear = "Trop d'actions.", "Il manque 90 €."
    wait, ask = ("Attendre.", "Demander."), ("Relever de 90 €.", "Demander.")
    found = tuple(
        ArbitrationView(rank, f"m{rank}", f"Action {rank}", "0 €", why, options)
        for rank, why, options in ((1, full, wait), (2, dear, ask), (3, full, wait), (4, dear, ask))
    )
    lines = plain(
        plan_sections.arbitrations_in_full(replace(BUSY, to_arbitrate=found), Sheet(200, simple=True))
    )
    money = ["   Il manque 90 €.", "   - Relever de 90 €."]
    assert lines == [
        "À arbitrer par le maire",
        "Les sommes ne s'ajoutent pas : chacune compte ce que prennent d'abord les actions d'avant.",
        "1. Action 1 (0 €)",
        "3. Action 3 (0 €)",
        "   Trop d'actions.",
        "   - Attendre.",
        "2. Action 2 (0 €)",
        *money,
        "4. Action 4 (0 €)",
        *money,
        "Les autres choix, pour chacune :",
        "   - Demander.",
    ]


def test_the_calendar_tells_every_dated_action_once() -> None:
    lines = plain(plan_sections.calendar(BUSY, Sheet(500, simple=True)))
    dated = [each for each in (*BUSY.urgent, *BUSY.next_actions) if each.due]
    assert lines[1].strip() == plan_sections.PROPOSED
    assert len(lines) == 2 + len(BUSY.calendar) + len(dated)
    for each in dated:
        assert f"   {each.rank}. {each.title}, {each.deadline}.".replace(NBSP, " ") in lines
    adopted = replace(dated[0], standing=Standing.ADOPTED, standing_sentence="date adoptée par le maire")
    others = tuple(each for each in BUSY.urgent if each.rank != adopted.rank)
    told = plain(plan_sections.calendar(replace(BUSY, urgent=(adopted, *others)), Sheet(500, simple=True)))
    assert any("(date adoptée par le maire)." in line for line in told)
    assert plan_sections.calendar(EMPTY, SIMPLE) == []


def test_the_past_is_a_sentence_and_a_line_a_control() -> None:
    points = (
        TrendPointView(date(2026, 10, 1), 12, 71, Word.TO_COMPLETE),
        TrendPointView(date(2026, 11, 21), 26, 26, Word.FRAGILE),
    )
    view = replace(BUSY, trend=TrendView(points, "Le niveau monte."))
    assert plain(plan_sections.trend(view, SIMPLE)) == [
        "Le niveau au fil du temps",
        " Le niveau monte.",
        " - 1er octobre 2026 : 12, au plus 71 (à compléter)",
        " - 21 novembre 2026 : 26 (fragile)",
    ]
    assert plan_sections.trend(replace(BUSY, trend=None), SIMPLE) == []


def test_contacts_give_what_can_be_reached() -> None:
    found = (
        ContactView("17Cyber", "en cas d'attaque", "", "https://17.example"),
        ContactView("Centre", "une aide", "0 808", "https://c.example"),
        ContactView("Opérateur", "un prix", "", ""),
    )
    assert plain(plan_sections.contacts(replace(BUSY, whom=found), SIMPLE)) == [
        "À qui s'adresser",
        " - 17Cyber — en cas d'attaque : https://17.example",
        " - Centre — une aide : 0 808, https://c.example",
        " - Opérateur — un prix",
    ]


LINE = ChangeLine("i", "mail.spf", Transition.WORSE, "ville.example", "Le point est moins bon.", "Vu ainsi.")


def test_changes_are_told_section_by_section() -> None:
    told = ChangesView(
        date(2026, 11, 14),
        "Depuis le 14 novembre : 1 dégradation.",
        NOTHING_TO_COMPARE.counts,
        (
            SectionView(Section.DEGRADED, "Ce qui s'est dégradé", "", (LINE, replace(LINE, seen=""))),
            SectionView(Section.IMPROVED, "Ce qui va mieux", "Merci.", (LINE,)),
        ),
    )
    assert plain(plan_sections.changes(replace(BUSY, changes=told), SIMPLE)) == [
        "Ce qui s'est dégradé",
        " - Le point est moins bon. Vu ainsi.",
        " - Le point est moins bon.",
        "",
        "Ce qui va mieux",
        " Merci.",
        " - Le point est moins bon. Vu ainsi.",
    ]
    for changes in (None, NOTHING_TO_COMPARE):
        assert plan_sections.changes(replace(BUSY, changes=changes), SIMPLE) == []


@pytest.mark.parametrize("width", [40, 52, 80])
@pytest.mark.parametrize("view", [BUSY, EMPTY, samples.crowded_view()])
def test_no_line_is_wider_than_the_terminal(view: ReportView, width: int) -> None:
    sheet = Sheet(width, simple=False)
    lines = [
        *plan_sections.money_in_full(view, sheet),
        *plan_sections.arbitrations(view, sheet),
        *plan_sections.arbitrations_in_full(view, sheet),
        *plan_sections.calendar(view, sheet),
        *plan_sections.contacts(view, sheet),
    ]
    # An address is not cut.
    assert all(cell_len(line.plain) <= width or "https://" in line.plain for line in lines)
