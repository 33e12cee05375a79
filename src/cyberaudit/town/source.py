"""The text of a profile and where each of its values stands."""

import unicodedata
from collections.abc import Mapping

from cyberaudit.errors import Place, Problem
from cyberaudit.frozen import frozen

Trail = tuple[str | int, ...]
"""The way to one value: `("hosts", 1, "addresses")`; list positions start at 0."""

Plain = None | bool | int | float | str
Tree = Plain | list["Tree"] | dict[str, "Tree"]

_LONGEST_SHOWN_LINE = 160
_INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@frozen
class Mark:
    """A spot in the text; line and column start at 1."""

    line: int
    column: int


TOP = Mark(1, 1)


@frozen
class Page:
    """The text of one file."""

    file: str
    text: str
    lines: tuple[str, ...]

    def place(self, mark: Mark) -> Place:
        return Place(self.file, mark.line, mark.column)

    def problem(self, sentence: str, mark: Mark, trail: Trail = ()) -> Problem:
        return Problem(sentence, self.place(mark), spoken(trail), self._shown_line(mark))

    def _shown_line(self, mark: Mark) -> str:
        """The line, each unsafe character as one space so that the caret stays under its column."""
        if mark.line > len(self.lines) or mark.column > _LONGEST_SHOWN_LINE:
            return ""
        return "".join(
            " " if unicodedata.category(char) in _INVISIBLE else char
            for char in self.lines[mark.line - 1][:_LONGEST_SHOWN_LINE]
        ).rstrip()


@frozen
class Source:
    """A profile as written: plain values, and the place of each."""

    page: Page
    tree: dict[str, Tree]
    marks: Mapping[Trail, Mark]
    """Where each value begins."""
    key_marks: Mapping[Trail, Mark]
    """Where the key of each value begins; list elements have none."""
    written: Mapping[Trail, str]
    """Each scalar as written, before it became a number."""
    problems: tuple[Problem, ...]
    """What is wrong and did not stop the reading: a key written twice."""

    def mark(self, trail: Trail) -> Mark:
        """Where the value begins; the nearest value around it when it is not written."""
        while trail and trail not in self.marks:
            trail = trail[:-1]
        return self.marks.get(trail, TOP)

    def place(self, trail: Trail) -> Place:
        return self.page.place(self.mark(trail))

    def problem(self, sentence: str, trail: Trail) -> Problem:
        """Something wrong with the value."""
        return self.page.problem(sentence, self.mark(trail), trail)

    def key_problem(self, sentence: str, trail: Trail) -> Problem:
        """Something wrong with the key itself, told of the block that holds it."""
        return self.page.problem(sentence, self.key_marks.get(trail) or self.mark(trail), trail[:-1])


def spoken(trail: Trail) -> str:
    """« vpn, 1er élément, mfa »."""
    return ", ".join(_spoken_step(step) for step in trail)


def _spoken_step(step: str | int) -> str:
    if isinstance(step, str):
        return step
    return "1er élément" if step == 0 else f"{step + 1}e élément"
