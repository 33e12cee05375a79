"""Le pare-feu se tait-il devant ce qu'il refuse ?

## Pourquoi
Un pare-feu qui répond « non » dit à un inconnu qu'une machine est là, et l'aide à aller vite. Celui qui se tait le
fait attendre et ne lui apprend rien.

## Corriger
1. Au pare-feu, jeter sans réponse (DROP) ce qui vient d'Internet et n'est pas permis, au lieu de le refuser (REJECT).
2. Garder un refus poli vers l'intérieur, où il évite aux agents d'attendre.
3. Sur une box qui ne sait pas se taire, ne rien changer : ce point seul ne justifie pas un achat.

## Limites
Une box ordinaire refuse par un RST tout ce qu'elle ne redirige pas : c'est courant et peu grave. Le refus d'une
machine du chemin ne compte que si une adresse témoin a répondu sur le même port. Un pare-feu de l'ordinateur du
contrôle, ou de son réseau, peut refuser au nom de la machine visée : l'essai se fait sans lui. Quelques ports
refusés parmi des ports muets ne comptent pas : c'est une règle restée pour un service arrêté. La gravité basse est
notre jugement ; la règle R20 du guide PA-066 demande de jeter plutôt que de refuser.
"""

from cyberaudit.sdk import (
    AddressReach,
    Context,
    Evidence,
    Exposure,
    HostReach,
    Item,
    PortState,
    Reason,
    Status,
    Unreachable,
    Verdict,
    asked_evidence,
    check,
    confirmed,
    french,
    no_address,
    partial,
    passed,
    read_ports,
    state_name,
    tally,
    unknown,
)

_REFUSED = (PortState.CLOSED, PortState.REJECTED)


@check(
    "firewall.reject-not-drop",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=1,
    likelihood=2,
    measure="stateful-filter",
    sources=("PA-066 R20",),
)
def what_is_refused_gets_no_answer(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    items = tuple(_item(one, reach, ctx) for one in reach.addresses)
    evidence = (*(_evidence(one) for one in reach.addresses), *asked_evidence(reach))
    found = {item.status for item in items}
    if Status.PARTIAL in found:
        text = f"« {ctx.asset.name} » répond « non » à Internet au lieu de se taire."
        return partial(text, reason="rejects", items=items, evidence=evidence)
    lost = next((item for item in items if item.status is Status.UNKNOWN), None)
    if lost:
        return unknown(Unreachable(Reason(lost.reason)), items=items, evidence=evidence)
    text = f"« {ctx.asset.name} » se tait devant ce qui n'est pas permis."
    return passed(text, items=items, evidence=evidence)


def _item(one: AddressReach, reach: HostReach, ctx: Context) -> Item:
    """The habit of the filter before one address, from the ports whose state is proven."""
    states = {answer.port: answer.state for answer in one.ports}
    sure = confirmed(ctx, ctx.asset)
    read = tuple(read_ports(one, states, canaries=reach.canaries, confirmed=sure))
    shut = [states[reading.port] for reading in read if reading.exposure is Exposure.NOT_OPEN]
    if not shut:
        cause = next((reading.cause.reason for reading in read if reading.cause), Reason.NOT_COLLECTED)
        return Item(one.address, Status.UNKNOWN, cause, f"{one.address} : {cause.french}.")
    refused = sum(state in _REFUSED for state in shut)
    # Ours: more refusals than silences is the filter's habit; fewer is a rule left for a service that stopped.
    if refused > len(shut) - refused:
        ports = french.count(refused, "port refusé", "ports refusés")
        return Item(one.address, Status.PARTIAL, "rejects", f"{one.address} : {ports} par une réponse.")
    return Item(one.address, Status.PASS, "", f"{one.address} se tait.")


def _evidence(one: AddressReach) -> Evidence:
    """How often each state was seen, and the first refusal as it came."""
    first = next((answer for answer in one.ports if answer.state in _REFUSED), None)
    example = f" ; {first.port} {state_name(first.state, first.detail)}" if first and first.detail else ""
    return Evidence(one.address, f"{tally(answer.state for answer in one.ports)}{example}")
