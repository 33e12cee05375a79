"""`scan --dry-run`: what would be looked at, with upper bounds, and not a packet sent."""

from cyberaudit import french
from cyberaudit.engine.catalogue import verify_choices
from cyberaudit.engine.observe import errands
from cyberaudit.run.scan import Request, prepare
from cyberaudit.town.scope import authorized


def dry_run(request: Request) -> str:
    """The declared targets, the rule for derived ones, and the most packets each may cost.

    Raises:
        ProfileError, ScopeError, CatalogueError, UsageError: as the scan itself would.
    """
    profile, catalogue = prepare(request)
    authorized(profile, now=request.now)
    verify_choices(profile.town, catalogue)
    announcements = [
        announcement
        for errand in errands(profile.town, catalogue.checks, vantage=request.vantage)
        for announcement in errand.probe.load().announce(errand.asset)
    ]
    lines = [f"Rien n'est envoyé. Depuis « {request.vantage} », un contrôle regarderait :", ""]
    for each in announcements:
        lines.append(f"- {each.text}")
        lines.append(f"  ({each.purpose}, {french.count(each.max_packets, 'paquet')} au plus)")
    total = sum(each.max_packets for each in announcements)
    lines += ["", f"En tout : {french.count(total, 'paquet')} au plus."]
    return "\n".join(lines) + "\n"
