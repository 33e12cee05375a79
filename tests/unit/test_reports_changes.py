"""What changed, in words: the sentence, the sections in their order, each line, each format."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from rich.cells import cell_len

from cyberaudit.french import NBSP
from cyberaudit.history.diff import Diff
from cyberaudit.history.transitions import Change, LastKnown, Transition
from cyberaudit.model import Item, Status
from cyberaudit.reports import changes_told
from cyberaudit.reports.changes import NOTHING_TO_COMPARE, ChangesView, Section, changes_view
from cyberaudit.reports.changes_told import Page
from tests.unit.test_history_diff import FAIL, PARTIAL, PASS, UNKNOWN, T, finding

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
TITLES = {"mail.spf": "Qui a le droit d'écrire ?"}
ASKED = "ville.example — Qui a le droit d'écrire ?"


def items(text: str) -> tuple[Item, ...]:
    return tuple(Item(key, FAIL, "open", f"Le point {key} est ouvert.") for key in text)


def change(
    transition: Transition, before: Status | None = None, after: Status | None = None, **changes: Any
) -> Change:
    made = Change(
        identity="i",
        check="mail.spf",
        asset="domain/main",
        asset_name="ville.example",
        transition=transition,
        before=finding(before) if before else None,
        after=finding(after) if after else None,
        was=before if before and before.is_known else None,
        appeared=(),
        gone=(),
        last_known=None,
        accepted=False,
        late=None,
        by_rules=None,
    )
    return replace(made, **changes)


def made(*changes: Change, days: int = 7, rules_changed: bool = False) -> Diff:
    return Diff("essai", NOW - timedelta(days=days), NOW, rules_changed, changes)


def told(*changes: Change, **kept: Any) -> ChangesView:
    return changes_view(made(*changes, **kept), titles=TITLES)


def page_of(view: ChangesView, diff: Diff | None = None) -> Page:
    return Page("essai", "Essai", diff, view)


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


LAST = LastKnown(FAIL, date(2026, 11, 14))
LAST_TOLD = "Dernier état connu : à corriger, le 14 novembre 2026."
LINES = [
    (change(T.BACK, PASS, FAIL), Section.DEGRADED, "De nouveau à corriger : ce point avait été réglé."),
    (change(T.WORSE, PASS, PARTIAL), Section.DEGRADED, "C'était en ordre, c'est maintenant à améliorer."),
    (change(T.WORSE, FAIL, FAIL), Section.DEGRADED, "Toujours à corriger, avec un risque plus grand."),
    (
        change(T.WORSE, UNKNOWN, FAIL, was=PARTIAL),
        Section.DEGRADED,
        "C'était à améliorer, c'est maintenant à corriger.",
    ),
    (
        change(T.WORSE, FAIL, FAIL, appeared=items("a")),
        Section.DEGRADED,
        "Toujours à corriger, avec 1 défaut de plus. En plus : Le point a est ouvert.",
    ),
    (
        change(T.WORSE, FAIL, FAIL, appeared=items("abcde")),
        Section.DEGRADED,
        (
            "Toujours à corriger, avec 5 défauts de plus. En plus : Le point a est ouvert ; "
            "Le point b est ouvert ; Le point c est ouvert ; et 2 autres."
        ),
    ),
    (change(T.NEW, None, FAIL), Section.FIRST_SEEN, "Nouveau dans le profil, à corriger."),
    (
        change(T.FIRST_KNOWN, UNKNOWN, PARTIAL),
        Section.FIRST_SEEN,
        "Constaté pour la première fois : à améliorer.",
    ),
    (
        change(T.BETTER, FAIL, PARTIAL),
        Section.IMPROVED,
        "C'était à corriger, c'est maintenant à améliorer.",
    ),
    (
        change(T.BETTER, FAIL, FAIL, gone=items("a")),
        Section.IMPROVED,
        "Encore à corriger, avec 1 défaut de moins. Réglé : Le point a est ouvert.",
    ),
    (change(T.BETTER, FAIL, FAIL), Section.IMPROVED, "Encore à corriger, avec un risque moins grand."),
    (change(T.SOLVED, FAIL, PASS), Section.IMPROVED, "En ordre maintenant."),
    (
        change(T.NOT_CHECKED, FAIL, UNKNOWN, last_known=LAST),
        Section.NOT_CHECKED,
        f"Pas vérifié cette fois. {LAST_TOLD}",
    ),
    (
        change(T.EXPIRED, FAIL, FAIL),
        Section.TO_REVIEW,
        "La décision d'accepter ce risque n'est plus en vigueur.",
    ),
    (
        change(T.EXPIRED, PASS, UNKNOWN, last_known=LAST),
        Section.TO_REVIEW,
        f"La réponse donnée est trop ancienne : elle est à redonner. {LAST_TOLD}",
    ),
    (
        change(T.OUT_OF_SCOPE, FAIL, Status.NOT_APPLICABLE, last_known=LAST),
        Section.OUT_OF_SCOPE,
        f"La question ne se pose plus. {LAST_TOLD}",
    ),
    (
        change(T.NEW_CHECK, None, FAIL, by_rules=True),
        Section.NEW_CHECKS,
        "Point contrôlé pour la première fois : à corriger.",
    ),
    (change(T.SAME, FAIL, FAIL, late=True), Section.LATE, "Toujours à corriger, en retard."),
    (
        change(T.WORSE, PASS, FAIL, by_rules=True),
        Section.BY_RULES,
        "C'était en ordre, c'est maintenant à corriger.",
    ),
    (
        change(T.WORSE, PASS, FAIL, accepted=True),
        Section.DEGRADED,
        "C'était en ordre, c'est maintenant à corriger. Ce risque est accepté par un élu.",
    ),
]


@pytest.mark.parametrize(("row", "section", "sentence"), LINES)
def test_each_change_has_its_section_and_its_sentence(row: Change, section: Section, sentence: str) -> None:
    (found,) = told(row).sections
    assert found.section is section
    assert plain(found.lines[0].sentence) == f"{ASKED} {sentence}"


def ending(row: Change, *, before: date | None = date(2026, 12, 1), reason: str = "ends") -> Change:
    """The same about something that has an end."""
    assert row.after is not None
    verdict = replace(row.after.verdict, before=before, reason=reason)
    return replace(row, after=replace(row.after, verdict=verdict))


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (ending(change(T.WORSE, FAIL, FAIL)), "Toujours à corriger, et la fin approche."),
        (
            ending(change(T.WORSE, FAIL, FAIL), before=None, reason="expired"),
            "Toujours à corriger, et la date de fin est passée.",
        ),
        (
            ending(change(T.WORSE, FAIL, FAIL), before=date(2026, 11, 14), reason="expired"),
            "Toujours à corriger, et la date de fin est passée.",
        ),
        (ending(change(T.BETTER, FAIL, FAIL)), "Encore à corriger, avec plus de temps pour agir."),
    ],
)
def test_a_countdown_is_told_by_the_time_that_is_left(row: Change, sentence: str) -> None:
    (found,) = told(row).sections
    assert plain(found.lines[0].sentence) == f"{ASKED} {sentence}"


@pytest.mark.parametrize(
    "row",
    [
        change(T.SAME, FAIL, FAIL),
        change(T.SAME, FAIL, FAIL, late=False),
        change(T.FIRST_KNOWN, UNKNOWN, PASS),
        change(T.NEW_CHECK, None, PASS, by_rules=True),
    ],
)
def test_what_is_only_counted_has_no_line(row: Change) -> None:
    assert told(row).sections == ()


def test_the_sections_come_in_their_order_and_say_thank_you_once() -> None:
    view = told(*reversed([row for row, _, _ in LINES]))
    assert [each.section for each in view.sections] == list(Section)
    improved = next(each for each in view.sections if each.section is Section.IMPROVED)
    assert (improved.title, improved.remark) == ("Ce qui va mieux", "Merci.")


def test_a_thing_that_left_the_profile_has_one_line_for_all_its_points() -> None:
    gone = [change(T.OUT_OF_SCOPE, each, identity=str(each)) for each in (FAIL, PASS, UNKNOWN)]
    view = told(*gone, change(T.OUT_OF_SCOPE, PASS, asset="domain/other", asset_name="autre.example"))
    (section,) = view.sections
    assert [plain(line.sentence) for line in section.lines] == [
        "ville.example : retiré du profil. 3 points ne sont plus contrôlés, dont 1 à traiter.",
        "autre.example : retiré du profil. 1 point n'est plus contrôlé.",
    ]
    assert view.counts.removed == 4


@pytest.mark.parametrize(
    ("changes", "kept", "sentence"),
    [
        ([], {}, "Depuis le 14 novembre : rien n'a changé."),
        ([change(T.SAME, FAIL, FAIL, late=True)], {}, "Depuis le 14 novembre : rien n'a changé."),
        ([change(T.FIRST_KNOWN, UNKNOWN, PASS)], {}, "Depuis le 14 novembre : rien n'a changé."),
        (
            [change(T.WORSE, PASS, FAIL), change(T.SOLVED, FAIL, PASS), change(T.BETTER, FAIL, PARTIAL)],
            {},
            "Depuis le 14 novembre : 1 dégradation, 2 améliorations.",
        ),
        (
            [change(T.NOT_CHECKED, FAIL, UNKNOWN)],
            {},
            "Depuis le 14 novembre : ni dégradation ni amélioration. Et aussi : 1 point non vérifié.",
        ),
        (
            [change(T.NEW, None, FAIL)] * 2,
            {"days": 0},
            "Depuis le contrôle de 21 h 10 : 2 défauts vus pour la première fois.",
        ),
        (
            [change(T.BACK, PASS, FAIL)],
            {"days": 365},
            "Depuis le 21 novembre 2025 : 1 dégradation.",
        ),
        (
            [change(T.WORSE, PASS, FAIL, by_rules=True)],
            {"rules_changed": True},
            (
                "Depuis le 14 novembre : ni dégradation ni amélioration. "
                "Les règles ont changé : 1 point est jugé autrement."
            ),
        ),
        (
            [change(T.WORSE, PASS, FAIL)],
            {"rules_changed": True},
            (
                "Depuis le 14 novembre : 1 dégradation. "
                "Les règles ont aussi changé : une partie des écarts peut en venir."
            ),
        ),
        (
            [change(T.WORSE, PASS, FAIL, by_rules=False)],
            {"rules_changed": True},
            "Depuis le 14 novembre : 1 dégradation.",
        ),
        (
            [change(T.NEW_CHECK, None, PASS, by_rules=True)],
            {"rules_changed": True},
            "Depuis le 14 novembre : ni dégradation ni amélioration. Et aussi : 1 point contrôlé en plus.",
        ),
    ],
)
def test_one_sentence_says_since_when_and_how_many(
    changes: list[Change], kept: dict[str, Any], sentence: str
) -> None:
    assert plain(told(*changes, **kept).sentence) == sentence


def test_a_first_audit_has_nothing_to_compare() -> None:
    view = changes_view(None, titles=TITLES)
    assert view == NOTHING_TO_COMPARE
    assert (plain(view.sentence), view.since) == ("Premier contrôle : rien à comparer.", None)


def test_the_sentence_stays_short_whatever_happened() -> None:
    view = told(*[row for row, _, _ in LINES] * 3)
    assert all(len(part.replace(NBSP, " ").split()) <= 25 for part in view.sentence.split(". "))


def test_a_question_that_has_left_the_catalogue_keeps_its_title_and_names_are_made_safe() -> None:
    row = change(T.SOLVED, FAIL, PASS, check="x-gone.check", asset_name="a\x1b[31m\nb")
    (section,) = told(row).sections
    assert section.lines[0].sentence.startswith(f"a [31m b — Qui a le droit d'écrire{NBSP}?")


@pytest.mark.parametrize(("width", "simple"), [(80, False), (52, False), (80, True)])
def test_every_line_holds_on_the_screen(width: int, *, simple: bool) -> None:
    view = told(*[row for row, _, _ in LINES])
    page = changes_told.render(page_of(view), width=width, simple=simple)
    assert max(cell_len(line) for line in page.splitlines()) <= width
    assert ("─" in page) is (not simple and width == 80)
    assert not [line for line in page.splitlines() if line != line.rstrip()]
    words = " ".join(page.split())
    for section in view.sections:
        assert section.title in words
        assert all(" ".join(line.sentence.split()) in words.replace("─", "") for line in section.lines)


def test_what_was_seen_is_said_when_something_is_to_be_done() -> None:
    view = told(change(T.WORSE, PASS, FAIL), change(T.SOLVED, FAIL, PASS))
    assert [line.seen for section in view.sections for line in section.lines] == ["Vu.", ""]
    page = changes_told.render(page_of(view), width=80, simple=True)
    assert page.count(f"\n  Relevé{NBSP}: Vu.\n") == 1
    assert changes_told.markdown(page_of(view)).count(f" *Relevé{NBSP}: Vu.*\n") == 1


def test_markdown_shows_names_as_text() -> None:
    view = told(change(T.SOLVED, FAIL, PASS, asset_name="*ville*"), change(T.NEW_CHECK, None, FAIL))
    page = changes_told.markdown(page_of(view))
    assert "## Ce qui va mieux\n\nMerci.\n\n- \\*ville\\* —" in page
    assert page.startswith(f"# Ce qui a changé{NBSP}: Essai\n\nDepuis le 14{NBSP}novembre")


def test_the_json_has_every_row_the_unchanged_too() -> None:
    rows = (change(T.SAME, PASS, PASS), change(T.NOT_CHECKED, FAIL, UNKNOWN, last_known=LAST))
    more = change(T.WORSE, FAIL, FAIL, appeared=items("a"))
    found = made(*rows, more)
    view = changes_view(found, titles=TITLES)
    document = json.loads(changes_told.as_json(page_of(view, found)))
    assert [row["transition"] for row in document["changes"]] == ["same", "not-checked", "worse"]
    assert document["changes"][1]["last_known"] == {"on": "2026-11-14", "status": "fail"}
    assert document["changes"][2]["appeared"][0]["key"] == "a"
    assert (document["since"], document["regression"]) == ("2026-11-14T21:10:00Z", True)
    assert document["counts"]["not_checked"] == 1
    nothing = json.loads(changes_told.as_json(page_of(NOTHING_TO_COMPARE)))
    assert (nothing["since"], nothing["changes"], nothing["regression"]) == (None, [], False)


@pytest.mark.parametrize("transition", Transition)
def test_every_point_of_either_moment_has_its_word(transition: Transition) -> None:
    (point,) = told(change(transition, PASS, PASS)).points
    assert (point.point, point.check, point.transition) == ("i", "mail.spf", transition)
    assert point.word
    assert point.word == point.word.lower()
    words = {told(change(each, PASS, PASS)).points[0].word for each in Transition}
    assert len(words) == len(Transition)


@pytest.mark.parametrize(
    ("transition", "expected"),
    [
        (T.WORSE, "jugé par de nouvelles règles"),
        (T.SOLVED, "jugé par de nouvelles règles"),
        (T.NEW_CHECK, "contrôle nouveau"),
        (T.SAME, "inchangé"),
    ],
)
def test_what_the_rules_alone_changed_is_not_laid_at_the_town_s_door(
    transition: Transition, expected: str
) -> None:
    (point,) = told(change(transition, PASS, FAIL, by_rules=True)).points
    assert point.word == expected


def test_the_first_audit_has_no_word_for_any_point() -> None:
    assert NOTHING_TO_COMPARE.points == ()
