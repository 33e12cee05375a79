"""What passes from one zone of the town to another, or out of it, tried from the first."""

import asyncio
from collections.abc import Iterator
from itertools import chain

from cyberaudit import french
from cyberaudit.declared import AssetKind, Flow, Host, Zone, ZoneUse
from cyberaudit.facts.passages import CANARY, NOBODY
from cyberaudit.facts.ports import ESSENTIAL
from cyberaudit.facts.reach import AddressReach, FlowReach, PortAnswer, TargetReach
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import asked_ports
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.nobody import nobodys
from cyberaudit.probes.ports.sweep import PACKETS_PER_PORT, Manner, beside_canaries, sweep
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.vantage import EGRESS_PORTS, canaries, facing, flow_ports, pace, tcp_number
from cyberaudit.town.known import OUTSIDE

# Ours: one port of each thing that a partition between two networks is there to keep apart.
SEGMENT_PORTS = (
    "tcp/22", "tcp/23", "tcp/80", "tcp/135", "tcp/139", "tcp/443", "tcp/445", "tcp/3306", "tcp/3389",
    "tcp/5432", "tcp/5900", "tcp/8080", "tcp/8443", "tcp/9100",
)  # fmt: skip
# Ours: the machines of a small town's largest zone, v4 and v6.
MAX_ADDRESSES = 32
# Ours: so many ports of `MAX_ADDRESSES` silent addresses, asked twice, fit in the time of one sweep.
MAX_PORTS = 1200
# What the captive portal of a public Wi-Fi, or a transparent proxy, answers in the name of any address.
PORTAL_PORTS = ("tcp/443", "tcp/80")
# Of an address that nobody bears: those ports, and the three decoys of every sweep.
_PORTS_OF_NOBODY = len(PORTAL_PORTS) + 3


async def look(asset: Flow, instruments: Instruments) -> FlowReach | Unreachable:
    """The facts; `not-looked` from elsewhere than the flow's source, `no-control` when nothing can be tried."""
    if instruments.vantage != asset.source:
        return Unreachable(Reason.NOT_LOOKED)
    if asset.target == OUTSIDE:
        return await _look_outside(asset, instruments)
    return await _look_inside(asset, instruments)


async def _look_outside(asset: Flow, instruments: Instruments) -> FlowReach | Unreachable:
    """The canaries are the target: they answer everything, so what is silent does not get out."""
    addresses = canaries(instruments.town, instruments.vantage)
    if not addresses:
        return Unreachable(Reason.NO_CONTROL, "le profil ne donne pas d'adresse témoin pour ce lieu")
    manner = Manner(Purpose.INFRASTRUCTURE, rate=None)
    reaches = await sweep(instruments.network, addresses, flow_ports(asset, EGRESS_PORTS), manner)
    targets = tuple(TargetReach(CANARY, reach) for reach in reaches)
    return FlowReach(vantage=instruments.vantage, targets=targets, canaries=())


async def _look_inside(asset: Flow, instruments: Instruments) -> FlowReach | Unreachable:
    targets = _targets(asset, instruments)
    if not targets:
        return Unreachable(Reason.NO_CONTROL, f"aucune adresse à essayer dans « {asset.target} »")
    ports, spare = segment_ports(asset, instruments), _spare(asset, instruments)
    looking = _try_all(targets, spare, ports, instruments)
    reaches, controls = await beside_canaries(instruments, looking)
    hosts = chain((target.host.id for target in targets for _ in target.every), (NOBODY for _ in spare))
    tried = tuple(map(TargetReach, hosts, reaches))
    return FlowReach(vantage=instruments.vantage, targets=tried, canaries=controls)


def segment_ports(asset: Flow, instruments: Instruments) -> tuple[str, ...]:
    """The ports asked between two networks, at most `MAX_PORTS`.

    Those that a partition is there for, what the machines there declare and what is allowed; then the essential
    ones, or those that a person named.
    """
    declared = (service.port for host in _hosts(asset, instruments) for service in host.services)
    first = flow_ports(asset, (*SEGMENT_PORTS, *(port for port in declared if tcp_number(port))))
    named = instruments.options.ports.strip() not in (asked_ports.USUAL, asked_ports.ESSENTIAL)
    rest = instruments.ports.tcp if named else ESSENTIAL
    return tuple(dict.fromkeys((*first, *rest)))[:MAX_PORTS]


