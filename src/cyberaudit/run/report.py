"""`cyberaudit report`: the town state from what is stored, without network."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cyberaudit import french
from cyberaudit.declared import Town
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.history.merge import town_state
from cyberaudit.history.state import AuditSummary, zone_of
from cyberaudit.history.store import History, open_history
from cyberaudit.run.communes import choose_commune
from cyberaudit.run.lately import lately
from cyberaudit.run.tell import Told, recall, tell_state


def report(
    history_path: Path,
    catalogue: Catalogue,
    *,
    commune: str | None,
    now: datetime,
    with_levels: bool = False,
    profile: Town | None = None,
) -> Told:
    """The state of `commune` at `now`; of the only stored one when None. A newer scan that was cut short is named.

    `with_levels`: also the level of earlier months, which takes reading their audits. `profile`: today's, of the
    same commune; its name, plan and waivers count instead of those of the last control.

    Raises:
        HistoryError: nothing is stored, or nothing recent enough.
        UsageError: several communes are stored and none was named, the named one is not there, or `profile` is
            another's.
    """
    with open_history(history_path, create=False) as history:
        chosen = _commune(history, commune, profile)
        past = recall(history, chosen, now=now)
        newest = history.summaries(chosen, limit=1)[0]
        if not past.audits:
            raise HistoryError(_nothing(history, newest))
        state = town_state(past.audits, now=now, traces=past.traces)
        if profile is not None:
            state = replace(state, town=as_chosen_today(state.town, profile))
        added = lately(history, state, catalogue, now=now, with_levels=with_levels)
    told = tell_state(state, catalogue, now=now, beside=added)
    return _with_warning(told, newest) if newest.partial else told


def _commune(history: History, commune: str | None, profile: Town | None) -> str:
    """That of the profile, when it is stored and no other was named."""
    if profile is None:
        return choose_commune(history, commune)
    wanted = profile.id if commune is None and profile.id in history.communes() else commune
    chosen = choose_commune(history, wanted)
    if profile.id != chosen:
        raise UsageError(
            french.typeset(f"--profile : ce profil décrit « {profile.id} », et non « {chosen} ».")
        )
    return chosen


def as_chosen_today(then: Town, today: Town) -> Town:
    """The town that was looked at, with what was chosen since: its name, its plan, the risks it accepts."""
    commune = replace(then.commune, name=today.commune.name)
    return replace(then, commune=commune, plan=today.plan, waivers=today.waivers)


def _nothing(history: History, newest: AuditSummary) -> str:
    """What to do when no audit can be told; an interrupted one can still be seen."""
    if not newest.partial:
        return (
            f"Aucun contrôle complet et récent de « {newest.commune} » dans l'historique : "
            "lancez « cyberaudit scan »."
        )
    town = history.load(newest.uuid).town
    return (
        f"{_cut_short(newest, town)} Il n'y en a pas d'autre assez récent de « {newest.commune} » : relancez "
        f"« cyberaudit scan ». Pour voir ce qui a été relevé : « cyberaudit replay {newest.uuid[:8]} » ; "
        "la liste : « cyberaudit history list »."
    )


def _with_warning(told: Told, newest: AuditSummary) -> Told:
    warning = (
        f"{_cut_short(newest, told.state.town)} Il ne compte pas dans ce rapport : relancez le contrôle."
    )
    view = replace(told.view, warnings=(french.typeset(warning), *told.view.warnings))
    return replace(told, view=view)


def _cut_short(summary: AuditSummary, town: Town) -> str:
    local = summary.started_at.astimezone(zone_of(town))
    return f"Un contrôle du {french.day(local)} à {french.hour(local)} a été interrompu."
