"""Les services annoncés répondent-ils là où on les attend ?

## Pourquoi
Un service déclaré qui ne répond plus est peut-être en panne, ou le profil n'est plus à jour. Dans les deux cas,
quelqu'un doit le savoir avant le lundi matin.

## Corriger
1. Vérifier que la machine et le service sont en marche.
2. Vérifier la règle du pare-feu et la redirection vers cette machine.
3. Si le service a été arrêté exprès, le retirer du profil et fermer la règle.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Chaque service est regardé depuis l'endroit que le profil indique. Ceux d'un autre
endroit sont nommés, non regardés, et chaque endroit répond pour les siens. Une seule adresse qui répond suffit ; celles
qui ont été essayées sans répondre sont nommées, sans être un défaut. Le silence n'est un défaut que si la machine a
répondu à autre chose. En UDP, beaucoup de VPN se taisent devant un inconnu : leur silence laisse la question ouverte,
un refus est un défaut. Aucun guide officiel ne demande ce contrôle : c'est notre jugement, appuyé sur la liste des flux
voulus.
"""

from collections.abc import Iterator

from cyberaudit.sdk import (
    AddressReach,
    CanaryAnswer,
    Context,
    Evidence,
    Exposure,
    HostReach,
    HostServices,
    HostUdp,
    Item,
    PortState,
    Reason,
    Service,
    Status,
    Unreachable,
    Verdict,
    by_port,
    check,
    confirmed,
    failed,
    french,
    gone_in_tcp,
    not_applicable,
    passed,
    read_port,
    unknown,
)

Seen = tuple[HostReach | Unreachable, HostServices | Unreachable, HostUdp | Unreachable]