def _spare(asset: Flow, instruments: Instruments) -> tuple[IpAddress, ...]:
    """From the public's Wi-Fi, addresses of the other side that nobody bears; none where rules stand for the town."""
    zones = {zone.id: zone for zone in instruments.town.of_kind(AssetKind.ZONE) if isinstance(zone, Zone)}
    source, target = zones.get(asset.source), zones.get(asset.target)
    if instruments.options.connect_to or not source or not target or source.use != ZoneUse.GUEST:
        return ()
    return nobodys(instruments.town, target)


def _hosts(asset: Flow, instruments: Instruments) -> Iterator[Host]:
    """The machines on the other side."""
    for host in instruments.town.of_kind(AssetKind.HOST):
        if isinstance(host, Host) and host.zone == asset.target:
            yield host


@frozen
class _Target:
    """One host on the other side."""

    host: Host
    addresses: tuple[IpAddress, ...]
    left_out: tuple[IpAddress, ...]
    """Over `MAX_ADDRESSES`."""

    @property
    def every(self) -> tuple[IpAddress, ...]:
        return (*self.addresses, *self.left_out)


def _targets(asset: Flow, instruments: Instruments) -> list[_Target]:
    targets = []
    left = MAX_ADDRESSES
    for host in _hosts(asset, instruments):
        addresses = facing(host, instruments.vantage)
        if addresses:
            targets.append(_Target(host, addresses[:left], addresses[left:]))
        left = max(0, left - len(addresses))
    return targets


async def _try_all(
    targets: list[_Target],
    spare: tuple[IpAddress, ...],
    ports: tuple[str, ...],
    instruments: Instruments,
) -> list[AddressReach]:
    """Those of the targets, in their order, then those of the spare addresses."""
    nobody = sweep(instruments.network, spare, PORTAL_PORTS, Manner(Purpose.ACTIVE, rate=None))
    tried = await asyncio.gather(*(_try(target, ports, instruments) for target in targets), nobody)
    return list(chain(*tried))


async def _try(target: _Target, ports: tuple[str, ...], instruments: Instruments) -> list[AddressReach]:
    rate = pace(target.host, instruments.town, vantage=instruments.vantage)
    manner = Manner(Purpose.ACTIVE, rate=rate)
    reaches = await sweep(instruments.network, target.addresses, ports, manner)
    return [*reaches, *(_left_out(address, ports) for address in target.left_out)]


def _left_out(address: IpAddress, ports: tuple[str, ...]) -> AddressReach:
    spent = Unreachable(Reason.BUDGET_SPENT)
    answers = tuple(PortAnswer(port, spent, "") for port in ports)
    return AddressReach(str(address), address.version, answers, spent, spent)


def announce(asset: Flow, instruments: Instruments) -> tuple[Announcement, ...]:
    """What `look` would touch: nothing when the flow starts elsewhere than here."""
    if asset.source != instruments.vantage:
        return ()
    name = f"{asset.source} → {asset.target}"
    witnesses = len(canaries(instruments.town, instruments.vantage))
    if asset.target == OUTSIDE:
        ports = len(flow_ports(asset, EGRESS_PORTS))
        text = f"de {name} : chaque adresse témoin du profil, {french.count(ports, 'port')} TCP au plus"
        packets = max(1, witnesses) * ports * PACKETS_PER_PORT
        return (Announcement(name, Purpose.INFRASTRUCTURE, text, packets),)
    return _announce_inside(asset, instruments, name=name, witnesses=witnesses)


def _announce_inside(
    asset: Flow, instruments: Instruments, *, name: str, witnesses: int
) -> tuple[Announcement, ...]:
    ports = len(segment_ports(asset, instruments))
    controls = ports + 1
    each = (
        f"de {name} : chaque adresse déclarée de l'autre côté, {MAX_ADDRESSES} au plus, "
        f"{french.count(ports, 'port')} TCP"
    )
    spare = len(_spare(asset, instruments))
    if spare:
        each += " ; et deux ports d'adresses que personne n'a, pour reconnaître un portail"
    there = sum(len(target.addresses) for target in _targets(asset, instruments))
    asked = max(1, there) * ports + spare * _PORTS_OF_NOBODY
    witness = f"de {name} : les adresses témoins du profil, s'il en donne, {controls} ports TCP au plus"
    return (
        Announcement(name, Purpose.ACTIVE, each, asked * PACKETS_PER_PORT),
        Announcement(name, Purpose.INFRASTRUCTURE, witness, max(1, witnesses) * controls * PACKETS_PER_PORT),
    )
