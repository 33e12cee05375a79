"""The whole report in Markdown, in the order of the terminal: for a wiki, a ticket, a page to be converted."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from cyberaudit import french
from cyberaudit.french import NBSP
from cyberaudit.reports import doors_section, markdown_plan, point_lines, rcpnt
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.markdown_text import code, code_block, escaped, inline, table, with_links
from cyberaudit.reports.themes import theme_name
from cyberaudit.reports.to_publish import is_to_publish, pasted
from cyberaudit.reports.words import (
    ActionView,
    CheckView,
    DoorView,
    HostDoorsView,
    Mark,
    PointView,
    ReportView,
    SourceView,
)

Lines = Iterator[str]


def render(view: ReportView) -> str:
    """Every action, every point and its proofs; texts of others are shown, never obeyed."""
    sections = (
        _head(view),
        _list("Déclaré, mais mesuré autrement", (each.sentence for each in view.contradictions)),
        _actions("À faire tout de suite", view.urgent, otherwise=view.nothing_urgent),
        _actions("Les actions suivantes", view.next_actions),
        markdown_plan.arbitrations(view),
        markdown_plan.calendar(view),
        markdown_plan.money(view),
        markdown_plan.trend(view),
        markdown_plan.changes_in_full(view),
        _themes(view),
        _list("Ce qui n'a pas pu être vérifié", (each.sentence for each in view.not_seen)),
        _list("Risques acceptés", (each.sentence for each in view.waivers)),
        _doors(view),
        _rcpnt(view),
        _questions(view),
        markdown_plan.contacts(view),
        _points(view),
        _method(view),
        _closing(view),
    )
    return "\n".join(_airy(line for section in sections for line in section)) + "\n"


def _airy(lines: Iterable[str]) -> Lines:
    """Never two blank lines in a row, nor one at the end."""
    blank = False
    for line in lines:
        if not line:
            blank = True
            continue
        if blank:
            yield ""
        blank = False
        yield line


def _heading(title: str, *, depth: int = 2) -> list[str]:
    return ["", f"{'#' * depth} {inline(title)}", ""]


def _labelled(label: str, text: str, *, indent: str = "") -> str:
    return f"{indent}- **{label}{NBSP}:** {text}".rstrip(" ")


def _list(title: str, sentences: Iterable[str]) -> Lines:
    told = [f"- {escaped(each)}" for each in sentences]
    if told:
        yield from (*_heading(title), *told)


def _head(view: ReportView) -> Lines:
    level = view.level
    yield f"# {inline(view.title)}"
    yield from ("", escaped(view.scan_line), "")
    yield from (f"- **!** {inline(warning)}" for warning in view.warnings)
    figure = f" ({inline(level.figure)})" if level.figure else ""
    yield from ("", f"**Niveau{NBSP}: {inline(level.headline)}**{figure}", "")
    for sentence in filter(None, (level.coverage, level.reason)):
        yield from (escaped(sentence), "")
    yield from markdown_plan.changes(view)


def _actions(title: str, actions: Sequence[ActionView], *, otherwise: str = "") -> Lines:
    if not actions and not otherwise:
        return
    yield from _heading(title)
    yield escaped(otherwise) if otherwise else ""
    for each in actions:
        yield from _heading(f"{each.rank}. {each.title}", depth=3)
        yield from _action(each)


def _action(action: ActionView) -> Lines:
    yield _labelled("Pourquoi", inline(after_colon(action.why)))
    who = f"{action.who}. Coût{NBSP}: {action.cost}. Temps{NBSP}: {action.time}."
    yield _labelled("Qui", inline(who))
    when = ("Échéance", f"{action.deadline or action.when_short} ({action.standing_sentence}).")
    meanwhile = f"En attendant, {action.stopgap_deadline}" if action.stopgap_deadline else "En attendant"
    lots = (("Lot", lot) for lot in action.lots)
    dates = (when, (meanwhile, action.stopgap))
    remarks = (
        *(reversed(dates) if action.stopgap_due else dates),
        ("Palier", f"{action.tier.lower()}."),
        ("Ordre", action.after),
        *lots,
        ("Remarque", action.said_done),
    )
    for label, text in remarks:
        if text:
            yield _labelled(inline(label), inline(after_colon(text)))
    yield _labelled("Comment", "")
    yield from (f"  {number}. {escaped(step)}" for number, step in enumerate(action.steps, start=1))
    yield _labelled("C'est fait quand", inline(after_colon(action.done_when)))
    yield from _to_forward(action)
    yield _labelled("Mesure", f"{code(action.measure)}, risque {action.risk} sur 16")
    yield _labelled("Contrôles", ", ".join(map(code, action.checks)))
    yield from _sources(action.sources)


def _to_forward(action: ActionView) -> Lines:
    """The text for the contractor, its lines kept as written, and the list that goes with it."""
    if not action.contractor:
        return
    yield _labelled("Texte à transmettre au prestataire", "")
    yield ""
    yield from (f"  > {each}".rstrip(" ") for each in _lines_kept(action.contractor))
    yield ""
    if action.to_treat:
        yield _labelled("Points à traiter", "")
    for each in action.to_treat:
        key = f" [{each.key}]" if each.key and each.key not in each.text else ""
        yield f"  - {escaped(f'{each.asset_name}{NBSP}: {after_colon(each.text)}{key}')}"


def _lines_kept(text: str) -> Lines:
    """Each line on its own: a backslash at the end keeps the break (§6.7), and would be shown before a blank line."""
    lines = [escaped(each) for each in text.splitlines()]
    for each, after in zip_longest(lines, lines[1:], fillvalue=""):
        yield f"{each}\\" if each and after else each


def _sources(sources: Sequence[SourceView], *, indent: str = "") -> Lines:
    for each in sources:
        url = f" — {with_links(each.url)}" if each.url else ""
        yield _labelled("Source", f"{inline(each.text)}{url}", indent=indent)


def _themes(view: ReportView) -> Lines:
    if view.themes:
        yield from _heading("Par thème")
        rows = [(_sign(each.mark), inline(each.name), inline(each.sentence)) for each in view.themes]
        yield from table(("État", "Thème", "Points"), rows)


def _sign(mark: Mark) -> str:
    return f"{mark.sign} {mark.upper()}"


def _doors(view: ReportView) -> Lines:
    if not view.doors.hosts:
        return
    yield from (*_heading(doors_section.TITLE), escaped(doors_section.PURPOSE))
    for host in view.doors.hosts:
        if host.doors:
            yield from _host(host)
    yield ""
    yield from (f"- {escaped(each)}" for each in view.doors.closing)


def _host(host: HostDoorsView) -> Lines:
    yield from _heading(host.name, depth=3)
    yield from (f"- {escaped(each)}" for each in (*(look.sentence for look in host.looks), *host.remarks))
    for door in host.doors[: doors_section.MOST_DOORS]:
        yield from _door(door)
    left = len(host.doors) - doors_section.MOST_DOORS
    if left > 0:
        others = french.count(left, "autre porte ouverte", "autres portes ouvertes")
        yield f"- Et {others}{NBSP}: rapport en JSON."


def _door(door: DoorView) -> Lines:
    yield f"- **{inline(door.port)}**{NBSP}: {inline(f'{door.name} — {door.intent_sentence}')}"
    if door.answers:
        yield _labelled("Ce qui répond", inline(door.answers), indent="  ")
    yield from (f"  - {escaped(sight.sentence)}" for sight in door.seen)


def _rcpnt(view: ReportView) -> Lines:
    if not view.rcpnt:
        return
    yield from (*_heading(rcpnt.TITLE), escaped(rcpnt.PURPOSE))
    for each in view.rcpnt:
        yield from _heading(each.domain, depth=3)
        yield from (f"- {_sign(criterion.mark)} {inline(criterion.sentence)}" for criterion in each.criteria)
        yield from ("", escaped(each.sentence))


def _questions(view: ReportView) -> Lines:
    sentences = [f"Pour {each.whom}{NBSP}: {after_colon(each.question)}" for each in view.questions]
    yield from _list("Questions sans réponse", sentences)


def _points(view: ReportView) -> Lines:
    fiches = {each.check: each for each in view.checks}
    for theme in dict.fromkeys(
        (*(each.theme for each in view.themes), *(each.theme for each in view.points))
    ):
        yield from _heading(f"{theme_name(theme)}, point par point")
        mine = [each for each in view.points if each.theme == theme]
        for check in dict.fromkeys(each.check for each in mine):
            yield from _check([each for each in mine if each.check == check], fiches.get(check))


def _check(points: Sequence[PointView], fiche: CheckView | None) -> Lines:
    first = points[0]
    yield from ("", f"### {inline(first.question)} {code(first.check)}", "")
    for each in points:
        yield from _point(each)
    yield ""
    if fiche and any(each.status.is_open for each in points):
        # A paragraph of its own, for a list that begins at once would go on with the points.
        yield from (f"Corriger{NBSP}:", "", *_fiche(fiche.fix), "")
    yield from (f"Mesure{NBSP}: {inline(first.measure_title)} ({code(first.measure)})", "")
    yield from _sources(first.sources)


def _fiche(text: str) -> Lines:
    """A fiche's own list items stay items; all else is text."""
    for each in point_lines.paragraphs(text):
        head, _, rest = each.partition(" ")
        is_item = rest and (head == "-" or (head.endswith(".") and head[:-1].isdecimal()))
        yield f"{head} {escaped(rest)}" if is_item else escaped(each)


