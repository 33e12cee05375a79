"""What a TLS endpoint accepts and shows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

VERSIONS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
"""Oldest first."""


class Preference(StrEnum):
    """Whose order of suites decides."""

    SERVER = "server"
    CLIENT = "client"
    ONLY_ONE = "only-one"
    """One suite is accepted: there is nothing to prefer."""


@frozen
class VersionOffer:
    """What the server makes of one protocol version."""

    version: str
    """One of `VERSIONS`."""
    accepted: bool | Unreachable
    """False only when the server refused it with a TLS alert, or answered in another version; a reset, a close or
    silence is unreachable."""
    suites: tuple[int, ...] | Unreachable
    """IANA codes (SSLv2: the three-byte kinds), every accepted one, in the order in which the server chose them;
    empty when the version is refused, or SSLv2 names none of ours. Unreachable when the list could not be brought to
    its end: `seen` has the beginning."""
    seen: tuple[int, ...] | Unreachable
    """Accepted suites that were seen, when `suites` is not the whole list; else the same."""
    preference: Preference | Unreachable


@frozen
class GroupOffer:
    """The key-exchange groups accepted in one version (TLS 1.2 or older counts as one: `TLSv1.2`)."""

    version: str
    groups: tuple[int, ...] | Unreachable
    """IANA codes of supported_groups, every accepted one in the order in which the server chose them."""


@frozen
class DhGroup:
    """A finite-field group the server sent in clear (ServerKeyExchange)."""

    bits: int
    name: str
    """`ffdhe2048`, `modp1024 (RFC 2409)`, …; empty: not a known one."""


@frozen
class SessionOptions:
    """What is agreed on beside versions, suites and groups. Unreachable: not seen, with the reason."""

    compression: bool | Unreachable
    """DEFLATE was accepted (RFC 3749)."""
    secure_renegotiation: bool | Unreachable
    """renegotiation_info (RFC 5746); TLS 1.2 or older."""
    client_renegotiation: bool | Unreachable
    """A renegotiation begun by the client is accepted; intrusive."""
    extended_master_secret: bool | Unreachable
    encrypt_then_mac: bool | Unreachable
    """Of a CBC suite (RFC 7366)."""
    tickets: bool | Unreachable
    """A session ticket was given (RFC 5077, RFC 8446)."""
    ticket_seconds: int | Unreachable
    """The longest lifetime hint; 0: not said, or no ticket."""
    early_data: int | Unreachable
    """max_early_data_size of the tickets, in bytes; 0: no 0-RTT (RFC 8446 §4.6.1)."""
    stapling: bool | Unreachable
    """A revocation answer came with the certificate (RFC 6066 §8)."""
    alpn: tuple[str, ...] | Unreachable
    """Protocols accepted: `h2`, `http/1.1`; made safe."""
    fallback_scsv: bool | Unreachable
    """A downgrade is noticed (RFC 7507)."""
    client_certificate: bool | Unreachable
    """A certificate is asked of the client."""
    heartbeat: bool | Unreachable
    """RFC 6520."""


@frozen
class TlsServer:
    """One address of the endpoint, asked all that can be asked without a key."""

    address: str
    met: str | Unreachable
    """`tls`; else what answered instead: `http`, `ssh`, `smtp`, `ftp`, `rdp`, `unknown`. Unreachable: nothing
    answered, or the connection failed."""
    versions: tuple[VersionOffer, ...]
    """Oldest first, one a version; empty when `met` is not `tls`."""
    groups: tuple[GroupOffer, ...] | Unreachable
    dh_groups: tuple[DhGroup, ...] | Unreachable
    """Each finite-field group that was sent, TLS 1.2 or older; empty: none is used."""
    signature_schemes: tuple[int, ...] | Unreachable
    """IANA SignatureScheme codes the server signs its key exchange with."""
    sessions: tuple[TlsSession, ...]
    """One a different certificate, the usual one (name asked for, everything allowed) first; empty: none was seen."""
    unseen_certificate: Unreachable | None
    """Why no certificate, or not all, was seen."""
    without_name: TlsSession | Unreachable
    """What is shown to a client that names nobody."""
    options: SessionOptions | Unreachable
    complete: bool | Unreachable
    """True: every question was answered, and at the end the server still answered as at first. Else why not."""
    hellos: int | Unreachable
    """ClientHellos sent for versions and suites, without those that only ask once more for what was refused."""
    connections: int | Unreachable
    """All conversations opened."""

    def version(self, name: str) -> VersionOffer | None:
        return next((offer for offer in self.versions if offer.version == name), None)


@frozen
class TlsEndpoint(Facts):
    """One TLS endpoint, at every address that faces the vantage."""

    KIND = "tls-endpoint"
    VERSION = 2

    hostname: str
    """The name asked for (SNI); empty when there is none."""
    port: str
    """`tcp/443`"""
    servers: tuple[TlsServer, ...]
    """One an address, in the order of the profile."""
    left_out: tuple[str, ...]
    """The other addresses that face us and were not asked."""
    portal: str | Unreachable
    """Id in `facts.products` of the page behind it; empty: no product was recognised."""
    clues: tuple[str, ...] | Unreachable
    """What the recognition stands on, one safe phrase each."""

    @classmethod
    def upgraded(cls, data: Mapping[str, Any], version: int) -> Mapping[str, Any]:
        """Version 1 knew one address: its versions TLS 1.0 to 1.3, and one handshake."""
        if version > 1:
            return data
        kept = {name: data[name] for name in ("hostname", "port", "left_out")}
        return {**kept, "servers": [_server_of_version_1(data)]}


def _server_of_version_1(data: Mapping[str, Any]) -> dict[str, Any]:
    session = data["session"]
    unseen = session.get("@") == "Unreachable"
    cause = {key: part for key, part in session.items() if key != "@"} if unseen else None
    return {
        "address": data["address"],
        "met": session
        if unseen and not any(answer["accepted"] is True for answer in data["versions"])
        else "tls",
        "versions": [{"version": each["version"], "accepted": each["accepted"]} for each in data["versions"]],
        "sessions": [] if unseen else [{key: part for key, part in session.items() if key != "@"}],
        "unseen_certificate": cause and {"@": "Unreachable", **cause},
    }
