"""Questions about name servers: facts to verdicts, table by table."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.mail_samples import DOMAIN
from cyberaudit.facts.zone import DnsZone, NameServer, ServerAnswer, Standing
from cyberaudit.facts.zone_samples import (
    ABSENT_ZONE,
    ALONE_ZONE,
    BOGUS_ZONE,
    DANGLING_ZONE,
    DEAD_ZONE,
    DISAGREEING_ZONE,
    FILTERED_ZONE,
    FORBIDDEN,
    GONE_NAME,
    GOOD_SOA,
    GOOD_ZONE,
    HASTY_ZONE,
    HEAD,
    LAME_SERVER,
    LAME_ZONE,
    MUTE_SERVER,
    MUTE_ZONE,
    NAME1,
    NAME2,
    NS1,
    NS2,
    ONE_NETWORK_ZONE,
    OPEN_ZONE,
    PARENT,
    PARENT6,
    POOR_ZONE,
    REFERRAL,
    SAMPLES,
    SERVER1,
    SERVER2,
    SERVER3,
    SILENT,
    THIRD_PARTY_ZONE,
    UNDIVIDED_ZONE,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
QUESTIONS = (
    "dns.delegation",
    "dns.resilience",
    "dns.consistency",
    "dns.open-recursion",
    "dns.zone-transfer",
    "dns.soa",
)
NO_ROUTE = Unreachable(Reason.NO_ROUTE)
CUT_OFF, CLOSED = Unreachable(Reason.RESET), Unreachable(Reason.REFUSED)
BROKEN_OFF = Unreachable(Reason.PROTOCOL_ERROR, "transfert commencé, puis interrompu")
BORROWED = ServerAnswer(Standing.BORROWED, "NOERROR", GOOD_SOA, edns=True, offers_recursion=True)


def ask(check_id: str, facts: DnsZone) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = towns.domain()
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def outcome(check_id: str, facts: DnsZone) -> tuple[Status, str]:
    verdict = ask(check_id, facts)
    return verdict.status, verdict.reason


def codes(check_id: str, facts: DnsZone) -> set[str]:
    return {item.reason for item in ask(check_id, facts).items if item.status.is_open}


def with_servers(*servers: NameServer, **changes: Any) -> DnsZone:
    return replace(GOOD_ZONE, servers=servers, **changes)


def unseen(server: NameServer, cause: Unreachable) -> NameServer:
    return replace(MUTE_SERVER, hosts=server.hosts, address=server.address, udp=cause, tcp=cause)


def answering(server: NameServer, answer: ServerAnswer) -> NameServer:
    return replace(LAME_SERVER, hosts=server.hosts, address=server.address, udp=answer)


def in_place(server: NameServer, **trials: Any) -> NameServer:
    """Somebody answered, without authority: the server itself, or a device of our line."""
    return replace(server, udp=BORROWED, **trials)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_domain_in_order_passes_every_question(question: str) -> None:
    assert outcome(question, GOOD_ZONE) == (PASS, "")


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize(
    ("zone", "status"), [(BOGUS_ZONE, UNKNOWN), (UNDIVIDED_ZONE, NONE)], ids=["bogus", "undivided"]
)
def test_where_there_is_nothing_to_judge_every_question_says_so(
    question: str, zone: DnsZone, status: Status
) -> None:
    assert ask(question, zone).status is status


def test_a_domain_inside_the_zone_above_is_told_who_serves_it() -> None:
    assert "« service.example »" in ask("dns.delegation", UNDIVIDED_ZONE).text


def test_a_domain_that_does_not_exist_fails_once() -> None:
    assert outcome("dns.delegation", ABSENT_ZONE) == (FAIL, "no-domain")
    assert {ask(question, ABSENT_ZONE).status for question in QUESTIONS[1:]} == {NONE}


@pytest.mark.parametrize(
    ("zone", "expected", "code"),
    [
        (MUTE_ZONE, (PARTIAL, "unreachable"), "ns.unreachable"),
        (LAME_ZONE, (PARTIAL, "lame"), "ns.lame"),
        (DEAD_ZONE, (FAIL, "all-lame"), "ns.all_lame"),
        (POOR_ZONE, (PARTIAL, "no-tcp"), "ns.no_tcp"),
        (POOR_ZONE, (PARTIAL, "no-tcp"), "ns.no_edns"),
        (DANGLING_ZONE, (FAIL, "dangling"), "ns.dangling"),
        (DANGLING_ZONE, (FAIL, "dangling"), "ns.cname"),
        (
            replace(GOOD_ZONE, names=(NAME1, replace(GONE_NAME, free=False))),
            (PARTIAL, "dangling"),
            "ns.dangling",
        ),
        (
            replace(GOOD_ZONE, names=(NAME1, replace(NAME2, addresses=()))),
            (PARTIAL, "dangling"),
            "ns.dangling",
        ),
    ],
)
def test_each_fault_of_a_delegation_has_its_code(
    zone: DnsZone, expected: tuple[Status, str], code: str
) -> None:
    assert outcome("dns.delegation", zone) == expected
    assert code in codes("dns.delegation", zone)


@pytest.mark.parametrize(
    ("zone", "expected", "code"),
    [
        (ALONE_ZONE, (FAIL, "single"), "ns.single"),
        (ONE_NETWORK_ZONE, (PARTIAL, "same-subnet"), "ns.same_subnet"),
        (
            replace(GOOD_ZONE, names=(NAME1, replace(NAME2, addresses=NAME1.addresses))),
            (FAIL, "single"),
            "ns.single",
        ),
    ],
)
def test_servers_that_fall_together_are_told(zone: DnsZone, expected: tuple[Status, str], code: str) -> None:
    assert outcome("dns.resilience", zone) == expected
    assert codes("dns.resilience", zone) == {code}


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (("127.0.0.2",), ("127.0.0.3",), PASS),
        (("192.0.2.1", "2001:db8:1::1"), ("192.0.2.2", "2001:db8:2::1"), PASS),
        (("192.0.2.1", "2001:db8:1::1"), ("192.0.2.2", "2001:db8:1::2"), PARTIAL),
        (("2001:db8:1::1",), ("2001:db8:1::2",), PARTIAL),
        ((), (), UNKNOWN),
        (("192.0.2.1",), SILENT, UNKNOWN),
        (("192.0.2.1", "illisible"), ("192.0.2.2",), PARTIAL),
        (("192.0.2.1", "198.51.100.1"), SILENT, PASS),
    ],
)
def test_two_networks_in_either_family_are_enough(
    first: tuple[str, ...], second: Any, status: Status
) -> None:
    names = (replace(NAME1, addresses=first, glue=()), replace(NAME2, addresses=second))
    assert ask("dns.resilience", replace(GOOD_ZONE, names=names)).status is status


@pytest.mark.parametrize(
    ("question", "zone", "status"),
    [
        ("dns.open-recursion", OPEN_ZONE, FAIL),
        ("dns.zone-transfer", OPEN_ZONE, FAIL),
        ("dns.open-recursion", THIRD_PARTY_ZONE, Status.NOT_APPLICABLE),
        ("dns.zone-transfer", THIRD_PARTY_ZONE, Status.NOT_APPLICABLE),
        ("dns.open-recursion", with_servers(SERVER1, replace(SERVER2, recursion=SILENT)), UNKNOWN),
        ("dns.open-recursion", with_servers(in_place(SERVER1), parents=()), UNKNOWN),
        ("dns.zone-transfer", with_servers(in_place(SERVER1), parents=()), UNKNOWN),
        ("dns.open-recursion", with_servers(in_place(SERVER1, recursion=True), parents=()), UNKNOWN),
        ("dns.zone-transfer", with_servers(in_place(SERVER1, transfer=5), parents=()), UNKNOWN),
        ("dns.open-recursion", with_servers(in_place(SERVER1, recursion=True), SERVER2), FAIL),
        ("dns.zone-transfer", with_servers(in_place(SERVER1, transfer=5), SERVER2), FAIL),
        ("dns.zone-transfer", with_servers(SERVER1, replace(SERVER2, transfer=CUT_OFF)), PASS),
        ("dns.zone-transfer", with_servers(SERVER1, replace(SERVER2, tcp=SILENT, transfer=CUT_OFF)), UNKNOWN),
        ("dns.zone-transfer", with_servers(SERVER1, replace(SERVER2, transfer=BROKEN_OFF)), UNKNOWN),
        ("dns.zone-transfer", with_servers(SERVER1, replace(SERVER2, tcp=CLOSED, transfer=CLOSED)), PASS),
        (
            "dns.zone-transfer",
            with_servers(*(replace(each, tcp=CLOSED, transfer=CLOSED) for each in (SERVER1, SERVER2))),
            UNKNOWN,
        ),
        ("dns.zone-transfer", with_servers(SERVER1, replace(SERVER2, transfer=SILENT)), PASS),
        (
            "dns.zone-transfer",
            with_servers(SERVER1, replace(SERVER2, transfer=Unreachable(Reason.REFUSED))),
            PASS,
        ),
        (
            "dns.zone-transfer",
            with_servers(SERVER1, replace(SERVER2, tcp=SILENT, transfer=SILENT)),
            UNKNOWN,
        ),
        (
            "dns.zone-transfer",
            with_servers(replace(SERVER1, transfer=Unreachable(Reason.NOT_LOOKED))),
            UNKNOWN,
        ),
        ("dns.open-recursion", with_servers(SERVER1, replace(SERVER2, recursion=FORBIDDEN)), UNKNOWN),
        ("dns.open-recursion", with_servers(SERVER1, MUTE_SERVER), UNKNOWN),
        ("dns.open-recursion", with_servers(), UNKNOWN),
        ("dns.open-recursion", replace(GOOD_ZONE, left_out=("ns9.example",)), UNKNOWN),
        (
            "dns.zone-transfer",
            with_servers(replace(SERVER1, transfer=2), replace(SERVER2, transfer=FORBIDDEN)),
            FAIL,
        ),
    ],
)
def test_what_was_not_tried_never_passes(question: str, zone: DnsZone, status: Status) -> None:
    assert ask(question, zone).status is status


def test_a_server_of_somebody_else_is_said_not_to_be_verified() -> None:
    verdict = ask("dns.zone-transfer", THIRD_PARTY_ZONE)
    assert "à un tiers" in verdict.text
    assert verdict.items
    assert all("non vérifié, serveur d'un tiers" in item.text for item in verdict.items)


def test_servers_that_disagree_are_told_one_by_one() -> None:
    verdict = ask("dns.consistency", DISAGREEING_ZONE)
    assert verdict.status is PARTIAL
    assert [(item.key, item.reason) for item in verdict.items] == [
        ("ns3.hebergeur.example", "ns.parent_child_mismatch"),
        ("ns3.hebergeur.example", "ns.parent_child_mismatch"),
        (NS1, "ns.parent_child_mismatch"),
        (DOMAIN, "ns.serial_mismatch"),
    ]


@pytest.mark.parametrize(
    ("zone", "status"),
    [
        # Agreed at the second look: a transfer was under way.
        (
            with_servers(
                replace(SERVER1, again=GOOD_SOA),
                replace(SERVER2, udp=replace(HEAD, soa=replace(GOOD_SOA, serial=1)), again=GOOD_SOA),
            ),
            PASS,
        ),
        (
            with_servers(
                replace(SERVER1, again=GOOD_SOA),
                replace(SERVER2, again=replace(GOOD_SOA, mname="autre.example")),
            ),
            PARTIAL,
        ),
        (with_servers(replace(SERVER1, again=GOOD_SOA), replace(SERVER2, again=SILENT)), UNKNOWN),
        (replace(GOOD_ZONE, names=(replace(NAME1, glue=()), NAME2)), PASS),
        (replace(GOOD_ZONE, names=(NAME1, replace(NAME2, glue=("203.0.113.1",)))), PASS),
        (MUTE_ZONE, UNKNOWN),
        (LAME_ZONE, PASS),
        (replace(GOOD_ZONE, delegated=SILENT), UNKNOWN),
        (replace(GOOD_ZONE, delegated=(NS1, NS2, "ns3.example")), PARTIAL),
        (with_servers(unseen(SERVER3, NO_ROUTE), SERVER2, SERVER1), PASS),
        (with_servers(answering(SERVER1, BORROWED), parents=()), UNKNOWN),
        (with_servers(), UNKNOWN),
    ],
)
def test_agreement_is_judged_between_those_that_serve(zone: DnsZone, status: Status) -> None:
    assert ask("dns.consistency", zone).status is status


def test_one_network_among_those_looked_at_proves_nothing() -> None:
    assert ask("dns.resilience", replace(ONE_NETWORK_ZONE, left_out=("ns9.example",))).status is UNKNOWN


def test_a_forgotten_server_that_serves_comes_with_its_line() -> None:
    servers = tuple(replace(server, names=(NS1,)) for server in GOOD_ZONE.servers)
    verdict = ask("dns.consistency", with_servers(*servers))
    lines = [line.value for line in verdict.evidence if line.label == "ligne à publier"]
    assert lines == [f"{DOMAIN}. IN NS {NS2}."]


@pytest.mark.parametrize(
    ("times", "status"),
    [
        ((86400, 7200, 3600000, 3600), PASS),
        ((86400, 3600, 3600000, 60), PASS),  # OVHcloud
        ((21600, 3600, 259200, 300), PASS),  # Google: one value a little short
        ((14400, 3600, 604800, 300), PASS),
        ((10000, 2400, 604800, 1800), PARTIAL),  # Cloudflare's, on servers of one's own
        ((600, 300, 604800, 300), PARTIAL),
        ((86400, 86400, 3600000, 3600), PARTIAL),
        ((86400, 7200, 86400, 3600), PARTIAL),
        ((86400, 7200, 3600000, 604800), PARTIAL),
        ((86400, 7200, 3600000, 0), PARTIAL),
        ((86400, 60, 3600000, 3600), PARTIAL),
    ],
)
def test_times_of_one_s_own_servers(times: tuple[int, int, int, int], status: Status) -> None:
    assert ask("dns.soa", zone_with_times(times)).status is status


def zone_with_times(times: tuple[int, int, int, int]) -> DnsZone:
    refresh, retry, expire, minimum = times
    soa = replace(GOOD_SOA, refresh=refresh, retry=retry, expire=expire, minimum=minimum)
    return with_servers(replace(SERVER1, udp=replace(HEAD, soa=soa)))


@pytest.mark.parametrize(
    "times",
    [
        (10000, 2400, 604800, 1800),  # Cloudflare
        (7200, 900, 1209600, 86400),  # Amazon Route 53
        (3600, 300, 2419200, 300),  # Azure
        (10800, 3600, 604800, 10800),  # Gandi
    ],
)
def test_the_times_of_large_providers_are_not_accused(times: tuple[int, int, int, int]) -> None:
    zone = replace(zone_with_times(times), names=(NAME2,), delegated=(NS2,))
    assert ask("dns.soa", zone).status is PASS


def test_bad_times_come_with_the_line_to_publish() -> None:
    verdict = ask("dns.soa", HASTY_ZONE)
    assert codes("dns.soa", HASTY_ZONE) == {"soa.bad_timers"}
    line = next(line.value for line in verdict.evidence if line.label == "ligne à publier")
    assert line.startswith(f"{DOMAIN}. IN SOA {NS1}. hostmaster.{DOMAIN}. 2026112102 86400 7200 ")


def test_without_any_soa_the_times_are_unknown() -> None:
    assert ask("dns.soa", with_servers(MUTE_SERVER)).status is UNKNOWN
    assert ask("dns.soa", with_servers()).status is UNKNOWN


@pytest.mark.parametrize(
    ("zone", "status"),
    [
        # Nobody answered us: the line, not the servers.
        (FILTERED_ZONE, UNKNOWN),
        # The zone above answered, the servers did not, and yet the resolver gets answers from them.
        (
            with_servers(*(unseen(server, SILENT) for server in GOOD_ZONE.servers)),
            PARTIAL,
        ),
        # IPv6 without witness in IPv6.
        (with_servers(SERVER1, SERVER2, unseen(SERVER3, SILENT), parents=(PARENT,)), UNKNOWN),
        (with_servers(SERVER1, SERVER2, unseen(SERVER3, SILENT), parents=(PARENT6,)), PARTIAL),
        # No route to IPv6, the same name answered in IPv4.
        (with_servers(SERVER1, SERVER2, unseen(SERVER3, NO_ROUTE)), PASS),
        (with_servers(SERVER1, unseen(SERVER3, NO_ROUTE)), UNKNOWN),
        (with_servers(SERVER1, unseen(SERVER2, Unreachable(Reason.PRIVATE_ADDRESS))), UNKNOWN),
        # A device of the line answers for everybody.
        (with_servers(answering(SERVER1, BORROWED), answering(SERVER2, BORROWED), parents=()), UNKNOWN),
        (with_servers(answering(SERVER1, BORROWED), SERVER2), PARTIAL),
        # The device knows IPv4 alone; or it remembers a referral, as whoever looks names up does.
        (with_servers(answering(SERVER1, BORROWED), SERVER3, parents=()), UNKNOWN),
        (with_servers(answering(SERVER3, BORROWED), SERVER1, parents=()), PARTIAL),
        (
            with_servers(
                answering(SERVER1, BORROWED),
                parents=(replace(PARENT, udp=replace(REFERRAL, offers_recursion=True)),),
            ),
            UNKNOWN,
        ),
        # TCP filtered everywhere: the line.
        (with_servers(*(replace(each, tcp=SILENT) for each in GOOD_ZONE.servers)), UNKNOWN),
        (
            with_servers(
                *(replace(each, tcp=SILENT) for each in (SERVER1, SERVER2)),
                parents=(replace(PARENT, tcp=Standing.DELEGATES),),
            ),
            PARTIAL,
        ),
        # EDNS taken away everywhere: the line.
        (
            with_servers(
                replace(SERVER1, udp=replace(HEAD, edns=False)),
                parents=(replace(PARENT, udp=replace(REFERRAL, edns=False)),),
            ),
            UNKNOWN,
        ),
        (replace(GOOD_ZONE, delegated=SILENT), UNKNOWN),
        (replace(GOOD_ZONE, delegated=SILENT, names=(), servers=()), UNKNOWN),
        (replace(GOOD_ZONE, left_out=("ns9.example",)), UNKNOWN),
        (replace(GOOD_ZONE, names=(NAME1, replace(NAME2, addresses=SILENT))), UNKNOWN),
        (replace(GOOD_ZONE, names=(replace(NAME1, addresses=SILENT), NAME2)), PASS),
    ],
)
def test_silence_needs_a_witness(zone: DnsZone, status: Status) -> None:
    assert ask("dns.delegation", zone).status is status


@pytest.mark.parametrize("standing", [each for each in Standing if each is not Standing.AUTHORITATIVE])
def test_whatever_a_lame_server_says_it_is_lame(standing: Standing) -> None:
    zone = with_servers(SERVER2, answering(SERVER1, replace(BORROWED, standing=standing)))
    assert codes("dns.delegation", zone) == {"ns.lame"}


@pytest.mark.parametrize(
    ("zone", "dead"),
    [
        (DEAD_ZONE, True),
        (replace(DEAD_ZONE, resolves=True), False),
        (replace(DEAD_ZONE, left_out=("ns9.example",)), False),
        (replace(DEAD_ZONE, servers=(*DEAD_ZONE.servers, unseen(SERVER3, NO_ROUTE))), True),
        (replace(DEAD_ZONE, servers=(unseen(SERVER3, NO_ROUTE),)), False),
        (replace(DEAD_ZONE, servers=(*DEAD_ZONE.servers, SERVER3)), False),
        (replace(DEAD_ZONE, names=(NAME1, replace(NAME2, addresses=SILENT))), False),
        (replace(DEAD_ZONE, names=(GONE_NAME,), servers=()), True),
    ],
)
def test_the_whole_domain_is_dead_only_when_the_resolver_agrees(zone: DnsZone, dead: bool) -> None:
    assert ("ns.all_lame" in codes("dns.delegation", zone)) is dead


def test_the_version_of_the_software_is_no_fault() -> None:
    items = ask("dns.delegation", OPEN_ZONE).items
    assert [item.status for item in items if item.reason == "ns.version_disclosed"] == [PASS]


ANSWERS = st.one_of(
    st.sampled_from([SILENT, NO_ROUTE, FORBIDDEN]),
    st.builds(
        ServerAnswer,
        standing=st.sampled_from(Standing),
        code=st.text(max_size=5),
        soa=st.sampled_from([None, GOOD_SOA]),
        edns=st.booleans(),
        offers_recursion=st.booleans(),
    ),
)


@given(
    st.lists(ANSWERS, max_size=3),
    st.sampled_from([zone for zone in SAMPLES if isinstance(zone, DnsZone)]),
    st.sampled_from(QUESTIONS),
)
def test_no_mixture_of_answers_crashes_a_question_and_silence_never_passes(
    answers: list[Any], zone: DnsZone, question: str
) -> None:
    servers = tuple(
        replace(server, udp=answer)
        for server, answer in zip((SERVER1, SERVER2, SERVER3), answers, strict=False)
    )
    verdict = ask(question, replace(zone, servers=servers))
    heard = any(isinstance(answer, ServerAnswer) for answer in answers)
    assert (
        heard
        or verdict.status is not PASS
        or question in {"dns.resilience", "dns.open-recursion", "dns.zone-transfer"}
    )


def test_an_exchange_of_servers_is_told_for_the_registrar_and_for_the_zone() -> None:
    servers = tuple(replace(server, names=(NS1, NS2)) for server in GOOD_ZONE.servers)
    zone = replace(with_servers(*servers), delegated=(NS1, "ns9.example"))
    told = [(line.label, line.value) for line in ask("dns.consistency", zone).evidence]
    assert ("chez le bureau d'enregistrement", f"remplacer ns9.example par {NS2}") in told
    gone = tuple(replace(server, names=(NS1, NS2, "ns8.example")) for server in GOOD_ZONE.servers)
    told = [(line.label, line.value) for line in ask("dns.consistency", with_servers(*gone)).evidence]
    assert ("ligne à retirer, si ce serveur n'existe plus", f"{DOMAIN}. IN NS ns8.example.") in told


def test_servers_none_of_which_serves_the_domain_are_not_several() -> None:
    assert ask("dns.resilience", DEAD_ZONE).status is UNKNOWN
    dead = ask("dns.delegation", DEAD_ZONE)
    assert {item.status for item in dead.items if item.status.is_open} == {dead.status}
