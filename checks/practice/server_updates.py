"""Les serveurs de la mairie reçoivent-ils leurs mises à jour au moins chaque mois ?

## Pourquoi
Un serveur garde les dossiers de tous. Une faille connue et non corrigée permet d'y entrer, puis de tout chiffrer.

## Corriger
1. Demander au prestataire la liste des serveurs, avec la version et la date de la dernière mise à jour.
2. Convenir d'un créneau chaque mois, et d'une action sans attendre quand une faille est déjà exploitée.
3. Commencer par ceux qui sont ouverts à Internet.
4. Isoler ou remplacer ceux que personne ne corrige plus.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Le mois vient du guide
d'hygiène. « Sans objet » convient à une mairie qui n'a aucun serveur, même chez elle. La gravité 4 et la
vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.server-updates",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=3,
    measure="update-servers",
    sources=("10M 3", "CD 7", "MAC 8", "H 34", "H 35", "CNIL 9.3"),
)
def servers_are_kept_up_to_date(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les serveurs reçoivent leurs mises à jour au moins chaque mois.",
        partly="Une partie des serveurs ne reçoit plus ses mises à jour, ou les reçoit tard.",
        partly_reason="some-servers",
        no="Les serveurs de la mairie ne reçoivent pas leurs mises à jour chaque mois.",
        none="La mairie n'a pas de serveur.",
    )
