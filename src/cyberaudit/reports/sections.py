"""The sections of the terminal report, each a list of lines; an empty one has nothing to say."""

from collections.abc import Sequence
from enum import Enum, auto

from rich.text import Text

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plan.words import Standing, Tier, Word
from cyberaudit.reports import when
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.layout import Line, Sheet, table
from cyberaudit.reports.words import ActionView, Mark, ReportView, ThemeView

BAR_CELLS = 30
# Product decision, 2026: a reader who knows nothing finds the two things to do now; the others are counted.
MOST_NAMED = 2
_MARK_STYLES = {
    Mark.TO_FIX: "bold red",
    Mark.TO_IMPROVE: "bold yellow",
    Mark.IN_ORDER: "green",
    Mark.TO_CHECK: "cyan",
    Mark.NOT_APPLICABLE: "dim",
}
_WORD_STYLES = {
    Word.FRAGILE: "bold red",
    Word.TO_STRENGTHEN: "bold yellow",
    Word.SOLID: "bold green",
    Word.VERY_SOLID: "bold green",
    Word.TO_COMPLETE: "bold cyan",
    Word.NOT_ASSESSED: "bold cyan",
}
_MARK_WIDTH = max(len(mark) for mark in Mark)

Section = list[Line]


class ThemesRoom(Enum):
    """How the themes are told."""

    APART = auto()
    """A line each."""
    BY_STATE = auto()
    """A line a state, naming them."""
    COUNTED = auto()
    """One line in all."""


@frozen
class Room:
    """How much of each list the summary shows in full; the rest is counted."""

    urgent: int
    next: int
    remarks: int
    """Contradictions, causes of what was not seen, accepted risks: lines of each."""
    airy: bool
    """A blank line before each section."""
    themes: ThemesRoom = ThemesRoom.APART
    years: int = 5
    """Years of the budget; the others are counted."""
    first_sentence: bool = False
    """Only the first sentence of each « Pourquoi »."""


def head(view: ReportView, sheet: Sheet) -> Section:
    lines = sheet.paragraph(view.title, style="bold") + sheet.paragraph(view.scan_line)
    for warning in view.warnings:
        lines += sheet.paragraph(warning, first="! ", style="bold yellow")
    lines += [sheet.blank(), *_level(view, sheet)]
    return lines


def _level(view: ReportView, sheet: Sheet) -> Section:
    level = view.level
    figure = f"{_gap(sheet)} ({level.figure})" if level.figure else ""
    label = f"Niveau{french.NBSP}: "
    lines = sheet.paragraph(f"{level.headline}{figure}", first=label, rest="  ")
    lines[0].stylize(_WORD_STYLES[level.word], len(label), len(label) + len(level.headline))
    if not sheet.simple and level.asked:
        lines.append(_bar(level.shown_low, level.shown_high, _WORD_STYLES[level.word]))
    lines += sheet.paragraph(level.coverage)
    for sentence in (level.reason, view.changes.sentence if view.changes else ""):
        lines += sheet.paragraph(sentence) if sentence else []
    return lines


def _bar(low: int, high: int, style: str) -> Line:
    """Full up to the low bound, half-toned up to the high one."""
    full, half = low * BAR_CELLS // 100, high * BAR_CELLS // 100
    bar = Text("█" * full, style=style)
    bar.append("▒" * (half - full))
    bar.append("░" * (BAR_CELLS - half), style="dim")
    return bar


def contradictions(view: ReportView, sheet: Sheet, room: Room) -> Section:
    sentences = [each.sentence for each in view.contradictions]
    return _remarks("Déclaré, mais mesuré autrement", sentences, sheet, most=room.remarks)


def not_seen(view: ReportView, sheet: Sheet, room: Room) -> Section:
    sentences = [each.sentence for each in view.not_seen]
    return _remarks("Ce qui n'a pas pu être vérifié", sentences, sheet, most=room.remarks)


def waivers(view: ReportView, sheet: Sheet, room: Room) -> Section:
    sentences = [each.sentence for each in view.waivers]
    return _remarks("Risques acceptés", sentences, sheet, most=room.remarks)


