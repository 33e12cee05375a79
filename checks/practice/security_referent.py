"""Une personne connue de tous est-elle désignée pour suivre la sécurité informatique ?

## Pourquoi
Quand personne n'est désigné, chacun pense que l'autre s'en occupe. Ce référent n'est pas un technicien : il reçoit
les alertes, tient le plan et appelle qui il faut.

## Corriger
1. Désigner un élu ou un agent, et une personne qui le remplace.
2. Lui donner un peu de temps chaque mois, et l'écrire.
3. Donner son nom et son téléphone à tous, prestataire compris.
4. Faire avec lui le point du plan devant le maire, au moins une fois par an.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 2 et la
vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.security-referent",
    needs=OnDeclaration,
    about="practice",
    impact=2,
    likelihood=3,
    measure="name-security-referent",
    sources=("H 39", "RC 2.A.3"),
)
def someone_follows_security(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Un référent est désigné pour la sécurité informatique, et connu de tous.",
        partly="Quelqu'un s'en occupe, mais n'est pas désigné ou n'est pas connu de tous.",
        partly_reason="not-named",
        no="Personne à la mairie n'est désigné pour suivre la sécurité informatique.",
    )
