"""Whether this machine's date can be believed, from the dates of what it kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from pathlib import Path

from cyberaudit import french
from cyberaudit.history.store import open_history
from cyberaudit.history.trace import CLOCK_SKEW

# Ours: a broken machine or a summer lasts weeks; a clock that lost its battery is wrong by years.
LEAP = timedelta(days=120)
# Ours: four weekly controls say that the date looks wrong before anything is removed by it.
PROVEN = timedelta(days=35)


def leap(started: Iterable[datetime], *, now: datetime) -> tuple[datetime, datetime] | None:
    """The last two controls, or the last one and `now`, that no control stands between for longer than `LEAP`.

    None when there is no such gap, or controls followed it for as long as `PROVEN`. Dates to come do not count.
    """
    since = now
    for each in sorted((each for each in started if each - now <= CLOCK_SKEW), reverse=True):
        if since - each > LEAP:
            return None if now - since >= PROVEN else (each, since)
        since = min(since, each)
    return None


def leap_in(history: Path, *, now: datetime, zone: tzinfo) -> str:
    """What is said of it, over all that is stored; empty when nothing speaks against `now`.

    Raises:
        HistoryError: the history cannot be read.
    """
    with open_history(history, create=False) as opened:
        found = leap((each.started_at for each in opened.summaries() if not each.partial), now=now)
    if found is None:
        return ""
    before, after = (french.day(each.astimezone(zone)) for each in found)
    again = french.day((found[1] + PROVEN).astimezone(zone))
    return (
        f"Aucun contrôle n'est gardé entre le {before} et le {after}. Vérifiez la date de cette machine."
        f" Par prudence, rien d'ancien n'est effacé avant le {again}."
    )


def went_back(before: datetime | None, *, now: datetime, zone: tzinfo) -> str:
    """What is said when the last weekly control ended after `now`; empty otherwise."""
    if before is None or before - now <= CLOCK_SKEW:
        return ""
    return (
        f"Cette machine se croit le {french.day(now.astimezone(zone))}, mais le contrôle hebdomadaire d'avant a"
        f" fini le {french.day(before.astimezone(zone))}. Vérifiez sa date. Rien d'ancien n'est effacé cette fois."
    )


__all__ = ["LEAP", "PROVEN", "leap", "leap_in", "went_back"]
