"""The report and the mayor's page as PDF: tagged for readers aloud (PDF/UA-1), the same bytes for the same report."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Any

from cyberaudit import french
from cyberaudit.errors import UsageError
from cyberaudit.french import NBSP
from cyberaudit.plan.words import Word
from cyberaudit.reports import html
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.change_words import SectionView
from cyberaudit.reports.documents import Document, cited_as, documents
from cyberaudit.reports.glossary_of import glossary_of
from cyberaudit.reports.mayor import mayor_page
from cyberaudit.reports.page_text import all_visible
from cyberaudit.reports.theme_points import Short, ThemePoints, by_theme, said, told_items
from cyberaudit.reports.words import ActionView, LevelView, Mark, PointView, RcpntView, ReportView

Data = dict[str, Any]
_TEMPLATES = files("cyberaudit.reports") / "templates"
_MISSING = "Le PDF demande un module de plus. Installez-le : pip install typst."
# Letters of the mayor's page, in points: from comfortable to the least that is read without glasses.
SIZES = (12.0, 11.5, 11.0, 10.5, 10.0, 9.5, 9.0, 8.5, 8.0)


def render(view: ReportView) -> bytes:
    """The whole report.

    Raises:
        UsageError: the extra `pdf` is not installed.
    """
    return _compiled("report.typ", report_data(view), made_at=view.as_of)


def render_mayor(view: ReportView) -> bytes:
    """One A4 page: the letters shrink until it holds, and its lists are short enough for the smallest.

    Raises:
        UsageError: the extra `pdf` is not installed.
    """
    data = mayor_data(view)
    return _compiled("mayor.typ", {**data, "size": size_of(data)}, made_at=view.as_of)


def size_of(data: Data) -> float:
    """The largest letters with which the mayor's page is one page."""
    return next((each for each in SIZES[:-1] if _pages({**data, "size": each}) == 1), SIZES[-1])


def installed() -> Any:
    """The compiler, an extra.

    Raises:
        UsageError: it is not there.
    """
    try:
        import typst  # noqa: PLC0415 - the program works without it
    except ImportError:
        raise UsageError(_MISSING) from None
    return typst


def _source(name: str) -> bytes:
    return b"\n".join((_TEMPLATES / each).read_bytes() for each in ("page.typ", name))


def _compiled(template: str, data: Data, *, made_at: datetime) -> bytes:
    # Fonts of the compiler alone: a machine's own would change the pages.
    made = installed().compile(
        _source(template),
        format="pdf",
        pdf_standards="ua-1",
        ignore_system_fonts=True,
        timestamp=int(made_at.timestamp()),
        sys_inputs={"data": json.dumps(all_visible(data), ensure_ascii=False)},
    )
    assert isinstance(made, bytes), "a PDF is one file"
    return made


def _pages(data: Data) -> int:
    """How many pages the mayor's page would take."""
    found = installed().query(
        _source("mayor.typ"),
        "<last>",
        field="value",
        one=True,
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(all_visible(data), ensure_ascii=False)},
    )
    return int(json.loads(found))


def _head(view: ReportView) -> Data:
    """What both documents begin with."""
    level = view.level
    return {
        "title": view.title,
        "author": view.scanned_by or "cyberaudit",
        "when": view.scan_line,
        "headline": level.headline,
        "figure": level.figure,
        "asked": bool(level.asked),
        "low": level.shown_low,
        "high": level.shown_high,
        "tone": _tone(level),
        "coverage": level.coverage,
        "changes": view.changes.sentence if view.changes else "",
        "attack": view.attack,
    }


def _tone(level: LevelView) -> str:
    return html.WORD_TONES[Word(level.word)]


def mayor_data(view: ReportView) -> Data:
    """What the template of the mayor's page is given, as plain values; its letters are chosen apart."""
    page = mayor_page(view)
    years = [
        {
            "year": f"{each.year}",
            "purchases": french.euros(each.purchases),
            "subscriptions": french.euros(each.subscriptions),
            "amount": each.amount,
            "limit": f"{each.limit}, {each.target}",
        }
        for each in page.years
    ]
    return {**_head(view), **asdict(page), "years": years}


def report_data(view: ReportView) -> Data:
    """What the template of the report is given, as plain values."""
    sections = [each for each in _sections(view) if _says_something(each)]
    return {**_head(view), "warnings": list(view.warnings), "reason": view.level.reason, "sections": sections}