def _point(point: PointView) -> Lines:
    accepted = " Risque accepté." if point.waived else ""
    text = inline(f"{after_colon(point_lines.sentence(point))}{accepted}")
    yield f"- {_sign(point.mark)} — **{inline(point.asset_name)}**{NBSP}: {text}"
    yield from (f"  - {escaped(point_lines.detail(item))}" for item in point_lines.details(point))
    for each in point.evidence:
        yield from _proof(point, each.label, each.value)
    if point.stands_on and point.looked:
        yield f"  - {escaped(point.stands_on)}"
    codes = ", ".join(map(code, filter(None, (point.identity, point.asset, point.status, point.reason))))
    risk = f"{point.impact} × {point.likelihood} = {point.risk}"
    yield f"  - Risque{NBSP}: {risk}. Codes{NBSP}: {codes}"


def _proof(point: PointView, label: str, value: str) -> Lines:
    lines = pasted(value) if point.status.is_open and is_to_publish(label) else []
    if lines:
        yield f"  - {escaped(label)}{NBSP}:"
        yield from code_block(lines, indent="    ")
    else:
        yield f"  - Preuve{NBSP}: {inline(label)} = {code(value)}"


def _method(view: ReportView) -> Lines:
    yield from (*_heading("Comment le niveau est calculé"), escaped(view.level_paragraph))
    yield from markdown_plan.weights(view)
    yield from _list("Contrôles réunis dans ce rapport", (scan.sentence for scan in view.scans))


def _closing(view: ReportView) -> Lines:
    sentences = (view.budget.ceiling, view.level.target_sentence)
    told = [escaped(each) for each in sentences if each]
    yield from _heading("Et ensuite")
    for each in told:
        yield from (each, "")
    yield from (f"- {escaped(each.label)}{NBSP}: {code(each.command)}" for each in view.help)
    yield from ("", f"**{with_links(view.attack)}**")
