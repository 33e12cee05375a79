"""What `look backup` shows of a place before its verdicts: stores, jobs, newest copies, what is strange, protection."""

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.facts.backup import (
    Anomaly,
    BackupStore,
    Copy,
    DateKind,
    Encrypted,
    Protection,
    Series,
    Store,
    StoreContents,
    Trouble,
    Weakness,
)
from cyberaudit.model import Unreachable
from cyberaudit.reports.wrap import wrap
from cyberaudit.sdk.backup_words import protection_words, series_name, size_words, store_name
from cyberaudit.sdk.backups import on_another_machine

ENCRYPTED = {
    Encrypted.YES: "chiffré",
    Encrypted.NO: "lisible par tous",
    Encrypted.PARTIAL: "chiffré en partie",
    Encrypted.WEAK: "mal chiffré",
    Encrypted.UNKNOWN: "chiffrement inconnu",
}
WEAKNESSES = {
    Weakness.WEAK_CIPHER: "chiffre que l'on sait casser",
    Weakness.FAST_KDF: "mot de passe trop vite essayé",
    Weakness.NO_INTEGRITY: "une altération ne se verrait pas",
    Weakness.NAMES_VISIBLE: "noms des fichiers lisibles",
    Weakness.UNTOLD: "force non écrite",
}
FAULTS = {
    "empty": "vide",
    "truncated": "coupée",
    "damaged": "abîmée",
    "incomplete": "incomplète",
    "in-the-future": "datée du futur",
    "collapsed": "bien plus petite que les autres",
    "end-not-seen": "fin non vue",
}
DATES = {
    DateKind.EXACT: "",
    DateKind.UPPER_BOUND: " au plus tard",
    DateKind.LOWER_BOUND: " au plus tôt",
}
TROUBLES = {
    Trouble.STALE_LOCK: "verrou abandonné",
    Trouble.ABORTED_RUN: "passage interrompu",
    Trouble.BROKEN_CHAIN: "chaîne rompue",
    Trouble.MISSING_VOLUME: "volume manquant",
    Trouble.MISSING_PART: "pièce manquante",
    Trouble.DAMAGED: "partie abîmée",
    Trouble.VERIFICATION_FAILED: "vérification ratée",
    Trouble.EMPTY_FILES: "fichiers vides",
    Trouble.LOST_DATES: "dates perdues",
    Trouble.FUTURE_DATES: "dates dans l'avenir",
    Trouble.RANSOM_NOTE: "demande de rançon",
    Trouble.MASS_RENAMED: "fichiers renommés en masse",
    Trouble.LOST_MAGIC: "fichiers qui ne sont plus ce que leur nom dit",
    Trouble.SECRET_BESIDE: "clé ou mot de passe à côté des copies",
    Trouble.CLEAR_BESIDE: "fichiers lisibles parmi les chiffrés",
    Trouble.LEFT_OUT: "non regardé",
    Trouble.UNREADABLE: "illisible pour ce compte",
}
# What a screen holds; --json has everything.
SHOWN_COPIES, SHOWN_STORES, SHOWN_SERIES, SHOWN_ANOMALIES = 10, 10, 10, 10
# The size of a snapshot's own file says nothing of what it restores.
OF_A_REPOSITORY = frozenset({"restic", "borg", "borg2", "kopia", "pbs", "hyper-backup", "duplicati"})
DAY_HOURS = 24
CLOCKS = ZoneInfo("Europe/Paris")
"""Those of the town of a look, which the verdicts use too."""
# Is there a good recent copy, could a thief read it, could an intruder destroy it, was a restore tried.
MAYORS_ORDER = tuple(
    f"backup.{name}"
    for name in (
        "exists",
        "fresh",
        "good",
        "encrypted",
        "strong-encryption",
        "secret-beside",
        "offline",
        "off-site",
        "not-destroyable",
        "permissions",
        "three-two-one",
        "retention",
        "restore-tested",
        "configuration-saved",
        "provider",
    )
)


def store_blocks(store: BackupStore, width: int) -> list[list[str]]:
    """Nothing for a place that could not be listed: its verdicts say why."""
    contents = store.contents
    if isinstance(contents, Unreachable):
        return []
    parts = (
        _head(store.path, contents),
        _titled("Dépôts et ensembles", [_store(each) for each in contents.stores], SHOWN_STORES),
        _titled("Dernières copies", [_copy(each) for each in contents.copies], SHOWN_COPIES),
        _titled("Rythme", [_series(each) for each in contents.series], SHOWN_SERIES),
        _titled("À noter", [_anomaly(each) for each in contents.anomalies], SHOWN_ANOMALIES),
        _titled("Protection", list(_protection(contents)), SHOWN_ANOMALIES),
    )
    return [block for part in parts if (block := _wrapped(part, width))]


