"""Les délais de recopie entre serveurs de noms sont-ils raisonnables ?

## Pourquoi
Ces délais disent combien de temps le domaine survit à la panne du serveur principal. Ils disent aussi combien de temps
une erreur reste en mémoire chez les autres. Trop courts, la mairie disparaît en un week-end. Trop longs, une correction
met des jours à se voir.

## Corriger
1. Demander à l'hébergeur du domaine les valeurs de l'enregistrement SOA.
2. Viser : rafraîchissement d'au moins 4 heures, nouvel essai d'au moins 1 heure et plus court que le
   rafraîchissement, expiration d'au moins 7 jours, minimum entre 5 minutes et 24 heures.
3. Augmenter le numéro de version, puis vérifier que tous les serveurs donnent les nouvelles valeurs.

## Limites
Les seuils sont ceux de Zonemaster, l'outil de l'Afnic. De grands hébergeurs publient un peu moins, sans danger
puisqu'ils recopient autrement. Une valeur à peine sous le seuil n'est donc pas une faute. Elle en devient une hors de
ce que ces hébergeurs et la RFC 1912 pratiquent. C'est aussi une faute quand deux valeurs à la fois sont sous les seuils
sur des serveurs qui portent le nom du domaine. Aucun texte officiel français ne fixe ces délais : cette tolérance est
notre jugement.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from cyberaudit.facts.zone import DnsZone, Soa
from cyberaudit.facts.zone_reading import heads, inside
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
    unknown,
    without_servers,
    zone_evidence,
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Seconds; the outer ones are a fault by themselves, the inner ones from two at a time."""

    name: str
    low: int
    usual_low: int
    usual_high: int


# Low: RFC 1912 §2.2 (20 minutes, 3 minutes); Google's 259200; OVHcloud's 60. Usual: Zonemaster ZONE02, 04, 05, 06.
REFRESH = Bounds("rafraîchissement", 1200, 14400, 1 << 32)
RETRY = Bounds("nouvel essai", 180, 3600, 1 << 32)
EXPIRE = Bounds("expiration", 259200, 604800, 1 << 32)
MINIMUM = Bounds("minimum", 60, 300, 86400)
# Ours: one shorter time alone does no harm.
TOGETHER = 2
CODE = "soa.bad_timers"
# RIPE-203, with a shorter minimum (RFC 2308 §5: one to three hours).
GOOD_REFRESH, GOOD_RETRY, GOOD_EXPIRE, GOOD_MINIMUM = 86400, 7200, 3600000, 3600


@check("dns.soa", needs=DnsZone, about="domain", impact=1, likelihood=1, measure="check-name-servers")
def soa_times_are_reasonable(zone: DnsZone, ctx: Context) -> Verdict:
    nobody = without_servers(zone, ctx)
    if nobody is not None:
        return nobody
    name, evidence = ctx.asset.name, zone_evidence(zone)
    found = dict.fromkeys(replace(soa, serial=0) for _, soa in heads(zone))
    if not found:
        cause = next((each.udp for each in zone.servers if isinstance(each.udp, Unreachable)), None)
        return unknown(cause or f"Aucun serveur n'a donné les délais de {name}.", evidence=evidence)
    own = any(inside(each.host, zone.domain) for each in zone.names)
    items = tuple(dict.fromkeys(item for soa in found for item in _items(soa, own=own)))
    if any(item.status.is_open for item in items):
        text = f"Des délais de recopie du domaine {name} sont hors des limites."
        more = (Evidence("norme", "RFC 1912 §2.2, RFC 2308 §5 ; Zonemaster ZONE02 à ZONE06"), _line(zone))
        return partial(text, reason="bad-timers", items=items, evidence=(*evidence, *more))
    return passed(f"Les délais de recopie du domaine {name} conviennent.", items=items, evidence=evidence)


def _times(soa: Soa) -> tuple[tuple[Bounds, int], ...]:
    return ((REFRESH, soa.refresh), (RETRY, soa.retry), (EXPIRE, soa.expire), (MINIMUM, soa.minimum))


def _items(soa: Soa, *, own: bool) -> Iterator[Item]:
    unusual = [bounds for bounds, value in _times(soa) if not bounds.usual_low <= value <= bounds.usual_high]
    together = own and len(unusual) >= TOGETHER
    for bounds, value in _times(soa):
        said = f"Délai « {bounds.name} » : {french.duration(max(value, 0))}"
        if not bounds.low <= value <= bounds.usual_high or (together and bounds in unusual):
            side = "trop long" if value > bounds.usual_high else "trop court"
            yield Item(bounds.name, Status.PARTIAL, CODE, f"{said}, {side}.")
        elif bounds in unusual:
            yield Item(bounds.name, Status.PASS, "", f"{said}, court mais pratiqué par de grands hébergeurs.")
    if soa.retry >= soa.refresh:
        text = "Le nouvel essai n'est pas plus court que le rafraîchissement."
        yield Item("nouvel essai et rafraîchissement", Status.PARTIAL, CODE, text)


def _line(zone: DnsZone) -> Evidence:
    soa = heads(zone)[0][1]
    # RFC 1982: serial numbers turn round.
    mended = replace(
        soa,
        serial=(soa.serial + 1) % (1 << 32),
        refresh=GOOD_REFRESH,
        retry=GOOD_RETRY,
        expire=GOOD_EXPIRE,
        minimum=GOOD_MINIMUM,
    )
    return Evidence("ligne à publier", f"{zone.domain}. IN SOA {mended}")
