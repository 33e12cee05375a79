"""Un antivirus actif et à jour protège-t-il chaque ordinateur de la mairie ?

## Pourquoi
Un fichier piégé arrive par un message, une clé ou un site. L'antivirus en arrête une grande partie, et prévient
quand quelque chose se passe.

## Corriger
1. Vérifier sur chaque ordinateur et chaque serveur que l'antivirus est actif et à jour.
2. Choisir de préférence un antivirus suivi à distance par le prestataire.
3. Nommer la personne qui reçoit les alertes, et ce qu'elle en fait.
4. Empêcher les agents de le désactiver.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 4 et la
vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.antivirus",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=3,
    measure="protect-workstations",
    sources=("10M 4", "CD 5", "MAC 4", "13Q 4", "H 14", "CNIL 6.3", "IC N"),
)
def an_antivirus_guards_each_computer(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Un antivirus actif et à jour protège chaque ordinateur.",
        partly="L'antivirus manque sur une partie des ordinateurs, ou personne ne lit ses alertes.",
        partly_reason="some-computers",
        no="Les ordinateurs de la mairie n'ont pas d'antivirus à jour.",
    )
