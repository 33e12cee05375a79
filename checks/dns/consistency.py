"""Les serveurs de noms du domaine disent-ils tous la même chose ?

## Pourquoi
Quand les serveurs ne sont pas d'accord, le site et le courrier marchent pour les uns et pas pour les autres. Une
ancienne adresse peut continuer à recevoir le courrier de la mairie sans que personne le voie.

## Corriger
1. Comparer les serveurs déclarés chez le bureau d'enregistrement avec les enregistrements NS de la zone.
2. Retirer des deux côtés les serveurs qui ne servent plus, et ajouter ceux qui manquent.
3. Corriger chez le bureau d'enregistrement les adresses des serveurs qui portent le nom du domaine (« glue »).
4. Vérifier que chaque serveur secondaire recopie la zone après une modification (NOTIFY, transfert autorisé).

## Limites
Une recopie en cours n'est pas une faute : les serveurs sont interrogés de nouveau une seconde plus tard. Un serveur
muet n'est pas comparé. Une adresse que la zone au-dessus n'indique pas encore n'est pas une faute. Seule l'est une
adresse qu'elle indique et que le domaine ne connaît pas. Les normes du DNS demandent cet accord ; aucun texte officiel
français n'en parle, et la gravité est notre jugement.
"""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.facts.zone import DnsZone, NameServer, Soa
from cyberaudit.facts.zone_reading import (
    State,
    authoritative,
    heads,
    not_judged,
    serving,
    state,
    wrong_glue,
)
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    french,
    partial,
    passed,
    server_name,
    unknown,
    without_servers,
    zone_evidence,
)

MISMATCH, SERIAL = "ns.parent_child_mismatch", "ns.serial_mismatch"
REGISTRAR = "chez le bureau d'enregistrement"
REFERENCES = {
    MISMATCH: Evidence("norme", "RFC 1034 §4.2.2, RFC 1912 §2.8"),
    SERIAL: Evidence("norme", "RFC 1034 §4.3.5, RFC 1996"),
}


@check("dns.consistency", needs=DnsZone, about="domain", impact=2, likelihood=1, measure="check-name-servers")
def name_servers_agree(zone: DnsZone, ctx: Context) -> Verdict:
    nobody = without_servers(zone, ctx)
    if nobody is not None:
        return nobody
    name = ctx.asset.name
    items = (*_set_items(zone), *_glue_items(zone), *_soa_items(zone))
    evidence = (*zone_evidence(zone), *_name_evidence(zone))
    if items:
        codes = dict.fromkeys(item.reason for item in items)
        text = f"Les serveurs de noms de {name} ne disent pas tous la même chose."
        reason = items[0].reason.partition(".")[2].replace("_", "-")
        more = (*evidence, *(REFERENCES[code] for code in codes), *_lines(zone))
        return partial(text, reason=reason, items=items, evidence=more)
    doubt = _doubt(zone)
    if doubt is not None:
        return unknown(doubt, evidence=evidence)
    return passed(f"Les serveurs de noms de {name} sont d'accord entre eux.", evidence=evidence)


def _own_sets(zone: DnsZone) -> list[tuple[NameServer, tuple[str, ...]]]:
    return [(server, server.names) for server in authoritative(zone) if isinstance(server.names, tuple)]


def _set_items(zone: DnsZone) -> Iterator[Item]:
    sets = _own_sets(zone)
    if not sets:
        return
    listed = {host for _, names in sets for host in names}
    everywhere = listed.intersection(*(names for _, names in sets))
    if isinstance(zone.delegated, tuple):
        for host in sorted(listed.symmetric_difference(zone.delegated)):
            text = (
                f"{host} est un serveur du domaine, mais la zone « {zone.parent} » ne l'annonce pas."
                if host in listed
                else f"{host} est annoncé par la zone « {zone.parent} », mais le domaine ne le cite pas."
            )
            yield Item(host, Status.PARTIAL, MISMATCH, text)
    for host in sorted(listed - everywhere):
        silent = french.listed([server_name(server) for server, names in sets if host not in names])
        yield Item(
            host, Status.PARTIAL, MISMATCH, f"{host} n'est pas cité par {silent}, qui sert le domaine."
        )