def _remarks(title: str, sentences: Sequence[str], sheet: Sheet, *, most: int) -> Section:
    """A heading and at most `most` sentences, the others counted; with no room, one line in all."""
    if not sentences:
        return []
    if not most:
        return sheet.paragraph(f"{title}{french.NBSP}: {french.number(len(sentences))} (option --all).")
    lines = sheet.heading(title)
    for sentence in sentences[:most]:
        lines += sheet.paragraph(sentence, first=" - ")
    return lines + _others(len(sentences) - most, "remarque", sheet)


def _others(count: int, word: str, sheet: Sheet) -> Section:
    """« Et 3 autres urgences : option --all. », nothing when there is no other."""
    if count < 1:
        return []
    counted = french.count(count, f"autre {word}", f"autres {word}s")
    return sheet.paragraph(f"Et {counted}{french.NBSP}: option --all.", first=" ")


def do_now(view: ReportView, sheet: Sheet, room: Room) -> Section:
    lines = sheet.heading("À faire tout de suite")
    if view.nothing_urgent:
        return lines + sheet.paragraph(view.nothing_urgent, first=" ")
    shown = view.urgent[: room.urgent]
    for number, action in enumerate(shown):
        lines += [sheet.blank()] if number and (room.airy or sheet.simple) else []
        lines += action_block(action, sheet, first_sentence=room.first_sentence)
    named = view.urgent[len(shown) : MOST_NAMED]
    for action in named:
        lines += sheet.paragraph(_in_brief(action), first=f"{action.rank}. ", style="bold")
    return lines + _others(len(view.urgent) - len(shown) - len(named), "urgence", sheet)


def _in_brief(action: ActionView) -> str:
    """Of an urgency that finds no room: what it is, and its nearest date."""
    date = f"à commencer {action.stopgap_deadline}" if action.stopgap_deadline else action.deadline
    return french.typeset(f"{action.title} : {date}.")


def action_block(action: ActionView, sheet: Sheet, *, first_sentence: bool = False) -> Section:
    """One action in full, as the summary tells an urgency."""
    lines = _action_title(action, sheet)
    why = action.why.partition(". ")[0].rstrip(".") + "." if first_sentence else action.why
    lines += sheet.labelled("Pourquoi", after_colon(why))
    lines += _who_and_cost(action, sheet)
    due, meanwhile = sheet.labelled("Échéance", _when(action)), _meanwhile(action, sheet)
    # What is to be done within the week comes before what may take months.
    lines += meanwhile + due if action.stopgap_due else due + meanwhile
    if action.after:
        lines += sheet.labelled("Ordre", after_colon(action.after))
    return lines


def _when(action: ActionView) -> str:
    """« avant le 28 novembre. », with what the date is worth when it is not the seven days of an urgency."""
    if action.tier is Tier.URGENT and action.standing is Standing.PROPOSED and not action.stopgap_due:
        return f"{action.deadline}."
    return (
        f"{action.deadline} ({action.standing_sentence})." if action.deadline else "à arbitrer par le maire."
    )


def _meanwhile(action: ActionView, sheet: Sheet) -> Section:
    if not action.stopgap:
        return []
    label = f"En attendant, {action.stopgap_deadline}" if action.stopgap_deadline else "En attendant"
    return sheet.labelled(label, after_colon(action.stopgap))


def _action_title(action: ActionView, sheet: Sheet) -> Section:
    ids = f"[{', '.join(action.checks)}]"
    lines = sheet.paragraph(action.title, first=f"{action.rank}. ", style="bold")
    together = f"{lines[-1].plain}   {ids}"
    if sheet.holds(together) and len(lines) == 1:
        lines[-1].append(f"   {ids}", style="dim")
        return lines
    return lines + sheet.paragraph(ids, first="   ", style="dim")


