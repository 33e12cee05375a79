"""The zones of the embedded town signed with keys that protect nothing, and what proves that a name is not there.

Importing this module loads dnspython and cryptography: do it where it is used.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.node
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rrset
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec

# Ours: as most signers do, a fortnight ahead, and a few hours back for clocks that are late.
BEFORE, AFTER = timedelta(hours=6), timedelta(days=14)
ALGORITHM = dns.dnssectypes.Algorithm.ECDSAP256SHA256
SECURE_ENTRY_POINT = 257
"""Flags of the one key of a zone (RFC 4034 §2.1.1)."""


def sign(
    zones: Mapping[dns.name.Name, dns.zone.Zone], *, signed: Collection[dns.name.Name], now: datetime
) -> str:
    """Sign the zones of `signed` in place, children first, each DS in its parent; the anchor of the topmost as text."""
    anchor = ""
    for origin in sorted(signed, key=len, reverse=True):
        key = _sign_one(zones[origin], now)
        trust = dns.dnssec.make_ds(origin, key, dns.dnssectypes.DSDigest.SHA256)
        parent = _parent(origin, zones)
        if parent is None:
            anchor = f"{origin} IN DS {trust.to_text()}\n"
        else:
            parent.find_rdataset(origin, dns.rdatatype.DS, create=True).add(trust, ttl=3600)
    return anchor


def _sign_one(zone: dns.zone.Zone, now: datetime) -> dns.rdtypes.ANY.DNSKEY.DNSKEY:
    assert zone.origin is not None
    # Made from the name: the report shows it, and is the same every day.
    digest = sha256(b"cyberaudit demo " + zone.origin.to_digestable()).digest()
    private = ec.derive_private_key(int.from_bytes(digest[:31]), ec.SECP256R1())
    key = dns.dnssec.make_dnskey(private.public_key(), ALGORITHM, flags=SECURE_ENTRY_POINT)
    dns.dnssec.sign_zone(zone, keys=[(private, key)], inception=now - BEFORE, expiration=now + AFTER)
    return key


def _parent(origin: dns.name.Name, zones: Mapping[dns.name.Name, dns.zone.Zone]) -> dns.zone.Zone | None:
    above = [other for other in zones if origin != other and origin.is_subdomain(other)]
    return zones[max(above, key=len)] if above else None


def with_signature(zone: dns.zone.Zone, found: dns.rrset.RRset) -> Iterator[dns.rrset.RRset]:
    """`found`, then the signatures that the zone holds of it."""
    yield found
    signatures = zone.get_rrset(found.name, dns.rdatatype.RRSIG, found.rdtype)
    if signatures is not None:
        yield signatures


def denial(zone: dns.zone.Zone, name: dns.name.Name) -> Iterator[dns.rrset.RRset]:
    """The NSEC records that prove what `name` has not: its own, or those around it and around its wildcard.

    None in a zone that is not signed.
    """
    assert zone.origin is not None
    if not zone.get_rrset(zone.origin, dns.rdatatype.NSEC):
        return
    if zone.get_rrset(name, dns.rdatatype.NSEC):
        owners = [name]
    else:
        wildcard = dns.name.Name([b"*"]).concatenate(_closest_encloser(zone, name))
        owners = list(dict.fromkeys((_before(zone, name), _before(zone, wildcard))))
    for owner in owners:
        found = zone.get_rrset(owner, dns.rdatatype.NSEC)
        if found is not None:
            yield from with_signature(zone, found)


def _before(zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name:
    """The last name of the NSEC chain that does not come after `name` (RFC 4034 §6.1)."""
    owners = [owner for owner, node in zone.nodes.items() if _has_nsec(node)]
    return max((owner for owner in owners if owner <= name), default=max(owners))


def _has_nsec(node: dns.node.Node) -> bool:
    return node.get_rdataset(dns.rdataclass.IN, dns.rdatatype.NSEC) is not None


def _closest_encloser(zone: dns.zone.Zone, name: dns.name.Name) -> dns.name.Name:
    while name != zone.origin:
        name = name.parent()
        if any(owner.is_subdomain(name) for owner in zone):
            return name
    return name
