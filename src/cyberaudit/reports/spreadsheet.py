"""The points as a table that a French spreadsheet opens at a double click: CSV, a row a point.

Cells are parted by « ; »: a spreadsheet set to French takes the comma for a decimal sign and would leave each row
in one cell. UTF-8 begins with its mark, without which Excel reads Windows-1252. Lines end with CR LF (RFC 4180).
A cell that a spreadsheet would compute begins with an apostrophe.
"""

import csv
import re
from collections.abc import Iterator
from datetime import UTC
from io import StringIO

from cyberaudit.plaintext import clean
from cyberaudit.reports import point_lines
from cyberaudit.reports.themes import theme_name
from cyberaudit.reports.words import PointView, ReportView

HEAD = (
    "identité",
    "thème",
    "contrôle",
    "question",
    "objet",
    "nom",
    "état",
    "statut",
    "constat",
    "détails",
    "preuves",
    "code",
    "risque",
    "gravité",
    "vraisemblance",
    "origine",
    "fondement",
    "contredit",
    "accepté",
    "vu depuis",
    "vu le",
    "depuis la dernière fois",
    "mesure",
    "action",
    "sources",
)
MARK = "\ufeff"
SEPARATOR = ";"
BETWEEN = " | "
"""Between the details of one cell: a line break there confuses programs that read line by line."""
# « Excel specifications and limits »: 32,767 characters a cell.
_LONGEST_CELL = 32_000
# OWASP, « CSV Injection »: = + - @ and their full-width forms; tabulations and line ends are already out.
_COMPUTED = re.compile(r"\s*[=+\-@＝＋－＠]")
# An identity such as « 12345678e1234567 » would be shown, and kept, as a power of ten.
_NUMBER = re.compile(r"\d+([.,e]\d+)?", re.IGNORECASE)


def render(view: ReportView) -> str:
    """The table, with its mark and its head."""
    out = StringIO()
    out.write(MARK)
    table = csv.writer(out, delimiter=SEPARATOR, lineterminator="\r\n")
    table.writerow(HEAD)
    table.writerows([_cell(value) for value in _row(point)] for point in view.points)
    return out.getvalue()


def _row(point: PointView) -> Iterator[str | int]:
    yield from (point.identity, theme_name(point.theme), point.check, point.question)
    yield from (point.asset, point.asset_name, point.mark, point.status, point_lines.sentence(point))
    yield BETWEEN.join(map(point_lines.detail, point_lines.details(point)))
    yield BETWEEN.join(f"{label} = {value}" for label, value in point_lines.proofs(point))
    yield from (point.reason, point.risk, point.impact, point.likelihood)
    yield from (point.stands_on, point.basis, _yes(said=point.contradiction), _yes(said=point.waived))
    yield from (point.place, f"{point.seen_at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    yield from (point.since_last_word, point.measure, point.measure_title)
    yield BETWEEN.join(map(point_lines.cited, point.sources))


def _yes(*, said: bool) -> str:
    return "oui" if said else "non"


def _cell(value: str | int) -> str | int:
    if isinstance(value, int):
        return value
    text = clean(value, limit=_LONGEST_CELL)
    return f"'{text}" if _COMPUTED.match(text) or _NUMBER.fullmatch(text) else text
