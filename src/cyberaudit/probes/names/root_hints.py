"""Where the root servers are: the Internet's own, or those of a file (RFC 9609)."""

import stat
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING

from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.refusals import system_clause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dns.name import Name
    from dns.rrset import RRset

# Ours: the Internet's own file is 3 KiB.
FILE_BYTES = 65536
# The Internet has 26.
MOST_ADDRESSES = 64

# IANA, named.root: the servers a to m, each in both families
_INTERNET = (
    ("198.41.0.4", "2001:503:ba3e::2:30"),
    ("170.247.170.2", "2801:1b8:10::b"),
    ("192.33.4.12", "2001:500:2::c"),
    ("199.7.91.13", "2001:500:2d::d"),
    ("192.203.230.10", "2001:500:a8::e"),
    ("192.5.5.241", "2001:500:2f::f"),
    ("192.112.36.4", "2001:500:12::d0d"),
    ("198.97.190.53", "2001:500:1::53"),
    ("192.36.148.17", "2001:7fe::53"),
    ("192.58.128.30", "2001:503:c27::2:30"),
    ("193.0.14.129", "2001:7fd::1"),
    ("199.7.83.42", "2001:500:9f::42"),
    ("202.12.27.33", "2001:dc3::35"),
)


@frozen
class RootHints:
    """The servers of one root."""

    addresses: tuple[IpAddress, ...]


def internet_roots() -> RootHints:
    """The Internet's own."""
    return RootHints(tuple(ip_address(text) for pair in _INTERNET for text in pair))


def read_root_hints(path: Path) -> RootHints:
    """The address records of the root's servers, in zone-file form.

    Raises:
        UsageError: unreadable, or no NS of the root has an address in it.
    """
    addresses = _addresses_in(_read(path))
    if not addresses:
        raise UsageError(
            f"--root-hints : « {clean(str(path))} » ne donne aucun serveur de la racine "
            "(une ligne « . NS nom », puis « nom A adresse »)."
        )
    return RootHints(addresses[:MOST_ADDRESSES])


def _read(path: Path) -> bytes:
    shown = clean(str(path))
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block for ever
            raise UsageError(f"--root-hints : « {shown} » n'est pas un fichier ordinaire.")
        with path.open("rb") as file:
            return file.read(FILE_BYTES)
    except (OSError, ValueError) as error:
        reason = system_clause(error) if isinstance(error, OSError) else "chemin impossible"
        raise UsageError(f"--root-hints : « {shown} » ne se lit pas ({reason}).") from None


def _addresses_in(data: bytes) -> tuple[IpAddress, ...]:
    """In the order of the file; none when a line cannot be read."""
    import dns.exception
    import dns.rdatatype
    import dns.zonefile

    try:
        rrsets = dns.zonefile.read_rrsets(data.decode("ascii"), rdclass=None, default_ttl=3600)
    except (UnicodeError, ValueError, dns.exception.DNSException):
        return ()
    servers = set(_servers_of_root(rrsets))
    hosts = [
        rrset
        for rrset in rrsets
        if rrset.name in servers and rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
    ]
    return tuple(ip_address(rdata.to_text()) for rrset in hosts for rdata in rrset)


def _servers_of_root(rrsets: "list[RRset]") -> "Iterator[Name]":
    import dns.name
    import dns.rdatatype

    for rrset in rrsets:
        if rrset.name == dns.name.root and rrset.rdtype == dns.rdatatype.NS:
            yield from (rdata.target for rdata in rrset)
