"""Les services discrets ouverts à Internet sont-ils tous voulus ?

## Pourquoi
Un service UDP se remarque peu : il ne s'affiche pas dans un navigateur. Un automate, une carte de gestion ou un
partage de fichiers peut ainsi rester des années à portée de tous.

## Corriger
1. Fermer au pare-feu, depuis Internet, les automates, les cartes de gestion et les partages de fichiers.
2. Pour chaque autre service trouvé, chercher avec la mairie à quoi il sert et qui le tient.
3. Fermer ce qui ne sert plus, en IPv4 comme en IPv6, redirections et UPnP de la box compris.
4. Déclarer dans le profil ce qui sert : le port, l'usage et d'où on doit l'atteindre.

## Limites
Certains services ne répondent jamais à un inconnu : WireGuard, OpenVPN protégé par une clé, certains IPsec, RADIUS. Le
contrôle ne les distingue pas d'un port fermé : ils ne montrent rien non plus à un attaquant. Un service peut aussi
ignorer la question posée et répondre à une autre. Le silence, ou le refus d'un appareil du chemin, ne prouve rien seul.
Une adresse témoin doit avoir répondu ou refusé sur le même port, en UDP aussi. Il ne vaut rien non plus si la machine a
cessé de répondre en TCP pendant le contrôle. Toute la liste des ports UDP doit avoir été essayée. Sont voulus les
services déclarés ouverts à tous et ce qui va avec : les deux ports d'IPsec, l'UDP d'un site ou d'un VPN en HTTPS.
Automate, carte de gestion et partage de fichiers sont des défauts même déclarés, et montent la vraisemblance de 3 à 4.
Les services qui répondent trop ont leur propre question. La gravité et la vraisemblance 3 sont notre jugement.
"""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.facts.ports import UDP
from cyberaudit.sdk import (
    AssetKind,
    Context,
    Danger,
    HostReach,
    HostUdp,
    Item,
    Unreachable,
    Verdict,
    Vpn,
    VpnKind,
    check,
    for_everyone,
    judge_doors,
    no_address,
    of_danger,
    udp_doors_of,
    unknown,
)

GRAVE: dict[str, str] = {
    **dict.fromkeys(of_danger(Danger.INDUSTRIAL), "il commande une installation"),
    **dict.fromkeys(of_danger(Danger.CONSOLE), "il commande un serveur"),
    **dict.fromkeys(of_danger(Danger.FILE_SHARING), "il sert à partager des fichiers"),
}
"""A fault even when the profile means it for everybody, as in TCP, each with its reason."""
# RFC 3948 §2: once a box that translates addresses is seen, IPsec goes on from 500 to 4500.
_IPSEC = frozenset({"udp/500", "udp/4500"})
# RFC 9114 §3.1 (HTTP/3) and SSL VPNs over DTLS: the same number in UDP, beside TLS.
_TLS = frozenset({"tcp/443", "tcp/4433", "tcp/8443", "tcp/10443"})
_USUAL_OF_VPN: dict[VpnKind, frozenset[str]] = {
    VpnKind.SSL: frozenset({"udp/443"}),
    VpnKind.IPSEC: _IPSEC,
    VpnKind.L2TP: _IPSEC | {"udp/1701"},
    VpnKind.OPENVPN: frozenset({"udp/1194"}),
    VpnKind.WIREGUARD: frozenset({"udp/51820"}),
    VpnKind.PPTP: frozenset(),
}


@check(
    "firewall.udp-service",
    needs=(HostUdp, HostReach),
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="review-open-ports",
    sources=("PA-066 R2", "RC 7.B.3", "MSS CONFIG.6", "CNIL 8.1", "H 17"),
)
def only_wanted_udp_services_answer(
    seen: tuple[HostUdp | Unreachable, HostReach | Unreachable], ctx: Context
) -> Verdict:
    udp, reach = seen
    if isinstance(udp, Unreachable):
        return unknown(udp)
    if not udp.addresses:
        return no_address(ctx)
    doors = udp_doors_of(udp, ctx, _owned(udp) - _wanted(ctx), reach=reach)
    verdict = judge_doors(
        doors,
        when_open=f"« {ctx.asset.name} » montre à Internet un service UDP qui n'a pas à l'être.",
        when_shut=f"« {ctx.asset.name} » ne montre à Internet aucun autre service UDP.",
        likelihood=4 if any(door.open_on and door.port in GRAVE for door in doors) else None,
    )
    return replace(verdict, items=tuple(_with_danger(item) for item in verdict.items))


def _owned(udp: HostUdp) -> frozenset[str]:
    """The ports of the list and those that were asked, less those that `firewall.amplifier` judges."""
    asked = (answer.port for one in udp.addresses for answer in one.answers)
    return frozenset(UDP).union(asked) - of_danger(Danger.AMPLIFIER)


def _wanted(ctx: Context) -> frozenset[str]:
    """What the profile means for everybody, with what goes with it."""
    wanted = frozenset((*_of_services(ctx), *_of_vpns(ctx)))
    return (wanted | _IPSEC if wanted & _IPSEC else wanted) - GRAVE.keys()


def _of_services(ctx: Context) -> Iterator[str]:
    for service in ctx.asset.services:
        if for_everyone(service):
            yield _in_udp(service.port) if service.port in _TLS else service.port


def _of_vpns(ctx: Context) -> Iterator[str]:
    for vpn in ctx.town.of_kind(AssetKind.VPN):
        if isinstance(vpn, Vpn) and vpn.host == ctx.asset.id:
            yield from (_in_udp(vpn.port),) if vpn.port else _USUAL_OF_VPN[vpn.type]


def _in_udp(port: str) -> str:
    return f"udp/{port.partition('/')[2]}"


def _with_danger(item: Item) -> Item:
    if item.key not in GRAVE:
        return item
    return replace(item, text=f"{item.text.removesuffix('.')} ; {GRAVE[item.key]}.")
