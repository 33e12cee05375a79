"""Les équipements refusent-ils le mot de passe « public » ?

## Pourquoi
Beaucoup d'équipements du réseau répondent à qui leur dit « public », le mot de passe d'usine de la surveillance
(SNMP). Ils livrent alors le plan du réseau, les modèles et les versions ; certains se laissent même modifier.

## Corriger
1. Désactiver SNMP sur les équipements où personne ne s'en sert.
2. Ailleurs, passer à SNMPv3 avec mot de passe et chiffrement, et supprimer « public » et « private ».
3. N'autoriser que la machine de surveillance à poser des questions.
4. Fermer le port UDP 161 depuis Internet.

## Limites
Le mot « public » n'est essayé que si l'autorisation signée permet cet essai (`snmp-community`). Il sert à lire une
seule ligne, la description de l'équipement. D'autres mots de passe faciles ne sont pas essayés. Une réponse qui n'est
pas du SNMP est « à vérifier ». Depuis Internet, le silence ne vaut rien sans une adresse témoin dont un service a
répondu sur le même port. Depuis une zone, il suffit que l'équipement ait répondu à autre chose, et qu'il réponde encore
à la fin. Depuis Internet, une réponse monte la vraisemblance de 3 à 4. Gravité et vraisemblance sont notre jugement ;
les règles citées demandent de changer tout mot de passe d'usine.
"""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.sdk import (
    Context,
    Evidence,
    Exposure,
    HostReach,
    HostUdp,
    Item,
    PortState,
    Question,
    Reason,
    Status,
    UdpAddress,
    Unreachable,
    Verdict,
    check,
    failed,
    gone_in_tcp,
    heard_in_tcp,
    not_applicable,
    passed,
    state_name,
    udp_doors_of,
    unknown,
)

SNMP = "udp/161"


@check(
    "firewall.snmp-public",
    needs=(HostReach, HostUdp),
    about="host",
    seen_from="any",
    impact=3,
    likelihood=3,
    measure="stop-amplifiers",
    sources=("H 12", "PA-022 R34", "PA-022 R24", "MSS CONFIG.6"),
)
def public_is_no_password(
    seen: tuple[HostReach | Unreachable, HostUdp | Unreachable], ctx: Context
) -> Verdict:
    reach, udp = seen
    if isinstance(udp, Unreachable):
        return unknown(udp)
    name = ctx.asset.name
    if not udp.addresses:
        return not_applicable(f"Aucune adresse de « {name} » ne fait face à cet endroit.")
    items = tuple(_item(one, udp, reach, ctx) for one in udp.addresses)
    evidence = tuple(line for one in udp.addresses for line in _evidence(one))
    if any(item.status is Status.FAIL for item in items):
        text = f"« {name} » livre sa description à qui lui dit « public »."
        worse = 4 if udp.vantage == "outside" else None
        return failed(text, reason="public-answers", items=items, evidence=evidence, likelihood=worse)
    lost = next((item for item in items if item.status is Status.UNKNOWN), None)
    if lost:
        return unknown(Unreachable(Reason(lost.reason)), items=items, evidence=evidence)
    return passed(f"« {name} » ne répond pas au mot de passe « public ».", items=items, evidence=evidence)


def _item(one: UdpAddress, udp: HostUdp, reach: HostReach | Unreachable, ctx: Context) -> Item:
    asked = [answer for answer in one.of(SNMP) if answer.question is Question.SNMP_PUBLIC]
    told = [answer for answer in asked if answer.state is PortState.OPEN]
    if any(answer.understood for answer in told):
        text = f"{one.address} répond à « public »."
        return Item(one.address, Status.FAIL, "public-answers", text)
    if told:
        return _unseen(one, Reason.PROTOCOL_ERROR)
    gone = one.address in gone_in_tcp(reach)
    if any(answer.state is PortState.CLOSED for answer in one.of(SNMP)) and not gone:
        return Item(one.address, Status.PASS, "", f"{one.address} : SNMP est fermé.")
    cause = next((answer.state for answer in asked if isinstance(answer.state, Unreachable)), None)
    if not asked or cause:
        return _unseen(one, cause.reason if cause else Reason.NOT_COLLECTED)
    if lost := _doubt(one, udp, reach, ctx):
        return _unseen(one, lost)
    return Item(one.address, Status.PASS, "", f"{one.address} ne répond pas à « public ».")


def _unseen(one: UdpAddress, cause: Reason) -> Item:
    return Item(one.address, Status.UNKNOWN, cause, f"{one.address} : {cause.french}.")


def _doubt(one: UdpAddress, udp: HostUdp, reach: HostReach | Unreachable, ctx: Context) -> Reason | None:
    """Why a silence, or a refusal on the way, is no proof."""
    (door,) = udp_doors_of(replace(udp, addresses=(one,)), ctx, frozenset({SNMP}), reach=reach)
    (reading,) = door.readings
    # The agent may speak to other questions: then what it answers to this one would have come too.
    if reading.exposure in (Exposure.NOT_OPEN, Exposure.OPEN):
        return None
    if reading.cause and reading.cause.reason is not Reason.NO_CONTROL:
        return reading.cause.reason
    if one.address in gone_in_tcp(reach):
        return Reason.NO_CONTROL
    heard = one.reach.answered or one.address in heard_in_tcp(reach)
    # Between two zones no access network filters anything: an answer of the machine itself is control enough.
    return None if heard and udp.vantage != "outside" else Reason.NO_CONTROL


def _evidence(one: UdpAddress) -> Iterator[Evidence]:
    for answer in one.of(SNMP):
        yield Evidence(
            f"{SNMP} {one.address} {answer.question}", f"{state_name(answer.state)} {answer.detail}".strip()
        )
