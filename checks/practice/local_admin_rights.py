"""Les agents travaillent-ils avec un compte qui ne peut pas installer de logiciel ?

## Pourquoi
Un fichier piégé a les mêmes droits que la personne qui l'ouvre. Sur un compte sans droits d'administration, il fait
beaucoup moins de dégâts.

## Corriger
1. Demander au prestataire la liste des comptes qui administrent chaque ordinateur.
2. Retirer ces droits aux comptes de tous les jours, ceux des élus compris.
3. Convenir avec le prestataire d'un moyen simple d'installer un logiciel utile.
4. Garder un compte de secours sur chaque ordinateur, avec un mot de passe différent.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 4 et la
vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.local-admin-rights",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=2,
    measure="separate-admin-accounts",
    sources=("MAC 7", "H 29", "H 8"),
)
def agents_work_without_administration_rights(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les agents travaillent avec des comptes sans droits d'administration.",
        partly="Une partie des agents ou des élus garde des droits d'administration.",
        partly_reason="some-people",
        no="Les agents travaillent avec des comptes qui peuvent tout installer.",
    )
