"""Le réseau laisse-t-il passer seulement ce que la mairie a décidé ?

## Pourquoi
Quand le Wi-Fi du public, les bureaux et les serveurs sont séparés, un ordinateur infecté ne contamine pas les
autres. Une séparation qui n'est jamais essayée est souvent percée.

## Corriger
1. Comparer les règles du pare-feu à la liste des passages décidés par la mairie.
2. Tout bloquer entre les zones, puis n'ouvrir que les passages de cette liste.
3. Mettre le Wi-Fi du public et les objets connectés chacun dans son réseau.
4. Essayer de nouveau depuis la zone de départ.

## Limites
L'essai porte sur une courte liste de ports TCP, depuis une machine de la zone de départ. Une porte fermée par la
machine visée compte comme fermée : on ne sait pas toujours qui a refusé. Le pare-feu de l'ordinateur du contrôle
peut refuser au nom de la machine visée : l'essai se fait sans lui. Vers Internet, l'adresse témoin est supposée
répondre sur tous les ports, et un refus venu d'elle laisse un doute. La vraisemblance 3 est notre jugement.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from cyberaudit.sdk import (
    AddressReach,
    CanaryAnswer,
    Context,
    Door,
    Exposure,
    FlowReach,
    Host,
    Item,
    PortReading,
    PortState,
    Reason,
    Status,
    TargetReach,
    Unreachable,
    Verdict,
    by_port,
    check,
    confirmed,
    door_evidence,
    failed,
    french,
    gaps,
    not_applicable,
    partial,
    passed,
    read_port,
    unknown,
)

CANARY = "canary"
"""The target of a flow to the Internet."""


@check(
    "firewall.flow",
    needs=FlowReach,
    about="flow",
    seen_from="any",
    impact=4,
    likelihood=3,
    measure="separate-networks",
    sources=("H 19", "PA-066 R2", "RC 7.B.1", "CNIL 8.4"),
)
def only_decided_flows_pass(flow: FlowReach, ctx: Context) -> Verdict:
    name, allowed = ctx.asset.name, set(ctx.asset.ports)
    if "all" in allowed:
        return not_applicable(f"Le profil permet tout dans ce passage (« {name} »).")
    doors = by_port(_readings(flow, ctx))
    forbidden = tuple(door for door in doors if door.port not in allowed)
    wanted = tuple(door for door in doors if door.port in allowed)
    evidence = door_evidence(doors)
    if items := tuple(_open_items(forbidden, flow, ctx)):
        text = f"Des accès interdits passent (« {name} »)."
        return failed(text, reason="forbidden-open", items=items, evidence=evidence)
    lost = gaps((*forbidden, *(door for door in wanted if door.exposure is not Exposure.OPEN)))
    if lost or not forbidden:
        return unknown(lost[0].cause if lost else Unreachable(Reason.NOT_COLLECTED), evidence=evidence)
    if items := tuple(_closed_items(wanted, flow)):
        text = f"Un accès permis ne passe pas (« {name} »)."
        return partial(text, reason="allowed-closed", items=items, evidence=evidence)
    return passed(f"Rien d'autre ne passe que ce qui est permis (« {name} »).", evidence=evidence)


def _readings(flow: FlowReach, ctx: Context) -> Iterator[PortReading]:
    for target in flow.targets:
        read = _read_canary if target.host == CANARY else _read_host
        for answer in target.reach.ports:
            yield read(target, answer.port, flow, ctx)


def _read_canary(target: TargetReach, port: str, flow: FlowReach, ctx: Context) -> PortReading:
    """Towards the Internet: what does not come back from the canary did not get out, if it answers at all."""
    itself = (CanaryAnswer(target.reach.family, port, reached=True),)
    reading = read_port(target.reach, port, canaries=itself, confirmed=False)
    answer = target.reach.answer(port)
    if answer and answer.state is PortState.CLOSED and port not in ctx.asset.ports:
        # The canary was reached, or the firewall refused in its name: the same packet says both.
        doubt = Unreachable(Reason.NO_CONTROL, "refus venu de l'adresse témoin, ou du pare-feu en son nom")
        return replace(reading, exposure=Exposure.UNPROVEN, cause=doubt)
    return reading


def _read_host(target: TargetReach, port: str, flow: FlowReach, ctx: Context) -> PortReading:
    """Between two zones: no access network filters on the way, so anything heard from here is the canary.

    A refusal on the way is the word of the firewall between them: it counts.
    """
    family, host = target.reach.family, ctx.town.asset(f"host/{target.host}")
    answers = [other.reach for other in flow.targets if other.reach.family == family]
    heard = any(_says_something(reach) for reach in answers) or any(
        canary.reached for canary in flow.canaries if canary.family == family
    )
    asked = target.reach.ports if heard else ()
    plugged = tuple(CanaryAnswer(family, one.port, reached=True) for one in asked)
    sure = isinstance(host, Host) and confirmed(ctx, host)
    return read_port(target.reach, port, canaries=plugged, confirmed=sure)


def _says_something(reach: AddressReach) -> bool:
    return reach.answered or any(answer.state is PortState.REJECTED for answer in reach.ports)


def _open_items(doors: Iterable[Door], flow: FlowReach, ctx: Context) -> Iterator[Item]:
    names = {target.reach.address: _name(target, ctx) for target in flow.targets}
    for door in doors:
        if door.open_on:
            where = french.listed(list(dict.fromkeys(names[address] for address in door.open_on)))
            yield Item(door.port, Status.FAIL, "forbidden-open", f"{door.name} : ouvert vers {where}.")


def _name(target: TargetReach, ctx: Context) -> str:
    host = ctx.town.asset(f"host/{target.host}")
    return host.name if host else "Internet" if target.host == CANARY else target.host


def _closed_items(doors: Iterable[Door], flow: FlowReach) -> Iterator[Item]:
    for door in doors:
        if door.exposure is Exposure.NOT_OPEN and not _crossed(door, flow):
            text = f"{door.name} : permis, et fermé partout."
            yield Item(door.port, Status.PARTIAL, "allowed-closed", text)


def _crossed(door: Door, flow: FlowReach) -> bool:
    """A refusal of the canary itself shows that the packet got out."""
    canaries = [target.reach for target in flow.targets if target.host == CANARY]
    answers = [reach.answer(door.port) for reach in canaries]
    return any(answer is not None and answer.state is PortState.CLOSED for answer in answers)
