"""Les agents et les élus ont-ils été sensibilisés depuis un an ?

## Pourquoi
L'hameçonnage est la première cause d'attaque des communes. Un agent qui sait le reconnaître, et qui ose le dire,
protège toute la mairie.

## Corriger
1. Réunir agents et élus une heure par an autour d'exemples réels de faux messages.
2. Donner à chacun une formation en ligne courte et gratuite.
3. Afficher à qui signaler un message douteux, et remercier ceux qui signalent.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité et la vraisemblance sont
notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check, french


@check(
    "practice.awareness",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="raise-awareness",
    sources=("CD 8", "MAC 17", "H 2", "10M 6"),
)
def people_have_been_made_aware(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes=f"Agents et élus ont été sensibilisés (réponse du {french.day(declared.on)}).",
        partly="Une partie des agents et des élus a été sensibilisée.",
        partly_reason="some-people",
        no="Agents et élus n'ont pas été sensibilisés depuis un an.",
    )
