"""The hard words of one report, with what they mean."""

from collections.abc import Iterator
from dataclasses import replace

from cyberaudit import french
from cyberaudit.reports.glossary import Term, terms_in
from cyberaudit.reports.words import ReportView


def glossary_of(view: ReportView) -> tuple[Term, ...]:
    """Those that occur in what a person reads first: the actions, the points, the questions."""
    return tuple(replace(each, meaning=french.typeset(each.meaning)) for each in terms_in(_texts(view)))


def _texts(view: ReportView) -> Iterator[str]:
    for action in (*view.urgent, *view.next_actions):
        yield from (
            action.title,
            action.why,
            action.stopgap,
            action.done_when,
            *action.steps,
            action.contractor,
        )
    for point in view.points:
        yield from (point.question, point.sentence)
    yield from (each.question for each in view.questions)
