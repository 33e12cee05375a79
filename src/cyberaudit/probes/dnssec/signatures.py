"""Whether one set of records is signed by a key of its zone (RFC 4035 §5.3), at a bounded cost."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import dns.dnssec
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.DS
import dns.rdtypes.ANY.RRSIG
from dns.exception import UnsupportedAlgorithm, ValidationFailure
from dns.name import Name
from dns.rdataset import from_rdata
from dns.rrset import RRset

from cyberaudit.frozen import frozen
from cyberaudit.probes.dnssec.judgement import Why

DNSKEY = dns.rdtypes.ANY.DNSKEY.DNSKEY
DS = dns.rdtypes.ANY.DS.DS
RRSIG = dns.rdtypes.ANY.RRSIG.RRSIG

# RFC 4034 §2.1.1
ZONE_KEY = 0x0100
# RFC 5011 §2.1
REVOKED = 0x0080
# RFC 4034 §2.1.2
DNSSEC_PROTOCOL = 3
# RSASHA1 (5, 7) is still verified, though RFC 9905 lets one call it insecure: a fault of such a zone is seen by
# the many resolvers that still verify it, and its town must know. The algorithm itself is judged elsewhere.
ALGORITHMS = frozenset({5, 7, 8, 10, 13, 14, 15, 16})
# SHA-1, SHA-256, SHA-384; GOST (3) is not to be believed any more (RFC 9906).
DIGESTS = {1: "SHA1", 2: "SHA256", 4: "SHA384"}
SHA_1 = 1
# Ours, against CVE-2023-50387: a zone in the middle of a roll-over has two signatures a set, four at worst.
MOST_SIGNATURES = 8
# Ours, same reason: two keys with one tag are an accident, three are a trap.
MOST_TWINS = 2
# Ours: real zones publish two to eight keys.
MOST_KEYS = 24
# Ours: how far two honest clocks may be apart.
CLOCK_SECONDS = 300

KeyRing = Mapping[tuple[int, int], tuple[DNSKEY, ...]]
"""Keys by tag and algorithm."""


@frozen
class Signed:
    """A set of records with the signatures that came along."""

    rrset: RRset
    signatures: tuple[RRSIG, ...]

    def signers(self) -> tuple[Name, ...]:
        """The zones that may have signed it, the deepest first; a DS is its parent's."""
        owner = self.rrset.name
        names = {sig.signer for sig in self.signatures if owner.is_subdomain(sig.signer)}
        if self.rrset.rdtype == dns.rdatatype.DS:
            names.discard(owner)
        return tuple(sorted(names, key=len, reverse=True))


@frozen
class Verified:
    """What trying the signatures of one set gave."""

    why: Why
    """`NONE`: one of them verifies."""
    expanded_from: Name | None = None
    """The wildcard's parent, when the records are a wildcard's and stand at another name."""


def signed_sets(section: Iterable[RRset]) -> tuple[Signed, ...]:
    """Each set of records of a section, but the signatures, beside those that cover it."""
    sets = list(section)
    covering: dict[tuple[Name, int], list[RRSIG]] = {}
    for rrset in sets:
        if rrset.rdtype == dns.rdatatype.RRSIG:
            for sig in rrset:
                assert isinstance(sig, RRSIG)
                covering.setdefault((rrset.name, sig.type_covered), []).append(sig)
    return tuple(
        Signed(rrset, tuple(covering.get((rrset.name, rrset.rdtype), ())))
        for rrset in sets
        if rrset.rdtype != dns.rdatatype.RRSIG
    )


def key_ring(keys: Iterable[DNSKEY]) -> KeyRing:
    """The keys that may sign a zone: neither revoked, nor of another use or protocol."""
    ring: dict[tuple[int, int], tuple[DNSKEY, ...]] = {}
    for key in keys:
        if key.flags & ZONE_KEY and not key.flags & REVOKED and key.protocol == DNSSEC_PROTOCOL:
            tag = (dns.dnssec.key_id(key), int(key.algorithm))
            ring[tag] = (*ring.get(tag, ()), key)
    return ring


