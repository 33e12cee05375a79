"""Made-up measures, findings and towns for the tests of the plan."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from cyberaudit.declared import (
    Adoption,
    Capacity,
    Ceiling,
    Commune,
    Completion,
    Delivery,
    PlanChoices,
    Quote,
    Town,
    Waiver,
)
from cyberaudit.engine.measures import Cost, Lot, Measure, Owner, Ranks, Remedies
from cyberaudit.model import Basis, Finding, Reason, SeenFrom, Status, Verdict, finding_identity
from cyberaudit.plan.build import build_plan
from cyberaudit.plan.words import Action, Plan, Unknown

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)


def measure(
    measure_id: str,
    *,
    cost: int = 0,
    yearly: int = 0,
    days: float = 0.5,
    depends: tuple[str, ...] = (),
    guidance_class: int = 2,
    ranks: tuple[int, int, int] = (0, 0, 0),
    owner: Owner = Owner.CONTRACTOR,
    lots: tuple[Lot, ...] = (),
    stopgap: str = "Prévenir les agents.",
) -> Measure:
    return Measure(
        id=measure_id,
        title="Protéger le courrier",
        why="Pour que le vrai courrier se reconnaisse.",
        owner=owner,
        cost=Cost(0, cost, yearly, "estimation cyberaudit, novembre 2026"),
        days=days,
        steps=("Appeler le prestataire.",),
        contractor="Bonjour.",
        done_when="Le message arrive.",
        depends=depends,
        stopgap=stopgap,
        guidance_class=guidance_class,
        ranks=Ranks(*ranks),
        sources=(),
        origin="checks/measures.yaml",
        lots=lots,
    )


def finding(
    check: str,
    status: Status = Status.FAIL,
    *,
    measure: str,
    asset: str = "domain/main",
    risk: tuple[int, int] = (3, 3),
    basis: Basis = Basis.MEASURED,
    reason: str = "",
) -> Finding:
    return Finding(
        identity=finding_identity("l-hay-en-bray", check, asset),
        check=check,
        title="Une question ?",
        asset=asset,
        asset_name=asset,
        verdict=Verdict(status, "Ce qui a été vu.", reason=reason),
        impact=risk[0],
        base_likelihood=risk[1],
        likelihood=risk[1],
        measure=measure,
        seen_from=SeenFrom.ANY,
        basis=basis,
        contradiction=False,
        vantage="outside",
        seen_at=NOW,
    )


def unanswered(topic: str, measure: str, reason: Reason = Reason.NOT_DECLARED) -> Finding:
    return finding(
        f"practice.{topic}",
        Status.UNKNOWN,
        measure=measure,
        asset=f"practice/{topic}",
        basis=Basis.DECLARED,
        reason=reason,
    )


def town(
    *,
    waivers: tuple[Waiver, ...] = (),
    quotes: tuple[Quote, ...] = (),
    ceilings: Mapping[int, int] | None = None,
    capacities: Mapping[str, int] | None = None,
    adoptions: tuple[Adoption, ...] = (),
    completions: tuple[Completion, ...] = (),
    spend_before_vote: bool = True,
) -> Town:
    commune = Commune("l-hay", "L'Haÿ-en-Bray", (), "76999", 900, "normandie", "Europe/Paris")
    return Town(
        schema_version=1,
        commune=commune,
        scanned_by="Cabinet Dupont",
        authorization=None,
        outside_canary="",
        assets=(commune,),
        waivers=waivers,
        plan=PlanChoices(
            tuple(Ceiling(year, euros) for year, euros in (ceilings or {}).items()),
            tuple(Capacity(owner, number) for owner, number in (capacities or {}).items()),
            quotes,
            spend_before_vote=spend_before_vote,
            adoptions=adoptions,
            completions=completions,
        ),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def plan_of(
    findings: Sequence[Finding],
    *measures: Measure,
    declared: Town | None = None,
    first_failed: Mapping[str, date] | None = None,
    unknown_since: Mapping[str, Unknown] | None = None,
    today: date = TODAY,
) -> Plan:
    return build_plan(
        findings,
        town=declared or town(),
        remedies=Remedies({each.id: each for each in measures}, {}),
        first_failed=first_failed or {},
        today=today,
        unknown_since=unknown_since or {},
    )


def plan_for(
    *measures: Measure, declared: Town | None = None, risk: tuple[int, int] = (3, 3), today: date = TODAY
) -> Plan:
    """One open finding a measure, in the order of their ids."""
    findings = [finding(f"t.{each.id}", measure=each.id, risk=risk) for each in measures]
    return plan_of(findings, *measures, declared=declared, today=today)


def action_of(plan: Plan, measure: str) -> Action:
    return next(action for action in plan.actions if action.measure.id == measure)


def ids(plan: Plan) -> list[str]:
    return [action.measure.id for action in plan.actions]


def waiver(check: str, asset: str = "", until: date = date(2027, 6, 30)) -> Waiver:
    return Waiver(check, asset, "Attente du marché public", "Mme Le Goff", date(2026, 11, 21), until, "")
