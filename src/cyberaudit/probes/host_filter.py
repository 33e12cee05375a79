"""What the packet filter before a host lets through, as raw packets show it and connections do not."""

import asyncio
from ipaddress import ip_address, ip_network

from cyberaudit import french
from cyberaudit.declared import Host
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick, TrickAnswer
from cyberaudit.facts.ports import ESSENTIAL
from cyberaudit.facts.reach import AddressReach, PortState
from cyberaudit.model import Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.host_reach import reach_of
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.network import own_address_towards
from cyberaudit.probes.raw.volley import VOLLEY_SECONDS, Manner, volley
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.vantage import (
    PLUGGED_PORT,
    behind_one_line,
    canaries,
    facing,
    pace,
    port_number,
    tcp_number,
)

# Ours: a filter has one rule for most of its ports; forty tell it, and leave a slow line in peace.
MAX_PORTS = 40
# Each trick twice when silent; and our kernel cuts what the three openings may open.
PACKETS_PER_PORT = 2 * len(Trick) + 3
_CANARY_PORT = port_number(PLUGGED_PORT)
# RFC 1918, RFC 6598 (behind the provider's own translation) and RFC 4193; loopback, which goes nowhere.
_PRIVATE = tuple(
    map(
        ip_network,
        (
            "10.0.0.0/8",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "fc00::/7",
            "::1/128",
        ),
    )
)
_FILTERED = (PortState.SILENT, PortState.REJECTED)


async def look(asset: Host, instruments: Instruments) -> HostFilter | Unreachable:
    """The facts; `Unreachable` when there was something to try and nothing at all could be sent.

    Only ports that connections found silent or refused on the way are tried: without any, nothing is sent, and
    no right is needed. Tricks are `Unreachable` one by one when only some could not be sent.
    """
    reach = await reach_of(asset, instruments)
    town, vantage = instruments.town, instruments.vantage
    # Two addresses have time enough; more behind one line share its pace.
    crowd = max(1.0, behind_one_line(asset, town, vantage=vantage) / 2)
    manner = Manner(pace(asset, town, vantage=vantage), seconds=VOLLEY_SECONDS * crowd)
    looks = (
        _try(ip_address(each.address), filtered_ports(each), instruments, manner) for each in reach.addresses
    )
    addresses = tuple(await asyncio.gather(*looks))
    blind = _why_blind(addresses)
    if blind is not None:
        return blind
    tried = {address.family for address in addresses if address.answers}
    controls = await _ask_canaries(instruments, tried)
    return HostFilter(vantage=instruments.vantage, addresses=addresses, canaries=controls)


async def _try(
    address: IpAddress, ports: tuple[int, ...], instruments: Instruments, manner: Manner
) -> FilterAddress:
    heard = await volley(instruments.network, address, ports, manner) if ports else {}
    answers = (
        TrickAnswer(f"tcp/{port}", trick, knock.state, knock.detail) for (port, trick), knock in heard.items()
    )
    own = own_address_towards(address) if ports else None
    behind_nat = own is not None and is_behind_nat(own, address)
    return FilterAddress(str(address), address.version, tuple(answers), behind_nat)


def is_behind_nat(own: IpAddress, target: IpAddress) -> bool:
    """A box between `own` and `target` writes another address on our packets, and perhaps another port."""
    return _is_private(own) and not _is_private(target)


def _is_private(address: IpAddress) -> bool:
    return any(address in network for network in _PRIVATE)


async def _ask_canaries(instruments: Instruments, families: set[int]) -> tuple[FilterAddress, ...]:
    """Whether each trick gets out from here at all: one port of the canary of each family that was tried."""
    manner = Manner(None, purpose=Purpose.INFRASTRUCTURE)

    async def ask(address: IpAddress) -> FilterAddress:
        return await instruments.looks.shared(
            f"tricks {address}", lambda: _try(address, (_CANARY_PORT,), instruments, manner)
        )

    known = canaries(instruments.town, instruments.vantage)
    return tuple(await asyncio.gather(*(ask(address) for address in known if address.version in families)))


def filtered_ports(reach: AddressReach) -> tuple[int, ...]:
    """The TCP ports to try: silent or refused on the way, the dangerous ones first, `MAX_PORTS` at most."""
    found = [answer.port for answer in reach.ports if answer.state in _FILTERED]
    rank = {port: place for place, port in enumerate(ESSENTIAL)}
    found.sort(key=lambda port: rank.get(port, len(rank)))
    numbers = (number for port in dict.fromkeys(found) if (number := tcp_number(port)) is not None)
    return tuple(numbers)[:MAX_PORTS]


def _why_blind(addresses: tuple[FilterAddress, ...]) -> Unreachable | None:
    """Why no packet at all left, when some should have."""
    states = [answer.state for address in addresses for answer in address.answers]
    reasons = [state for state in states if isinstance(state, Unreachable)]
    return reasons[0] if reasons and len(reasons) == len(states) else None


def announce(asset: Host, instruments: Instruments) -> tuple[Announcement, ...]:
    """The most that `look` would send, if every port were filtered and the right to send were there."""
    addresses = facing(asset, instruments.vantage)
    if not addresses:
        return ()
    target = ", ".join(map(str, addresses))
    text = (
        f"{asset.name} ({target}) : {french.count(MAX_PORTS, 'port')} TCP au plus par adresse, parmi ceux qui ne "
        "répondent pas, essayés avec quatre paquets particuliers (avec les droits d'administration seulement)"
    )
    packets = len(addresses) * MAX_PORTS * PACKETS_PER_PORT
    tricks = Announcement(target, Purpose.ACTIVE, text, packets)
    witnesses = len(canaries(instruments.town, instruments.vantage))
    if not witnesses:
        return (tricks,)
    text = f"l'adresse témoin du profil, à propos de {target} : un port TCP, avec les mêmes paquets"
    return (tricks, Announcement(target, Purpose.INFRASTRUCTURE, text, witnesses * PACKETS_PER_PORT))
