"""The doors of a host: read with their controls, judged one way by every question about exposure."""

from cyberaudit import french
from cyberaudit.declared import (
    Answer,
    Host,
)
from cyberaudit.facts.doors import Door, Gap, by_port, gaps
from cyberaudit.facts.reach import (
    Exposure,
    HostReach,
    read_port,
    readings,
)
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import failed, not_applicable, passed, unknown


def confirmed(ctx: Context, host: Host) -> bool:
    """The profile confirms, less than twelve months ago, that the host's addresses are its own."""
    said = host.declaration("confirmed")
    today = ctx.local(ctx.now).date()
    return said is not None and said.answer is Answer.YES and said.on <= today <= said.until


def doors_of(reach: HostReach, ctx: Context, ports: frozenset[str] | None = None) -> tuple[Door, ...]:
    """The ports of the host the check is about, read with their controls: every one that was asked, or `ports`.

    Of `ports`, those in TCP: the others are not looked at. One that was not asked is not proven.
    """
    sure = confirmed(ctx, ctx.asset)
    if ports is None:
        return by_port(readings(reach, confirmed=sure))
    wanted = sorted((port for port in ports if port.startswith("tcp/")), key=lambda port: (len(port), port))
    return by_port(
        read_port(one, port, canaries=reach.canaries, confirmed=sure)
        for port in wanted
        for one in reach.addresses
    )


def no_address(ctx: Context) -> Verdict:
    """None of the host's addresses faces the Internet: there is no door to look at."""
    return not_applicable(f"« {ctx.asset.name} » n'est pas joignable depuis Internet par une adresse à elle.")


def judge_doors(
    doors: tuple[Door, ...], *, when_open: str, when_shut: str, likelihood: int | None = None
) -> Verdict:
    """One open door fails; one that is not proven shut is unknown; a pass needs every one of them shut.

    Args:
        doors: what was asked; none at all is unknown.
        when_open: the sentence of the failure.
        when_shut: the sentence of the pass.
        likelihood: what an open door raises it to.
    """
    items, evidence = door_items(doors), door_evidence(doors)
    if any(door.exposure is Exposure.OPEN for door in doors):
        return failed(when_open, reason="open", items=items, evidence=evidence, likelihood=likelihood)
    lost = gaps(doors)
    if lost or not doors:
        cause = lost[0].cause if lost else Unreachable(Reason.NOT_COLLECTED)
        return unknown(cause, items=items, evidence=evidence)
    return passed(when_shut, evidence=evidence)


def door_items(doors: tuple[Door, ...]) -> tuple[Item, ...]:
    """An item for each open port, and one for each family and reason why others could not be seen."""
    opened = [
        Item(door.port, Status.FAIL, "open", f"{door.name} : ouvert sur {french.listed(door.open_on)}.")
        for door in doors
        if door.open_on
    ]
    return (*opened, *(_gap_item(gap) for gap in gaps(doors)))


def _gap_item(gap: Gap) -> Item:
    what = french.count(len(gap.ports), "accès non vérifié", "accès non vérifiés")
    text = f"{what} en IPv{gap.family} : {gap.cause.reason.french}."
    return Item(gap.key, Status.UNKNOWN, gap.cause.reason, text)


def door_evidence(doors: tuple[Door, ...]) -> tuple[Evidence, ...]:
    """Each open port as it answered, each gap with its ports, then how many were found shut."""
    every = [reading for door in doors for reading in door.readings]
    answers = tuple(
        Evidence(f"{reading.port} {reading.address}", reading.detail or "ouvert")
        for reading in every
        if reading.exposure is Exposure.OPEN
    )
    unseen = tuple(Evidence(f"IPv{gap.family}, {gap.cause}", ", ".join(gap.ports)) for gap in gaps(doors))
    shut = sum(reading.exposure is Exposure.NOT_OPEN for reading in every)
    return (*answers, *unseen, Evidence("fermés", f"{shut} sur {len(every)} demandés"))
