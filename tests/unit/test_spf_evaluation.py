"""SPF judged for one message, and followed for all: on zones in memory, with every limit."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.spf_result import Cause, SpfOutcome, SpfResult
from cyberaudit.facts.spf_tree import Found, SpfTree, lookups_below
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress
from cyberaudit.probes.spf.evaluate import check_host
from cyberaudit.probes.spf.macros import expand, letters, macro_values, sender_of, target_name
from cyberaudit.probes.spf.tree import MOST_QUESTIONS, MOST_STEPS, spf_tree

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
LOST = Unreachable(Reason.RESOLVER_FAILURE, "SERVFAIL")
D = "l-hay.example"


@dataclass
class Zone:
    """DNS in memory: name → texts, `MX:host`, addresses, or `LOST`."""

    data: Mapping[str, list[str]]
    default: str = ""
    """A text found at every other name."""
    delay: float = 0
    asked: list[str] = field(default_factory=list)

    async def _at(self, name: str) -> list[str] | Unreachable:
        self.asked.append(name)
        await asyncio.sleep(self.delay)
        found = self.data.get(name.lower(), [self.default] if self.default else [])
        return LOST if "LOST" in found else found

    async def txt(self, name: str) -> tuple[bytes, ...] | Unreachable:
        found = await self._at(name)
        if isinstance(found, Unreachable):
            return found
        return tuple(text.encode() for text in found if " " in text or text == "v=spf1")

    async def mx(self, name: str) -> tuple[str, ...] | Unreachable:
        found = await self._at(name)
        if isinstance(found, Unreachable):
            return found
        return tuple(text[3:] for text in found if text.startswith("MX:"))

    async def addresses(self, name: str, version: int) -> tuple[IpAddress, ...] | Unreachable:
        found = await self._at(name)
        if isinstance(found, Unreachable):
            return found
        texts = [text for text in found if " " not in text and text[0] in "0123456789"]
        return tuple(address for address in map(ip_address, texts) if address.version == version)

    async def names(self, address: IpAddress) -> tuple[str, ...] | Unreachable:
        found = await self._at(str(address))
        return found if isinstance(found, Unreachable) else tuple(found)


def judged(
    record: str, *, ip: str = "192.0.2.1", mail_from: str = f"jean@{D}", seconds: float = 5, **more: list[str]
) -> SpfOutcome:
    """`more`: what stands at `name.l-hay.example`."""
    zone = Zone({D: [record], **{f"{name}.{D}": found for name, found in more.items()}})
    sender = sender_of(ip_address(ip), mail_from, helo=f"mx.{D}")
    return asyncio.run(check_host(zone, sender, domain=D, now=NOW, seconds=seconds))


@pytest.mark.parametrize(
    ("record", "result", "cause", "term"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass", Cause.MATCHED, "ip4:192.0.2.0/24"),
        ("v=spf1 ?ip4:192.0.2.1 -all", "neutral", Cause.MATCHED, "?ip4:192.0.2.1"),
        ("v=spf1 ~all", "softfail", Cause.MATCHED, "~all"),
        ("v=spf1 mx", "neutral", Cause.NOTHING_MATCHED, ""),
        ("rien ici", "none", Cause.NO_RECORD, ""),
        ("v=spf1 ip4:192.0.2.1 oops", "permerror", Cause.SYNTAX, "oops"),
        (f"v=spf1 include:vide.{D} -all", "permerror", Cause.TARGET_WITHOUT_RECORD, f"include:vide.{D}"),
        (f"v=spf1 redirect=vide.{D}", "permerror", Cause.TARGET_WITHOUT_RECORD, f"redirect=vide.{D}"),
        (f"v=spf1 include:lost.{D} -all", "temperror", Cause.DNS, ""),
        (f"v=spf1 a:lost.{D} -all", "temperror", Cause.DNS, f"a:lost.{D}"),
        (f"v=spf1 mx:lost.{D} -all", "temperror", Cause.DNS, f"mx:lost.{D}"),
        (f"v=spf1 mx:mute.{D} -all", "temperror", Cause.DNS, f"mx:mute.{D}"),
        (f"v=spf1 exists:lost.{D} -all", "temperror", Cause.DNS, f"exists:lost.{D}"),
        (f"v=spf1 a:x.{D} a:y.{D} a:z.{D} -all", "permerror", Cause.VOIDS, f"a:z.{D}"),
        (f"v=spf1 a:x.{D} a:y.{D} -all", "fail", Cause.MATCHED, "-all"),
        (f"v=spf1 include:{D} -all", "permerror", Cause.LOOKUPS, f"include:{D}"),
        (f"v=spf1 mx:many.{D} -all", "permerror", Cause.MX_NAMES, f"mx:many.{D}"),
        (f"v=spf1 mx:nul.{D} -all", "fail", Cause.MATCHED, "-all"),
        (f"v=spf1 include:two.{D} -all", "permerror", Cause.SEVERAL_RECORDS, ""),
        ("v=spf1 ptr -all", "fail", Cause.MATCHED, "-all"),
        ("v=spf1 a:%{p}.x -all", "fail", Cause.MATCHED, "-all"),
    ],
)
def test_one_message_ends_with_one_result_and_the_term_behind_it(
    record: str, result: str, cause: Cause, term: str
) -> None:
    seen = judged(
        record,
        lost=["LOST"],
        mute=[f"MX:lost.{D}"],
        many=[f"MX:m{n}.{D}" for n in range(11)],
        nul=["MX:"],
        two=["v=spf1 -all", "v=spf1 ~all"],
    )
    assert (seen.result, seen.cause, seen.term) == (result, cause, term)


def test_the_way_to_the_term_is_told() -> None:
    seen = judged(f"v=spf1 redirect=un.{D}", un=["v=spf1 -all"])
    assert (seen.at, seen.path, seen.lookups) == (f"un.{D}", (f"redirect=un.{D}",), 1)


def test_ten_lookups_pass_and_the_eleventh_does_not() -> None:
    hosts: dict[str, Any] = {f"h{n}": ["198.51.100.1"] for n in range(11)}
    ten = " ".join(f"a:h{n}.{D}" for n in range(10))
    assert judged(f"v=spf1 {ten} -all", **hosts).result is SpfResult.FAIL
    over = judged(f"v=spf1 {ten} a:h10.{D} -all", **hosts)
    assert (over.result, over.term, over.lookups) == (SpfResult.PERMERROR, f"a:h10.{D}", 10)


def test_an_explanation_is_shown_without_its_traps() -> None:
    record = f"v=spf1 -all exp=why.{D}"
    seen = judged(record, why=["\x1b[31m non merci"])
    assert seen.explanation == ""  # a control character is no explain-string
    assert judged(record, why=["%{i} : voyez %{S} !"]).explanation == f"192.0.2.1 : voyez jean%40{D} !"
    assert judged(record, why=["un texte", "et un autre"]).explanation == ""
    assert judged(record, why=["LOST"]).explanation == ""


def test_a_list_that_takes_too_long_is_a_temperror() -> None:
    zone = Zone({D: ["v=spf1 -all"]}, delay=5)
    sender = sender_of(ip_address("192.0.2.1"), "", helo=D)
    seen = asyncio.run(check_host(zone, sender, domain=D, now=NOW, seconds=0.01))
    assert (seen.result, seen.cause) == (SpfResult.TEMPERROR, Cause.TIME)


def test_a_local_part_that_is_not_ascii_never_matches() -> None:
    assert judged("v=spf1 exists:%{l}.x.example -all", mail_from=f"josé@{D}").result is SpfResult.FAIL


def test_an_address_is_split_as_receivers_do() -> None:
    bounce = sender_of(ip_address("::ffff:192.0.2.1"), "", helo="mx.example.")
    assert (str(bounce.ip), bounce.local, bounce.domain) == ("192.0.2.1", "postmaster", "mx.example")
    assert sender_of(ip_address("::1"), "@x.example", helo="h").local == "postmaster"


def test_macros_expand_as_the_rfc_shows() -> None:
    sender = sender_of(ip_address("192.0.2.3"), "strong-bad@email.example.com", helo="h")
    values = macro_values(sender, sender.domain, validated="unknown", now=NOW)
    for text, expected in {
        "%{s}": "strong-bad@email.example.com",
        "%{d4}": "email.example.com",
        "%{d1}": "com",
        "%{dr}": "com.example.email",
        "%{d2r}": "example.email",
        "%{l-}": "strong.bad",
        "%{lr-}": "bad.strong",
        "%{l1r-}": "strong",
        "%{ir}.%{v}._spf.%{d2}": "3.2.0.192.in-addr._spf.example.com",
        "%%%_%-": "% %20",
    }.items():
        assert expand(text, values) == expected
    assert letters("%{Ir}.%{d2}%%") == {"i", "d"}


def test_a_long_name_loses_labels_on_the_left() -> None:
    sender = sender_of(ip_address("192.0.2.3"), f"{'a.' * 150}b@x.example", helo="h")
    values = macro_values(sender, "x.example", validated="", now=NOW)
    name = target_name("%{l}.%{d}", values)
    assert name is not None
    assert len(name) <= 253
    assert name.endswith("a.b.x.example")
    assert target_name("%{l-}..x", values) is None


def followed(record: str, default: str = "", **more: list[str]) -> SpfTree:
    zone = Zone({D: [record], **{f"{name}.{D}": found for name, found in more.items()}}, default)
    found = asyncio.run(spf_tree(zone, D, record))
    assert len(zone.asked) <= MOST_QUESTIONS + MOST_STEPS
    return found


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (f"a:h.{D}", Found.ADDRESSES),
        (f"a:rien.{D}", Found.NOTHING),
        (f"mx:m.{D}", Found.ADDRESSES),
        (f"mx:rien.{D}", Found.NOTHING),
        (f"mx:many.{D}", Found.TOO_MANY_MX),
        (f"exists:h.{D}", Found.ADDRESSES),
        (f"exists:%{{i}}.{D}", Found.VARIABLE),
        ("ptr", Found.VARIABLE),
        (f"a:lost.{D}", Found.TROUBLE),
        (f"mx:lost.{D}", Found.TROUBLE),
        (f"include:lost.{D}", Found.TROUBLE),
        (f"include:un.{D}", Found.RECORD),
        ("include:un.%{d}", Found.RECORD),
        (f"include:rien.{D}", Found.NO_RECORD),
        (f"include:two.{D}", Found.SEVERAL),
        (f"include:oops.{D}", Found.SYNTAX),
        (f"include:{D}", Found.LOOP),
        (f"include:{'a' * 64}.{D}", Found.VARIABLE),
        (f"include:%{{l}}.{D}", Found.VARIABLE),
        (f"include:%{{i}}.{D}", Found.VARIABLE),
        (f"redirect=un.{D}", Found.RECORD),
    ],
)
def test_each_term_is_counted_and_what_it_leads_to_is_told(term: str, found: Found) -> None:
    tree = followed(
        f"v=spf1 {term}",
        h=["198.51.100.1"],
        m=[f"MX:h.{D}"],
        many=[f"MX:m{n}.{D}" for n in range(11)],
        lost=["LOST"],
        un=["v=spf1 -all"],
        two=["v=spf1 -all", "v=spf1 ~all"],
        oops=["v=spf1 oops"],
    )
    assert [(step.term, step.found) for step in tree.steps] == [(term, found)]
    assert tree.is_whole is (found is not Found.TROUBLE)


def test_a_list_published_for_each_address_is_followed_with_one_of_documentation() -> None:
    published: dict[str, Any] = {"1.2.0.192.in-addr": ["v=spf1 mx -all"]}
    tree = followed(f"v=spf1 include:%{{ir}}.%{{v}}.{D} -all", **published)
    assert [(step.sampled, step.found, step.depth) for step in tree.steps] == [
        (True, Found.RECORD, 0),
        (False, Found.NOTHING, 1),
    ]


def test_a_list_included_twice_counts_twice_and_in_order() -> None:
    tree = followed(f"v=spf1 include:un.{D} mx include:un.{D} -all mx:apres.{D}", un=[f"v=spf1 a:h.{D} ~all"])
    assert [step.term for step in tree.steps] == [
        f"include:un.{D}",
        f"a:h.{D}",
        "mx",
        f"include:un.{D}",
        f"a:h.{D}",
    ]
    assert [lookups_below(tree, place) for place in range(5)] == [2, 1, 1, 2, 1]
    assert (tree.lookups, tree.voids, tree.is_broken) == (5, 3, True)


def test_the_count_goes_on_past_the_limit_and_says_where_it_is() -> None:
    tree = followed("v=spf1 " + " ".join(f"a:h{n}.{D}" for n in range(12)) + " -all")
    assert tree.lookups == 12
    assert tree.goes_over is not None
    assert tree.goes_over.term == f"a:h10.{D}"


def test_a_list_without_end_is_cut() -> None:
    endless = " ".join(f"include:%{{d1r}}{n}.%{{d}}" for n in range(9))
    tree = followed(f"v=spf1 {endless}", default=f"v=spf1 {endless}")
    assert (tree.cut, tree.lookups) == (True, MOST_STEPS)


def test_who_may_write_is_counted_once() -> None:
    ranges = "ip4:198.51.100.0/25 ip4:198.51.100.0/24 -ip4:10.0.0.0/8"
    record = f"v=spf1 {ranges} a:h.{D} ?include:un.{D} include:deux.{D} -all"
    tree = followed(
        record, h=["203.0.113.1"], un=["v=spf1 ip4:10.0.0.0/8"], deux=["v=spf1 ip4:203.0.113.0/31 -all"]
    )
    assert tree.ip4_admitted == 256 + 2


TERMS = st.sampled_from(
    ["a", "mx", "ptr", f"include:{D}", f"include:un.{D}", "include:%{i}.x.example", f"redirect=un.{D}", "-all",
     "ip4:0.0.0.0/0", "exists:%{l1r-}.%{d}", "a:%{p}.%{d}", "exp=%{d}", "oops", "mx:%{h}//64", f"a:lost.{D}", "x=%{s}"]
)  # fmt: skip
RECORDS = st.lists(TERMS, max_size=14).map(lambda terms: " ".join(("v=spf1", *terms)))


@settings(max_examples=150, deadline=None)
@given(
    RECORDS,
    RECORDS | st.text(max_size=30),
    st.sampled_from(["192.0.2.1", "2001:db8::1"]),
    st.text(max_size=20),
)
def test_no_list_makes_it_crash_or_run_away(record: str, other: str, ip: str, mail_from: str) -> None:
    more: dict[str, Any] = {"un": [other] if other else [], "lost": ["LOST"]}
    seen = judged(record, ip=ip, mail_from=mail_from, **more)
    assert seen.lookups <= 10
    assert seen.voids <= 3
    assert len(followed(record, **more).steps) <= MOST_STEPS


@given(RECORDS)
def test_what_cannot_be_read_is_never_a_pass(record: str) -> None:
    seen = judged(record + f" include:lost.{D} +all", lost=["LOST"], un=["LOST"])
    known = "ip4:0.0.0.0/0" in seen.term or seen.term.startswith(("a", "mx"))
    assert seen.result is not SpfResult.PASS or known


BOGUS = Unreachable(Reason.BOGUS, "TXT")


@dataclass
class FalselySigned(Zone):
    """DNS in memory, whose names that begin with `faux` have false signatures."""

    async def _at(self, name: str) -> list[str] | Unreachable:
        return BOGUS if name.startswith("faux") else await super()._at(name)


@pytest.mark.parametrize("term", [f"include:faux.{D}", f"a:faux.{D}", f"mx:faux.{D}", f"redirect=faux.{D}"])
def test_a_false_signature_is_never_a_permanent_error(term: str) -> None:
    zone = FalselySigned({D: [f"v=spf1 {term}"]})
    tree = asyncio.run(spf_tree(zone, D, f"v=spf1 {term}"))
    assert [step.found for step in tree.steps] == [Found.BOGUS]
    assert (tree.is_broken, tree.is_whole) == (False, False)
    sender = sender_of(ip_address("192.0.2.1"), f"jean@{D}", helo=D)
    seen = asyncio.run(check_host(zone, sender, domain=D, now=NOW))
    assert (seen.result, seen.cause) == (SpfResult.TEMPERROR, Cause.BOGUS)


def test_a_tree_that_takes_too_long_is_cut_and_says_so() -> None:
    chain = {f"l{n}.{D}": [f"v=spf1 include:l{n + 1}.{D} -all"] for n in range(8)}
    zone = Zone(chain, delay=0.2)
    tree = asyncio.run(spf_tree(zone, D, f"v=spf1 include:l0.{D} -all", seconds=0.5))
    assert (tree.is_whole, tree.is_broken) == (False, False)
    assert tree.steps[-1].found is Found.TROUBLE
    assert tree.steps[-1].detail == str(Unreachable(Reason.DEADLINE))
    assert len(tree.steps) < 8


def test_the_terms_of_several_records_stand_in_one_tree() -> None:
    zone = Zone({D: [], f"h.{D}": ["198.51.100.1"]})
    tree = asyncio.run(spf_tree(zone, D, f"v=spf1 a:h.{D} -all", "v=spf1 oops", "v=spf1 mx ~all"))
    assert [(step.depth, step.term) for step in tree.steps] == [(0, f"a:h.{D}"), (0, "mx")]
