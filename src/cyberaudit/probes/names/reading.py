"""A DNS message from its bytes, as dnspython reads it, without reading again what earlier messages held.

A run meets the same keys, signatures and proofs hundreds of times; read anew each time, they take half of its time.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rdata
import dns.rdataclass
import dns.rrset
from dns.message import Message, QueryMessage
from dns.name import Name
from dns.rdatatype import (
    AAAA,
    CAA,
    CNAME,
    DNSKEY,
    DS,
    MX,
    NONE,
    NS,
    NSEC,
    NSEC3,
    OPT,
    PTR,
    RRSIG,
    SIG,
    SOA,
    TLSA,
    TSIG,
    TXT,
    A,
    RdataType,
)
from dns.rrset import RRset

from cyberaudit.probes.names.question import HEADER_BYTES, IN

# RFC 3597 §4, RFC 4034 §3.1.7 and §4.1.1: no name inside is compressed, so that the same bytes say the same anywhere.
_SELF_CONTAINED = frozenset({A, AAAA, TXT, DS, DNSKEY, RRSIG, NSEC, NSEC3, TLSA, CAA})
# RFC 1035 §3.3: those whose names may be compressed. The octets before the names, the names, the octets after.
_WITH_NAMES: Mapping[int, tuple[int, int, int]] = {
    NS: (0, 1, 0),
    CNAME: (0, 1, 0),
    PTR: (0, 1, 0),
    MX: (2, 1, 0),
    SOA: (0, 2, 20),
}
_LEFT_TO_DNSPYTHON = frozenset({TSIG, SIG})
_POINTER = 0xC0
# RFC 1035 §2.3.4 and §3.1: 255 octets make 128 labels at most, the root's included.
MOST_LABEL_BYTES = 63
MOST_LABELS = 128
# Ours: usual servers point once or twice.
MOST_HOPS = 16
_OPCODE = 0x78
_LONGEST_TTL = 0x7FFFFFFF
# Ours: some 5 MiB, and thirty domains' worth.
MOST_KEPT = 4000
# Ours: a server says the same of itself in nearly every message.
MOST_OPTIONS = 200

Labels: TypeAlias = tuple[bytes, ...]
Content: TypeAlias = bytes | tuple[bytes | Labels, ...]


class _Unusual(Exception):
    """Something that only dnspython knows how to read, or to refuse."""


class _Record(NamedTuple):
    """Where one record stands."""

    owner: Labels
    rdtype: int
    rdclass: int
    ttl: int
    start: int
    size: int


class Reader:
    """Reads the messages of one run. The sets of records that it gives are shared: nobody may change one."""

    def __init__(self) -> None:
        self._names: dict[Labels, Name] = {}
        self._options: dict[tuple[int, int, bytes], RRset] = {}
        self._sets: dict[tuple[Labels, int, tuple[Content, ...]], RRset] = {}

    def read(self, wire: bytes) -> Message:
        """The message of `wire`, which holds a header; raises as `dns.message.from_wire`."""
        try:
            return self._read(wire)
        except (_Unusual, IndexError, struct.error):
            return dns.message.from_wire(wire, ignore_trailing=True)

    def _read(self, wire: bytes) -> Message:
        number, flags, questions, *counts = struct.unpack_from("!6H", wire)
        if wire[2] & _OPCODE or questions > 1:
            raise _Unusual
        message = QueryMessage(id=number)
        message.flags = dns.flags.Flag(flags)
        # dnspython then looks through the sections, of a few sets each.
        message.index = None  # type: ignore[assignment]
        names = _Names(wire)
        place = self._question(message, names) if questions else HEADER_BYTES
        for section, count in zip(message.sections[1:], counts, strict=True):
            records, place = _records(names, place, count)
            section.extend(self._grouped(message, names, records))
        return message

    def _question(self, message: Message, names: "_Names") -> int:
        labels, place = names.at(HEADER_BYTES)
        rdtype, rdclass = struct.unpack_from("!HH", names.wire, place)
        if rdclass != IN:
            raise _Unusual
        message.question.append(RRset(self._name(labels), dns.rdataclass.IN, RdataType.make(rdtype)))
        return place + 4

    def _grouped(self, message: Message, names: "_Names", records: list[_Record]) -> Iterator[RRset]:
        wire = names.wire
        groups: dict[tuple[Labels, int, int], list[_Record]] = {}
        for record in records:
            if record.rdtype == OPT:
                self._option(message, wire, record)
                continue
            if record.rdclass != IN or record.rdtype in _LEFT_TO_DNSPYTHON:
                raise _Unusual
            covers = struct.unpack_from("!H", wire, record.start)[0] if record.rdtype == RRSIG else NONE
            same = tuple(label.lower() for label in record.owner)
            groups.setdefault((same, record.rdtype, covers), []).append(record)
        for (_, _, covers), group in groups.items():
            yield self._set(names, group, covers)

    def _option(self, message: Message, wire: bytes, record: _Record) -> None:
        if message.opt or record.owner != (b"",):
            raise _Unusual
        key = (record.rdclass, record.ttl, wire[record.start : record.start + record.size])
        known = self._options.get(key)
        if known is None:
            rdclass = dns.rdataclass.RdataClass.make(record.rdclass)
            rdata = dns.rdata.from_wire(rdclass, OPT, wire, record.start, record.size)
            known = dns.rrset.from_rdata(dns.name.root, record.ttl, rdata)
            if len(self._options) < MOST_OPTIONS:
                self._options[key] = known
        message.opt = known

    def _set(self, names: "_Names", group: list[_Record], covers: int) -> RRset:
        wire, first = names.wire, group[0]
        if first.rdtype not in _SELF_CONTAINED and first.rdtype not in _WITH_NAMES:
            return self._new_set(wire, group, covers)
        key = (first.owner, first.rdtype, tuple(names.content(each) for each in group))
        known = self._sets.get(key)
        if known is None:
            known = self._new_set(wire, group, covers)
            if len(self._sets) >= MOST_KEPT:
                del self._sets[next(iter(self._sets))]
            self._sets[key] = known
        return known

    def _new_set(self, wire: bytes, group: list[_Record], covers: int) -> RRset:
        rdtype = RdataType.make(group[0].rdtype)
        made = RRset(self._name(group[0].owner), dns.rdataclass.IN, rdtype, RdataType.make(covers))
        for each in group:
            rdata = dns.rdata.from_wire(dns.rdataclass.IN, rdtype, wire, each.start, each.size)
            made.add(rdata, each.ttl if each.ttl <= _LONGEST_TTL else 0)
        return made

    def _name(self, labels: Labels) -> Name:
        known = self._names.get(labels)
        if known is None:
            if len(self._names) >= MOST_KEPT:
                del self._names[next(iter(self._names))]
            known = self._names[labels] = Name(labels)
        return known


def _records(names: "_Names", place: int, count: int) -> tuple[list[_Record], int]:
    """`count` records from `place` on, and where they end."""
    found = []
    for _ in range(count):
        owner, place = names.at(place)
        rdtype, rdclass, ttl, size = struct.unpack_from("!HHIH", names.wire, place)
        found.append(_Record(owner, rdtype, rdclass, ttl, place + 10, size))
        place += 10 + size
        if place > len(names.wire):
            raise _Unusual
    return found, place


class _Names:
    """The names of one message, each read once."""

    def __init__(self, wire: bytes) -> None:
        self.wire = wire
        self._known: dict[int, Labels] = {}

    def content(self, record: _Record) -> Content:
        """What a record holds, the same whatever message it came in."""
        start, end = record.start, record.start + record.size
        if record.rdtype not in _WITH_NAMES:
            return self.wire[start:end]
        first, count, last = _WITH_NAMES[record.rdtype]
        parts: list[bytes | Labels] = [self.wire[start : start + first]]
        place = start + first
        for _ in range(count):
            labels, place = self.at(place)
            parts.append(labels)
        if place + last != end:
            raise _Unusual
        return (*parts, self.wire[place:end])

    def at(self, place: int, *, before: int | None = None, hops: int = 0) -> tuple[Labels, int]:
        """The name that stands there, and where what follows it begins; `before`: where it must have ended."""
        wire, begun = self.wire, place
        labels: list[bytes] = []
        while size := wire[place]:
            if size >= _POINTER:
                target = (size & 0x3F) << 8 | wire[place + 1]
                return self._keep(begun, (*labels, *self._before(begun, target, hops))), place + 2
            if size > MOST_LABEL_BYTES or place >= (before or len(wire)):
                raise _Unusual
            labels.append(wire[place + 1 : place + 1 + size])
            place += 1 + size
        return self._keep(begun, (*labels, b"")), place + 1

    def _before(self, begun: int, target: int, hops: int) -> Labels:
        """What a pointer in the name at `begun` leads to: an earlier name, or its end (RFC 1035 §4.1.4)."""
        if target >= begun or hops >= MOST_HOPS:
            raise _Unusual
        return self._known.get(target) or self.at(target, before=begun, hops=hops + 1)[0]

    def _keep(self, place: int, labels: Labels) -> Labels:
        if len(labels) > MOST_LABELS:
            raise _Unusual
        self._known[place] = labels
        return labels
