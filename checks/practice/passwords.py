"""Chaque personne a-t-elle des mots de passe longs, différents partout, et un coffre pour les ranger ?

## Pourquoi
Un mot de passe volé sur un site est essayé partout ailleurs. S'il sert deux fois, deux portes s'ouvrent. Personne
ne retient vingt mots de passe longs : le coffre les retient à la place des agents.

## Corriger
1. Donner à chaque agent et à chaque élu un coffre à mots de passe, et montrer comment s'en servir.
2. Choisir au moins douze caractères, et quinze pour les comptes les plus importants.
3. Ne jamais utiliser deux fois le même mot de passe, ni le noter près de l'écran.
4. Donner un compte à chaque personne, au lieu d'un compte partagé.
5. Changer un mot de passe dès qu'il a pu être vu. Le changer tous les mois ne sert à rien.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Aucun mot de passe n'est
demandé ni essayé. La gravité 4 et la vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.passwords",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=3,
    measure="strong-passwords",
    sources=("10M 1", "CD 9", "MAC 19", "13Q 5", "H 10", "H 11", "PG-078 R21", "CNIL 4", "IC M"),
)
def passwords_are_long_and_kept_in_a_vault(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les mots de passe sont longs, différents partout et rangés dans un coffre.",
        partly="Une partie des personnes seulement a de bons mots de passe et un coffre.",
        partly_reason="some-people",
        no="Des mots de passe sont courts, servent plusieurs fois ou ne sont pas dans un coffre.",
    )
