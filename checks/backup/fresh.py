"""La dernière sauvegarde est-elle récente ?

## Pourquoi
Tout ce qui a été fait depuis la dernière bonne copie est perdu le jour d'une panne ou d'une attaque. Une
sauvegarde arrêtée sans bruit est la surprise la plus fréquente.

## Corriger
1. Lire le journal de la sauvegarde, et corriger ce qui l'a arrêtée : place, mot de passe changé, disque débranché.
2. Relancer une copie complète, et vérifier sa taille et son ouverture (« restic snapshots », « borg list »).
3. Régler une alerte sur l'absence de sauvegarde, et pas seulement sur son échec.
4. Ranger à part les copies d'une tâche abandonnée, ou la relancer.

## Limites
Le rythme est celui que la commune déclare (rpo_hours, grace_hours, weekdays) ; les heures des jours sans sauvegarde ne
comptent pas. Une date qui peut n'être que celle d'un déplacement ne prouve rien. C'est le cas d'une même seconde pour
plusieurs copies, d'un contenu plus vieux de deux jours, ou de la dernière écriture d'un dépôt Borg chiffré. Les
documents copiés un à un gardent la date de leur source : il en faut trois récents. Une copie vide, coupée, incomplète,
datée de l'avenir, ou de moins de la moitié de la taille habituelle ne compte pas. Une copie trop longue pour que sa fin
soit vue reste sans réponse. Une tâche d'au moins quatre copies est dite arrêtée après trois de ses périodes ; un dépôt,
même d'une seule copie, après quarante-cinq jours. Ces délais, et celui de quatre rythmes qui porte la vraisemblance à
4, sont notre jugement.
"""

import re
from datetime import datetime, timedelta

from cyberaudit.sdk import (
    END_NOT_SEEN,
    LOOSE,
    BackupStore,
    Confidence,
    Context,
    Copy,
    DateKind,
    Evidence,
    Item,
    Role,
    Series,
    Status,
    StoreContents,
    Verdict,
    backup_age,
    check,
    contents_of,
    date_words,
    failed,
    fault_code,
    fault_told,
    fault_words,
    french,
    is_future,
    longest_wait,
    moment_words,
    partial,
    passed,
    series_name,
    size_words,
    spoiled,
    sure_copies,
    unknown,
)

# Ours: a stop that lasted four periods was not noticed by anybody.
FORGOTTEN = 4
# Ours: four copies make a rhythm; after three periods without a copy, the job has stopped.
RHYTHM, STOPPED = 4, 3
# Ours: a monthly job, half a month late; what has too few copies to show a rhythm may be as slow as that.
SLOWEST = timedelta(days=45)
# Ours: two documents may have been laid there by hand.
WITNESSES = 3
SHOWN = 5
_AS_YOUNG = re.compile(r"\b(\d{1,6}) (?:documents|fichiers) ont cette date\b")
"""How the source of a mirror's date says how many documents are as young as that, or younger."""


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
    absent = failed(f"« {ctx.asset.name} » a disparu : aucune copie récente.", reason="absent")
    contents = contents_of(store, ctx, absent=absent)
    return contents if isinstance(contents, Verdict) else _judge(contents, ctx)


def _judge(contents: StoreContents, ctx: Context) -> Verdict:
    name, allowed = ctx.asset.name, longest_wait(ctx.asset)
    evidence, items = _evidence(contents, ctx), _faulty(contents)
    proven = [copy for copy in sure_copies(contents) if _proves(copy) and _age(copy, ctx) <= allowed]
    if proven:
        return _fresh(proven[0], contents, ctx, evidence=evidence)
    if not contents.copies and contents.other_files and contents.complete:
        return unknown(f"« {name} » ne contient aucune copie dont la date soit lisible.", evidence=evidence)
    if doubt := _doubt(contents, ctx):
        return unknown(doubt, items=items, evidence=evidence)
    return _stale(contents, ctx, items=items, evidence=evidence)


def _proves(copy: Copy) -> bool:
    """Its date, or a younger one, is that of the copy."""
    match copy.date_kind:
        case DateKind.EXACT:
            return True
        case DateKind.LOWER_BOUND if copy.role is Role.MIRROR:
            found = _AS_YOUNG.search(copy.date_source)
            return found is not None and int(found[1]) >= WITNESSES
        case kind:
            return kind is DateKind.LOWER_BOUND


def _age(copy: Copy, ctx: Context) -> timedelta:
    """Beyond any rhythm for a date of the future: it says nothing."""
    return timedelta.max if is_future(copy.written_at, ctx) else backup_age(copy.written_at, ctx)


def _fresh(copy: Copy, contents: StoreContents, ctx: Context, *, evidence: tuple[Evidence, ...]) -> Verdict:
    stopped = _stopped(contents, ctx)
    if stopped:
        text = f"Une copie de « {ctx.asset.name} » est récente, mais une autre tâche s'est arrêtée."
        return partial(text, reason="series-stopped", items=stopped, evidence=evidence)
    since = "date du" if copy.date_kind is DateKind.EXACT else "est au moins aussi récente que le"
    text = f"La dernière bonne copie de « {ctx.asset.name} » {since} {moment_words(copy.written_at, ctx)}."
    return passed(text, evidence=evidence)