_EMPTY: Data = {
    "paragraphs": [], "list": [], "groups": [], "actions": [], "letters": [], "table": None,
    "themes": [], "contacts": [], "terms": [], "documents": [],
}  # fmt: skip


def _says_something(section: Data) -> bool:
    return any(section[key] for key in _EMPTY)


def _section(title: str, **parts: Any) -> Data:
    return {**_EMPTY, "title": title, **parts}


def _sections(view: ReportView) -> Iterator[Data]:
    """In the order of every other format."""
    yield from _to_do(view)
    yield from _money(view)
    yield from _known(view)
    yield from _annexes(view)


def _to_do(view: ReportView) -> Iterator[Data]:
    urgent = [view.nothing_urgent] if view.nothing_urgent else []
    yield _section("Déclaré, mais mesuré autrement", list=[each.sentence for each in view.contradictions])
    cited = documents(_actions(view))
    now, then = ([_action(each, cited) for each in found] for found in (view.urgent, view.next_actions))
    yield _section("À faire tout de suite", paragraphs=urgent, actions=now)
    yield _section("Les actions suivantes", actions=then)
    arbitrations = [
        {"title": f"{each.rank}. {each.title} ({each.cost})", "list": [each.why, *each.options]}
        for each in view.to_arbitrate
    ]
    yield _section("À arbitrer par le maire", groups=arbitrations)
    yield _section("Calendrier", table=_calendar(view))


def _money(view: ReportView) -> Iterator[Data]:
    told = [view.budget.sentence, view.level.target_sentence if view.budget.years else ""]
    yield _section("Budget", paragraphs=list(filter(None, told)), table=_budget(view))


def _known(view: ReportView) -> Iterator[Data]:
    if view.trend:
        told = [f"{each.low} sur 100 le {french.day(each.day)}" for each in view.trend.points]
        yield _section("Le niveau au fil du temps", paragraphs=[view.trend.sentence], list=told)
    sections = view.changes.sections if view.changes else ()
    changed = [{"title": each.title, "remark": each.remark, "list": _changes(each)} for each in sections]
    yield _section("Ce qui a changé", groups=changed)
    yield _section("Par thème", table=_themes(view))
    yield _section("Ce qui n'a pas pu être vérifié", list=[each.sentence for each in view.not_seen])
    yield _section("Risques acceptés", list=[each.sentence for each in view.waivers])
    asked = [{"title": whom, "list": found} for whom, found in html.questions_by_person(view).items()]
    yield _section("Questions sans réponse", groups=asked)
    yield _section("À qui s'adresser", contacts=[asdict(each) for each in view.whom])


def _changes(section: SectionView) -> list[str]:
    return [f"{each.sentence} {each.seen}".rstrip() for each in section.lines]


def _annexes(view: ReportView) -> Iterator[Data]:
    cited = documents(_actions(view))
    letters = [_letter(each, cited) for each in _actions(view) if each.contractor]
    yield _section("Textes à transmettre au prestataire", letters=letters)
    yield _section("Tous les points", themes=[_theme(each) for each in by_theme(view)])
    yield _section(
        "Portes ouvertes", groups=_doors(view), list=list(view.doors.closing) if _doors(view) else []
    )
    yield _section(
        "Référentiel de l'État pour les communes", groups=[_reference(each) for each in view.rcpnt]
    )
    yield _section("Comment le niveau est calculé", paragraphs=[view.level_paragraph], table=_weights(view))
    yield _section("Contrôles réunis dans ce rapport", list=[each.sentence for each in view.scans])
    terms = [{"word": each.word, "meaning": each.meaning} for each in glossary_of(view)]
    yield _section("Les mots difficiles", terms=terms)
    listed = [{"title": each.title, "url": each.url, "remark": each.remark} for each in cited.values()]
    yield _section("Documents cités", documents=listed)


def _actions(view: ReportView) -> tuple[ActionView, ...]:
    return (*view.urgent, *view.next_actions)


def _action(each: ActionView, cited: dict[str, Document]) -> Data:
    facts = (
        ("Qui", each.who),
        ("Coût", each.cost),
        ("Temps", each.time),
        (_due_label(each), each.deadline or each.when_short),
        ("Palier", str(each.tier)),
    )
    remarks = [
        *([f"{html.meanwhile(each)}{NBSP}: {after_colon(each.stopgap)}"] if each.stopgap else []),
        each.after,
        *each.lots,
        each.said_done,
    ]
    return {
        "title": f"{each.rank}. {each.title}",
        "why": each.why,
        "facts": facts,
        "remarks": [remark for remark in remarks if remark],
        "steps": list(each.steps),
        "done_when": after_colon(each.done_when),
        "letter": f"lettre-{each.rank}" if each.contractor else "",
        "sources": _sources(each, cited),
    }


