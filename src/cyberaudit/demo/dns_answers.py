"""What an authoritative server answers to a question, from the text of its zones (RFC 1034 §4.3.2, RFC 2308).

Importing this module loads dnspython: do it where it is used.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import dns.zone
from dns.rdtypes.ANY.CNAME import CNAME
from dns.rdtypes.ANY.SOA import SOA

from cyberaudit.frozen import frozen

PAYLOAD = 1232
"""Largest UDP answer offered and sent, in bytes (DNS flag day 2020)."""
CHAIN_LIMIT = 8
"""CNAME followed for one question."""


@frozen
class _Zone:
    origin: dns.name.Name
    records: dns.zone.Zone
    names: frozenset[dns.name.Name]
    """Every existing name, those without a record of their own included (RFC 8020)."""


class Answers:
    """The zones of one server; a zone below another one hides its part of it."""

    def __init__(
        self, zones: Mapping[str, str], *, signed: Iterable[str] = (), now: datetime | None = None
    ) -> None:
        """Read `zones`: origin → master file text (RFC 1035 §5); those of `signed` are signed at `now`.

        Raises:
            dns.exception.DNSException: a text is no zone.
        """
        records = {dns.name.from_text(origin): _read(origin, text) for origin, text in zones.items()}
        self.trust_anchor = ""
        """DS of the topmost signed zone, in zone-file form; empty when none is signed."""
        if now is not None:
            from cyberaudit.demo.signed_zones import sign

            self.trust_anchor = sign(records, signed=[dns.name.from_text(each) for each in signed], now=now)
        parsed = (_zone(origin, read) for origin, read in records.items())
        self._zones = tuple(sorted(parsed, key=lambda zone: len(zone.origin), reverse=True))

    def respond(self, query: dns.message.Message) -> dns.message.Message:
        """The whole answer, never truncated.

        Raises:
            dns.exception.FormError: `query` is itself an answer.
        """
        response = dns.message.make_response(query, our_payload=PAYLOAD)
        refusal = self._refusal(query)
        if refusal is not None:
            response.set_rcode(refusal)
        else:
            self._fill(response, query.question[0].name, query.question[0].rdtype)
            if query.ednsflags & dns.flags.DO:
                self._prove(response, query.question[0].rdtype)
        return response

    def _refusal(self, query: dns.message.Message) -> dns.rcode.Rcode | None:
        if query.opcode() != dns.opcode.QUERY:
            return dns.rcode.NOTIMP
        if len(query.question) != 1:
            return dns.rcode.FORMERR
        asked = query.question[0]
        foreign = asked.rdclass != dns.rdataclass.IN or dns.rdatatype.is_metatype(asked.rdtype)
        return dns.rcode.REFUSED if foreign or self._zone_of(asked.name) is None else None

    def _fill(
        self, response: dns.message.Message, name: dns.name.Name, rdtype: dns.rdatatype.RdataType
    ) -> None:
        response.flags |= dns.flags.AA
        for _ in range(CHAIN_LIMIT):
            zone = self._zone_of(name, rdtype)
            if zone is None:
                return  # the alias leads elsewhere: the rest is another server's to say
            if name not in zone.names:
                response.set_rcode(dns.rcode.NXDOMAIN)
            elif found := zone.records.get_rrset(name, rdtype):
                response.answer.append(found)
                return
            elif alias := zone.records.get_rrset(name, dns.rdatatype.CNAME):
                if alias in response.answer:
                    return  # a loop, told once
                response.answer.append(alias)
                name = _target(alias)
                continue
            response.authority.append(_negative_soa(zone))
            return

    def _prove(self, response: dns.message.Message, rdtype: dns.rdatatype.RdataType) -> None:
        """Every signature there is, and the proof of what is not there."""
        from cyberaudit.demo.signed_zones import denial, with_signature

        for section in (response.answer, response.authority):
            told = list(section)
            section.clear()
            for found in told:
                zone = self._zone_of(found.name, found.rdtype)
                section.extend(with_signature(zone.records, found) if zone else [found])
        if any(found.rdtype == dns.rdatatype.SOA for found in response.authority):
            name = _last_alias(response)
            zone = self._zone_of(name, rdtype)
            if zone:
                response.authority.extend(denial(zone.records, name))

    def _zone_of(
        self, name: dns.name.Name, rdtype: dns.rdatatype.RdataType = dns.rdatatype.ANY
    ) -> _Zone | None:
        """The deepest zone that holds `name`; for a DS, the one above the cut (RFC 4035 §3.1.4.1)."""
        above = rdtype == dns.rdatatype.DS and name != dns.name.root
        return next(
            (
                zone
                for zone in self._zones
                if name.is_subdomain(zone.origin) and not (above and name == zone.origin)
            ),
            None,
        )


def _last_alias(response: dns.message.Message) -> dns.name.Name:
    name = response.question[0].name
    for found in response.answer:
        if found.rdtype == dns.rdatatype.CNAME and found.name == name:
            name = _target(found)
    return name


def _read(origin: str, text: str) -> dns.zone.Zone:
    return dns.zone.from_text(text, origin=dns.name.from_text(origin), relativize=False)


def _zone(origin: dns.name.Name, records: dns.zone.Zone) -> _Zone:
    names = {ancestor for name in records for ancestor in _up_to(origin, name)}
    return _Zone(origin=origin, records=records, names=frozenset(names))


def _up_to(origin: dns.name.Name, name: dns.name.Name) -> list[dns.name.Name]:
    """`name` and its parents, `origin` the last."""
    return [name.split(length)[1] for length in range(len(origin), len(name) + 1)]


def _target(alias: dns.rrset.RRset) -> dns.name.Name:
    record = alias[0]
    assert isinstance(record, CNAME)
    return record.target


def _negative_soa(zone: _Zone) -> dns.rrset.RRset:
    """The SOA with the time a « no » may be kept: the smaller of its TTL and its last field (RFC 2308 §3)."""
    found = zone.records.get_rrset(zone.origin, dns.rdatatype.SOA)
    assert found is not None  # dnspython refuses a zone without SOA
    record = found[0]
    assert isinstance(record, SOA)
    return dns.rrset.from_rdata(zone.origin, min(found.ttl, record.minimum), record)
