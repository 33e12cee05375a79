"""Le télétravail se fait-il avec un ordinateur de la mairie et un accès protégé ?

## Pourquoi
L'ordinateur de la maison sert à toute la famille : personne ne sait ce qu'il contient. Relié à la mairie, il peut y
faire entrer un virus.

## Corriger
1. Donner un ordinateur de la mairie à ceux qui travaillent ailleurs.
2. Faire passer ce travail par l'accès à distance de la mairie, avec la double authentification.
3. Retirer des ordinateurs personnels les logiciels de prise en main à distance.
4. Écrire sur une page ce qui est permis, et à qui signaler une perte ou un vol.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Les accès à distance écrits
dans le profil sont contrôlés à part. « Sans objet » convient à une mairie où personne, élus compris, ne travaille à
distance. La gravité 4 et la vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.telework",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=2,
    measure="secure-telework",
    sources=("IC T", "13Q 9", "CNIL 8.3", "H 32", "PA-054", "MAC 21"),
)
def telework_uses_the_towns_own_means(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Le télétravail se fait avec des ordinateurs de la mairie et un accès protégé.",
        partly="Une partie du télétravail se fait avec du matériel personnel ou un accès mal protégé.",
        partly_reason="some-people",
        no="Le télétravail se fait avec du matériel personnel ou sans accès protégé.",
        none="Personne ne travaille à distance pour la mairie.",
    )
