"""Le fabricant corrige-t-il encore les failles de cet équipement ?

## Pourquoi
Un équipement que son fabricant n'entretient plus garde pour toujours les failles découvertes demain. Face à
Internet, ce n'est qu'une question de temps.

## Corriger
1. Demander au prestataire la date de fin d'entretien de chaque équipement.
2. Prévoir le remplacement au budget, un an avant cette date.
3. En attendant, couper son administration depuis Internet et ses fonctions inutiles.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 4 et la vraisemblance
2 sont notre jugement.
"""

from cyberaudit.facts.equipment import is_equipment
from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "firewall.supported",
    needs=OnDeclaration("supported"),
    about="host",
    concerns=is_equipment,
    impact=4,
    likelihood=2,
    measure="replace-unsupported-equipment",
    sources=("H 35",),
)
def the_maker_still_corrects_it(declared: Declaration, ctx: Context) -> Verdict:
    name = ctx.asset.name
    return answered(
        declared,
        yes=f"Le fabricant corrige encore « {name} ».",
        partly=f"Le fabricant ne corrige « {name} » que pour peu de temps encore.",
        partly_reason="ending-soon",
        no=f"Le fabricant ne corrige plus « {name} ».",
    )
