"""L'annuaire qui tient les comptes de la mairie est-il mis à jour et vérifié chaque année ?

## Pourquoi
L'annuaire est le serveur qui vérifie le mot de passe de chacun. Qui s'en empare ouvre tous les ordinateurs et tous
les dossiers.

## Corriger
1. Demander au prestataire d'installer d'abord les mises à jour de l'annuaire, avant celles des autres serveurs.
2. Faire vérifier ses réglages chaque année, avec un compte rendu écrit.
3. Réduire au plus juste les comptes qui l'administrent.
4. En garder une copie hors ligne, et savoir le remettre en route.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. « Sans objet » convient à une
mairie dont les comptes ne sont tenus par aucun serveur. CyberDépart le place en dernier de ses treize actions. La
gravité 4 et la vraisemblance 2 sont notre jugement, comme sa place dans le plan.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.directory",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=2,
    measure="protect-directory",
    sources=("CD 13", "MAC 14", "RC 11.B.1"),
)
def the_directory_is_patched_and_reviewed(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="L'annuaire des comptes est mis à jour et vérifié chaque année.",
        partly="L'annuaire des comptes est mis à jour ou vérifié, mais pas les deux.",
        partly_reason="one-of-two",
        no="L'annuaire des comptes n'est ni mis à jour, ni vérifié chaque année.",
        none="La mairie n'a pas de serveur qui tient les comptes.",
    )
