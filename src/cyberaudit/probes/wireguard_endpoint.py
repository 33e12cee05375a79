"""What a WireGuard access answers: to a stranger nothing but a refusal, to one of its peers a proof."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import replace

from cyberaudit.declared import AssetKind, Host, Vpn, VpnKind
from cyberaudit.errors import UsageError
from cyberaudit.facts.wireguard import WireGuardAnswer, WireGuardEndpoint, WireGuardMet
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.vpn_access import Access, access_of, may_change, most_telling
from cyberaudit.probes.wireguard.configuration import Configuration, Peer, read_configuration, spelled
from cyberaudit.probes.wireguard.initiations import PATIENCE, Initiations, Keys

log = logging.getLogger(__name__)

USUAL = {VpnKind.WIREGUARD: "udp/51820"}
# The most telling first: a later look never takes away what an earlier one saw.
_TELLING = (
    WireGuardMet.PROVEN, WireGuardMet.BUSY, WireGuardMet.FOREIGN, WireGuardMet.CLOSED, WireGuardMet.SILENT,
)  # fmt: skip


async def look(asset: Vpn, instruments: Instruments) -> WireGuardEndpoint | Unreachable:
    """The facts; `Unreachable` when the access is of another technique, or its host has no address that faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return access
    keys = _keys(asset, instruments, access)
    usable = keys if isinstance(keys, Keys) else None
    asking = (_ask(instruments, access, address, usable) for address in access.asked)
    return WireGuardEndpoint(
        port=access.port,
        with_keys=keys if isinstance(keys, Unreachable) else usable is not None,
        answers=tuple(await asyncio.gather(*asking)),
        left_out=access.left_out,
    )


def worth_asking_again(facts: WireGuardEndpoint) -> bool:
    """Asked with keys, nobody proved anything, and some answer may change; a stranger hears nothing twice."""
    if facts.with_keys is not True or any(answer.met is WireGuardMet.PROVEN for answer in facts.answers):
        return False
    return may_change(facts.answers, passing=(WireGuardMet.SILENT, WireGuardMet.BUSY))


def merge_looks(first: WireGuardEndpoint, second: WireGuardEndpoint) -> WireGuardEndpoint:
    """At each address the more telling answer, the second one of two that tell as much."""
    return replace(second, answers=most_telling(first.answers, second.answers, order=_TELLING))


def announce(asset: Vpn, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the access is of another technique, or no address faces us."""
    access = _access(asset, instruments)
    if isinstance(access, Unreachable):
        return ()
    return (
        Announcement(
            target=asset.hostname or asset.host,
            purpose=Purpose.ACTIVE,
            text=f"l'accès WireGuard « {asset.name} » : {len(PATIENCE)} demandes, port {access.number} en UDP, "
            "une seconde fois en cas de silence",
            max_packets=2 * 2 * len(access.asked) * len(PATIENCE),
        ),
    )


def _access(asset: Vpn, instruments: Instruments) -> Access | Unreachable:
    return access_of(asset, instruments, usual=USUAL, protocols=("udp",))


def _keys(asset: Vpn, instruments: Instruments, access: Access) -> Keys | Unreachable | None:
    """Who we are for this server; None: nothing was given, or it is about another one."""
    path = instruments.options.wireguard_config
    if path is None:
        return None
    try:
        configuration = read_configuration(path)
    except UsageError:
        return Unreachable(Reason.PERMISSION_DENIED, "configuration WireGuard illisible")
    if configuration.readable_by_others:
        log.warning("%s: the private key in it may be read by others than its owner", path)
    server = next(_servers(asset, instruments, access, configuration), None)
    return Keys(configuration, server) if server is not None else None


def _servers(
    asset: Vpn, instruments: Instruments, access: Access, configuration: Configuration
) -> Iterator[Peer]:
    """The peers whose `Endpoint` is this access; a single peer is that of a single access, wherever it points."""
    host = instruments.town.asset(f"{AssetKind.HOST}/{asset.host}")
    addresses = host.addresses if isinstance(host, Host) else ()
    names = {spelled(name) for name in (asset.hostname, *addresses) if name}
    peers = configuration.peers
    yield from (peer for peer in peers if peer.host in names and peer.port == access.number)
    accesses = [vpn for vpn in instruments.town.of_kind(AssetKind.VPN) if _is_wireguard(vpn)]
    if len(peers) == 1 and len(accesses) <= 1:
        yield peers[0]


def _is_wireguard(vpn: object) -> bool:
    return isinstance(vpn, Vpn) and vpn.type is VpnKind.WIREGUARD


async def _ask(
    instruments: Instruments, access: Access, address: IpAddress, keys: Keys | None
) -> WireGuardAnswer:
    begun = asyncio.get_running_loop().time()
    stream = await instruments.network.datagrams(address, access.number, purpose=Purpose.ACTIVE)
    if isinstance(stream, Unreachable):
        return _answer(address, stream)
    with stream:
        met = await Initiations(stream, keys).met()
    seconds = asyncio.get_running_loop().time() - begun
    if met in (WireGuardMet.PROVEN, WireGuardMet.BUSY):
        return WireGuardAnswer(str(address), met, f"réponse en {max(1, round(seconds * 1000))} ms")
    return _answer(address, met)


def _answer(address: IpAddress, met: WireGuardMet | Unreachable) -> WireGuardAnswer:
    if not isinstance(met, Unreachable):
        return WireGuardAnswer(str(address), met, "")
    told = WireGuardMet.CLOSED if met.reason is Reason.REFUSED else met
    return WireGuardAnswer(str(address), told, clean(met.detail))
