"""Where this machine stands among the town's zones, and the canaries that answer it from outside."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cyberaudit.declared import AssetKind, Flow, Host, Link, LinkKind, Town, Zone
from cyberaudit.facts.ports import ESSENTIAL
from cyberaudit.probes.asked_ports import AskedPorts
from cyberaudit.probes.endpoint import Endpoint, IpAddress
from cyberaudit.probes.guard import is_public
from cyberaudit.probes.network import DEFAULT_RATE, own_address_towards
from cyberaudit.probes.ports.timing import Way
from cyberaudit.town.known import OUTSIDE
from cyberaudit.town.scope import Scope

# What access networks let through: reached there, our own line is known to work.
PLUGGED_PORT = "tcp/443"
# Ours: what an office computer has no reason to reach outside, and what it needs there.
EGRESS_PORTS = (
    "tcp/22", "tcp/25", "tcp/53", "tcp/80", "tcp/135", "tcp/139", "tcp/443", "tcp/445", "tcp/3389",
    "tcp/8080", "tcp/54321",
)  # fmt: skip
# Ours: the whole list of UDP ports, whose refusals a canary may give one a second.
MAX_CANARY_UDP = 64
# Ours: the essential ports, for each is a control; what is asked outside; UDP; and some forty declared ports.
MAX_CANARY_PORTS = len({PLUGGED_PORT, *EGRESS_PORTS, *ESSENTIAL}) + MAX_CANARY_UDP + 40
# Lines that carry a burst of small packets without a hitch.
_FREE_LINKS = frozenset({LinkKind.FTTO, LinkKind.LAN})


def standing_in(town: Town) -> tuple[str, ...]:
    """The ids of every zone whose networks hold an address of this machine.

    Nothing is sent: the kernel's routing table is asked which of our addresses leads to each network.
    """
    zones = [zone for zone in town.of_kind(AssetKind.ZONE) if isinstance(zone, Zone)]
    return tuple(zone.id for zone in zones if any(_stands_in(network) for network in zone.networks))


def _stands_in(written: str) -> bool:
    network = ip_network(written)
    if network.is_loopback:
        return False
    own = own_address_towards(_any_address(network))
    return own is not None and own in network


def _any_address(network: IPv4Network | IPv6Network) -> IpAddress:
    """The first address that may be a machine's: the very first of a network is nobody's."""
    return network[1] if network.num_addresses > 2 else network[0]


def facing(host: Host, vantage: str) -> tuple[IpAddress, ...]:
    """The addresses of `host` that face `vantage`.

    From a zone: all of them. From outside: those of a host that stands outside, and the public ones of the
    others; a private or documentation address inside is nobody's, or somebody else's, seen from there.
    """
    addresses = tuple(dict.fromkeys(map(ip_address, host.addresses)))
    if vantage != OUTSIDE or host.zone == OUTSIDE:
        return addresses
    return tuple(address for address in addresses if is_public(address))


def pace(host: Host, town: Town, *, vantage: str) -> float | None:
    """Attempts a second at `host`, by the line it stands behind; None: free."""
    link = town.asset(f"{AssetKind.LINK}/{host.link}")
    if vantage != OUTSIDE or (isinstance(link, Link) and link.type in _FREE_LINKS):
        return None
    return DEFAULT_RATE


def ways(town: Town, vantage: str, *, scope: Scope) -> dict[IpAddress, Way]:
    """The line of each address that may be asked: hosts behind one declared link share it.

    A canary that is public and that nobody signed for is a line too: it is a stranger's, perhaps.
    """
    found = {
        address: Way(f"canari {address}", DEFAULT_RATE)
        for address in barely_asked(town, vantage, scope=scope)
    }
    for host in _hosts(town):
        way = Way(_line_of(host, town), pace(host, town, vantage=vantage))
        found.update((ip_address(address), way) for address in host.addresses)
    return found


def behind_one_line(host: Host, town: Town, *, vantage: str) -> int:
    """How many addresses that face `vantage` share the line of `host`, its own among them."""
    line = _line_of(host, town)
    each = (facing(other, vantage) for other in _hosts(town) if _line_of(other, town) == line)
    return len({address for addresses in each for address in addresses})


def most_behind_a_paced_line(town: Town, *, vantage: str, every_line: bool) -> int:
    """The addresses that share the most crowded line on which there is a pace; `every_line`: there is one on all."""
    hosts = _hosts(town)
    paced = (host for host in hosts if every_line or pace(host, town, vantage=vantage) is not None)
    return max((behind_one_line(host, town, vantage=vantage) for host in paced), default=0)


def _line_of(host: Host, town: Town) -> str:
    link = town.asset(f"{AssetKind.LINK}/{host.link}")
    return link.key if isinstance(link, Link) else host.key


def _hosts(town: Town) -> Iterator[Host]:
    return (host for host in town.of_kind(AssetKind.HOST) if isinstance(host, Host))


def canaries(town: Town, vantage: str) -> tuple[IpAddress, ...]:
    """The addresses outside that answer everything asked from `vantage`, one a family; none when none is declared."""
    if vantage == OUTSIDE:
        texts = (town.outside_canary, town.other_outside_canary)
    else:
        zone = town.asset(f"{AssetKind.ZONE}/{vantage}")
        texts = (zone.canary, zone.other_canary) if isinstance(zone, Zone) else ("", "")
    return tuple(dict.fromkeys(ip_address(text) for text in texts if text))


def flow_ports(flow: Flow, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The ports asked about a flow: the usual ones, then those that are allowed."""
    return tuple(dict.fromkeys((*usual, *(port for port in flow.ports if port != "all"))))


