"""Un accès IPsec a-t-il été étudié à la place de ce VPN SSL ?

## Pourquoi
Un VPN SSL montre une page web à tout Internet. Ces pages ont eu beaucoup de failles graves, essayées partout en
quelques jours. L'ANSSI préfère IPsec quand il convient.

## Corriger
1. Demander au prestataire si l'équipement propose IPsec avec IKEv2, et si les postes des agents le permettent.
2. Commencer par l'accès du prestataire et des administrateurs.
3. Si le VPN SSL reste, le tenir à jour sans attendre et exiger une double authentification.
4. Noter la réponse dans le profil, même si elle est « non, parce que… ».

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Un VPN SSL bien réglé reste admis pour un besoin
faible : cette question est une simple information, et n'est jamais notée plus bas que « en partie ». La gravité 1 et
la vraisemblance 1 sont notre jugement.
"""

from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    OnDeclaration,
    Town,
    Verdict,
    Vpn,
    VpnKind,
    VpnUsers,
    check,
    partial,
    passed,
)


def is_ssl_in_use(vpn: Vpn, _town: Town) -> bool:
    return vpn.type is VpnKind.SSL and vpn.used_by != VpnUsers.NOBODY


@check(
    "vpn.ssl-vpn",
    needs=OnDeclaration("ipsec_considered"),
    about="vpn",
    concerns=is_ssl_in_use,
    seen_from="any",
    impact=1,
    likelihood=1,
    measure="consider-ipsec",
    sources=("IPSEC R2", "H 32", "PA-054"),
)
def ipsec_was_considered(declared: Declaration, ctx: Context) -> Verdict:
    name = f"« {ctx.asset.name} »"
    match declared.answer:
        case Answer.YES:
            return passed(f"Pour {name}, un VPN IPsec a été étudié.")
        case Answer.PARTIAL:
            return partial(f"Pour {name}, l'étude d'IPsec est en cours.", reason="under-study")
        case _:
            return partial(f"Pour {name}, IPsec n'a pas été étudié.", reason="answered-no")
