"""What passes from one zone of the town to another, or out of it, tried from the first."""

import asyncio
from dataclasses import dataclass
from itertools import chain

from cyberaudit import french
from cyberaudit.declared import AssetKind, Flow, Host
from cyberaudit.facts.reach import AddressReach, FlowReach, PortAnswer, TargetReach
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.sweep import PACKETS_PER_PORT, Manner, beside_canary, sweep
from cyberaudit.probes.vantage import EGRESS_PORTS, canary, facing, flow_ports, pace
from cyberaudit.town.known import OUTSIDE

# Ours: one port of each thing that a partition between two networks is there to keep apart.
SEGMENT_PORTS = (
    "tcp/22", "tcp/23", "tcp/80", "tcp/135", "tcp/139", "tcp/443", "tcp/445", "tcp/3306", "tcp/3389",
    "tcp/5432", "tcp/5900", "tcp/8080", "tcp/8443", "tcp/9100",
)  # fmt: skip
# Ours: the machines of a small town's largest zone, v4 and v6.
MAX_ADDRESSES = 32


async def look(asset: Flow, instruments: Instruments) -> FlowReach | Unreachable:
    """The facts; `not-looked` from elsewhere than the flow's source, `no-control` when nothing can be tried."""
    if instruments.vantage != asset.source:
        return Unreachable(Reason.NOT_LOOKED)
    if asset.target == OUTSIDE:
        return await _look_outside(asset, instruments)
    return await _look_inside(asset, instruments)


async def _look_outside(asset: Flow, instruments: Instruments) -> FlowReach | Unreachable:
    """The canary is the target: it answers everything, so what is silent does not get out."""
    address = canary(instruments.town, instruments.vantage)
    if address is None:
        return Unreachable(Reason.NO_CONTROL, "le profil ne donne pas d'adresse témoin pour ce lieu")
    manner = Manner(Purpose.INFRASTRUCTURE, rate=None)
    reaches = await sweep(instruments.network, (address,), flow_ports(asset, EGRESS_PORTS), manner)
    targets = tuple(TargetReach("canary", reach) for reach in reaches)
    return FlowReach(vantage=instruments.vantage, targets=targets, canaries=())


async def _look_inside(asset: Flow, instruments: Instruments) -> FlowReach | Unreachable:
    ports = flow_ports(asset, SEGMENT_PORTS)
    targets = _targets(asset, instruments)
    if not targets:
        return Unreachable(Reason.NO_CONTROL, f"aucune adresse à essayer dans « {asset.target} »")
    tried, canaries = await beside_canary(
        instruments, ports, asyncio.gather(*(_try(target, ports, instruments) for target in targets))
    )
    return FlowReach(vantage=instruments.vantage, targets=tuple(chain(*tried)), canaries=canaries)


@dataclass(frozen=True, slots=True)
class _Target:
    """One host on the other side."""

    host: Host
    addresses: tuple[IpAddress, ...]
    left_out: tuple[IpAddress, ...]
    """Over `MAX_ADDRESSES`."""


def _targets(asset: Flow, instruments: Instruments) -> list[_Target]:
    targets = []
    left = MAX_ADDRESSES
    for host in instruments.town.of_kind(AssetKind.HOST):
        if isinstance(host, Host) and host.zone == asset.target:
            addresses = facing(host, instruments.vantage)
            if addresses:
                targets.append(_Target(host, addresses[:left], addresses[left:]))
            left = max(0, left - len(addresses))
    return targets


async def _try(target: _Target, ports: tuple[str, ...], instruments: Instruments) -> list[TargetReach]:
    rate = pace(target.host, instruments.town, vantage=instruments.vantage)
    manner = Manner(Purpose.ACTIVE, rate=rate)
    reaches = await sweep(instruments.network, target.addresses, ports, manner)
    left_out = (_left_out(address, ports) for address in target.left_out)
    return [TargetReach(target.host.id, reach) for reach in (*reaches, *left_out)]


def _left_out(address: IpAddress, ports: tuple[str, ...]) -> AddressReach:
    spent = Unreachable(Reason.BUDGET_SPENT)
    return AddressReach(str(address), address.version, tuple(PortAnswer(port, spent, "") for port in ports))


def announce(asset: Flow, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the flow starts elsewhere than here."""
    if asset.source != instruments.vantage:
        return ()
    name = f"{asset.source} → {asset.target}"
    if asset.target == OUTSIDE:
        ports = len(flow_ports(asset, EGRESS_PORTS))
        text = f"de {name} : l'adresse témoin du profil, {french.count(ports, 'port')} TCP au plus"
        return (Announcement(name, Purpose.INFRASTRUCTURE, text, ports * PACKETS_PER_PORT),)
    ports = len(flow_ports(asset, SEGMENT_PORTS))
    canaries = ports + 1
    each = (
        f"de {name} : chaque adresse déclarée de l'autre côté, {MAX_ADDRESSES} au plus, "
        f"{french.count(ports, 'port')} TCP"
    )
    witness = f"de {name} : l'adresse témoin du profil, s'il en donne une, {canaries} ports TCP au plus"
    return (
        Announcement(name, Purpose.ACTIVE, each, MAX_ADDRESSES * ports * PACKETS_PER_PORT),
        Announcement(name, Purpose.INFRASTRUCTURE, witness, canaries * PACKETS_PER_PORT),
    )
