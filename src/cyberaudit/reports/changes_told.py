"""What changed, on a terminal, in Markdown, and in JSON for machines."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from cyberaudit import french
from cyberaudit.french import NBSP
from cyberaudit.frozen import frozen
from cyberaudit.history.diff import Diff
from cyberaudit.history.transitions import Change
from cyberaudit.model import Item
from cyberaudit.plaintext import clean
from cyberaudit.reports.changes import ChangesView
from cyberaudit.reports.layout import Line, Sheet
from cyberaudit.reports.markdown_text import escaped, inline
from cyberaudit.reports.terminal import SIMPLE_UNDER

SCHEMA_VERSION = 1
SEEN = "Relevé"
Json = dict[str, object]


@frozen
class Page:
    """What is told, whatever the format."""

    commune: str
    """The town's id."""
    name: str
    diff: Diff | None
    """None: nothing older is stored."""
    view: ChangesView

    @property
    def title(self) -> str:
        return french.typeset(f"Ce qui a changé : {clean(self.name)}")


def render(page: Page, *, width: int, simple: bool) -> str:
    """Lines of at most `width` cells, ending with a line break."""
    sheet = Sheet(width=width, simple=simple or width < SIMPLE_UNDER)
    return "\n".join(line.plain.rstrip() for line in _lines(page, sheet)) + "\n"


def _lines(page: Page, sheet: Sheet) -> Iterator[Line]:
    yield from sheet.paragraph(page.title)
    yield from sheet.paragraph(page.view.sentence)
    for section in page.view.sections:
        yield sheet.blank()
        yield from sheet.heading(section.title)
        if section.remark:
            yield from sheet.paragraph(section.remark)
        for line in section.lines:
            yield from sheet.paragraph(line.sentence, first="- ")
            if line.seen:
                yield from sheet.labelled(SEEN, line.seen, indent="  ")


def markdown(page: Page) -> str:
    """The same, for a wiki or a ticket."""
    lines = [f"# {inline(page.title)}", "", escaped(page.view.sentence)]
    for section in page.view.sections:
        lines += ["", f"## {inline(section.title)}", ""]
        lines += [escaped(section.remark), ""] if section.remark else []
        for line in section.lines:
            seen = f" *{SEEN}{NBSP}: {inline(line.seen)}*" if line.seen else ""
            lines.append(f"- {inline(line.sentence)}{seen}")
    return "\n".join(lines) + "\n"


def as_json(page: Page) -> str:
    """Every row, the unchanged ones too: keys sorted, so that the same diff is the same text."""
    diff, view = page.diff, page.view
    document = {
        "schema_version": SCHEMA_VERSION,
        "commune": page.commune,
        "since": _stamp(diff.since) if diff else None,
        "until": _stamp(diff.until) if diff else None,
        "regression": diff is not None and diff.has_regression,
        "rules_changed": diff is not None and diff.rules_changed,
        "sentence": view.sentence,
        "counts": asdict(view.counts),
        "sections": [asdict(section) for section in view.sections],
        "changes": [_row(change) for change in (diff.changes if diff else ())],
    }
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _row(change: Change) -> Json:
    last = change.last_known
    return {
        "identity": change.identity,
        "check": change.check,
        "asset": change.asset,
        "asset_name": change.asset_name,
        "transition": change.transition,
        "regression": change.is_regression,
        "was": change.was,
        "before": change.before.status if change.before else None,
        "after": change.after.status if change.after else None,
        "appeared": [_item(item) for item in change.appeared],
        "gone": [_item(item) for item in change.gone],
        "last_known": {"status": last.status, "on": last.on.isoformat()} if last else None,
        "accepted": change.accepted,
        "late": change.late,
        "by_rules": change.by_rules,
    }


def _item(item: Item) -> Json:
    return {"key": item.key, "status": item.status, "text": item.text}


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
