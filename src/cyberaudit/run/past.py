"""The history itself: how the level moved, what leaves it, what goes elsewhere, whether it is whole."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from cyberaudit.declared import Adoption, months_later
from cyberaudit.delivery import feed
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.errors import HistoryError, NotSaved, TooOld, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history import integrity, retention
from cyberaudit.history.integrity import Health, examine, known
from cyberaudit.history.merge import town_state
from cyberaudit.history.outbox import open_outbox, outbox_path
from cyberaudit.history.refusal import is_too_new, may_be_damage
from cyberaudit.history.retention import Pruning
from cyberaudit.history.scan_file import import_scan
from cyberaudit.history.state import AuditSummary, TownState, zone_of
from cyberaudit.history.store import History, open_history
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.plan.level import assess, is_open
from cyberaudit.plan.waivers import covering
from cyberaudit.plan.words import Quarter
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.reports.feed_text import entry_id
from cyberaudit.reports.stored_trend import DueQuarter, PastView, ThemeTrend, past_view
from cyberaudit.reports.trend import LevelOn
from cyberaudit.run.communes import choose_commune
from cyberaudit.run.last_weekly import forget_weekly, last_of_commune
from cyberaudit.run.lately import level_of, state_at
from cyberaudit.run.tell import recall

# Ours: a year, one control a month, fits on a screen and is read in half a second.
MONTHS = 12
MOST_MONTHS = 1200
_MONTHS = re.compile(r"([1-9][0-9]{0,3})m")
WHAT_TO_DO = (
    "Reprenez la dernière copie faite par « cyberaudit history backup » : mettez-la à la place de ce fichier, "
    "ou donnez-la avec --history."
)


@frozen
class Exported:
    """What became of the audits to be written."""

    files: tuple[Path, ...]
    refused: tuple[str, ...]
    """One sentence for each audit that could not be read."""


@frozen
class Brought:
    """What became of scan files to be stored."""

    new: tuple[str, ...]
    """UUIDs."""
    there_already: tuple[str, ...]
    refused: tuple[str, ...]
    """One sentence for each file that was not taken."""


def read_months(text: str) -> int:
    """« 24m » as a number of months.

    Raises:
        UsageError: something else.
    """
    found = _MONTHS.fullmatch(text.strip())
    if found is None or int(found[1]) > MOST_MONTHS:
        raise UsageError("--keep : donnez un nombre de mois suivi de « m », par exemple 24m.")
    return int(found[1])


def older_than(months: int, *, now: datetime) -> datetime:
    """The beginning of the day, so many months before `now`; the first of all days when there are not so many."""
    first = datetime.min.replace(tzinfo=UTC)
    if months >= (now.year - 1) * 12:
        return first
    return datetime.combine(months_later(now.astimezone(UTC).date(), -months), time.min, UTC)


def to_prune(
    history_path: Path, *, keep_months: int, now: datetime, commune: str | None = None
) -> tuple[Pruning, ...]:
    """What is older than that, and that nothing of today stands on.

    Raises:
        HistoryError: the history cannot be read.
        UsageError: that commune is not there.
    """
    with open_history(history_path, create=False) as history:
        chosen = choose_commune(history, commune) if commune is not None else None
        return retention.to_prune(history, before=older_than(keep_months, now=now), commune=chosen)


def prune(history_path: Path, prunings: Sequence[Pruning]) -> int:
    """Remove them; how many were. See `retention.prune`."""
    with open_history(history_path, create=False) as history:
        return retention.prune(history, prunings)


def prune_stored(history_path: Path, *, keep_months: int, now: datetime) -> int:
    """What `weekly` does without asking: remove what is older than that; how many audits.

    Raises:
        HistoryError: the history cannot be read, or not be written; nothing is removed then.
    """
    return prune(history_path, to_prune(history_path, keep_months=keep_months, now=now))


def of_commune(history_path: Path, commune: str) -> tuple[AuditSummary, ...]:
    """All audits that are stored of it, newest first; none when only its mail or the like is kept.

    Raises:
        UsageError: nothing of it is there.
    """
    if not history_path.exists() and _is_kept_beside(history_path, commune):
        return ()
    with open_history(history_path, create=False) as history:
        if commune not in history.communes() and _is_kept_beside(history_path, commune):
            return ()
        return history.summaries(choose_commune(history, commune))


def _is_kept_beside(history_path: Path, commune: str) -> bool:
    """Whether its mail, how its weekly control ended, or its entries of the feed are kept."""
    if last_of_commune(history_path, commune) or feed.tells_of(feed.memory_path(history_path), commune):
        return True
    if not outbox_path(history_path).exists():
        return False
    with open_outbox(outbox_path(history_path), create=False) as outbox:
        return bool(outbox.states(commune))


def forget(history_path: Path, commune: str, *, feed_path: Path | None = None) -> int:
    """Remove all that is stored of it: its mail, its entries of the feed, its audits; how many audits.

    `feed_path`: the Atom file of this machine's configuration. See `retention.forget`.

    Raises:
        HistoryError: something cannot be read or removed; its audits are still there, and it can be asked again.
    """
    if outbox_path(history_path).exists():
        with open_outbox(outbox_path(history_path), create=True) as outbox:
            outbox.forget(commune)
    forget_weekly(history_path, commune)
    if not history_path.exists():
        _forget_feed(history_path, commune, (), feed_path)
        return 0
    with open_history(history_path, create=False) as history:
        _forget_feed(history_path, commune, history.summaries(commune), feed_path)
        return retention.forget(history, commune)


def _forget_feed(
    history_path: Path, commune: str, audits: Sequence[AuditSummary], feed_path: Path | None
) -> None:
    told = {entry_id(commune, each.uuid) for each in audits}
    try:
        feed.forget(commune, told=told, path=feed_path, memory=feed.memory_path(history_path))
    except OSError as error:
        raise NotSaved(
            f"Le flux ne peut pas être écrit sans cette commune : {system_clause(error)}."
        ) from None


def check(history_path: Path) -> Health:
    """Raises:
    HistoryError: not even its list can be read; the sentence says what to do.
    """
    try:
        with open_history(history_path, create=False) as history:
            return examine(history)
    except HistoryError as error:
        if is_too_new(error) or not may_be_damage(error.__cause__) or not history_path.is_file():
            raise
        raise HistoryError(f"{error} {WHAT_TO_DO}") from error


def export(history_path: Path, folder: Path, *, audits: Sequence[str], commune: str | None) -> Exported:
    """Write scan files to `folder`: of the audits named by the beginning of their UUIDs, or of all that can be read.

    Raises:
        HistoryError: the history cannot be opened, or an audit that is named is not there.
        NotSaved: a file cannot be written.
    """
    _make_folder(folder)
    with open_history(history_path, create=False) as history:
        chosen = _chosen(history, audits, commune)
        files, refused = [], []
        for uuid in chosen:
            try:
                files.append(integrity.export(history, uuid, folder))
            except NotSaved:
                raise
            except HistoryError as error:
                refused.append(str(error))
    return Exported(tuple(files), tuple(refused))


def _chosen(history: History, audits: Sequence[str], commune: str | None) -> Sequence[str]:
    if audits:
        return [history.find(each) for each in audits]
    if commune is not None:
        return [each.uuid for each in history.summaries(choose_commune(history, commune))]
    return known(history)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise NotSaved(
            f"Le dossier {quoted(folder)} ne peut pas être créé : {system_clause(error)}."
        ) from error


def bring(history_path: Path, place: Path, *, commune: str | None) -> Brought:
    """Store a scan file, or all those of a folder: one that cannot be taken stops none of the others.

    Raises:
        HistoryError: `place` is one file, and cannot be taken; or a folder without scan files.
        NotSaved: the history cannot be written.
    """
    files = sorted(place.glob("*.cya")) if place.is_dir() else [place]
    if not files:
        raise HistoryError(f"Le dossier {quoted(place)} ne contient aucun contrôle (.cya).")
    new: list[str] = []
    there: list[str] = []
    refused: list[str] = []
    with open_history(history_path, create=True) as history:
        # A machine that begins takes the towns of a folder together, whichever comes first.
        communes = history.communes()
        for file in files:
            try:
                imported = import_scan(history, file, commune=commune, known=communes)
            except HistoryError as error:
                if not place.is_dir() or (isinstance(error, NotSaved) and not isinstance(error, TooOld)):
                    raise
                refused.append(str(error))
            else:
                (new if imported.was_new else there).append(imported.uuid)
    return Brought(tuple(new), tuple(there), tuple(refused))


def trend(
    history_path: Path, catalogue: Catalogue, *, commune: str | None, now: datetime, months: int = MONTHS
) -> PastView:
    """The level and that of each theme at the last control of each of the last months, and the adopted dates.

    Raises:
        HistoryError: nothing complete is stored, or an audit cannot be read.
        UsageError: several communes are stored and none was named.
    """
    with open_history(history_path, create=False) as history:
        states = _states(history, choose_commune(history, commune), now=now, months=months)
    if not states:
        raise HistoryError("Aucun contrôle complet dans l'historique : lancez « cyberaudit scan ».")
    titles = {measure.id: measure.title for measure in catalogue.remedies.measures.values()}
    return past_view(
        states[-1].town.name,
        [level_of(each) for each in states],
        themes=theme_trends(states),
        quarters=due_quarters(states, today=now.astimezone(zone_of(states[-1].town)).date()),
        titles=titles,
    )


def _states(history: History, commune: str, *, now: datetime, months: int) -> list[TownState]:
    """At the last complete control of each month, oldest first; the last one as it is at `now`."""
    latest = now + CLOCK_SKEW
    summaries = [e for e in history.summaries(commune) if not e.partial and e.started_at <= latest]
    if not summaries:
        return []
    zone = zone_of(history.load(summaries[0].uuid).town)
    by_month: dict[tuple[int, int], AuditSummary] = {}
    for each in reversed(summaries):
        day = each.started_at.astimezone(zone)
        by_month[day.year, day.month] = each
    chosen = list(by_month.values())[-months:]
    states = [state_at(history, each) for each in chosen]
    past = recall(history, commune, now=now)
    if past.audits:
        states[-1:] = [town_state(past.audits, now=now, traces=past.traces)]
    return states


def theme_trends(states: Sequence[TownState]) -> tuple[ThemeTrend, ...]:
    """The formula of the level on the findings of each theme alone; a theme that no state asked is left out."""
    themes = dict.fromkeys(finding.theme for state in states for finding in state.findings)
    return tuple(
        ThemeTrend(theme, points)
        for theme in themes
        if (points := tuple(_theme_on(state, theme) for state in states))[-1].level.asked
    )


def _theme_on(state: TownState, theme: str) -> LevelOn:
    day = level_of(state).day
    return LevelOn(day, assess([each for each in state.findings if each.theme == theme]))


def due_quarters(states: Sequence[TownState], *, today: date) -> tuple[DueQuarter, ...]:
    """The adopted dates of the newest profile, by quarter, and when the controls saw each measure in order."""
    by_quarter: dict[Quarter, list[tuple[Adoption, date | None]]] = {}
    for adoption in sorted(states[-1].town.plan.adoptions, key=lambda each: (each.due, each.measure)):
        done = _in_order_since(states, adoption.measure)
        by_quarter.setdefault(Quarter.of(adoption.due), []).append((adoption, done))
    return tuple(_quarter(quarter, found, today) for quarter, found in sorted(by_quarter.items()))


def _quarter(quarter: Quarter, found: Sequence[tuple[Adoption, date | None]], today: date) -> DueQuarter:
    done = {adoption.measure: day for adoption, day in found if day is not None}
    return DueQuarter(
        quarter=quarter,
        planned=tuple(adoption.measure for adoption, _ in found),
        in_time=tuple(each for each, day in done.items() if Quarter.of(day) <= quarter),
        later=tuple(each for each, day in done.items() if Quarter.of(day) > quarter),
        late=tuple(adoption.measure for adoption, day in found if day is None and adoption.due < today),
    )


def _in_order_since(states: Sequence[TownState], measure: str) -> date | None:
    """The day of the first of the last controls, without a break, that saw nothing left to do; None: something is."""
    since = None
    for state in reversed(states):
        if not _is_in_order(state, measure):
            break
        since = level_of(state).day
    return since


def _is_in_order(state: TownState, measure: str) -> bool:
    """Something of it was seen, and nothing that is left to do: what nobody knows is not done."""
    about = [each for each in state.findings if each.measure == measure]
    day = state.as_of.astimezone(zone_of(state.town)).date()
    waived = frozenset(each.identity for each in about if covering(each, state.town.waivers, today=day))
    seen = [each for each in about if each.status.is_known]
    return bool(seen) and not any(is_open(each, waived=waived) for each in about)
