"""Un ordinateur connecté à distance passe-t-il entièrement par la mairie ?

## Pourquoi
Quand une partie des échanges sort du tunnel, l'ordinateur est à la fois dans la mairie et sur Internet. Celui
qui prend la main sur cet ordinateur entre alors par lui dans le réseau de la mairie.

## Corriger
1. Demander au prestataire de couper le « split tunneling » dans le réglage de l'accès.
2. Faire sortir la navigation par la mairie, ou par un filtrage équivalent.
3. Vérifier que l'agent ne peut pas changer ce réglage lui-même.
4. Prévoir une ligne assez rapide avant de changer le réglage pour tous.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. La question n'est pas posée d'un accès dont le profil
dit que le prestataire seul s'en sert, ou plus personne. La gravité 3 et la vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    OnDeclaration,
    Town,
    Verdict,
    Vpn,
    VpnUsers,
    check,
    failed,
    partial,
    passed,
)


def serves_agents(vpn: Vpn, _town: Town) -> bool:
    """The computers of the town enter by it, as far as is known."""
    return vpn.used_by not in (VpnUsers.CONTRACTOR, VpnUsers.NOBODY)


@check(
    "vpn.split-tunnel",
    needs=OnDeclaration("split_tunnel"),
    about="vpn",
    concerns=serves_agents,
    seen_from="any",
    impact=3,
    likelihood=2,
    measure="route-all-through-vpn",
    sources=("H 32", "PA-054", "MAC 12"),
)
def nothing_leaves_the_tunnel(declared: Declaration, ctx: Context) -> Verdict:
    name = f"« {ctx.asset.name} »"
    # The question of the profile is whether the computer may leave the tunnel: « yes » is the fault.
    match declared.answer:
        case Answer.NO:
            return passed(f"Par {name}, tout passe par la mairie.")
        case Answer.PARTIAL:
            text = f"Par {name}, une partie des ordinateurs sort du tunnel."
            return partial(text, reason="some-computers")
        case _:
            text = f"Par {name}, l'ordinateur reste aussi ouvert sur Internet."
            return failed(text, reason="split-tunnel")
