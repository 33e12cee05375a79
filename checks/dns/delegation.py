"""Chaque serveur de noms du domaine répond-il bien à tous ?

## Pourquoi
Les serveurs de noms disent où sont le site et le courrier de la mairie. Un serveur annoncé qui ne répond pas, ou qui
ne connaît pas le domaine, ralentit tout, puis coupe tout le jour où les autres tombent. Un serveur dont le nom
n'existe plus peut être repris par un inconnu, qui détourne alors le site et le courrier.

## Corriger
1. Retirer chez le bureau d'enregistrement chaque serveur de noms qui n'existe plus ou ne sert plus le domaine.
2. Faire charger la zone, avec autorité, par chaque serveur annoncé.
3. Ouvrir le port 53 en UDP et en TCP, et laisser passer les extensions EDNS (RFC 6891).
4. Annoncer chaque serveur par un nom qui a une adresse, et jamais par un alias.

## Limites
Un serveur muet ne compte que s'il l'a été deux fois, alors qu'un autre nous répondait par le même chemin. De même
pour TCP et pour EDNS : sans témoin, le point reste sans réponse. Une adresse IPv6 sans chemin réseau depuis cet
endroit ne compte pas si le même serveur répond en IPv4. Si aucun serveur ne répond avec autorité, notre ligne filtre
peut-être ces questions : rien n'est dit. Le guide de l'ANSSI demande UDP, TCP et EDNS ; les autres règles viennent
des normes du DNS, et leur gravité est notre jugement. Le risque est le plus haut (vraisemblance 4) quand le
domaine n'existe pas ou n'est servi par personne : site et courrier sont coupés. Il l'est aussi quand un nom manquant
peut être acheté, ce qu'une signature ou le registre lui-même doit prouver. La version du logiciel, si le serveur la
dit, n'est pas une faute.
"""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.facts.zone import DnsZone, NameServer, ServerName
from cyberaudit.facts.zone_reading import State, all_fail, not_judged, speaks_tcp, state, understands_edns
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    partial,
    passed,
    server_key,
    server_name,
    unknown,
    without_servers,
    zone_evidence,
)

REFERENCES = {
    "ns.all_lame": "RFC 1034 §4.2.2",
    "ns.lame": "RFC 1912 §2.8, RFC 2181 §5.4.1",
    "ns.unreachable": "RFC 2182 §3",
    "ns.no_tcp": "RFC 7766 §5, RFC 9210 §3",
    "ns.no_edns": "RFC 6891 §7",
    "ns.cname": "RFC 2181 §10.3",
    "ns.dangling": "RFC 1912 §2.8",
}


