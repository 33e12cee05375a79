"""One mail as values: what every format of it tells, each sentence ready in French, none that must stay inside."""

from collections.abc import Mapping
from datetime import date, datetime

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.history.diff import Diff
from cyberaudit.history.state import TownState, zone_of
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.mail_words import name_of, nothing_changed, told
from cyberaudit.reports.unreached import Unreached
from cyberaudit.reports.words import ActionView, PointView, ReportView

# Ours: three days of grace after a weekly control, as `status` has it.
FRESH_DAYS = 10


@frozen
class Entry:
    """One thing to read together."""

    points: tuple[str, ...]
    """What it is about, a sentence or two each; at least one."""
    facts: tuple[tuple[str, str], ...] = ()
    """« Pourquoi », and what follows the colon."""
    steps: tuple[str, ...] = ()
    """To be done in this order."""
    detail: str = ""
    """What stands below without a label; may be empty."""


@frozen
class MailSection:
    """A heading and what stands below."""

    title: str
    remark: str
    """May be empty."""
    entries: tuple[Entry, ...]
    closing: str = ""
    """« Et 28 autres points, dans le rapport. »; may be empty."""


@frozen
class MailView:
    """The whole mail."""

    subject: str
    title: str
    lead: tuple[str, ...]
    """Paragraphs."""
    sections: tuple[MailSection, ...]
    footer: tuple[str, ...]


@frozen
class Seen:
    """What a weekly mail is made from."""

    view: ReportView
    """Its `changes` are those of `diff`."""
    state: TownState
    diff: Diff | None
    """None: nothing to compare with."""
    titles: Mapping[str, str]
    """The question of each check, by id."""
    today: date
    """In the town's zone."""
    unreached: tuple[Unreached, ...] = ()
    """Whom no mail reaches."""

    @property
    def changes(self) -> ChangesView:
        found = self.view.changes
        assert found is not None, "the caller gave the changes of the diff"
        return found

    @property
    def actions(self) -> tuple[ActionView, ...]:
        return (*self.view.urgent, *self.view.next_actions)

    @property
    def is_still(self) -> bool:
        """Nothing changed at all since the last mail."""
        return self.diff is not None and nothing_changed(self.changes.counts)

    @property
    def last_began(self) -> datetime:
        """When the last control began, in the town's zone."""
        began = max((each.started_at for each in self.state.audits), default=self.state.as_of)
        return began.astimezone(zone_of(self.state.town))

    @property
    def days_without(self) -> int:
        """Days since the last control, once they are too many; else 0."""
        days = (self.today - self.last_began.date()).days
        return days if days > FRESH_DAYS else 0

    @property
    def late(self) -> tuple[ActionView, ...]:
        """The actions whose date is past."""
        return tuple(each for each in self.actions if each.due is not None and each.due < self.today)


def named(asset: str, name: str) -> str:
    """« Disque de sauvegarde — », before a question about it; empty when the question says it all."""
    shown = name_of(asset, name)
    return f"{shown} — " if shown else ""


def asked(point: PointView) -> str:
    """The thing and the question."""
    return f"{named(point.asset, point.asset_name)}{point.question}"


def left_out(many: int, one: str, more: str) -> str:
    """« Et 28 autres points, dans le rapport. »; empty when nothing was cut."""
    return told(f"Et {french.count(many, one, more)}, dans le rapport.") if many > 0 else ""
