"""The points of a report by theme: what is to be dealt with in full, the rest put together by what they share."""

from collections.abc import Callable, Iterable, Iterator

from cyberaudit.frozen import frozen
from cyberaudit.model import Status
from cyberaudit.reports.rule_items import is_technical
from cyberaudit.reports.themes import theme_name
from cyberaudit.reports.words import ItemView, Mark, PointView, ReportView


@frozen
class CheckPoints:
    """Points that answer one and the same question."""

    question: str
    points: tuple[PointView, ...]


@frozen
class Line:
    """One point in a line."""

    text: str
    point: PointView


@frozen
class Together:
    """Points of one mark that share a sentence, said once."""

    shared: str
    """May be empty."""
    lines: tuple[Line, ...]


@frozen
class Short:
    """The points of one mark, a line each."""

    mark: Mark
    count: int
    groups: tuple[Together, ...]


@frozen
class ThemePoints:
    """Every point of one theme, each in one place only."""

    theme: str
    name: str
    told: tuple[CheckPoints, ...]
    """Open, or unknown with details."""
    short: tuple[Short, ...]
    """To verify, in order, not applicable: those that there are."""


def by_theme(view: ReportView) -> Iterator[ThemePoints]:
    """Worst first; last, the themes in which nothing applies."""
    themes = [each.theme for each in view.themes]
    for theme in dict.fromkeys((*themes, *(each.theme for each in view.points))):
        points = [each for each in view.points if each.theme == theme]
        told = [each for each in points if is_told(each)]
        rest = [each for each in points if not is_told(each)]
        yield ThemePoints(theme, theme_name(theme), tuple(_by_check(told)), tuple(_short(rest)))


def is_told(point: PointView) -> bool:
    """In full; the others in one line."""
    return point.status.is_open or (point.mark is Mark.TO_CHECK and bool(told_items(point)))


def told_items(point: PointView) -> list[ItemView]:
    """The detail that a person reads; codes and rules are in the proofs."""
    if point.status is Status.NOT_APPLICABLE:
        return []
    return [each for each in point.items if each.text != point.sentence and not is_technical(each.key)]


def said(point: PointView) -> str:
    """What was seen, or why nothing was; about what, unless the sentence names it."""
    text = point.sentence if point.looked else point.stands_on
    return text if point.asset_name in text else f"{point.asset_name} — {text}"


def _by_check(points: Iterable[PointView]) -> Iterator[CheckPoints]:
    found: dict[str, list[PointView]] = {}
    for each in points:
        found.setdefault(each.check, []).append(each)
    for same in found.values():
        yield CheckPoints(same[0].question, tuple(same))


def _short(points: list[PointView]) -> Iterator[Short]:
    for mark, shared, told in _WAYS:
        found = [each for each in points if each.mark is mark]
        if found:
            yield Short(mark, len(found), tuple(_together(found, shared=shared, told=told)))


def _together(
    points: list[PointView], *, shared: Callable[[PointView], str], told: Callable[[PointView], str]
) -> Iterator[Together]:
    found: dict[str, list[Line]] = {}
    for each in points:
        found.setdefault(shared(each), []).append(Line(told(each), each))
    for text, lines in found.items():
        yield Together(text, tuple(lines))


def _unknown(point: PointView) -> str:
    """Why, and what was tried."""
    return f"{point.sentence} {point.stands_on}".strip() if point.looked else point.stands_on


def _asked(point: PointView) -> str:
    return f"{point.question} ({point.asset_name})"


def _foundation(point: PointView) -> str:
    return point.stands_on


def _sentence(point: PointView) -> str:
    return point.sentence


def _question(point: PointView) -> str:
    return point.question if point.asset_name in point.sentence else _asked(point)


_WAYS = (
    (Mark.TO_CHECK, _unknown, _asked),
    (Mark.IN_ORDER, _foundation, said),
    (Mark.NOT_APPLICABLE, _sentence, _question),
)
"""Mark, what its points may share, and what each says by itself."""
