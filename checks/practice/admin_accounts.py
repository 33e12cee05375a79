"""Ceux qui administrent les ordinateurs ont-ils un compte à part, réservé à cela ?

## Pourquoi
Le compte qui administre peut tout changer. S'il sert aussi à lire le courrier, un seul message piégé donne toute la
mairie.

## Corriger
1. Donner à chaque personne qui administre un second compte, à son nom, réservé à cela.
2. Interdire à ces comptes le courrier et la navigation sur Internet.
3. Y mettre un mot de passe long et la double authentification.
4. Tenir la liste de ces comptes, et la relire à chaque départ.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Le compte du prestataire est
compris dans la question. La gravité 4 et la vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.admin-accounts",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=2,
    measure="separate-admin-accounts",
    sources=("CD 11", "MAC 11", "H 8", "H 5", "PA-022 R27", "PA-022 R64"),
)
def administration_has_its_own_accounts(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="L'administration se fait avec des comptes à part, réservés à cela.",
        partly="Une partie de l'administration se fait avec des comptes de tous les jours.",
        partly_reason="some-accounts",
        no="L'administration se fait avec des comptes de tous les jours, ou partagés.",
    )
