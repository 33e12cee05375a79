"""One scan: observe, then judge."""

import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from cyberaudit import __version__
from cyberaudit.declared import Town
from cyberaudit.engine.catalogue import Catalogue, verify_choices
from cyberaudit.engine.judge import judge
from cyberaudit.engine.narrowed import Pair, as_not_looked, errands_for, left_aside, left_aside_before
from cyberaudit.engine.observe import Errand, Limits, errands, observe
from cyberaudit.model import Audit, ProgressCallback, Reason
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.vantage import most_behind_a_paced_line


def audit(
    town: Town,
    catalogue: Catalogue,
    instruments: Instruments,
    *,
    vantage: str,
    started_at: datetime,
    limits: Limits | None = None,
    progress: ProgressCallback | None = None,
    only: Collection[Pair] | None = None,
) -> Audit:
    """Look from `vantage`, then judge at `started_at`. Everything seen is dated from it on.

    `only`: the points to look at; every other question is still there, answered by « not looked », unless what was
    looked at answers it too, or the profile does. None: everything.

    Raises:
        CatalogueError: the profile gives a check a setting it does not have (before anything is sent).
    """
    verify_choices(town, catalogue)
    rules = catalogue.rules(town)
    sent, aside = _sent(town, catalogue, only, vantage=vantage)
    limits = limits or _limits(town, instruments, vantage=vantage)
    harvest = observe(sent, instruments, limits=limits, progress=progress)
    observations = tuple(harvest.seen.values())
    judged = judge(town, catalogue, observations, vantage=vantage, now=started_at)
    findings = as_not_looked(judged, aside)
    stopped = any(finding.verdict.reason == Reason.INTERRUPTED for finding in findings)
    return Audit(
        uuid=str(uuid.uuid4()),
        town=town,
        vantage=vantage,
        scanned_by=town.scanned_by,
        started_at=started_at,
        finished_at=max((seen.seen_at for seen in observations), default=started_at),
        partial=harvest.interrupted or stopped,
        rules=rules,
        program=__version__,
        observations=observations,
        findings=findings,
    )


def _sent(
    town: Town, catalogue: Catalogue, only: Collection[Pair] | None, *, vantage: str
) -> tuple[list[Errand], set[Pair]]:
    """The probes to send, and the points that are left aside."""
    if only is None:
        return errands(town, catalogue.checks, vantage=vantage), set()
    sent = errands_for(town, catalogue.checks, only, vantage=vantage)
    return sent, left_aside(town, catalogue.checks, sent, vantage=vantage)


def _limits(town: Town, instruments: Instruments, *, vantage: str) -> Limits:
    options = instruments.options
    return Limits.to_ask(
        len(instruments.ports.tcp),
        rate=options.max_rate,
        addresses=most_behind_a_paced_line(town, vantage=vantage, every_line=options.max_rate is not None),
        deep=options.deep,
    )


def judge_again(old: Audit, catalogue: Catalogue, *, now: datetime | None = None) -> Audit:
    """The same facts under today's rules, at the audit's own time unless `now` is given.

    What it left aside stays so.
    """
    judged = judge(old.town, catalogue, old.observations, vantage=old.vantage, now=now or old.started_at)
    findings = as_not_looked(judged, left_aside_before(old))
    return replace(old, rules=catalogue.rules(old.town), program=__version__, findings=findings)
