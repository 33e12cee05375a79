"""The whole report as values: everything that any format tells, each sentence ready in French."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from cyberaudit import french
from cyberaudit.engine.fiche import Fiche
from cyberaudit.engine.measures import Remedies
from cyberaudit.history.state import AuditSummary, TownState, zone_of
from cyberaudit.model import Finding, Status
from cyberaudit.plan.level import LEVEL_PARAGRAPH
from cyberaudit.plan.words import Action, Plan, Tier
from cyberaudit.reports import money, whom
from cyberaudit.reports.actions import action
from cyberaudit.reports.change_words import ChangesView, PointChange
from cyberaudit.reports.commune import of_commune
from cyberaudit.reports.decisions import unknown_measures
from cyberaudit.reports.doors import doors_view
from cyberaudit.reports.level import level_view, nothing_urgent
from cyberaudit.reports.plan_words import ContactView
from cyberaudit.reports.points import Scene, point, safe
from cyberaudit.reports.rcpnt import rcpnt_views
from cyberaudit.reports.remarks import (
    catalogue_warnings,
    contradiction_views,
    left_out_views,
    not_seen_views,
    question_view,
    waiver_view,
    waiver_warnings,
)
from cyberaudit.reports.themes import theme_views
from cyberaudit.reports.trend import LevelOn, on_day, theme_trends, trend_view
from cyberaudit.reports.why import weight_views
from cyberaudit.reports.words import (
    ActionView,
    CheckView,
    HelpView,
    PointView,
    ReportView,
    ScanView,
)

_ATTACK = "Attaque en cours ? Débranchez le réseau, n'éteignez pas, puis 17Cyber : https://17cyber.gouv.fr"


def build_view(
    state: TownState,
    plan: Plan,
    *,
    remedies: Remedies,
    fiches: Mapping[str, Fiche],
    today: date,
    partial: bool = False,
    changes: ChangesView | None = None,
    past: Sequence[LevelOn] = (),
) -> ReportView:
    """Everything the report tells of one town.

    Args:
        state: the town and its findings; every date is told in its commune's time zone.
        plan: what `build_plan` made of the same findings.
        remedies: measures and sources, for titles and citations.
        fiches: of the checks, by id; one that is missing is left out.
        today: the day of the reader, in the town's time zone: what is late is late today.
        partial: the last scan was interrupted.
        changes: since the control before; None when nothing can be compared.
        past: the level of earlier days, oldest first, today's not among them.
    """
    scene = Scene(state.town, remedies, zone_of(state.town), today)
    waived = frozenset(finding.identity for finding in plan.waived)
    urgent, others = _actions(plan.actions, scene)
    levels = (*past, on_day(today, plan.level, state.findings))
    contacts = whom.contacts(state.town.commune.region, remedies)
    became = {each.point: each for each in changes.points} if changes else {}
    points = tuple(
        _since_last(point(each, scene, waived=each.identity in waived), became) for each in state.findings
    )
    return ReportView(
        title=f"Cybersécurité de la mairie {of_commune(safe(state.town.name))}",
        commune=state.town.id,
        commune_name=safe(state.town.name),
        as_of=state.as_of,
        scan_line=_scan_line(state, scene),
        scanned_by=safe(_scanned_by(state)),
        partial=partial,
        warnings=_warnings(state, plan, scene, partial=partial),
        level=level_view(plan, state.findings, waived),
        contradictions=contradiction_views(state.findings),
        changes=changes,
        nothing_urgent="" if urgent else nothing_urgent(plan),
        urgent=urgent,
        next_actions=others,
        to_arbitrate=money.to_arbitrate(plan.actions, scene),
        calendar=money.calendar(plan.actions, scene.today),
        themes=theme_views(points),
        not_seen=left_out_views(state, not_seen_views(plan.not_seen, scene)),
        waivers=tuple(waiver_view(each, scene) for each in plan.waived),
        questions=tuple(question_view(each) for each in plan.questions),
        budget=money.budget(plan, state.town, scene.today),
        help=_help(plan, state.findings, fiches),
        attack=_attack(contacts),
        whom=contacts,
        doors=doors_view(state, scene),
        rcpnt=rcpnt_views(state),
        points=points,
        checks=_checks(points, fiches),
        scans=tuple(_scan(each, scene) for each in state.audits),
        level_paragraph=LEVEL_PARAGRAPH,
        trend=trend_view(levels),
        theme_trends=theme_trends(levels),
        weights=weight_views(state.findings, scene),
    )


def _since_last(told: PointView, became: Mapping[str, PointChange]) -> PointView:
    found = became.get(told.identity)
    return replace(told, since_last=found.transition, since_last_word=found.word) if found else told


def _attack(contacts: Sequence[ContactView]) -> str:
    """What to do, and the telephone of the region's centre when it has one."""
    phone = next((each.phone for each in contacts if each.phone), "")
    return french.typeset(f"{_ATTACK} ou votre région : {phone}" if phone else _ATTACK)


