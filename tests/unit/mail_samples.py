"""Mails of the golden towns, and of a small made one into which anything may be put."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cyberaudit.declared import Town
from cyberaudit.engine.measures import Remedies
from cyberaudit.history.diff import Diff
from cyberaudit.history.state import TownState
from cyberaudit.history.store import open_history
from cyberaudit.history.transitions import Change, Transition
from cyberaudit.model import Finding, Item, Status, Verdict
from cyberaudit.plan.build import build_plan
from cyberaudit.reports.changes import changes_view
from cyberaudit.reports.mail_view import Seen
from cyberaudit.reports.view import build_view
from cyberaudit.run.diff import Span, compare
from cyberaudit.run.letters import Occasion, Written, letters
from tests.unit import golden_towns
from tests.unit import report_samples as samples


@cache
def diff_of(name: str) -> Diff | None:
    """What changed in a golden town since the visit before."""
    town, looks = golden_towns._TOWNS[name]()
    with TemporaryDirectory() as folder:
        path = Path(folder, "history.sqlite3")
        with open_history(path, create=True) as history:
            for look in looks:
                history.save(golden_towns.audited(town, look))
        span = Span()
        return compare(path, golden_towns.catalogue(), commune=town.id, span=span, now=golden_towns.NOW).diff


@cache
def written(name: str, occasion: Occasion = Occasion.ALWAYS) -> dict[str, Written]:
    """The mails of a golden town, by role."""
    made = letters(
        golden_towns.told(name),
        diff_of(name),
        catalogue=golden_towns.catalogue(),
        occasion=occasion,
        now=golden_towns.NOW,
    )
    return {each.role: each for each in made}


def seen(
    *changes: Change,
    findings: tuple[Finding, ...] = samples.BUSY,
    town: Town | None = None,
    today: date = samples.TODAY,
    compared: bool = True,
    remedies: Remedies = samples.REMEDIES,
) -> Seen:
    """What a mail is made from, about the made town."""
    place = town or samples.town(waivers=(samples.WAIVER,))
    plan = build_plan(findings, town=place, remedies=remedies, first_failed={}, today=today)
    state = TownState(place, samples.NOW, findings, (), (samples.summary_of("outside"),))
    diff = Diff(place.id, samples.NOW - timedelta(days=7), samples.NOW, False, changes) if compared else None
    view = build_view(state, plan, remedies=remedies, fiches=samples.FICHES, today=today)
    view = replace(view, changes=changes_view(diff, titles=samples.QUESTIONS))
    return Seen(view, state, diff, samples.QUESTIONS, today)


def change(
    transition: Transition,
    found: Finding | None = None,
    *,
    was: Status | None = None,
    appeared: tuple[Item, ...] = (),
    gone: tuple[Item, ...] = (),
    **others: object,
) -> Change:
    """What became of one finding of the made town, the first one unless said otherwise."""
    after = found or samples.BUSY[0]
    made = Change(
        identity=after.identity, check=after.check, asset=after.asset, asset_name=after.asset_name,
        transition=transition, before=None, after=after, was=was, appeared=appeared, gone=gone, last_known=None,
        accepted=False, late=None, by_rules=None,
    )  # fmt: skip
    return replace(made, **others)  # type: ignore[arg-type]


def mended(found: Finding) -> Finding:
    return replace(found, verdict=Verdict(Status.PASS, "En ordre."), contradiction=False)
