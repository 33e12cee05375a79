"""How text is written in Markdown (CommonMark, and the tables of GitHub) so that it is read as text."""

import re
from collections.abc import Iterable, Sequence

from cyberaudit.reports.point_lines import line

# CommonMark 0.31 §2.4: a backslash takes its meaning from any punctuation. The dollar is for GitHub's formulas.
_ANYWHERE = re.compile(r"[\\`*_\[\]<>#|~$]|&(?=#?\w)")
# §4.1, §4.3 and §5.2: what makes a list, a rule or a heading, only where a line begins.
_AT_THE_START = re.compile(r"^(?:[-+=:]|\d+(?=[.)]))")
# GitHub's own extension makes links of bare addresses.
_BARE_ADDRESS = re.compile(r"\b(?:https?|ftp)(?=://)|\bwww(?=\.)", re.IGNORECASE)
_ADDRESS = re.compile(r"(https://[^\s<>]+)")


def escaped(text: str) -> str:
    """One line that shows `text` itself, wherever it stands."""
    found = inline(text)
    start = _AT_THE_START.match(found)
    if start is None:
        return found
    after = start.end() if found[0].isdigit() else 0
    return f"{found[:after]}\\{found[after:]}"


def inline(text: str) -> str:
    """The same for what never begins a line: a heading, a cell, the rest of a sentence."""
    return _without_meaning(line(text))


def with_links(text: str) -> str:
    """The same for a text of ours: its web addresses can be followed."""
    parts = _ADDRESS.split(line(text))
    # An expression with one group: every other part is what it matched.
    return "".join(f"<{part}>" if odd % 2 else _without_meaning(part) for odd, part in enumerate(parts))


def _without_meaning(text: str) -> str:
    found = _ANYWHERE.sub(lambda match: f"\\{match[0]}", text)
    return _BARE_ADDRESS.sub(lambda match: f"{match[0]}\\", found)


def code(text: str) -> str:
    """`text` in a code span; empty for none."""
    shown = line(text)
    if not shown:
        return ""
    fence = "`" * (_longest_run(shown) + 1)
    # §6.1: one space inside each fence is not shown.
    gap = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{gap}{shown}{gap}{fence}"


def code_block(lines: Sequence[str], *, indent: str) -> list[str]:
    """Lines to be pasted, apart from what is around."""
    shown = [line(each) for each in lines]
    fence = "`" * max(3, *(_longest_run(each) + 1 for each in shown))
    return ["", *(f"{indent}{each}" for each in (fence, *shown, fence)), ""]


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Cells already written as Markdown."""
    return [_row(head), _row(["---"] * len(head)), *(_row(row) for row in rows)]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall(r"`+", text)), default=0)
