"""One scan: observe, then judge."""

import uuid
from dataclasses import replace
from datetime import datetime

from cyberaudit import __version__
from cyberaudit.declared import Town
from cyberaudit.engine.catalogue import Catalogue, verify_choices
from cyberaudit.engine.judge import judge
from cyberaudit.engine.observe import Limits, errands, observe
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
) -> Audit:
    """Look from `vantage`, then judge at `started_at`. Everything seen is dated from it on.

    Raises:
        CatalogueError: the profile gives a check a setting it does not have (before anything is sent).
    """
    verify_choices(town, catalogue)
    rules = catalogue.rules(town)
    limits = limits or Limits.to_ask(
        len(instruments.ports.tcp),
        rate=instruments.options.max_rate,
        addresses=most_behind_a_paced_line(
            town, vantage=vantage, every_line=instruments.options.max_rate is not None
        ),
        deep=instruments.options.deep,
    )
    sent = errands(town, catalogue.checks, vantage=vantage)
    harvest = observe(sent, instruments, limits=limits, progress=progress)
    observations = tuple(harvest.seen.values())
    findings = judge(town, catalogue, observations, vantage=vantage, now=started_at)
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


def judge_again(old: Audit, catalogue: Catalogue, *, now: datetime | None = None) -> Audit:
    """The same facts under today's rules, at the audit's own time unless `now` is given."""
    findings = judge(old.town, catalogue, old.observations, vantage=old.vantage, now=now or old.started_at)
    return replace(old, rules=catalogue.rules(old.town), program=__version__, findings=findings)
