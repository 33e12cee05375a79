"""L'accès OpenVPN se cache-t-il des inconnus ?

## Pourquoi
OpenVPN peut demander une première clé avant de répondre. Sans ce réglage, il répond à n'importe qui sur Internet : le
jour où une faille est trouvée, chacun peut l'essayer. Avec lui, un inconnu ne voit même pas que l'accès existe.

## Corriger
1. Activer la première clé sur le serveur : tls-crypt-v2, une par poste, ou à défaut tls-crypt.
2. Redonner à chaque agent et au prestataire un fichier de connexion à jour.
3. Retirer l'ancien réglage tls-auth une fois tous les postes passés.
4. Garder le serveur à jour : cette clé cache l'accès, elle ne corrige pas ses failles.

## Limites
C'est notre jugement : aucune règle officielle ne l'impose, et la gravité 2 et la vraisemblance 1 en tiennent compte. Un
silence, ou une connexion coupée sans un mot, est ce que fait un accès bien caché. C'est aussi ce que fait un message
perdu ou filtré : le contrôle ne conclut pas. Un port refusé ne parle à personne : cela compte comme en ordre, même si
le port déclaré est faux.
"""

from cyberaudit.facts.openvpn import OpenVpnAnswer, OpenVpnEndpoint, OpenVpnMet
from cyberaudit.sdk import (
    Asset,
    Context,
    Evidence,
    Item,
    Status,
    Town,
    Unreachable,
    Verdict,
    VpnKind,
    check,
    partial,
    passed,
    unknown,
)

WORDS = {
    OpenVpnMet.OPENVPN: "répond à un inconnu",
    OpenVpnMet.SILENT: "aucune réponse : accès caché (tls-auth, tls-crypt), ou message perdu",
    OpenVpnMet.CLOSES: "connexion coupée sans un mot : accès caché (tls-auth, tls-crypt), ou autre chose",
    OpenVpnMet.CLOSED: "port refusé",
    OpenVpnMet.FOREIGN: "autre chose répond",
}


def _is_openvpn(asset: Asset, _town: Town) -> bool:
    return getattr(asset, "type", None) is VpnKind.OPENVPN


@check(
    "vpn.openvpn-channel",
    needs=OpenVpnEndpoint,
    about="vpn",
    seen_from="any",
    impact=2,
    likelihood=1,
    measure="hide-openvpn",
    sources=("PA-054",),
    concerns=_is_openvpn,
)
def strangers_hear_nothing(endpoint: OpenVpnEndpoint, ctx: Context) -> Verdict:
    name = ctx.asset.name
    evidence = tuple(Evidence(f"{each.address} {endpoint.port}", _said(each)) for each in endpoint.answers)
    talking = tuple(
        Item(f"{each.address} {endpoint.port}", Status.PARTIAL, "answers-anybody", "Répond à un inconnu.")
        for each in endpoint.answers
        if each.met is OpenVpnMet.OPENVPN
    )
    if talking:
        text = f"« {name} » répond à n'importe qui : un réglage peut le cacher aux inconnus."
        return partial(text, reason="answers-anybody", items=talking, evidence=evidence)
    mets = {each.met for each in endpoint.answers}
    lost = next((met for met in mets if isinstance(met, Unreachable)), None)
    if lost:
        return unknown(lost, evidence=evidence)
    if mets == {OpenVpnMet.CLOSED} and not endpoint.left_out:
        return passed(f"« {name} » est fermé : aucun inconnu n'obtient de réponse.", evidence=evidence)
    unseen = tuple(Evidence("non regardé", address) for address in endpoint.left_out)
    return unknown(_why_unknown(mets, name), evidence=(*evidence, *unseen))


def _why_unknown(mets: set[OpenVpnMet | Unreachable], name: str) -> str:
    if OpenVpnMet.FOREIGN in mets:
        return f"Un autre programme répond à la place de l'accès « {name} » : demandez au prestataire lequel."
    return f"« {name} » n'a rien répondu : il est bien caché, ou en panne. Un agent peut l'essayer."


def _said(answer: OpenVpnAnswer) -> str:
    if isinstance(answer.met, Unreachable):
        return str(answer.met)
    return f"{WORDS[answer.met]} ({answer.detail})" if answer.detail else WORDS[answer.met]
