"""The ports of a host as doors: each one read over every address, what stands behind, what the profile says of it."""

import re
from collections.abc import Iterable
from dataclasses import replace

from cyberaudit.declared import Service
from cyberaudit.facts.ports import Danger, of_danger, port_name
from cyberaudit.facts.reach import Exposure, PortReading
from cyberaudit.facts.services import Behind, HostServices
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable

OPEN_TO_ALL = frozenset({"any", "outside"})
"""What `Service.reachable_from` says of a service meant for the Internet."""
SSH = "tcp/22"
"""A console of administration, even with keys."""
# Ours: where appliances put their administration, and remote accesses and web sites stand too.
_SHARED = frozenset({"tcp/443", "tcp/4443", "tcp/8443", "tcp/9443", "tcp/10443"})
_ALWAYS = of_danger(Danger.ADMIN) - _SHARED
"""Administration, whatever the profile calls it."""
_ADMINISTRATION = re.compile(r"\b(admin\w*|ssh|console|management|ipmi)\b", re.IGNORECASE)


@frozen
class Door:
    """One port, on every address where it was asked."""

    port: str
    """`tcp/3389`"""
    readings: tuple[PortReading, ...]
    behind: tuple[Behind, ...] = ()
    """What stands behind it, where it is open and was looked at."""

    @property
    def name(self) -> str:
        """« Bureau à distance Windows »."""
        return port_name(self.port)

    @property
    def exposure(self) -> Exposure:
        """Open on one address is open; not proven on one address is not proven."""
        return worst(reading.exposure for reading in self.readings)

    @property
    def open_on(self) -> tuple[str, ...]:
        """The addresses where it is open."""
        return tuple(reading.address for reading in self.readings if reading.exposure is Exposure.OPEN)


@frozen
class Gap:
    """Ports of one family that were not seen, for one and the same reason."""

    family: int
    cause: Unreachable
    ports: tuple[str, ...]

    @property
    def key(self) -> str:
        """`ipv6/no-route`"""
        return f"ipv{self.family}/{self.cause.reason}"


def worst(exposures: Iterable[Exposure]) -> Exposure:
    """Open, then unproven, then not open; unproven where nothing was asked."""
    found = set(exposures)
    if Exposure.OPEN in found or found == {Exposure.NOT_OPEN}:
        return Exposure.OPEN if Exposure.OPEN in found else Exposure.NOT_OPEN
    return Exposure.UNPROVEN


def by_port(readings: Iterable[PortReading], services: HostServices | None = None) -> tuple[Door, ...]:
    """One door a port, in the order in which the ports first come, with what `services` saw behind each.

    Where every port opens, a door is open only when a service spoke behind it.
    """
    grouped: dict[str, list[PortReading]] = {}
    for reading in readings:
        grouped.setdefault(reading.port, []).append(reading)
    seen = {(one.address, one.port): one for one in reversed(services.behind)} if services else {}
    return tuple(_door(port, tuple(found), seen) for port, found in grouped.items())


def _door(port: str, found: tuple[PortReading, ...], seen: dict[tuple[str, str], Behind]) -> Door:
    heard = tuple(_believed(reading, seen.get((reading.address, port))) for reading in found)
    places = [reading.address for reading in heard if reading.exposure is Exposure.OPEN]
    return Door(port, heard, tuple(seen[place, port] for place in places if (place, port) in seen))


def _believed(reading: PortReading, behind: Behind | None) -> PortReading:
    if reading.cause and reading.cause.reason is Reason.OPENS_EVERYTHING and behind and behind.spoke:
        return replace(reading, exposure=Exposure.OPEN, cause=None)
    return reading


def unlooked(reading: PortReading, services: HostServices | Unreachable) -> Unreachable | None:
    """Why nobody knows what stands behind an open port; None when it was looked at, and be it silent."""
    if isinstance(services, Unreachable):
        return services
    behind = services.at(reading.address, reading.port)
    if behind is None:
        over = f"{reading.address} {reading.port}" in services.left_out
        return Unreachable(Reason.BUDGET_SPENT if over else Reason.NOT_COLLECTED)
    return behind.protocol if isinstance(behind.protocol, Unreachable) else None


def gaps(doors: Iterable[Door]) -> tuple[Gap, ...]:
    """What is not proven, one line a family and reason, in the order in which they first come."""
    causes: dict[tuple[int, Reason], Unreachable] = {}
    ports: dict[tuple[int, Reason], dict[str, None]] = {}
    for door in doors:
        for reading in door.readings:
            if reading.cause is not None:
                key = (reading.family, reading.cause.reason)
                causes.setdefault(key, reading.cause)
                ports.setdefault(key, {})[door.port] = None
    return tuple(Gap(key[0], cause, tuple(ports[key])) for key, cause in causes.items())


def for_everyone(service: Service) -> bool:
    """The profile means it to be reached from the Internet."""
    return service.reachable_from in OPEN_TO_ALL


def names_administration(service: Service) -> bool:
    """The profile itself calls it a way to administer the machine."""
    return _ADMINISTRATION.search(service.what) is not None


def administers(service: Service) -> bool:
    """It is a way to administer the machine: by its port, or by what the profile calls it."""
    return service.port in _ALWAYS or names_administration(service)
