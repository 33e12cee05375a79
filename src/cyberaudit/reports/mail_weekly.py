"""The mail of the week to the secretary and to the contractor: what changed, what is left, what ends soon."""

from collections.abc import Iterable, Iterator

from cyberaudit import french
from cyberaudit.engine.measures import Owner
from cyberaudit.history.state import zone_of
from cyberaudit.history.transitions import Change, Transition
from cyberaudit.reports import mail_words as words
from cyberaudit.reports.change_words import ChangeLine, Section, SectionView
from cyberaudit.reports.mail_actions import advice, reference, to_do
from cyberaudit.reports.mail_dates import soon
from cyberaudit.reports.mail_view import Entry, MailSection, MailView, Seen, left_out, named
from cyberaudit.reports.mail_words import Period, Role, told
from cyberaudit.reports.unreached import told_to_others
from cyberaudit.reports.words import ActionView, ReportView

# Ours: a mail that is read holds about a screen a section; the report has them all.
MOST_POINTS = 12
FOOTER = (
    "Message automatique de cyberaudit, demandé par la mairie. Il ne contient ni adresse de machine, ni mot de passe.",
    "Le rapport complet est chez la personne qui fait le contrôle.",
)
_FORWARD = "Une action revient au prestataire ? Transférez-lui ce message, avec la référence à citer."
_CITE = "Une action revient au prestataire ? Il reçoit son propre message : citez-lui la référence."
_HEARTBEAT = "Ce message part aussi quand rien ne change : le contrôle a bien lieu."
_STOPPED = "Le contrôle n'a pas eu lieu"
# What got better, left, or could not be seen asks for nothing now: thanks come without a list of work.
_ASKING = frozenset(
    {Section.DEGRADED, Section.FIRST_SEEN, Section.TO_REVIEW, Section.NEW_CHECKS, Section.BY_RULES}
)


def weekly_mail(seen: Seen, role: Role, period: Period) -> MailView:
    """For the secretary, in plain words; for the contractor, with the request and the commands."""
    above: set[str] = set()
    # What is late is told with the rest of what is left to do.
    changed = [
        _changed(each, seen, role, above=above)
        for each in seen.changes.sections
        if each.section is not Section.LATE
    ]
    sections = (*changed, to_do(seen, above, role), soon(seen), attack(seen.view))
    return MailView(
        subject=words.subject(seen.view.commune_name, counted(seen), seen.today, period=period),
        title=told(seen.view.title),
        lead=(*lead(seen), *_missed(seen, role), *_passed_on(seen, role)),
        sections=tuple(each for each in sections if each.entries),
        footer=tuple(told(each) for each in FOOTER),
    )


def counted(seen: Seen) -> str:
    """What the subject counts; beside nothing new, what presses all the same."""
    if seen.is_still and seen.days_without:
        return f"pas de contrôle depuis {seen.days_without} jours"
    what = words.counted(seen.changes)
    if seen.diff is None and seen.view.urgent:
        return f"{what}, {french.count(len(seen.view.urgent), 'urgence')}"
    if seen.is_still and seen.late:
        return f"{what}, {french.count(len(seen.late), 'action en retard', 'actions en retard')}"
    return what


def lead(seen: Seen) -> tuple[str, ...]:
    view = seen.view
    figure = f" ({view.level.figure})" if view.level.figure else ""
    lines = (
        "Bonjour,",
        seen.changes.sentence,
        _sign_of_life(seen),
        f"Dernier contrôle : {_last_control(seen)}.",
        f"Niveau : {view.level.headline}{figure}.",
        "Ce contrôle a été interrompu : ce message est incomplet." if view.partial else "",
    )
    return tuple(told(each) for each in lines if each)


def _missed(seen: Seen, role: Role) -> tuple[str, ...]:
    """Whom no mail reaches: those who read this one may know why."""
    zone = zone_of(seen.state.town)
    said = told_to_others(seen.unreached, zone=zone, is_technical=role is Role.CONTRACTOR)
    return tuple(told(each) for each in said)


