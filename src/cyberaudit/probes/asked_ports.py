"""Which ports are asked of a host: the usual ones, or those a person names."""

import re

from cyberaudit import french
from cyberaudit.errors import UsageError
from cyberaudit.facts import ports
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean

# Ours: a machine refuses one UDP port a second, and what looks at a host has 180 seconds.
MOST_UDP = 150
USUAL, ESSENTIAL, ALL = "usual", "essential", "all"
LAST = 65535
_PIECE = re.compile(r"(?:(tcp|udp)/)?([0-9]{1,5})(?:-([0-9]{1,5}))?", re.ASCII)


@frozen
class AskedPorts:
    """Port ids, in the order in which they are asked: the most telling first."""

    tcp: tuple[str, ...]
    udp: tuple[str, ...]


def read_ports(text: str) -> AskedPorts:
    """`usual`; `essential`; `all` (every TCP port, the usual UDP ones); or `22,80,8000-8100,udp/161`.

    Raises:
        UsageError: none of these.
    """
    match text.strip():
        case "usual":
            return AskedPorts(ports.USUAL, ports.UDP)
        case "essential":
            return AskedPorts(ports.ESSENTIAL, ports.UDP)
        case "all":
            rest = (f"tcp/{number}" for number in range(1, LAST + 1))
            return AskedPorts(tuple(dict.fromkeys((*ports.USUAL, *rest))), ports.UDP)
    named = dict.fromkeys(port for piece in text.split(",") for port in _read_piece(piece.strip()))
    udp = tuple(port for port in named if port.startswith("udp/"))
    if len(udp) > MOST_UDP:
        raise UsageError(
            f"--ports : {french.count(len(udp), 'port')} UDP, c'est trop : {MOST_UDP} au plus à la fois, car une "
            "machine ne répond « fermé » qu'une fois par seconde."
        )
    return AskedPorts(tuple(port for port in named if port.startswith("tcp/")), udp)


def _read_piece(piece: str) -> list[str]:
    found = _PIECE.fullmatch(piece)
    first, last = (int(found[2]), int(found[3] or found[2])) if found else (0, 0)
    if not found or not 1 <= first <= last <= LAST:
        why = _why_not(piece, bounds=(first, last) if found else None)
        raise UsageError(f"--ports : {why} (exemples : usual, essential, all, ou 22,80,8000-8100,udp/161).")
    return [f"{found[1] or 'tcp'}/{number}" for number in range(first, last + 1)]


def _why_not(piece: str, *, bounds: tuple[int, int] | None) -> str:
    """What is wrong with a piece that cannot be read; `bounds`: its numbers, when it has the right form."""
    shown = f"« {clean(piece)} »"
    if not piece:
        return "il manque un port : la liste est vide, ou a une virgule de trop"
    if piece in ("tcp/", "udp/"):
        return f"{shown} ne dit pas quel port"
    if piece in (USUAL, ESSENTIAL, ALL):
        return f"{shown} s'emploie seul, pas dans une liste"
    if bounds is None:
        return f"{shown} n'est ni un port, ni une suite de ports"
    first, last = bounds
    if min(bounds) < 1 or max(bounds) > LAST:
        return f"{shown} : un port va de 1 à {LAST}"
    return f"{shown} va à l'envers : écrivez {last}-{first}"
