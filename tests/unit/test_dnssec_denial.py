"""Proofs of absence: everything absent can be proved, and nothing that exists can be denied."""

from collections.abc import Sequence

import dns.name
import pytest
from dns.name import Name
from dns.rdatatype import CNAME, DNAME, DS, MX, NS, NSEC, SOA, TXT, A, RdataType
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.probes.dnssec.denial import (
    Denial,
    Span,
    bitmap,
    denied,
    denied_at,
    expansion_allowed,
    place_of,
    spans,
    wildcard_of,
)
from cyberaudit.probes.dnssec.hashed_denial import (
    MOST_HASHES,
    HashedProof,
    hashed_denial,
    hashed_expansion,
    hashed_proof,
)
from tests.unit.signed_zones import Nsec3, Zone, name, rrset, zone

pytestmark = pytest.mark.unit

MANY = 120
TOP = name("essai.test.")
KINDS = {
    "A": "192.0.2.1",
    "MX": "10 mx.test.",
    "TXT": '"x"',
    "NS": "ns.ailleurs.test.",
    "DNAME": "autre.test.",
}
TYPES = (A, MX, TXT, DS, CNAME)
LABELS = st.sampled_from(["a", "b", "c", "d", "*", "zz", "\\000"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)
ZONES = st.dictionaries(NAMES, st.sets(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3), max_size=8)
ASKED = st.tuples(st.one_of(st.just("@"), NAMES), st.sampled_from(TYPES))
WAYS = st.sampled_from([None, Nsec3(), Nsec3(2, "ab")])


def made(records: dict[str, set[str]], way: Nsec3 | None) -> Zone:
    """A zone of these; what would stand below a DNAME is left out, as it must be (RFC 6672 §2.4)."""
    renamed = [full_name(owner) for owner, kinds in records.items() if "DNAME" in kinds]
    built = zone(TOP.to_text(), nsec3=way)
    for owner, kinds in records.items():
        below = any(full_name(owner).is_subdomain(cut) and full_name(owner) != cut for cut in renamed)
        for kind in () if below else sorted(kinds):
            built.add(rrset(full_name(owner), RdataType[kind], KINDS[kind]))
    built._chain()
    return built


def full_name(owner: str) -> Name:
    return TOP if owner == "@" else dns.name.from_text(owner, TOP)


def proved(built: Zone, qname: Name, rdtype: int, kept: Sequence[int] | None = None) -> Denial:
    """With every proof record of the zone, or those whose place is in `kept`."""
    chain = [records for (_, kind), records in built.sets.items() if kind in (NSEC, 50)]
    some = chain if kept is None else [records for place, records in enumerate(chain) if place in kept]
    hashed = hashed_proof(some, built.origin)
    return (
        denied(spans(some), built.origin, qname, rdtype)
        if hashed is None
        else hashed_denial(hashed, qname, rdtype)
    )


def truth(built: Zone, qname: Name, rdtype: int) -> Denial | None:
    """What is absent, by the zone's own data (RFC 4592); None: something exists, or is not this zone's to tell."""
    above = [qname.split(depth)[1] for depth in range(len(TOP) + 1, len(qname))]
    for ancestor in above:
        types = built.has(ancestor)
        if NS in types or DNAME in types:
            return None
    if qname in built.names():
        return _of_types(built.has(qname), rdtype, at_top=qname == TOP)
    encloser = next(n for d in range(len(qname) - 1, 0, -1) if (n := qname.split(d)[1]) in built.names())
    if DNAME in built.has(encloser) or (encloser != TOP and NS in built.has(encloser)):
        return None
    star = wildcard_of(encloser)
    if star not in built.names():
        return Denial.NO_NAME
    found = _of_types(built.has(star), rdtype, at_top=False)
    return Denial.NO_DATA if found is Denial.NO_DATA else None


def _of_types(types: frozenset[int], rdtype: int, *, at_top: bool) -> Denial | None:
    if rdtype in types or CNAME in types:
        return None
    if NS in types and not at_top:
        return Denial.DELEGATION if rdtype == DS else None
    return Denial.WRONG_SIDE if at_top and rdtype == DS else Denial.NO_DATA


@settings(max_examples=MANY, deadline=None)
@given(ZONES, WAYS, st.lists(ASKED, min_size=1, max_size=6))
def test_all_that_is_absent_is_proved_and_nothing_else(
    records: dict[str, set[str]], way: Nsec3 | None, asked: list[tuple[str, int]]
) -> None:
    built = made(records, way)
    for owner, rdtype in asked:
        qname = full_name(owner)
        expected = truth(built, qname, rdtype)
        assert proved(built, qname, rdtype) is (expected or Denial.NOT_PROVED), (qname, rdtype)


@settings(max_examples=MANY, deadline=None)
@given(ZONES, WAYS, ASKED, st.sets(st.integers(0, 12)))
def test_part_of_the_proofs_never_proves_more_than_the_truth(
    records: dict[str, set[str]], way: Nsec3 | None, asked: tuple[str, int], kept: set[int]
) -> None:
    built = made(records, way)
    qname = full_name(asked[0])
    assert proved(built, qname, asked[1], sorted(kept)) in (Denial.NOT_PROVED, truth(built, qname, asked[1]))


@settings(max_examples=MANY, deadline=None)
@given(ZONES, ASKED, st.sets(st.integers(0, 12)))
def test_under_opt_out_only_what_is_not_signed_is_in_doubt(
    records: dict[str, set[str]], asked: tuple[str, int], kept: set[int]
) -> None:
    built = made(records, Nsec3(opt_out=True))
    qname, rdtype = full_name(asked[0]), asked[1]
    exists = qname in built.names() and NS not in built.has(qname) and rdtype in built.has(qname)
    found = proved(built, qname, rdtype, sorted(kept))
    if exists:
        assert found is Denial.NOT_PROVED
    assert found in (Denial.NOT_PROVED, Denial.OPT_OUT, truth(built, qname, rdtype))


@settings(max_examples=MANY, deadline=None)
@given(ZONES, WAYS, NAMES, st.integers(0, 4))
def test_a_wildcard_is_expanded_only_where_nothing_stands_closer(
    records: dict[str, set[str]], way: Nsec3 | None, owner: str, up: int
) -> None:
    built = made(records, way)
    qname = full_name(owner)
    encloser = qname.split(max(len(TOP), len(qname) - 1 - up))[1]
    chain = [found for (_, kind), found in built.sets.items() if kind in (NSEC, 50)]
    hashed = hashed_proof(chain, TOP)
    allowed = (
        expansion_allowed(spans(chain), TOP, qname, encloser)
        if hashed is None
        else hashed_expansion(hashed, qname, encloser) is Denial.NO_NAME
    )
    if allowed:
        assert qname.split(len(encloser) + 1)[1] not in built.names()


@given(st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=32)), max_size=5))
def test_any_list_of_types_is_read(windows: list[tuple[int, bytes]]) -> None:
    assert all(0 <= rdtype < 65536 for rdtype in bitmap(windows))


