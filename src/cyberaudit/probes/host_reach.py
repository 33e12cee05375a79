"""Which ports of a host answer, on the addresses that face the vantage, v4 and v6 in one pass."""

import asyncio

from cyberaudit import french
from cyberaudit.declared import Host
from cyberaudit.facts.ports import PORTS
from cyberaudit.facts.reach import CANARY_PORTS, HostReach
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.sweep import PACKETS_PER_PORT, Manner, ask_canary, sweep
from cyberaudit.probes.vantage import facing, pace


async def look(asset: Host, instruments: Instruments) -> HostReach:
    """The facts; without addresses when none of the host's faces this vantage."""
    vantage = instruments.vantage
    addresses = facing(asset, vantage)
    if not addresses:
        return HostReach(vantage=vantage, addresses=(), canaries=())
    ports = asked_ports(asset)
    manner = Manner(Purpose.ACTIVE, rate=pace(asset, instruments.town, vantage=vantage))
    reaches, canaries = await asyncio.gather(
        sweep(instruments.network, addresses, ports, manner), ask_canary(instruments, ports)
    )
    return HostReach(vantage=vantage, addresses=reaches, canaries=canaries)


def asked_ports(host: Host) -> tuple[str, ...]:
    """Its declared services first: they are what matters when time is short."""
    declared = (service.port for service in host.services)
    return tuple(dict.fromkeys((*declared, *(port.id for port in PORTS))))


def announce(asset: Host) -> tuple[Announcement, ...]:
    """What `look` would touch: the addresses that do not face the vantage are left out then."""
    ports = len(asked_ports(asset))
    target = ", ".join(asset.addresses)
    canaries = len(CANARY_PORTS) + 1
    return (
        Announcement(
            target=target,
            purpose=Purpose.ACTIVE,
            text=f"{asset.name} ({target}) : {french.count(ports, 'port')} TCP au plus par adresse, "
            "une seconde fois pour ceux qui se taisent",
            max_packets=len(asset.addresses) * ports * PACKETS_PER_PORT,
        ),
        Announcement(
            target=target,
            purpose=Purpose.INFRASTRUCTURE,
            text=f"l'adresse témoin du profil, s'il en donne une, à propos de {target} : "
            f"{french.count(canaries, 'port')} TCP au plus",
            max_packets=canaries * PACKETS_PER_PORT,
        ),
    )