@check(
    "firewall.expected-service",
    needs=(HostReach, HostServices, HostUdp),
    about="host",
    seen_from="any",
    impact=3,
    likelihood=2,
    measure="review-open-ports",
    sources=("PA-066 R2",),
)
def declared_services_answer(seen: Seen, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if not ctx.asset.services:
        return not_applicable(f"Aucun service n'est déclaré pour « {name} ».")
    vantage = next((part.vantage for part in seen if not isinstance(part, Unreachable)), "")
    here = [service for service in ctx.asset.services if service.reachable_from in ("any", vantage)]
    elsewhere = tuple(
        _unseen(service, Reason.NOT_LOOKED) for service in ctx.asset.services if service not in here
    )
    if not here or _faceless(seen):
        return unknown(Unreachable(Reason.NOT_LOOKED), items=elsewhere)
    judged = (*(_item(service, seen, ctx) for service in here), *elsewhere)
    items = (*judged, *(missing for service in here for missing in _missing(service, seen, ctx)))
    evidence = tuple(line for service in here for line in _evidence(service, seen))
    silent = [item for item in items if item.status is Status.FAIL]
    if silent:
        text = f"« {name} » n'offre plus un service que le profil annonce."
        reasons = {item.reason for item in silent}
        return failed(
            text, reason="closed" if "closed" in reasons else "silent", items=items, evidence=evidence
        )
    lost = next((item for item in judged if item.status is Status.UNKNOWN), None)
    if lost and lost not in elsewhere:
        return unknown(Unreachable(Reason(lost.reason)), items=items, evidence=evidence)
    if elsewhere:
        # Each place answers for its own services, and the town state keeps the worst of the places.
        text = f"Les services de « {name} » annoncés pour ce point de vue répondent ({len(here)} sur {len(judged)})."
        return passed(text, items=items, evidence=evidence)
    text = f"Les services annoncés de « {name} » répondent ({french.count(len(judged), 'service')})."
    return passed(text, items=items, evidence=evidence)


def _faceless(seen: Seen) -> bool:
    """None of the host's addresses faces the place we look from."""
    looks = [part for part in (seen[0], seen[2]) if not isinstance(part, Unreachable)]
    return bool(looks) and not any(look.addresses for look in looks)


def _item(service: Service, seen: Seen, ctx: Context) -> Item:
    """The best that one address says: open, then not known, then closed or silent."""
    what = f"{service.what} ({service.port})"
    found = list(_answers(service.port, seen, ctx))
    if not found:
        return _unseen(service, Reason.NOT_COLLECTED)
    if PortState.OPEN in found:
        return Item(service.port, Status.PASS, "", f"{what} répond.")
    lost = next((answer for answer in found if isinstance(answer, Unreachable)), None)
    if lost:
        return _unseen(service, lost.reason)
    if PortState.SILENT in found and service.port.startswith("udp/"):
        text = f"{what} ne dit rien à un inconnu : un VPN peut se taire ainsi et marcher."
        return Item(service.port, Status.UNKNOWN, Reason.TIMEOUT, text)
    if all(answer is PortState.SILENT for answer in found):
        return Item(service.port, Status.FAIL, "silent", f"{what} ne répond pas.")
    return Item(service.port, Status.FAIL, "closed", f"{what} est fermé.")


def _missing(service: Service, seen: Seen, ctx: Context) -> Iterator[Item]:
    """The addresses that were asked and did not answer, of a service that answers elsewhere."""
    look = seen[2] if service.port.startswith("udp/") else seen[0]
    if isinstance(look, Unreachable) or PortState.OPEN not in _answers(service.port, seen, ctx):
        return
    gone = gone_in_tcp(seen[0])
    for one in _reaches(look):
        answer = None if one.address in gone else one.answer(service.port)
        silent = answer and answer.state is PortState.SILENT and not service.port.startswith("udp/")
        if answer and (silent or answer.state in (PortState.CLOSED, PortState.REJECTED)):
            cause = Reason.TIMEOUT if silent else Reason.REFUSED
            text = f"{service.what} ({service.port}) ne répond pas sur {one.address} : à vérifier s'il y est attendu."
            yield Item(f"{service.port} {one.address}", Status.UNKNOWN, cause, text)


def _unseen(service: Service, cause: Reason) -> Item:
    text = f"{service.what} ({service.port}) : {cause.french}."
    return Item(service.port, Status.UNKNOWN, cause, text)


def _answers(port: str, seen: Seen, ctx: Context) -> Iterator[PortState | Unreachable]:
    """What each address says of the port."""
    reach, services, udp = seen
    look = udp if port.startswith("udp/") else reach
    if isinstance(look, Unreachable):
        yield look
        return
    heard = services if isinstance(services, HostServices) else None
    gone = gone_in_tcp(reach)
    for one in _reaches(look):
        if one.address in gone and (answer := one.answer(port)) and answer.state is not PortState.OPEN:
            yield Unreachable(Reason.NO_CONTROL)
        else:
            yield _answer(port, one, look, heard, ctx)


def _reaches(look: HostReach | HostUdp) -> tuple[AddressReach, ...]:
    return look.addresses if isinstance(look, HostReach) else tuple(one.reach for one in look.addresses)


def _answer(
    port: str, one: AddressReach, look: HostReach | HostUdp, services: HostServices | None, ctx: Context
) -> PortState | Unreachable:
    """What one address says of the port, where a silence or an opening that proves nothing is not known."""
    canaries: tuple[CanaryAnswer, ...] = look.canaries
    reading = read_port(one, port, canaries=canaries, confirmed=confirmed(ctx, ctx.asset))
    (door,) = by_port((reading,), services)
    answer = one.answer(port)
    if answer is None or isinstance(answer.state, Unreachable):
        return reading.cause or Unreachable(Reason.NOT_COLLECTED)
    if answer.state in (PortState.OPEN, PortState.UNSTABLE):
        return door.readings[0].cause or answer.state
    # In UDP a silence is never more than that: no control makes it a fault.
    if answer.state is PortState.CLOSED or (answer.state is PortState.SILENT and port.startswith("udp/")):
        return answer.state
    # Between two zones no access network filters anything: an answer of the machine itself is control enough.
    proved = reading.exposure is Exposure.NOT_OPEN or look.vantage != "outside"
    heard = one.answered or answer.state is PortState.REJECTED
    return answer.state if heard and proved else Unreachable(Reason.NO_CONTROL)


def _evidence(service: Service, seen: Seen) -> tuple[Evidence, ...]:
    look = seen[2] if service.port.startswith("udp/") else seen[0]
    reaches = () if isinstance(look, Unreachable) else _reaches(look)
    answers = ((one.address, one.answer(service.port)) for one in reaches)
    return tuple(
        Evidence(f"{service.port} {address}", f"{answer.state} {answer.detail}".strip())
        for address, answer in answers
        if answer
    )
