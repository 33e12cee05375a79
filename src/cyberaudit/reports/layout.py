"""A sheet of terminal cells: headings, paragraphs, labelled lines, tables, with or without drawn lines."""

from collections.abc import Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.text import Text

from cyberaudit.french import NBSP
from cyberaudit.frozen import frozen
from cyberaudit.reports.wrap import wrap, wrap_fiche

WIDEST_COLUMN = 15
"""Cells; the flexible column aside."""
Line = Text
"""One line of the sheet, styled, without its line break."""


@frozen
class Sheet:
    """Where lines are laid out. Every text goes through `wrap`, which also makes it safe to show."""

    width: int
    simple: bool
    """No table, no bar, no drawn line."""

    def blank(self) -> Line:
        return Text("")

    def holds(self, text: str) -> bool:
        return cell_len(text) <= self.width

    def paragraph(
        self, text: str, *, first: str = "", rest: str | None = None, style: str = ""
    ) -> list[Line]:
        return [Text(line, style=style) for line in wrap(text, self.width, first=first, rest=rest)]

    def labelled(self, label: str, text: str, *, indent: str = "   ") -> list[Line]:
        """« Pourquoi : … », the label in bold."""
        head = f"{indent}{label}{NBSP}:"
        lines = self.paragraph(text, first=f"{head} ", rest=indent)
        lines[0].stylize("bold", len(indent), len(head))
        return lines

    def heading(self, title: str) -> list[Line]:
        """The title, followed by a rule up to the margin unless the sheet is simple."""
        lines = self.paragraph(title, style="bold")
        room = self.width - cell_len(lines[-1].plain) - 1
        if not self.simple and room > 0:
            lines[-1].append(f" {'─' * room}", style="dim")
        return lines

    def fiche(self, text: str, *, indent: str) -> list[Line]:
        return [Text(line) for line in wrap_fiche(text, self.width, indent=indent)]

    def arrows(self, rows: Sequence[tuple[str, str]]) -> list[Line]:
        """« Comprendre un point → cyberaudit explain … », arrows aligned."""
        widest = max((cell_len(label) for label, _ in rows), default=0)
        lines = []
        for label, command in rows:
            padding = "" if self.simple else " " * (widest - cell_len(label) + 2)
            arrow = " → " if self.simple else f"{padding}→  "
            lines += self.paragraph(command, first=label + arrow, rest="  ")
        return lines


def table(
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    sheet: Sheet,
    *,
    flexible: int,
    right: Sequence[int] = (),
) -> list[Line]:
    """Columns two cells apart: each as wide as its widest cell, `flexible` gets what is left.

    `right` are the columns aligned on their right. What is too wide for its column wraps. The head is bold.
    """
    wanted = [max(cell_len(row[place]) for row in (head, *rows)) for place in range(len(head))]
    widths = [min(width, WIDEST_COLUMN) for width in wanted]
    widths[flexible] = sheet.width - 1 - sum(w + 2 for place, w in enumerate(widths) if place != flexible)
    lines = []
    for number, row in enumerate((head, *rows)):
        cells = [wrap(cell, widths[place]) for place, cell in enumerate(row)]
        for parts in zip_longest(*cells, fillvalue=""):
            line = "  ".join(
                _padded(part, widths[place], right=place in right) for place, part in enumerate(parts)
            )
            lines.append(Text(f" {line}".rstrip(), style="" if number else "bold"))
    return lines


def _padded(text: str, width: int, *, right: bool) -> str:
    padding = " " * (width - cell_len(text))
    return padding + text if right else text + padding
