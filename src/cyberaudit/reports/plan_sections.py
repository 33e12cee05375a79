"""The plan on a terminal: what changed, the money year by year, what is to be arbitrated, the calendar, whom to ask."""

from collections.abc import Iterator, Sequence

from rich.text import Text

from cyberaudit import french
from cyberaudit.plan.words import Standing
from cyberaudit.reports import trend as trend_words
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.layout import Line, Sheet
from cyberaudit.reports.plan_words import ArbitrationView, YearView
from cyberaudit.reports.words import ActionView, ReportView

Section = list[Line]
_NBSP = french.NBSP


def money(view: ReportView, sheet: Sheet, *, most: int) -> Section:
    """The `most` next years with what each costs and the level it aims at; the others are named."""
    years = view.budget.years
    if not years:
        return sheet.paragraph(view.budget.ceiling) if view.budget.ceiling else []
    told, left = years[:most], years[most:]
    lines = sheet.heading(_heading(years))
    lines += _listed(told, sheet) if sheet.simple else _columns(told, sheet)
    if left:
        later = french.listed([f"{each.year}" for each in left])
        lines += sheet.paragraph(f"{later}{_NBSP}: option --all.", first=" ")
    return lines


def money_in_full(view: ReportView, sheet: Sheet) -> Section:
    """Every year, then the sum of all."""
    lines = money(view, sheet, most=len(view.budget.years))
    for sentence in filter(None, (view.budget.sentence, view.level.target_sentence)):
        lines += sheet.paragraph(sentence, first=" ")
    return lines


def _heading(years: tuple[YearView, ...]) -> str:
    """The ceiling once when it is the same for all the years to come; the present one has its own."""
    if not _same_ceiling(years):
        return "Budget"
    later = years[1:]
    choice = "choisi" if all(each.chosen for each in later) else "proposé"
    word = choice if len({each.chosen for each in later}) == 1 else ""
    limit = " ".join(filter(None, ("plafond", word)))
    return f"Budget ({limit}{_NBSP}: {french.euros(later[0].ceiling)} par an)"


def _same_ceiling(years: tuple[YearView, ...]) -> bool:
    return len({each.ceiling for each in years[1:]}) == 1


def _columns(years: tuple[YearView, ...], sheet: Sheet) -> Section:
    widest = max(len(each.amount) for each in years)
    told = [_spent(each, with_limit=not _same_ceiling(years) or _is_over(each)) for each in years]
    room = max(len(each) for each in told)
    rows = [
        f" {year.year}{_NBSP}: {year.amount:>{widest}}  {spent:<{room}}  → {year.target}"
        for year, spent in zip(years, told, strict=True)
    ]
    return [Text(row) for row in rows] if all(map(sheet.holds, rows)) else _listed(years, sheet)


def _is_over(year: YearView) -> bool:
    """An adopted date may break a ceiling: then it is always said."""
    return year.purchases + year.subscriptions > year.ceiling


def _spent(year: YearView, *, with_limit: bool) -> str:
    inside = ", ".join(filter(None, (year.detail, year.limit if with_limit else "")))
    return f"({inside})" if inside else ""


def _listed(years: tuple[YearView, ...], sheet: Sheet) -> Section:
    lines: Section = []
    for year in years:
        detail = f" ({year.detail})" if year.detail else ""
        text = f"{year.year}{_NBSP}: {year.amount}{detail}, {year.limit}. {year.target.capitalize()}."
        lines += sheet.paragraph(text, first=" ", rest="   ")
    return lines


# Ours: two names and a count make a line of a summary; the plan has them all.
_NAMED_ARBITRATIONS = 2


def arbitrations(view: ReportView, sheet: Sheet) -> Section:
    """One line for the summary: what the mayor has to decide, and what it costs."""
    if not view.to_arbitrate:
        return []
    named = [f"{after_colon(each.title)}, {each.cost}" for each in view.to_arbitrate[:_NAMED_ARBITRATIONS]]
    left = len(view.to_arbitrate) - len(named)
    more = [f"et {french.count(left, 'autre action', 'autres actions')} (option --all)"] if left else []
    text = f"{' ; '.join((*named, *more))}."
    return sheet.paragraph(french.typeset(text), first=f" À arbitrer par le maire{_NBSP}: ", rest="   ")


_SUMS = french.typeset(
    "Les sommes ne s'ajoutent pas : chacune compte ce que prennent d'abord les actions d'avant."
)


