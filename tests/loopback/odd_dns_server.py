"""The demonstration's DNS server, with wildcards and with sub-zones that nobody serves."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from cyberaudit.demo.dns_server import DnsFault, DnsServer, Transport

TTL = 60


class OddDnsServer(DnsServer):
    """Answers for `zones` as `DnsServer` does.

    `wild`: type → record in zone-file form, for every name of `under` that the zone does not hold. `cuts`: name of a
    sub-zone → hosts of its delegation; asked to recurse there, it fails, as a resolver does before dead servers.
    `fails`: types for which `under`, or what stands below it, is answered by SERVFAIL.
    """

    def __init__(
        self,
        zones: Mapping[str, str],
        *,
        under: str = "",
        wild: Mapping[str, str] | None = None,
        cuts: Mapping[str, tuple[str, ...]] | None = None,
        fails: Iterable[str] = (),
        fails_below: bool = False,
        faults: Mapping[str, DnsFault] | None = None,
        signed: Iterable[str] = (),
        now: datetime | None = None,
    ) -> None:
        super().__init__(zones, faults=faults, signed=signed, now=now)
        self._under = under
        self._wild = dict(wild or {})
        self._cuts = dict(cuts or {})
        self._fails = frozenset(fails)
        self._fails_below = fails_below

    def reply(self, wire: bytes, transport: Transport) -> bytes | None:
        query = dns.message.from_wire(wire)
        reply = super().reply(wire, transport)
        asked = query.question[0]
        name = asked.name.to_text(omit_final_dot=True).lower()
        where = name.endswith(f".{self._under}") if self._fails_below else name == self._under
        if where and dns.rdatatype.to_text(asked.rdtype) in self._fails:
            return self._failure(query).to_wire()
        cut = next((each for each in self._cuts if name == each or name.endswith(f".{each}")), "")
        if cut:
            return self._referral(query, cut).to_wire()
        plain = None if reply is None else dns.message.from_wire(reply)
        missing = plain is not None and plain.rcode() == dns.rcode.NXDOMAIN and not plain.answer
        if self._wild and missing and name.endswith(f".{self._under}"):
            return self._invented(query, asked).to_wire()
        return reply

    def _referral(self, query: dns.message.Message, cut: str) -> dns.message.Message:
        response = dns.message.make_response(query)
        if query.flags & dns.flags.RD:
            return self._failure(query)
        hosts = [f"{host}." for host in self._cuts[cut]]
        response.authority.append(dns.rrset.from_text(f"{cut}.", TTL, "IN", "NS", *hosts))
        return response

    def _failure(self, query: dns.message.Message) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.set_rcode(dns.rcode.SERVFAIL)
        return response

    def _invented(self, query: dns.message.Message, asked: dns.rrset.RRset) -> dns.message.Message:
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        for rrtype in (dns.rdatatype.to_text(asked.rdtype), "CNAME"):
            if rrtype in self._wild:
                response.answer.append(dns.rrset.from_text(asked.name, TTL, "IN", rrtype, self._wild[rrtype]))
                break
        return response
