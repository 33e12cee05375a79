"""La mairie a-t-elle un pare-feu à elle, en plus de la box de l'opérateur ?

## Pourquoi
La box de l'opérateur protège peu et ne garde presque aucune trace. Un vrai pare-feu bloque ce qui n'est pas prévu,
sépare les réseaux et dit ce qui s'est passé.

## Corriger
1. Demander au prestataire un pare-feu à la taille de la mairie, avec ses mises à jour et sa garantie.
2. Le placer juste derrière la box, seul chemin vers Internet.
3. Tout bloquer par défaut, puis ouvrir ce qui sert.
4. Noter qui l'administre, et qui reçoit ses alertes.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Le réglage est jugé par les
autres questions. La gravité et la vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check, on_practice


@check(
    "firewall.present",
    needs=OnDeclaration,
    about="practice",
    concerns=on_practice("firewall"),
    impact=3,
    likelihood=3,
    measure="install-firewall",
    sources=("H 22", "13Q 6", "MAC 21", "CD 10", "RC 7.B.4"),
)
def a_firewall_stands_behind_the_box(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="La mairie a un pare-feu à elle.",
        partly="Une partie des lieux de la mairie seulement est derrière un pare-feu.",
        partly_reason="some-places",
        no="La box de l'opérateur est la seule protection de la mairie.",
    )
