"""What a TLS endpoint accepts and shows."""

from dataclasses import dataclass

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.model import Unreachable


@dataclass(frozen=True, slots=True)
class VersionAnswer:
    """Whether one protocol version was accepted, each by a handshake of its own."""

    version: str
    """`TLSv1`, `TLSv1.1`, `TLSv1.2`, `TLSv1.3`"""
    accepted: bool | Unreachable
    """False only when the server refused it with a TLS alert, or answered in another version; a reset, a close or
    silence is unreachable."""


@dataclass(frozen=True, slots=True)
class TlsEndpoint(Facts):
    """One TLS server, looked at from outside its own network or inside."""

    KIND = "tls-endpoint"
    VERSION = 1

    hostname: str
    """The name asked for (SNI); empty when there is none."""
    address: str
    port: str
    """`tcp/443`"""
    versions: tuple[VersionAnswer, ...]
    """Oldest first."""
    session: TlsSession | Unreachable
    """The handshake with everything allowed."""
    left_out: tuple[str, ...]
    """The other addresses that face us and of which nothing was seen; not those that refused the connection."""
