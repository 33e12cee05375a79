"""The report on a terminal: verdict, then what to do now, next, by theme, money, help."""

from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from io import StringIO

from rich.console import Console
from rich.text import Text

from cyberaudit.reports import details, plan_sections, sections, why_text
from cyberaudit.reports.doors_section import open_doors
from cyberaudit.reports.layout import Line, Sheet
from cyberaudit.reports.rcpnt import rcpnt_section
from cyberaudit.reports.sections import Room, ThemesRoom
from cyberaudit.reports.terminal import SIMPLE_UNDER, WIDTH_ELSEWHERE
from cyberaudit.reports.words import ReportView

# WCAG 2.2, success criterion 1.4.8: 80 characters a line for reading; a table may take some more.
WIDEST = 100
# Product decision, 2026: the summary holds on one screen and a half, and on one printed page.
SUMMARY_LINES = 45


class Detail(StrEnum):
    """How much is told."""

    SUMMARY = "summary"
    ALL = "all"
    TECHNICAL = "technical"
    WHY = "why"
    """How the level, each rank and each date come about."""


_TIGHT = Room(urgent=2, next=4, remarks=3, airy=False)
_SHORT = replace(_TIGHT, remarks=1, themes=ThemesRoom.BY_STATE)
_COUNTED = replace(_SHORT, remarks=0, first_sentence=True, years=2)
_STEPS = (
    replace(_TIGHT, airy=True),
    _TIGHT,
    replace(_TIGHT, remarks=1),
    _SHORT,
    replace(_SHORT, remarks=0),
    replace(_COUNTED, next=3),
    replace(_COUNTED, next=2),
    replace(_COUNTED, next=1),
    replace(_COUNTED, next=2, themes=ThemesRoom.COUNTED),
    replace(_COUNTED, next=1, themes=ThemesRoom.COUNTED),
    replace(_COUNTED, next=1, themes=ThemesRoom.COUNTED, years=1),
)
ROOMS = tuple(replace(step, urgent=urgent) for urgent in (2, 1) for step in _STEPS)
"""From generous to sparing: the first that holds in `SUMMARY_LINES` at 80 columns serves every width."""


def render(view: ReportView, *, width: int, simple: bool, detail: Detail, colour: bool) -> str:
    """The report as text, each line of at most `width` cells, ending with a line break.

    Args:
        view: what is told.
        width: of the terminal, 40 cells or more; under 72 the simple layout is taken.
        simple: no table, no bar, no drawn line.
        detail: the summary, every point, every point with its proof, or where the numbers come from.
        colour: with ANSI colours; the words say the same without.
    """
    sheet = Sheet(width=min(width, WIDEST), simple=simple or width < SIMPLE_UNDER)
    if detail is Detail.SUMMARY:
        lines = _summary(view, sheet, _fitting_room(view))
    elif detail is Detail.WHY:
        lines = [*sections.head(view, sheet), sheet.blank(), *why_text.level(view, sheet)]
        lines += [sheet.blank(), *why_text.ranks(view, sheet)]
    else:
        lines = _everything(view, sheet, technical=detail is Detail.TECHNICAL)
    return _printed(lines, width=width, colour=colour)


def _printed(lines: Iterable[Line], *, width: int, colour: bool) -> str:
    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        highlight=False,
        _environ={},
    )
    console.print(Text("\n").join(lines), soft_wrap=True)
    return out.getvalue()


def _fitting_room(view: ReportView) -> Room:
    sheet = Sheet(width=WIDTH_ELSEWHERE, simple=False)
    for room in ROOMS:
        if len(_summary(view, sheet, room)) <= SUMMARY_LINES:
            return room
    return ROOMS[-1]


def _summary(view: ReportView, sheet: Sheet, room: Room) -> list[Line]:
    body = (
        sections.contradictions(view, sheet, room),
        sections.do_now(view, sheet, room),
        sections.next_actions(view, sheet, room),
        sections.themes(view, sheet, room),
        sections.not_seen(view, sheet, room),
        sections.waivers(view, sheet, room),
    )
    airy = room.airy or sheet.simple
    lines = sections.head(view, sheet)
    for number, section in enumerate(section for section in body if section):
        lines += [sheet.blank(), *section] if airy or number == 0 else section
    money = plan_sections.money(view, sheet, most=room.years) + plan_sections.arbitrations(view, sheet)
    for section in (money, sections.help_lines(view, sheet, options=True)):
        lines += [sheet.blank(), *section] if section else []
    return lines


def _everything(view: ReportView, sheet: Sheet, *, technical: bool) -> list[Line]:
    full = Room(urgent=len(view.urgent), next=0, remarks=len(view.points), airy=True)
    body = (
        sections.contradictions(view, sheet, full),
        details.all_actions("À faire tout de suite", view.urgent, sheet, technical=technical)
        or sections.do_now(view, sheet, full),
        details.all_actions("Les actions suivantes", view.next_actions, sheet, technical=technical),
        plan_sections.arbitrations_in_full(view, sheet),
        plan_sections.calendar(view, sheet),
        plan_sections.money_in_full(view, sheet),
        plan_sections.trend(view, sheet),
        plan_sections.changes(view, sheet),
        sections.themes(view, sheet, full),
        sections.not_seen(view, sheet, full),
        sections.waivers(view, sheet, full),
        open_doors(view.doors, sheet, technical=technical),
        rcpnt_section(view.rcpnt, sheet),
        details.questions(view, sheet),
        plan_sections.contacts(view, sheet),
        *details.points(view, sheet, technical=technical),
        details.method(view, sheet),
        sections.help_lines(view, sheet, options=False),
    )
    lines = sections.head(view, sheet)
    for section in body:
        lines += [sheet.blank(), *section] if section else []
    return lines
