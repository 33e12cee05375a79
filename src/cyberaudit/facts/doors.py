"""The ports of a host as doors: each one read over every address, and what the profile says of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from cyberaudit.declared import Service
from cyberaudit.facts.ports import Danger, of_danger, port_name
from cyberaudit.facts.reach import Exposure, PortReading
from cyberaudit.model import Unreachable

OPEN_TO_ALL = frozenset({"any", "outside"})
"""What `Service.reachable_from` says of a service meant for the Internet."""
SSH = "tcp/22"
"""A console of administration, even with keys."""
# Ours: where appliances put their administration, and remote accesses and web sites stand too.
_SHARED = frozenset({"tcp/443", "tcp/4443", "tcp/8443", "tcp/9443", "tcp/10443"})
_ALWAYS = of_danger(Danger.ADMIN) - _SHARED
"""Administration, whatever the profile calls it."""
_ADMINISTRATION = re.compile(r"\b(admin\w*|ssh|console|management|ipmi)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Door:
    """One port, on every address where it was asked."""

    port: str
    """`tcp/3389`"""
    readings: tuple[PortReading, ...]

    @property
    def name(self) -> str:
        """« Bureau à distance Windows »."""
        return port_name(self.port)

    @property
    def exposure(self) -> Exposure:
        """Open on one address is open; not proven on one address is not proven."""
        found = {reading.exposure for reading in self.readings}
        order = (Exposure.OPEN, Exposure.UNPROVEN, Exposure.NOT_OPEN)
        return next((exposure for exposure in order if exposure in found), Exposure.UNPROVEN)

    @property
    def open_on(self) -> tuple[str, ...]:
        """The addresses where it is open."""
        return tuple(reading.address for reading in self.readings if reading.exposure is Exposure.OPEN)


@dataclass(frozen=True, slots=True)
class Gap:
    """Ports of one family that were not seen, for one and the same reason."""

    family: int
    cause: Unreachable
    ports: tuple[str, ...]

    @property
    def key(self) -> str:
        """`ipv6/no-route`"""
        return f"ipv{self.family}/{self.cause.reason}"


def by_port(readings: Iterable[PortReading]) -> tuple[Door, ...]:
    """One door a port, in the order in which the ports first come."""
    grouped: dict[str, list[PortReading]] = {}
    for reading in readings:
        grouped.setdefault(reading.port, []).append(reading)
    return tuple(Door(port, tuple(found)) for port, found in grouped.items())


def gaps(doors: Iterable[Door]) -> tuple[Gap, ...]:
    """What is not proven, one line a family and reason, in the order in which they first come."""
    causes: dict[str, Gap] = {}
    for door in doors:
        for reading in door.readings:
            if reading.cause is not None:
                gap = Gap(reading.family, reading.cause, (door.port,))
                known = causes.get(gap.key)
                ports = dict.fromkeys((*known.ports, door.port)) if known else (door.port,)
                causes[gap.key] = Gap(gap.family, known.cause if known else gap.cause, tuple(ports))
    return tuple(causes.values())


def for_everyone(service: Service) -> bool:
    """The profile means it to be reached from the Internet."""
    return service.reachable_from in OPEN_TO_ALL


def administers(service: Service) -> bool:
    """It is a way to administer the machine: by its port, or by what the profile calls it."""
    return service.port in _ALWAYS or _ADMINISTRATION.search(service.what) is not None
