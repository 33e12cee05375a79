"""A mail as plain text, for readers that show nothing else, and for those who want nothing else."""

from collections.abc import Iterator

from cyberaudit.french import NBSP
from cyberaudit.reports.mail_view import Entry, MailSection, MailView
from cyberaudit.reports.wrap import wrap

# RFC 3676 §4.2 advises 78 characters at most; a few are left for the signs of answers.
WIDTH = 72


def render(mail: MailView) -> str:
    """Lines of `WIDTH` cells at most, web addresses aside, ended by a line feed."""
    blocks = [[mail.title], *([line] for line in mail.lead)]
    lines = [line for block in blocks for each in block for line in (*wrap(each, WIDTH), "")]
    for section in mail.sections:
        lines += (*_section(section), "")
    lines.append("--" * 4)
    for each in mail.footer:
        lines += wrap(each, WIDTH)
    return "\n".join(lines) + "\n"


def _section(section: MailSection) -> Iterator[str]:
    title = wrap(section.title, WIDTH)
    yield from title
    yield "-" * max(map(len, title))
    if section.remark:
        yield from wrap(section.remark, WIDTH)
    before = None
    for entry in section.entries:
        # One line each is a list; more than that needs air.
        if before is not None and (_is_long(entry) or _is_long(before)):
            yield ""
        yield from _entry(entry)
        before = entry
    if section.closing:
        if before is not None and _is_long(before):
            yield ""
        yield from wrap(section.closing, WIDTH)


def _is_long(entry: Entry) -> bool:
    return bool(entry.facts or entry.detail)


def _entry(entry: Entry) -> Iterator[str]:
    for point in entry.points:
        yield from wrap(point, WIDTH, first="- ")
    if entry.detail:
        yield from wrap(entry.detail, WIDTH, first="  ")
    for label, text in entry.facts:
        yield from wrap(f"{label}{NBSP}: {text}", WIDTH, first="  ", rest="    ")
    for number, step in enumerate(entry.steps, 1):
        yield from wrap(step, WIDTH, first=f"  {number}. ")
