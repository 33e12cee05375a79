"""The open doors on a sheet: a block a host, a door at a time, and the hosts without any in closing."""

from cyberaudit import french
from cyberaudit.french import NBSP
from cyberaudit.reports.layout import Sheet
from cyberaudit.reports.sections import Section
from cyberaudit.reports.words import DoorIntent, DoorsView, DoorView, HostDoorsView

TITLE = "Les portes ouvertes"
PURPOSE = "Ce que chacun peut joindre chez vous, et depuis où."
# Ours: several times what any machine of a town shows; a hostile one must not fill the report.
MOST_DOORS = 100


def open_doors(view: DoorsView, sheet: Sheet, *, technical: bool) -> Section:
    """Empty when the profile names no host."""
    if not view.hosts:
        return []
    lines = sheet.heading(TITLE) + sheet.paragraph(PURPOSE)
    for host in view.hosts:
        if host.doors:
            lines += [sheet.blank(), *_host(host, sheet, technical=technical)]
    lines += [sheet.blank()] if view.closing else []
    for sentence in view.closing:
        lines += sheet.paragraph(sentence, first=" - ")
    return lines


def _host(host: HostDoorsView, sheet: Sheet, *, technical: bool) -> Section:
    lines = sheet.paragraph(host.name, first=" ", style="bold")
    for look in host.looks:
        lines += sheet.paragraph(look.sentence, first="   ", style="dim")
    for remark in host.remarks:
        lines += sheet.paragraph(remark, first="   ! ", style="bold yellow")
    for door in host.doors[:MOST_DOORS]:
        lines += _door(door, sheet, technical=technical)
    left = len(host.doors) - MOST_DOORS
    if left > 0:
        others = french.count(left, "autre porte ouverte", "autres portes ouvertes")
        lines += sheet.paragraph(f"Et {others}{NBSP}: rapport en JSON.", first="   ")
    return lines


def _door(door: DoorView, sheet: Sheet, *, technical: bool) -> Section:
    style = "" if door.intent is DoorIntent.MEANT else "bold yellow"
    text = f"{door.name} — {door.intent_sentence}"
    lines = sheet.paragraph(text, first=f"   {door.port}{NBSP}: ", rest="     ", style=style)
    if door.answers:
        lines += sheet.labelled("Ce qui répond", door.answers, indent="     ")
    for sight in door.seen:
        lines += sheet.paragraph(sight.sentence, first="     ")
    codes = ", ".join((*door.protocols, *door.products))
    return lines + (sheet.labelled("Code", codes, indent="     ") if technical and codes else [])
