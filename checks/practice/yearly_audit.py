"""La sécurité informatique de la mairie a-t-elle été contrôlée depuis un an ?

## Pourquoi
Un réglage change, un logiciel vieillit, un prestataire part. Un contrôle par an montre ce qui a bougé, et si les
actions décidées ont été faites.

## Corriger
1. Fixer le mois du contrôle, avant la préparation du budget.
2. Demander SILENE pour ce qui se voit d'Internet, et un diagnostic MonAideCyber : les deux sont gratuits.
3. Refaire aussi le présent contrôle, et le comparer au précédent.
4. Tenir la liste des actions avec une date et un nom, et la montrer au maire.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Le présent contrôle compte, si
ses actions sont suivies : c'est notre jugement. La gravité 2 et la vraisemblance 2 le sont aussi.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.yearly-audit",
    needs=OnDeclaration,
    about="practice",
    impact=2,
    likelihood=2,
    measure="check-every-year",
    sources=("H 38", "IC É", "SILENE", "MAC"),
)
def security_is_checked_every_year(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="La sécurité a été contrôlée depuis un an, et les actions sont suivies.",
        partly="Un contrôle a eu lieu depuis un an, mais ses actions ne sont pas suivies.",
        partly_reason="no-follow-up",
        no="La sécurité informatique n'a pas été contrôlée depuis un an.",
    )
