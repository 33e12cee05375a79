"""The embedded DNS server, asked by a real client."""

import asyncio
import errno
import socket
from collections.abc import Iterator

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.zone
import pytest
from dns.rdtypes.ANY.SOA import SOA
from dns.rdtypes.ANY.TXT import TXT

from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer, Query, Transport
from cyberaudit.demo.place import DEMO_NOW, DemoPlace
from cyberaudit.demo.zones import BAD, FORGOTTEN, GOOD, SIGNED, ZONES
from cyberaudit.errors import DemoError
from cyberaudit.facts.security import Security
from cyberaudit.probes.dnssec.anchors import read_trust_anchor
from cyberaudit.probes.dnssec.judgement import Judgement
from cyberaudit.probes.dnssec.validator import Validator

pytestmark = pytest.mark.loopback

RECORDS = """\
$TTL 3600
@ SOA ns1 technique 1 7200 3600 1209600 300
@ NS ns1
@ MX 10 mx1
@ AAAA 2001:db8::1
www CNAME @
loin CNAME www.ailleurs.invalid.
perdu CNAME absent
tourne CNAME tourne
a.b.profond A 192.0.2.7
"""
LARGE = "".join(f'gros TXT "{str(number) * 250}"\n' for number in range(1, 10))
FAULTS = {"panne.ville.example": DnsFault.SERVFAIL, "muet.ville.example": DnsFault.MUTE}
NXDOMAIN, NOERROR = dns.rcode.NXDOMAIN, dns.rcode.NOERROR


@pytest.fixture(scope="module")
def server() -> Iterator[DnsServer]:
    dns_server = DnsServer({"ville.example": RECORDS + LARGE}, faults=FAULTS)
    with Background(dns_server):
        yield dns_server


def ask(server: DnsServer, name: str, kind: str, transport: Transport) -> dns.message.Message:
    query = dns.message.make_query(name, kind, use_edns=True, payload=1232)
    send = dns.query.tcp if transport is Transport.TCP else dns.query.udp
    return send(query, "127.0.0.1", port=server.port, timeout=2)


@pytest.mark.parametrize("transport", Transport)
@pytest.mark.parametrize(
    ("asked", "rcode", "answers"),
    [
        ("ville.example MX", NOERROR, 1),
        ("VILLE.example AAAA", NOERROR, 1),
        ("ville.example A", NOERROR, 0),
        ("absent.ville.example A", NXDOMAIN, 0),
        ("profond.ville.example TXT", NOERROR, 0),
        ("b.profond.ville.example TXT", NOERROR, 0),
        ("c.profond.ville.example TXT", NXDOMAIN, 0),
        ("www.ville.example AAAA", NOERROR, 2),
        ("www.ville.example CNAME", NOERROR, 1),
        ("www.ville.example A", NOERROR, 1),
        ("loin.ville.example A", NOERROR, 1),
        ("perdu.ville.example A", NXDOMAIN, 1),
        ("tourne.ville.example A", NOERROR, 1),
        ("panne.ville.example A", dns.rcode.SERVFAIL, 0),
        ("ailleurs.invalid A", dns.rcode.REFUSED, 0),
        ("ville.example ANY", dns.rcode.REFUSED, 0),
    ],
)
def test_each_question_has_its_answer(
    server: DnsServer, asked: str, *, rcode: dns.rcode.Rcode, answers: int, transport: Transport
) -> None:
    name, kind = asked.split()
    reply = ask(server, name, kind, transport)
    assert (reply.rcode(), len(reply.answer)) == (rcode, answers)


@pytest.mark.parametrize("name", ["ville.example", "absent.ville.example"])
def test_a_no_carries_the_zone_and_how_long_it_holds(server: DnsServer, name: str) -> None:
    reply = ask(server, name, "A", Transport.UDP)
    record = reply.authority[0][0]
    assert isinstance(record, SOA)
    assert record.mname.to_text() == "ns1.ville.example."
    assert reply.authority[0].ttl == 300
    assert reply.flags & dns.flags.AA


def test_a_mute_name_is_counted_and_never_answered(server: DnsServer) -> None:
    query = dns.message.make_query("muet.ville.example", "TXT")
    with pytest.raises(dns.exception.Timeout):
        dns.query.udp(query, "127.0.0.1", port=server.port, timeout=0.2)
    assert server.queries[Query("muet.ville.example", "TXT", Transport.UDP)] == 1


def test_questions_are_counted_by_name_type_and_transport(server: DnsServer) -> None:
    ask(server, "Compte.ville.example", "MX", Transport.UDP)
    ask(server, "compte.ville.example", "MX", Transport.UDP)
    ask(server, "compte.ville.example", "MX", Transport.TCP)
    assert server.queries[Query("compte.ville.example", "MX", Transport.UDP)] == 2
    assert server.queries[Query("compte.ville.example", "MX", Transport.TCP)] == 1