def _glue_items(zone: DnsZone) -> Iterator[Item]:
    for name in zone.names:
        wrong = wrong_glue(name, zone.domain)
        if wrong and isinstance(name.addresses, tuple):
            text = (
                f"{name.host} : la zone « {zone.parent} » donne {french.listed(wrong)}, "
                f"le domaine donne {french.listed(name.addresses) or 'aucune adresse'}."
            )
            yield Item(name.host, Status.PARTIAL, MISMATCH, text)


def _soa_items(zone: DnsZone) -> Iterator[Item]:
    found = heads(zone)
    serials = {soa.serial for _, soa in found}
    if len(serials) > 1:
        told = french.listed([f"{server_name(server)} : {soa.serial}" for server, soa in found])
        text = f"Les numéros de version de la zone diffèrent, deux fois de suite : {told}."
        yield Item(zone.domain, Status.PARTIAL, SERIAL, text)
    elif len({_without_serial(soa) for _, soa in found}) > 1:
        text = "Les serveurs donnent le même numéro de version, mais pas les mêmes réglages (SOA)."
        yield Item(zone.domain, Status.PARTIAL, SERIAL, text)


def _without_serial(soa: Soa) -> Soa:
    return replace(soa, serial=0)


def _doubt(zone: DnsZone) -> Unreachable | str | None:
    """Why agreement is not proven; a server that does not serve the domain is judged by another question."""
    for server in serving(zone):
        if state(server, zone) in (State.MUTE, State.UNSEEN) and not not_judged(server, zone):
            if isinstance(server.udp, Unreachable):
                return server.udp
            return (
                "Aucun serveur ne nous répond avec autorité : notre ligne intercepte peut-être ces questions."
            )
    for server in authoritative(zone):
        for answer in (server.names, server.again):
            if isinstance(answer, Unreachable):
                return answer
    if isinstance(zone.delegated, Unreachable):
        return zone.delegated
    if zone.left_out or not authoritative(zone):
        return "Une partie des serveurs de noms n'a pas pu être comparée."
    return next((name.addresses for name in zone.names if isinstance(name.addresses, Unreachable)), None)


def _name_evidence(zone: DnsZone) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(f"NS selon {server_name(server)}", " ".join(f"{host}." for host in names))
        for server, names in _own_sets(zone)
    )


def _lines(zone: DnsZone) -> Iterator[Evidence]:
    """What would make both sides agree: at the registrar's, in the zone, or either where both could be right."""
    sets = _own_sets(zone)
    if not sets or not isinstance(zone.delegated, tuple):
        return
    listed = {host for _, names in sets for host in names}
    served = {host for server in authoritative(zone) for host in server.hosts}
    above, below = sorted(set(zone.delegated) - listed), sorted(listed.difference(zone.delegated))
    silent = [host for host in above if host not in served]
    new = [host for host in below if host in served]
    if len(above) == len(new) == 1:
        yield Evidence(REGISTRAR, f"remplacer {above[0]} par {new[0]}")
    else:
        yield from (Evidence(REGISTRAR, f"retirer {host}") for host in silent)
        yield from (Evidence(REGISTRAR, f"ajouter {host}") for host in new)
    # It serves the domain: whether the zone forgot it, or the registrar keeps a former one, only its owner knows.
    other = "ligne à publier" if not new else "ligne à publier, si ce serveur sert encore"
    for host in above:
        if host in served:
            yield Evidence(other, f"{zone.domain}. IN NS {host}.")
    for host in below:
        if host not in served:
            yield Evidence("ligne à retirer, si ce serveur n'existe plus", f"{zone.domain}. IN NS {host}.")
