"""La liste des personnes à appeler en cas d'attaque est-elle imprimée ?

## Pourquoi
Le jour d'une attaque, les ordinateurs et parfois les téléphones ne répondent plus. Une feuille au mur fait gagner
les premières heures, celles qui comptent.

## Corriger
1. Écrire sur une page : maire, direction, prestataire, assureur, opérateur, centre régional d'urgence cyber, 17Cyber.
2. Imprimer la page, l'afficher au secrétariat, en donner une copie au maire et au prestataire.
3. La relire chaque année et à chaque changement de personne.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité et la vraisemblance sont
notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.incident-contacts",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="print-contacts",
    sources=("CD 4", "MAC 22", "H 40"),
)
def contacts_are_printed(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="La liste des personnes à appeler est imprimée.",
        partly="La liste des personnes à appeler existe, mais n'est ni complète ni imprimée.",
        partly_reason="draft",
        no="Personne ne sait qui appeler si les ordinateurs ne répondent plus.",
    )
