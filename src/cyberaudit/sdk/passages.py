"""The passages between networks, judged one way by every question about them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cyberaudit import french
from cyberaudit.declared import AssetKind, Host
from cyberaudit.facts.doors import Door, Gap, by_port, gaps
from cyberaudit.facts.passages import (
    CANARY,
    EVERYTHING,
    PORTAL,
    Crossing,
    Permit,
    crossings,
    permitted_ports,
)
from cyberaudit.facts.reach import Exposure, FlowReach
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk.hosts import confirmed, door_evidence
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import failed, not_applicable, partial, passed, unknown

WHO_REFUSED = Unreachable(Reason.NO_CONTROL, "refus venu de l'adresse essayée, ou du pare-feu en son nom")
_WHO_REFUSED_TEXT = "Des refus sont revenus, sans dire s'ils viennent de l'adresse visée ou du pare-feu."
_PORTAL_TEXT = (
    "Un portail ou un relais répond à la place des machines : identifiez-vous sur ce Wi-Fi, puis recommencez."
)
_PORTAL_ITEM = "portal"


def crossings_of(flow: FlowReach, ctx: Context) -> tuple[Crossing, ...]:
    """What was tried along the flow that the check is about."""
    hosts = (host for host in ctx.town.of_kind(AssetKind.HOST) if isinstance(host, Host))
    sure = {host.id for host in hosts if confirmed(ctx, host)}
    return crossings(flow, ctx.asset, ctx.town, confirmed=sure)


def refusals_in_doubt(found: Iterable[Crossing]) -> tuple[Crossing, ...]:
    """Where nothing may pass, a refusal may be that of the target, then reached, or of a firewall in its name."""
    return tuple(_in_doubt(one) if one.refused_there and one.permit is Permit.NONE else one for one in found)


def _in_doubt(crossing: Crossing) -> Crossing:
    return replace(crossing, reading=replace(crossing.reading, exposure=Exposure.UNPROVEN, cause=WHO_REFUSED))


def judge_passage(
    found: tuple[Crossing, ...],
    ctx: Context,
    *,
    when_open: str,
    when_shut: str,
    likelihood: int | None = None,
    untried: tuple[int, ...] = (),
) -> Verdict:
    """One forbidden port that passes fails; one that is not proven shut is unknown; then what is permitted and
    does not pass is half-way.

    Args:
        found: what was tried; nothing at all is unknown.
        ctx: of a check about a flow.
        when_open: the sentence of the failure.
        when_shut: the sentence of the pass.
        likelihood: what a failure raises it to.
        untried: the families, 4 or 6, in which something may pass and nothing could be tried: no pass.
    """
    name = ctx.asset.name
    if EVERYTHING in permitted_ports(ctx.asset, ctx.town):
        return not_applicable(f"Le profil permet tout dans ce passage (« {name} »).")
    forbidden = by_port(one.reading for one in found if one.permit is Permit.NONE)
    wanted = by_port(one.reading for one in found if one.reading.port in ctx.asset.ports)
    evidence = door_evidence(by_port(one.reading for one in found))
    if items := tuple(_open_items(forbidden, found, ctx)):
        return failed(
            when_open, reason="forbidden-open", items=items, evidence=evidence, likelihood=likelihood
        )
    lost = gaps((*forbidden, *(door for door in wanted if door.exposure is not Exposure.OPEN)))
    if lost or not forbidden or untried:
        items = (*_portal_items((*forbidden, *wanted)), *_untried_items(untried))
        return _undecided(_cause(lost, untried, items), evidence, items)
    if items := tuple(_closed_items(wanted, found)):
        text = f"Un accès permis ne passe pas (« {name} »)."
        return partial(text, reason="allowed-closed", items=items, evidence=evidence)
    return passed(when_shut, evidence=evidence)


def _cause(lost: tuple[Gap, ...], untried: tuple[int, ...], items: tuple[Item, ...]) -> Unreachable:
    """Of several, the one that a person can mend soonest."""
    if any(item.reason == _PORTAL_ITEM for item in items):
        return PORTAL
    if lost:
        return lost[0].cause
    if not untried:
        return Unreachable(Reason.NOT_COLLECTED)
    families = french.listed([f"IPv{family}" for family in untried])
    return Unreachable(Reason.NO_CONTROL, f"aucune adresse témoin en {families}")


def _undecided(cause: Unreachable, evidence: tuple[Evidence, ...], items: tuple[Item, ...]) -> Verdict:
    verdict = unknown(cause, items=items, evidence=evidence)
    if cause == PORTAL:
        return replace(verdict, text=_PORTAL_TEXT)
    if cause == WHO_REFUSED:
        return replace(verdict, text=_WHO_REFUSED_TEXT)
    return verdict


def _portal_items(doors: Iterable[Door]) -> Iterator[Item]:
    for door in {door.port: door for door in doors}.values():
        if any(reading.cause == PORTAL for reading in door.readings):
            text = f"{door.name} : un portail ou un relais répond, même pour une adresse que personne n'a."
            yield Item(door.port, Status.UNKNOWN, _PORTAL_ITEM, text)


def _untried_items(families: Iterable[int]) -> Iterator[Item]:
    for family in families:
        text = f"IPv{family} : jamais essayé, car le profil ne donne pas d'adresse témoin en IPv{family}."
        yield Item(f"ipv{family}", Status.UNKNOWN, "no-control", text)


def none_of(found: Iterable[Crossing]) -> str:
    """« Aucun des 150 ports TCP essayés »: the subject of the sentence of a pass."""
    tried = len({one.reading.port for one in found})
    return f"Aucun des {french.number(tried)} ports TCP essayés" if tried > 1 else "Aucun port TCP essayé"


def _open_items(doors: Iterable[Door], found: Iterable[Crossing], ctx: Context) -> Iterator[Item]:
    names = {one.reading.address: _name(one.host, ctx) for one in found}
    for door in doors:
        if door.open_on:
            where = french.listed(list(dict.fromkeys(names[address] for address in door.open_on)))
            yield Item(door.port, Status.FAIL, "forbidden-open", f"{door.name} : ouvert vers {where}.")


def _name(host_id: str, ctx: Context) -> str:
    host = ctx.town.asset(f"{AssetKind.HOST}/{host_id}")
    return host.name if host else "Internet" if host_id == CANARY else host_id


def _closed_items(doors: Iterable[Door], found: Iterable[Crossing]) -> Iterator[Item]:
    # A refusal of the canary itself shows that the packet got out.
    crossed = {one.reading.port for one in found if one.host == CANARY and one.refused_there}
    for door in doors:
        if door.exposure is Exposure.NOT_OPEN and door.port not in crossed:
            text = f"{door.name} : permis, et fermé partout."
            yield Item(door.port, Status.PARTIAL, "allowed-closed", text)
