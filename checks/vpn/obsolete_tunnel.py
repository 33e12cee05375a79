"""Un vieux tunnel sans vraie protection répond-il encore ?

## Pourquoi
PPTP date des années 1990 : son chiffrement et ses mots de passe se cassent en un jour. L2TP sans IPsec ne chiffre
rien du tout. Qui écoute la ligne lit tout, et peut entrer à la place d'un agent.

## Corriger
1. Arrêter PPTP, et L2TP quand il répond sans IPsec, sur le pare-feu, la box ou le serveur.
2. Donner aux agents un accès actuel : IPsec en IKEv2, WireGuard, OpenVPN ou un portail TLS.
3. Changer les mots de passe qui ont servi avec l'ancien accès.
4. Vérifier qu'aucun poste, aucune imprimante et aucun prestataire ne s'en sert encore.

## Limites
Le port déclaré est essayé, sans compte : une réponse du protocole suffit. Un silence, ou une connexion coupée sans un
mot, laisse la question ouverte. La gravité 4 et la vraisemblance 3 sont notre jugement : la porte donne sur tout le
réseau. Une réponse vue d'Internet monte la vraisemblance à 4. L'IPsec qui porte un accès L2TP est jugé à part.
"""

from cyberaudit.facts.old_tunnel import OldTunnel, OldTunnelAnswer, OldTunnelMet
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
    failed,
    passed,
    unknown,
)

NAMES = {"pptp": "PPTP", "l2tp": "L2TP sans IPsec"}
WORDS = {
    OldTunnelMet.ANSWERS: "répond",
    OldTunnelMet.SILENT: "aucune réponse",
    OldTunnelMet.CLOSES: "connexion coupée sans un mot",
    OldTunnelMet.CLOSED: "port refusé",
    OldTunnelMet.FOREIGN: "autre chose répond",
}


def _is_old(asset: Asset, _town: Town) -> bool:
    return getattr(asset, "type", None) in (VpnKind.PPTP, VpnKind.L2TP)


@check(
    "vpn.obsolete-tunnel",
    needs=OldTunnel,
    about="vpn",
    seen_from="any",
    impact=4,
    likelihood=3,
    measure="replace-old-tunnel",
    sources=("PA-054", "IPSEC R2", "PG-083", "MSS DISTANCE.1"),
    concerns=_is_old,
)
def no_tunnel_of_another_age_answers(tunnel: OldTunnel, ctx: Context) -> Verdict:
    name, protocol = ctx.asset.name, NAMES.get(tunnel.protocol, tunnel.protocol)
    evidence = tuple(Evidence(f"{each.address} {tunnel.port}", _said(each)) for each in tunnel.answers)
    answering = tuple(
        Item(f"{each.address} {tunnel.port}", Status.FAIL, tunnel.protocol, f"{protocol} répond.")
        for each in tunnel.answers
        if each.met is OldTunnelMet.ANSWERS
    )
    if answering:
        text = f"« {name} » répond encore en {protocol}, qui ne protège plus."
        # Ours: what answers on the Internet is tried by strangers every day.
        likelihood = 4 if tunnel.from_outside is True else None
        return failed(text, reason=tunnel.protocol, items=answering, evidence=evidence, likelihood=likelihood)
    mets = {each.met for each in tunnel.answers}
    lost = next((met for met in mets if isinstance(met, Unreachable)), None)
    if lost:
        return unknown(lost, evidence=evidence)
    if mets == {OldTunnelMet.CLOSED} and not tunnel.left_out:
        text = f"« {name} » ne répond pas en {protocol} : le port est refusé."
        return passed(text, evidence=evidence)
    unseen = tuple(Evidence("non regardé", address) for address in tunnel.left_out)
    return unknown(
        f"Impossible de dire si l'accès « {name} » répond encore en {protocol}.",
        evidence=(*evidence, *unseen),
    )


def _said(answer: OldTunnelAnswer) -> str:
    if isinstance(answer.met, Unreachable):
        return str(answer.met)
    return f"{WORDS[answer.met]} ({answer.detail})" if answer.detail else WORDS[answer.met]
