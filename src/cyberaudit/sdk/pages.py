"""Ordinary web pages on the ports where pages of administration live too."""

from collections.abc import Callable

from cyberaudit.declared import Host
from cyberaudit.facts.doors import Door, names_administration
from cyberaudit.facts.products import BY_ID, Sort
from cyberaudit.facts.services import Behind, Trait

PAGES_TOO = frozenset(
    f"tcp/{number}"
    for number in (4443, 4444, 5000, 5001, 8000, 8080, 8081, 8443, 8880, 8888, 9090, 9443, 10443)
)
"""Ports of administration where web sites and applications of every kind live as well."""

_ASKS_OR_COMMANDS = frozenset(
    {
        Trait.ADMIN_PAGE,
        Trait.MAY_COMMAND,
        Trait.LOGIN_FORM,
        Trait.AUTHENTICATED,
        Trait.VPN_PORTAL,
        Trait.ANONYMOUS,
    }
)
# Ours: 401 and 407 ask who one is, 400 and 5xx show no page at all; the rest is what a visitor is given to see.
_REFUSED_BUT_SHOWN = frozenset({403, 404})
# The titles that Python, Apache, nginx and lighttpd, then Tomcat or Jetty, give to a list of files.
_LISTINGS = ("directory listing for ", "index of /", "directory listing - ", "directory: /")


def ordinary_page(behind: Behind) -> bool:
    """A web page was seen, which neither asks a password nor shows a known administration, and whose title names
    none that was not recognised.
    """
    if behind.protocol not in ("http", "https") or behind.traits & _ASKS_OR_COMMANDS:
        return False
    status, known = behind.http_status or 0, BY_ID.get(behind.product)
    shown = 200 <= status < 400 or status in _REFUSED_BUT_SHOWN
    return shown and (known is None or known.sort is Sort.APPLICATION)


def ordinary_pages_of(host: Host) -> Callable[[Behind], bool]:
    """Whether a port, of administration by its number alone, shows an ordinary page.

    Where the profile itself calls the service an administration, its word stands.
    """
    called = {service.port for service in host.services if names_administration(service)}
    return lambda behind: behind.port in PAGES_TOO - called and ordinary_page(behind)


def lists_files(behind: Behind) -> bool:
    """The page is the bare list of the files of a folder."""
    return behind.title.strip().casefold().startswith(_LISTINGS)


def page_name(door: Door) -> str:
    """« page web » where that is what was seen behind a port of administration; empty otherwise."""
    if door.port not in PAGES_TOO or not door.behind or not all(ordinary_page(one) for one in door.behind):
        return ""
    moved = all(one.http_status is not None and 300 <= one.http_status < 400 for one in door.behind)
    return "page web qui renvoie ailleurs" if moved else "page web"
