"""The chain from the trust anchor down to an answer (RFC 4035 §5). Imports dnspython: import it where used."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from functools import partial

import dns.name
import dns.rcode
from dns.message import Message
from dns.name import Name
from dns.rdatatype import CNAME, DNAME, DNSKEY, DS, NSEC, NSEC3, SOA, A
from dns.rrset import RRset

from cyberaudit.facts.security import Security
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.probes.dnssec import signatures
from cyberaudit.probes.dnssec.anchors import Anchors
from cyberaudit.probes.dnssec.denial import (
    Denial,
    Place,
    Span,
    denied,
    expansion_allowed,
    place_of,
    spans,
)
from cyberaudit.probes.dnssec.hashed_denial import hashed_denial, hashed_expansion, hashed_proof
from cyberaudit.probes.dnssec.judgement import Fetch, Judgement, Why
from cyberaudit.probes.dnssec.signatures import (
    MOST_KEYS,
    KeyRing,
    Signed,
    Verified,
    designated,
    has_crowd,
    key_ring,
    signed_sets,
    understood,
    verify,
)

# Ours: an IPv6 reverse name has 34 labels, and nothing a town publishes is deeper.
MOST_LABELS = 40
# Ours: a sound proof of absence has three records (RFC 5155 §7.2.2), an answer by wildcard one.
MOST_PROOF_SETS = 8
# Ours: a zone whose parent or keys could not be had twice will not answer a third time.
MOST_TRIES = 2
# Ours: thirty domains' worth.
MOST_VERIFIED = 3000
# Ours: a town's zone has 10 to 40 names, and a walk along it ends at 50.
MOST_SPANS = 100
DOUBTS = {Denial.ITERATIONS: Why.ITERATIONS, Denial.OPT_OUT: Why.OPT_OUT}
UNTOLD = {Denial.TOO_MUCH: Why.TOO_MUCH, Denial.WRONG_SIDE: Why.WRONG_SIDE}
# What a filter, a forwarder or a view for the inside makes of a sound zone.
LEFT_OUT = (Why.NO_SIGNATURE, Why.NO_PROOF, Why.NO_KEY)


@frozen
class Zone:
    """What the chain says of one zone."""

    name: Name
    judgement: Judgement
    """What an answer of this zone is worth, before one looks at its own signatures."""
    keys: KeyRing = field(default_factory=dict)
    """Empty unless the zone is secure."""

    @property
    def security(self) -> Security:
        return self.judgement.security


@frozen
class _Absence:
    """What an answer without records proves."""

    judgement: Judgement
    denial: Denial = Denial.NOT_PROVED


class Validator:
    """Judges answers; what it learns of a zone is learnt once a run, however many answers wait for it.

    The resolver keeps it as `resolver.validator` (None when it does not validate): the probe of DNSSEC asks
    through `validator.fetch` and judges what it gets, signatures included.
    """

    def __init__(self, fetch: Fetch, anchors: Anchors, now: datetime) -> None:
        """`fetch` must share its answers: the chain asks it again for what others have asked."""
        self.fetch = fetch
        self.anchors = anchors
        self.second: Validator | None = None
        """Asks the authorities themselves before anything left out is called false; None: `fetch` does so already."""
        self._now = now.timestamp()
        self._zones: dict[Name, asyncio.Task[Zone | None]] = {}
        self._lost: dict[Name, int] = {}
        self._spans: dict[Name, dict[Name, Span]] = {}
        self._chained: dict[Place, Name] = {}
        """The zones of `_spans`."""
        self._verified: dict[tuple[int, ...], tuple[Verified, Signed, Zone]] = {}

    async def judge(self, message: Message, qname: Name, rdtype: int) -> Judgement:
        """What `message` says of `qname`: its records of that type, the alias there, or that there is nothing.

        One link of a chain of aliases at a time; the weakest is what the whole is worth. With a `second`, what was
        left out of it is bogus only when an authority leaves it out too; else it is unchecked.
        """
        judged = await self._judged(message, qname, rdtype)
        if self.second is None or judged.security is not Security.BOGUS or judged.why not in LEFT_OUT:
            return judged
        return await _confirmed(judged, self.second, qname, rdtype)

    async def _judged(self, message: Message, qname: Name, rdtype: int) -> Judgement:
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return _not_told(qname, dns.rcode.to_text(message.rcode()))
        if len(qname) > MOST_LABELS:
            return Judgement(Security.UNCHECKED, Why.TOO_MUCH, qname.to_text())
        signed = _answering(message, qname, rdtype)
        if signed is None:
            return (await self._absent(message, qname, rdtype)).judgement
        return await self._present(message, signed, qname, rdtype)

    def tells_absence(self, name: Name) -> bool:
        """Whether a zone above `name` has shown NSEC records that verify."""
        return self._chained_above(name) is not None

    def absent_by(self, name: Name) -> Name | None:
        """The zone whose NSEC records, of answers judged before, prove that there is no such name (RFC 8198 §5.1)."""
        zone = self._chained_above(name)
        if zone is None:
            return None
        # Of a name that does not exist, the type asked makes no difference.
        proved = denied(tuple(self._spans[zone].values()), zone, name, A)
        return zone if proved is Denial.NO_NAME else None

    def _chained_above(self, name: Name) -> Name | None:
        here = place_of(name)
        above = (here[:depth] for depth in range(len(here), 1, -1))
        return next((self._chained[place] for place in above if place in self._chained), None)

    def _learn(self, zone: Zone, verified: RRset) -> None:
        """Keep the NSEC of this set: it may answer for other names."""
        if verified.rdtype != NSEC:
            return
        self._chained[place_of(zone.name)] = zone.name
        known = self._spans.setdefault(zone.name, {})
        if len(known) < MOST_SPANS:
            known.update((span.owner, span) for span in spans([verified]))

    async def zone_at(self, name: Name) -> Zone | None:
        """The zone whose top is `name`; None when it is proved that no zone begins there."""
        task = self._zones.get(name)
        if task is None:
            task = asyncio.create_task(self._root() if name == dns.name.root else self._delegated(name))
            self._zones[name] = task
            task.add_done_callback(partial(self._forget_lost, name))
        # Shielded: one answer out of time must not take the zone away from the others.
        return await asyncio.shield(task)

    async def zone_of(self, name: Name) -> Zone:
        """The zone that `name` belongs to, walked down from the root; the first that is not secure ends it."""
        found = await self.zone_at(dns.name.root)
        assert found is not None
        for depth in range(2, len(name) + 1):
            if found.security is not Security.SECURE:
                break
            found = await self.zone_at(name.split(depth)[1]) or found
        return found

    def _forget_lost(self, name: Name, task: "asyncio.Task[Zone | None]") -> None:
        """What could not be reached may be tried once more, as the questions of the resolver may."""
        zone = None if task.cancelled() or task.exception() else task.result()
        lost = zone is not None and zone.judgement.why == Why.UNREACHABLE
        if task.cancelled() or task.exception() or lost:
            self._lost[name] = self._lost.get(name, 0) + 1
            if self._lost[name] < MOST_TRIES:
                self._zones.pop(name, None)

    # The chain

    async def _root(self) -> Zone:
        """Whatever is wrong with the root is ours or the way's, never a town's: it is not checked, and not bogus."""
        zone = await self._keys_of(dns.name.root, self.anchors)
        if zone.security in (Security.SECURE, Security.UNCHECKED):
            return zone
        return _zone(zone.name, Security.UNCHECKED, Why.NO_ANCHOR_FITS, detail=zone.judgement.why)

    async def _delegated(self, name: Name) -> Zone | None:
        """What the parent says of `name`: a DS, that there is none, or that it is no delegation."""
        message = await self.fetch(name, DS)
        if isinstance(message, Unreachable):
            return _zone(name, Security.UNCHECKED, Why.UNREACHABLE, detail=str(message))
        signed = _answering(message, name, DS)
        if signed is None or message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return await self._without_ds(message, name)
        judgement = await self._present(message, signed, name, DS)
        if judgement.security is not Security.SECURE:
            return Zone(name, judgement)
        if signed.rrset.rdtype != DS:  # an alias stands there: no delegation
            return None
        return await self._keys_of(
            name, [rdata for rdata in signed.rrset if isinstance(rdata, signatures.DS)]
        )

    async def _without_ds(self, message: Message, name: Name) -> Zone | None:
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return Zone(name, _not_told(name, dns.rcode.to_text(message.rcode())))
        absence = await self._absent(message, name, DS)
        if absence.judgement.why == Why.WRONG_SIDE and self.second is not None:
            told = await self.second.zone_at(name)
            if told is None or told.security is not Security.UNCHECKED:
                return told
        if absence.judgement.security is not Security.SECURE:
            return Zone(name, absence.judgement)
        if absence.denial is Denial.DELEGATION:
            return _zone(name, Security.INSECURE, Why.UNSIGNED)
        return None

    async def _keys_of(self, zone: Name, records: Sequence[signatures.DS]) -> Zone:
        """The keys that the DS vouch for."""
        known = understood(records)
        if not known:
            return _zone(zone, Security.INSECURE, Why.UNSUPPORTED)
        message = await self.fetch(zone, DNSKEY)
        if isinstance(message, Unreachable):
            return _zone(zone, Security.UNCHECKED, Why.UNREACHABLE, detail=str(message))
        if message.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            return Zone(zone, _not_told(zone, dns.rcode.to_text(message.rcode())))
        signed = _set_of(message.answer, zone, DNSKEY)
        if signed is None:
            return _zone(zone, Security.BOGUS, Why.NO_KEY)
        if len(signed.rrset) > MOST_KEYS:
            return _zone(zone, Security.UNCHECKED, Why.TOO_MUCH)
        return self._vouched(zone, signed, known)

    def _vouched(self, zone: Name, signed: Signed, known: Sequence[signatures.DS]) -> Zone:
        ring = key_ring(key for key in signed.rrset if isinstance(key, signatures.DNSKEY))
        entry = designated(zone, known, ring)
        why = verify(signed, zone, entry, self._now).why if entry else Why.DS_MISMATCH
        if why in (Why.DS_MISMATCH, Why.BAD_SIGNATURE) and has_crowd(known, ring):
            why = Why.TOO_MUCH
        match why:
            case Why.NONE:
                return Zone(zone, Judgement(Security.SECURE, why, zone.to_text()), ring)
            case Why.TOO_MUCH:
                return _zone(zone, Security.UNCHECKED, why)
            case _:
                return _zone(zone, Security.BOGUS, why)

    # One answer

    async def _present(self, message: Message, signed: Signed, qname: Name, rdtype: int) -> Judgement:
        """Records, or the alias that stands for them."""
        signers = signed.signers()
        zone = await self.zone_at(signers[0]) if signers else None
        if zone is None:
            return await self._unsigned(message, qname, rdtype, signed=bool(signed.signatures))
        if zone.security is not Security.SECURE:
            return zone.judgement
        verified = self._verify(signed, zone)
        if verified.why is Why.TOO_MUCH:
            return _judgement(zone, Security.UNCHECKED, Why.TOO_MUCH)
        if verified.why is not Why.NONE:
            return _judgement(zone, Security.BOGUS, verified.why)
        if verified.expanded_from is not None:
            return self._expansion(message, zone, signed.rrset.name, verified.expanded_from)
        self._learn(zone, signed.rrset)
        return zone.judgement

    def _verify(self, signed: Signed, zone: Zone) -> Verified:
        """As `verify`; the very same records and signatures, which many answers hold, once."""
        key = (id(zone), id(signed.rrset), *map(id, signed.signatures))
        known = self._verified.get(key)
        if known is None:
            if len(self._verified) >= MOST_VERIFIED:
                del self._verified[next(iter(self._verified))]
            # Kept with what it is about: no other object can then have these ids.
            known = verify(signed, zone.name, zone.keys, self._now), signed, zone
            self._verified[key] = known
        return known[0]

    def _expansion(self, message: Message, zone: Zone, owner: Name, encloser: Name) -> Judgement:
        """A wildcard may stand for a name only where nothing else does."""
        proofs, why = self._proofs(message, zone)
        if expansion_allowed(spans(proofs), zone.name, owner, encloser):
            return zone.judgement
        hashed = hashed_proof(proofs, zone.name)
        denial = Denial.NOT_PROVED if hashed is None else hashed_expansion(hashed, owner, encloser)
        return _weighed(zone, denial, why, nxdomain=False).judgement

    async def _absent(self, message: Message, qname: Name, rdtype: int) -> _Absence:
        """Nothing of that type, or no such name."""
        signer = _denier(message, qname, rdtype)
        zone = None if signer is None else await self.zone_at(signer)
        if zone is None:
            return _Absence(await self._unsigned(message, qname, rdtype, signed=signer is not None))
        if zone.security is not Security.SECURE:
            return _Absence(zone.judgement)
        proofs, why = self._proofs(message, zone)
        hashed = hashed_proof(proofs, zone.name)
        denial = (
            denied(spans(proofs), zone.name, qname, rdtype)
            if hashed is None
            else hashed_denial(hashed, qname, rdtype)
        )
        absence = _weighed(zone, denial, why, nxdomain=message.rcode() == dns.rcode.NXDOMAIN)
        if absence.judgement.security is not Security.BOGUS:
            return absence
        # A zone below, which is not signed, may be the one that spoke: only the whole way down can tell.
        below = await self.zone_of(_from_above(qname, rdtype))
        return absence if below.security is Security.SECURE else _Absence(below.judgement)

    def _proofs(self, message: Message, zone: Zone) -> tuple[list[RRset], Why]:
        """The NSEC and NSEC3 of this zone that verify, and what is wrong with one that does not."""
        ours = [signed for signed in _denials(message) if zone.name in signed.signers()]
        proofs, trouble = [], Why.TOO_MUCH if len(ours) > MOST_PROOF_SETS else Why.NO_PROOF
        for signed in ours[:MOST_PROOF_SETS]:
            verified = self._verify(signed, zone)
            if verified.why is Why.NONE and verified.expanded_from is None:
                proofs.append(signed.rrset)
                self._learn(zone, signed.rrset)
            elif verified.why is not Why.NONE and trouble is not Why.TOO_MUCH:
                trouble = verified.why
        return proofs, trouble

    async def _unsigned(self, message: Message, qname: Name, rdtype: int, *, signed: bool) -> Judgement:
        """No signature to go by (`signed`: some, and none that can be): is there a parent that says it is in order?"""
        above = _from_above(qname, rdtype)
        hint = next((owner for owner in _tops_named(message) if above.is_subdomain(owner)), None)
        if hint is not None and hint != dns.name.root:
            zone = await self.zone_at(hint)
            if zone is not None and zone.security is Security.INSECURE:
                return zone.judgement
        zone = await self.zone_of(above)
        if zone.security is not Security.SECURE:
            return zone.judgement
        if rdtype == DS and not signed and qname in _tops_named(message):
            return _judgement(zone, Security.UNCHECKED, Why.WRONG_SIDE)
        return _judgement(zone, Security.BOGUS, Why.BAD_SIGNATURE if signed else Why.NO_SIGNATURE)


async def _confirmed(judged: Judgement, second: Validator, qname: Name, rdtype: int) -> Judgement:
    """`judged`, which is bogus, if an authority's own answer is bogus too."""
    message = await second.fetch(qname, rdtype)
    if isinstance(message, Unreachable):
        told = _not_told(qname, str(message))
    else:
        told = await second.judge(message, qname, rdtype)
    # A DS without any key fails for everybody; the other two are also what a filter makes.
    stands = judged.why == Why.NO_KEY and told.security is Security.UNCHECKED
    if stands or told.security is Security.BOGUS:
        return judged
    return Judgement(Security.UNCHECKED, Why.LEFT_OUT, judged.zone, told.detail)


