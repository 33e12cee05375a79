"""La dernière sauvegarde est-elle récente et en bon état ?

## Pourquoi
Tout ce qui a été fait depuis la dernière bonne copie est perdu le jour d'une panne ou d'une attaque. Une
sauvegarde arrêtée sans bruit est la surprise la plus fréquente.

## Corriger
1. Lire le journal de la sauvegarde, et corriger ce qui l'a arrêtée : place, mot de passe changé, disque débranché.
2. Relancer une copie complète, et vérifier sa taille et son ouverture.
3. Régler une alerte sur l'absence de sauvegarde, et pas seulement sur son échec.

## Limites
Le rythme est celui que la commune déclare (rpo_hours, grace_hours, weekdays) ; les heures des jours sans sauvegarde
ne comptent pas. Une date qui peut n'être que celle d'un déplacement ne prouve rien : même seconde pour plusieurs
copies, ou contenu plus vieux de deux jours. Une copie vide, coupée, datée de l'avenir, ou de moins de la moitié de
la taille habituelle, ne compte pas. Une copie trop longue pour que sa fin soit vue reste sans réponse. Rien ne montre
qu'un fichier age a été coupé, sauf parfois sa taille ; ni qu'un format que cyberaudit ne lit pas l'a été. D'un dépôt
restic, on voit s'il a perdu ses clés, son index ou toutes ses données, pas une partie. La vraisemblance passe à 4
quand la copie est quatre fois plus ancienne que le rythme : ce facteur est notre jugement.
"""

from datetime import datetime, time, timedelta

from cyberaudit.sdk import (
    Backup,
    BackupStore,
    Context,
    Copy,
    DateKind,
    Evidence,
    Item,
    Status,
    StoreContents,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    passed,
    unknown,
)

# Ours: a stop that lasted four periods was not noticed by anybody.
FORGOTTEN = 4
# Declared rhythm → weekdays without backup, Monday 0.
IDLE_DAYS = {"mon-fri": (5, 6), "mon-sat": (6,)}
WEEK_HOURS = 168
FAULTS = {
    "empty": "elle est vide",
    "truncated": "elle est coupée avant la fin",
    "damaged": "elle est abîmée",
    "in-the-future": "sa date est dans l'avenir",
    "collapsed": "elle fait moins de la moitié de la taille habituelle",
    "end-not-seen": "sa fin n'a pas été vue",
}
# Neither good nor bad: the file is too long to be followed to its end.
OPEN_ENDED = "end-not-seen"
SHOWN = 5


