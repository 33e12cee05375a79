"""L'adresse répond-elle vraiment, ou une machine ouvre-t-elle tous les ports à sa place ?

## Pourquoi
Une adresse qui ouvre tous ses ports, même ceux que personne n'utilise, ne dit plus rien de vrai. Un accès dangereux
s'y cache parmi des milliers de faux, et le contrôle ne peut pas le voir.

## Corriger
1. Demander à l'opérateur s'il place un filtre ou un mandataire (« proxy ») devant cette adresse.
2. Chercher au pare-feu ou à la box une redirection de tous les ports vers une seule machine (« DMZ »), et la retirer.
3. Si c'est un piège posé exprès, le noter dans le profil, et contrôler la machine depuis l'intérieur.
4. Ne rediriger que les ports qui servent, puis refaire le contrôle.

## Limites
Trois ports tirés au sort, que personne n'utilise, sont essayés : s'ils s'ouvrent tous, l'adresse ouvre tout. Sur une
telle adresse, un accès n'est compté ouvert que si un service y a parlé. Le contrôle ne sait pas qui ouvre : un
mandataire de l'opérateur, un piège ou une redirection trop large. Un appareil du réseau où se fait l'essai peut
aussi en être la cause. Aucun texte officiel n'en parle : c'est notre jugement, appuyé sur la règle qui veut une
liste des flux (PA-066 R2).
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
    doors_of,
    french,
    no_address,
    partial,
    passed,
    state_name,
    unknown,
)

_SHUT = (PortState.CLOSED, PortState.REJECTED, PortState.SILENT)


@check(
    "firewall.every-port-open",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=2,
    likelihood=2,
    measure="review-open-ports",
    sources=("PA-066 R2", "RC 7.B.3"),
)
def unused_ports_do_not_open(reach: HostReach, ctx: Context) -> Verdict:
    if not reach.addresses:
        return no_address(ctx)
    name, evidence = ctx.asset.name, (*_evidence(reach), *asked_evidence(reach))
    opening = [one for one in reach.addresses if one.opens_everything]
    shut = _shutting(reach, ctx)
    unseen = [(one, cause) for one in reach.addresses if (cause := _doubt(one, shut))]
    items = (*(_opening_item(one) for one in opening), *(_unseen_item(one, cause) for one, cause in unseen))
    if opening:
        where = french.listed([one.address for one in opening])
        text = f"« {name} » semble ouvrir tous ses ports sur {where} : ce qui s'y cache n'est pas visible."
        return partial(text, reason="opens-everything", items=items, evidence=evidence)
    if unseen:
        return unknown(unseen[0][1], items=items, evidence=evidence)
    return passed(f"« {name} » n'ouvre pas les ports que personne n'utilise.", evidence=evidence)


def _shutting(reach: HostReach, ctx: Context) -> frozenset[str]:
    """The addresses where a port is proven shut: they do not open everything, be they mute."""
    readings = (reading for door in doors_of(reach, ctx) for reading in door.readings)
    return frozenset(one.address for one in readings if one.exposure is Exposure.NOT_OPEN)


def _doubt(one: AddressReach, shut: frozenset[str]) -> Unreachable | None:
    """Why nothing can be said of the address: an unused port that stays shut tells only where something answers."""
    if isinstance(one.decoys, Unreachable):
        return one.decoys
    if one.opens_everything:
        return None
    states = [decoy.state for decoy in one.decoys]
    if any(state in _SHUT for state in states):
        alive = one.answered or PortState.CLOSED in states or one.address in shut
        return None if alive else Unreachable(Reason.NO_CONTROL)
    lost = next((state for state in states if isinstance(state, Unreachable)), None)
    return lost or Unreachable(Reason.UNSTABLE if states else Reason.NOT_COLLECTED)


def _opening_item(one: AddressReach) -> Item:
    text = (
        f"{one.address} ouvre même des ports au hasard : un mandataire de l'opérateur, un piège ou une redirection "
        "trop large."
    )
    return Item(one.address, Status.PARTIAL, "opens-everything", text)


def _unseen_item(one: AddressReach, cause: Unreachable) -> Item:
    return Item(one.address, Status.UNKNOWN, cause.reason, f"{one.address} : {cause.reason.french}.")


def _evidence(reach: HostReach) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"{decoy.port} {one.address}", f"port au hasard : {state_name(decoy.state, decoy.detail)}")
        for one in reach.addresses
        if not isinstance(one.decoys, Unreachable)
        for decoy in one.decoys
    )
