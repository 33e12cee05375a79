"""The town that a profile described when it was last valid: who is written to while it is not."""

import logging
from pathlib import Path

from cyberaudit.declared import Town
from cyberaudit.errors import CyberauditError, HistoryError
from cyberaudit.history.store import open_history
from cyberaudit.run.last_weekly import last_of_profile
from cyberaudit.town.load import load_profile
from cyberaudit.town.yaml_source import MAX_BYTES, read_yaml

_log = logging.getLogger(__name__)


def valid_or_last(profile: Path, history: Path) -> Town:
    """As the profile says today; else as its last stored control knew it.

    Raises:
        ProfileError: it is not valid, and nothing of it is stored.
    """
    try:
        return load_profile(profile).town
    except CyberauditError:
        town = last_valid(profile, history)
        if town is None:
            raise
        return town


def last_valid(profile: Path, history: Path) -> Town | None:
    """The town as the last stored control of this profile's commune knew it; None when that cannot be told."""
    try:
        with open_history(history, create=False) as stored:
            known = stored.communes()
            named = (_commune_written(profile), commune_before(profile, history), *_only(known))
            commune = next((each for each in named if each in known), None)
            if commune is None:
                return None
            return stored.load(stored.summaries(commune)[0].uuid).town
    except HistoryError as error:
        _log.info("no valid profile is stored: %s", error)
        return None


def commune_before(profile: Path, history: Path) -> str:
    """The commune of the weekly control before; empty when there was none."""
    before = last_of_profile(history, profile)
    return before.commune if before else ""


def _commune_written(profile: Path) -> str:
    """The commune's id, when as much of the broken profile can be read."""
    try:
        with profile.open("rb") as file:
            tree = read_yaml(file.read(MAX_BYTES + 1), file=str(profile)).tree
    except (OSError, CyberauditError):
        return ""
    commune = tree.get("commune")
    return str(commune.get("id", "")) if isinstance(commune, dict) else ""


def _only(communes: tuple[str, ...]) -> tuple[str, ...]:
    return communes if len(communes) == 1 else ()


__all__ = ["commune_before", "last_valid", "valid_or_last"]
