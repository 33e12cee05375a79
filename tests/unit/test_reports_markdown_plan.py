"""The plan in Markdown: tables, lists, and texts of others that stay texts."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date

import pytest

from cyberaudit.french import NARROW, NBSP
from cyberaudit.history.transitions import Transition
from cyberaudit.plan.words import Word
from cyberaudit.reports import markdown_plan, why
from cyberaudit.reports.change_words import ChangeLine, Section, SectionView
from cyberaudit.reports.changes import NOTHING_TO_COMPARE
from cyberaudit.reports.plan_words import ArbitrationView, TrendPointView, TrendView
from cyberaudit.reports.words import ReportView
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit

BUSY = samples.busy_view()
EMPTY = samples.view_of([], samples.town())
HOSTILE = "<script>*x*</script> | [lien](http://piege.example)"


def plain(lines: Iterator[str]) -> list[str]:
    return [line.replace(NBSP, " ").replace(NARROW, " ") for line in lines]


def cells(lines: list[str]) -> list[list[str]]:
    """The rows of a table, its head and its rule aside."""
    rows = [line for line in lines if line.startswith("|")]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]


@pytest.mark.parametrize(
    "section",
    [
        markdown_plan.calendar,
        markdown_plan.arbitrations,
        markdown_plan.money,
        markdown_plan.changes,
        markdown_plan.changes_in_full,
        markdown_plan.trend,
        markdown_plan.weights,
    ],
)
def test_what_has_nothing_to_say_is_not_there(section: Callable[[ReportView], Iterator[str]]) -> None:
    assert not list(section(EMPTY))


def test_the_calendar_has_a_row_an_action() -> None:
    rows = cells(plain(markdown_plan.calendar(BUSY)))
    dated = [each for each in (*BUSY.urgent, *BUSY.next_actions) if each.due]
    assert sorted(row[1].split(".")[0].rstrip("\\") for row in rows) == sorted(
        f"{each.rank}" for each in dated
    )
    assert rows[0][0] == "4e trimestre 2026"
    assert all(len(row) == 5 for row in rows)


def test_the_money_has_a_row_a_year_and_the_sum() -> None:
    lines = plain(markdown_plan.money(BUSY))
    rows = cells(lines)
    assert [row[0] for row in rows] == [f"{each.year}" for each in BUSY.budget.years]
    assert rows[-1][4] == f"niveau visé {BUSY.budget.years[-1].level}"
    assert lines[-1].startswith("Budget des actions proposées")
    silent = replace(BUSY, budget=replace(BUSY.budget, sentence=""))
    assert plain(markdown_plan.money(silent))[-1].startswith("|")


def test_what_is_to_be_arbitrated_has_its_three_ways_below() -> None:
    one = ArbitrationView(3, "m", f"Chiffrer {HOSTILE}", "900 €", "Il manque 900 €.", ("Relever.", HOSTILE))
    lines = plain(markdown_plan.arbitrations(replace(BUSY, to_arbitrate=(one,))))
    assert lines[1] == "## À arbitrer par le maire"
    assert lines[4] == "  - Relever."
    assert len(lines) == 6
    assert lines[3].startswith("- **3")
    assert lines[3].endswith("(900 €) : Il manque 900 €.")


def test_the_head_counts_the_changes_and_the_body_tells_them() -> None:
    line = ChangeLine("i", "mail.spf", Transition.WORSE, "ville", "Moins bon.", "Vu *ainsi*.")
    section = SectionView(Section.IMPROVED, "Ce qui va mieux", "Merci.", (line, replace(line, seen="")))
    told = replace(
        NOTHING_TO_COMPARE,
        sentence="Depuis le 14 novembre : 1 amélioration.",
        sections=(section, replace(section, remark="")),
    )
    view = replace(BUSY, changes=told)
    assert "**Depuis le 14 novembre : 1 amélioration.**" in plain(markdown_plan.changes(view))
    assert plain(markdown_plan.changes_in_full(view)) == [
        "",
        "## Ce qui va mieux",
        "",
        "Merci.",
        "",
        "- Moins bon. Vu \\*ainsi\\*.",
        "- Moins bon.",
        "",
        "## Ce qui va mieux",
        "",
        "- Moins bon. Vu \\*ainsi\\*.",
        "- Moins bon.",
    ]


def test_the_first_control_says_so_in_the_head() -> None:
    view = replace(BUSY, changes=NOTHING_TO_COMPARE)
    assert "**Premier contrôle : rien à comparer.**" in plain(markdown_plan.changes(view))
    assert not list(markdown_plan.changes_in_full(view))


def test_the_past_is_a_table_with_french_dates() -> None:
    points = (TrendPointView(date(2026, 3, 1), 12, 71, Word.TO_COMPLETE),)
    lines = plain(markdown_plan.trend(replace(BUSY, trend=TrendView(points, "Le niveau monte."))))
    assert "Le niveau monte." in lines
    assert cells(lines) == [["1er mars 2026", "12", "71", "À compléter"]]


def test_contacts_are_a_list_with_links() -> None:
    lines = plain(markdown_plan.contacts(BUSY))
    assert len([each for each in lines if each.startswith("- **")]) == len(BUSY.whom)
    centre = next(each for each in lines if "Centre régional Normandie" in each)
    assert centre.endswith("— 0 808 800 001")
    assert lines[-1].endswith("un conseil sans rien à vendre")


def test_where_the_level_comes_from_ends_with_the_division() -> None:
    lines = plain(markdown_plan.weights(BUSY))
    assert len(cells(lines)) == len(BUSY.weights)
    told = why.division(BUSY.weights, BUSY.level).replace(NBSP, " ")
    assert lines[-1].replace("\\", "") == told


def test_a_hostile_title_makes_neither_markup_nor_a_cell_of_its_own() -> None:
    action = replace(BUSY.urgent[0], title=HOSTILE)
    view = replace(BUSY, urgent=(action, *BUSY.urgent[1:]))
    lines = plain(markdown_plan.calendar(view))
    row = next(line for line in lines if "script" in line)
    assert "<script>" not in row
    assert "\\[lien\\](" in row
    assert row.replace("\\|", "").count("|") == 6
