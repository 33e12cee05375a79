"""A-t-on essayé de restaurer des fichiers depuis moins d'un an ?

## Pourquoi
Une sauvegarde n'existe que le jour où l'on en a tiré des fichiers qui s'ouvrent. Mot de passe perdu, dossier oublié,
logiciel disparu : seul un essai les montre à temps.

## Corriger
1. Choisir un dossier et une base au hasard, et les restaurer sur un autre ordinateur (« restic restore latest
   --include », « borg extract », « explorateur de versions » de « Hyper Backup »).
2. Les ouvrir avec la personne qui s'en sert, et noter le temps que cela a pris.
3. Écrire une demi-page datée : ce qui a été restauré, par qui, ce qui manquait. La garder comme preuve.
4. Noter l'essai dans le profil (restore_test : by, on, result, proof), et recommencer chaque année.

## Limites
C'est une réponse donnée par une personne : rien n'est mesuré. L'ANSSI demande un essai par an ; le référentiel CIS 11.5
en demande un par trimestre. Sans document de preuve, l'essai est dit sur parole. La gravité et la vraisemblance sont
notre jugement.
"""

from dataclasses import dataclass

from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    Evidence,
    OnDeclaration,
    Verdict,
    check,
    failed,
    french,
    partial,
    passed,
    unknown,
)


@dataclass(frozen=True, slots=True)
class Settings:
    # ANSSI, Guide d'hygiène, measure 37 (reinforced); ReCyF 13.2: once a year at least
    months: int = 12


@check(
    "backup.restore-tested",
    needs=OnDeclaration("restore_test", even_over=True),
    about="backup",
    impact=3,
    likelihood=3,
    measure="test-restore",
    sources=("CM-SAUVEGARDES 8", "MAC 10", "RC 13.2", "H 37", "CNIL-17", "MSS CONTINU.1"),
    settings=Settings,
)
def a_restore_was_tried(declared: Declaration, ctx: Context) -> Verdict:
    name, day, today = ctx.asset.name, french.day(declared.on), ctx.local(ctx.now).date()
    if declared.on > today:
        return unknown(f"L'essai de restauration de « {name} » est daté de l'avenir.")
    if declared.answer is Answer.NO:
        return failed(
            f"Aucun essai réussi de restauration de « {name} » (réponse du {day}).", reason="answered-no"
        )
    months = (today.year - declared.on.year) * 12 + today.month - declared.on.month
    if months > ctx.settings.months or (months == ctx.settings.months and today.day > declared.on.day):
        return partial(f"Le dernier essai de restauration de « {name} » date du {day}.", reason="too-old")
    if declared.answer is Answer.PARTIAL:
        return partial(f"Une partie seulement de « {name} » a été restaurée, le {day}.", reason="some-files")
    proof = declared.proof or "aucune pièce : sur parole"
    return passed(f"Une restauration de « {name} » a réussi le {day}.", evidence=(Evidence("preuve", proof),))
