"""Which machines of the town are network equipment: what the profile says of them tells."""

import re
from datetime import date

from cyberaudit.declared import AssetKind, Declaration, Host, Town, Vpn, months_later

_SAID_OF_EQUIPMENT = frozenset(
    {"firmware_date", "rules_reviewed", "admin_mfa", "default_password_changed", "supported"}
)
OUTSIDE = "outside"


def is_equipment(host: Host, town: Town) -> bool:
    """A firewall, a box, an access point: the profile gives its model or its firmware, answers a question that
    only equipment has, or makes it carry a remote access.
    """
    said = {entry.field for entry in host.declared}
    carries = {vpn.host for vpn in town.of_kind(AssetKind.VPN) if isinstance(vpn, Vpn)}
    return bool(host.model or host.firmware or said & _SAID_OF_EQUIPMENT) or host.id in carries


def filters(host: Host, town: Town) -> bool:
    """Equipment that faces the Internet, or of which somebody said whether its rules were read."""
    return host.declaration("rules_reviewed") is not None or (
        host.zone == OUTSIDE and is_equipment(host, town)
    )


def said_day(declared: Declaration) -> date | None:
    """The day that the answer gives as its value, `2026-05-12` and nothing else; None without one."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", declared.value, re.ASCII):
        return None
    try:
        return date.fromisoformat(declared.value)
    except ValueError:
        return None


def over(start: date, *, months: int, today: date) -> bool:
    """More than so many months have passed; the anniversary itself still counts."""
    return months_later(start, months) < today