@check(
    "backup.fresh",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=4,
    likelihood=3,
    measure="back-up-regularly",
    sources=("CM-SAUVEGARDES 1", "H 37", "MAC 6", "CNIL-17"),
)
def last_backup_is_recent(store: BackupStore, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if ctx.asset.offline and store.present is not True:
        return unknown(f"« {name} » est débranchée, ce qui est normal : branchez-la pour la contrôler.")
    if isinstance(store.present, Unreachable):
        return unknown(store.present)
    if not store.present:
        return failed(f"« {name} » a disparu : aucune copie récente.", reason="absent")
    if isinstance(store.contents, Unreachable):
        return unknown(store.contents)
    return _judge(store.contents, ctx)


def _judge(contents: StoreContents, ctx: Context) -> Verdict:
    name, allowed = ctx.asset.name, _allowed(ctx.asset)
    evidence, items = _evidence(contents, ctx), _faulty(contents)
    exact = [copy for copy in contents.good if copy.date_kind is DateKind.EXACT]
    if exact and _age(exact[0], ctx) <= allowed:
        text = f"La dernière bonne copie de « {name} » date du {_when(exact[0], ctx)}."
        return passed(text, evidence=evidence)
    if not contents.copies and contents.other_files and contents.complete:
        return unknown(f"« {name} » ne contient aucune copie dont la date soit lisible.", evidence=evidence)
    doubtful = [copy for copy in contents.not_bad if _age(copy, ctx) <= allowed]
    if any(copy.fault and copy.date_kind is DateKind.EXACT for copy in doubtful):
        text = f"La fin de la dernière copie de « {name} » n'a pas été vue : elle est peut-être coupée."
        return unknown(text, items=items, evidence=evidence)
    if doubtful:
        text = f"Les dates de « {name} » peuvent être celles d'un déplacement : l'âge réel n'est pas connu."
        return unknown(text, items=items, evidence=evidence)
    if not contents.complete:
        text = f"« {name} » n'a pas pu être lue en entier : une copie plus récente peut exister."
        return unknown(text, items=items, evidence=evidence)
    return _stale(contents, ctx, items=items, evidence=evidence)


def _stale(
    contents: StoreContents, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    name = ctx.asset.name
    if not contents.copies:
        return failed(f"« {name} » ne contient aucune copie.", reason="no-copy", evidence=evidence)
    if not contents.not_bad:
        text = f"Aucune copie de « {name} » n'est en bon état."
        return failed(text, reason="only-faulty", items=items, evidence=evidence)
    newest = contents.not_bad[0]
    text = f"La dernière {'copie' if newest.fault else 'bonne copie'} de « {name} » date du {_when(newest, ctx)}."
    forgotten = _age(newest, ctx) > FORGOTTEN * _allowed(ctx.asset)
    return failed(text, reason="too-old", items=items, evidence=evidence, likelihood=4 if forgotten else None)


def _allowed(asset: Backup) -> timedelta:
    """A weekly backup is never expected before a week is over."""
    hours = max(asset.rpo_hours, WEEK_HOURS) if asset.weekdays == "weekly" else asset.rpo_hours
    return timedelta(hours=hours + asset.grace_hours)


def _age(copy: Copy, ctx: Context) -> timedelta:
    """Hours since the copy, those of the town's idle days left out: Friday's copy holds until Monday's."""
    start, now = ctx.local(copy.written_at), ctx.local(ctx.now)
    idle = IDLE_DAYS.get(ctx.asset.weekdays, ())
    whole = ctx.now - copy.written_at
    # Past two months, a few idle days decide nothing.
    if not idle or whole > timedelta(days=62):
        return whole
    days = (now.date() - start.date()).days
    lost = timedelta()
    for offset in range(days + 1):
        midnight = datetime.combine(start.date() + timedelta(days=offset), time(), start.tzinfo)
        if midnight.weekday() in idle:
            spent = min(now, midnight + timedelta(days=1)) - max(start, midnight)
            lost += max(spent, timedelta())
    return whole - lost


def _when(copy: Copy, ctx: Context) -> str:
    moment = ctx.local(copy.written_at)
    return f"{french.day_of_week(moment)} à {french.hour(moment)}"


def _faulty(contents: StoreContents) -> tuple[Item, ...]:
    """The copies newer than the last good one, and why they do not count."""
    last = contents.good[0].written_at if contents.good else None
    return tuple(
        Item(
            copy.name,
            Status.UNKNOWN if copy.fault == OPEN_ENDED else Status.FAIL,
            copy.fault,
            f"{copy.name} ne compte pas : {FAULTS.get(copy.fault, copy.fault)}.",
        )
        for copy in contents.copies
        if copy.fault and (last is None or copy.written_at > last)
    )[:SHOWN]


def _evidence(contents: StoreContents, ctx: Context) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(copy.name, " ; ".join((_when(copy, ctx), copy.format, *_size(copy), _state(copy))))
        for copy in contents.copies[:SHOWN]
    )


def _size(copy: Copy) -> tuple[str, ...]:
    """Nothing for restic: the file of a snapshot is small whatever it restores."""
    return () if copy.format == "restic" else (f"{copy.size} octets",)


def _state(copy: Copy) -> str:
    if copy.fault:
        return FAULTS.get(copy.fault, copy.fault)
    return "date certaine" if copy.date_kind is DateKind.EXACT else "peut-être plus ancienne"
