"""Whether a tunnel of another age answers: PPTP, or L2TP without IPsec."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class OldTunnelMet(StrEnum):
    """What came back to the first message of the protocol."""

    ANSWERS = "answers"
    """The protocol itself: a tunnel was agreed on, or refused in its own words."""
    SILENT = "silent"
    """Nothing; over TCP, the connection stays open and mute."""
    CLOSES = "closes"
    """TCP: accepted, then closed without a word."""
    CLOSED = "closed"
    """The port was refused: nobody listens there."""
    FOREIGN = "foreign"
    """Something answered that does not speak this protocol."""


@frozen
class OldTunnelAnswer:
    """One address of the access."""

    address: str
    met: OldTunnelMet | Unreachable
    detail: str
    """What the server says of itself: `hôte vpn, constructeur linux`; made safe, may be empty."""


@frozen
class OldTunnel(Facts):
    """One access of type PPTP or L2TP, at every address that faces the vantage."""

    KIND = "old-tunnel"
    VERSION = 1

    protocol: str
    """`pptp` or `l2tp`."""
    port: str
    """`tcp/1723` or `udp/1701`."""
    answers: tuple[OldTunnelAnswer, ...]
    """One an address that was asked, in the order of the profile."""
    left_out: tuple[str, ...]
    """The other addresses that face us and were not asked."""
    from_outside: bool | Unreachable
    """It was asked from the Internet, and not from a zone of the town."""
