"""L'accès WireGuard répond-il là où il est déclaré ?

## Pourquoi
WireGuard se tait devant les inconnus : c'est sa force, et rien ne distingue de loin un accès en service d'un accès
perdu. Un accès qui ne marche pas pousse les agents vers des moyens de fortune, que personne ne surveille.

## Corriger
1. Vérifier l'adresse et le port déclarés, puis la règle du pare-feu qui y mène.
2. Remettre le service en route, ou retirer l'accès du profil s'il n'existe plus.
3. Pour le prouver, créer un pair réservé au contrôle et donner sa configuration (--wireguard-config).
4. Ne jamais réutiliser la clé d'un agent : le contrôle couperait un instant sa connexion.

## Limites
Sans la clé d'un pair, seul un port refusé se voit : un silence laisse la question ouverte. Avec elle, une poignée de
main complète prouve que le serveur est là et nous connaît. Elle ne dit rien de ce que l'accès permet ensuite. Une seule
adresse qui le prouve suffit. La gravité 2 et la vraisemblance 2 sont notre jugement.
"""

from cyberaudit.facts.wireguard import WireGuardAnswer, WireGuardEndpoint, WireGuardMet
from cyberaudit.sdk import (
    Asset,
    Context,
    Evidence,
    Town,
    Unreachable,
    Verdict,
    VpnKind,
    check,
    failed,
    passed,
    unknown,
)

WORDS = {
    WireGuardMet.PROVEN: "prouvé par une poignée de main",
    WireGuardMet.BUSY: "répond sous charge",
    WireGuardMet.SILENT: "aucune réponse",
    WireGuardMet.CLOSED: "port refusé",
    WireGuardMet.FOREIGN: "autre chose répond",
}


def _is_wireguard(asset: Asset, _town: Town) -> bool:
    return getattr(asset, "type", None) is VpnKind.WIREGUARD


@check(
    "vpn.wireguard",
    needs=WireGuardEndpoint,
    about="vpn",
    seen_from="any",
    impact=2,
    likelihood=2,
    measure="repair-remote-access",
    sources=("PA-054", "MSS DISTANCE.1"),
    concerns=_is_wireguard,
)
def the_declared_access_is_there(endpoint: WireGuardEndpoint, ctx: Context) -> Verdict:
    name = ctx.asset.name
    evidence = tuple(Evidence(f"{each.address} {endpoint.port}", _said(each)) for each in endpoint.answers)
    mets = {each.met for each in endpoint.answers}
    if WireGuardMet.PROVEN in mets:
        return passed(f"« {name} » est en service, et le serveur l'a prouvé.", evidence=evidence)
    if mets == {WireGuardMet.CLOSED} and not endpoint.left_out:
        text = f"Aucun serveur n'écoute au port de l'accès « {name} » : il ne marche pas, ou il a déménagé."
        return failed(text, reason="closed", evidence=evidence)
    if mets and mets <= {WireGuardMet.CLOSED, WireGuardMet.FOREIGN} and not endpoint.left_out:
        text = f"Autre chose que WireGuard répond au port déclaré de l'accès « {name} »."
        return failed(text, reason="foreign", evidence=evidence)
    lost = next((met for met in mets if isinstance(met, Unreachable)), None)
    if lost:
        return unknown(lost, evidence=evidence)
    unseen = tuple(Evidence("non regardé", address) for address in endpoint.left_out)
    return unknown(_why_unknown(endpoint, name), evidence=(*evidence, *unseen))


def _why_unknown(endpoint: WireGuardEndpoint, name: str) -> str:
    if any(each.met is WireGuardMet.BUSY for each in endpoint.answers):
        return f"« {name} » répond, mais il est trop chargé pour le prouver : essayez plus tard."
    if isinstance(endpoint.with_keys, Unreachable):
        return f"La configuration donnée pour « {name} » est illisible : vérifiez le fichier et ses droits."
    if endpoint.with_keys:
        return f"« {name} » n'a pas répondu à notre clé : vérifiez la clé, puis le chemin."
    return f"« {name} » se tait, comme prévu : pour le vérifier, donnez une clé (--wireguard-config)."


def _said(answer: WireGuardAnswer) -> str:
    if isinstance(answer.met, Unreachable):
        return str(answer.met)
    return f"{WORDS[answer.met]} ({answer.detail})" if answer.detail else WORDS[answer.met]
