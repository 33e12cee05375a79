"""A small signed Internet in memory: zones signed by dnspython, and one who answers as a recursive resolver does."""

import base64
import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import dns.dnssec
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dns.name import Name
from dns.rdataclass import IN
from dns.rdatatype import CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, RRSIG, SOA, RdataType
from dns.rrset import RRset

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.dnssec.hashed_denial import _hashed
from cyberaudit.probes.dnssec.judgement import Judgement
from cyberaudit.probes.dnssec.validator import Validator

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROOT = dns.name.root
SOA_TEXT = "ns1.dns.test. hostmaster.dns.test. 1 86400 7200 3600000 300"


@functools.cache
def private_key(algorithm: int, serial: int, bits: int = 2048) -> Any:
    """One key per number: making them is slow."""
    if algorithm in (5, 7, 8, 10):
        return rsa.generate_private_key(65537, bits)
    if algorithm == 15:
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1() if algorithm == 13 else ec.SECP384R1())


@dataclass(frozen=True)
class Key:
    """A key of a zone, and its record."""

    algorithm: int = 13
    serial: int = 0
    flags: int = 257
    bits: int = 2048
    protocol: int = 3

    @property
    def private(self) -> Any:
        return private_key(self.algorithm, self.serial, self.bits)

    @property
    def record(self) -> Any:
        return dns.dnssec.make_dnskey(
            self.private.public_key(), self.algorithm, flags=self.flags, protocol=self.protocol
        )

    @property
    def tag(self) -> int:
        return dns.dnssec.key_id(self.record)


def name(text: str) -> Name:
    return dns.name.from_text(text)


def _type(rdtype: int) -> str:
    return dns.rdatatype.to_text(RdataType.make(rdtype))


def rrset(owner: Name | str, rdtype: int, *texts: str) -> RRset:
    owner = name(owner) if isinstance(owner, str) else owner
    return dns.rrset.from_text_list(owner, 3600, "IN", _type(rdtype), list(texts))


@dataclass(frozen=True)
class Nsec3:
    """How names are hashed."""

    iterations: int = 0
    salt: str = "-"
    opt_out: bool = False


