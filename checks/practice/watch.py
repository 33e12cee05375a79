"""Le prestataire suit-il les alertes de sécurité officielles pour le matériel de la mairie ?

## Pourquoi
Le CERT-FR, centre public d'alerte, dit quelles failles sont utilisées en ce moment. Les premiers jours comptent :
il faut que quelqu'un lise ces alertes pour la mairie.

## Corriger
1. Demander au prestataire s'il est abonné aux alertes du CERT-FR et à celles des fabricants.
2. Lui donner l'inventaire, pour qu'il sache ce qui concerne la mairie.
3. Convenir d'un délai, et de qui il appelle quand une alerte touche la mairie.
4. Lui demander chaque trimestre un court bilan des alertes traitées.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.watch",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="follow-alerts",
    sources=("MAC 32", "MSS MCO_MCS.3", "RC 5.B.3", "H 34", "CERT-FR"),
)
def somebody_reads_the_official_alerts(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Le prestataire suit les alertes de sécurité officielles pour la mairie.",
        partly="Le prestataire ne suit les alertes que pour une partie du matériel.",
        partly_reason="some-equipment",
        no="Le prestataire ne suit pas les alertes de sécurité officielles pour la mairie.",
    )
