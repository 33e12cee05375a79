"""A paper to print, fill in and sign: pages of eighty columns and sixty lines, or one HTML file for A4."""

from collections.abc import Iterator, Sequence
from html import escape

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.reports.wrap import wrap

# Ours: what a printer puts on A4 in a font of ten points, with margins to file it.
WIDTH = 80
LINES = 60
PAGE_BREAK = "\f"
BLANK = "_"


@frozen
class Entry:
    """One thing to fill in: boxes to tick, lines to write on."""

    text: str
    """The question, or what the boxes are about; may be empty."""
    notes: tuple[str, ...] = ()
    boxes: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    """Before each blank: « Date »."""
    reference: str = ""


@frozen
class Part:
    """Under one heading, sentences then things to fill in."""

    heading: str
    paragraphs: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    numbered: bool = False


@frozen
class Leaf:
    """What begins on a page of its own."""

    title: str
    parts: tuple[Part, ...]


@frozen
class Paper:
    """The whole, ready to be printed."""

    title: str
    footer: str
    """At the bottom of every page."""
    leaves: tuple[Leaf, ...]


SIGNED = Part("", entries=(Entry("", lines=("Nom et qualité", "Date", "Signature")),))
"""Who answers, when, and the signature."""

Block = list[str]
"""Lines that stay on one page."""


def as_text(paper: Paper) -> str:
    """Plain text: no line wider than `WIDTH`, no page longer than `LINES`, a form feed between two pages."""
    pages = [page for leaf in paper.leaves for page in _pages([_title(leaf.title), *_blocks(leaf)])]
    total = len(pages)
    return PAGE_BREAK.join(
        _page(page, f"{paper.footer} — page {at} sur {total}") for at, page in enumerate(pages, 1)
    )


def _title(text: str) -> Block:
    lines = wrap(french.typeset(text), WIDTH)
    return [*lines, "=" * min(WIDTH, max(map(len, lines)))]


def _blocks(leaf: Leaf) -> Iterator[Block]:
    for part in leaf.parts:
        head = wrap(french.typeset(part.heading), WIDTH) if part.heading else []
        head += [line for each in part.paragraphs for line in wrap(french.typeset(each), WIDTH)]
        for rank, entry in enumerate(part.entries, 1):
            lines = _entry(entry, f"{rank}. " if part.numbered else "")
            # A heading never ends a page.
            yield [*head, "", *lines] if head else lines
            head = []
        if head:
            yield head


def _entry(entry: Entry, number: str) -> Block:
    margin = " " * (len(number) or 2)
    lines = wrap(french.typeset(entry.text), WIDTH, first=number or margin, rest=margin) if entry.text else []
    for note in entry.notes:
        lines += wrap(french.typeset(note), WIDTH, first=margin)
    if entry.boxes:
        lines += wrap(f"{french.NBSP * 2} ".join(map(_box, entry.boxes)), WIDTH, first=margin)
    lines += [line for each in entry.lines for line in _to_write_on(each, margin)]
    return lines + (wrap(f"[{entry.reference}]", WIDTH, first=margin) if entry.reference else [])


def _box(word: str) -> str:
    """A box stays beside its word."""
    return f"[ ] {word}".replace(" ", french.NBSP)


def _to_write_on(label: str, margin: str) -> Block:
    head = french.typeset(f"{margin}{label} :")
    return ["", f"{head} {BLANK * (WIDTH - len(head) - 1)}"]


def _pages(blocks: Sequence[Block]) -> list[Block]:
    """Blocks one under the other, none cut unless it is longer than a page; two lines are left for the footer."""
    room, pages = LINES - 2, [Block()]
    for block in (part for each in blocks for part in _cut(each, room)):
        space = [""] if pages[-1] else []
        if len(pages[-1]) + len(space) + len(block) > room:
            pages.append(list(block))
        else:
            pages[-1] += [*space, *block]
    return pages


def _cut(block: Block, room: int) -> Iterator[Block]:
    yield from (block[start : start + room] for start in range(0, len(block), room))


