"""Le disque de chaque ordinateur portable de la mairie est-il chiffré ?

## Pourquoi
Un portable se perd ou se vole. Sans chiffrement, celui qui l'ouvre lit tous les dossiers, même sans le mot de
passe.

## Corriger
1. Lister les ordinateurs portables de la mairie, ceux des élus compris.
2. Demander au prestataire de chiffrer le disque entier de chacun.
3. Garder la clé de secours dans le coffre à mots de passe de la mairie, jamais sur l'ordinateur.
4. Chiffrer aussi les clés et les disques qui sortent de la mairie.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. « Sans objet » convient à une
mairie qui n'a aucun ordinateur portable. La gravité 3 et la vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.laptop-encryption",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="encrypt-laptops",
    sources=("H 31", "MAC 26", "CNIL 7.2", "MSS DISTANCE.3"),
)
def laptops_are_encrypted(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Le disque de chaque ordinateur portable est chiffré.",
        partly="Une partie des ordinateurs portables n'est pas chiffrée.",
        partly_reason="some-laptops",
        no="Les ordinateurs portables de la mairie ne sont pas chiffrés.",
        none="La mairie n'a pas d'ordinateur portable.",
    )
