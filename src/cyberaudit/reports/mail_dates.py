"""What a mail announces: what ends within a month, and what is to be done by then."""

from collections.abc import Iterator
from datetime import date, timedelta

from cyberaudit import french
from cyberaudit.declared import AssetKind
from cyberaudit.history.transitions import has_ended
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.mail_view import Entry, MailSection, Seen, asked, left_out
from cyberaudit.reports.mail_words import told
from cyberaudit.reports.words import ActionView

# Ours: one monthly mail at least announces what ends; countdowns and accepted risks begin as early.
SOON_DAYS = 30
# Ours: a dozen dates are a screen of a telephone.
MOST_DATES = 12


def soon(seen: Seen) -> MailSection:
    dated = sorted(
        {
            *_ending_decisions(seen),
            *_ending_answers(seen),
            *_ending_authorization(seen),
            *_ending_things(seen),
            *((each.due, after_colon(f"{each.title}.")) for each in _due_soon(seen) if each.due),
        }
    )
    lines = [f"{french.day(day)} : {sentence}" for day, sentence in dated]
    shown = tuple(Entry((told(each),)) for each in lines[:MOST_DATES])
    return MailSection(
        told("Bientôt"), "", shown, left_out(len(lines) - len(shown), "autre date", "autres dates")
    )


def _near(day: date | None, seen: Seen) -> bool:
    return day is not None and seen.today <= day <= seen.today + timedelta(days=SOON_DAYS)


def _ending_decisions(seen: Seen) -> Iterator[tuple[date, str]]:
    points = {each.identity: each for each in seen.view.points}
    for each in seen.view.waivers:
        point = points.get(each.point)
        if each.until and point and _near(each.until, seen):
            yield each.until, f"fin d'un risque accepté, à revoir avant. {asked(point)}"


def _ending_answers(seen: Seen) -> Iterator[tuple[date, str]]:
    for asset in seen.state.town.of_kind(AssetKind.PRACTICE):
        given = asset.declaration("answer")
        point = next((each for each in seen.view.points if each.asset == asset.key), None)
        if given and point and _near(given.until, seen):
            yield given.until, f"une réponse est à redonner avant. {asked(point)}"


def _ending_authorization(seen: Seen) -> Iterator[tuple[date, str]]:
    signed = seen.state.town.authorization
    if signed and _near(signed.until, seen):
        yield signed.until, "fin de l'autorisation de contrôle. Sans elle, le contrôle ne se fait plus."


def _ending_things(seen: Seen) -> Iterator[tuple[date, str]]:
    """Certificates, domain names: the day by which their check wants them mended, before it is over."""
    points = {each.identity: each for each in seen.view.points}
    for each in seen.state.findings:
        day = each.verdict.before
        if each.status.is_open and day is not None and _near(day, seen) and not has_ended(each):
            yield day, f"une date de fin approche. {asked(points[each.identity])}"


def _due_soon(seen: Seen) -> list[ActionView]:
    """Not the urgencies: they stand above."""
    return [each for each in seen.view.next_actions if _near(each.due, seen)]
