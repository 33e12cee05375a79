"""What is said beside the plan: contradictions, what could not be seen, accepted risks, questions."""

from collections.abc import Sequence

from cyberaudit import french
from cyberaudit.engine.measures import Owner
from cyberaudit.model import Finding, Reason, Status
from cyberaudit.plan.waivers import covering, names
from cyberaudit.plan.words import Plan, Question
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.points import Scene, elsewhere, safe
from cyberaudit.reports.words import ContradictionView, NotSeenView, QuestionView, WaiverView


def contradiction_views(findings: Sequence[Finding]) -> tuple[ContradictionView, ...]:
    return tuple(
        ContradictionView(
            finding.identity,
            french.typeset(
                f"{safe(finding.asset_name)} : {after_colon(safe(finding.verdict.text))} "
                "La réponse donnée dans le profil disait mieux : elle est à revoir."
            ),
        )
        for finding in findings
        if finding.contradiction
    )


def not_seen_views(findings: Sequence[Finding], scene: Scene) -> tuple[NotSeenView, ...]:
    groups: dict[str, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(_cause(finding, scene), []).append(finding)
    return tuple(
        NotSeenView(_counted(cause, found), tuple(each.identity for each in found))
        for cause, found in groups.items()
    )


def _cause(finding: Finding, scene: Scene) -> str:
    if not finding.looked:
        return elsewhere(finding, scene)
    if finding.status is Status.ERROR:
        return "le contrôle lui-même a rencontré une erreur"
    if finding.verdict.reason in set(Reason):
        return Reason(finding.verdict.reason).french
    return "ce qui a été vu ne permet pas de conclure"


def _counted(cause: str, findings: Sequence[Finding]) -> str:
    many = len(findings) > 1
    points = french.count(len(findings), "point")
    if not findings[0].looked:
        agreed = cause.replace("non regardé", "non regardés", 1) if many else cause
        return f"{points} {agreed}."
    return french.typeset(f"{points} sans réponse : {cause}.")


def waiver_view(finding: Finding, scene: Scene) -> WaiverView:
    waiver = covering(finding, scene.town.waivers, today=scene.today)
    what = safe(finding.verdict.text)
    if waiver is None:
        return WaiverView(finding.identity, f"{what} Risque accepté.", None)
    accepted = f"Risque accepté jusqu'au {french.day(waiver.until)} par {waiver.decided_by}."
    reason = f"Raison : {after_colon(waiver.reason.strip())}"
    sentence = f"{what} {safe(accepted)} {safe(reason)}"
    return WaiverView(finding.identity, sentence, waiver.until)


def catalogue_warnings(plan: Plan, dropped: Sequence[str]) -> tuple[str, ...]:
    """What today's catalogue cannot act upon, and what was no longer controlled."""
    warnings = []
    if plan.without_action:
        many = len(plan.without_action) > 1
        checks = french.listed(list(dict.fromkeys(each.check for each in plan.without_action)))
        found = french.count(len(plan.without_action), "défaut n'a", "défauts n'ont")
        them = "les" if many else "le"
        warnings.append(f"{found} pas d'action dans ce catalogue : {checks}. Il faut {them} traiter aussi.")
    if dropped:
        many = len(dropped) > 1
        points = french.count(len(dropped), "contrôle n'est plus fait", "contrôles ne sont plus faits")
        last = "Leurs derniers résultats ne comptent" if many else "Son dernier résultat ne compte"
        warnings.append(f"{points} : {french.listed(list(dropped))}. {last} plus ici.")
    return tuple(warnings)


WAIVER_WARNING_DAYS = 30
"""A waiver is announced this long before its end, so that somebody can decide again."""


def waiver_warnings(findings: Sequence[Finding], scene: Scene) -> tuple[str, ...]:
    """Accepted risks that cover nothing any more, are over, or soon will be."""
    warnings = []
    for waiver in scene.town.waivers:
        name = f"{waiver.check}@{waiver.asset}" if waiver.asset else waiver.check
        left = (waiver.until - scene.today).days
        covers = any(finding.status.is_open and names(waiver, finding) for finding in findings)
        if left < 0:
            warnings.append(
                f"La dérogation « {name} » est finie depuis le {french.day(waiver.until)} : à revoir."
            )
        elif not covers:
            warnings.append(f"La dérogation « {name} » ne couvre aucun défaut : elle peut être retirée.")
        elif left <= WAIVER_WARNING_DAYS:
            warnings.append(f"La dérogation « {name} » finit le {french.day(waiver.until)} : à revoir avant.")
    return tuple(warnings)


def question_view(question: Question) -> QuestionView:
    return QuestionView(
        point=question.finding.identity,
        owner=question.for_owner,
        whom=Owner(question.for_owner).french,
        question=safe(question.finding.title),
    )
