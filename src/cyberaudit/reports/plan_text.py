"""`cyberaudit plan show` in words: the calendar, the money, what the mayor decides, how dates are adopted."""

import json
from collections.abc import Iterator, Sequence
from datetime import date

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plan.what_if import Moved
from cyberaudit.plan.words import Arbitration, Held, Standing
from cyberaudit.reports import json_report, plan_sections, when
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.layout import Line, Sheet
from cyberaudit.reports.plan_words import YearView
from cyberaudit.reports.points import safe
from cyberaudit.reports.terminal import SIMPLE_UNDER
from cyberaudit.reports.words import ActionView, ReportView

# Ours: what holds on a screen and a half; the rest is counted, and told by --all.
FEW_QUARTERS = 5
WIDEST = 100
_OUR_JUDGEMENT = (
    "L'ordre suit les guides officiels, puis notre jugement."
    " Les prix sont nos estimations, datées dans chaque fiche, ou un devis reçu."
)


@frozen
class Trial:
    """Other ceilings, tried on the plan."""

    moves: tuple[Moved, ...]
    years: tuple[YearView, ...]
    """As they are without the trial."""


def plan_text(
    view: ReportView,
    *,
    trial: Trial | None,
    warnings: Sequence[str],
    profile: str,
    width: int,
    simple: bool,
    everything: bool,
) -> str:
    """The plan, each line of at most `width` cells.

    Args:
        view: what is told; under other ceilings when there is a trial.
        trial: what other ceilings change; None when none was tried.
        warnings: what the plan cannot read of the profile.
        profile: how the commands at the end name the profile.
        width: of the terminal, in cells.
        simple: no table, no drawn line.
        everything: every quarter, and why each action stands where it does.
    """
    sheet = Sheet(width=min(width, WIDEST), simple=simple or width < SIMPLE_UNDER)
    sections = [
        _head(view, sheet, warnings),
        _tried(trial, view, sheet) if trial else [],
        _calendar(view, sheet, everything=everything),
        plan_sections.money_in_full(view, sheet),
        plan_sections.arbitrations_in_full(view, sheet),
        _adopting(view, sheet, profile),
    ]
    lines: list[Line] = []
    for section in filter(None, sections):
        lines += [sheet.blank(), *section] if lines else section
    return "\n".join(line.plain.rstrip() for line in lines) + "\n"


def _actions(view: ReportView) -> tuple[ActionView, ...]:
    return (*view.urgent, *view.next_actions)


def _head(view: ReportView, sheet: Sheet, warnings: Sequence[str]) -> list[Line]:
    lines = sheet.paragraph(f"Plan d'action : {view.commune_name}", style="bold")
    lines += sheet.paragraph(french.typeset(f"{view.scan_line}."))
    if not _actions(view):
        return lines + sheet.paragraph("Aucune action au plan : rien n'a été vu à corriger.")
    lines += sheet.paragraph(french.typeset(_OUR_JUDGEMENT))
    for warning in warnings:
        lines += sheet.paragraph(french.typeset(warning), first="! ")
    return lines


def _calendar(view: ReportView, sheet: Sheet, *, everything: bool) -> list[Line]:
    if not view.calendar:
        return []
    by_rank = {each.rank: each for each in _actions(view)}
    shown = view.calendar if everything else view.calendar[:FEW_QUARTERS]
    lines = sheet.heading("Calendrier")
    for quarter in shown:
        lines += sheet.paragraph(f"{quarter.label}{french.NBSP}:", style="bold")
        for rank in quarter.actions:
            lines += _action(by_rank[rank], sheet, everything=everything)
    left = sum(len(each.actions) for each in view.calendar[len(shown) :])
    if left:
        more = f"Et {french.count(left, 'autre action', 'autres actions')} plus tard : voir --all."
        lines += sheet.paragraph(french.typeset(more))
    return lines


def _action(action: ActionView, sheet: Sheet, *, everything: bool) -> list[Line]:
    head = f"{action.rank}. "
    margin = "  " + " " * len(head)
    lines = sheet.paragraph(f"{action.title}  [{action.measure}]", first=f"  {head}")
    who = f"{action.who[:1].upper()}{action.who[1:]}, {action.cost}, {action.time}."
    lines += sheet.paragraph(french.typeset(who), first=margin)
    dated = f"{action.deadline[:1].upper()}{action.deadline[1:]} ({action.standing_sentence})."
    lines += sheet.paragraph(french.typeset(dated), first=margin)
    stopgap = f"En attendant, {action.stopgap_deadline} : {after_colon(action.stopgap)}"
    notes = [stopgap if action.stopgap_deadline else "", action.said_done, *action.lots, action.after]
    notes += action.why_here if everything else ()
    for note in filter(None, notes):
        lines += sheet.paragraph(french.typeset(note), first=margin)
    return lines


