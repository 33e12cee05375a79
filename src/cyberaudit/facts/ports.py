"""The ports that matter to a town, with their French names and what makes them dangerous."""

from collections.abc import Iterator, Mapping
from enum import StrEnum

from cyberaudit.facts import port_list
from cyberaudit.frozen import frozen


class Danger(StrEnum):
    """Which question of the report a port belongs to."""

    REMOTE_DESKTOP = "remote-desktop"
    REMOTE_MAINTENANCE = "remote-maintenance"
    """Tools with which a contractor takes over a computer: TeamViewer, AnyDesk, WinRM and the like."""
    FILE_SHARING = "file-sharing"
    ADMIN = "admin"
    CLEARTEXT = "cleartext"
    DATABASE = "database"
    INDUSTRIAL = "industrial"
    """Machines that act on the world: heating, water, doors, alarms, and small connected things."""
    PRINT_CAMERA = "print-camera"
    CONSOLE = "console"
    """From there all servers or all copies are commanded: hypervisors, management cards, backup consoles."""
    AMPLIFIER = "amplifier"
    """UDP services that answer more than they are asked, in anybody's name."""
    OTHER = "other"


@frozen
class Port:
    """One well-known port."""

    id: str
    """`tcp/3389`"""
    name: str
    """In French, as a person would call it."""
    danger: Danger


def _numbers(text: str) -> Iterator[int]:
    """`22,8000-8002`: 22, 8000, 8001, 8002."""
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _listed(protocol: str, by_danger: Mapping[str, str]) -> Iterator[Port]:
    for name, text in by_danger.items():
        danger = Danger(name)
        for line in text.splitlines():
            numbers, _, french = line.partition(" ")
            for number in _numbers(numbers):
                yield Port(f"{protocol}/{number}", french, danger)


PORTS: tuple[Port, ...] = (*_listed("tcp", port_list.TCP), *_listed("udp", port_list.UDP))
"""About 1,000 in TCP and 60 in UDP."""
BY_ID: dict[str, Port] = {port.id: port for port in PORTS}

ESSENTIAL: tuple[str, ...] = tuple(f"tcp/{number}" for number in port_list.ESSENTIAL.split())
"""TCP: what is asked when time is short, the most dangerous first."""
USUAL: tuple[str, ...] = tuple(
    dict.fromkeys((*ESSENTIAL, *(port for port in BY_ID if port.startswith("tcp/"))))
)
"""TCP: every port of the list, the essential ones first."""
UDP: tuple[str, ...] = tuple(port for port in BY_ID if port.startswith("udp/"))
"""UDP: every port of the list, for which there is a question to put; those that can be turned against others first."""


def of_danger(danger: Danger) -> frozenset[str]:
    """The ids of one class, in both protocols: what one check asks about."""
    return frozenset(port.id for port in PORTS if port.danger is danger)


def port_name(port_id: str) -> str:
    """« Bureau à distance Windows »; « service inconnu » for a port that is not in the list."""
    known = BY_ID.get(port_id)
    return known.name if known else "service inconnu"