def _page(lines: Block, footer: str) -> str:
    empty = [""] * (LINES - 1 - len(lines))
    return "\n".join([*lines, *empty, clean(footer, limit=WIDTH)]) + "\n"


_STYLE = """
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.45; }
body { max-width: 46rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-bottom: .2rem; }
fieldset { border: 1px solid; margin: 0 0 .8rem; padding: .4rem .8rem; break-inside: avoid; }
legend { font-weight: 600; padding: 0; float: left; width: 100%; }
legend + * { clear: both; }
p { margin: .2rem 0; } .boxes label { margin-right: 1.2rem; white-space: nowrap; }
.line { display: flex; gap: .5rem; margin: .6rem 0; align-items: baseline; }
.line input { flex: 1; min-width: 8rem; font: inherit; border: 0; border-bottom: 1px solid; background: none; }
input:focus-visible { outline: 2px solid; outline-offset: 2px; }
footer { font-size: .85rem; margin-top: 1rem; }
@page { size: A4; margin: 16mm; }
@media print { :root { font-size: 10pt; } body { padding: 0; max-width: none; } .leaf + .leaf { break-before: page; } }
"""


def as_html(paper: Paper) -> str:
    """One file without script nor image, each leaf on its own page once printed."""
    leaves = "\n".join(_leaf(leaf, rank) for rank, leaf in enumerate(paper.leaves, 1))
    return (
        f'<!DOCTYPE html>\n<html lang="fr">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_shown(paper.title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n{leaves}\n</main>\n"
        f"<footer><p>{_shown(paper.footer)}</p></footer>\n</body>\n</html>\n"
    )


def _shown(text: str) -> str:
    return escape(french.typeset(clean(text, limit=4000)))


def _leaf(leaf: Leaf, rank: int) -> str:
    level = "h1" if rank == 1 else "h2"
    inside = "h2" if rank == 1 else "h3"
    parts = "\n".join(_part(part, inside, f"{rank}-{place}") for place, part in enumerate(leaf.parts, 1))
    return f'<section class="leaf">\n<{level}>{_shown(leaf.title)}</{level}>\n{parts}\n</section>'


def _part(part: Part, heading: str, where: str) -> str:
    lines = [f"<{heading}>{_shown(part.heading)}</{heading}>"] if part.heading else []
    lines += [f"<p>{_shown(each)}</p>" for each in part.paragraphs]
    for rank, entry in enumerate(part.entries, 1):
        lines.append(_field(entry, f"{rank}. " if part.numbered else "", f"{where}-{rank}"))
    return "\n".join(lines)


def _field(entry: Entry, number: str, where: str) -> str:
    lines = [f"<legend>{number}{_shown(entry.text)}</legend>"] if entry.text else []
    lines += [f"<p>{_shown(note)}</p>" for note in entry.notes]
    boxes = (f'<label><input type="checkbox"> {_shown(each)}</label>' for each in entry.boxes)
    lines += [f'<p class="boxes">{" ".join(boxes)}</p>'] if entry.boxes else []
    for rank, label in enumerate(entry.lines, 1):
        name = f"l{where}-{rank}"
        lines.append(
            f'<p class="line"><label for="{name}">{_shown(label)}{french.NBSP}:</label>'
            f'<input id="{name}" type="text" autocomplete="off"></p>'
        )
    lines += [f"<p>[{_shown(entry.reference)}]</p>"] if entry.reference else []
    inside = "\n".join(lines)
    # A group needs a name: without one, a fieldset says nothing to a screen reader.
    return f"<fieldset>\n{inside}\n</fieldset>" if entry.text else f"<div>\n{inside}\n</div>"


def is_html(name: str) -> bool:
    """Whether the file asked for is HTML, by its ending."""
    return name.lower().endswith((".html", ".htm"))


def rendered(paper: Paper, name: str) -> str:
    """As the file's ending asks: HTML, or text."""
    return as_html(paper) if is_html(name) else as_text(paper)


__all__ = [
    "LINES", "PAGE_BREAK", "SIGNED", "WIDTH", "Entry", "Leaf", "Paper", "Part", "as_html", "as_text", "is_html",
    "rendered",
]  # fmt: skip