def _tried(trial: Trial, view: ReportView, sheet: Sheet) -> list[Line]:
    """What other ceilings would change, each way, and why."""
    lines = sheet.heading("Ce que ce plafond change")
    for title, sooner in (("Plus tôt", True), ("Plus tard, ou à arbitrer", False)):
        moves = [each for each in trial.moves if _is_sooner(each) is sooner]
        lines += sheet.paragraph(f"{title}{french.NBSP}:", first="  ") if moves else []
        for each in moves:
            lines += sheet.paragraph(_moved(each, view), first="  - ")
    if not trial.moves:
        lines += sheet.paragraph("Aucune date ne change.", first="  ")
    for sentence in (*_levels(trial, view), *_NOT_WRITTEN):
        lines += sheet.paragraph(french.typeset(sentence), first="  ")
    return lines


_NOT_WRITTEN = (
    "C'est un essai : rien n'est écrit. Le plafond se choisit dans le profil, sous « plan ».",
    "Le calendrier et le budget qui suivent supposent ce plafond.",
)


def _levels(trial: Trial, view: ReportView) -> Iterator[str]:
    reached = {each.year: each.level for each in view.budget.years}
    for each in trial.years:
        after = reached.get(each.year, each.level)
        if after != each.level:
            yield f"Niveau visé fin {each.year} : {after}, au lieu de {each.level}."


def _is_sooner(move: Moved) -> bool:
    return move.after is not None and (move.before is None or move.after < move.before)


def _moved(move: Moved, view: ReportView) -> str:
    return french.typeset(f"{safe(move.title)} : {_change(move)}. {_because(move, view)}".rstrip())


def _change(move: Moved) -> str:
    match move.before, move.after:
        case date() as was, date() as now if now != was:
            return f"{french.day(now)}, au lieu du {french.day(was)}"
        case date() as was, date():
            return f"toujours le {french.day(was)}, {_otherwise(move)}"
        case None, date() as now:
            return f"{french.day(now)}, au lieu d'être à arbitrer"
        case date() as was, None:
            return f"à arbitrer, au lieu du {french.day(was)}"
        case _:
            return "toujours à arbitrer"


def _otherwise(move: Moved) -> str:
    """What changes when the date does not."""
    if move.standing_before is move.standing_after:
        return "commencée à un autre moment"
    return "à confirmer" if move.standing_after is Standing.TO_CONFIRM else "sans plus rien à confirmer"


def _because(move: Moved, view: ReportView) -> str:
    """What held it and holds it no more, or what holds it now."""
    titles = {each.measure: each.title for each in _actions(view)}
    head = "Ce qui la retenait" if _is_sooner(move) else "Ce qui la retient"
    match move.cause:
        case Held() as held:
            return f"{head} : {when.hindrance(held, lambda each: titles.get(each, each))}."
        case Arbitration() as cause:
            why = when.arbitration(cause, lambda each: titles.get(each, each))
            return f"{head} : {why[:1].lower()}{why[1:]}"
        case _ if move.before == move.after:
            return ""
        case _:
            return "Sa date suit celle d'une autre action."


def _adopting(view: ReportView, sheet: Sheet, profile: str) -> list[Line]:
    """How a date becomes a decision."""
    if not _actions(view):
        return []
    note = "Une date proposée peut changer au prochain contrôle. Une date adoptée par un élu ne bouge plus."
    lines = sheet.heading("Adopter les dates")
    lines += sheet.paragraph(french.typeset(note), first="  ")
    commands = (f'plan adopt {profile} --all --by "Nom, maire"', f"plan quote-request {profile} MESURE")
    for command in commands:
        # Not wrapped: it is to be copied.
        lines.append(Line(f"  cyberaudit {command}"))
    return lines


def plan_json(view: ReportView, *, trial: Trial | None, warnings: Sequence[str]) -> str:
    """The plan for machines: the same parts as in the report's JSON."""
    report = json.loads(json_report.render(view))
    kept = (
        "commune",
        "commune_name",
        "as_of",
        "urgent",
        "next_actions",
        "calendar",
        "budget",
        "to_arbitrate",
    )
    plain: dict[str, object] = {key: report[key] for key in kept}
    plain["warnings"] = list(warnings)
    if trial:
        plain["moves"] = [_move_plain(each, view) for each in trial.moves]
    return json.dumps(plain, ensure_ascii=False, indent=2)


def _move_plain(move: Moved, view: ReportView) -> dict[str, object]:
    return {
        "measure": move.measure,
        "rank": move.rank,
        "before": move.before.isoformat() if move.before else None,
        "after": move.after.isoformat() if move.after else None,
        "sentence": _moved(move, view),
    }


__all__ = ["Trial", "plan_json", "plan_text"]