def _due_label(each: ActionView) -> str:
    """What the date is worth stands above it: « Échéance, date proposée »."""
    return f"Échéance, {each.standing_sentence}" if each.due else "Échéance"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> Data | None:
    """Widths are shares; 0: as wide as what it holds."""
    return {"head": head, "rows": rows, "widths": widths} if rows else None


def _calendar(view: ReportView) -> Data | None:
    by_rank = {each.rank: each for each in _actions(view)}
    rows = [
        (quarter.label, f"{rank}. {by_rank[rank].title}", by_rank[rank].who_short, by_rank[rank].cost_short)
        for quarter in view.calendar
        for rank in quarter.actions
    ]
    return _table(("Trimestre", "Action", "Qui", "Coût"), rows, (0, 1, 0, 0))


def _budget(view: ReportView) -> Data | None:
    rows = [
        (
            f"{y.year}",
            french.euros(y.purchases),
            french.euros(y.subscriptions),
            y.amount,
            f"{y.limit}, {y.target}",
        )
        for y in view.budget.years
    ]
    return _table(
        ("Année", "Achats", "Abonnements", "Total", "Plafond et niveau visé"), rows, (0, 0, 0, 0, 1)
    )


def _themes(view: ReportView) -> Data | None:
    rows = [(each.name, each.mark.upper(), each.sentence) for each in view.themes]
    return _table(("Thème", "État", "Détail"), rows, (1, 0, 1))


def _weights(view: ReportView) -> Data | None:
    rows = [(each.title, f"{len(each.points)}", each.sentence) for each in view.weights]
    return _table(("Mesure", "Points", "Apport au niveau"), rows, (1, 0, 1))


def _letter(each: ActionView, cited: dict[str, Document]) -> Data:
    listed = [
        f"{item.asset_name}{NBSP}: {after_colon(item.text)}{f' [{item.key}]' if item.key else ''}"
        for item in each.to_treat
    ]
    return {
        "title": f"{each.rank}. {each.title}",
        "anchor": f"lettre-{each.rank}",
        "lines": each.contractor.splitlines(),
        "list": listed,
        "sources": _sources(each, cited),
    }


def _sources(each: ActionView, cited: dict[str, Document]) -> str:
    """« Sources : [1], n° 13 ; [4], R1 et R8. »; the documents stand at the end."""
    told = " ; ".join(cited_as(source, cited) for source in each.sources)
    return french.typeset(f"Sources : {told}.") if told else ""


def _theme(found: ThemePoints) -> Data:
    return {
        "name": found.name,
        "checks": [
            {"question": check.question, "points": [_point(each) for each in check.points]}
            for check in found.told
        ],
        "short": [_short(each) for each in found.short],
    }


def _point(each: PointView) -> Data:
    accepted = " Risque accepté." if each.waived else ""
    return {
        "mark": str(each.mark),
        "tone": html.TONES[each.mark],
        "text": f"{said(each)}{accepted}",
        "items": [f"{item.text} ({item.mark})" for item in told_items(each)],
        "paste": [{"label": _label(label), "text": text} for label, text in html.to_paste(each)],
        "stands": each.stands_on if each.looked else "",
    }


def _label(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{NBSP}:"


def _short(found: Short) -> Data:
    groups = [{"shared": each.shared, "lines": [line.text for line in each.lines]} for each in found.groups]
    return {
        "mark": str(found.mark),
        "tone": html.TONES[found.mark],
        "count": french.count(found.count, "point"),
        # Their questions follow one another in a paragraph: paper is counted.
        "running": found.mark is Mark.NOT_APPLICABLE,
        "groups": groups,
    }


def _doors(view: ReportView) -> list[Data]:
    return [{"title": each.name, "list": each.sentences} for each in html.open_doors(view)]


def _reference(each: RcpntView) -> Data:
    told = [f"{one.number} — {one.mark.upper()}{NBSP}: {after_colon(one.sentence)}" for one in each.criteria]
    return {"title": each.domain, "list": [each.sentence, *told]}