@check(
    "dns.delegation",
    needs=DnsZone,
    about="domain",
    impact=4,
    likelihood=2,
    measure="check-name-servers",
    sources=("BP-038",),
)
def name_servers_answer(zone: DnsZone, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if zone.exists is False:
        return failed(
            f"Le domaine {name} n'existe pas dans l'annuaire des noms.", reason="no-domain", likelihood=4
        )
    nobody = without_servers(zone, ctx)
    if nobody is not None:
        return nobody
    items = (*_names(zone), *(item for server in zone.servers for item in _items(server, zone)))
    if all_fail(zone):
        text = f"Aucun des serveurs de noms annoncés pour {name} ne le sert."
        # None is left to answer: what is half a fault beside another server is one here.
        wrong = (
            replace(item, status=Status.FAIL) if item.status is Status.PARTIAL else item for item in items
        )
        items = (Item(zone.domain, Status.FAIL, "ns.all_lame", text), *wrong)
        return failed(text, reason="all-lame", items=items, evidence=_evidence(zone, items), likelihood=4)
    return _verdict(zone, items, name)


def _verdict(zone: DnsZone, items: tuple[Item, ...], name: str) -> Verdict:
    evidence = _evidence(zone, items)
    if any(item.status is Status.FAIL for item in items):
        text = f"Un serveur de noms de {name} dépend d'un nom que n'importe qui peut acheter."
        return failed(text, reason="dangling", items=items, evidence=evidence, likelihood=4)
    faults = [item for item in items if item.status is Status.PARTIAL]
    if faults:
        text = f"Une partie des serveurs de noms de {name} ne répond pas comme il faut."
        reason = faults[0].reason.partition(".")[2].replace("_", "-")
        return partial(text, reason=reason, items=items, evidence=evidence)
    doubt = _doubt(zone)
    if doubt is not None:
        return unknown(doubt, items=items, evidence=evidence)
    return passed(f"Tous les serveurs de noms de {name} répondent.", items=items, evidence=evidence)


def _doubt(zone: DnsZone) -> Unreachable | str | None:
    """What could not be seen of a server that is to be judged."""
    for server in zone.servers:
        if not not_judged(server, zone):
            for answer in (server.udp, speaks_tcp(server, zone), understands_edns(server, zone)):
                if isinstance(answer, Unreachable):
                    return answer
    for name in zone.names:
        for seen in (name.exists, name.addresses):
            if isinstance(seen, Unreachable) and not name.glue:
                return seen
    if isinstance(zone.delegated, Unreachable):
        return zone.delegated
    if any(state(server, zone) is State.UNSEEN and not not_judged(server, zone) for server in zone.servers):
        return "Aucun serveur ne nous répond avec autorité : notre ligne intercepte peut-être ces questions."
    if zone.left_out or not zone.servers:
        return "Une partie des serveurs de noms n'a pas été regardée, au-delà de la limite prévue."
    return None


def _names(zone: DnsZone) -> Iterator[Item]:
    for name in zone.names:
        yield from _name_items(name)


def _name_items(name: ServerName) -> Iterator[Item]:
    host = name.host
    if name.exists is False:
        if name.free:
            text = (
                f"{host} n'existe pas : n'importe qui peut acheter « {name.missing} » et répondre à sa place."
            )
            yield Item(host, Status.FAIL, "ns.dangling", text)
        else:
            text = f"{host} n'existe pas (« {name.missing} » manque)."
            yield Item(host, Status.PARTIAL, "ns.dangling", text)
        return
    if name.alias:
        yield Item(
            host, Status.PARTIAL, "ns.cname", f"{host} est un alias de {name.alias}, ce qui est interdit."
        )
    if isinstance(name.addresses, Unreachable):
        if not name.glue:
            reason = name.addresses.reason
            yield Item(host, Status.UNKNOWN, reason, f"{host} : {reason.french}.")
    elif not name.addresses:
        yield Item(host, Status.PARTIAL, "ns.dangling", f"{host} n'a pas d'adresse.")


def _items(server: NameServer, zone: DnsZone) -> Iterator[Item]:
    key, who = server_key(server), server_name(server)
    match state(server, zone):
        case State.LAME:
            yield Item(key, Status.PARTIAL, "ns.lame", f"{who} ne sert pas le domaine : {_said(server)}.")
        case State.MUTE:
            cause = server.udp.reason.french if isinstance(server.udp, Unreachable) else ""
            yield Item(key, Status.PARTIAL, "ns.unreachable", f"{who} : {cause}, deux fois.")
        case State.UNSEEN:
            cause, reason = "rien ne prouve qu'il réponde lui-même", "undecided"
            if isinstance(server.udp, Unreachable):
                cause, reason = server.udp.reason.french, server.udp.reason
            yield Item(key, Status.UNKNOWN, reason, f"{who} : {cause}.")
        case State.SERVES:
            yield from _manners(server, zone)


def _said(server: NameServer) -> str:
    if isinstance(server.udp, Unreachable):
        return server.udp.reason.french
    return {
        "delegates": "il renvoie aux serveurs annoncés",
        "no-such-name": "il dit que le domaine n'existe pas",
        "no-zone": "il n'en a pas la zone",
        "borrowed": "il répond sans autorité",
        "sends-elsewhere": "il renvoie vers d'autres serveurs",
    }.get(server.udp.standing, f"il répond {server.udp.code}")


def _manners(server: NameServer, zone: DnsZone) -> Iterator[Item]:
    key, who = server_key(server), server_name(server)
    tcp, edns = speaks_tcp(server, zone), understands_edns(server, zone)
    if tcp is False:
        text = f"{who} répond en UDP et non en TCP : les longues réponses se perdent."
        yield Item(key, Status.PARTIAL, "ns.no_tcp", text)
    elif isinstance(tcp, Unreachable):
        yield Item(key, Status.UNKNOWN, tcp.reason, f"{who}, en TCP : {tcp.reason.french}.")
    if edns is False:
        text = f"{who} ne comprend pas les extensions du DNS (EDNS)."
        yield Item(key, Status.PARTIAL, "ns.no_edns", text)
    elif isinstance(edns, Unreachable):
        yield Item(key, Status.UNKNOWN, edns.reason, f"{who}, extensions du DNS : {edns.reason.french}.")
    if tcp is True and edns is True:
        yield Item(key, Status.PASS, "", f"{who} sert le domaine.")
    if isinstance(server.version, str) and server.version:
        yield Item(key, Status.PASS, "ns.version_disclosed", f"{who} dit son logiciel : {server.version}.")


def _evidence(zone: DnsZone, items: tuple[Item, ...]) -> tuple[Evidence, ...]:
    codes = dict.fromkeys(item.reason for item in items if item.status.is_open)
    references = tuple(
        Evidence("norme", f"{code} : {REFERENCES[code]}") for code in codes if code in REFERENCES
    )
    return (*zone_evidence(zone), *references)
