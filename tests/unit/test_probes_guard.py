"""What the guard admits, by purpose."""

from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_address

import pytest

from cyberaudit.errors import UsageError
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import Endpoint, parse_endpoint, read_connect_to
from cyberaudit.probes.guard import (
    NAME_QUESTIONS_A_DOMAIN,
    PUBLIC_CONNECTIONS,
    Guard,
    Purpose,
    Request,
    is_public,
)
from cyberaudit.town.scope import Scope, scope_for_look

pytestmark = pytest.mark.unit

DOMAIN = "mairie-saint-etienne-d-o.example"
# Routed, and given by nobody here to anybody: the guard only compares.
ROUTED = "9.9.9.9:25"
SCOPE = scope_for_look(domains=[DOMAIN], addresses=["203.0.113.0/24"], authorized_by="Mme le maire")


def guard(
    *rules: str, scope: Scope = SCOPE, infrastructure: Sequence[str] = (), allow_test_network: bool = False
) -> Guard:
    return Guard(
        scope,
        connect_to=read_connect_to(rules),
        infrastructure=[parse_endpoint(text) for text in infrastructure],
        allow_test_network=allow_test_network,
    )


def asked(where: str, purpose: Purpose, *, about: str = "", test: str = "") -> Request:
    return Request(parse_endpoint(where), purpose, about=about, test=test)


def public(where: str, about: str = DOMAIN) -> Request:
    return asked(where, Purpose.PUBLIC, about=about)


def reason(answer: Endpoint | Unreachable) -> Reason | None:
    return answer.reason if isinstance(answer, Unreachable) else None


@pytest.mark.parametrize("about", ["", "autre.example", f"x{DOMAIN}"])
def test_a_public_connection_is_made_only_for_a_domain_in_scope(about: str) -> None:
    assert reason(guard().admit(public(ROUTED, about))) is Reason.NOT_AUTHORIZED
    assert guard().admit(public(ROUTED, f"mail.{DOMAIN}")) == parse_endpoint(ROUTED)


@pytest.mark.parametrize(
    "address",
    [
        "10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "192.0.2.1", "198.51.100.1", "198.18.0.1", "224.0.0.1", "255.255.255.255", "240.0.0.1",
        "::1", "::", "fe80::1", "fc00::1", "ff02::1", "2001:db8::1", "3fff:fff::1", "fec0::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1",
    ],
)  # fmt: skip
def test_a_private_or_reserved_address_published_in_dns_is_never_public(address: str) -> None:
    assert not is_public(ip_address(address))
    request = Request(Endpoint(ip_address(address), 25), Purpose.PUBLIC, about=DOMAIN)
    assert reason(guard().admit(request)) is Reason.PRIVATE_ADDRESS


@pytest.mark.parametrize("address", ["9.9.9.9", "2620:fe::fe", "::ffff:9.9.9.9", "2002:909:909::"])
def test_a_routed_address_is_public(address: str) -> None:
    assert is_public(ip_address(address))


def test_a_declared_documentation_address_is_public() -> None:
    assert guard().admit(public("203.0.113.25:25")) == parse_endpoint("203.0.113.25:25")


def test_a_rule_opens_its_own_address_and_port_only() -> None:
    ours = guard("192.0.2.10:25=127.0.0.1:20025")
    assert ours.admit(public("192.0.2.10:25")) == parse_endpoint("127.0.0.1:20025")
    assert reason(ours.admit(public("192.0.2.10:26"))) is Reason.PRIVATE_ADDRESS


def test_a_rule_does_not_widen_the_scope() -> None:
    ours = guard("192.0.2.10:443=127.0.0.1:20443")
    assert reason(ours.admit(asked("192.0.2.10:443", Purpose.ACTIVE))) is Reason.NOT_AUTHORIZED


@pytest.mark.parametrize("target", ["192.0.2.99:25", "9.9.9.9:25", "[2001:db8::1]:25"])
def test_a_rule_leads_outside_this_machine_only_in_a_test_network(target: str) -> None:
    with pytest.raises(UsageError, match="--allow-test-network"):
        guard(f"192.0.2.10:25={target}")
    assert guard(f"192.0.2.10:25={target}", allow_test_network=True).admit(
        public("192.0.2.10:25")
    ) == parse_endpoint(target)


def test_a_test_network_opens_private_addresses_to_public_but_not_to_active() -> None:
    ours = guard(allow_test_network=True)
    assert ours.admit(public("10.0.0.1:25")) == parse_endpoint("10.0.0.1:25")
    assert reason(ours.admit(asked("10.0.0.1:25", Purpose.ACTIVE))) is Reason.NOT_AUTHORIZED


def test_an_active_connection_needs_a_signed_address() -> None:
    assert reason(guard().admit(asked(ROUTED, Purpose.ACTIVE))) is Reason.NOT_AUTHORIZED
    assert reason(guard().admit(asked("203.0.113.7:3389", Purpose.ACTIVE))) is None


