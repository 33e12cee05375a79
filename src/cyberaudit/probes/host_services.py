"""What stands behind the open ports of a host: each one visited shortly, as an ordinary client would."""

import asyncio
import re
from collections.abc import Coroutine, Iterable, Iterator
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from cyberaudit import __version__, french
from cyberaudit.declared import Host, MailHost, Town, Vpn, Website
from cyberaudit.facts.reach import AddressReach, HostReach, PortState
from cyberaudit.facts.services import Behind, HostServices
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.host_reach import reach_of
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.services.door import CONNECTIONS, Door, Visitor
from cyberaudit.probes.services.visit import unseen, visit
from cyberaudit.probes.vantage import facing, tcp_number

AGENT = f"cyberaudit/{__version__}"
# Ours: a town's machine has a dozen open ports; more is a trap, or is told by the number itself.
PORTS_PER_ADDRESS = 40
# Ours: where everything opens, what really speaks is among the usual ports.
PORTS_OF_A_TRAP = 20
PORTS_PER_HOST = 80
# Ours: a small appliance serves as many visitors at once.
AT_ONCE = 10
# Ours: four rounds of ports that say nothing, and what is left for the rest of the scan.
VISITS_SECONDS = 45.0
# Ours: ports that were open a minute ago and do not even accept any more, one after the other: we are shut out.
UNANSWERED = 4
_GONE = Unreachable(Reason.NO_CONTROL, "ce qui répondait ne répond plus")
# Ours: TCP's own, a handshake, and an acknowledgement for every second packet of 32 KiB at most.
PACKETS_PER_CONNECTION = 40
_HOST_NAME = re.compile(r"[A-Za-z0-9._-]{1,253}")


async def look(asset: Host, instruments: Instruments) -> HostServices:
    """The facts; nothing behind a host none of whose addresses faces this vantage, or whose ports are shut.

    An address that stopped answering while its ports were asked is left alone: what is open there is not seen.
    """
    reach = await reach_of(asset, instruments)
    gone = _gone(reach)
    asked, left_out = _chosen(reach)
    visitor = _visitor(instruments)
    turns = {address: _Turn() for address, _ in asked}
    visits = [
        _visit(visitor, place, turns[place[0]], hostname=_hostname(asset, instruments.town, place[1]))
        for place in asked
    ]
    behind = await _all_in_time(visits, asked)
    unasked = tuple(unseen(*place, cause) for place, cause in gone)
    return HostServices(vantage=instruments.vantage, behind=(*behind, *unasked), left_out=left_out)


def announce(asset: Host, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: at most so many ports, should they be open."""
    addresses = facing(asset, instruments.vantage)
    if not addresses:
        return ()
    ports = min(PORTS_PER_HOST, PORTS_PER_ADDRESS * len(addresses))
    target = ", ".join(map(str, addresses))
    return (
        Announcement(
            target=target,
            purpose=Purpose.ACTIVE,
            text=f"{asset.name} ({target}) : ce que disent les ports ouverts, {french.count(ports, 'port')} au plus, "
            f"{CONNECTIONS} courtes connexions au plus par port",
            max_packets=ports * CONNECTIONS * PACKETS_PER_CONNECTION,
        ),
    )


Place = tuple[str, str]
"""Address and port id."""


def _visitor(instruments: Instruments) -> Visitor:
    options = instruments.options
    return Visitor(
        network=instruments.network,
        agent=AGENT,
        ehlo=options.ehlo,
        connect_seconds=options.patience.connect,
        until=asyncio.get_running_loop().time() + VISITS_SECONDS,
    )


def _chosen(reach: HostReach) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """The open ports that are visited, in the order in which they were asked; and those over the number."""
    asked: list[Place] = []
    left_out: list[str] = []
    for address in reach.addresses:
        if _lost(address):
            continue
        opened = list(_open_ports(address))
        room = min(_room(address), PORTS_PER_HOST - len(asked))
        asked.extend((address.address, port) for port in opened[:room])
        left_out.extend(f"{address.address} {port}" for port in opened[room:])
    return tuple(asked), tuple(left_out)


def _gone(reach: HostReach) -> tuple[tuple[Place, Unreachable], ...]:
    """The open ports of addresses that went away meanwhile, and how that was told."""
    return tuple(
        ((address.address, port), cause)
        for address in reach.addresses
        if (cause := _lost(address))
        for port in _open_ports(address)
    )


def _lost(address: AddressReach) -> Unreachable | None:
    """The address answered, then stopped (`probes/ports/inquiry.py`): one more question would prolong a ban."""
    causes = (answer.state for answer in address.ports if isinstance(answer.state, Unreachable))
    return next((cause for cause in causes if cause.reason is Reason.NO_CONTROL), None)


def _open_ports(address: AddressReach) -> Iterator[str]:
    return (
        answer.port
        for answer in address.ports
        if answer.state is PortState.OPEN and tcp_number(answer.port) is not None
    )


def _room(address: AddressReach) -> int:
    return PORTS_OF_A_TRAP if address.opens_everything else PORTS_PER_ADDRESS


class _Turn:
    """Who may be at one address, and whether it still answers there."""

    def __init__(self) -> None:
        self.free = asyncio.Semaphore(AT_ONCE)
        self._unanswered = 0

    @property
    def gone(self) -> bool:
        return self._unanswered >= UNANSWERED

    def note(self, found: Behind) -> None:
        unanswered = isinstance(found.protocol, Unreachable) and found.protocol.reason is Reason.TIMEOUT
        self._unanswered = self._unanswered + 1 if unanswered else 0


async def _visit(visitor: Visitor, place: Place, turn: _Turn, *, hostname: str) -> Behind:
    address, port = place
    number = tcp_number(port)
    assert number is not None
    async with turn.free:
        if turn.gone:
            return unseen(address, port, _GONE)
        found = await visit(Door(visitor, ip_address(address), number, hostname=hostname))
        turn.note(found)
        return found


async def _all_in_time(
    visits: Iterable[Coroutine[Any, Any, Behind]], asked: tuple[Place, ...]
) -> tuple[Behind, ...]:
    """Every visit; what did not end in time is not seen, and takes nothing from the others."""
    tasks = [asyncio.create_task(visit) for visit in visits]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=VISITS_SECONDS)
        return tuple(
            task.result() if task.done() else unseen(*place, Unreachable(Reason.DEADLINE))
            for task, place in zip(tasks, asked, strict=True)
        )
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _hostname(host: Host, town: Town, port: str) -> str:
    """The name by which people reach this host: of a remote access on that very port, of a site, of the mail."""
    return next((name for name in _names(host, town, port) if _HOST_NAME.fullmatch(name)), "")


def _names(host: Host, town: Town, port: str) -> Iterator[str]:
    here = [asset for asset in town.assets if getattr(asset, "host", "") == host.id]
    vpns = [asset for asset in here if isinstance(asset, Vpn) and asset.hostname]
    yield from (vpn.hostname for vpn in vpns if (vpn.port or "tcp/443") == port)
    yield from filter(None, (_site_name(asset) for asset in here if isinstance(asset, Website)))
    yield from (asset.hostname for asset in here if isinstance(asset, MailHost) and asset.hostname)
    yield from (vpn.hostname for vpn in vpns)


def _site_name(site: Website) -> str:
    return urlsplit(site.url).hostname or ""
