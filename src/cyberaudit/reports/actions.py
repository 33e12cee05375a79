"""How an action of the plan is told: what, why, who, for how much, by when, and on which points."""

from collections.abc import Iterator

from cyberaudit import french
from cyberaudit.engine.measures import Owner
from cyberaudit.model import Finding
from cyberaudit.plaintext import clean
from cyberaudit.plan.words import Action
from cyberaudit.reports import amounts
from cyberaudit.reports.points import Scene, safe
from cyberaudit.reports.rule_items import by_asset
from cyberaudit.reports.words import ActionView, ToTreatView

_SHORT = {Owner.AGENT: "Agent", Owner.ELU: "Élu", Owner.CONTRACTOR: "Prestataire"}


def action(value: Action, scene: Scene) -> ActionView:
    """One action as every format tells it."""
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
        due=value.due,
        deadline=amounts.deadline(value.due, scene.today) if value.due else "",
        stopgap=french.typeset(measure.stopgap),
        steps=tuple(french.typeset(step) for step in measure.steps),
        contractor=french.typeset(measure.contractor),
        to_treat=by_asset(told for each in value.findings for told in _to_treat(each)),
        done_when=french.typeset(measure.done_when),
        after=_after(value, scene),
        sources=scene.cited(measure.sources),
        risk=value.risk,
        effort=value.effort,
        gain=value.gain,
        index=value.index,
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
    waits = [f"après « {_title(each, scene)} »" for each in value.waits_for]
    first = [f"vérifier d'abord « {_title(each, scene)} »" for each in value.check_first]
    text = " ; ".join((*waits, *first))
    return french.typeset(f"{text[0].upper()}{text[1:]}.") if text else ""


def _title(measure_id: str, scene: Scene) -> str:
    measure = scene.remedies.measures.get(measure_id)
    return measure.title if measure else measure_id
