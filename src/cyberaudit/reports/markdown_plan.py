"""The calendar, the money, what is to be arbitrated, what changed and whom to ask, in Markdown."""

from collections.abc import Iterator

from cyberaudit import french
from cyberaudit.french import NBSP
from cyberaudit.reports import why
from cyberaudit.reports.markdown_text import escaped, inline, table, with_links
from cyberaudit.reports.words import ActionView, ReportView

Lines = Iterator[str]


def calendar(view: ReportView) -> Lines:
    """A row an action, quarter by quarter."""
    by_rank = {each.rank: each for each in (*view.urgent, *view.next_actions)}
    rows = [_row(quarter.label, by_rank[rank]) for quarter in view.calendar for rank in quarter.actions]
    if rows:
        yield from ("", "## Calendrier", "")
        yield from table(("Trimestre", "Action", "Qui", "Coût", "Échéance"), rows)


def _row(quarter: str, action: ActionView) -> tuple[str, ...]:
    date = f"{action.deadline}, {action.standing_sentence}"
    told = (quarter, f"{action.rank}. {action.title}", action.who_short, action.cost_short, date)
    return tuple(inline(each) for each in told)


def arbitrations(view: ReportView) -> Lines:
    """What no quarter holds, why, and the three ways."""
    if not view.to_arbitrate:
        return
    yield from ("", "## À arbitrer par le maire", "")
    for each in view.to_arbitrate:
        yield f"- **{inline(f'{each.rank}. {each.title}')}** ({inline(each.cost)}){NBSP}: {inline(each.why)}"
        yield from (f"  - {escaped(option)}" for option in each.options)


def money(view: ReportView) -> Lines:
    """A row a year, then everything together."""
    if not view.budget.years:
        return
    yield from ("", "## Budget", "")
    rows = [
        tuple(inline(each) for each in (f"{year.year}", year.amount, year.detail, year.limit, year.target))
        for year in view.budget.years
    ]
    yield from table(("Année", "Dépense", "Détail", "Plafond", "Niveau visé"), rows)
    if view.budget.sentence:
        yield from ("", escaped(view.budget.sentence))


def changes(view: ReportView) -> Lines:
    """How many, in one sentence; nothing when nobody looked into the history."""
    if view.changes is None:
        return
    yield from ("", f"**{inline(view.changes.sentence)}**", "")


def changes_in_full(view: ReportView) -> Lines:
    """Section by section, a line a change."""
    for section in view.changes.sections if view.changes else ():
        yield from ("", f"## {inline(section.title)}", "")
        if section.remark:
            yield from (escaped(section.remark), "")
        yield from (f"- {escaped(f'{line.sentence} {line.seen}'.rstrip())}" for line in section.lines)


def trend(view: ReportView) -> Lines:
    """The level over time, a row a control."""
    if view.trend is None:
        return
    yield from ("", "## Le niveau au fil du temps", "", escaped(view.trend.sentence), "")
    rows = [(french.day(each.day), f"{each.low}", f"{each.high}", each.word) for each in view.trend.points]
    yield from table(("Jour", "Au moins", "Au plus", "En un mot"), rows)


def contacts(view: ReportView) -> Lines:
    """Whom to ask, attack first."""
    yield from ("", "## À qui s'adresser", "")
    for each in view.whom:
        reach = [inline(each.phone)] if each.phone else []
        reach += [with_links(each.url)] if each.url else []
        after = f" — {', '.join(reach)}" if reach else ""
        yield f"- **{inline(each.name)}**{NBSP}: {inline(each.what)}{after}"


def weights(view: ReportView) -> Lines:
    """Where the number comes from."""
    if view.weights:
        yield ""
        rows = [(inline(each.title), f"{len(each.points)}", inline(each.sentence)) for each in view.weights]
        yield from table(("Mesure", "Points", "Apport au niveau"), rows)
        yield from ("", escaped(why.division(view.weights, view.level)))
