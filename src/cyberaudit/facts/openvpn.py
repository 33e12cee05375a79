"""What an OpenVPN server answers to somebody who has none of its keys."""

from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class OpenVpnMet(StrEnum):
    """What came back to a hard reset, which begins every conversation of OpenVPN."""

    OPENVPN = "openvpn"
    """The server's own reset: it speaks to anybody, and its TLS can be asked."""
    SILENT = "silent"
    """Nothing: the channel is hidden (tls-auth, tls-crypt), or the packet was dropped on the way; they cannot be
    told apart. Over TCP: the connection stays open and mute."""
    CLOSES = "closes"
    """TCP: accepted, then closed without a word once our reset was there. So does a hidden channel, and so do many
    others."""
    CLOSED = "closed"
    """The port was refused: nobody listens there."""
    FOREIGN = "foreign"
    """Something answered that is not OpenVPN."""


@frozen
class OpenVpnAnswer:
    """One address of the access."""

    address: str
    met: OpenVpnMet | Unreachable
    detail: str
    """How it showed: `réponse en 2 ms`, `icmp 3/3 de 192.0.2.1`; made safe, may be empty."""


@frozen
class OpenVpnEndpoint(Facts):
    """One OpenVPN access, at every address that faces the vantage."""

    KIND = "openvpn-endpoint"
    VERSION = 1

    hostname: str
    """The declared name; empty when there is none."""
    port: str
    """`udp/1194`"""
    answers: tuple[OpenVpnAnswer, ...]
    """One an address that was asked, in the order of the profile."""
    servers: tuple[TlsServer, ...]
    """What TLS inside the control channel accepts and shows, as of a `TlsEndpoint`: one an address that answered
    as OpenVPN."""
    left_out: tuple[str, ...]
    """The other addresses that face us and were not asked."""