@pytest.mark.parametrize(
    ("where", "test", "allowed"),
    [
        ("203.0.113.7:25", "relay", True),
        ("203.0.113.7:25", "axfr", False),
        ("203.0.113.7:25", "", False),
        (ROUTED, "relay", False),
    ],
)
def test_an_intrusive_test_needs_its_address_and_its_name_signed(
    where: str, test: str, allowed: bool
) -> None:
    signed = Scope(SCOPE.addresses, (), frozenset({"relay"}), (), authorized_by="Mme le maire", until=None)
    answer = guard(scope=signed).admit(asked(where, Purpose.INTRUSIVE, test=test))
    assert reason(answer) is (None if allowed else Reason.NOT_AUTHORIZED)


@pytest.mark.parametrize(
    ("where", "allowed"), [("127.0.0.1:53", True), ("127.0.0.1:54", False), ("127.0.0.2:53", False)]
)
def test_infrastructure_is_the_named_endpoint_and_that_port_only(where: str, allowed: bool) -> None:
    answer = guard(infrastructure=["127.0.0.1:53"]).admit(asked(where, Purpose.INFRASTRUCTURE))
    assert reason(answer) is (None if allowed else Reason.NOT_AUTHORIZED)


def test_each_address_has_its_own_public_budget() -> None:
    ours = guard()
    answers = [ours.admit(public(f"203.0.113.25:{port}")) for port in range(1, PUBLIC_CONNECTIONS + 2)]
    assert [reason(answer) for answer in answers] == [None] * PUBLIC_CONNECTIONS + [Reason.BUDGET_SPENT]
    assert reason(ours.admit(public("203.0.113.26:25"))) is None


def test_a_refused_request_spends_nothing() -> None:
    ours = guard()
    for _ in range(PUBLIC_CONNECTIONS * 2):
        ours.admit(public("203.0.113.25:25", "autre.example"))
    assert reason(ours.admit(public("203.0.113.25:25"))) is None


def test_questions_about_names_go_to_port_53_alone_and_within_a_budget() -> None:
    asking = guard()
    assert reason(asking.admit(asked("9.9.9.9:53", Purpose.NAMES))) is None
    assert reason(asking.admit(asked("9.9.9.9:5353", Purpose.NAMES))) is Reason.NOT_AUTHORIZED
    assert reason(asking.admit(asked("10.0.0.1:53", Purpose.NAMES))) is Reason.PRIVATE_ADDRESS
    for _ in range(NAME_QUESTIONS_A_DOMAIN - 1):
        assert reason(asking.admit(asked("9.9.9.9:53", Purpose.NAMES))) is None
    assert reason(asking.admit(asked("9.9.9.9:53", Purpose.NAMES))) is Reason.BUDGET_SPENT
    assert reason(asking.admit(asked("9.9.9.10:53", Purpose.NAMES))) is None


def test_without_a_signed_domain_no_name_server_is_asked() -> None:
    nobody = scope_for_look(addresses=["203.0.113.0/24"], authorized_by="Mme le maire")
    refused = guard(scope=nobody).admit(asked("9.9.9.9:53", Purpose.NAMES))
    assert reason(refused) is Reason.NOT_AUTHORIZED


@pytest.mark.parametrize(
    ("servers_too", "where", "about", "test", "expected"),
    [
        (True, ROUTED, DOMAIN, "smtp-relay", None),
        (True, ROUTED, "autre.example", "smtp-relay", Reason.NOT_AUTHORIZED),
        (True, ROUTED, DOMAIN, "snmp-community", Reason.NOT_AUTHORIZED),
        (True, "10.0.0.1:25", DOMAIN, "smtp-relay", Reason.PRIVATE_ADDRESS),
        (False, ROUTED, DOMAIN, "smtp-relay", Reason.NOT_AUTHORIZED),
        (False, "203.0.113.5:25", "", "smtp-relay", None),
    ],
)
def test_an_intrusive_test_reaches_the_servers_of_a_domain_when_it_is_signed_so(
    servers_too: bool, where: str, about: str, test: str, expected: Reason | None
) -> None:
    scope = replace(SCOPE, tests=frozenset({"smtp-relay"}), servers_too=servers_too)
    request = asked(where, Purpose.INTRUSIVE, about=about, test=test)
    assert reason(guard(scope=scope).admit(request)) is expected


def test_private_addresses_that_domains_publish_may_be_allowed_without_letting_rules_lead_elsewhere() -> None:
    lenient = Guard(
        SCOPE, connect_to=read_connect_to([]), infrastructure=[], allow_test_network=False, allow_private=True
    )
    assert reason(lenient.admit(public("10.0.0.1:25"))) is None
    with pytest.raises(UsageError):
        Guard(
            SCOPE,
            connect_to=read_connect_to(["192.0.2.1:25=10.0.0.1:25"]),
            infrastructure=[],
            allow_test_network=False,
            allow_private=True,
        )