def _doubt(contents: StoreContents, ctx: Context) -> str:
    """Why a recent copy may exist all the same; empty when none can."""
    name, allowed = ctx.asset.name, longest_wait(ctx.asset)
    recent = [copy for copy in contents.not_bad if _age(copy, ctx) <= allowed]
    if recent and (why := spoiled(contents)):
        return f"Une copie de « {name} » est récente, mais {why}."
    if any(copy.confidence is Confidence.NAME for copy in recent):
        return f"La dernière copie de « {name} » n'est reconnue qu'à son nom : rien ne dit qu'elle est bonne."
    if any(copy.fault and _proves(copy) for copy in recent):
        return f"La fin de la dernière copie de « {name} » n'a pas été vue : elle est peut-être coupée."
    if recent:
        return (
            f"La date de la dernière copie de « {name} » n'est pas certaine : elle peut être plus ancienne."
        )
    if not contents.complete:
        return f"Tout n'a pas pu être lu dans « {name} » : une copie plus récente peut exister."
    if any(copy.date_kind is DateKind.LOWER_BOUND for copy in contents.not_bad):
        return f"« {name} » ne montre qu'un âge au plus : une copie plus récente y est peut-être."
    return ""


def _stale(
    contents: StoreContents, ctx: Context, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]
) -> Verdict:
    name = ctx.asset.name
    if not contents.copies:
        return failed(f"« {name} » ne contient aucune copie.", reason="no-copy", evidence=evidence)
    past = [copy for copy in contents.not_bad if not is_future(copy.written_at, ctx)]
    if not past:
        text = f"Aucune copie de « {name} » n'est en bon état."
        return failed(text, reason="only-faulty", items=items, evidence=evidence)
    last, what = past[0], "copie" if past[0].fault else "bonne copie"
    text = f"La dernière {what} de « {name} » date du {moment_words(last.written_at, ctx)}."
    forgotten = _age(last, ctx) > FORGOTTEN * longest_wait(ctx.asset)
    return failed(text, reason="too-old", items=items, evidence=evidence, likelihood=4 if forgotten else None)


def _stopped(contents: StoreContents, ctx: Context) -> tuple[Item, ...]:
    """The jobs that had a rhythm, and have lost it while others go on."""
    found = []
    for series in contents.series:
        quiet = _longest_quiet(series, contents, ctx)
        if quiet is None or series.dates_kind is DateKind.LOWER_BOUND:
            continue
        last = _last_good(series, contents, ctx)
        if backup_age(last, ctx) > max(quiet, longest_wait(ctx.asset)):
            text = f"{series_name(series)} : rien depuis le {moment_words(last, ctx)}{_usual(series)}."
            found.append(Item(f"{series.store}/{series.name}", Status.PARTIAL, "series-stopped", text))
    return tuple(found)


def _longest_quiet(series: Series, contents: StoreContents, ctx: Context) -> timedelta | None:
    """How long this job may say nothing; None for files too few to make a rhythm.

    A repository is a job from its first copy on: somebody set its tool up.
    """
    if series.count >= RHYTHM and series.period_hours:
        return timedelta(hours=max(0.0, min(series.period_hours, 1e6)) * STOPPED)
    is_repository = any(
        store.place == series.store and series.name == f"{store.kind} {store.place}".strip()
        for store in contents.stores
        if store.kind not in LOOSE
    )
    return max(STOPPED * longest_wait(ctx.asset), SLOWEST) if is_repository else None


def _usual(series: Series) -> str:
    if series.count < RHYTHM or not series.period_hours:
        return ""
    return f" ; son rythme était de {french.duration(int(min(series.period_hours, 1e6) * 3600))}"


def _last_good(series: Series, contents: StoreContents, ctx: Context) -> datetime:
    """When the job last made a copy that is not known to be bad: what it writes for nothing is no rhythm."""
    own = [copy for copy in contents.copies if (copy.store, copy.series) == (series.store, series.name)]
    good = [copy.written_at for copy in own if copy in contents.not_bad]
    past = [moment for moment in good if not is_future(moment, ctx)]
    if past:
        return past[0]
    return series.oldest_at if is_future(series.newest_at, ctx) else series.newest_at


def _faulty(contents: StoreContents) -> tuple[Item, ...]:
    """The copies newer than the last good one, and why they do not count."""
    last = contents.good[0].written_at if contents.good else None
    return tuple(
        Item(
            copy.name,
            Status.UNKNOWN if copy.fault == END_NOT_SEEN else Status.FAIL,
            fault_code(copy),
            fault_told(copy),
        )
        for copy in contents.copies
        if copy.fault and (last is None or copy.written_at > last)
    )[:SHOWN]


def _evidence(contents: StoreContents, ctx: Context) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(
            copy.name,
            " ; ".join((moment_words(copy.written_at, ctx), copy.format, *_size(copy), _state(copy))),
        )
        for copy in contents.copies[:SHOWN]
    )


def _size(copy: Copy) -> tuple[str, ...]:
    """Nothing for a snapshot: its file is small whatever it restores."""
    return () if copy.role is Role.SNAPSHOT or copy.format == "restic" else (size_words(copy.size),)


def _state(copy: Copy) -> str:
    return fault_words(copy) if copy.fault else date_words(copy)
