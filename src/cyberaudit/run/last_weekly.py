"""How the last weekly control of each profile ended, kept beside the history: what cron showed nobody."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from cyberaudit.errors import NotSaved
from cyberaudit.frozen import frozen
from cyberaudit.private_file import write_private
from cyberaudit.refusals import quoted, system_clause


@frozen
class LastWeekly:
    """One ended run."""

    profile: str
    """Whole path."""
    commune: str
    """Its id; empty while no valid profile was ever read there."""
    began_at: datetime
    ended_at: datetime
    code: int
    sentences: tuple[str, ...]
    """What was said on standard error."""
    unwritten: int = 0
    """People for whom no message could be made; the sentences say why."""
    told_from: tuple[str, ...] = ()
    """UUIDs of the audits that the feed, the webhook and the exit code told of last, newest first."""


def lock_path(history: Path, profile: Path) -> Path:
    """The file that is locked while the weekly control of `profile` runs."""
    return history.with_name(f"{history.name}.weekly-{_key(profile)}.lock")


def remember(history: Path, profile: Path, run: LastWeekly) -> None:
    """Keep how it ended, in place of the run before.

    Raises:
        OSError: it cannot be written.
    """
    told = asdict(run) | {"began_at": run.began_at.isoformat(), "ended_at": run.ended_at.isoformat()}
    write_private(_record_path(history, profile), json.dumps(told, ensure_ascii=False).encode())


def last_of_profile(history: Path, profile: Path) -> LastWeekly | None:
    """The last run of this profile; None when there was none, or what was kept is damaged."""
    return _read(_record_path(history, profile))


def last_of_commune(history: Path, commune: str) -> LastWeekly | None:
    """The last run of any profile of this commune."""
    found = [each for _, each in _all(history) if each.commune == commune]
    return max(found, key=lambda each: each.ended_at, default=None)


def forget_weekly(history: Path, commune: str) -> None:
    """Remove how the weekly controls of this commune ended.

    Raises:
        NotSaved: one cannot be removed.
    """
    for path, found in _all(history):
        if found.commune == commune:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise NotSaved(f"{quoted(path)} ne peut pas être retiré : {system_clause(error)}.") from None


def _all(history: Path) -> Iterator[tuple[Path, LastWeekly]]:
    for path in history.parent.glob("*.weekly-*.json"):
        if path.name.startswith(f"{history.name}.weekly-") and (found := _read(path)):
            yield path, found


def _read(path: Path) -> LastWeekly | None:
    try:
        plain = json.loads(path.read_text("utf-8"))
        began, ended = (datetime.fromisoformat(plain[key]) for key in ("began_at", "ended_at"))
        if began.tzinfo is None or ended.tzinfo is None:
            return None
        sentences = tuple(str(each) for each in plain["sentences"])
        names, unwritten = (str(plain["profile"]), str(plain["commune"])), int(plain.get("unwritten", 0))
        told_from = tuple(str(each) for each in plain.get("told_from", ()))
        return LastWeekly(*names, began, ended, int(plain["code"]), sentences, unwritten, told_from)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _record_path(history: Path, profile: Path) -> Path:
    return history.with_name(f"{history.name}.weekly-{_key(profile)}.json")


def _key(profile: Path) -> str:
    """The same from wherever the profile is named."""
    return hashlib.sha256(str(profile.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:12]
