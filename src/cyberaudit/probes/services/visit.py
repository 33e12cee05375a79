"""One port visited: which questions are put, in which order, and what is concluded."""

from collections.abc import Awaitable, Callable, Iterable

from cyberaudit.facts.ports import Danger, of_danger
from cyberaudit.facts.services import Behind, Trait
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.services.databases import (
    ask_memcached,
    ask_mongodb,
    ask_mssql,
    ask_postgresql,
    ask_redis,
)
from cyberaudit.probes.services.door import Door
from cyberaudit.probes.services.greetings import listen, overhear
from cyberaudit.probes.services.heard import SILENT, UNKNOWN, Heard, Page
from cyberaudit.probes.services.rdp import ask_rdp
from cyberaudit.probes.services.recognise import recognise
from cyberaudit.probes.services.small_talk import ask_pptp, ask_rtsp
from cyberaudit.probes.services.smb import ask_smb
from cyberaudit.probes.services.web import ask_http, ask_tls

Ask = Callable[[Door], Awaitable[Heard | Unreachable]]

USUAL: tuple[Ask, ...] = (listen, ask_tls, ask_http)
"""Of a port that says nothing of its protocol: who speaks first is heard first."""
PAGES_OF_MACHINES = {
    1880: "Node-RED: its editor is a page",
    8123: "Home Assistant: everything is commanded from a page",
    3052: "APC PowerChute, a program on a computer: pages",
    6547: "APC PowerChute, a program on a computer: pages in TLS",
    4679: "Eaton Intelligent Power, a program on a computer: pages",
    4680: "Eaton Intelligent Power, a program on a computer: pages in TLS",
}
"""Ports of machines where a browser is what is expected, and why."""
_PRINTS_WHATEVER_COMES = frozenset({515, 6101, 9400, 9500, *range(9100, 9110)})
# Scanners and requests of printers, in words of their makers; and boxes that hand everything to a serial cable.
_NOT_OURS_TO_TRY = frozenset({1865, 3289, 4001, 8611, 8612, 8613, 9220, 9290, 54921})
LISTENED_ONLY = (
    frozenset(int(port[4:]) for port in of_danger(Danger.INDUSTRIAL) if port.startswith("tcp/"))
    | _PRINTS_WHATEVER_COMES
    | _NOT_OURS_TO_TRY
) - PAGES_OF_MACHINES.keys()
"""Machines that act on the world, and printers that print whatever comes: nothing is sent to them."""
_WEB: tuple[Ask, ...] = (ask_http, ask_tls, listen)
_TLS: tuple[Ask, ...] = (ask_tls, ask_http, listen)
_BY_PORT: tuple[tuple[tuple[Ask, ...], frozenset[int]], ...] = (
    (_WEB, frozenset({80, 81, 82, 88, 591, 631, 1880, 2375, 3000, 3052, 4679, 5000, 5800, 5984, 5985, 7547, 8000, 8008,
                      8080, 8081, 8082, 8088, 8090, 8123, 8888, 9000, 9080, 9090, 9200, 10000})),
    (_TLS, frozenset({443, 444, 465, 541, 636, 832, 853, 981, 990, 992, 993, 995, 1311, 2376, 4433, 4443, 4444, 4680,
                      5001, 5061, 5986, 6443, 6547, 7443, 7071, 8006, 8007, 8443, 8444, 8834, 9392, 9443, 10443,
                      17988})),
    ((ask_rdp, *USUAL), frozenset({3388, 3389, 3390, 3391, 33890, 33389})),
    ((ask_smb, *USUAL), frozenset({139, 445})),
    ((ask_postgresql, *USUAL), frozenset({5432, 5433})),
    ((ask_redis, *USUAL), frozenset({6379})),
    ((ask_memcached, *USUAL), frozenset({11211})),
    ((ask_mongodb, *USUAL), frozenset({27017, 27018, 27019})),
    ((ask_mssql, *USUAL), frozenset({1433, 1434})),
    ((ask_rtsp, *_WEB), frozenset({554, 8554, 10554})),
    ((ask_pptp, *USUAL), frozenset({1723})),
    ((overhear,), LISTENED_ONLY),
)  # fmt: skip
# Where two lines name a port, the last one holds.
_ORDER: dict[int, tuple[Ask, ...]] = {port: asks for asks, ports in _BY_PORT for port in ports}
# What a database is called when only its protocol was heard.
_PRODUCTS = {
    "mysql": "mysql",
    "postgresql": "postgresql",
    "redis": "redis",
    "mongodb": "mongodb",
    "memcached": "memcached",
    "mssql": "mssql",
    "pptp": "pptp",
    "vmware-authd": "vmware",
}
# The budget is ours: it tells nothing of the service.
_OURS = {Reason.DEADLINE, Reason.BUDGET_SPENT}


