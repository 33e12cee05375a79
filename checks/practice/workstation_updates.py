"""Tous les ordinateurs de la mairie reçoivent-ils leurs mises à jour sans attendre ?

## Pourquoi
Une mise à jour ferme une porte que tout le monde connaît. Les attaques visent d'abord les ordinateurs qui ne l'ont
pas reçue.

## Corriger
1. Régler les mises à jour automatiques du système, du navigateur et des logiciels, sur chaque ordinateur.
2. Redémarrer chaque ordinateur au moins une fois par semaine.
3. Prévoir le remplacement des ordinateurs que leur fabricant ne met plus à jour.
4. En attendant, les débrancher d'Internet, ou les mettre sur un réseau à part.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Le guide d'hygiène donne un
mois au plus pour installer un correctif. La gravité 4 et la vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.workstation-updates",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=3,
    measure="update-workstations",
    sources=("10M 3", "CD 7", "MAC 5", "13Q 3", "H 34", "IC M"),
)
def computers_are_kept_up_to_date(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Tous les ordinateurs reçoivent leurs mises à jour sans attendre.",
        partly="Une partie des ordinateurs ne reçoit plus ses mises à jour, ou les reçoit tard.",
        partly_reason="some-computers",
        no="Les ordinateurs ne reçoivent pas leurs mises à jour, ou trop tard.",
    )
