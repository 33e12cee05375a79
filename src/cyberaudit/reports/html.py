"""The report as one HTML file: readable aloud, on paper, on a telephone and at night, without a line of JavaScript."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.plan.words import Word
from cyberaudit.reports import charts
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.change_words import ChangesView
from cyberaudit.reports.charts import Chart
from cyberaudit.reports.glossary_of import glossary_of
from cyberaudit.reports.page_text import visible
from cyberaudit.reports.port_words import evidence_words
from cyberaudit.reports.rule_items import is_technical
from cyberaudit.reports.theme_points import by_theme, said, told_items
from cyberaudit.reports.to_publish import is_to_publish, pasted
from cyberaudit.reports.words import ActionView, DoorView, HostDoorsView, Mark, PointView, ReportView

_TEMPLATES = files("cyberaudit.reports") / "templates"
_SIGN_BEFORE_TAG = re.compile(r" (?=[:;!?»]<)")
# Ours: several times what any machine of a town shows; a hostile one must not fill the report.
MOST_DOORS = 100
TONES = {
    Mark.TO_FIX: "bad",
    Mark.TO_IMPROVE: "middling",
    Mark.IN_ORDER: "good",
    Mark.TO_CHECK: "check",
    Mark.NOT_APPLICABLE: "off",
}
WORD_TONES = {
    Word.FRAGILE: "bad",
    Word.TO_STRENGTHEN: "middling",
    Word.SOLID: "good",
    Word.VERY_SOLID: "good",
    Word.TO_COMPLETE: "check",
    Word.NOT_ASSESSED: "check",
}


def render(view: ReportView) -> str:
    """The whole report; texts of others are escaped, and no address but a confirmed one becomes a link."""
    return _template().render(
        view=view,
        contents=_contents(view),
        by_rank={each.rank: each for each in (*view.urgent, *view.next_actions)},
        remarks=_remarks(view),
        questions=questions_by_person(view),
        by_theme=list(by_theme(view)),
        doors=open_doors(view),
        glossary=glossary_of(view),
        gauge=_safe(charts.gauge(view.level, WORD_TONES[view.level.word])),
        trend=_drawn(charts.trend(view.trend.points)) if view.trend else None,
        sparklines={each.theme: _safe(charts.sparkline(each.trend.points)) for each in view.theme_trends},
        money=_drawn(charts.money(view.budget.years)),
        bars={each.theme: _safe(charts.theme(each)) for each in view.themes},
    )


def _safe(svg: str) -> Markup:
    """The drawing is ours, made of numbers: it is not escaped again."""
    return Markup(svg)  # noqa: S704 - see the line above


def _drawn(chart: Chart) -> dict[str, str]:
    """Its words are escaped as any other."""
    return {"svg": _safe(chart.svg), "words": chart.words}


def render_changes(title: str, view: ChangesView) -> str:
    """What changed, as a page of its own: the same sentences as on a terminal."""
    return _environment().get_template("changes.html").render(title=title, view=view)


def _template() -> Template:
    return _environment().get_template("report.html")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_source),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        cache_size=4,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "tone": TONES.__getitem__,
        "word_tone": WORD_TONES.__getitem__,
        "euros": french.euros,
        "local_day": french.day,
        "points": _points,
        "in_sentence": after_colon,
        "meanwhile": meanwhile,
        "said": said,
        "told_items": told_items,
        "to_paste": to_paste,
        "proofs": _proofs,
    }
    # The style sheet stands in the page: the file needs no other.
    environment.globals["style"] = Markup(_text("report.css"))  # noqa: S704 - our own file
    return environment


def _shown(value: object) -> object:
    """Everything the template writes passes here, then is escaped."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _source(name: str) -> str:
    # Non-breaking spaces before the high signs of our own words, as everywhere else.
    return french.typeset(_SIGN_BEFORE_TAG.sub(french.NBSP, _text(name)))


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


def _points(count: int) -> str:
    return french.count(count, "point")


def meanwhile(action: ActionView) -> str:
    """« En attendant, avant le 28 novembre »: what stands before the stopgap and its colon."""
    return f"En attendant, {action.stopgap_deadline}" if action.stopgap_deadline else "En attendant"


def _contents(view: ReportView) -> list[tuple[str, str]]:
    """Anchor and title of the parts that a reader looks for, in the order of the page."""
    found = (
        ("a-faire", "À faire tout de suite", True),
        ("ensuite", "Les actions suivantes", bool(view.next_actions)),
        ("arbitrer", "À arbitrer", bool(view.to_arbitrate)),
        ("calendrier", "Calendrier", bool(view.calendar)),
        ("budget", "Budget", bool(view.budget.years)),
        ("changements", "Ce qui a changé", bool(view.changes and view.changes.sections)),
        ("themes", "Par thème", bool(view.themes)),
        ("questions", "Questions sans réponse", bool(view.questions)),
        ("aide", "À qui s'adresser", True),
        ("points", "Tous les points", bool(view.points)),
        ("methode", "Calcul du niveau", True),
        ("mots", "Les mots difficiles", bool(glossary_of(view))),
    )
    return [(anchor, title) for anchor, title, there in found if there]


def _remarks(view: ReportView) -> list[tuple[str, str, Sequence[object]]]:
    """Title, anchor, and what is told one by one."""
    found = (
        ("Ce qui n'a pas pu être vérifié", "non-verifie", view.not_seen),
        ("Risques acceptés", "acceptes", view.waivers),
    )
    return [each for each in found if each[2]]


def questions_by_person(view: ReportView) -> dict[str, list[str]]:
    """« Pour un élu » and what only an élu can say: a list to hand over."""
    found: dict[str, list[str]] = {}
    for each in view.questions:
        found.setdefault(f"Pour {each.whom}", []).append(each.question)
    return found


def to_paste(point: PointView) -> list[tuple[str, str]]:
    """Of an open point, the lines to publish as they are."""
    if not point.status.is_open:
        return []
    found = (
        (each.label, "\n".join(pasted(each.value))) for each in point.evidence if is_to_publish(each.label)
    )
    return [(label, text) for label, text in found if text]


def _proofs(point: PointView) -> list[tuple[str, str]]:
    """What the contractor can see again."""
    shown = [each for each in point.evidence if not (point.status.is_open and is_to_publish(each.label))]
    proofs = [(each.label, evidence_words(each.label, each.value)) for each in shown]
    proofs += [
        (f"détail {each.key}", f"{each.text} ({each.mark})") for each in point.items if is_technical(each.key)
    ]
    codes = (("code", point.reason), ("contrôle", point.check), ("identité", point.identity))
    return proofs + [(label, value) for label, value in codes if value]


@frozen
class OpenDoors:
    """A host with an open door."""

    name: str
    sentences: list[str]
    """A sentence a door."""


def open_doors(view: ReportView) -> list[OpenDoors]:
    """Beside the points: which doors are open, and whether that was meant."""
    return [OpenDoors(host.name, _host(host)) for host in view.doors.hosts if host.doors]


def _host(host: HostDoorsView) -> list[str]:
    told = [*host.remarks, *(_door(each) for each in host.doors[:MOST_DOORS])]
    left = len(host.doors) - MOST_DOORS
    if left > 0:
        told.append(
            f"Et {french.count(left, 'autre porte ouverte', 'autres portes ouvertes')} : rapport en JSON."
        )
    return [french.typeset(each) for each in told]


def _door(door: DoorView) -> str:
    answers = f" Ce qui répond : {door.answers}." if door.answers else ""
    seen = " ".join(each.sentence for each in door.seen)
    return f"{door.name} ({door.port}), {door.intent_sentence}. {seen}{answers}"
