"""Chaque démarche en ligne tenue par la mairie a-t-elle une homologation de sécurité signée ?

## Pourquoi
La loi le demande avant d'ouvrir une démarche en ligne (décret du 2 février 2010). L'homologation est une décision
signée : la mairie connaît les risques, les a réduits et accepte ceux qui restent.

## Corriger
1. Lister les démarches en ligne : paiement, inscription à la cantine, état civil, urbanisme.
2. Mettre à part celles de l'État ou d'un autre organisme : c'est lui qui homologue.
3. Inscrire les autres dans MonServiceSécurisé, service public et gratuit.
4. Faire les mesures proposées avec le prestataire, puis faire signer la décision par le maire.
5. Noter la date à laquelle la décision est à revoir.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 2 et la
vraisemblance 3 sont notre jugement. Le devoir, lui, vient de la loi. La question ne se pose pas si la mairie ne
tient aucune démarche en ligne.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.homologation",
    needs=OnDeclaration,
    about="practice",
    impact=2,
    likelihood=3,
    measure="homologate-online-services",
    sources=("RGS", "MSS", "CNIL-OBLIGATIONS"),
)
def online_services_are_homologated(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Chaque démarche en ligne de la mairie a son homologation signée.",
        partly="Une partie des démarches en ligne a son homologation signée.",
        partly_reason="some-services",
        no="Aucune démarche en ligne de la mairie n'a d'homologation signée.",
        none="La mairie ne tient elle-même aucune démarche en ligne.",
    )
