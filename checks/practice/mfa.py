"""Une deuxième preuve est-elle demandée pour entrer dans les messageries et les accès à distance ?

## Pourquoi
Un mot de passe volé suffit à entrer dans une messagerie. C'est l'incident le plus fréquent dans les collectivités.
Une deuxième preuve, sur le téléphone ou une clé, arrête presque toujours le voleur.

## Corriger
1. Activer la double authentification sur toutes les messageries, les services en ligne et les accès à distance.
2. Commencer par les comptes qui administrent, puis les élus, puis chaque agent.
3. Préférer une application ou une clé à un SMS.
4. Garder des codes de secours dans une enveloppe fermée, au coffre.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. La vraisemblance 4 est notre jugement : une messagerie
est par nature visible depuis Internet.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.mfa",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=4,
    measure="turn-on-mfa",
    sources=("10M 1", "CD 1", "MCP 1", "PG-078 R1"),
)
def second_proof_is_asked(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Une deuxième preuve est demandée partout.",
        partly="Une deuxième preuve est demandée à une partie des comptes.",
        partly_reason="some-accounts",
        no="Un mot de passe seul ouvre les messageries de la mairie.",
    )
