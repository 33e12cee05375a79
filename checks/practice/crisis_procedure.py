"""Est-il écrit ce que chacun fait si les ordinateurs de la mairie sont attaqués ?

## Pourquoi
Le jour d'une attaque, chacun attend un ordre. Quelques pages imprimées disent qui décide, quoi débrancher et qui
prévenir. La mairie ne perd pas ses premières heures.

## Corriger
1. Écrire en cinq à dix pages qui décide, qui le remplace et qui parle aux habitants.
2. Écrire les premiers gestes : débrancher le réseau, ne pas éteindre, ne pas redémarrer, noter l'heure.
3. Dire quels services repartent d'abord, et comment l'on travaille en attendant.
4. Y joindre la liste des contacts, puis imprimer le tout.
5. Relire la procédure chaque année et après chaque incident.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.crisis-procedure",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="write-crisis-procedure",
    sources=("MCP 5", "MAC 22", "AMF chantier 4", "RC 14.1", "H 40", "CRISE"),
)
def a_written_procedure_says_who_decides(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Une procédure écrite dit qui décide et ce que chacun fait.",
        partly="La procédure existe, mais elle est incomplète ou n'est pas imprimée.",
        partly_reason="draft",
        no="Rien d'écrit ne dit quoi faire si les ordinateurs sont attaqués.",
    )