def understood(records: Iterable[DS]) -> tuple[DS, ...]:
    """The DS to go by: those of a known algorithm and digest, SHA-1 only when it stands alone (RFC 4509 §3)."""
    known = [ds for ds in records if ds.algorithm in ALGORITHMS and ds.digest_type in DIGESTS]
    strong = [ds for ds in known if ds.digest_type != SHA_1]
    return tuple(strong or known)


def designated(zone: Name, records: Sequence[DS], keys: KeyRing) -> KeyRing:
    """Those of the keys that one of these DS designates."""
    tags = {(ds.key_tag, int(ds.algorithm)) for ds in records}
    twins = [key for tag in tags for key in keys.get(tag, ())[:MOST_TWINS]]
    return key_ring(key for key in twins if any(designates(ds, zone, key) for ds in records))


def has_crowd(records: Iterable[DS | RRSIG], keys: KeyRing) -> bool:
    """Whether one of these points at more keys of one tag than are tried."""
    return any(len(keys.get((each.key_tag, int(each.algorithm)), ())) > MOST_TWINS for each in records)


def designates(ds: DS, zone: Name, key: DNSKEY) -> bool:
    """Whether the digest of `ds` is that of `key` (RFC 4034 §5.1.4)."""
    if ds.digest_type not in DIGESTS or ds.algorithm != key.algorithm:
        return False
    made = dns.dnssec.make_ds(zone, key, DIGESTS[ds.digest_type], policy=dns.dnssec.allow_all_policy)
    return made.key_tag == ds.key_tag and made.digest == ds.digest


def verify(signed: Signed, signer: Name, keys: KeyRing, now: float) -> Verified:
    """Try the signatures of `signer`, at `now` (seconds since 1970), with those of `keys` that could have made them."""
    ours = [sig for sig in signed.signatures if sig.signer == signer and sig.algorithm in ALGORITHMS]
    if not signed.signatures:
        return Verified(Why.NO_SIGNATURE)
    current = [sig for sig in ours if _trouble_with_time(sig, now) is Why.NONE]
    for sig in current[:MOST_SIGNATURES]:
        if any(_made_by(key, sig, signed.rrset) for key in _candidates(sig, keys)):
            return Verified(Why.NONE, _expanded_from(signed.rrset.name, sig))
    if len(current) > MOST_SIGNATURES or has_crowd(current, keys):
        return Verified(Why.TOO_MUCH)
    if current or not ours:
        return Verified(Why.BAD_SIGNATURE)
    troubles = {_trouble_with_time(sig, now) for sig in ours}
    return Verified(Why.EXPIRED if Why.EXPIRED in troubles else Why.NOT_YET_VALID)


def _trouble_with_time(sig: RRSIG, now: float) -> Why:
    if sig.expiration < now:
        return Why.EXPIRED
    return Why.NOT_YET_VALID if sig.inception > now + CLOCK_SECONDS else Why.NONE


def _candidates(sig: RRSIG, keys: KeyRing) -> Iterator[DNSKEY]:
    yield from keys.get((sig.key_tag, int(sig.algorithm)), ())[:MOST_TWINS]


def _made_by(key: DNSKEY, sig: RRSIG, rrset: RRset) -> bool:
    """One signature, one key: the costly part. Times were looked at before."""
    try:
        dns.dnssec.validate_rrsig(
            rrset,
            sig,
            {sig.signer: from_rdata(0, key)},
            now=sig.inception,
            policy=dns.dnssec.allow_all_policy,
        )
    except (ValidationFailure, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _expanded_from(owner: Name, sig: RRSIG) -> Name | None:
    """RFC 4035 §5.3.2: fewer labels than the owner has, its asterisk and the root apart."""
    labels = len(owner) - 1 - owner.is_wild()
    return None if sig.labels >= labels else owner.split(sig.labels + 1)[1]
