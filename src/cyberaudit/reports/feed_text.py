"""The Atom feed of the weekly changes (RFC 4287): what one entry says, and the whole file."""

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from uuid import NAMESPACE_URL, uuid5

from cyberaudit import french
from cyberaudit.declared import Town
from cyberaudit.frozen import frozen
from cyberaudit.reports.change_words import ChangesView, Section
from cyberaudit.reports.mail_words import told

MOST_ENTRIES = 50
_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="fr">'
_TITLE = "Cybersécurité de la commune : ce qui change"


@frozen
class Entry:
    """What one control changed in one town."""

    id: str
    """`urn:uuid:…`, the same whenever the same control is told again."""
    title: str
    updated: datetime
    """Aware."""
    lines: tuple[str, ...]
    commune: str
    """The town's id, that no reader sees: what is told of a town is forgotten with it."""


def entry_id(commune: str, audit: str) -> str:
    return uuid5(NAMESPACE_URL, f"cyberaudit {commune} {audit}").urn


def entry(town: Town, view: ChangesView, *, audit: str, at: datetime) -> Entry:
    """What the control `audit` changed: titles and sentences, neither what was seen nor any address."""
    lines = [view.sentence]
    for section in view.sections:
        if section.section is not Section.LATE:
            lines += [f"{section.title}{french.NBSP}:", *(f"- {line.sentence}" for line in section.lines)]
    return Entry(
        id=entry_id(town.id, audit),
        title=told(f"{town.commune.name} : {view.sentence}"),
        updated=at,
        lines=tuple(told(line) for line in lines),
        commune=town.id,
    )


def atom(entries: Sequence[Entry], *, updated: datetime) -> str:
    """The whole feed, newest entry first, 50 at most."""
    newest = sorted(entries, key=lambda each: (each.updated, each.id), reverse=True)[:MOST_ENTRIES]
    lines = [
        _HEAD,
        f"  <id>{uuid5(NAMESPACE_URL, 'cyberaudit feed').urn}</id>",
        f"  <title>{escape(french.typeset(_TITLE))}</title>",
        f"  <updated>{_stamp(updated)}</updated>",
        "  <author><name>cyberaudit</name></author>",
        *(line for each in newest for line in _lines(each)),
        "</feed>",
    ]
    return "\n".join(lines) + "\n"


def _lines(told: Entry) -> tuple[str, ...]:
    return (
        "  <entry>",
        f"    <id>{escape(told.id)}</id>",
        f"    <title>{escape(told.title)}</title>",
        f"    <updated>{_stamp(told.updated)}</updated>",
        f'    <content type="text">{escape(chr(10).join(told.lines))}</content>',
        "  </entry>",
    )


def _stamp(moment: datetime) -> str:
    """RFC 3339."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


__all__ = ["MOST_ENTRIES", "Entry", "atom", "entry", "entry_id"]
