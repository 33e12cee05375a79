"""Une deuxième preuve est-elle demandée pour entrer par l'accès à distance ?

## Pourquoi
L'accès à distance ouvre toute la mairie à qui connaît un mot de passe. Une deuxième preuve, sur le téléphone ou une
clé, arrête presque toujours celui qui l'a volé.

## Corriger
1. Activer la double authentification pour tous les comptes de cet accès, sans exception.
2. Commencer par le prestataire et les comptes d'administration.
3. Préférer une application ou une clé à un SMS.
4. Supprimer les comptes partagés et ceux des personnes parties.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Un code envoyé par SMS compte pour moitié, car
l'ANSSI le déconseille. La vraisemblance 4 est notre jugement : un accès à distance est par nature visible depuis
Internet.
"""

from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    OnDeclaration,
    Verdict,
    check,
    failed,
    partial,
    passed,
)


@check(
    "vpn.mfa",
    needs=OnDeclaration("mfa"),
    about="vpn",
    seen_from="any",
    impact=4,
    likelihood=4,
    measure="turn-on-vpn-mfa",
    sources=("10M 1", "CD 1", "MCP 1", "PG-078 R1", "PG-078 R8", "MSS DISTANCE.2"),
)
def second_proof_opens_the_remote_access(declared: Declaration, ctx: Context) -> Verdict:
    name = ctx.asset.name
    match declared.answer:
        case Answer.YES if "sms" in declared.value.casefold():
            # ANSSI PG-078 v2.0, R8: no SMS as a second factor
            return partial(f"« {name} » envoie la deuxième preuve par SMS.", reason="sms")
        case Answer.YES:
            return passed(f"« {name} » demande une deuxième preuve.")
        case Answer.PARTIAL:
            text = f"« {name} » ne demande une deuxième preuve qu'à une partie des comptes."
            return partial(text, reason="some-accounts")
        case _:
            return failed(f"« {name} » s'ouvre avec un mot de passe seul.", reason="answered-no")
