"""`scan --dry-run`: what would be looked at, with upper bounds, and not a packet sent."""

from cyberaudit import french
from cyberaudit.engine.catalogue import verify_choices
from cyberaudit.engine.observe import errands
from cyberaudit.probes.guard import Purpose
from cyberaudit.reports.wrap import wrap
from cyberaudit.run.scan import Request, instruments_for, prepare

WIDTH = 80
PURPOSES = {
    Purpose.PUBLIC: "comme le ferait n'importe quel correspondant",
    Purpose.ACTIVE: "examen d'une adresse autorisée",
    Purpose.INTRUSIVE: "essai poussé, autorisé en toutes lettres",
    Purpose.INFRASTRUCTURE: "service que vous avez désigné",
}


def dry_run(request: Request) -> str:
    """The declared targets, the rule for derived ones, and the most packets each may cost.

    Raises:
        ProfileError, ScopeError, CatalogueError, UsageError: as the scan itself would.
    """
    profile, catalogue, vantage = prepare(request)
    instruments = instruments_for(profile, request, vantage)
    verify_choices(profile.town, catalogue)
    announcements = [
        announcement
        for errand in errands(profile.town, catalogue.checks, vantage=vantage)
        for announcement in errand.probe.load().announce(errand.asset, instruments)
    ]
    zone = profile.town.asset(f"zone/{vantage}")
    place = f"le réseau « {zone.name} »" if zone else "l'extérieur"
    lines = [f"Rien n'est envoyé. Depuis {place}, un contrôle regarderait :", ""]
    for each in announcements:
        lines += wrap(french.typeset(each.text), WIDTH, first="- ")
        bound = french.count(each.max_packets, "paquet")
        lines += wrap(f"({PURPOSES[each.purpose]}, {bound} au plus)", WIDTH, first="  ")
    total = sum(each.max_packets for each in announcements)
    lines += ["", f"En tout : {french.count(total, 'paquet')} au plus."]
    return "\n".join(lines) + "\n"
