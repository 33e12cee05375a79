"""Addresses of the town's networks that no declared machine bears: what answers there answers in anybody's name."""

from collections.abc import Collection, Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice

from cyberaudit.declared import AssetKind, Host, Town, Zone
from cyberaudit.probes.endpoint import IpAddress

# Ours: one may be lent to a visitor's telephone; two at once, hardly.
EACH_FAMILY = 2
# Ours: a network whose last addresses are all taken has no place for this.
_LOOKED_AT = 64
_Network = IPv4Network | IPv6Network


def nobodys(town: Town, zone: Zone) -> tuple[IpAddress, ...]:
    """The last addresses of the zone's networks that nobody bears and that the authorization covers.

    At most `EACH_FAMILY` of each family. Never the first nor the last one that may be a machine's: routers like to
    stand there, whether the profile names them or not.
    """
    signed = town.authorization
    covered = [ip_network(text) for text in signed.addresses] if signed else []
    networks = [ip_network(text) for text in zone.networks]
    borne = frozenset(_borne(town))
    found: list[IpAddress] = []
    for version in (4, 6):
        free = (_free(each, covered, borne) for each in networks if each.version == version)
        distinct = dict.fromkeys(address for some in free for address in some)
        found += islice(distinct, EACH_FAMILY)
    return tuple(found)


def _borne(town: Town) -> Iterator[IpAddress]:
    texts = [town.outside_canary, town.other_outside_canary]
    for asset in (*town.of_kind(AssetKind.HOST), *town.of_kind(AssetKind.ZONE)):
        match asset:
            case Host():
                texts += asset.addresses
            case Zone():
                texts += (asset.canary, asset.other_canary)
    return (ip_address(text) for text in texts if text)


def _free(
    network: _Network, covered: Iterable[_Network], borne: Collection[IpAddress]
) -> Iterator[IpAddress]:
    if network.num_addresses < 4:
        return
    ends = (network[0], network[1], network[-2], network[-1])
    for other in filter(network.overlaps, covered):
        # Of two that overlap, one lies inside the other.
        shared = max(network, other, key=lambda each: each.prefixlen)
        for back in range(1, min(shared.num_addresses, _LOOKED_AT) + 1):
            address = shared[-back]
            if address not in ends and address not in borne:
                yield address