async def visit(door: Door) -> Behind:
    """Ask in the order of the port until something is understood, and say what it is."""
    return await _visit(door, _ORDER.get(door.port, USUAL))


async def visit_portal(door: Door) -> Behind:
    """The same where TLS is known to be spoken, whatever the port."""
    return await _visit(door, (ask_tls,))


async def _visit(door: Door, asks: tuple[Ask, ...]) -> Behind:
    heard = await _first_understood(door, asks)
    if isinstance(heard, Unreachable):
        return unseen(str(door.address), f"tcp/{door.port}", heard)
    found = recognise(heard)
    shown = _shown(heard.pages)
    return Behind(
        address=str(door.address),
        port=f"tcp/{door.port}",
        protocol=heard.protocol,
        product=found.product or _PRODUCTS.get(heard.protocol, ""),
        banner=heard.banner,
        title=shown.title if shown else "",
        http_status=shown.status if shown else None,
        subject=heard.subject,
        traits=heard.traits | found.traits | _served_to_anybody(heard.pages, found.product),
        clues=found.clues,
    )


def unseen(address: str, port: str, cause: Unreachable) -> Behind:
    """A port that could not be visited."""
    return Behind(
        address=address,
        port=port,
        protocol=cause,
        product="",
        banner="",
        title="",
        http_status=None,
        subject="",
        traits=frozenset(),
        clues=(),
    )


async def _first_understood(door: Door, asks: tuple[Ask, ...]) -> Heard | Unreachable:
    """The first answer we know how to read; else words that we do not, silence, or why nobody could be asked."""
    words: Heard | None = None
    troubles: list[Unreachable] = []
    for ask in asks:
        said = await ask(door)
        if isinstance(said, Heard) and said.protocol != UNKNOWN:
            return said
        if isinstance(said, Heard):
            words = words or said
            continue
        if not door.opened:
            return said
        troubles.append(said)
    return words or _nothing_said(troubles)


def _nothing_said(troubles: Iterable[Unreachable]) -> Heard | Unreachable:
    """Silence, unless every connection was cut, or none could be waited for."""
    reasons = [trouble for trouble in troubles if trouble.reason not in _OURS]
    if not reasons:
        return Unreachable(Reason.DEADLINE)
    if all(trouble.reason is Reason.RESET for trouble in reasons):
        return reasons[0]
    return Heard(SILENT)


def _shown(pages: tuple[Page, ...]) -> Page | None:
    """What a visitor of `/` would see: the page with a title, among the first one and where it sends."""
    walked = [page for page in pages[:2] if page is pages[0] or page.status < 400]
    return next((page for page in walked if page.title), pages[0] if pages else None)


def _served_to_anybody(pages: tuple[Page, ...], product: str) -> frozenset[Trait]:
    """A database over HTTP that shows itself, or asks who one is."""
    if product != "elasticsearch" or not pages:
        return frozenset()
    return frozenset({Trait.AUTHENTICATED if pages[0].status == 401 else Trait.ANONYMOUS})
