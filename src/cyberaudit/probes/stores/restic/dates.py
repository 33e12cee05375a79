"""What the dates of a restic repository's snapshot files are worth: their own, or those of a copying."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from cyberaudit.facts.backup import DateKind
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.restic.keys import Key

# Ours: a copy without dates gives every file the minute of the copying; real snapshots are further apart.
APART_SECONDS = 60
DAY = 86_400.0
# Ours: a script backs up some folders in a row, and does the same every night.
LEAST_BURST, BURST_TIMES = 3, 2
# Ours: a key file is written the second its key is created; a clock may be wrong by a time zone.
KEY_SLACK = DAY
# Ours: the copying of a large repository over a slow line.
COPYING = 7 * DAY
# Ours: as many servers may end within one second; one machine takes half a second to open the repository (scrypt).
MOST_IN_A_SECOND = 3
OF_THE_FILE = "date du fichier de snapshots/"
OF_A_NEW = f"{OF_THE_FILE}, dépôt créé au même moment"
NOT_GIVEN = "ce serveur ne donne pas de date"


@frozen
class Dating:
    """How the dates of one repository are to be taken."""

    now: float
    """Seconds since 1970."""
    together: bool
    """All files in one run of minutes."""
    burst: tuple[float, float] | None
    """First and last date of files written at one go, far more than at any other time."""
    crowded: frozenset[float]
    """Seconds in which more files were written than backups end."""
    begun: bool
    """The repository was made with its first snapshots, as its key files show."""
    copied_at: float | None
    """When the repository was copied without its dates, as its key files show."""

    def of(self, written: float | None) -> tuple[float, DateKind, str]:
        """(seconds since 1970, what they are worth, where they come from) of one snapshot file."""
        if written is None:
            return self.now, DateKind.UPPER_BOUND, NOT_GIVEN
        if self.copied_at is not None and abs(written - self.copied_at) <= COPYING:
            copied = datetime.fromtimestamp(self.copied_at, UTC)
            return (
                written,
                DateKind.UPPER_BOUND,
                f"{OF_THE_FILE}, dépôt recopié sans ses dates le {copied:%Y-%m-%d}",
            )
        if self.together:
            why = OF_A_NEW if self.begun else f"{OF_THE_FILE}, toutes écrites d'un seul coup"
            return written, DateKind.UPPER_BOUND, why
        if written // 1 in self.crowded:
            said = "plusieurs écrites dans la même seconde : recopiées"
            return written, DateKind.UPPER_BOUND, f"{OF_THE_FILE}, {said}"
        if self.burst is not None and self.burst[0] <= written <= self.burst[1]:
            return written, DateKind.UPPER_BOUND, f"{OF_THE_FILE}, trop de points écrits d'un seul coup"
        return written, DateKind.EXACT, OF_THE_FILE


def dating(
    moments: Sequence[float], keys: Sequence[Key], *, config_written: float | None, now: float
) -> Dating:
    """`moments`: the dates of all snapshot files, seconds since 1970; with one alone, that of `config` is another."""
    dates = moments if len(moments) > 1 or config_written is None else (*moments, config_written)
    runs = _runs(dates)
    return Dating(
        now, len(runs) < 2, _burst(runs), _crowded(moments), _is_new(keys, moments), copied_at(keys)
    )


def _crowded(dates: Sequence[float]) -> frozenset[float]:
    return frozenset(
        second for second, count in Counter(date // 1 for date in dates).items() if count > MOST_IN_A_SECOND
    )


def _is_new(keys: Sequence[Key], dates: Sequence[float]) -> bool:
    """No key is older than these snapshots by more than a moment, so that nothing in it need be."""
    made = [key.created.timestamp() for key in keys if key.created is not None]
    return bool(made) and max(dates, default=0.0) - min(made) < KEY_SLACK


def _runs(dates: Sequence[float]) -> list[tuple[int, float, float]]:
    """(how many, first, last) of the files that follow one another within a minute."""
    runs: list[tuple[int, float, float]] = []
    for date in sorted(dates):
        if runs and date - runs[-1][2] < APART_SECONDS:
            runs[-1] = (runs[-1][0] + 1, runs[-1][1], date)
        else:
            runs.append((1, date, date))
    return runs


def _burst(runs: Sequence[tuple[int, float, float]]) -> tuple[float, float] | None:
    """The run that no usual night explains: « restic tag », « rewrite » and « copy » write snapshot files again, with
    the date of that day (restic cmd_tag.go, cmd_rewrite.go, cmd_copy.go).
    """
    largest = sorted(runs, reverse=True)[:2]
    if len(largest) < 2 or largest[0][0] < LEAST_BURST or largest[0][0] <= BURST_TIMES * largest[1][0]:
        return None
    return largest[0][1:]


def copied_at(keys: Sequence[Key]) -> float | None:
    """The newest date of a key file that is far younger than the key in it; None when no one is."""
    moved = [
        key.written
        for key in keys
        if key.written is not None and key.created is not None and _is_younger(key.written, key.created)
    ]
    return max(moved, default=None)


def _is_younger(written: float, created: datetime) -> bool:
    return written - created.timestamp() > KEY_SLACK and 0 <= written < _LAST


# 31 December 9998: the last year that every time zone can write.
_LAST = 253_370_764_800.0