def test_a_large_answer_is_cut_over_udp_and_whole_over_tcp(server: DnsServer) -> None:
    cut = ask(server, "gros.ville.example", "TXT", Transport.UDP)
    assert cut.flags & dns.flags.TC
    whole = ask(server, "gros.ville.example", "TXT", Transport.TCP)
    assert len(whole.answer[0]) == 9
    assert not whole.flags & dns.flags.TC


def test_records_always_come_in_the_order_of_the_zone(demo_place: DemoPlace) -> None:
    replies = [ask(demo_place.dns, "mairie-seod.example", "TXT", Transport.UDP) for _ in range(12)]
    texts = [[record.to_text() for record in reply.answer[0]] for reply in replies]
    assert texts == [['"v=spf1 include:_spf.ancien-hebergeur.example ~all"', '"v=spf1 mx -all"']] * 12


def test_several_questions_go_over_one_connection(server: DnsServer) -> None:
    query = dns.message.make_query("ville.example", "MX")
    with socket.create_connection(("127.0.0.1", server.port), timeout=2) as connection:
        for _ in range(3):
            assert dns.query.tcp(query, "127.0.0.1", sock=connection, timeout=2).answer


@pytest.mark.parametrize(
    ("packet", "reply"),
    [
        (b"court", None),
        (b"\x12\x34\x01\x00\x00\x01" + bytes(6), b"\x12\x34\x80\x01" + bytes(8)),
        (b"\x12\x34\x80\x00" + bytes(8), None),
    ],
)
def test_an_unreadable_packet_is_a_format_error_and_an_answer_is_ignored(
    server: DnsServer, packet: bytes, reply: bytes | None
) -> None:
    assert server.reply(packet, Transport.UDP) == reply


@pytest.mark.parametrize(
    ("flags", "rcode"),
    [(0x2000, dns.rcode.NOTIMP), (0x0100, dns.rcode.FORMERR)],
    ids=["notify", "no question"],
)
def test_what_is_no_plain_question_is_refused(server: DnsServer, flags: int, rcode: dns.rcode.Rcode) -> None:
    packet = b"\x12\x34" + flags.to_bytes(2) + bytes(8)
    reply = server.reply(packet, Transport.UDP)
    assert reply is not None
    assert dns.message.from_wire(reply).rcode() == rcode


def test_a_text_in_several_strings_joins_into_one_key(demo_place: DemoPlace) -> None:
    reply = ask(demo_place.dns, "s2026._domainkey.saint-etienne-d-o.example", "TXT", Transport.UDP)
    record = reply.answer[0][0]
    assert isinstance(record, TXT)
    assert len(list(record.strings)) == 2
    assert b"".join(record.strings).endswith(b"IDAQAB")


@pytest.mark.parametrize(
    ("asked", "rcode", "texts"),
    [
        ("_dmarc.saint-etienne-d-o.example", NOERROR, 1),
        ("mairie-seod.example", NOERROR, 2),
        ("_dmarc.tourisme-seod.example", NXDOMAIN, 0),
        ("tourisme-seod.example", NOERROR, 0),
        ("_dmarc.example", NXDOMAIN, 0),
    ],
)
def test_the_town_publishes_what_its_story_tells(
    demo_place: DemoPlace, asked: str, *, rcode: dns.rcode.Rcode, texts: int
) -> None:
    reply = ask(demo_place.dns, asked, "TXT", Transport.UDP)
    assert (reply.rcode(), sum(len(found) for found in reply.answer)) == (rcode, texts)


class Unlucky(DnsServer):
    """The UDP port of the same number is taken `times` times."""

    def __init__(self, times: int) -> None:
        super().__init__({"ville.example": RECORDS})
        self.times = times

    async def _open_udp(self) -> asyncio.DatagramTransport:
        self.times -= 1
        if self.times >= 0:
            raise OSError(errno.EADDRINUSE, "taken")
        return await super()._open_udp()


def test_another_port_is_tried_when_one_is_half_free() -> None:
    with Background(server := Unlucky(3)):
        assert ask(server, "ville.example", "MX", Transport.UDP).answer
        assert ask(server, "ville.example", "MX", Transport.TCP).answer


def test_a_port_that_cannot_be_had_is_one_french_sentence() -> None:
    with pytest.raises(DemoError, match="n'a pas pu démarrer"), Background(Unlucky(1000)):
        pytest.fail("it must not start")


def asked_with_proofs(server: DnsServer, name: str, kind: str) -> dns.message.Message:
    query = dns.message.make_query(name, kind, want_dnssec=True, payload=1232)
    query.flags |= dns.flags.CD
    return dns.query.tcp(query, "127.0.0.1", port=server.port, timeout=2)


