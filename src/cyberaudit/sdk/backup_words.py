"""How the stores, the jobs, the media and the sizes of backups are named to people."""

import re
from collections.abc import Iterable, Iterator

from cyberaudit import french
from cyberaudit.declared import Backup
from cyberaudit.facts.backup import Copy, Protection, Series, Store, StoreContents
from cyberaudit.facts.backup_kinds import KINDS, kind_label
from cyberaudit.model import Evidence
from cyberaudit.sdk.backups import DECLARED

MEDIA_WORDS = {
    "disk": "disque",
    "nas": "disque réseau",
    "usb-disk": "disque USB",
    "tape": "bande",
    "cloud": "en ligne",
}
PLACE_WORDS = {"on-site": "à la mairie", "off-site": "ailleurs"}
# Stores whose copies are files of their own: each copy stands for itself.
LOOSE = frozenset({"folder", "mirror"})
_MASKED = re.compile(r"#(?:[-_.: T]*#)*")
_UNNAMED = "transaction #"
"""The job of an encrypted Borg repository, which tells no archive's name."""
_SAYS_NOTHING = re.compile(r"(?: ; )?attributs non vus")


def store_name(store: Store) -> str:
    """« dépôt Borg « mairie » »."""
    return f"{kind_label(store.kind)} « {store.place} »" if store.place else kind_label(store.kind)


def repository_of(copy: Copy, contents: StoreContents) -> Store | None:
    """What the copy is a part of; None for a file that stands alone."""
    kinds = (store for store in contents.stores if store.place == copy.store and store.kind not in LOOSE)
    return next((store for store in kinds if copy.format == store.kind or copy.store), None)


def job_name(copy: Copy, contents: StoreContents) -> str:
    """« mairie-….zip », « dépôt Borg », « dépôt Borg « mairie » (paie-…) »."""
    store, own = repository_of(copy, contents), masked(copy.series)
    if store is None:
        return own
    is_whole = copy.series in (
        _UNNAMED,
        store.kind,
        f"{store.kind} {store.place}",
        store.place,
        "",
        copy.name,
    )
    return store_name(store) if is_whole else f"{store_name(store)} ({own})"


def series_name(series: Series) -> str:
    """The same, of a rhythm; a repository's is named by its kind and its place."""
    kind, _, place = series.name.partition(" ")
    if kind in KINDS and place == series.store:
        return f"{kind_label(kind)} « {place} »" if place else kind_label(kind)
    where = f" (dans {series.store})" if series.store and series.store not in series.name else ""
    return f"{masked(series.name)}{where}"


def masked(name: str) -> str:
    """The name of a job, each run of masked dates and numbers as one « … »."""
    return _MASKED.sub("…", name)


def size_words(size: int) -> str:
    """« 334 Ko », « 1,2 Go »; small sizes are told to the byte."""
    if size < 10_000:
        return f"{size} octets"
    value, unit = size / 1000, "Ko"
    for larger in ("Mo", "Go", "To"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.1f} {unit}".replace(".", ",") if value < 10 else f"{value:.0f} {unit}"


def merged(lines: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Lines that say the same are one: « x.7z et 4 autres »."""
    labels: dict[str, list[str]] = {}
    for line in lines:
        labels.setdefault(line.value, []).append(line.label)
    return tuple(Evidence(_together(list(dict.fromkeys(each))), value) for value, each in labels.items())


def _together(labels: list[str]) -> str:
    more = len(labels) - 1
    return f"{labels[0]} et {french.count(more, 'autre', 'autres')}" if more else labels[0]


def told_apart(contents: StoreContents) -> Iterator[Store | Copy]:
    """Each repository once, and each copy that is none's: what a repository proves, it proves for its copies."""
    yield from (store for store in contents.stores if store.kind not in LOOSE)
    yield from (copy for copy in contents.copies if repository_of(copy, contents) is None)


def protection_words(protection: Protection) -> str:
    """What the protection stands on, without what was not seen."""
    return _SAYS_NOTHING.sub("", protection.evidence)


def declared_words(asset: Backup) -> str:
    """« disque USB, ailleurs, débranché (déclaré) »."""
    media = MEDIA_WORDS.get(asset.media, "support non dit")
    place = PLACE_WORDS.get(asset.place, "lieu non dit")
    return f"{media}, {place}, {'hors ligne' if asset.offline else 'en service'} ({DECLARED})"