def canary_endpoints(town: Town, vantage: str, *, scope: Scope, ports: AskedPorts) -> tuple[Endpoint, ...]:
    """The ports that may be asked of the canaries: those asked of hosts and between zones, each a control.

    A number counts for TCP and UDP. A profile is somebody else's data: of a public address that nobody signed for, a
    few ports at most, so that a stranger's machine named there is not scanned.
    """
    most_telling = (
        PLUGGED_PORT,
        *EGRESS_PORTS,
        *_from_here(town, vantage),
        *_services(town),
        *ports.udp[:MAX_CANARY_UDP],
        *ESSENTIAL,
    )
    numbers = tuple(dict.fromkeys(port_number(port) for port in (*most_telling, *ports.tcp, *ports.udp)))
    return tuple(
        Endpoint(address, number)
        for address in canaries(town, vantage)
        for number in numbers[: None if _may_be_asked_all(address, scope) else MAX_CANARY_PORTS]
    )


def barely_asked(town: Town, vantage: str, *, scope: Scope) -> tuple[IpAddress, ...]:
    """The canaries that are public and that nobody signed for."""
    return tuple(address for address in canaries(town, vantage) if not _may_be_asked_all(address, scope))


def _may_be_asked_all(address: IpAddress, scope: Scope) -> bool:
    return scope.covers_address(address) or not is_public(address)


def _from_here(town: Town, vantage: str) -> Iterator[str]:
    for flow in town.of_kind(AssetKind.FLOW):
        if isinstance(flow, Flow) and flow.source == vantage:
            yield from flow_ports(flow, EGRESS_PORTS if flow.target == OUTSIDE else ())


def _services(town: Town) -> Iterator[str]:
    for host in town.of_kind(AssetKind.HOST):
        if isinstance(host, Host):
            yield from (service.port for service in host.services)


def port_number(port: str) -> int:
    """443 for `tcp/443` and `udp/443`."""
    return int(port.partition("/")[2])


def tcp_number(port: str) -> int | None:
    """443 for `tcp/443`; None for another protocol."""
    return port_number(port) if port.startswith("tcp/") else None
