"""Les contrats informatiques disent-ils qui protège les données, et comment les reprendre ?

## Pourquoi
La mairie reste responsable de ce qu'elle confie à d'autres. Ce qui n'est pas écrit dans le contrat n'est pas dû le
jour où il faut agir.

## Corriger
1. Lister les contrats : prestataire, logiciels métier, courrier, site, téléphone, copieur.
2. Demander pour chacun une annexe de sécurité, datée et signée.
3. Y faire écrire les mises à jour, les sauvegardes, les accès à distance et les personnes autorisées.
4. Y faire écrire qui prévient la mairie d'un incident, et en combien d'heures.
5. Y faire écrire comment reprendre les données à la fin, et leur effacement.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 3 et la
vraisemblance 3 sont notre jugement. L'annexe est parfois dans les conditions générales : un agent les lit d'abord.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.provider-contracts",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=3,
    measure="write-security-into-contracts",
    sources=("H 3", "MAC 24", "AMF chantier 3", "CNIL 14", "MSS CONTRAT.1", "IC S"),
)
def contracts_speak_of_security(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les contrats disent qui protège, qui prévient et comment reprendre les données.",
        partly="Une partie seulement des contrats dit qui protège, qui prévient et comment partir.",
        partly_reason="some-contracts",
        no="Les contrats informatiques ne disent rien de la sécurité.",
    )