def _passed_on(seen: Seen, role: Role) -> tuple[str, ...]:
    """What the secretary does with an action that is somebody else's."""
    if role is not Role.SECRETARY or all(each.owner != Owner.CONTRACTOR for each in seen.actions):
        return ()
    people = [each for each in seen.state.town.delivery.recipients if each.role == Role.CONTRACTOR]
    missed = [each for each in seen.unreached if each.role == Role.CONTRACTOR]
    return (told(_CITE if len(people) > len(missed) else _FORWARD),)


def _sign_of_life(seen: Seen) -> str:
    """That nothing changed says something only while controls are made."""
    if seen.days_without:
        return f"{_STOPPED} depuis {seen.days_without} jours : prévenez la personne qui le fait."
    return _HEARTBEAT if seen.is_still else ""


def _last_control(seen: Seen) -> str:
    """« samedi 21 novembre 2026 à 22 h 10, par Cabinet Dupont »."""
    local = seen.last_began
    by = f", par {seen.view.scanned_by}" if seen.view.scanned_by else ""
    return f"{french.day_of_week(local)} à {french.hour(local)}{by}"


def attack(view: ReportView) -> MailSection:
    """What stands in every mail."""
    return MailSection(told("En cas d'attaque"), "", (Entry((told(view.attack),)),))


# What changed


def _changed(section: SectionView, seen: Seen, role: Role, *, above: set[str]) -> MailSection:
    """One section. `above`: the measures told in full so far; those told here are added."""
    shown = section.lines[:MOST_POINTS]
    return MailSection(
        told(section.title),
        told(section.remark),
        tuple(_entries(section.section, shown, seen, role, above)),
        left_out(len(section.lines) - len(shown), "autre point", "autres points"),
    )


def _entries(
    section: Section, lines: Iterable[ChangeLine], seen: Seen, role: Role, above: set[str]
) -> Iterator[Entry]:
    """The points of one action together, each other one alone."""
    rows = {each.identity: each for each in seen.diff.changes} if seen.diff else {}
    for action, those in _grouped(section, lines, seen.actions):
        points = tuple(_sentence(line, rows.get(line.point), seen) for line in those)
        if action is None:
            yield Entry(points)
        elif action.measure in above:
            checks = list(dict.fromkeys(line.check for line in those))
            yield Entry(points, ((told("Référence à citer"), told(reference(action, checks))),))
        else:
            above.add(action.measure)
            yield Entry(points, *advice(action, {line.check for line in those}, role))


def _grouped(
    section: Section, lines: Iterable[ChangeLine], actions: Iterable[ActionView]
) -> list[tuple[ActionView | None, list[ChangeLine]]]:
    by_point = {point: each for each in actions for point in each.findings} if section in _ASKING else {}
    groups: dict[str, tuple[ActionView | None, list[ChangeLine]]] = {}
    for line in lines:
        action = by_point.get(line.point)
        groups.setdefault(action.measure if action else line.point, (action, []))[1].append(line)
    return list(groups.values())


def _sentence(line: ChangeLine, change: Change | None, seen: Seen) -> str:
    """The thing, the question, what became of it."""
    if change is None:
        return _gone(line, seen)
    some = change.after or change.before
    question = seen.titles.get(change.check) or (some.title if some else change.check)
    accepted = " Ce risque est accepté par un élu." if change.accepted else ""
    return told(f"{named(change.asset, change.asset_name)}{question} {words.became(change)}{accepted}")


def _gone(line: ChangeLine, seen: Seen) -> str:
    """Of a thing that left the profile: `line.point` is its key."""
    rows = [each for each in seen.diff.changes if each.asset == line.point] if seen.diff else []
    left = [each for each in rows if each.transition is Transition.OUT_OF_SCOPE and each.after is None]
    what = french.count(len(left), "point n'est plus contrôlé", "points ne sont plus contrôlés")
    name = words.name_of(line.point, line.asset_name) or "Une question"
    return told(f"{name} : retiré du profil. {what}.")
