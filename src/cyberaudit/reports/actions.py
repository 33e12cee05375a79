"""How an action of the plan is told: what, why, who, for how much, by when, and on which points."""

from collections.abc import Iterator, Sequence

from cyberaudit import french
from cyberaudit.engine.measures import Owner
from cyberaudit.model import Finding
from cyberaudit.plaintext import clean
from cyberaudit.plan.words import Action, ActionKind, LotSlot
from cyberaudit.reports import amounts, when, why
from cyberaudit.reports.points import Scene, safe
from cyberaudit.reports.rule_items import by_asset
from cyberaudit.reports.words import ActionView, ToTreatView

_SHORT = {Owner.AGENT: "Agent", Owner.ELU: "Élu", Owner.CONTRACTOR: "Prestataire"}


def action(value: Action, scene: Scene, *, among: Sequence[Action]) -> ActionView:
    """One action as every format tells it. `among`: the whole plan."""
    measure = value.measure
    return ActionView(
        rank=value.rank,
        measure=measure.id,
        title=french.typeset(measure.title),
        checks=tuple(dict.fromkeys(finding.check for finding in value.findings)),
        findings=tuple(finding.identity for finding in value.findings),
        tier=value.tier,
        why=french.typeset(measure.why),
        owner=measure.owner,
        who=measure.owner.french,
        who_short=_SHORT[measure.owner],
        cost=amounts.cost(measure.cost),
        cost_short=amounts.short_cost(measure.cost),
        cost_low=measure.cost.low,
        cost_high=measure.cost.high,
        cost_yearly=measure.cost.yearly,
        time=amounts.duration(measure.days),
        days=measure.days,
        kind=value.kind,
        due=value.due,
        deadline=when.deadline(value, scene.today),
        when_short=when.short(value, scene.today),
        standing=value.standing,
        standing_sentence=when.standing(value),
        quarter=when.quarter(quarter) if (quarter := when.quarter_due(value, scene.today)) else "",
        said_done=when.said_done(value),
        stopgap_due=value.stopgap_due,
        stopgap_deadline=amounts.deadline(value.stopgap_due, scene.today) if value.stopgap_due else "",
        stopgap=french.typeset(measure.stopgap),
        steps=_steps(value),
        contractor=french.typeset(measure.contractor),
        to_treat=by_asset(told for each in value.findings for told in _to_treat(each)),
        done_when=french.typeset(measure.done_when),
        after=_after(value, scene),
        sources=scene.cited(measure.sources),
        risk=value.risk,
        effort=value.effort,
        gain=value.gain,
        index=value.index,
        lots=tuple(_lot(each) for each in value.slot.lots) if value.slot else (),
        why_here=why.why_here(value, scene, among=among),
    )


def _steps(value: Action) -> tuple[str, ...]:
    """Those of the measure; the action that gathers questions asks them, so that nobody has to look for them."""
    steps = tuple(french.typeset(step) for step in value.measure.steps)
    if value.kind is not ActionKind.ANSWER:
        return steps
    asked = (safe(f"Répondre : {amounts.after_colon(each.title)}") for each in value.findings)
    return (*asked, *steps)


def _lot(value: LotSlot) -> str:
    return french.typeset(
        f"{when.quarter(value.quarter)} : {value.title}, {amounts.cost_of(value.euros, value.euros, value.yearly)}"
    )


def _to_treat(finding: Finding) -> Iterator[ToTreatView]:
    """The open items of an open finding; itself when it holds none."""
    if not finding.status.is_open:
        return
    name = safe(finding.asset_name)
    opened = [item for item in finding.verdict.items if item.status.is_open]
    for item in opened:
        yield ToTreatView(finding.identity, name, clean(item.key), safe(item.text))
    if not opened:
        yield ToTreatView(finding.identity, name, "", safe(finding.verdict.text))


def _after(value: Action, scene: Scene) -> str:
    waits = [f"après « {scene.measure_title(each)} »" for each in value.waits_for]
    first = [f"vérifier d'abord « {scene.measure_title(each)} »" for each in value.check_first]
    accepted = [
        f"« {scene.measure_title(each)} » n'est pas fait : ce risque est accepté"
        for each in value.accepted_before
    ]
    text = " ; ".join((*waits, *first, *accepted))
    return french.typeset(f"{text[0].upper()}{text[1:]}.") if text else ""
