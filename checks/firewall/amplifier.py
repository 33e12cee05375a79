"""La mairie peut-elle servir, sans le savoir, à attaquer d'autres sites ?

## Pourquoi
Certains services répondent bien plus qu'on ne leur demande, et à n'importe qui. Des attaquants s'en servent pour
couper la ligne d'une victime, et celle de la mairie se bouche aussi. C'est ce qu'on appelle l'amplification.

## Corriger
1. Fermer au pare-feu ces services UDP depuis Internet, en IPv4 comme en IPv6.
2. Pour un serveur de noms ou d'heure qui doit rester public, limiter les réponses et refuser les demandes d'inconnus.
3. Désactiver sur la box et les appareils les services de découverte (SSDP, UPnP, mDNS) tournés vers Internet.
4. Refaire le contrôle.

## Limites
Une question ordinaire est posée à chaque service, et la réponse est pesée. D'autres questions peuvent amplifier
davantage. Le silence ne vaut rien sans une adresse témoin dont un service a répondu sur le même port, en UDP aussi. Les
opérateurs retiennent souvent ce qui part de ces ports, et un refus (ICMP) passe là où une réponse ne passe pas. Il ne
vaut rien non plus si la machine a cessé de répondre en TCP pendant le contrôle. Un service ouvert qui répond peu compte
à moitié, sauf s'il est déclaré ouvert à tous. Aucun seuil officiel n'existe : « le double de ce qu'on demande », la
gravité 2 et la vraisemblance 3 sont notre jugement. Les règles citées demandent de fermer les services inutiles, et de
se préparer aux attaques qui bouchent une ligne (PA-066 R18).
"""

from collections.abc import Iterator

from cyberaudit.sdk import (
    Context,
    Danger,
    Door,
    Evidence,
    Exposure,
    HostReach,
    HostUdp,
    Item,
    PortState,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    door_evidence,
    door_items,
    failed,
    for_everyone,
    french,
    gaps,
    no_address,
    of_danger,
    partial,
    passed,
    udp_doors_of,
    unknown,
)

# Ours: under twice what is asked, headers included, the sender of forged questions gains next to nothing.
LOUDER = 2.0


@check(
    "firewall.amplifier",
    needs=(HostUdp, HostReach),
    about="host",
    seen_from="outside",
    impact=2,
    likelihood=3,
    measure="stop-amplifiers",
    sources=("MSS CONFIG.6", "CNIL 9.1", "RC 7.B.3", "PA-066 R18"),
)
def nothing_answers_louder_than_it_is_asked(
    seen: tuple[HostUdp | Unreachable, HostReach | Unreachable], ctx: Context
) -> Verdict:
    udp, reach = seen
    if isinstance(udp, Unreachable):
        return unknown(udp)
    if not udp.addresses:
        return no_address(ctx)
    name = ctx.asset.name
    doors = udp_doors_of(udp, ctx, of_danger(Danger.AMPLIFIER), reach=reach)
    meant = {service.port for service in ctx.asset.services if for_everyone(service)}
    opened = tuple(_items(doors, udp, meant))
    items = (*opened, *(item for item in door_items(doors) if item.status is Status.UNKNOWN))
    evidence = (*_evidence(udp), *door_evidence(doors))
    found = {item.status for item in opened}
    if Status.FAIL in found:
        text = f"« {name} » répond à Internet bien plus qu'on ne lui demande."
        return failed(text, reason="amplifies", items=items, evidence=evidence)
    if Status.PARTIAL in found:
        text = f"« {name} » laisse ouvert à Internet un service UDP qui n'a pas à l'être."
        return partial(text, reason="open", items=items, evidence=evidence)
    if (lost := gaps(doors)) or not doors:
        cause = lost[0].cause if lost else Unreachable(Reason.NOT_COLLECTED)
        return unknown(cause, items=items, evidence=evidence)
    text = f"« {name} » ne peut pas servir à attaquer d'autres sites."
    return passed(text, items=items, evidence=evidence)


def _items(doors: tuple[Door, ...], udp: HostUdp, meant: set[str]) -> Iterator[Item]:
    for door in doors:
        if door.exposure is Exposure.OPEN:
            most = _amplification(udp, door.port)
            where = french.listed(door.open_on)
            if most >= LOUDER:
                text = f"{door.name} : répond {_times(most)} ce qu'on lui envoie, sur {where}."
                yield Item(door.port, Status.FAIL, "amplifies", text)
            elif door.port not in meant:
                text = f"{door.name} : ouvert sur {where}, sans répondre beaucoup plus qu'on n'envoie."
                yield Item(door.port, Status.PARTIAL, "open", text)


def _amplification(udp: HostUdp, port: str) -> float:
    """The loudest answer to any question, on any address."""
    return max(answer.amplification for one in udp.addresses for answer in one.of(port))


def _times(amplification: float) -> str:
    """« 2,5 fois »."""
    return f"{amplification:.1f}".replace(".", ",").removesuffix(",0") + " fois"


def _evidence(udp: HostUdp) -> Iterator[Evidence]:
    for one in udp.addresses:
        for answer in one.answers:
            if answer.state is PortState.OPEN:
                weighed = f"{answer.received} octets reçus pour {answer.sent} envoyés"
                yield Evidence(
                    f"{answer.port} {one.address} {answer.question}",
                    f"{weighed} ; {answer.detail}".removesuffix(" ; "),
                )
