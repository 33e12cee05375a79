"""La mairie est-elle joignable en IPv6, le nouvel Internet ?

## Pourquoi
Les anciennes adresses (IPv4) sont épuisées : des abonnés les partagent déjà à plusieurs. Un service qui n'a qu'elles
reste joignable, mais de plus en plus par des détours.

## Corriger
1. Demander à l'hébergeur du site d'ajouter une adresse IPv6, puis de publier l'enregistrement AAAA.
2. Faire de même pour le serveur de courrier et pour les serveurs de noms.
3. Ouvrir au pare-feu, en IPv6, exactement ce qui l'est en IPv4, et rien de plus.

## Limites
Seules les adresses publiées comptent : elles ne sont pas essayées ici. Un serveur de noms et un serveur de courrier en
IPv6 suffisent parmi tous. Aucun texte officiel de sécurité ne l'exige d'une commune : c'est notre jugement, de poids 1.
"""

from collections.abc import Iterator, Sequence

from cyberaudit.facts.names import DomainNames, HostAddresses
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    french,
    not_applicable,
    partial,
    passed,
    unknown,
)

SERVICES = {"ns": "serveurs de noms", "mx": "serveurs de courrier", "web": "site"}
OWNERS = {"ns": "les serveurs de noms", "mx": "les serveurs de courrier", "web": "le site"}


@check("dns.ipv6", needs=DomainNames, about="domain", impact=1, likelihood=1, measure="offer-ipv6")
def everything_answers_over_ipv6(names: DomainNames, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if isinstance(names.exists, Unreachable):
        return unknown(names.exists)
    if not names.exists:
        return not_applicable(f"Le domaine {name} n'existe pas dans l'annuaire des noms.")
    groups = {"ns": names.name_servers, "mx": names.mail_hosts, "web": _site(names.site)}
    items = tuple(_items(groups, name))
    evidence = tuple(_evidence(groups))
    missing = [SERVICES[item.key] for item in items if item.status is Status.PARTIAL]
    if missing:
        text = f"Rien n'est publié en IPv6 pour {name} : {french.listed(missing)}."
        return partial(text, reason="no-ipv6", items=items, evidence=evidence)
    if any(item.status is Status.UNKNOWN for item in items):
        lost = next(cause for group in groups.values() if (cause := _lost(group)) is not None)
        return unknown(lost, items=items, evidence=evidence)
    if not items:
        return not_applicable(f"Le domaine {name} n'a ni site, ni courrier, ni serveur de noms à lui.")
    return passed(f"Les services de {name} ont une adresse IPv6.", items=items, evidence=evidence)


def _site(hosts: Sequence[HostAddresses]) -> tuple[HostAddresses, ...]:
    """The name people type: `www.` when it has an address, or may have one, else the domain itself."""
    return next(((host,) for host in hosts if host.v4 or host.v6), ())


def _items(groups: dict[str, tuple[HostAddresses, ...] | Unreachable], name: str) -> Iterator[Item]:
    for key, hosts in groups.items():
        what = SERVICES[key].capitalize()
        if isinstance(hosts, Unreachable):
            yield Item(key, Status.UNKNOWN, hosts.reason, f"{what} : {hosts.reason.french}.")
        elif any(not isinstance(host.v6, Unreachable) and host.v6 for host in hosts):
            yield Item(key, Status.PASS, "", f"{what} : adresse IPv6 publiée.")
        elif (lost := _lost(hosts)) is not None:
            yield Item(key, Status.UNKNOWN, lost.reason, f"{what} : {lost.reason.french}.")
        elif hosts:
            yield Item(
                key, Status.PARTIAL, f"{key}.no_ipv6", f"Aucune adresse IPv6 pour {OWNERS[key]} de {name}."
            )


def _lost(hosts: tuple[HostAddresses, ...] | Unreachable) -> Unreachable | None:
    if isinstance(hosts, Unreachable):
        return hosts
    return next((host.v6 for host in hosts if isinstance(host.v6, Unreachable)), None)


def _evidence(groups: dict[str, tuple[HostAddresses, ...] | Unreachable]) -> Iterator[Evidence]:
    for hosts in groups.values():
        for host in () if isinstance(hosts, Unreachable) else hosts:
            if not isinstance(host.v6, Unreachable):
                yield Evidence(f"AAAA {host.host}", ", ".join(host.v6) or "aucun")
