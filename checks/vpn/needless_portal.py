"""Cet accès à distance est-il ouvert à tout Internet sans besoin ?

## Pourquoi
Un accès que personne n'emploie reste une porte sur Internet, souvent oubliée des mises à jour. Celui qui ne sert
qu'au prestataire n'a pas à répondre au monde entier.

## Corriger
1. Fermer l'accès qui ne sert plus, et supprimer ses comptes.
2. N'ouvrir celui du prestataire qu'à son adresse, dans le pare-feu.
3. Mieux encore, ne l'ouvrir qu'à la demande, le temps de l'intervention.
4. Noter dans le profil qui se sert de chaque accès.

## Limites
La question n'est posée que si le profil dit que le prestataire seul s'en sert, ou plus personne (« used_by »), et
depuis Internet seulement. WireGuard n'est pas concerné : il se tait devant les inconnus, et ne montre rien à fermer.
Un silence ne prouve pas que l'accès est fermé : seul un refus le prouve. Si le contrôle part de l'adresse autorisée
du prestataire, il trouvera l'accès ouvert. Ouvert pour le seul prestataire, il compte pour moitié. La gravité 3 et la
vraisemblance 3 sont notre jugement.
"""

from cyberaudit.facts.ike import IkePort, IpsecEndpoint
from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelMet
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    OpenVpnEndpoint,
    Reason,
    Status,
    TlsEndpoint,
    Town,
    Unreachable,
    Verdict,
    Vpn,
    VpnKind,
    VpnUsers,
    check,
    endpoint_of,
    failed,
    french,
    partial,
    passed,
    reached,
    unasked,
    unknown,
)

Seen = tuple[
    TlsEndpoint | Unreachable,
    OpenVpnEndpoint | Unreachable,
    IpsecEndpoint | Unreachable,
    OldTunnel | Unreachable,
]
Places = dict[str, bool | Unreachable]
"""Whether something answers at each address; False only when it refused."""
SILENT = Unreachable(Reason.TIMEOUT)


def needs_no_public_door(vpn: Vpn, _town: Town) -> bool:
    return vpn.used_by in (VpnUsers.CONTRACTOR, VpnUsers.NOBODY) and vpn.type is not VpnKind.WIREGUARD


@check(
    "vpn.needless-portal",
    needs=(TlsEndpoint, OpenVpnEndpoint, IpsecEndpoint, OldTunnel),
    about="vpn",
    concerns=needs_no_public_door,
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="close-needless-vpn",
    sources=("H 32", "PA-022 R66", "RC 7.B.3"),
)
def access_is_open_to_those_who_need_it(seen: Seen, ctx: Context) -> Verdict:
    known = _known(seen, ctx)
    if isinstance(known, Unreachable):
        return unknown(known)
    answers, others = known
    evidence = tuple(Evidence(place, _word(answer)) for place, answer in answers.items())
    if open_at := [place for place, answer in answers.items() if answer is True]:
        return _open(ctx, open_at, evidence=evidence)
    lost = next((answer for answer in answers.values() if isinstance(answer, Unreachable)), None)
    if lost:
        return unknown(lost, evidence=evidence)
    if others or not answers:
        text = f"Une partie des adresses de « {ctx.asset.name} » n'a pas été regardée."
        return unknown(text, evidence=evidence)
    return passed(f"« {ctx.asset.name} » ne répond pas à tout Internet.", evidence=evidence)


def _known(seen: Seen, ctx: Context) -> tuple[Places, tuple[str, ...]] | Unreachable:
    """What answers at each address, and the addresses that were not asked."""
    tls, openvpn, ipsec, old = seen
    match ctx.asset.type:
        case VpnKind.IPSEC:
            return ipsec if isinstance(ipsec, Unreachable) else (_ipsec_places(ipsec), ipsec.left_out)
        case VpnKind.PPTP | VpnKind.L2TP:
            return old if isinstance(old, Unreachable) else (_old_places(old), old.left_out)
        case _:
            facts = endpoint_of((tls, openvpn), ctx)
            return facts if isinstance(facts, Unreachable) else (reached(facts), unasked(facts))


def _ipsec_places(facts: IpsecEndpoint) -> Places:
    return {server.address: _speaks(server.ports) for server in facts.servers}


def _speaks(ports: tuple[IkePort, ...]) -> bool | Unreachable:
    if any(port.answers is True for port in ports):
        return True
    for port in ports:
        if not isinstance(port.answers, Unreachable):
            return Unreachable(Reason.PROTOCOL_ERROR)
        if port.answers.reason is not Reason.REFUSED:
            return port.answers
    return False if ports else SILENT


def _old_places(facts: OldTunnel) -> Places:
    return {answer.address: _met(answer.met) for answer in facts.answers}


def _met(met: OldTunnelMet | Unreachable) -> bool | Unreachable:
    match met:
        case Unreachable():
            return met
        case OldTunnelMet.SILENT:
            return SILENT
        case _:
            return met is not OldTunnelMet.CLOSED


def _open(ctx: Context, places: list[str], *, evidence: tuple[Evidence, ...]) -> Verdict:
    name, where = ctx.asset.name, french.listed(places)
    if ctx.asset.used_by == VpnUsers.NOBODY:
        items = (Item("open", Status.FAIL, "unused", f"L'accès répond sur {where}."),)
        text = f"« {name} » ne sert plus, et répond encore à tout Internet."
        return failed(text, reason="unused", items=items, evidence=evidence)
    items = (Item("open", Status.PARTIAL, "contractor-only", f"L'accès répond sur {where}."),)
    text = f"« {name} » ne sert qu'au prestataire, et répond à tout Internet."
    return partial(text, reason="contractor-only", items=items, evidence=evidence)


def _word(answer: bool | Unreachable) -> str:  # noqa: FBT001 — the value itself is the subject
    if isinstance(answer, Unreachable):
        return f"non vu : {answer}"
    return "répond" if answer else "refuse la connexion"
