"""The probe of zones against name servers with humours, a server of the zone above, and a resolver."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.zone import DnsZone, NameServer, ServerAnswer, ServerName, Standing
from cyberaudit.model import Reason, Status, Unreachable
from cyberaudit.probes import zone as zone_probe
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.zone_delegation import ancestors
from cyberaudit.probes.zone_intrusive import _handed_over
from cyberaudit.probes.zone_servers import MAX_ADDRESSES, MAX_NAMES, places
from cyberaudit.sdk import Context
from cyberaudit.town.scope import scope_for_look
from tests.loopback.odd_name_servers import Humour, OddNameServer

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
NS1, NS2 = f"ns1.{DOMAIN}", "ns2.hebergeur.example"
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
PATIENCE = Patience(dns_tries=(0.2, 0.2), dns_tcp=0.4)
TESTS = frozenset({"dns-recursion", "dns-transfer"})
CATALOGUE = load_catalogue()
ASSET = Domain("main", DOMAIN, (), DOMAIN, True, (), ())

PERFECT = Humour(DOMAIN, (NS1, NS2))
ABOVE = replace(PERFECT, delegates=True, glue=(f"{NS1} A 192.0.2.1",))
HEAD = "$TTL 60\n@ SOA a.nic x 1 7200 3600 1209600 300\n@ NS a.nic\n"
TOP = f"{HEAD}a.nic A 203.0.113.1\nhebergeur A 192.0.2.200\nns2.hebergeur A 198.51.100.2\n"
OWN = "$TTL 60\n@ SOA ns1 x 1 7200 3600 1209600 300\n@ NS ns1\n@ NS ns2.hebergeur.example.\n"


@contextmanager
def place(
    *humours: Humour,
    above: Humour = ABOVE,
    own: str = f"{OWN}ns1 A 192.0.2.1\n",
    top: str = TOP,
    tests: frozenset[str] = frozenset(),
    faults: dict[str, DnsFault] | None = None,
    rules: tuple[str, ...] = (),
    **changes: Any,
) -> Iterator[tuple[Instruments, list[OddNameServer]]]:
    """The zone above at 203.0.113.1, the first server at 192.0.2.1, the second one at 198.51.100.2, …"""
    resolver = DnsServer({"example": top, DOMAIN: own}, faults=faults)
    servers = [OddNameServer(humour) for humour in (above, *(humours or (PERFECT, PERFECT)))]
    addresses = ["203.0.113.1", "192.0.2.1", "198.51.100.2", "198.51.100.3"]
    with Background(resolver, *servers):
        mapped = tuple(
            f"{address}:53={server.address}" for address, server in zip(addresses, servers, strict=False)
        )
        options = Options(
            resolvers=(resolver.address,), connect_to=(*mapped, *rules), patience=PATIENCE, **changes
        )
        scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
        scope = replace(scope, tests=tests, servers_too=True)
        yield set_up(TOWN, scope, options, now=DEMO_NOW), servers


def seen(*humours: Humour, **changes: Any) -> DnsZone:
    with place(*humours, **changes) as (instruments, _):
        facts = asyncio.run(zone_probe.look(ASSET, instruments))
    assert isinstance(facts, DnsZone), facts
    return facts


def open_codes(facts: DnsZone) -> set[str]:
    """What every question about name servers finds wrong."""
    found = set()
    for check in CATALOGUE.checks:
        if check.needs == (DnsZone,):
            verdict = check.function(facts, Context(DEMO_NOW, ASSET, check.settings(), TOWN))
            found |= {item.reason for item in verdict.items if item.status.is_open}
            assert verdict.items or not verdict.status.is_open or verdict.reason == "no-domain"
    return found


def status(check_id: str, facts: DnsZone) -> Status:
    check = CATALOGUE.check(check_id)
    assert check is not None
    return check.function(facts, Context(DEMO_NOW, ASSET, check.settings(), TOWN)).status


def server(facts: DnsZone, address: str) -> NameServer:
    return next(each for each in facts.servers if each.address == address)


def test_a_domain_in_order_with_everything_signed_for() -> None:
    facts = seen(tests=TESTS)
    assert open_codes(facts) == set()
    assert (facts.exists, facts.resolves, facts.parent) == (True, True, "example")
    assert facts.delegated == (NS1, NS2)
    assert [(name.host, name.addresses, name.glue, name.listed) for name in facts.names] == [
        (NS1, ("192.0.2.1",), ("192.0.2.1",), True),
        (NS2, ("198.51.100.2",), (), True),
    ]
    for each in facts.servers:
        assert isinstance(each.udp, ServerAnswer)
        assert (each.udp.standing, each.udp.edns, each.tcp) == (
            Standing.AUTHORITATIVE,
            True,
            Standing.AUTHORITATIVE,
        )
        assert (each.names, each.recursion, each.transfer) == ((NS1, NS2), False, 0)
    assert all(
        status(check.id, facts) is Status.PASS for check in CATALOGUE.checks if check.needs == (DnsZone,)
    )


def test_a_perfect_domain_costs_few_questions() -> None:
    with place() as (instruments, servers):
        asyncio.run(zone_probe.look(ASSET, instruments))
        counts = [sum(each.asked.values()) for each in servers]
    assert counts == [1, 3, 3]


@pytest.mark.parametrize(
    ("humours", "code"),
    [
        ((replace(PERFECT, rcode=dns.rcode.REFUSED), PERFECT), "ns.lame"),
        ((replace(PERFECT, rcode=dns.rcode.SERVFAIL), PERFECT), "ns.lame"),
        ((replace(PERFECT, rcode=dns.rcode.NOTAUTH), PERFECT), "ns.lame"),
        ((replace(PERFECT, rcode=dns.rcode.NXDOMAIN), PERFECT), "ns.lame"),
        ((replace(PERFECT, authority=False), PERFECT), "ns.lame"),
        ((replace(PERFECT, elsewhere=True), PERFECT), "ns.lame"),
        ((replace(PERFECT, delegates=True), PERFECT), "ns.lame"),
        ((replace(PERFECT, bare=True), PERFECT), "ns.lame"),
        ((replace(PERFECT, udp=False), PERFECT), "ns.unreachable"),
        ((replace(PERFECT, tcp=False), PERFECT), "ns.no_tcp"),
        ((replace(PERFECT, extended=False), PERFECT), "ns.no_edns"),
        ((replace(PERFECT, stumbles=True), PERFECT), "ns.no_edns"),
        ((replace(PERFECT, hears_extended=False), PERFECT), "ns.no_edns"),
        ((PERFECT, replace(PERFECT, serial=2)), "ns.serial_mismatch"),
        ((replace(PERFECT, recursion=True), PERFECT), "ns.recursion_open"),
        ((PERFECT, replace(PERFECT, transfer="open")), "ns.axfr_open"),
        ((PERFECT, replace(PERFECT, transfer="one-by-one")), "ns.axfr_open"),
    ],
)
def test_each_humour_gets_its_code_and_no_other(humours: tuple[Humour, ...], code: str) -> None:
    assert open_codes(seen(*humours, tests=TESTS)) == {code}


@pytest.mark.parametrize(
    "humour",
    [
        replace(PERFECT, transfer="head-only"),
        replace(PERFECT, transfer="cut"),
        replace(PERFECT, transfer="garbage"),
        replace(PERFECT, transfer="foreign"),
        replace(PERFECT, drops_strangers=True),
        replace(PERFECT, foreign_authority=True),
        replace(PERFECT, version="named 9.18"),
        replace(PERFECT, serial=2, then=1),
    ],
)
def test_odd_but_harmless_servers_are_not_accused(humour: Humour) -> None:
    assert open_codes(seen(PERFECT, humour, tests=TESTS)) == set()


def test_a_server_that_serves_its_top_level_domain_is_asked_for_the_root() -> None:
    facts = seen(PERFECT, replace(PERFECT, foreign_authority=True), tests=TESTS)
    assert server(facts, "198.51.100.2").recursion is False


def test_a_transfer_that_is_not_answered_was_refused_all_the_same() -> None:
    facts = seen(PERFECT, replace(PERFECT, transfer="mute"), tests=TESTS)
    assert isinstance(server(facts, "198.51.100.2").transfer, Unreachable)
    assert status("dns.zone-transfer", facts) is Status.PASS


@pytest.mark.parametrize("how", ["stalled", "slow", "broken-off"])
def test_a_zone_that_is_being_handed_over_is_open_however_slowly(how: str) -> None:
    facts = seen(PERFECT, replace(PERFECT, transfer=how), tests=TESTS)
    assert open_codes(facts) == {"ns.axfr_open"}
    transfer = server(facts, "198.51.100.2").transfer
    assert isinstance(transfer, int)
    assert transfer > 2


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("only-length", Status.UNKNOWN),
        ("head-only", Status.UNKNOWN),
        ("garbage", Status.UNKNOWN),
        ("cut", Status.PASS),
        ("reset", Status.PASS),
    ],
)
def test_a_transfer_that_began_and_broke_off_is_no_refusal(how: str, expected: Status) -> None:
    facts = seen(PERFECT, replace(PERFECT, transfer=how), tests=TESTS)
    assert status("dns.zone-transfer", facts) is expected


def test_a_device_that_answers_for_all_proves_nothing_of_the_servers() -> None:
    device = replace(PERFECT, authority=False, recursion=True)
    facts = seen(device, device, above=device, tests=TESTS)
    assert [each.recursion for each in facts.servers] == [True, True]
    assert status("dns.open-recursion", facts) is Status.UNKNOWN
    assert status("dns.zone-transfer", facts) is Status.UNKNOWN


def test_an_open_resolver_that_is_slow_is_open() -> None:
    slow = replace(PERFECT, recursion=True, slow_for_strangers=2.2)
    assert open_codes(seen(slow, PERFECT, tests=TESTS)) == {"ns.recursion_open"}


def test_recursion_that_is_offered_and_fails_is_no_refusal() -> None:
    facts = seen(PERFECT, replace(PERFECT, fails_strangers=True), tests=TESTS)
    assert isinstance(server(facts, "198.51.100.2").recursion, Unreachable)
    assert status("dns.open-recursion", facts) is Status.UNKNOWN


def test_a_chosen_silence_about_strangers_is_a_refusal() -> None:
    facts = seen(PERFECT, replace(PERFECT, drops_strangers=True), tests=TESTS)
    assert server(facts, "198.51.100.2").recursion is False
    assert status("dns.open-recursion", facts) is Status.PASS


def test_a_server_that_falls_mute_for_good_has_refused_nothing() -> None:
    facts = seen(PERFECT, replace(PERFECT, drops_strangers=True, once=True), tests=TESTS)
    assert isinstance(server(facts, "198.51.100.2").recursion, Unreachable)
    assert status("dns.open-recursion", facts) is Status.UNKNOWN


@given(st.binary(max_size=200), st.booleans())
def test_the_beginning_of_any_transfer_is_read_in_bounds(came: bytes, first: bool) -> None:
    found = _handed_over(came, DOMAIN, first=first)
    assert isinstance(found, Unreachable) or 0 <= found <= len(came) / 11


def test_the_beginning_of_a_transfer_is_counted_never_kept() -> None:
    facts = seen(PERFECT, replace(PERFECT, transfer="open"), tests=TESTS)
    assert server(facts, "198.51.100.2").transfer == 4
    assert "h0" not in repr(facts)


def test_the_version_is_asked_where_a_test_is_signed_for() -> None:
    facts = seen(PERFECT, replace(PERFECT, version="named 9.18"), tests=frozenset({"dns-transfer"}))
    assert server(facts, "198.51.100.2").version == "named 9.18"
    assert status("dns.open-recursion", facts) is Status.UNKNOWN


def test_nothing_intrusive_is_sent_without_the_signature() -> None:
    with place(replace(PERFECT, recursion=True, transfer="open"), PERFECT) as (instruments, servers):
        facts = asyncio.run(zone_probe.look(ASSET, instruments))
        assert isinstance(facts, DnsZone)
        assert not any("AXFR" in each.asked or "TXT udp" in each.asked for each in servers)
    assert not any(purpose is Purpose.INTRUSIVE for purpose, *_ in instruments.network.opened)
    for each in facts.servers:
        for answer in (each.recursion, each.transfer, each.version):
            assert isinstance(answer, Unreachable)
            assert answer.reason is Reason.NOT_AUTHORIZED
    assert status("dns.open-recursion", facts) is Status.UNKNOWN
    assert status("dns.zone-transfer", facts) is Status.UNKNOWN


def test_the_option_against_transfers_is_obeyed() -> None:
    facts = seen(tests=TESTS, axfr=False)
    assert server(facts, "192.0.2.1").transfer == Unreachable(Reason.NOT_LOOKED)
    assert status("dns.zone-transfer", facts) is Status.UNKNOWN


def test_a_transfer_under_way_is_given_a_second() -> None:
    facts = seen(PERFECT, replace(PERFECT, serial=2, then=1))
    again = server(facts, "198.51.100.2").again
    assert again is not None
    assert not isinstance(again, Unreachable)
    assert again.serial == 1
    assert status("dns.consistency", facts) is Status.PASS


def test_a_domain_whose_servers_all_fail_is_dead() -> None:
    lame = replace(PERFECT, rcode=dns.rcode.REFUSED)
    facts = seen(lame, replace(lame, udp=False), faults={DOMAIN: DnsFault.SERVFAIL})
    assert open_codes(facts) == {"ns.all_lame", "ns.lame", "ns.unreachable"}
    assert status("dns.delegation", facts) is Status.FAIL


def test_servers_mute_to_us_alone_are_not_dead() -> None:
    mute = replace(PERFECT, udp=False)
    assert "ns.all_lame" not in open_codes(seen(mute, mute))


def test_a_line_that_lets_no_question_out_leaves_everything_unknown() -> None:
    mute = replace(PERFECT, udp=False)
    facts = seen(mute, mute, above=replace(ABOVE, udp=False))
    assert isinstance(facts.delegated, Unreachable)
    assert open_codes(facts) == set()
    assert [name.host for name in facts.names] == [NS1, NS2]
    assert status("dns.delegation", facts) is Status.UNKNOWN


def test_tcp_filtered_everywhere_is_the_line_s_doing() -> None:
    deaf = replace(PERFECT, tcp=False)
    facts = seen(deaf, deaf, above=replace(ABOVE, tcp=False))
    assert all(isinstance(parent.tcp, Unreachable) for parent in facts.parents)
    assert status("dns.delegation", facts) is Status.UNKNOWN


def test_the_zone_above_is_the_witness_for_tcp() -> None:
    deaf = replace(PERFECT, tcp=False)
    facts = seen(deaf, deaf)
    assert [parent.tcp for parent in facts.parents] == [Standing.DELEGATES]
    assert open_codes(facts) == {"ns.no_tcp"}


@pytest.mark.parametrize(
    ("above", "own", "code"),
    [
        (
            replace(ABOVE, glue=(f"{NS1} A 192.0.2.99",)),
            f"{OWN}ns1 A 192.0.2.1\n",
            "ns.parent_child_mismatch",
        ),
        (replace(ABOVE, names=(NS1,)), f"{OWN}ns1 A 192.0.2.1\n", "ns.parent_child_mismatch"),
        (replace(ABOVE, names=(NS1, NS2, "ns3.hebergeur.example")), f"{OWN}ns1 A 192.0.2.1\n", "ns.dangling"),
        (ABOVE, f"{OWN}ns1 CNAME autre\nautre A 192.0.2.1\n", "ns.cname"),
        (ABOVE, f"{OWN}ns1 TXT vide\n", "ns.dangling"),
    ],
)
def test_names_and_glue_are_compared(above: Humour, own: str, code: str) -> None:
    rules = ("192.0.2.99:53=127.0.0.1:1",)
    assert code in open_codes(seen(above=above, own=own, rules=rules))


def test_a_name_that_anybody_can_buy_is_told() -> None:
    gone = "ns2.parti.example"
    facts = seen(above=replace(ABOVE, names=(NS1, gone), gone=("parti.example",)))
    name = next(each for each in facts.names if each.host == gone)
    assert (name.exists, name.missing, name.free) == (False, "parti.example", True)
    assert status("dns.delegation", facts) is Status.FAIL


def test_a_name_that_only_the_resolver_calls_missing_is_not_for_sale() -> None:
    gone = "ns2.parti.example"
    facts = seen(above=replace(ABOVE, names=(NS1, gone)))
    name = next(each for each in facts.names if each.host == gone)
    assert (name.exists, name.free) == (False, False)
    assert status("dns.delegation", facts) is Status.PARTIAL


def test_a_missing_name_at_a_provider_is_not_for_sale() -> None:
    gone = "ns9.hebergeur.example"
    facts = seen(above=replace(ABOVE, names=(NS1, gone)))
    name = next(each for each in facts.names if each.host == gone)
    assert (name.exists, name.missing, name.free) == (False, gone, False)


def test_only_one_server_is_told() -> None:
    alone = replace(PERFECT, names=(NS1,))
    facts = seen(alone, above=replace(ABOVE, names=(NS1,)))
    assert open_codes(facts) == {"ns.single"}


def test_a_server_that_only_the_domain_names_is_asked_too() -> None:
    third = "ns3.hebergeur.example"
    three = replace(PERFECT, names=(NS1, NS2, third))
    facts = seen(three, three, three, top=f"{TOP}ns3.hebergeur A 198.51.100.3\n")
    assert server(facts, "198.51.100.3").names == (NS1, NS2, third)
    assert open_codes(facts) == {"ns.parent_child_mismatch"}


def test_a_domain_that_is_not_delegated_is_told_by_who_serves_it() -> None:
    facts = seen(above=replace(ABOVE, delegates=False, bare=True))
    assert (facts.exists, facts.delegated, facts.servers) == (True, None, ())
    assert status("dns.delegation", facts) is Status.NOT_APPLICABLE


def test_a_domain_that_does_not_exist() -> None:
    facts = seen(
        above=replace(ABOVE, delegates=False, rcode=dns.rcode.NXDOMAIN), faults={DOMAIN: DnsFault.SERVFAIL}
    )
    assert (facts.exists, facts.delegated) == (False, None)
    assert status("dns.delegation", facts) is Status.FAIL


def test_a_server_that_serves_both_zones_tells_the_names_with_authority() -> None:
    facts = seen(above=PERFECT)
    assert facts.delegated == (NS1, NS2)
    assert open_codes(facts) == set()


@pytest.mark.parametrize("fault", DnsFault)
def test_without_a_zone_above_nor_resolver_nothing_was_seen(fault: DnsFault) -> None:
    with place(faults={DOMAIN: fault, "example": fault}) as (instruments, _):
        facts = asyncio.run(zone_probe.look(ASSET, instruments))
    assert isinstance(facts, Unreachable)


def test_without_a_zone_above_the_resolver_s_servers_are_asked() -> None:
    facts = seen(faults={"example": DnsFault.SERVFAIL})
    assert (facts.parent, facts.exists) == ("", True)
    assert {each.address for each in facts.servers} == {"192.0.2.1", "198.51.100.2"}
    assert status("dns.resilience", facts) is Status.UNKNOWN


def test_a_zone_above_that_refuses_leaves_its_word_unknown() -> None:
    facts = seen(above=replace(ABOVE, rcode=dns.rcode.REFUSED))
    assert isinstance(facts.delegated, Unreachable)
    assert open_codes(facts) == set()


def test_a_zone_above_whose_servers_have_no_address_leaves_its_word_unknown() -> None:
    facts = seen(top=TOP.replace("a.nic A 203.0.113.1\n", "a.nic TXT vide\n"))
    assert [parent.address for parent in facts.parents] == [""]
    assert isinstance(facts.delegated, Unreachable)
    assert open_codes(facts) == set()


def test_other_servers_of_the_zone_above_are_asked_when_the_first_ones_do_not_help() -> None:
    more = "@ NS b.nic\n@ NS c.nic\nb.nic A 203.0.113.8\nc.nic A 203.0.113.1\n"
    top = TOP.replace("a.nic A 203.0.113.1", "a.nic A 203.0.113.9") + more
    rules = ("203.0.113.8:53=127.0.0.1:1", "203.0.113.9:53=127.0.0.1:1")
    facts = seen(top=top, rules=rules)
    assert [parent.host for parent in facts.parents] == ["a.nic.example", "b.nic.example", "c.nic.example"]
    assert facts.delegated == (NS1, NS2)
    deaf = replace(PERFECT, tcp=False)
    assert open_codes(seen(deaf, deaf, top=top, rules=rules)) == {"ns.no_tcp"}


def test_a_zone_above_in_ipv6_alone_is_asked_there() -> None:
    facts = seen(top=TOP.replace("a.nic A 203.0.113.1\n", "a.nic AAAA 2001:db8::53\n"))
    assert [parent.address for parent in facts.parents] == ["2001:db8::53"]


def test_a_server_without_its_own_ns_records_leaves_agreement_unknown() -> None:
    facts = seen(PERFECT, replace(PERFECT, names=()))
    assert isinstance(server(facts, "198.51.100.2").names, Unreachable)
    assert status("dns.consistency", facts) is Status.UNKNOWN


def test_a_server_name_that_the_resolver_cannot_ask_is_asked_at_its_glue() -> None:
    facts = seen(faults={NS1: DnsFault.SERVFAIL})
    name = next(each for each in facts.names if each.host == NS1)
    assert isinstance(name.exists, Unreachable)
    assert server(facts, "192.0.2.1").names == (NS1, NS2)
    assert open_codes(facts) == set()


def test_a_missing_name_below_what_cannot_be_asked_goes_no_higher() -> None:
    gone = "ns2.parti.example"
    facts = seen(above=replace(ABOVE, names=(NS1, gone)), faults={"parti.example": DnsFault.SERVFAIL})
    name = next(each for each in facts.names if each.host == gone)
    assert (name.missing, name.free) == (gone, False)


def test_a_server_heard_once_and_mute_the_second_time_proves_nothing() -> None:
    late = replace(PERFECT, serial=2, once=True)
    facts = seen(PERFECT, late)
    assert isinstance(server(facts, "198.51.100.2").again, Unreachable)
    assert status("dns.consistency", facts) is Status.UNKNOWN


def test_mute_servers_cost_one_wait_together() -> None:
    mute = replace(PERFECT, udp=False, tcp=False)
    with place(mute, mute, tests=TESTS) as (instruments, _):
        begun = time.monotonic()
        asyncio.run(zone_probe.look(ASSET, instruments))
        spent = time.monotonic() - begun
    # Twice 0.2 s to each server, once to the witness over TCP; six times over would be more.
    assert spent < 3


def test_a_hostile_delegation_is_bounded() -> None:
    many = tuple(f"ns{number}.hebergeur.example" for number in range(24))
    hosts = "".join(f"ns{number}.hebergeur A 198.51.100.{number}\n" for number in range(24))
    facts = seen(above=replace(ABOVE, names=many, glue=()), top=HEAD + "a.nic A 203.0.113.1\n" + hosts)
    assert len(facts.names) == MAX_NAMES
    assert len(facts.servers) <= MAX_ADDRESSES
    assert len(facts.left_out) >= 24 - MAX_NAMES
    assert status("dns.consistency", facts) is not Status.PASS


def test_a_second_look_keeps_what_the_first_one_heard() -> None:
    first, second = seen(), seen(replace(PERFECT, udp=False), PERFECT)
    assert zone_probe.worth_asking_again(second)
    assert not zone_probe.worth_asking_again(first)
    merged = zone_probe.merge_looks(first, second)
    assert isinstance(server(merged, "192.0.2.1").udp, ServerAnswer)
    assert open_codes(merged) == set()


def test_what_would_be_touched_is_announced() -> None:
    with place() as (instruments, _):
        plain = zone_probe.announce(ASSET, instruments)
    with place(tests=TESTS) as (instruments, _):
        signed = zone_probe.announce(ASSET, instruments)
    assert [each.purpose for each in plain] == [Purpose.INFRASTRUCTURE, Purpose.NAMES]
    assert [each.purpose for each in signed] == [Purpose.INFRASTRUCTURE, Purpose.NAMES, Purpose.INTRUSIVE]


def test_the_names_above() -> None:
    assert ancestors("l-hay.example") == ("example", ".")
    assert ancestors("fr") == (".",)
    assert len(ancestors(".".join("a" * 40))) == 8


NAMES = st.builds(
    ServerName,
    host=st.text(max_size=4),
    delegated=st.booleans(),
    listed=st.booleans(),
    exists=st.booleans(),
    missing=st.just(""),
    free=st.just(False),
    alias=st.just(""),
    addresses=st.one_of(
        st.just(Unreachable(Reason.TIMEOUT)),
        st.lists(st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1"]), unique=True).map(tuple),
    ),
    glue=st.lists(st.sampled_from(["192.0.2.1", "2001:db8::9"]), unique=True).map(tuple),
)


@given(st.lists(NAMES, max_size=4))
def test_every_address_has_a_place_and_its_names(names: list[ServerName]) -> None:
    found = places(names)
    every = {a for name in names if isinstance(name.addresses, tuple) for a in name.addresses}
    assert set(found) == every | {address for name in names for address in name.glue}
    assert all(hosts for hosts in found.values())
