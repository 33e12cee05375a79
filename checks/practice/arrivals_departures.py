"""Les accès sont-ils donnés à l'arrivée de chaque agent et élu, et retirés à son départ ?

## Pourquoi
Le compte d'une personne partie reste une porte que plus personne ne surveille. Il peut servir des années après,
même sans son accord.

## Corriger
1. Tenir une feuille par personne : comptes, clés, badges, ordinateur, téléphone, procurations.
2. Prévenir le prestataire avant chaque arrivée, départ ou changement de poste.
3. Fermer les comptes le jour du départ, ceux qui administrent en premier.
4. Relire la liste de tous les comptes une fois par an, avec le prestataire.
5. Fermer ceux que personne ne reconnaît et ceux qui ne servent plus.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3, la vraisemblance
3 et le jour même du départ sont notre jugement. Les suites de CyberDépart admettent sept jours, sauf pour les
comptes qui administrent.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.arrivals-departures",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="manage-arrivals-departures",
    sources=("H 6", "MAC 25", "CD COMPTE.3", "CD COMPTE.4", "CNIL 5"),
)
def accesses_follow_people(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les accès suivent les arrivées et les départs.",
        partly="Les accès sont donnés et retirés, mais sans règle écrite ou sans relecture chaque année.",
        partly_reason="some-accounts",
        no="Personne ne retire de façon sûre les accès des personnes parties.",
    )