def _scanned_by(state: TownState) -> str:
    return state.audits[0].scanned_by if state.audits else state.town.scanned_by


def _scan_line(state: TownState, scene: Scene) -> str:
    started = state.audits[0].started_at if state.audits else state.as_of
    local = started.astimezone(scene.timezone)
    by = _scanned_by(state)
    line = f"Contrôle du {french.day_of_week(local)} à {french.hour(local)}"
    return f"{line} — par {safe(by)}" if by else line


def _scan(audit: AuditSummary, scene: Scene) -> ScanView:
    by = f", par {safe(audit.scanned_by)}" if audit.scanned_by else ""
    cut = ", interrompu" if audit.partial else ""
    return ScanView(
        uuid=audit.uuid,
        vantage=audit.vantage,
        started_at=audit.started_at,
        partial=audit.partial,
        sentence=f"Le {scene.moment(audit.started_at)}, depuis {scene.place(audit.vantage)}{by}{cut}.",
    )


def _warnings(state: TownState, plan: Plan, scene: Scene, *, partial: bool) -> tuple[str, ...]:
    warnings = []
    if partial:
        warnings.append("Contrôle interrompu : ce rapport est incomplet, relancez le contrôle.")
    crashed = sum(finding.status is Status.ERROR for finding in state.findings)
    if crashed:
        points = french.count(crashed, "point")
        warnings.append(f"{points} sans réponse : erreur de cyberaudit, et non défaut de la mairie.")
    warnings += catalogue_warnings(plan, state.dropped)
    warnings += unknown_measures(state.town.plan, scene.remedies.measures)
    warnings += waiver_warnings(state.findings, scene)
    return tuple(french.typeset(safe(warning)) for warning in warnings)


def _actions(
    actions: Sequence[Action], scene: Scene
) -> tuple[tuple[ActionView, ...], tuple[ActionView, ...]]:
    told = [action(each, scene, among=actions) for each in actions]
    urgent = tuple(each for each in told if each.tier is Tier.URGENT)
    return urgent, tuple(each for each in told if each.tier is not Tier.URGENT)


def _help(plan: Plan, findings: Sequence[Finding], fiches: Mapping[str, Fiche]) -> tuple[HelpView, ...]:
    """The check to understand first: of the first action, else of the first point.

    One of ours: another could not be explained, and its name, from somebody's scan, would be copied into a shell.
    """
    ordered = [*(each for entry in plan.actions for each in entry.findings), *findings]
    found = next((each.check for each in ordered if each.check in fiches), None)
    return (HelpView("Comprendre un point", f"cyberaudit explain {found}"),) if found else ()


def _checks(points: Sequence[PointView], fiches: Mapping[str, Fiche]) -> tuple[CheckView, ...]:
    asked = dict.fromkeys(each.check for each in points)
    return tuple(
        CheckView(
            check=check,
            question=french.typeset(fiches[check].title),
            why=french.typeset(fiches[check].why),
            fix=french.typeset(fiches[check].fix),
            limits=french.typeset(fiches[check].limits),
        )
        for check in asked
        if check in fiches
    )
