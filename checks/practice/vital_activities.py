"""La mairie a-t-elle écrit la liste des activités qui ne peuvent pas s'arrêter ?

## Pourquoi
Le jour d'une panne, tout ne peut pas repartir en même temps. La liste dit quoi remettre en route d'abord, et quoi
sauvegarder mieux que le reste.

## Corriger
1. Réunir une heure le maire, le secrétariat et le prestataire.
2. Choisir trois à cinq activités, comme l'état civil, la paie, les élections, l'eau ou la cantine.
3. Noter pour chacune les logiciels, les données et les personnes dont elle a besoin.
4. Noter combien de temps chacune peut s'arrêter, et comment continuer sur papier.
5. Relire la liste chaque année.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité et la vraisemblance
3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.vital-activities",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="list-vital-activities",
    sources=("MAC 1", "CD 6", "MCP 4", "13Q 1", "H 4"),
)
def vital_activities_are_written_down(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="La liste des activités qui ne peuvent pas s'arrêter est écrite.",
        partly="La liste des activités vitales existe, mais elle est ancienne ou incomplète.",
        partly_reason="draft",
        no="La liste des activités qui ne peuvent pas s'arrêter n'est pas écrite.",
    )
