"""Le registre des fichiers de données personnelles a-t-il été relu depuis un an ?

## Pourquoi
La loi demande à la mairie de tenir ce registre (RGPD, article 30). Il dit quels fichiers existent, à quoi ils
servent, qui les lit et quand ils sont effacés. Après une fuite, il dit aussi qui prévenir.

## Corriger
1. Lister les fichiers : état civil, élections, école, cantine, urbanisme, paie, caméras, lettre d'information.
2. Noter pour chacun son but, qui le lit, combien de temps il est gardé et comment il est protégé.
3. Faire relire le registre par le délégué à la protection des données.
4. Le relire chaque année, et à chaque nouveau logiciel.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La gravité 2 et la
vraisemblance 3 sont notre jugement. Le devoir vient de la loi ; la relecture chaque année est notre conseil.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check, french


@check(
    "practice.processing-register",
    needs=OnDeclaration,
    about="practice",
    impact=2,
    likelihood=3,
    measure="keep-processing-register",
    sources=("RGPD 30", "MAC 15", "CNIL-OBLIGATIONS", "MSS RGPD.1", "IC I"),
)
def the_register_is_kept(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes=f"Le registre est tenu et relu (réponse du {french.day(declared.on)}).",
        partly="Le registre existe, mais il est incomplet ou n'a pas été relu depuis un an.",
        partly_reason="some-files",
        no="La mairie ne tient pas de registre de ses fichiers.",
    )
