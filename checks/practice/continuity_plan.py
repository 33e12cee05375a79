"""Est-il écrit comment la mairie travaille plusieurs jours sans ordinateurs ?

## Pourquoi
Après une attaque ou une panne, les ordinateurs manquent parfois des semaines. L'état civil, la paie et la cantine
ne peuvent pas attendre.

## Corriger
1. Pour chaque activité vitale, noter combien de jours elle peut attendre.
2. Écrire comment on la tient sur papier ou chez un voisin, et quels imprimés préparer.
3. Écrire avec le prestataire l'ordre dans lequel les logiciels repartent.
4. Imprimer le plan, et le relire chaque année.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 2 sont notre jugement. La règle ReCyF 13.6 ne s'impose pas à une petite commune.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.continuity-plan",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="write-continuity-plan",
    sources=("CNIL 18", "RC 13.6", "CRISE"),
)
def work_goes_on_without_computers(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Un plan écrit dit comment travailler sans ordinateurs, puis repartir.",
        partly="Le plan ne couvre qu'une partie des activités vitales.",
        partly_reason="some-activities",
        no="Rien d'écrit ne dit comment la mairie travaille sans ordinateurs.",
    )
