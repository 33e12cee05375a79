"""What one hostile message can cost: records, labels, signatures."""

import asyncio
import struct

import dns.message
import dns.name
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdatatype import MX, RRSIG

from cyberaudit.facts.security import Security
from cyberaudit.probes.dnssec import signatures
from cyberaudit.probes.names.reply import MOST_LABELS, MOST_RECORDS, read, records
from tests.unit.signed_zones import name, rrset, usual

pytestmark = pytest.mark.unit

LONG = b"\x01a" * 110 + b"\0"
NS, SRV, A = (int(dns.rdatatype.from_text(text)) for text in ("NS", "SRV", "A"))


def message(count: int, rdtype: int, rdata: bytes, *, owner: bytes = b"\xc0\x0c") -> bytes:
    """`count` records, the first one at a name of 110 labels that stands right after the header."""
    body = struct.pack("!HHIH", rdtype, 1, 0, len(rdata)) + rdata
    return struct.pack("!6H", 1, 0x8400, 0, count, 0, 0) + LONG + body + (owner + body) * (count - 1)


@pytest.mark.parametrize(
    ("count", "rdtype", "rdata"),
    [(150, NS, b"\xc0\x0c"), (100, NS, b"\xc0\x0c"), (30, SRV, bytes(6) + b"\xc0\x0c"), (60, A, bytes(4))],
    ids=["150 servers", "100 servers", "services", "owners alone"],
)
def test_names_that_are_short_to_write_and_long_to_read_are_counted(
    count: int, rdtype: int, rdata: bytes
) -> None:
    wire = message(count, rdtype, rdata)
    assert count * 110 > MOST_LABELS or count * 220 > MOST_LABELS
    assert read(wire) is None


def test_names_of_a_usual_length_are_read_to_the_last_record() -> None:
    top = name("mairie.test.")
    full = dns.message.Message(id=1)
    full.answer.append(rrset(top, MX, *(f"10 mx{n}.courrier.mairie.test." for n in range(MOST_RECORDS))))
    found = read(full.to_wire(max_size=65535))
    assert found is not None
    kept = records(found, top, MX)
    assert len(kept) == MOST_RECORDS
    assert list(kept) == sorted(full.answer[0])
    full.answer[0].add(rrset(top, MX, "20 mx.test.")[0], 60)
    assert read(full.to_wire(max_size=65535)) is None


def test_a_reverse_zone_of_ipv6_is_read() -> None:
    reverse = dns.name.from_text("1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa.")
    full = dns.message.Message(id=1)
    full.answer.append(rrset(reverse, dns.rdatatype.PTR, *(f"mx{n}.test." for n in range(20))))
    assert read(full.to_wire()) is not None


@pytest.mark.parametrize("pointer", [b"\xc0\x0c", b"\xc0\x0d", b"\xff\xff", b"\xc0"])
def test_names_that_point_at_themselves_or_outside_are_unreadable(pointer: bytes) -> None:
    head = struct.pack("!6H", 1, 0x8400, 0, 1, 0, 0)
    assert read(head + pointer + struct.pack("!HHIH", A, 1, 0, 4) + bytes(4)) is None
    assert read(head + b"\0" + struct.pack("!HHIH", NS, 1, 0, 2) + b"\xc0\x17") is None


def test_a_crowd_of_records_under_false_signatures_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    world = usual()
    town, owner = world.zones[name("mairie.test.")], name("x.mairie.test.")
    town.add(rrset(owner, MX, *(f"{n} mx{n}.mairie.test." for n in range(MOST_RECORDS - 20))))
    town.resign(owner, MX)
    good = town.signatures[owner, MX][0]
    false = dns.rrset.RRset(owner, good.rdclass, RRSIG, MX)
    for number in range(8):
        false.add(good.replace(signature=bytes([number]) + good.signature[1:]), 3600)
    town.signatures[owner, MX] = false
    tried = []
    real = signatures._made_by

    def counted(*given: object) -> bool:
        tried.append(given)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(signatures, "_made_by", counted)
    assert asyncio.run(world.judge("x.mairie.test", "MX")).security is Security.BOGUS
    assert 8 <= len(tried) <= 16