def _wrapped(lines: list[str], width: int) -> list[str]:
    if not lines:
        return []
    title, *rest = lines
    block = wrap(french.typeset(title), width)
    for line in rest:
        block += wrap(french.typeset(line), width, first="  ", rest="    ")
    return block


def _titled(title: str, lines: list[str], most: int) -> list[str]:
    if not lines:
        return []
    left = len(lines) - most
    more = [f"et {french.count(left, 'autre', 'autres')} (--json)"] if left > 0 else []
    return [f"{title} :", *lines[:most], *more]


def _head(path: str, contents: StoreContents) -> list[str]:
    total = len(contents.copies) + contents.more_copies
    others = contents.other_files
    beside = f", {french.count(others, 'autre fichier', 'autres fichiers')}" if others > 0 else ""
    lines = [f"{path} : {french.count(max(total, 0), 'copie')}{beside}"]
    if not contents.complete:
        lines.append("Lu en partie seulement : une limite, ou un droit, a arrêté le regard.")
    return lines


def _store(store: Store) -> str:
    parts = [french.count(max(store.copies, 0), "copie"), ENCRYPTED[store.encrypted]]
    parts += [store.method] if store.method else []
    parts += [WEAKNESSES[each] for each in store.weaknesses]
    if store.empty_password is True:
        parts.append("S'OUVRE AVEC UN MOT DE PASSE VIDE")
    elif store.empty_password is False:
        parts.append("le mot de passe vide ne l'ouvre pas")
    if not isinstance(store.verified, Unreachable):
        result = "bonne" if store.verified.good else "RATÉE"
        parts.append(f"vérification {result} le {_moment(store.verified.done_at)}")
    return f"{store_name(store)} : {', '.join(parts)}"


def _copy(copy: Copy) -> str:
    where = f"{copy.store}/" if copy.store else ""
    fault = f", {FAULTS.get(copy.fault, copy.fault)}" if copy.fault else ""
    size = "" if copy.format in OF_A_REPOSITORY else f", {size_words(copy.size)}"
    date = f"{_moment(copy.written_at)}{DATES[copy.date_kind]}"
    return f"{where}{copy.name} : {copy.format}{size}, {date}, {ENCRYPTED[copy.encrypted]}{fault}"


def _series(series: Series) -> str:
    rhythm = "" if series.period_hours is None else f", une toutes les {_hours(series.period_hours)}"
    gap = ""
    if series.longest_gap_hours is not None and series.period_hours is not None:
        gap = f", le plus long arrêt {_hours(series.longest_gap_hours)}"
    newest = f"{_moment(series.newest_at)}{DATES[series.dates_kind]}"
    return (
        f"{series_name(series)} : {french.count(series.count, 'copie')}{rhythm}{gap}, la dernière le {newest}"
    )


def _moment(moment: datetime) -> str:
    """« 22 novembre 2026 à 3 h 30 », on the clocks of the town."""
    # Of the first and the last years, no time zone can be told.
    if datetime(2, 1, 1, tzinfo=UTC) < moment < datetime(9999, 1, 1, tzinfo=UTC):
        moment = moment.astimezone(CLOCKS)
    return f"{french.day(moment)} à {french.hour(moment)}"


def _hours(hours: float) -> str:
    if hours < 2 * DAY_HOURS:
        return french.count(max(round(hours), 1), "heure")
    return french.count(round(hours / DAY_HOURS), "jour")


def _anomaly(anomaly: Anomaly) -> str:
    times = f" ({anomaly.count})" if anomaly.count > 1 else ""
    where = f" dans {anomaly.place}" if anomaly.place else ""
    return f"{TROUBLES[anomaly.code]}{times}{where} : {anomaly.evidence}"


def _protection(contents: StoreContents) -> Iterator[str]:
    protection = contents.protection
    if protection.filesystem:
        yield f"système de fichiers ou accès : {protection.filesystem}"
    if words := protection_words(protection):
        yield words
    yield from _writable(protection, elsewhere=on_another_machine(contents))
    if protection.world_writable:
        yield f"{french.count(protection.world_writable, 'élément')} que tous les comptes peuvent modifier"
    if protection.world_readable:
        yield f"{french.count(protection.world_readable, 'fichier')} que tous les comptes peuvent copier"


def _writable(protection: Protection, *, elsewhere: bool) -> Iterator[str]:
    """That root may write on a disk of its own machine is no news."""
    who = "root" if protection.looked_as_root else "le compte qui regarde"
    if protection.writable_from_here is True and (elsewhere or not protection.looked_as_root):
        yield f"{who} peut y écrire et y effacer"
    if protection.writable_from_here is False:
        yield f"{who} ne peut rien y écrire"


def reading_rank(check: str) -> int:
    """Where a question about backups comes, for a mayor; after all of them for any other."""
    return MAYORS_ORDER.index(check) if check in MAYORS_ORDER else len(MAYORS_ORDER)
