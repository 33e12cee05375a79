"""When documents kept one by one were last brought up to date, as far as the dates of their files tell."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from cyberaudit.facts.backup import DateKind

# Ours: one file, or two, may have been laid there by hand; three of one time are a job's.
WITNESSES = 3
# Ours: a tool that keeps the dates of its source sets them when the job passes, later than the document was saved.
KEPT_SECONDS = 60
# Ours: a copying that loses the dates writes two hundred files within the hour; a town does not save as many. Of fewer
# files all are known, and it may take a day over large ones.
MANY_FILES, BURST_SECONDS, BURST_OF_FEW_SECONDS = 200, 3600, 86_400
# Ours, that of the whole look: a clock may be wrong by an hour.
FUTURE_SLACK_SECONDS = 3600


class Dated(NamedTuple):
    """One file's dates, seconds since 1970."""

    written: float
    """Zero when the place tells none."""
    changed: float | None
    """When the place itself last changed it; None when it does not say."""


class Passage(NamedTuple):
    at: float
    """Seconds since 1970."""
    kind: DateKind
    source: str
    """French."""


def last_passage(
    newest: Sequence[Dated], now: datetime, *, written_here: bool = False, is_whole: bool = True
) -> Passage:
    """The last passage over a place whose newest files (`MANY_FILES` at most, none of the future) have these dates.

    `written_here`: the tool alone writes in the place, and a file changed when it was written; else the tool gives its
    copies the dates of their source, a file that has none of these proves nothing, and one alone too little.
    `is_whole`: no newer file can have been missed.
    """
    dated = sorted((each for each in newest if each.written > 0), key=lambda each: each.written, reverse=True)
    if not dated:
        why = "ce lieu ne donne pas de date" if newest else "aucun fichier dont la date compte"
        return Passage(now.timestamp(), DateKind.UPPER_BOUND, why)
    burst = BURST_SECONDS if len(dated) >= MANY_FILES else BURST_OF_FEW_SECONDS
    if dated[0].written - dated[-1].written < burst:
        return _not_younger(dated, now, "fichiers tous datés d'un même moment, recopiés ?", is_whole=is_whole)
    kept = dated if written_here else [each for each in dated if _keeps_its_date(each)]
    witnesses = 1 if written_here else WITNESSES
    if len(kept) < witnesses:
        return _not_younger(
            dated, now, "moins de trois fichiers gardent la date de leur source", is_whole=is_whole
        )
    source = (
        "date du fichier le plus récent"
        if written_here
        else f"{WITNESSES} documents ont cette date ou une plus récente"
    )
    return Passage(kept[witnesses - 1].written, DateKind.LOWER_BOUND, source)


def _keeps_its_date(each: Dated) -> bool:
    """A place that tells no second date is believed: none is set apart from it."""
    return each.changed is None or each.changed - each.written > KEPT_SECONDS


def _not_younger(dated: Sequence[Dated], now: datetime, why: str, *, is_whole: bool) -> Passage:
    """The last time that any of them was changed: what they hold cannot be younger."""
    if not is_whole:
        return Passage(now.timestamp(), DateKind.UPPER_BOUND, why)
    last = max(max(each.written, each.changed or 0.0) for each in dated)
    return Passage(min(last, now.timestamp()), DateKind.UPPER_BOUND, why)
