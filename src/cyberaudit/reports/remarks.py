"""What is said beside the plan: contradictions, what could not be seen, accepted risks, questions."""

from collections.abc import Sequence

from cyberaudit import french
from cyberaudit.declared import AssetKind, Town
from cyberaudit.engine.measures import Owner
from cyberaudit.facts.passages import OUTSIDE, undecided_passages
from cyberaudit.history.merge import MAX_AGE_DAYS
from cyberaudit.history.state import TownState
from cyberaudit.model import Finding, Reason, Status
from cyberaudit.plan.waivers import covering, names
from cyberaudit.plan.words import Plan, Question
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.missing_controls import missing_controls
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


_TOLD_PASSAGES = 6
"""Passages named in one remark; the others are counted."""


def left_out_views(state: TownState, points: tuple[NotSeenView, ...]) -> tuple[NotSeenView, ...]:
    """Around the points: the places from where nobody looked, what would prove a silence, the undecided passages."""
    places, passages = _remark(_unused_places(state)), _remark(_undecided(state.town))
    controls = [remark for sentence in missing_controls(state) for remark in _remark(sentence)]
    return (*places, *points, *controls, *passages)


def _remark(sentence: str) -> tuple[NotSeenView, ...]:
    return (NotSeenView(french.typeset(sentence), ()),) if sentence else ()


def _unused_places(state: TownState) -> str:
    """Nothing is said when it is not known who looked at all."""
    used = {audit.vantage for audit in state.audits}
    places = (OUTSIDE, *(zone.id for zone in state.town.of_kind(AssetKind.ZONE)))
    unused = [_place(place, state.town) for place in places if place not in used]
    if not used or not unused:
        return ""
    return f"Lieux d'où rien n'a été regardé depuis {MAX_AGE_DAYS} jours : {french.listed(unused)}."


def _undecided(town: Town) -> str:
    names = [
        f"{_place(source, town)} vers {_place(target, town)}" for source, target in undecided_passages(town)
    ]
    if not names:
        return ""
    left = len(names) - _TOLD_PASSAGES
    others = [french.count(left, "autre")] if left > 0 else []
    told = french.listed([*names[:_TOLD_PASSAGES], *others])
    return f"Passages que personne n'a décidés, donc non jugés : {told}."


def _place(place: str, town: Town) -> str:
    zone = town.asset(f"{AssetKind.ZONE}/{place}")
    return safe(zone.name) if zone else "Internet" if place == OUTSIDE else safe(place)


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
                f"Le risque « {name} » était accepté jusqu'au {french.day(waiver.until)} : à revoir."
            )
        elif not covers:
            warnings.append(
                f"Le risque accepté « {name} » ne couvre aucun défaut : il peut être retiré du profil."
            )
        elif left <= WAIVER_WARNING_DAYS:
            warnings.append(
                f"Le risque « {name} » est accepté jusqu'au {french.day(waiver.until)} : à revoir avant."
            )
    return tuple(warnings)


def question_view(question: Question) -> QuestionView:
    return QuestionView(
        point=question.finding.identity,
        owner=question.for_owner,
        whom=Owner(question.for_owner).french,
        question=safe(_asked(question.finding)),
    )


def _asked(finding: Finding) -> str:
    """The question, with the thing it is about when there may be several."""
    one_of_many = not finding.asset.startswith((f"{AssetKind.PRACTICE}/", f"{AssetKind.TOWN}/"))
    return f"{finding.title} ({finding.asset_name})" if one_of_many else finding.title
