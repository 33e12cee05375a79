"""What a name server's message says of a domain: any message is read, none is taken for another."""

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.zone import Standing
from cyberaudit.probes.zone_answers import MOST_GLUE, MOST_NAMES_READ, glue, read_answer, server_names

pytestmark = pytest.mark.unit

DOMAIN = dns.name.from_text("L-Hay.example")
RECORDS = (
    "l-hay.example SOA ns1. h. 1 2 3 4 5",
    "l-hay.example NS NS1.L-HAY.example.",
    "l-hay.example NS ns2.autre.example.",
    "example NS a.nic.example.",
    ". NS a.root.example.",
    "l-hay.example CNAME autre.example.",
    "ns1.l-hay.example A 192.0.2.1",
    "ns1.l-hay.example AAAA 2001:db8::1",
    "\\000\\255.example NS \\027[31m.example.",
)


def rrset(line: str) -> dns.rrset.RRset:
    name, kind, rest = line.split(" ", 2)
    return dns.rrset.from_text(dns.name.from_text(name), 60, "IN", kind, rest)


def message(
    *,
    answer: list[str],
    authority: list[str],
    additional: list[str] | None = None,
    flags: int = 0,
    rcode: int = 0,
) -> dns.message.Message:
    built = dns.message.make_response(dns.message.make_query(DOMAIN, "SOA"))
    built.flags |= flags
    built.set_rcode(dns.rcode.Rcode(rcode))
    built.answer = [rrset(line) for line in answer]
    built.authority = [rrset(line) for line in authority]
    built.additional = [rrset(line) for line in additional or []]
    return built


SECTIONS = st.lists(st.sampled_from(RECORDS), max_size=4)


@given(
    SECTIONS,
    SECTIONS,
    SECTIONS,
    st.sampled_from([0, int(dns.flags.AA), int(dns.flags.RA)]),
    st.integers(0, 10),
    st.sampled_from(["SOA", "NS"]),
)
def test_any_message_is_read_and_only_an_authoritative_answer_is_one(
    answer: list[str], authority: list[str], additional: list[str], flags: int, rcode: int, kind: str
) -> None:
    built = message(answer=answer, authority=authority, additional=additional, flags=flags, rcode=rcode)
    read = read_answer(built, DOMAIN, kind)
    given_it = any(line.startswith(f"l-hay.example {kind}") for line in answer)
    expected = rcode == 0 and bool(flags & dns.flags.AA) and given_it
    assert (read.standing is Standing.AUTHORITATIVE) is expected
    names = server_names(built, DOMAIN)
    assert set(names) <= {"ns1.l-hay.example", "ns2.autre.example"}
    assert set(glue(built, names)) == set(names)


@pytest.mark.parametrize(
    ("flags", "rcode", "answer", "authority", "expected"),
    [
        (0, 5, [], [], Standing.REFUSED),
        (0, 2, [], [], Standing.SERVFAIL),
        (0, 9, [], [], Standing.OTHER),
        (0, 0, [], [], Standing.OTHER),
        (int(dns.flags.RA), 0, [], [], Standing.BORROWED),
        (0, 0, [RECORDS[0]], [], Standing.BORROWED),
        (0, 0, [], [RECORDS[1]], Standing.DELEGATES),
        (0, 0, [], [RECORDS[3]], Standing.SENDS_ELSEWHERE),
        (0, 0, [], [RECORDS[4]], Standing.SENDS_ELSEWHERE),
        (int(dns.flags.AA), 0, [], [], Standing.NO_ZONE),
        (int(dns.flags.AA), 3, [], [], Standing.NO_SUCH_NAME),
        (0, 3, [], [], Standing.BORROWED),
    ],
)
def test_each_way_of_not_being_in_charge_is_told_apart(
    flags: int, rcode: int, answer: list[str], authority: list[str], expected: Standing
) -> None:
    built = message(answer=answer, authority=authority, flags=flags, rcode=rcode)
    assert read_answer(built, DOMAIN, "SOA").standing is expected


def test_names_and_glue_are_bounded() -> None:
    hosts = [f"ns{number}.autre.example" for number in range(80)]
    built = message(answer=[], authority=[])
    built.authority = [dns.rrset.from_text(DOMAIN, 60, "IN", "NS", *(f"{host}." for host in hosts))]
    many = [f"192.0.2.{number}" for number in range(200)]
    built.additional = [dns.rrset.from_text(dns.name.from_text(hosts[0]), 60, "IN", "A", *many)]
    assert len(server_names(built, DOMAIN)) == MOST_NAMES_READ
    assert len(glue(built, hosts)[hosts[0]]) == MOST_GLUE
