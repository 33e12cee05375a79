"""Les logiciels et leurs réglages sont-ils sauvegardés, eux aussi ?

## Pourquoi
Des fichiers rendus sans le logiciel qui les lit, sans sa licence ni ses réglages, ne remettent pas la mairie au
travail. Refaire de mémoire les réglages d'un pare-feu prend des jours.

## Corriger
1. Lister les logiciels métier, avec leur version, leur licence et le moyen de les réinstaller.
2. Exporter les réglages du pare-feu, du NAS, des bornes Wi-Fi et du site, après chaque changement.
3. Sauvegarder aussi la configuration du logiciel de sauvegarde, et sa clé à part.
4. Garder une copie de tout cela débranchée, avec la liste imprimée.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité et la vraisemblance 2
sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check, on_practice


@check(
    "backup.configuration-saved",
    needs=OnDeclaration,
    about="practice",
    concerns=on_practice("saved-configuration"),
    impact=2,
    likelihood=2,
    measure="save-configuration",
    sources=("CM-SAUVEGARDES 10", "SAUVEGARDE", "CMS"),
)
def software_and_settings_are_saved(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les logiciels, leurs licences et leurs réglages sont sauvegardés.",
        partly="Une partie des logiciels et des réglages est sauvegardée.",
        partly_reason="some-software",
        no="Les logiciels et leurs réglages ne sont pas sauvegardés.",
    )
