"""`cyberaudit weekly`: control, compare, write, tell elsewhere, and end on one exit code; never in silence.

What goes wrong becomes a sentence and a code, a mail to the contractor when he can be reached, and a word to the
watchman: the next step is taken all the same.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from cyberaudit.declared import Town
from cyberaudit.delivery import feed, ping, webhook
from cyberaudit.engine.catalogue import Catalogue, load_catalogue
from cyberaudit.errors import CyberauditError, HistoryError
from cyberaudit.frozen import frozen
from cyberaudit.history.diff import Diff
from cyberaudit.history.state import zone_of
from cyberaudit.model import ProgressCallback
from cyberaudit.plan.words import Tier
from cyberaudit.refusals import system_clause
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.changes import changes_view
from cyberaudit.reports.feed_text import entry
from cyberaudit.reports.mail_words import told as without_addresses
from cyberaudit.run.accesses import read_secret
from cyberaudit.run.clock import leap_in, went_back
from cyberaudit.run.diff import Compared, compare_told
from cyberaudit.run.exit_code import ExitCode, exit_code
from cyberaudit.run.last_valid import commune_before, last_valid
from cyberaudit.run.last_weekly import LastWeekly, last_of_profile, lock_path, remember
from cyberaudit.run.lock import Busy, alone
from cyberaudit.run.notify import (
    NOTHING_SENT,
    Outcome,
    Post,
    forget_old_mail,
    is_worth_a_mail,
    notify,
    send_what_waits,
    tell_problem,
)
from cyberaudit.run.past import older_than, prune_stored
from cyberaudit.run.scan import Request, Scanned, scan
from cyberaudit.town.load import load_profile
from cyberaudit.town.local import NOTHING, LocalConfig, local_config

WORST_FIRST = (
    ExitCode.INTERRUPTED,
    ExitCode.USAGE,
    ExitCode.NOT_SENT,
    ExitCode.INCOMPLETE,
    ExitCode.FOUND,
    ExitCode.DONE,
)
"""Which code is told when several hold (product: 130 > 2 > 4 > 3 > 1 > 0)."""
_BUSY = "Un contrôle hebdomadaire de ce profil est déjà en cours : celui-ci s'arrête, sans rien faire."


@frozen
class Week:
    """What a weekly control is asked to do."""

    scan: Request
    fail_on: Tier | None
    min_coverage: int
    keep_months: int | None
    """What is older leaves the history; None: nothing does."""
    relay_at: str
    """As `Post` has it."""
    clock: Callable[[], datetime]
    """The date it really is, aware."""
    write: Callable[[Scanned], tuple[str, ...]] = lambda _: ()
    """Writes the reports that are asked for; a sentence for each that was refused."""


@dataclass(slots=True)
class Weekly:
    """What it did; filled step by step, so that what was reached is known whatever stopped it."""

    codes: list[ExitCode] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """Worth knowing, and no reason to wake anybody."""
    town: Town | None = None
    scanned: Scanned | None = None
    mail: Outcome = NOTHING_SENT
    passing: list[str] = field(default_factory=list)
    """Of the complaints, what `status` tells mail by mail, and for no longer than it is true."""
    told_from: tuple[str, ...] = ()
    """Of the audits that were told elsewhere than by mail, and by the code; empty: nothing was."""
    doubt: str = ""
    """Why this machine's date is not believed, so that nothing is removed by it."""

    @property
    def code(self) -> ExitCode:
        return worst(self.codes)

    def went_wrong(self, code: int, *sentences: str) -> None:
        self.codes.append(ExitCode(code))
        self.complaints += [each for each in sentences if each not in self.complaints]


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The one that is told; `DONE` when there is none."""
    return min(codes, key=WORST_FIRST.index, default=ExitCode.DONE)


def weekly(week: Week, *, progress: ProgressCallback | None = None) -> Weekly:
    """The whole week, once at a time for one profile.

    Raises:
        Busy: another one is at it (exit code 3); nothing was done.
        NotSaved: nothing can be written beside the history.
    """
    request = week.scan
    with alone(lock_path(request.history, request.profile), sentence=_BUSY):
        done = Weekly()
        config = _config(request, done)
        began_at = week.clock()
        _call(done, config)
        try:
            _to_the_end(week, config, done, progress)
        finally:
            _remember(request, done, began_at, week.clock())
            _call(done, config, code=done.code)
    return done


def _to_the_end(week: Week, config: LocalConfig, done: Weekly, progress: ProgressCallback | None) -> None:
    """The steps; when a mistake of ours stops them, it goes on, and the contractor learns of it all the same."""
    is_ours = True
    try:
        _steps(week, config, done, progress)
        is_ours = False
    except KeyboardInterrupt:
        done.codes.append(ExitCode.INTERRUPTED)
        is_ours = False
        raise
    finally:
        if is_ours:
            done.went_wrong(ExitCode.INCOMPLETE, sentence := _unforeseen())
            _say_it_failed(week, config, done, sentence)
            # As the program ends; a mail that waits is told mail by mail.
            done.codes = [ExitCode.INCOMPLETE]


def _unforeseen() -> str:
    kind = type(sys.exception()).__name__
    return (
        f"Le contrôle n'a pas pu finir : une erreur de cyberaudit l'a arrêté ({kind})."
        " Relancez « cyberaudit weekly PROFIL --verbose », et montrez à ses auteurs ce qui s'affiche."
    )


def _config(request: Request, done: Weekly) -> LocalConfig:
    """A configuration that cannot be read is told, and gives no right."""
    try:
        return local_config(request.config)
    except CyberauditError as error:
        done.went_wrong(error.exit_code, str(error))
        return NOTHING


def _call(done: Weekly, config: LocalConfig, *, code: int | None = None) -> None:
    if config.ping is None:
        return
    watchman = ping.Watchman(config.ping.url, config.ping.ca_bundle)
    trouble = ping.begun(watchman) if code is None else ping.ended(watchman, code)
    done.remarks += [trouble] if trouble else []


def _steps(week: Week, config: LocalConfig, done: Weekly, progress: ProgressCallback | None) -> None:
    request = week.scan
    try:
        catalogue = load_catalogue(request.check_folders)
        done.town = load_profile(request.profile).town
        _doubt_the_clock(week, done.town, done)
        done.scanned = scan(request, progress=progress)
    except CyberauditError as error:
        done.went_wrong(error.exit_code, str(error))
        # An authorization that seems over may be a clock that is wrong.
        _say_it_failed(week, config, done, "\n".join(filter(None, (str(error), done.doubt))))
        return
    _judge(week, done.scanned, done)
    if refused := week.write(done.scanned):
        done.went_wrong(ExitCode.INCOMPLETE, *refused)
    if done.scanned.audit.partial:
        return
    if done.scanned.complaints:
        _say_it_failed(week, config, done, done.scanned.complaints[0])
        return
    _tell(week, config, catalogue, done)
    # Last: the mayor's month is counted from the audit of the mail before.
    _forget_old(week, done)


def _doubt_the_clock(week: Week, town: Town, done: Weekly) -> None:
    request, zone = week.scan, zone_of(town)
    before = last_of_profile(request.history, request.profile)
    done.doubt = went_back(before.ended_at if before else None, now=week.clock(), zone=zone)
    try:
        done.doubt = done.doubt or leap_in(request.history, now=request.now, zone=zone)
    except HistoryError:  # there is none yet, or the control will say why it cannot be read
        return
    finally:
        done.complaints += [done.doubt] if done.doubt else []


def _judge(week: Week, scanned: Scanned, done: Weekly) -> None:
    done.codes.append(
        exit_code(
            scanned.audit.findings,
            scanned.told.plan,
            partial=scanned.audit.partial,
            fail_on=week.fail_on,
            min_coverage=week.min_coverage,
        )
    )
    done.remarks += [scanned.remark] if scanned.remark else []
    if done.codes[-1] is ExitCode.INCOMPLETE:
        done.complaints.append(
            "Le contrôle est incomplet : trop peu de points ont pu être regardés, ou l'un a échoué."
        )
    if scanned.complaints:
        done.went_wrong(ExitCode.INCOMPLETE, *scanned.complaints)


def _forget_old(week: Week, done: Weekly) -> None:
    if week.keep_months is None or done.doubt:
        return
    try:
        prune_stored(week.scan.history, keep_months=week.keep_months, now=week.scan.now)
        forget_old_mail(week.scan.history, before=older_than(week.keep_months, now=week.scan.now))
    except HistoryError as error:
        done.went_wrong(ExitCode.INCOMPLETE, str(error))


def _tell(week: Week, config: LocalConfig, catalogue: Catalogue, done: Weekly) -> None:
    assert done.town is not None
    assert done.scanned is not None
    now = max(done.scanned.audit.finished_at, week.scan.now)
    post = replace(_post(done.town, week, config), now=now)
    try:
        found = _since_told(week, post, catalogue)
    except HistoryError as error:
        done.went_wrong(error.exit_code, str(error))
        # Nothing else is said: without it, the feed would tell of a first control.
        _say_it_failed(week, config, done, str(error))
        return
    _write(post, catalogue, done)
    if found.diff is not None and found.diff.has_regression:
        done.codes.append(ExitCode.FOUND)
    _tell_elsewhere(post, found.diff, catalogue, done)
    done.told_from = found.told_from


def _since_told(week: Week, post: Post, catalogue: Catalogue) -> Compared:
    """Against the last weekly control that came to its end: one that was killed told nothing of what it stored."""
    last = last_of_profile(week.scan.history, week.scan.profile)
    told_from = last.told_from if last and last.commune == post.town.id else ()
    return compare_told(post.history, catalogue, commune=post.town.id, told_from=told_from, now=post.now)


def _write(post: Post, catalogue: Catalogue, done: Weekly) -> None:
    try:
        _mailed(done, notify(post, catalogue) if post.delivery.recipients else send_what_waits(post))
    except HistoryError as error:
        done.went_wrong(error.exit_code, str(error))
        if not isinstance(error, Busy):
            _write_of_problem(post, done, str(error))
    except CyberauditError as error:
        done.went_wrong(error.exit_code, str(error))


def _mailed(done: Weekly, outcome: Outcome) -> None:
    done.mail = outcome
    done.codes.append(outcome.code)
    waits = (
        ["Du courrier attend d'être envoyé : « cyberaudit status » dit lequel."] if outcome.waiting else []
    )
    told = [each for each in (*waits, *outcome.answers) if each not in done.complaints]
    done.complaints += told
    # Whom nothing could be written to stands in no outbox: these sentences alone say so.
    done.passing += [] if outcome.unwritten else told


def _post(town: Town, week: Week, config: LocalConfig) -> Post:
    request = week.scan
    return Post(
        town=town,
        folder=request.profile.resolve().parent,
        history=request.history,
        config=config,
        now=request.now,
        relay_at=week.relay_at,
    )


# When the control could not be made


def _say_it_failed(week: Week, config: LocalConfig, done: Weekly, sentence: str) -> None:
    """By mail to the contractor, by the webhook: as today's profile says, or the last valid one that is stored."""
    town = done.town or last_valid(week.scan.profile, week.scan.history)
    if town is None:
        return
    done.town = town
    post = _post(town, week, config)
    _write_of_problem(post, done, sentence)
    _hook(post, done, {"event": "problem", "sentence": without_addresses(sentence)}, about=sentence)


