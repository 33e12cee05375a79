"""What a WireGuard server answers, to somebody without its keys and to somebody with them."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class WireGuardMet(StrEnum):
    """What came back to a handshake initiation."""

    PROVEN = "proven"
    """A response that only the owner of the server's key could make, and only for our peer."""
    BUSY = "busy"
    """A cookie reply made with the server's public key: something that knows it stands there, under load. It has
    not verified who we are."""
    SILENT = "silent"
    """Nothing, which is the usual answer to strangers: says nothing of whether anybody is there."""
    CLOSED = "closed"
    """The port was refused: nobody listens there."""
    FOREIGN = "foreign"
    """Something answered that this protocol, or this key, does not explain."""


@frozen
class WireGuardAnswer:
    """One address of the access."""

    address: str
    met: WireGuardMet | Unreachable
    detail: str
    """`réponse en 2 ms`, `icmp 3/3 de 192.0.2.1`; made safe, may be empty."""


@frozen
class WireGuardEndpoint(Facts):
    """One WireGuard access, at every address that faces the vantage."""

    KIND = "wireguard-endpoint"
    VERSION = 1

    port: str
    """`udp/51820`"""
    with_keys: bool | Unreachable
    """True: asked as a peer it knows. False: no configuration was given, or it is of another access. Unreachable:
    one was given, and could not be used."""
    answers: tuple[WireGuardAnswer, ...]
    """One an address that was asked, in the order of the profile."""
    left_out: tuple[str, ...]
    """The other addresses that face us and were not asked."""