def judged(place: DemoPlace, name: str, kind: str) -> tuple[dns.message.Message, Judgement]:
    """What the town answers, and what it is worth from the town's own anchor."""

    async def fetch(asked: dns.name.Name, rdtype: int) -> dns.message.Message:
        return asked_with_proofs(
            place.dns, asked.to_text(), dns.rdatatype.to_text(dns.rdatatype.RdataType(rdtype))
        )

    message = asked_with_proofs(place.dns, name, kind)
    validator = Validator(fetch, read_trust_anchor(place.trust_anchor), DEMO_NOW)
    qname, rdtype = dns.name.from_text(name), dns.rdatatype.from_text(kind)
    return message, asyncio.run(validator.judge(message, qname, rdtype))


def published(*origins: str) -> list[tuple[str, str]]:
    """Every name and type of the zones whose origins these are, their own signatures' aside."""
    found = []
    for origin in origins:
        zone = dns.zone.from_text(ZONES[origin], origin=dns.name.from_text(origin), relativize=False)
        cuts = {dns.name.from_text(other) for other in ZONES} - {zone.origin}
        found += [
            (owner.to_text(), dns.rdatatype.to_text(rdata.rdtype))
            for owner, rdata in zone.iterate_rdatasets()
            if owner not in cuts
        ]
    return found


@pytest.mark.parametrize(("name", "kind"), published(".", "example", GOOD))
def test_every_record_of_a_signed_zone_validates_from_the_root(
    demo_place: DemoPlace, name: str, kind: str
) -> None:
    message, judgement = judged(demo_place, name, kind)
    assert message.answer
    assert judgement.security is Security.SECURE


@pytest.mark.parametrize("name", [".", "example", GOOD])
@pytest.mark.parametrize("kind", ["DNSKEY", "SOA", "NS"])
def test_the_top_of_a_signed_zone_validates(demo_place: DemoPlace, name: str, kind: str) -> None:
    assert judged(demo_place, name, kind)[1].security is Security.SECURE


@pytest.mark.parametrize(
    ("name", "kind", "rcode"),
    [
        (f"absent.{GOOD}", "A", NXDOMAIN),
        (f"a.b.absent.{GOOD}", "TXT", NXDOMAIN),
        (f"zzz.{GOOD}", "MX", NXDOMAIN),
        (f"0.{GOOD}", "MX", NXDOMAIN),
        (GOOD, "TLSA", NOERROR),
        (f"_domainkey.{GOOD}", "TXT", NOERROR),
        (f"mx1.{GOOD}", "DS", NOERROR),
        (f"_25._tcp.mx1.{GOOD}", "TLSA", NXDOMAIN),
        ("absent.example", "DS", NXDOMAIN),
        ("arpa", "DS", NOERROR),
        ("in-addr.arpa", "NS", NOERROR),
        # The neglected mail server: its address bears no name, and that too is proved.
        ("25.113.0.203.in-addr.arpa", "PTR", NXDOMAIN),
    ],
)
def test_what_is_not_there_is_proved(
    demo_place: DemoPlace, name: str, kind: str, rcode: dns.rcode.Rcode
) -> None:
    message, judgement = judged(demo_place, name, kind)
    assert (message.rcode(), message.answer) == (rcode, [])
    assert judgement.security is Security.SECURE


@pytest.mark.parametrize("name", [BAD, FORGOTTEN])
def test_a_domain_without_signature_is_proved_to_have_none(demo_place: DemoPlace, name: str) -> None:
    message, judgement = judged(demo_place, name, "DS")
    assert (message.rcode(), message.answer) == (NOERROR, [])
    assert judgement.security is Security.SECURE
    for asked in (name, f"www.{name}", f"absent.{name}"):
        assert judged(demo_place, asked, "A")[1].security is Security.INSECURE


def test_an_alias_of_a_signed_zone_comes_with_both_signatures(demo_place: DemoPlace) -> None:
    message, judgement = judged(demo_place, f"www.{GOOD}", "A")
    signed = [dns.rdatatype.to_text(found.covers) for found in message.answer if found.covers]
    assert (signed, judgement.security) == (["CNAME", "A"], Security.SECURE)


def test_without_the_do_bit_no_proof_is_sent(demo_place: DemoPlace) -> None:
    reply = ask(demo_place.dns, GOOD, "MX", Transport.UDP)
    assert not [found for section in (reply.answer, reply.authority) for found in section if found.covers]


def test_the_town_has_the_same_keys_every_day(demo_place: DemoPlace) -> None:
    again = DnsServer(ZONES, signed=SIGNED, now=DEMO_NOW)
    assert again.trust_anchor == demo_place.trust_anchor.read_text(encoding="utf-8") != ""
