"""Agents et élus ont-ils joué ensemble, depuis un an, une attaque informatique imaginaire ?

## Pourquoi
Une procédure jamais jouée oublie toujours quelque chose : un numéro, une clé, une personne absente. Deux heures
autour d'une table suffisent à le voir.

## Corriger
1. Réunir deux heures le maire, la direction, le secrétariat et le prestataire.
2. Raconter une attaque pas à pas, et demander à chacun ce qu'il fait.
3. Noter ce qui a manqué, sans chercher de fautif.
4. Corriger la procédure et la liste des contacts, puis dater l'exercice.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3, la vraisemblance
2 et la durée de deux heures sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check, french


@check(
    "practice.crisis-exercise",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="play-crisis-exercise",
    sources=("CD 12", "RC 15.1", "EXERCICE", "SENCY-CRISE"),
)
def a_crisis_has_been_played(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes=f"Une attaque imaginaire a été jouée (réponse du {french.day(declared.on)}).",
        partly="Un exercice a eu lieu, mais sans le maire, sans le prestataire ou sans suite écrite.",
        partly_reason="some-people",
        no="Aucune attaque imaginaire n'a été jouée depuis un an.",
    )