def _who_and_cost(action: ActionView, sheet: Sheet) -> Section:
    gap = _gap(sheet)
    cost, time = (f"{word}{french.NBSP}:{french.NBSP}" for word in ("Coût", "Temps"))
    return sheet.labelled("Qui", f"{action.who}.{gap} {cost}{action.cost}.{gap} {time}{action.time}.")


def _gap(sheet: Sheet) -> str:
    """Two cells between what is told on one line, one where nothing is aligned."""
    return "" if sheet.simple else french.NBSP


def next_actions(view: ReportView, sheet: Sheet, room: Room) -> Section:
    shown = view.next_actions[: room.next]
    if not shown:
        return []
    title = "La prochaine action" if len(shown) == 1 else f"Les {len(shown)} prochaines actions"
    lines = sheet.heading(title)
    lines += _listed_actions(shown, sheet) if sheet.simple else _table_of_actions(shown, sheet)
    return lines + _others(len(view.next_actions) - len(shown), "action", sheet)


def _table_of_actions(actions: Sequence[ActionView], sheet: Sheet) -> Section:
    rows = [
        (f"{each.rank}", each.title, each.who_short, each.cost_short, each.when_short) for each in actions
    ]
    return table(("N°", "Action", "Qui", "Coût", "Pour"), rows, sheet, flexible=1, right=(3,))


def _listed_actions(actions: Sequence[ActionView], sheet: Sheet) -> Section:
    lines: Section = []
    for each in actions:
        lines += sheet.paragraph(each.title, first=f"{each.rank}. ")
        said = when.short_sentence(each.when_short)
        lines += sheet.labelled("Qui", f"{each.who}. Coût{french.NBSP}: {each.cost}. {said}")
    return lines


def themes(view: ReportView, sheet: Sheet, room: Room) -> Section:
    if not view.themes:
        return []
    if room.themes is ThemesRoom.COUNTED:
        return sheet.paragraph(_themes_counted(view.themes))
    lines = sheet.heading("Par thème")
    if room.themes is ThemesRoom.APART:
        for theme in view.themes:
            lines += marked(theme.mark, f"{theme.name} — {theme.sentence}", sheet)
        return lines
    for mark in dict.fromkeys(theme.mark for theme in view.themes):
        names = [_short(theme) for theme in view.themes if theme.mark is mark]
        lines += marked(mark, f"{', '.join(names)}.", sheet)
    return lines


def _themes_counted(themes: Sequence[ThemeView]) -> str:
    """« Par thème : 5 à corriger, 1 à améliorer (option --all). »"""
    marks = [theme.mark for theme in themes]
    counts = [f"{marks.count(mark)} {mark}" for mark in dict.fromkeys(marks)]
    return f"Par thème{french.NBSP}: {', '.join(counts)} (option --all)."


def _short(theme: ThemeView) -> str:
    return f"{theme.name} ({theme.in_order}{french.NBSP}sur{french.NBSP}{theme.asked})"


def marked(mark: Mark, text: str, sheet: Sheet, *, indent: str = " ") -> Section:
    """« ✗ À CORRIGER   … »: sign, word, colour."""
    label = f"{mark.sign} {mark.upper()}"
    padding = "  " if sheet.simple else " " * (_MARK_WIDTH + 4 - len(label))
    rest = indent + "  " if sheet.simple else None
    lines = sheet.paragraph(text, first=f"{indent}{label}{padding}", rest=rest)
    lines[0].stylize(_MARK_STYLES[mark], len(indent), len(indent) + len(label))
    return lines


def help_lines(view: ReportView, sheet: Sheet, *, options: bool) -> Section:
    """Where to go next; `options`: also how to see what the summary leaves out."""
    rows = _option_rows(view) if options else []
    rows += [(each.label, each.command) for each in view.help]
    return sheet.arrows(rows) + sheet.paragraph(view.attack, style="bold")


def _option_rows(view: ReportView) -> list[tuple[str, str]]:
    rows = [("Chaque point, avec ses preuves", "options --all et --technical")]
    if view.questions:
        rows.insert(
            0, (f"Questions sans réponse{french.NBSP}: {len(view.questions)}", "cyberaudit questions PROFIL")
        )
    return rows