def _write_of_problem(post: Post, done: Weekly, sentence: str) -> None:
    try:
        _mailed(done, tell_problem(post, sentence))
    except CyberauditError as error:
        done.went_wrong(error.exit_code, str(error))


# Elsewhere


def _tell_elsewhere(post: Post, diff: Diff | None, catalogue: Catalogue, done: Weekly) -> None:
    assert done.scanned is not None
    view = changes_view(diff, titles={check: fiche.title for check, fiche in catalogue.fiches.items()})
    audit = done.scanned.audit.uuid
    if post.config.feed is not None:
        news = (
            [entry(post.town, view, audit=audit, at=post.now)]
            if diff is None or is_worth_a_mail(diff)
            else []
        )
        memory = feed.memory_path(post.history)
        trouble = feed.publish(news, path=post.config.feed, memory=memory, at=post.now)
        if trouble:
            done.went_wrong(ExitCode.INCOMPLETE, trouble)
    content = {"event": "weekly", "audit": audit, "code": int(done.code), **_changes(view)}
    low, high = done.scanned.told.plan.level.shown
    _hook(post, done, content | {"level": {"low": low, "high": high}}, about=audit)


def _changes(view: ChangesView) -> dict[str, Any]:
    return {
        "since": view.since.isoformat() if view.since else None,
        "sentence": without_addresses(view.sentence),
        "changes": [
            {
                "section": section.section.value,
                "check": line.check,
                "transition": line.transition.value,
                "sentence": without_addresses(line.sentence),
            }
            for section in view.sections
            for line in section.lines
        ],
    }