@dataclass
class Zone:
    """A zone, signed unless it has no key; `signatures` may be spoilt afterwards."""

    origin: Name
    keys: tuple[Key, ...] = ()
    nsec3: Nsec3 | None = None
    sets: dict[tuple[Name, int], RRset] = field(default_factory=dict)
    signatures: dict[tuple[Name, int], RRset] = field(default_factory=dict)
    begins: datetime = NOW - timedelta(days=1)
    ends: datetime = NOW + timedelta(days=14)

    def add(self, records: RRset) -> None:
        self.sets[records.name, records.rdtype] = records

    def has(self, owner: Name) -> frozenset[int]:
        return frozenset(rdtype for known, rdtype in self.sets if known == owner)

    def sign(self) -> None:
        """Keys, the chain of names, and every signature."""
        if not self.keys:
            return
        self.add(rrset(self.origin, DNSKEY, *(key.record.to_text() for key in self.keys)))
        self._chain()
        for owner, rdtype in list(self.sets):
            if self._is_ours(owner, rdtype):
                self.resign(owner, rdtype)

    def resign(
        self,
        owner: Name,
        rdtype: int,
        *,
        begins: datetime | None = None,
        ends: datetime | None = None,
        keys: Iterable[Key] | None = None,
        signer: Name | None = None,
    ) -> None:
        """Sign one set anew."""
        made = [
            dns.dnssec.sign(
                self.sets[owner, rdtype],
                key.private,
                signer or self.origin,
                key.record,
                inception=begins or self.begins,
                expiration=ends or self.ends,
                policy=dns.dnssec.allow_all_policy,
            )
            for key in keys or self.keys
        ]
        signatures = dns.rrset.RRset(owner, IN, RRSIG, RdataType.make(rdtype))
        for one in made:
            signatures.add(one, 3600)
        self.signatures[owner, rdtype] = signatures

    def spoil(self, owner: Name, rdtype: int) -> None:
        """One bit of the signature turned."""
        signatures = self.signatures[owner, rdtype]
        spoilt = dns.rrset.RRset(owner, IN, RRSIG, RdataType.make(rdtype))
        for one in signatures:
            turned = bytes([one.signature[0] ^ 1]) + one.signature[1:]
            spoilt.add(one.replace(signature=turned), 3600)
        self.signatures[owner, rdtype] = spoilt

    def ds(self, digest: str = "SHA256", *keys: Key) -> tuple[str, ...]:
        """For the parent."""
        entry = keys or [key for key in self.keys if key.flags & 1]
        policy = dns.dnssec.allow_all_policy
        return tuple(
            dns.dnssec.make_ds(self.origin, key.record, digest, policy=policy).to_text() for key in entry
        )

    def delegations(self) -> set[Name]:
        return {owner for owner, rdtype in self.sets if rdtype == NS and owner != self.origin}

    def _below_a_delegation(self, owner: Name) -> bool:
        return any(owner.is_subdomain(cut) and owner != cut for cut in self.delegations())

    def _is_ours(self, owner: Name, rdtype: int) -> bool:
        if self._below_a_delegation(owner):
            return False
        return owner not in self.delegations() or rdtype in (DS, NSEC)

    def names(self) -> set[Name]:
        """Every name of the zone, the empty ones between included."""
        found = {
            owner for owner, rdtype in self.sets if rdtype != NSEC3 and not self._below_a_delegation(owner)
        }
        for owner in list(found):
            while owner != self.origin:
                found.add(owner)
                owner = owner.parent()  # noqa: PLW2901
        return found

    def _chain(self) -> None:
        if self.nsec3 is None:
            owners = sorted(owner for owner in self.names() if self.has(owner))
            for owner, following in zip(owners, owners[1:] + owners[:1], strict=True):
                types = self.has(owner) | {RRSIG, NSEC}
                shown = " ".join(_type(t) for t in sorted(types))
                self.add(rrset(owner, NSEC, f"{following} {shown}"))
            return
        way = self.nsec3
        self.add(rrset(self.origin, dns.rdatatype.NSEC3PARAM, f"1 0 {way.iterations} {way.salt}"))
        kept = [owner for owner in self.names() if not (way.opt_out and self._unsigned_cut(owner))]
        hashed = sorted((self.hashed(owner), owner) for owner in kept)
        for (digest, owner), (after, _) in zip(hashed, hashed[1:] + hashed[:1], strict=True):
            types = self.has(owner)
            signed = (
                types
                if owner in self.delegations() and DS not in types
                else types | ({RRSIG} if types else set())
            )
            shown = " ".join(_type(t) for t in sorted(signed))
            text = f"1 {int(way.opt_out)} {way.iterations} {way.salt} {_text(after)} {shown}"
            self.add(rrset(dns.name.Name((_text(digest).encode(), *self.origin.labels)), NSEC3, text))

    def _unsigned_cut(self, owner: Name) -> bool:
        return owner in self.delegations() and DS not in self.has(owner)

    def hashed(self, owner: Name) -> bytes:
        assert self.nsec3 is not None
        salt = b"" if self.nsec3.salt == "-" else bytes.fromhex(self.nsec3.salt)
        return _hashed(owner, salt, self.nsec3.iterations)

    # Answers

    def answer(self, qname: Name, rdtype: int) -> dns.message.Message:
        message = dns.message.Message(id=0)
        message.flags |= dns.flags.QR | dns.flags.RA
        message.question.append(dns.rrset.RRset(qname, IN, RdataType.make(rdtype)))
        self._fill(message, qname, rdtype)
        return message

    def _fill(self, message: dns.message.Message, qname: Name, rdtype: int) -> None:
        if qname in self.names():
            if self._put(message.answer, qname, rdtype) or self._put(message.answer, qname, CNAME):
                return
            self._deny(message, [qname], [])
            return
        for depth in range(len(self.origin), len(qname)):
            above = qname.split(depth)[1]
            if (above, DNAME) in self.sets:
                self._rename(message, qname, above)
                return
        encloser = next(n for d in range(len(qname) - 1, 0, -1) if (n := qname.split(d)[1]) in self.names())
        wildcard = dns.name.Name((b"*", *encloser.labels))
        if wildcard not in self.names():
            message.set_rcode(dns.rcode.NXDOMAIN)
            self._deny(message, [encloser], [self._next_closer(qname, encloser), wildcard])
        elif self._put(message.answer, wildcard, rdtype, at=qname) or self._put(
            message.answer, wildcard, CNAME, at=qname
        ):
            self._deny(message, [], [self._next_closer(qname, encloser)], soa=False)
        else:
            self._deny(message, [encloser, wildcard], [self._next_closer(qname, encloser)])

    def _next_closer(self, qname: Name, encloser: Name) -> Name:
        # NSEC covers the name itself as well
        return qname.split(len(encloser) + 1)[1]

    def _rename(self, message: dns.message.Message, qname: Name, above: Name) -> None:
        self._put(message.answer, above, DNAME)
        target = qname.relativize(above).derelativize(self.sets[above, DNAME][0].target)
        message.answer.append(rrset(qname, CNAME, target.to_text()))

    def _put(self, section: list[RRset], owner: Name, rdtype: int, at: Name | None = None) -> bool:
        for sets in (self.sets, self.signatures):
            found = sets.get((owner, rdtype))
            if found is None:
                return sets is self.signatures
            moved = dns.rrset.RRset(at or owner, IN, found.rdtype, found.covers)
            for one in found:
                moved.add(one, found.ttl)
            if moved not in section:
                section.append(moved)
        return True

    def _deny(
        self, message: dns.message.Message, at: list[Name], over: list[Name], *, soa: bool = True
    ) -> None:
        if soa:
            self._put(message.authority, self.origin, SOA)
        kind = NSEC if self.nsec3 is None else NSEC3
        chain = [records for (_, rdtype), records in self.sets.items() if rdtype == kind]
        for wanted in (*at, *over):
            for records in chain:
                if self._stands(records, wanted):
                    self._put(message.authority, records.name, kind)
        if self.nsec3 is not None and at and not any(self._match(r, at[0]) for r in chain):
            self._deny_in_gap(message, at[0], chain)

    def _deny_in_gap(self, message: dns.message.Message, owner: Name, chain: list[RRset]) -> None:
        """Under opt-out: the closest name that has a record, and the gap."""
        encloser = below = owner
        while not any(self._match(records, encloser) for records in chain):
            below, encloser = encloser, encloser.parent()
        for records in chain:
            if self._match(records, encloser) or self._stands(records, below):
                self._put(message.authority, records.name, NSEC3)

    def _match(self, records: RRset, wanted: Name) -> bool:
        return base64.b32hexdecode(records.name.labels[0].upper()) == self.hashed(wanted)

    def _stands(self, records: RRset, wanted: Name) -> bool:
        """At the name, or over the place where it would be."""
        if self.nsec3 is None:
            following = records[0].next
            if records.name == wanted:
                return True
            return bool(records.name < wanted and (wanted < following or following == self.origin))
        start, end, digest = (
            base64.b32hexdecode(records.name.labels[0].upper()),
            records[0].next,
            self.hashed(wanted),
        )
        return bool(
            start == digest or (start < digest < end if start < end else digest > start or digest < end)
        )


