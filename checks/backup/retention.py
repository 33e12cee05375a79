"""Peut-on revenir assez loin en arrière ?

## Pourquoi
Une erreur, ou un rançongiciel, se découvre souvent des semaines plus tard. Si toutes les copies gardées datent
d'après, elles contiennent déjà le dégât. Un simple miroir n'a qu'une version : il recopie aussi l'effacement.

## Corriger
1. Décider d'une durée : trente jours au moins, puis une copie par mois sur un an.
2. Régler le logiciel : « restic forget --keep-daily 30 --keep-monthly 12 --prune », « borg prune --keep-daily 30
   --keep-monthly 12 », « rotation intelligente » de « Hyper Backup ».
3. Remplacer un miroir (rsync, robocopy) par un outil qui garde des versions, ou activer les instantanés du NAS.
4. Écrire la durée choisie dans le profil (retention_days).

## Limites
Ne sont comptées que les copies vues et sans défaut. Une sauvegarde mise en route depuis peu n'a pas encore l'âge
voulu : elle compte pour moitié. Chaque tâche encore vivante est jugée, celle qui remonte le moins loin compte. Sans
durée déclarée, trente jours sont demandés : ce délai, et trois versions au moins, sont notre jugement. Les copies
au-delà des 200 plus récentes ne sont pas ouvertes. Un dépôt Borg ou Kopia chiffré ne montre pas ses versions. Les
instantanés du serveur de stockage ne se voient pas d'ici.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from cyberaudit.sdk import (
    DECLARED,
    SEEN,
    BackupStore,
    Context,
    Copy,
    DateKind,
    Encrypted,
    Evidence,
    Item,
    Role,
    Status,
    StoreContents,
    Verdict,
    check,
    contents_of,
    date_words,
    failed,
    french,
    is_future,
    job_name,
    moment_words,
    partial,
    passed,
    sure_copies,
    unknown,
    without_copies,
)


@dataclass(frozen=True, slots=True)
class Settings:
    # Ours: several weeks may pass between an intrusion and the attack that shows it.
    days: int = 30
    # Ours: with fewer, one bad night leaves nothing to go back to.
    versions: int = 3


# Ours: a job whose newest copy is a month older than that of the others is not alive any more.
ALIVE = timedelta(days=31)
# Ours: the oldest copy is erased on the day it reaches the age: a day less is that age too.
SLACK = timedelta(days=1)
SHOWN = 10


@check(
    "backup.retention",
    needs=BackupStore,
    about="backup",
    seen_from="local",
    impact=3,
    likelihood=2,
    measure="keep-versions",
    sources=("H 37", "SAUVEGARDE", "CM-SAUVEGARDES 5"),
    settings=Settings,
)
def one_can_go_back_far_enough(store: BackupStore, ctx: Context) -> Verdict:
    contents = contents_of(store, ctx)
    if isinstance(contents, Verdict):
        return contents
    if nothing := without_copies(contents, ctx):
        return nothing
    jobs = _jobs(contents, ctx)
    if not jobs:
        return unknown(f"« {ctx.asset.name} » n'a aucune copie en bon état dont la date compte.")
    items = tuple(_item(key, copies, contents, ctx) for key, copies in jobs.items())
    evidence = tuple(_line(job_name(each[0], contents), each, ctx) for each in jobs.values())[:SHOWN]
    return _sum_up(items, ctx, complete=contents.complete, evidence=evidence)


def _jobs(contents: StoreContents, ctx: Context) -> dict[str, list[Copy]]:
    """The copies not known to be bad of each job that is alive, newest first."""
    jobs: dict[str, list[Copy]] = defaultdict(list)
    for copy in contents.not_bad:
        if not is_future(copy.written_at, ctx):
            jobs[f"{copy.store}/{copy.series}".lstrip("/")].append(copy)
    newest = max((copies[0].written_at for copies in jobs.values()), default=None)
    return {name: each for name, each in jobs.items() if newest and newest - each[0].written_at <= ALIVE}


def _item(key: str, copies: list[Copy], contents: StoreContents, ctx: Context) -> Item:
    """One job against the two thresholds."""
    name = job_name(copies[0], contents)
    if all(copy.role is Role.MIRROR and copy.encrypted is not Encrypted.NO for copy in copies):
        return Item(key, Status.UNKNOWN, "sealed", f"{name} : un dossier chiffré ne montre pas ses versions.")
    if all(copy.role is Role.MIRROR for copy in copies):
        return Item(key, Status.FAIL, "one-version", f"{name} : un miroir n'a qu'une version ({SEEN}).")
    wanted, settings = _wanted(ctx), ctx.settings
    sure = sure_copies(contents)
    good = [copy for copy in copies if copy in sure]
    if len(good) >= settings.versions and _span(good, ctx) >= wanted:
        return Item(key, Status.PASS, "", f"{name} : {french.count(len(good), 'version')} ({SEEN}).")
    may_hide = not contents.complete or contents.more_copies > 0
    if len(copies) < settings.versions and not (may_hide or _hides_its_versions(copies)):
        text = f"{name} : {french.count(len(copies), 'version')} seulement ({SEEN})."
        return Item(key, Status.PARTIAL, "few-versions", text)
    older = any(copy.date_kind is DateKind.UPPER_BOUND for copy in copies)
    if may_hide or older or _furthest(copies, ctx) >= wanted:
        return Item(key, Status.UNKNOWN, "undecided", f"{name} : la plus ancienne copie n'est pas sûre.")
    days = french.count(_furthest(copies, ctx).days, "jour")
    return Item(key, Status.PARTIAL, "short", f"{name} : on ne peut revenir que {days} en arrière ({SEEN}).")


def _hides_its_versions(copies: Iterable[Copy]) -> bool:
    """An encrypted repository that tells when it was last written, and not how many snapshots it holds."""
    return any(copy.role is Role.SNAPSHOT and copy.date_kind is not DateKind.EXACT for copy in copies)


def _wanted(ctx: Context) -> timedelta:
    return timedelta(days=ctx.asset.retention_days or ctx.settings.days) - SLACK


def _span(copies: Iterable[Copy], ctx: Context) -> timedelta:
    """How far one surely goes back: a copy that may be younger than its date proves nothing."""
    sure = [copy.written_at for copy in copies if copy.date_kind is not DateKind.LOWER_BOUND]
    return ctx.now - min(sure) if sure else timedelta()


def _furthest(copies: Iterable[Copy], ctx: Context) -> timedelta:
    """How far one may go back at most, of dates that are no upper bounds."""
    return ctx.now - min(copy.written_at for copy in copies)


def _sum_up(
    items: tuple[Item, ...], ctx: Context, *, complete: bool, evidence: tuple[Evidence, ...]
) -> Verdict:
    name, days = ctx.asset.name, ctx.asset.retention_days
    asked = f"{french.count(days, 'jour')} ({DECLARED})" if days else french.count(ctx.settings.days, "jour")
    found = {item.reason for item in items if item.status.is_open}
    shown = tuple(sorted(items, key=lambda item: item.status is Status.PASS))[:SHOWN]
    if "one-version" in found:
        text = f"« {name} » ne garde qu'une version : une erreur y est recopiée au passage suivant."
        return failed(text, reason="one-version", items=shown, evidence=evidence)
    if "few-versions" in found:
        text = f"« {name} » garde moins de {ctx.settings.versions} versions d'une tâche."
        return partial(text, reason="few-versions", items=shown, evidence=evidence)
    if "short" in found:
        text = f"On ne peut pas revenir {asked} en arrière dans « {name} »."
        return partial(text, reason="short", items=shown, evidence=evidence)
    if not complete or any(item.status is Status.UNKNOWN for item in items):
        return unknown(
            f"Rien ne prouve que l'on peut revenir {asked} en arrière dans « {name} ».",
            items=shown,
            evidence=evidence,
        )
    return passed(f"On peut revenir {asked} en arrière dans « {name} ».", items=shown, evidence=evidence)


def _line(name: str, copies: list[Copy], ctx: Context) -> Evidence:
    oldest = min(copies, key=lambda copy: copy.written_at)
    told = (
        f"{french.count(len(copies), 'version')}, la plus ancienne du {moment_words(oldest.written_at, ctx)}"
    )
    return Evidence(name, f"{told}, {date_words(oldest)}")