def _judgement(zone: Zone, security: Security, why: Why) -> Judgement:
    return Judgement(security, why, zone.name.to_text())


def _not_told(name: Name, detail: str) -> Judgement:
    return Judgement(Security.UNCHECKED, Why.UNREACHABLE, name.to_text(), detail)


def _zone(name: Name, security: Security, why: Why, *, detail: str = "") -> Zone:
    return Zone(name, Judgement(security, why, name.to_text(), detail))


def _weighed(zone: Zone, denial: Denial, trouble: Why, *, nxdomain: bool) -> _Absence:
    """What a proof is worth; `trouble` is what to say when it is worth nothing."""
    if denial in DOUBTS:
        return _Absence(_judgement(zone, Security.INSECURE, DOUBTS[denial]), denial)
    if denial in UNTOLD:
        return _Absence(_judgement(zone, Security.UNCHECKED, UNTOLD[denial]), denial)
    if denial is Denial.NOT_PROVED or (nxdomain and denial is not Denial.NO_NAME):
        security = Security.UNCHECKED if trouble is Why.TOO_MUCH else Security.BOGUS
        return _Absence(_judgement(zone, security, trouble), denial)
    return _Absence(replace(zone.judgement, denies_name=denial is Denial.NO_NAME), denial)


def _from_above(qname: Name, rdtype: int) -> Name:
    """The name whose zone answers: a DS is the parent's."""
    return qname.parent() if rdtype == DS and qname != dns.name.root else qname


