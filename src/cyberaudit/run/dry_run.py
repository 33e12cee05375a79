"""`scan --dry-run`: what would be looked at, with upper bounds, and not a packet sent."""

from cyberaudit import french
from cyberaudit.engine.catalogue import verify_choices
from cyberaudit.engine.observe import errands
from cyberaudit.reports.wrap import wrap
from cyberaudit.run.scan import Request, prepare
from cyberaudit.town.scope import authorized

WIDTH = 80


def dry_run(request: Request) -> str:
    """The declared targets, the rule for derived ones, and the most packets each may cost.

    Raises:
        ProfileError, ScopeError, CatalogueError, UsageError: as the scan itself would.
    """
    profile, catalogue, vantage = prepare(request)
    authorized(profile, now=request.now)
    verify_choices(profile.town, catalogue)
    announcements = [
        announcement
        for errand in errands(profile.town, catalogue.checks, vantage=vantage)
        for announcement in errand.probe.load().announce(errand.asset)
    ]
    lines = [f"Rien n'est envoyé. Depuis « {vantage} », un contrôle regarderait :", ""]
    for each in announcements:
        lines += wrap(french.typeset(each.text), WIDTH, first="- ")
        lines += wrap(
            f"({each.purpose}, {french.count(each.max_packets, 'paquet')} au plus)", WIDTH, first="  "
        )
    total = sum(each.max_packets for each in announcements)
    lines += ["", f"En tout : {french.count(total, 'paquet')} au plus."]
    return "\n".join(lines) + "\n"
