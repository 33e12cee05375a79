"""Le Wi-Fi des visiteurs est-il séparé du réseau de la mairie ?

## Pourquoi
Un visiteur, ou son téléphone infecté, ne doit pas voir les ordinateurs des agents. Un réseau à part suffit pour
cela.

## Corriger
1. Créer un Wi-Fi réservé aux visiteurs, avec un autre nom et un autre mot de passe.
2. Vérifier que rien de la mairie ne répond depuis ce Wi-Fi, pas même une imprimante.
3. Y mettre aussi les téléphones personnels des agents.
4. Régler le Wi-Fi des agents sur WPA3, ou WPA2 quand un appareil ne sait pas faire mieux.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. Quand le Wi-Fi des visiteurs
est écrit dans le profil, d'autres contrôles le mesurent depuis ce réseau. « Sans objet » convient à une mairie qui
n'offre aucun Wi-Fi. La gravité 3 et la vraisemblance 2 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.guest-wifi",
    needs=OnDeclaration,
    about="practice",
    impact=3,
    likelihood=2,
    measure="separate-networks",
    sources=("H 20", "H 7", "MAC 36", "CNIL 8.2", "WIFI"),
)
def visitors_have_their_own_wifi(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Le Wi-Fi des visiteurs est séparé du réseau de la mairie.",
        partly="Le Wi-Fi des visiteurs n'est séparé que dans une partie des lieux.",
        partly_reason="some-places",
        no="Le Wi-Fi des visiteurs n'est pas séparé du réseau de la mairie.",
        none="La mairie n'offre pas de Wi-Fi aux visiteurs.",
    )
