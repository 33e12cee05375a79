"""La sauvegarde se trouve-t-elle bien à l'endroit prévu ?

## Pourquoi
Une sauvegarde que personne ne regarde peut avoir disparu depuis des mois. On ne le découvre d'ordinaire que le jour
où l'on en a besoin.

## Corriger
1. Vérifier que le disque ou le partage est monté, et que le dossier déclaré est le bon.
2. Relancer une sauvegarde à la main, et lire son journal jusqu'au bout.
3. Faire prévenir une personne nommée quand une sauvegarde n'a pas eu lieu.

## Limites
Un disque déclaré hors ligne et débranché est normal : il se contrôle le jour où on le branche. Un dossier qui ne
contient que des fichiers d'un format que cyberaudit ne lit pas reste sans réponse. L'état des copies et leur date sont
jugés par les questions suivantes. La gravité et la vraisemblance sont notre jugement.
"""

from cyberaudit.facts.backup_kinds import kind_label
from cyberaudit.sdk import (
    BackupStore,
    Context,
    Evidence,
    StoreContents,
    Verdict,
    check,
    contents_of,
    failed,
    french,
    passed,
    unknown,
)


@check(
    "backup.exists",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=4,
    likelihood=3,
    measure="back-up-regularly",
    sources=("10M 2", "CD 2", "MAC 6", "H 37", "CNIL-17"),
)
def backup_is_where_it_should_be(store: BackupStore, ctx: Context) -> Verdict:
    name = ctx.asset.name
    evidence = (Evidence("dossier absent", store.path),)
    absent = failed(f"Le dossier de « {name} » n'existe pas.", reason="absent", evidence=evidence)
    contents = contents_of(store, ctx, absent=absent)
    return contents if isinstance(contents, Verdict) else _judge(name, contents)


def _judge(name: str, contents: StoreContents) -> Verdict:
    total = len(contents.copies) + contents.more_copies
    others = contents.other_files
    beside = f", {french.count(others, 'autre fichier', 'autres fichiers')}" if others else ""
    labels = french.listed([kind_label(store.kind) for store in contents.stores])
    evidence = (Evidence(labels or "dossier", f"{french.count(total, 'copie')}{beside}"),)
    if contents.copies:
        return passed(f"« {name} » contient {french.count(total, 'copie')}.", evidence=evidence)
    if not contents.complete:
        return unknown(f"Tout n'a pas pu être lu dans « {name} ».", evidence=evidence)
    if contents.other_files:
        text = f"« {name} » contient des fichiers, mais aucune sauvegarde que cyberaudit reconnaisse."
        return unknown(text, evidence=evidence)
    return failed(f"« {name} » ne contient aucune sauvegarde.", reason="no-copy", evidence=evidence)