def _text(digest: bytes) -> str:
    return base64.b32hexencode(digest).decode("ascii").lower()


def zone(
    origin: str,
    records: Mapping[tuple[str, str], Iterable[str]] | None = None,
    *,
    keys: tuple[Key, ...] = (Key(),),
    nsec3: Nsec3 | None = None,
) -> Zone:
    """`records`: (relative name or « @ », type) → values. Not signed yet."""
    made = Zone(name(origin), keys, nsec3)
    made.add(rrset(made.origin, SOA, SOA_TEXT))
    made.add(rrset(made.origin, NS, "ns1.dns.test.", "ns2.dns.test."))
    for (owner, rdtype), values in (records or {}).items():
        full = dns.name.from_text(owner, made.origin) if owner != "@" else made.origin
        made.add(rrset(full, dns.rdatatype.from_text(rdtype), *values))
    return made


Spoil = Callable[[dns.message.Message], dns.message.Message | Unreachable]


class World:
    """Zones from the root down. `ask` answers as a recursive resolver with CD=1 and DO=1."""

    def __init__(self, *zones: Zone, ds: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """`ds`: what parents hold for a zone, when it is not the DS of its keys; an empty tuple: none."""
        self.zones = {made.origin: made for made in sorted(zones, key=lambda made: len(made.origin))}
        self.asked: list[tuple[str, str]] = []
        self.spoils: dict[tuple[Name, int], Spoil] = {}
        for made in zones:
            parent = self.owner_of(made.origin, DS)
            if parent is not None and parent is not made:
                parent.add(rrset(made.origin, NS, "ns1.dns.test."))
                held = (ds or {}).get(made.origin.to_text(), made.ds())
                if held:
                    parent.add(rrset(made.origin, DS, *held))
        for made in zones:
            made.sign()

    def owner_of(self, qname: Name, rdtype: int) -> Zone | None:
        known = [
            origin
            for origin in self.zones
            if qname.is_subdomain(origin) and (rdtype != DS or origin != qname or qname == ROOT)
        ]
        return self.zones[max(known, key=len)] if known else None

    async def ask(self, qname: Name, rdtype: int, /) -> dns.message.Message | Unreachable:
        self.asked.append((qname.to_text(), _type(rdtype)))
        owner = self.owner_of(qname, rdtype)
        if owner is None:
            return Unreachable(Reason.RESOLVER_FAILURE, "personne")
        message = owner.answer(qname, rdtype)
        spoil = self.spoils.get((qname, rdtype))
        answer = spoil(message) if spoil else message
        if isinstance(answer, Unreachable):
            return answer
        return dns.message.from_wire(answer.to_wire(max_size=65535), ignore_trailing=True)

    def anchors(self) -> Any:
        root = self.zones[ROOT]
        return tuple(dns.rdata.from_text("IN", "DS", text) for text in root.ds())

    def validator(self, now: datetime = NOW) -> Validator:
        return Validator(self.ask, self.anchors(), now)

    async def judge(self, qname: str, rdtype: str, validator: Validator | None = None) -> Judgement:
        asked, wanted = name(qname), dns.rdatatype.from_text(rdtype)
        message = await self.ask(asked, wanted)
        assert not isinstance(message, Unreachable)
        return await (validator or self.validator()).judge(message, asked, wanted)


def town_records() -> dict[tuple[str, str], tuple[str, ...]]:
    """What a mairie publishes, and the shapes that proofs must tell apart."""
    return {
        ("@", "A"): ("192.0.2.10",),
        ("@", "MX"): ("10 mx1.mairie.test.",),
        ("@", "TXT"): ('"v=spf1 mx -all"',),
        ("_dmarc", "TXT"): ('"v=DMARC1; p=reject"',),
        ("mx1", "A"): ("192.0.2.25",),
        ("www", "CNAME"): ("mairie.test.",),
        ("a.b.c", "TXT"): ('"profond"',),
        ("*.libre", "A"): ("192.0.2.99",),
        ("pris.libre", "A"): ("192.0.2.98",),
        ("ancien", "DNAME"): ("mairie.test.",),
    }


def usual(**changes: Any) -> World:
    """Root, test, mairie.test, and an unsigned neighbour."""
    nsec3 = changes.get("nsec3")
    root = zone(".", keys=(Key(serial=1),))
    test = zone("test.", keys=(Key(serial=2),), nsec3=changes.get("parent_nsec3"))
    town = zone("mairie.test.", town_records(), keys=changes.get("keys", (Key(serial=3),)), nsec3=nsec3)
    plain = zone("sansclef.test.", {("@", "MX"): ("10 mx.sansclef.test.",)}, keys=())
    return World(root, test, town, plain, ds=changes.get("ds"))
