"""SPF records read as receivers read them: after the grammar of RFC 7208 §12."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.spf import SpfFault, SpfTerm, spf_all, spf_redirect, spf_terms, spf_widest

pytestmark = pytest.mark.unit


def read(terms: str) -> tuple[SpfTerm, ...]:
    found = spf_terms(f"v=spf1 {terms}")
    assert isinstance(found, tuple), found
    return found


@pytest.mark.parametrize(
    "terms",
    [
        "", "-all", "  mx   -ALL  ", "?a", "a/24", "a//64", "a/0//0", "a:mail.example/32//128", "A:Mail.Example",
        "mx:l-hay.example.", "mx:foo.xn--p1ai", "mx:a.b-c", "a:foo:bar/baz.example", "a:1.example", "a:x.1a",
        "ptr", "ptr:l-hay.example", "include:_spf.l-hay.example", "include:%{d}", "include:%{d2}.example",
        "exists:%{ir}.%{v}._spf.%{d2r-+}", "exists:%%.%_.%-.example", "exists:a.%{l}", "exists:%{L1R.-+,/_=}",
        "ip4:192.0.2.1", "ip4:0.0.0.0/0", "ip4:192.0.2.0/32", "ip6:2001:db8::1", "ip6:::/0", "ip6:::ffff:192.0.2.1/96",
        "IP6:2001:DB8::/128", "redirect=_spf.example", "redirect=%{o}", "exp=explain.%{d}",
        "x=", "a.b-c_d=%{r}", "default=deny", "moo=x/y:z", "ip4=1.2.3.4", "v=spf1",
        "exp=e.example redirect=r.example", "all -all mx",
    ],
)  # fmt: skip
def test_what_the_grammar_allows_is_read(terms: str) -> None:
    assert [term.text for term in read(terms)] == terms.split()


@pytest.mark.parametrize(
    "term",
    [
        "all.", "all:x.example", "-all/8", "+", "-", "--all", "mix", "ipv4:192.0.2.1", "mx.", "1a",
        "a:", "a/", "a/33", "a/08", "a/24/64", "a//129", "a//064", "a///64", "a:example", "a:example.", "a:x.1",
        "a:x.-a", "a:x.a-", "a:x..", "a:.", "a:x.é", "a:x.example:8080", "a:x.example/24/64", "mx:/24", "mx:%{d}/33",
        "ptr:", "ptr/24", "include", "include:", "include:l-hay.example/24", "exists", "exists:x.example/24",
        "exists:%{x}.example", "exists:%{d0}.example", "exists:%{d", "exists:%(d)", "exists:x.%", "exists:%{c}.a.b",
        "exists:a.%{t}", "redirect=%{r}", "exp=%{c}.example", "ip4", "ip4:", "ip4:192.0.2", "ip4:192.0.2.1.5",
        "ip4:192.0.2.256",
        "ip4:192.0.2.01", "ip4:192.0.2.1/33", "ip4:192.0.2.1/", "ip4:192.0.2.1//32", "ip4:2001:db8::1",
        "ip6", "ip6:", "ip6:192.0.2.1", "ip6:2001:db8::1%eth0", "ip6:2001:db8::/129", "ip6:[2001:db8::1]", "ip6:::1::",
        "redirect=", "redirect=example", "-redirect=x.example", "redirect:x.example", "exp=", "=x", "1x=y", "x=é",
        "x=%", "x=%{z}", "mx\t-all", "mx\u00a0-all", "mx\x00", "ip4:1.2.3.²",
    ],
)  # fmt: skip
def test_what_it_forbids_is_a_fault(term: str) -> None:
    assert spf_terms(f"v=spf1 mx {term} -all") == SpfFault(term)


def test_an_error_after_all_still_counts() -> None:
    assert spf_terms("v=spf1 -all ip4:oops") == SpfFault("ip4:oops")


@pytest.mark.parametrize("name", ["redirect", "exp"])
def test_a_modifier_given_twice_is_a_fault(name: str) -> None:
    assert spf_terms(f"v=spf1 {name}=a.example {name.upper()}=b.example") == SpfFault(
        f"{name.upper()}=b.example"
    )


def test_a_term_is_read_with_its_parts() -> None:
    assert read("~MX:Mail.example/24//64 ip6:2001:db8::/32 exp=x.%{d}") == (
        SpfTerm("~MX:Mail.example/24//64", "~", "mx", "Mail.example", 24, 64),
        SpfTerm("ip6:2001:db8::/32", "+", "ip6", "2001:db8::", None, 32),
        SpfTerm("exp=x.%{d}", "", "exp", "x.%{d}", None, None),
    )


@pytest.mark.parametrize(
    ("terms", "widest"),
    [
        ("mx -all", None),
        ("ip4:192.0.2.1 -all", None),
        ("ip4:192.0.2.0/24 ip6:2001:db8::/20 -all", "ip6:2001:db8::/20"),
        ("a/24//3 ip4:0.0.0.0/4", "a/24//3"),
        ("-ip4:0.0.0.0/0 ip4:192.0.2.0/24", "ip4:192.0.2.0/24"),
        ("-all ip4:0.0.0.0/0", None),
    ],
)
def test_the_widest_range_that_may_write(terms: str, widest: str | None) -> None:
    found = spf_widest(read(terms))
    assert (found.text if found else None) == widest


@pytest.mark.parametrize(
    "term", ["a:" + "a" * 60000 + "!", "a:" + ".a" * 30000, "exists:" + "%{d}" * 15000 + "!"]
)
def test_a_record_as_long_as_dns_can_carry_is_read_at_once(term: str) -> None:
    assert isinstance(spf_terms(f"v=spf1 {term}"), tuple | SpfFault)


PIECES = st.sampled_from(
    ["a", "mx", "ip4", "ip6", "all", "include", "exp", "redirect", ":", "=", "/", "//", " ", "%", "{", "}", "%{d}",
     "0", "33", ".", "::1", "1.2.3.4", "-", "+", "²", "é", "\t", "\x00", "x.example"]
)  # fmt: skip


@given(st.lists(PIECES, max_size=20).map("".join) | st.text(max_size=60))
def test_no_record_makes_the_reading_crash(record: str) -> None:
    found = spf_terms(record)
    spf_all(record)
    spf_redirect(record)
    if isinstance(found, tuple):
        assert [term.text for term in found] == [text for text in record.split(" ") if text][1:]
        spf_widest(found)
    else:
        assert found.term in record
