"""Which doors of a host are open today, from where: the newest look that could tell, address by address."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from ipaddress import ip_address

from cyberaudit.declared import Host, Town
from cyberaudit.facts.doors import Door, unlooked
from cyberaudit.facts.reach import Exposure, PortReading, PortState
from cyberaudit.facts.services import Behind
from cyberaudit.facts.udp import UdpAnswer
from cyberaudit.frozen import frozen
from cyberaudit.history.doors import Sighting
from cyberaudit.history.state import zone_of
from cyberaudit.model import Reason, Unreachable
from cyberaudit.sdk.hosts import doors_of, udp_doors_of
from cyberaudit.sdk.shape import Context, NoSettings

_NUMBER = re.compile("[0-9]{1,5}")
_NOT_SEEN = Unreachable(Reason.NOT_COLLECTED)


@frozen
class Opening:
    """One port open on one address, seen from one place."""

    port: str
    reading: PortReading
    vantage: str
    seen_at: datetime
    behind: Behind | Unreachable | None
    """What stands behind, or why nobody knows; None in UDP."""
    heard: tuple[UdpAnswer, ...]
    """In UDP, the answers of the service."""

    @property
    def address(self) -> str:
        return self.reading.address


class _Context(Context):
    """Its clocks stand on a machine without time zone data too."""

    __slots__ = ()

    def local(self, moment: datetime) -> datetime:
        return moment.astimezone(zone_of(self.town))


def openings(host: Host, sights: Sequence[Sighting], town: Town) -> tuple[Opening, ...]:
    """Every open door of `host`, by port then in the order of `sights`, newest first.

    A door seen open stays until the same place sees it shut: silence that proves nothing shuts no door. Addresses
    that the profile no longer gives to the host are left out.
    """
    candidates = frozenset(port for sight in sights for port in _answering(sight))
    addresses = set(map(_usual_form, host.addresses))
    settled: dict[tuple[str, str, str], Opening | None] = {}
    for sight in sights:
        for reading in _readings(sight, host, town, candidates):
            if reading.address in addresses and reading.exposure is not Exposure.UNPROVEN:
                key = (sight.vantage, reading.port, reading.address)
                settled.setdefault(key, _opening(reading, sight))
    return tuple(sorted((each for each in settled.values() if each), key=lambda each: by_number(each.port)))


def _usual_form(address: str) -> str:
    """As the looks write it; what is no address, in somebody's scan, stays as it is and meets no look."""
    try:
        return str(ip_address(address))
    except ValueError:
        return address


def by_number(port: str) -> tuple[str, int]:
    """Sorts `tcp/80` before `tcp/443`, and UDP last; what is no number, in somebody's scan, comes first."""
    protocol, _, number = port.partition("/")
    return protocol, int(number) if _NUMBER.fullmatch(number) else 0


def unproven(sight: Sighting, host: Host, town: Town) -> int:
    """How many of the ports that were asked are neither open nor shut, on any address."""
    every = frozenset(port for port, _ in _asked(sight))
    return sum(door.exposure is Exposure.UNPROVEN for door in _doors(sight, host, town, every))


def opens_everything(sight: Sighting) -> tuple[str, ...]:
    """The addresses that open every port, as seen by this look."""
    reaches = sight.reach.addresses if sight.reach else ()
    return tuple(one.address for one in reaches if one.opens_everything)


def _asked(sight: Sighting) -> Iterator[tuple[str, PortState | Unreachable]]:
    for one in sight.reach.addresses if sight.reach else ():
        yield from ((answer.port, answer.state) for answer in one.ports)
    for other in sight.udp.addresses if sight.udp else ():
        yield from ((answer.port, answer.state) for answer in other.answers)


def _answering(sight: Sighting) -> Iterator[str]:
    return (port for port, state in _asked(sight) if state is PortState.OPEN)


def _readings(sight: Sighting, host: Host, town: Town, ports: frozenset[str]) -> Iterator[PortReading]:
    return (reading for door in _doors(sight, host, town, ports) for reading in door.readings)


def _doors(sight: Sighting, host: Host, town: Town, ports: frozenset[str]) -> Iterable[Door]:
    """Read as the checks read them."""
    context = _Context(sight.seen_at, host, NoSettings(), town)
    if sight.reach:
        yield from doors_of(sight.reach, context, ports, services=sight.services)
    if sight.udp:
        in_udp = frozenset(port for port in ports if port.startswith("udp/"))
        yield from udp_doors_of(sight.udp, context, in_udp, reach=sight.reach or _NOT_SEEN)


def _opening(reading: PortReading, sight: Sighting) -> Opening | None:
    if reading.exposure is not Exposure.OPEN:
        return None
    in_udp = reading.port.startswith("udp/")
    return Opening(
        port=reading.port,
        reading=reading,
        vantage=sight.vantage,
        seen_at=sight.seen_at,
        behind=None if in_udp else _behind(reading, sight),
        heard=_heard(reading, sight) if in_udp else (),
    )


def _behind(reading: PortReading, sight: Sighting) -> Behind | Unreachable:
    found = sight.services.at(reading.address, reading.port) if sight.services else None
    return unlooked(reading, sight.services or _NOT_SEEN) or found or _NOT_SEEN


def _heard(reading: PortReading, sight: Sighting) -> tuple[UdpAnswer, ...]:
    addresses = sight.udp.addresses if sight.udp else ()
    found = (answer for one in addresses if one.address == reading.address for answer in one.of(reading.port))
    return tuple(answer for answer in found if answer.state is PortState.OPEN)
