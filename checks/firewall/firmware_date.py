"""Cet équipement exposé a-t-il été mis à jour récemment ?

## Pourquoi
Le pare-feu, la box et les accès à distance font face à Internet jour et nuit. Une faille connue y est essayée
partout en quelques jours, et donne tout le réseau.

## Corriger
1. Demander au prestataire la version installée et la date de la dernière mise à jour.
2. Appliquer les mises à jour de sécurité dans le mois, sans attendre pour une faille déjà exploitée.
3. S'abonner aux alertes du CERT-FR et du fabricant, et dire qui les lit.
4. Noter la date dans le profil après chaque mise à jour.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré, et la date ne dit pas si une alerte est en cours. Le
guide d'hygiène demande un mois après chaque correctif. Le seuil de six mois sans aucune mise à jour est notre jugement,
car le jour des correctifs n'est pas connu ici. La question n'est posée que des équipements. Ce sont ceux dont le profil
donne le modèle, le micrologiciel ou une réponse, et ceux qui portent un accès à distance. La gravité 4 et la
vraisemblance 3 sont notre jugement.
"""

from dataclasses import dataclass

from cyberaudit.facts.equipment import is_equipment, over, said_day
from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    OnDeclaration,
    Verdict,
    check,
    failed,
    french,
    passed,
    unknown,
)


@dataclass(frozen=True, slots=True)
class Settings:
    # Ours: makers publish several corrections a year; H 34 asks for each within a month of its publication.
    months: int = 6


@check(
    "firewall.firmware-date",
    needs=OnDeclaration("firmware_date"),
    about="host",
    concerns=is_equipment,
    impact=4,
    likelihood=3,
    measure="update-edge-equipment",
    sources=("H 34", "CD 7", "MAC 2", "RC 5.B.4", "MSS MCO_MCS.4"),
    settings=Settings,
)
def edge_equipment_is_updated(declared: Declaration, ctx: Context) -> Verdict:
    name, day, today = ctx.asset.name, said_day(declared), ctx.local(ctx.now).date()
    if declared.answer is Answer.NO:
        return failed(f"Personne ne met à jour l'équipement « {name} ».", reason="answered-no")
    if day is None or day > today:
        return unknown(f"La date de mise à jour de l'équipement « {name} » manque ou n'est pas lisible.")
    said = f"La dernière mise à jour de l'équipement « {name} » date du {french.day(day)}."
    if over(day, months=ctx.settings.months, today=today):
        return failed(said, reason="old-firmware")
    return passed(said)