def test_a_list_of_types_is_that_of_the_norm() -> None:
    record = rrset("a.test.", NSEC, "b.test. A MX RRSIG NSEC TYPE1234")[0]
    assert bitmap(record.windows) == {1, 15, 46, 47, 1234}


@pytest.mark.parametrize(
    ("types", "rdtype", "expected"),
    [
        ({A, NSEC}, MX, Denial.NO_DATA),
        ({A, NSEC}, A, Denial.NOT_PROVED),
        ({CNAME, NSEC}, MX, Denial.NOT_PROVED),
        ({NS, NSEC}, MX, Denial.NOT_PROVED),
        ({NS, NSEC}, DS, Denial.DELEGATION),
        ({NS, SOA, NSEC}, DS, Denial.WRONG_SIDE),
        ({NS, SOA, NSEC}, MX, Denial.NO_DATA),
        ({NSEC, 46, 128}, A, Denial.NO_NAME),
    ],
)
def test_the_types_at_a_name_say_what_is_denied(types: set[int], rdtype: int, expected: Denial) -> None:
    assert denied_at(frozenset(types), rdtype) is expected


def test_a_span_of_another_zone_covers_nothing() -> None:
    span = Span(name("a.test."), name("z.test."), frozenset({A}))
    assert not span.covers(name("b.autre."), name("test."))


def proof(
    *, flags: int = 0, algorithm: int = 1, iterations: int = 0, owner: str = "0" * 32
) -> HashedProof | None:
    record = rrset(f"{owner}.essai.test.", 50, f"{algorithm} {flags} {iterations} - {'v' * 32} A")
    return hashed_proof([record], TOP)


@pytest.mark.parametrize(
    "unusable", [{"flags": 2}, {"algorithm": 6}, {"owner": "pas-un-hache"}, {"owner": "x.y"}]
)
def test_records_hashed_in_an_unknown_way_are_left_aside(unusable: dict[str, object]) -> None:
    assert proof(**unusable) is None  # type: ignore[arg-type]
    assert proof() is not None


def test_a_proof_that_wants_too_many_hashes_is_given_up() -> None:
    known = proof()
    assert known is not None
    assert hashed_denial(known, name("a." * (MOST_HASHES + 5) + "essai.test."), A) is Denial.TOO_MUCH


def test_a_costly_expansion_is_told() -> None:
    costly = proof(iterations=101)
    assert costly is not None
    assert hashed_expansion(costly, name("a.b.essai.test."), TOP) is Denial.ITERATIONS


def test_a_name_too_long_for_a_wildcard_is_kept() -> None:
    long = dns.name.Name((b"a" * 63, b"a" * 63, b"a" * 63, b"a" * 61, b""))
    assert wildcard_of(long) == long


def test_one_span_alone_does_not_deny_what_a_wildcard_may_give() -> None:
    here = Span(name("a.essai.test."), name("c.essai.test."), frozenset({A}))
    assert denied([here], TOP, name("b.essai.test."), A) is Denial.NOT_PROVED
    assert denied([], TOP, name("b.essai.test."), A) is Denial.NOT_PROVED


MIXED = st.lists(st.sampled_from(["a", "B", "b", "A", "ab", "*", "\\000", "\\200"]), max_size=4).map(
    lambda labels: dns.name.from_text(".".join(labels) or ".")
)


@settings(deadline=None)
@given(MIXED, MIXED)
def test_names_stand_in_the_order_that_dnspython_gives_them(first: Name, second: Name) -> None:
    here, there = place_of(first), place_of(second)
    assert (here < there) == (first < second)
    assert (here == there) == (first == second)
    assert (here[: len(there)] == there) == first.is_subdomain(second)