def arbitrations_in_full(view: ReportView, sheet: Sheet) -> Section:
    """Each of them and why; the ways that are the same for several are told once."""
    if not view.to_arbitrate:
        return []
    shared = _shared_options(view.to_arbitrate)
    lines = sheet.heading("À arbitrer par le maire")
    if sum("€" in each.why for each in view.to_arbitrate) > 1:
        lines += sheet.paragraph(_SUMS)
    for same in _alike(view.to_arbitrate):
        for each in same:
            lines += sheet.paragraph(f"{each.title} ({each.cost})", first=f"{each.rank}. ", style="bold")
        lines += sheet.paragraph(same[0].why, first="   ")
        lines += _ways([option for option in same[0].options if option not in shared], sheet)
    if shared:
        lines += sheet.paragraph(f"Les autres choix, pour chacune{_NBSP}:") + _ways(shared, sheet)
    return lines


def _alike(arbitrations: Sequence[ArbitrationView]) -> Iterator[list[ArbitrationView]]:
    """Those that the same cause keeps out, together, where the first of them stands.

    A sum that is missing, or an action that is awaited, is each one's own.
    """
    found: dict[tuple[str, tuple[str, ...], int], list[ArbitrationView]] = {}
    for each in arbitrations:
        is_its_own = "€" in each.why or "«" in each.why
        found.setdefault((each.why, each.options, each.rank if is_its_own else 0), []).append(each)
    yield from found.values()


def _shared_options(arbitrations: tuple[ArbitrationView, ...]) -> tuple[str, ...]:
    """The ways open to all of them, when they are several."""
    first, *others = arbitrations
    return tuple(way for way in first.options if others and all(way in each.options for each in others))


def _ways(options: Sequence[str], sheet: Sheet) -> Section:
    return [line for option in options for line in sheet.paragraph(option, first="   - ")]


PROPOSED = "Dates proposées, sauf celles dites adoptées par un élu."


def calendar(view: ReportView, sheet: Sheet) -> Section:
    """Quarter by quarter, what is due."""
    if not view.calendar:
        return []
    titles = {each.rank: each for each in (*view.urgent, *view.next_actions)}
    lines = sheet.heading("Calendrier")
    if any(each.standing is Standing.PROPOSED for each in titles.values()):
        lines += sheet.paragraph(PROPOSED, first=" ")
    for quarter in view.calendar:
        lines += sheet.paragraph(f"{quarter.label}{_NBSP}:", first=" ", style="bold")
        for rank in quarter.actions:
            lines += sheet.paragraph(_due(titles[rank]), first=f"   {rank}. ")
    return lines


def _due(action: ActionView) -> str:
    """A date that nobody adopted is the usual one: only the others are told apart."""
    if action.standing is Standing.PROPOSED:
        return f"{action.title}, {action.deadline}."
    return f"{action.title}, {action.deadline} ({action.standing_sentence})."


def trend(view: ReportView, sheet: Sheet) -> Section:
    """The level over time, in words."""
    if view.trend is None:
        return []
    lines = sheet.heading("Le niveau au fil du temps") + sheet.paragraph(view.trend.sentence, first=" ")
    for each in view.trend.points:
        level = f"{trend_words.told(each)} ({each.word.lower()})"
        lines += sheet.paragraph(f"{french.day(each.day)}{_NBSP}: {level}", first=" - ")
    return lines


def contacts(view: ReportView, sheet: Sheet) -> Section:
    """Whom to ask, attack first."""
    lines = sheet.heading("À qui s'adresser")
    for each in view.whom:
        reach = ", ".join(filter(None, (each.phone, each.url)))
        lines += sheet.paragraph(
            f"{each.name} — {each.what}{_NBSP}: {reach}" if reach else f"{each.name} — {each.what}",
            first=" - ",
        )
    return lines


def changes(view: ReportView, sheet: Sheet) -> Section:
    """What changed, section by section."""
    lines: Section = []
    for section in view.changes.sections if view.changes else ():
        lines += [sheet.blank()] if lines else []
        lines += sheet.heading(section.title)
        lines += sheet.paragraph(section.remark, first=" ") if section.remark else []
        for line in section.lines:
            lines += sheet.paragraph(f"{line.sentence} {line.seen}".rstrip(), first=" - ")
    return lines
