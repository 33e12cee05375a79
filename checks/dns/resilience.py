"""Le domaine reste-t-il joignable si un serveur de noms, ou son réseau, tombe ?

## Pourquoi
Sans serveur de noms, plus de site, plus de courrier, plus de télétravail : tout s'arrête d'un coup. Deux serveurs sur
deux réseaux différents ne tombent presque jamais ensemble.

## Corriger
1. Demander à l'hébergeur du domaine au moins deux serveurs de noms.
2. Les vouloir sur deux réseaux, et si possible dans deux lieux.
3. Déclarer les deux chez le bureau d'enregistrement, puis vérifier qu'ils répondent tous les deux.

## Limites
Deux réseaux se reconnaissent ici à leurs adresses : un « /24 » en IPv4, un « /48 » en IPv6. Deux serveurs de réseaux
différents peuvent partager un bâtiment, et une seule adresse peut cacher plusieurs machines (« anycast ») : cela ne se
voit pas d'ici. Quand aucun serveur ne répond pour le domaine, la question reste ouverte. Les adresses de cette machine
(127.0.0.0/8) ne sont pas comparées. Un seul serveur compte comme une faute, un seul réseau comme une demi-faute : cette
gradation est notre jugement. La vraisemblance passe de 1 à 2 pour un serveur unique.
"""

from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cyberaudit.facts.zone import DnsZone, ServerName
from cyberaudit.facts.zone_reading import authoritative
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    partial,
    passed,
    unknown,
    without_servers,
    zone_evidence,
)

# RFC 2182 §3.1 asks for different networks; Zonemaster, CONNECTIVITY03: a /24 is the smallest that is routed apart.
IPV4_PREFIX = 24
# RFC 6177 §2: the size of one site.
IPV6_PREFIX = 48
REFERENCE = Evidence("norme", "RFC 1034 §4.1, RFC 2182 §3.1 et §5 ; ANSSI BP-038, R6")


@check(
    "dns.resilience",
    needs=DnsZone,
    about="domain",
    impact=2,
    likelihood=1,
    measure="second-name-server",
    sources=("BP-038 R6",),
)
def several_servers_on_several_networks(zone: DnsZone, ctx: Context) -> Verdict:
    nobody = without_servers(zone, ctx)
    if nobody is not None:
        return nobody
    if not isinstance(zone.delegated, tuple):
        return unknown(zone.delegated or "La zone au-dessus ne dit pas quels serveurs elle annonce.")
    name, evidence = ctx.asset.name, (*zone_evidence(zone), REFERENCE)
    if len(zone.delegated) == 1:
        return _alone(zone, f"Le domaine {name} n'a qu'un serveur de noms : {zone.delegated[0]}.", evidence)
    servers = [server for server in zone.names if server.delegated]
    found = {address for server in servers for address in _addresses(server)}
    unseen = next((each.addresses for each in servers if isinstance(each.addresses, Unreachable)), None)
    if unseen is not None and not _differ(found):
        return unknown(unseen, evidence=evidence)
    if zone.left_out and not _differ(found):
        return unknown("Une partie des serveurs de noms n'a pas été regardée.", evidence=evidence)
    if len(found) == 1:
        text = f"Les serveurs de noms de {name} n'ont qu'une adresse à eux tous : {min(found)}."
        return _alone(zone, text, evidence)
    networks = {_network(address) for address in found} - {None}
    if found and networks and not _differ(found):
        text = f"Les serveurs de noms de {name} sont tous dans le même réseau."
        shown = french.listed(sorted(str(network) for network in networks))
        item = Item(zone.domain, Status.PARTIAL, "ns.same_subnet", f"Tous les serveurs de noms : {shown}.")
        return partial(text, reason="same-subnet", items=(item,), evidence=evidence)
    if zone.servers and not authoritative(zone):
        text = f"Aucun des serveurs de noms de {name} n'a répondu pour lui : leur nombre ne prouve rien."
        return unknown(text, evidence=evidence)
    if not found:
        return unknown(f"Aucune adresse des serveurs de noms de {name} n'est connue.", evidence=evidence)
    return passed(f"Plusieurs serveurs de noms servent {name}.", evidence=evidence)


def _alone(zone: DnsZone, text: str, evidence: tuple[Evidence, ...]) -> Verdict:
    item = Item(zone.domain, Status.FAIL, "ns.single", text)
    return failed(text, reason="single", items=(item,), evidence=evidence, likelihood=2)


def _addresses(server: ServerName) -> tuple[str, ...]:
    return server.glue if isinstance(server.addresses, Unreachable) else server.addresses or server.glue


def _differ(addresses: set[str]) -> bool:
    """Two networks in one of the families."""
    networks = {network for address in addresses if (network := _network(address)) is not None}
    return any(sum(network.version == family for network in networks) > 1 for family in (4, 6))


def _network(address: str) -> IPv4Network | IPv6Network | None:
    """Where an address stands; None for this machine's own, and for what is no address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    prefix = IPV4_PREFIX if parsed.version == 4 else IPV6_PREFIX
    return None if parsed.is_loopback else ip_network(f"{parsed}/{prefix}", strict=False)
