"""Les règles de ce pare-feu ont-elles été relues depuis un an ?

## Pourquoi
Chaque travaux, chaque prestataire ajoute une règle, et personne ne retire les anciennes. Une ouverture oubliée reste
une porte ouverte, des années après.

## Corriger
1. Demander au prestataire la liste des règles, avec pour chacune son but et qui l'a demandée.
2. Supprimer celles que personne ne reconnaît, après les avoir coupées quelques jours.
3. Comparer avec les passages et les services décidés par la mairie.
4. Dater la relecture, et la refaire chaque année.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 2 sont notre jugement.
"""

from cyberaudit.facts.equipment import filters
from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check, french


@check(
    "firewall.rules-reviewed",
    needs=OnDeclaration("rules_reviewed"),
    about="host",
    concerns=filters,
    impact=3,
    likelihood=2,
    measure="review-filter-rules",
    sources=("RC 7.B.5", "MSS FILTRE.3", "NETTOYAGE-FILTRAGE"),
)
def filter_rules_are_read_every_year(declared: Declaration, ctx: Context) -> Verdict:
    name = ctx.asset.name
    return answered(
        declared,
        yes=f"Les règles de « {name} » ont été relues (réponse du {french.day(declared.on)}).",
        partly=f"Une partie des règles de « {name} » a été relue.",
        partly_reason="some-rules",
        no=f"Les règles de « {name} » n'ont pas été relues depuis un an.",
    )
