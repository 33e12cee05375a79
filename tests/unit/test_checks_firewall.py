"""Firewall checks: ports as seen to verdicts, table by table."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.declared import Answer, Host, Service
from cyberaudit.facts.ports import Danger, of_danger
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    Engine,
    HostReach,
    Line,
    PortAnswer,
    PortState,
)
from cyberaudit.model import Reason, Status, Unreachable
from tests.unit.hosts_seen import (
    ASKED,
    DEAF,
    HEARD,
    NOT_THEN,
    OTHER_V4,
    V4,
    V6,
    Expected,
    State,
    ask,
    canary,
    host,
    outcome,
    reach,
    seen,
)

pytestmark = pytest.mark.unit

PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
OPEN, CLOSED, REJECTED, SILENT = PortState.OPEN, PortState.CLOSED, PortState.REJECTED, PortState.SILENT
NO_ROUTE, LOST = Unreachable(Reason.NO_ROUTE), Unreachable(Reason.TIMEOUT)
EXPOSURE = (
    "firewall.remote-desktop",
    "firewall.remote-maintenance",
    "firewall.file-sharing",
    "firewall.admin-page",
    "firewall.cleartext",
    "firewall.database",
    "firewall.industrial",
    "firewall.print-camera",
    "firewall.server-console",
    "firewall.unexpected-port",
)
LEAKY = (
    *canary(reached=True, ports=("tcp/22", "tcp/80", "tcp/443")),
    CanaryAnswer(4, "tcp/445", reached=False),
)
FRESH, STALE, FUTURE = date(2026, 10, 1), date(2025, 11, 20), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("check_id", "port"),
    [
        ("firewall.remote-desktop", "tcp/3389"),
        ("firewall.remote-desktop", "tcp/33890"),
        ("firewall.file-sharing", "tcp/445"),
        ("firewall.admin-page", "tcp/8443"),
        ("firewall.admin-page", "tcp/22"),
        ("firewall.cleartext", "tcp/23"),
        ("firewall.database", "tcp/3306"),
        ("firewall.remote-maintenance", "tcp/5985"),
        ("firewall.industrial", "tcp/502"),
        ("firewall.print-camera", "tcp/9100"),
        ("firewall.server-console", "tcp/8006"),
        ("firewall.unexpected-port", "tcp/80"),
    ],
)
def test_an_open_port_fails_the_one_check_that_owns_it(check_id: str, port: str) -> None:
    facts = seen(reach(V4, CLOSED, {port: OPEN}))
    assert outcome(check_id, facts) == (FAIL, "open")
    assert {outcome(other, facts) for other in EXPOSURE if other != check_id} == {(PASS, "")}


@pytest.mark.parametrize("check_id", EXPOSURE)
@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (seen(reach(V4, CLOSED)), (PASS, "")),
        (seen(reach(V4, REJECTED), reach(V6, CLOSED)), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, REJECTED, {"tcp/443": CLOSED}), canaries=DEAF), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, REJECTED), reach(V6, CLOSED), canaries=HEARD), (PASS, "")),
        (seen(reach(V6, REJECTED), canaries=HEARD), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, SILENT, {"tcp/443": REJECTED}), canaries=HEARD), (PASS, "")),
        (seen(reach(V4, SILENT, {"tcp/443": CLOSED})), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, SILENT, {"tcp/443": CLOSED}), canaries=LEAKY), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, SILENT, {"tcp/443": CLOSED}), canaries=HEARD), (PASS, "")),
        (seen(reach(V4, SILENT), canaries=HEARD), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, SILENT)), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, CLOSED), reach(V6, NO_ROUTE)), (UNKNOWN, Reason.NO_ROUTE)),
        (seen(reach(V4, CLOSED), reach(V6, SILENT), canaries=HEARD), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, LOST)), (UNKNOWN, Reason.TIMEOUT)),
        (seen(AddressReach(V4, 4, (), NOT_THEN, NOT_THEN)), (UNKNOWN, Reason.NOT_COLLECTED)),
        (seen(), (NONE, "not-applicable")),
    ],
)
def test_exposure_without_an_open_port(check_id: str, facts: HostReach, expected: Expected) -> None:
    assert outcome(check_id, facts) == expected


def test_a_machine_without_an_address_of_its_own_is_told_whatever_its_gender() -> None:
    assert ask("firewall.database", seen()).text == "« Box de L'Haÿ » n'a pas d'adresse propre sur Internet."


def test_what_is_open_fails_whatever_could_not_be_seen_elsewhere() -> None:
    verdict = ask(
        "firewall.remote-desktop", seen(reach(V4, LOST, {"tcp/3389": OPEN}), reach(V6, NO_ROUTE)), host()
    )
    assert (verdict.status, verdict.reason) == (FAIL, "open")
    assert [item.key for item in verdict.items] == ["tcp/3389", "ipv4/timeout", "ipv6/no-route"]


def test_the_addresses_of_one_port_stand_in_one_item() -> None:
    both = {"tcp/3389": OPEN}
    verdict = ask("firewall.remote-desktop", seen(reach(V4, CLOSED, both), reach(V6, CLOSED, both)), host())
    assert [item.text for item in verdict.items] == [
        f"Bureau à distance Windows : accès ouvert sur {V4} et {V6}."
    ]
    assert [line.label for line in verdict.evidence[:2]] == [f"tcp/3389 {V4}", f"tcp/3389 {V6}"]


@pytest.mark.parametrize(
    ("asset", "canaries", "expected"),
    [
        (host(confirmed=FRESH), HEARD, PASS),
        (host(confirmed=FRESH), (), UNKNOWN),
        (host(confirmed=FRESH), DEAF, UNKNOWN),
        (host(confirmed=FRESH), canary(reached=True, family=6), UNKNOWN),
        (host(confirmed=STALE), HEARD, UNKNOWN),
        (host(confirmed=FUTURE), HEARD, UNKNOWN),
        (host(confirmed=FRESH, answer=Answer.NO), HEARD, UNKNOWN),
    ],
)
def test_a_confirmed_silence_passes_only_when_something_was_heard(
    asset: Host, canaries: Any, expected: Status
) -> None:
    facts = seen(reach(V4, SILENT), canaries=canaries)
    assert outcome("firewall.remote-desktop", facts, asset)[0] is expected


@pytest.mark.parametrize("state", [SILENT, REJECTED])
def test_what_is_not_the_hosts_own_word_needs_a_canary_on_the_same_port(state: PortState) -> None:
    dropped = reach(V4, state, {"tcp/80": CLOSED})
    partial = canary(reached=True, ports=set(ASKED) - {"tcp/445"})
    assert outcome("firewall.file-sharing", seen(dropped, canaries=HEARD)) == (PASS, "")
    assert outcome("firewall.file-sharing", seen(dropped, canaries=partial)) == (UNKNOWN, Reason.NO_CONTROL)
    assert outcome("firewall.remote-desktop", seen(dropped, canaries=partial)) == (PASS, "")


def test_a_port_that_was_not_asked_is_not_taken_for_shut() -> None:
    facts = seen(AddressReach(V4, 4, (PortAnswer("tcp/3389", CLOSED, "rst"),), NOT_THEN, NOT_THEN))
    assert outcome("firewall.remote-desktop", facts) == (UNKNOWN, Reason.NOT_COLLECTED)


@pytest.mark.parametrize(
    ("service", "port", "expected"),
    [
        (Service("tcp/8443", "ssl-vpn", "any"), "tcp/8443", PASS),
        (Service("tcp/8443", "ssl-vpn", "outside"), "tcp/8443", PASS),
        (Service("tcp/8443", "ssl-vpn", "lan"), "tcp/8443", FAIL),
        (Service("tcp/8443", "admin", "any"), "tcp/8443", FAIL),
        (Service("tcp/8443", "Administration du site", "any"), "tcp/8443", FAIL),
        (Service("tcp/22", "transfert de fichiers", "any"), "tcp/22", FAIL),
        (Service("tcp/443", "admin", "lan"), "tcp/443", FAIL),
        (Service("tcp/443", "web", "any"), "tcp/443", PASS),
        (Service("udp/161", "admin", "lan"), "tcp/443", PASS),
    ],
)
def test_administration_is_what_the_profile_calls_so(service: Service, port: str, expected: Status) -> None:
    facts = seen(reach(V4, CLOSED, {port: OPEN}))
    assert outcome("firewall.admin-page", facts, host(service))[0] is expected


@pytest.mark.parametrize("port", sorted(of_danger(Danger.ADMIN)))
def test_only_the_ports_that_web_pages_share_are_excused_by_what_the_profile_says(port: str) -> None:
    facts = seen(reach(V4, CLOSED, {port: OPEN}))
    shared = port in ("tcp/4443", "tcp/8443", "tcp/9443", "tcp/10443")
    expected = (PASS, "") if shared else (FAIL, "open")
    assert outcome("firewall.admin-page", facts, host(Service(port, "proxmox", "outside"))) == expected


def test_an_open_administration_raises_the_likelihood() -> None:
    assert ask("firewall.admin-page", seen(reach(V4, CLOSED, {"tcp/541": OPEN})), host()).likelihood == 4


@pytest.mark.parametrize(
    ("service", "expected"),
    [
        (Service("tcp/443", "web", "any"), PASS),
        (Service("tcp/443", "web", "outside"), PASS),
        (Service("tcp/443", "web", "lan"), FAIL),
        (Service("tcp/443", "admin", "lan"), PASS),
        (Service("tcp/80", "web", "any"), FAIL),
    ],
)
def test_an_open_port_is_expected_when_the_profile_means_it_for_everybody(
    service: Service, expected: Status
) -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/443": OPEN}))
    assert outcome("firewall.unexpected-port", facts, host(service))[0] is expected


def test_a_declared_service_outside_the_list_is_explained_too() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/61000": OPEN}))
    assert outcome("firewall.unexpected-port", facts)[0] is FAIL
    explained = host(Service("tcp/61000", "télérelève", "any"))
    assert outcome("firewall.unexpected-port", facts, explained)[0] is PASS


@pytest.mark.parametrize(
    "check_id", ["firewall.remote-desktop", "firewall.file-sharing", "firewall.database"]
)
def test_declaring_a_dangerous_port_does_not_excuse_it(check_id: str) -> None:
    port = min(of_danger(Danger(check_id.partition(".")[2])))
    facts = seen(reach(V4, CLOSED, {port: OPEN}))
    assert outcome(check_id, facts, host(Service(port, "voulu", "any")))[0] is FAIL


WEB = Service("tcp/443", "web", "any")
INNER = Service("tcp/445", "fichiers", "lan")


@pytest.mark.parametrize(
    ("services", "facts", "expected"),
    [
        ((WEB,), seen(reach(V4, SILENT, {"tcp/443": OPEN})), (PASS, "")),
        ((WEB,), seen(reach(V4, CLOSED), reach(OTHER_V4, SILENT, {"tcp/443": OPEN})), (PASS, "")),
        ((WEB,), seen(reach(V4, CLOSED)), (FAIL, "closed")),
        ((WEB,), seen(reach(V4, REJECTED)), (UNKNOWN, Reason.NO_CONTROL)),
        ((WEB,), seen(reach(V4, REJECTED), canaries=HEARD), (FAIL, "closed")),
        ((INNER,), seen(reach(V4, REJECTED), vantage="lan"), (FAIL, "closed")),
        ((WEB,), seen(reach(V4, SILENT, {"tcp/80": CLOSED})), (UNKNOWN, Reason.NO_CONTROL)),
        ((WEB,), seen(reach(V4, SILENT, {"tcp/80": CLOSED}), canaries=HEARD), (FAIL, "silent")),
        ((WEB,), seen(reach(V4, SILENT)), (UNKNOWN, Reason.NO_CONTROL)),
        ((WEB,), seen(reach(V4, CLOSED), reach(V6, NO_ROUTE)), (UNKNOWN, Reason.NO_ROUTE)),
        ((WEB,), seen(AddressReach(V4, 4, (), NOT_THEN, NOT_THEN)), (UNKNOWN, Reason.NOT_COLLECTED)),
        ((WEB,), seen(), (UNKNOWN, Reason.NOT_LOOKED)),
        ((INNER,), seen(reach(V4, CLOSED)), (UNKNOWN, Reason.NOT_LOOKED)),
        ((INNER,), seen(reach(V4, CLOSED, {"tcp/445": OPEN}), vantage="lan"), (PASS, "")),
        ((INNER,), seen(reach(V4, SILENT, {"tcp/80": CLOSED}), vantage="lan"), (FAIL, "silent")),
        (
            (Service("tcp/25", "courrier", "any"),),
            seen(reach(V4, SILENT, {"tcp/80": CLOSED}), canaries=DEAF),
            (UNKNOWN, Reason.NO_CONTROL),
        ),
        ((WEB, INNER), seen(reach(V4, CLOSED, {"tcp/443": OPEN})), (PASS, "")),
        ((WEB, INNER), seen(reach(V4, CLOSED)), (FAIL, "closed")),
        ((WEB, INNER), seen(reach(V4, LOST)), (UNKNOWN, Reason.TIMEOUT)),
        (
            (WEB, Service("udp/500", "ipsec", "any")),
            seen(reach(V4, CLOSED, {"tcp/443": OPEN})),
            (UNKNOWN, Reason.NOT_COLLECTED),
        ),
        ((), seen(reach(V4, CLOSED)), (NONE, "not-applicable")),
    ],
)
def test_expected_service(services: tuple[Service, ...], facts: HostReach, expected: Expected) -> None:
    assert outcome("firewall.expected-service", facts, host(*services)) == expected


@pytest.mark.parametrize("state", [OPEN, CLOSED, LOST])
def test_each_service_of_another_place_is_an_item_that_nobody_saw(state: State) -> None:
    others = (INNER, Service("tcp/9100", "imprimante", "guest"))
    facts = seen(reach(V4, SILENT, {"tcp/443": state}))
    verdict = ask("firewall.expected-service", facts, host(WEB, *others))
    unseen = [item.key for item in verdict.items if item.reason == Reason.NOT_LOOKED]
    assert unseen == ["tcp/445", "tcp/9100"]
    if state is OPEN:
        assert "(1 sur 3)" in verdict.text
    alone = ask("firewall.expected-service", facts, host(INNER))
    assert [item.text for item in alone.items] == ["fichiers (tcp/445) : non regardé depuis cet endroit."]


def test_a_confirmed_address_that_says_nothing_is_not_a_broken_service() -> None:
    facts = seen(reach(V4, SILENT), canaries=HEARD)
    assert outcome("firewall.expected-service", facts, host(WEB, confirmed=FRESH)) == (
        UNKNOWN,
        Reason.NO_CONTROL,
    )


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (reach(V6, SILENT), [(f"tcp/443 {V6}", UNKNOWN, Reason.TIMEOUT)]),
        (reach(V6, CLOSED), [(f"tcp/443 {V6}", UNKNOWN, Reason.REFUSED)]),
        (reach(V6, OPEN), []),
        (reach(V6, NO_ROUTE), []),
        (AddressReach(V6, 6, (), NOT_THEN, NOT_THEN), []),
    ],
)
def test_an_address_where_an_expected_service_does_not_answer_is_named(
    other: AddressReach, told: Any
) -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/443": OPEN}), other)
    verdict = ask("firewall.expected-service", facts, host(WEB))
    first, *others = verdict.items
    assert (verdict.status, first.status) == (PASS, PASS)
    assert "(1\u00a0service)" in verdict.text
    assert [(item.key, item.status, item.reason) for item in others] == told


def test_a_closed_service_is_told_before_a_silent_one() -> None:
    facts = seen(reach(V4, SILENT, {"tcp/443": CLOSED}), canaries=HEARD)
    verdict = ask("firewall.expected-service", facts, host(WEB, Service("tcp/80", "web", "any")))
    assert (verdict.reason, [item.reason for item in verdict.items]) == ("closed", ["closed", "silent"])


@pytest.mark.parametrize(
    ("four", "six", "expected"),
    [
        (reach(V4, CLOSED), reach(V6, CLOSED, {"tcp/445": OPEN}), (FAIL, "open-in-ipv6")),
        (reach(V4, SILENT, {"tcp/80": OPEN}), reach(V6, CLOSED, {"tcp/3389": OPEN}), (FAIL, "open-in-ipv6")),
        (reach(V4, CLOSED, {"tcp/443": OPEN}), reach(V6, CLOSED, {"tcp/443": OPEN}), (PASS, "")),
        (reach(V4, CLOSED, {"tcp/443": OPEN}), reach(V6, CLOSED), (PASS, "")),
        (reach(V4, CLOSED), reach(V6, NO_ROUTE), (UNKNOWN, Reason.NO_ROUTE)),
        (reach(V4, LOST), reach(V6, CLOSED, {"tcp/445": OPEN}), (UNKNOWN, Reason.TIMEOUT)),
        (reach(V4, LOST), reach(V6, CLOSED), (PASS, "")),
        (reach(V4, OPEN), reach(V6, NO_ROUTE), (PASS, "")),
        (reach(V4, CLOSED), reach(V6, SILENT), (UNKNOWN, Reason.NO_CONTROL)),
        (reach(V4, CLOSED), AddressReach(V6, 6, (), NOT_THEN, NOT_THEN), (UNKNOWN, Reason.NOT_COLLECTED)),
        (
            AddressReach(V4, 4, (), NOT_THEN, NOT_THEN),
            AddressReach(V6, 6, (), NOT_THEN, NOT_THEN),
            (UNKNOWN, Reason.NOT_COLLECTED),
        ),
    ],
)
def test_ipv6_parity(four: AddressReach, six: AddressReach, expected: Expected) -> None:
    assert outcome("firewall.ipv6-parity", seen(four, six, canaries=HEARD)) == expected


@pytest.mark.parametrize("facts", [seen(), seen(reach(V4, CLOSED)), seen(reach(V6, OPEN))])
def test_one_family_has_nothing_to_be_compared_with(facts: HostReach) -> None:
    verdict = ask("firewall.ipv6-parity", facts, host())
    assert verdict.status is NONE
    assert verdict.text.startswith("Le profil ne donne pas à la fois une adresse IPv4 et une adresse IPv6 ")


def test_the_leak_is_told_with_its_ipv6_address_only() -> None:
    facts = seen(reach(V4, CLOSED), reach(OTHER_V4, CLOSED), reach(V6, CLOSED, {"tcp/445": OPEN}))
    (item,) = ask("firewall.ipv6-parity", facts, host()).items
    assert (item.key, item.text) == (
        "tcp/445",
        f"partage de fichiers Windows : accès ouvert en IPv6 seulement, sur {V6}.",
    )


# Silence, or no answer at all: what a machine hears when its cable is unplugged.
NOTHING = st.sampled_from([SILENT, NO_ROUTE, LOST, Unreachable(Reason.DEADLINE)])
ADDRESSES = st.lists(
    st.builds(
        reach,
        st.sampled_from([V4, OTHER_V4, V6]),
        NOTHING,
        st.dictionaries(st.sampled_from(ASKED), NOTHING, max_size=5),
    ),
    max_size=3,
)
CANARIES = st.lists(
    st.builds(
        lambda family, port: CanaryAnswer(family, port, reached=False),
        st.sampled_from([4, 6]),
        st.sampled_from(ASKED),
    ),
    max_size=4,
)
HOSTS = st.sampled_from([host(WEB, INNER), host(WEB, confirmed=FRESH), host(confirmed=FRESH)])
ABOUT_HOSTS = (*EXPOSURE, "firewall.expected-service", "firewall.ipv6-parity")


@settings(deadline=None, max_examples=15)
@given(ADDRESSES, CANARIES, HOSTS)
def test_silence_never_passes_nor_fails_without_controls(addresses: Any, canaries: Any, asset: Host) -> None:
    facts = seen(*addresses, canaries=tuple(canaries))
    for check_id in ABOUT_HOSTS:
        assert not ask(check_id, facts, asset).status.is_known, check_id


STATES = st.sampled_from([OPEN, CLOSED, REJECTED, SILENT, NO_ROUTE, LOST])


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.builds(reach, st.sampled_from([V4, V6]), STATES, st.dictionaries(st.sampled_from(ASKED), STATES))
    )
)
def test_a_pass_never_hides_an_open_port(addresses: list[AddressReach]) -> None:
    open_ports = {answer.port for each in addresses for answer in each.ports if answer.state is OPEN}
    for check_id, danger in (
        ("firewall.remote-desktop", Danger.REMOTE_DESKTOP),
        ("firewall.database", Danger.DATABASE),
    ):
        status, _ = outcome(check_id, seen(*addresses, canaries=HEARD))
        assert (status is FAIL) == bool(open_ports & of_danger(danger))


@pytest.mark.parametrize(
    ("only_refusals", "canaries", "expected"),
    [
        (False, HEARD, (UNKNOWN, Reason.UNSTABLE)),
        (True, HEARD, (PASS, "")),
        (True, DEAF, (UNKNOWN, Reason.NO_CONTROL)),
        (True, (), (UNKNOWN, Reason.NO_CONTROL)),
    ],
)
def test_an_unstable_port_is_shut_only_where_the_limit_spares_what_opens(
    only_refusals: bool, canaries: Any, expected: Expected
) -> None:
    line = Line(Engine.CONNECT, 900, 0, 1, only_refusals=only_refusals, asked=9, milliseconds=9)
    limited = replace(reach(V4, PortState.UNSTABLE, {"tcp/443": OPEN}), line=line)
    assert outcome("firewall.remote-desktop", seen(limited, canaries=canaries)) == expected
