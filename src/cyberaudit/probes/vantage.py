"""Where this machine stands among the town's zones, and the canary that answers it from outside."""

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from cyberaudit.declared import AssetKind, Flow, Host, Link, LinkKind, Town, Zone
from cyberaudit.facts.ports import PORTS
from cyberaudit.probes.endpoint import Endpoint, IpAddress
from cyberaudit.probes.guard import is_public
from cyberaudit.probes.network import DEFAULT_RATE, own_address_towards
from cyberaudit.town.known import OUTSIDE

# What access networks let through: reached there, our own line is known to work.
PLUGGED_PORT = "tcp/443"
# Ours: what an office computer has no reason to reach outside, and what it needs there.
EGRESS_PORTS = (
    "tcp/22", "tcp/25", "tcp/53", "tcp/80", "tcp/135", "tcp/139", "tcp/443", "tcp/445", "tcp/3389",
    "tcp/8080", "tcp/54321",
)  # fmt: skip
# Ours: every port of the list, for each is a control; what is asked outside; and some forty declared ports.
MAX_CANARY_PORTS = len({port.id for port in PORTS} | {PLUGGED_PORT, *EGRESS_PORTS}) + 40
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


def canary(town: Town, vantage: str) -> IpAddress | None:
    """The address outside that answers everything asked from `vantage`; None when the profile has none."""
    if vantage == OUTSIDE:
        text = town.outside_canary
    else:
        zone = town.asset(f"{AssetKind.ZONE}/{vantage}")
        text = zone.canary if isinstance(zone, Zone) else ""
    return ip_address(text) if text else None


def flow_ports(flow: Flow, usual: tuple[str, ...]) -> tuple[str, ...]:
    """The ports asked about a flow: the usual ones, then those that are allowed."""
    return tuple(dict.fromkeys((*usual, *(port for port in flow.ports if port != "all"))))


def canary_endpoints(town: Town, vantage: str) -> tuple[Endpoint, ...]:
    """The ports that may be asked of the canary: those asked of hosts and between zones, each a control, and
    those of flows that go outside.

    At most `MAX_CANARY_PORTS`: a profile that names somebody else's machine must not have it scanned.
    """
    address = canary(town, vantage)
    if address is None:
        return ()
    known = (port.id for port in PORTS)
    asked = dict.fromkeys((PLUGGED_PORT, *known, *_from_here(town, vantage), *_services(town)))
    numbers = [number for port in asked if (number := tcp_number(port)) is not None]
    return tuple(Endpoint(address, number) for number in numbers[:MAX_CANARY_PORTS])


def _from_here(town: Town, vantage: str) -> Iterator[str]:
    for flow in town.of_kind(AssetKind.FLOW):
        if isinstance(flow, Flow) and flow.source == vantage:
            yield from flow_ports(flow, EGRESS_PORTS if flow.target == OUTSIDE else ())


def _services(town: Town) -> Iterator[str]:
    for host in town.of_kind(AssetKind.HOST):
        if isinstance(host, Host):
            yield from (service.port for service in host.services)


def tcp_number(port: str) -> int | None:
    """443 for `tcp/443`; None for another protocol."""
    protocol, _, number = port.partition("/")
    return int(number) if protocol == "tcp" else None