def _answering(message: Message, qname: Name, rdtype: int) -> Signed | None:
    """The records asked for, or the alias in their place: a DNAME when it is the one that is signed."""
    found = _set_of(message.answer, qname, rdtype)
    if found is not None:
        return found
    alias = _set_of(message.answer, qname, CNAME)
    if alias is not None and not alias.signatures:
        return _renaming(message, alias.rrset) or alias
    return alias


def _renaming(message: Message, alias: RRset) -> Signed | None:
    """The DNAME above that this alias follows from (RFC 6672 §5.3.1: only the DNAME is signed)."""
    for rrset in message.answer:
        if rrset.rdtype == DNAME and alias.name.is_subdomain(rrset.name) and alias.name != rrset.name:
            prefix = alias.name.relativize(rrset.name)
            if alias[0].target == prefix.derelativize(rrset[0].target):
                return _set_of(message.answer, rrset.name, DNAME)
    return None


def _set_of(section: Sequence[RRset], name: Name, rdtype: int) -> Signed | None:
    return next((s for s in signed_sets(section) if (s.rrset.name, s.rrset.rdtype) == (name, rdtype)), None)


def _denials(message: Message) -> Iterator[Signed]:
    for signed in signed_sets(message.authority):
        if signed.rrset.rdtype in (NSEC, NSEC3):
            yield signed


def _denier(message: Message, qname: Name, rdtype: int) -> Name | None:
    """The deepest zone that signs a proof here and may speak of this name and type."""
    above = _from_above(qname, rdtype)
    signers = {name for signed in _denials(message) for name in signed.signers() if above.is_subdomain(name)}
    return max(signers, key=len, default=None)


def _tops_named(message: Message) -> Iterator[Name]:
    """The zones that an answer says it comes from: a hint, believed only once proved."""
    for rrset in message.authority:
        if rrset.rdtype == SOA:
            yield rrset.name