def _hook(post: Post, done: Weekly, content: dict[str, Any], *, about: str) -> None:
    """Tell the webhook, when there is one. `about` makes the identifier: the same news is the same message."""
    wanted = post.config.webhook
    if wanted is None:
        return
    commune = {"id": post.town.id, "name": post.town.commune.name}
    message_id = str(uuid5(NAMESPACE_URL, f"cyberaudit {post.town.id} {post.now.isoformat()} {about}"))
    whole = {"schema_version": 1, "id": message_id, "at": post.now.isoformat(), "commune": commune, **content}
    try:
        secret = read_secret(wanted.secret, "webhook")
    except CyberauditError as error:
        done.went_wrong(ExitCode.INCOMPLETE, str(error))
        return
    message = webhook.Message(wanted.url, secret, message_id, whole, post.now, wanted.ca_bundle)
    trouble = webhook.send(message)
    if trouble:
        done.went_wrong(ExitCode.INCOMPLETE, trouble)


def _remember(request: Request, done: Weekly, began_at: datetime, ended_at: datetime) -> None:
    town = done.town
    before = last_of_profile(request.history, request.profile)
    run = LastWeekly(
        profile=str(request.profile.resolve()),
        commune=town.id if town else commune_before(request.profile, request.history),
        began_at=began_at,
        ended_at=ended_at,
        code=int(done.code),
        sentences=tuple(each for each in done.complaints if each not in done.passing),
        unwritten=done.mail.unwritten,
        told_from=done.told_from or (before.told_from if before else ()),
    )
    try:
        remember(request.history, request.profile, run)
    except OSError as error:
        done.remarks.append(f"La fin de ce contrôle n'a pas pu être notée : {system_clause(error)}.")


__all__ = ["WORST_FIRST", "Week", "Weekly", "weekly", "worst"]
