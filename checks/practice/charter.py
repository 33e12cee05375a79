"""Chaque agent et chaque élu a-t-il signé une charte informatique ?

## Pourquoi
Sans règle commune, chacun fait selon ses habitudes. Une charte courte dit ce qui est permis, ce qui est contrôlé
et qui prévenir.

## Corriger
1. Partir du guide de l'ANSSI, et garder deux à quatre pages.
2. Y mettre les mots de passe, le courrier, les clés USB, le téléphone personnel et le départ.
3. Dire clairement ce que la mairie contrôle, et consulter le comité social territorial.
4. La faire signer à chaque agent et à chaque élu, dès son arrivée.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 2 et la
vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.charter",
    needs=OnDeclaration,
    about="practice",
    impact=2,
    likelihood=2,
    measure="sign-charter",
    sources=("H 2", "MAC 30", "CNIL 2", "CD RH.1", "CHARTE"),
)
def everyone_signed_the_charter(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Chaque agent et chaque élu a signé la charte.",
        partly="La charte existe, mais une partie des agents et des élus ne l'a pas signée.",
        partly_reason="some-people",
        no="La mairie n'a pas de charte informatique.",
    )
