"""La mairie a-t-elle l'inventaire à jour de son matériel et le plan de son réseau ?

## Pourquoi
On ne protège que ce que l'on connaît. Le jour d'une attaque, l'inventaire et le plan font gagner des heures à ceux
qui aident.

## Corriger
1. Lister les ordinateurs, les serveurs, les équipements, les logiciels et les services en ligne.
2. Noter pour chacun son emplacement, son âge, qui s'en sert et qui l'entretient.
3. Demander au prestataire le plan du réseau, avec chaque liaison vers l'extérieur.
4. Imprimer les deux, et les mettre à jour à chaque achat et à chaque départ.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Le profil de ce contrôle ne
remplace pas l'inventaire : il ne nomme que ce qui est contrôlé. La gravité 2 et la vraisemblance 3 sont notre
jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.inventory",
    needs=OnDeclaration,
    about="practice",
    impact=2,
    likelihood=3,
    measure="keep-inventory",
    sources=("MAC 20", "13Q 1", "H 4", "AMF chantier 2", "IC I"),
)
def inventory_and_network_plan_exist(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="L'inventaire du matériel et le plan du réseau sont à jour.",
        partly="L'inventaire ou le plan du réseau manque, ou n'est pas à jour.",
        partly_reason="one-of-two",
        no="La mairie n'a ni inventaire de son matériel, ni plan de son réseau.",
    )
