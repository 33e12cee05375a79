"""DMARC records: found by the walk, read, applied, written anew."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.dmarc import (
    POLICIES,
    Defect,
    dmarc_faults,
    dmarc_policy,
    dmarc_records,
    near_records,
    next_record,
    organizational_domain,
    report_uris,
    suffix_policy,
)
from cyberaudit.facts.mail import TxtAnswer, txt_line

pytestmark = pytest.mark.unit

RUA = "rua=mailto:dmarc@l-hay.fr"


def at(name: str, *records: str) -> TxtAnswer:
    return TxtAnswer(f"_dmarc.{name}", tuple(record.encode("latin-1") for record in records))


@pytest.mark.parametrize(
    ("record", "counts"),
    [
        ("v=DMARC1", True),
        ("v=DMARC1;p=none", True),
        ("v = DMARC1 ; p=none", True),
        ("V=DMARC1; P=none", True),
        ("v=dmarc1; p=none", False),
        ("v=DMARC10; p=none", False),
        ("v=DMARC1 p=none", False),
        (" v=DMARC1; p=none", False),
        ("p=none; v=DMARC1", False),
        ("v=DM ARC1; p=none", False),
        ("v=spf1 -all", False),
        ("", False),
    ],
)
def test_a_record_begins_with_the_exact_version(record: str, counts: bool) -> None:
    assert dmarc_records(at("l-hay.fr", record)) == ((record,) if counts else ())
    meant = "dmarc1" in record.lower() and not counts
    assert near_records(at("l-hay.fr", record)) == ((record,) if meant else ())


@pytest.mark.parametrize(
    ("record", "policy"),
    [
        ("p=reject", "reject"),
        ("p=Quarantine", "quarantine"),
        ("P=reject", "reject"),
        ("rua=mailto:x@l-hay.fr; p=reject", "reject"),
        ("x-unknown=1; p=reject", "reject"),
        ("p=reject; t=y", "quarantine"),
        ("p=quarantine; t=Y", "none"),
        ("p=none; t=y", "none"),
        ("p=reject; t=n", "reject"),
        ("p=reject; t=oops", "reject"),
        ("p=reject; sp=none; np=none", "reject"),
        ("p=oops", None),
        ("", None),
        (RUA, "none"),
        (f"p=oops; {RUA}", "none"),
        (f"p=reject; sp=oops; {RUA}", "none"),
        ("p=reject; sp=oops", None),
        ("p=reject; sp=", None),
        ("p=reject; np=oops", None),
        ("p=oops; rua=dmarc@l-hay.fr", None),
        ("p=oops; rua=https://l-hay.fr/rapports", "none"),
    ],
)
def test_the_policy_of_the_domain_itself(record: str, policy: str | None) -> None:
    found = dmarc_policy("l-hay.fr", (at("l-hay.fr", f"v=DMARC1; {record}"),))
    assert (found.policy if found else None) == policy


@pytest.mark.parametrize(
    ("record", "policy", "for_nobody"),
    [
        ("p=reject", "reject", "reject"),
        ("p=reject; sp=none", "none", "none"),
        ("p=none; sp=quarantine; np=reject", "quarantine", "reject"),
        ("p=none; np=reject", "none", "reject"),
        ("p=none; sp=reject; t=y", "quarantine", "quarantine"),
    ],
)
def test_a_sub_domain_takes_sp_and_a_name_that_does_not_exist_np(
    record: str, policy: str, for_nobody: str
) -> None:
    walk = (at("sous.l-hay.fr"), at("l-hay.fr", f"v=DMARC1; {record}"), at("fr"))
    for exists, expected in ((True, policy), (False, for_nobody)):
        found = dmarc_policy("sous.l-hay.fr", walk, exists=exists)
        assert found is not None
        assert (found.policy, found.at) == (expected, "l-hay.fr")


REJECT, NONE = "v=DMARC1; p=reject", "v=DMARC1; p=none"


@pytest.mark.parametrize(
    ("walk", "organization", "applied"),
    [
        ((at("a.b.fr"), at("b.fr"), at("fr")), "a.b.fr", None),
        ((at("a.b.fr", REJECT), at("b.fr"), at("fr")), "a.b.fr", "a.b.fr"),
        ((at("a.b.fr", REJECT), at("b.fr", NONE), at("fr")), "b.fr", "a.b.fr"),
        ((at("a.b.fr", REJECT, NONE), at("b.fr", NONE), at("fr")), "b.fr", "b.fr"),
        ((at("a.b.fr"), at("b.fr", NONE, NONE), at("fr", NONE)), "fr", "fr"),
        ((at("a.b.fr"), at("b.fr", NONE), at("fr", f"{NONE}; psd=y")), "b.fr", "b.fr"),
        ((at("a.b.fr"), at("b.fr"), at("fr", f"{REJECT}; psd=y")), "b.fr", "fr"),
        ((at("a.b.fr"), at("b.fr", f"{NONE}; psd=y"), at("fr")), "a.b.fr", "b.fr"),
        ((at("a.b.fr", f"{REJECT}; psd=n"), at("b.fr", NONE)), "a.b.fr", "a.b.fr"),
        ((at("a.b.fr"), at("b.fr", f"{NONE}; psd=n")), "b.fr", "b.fr"),
        ((at("a.b.fr", f"{REJECT}; psd=y"),), "a.b.fr", "a.b.fr"),
        ((at("a.b.fr"), at("b.fr", f"{NONE}; psd=u"), at("fr", REJECT)), "fr", "fr"),
    ],
)
def test_the_organizational_domain_and_the_record_that_applies(
    walk: tuple[TxtAnswer, ...], organization: str, applied: str | None
) -> None:
    assert organizational_domain("a.b.fr", walk) == organization
    found = dmarc_policy("a.b.fr", walk)
    assert (found.at if found else None) == applied


def test_a_record_half_way_up_is_not_the_organizations() -> None:
    walk = (at("a.b.c.fr"), at("b.c.fr", REJECT), at("c.fr", NONE), at("fr"))
    found = dmarc_policy("a.b.c.fr", walk)
    assert found is not None
    assert found.at == "c.fr"


@pytest.mark.parametrize(
    ("own", "organization", "expected"),
    [
        ((REJECT,), (NONE,), ("a.fr", "reject")),
        ((), ("v=DMARC1; p=reject; sp=none; np=reject",), ("fr", "none")),
        ((), (REJECT,), ("fr", "reject")),
        ((REJECT, NONE), (REJECT,), None),
        ((), (REJECT, NONE), None),
        ((), (), None),
        (("v=DMARC1; p=reject; t=y",), (), ("a.fr", "reject")),
        (("v=DMARC1; p=reject; np=oops",), (), ("a.fr", "reject")),
        (("v=DMARC1; p=oops",), (REJECT,), None),
    ],
)
def test_what_older_receivers_apply(
    own: tuple[str, ...], organization: tuple[str, ...], expected: tuple[str, str] | None
) -> None:
    found = suffix_policy("a.fr", at("a.fr", *own), at("fr", *organization))
    assert ((found.at, found.policy) if found else None) == expected


@pytest.mark.parametrize(
    ("record", "faults"),
    [
        ("p=reject; adkim=s; aspf=R; fo=1:d:s; psd=n; t=n; pct=100; x=y;", []),
        (f"p=none ; {RUA} ; ri=86400; rf=afrf", []),
        ("p=oops", [(Defect.VALUE, "p=oops")]),
        ("p=none; pct=150", [(Defect.VALUE, "pct=150")]),
        ("p=none; pct=099", []),
        ("p=none; adkim=strict", [(Defect.VALUE, "adkim=strict")]),
        ("p=none; P=reject", [(Defect.REPEATED, "P=reject")]),
        ("p=none; oops", [(Defect.NO_TAG, "oops")]),
        ("p=none; =x", [(Defect.NO_TAG, "=x")]),
    ],
)
def test_what_is_outside_the_grammar(record: str, faults: list[tuple[Defect, str]]) -> None:
    found = dmarc_faults(f"v=DMARC1; {record}")
    assert [(fault.defect, fault.text) for fault in found] == faults


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("mailto:a@b.fr", [("mailto:a@b.fr", "b.fr")]),
        ("MAILTO:a@B.fr!10m", [("MAILTO:a@B.fr", "b.fr")]),
        (
            " mailto:a@b.fr , mailto:c+x@d.example!50 ",
            [("mailto:a@b.fr", "b.fr"), ("mailto:c+x@d.example", "d.example")],
        ),
        ("a@b.fr", [("", "")]),
        ("mailto:a", [("", "")]),
        ("mailto:a@localhost", [("", "")]),
        ("mailto://a@b.fr", [("", "")]),
        ("mailto: a@b.fr", [("", "")]),
        ("https://b.fr/dmarc", [("https://b.fr/dmarc", "")]),
        ("", []),
    ],
)
def test_report_addresses(value: str, expected: list[tuple[str, str]]) -> None:
    assert [(each.uri, each.host) for each in report_uris(f"v=DMARC1; rua={value}", "rua")] == expected


@pytest.mark.parametrize(
    ("records", "policy", "line"),
    [
        ((), "none", "v=DMARC1; p=none; rua=mailto:dmarc@l-hay.fr"),
        (("v=DMARC1; p=none; pct=20; t=y; rua=mailto:a@b.fr!5m; rf=afrf",), "quarantine",
         "v=DMARC1; p=quarantine; rua=mailto:a@b.fr"),
        (("v=DMARC1; p=reject; sp=none; adkim=s; aspf=r; fo=1; ruf=mailto:f@b.fr",), "reject",
         "v=DMARC1; p=reject; adkim=s; fo=1; rua=mailto:dmarc@l-hay.fr; ruf=mailto:f@b.fr"),
        (("v=DMARC1; p=quarantine; sp=reject; np=quarantine",), "quarantine",
         "v=DMARC1; p=quarantine; sp=reject; rua=mailto:dmarc@l-hay.fr"),
        (("v=DMARC1; p=reject; rua=mailto:a@b.fr", "v=DMARC1; p=none; rua=mailto:a@b.fr,mailto:c@d.fr"), "none",
         "v=DMARC1; p=none; rua=mailto:a@b.fr,mailto:c@d.fr"),
        (("v=DMARC1; p=reject; sp=none; t=y; pct=50; psd=n",), None,
         "v=DMARC1; p=reject; sp=none; t=y; pct=50; psd=n; rua=mailto:dmarc@l-hay.fr"),
        (("v=DMARC1; p=oops",), None, "v=DMARC1; p=none; rua=mailto:dmarc@l-hay.fr"),
        (("v=DMARC1; p=none; rua=mailto: a@b.fr, MAILTO://c@d.fr, e@f.fr",), None,
         "v=DMARC1; p=none; rua=mailto:a@b.fr,mailto:c@d.fr,mailto:e@f.fr"),
    ],
)  # fmt: skip
def test_the_record_to_publish_keeps_what_is_right(
    records: tuple[str, ...], policy: str | None, line: str
) -> None:
    assert next_record("l-hay.fr", records, policy=policy) == line


@given(st.lists(st.text(max_size=60), max_size=3), st.sampled_from((*POLICIES, None)))
def test_whatever_was_published_the_new_record_is_sound(texts: list[str], policy: str | None) -> None:
    records = tuple(f"v=DMARC1; {text}" for text in texts)
    made = next_record("l-hay.fr", records, policy=policy)
    assert dmarc_faults(made) == ()
    found = dmarc_policy("l-hay.fr", (TxtAnswer("_dmarc.l-hay.fr", (made.encode(),)),))
    assert found is not None
    assert found.reports
    assert policy is None or found.policy == policy


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_record_crashes_the_reading(own: bytes, parent: bytes) -> None:
    walk = (
        TxtAnswer("_dmarc.a.fr", (b"v=DMARC1;" + own,)),
        TxtAnswer("_dmarc.fr", (b"v=DMARC1;" + parent, own)),
    )
    found = dmarc_policy("a.fr", walk)
    assert found is None or found.policy in POLICIES
    for text in dmarc_records(walk[0]):
        assert len(dmarc_faults(text)) <= text.count(";") + 1
        report_uris(text, "rua")
    suffix_policy("a.fr", *walk)


def test_a_line_of_a_zone_file_is_cut_in_strings_and_escaped() -> None:
    assert txt_line("a.fr", 'x"y\\') == 'a.fr. IN TXT "x\\"y\\\\"'
    assert txt_line("a.fr", "k" * 300) == f'a.fr. IN TXT "{"k" * 255}" "{"k" * 45}"'
