"""What an IPsec gateway would agree on, at each address that faces the vantage."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TypeVar

from cyberaudit.declared import AssetKind, Host, Vpn, VpnKind
from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeServer, IpsecEndpoint
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.ike.asking import MOST_DATAGRAMS
from cyberaudit.probes.ike.survey import IKE_PORT, NAT_PORT, Manner, survey
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.looks import kept
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.shared_looks import SharedLooks
from cyberaudit.probes.vantage import facing

T = TypeVar("T")

# L2TP is carried by IPsec, unless it is in clear.
_TYPES = frozenset({VpnKind.IPSEC, VpnKind.L2TP})
# Ours: a host has one address of each family, two when it has two lines.
MAX_ADDRESSES = 4
# Ours: under the 180 s of a probe, whatever the number of addresses.
LOOK_SECONDS = 150.0
# What a second try in the same run cannot change.
_LASTING = {
    Reason.NOT_AUTHORIZED, Reason.NO_ROUTE, Reason.PERMISSION_DENIED, Reason.REFUSED, Reason.NO_PROBE,
    Reason.NOT_LOOKED,
}  # fmt: skip


async def look(
    asset: Vpn, instruments: Instruments, *, manner: Manner | None = None
) -> IpsecEndpoint | Unreachable:
    """The facts; `Unreachable` when the access is of another technique, or its host has no address that faces us."""
    ports = asked_ports(asset)
    if not ports:
        return Unreachable(Reason.NO_PROBE, clean(f"{asset.type} {asset.port}".strip()))
    host = _host(asset, instruments)
    if host is None:
        return Unreachable(Reason.NO_PLACE, f"aucune adresse pour « {clean(asset.host)} »")
    addresses = facing(host, instruments.vantage)
    if not addresses:
        return Unreachable(Reason.NOT_LOOKED)
    asked, left_out = addresses[:MAX_ADDRESSES], addresses[MAX_ADDRESSES:]
    seconds, again = LOOK_SECONDS / len(asked), _looked_before(asset, instruments.looks)
    # One after the other: what one gateway keeps half-open counts for all its addresses.
    servers = []
    for address in asked:
        survey_it = partial(survey, instruments.network, address, ports, seconds=seconds, manner=manner)
        # Two accesses declared on one address are one gateway: it is asked once for both.
        share = instruments.looks.anew if again else instruments.looks.shared
        servers.append(await share(f"ike {address} {ports}", survey_it))
    return IpsecEndpoint(asset.hostname, tuple(servers), tuple(map(str, left_out)))


def _looked_before(asset: Vpn, looks: SharedLooks) -> bool:
    """Whether this access had its first look; from now on it had."""
    name = f"ike {asset.key}"
    before = looks.left_behind(name) is not None
    looks.leave(name, "begun")
    return before


def asked_ports(asset: Vpn) -> tuple[int, ...]:
    """The UDP ports of the gateway; none when it is not for this probe."""
    protocol, _, number = asset.port.partition("/")
    if asset.type not in _TYPES or protocol not in ("", "udp"):
        return ()
    # The port of an L2TP access is that of L2TP, inside the tunnel.
    own = (int(number),) if number and asset.type is VpnKind.IPSEC else ()
    return tuple(dict.fromkeys((*own, IKE_PORT, NAT_PORT)))


def _host(asset: Vpn, instruments: Instruments) -> Host | None:
    host = instruments.town.asset(f"{AssetKind.HOST}/{asset.host}")
    return host if isinstance(host, Host) and host.addresses else None


def announce(asset: Vpn, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the access is of another technique, or no address faces us."""
    ports, host = asked_ports(asset), _host(asset, instruments)
    if not ports or (host and not facing(host, instruments.vantage)):
        return ()
    addresses = min(MAX_ADDRESSES, len(facing(host, instruments.vantage))) if host else 1
    listed = ", ".join(map(str, ports))
    return (
        Announcement(
            target=asset.hostname or asset.host,
            purpose=Purpose.ACTIVE,
            text=f"l'accès à distance « {asset.name} » : une centaine de questions IPsec sans mot de passe, "
            f"ports UDP {listed}, une seconde fois en cas d'échec",
            max_packets=2 * addresses * len(ports) * MOST_DATAGRAMS,
        ),
    )


def worth_asking_again(facts: IpsecEndpoint) -> bool:
    """Some address gave no answer, or went mute on the way, for a reason that may pass."""
    return any(
        isinstance(server.complete, Unreachable) and server.complete.reason not in _LASTING
        for server in facts.servers
    )


def merge_looks(first: IpsecEndpoint, second: IpsecEndpoint) -> IpsecEndpoint:
    """The second look; what only the first one saw stays."""
    before = {server.address: server for server in first.servers}
    servers = tuple(_merged(before.get(server.address, server), server) for server in second.servers)
    return replace(second, servers=servers)


def _merged(first: IkeServer, second: IkeServer) -> IkeServer:
    known = {offer.version: offer for offer in first.offers}
    return replace(
        second,
        ports=tuple(
            replace(port, answers=kept(before.answers, port.answers))
            for before, port in zip(first.ports, second.ports, strict=True)
        ),
        offers=tuple(_both(known.get(offer.version, offer), offer) for offer in second.offers),
        aggressive=_told(first.aggressive, second.aggressive),
        hash_sent=True if first.hash_sent is True else kept(first.hash_sent, second.hash_sent),
        vendors=_joined(first.vendors, second.vendors),
        traits=_joined(first.traits, second.traits),
        complete=kept(first.complete, second.complete),
    )


def _told(first: IkeSaid | Unreachable, second: IkeSaid | Unreachable) -> IkeSaid | Unreachable:
    if first is IkeSaid.ACCEPTED:
        return first
    # What was answered once is not ignored.
    if first is IkeSaid.IGNORED or (second is IkeSaid.IGNORED and not _answered(first)):
        return second if _answered(second) else IkeSaid.IGNORED
    return first if second is IkeSaid.IGNORED else kept(first, second)


def _answered(said: IkeSaid | Unreachable) -> bool:
    if isinstance(said, Unreachable):
        return said.reason in (Reason.PROTOCOL_ERROR, Reason.PERMISSION_DENIED)
    return said is not IkeSaid.IGNORED


def _both(first: IkeOffer, second: IkeOffer) -> IkeOffer:
    return replace(
        second,
        answer=_told(first.answer, second.answer),
        ciphers=_joined(first.ciphers, second.ciphers),
        macs=_joined(first.macs, second.macs),
        prfs=_joined(first.prfs, second.prfs),
        groups=_joined(first.groups, second.groups),
        proofs=_joined(first.proofs, second.proofs),
        whole=kept(first.whole, second.whole),
        choices=_choices(first.choices, second.choices),
    )


def _choices(
    first: tuple[str, ...] | Unreachable, second: tuple[str, ...] | Unreachable
) -> tuple[str, ...] | Unreachable:
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return kept(first, second)
    return _joined(first, second)


def _joined(first: Iterable[T], second: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys((*first, *second)))
