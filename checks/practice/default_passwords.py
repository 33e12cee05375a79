"""Les mots de passe d'usine de tous les appareils de la mairie ont-ils été changés ?

## Pourquoi
Les mots de passe d'usine sont publics : chacun peut les lire dans une notice. Une imprimante ou une caméra oubliée
suffit pour entrer dans le réseau.

## Corriger
1. Faire le tour de la mairie avec une feuille : box, bornes Wi-Fi, imprimantes, caméras, téléphones, disques
   réseau.
2. Faire changer chaque mot de passe d'usine, et en choisir un différent par appareil.
3. Ranger les nouveaux dans le coffre à mots de passe de la mairie.
4. Demander ce changement pour tout appareil neuf, dès son installation.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. Elle vaut douze mois. La même question est posée à
part pour chaque équipement écrit dans le profil. La gravité 4 et la vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "practice.default-passwords",
    needs=OnDeclaration,
    about="practice",
    impact=4,
    likelihood=3,
    measure="change-default-passwords",
    sources=("CD 3", "H 12", "MSS AUTH.1", "PA-022 R34"),
)
def no_device_keeps_its_factory_password(declared: Declaration, ctx: Context) -> Verdict:
    return answered(
        declared,
        yes="Les mots de passe d'usine de tous les appareils ont été changés.",
        partly="Une partie des appareils garde son mot de passe d'usine.",
        partly_reason="some-devices",
        no="Les appareils de la mairie gardent leur mot de passe d'usine.",
    )
