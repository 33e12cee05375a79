"""Le mot de passe d'usine de cet équipement a-t-il été changé ?

## Pourquoi
Les mots de passe d'usine sont publics : des robots les essaient tous. Celui d'une box ou d'un pare-feu ouvre tout le
réseau de la mairie.

## Corriger
1. Changer le mot de passe d'administration de chaque équipement, dès son installation.
2. En choisir un long, différent partout, rangé dans un coffre à mots de passe.
3. Désactiver les comptes d'usine inutiles, et ceux des prestataires partis.

## Limites
C'est une réponse donnée par une personne : aucun mot de passe n'est jamais essayé. Elle vaut douze mois. La gravité 4
et la vraisemblance 3 sont notre jugement.
"""

from cyberaudit.facts.equipment import is_equipment
from cyberaudit.sdk import Context, Declaration, OnDeclaration, Verdict, answered, check


@check(
    "firewall.default-password",
    needs=OnDeclaration("default_password_changed"),
    about="host",
    concerns=is_equipment,
    impact=4,
    likelihood=3,
    measure="change-default-passwords",
    sources=("CD 3", "H 12", "MSS AUTH.1", "PA-022 R34"),
)
def the_factory_password_is_gone(declared: Declaration, ctx: Context) -> Verdict:
    name = ctx.asset.name
    return answered(
        declared,
        yes=f"Le mot de passe d'usine de « {name} » a été changé.",
        partly=f"Une partie des comptes de « {name} » garde son mot de passe d'usine.",
        partly_reason="some-accounts",
        no=f"« {name} » garde son mot de passe d'usine.",
    )
