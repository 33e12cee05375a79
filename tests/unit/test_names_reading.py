"""Messages read as dnspython reads them, records met before taken from the time they were read."""

import struct
import time

import dns.exception
import dns.message
import dns.rrset
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.probes.names.reading import MOST_HOPS, Reader

pytestmark = pytest.mark.unit

SIGNATURE = "13 2 300 20270101000000 20260101000000 1 parfait.test. " + "a" * 86 + "=="


def reply(number: int = 1) -> bytes:
    message = dns.message.make_response(
        dns.message.make_query(f"n{number}.parfait.test", "MX", want_dnssec=True)
    )
    message.id = number
    texts = (
        (f"n{number}.Parfait.test.", "MX", ("10 mx1.parfait.test.", "20 mx2.courriel.test.")),
        (f"n{number}.parfait.test.", "RRSIG", (f"MX {SIGNATURE}",)),
    )
    below = (
        ("parfait.test.", "SOA", ("ns1.parfait.test. h.parfait.test. 1 2 3 4 5",)),
        ("parfait.test.", "RRSIG", (f"SOA {SIGNATURE}", f"NSEC {SIGNATURE}")),
        ("a.parfait.test.", "NSEC", ("z.parfait.test. A RRSIG NSEC",)),
    )
    for section, sets in ((message.answer, texts), (message.authority, below)):
        for name, rdtype, records in sets:
            for record in records:
                section.append(dns.rrset.from_text(name, 300, "IN", rdtype, record))
    return message.to_wire()


def sections(message: dns.message.Message) -> list[list[tuple[str, int, list[str]]]]:
    """What does not depend on when each set was first read: no time to live."""
    return [
        sorted((each.name.to_text(), int(each.rdtype), sorted(map(str, each))) for each in section)
        for section in message.sections
    ]


def outcome(read: "object", wire: bytes) -> object:
    assert callable(read)
    try:
        message = read(wire)
    except (dns.exception.DNSException, ValueError, IndexError, struct.error):
        return None
    return message.id, int(message.flags), message.edns, message.payload, sections(message)


def dnspython(wire: bytes) -> dns.message.Message:
    return dns.message.from_wire(wire, ignore_trailing=True)


def test_a_reply_is_read_as_dnspython_does() -> None:
    assert outcome(Reader().read, reply()) == outcome(dnspython, reply())


def test_what_was_read_once_is_shared() -> None:
    reader = Reader()
    first, second = reader.read(reply(1)), reader.read(reply(2))
    proof, again = (
        next(each for each in message.authority if each.rdtype == 47) for message in (first, second)
    )
    assert proof is again


def mail_reply(asked: str, target: str, *, beside: str = "") -> bytes:
    """An MX whose target is written as a pointer whenever the name stands earlier in the message."""
    message = dns.message.make_response(dns.message.make_query(asked, "MX"))
    message.id = 7
    if beside:
        message.answer.append(dns.rrset.from_text(asked, 300, "IN", "CNAME", beside))
    message.answer.append(dns.rrset.from_text("parfait.test.", 300, "IN", "MX", f"10 {target}"))
    return message.to_wire()


def servers_of(message: dns.message.Message) -> dns.rrset.RRset:
    return next(each for each in message.answer if each.rdtype == 15)


def test_a_record_that_was_compressed_otherwise_is_the_one_met_before() -> None:
    reader = Reader()
    first = servers_of(reader.read(mail_reply("parfait.test.", "mx1.courriel.test.")))
    other = mail_reply("a.parfait.test.", "mx1.courriel.test.", beside="mx1.courriel.test.")
    assert servers_of(reader.read(other)) is first


def test_the_same_bytes_that_point_elsewhere_are_another_record() -> None:
    reader = Reader()
    # Behind names of one length the pointer to the second name has the same number.
    wires = [mail_reply("a.parfait.test.", f"{letter}.test.", beside=f"{letter}.test.") for letter in "bc"]
    tails = {wire[-4:] for wire in wires}
    assert len(tails) == 1
    targets = [servers_of(reader.read(wire))[0].to_text() for wire in wires]
    assert targets == ["10 b.test.", "10 c.test."]


def test_other_records_of_the_same_name_are_not_taken_for_those_met_before() -> None:
    reader = Reader()
    reader.read(reply())
    other = dns.message.from_wire(reply())
    other.authority[-1] = dns.rrset.from_text("a.parfait.test.", 300, "IN", "NSEC", "b.parfait.test. TXT")
    assert sections(reader.read(other.to_wire())) == sections(other)


@settings(max_examples=400, deadline=None)
@given(
    changes=st.lists(st.tuples(st.integers(12, 600), st.integers(0, 255)), max_size=4),
    length=st.integers(12, 700),
)
def test_whatever_comes_it_says_what_dnspython_says(changes: list[tuple[int, int]], length: int) -> None:
    wire = bytearray(reply())
    for place, value in changes:
        wire[place % len(wire)] = value
    sent = bytes(wire[: max(12, length)])
    told = outcome(dnspython, sent)
    if told is not None:
        assert outcome(Reader().read, sent) == told


def test_a_chain_of_pointers_takes_no_time() -> None:
    """Thousands of pointers, each to the one before: bounded, whoever refuses them."""
    chain = b"\0" + b"".join(
        struct.pack("!H", 0xC000 | 12 + max(0, 2 * n - 1)) for n in range(MOST_HOPS * 20)
    )
    wire = (
        struct.pack("!6H", 1, 0x8180, 0, 1, 0, 0) + chain + struct.pack("!HHIH", 1, 1, 0, 4) + b"\x7f\0\0\1"
    )
    begun = time.monotonic()
    outcome(Reader().read, wire)
    assert time.monotonic() - begun < 2.0
