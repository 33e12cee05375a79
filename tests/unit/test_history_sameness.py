"""What stands at another address is the same thing; what stands at one address more is not."""

from dataclasses import replace

import pytest

from cyberaudit.declared import Host, Town
from cyberaudit.history.sameness import alike, moved_addresses
from tests.unit import towns

pytestmark = pytest.mark.unit

BEHIND_A_DOMAIN = [
    ("mx1.example 192.0.2.25", "mx1.example *"),
    ("mx1.example 2001:db8::25", "mx1.example *"),
    ("192.0.2.25", "*"),
    ("mx1.example [2001:db8::25]:993", "mx1.example [*]:993"),
    ("192.0.2.25:443", "*:443"),
    ("tcp/3389", "tcp/3389"),
    ("mx1.example:993", "mx1.example:993"),
    ("version 1.2.3.4.5", "version 1.2.3.4.5"),
    ("999.0.2.25", "999.0.2.25"),
    ("R6", "R6"),
    ("dead.beef.example", "dead.beef.example"),
]


@pytest.mark.parametrize(("key", "compared"), BEHIND_A_DOMAIN)
def test_the_addresses_behind_a_domain_are_not_its_own(key: str, compared: str) -> None:
    assert alike("domain/main", frozenset())(key) == compared


def at(*addresses: str, name: str = "server") -> Town:
    return towns.town(replace(towns.host(name), addresses=addresses))


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        (("192.0.2.1",), ("192.0.2.2",), {"192.0.2.1", "192.0.2.2"}),
        (("192.0.2.1", "2001:DB8::1"), ("192.0.2.2", "2001:db8::1"), {"192.0.2.1", "192.0.2.2"}),
        (("192.0.2.1",), ("192.0.2.1", "192.0.2.2"), set()),
        (("192.0.2.1", "192.0.2.2"), ("192.0.2.1",), set()),
        (("192.0.2.1",), ("192.0.2.1",), set()),
    ],
)
def test_a_machine_moves_when_it_leaves_an_address_for_another(
    before: tuple[str, ...], after: tuple[str, ...], moved: set[str]
) -> None:
    assert moved_addresses(at(*before), at(*after)) == moved
    assert moved_addresses(at(*after), at(*before)) == moved


def test_another_machine_at_another_address_has_not_moved() -> None:
    assert moved_addresses(at("192.0.2.1", name="old"), at("192.0.2.2", name="new")) == frozenset()


def test_only_what_moved_is_the_same_on_a_machine() -> None:
    same = alike("host/server", frozenset({"192.0.2.1", "192.0.2.2"}))
    assert same("192.0.2.1") == same("192.0.2.2") != same("192.0.2.3")
    assert alike("host/server", frozenset())("192.0.2.1") == "192.0.2.1"
    assert isinstance(at("192.0.2.1").assets[-1], Host)
