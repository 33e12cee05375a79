"""What NSEC3 records, where names are hashed, prove the absence of (RFC 5155 §8), at a bounded cost."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from dns.name import Name
from dns.rdtypes.ANY.NSEC3 import NSEC3
from dns.rrset import RRset

from cyberaudit.frozen import frozen
from cyberaudit.probes.dnssec.denial import (
    Denial,
    bitmap,
    denied_at,
    denied_by_wildcard,
    is_cut,
    wildcard_of,
)

# RFC 5155 §11: the only one there is
SHA_1 = 1
# RFC 5155 §3.1.2.1; other flags make a record unusable (§8.2)
OPT_OUT = 0x01
# RFC 9276 §3.2: over this, resolvers may call the answer insecure; Unbound and BIND went lower still.
MOST_ITERATIONS = 100
# Ours, against CVE-2023-50868: no sound name is that deep below its zone.
MOST_HASHES = 40


class TooMuchToHash(Exception):
    """The proof wants more hashes than `MOST_HASHES`."""


@frozen
class HashedSpan:
    """One NSEC3: the hash of a name, what it has, and the next hash of the zone."""

    owner: bytes
    next: bytes
    types: frozenset[int]
    opt_out: bool

    def covers(self, hashed: bytes) -> bool:
        """The last span of a zone wraps around."""
        if self.owner < self.next:
            return self.owner < hashed < self.next
        return hashed > self.owner or hashed < self.next


@dataclass(slots=True)
class HashedProof:
    """The NSEC3 of one zone in one answer: same salt, same iterations."""

    zone: Name
    iterations: int
    salt: bytes
    spans: tuple[HashedSpan, ...]
    _known: dict[Name, bytes] = field(default_factory=dict)

    def at(self, name: Name) -> HashedSpan | None:
        """The record of the name itself: it exists."""
        hashed = self.hash(name)
        return next((span for span in self.spans if span.owner == hashed), None)

    def over(self, name: Name) -> HashedSpan | None:
        """A record that shows there is no such name."""
        hashed = self.hash(name)
        return next((span for span in self.spans if span.covers(hashed)), None)

    def hash(self, name: Name) -> bytes:
        """RFC 5155 §5; `TooMuchToHash` once the allowance is spent."""
        if name not in self._known:
            if len(self._known) >= MOST_HASHES:
                raise TooMuchToHash
            self._known[name] = _hashed(name, self.salt, self.iterations)
        return self._known[name]


def _hashed(name: Name, salt: bytes, iterations: int) -> bytes:
    digest = name.canonicalize().to_wire() or b""
    for _ in range(iterations + 1):
        digest = hashlib.sha1(digest + salt, usedforsecurity=False).digest()
    return digest


def hashed_proof(rrsets: Sequence[RRset], zone: Name) -> HashedProof | None:
    """The NSEC3 among these sets, those that go together with the first; None when there is none to use."""
    usable = list(_usable(rrsets, zone))
    if not usable:
        return None
    first = usable[0][1]
    alike = [pair for pair in usable if (pair[1].salt, pair[1].iterations) == (first.salt, first.iterations)]
    return HashedProof(
        zone, first.iterations, first.salt, tuple(_span(hashed, record) for hashed, record in alike)
    )


def _usable(rrsets: Iterable[RRset], zone: Name) -> Iterator[tuple[bytes, NSEC3]]:
    for rrset in rrsets:
        hashed = _hash_in(rrset.name, zone)
        for record in rrset:
            if (
                isinstance(record, NSEC3)
                and hashed
                and record.algorithm == SHA_1
                and record.flags | OPT_OUT == OPT_OUT
            ):
                yield hashed, record


def _span(hashed: bytes, record: NSEC3) -> HashedSpan:
    return HashedSpan(hashed, record.next, bitmap(record.windows), bool(record.flags & OPT_OUT))


def _hash_in(owner: Name, zone: Name) -> bytes | None:
    """The hash that stands in the first label; None when the owner is not a hash right below the zone."""
    if len(owner) != len(zone) + 1 or not owner.is_subdomain(zone):
        return None
    try:
        return base64.b32hexdecode(owner.labels[0].upper())
    except (binascii.Error, ValueError):
        return None


def hashed_denial(proof: HashedProof, qname: Name, rdtype: int) -> Denial:
    """What the records prove of `qname`."""
    if proof.iterations > MOST_ITERATIONS:
        return Denial.ITERATIONS
    try:
        own = proof.at(qname)
        if own is not None:
            return denied_at(own.types, rdtype, root=len(qname) == 1)
        return _denied_by_enclosers(proof, qname, rdtype)
    except TooMuchToHash:
        return Denial.TOO_MUCH


def _denied_by_enclosers(proof: HashedProof, qname: Name, rdtype: int) -> Denial:
    encloser = _closest_encloser(proof, qname)
    if encloser is None:
        return Denial.NOT_PROVED
    gap = proof.over(_child_towards(encloser, qname))
    if gap is None:
        return Denial.NOT_PROVED
    if gap.opt_out:
        return Denial.OPT_OUT
    wildcard = wildcard_of(encloser)
    own = proof.at(wildcard)
    if own is not None:
        return denied_by_wildcard(own.types, rdtype)
    return Denial.NO_NAME if proof.over(wildcard) else Denial.NOT_PROVED


def hashed_expansion(proof: HashedProof, qname: Name, encloser: Name) -> Denial:
    """Whether nothing stands closer to `qname` than `encloser`: `NO_NAME` when so (RFC 5155 §8.8)."""
    if proof.iterations > MOST_ITERATIONS:
        return Denial.ITERATIONS
    gap = proof.over(_child_towards(encloser, qname))
    if gap is None:
        return Denial.NOT_PROVED
    return Denial.OPT_OUT if gap.opt_out else Denial.NO_NAME


def _closest_encloser(proof: HashedProof, qname: Name) -> Name | None:
    """The deepest ancestor that exists, unless what is below it is not this zone's to deny (RFC 5155 §8.3)."""
    for depth in range(len(qname) - 1, len(proof.zone) - 1, -1):
        ancestor = qname.split(depth)[1]
        own = proof.at(ancestor)
        if own is not None:
            return None if is_cut(own.types) else ancestor
    return None


def _child_towards(encloser: Name, qname: Name) -> Name:
    """The « next closer name »: one label more than the encloser, towards the name asked."""
    return qname.split(len(encloser) + 1)[1]
