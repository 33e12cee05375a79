"""How one point is told in plain lines, for the formats that draw nothing: SARIF, CSV, Markdown, JUnit."""

from collections.abc import Iterator

from cyberaudit.french import NBSP
from cyberaudit.model import Status
from cyberaudit.plaintext import clean
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.words import ItemView, PointView, ReportView, SourceView
from cyberaudit.reports.wrap import TEXT_LIMIT, wrap_fiche

# Ours: wider than any text may be, so that a paragraph stays one line.
_NEVER_FOLDED = 4 * TEXT_LIMIT


def line(text: str) -> str:
    """One line that no reader can take for an order: a stored scan may hold anything."""
    return clean(text, limit=TEXT_LIMIT)


def sentence(point: PointView) -> str:
    """What was seen; why nothing was, when nobody looked."""
    return line(point.sentence if point.looked else point.stands_on)


def named(point: PointView) -> str:
    """« Serveur de l'état civil (host/edge) »."""
    return f"{line(point.asset_name)} ({line(point.asset)})"


def details(point: PointView) -> tuple[ItemView, ...]:
    """The items that say more than the sentence; of what does not arise, none."""
    if point.status is Status.NOT_APPLICABLE:
        return ()
    return tuple(item for item in point.items if item.text != point.sentence)


def detail(item: ItemView) -> str:
    """« à corriger : le Bureau à distance répond. [tcp/3389] »."""
    key = "" if item.key in item.text else f" [{line(item.key)}]"
    return f"{item.mark}{NBSP}: {after_colon(line(item.text))}{key}"


def proofs(point: PointView) -> Iterator[tuple[str, str]]:
    """Each proof raw, as it can be seen again."""
    for each in point.evidence:
        yield line(each.label), line(each.value)


def paragraphs(fiche: str) -> list[str]:
    """One line a paragraph or list item of a fiche; its blank lines kept."""
    return wrap_fiche(fiche, _NEVER_FOLDED)


def accepted(point: PointView, view: ReportView) -> str:
    """Who accepted the risk of this point, until when and why."""
    return next(
        (line(each.sentence) for each in view.waivers if each.point == point.identity), sentence(point)
    )


def cited(source: SourceView) -> str:
    """« ANSSI, Recommandations … — https://… »."""
    return line(f"{source.text} — {source.url}" if source.url else source.text)


def one_of_each_check(view: ReportView) -> tuple[PointView, ...]:
    """The first point of each check, in the order of the report."""
    first: dict[str, PointView] = {}
    for point in view.points:
        first.setdefault(point.check, point)
    return tuple(first.values())
