"""What the written authorization covers."""

from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from cyberaudit.errors import ScopeError, UsageError
from cyberaudit.town.load import parse_profile
from cyberaudit.town.profile import Profile
from cyberaudit.town.scope import LAW, authorized, scope_for_look

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
SIGNED = (
    "authorization: {signed_by: Jeanne Martin, role: maire, signed_on: 2026-11-02, until: 2027-11-01,"
    " addresses: [192.0.2.0/29, 2001:db8::/56], domains: [ville.example], tests: [smtp-relay]}\n"
)


def profile(added: str, *, timezone: str = "Europe/Paris") -> Profile:
    commune = f'{{id: ville, name: Ville, insee: "01004", population: 5000, timezone: {timezone}}}'
    return parse_profile(f"schema_version: 1\ncommune: {commune}\n{added}".encode(), file="p")


def test_a_signed_scope_covers_its_addresses_domains_and_tests() -> None:
    scope = authorized(profile(SIGNED), now=NOW)

    assert scope.covers_address(ip_address("192.0.2.7"))
    assert scope.covers_address(ip_address("2001:db8:0:ff::1"))
    assert not scope.covers_address(ip_address("192.0.2.8"))
    assert scope.allows_test("smtp-relay")
    assert not scope.allows_test("dns-transfer")
    assert scope.authorized_by == "Jeanne Martin, maire"


def test_an_ipv4_address_inside_ipv6_counts_as_what_it_is() -> None:
    scope = authorized(profile(SIGNED), now=NOW)

    assert scope.covers_address(ip_address("::ffff:192.0.2.1"))
    assert not scope.covers_address(ip_address("::ffff:198.51.100.1"))


@pytest.mark.parametrize(
    ("name", "covered"),
    [
        ("ville.example", True),
        ("Mail.Ville.Example.", True),
        ("_dmarc.ville.example", True),
        ("a..ville.example", False),
        ("autreville.example", False),
        ("example", False),
        ("ville.example.attaquant.test", False),
        ("192.0.2.1", False),
        ("", False),
    ],
)
def test_a_signed_domain_covers_what_stands_below_it(name: str, *, covered: bool) -> None:
    assert authorized(profile(SIGNED), now=NOW).covers_domain(name) is covered


def test_an_accented_name_is_covered_in_both_forms() -> None:
    scope = scope_for_look(domains=["médiathèque.example"], authorized_by="Jeanne Martin")

    assert scope.covers_domain("MÉDIATHÈQUE.example")
    assert scope.covers_domain("mx.xn--mdiathque-53af.example")


def test_a_declared_host_is_declared_and_covered() -> None:
    hosts = "hosts: [{id: h, zone: outside, addresses: [192.0.2.2, 192.0.2.3]}]\n"
    scope = authorized(profile(SIGNED + hosts), now=NOW)

    assert scope.declares_address(ip_address("192.0.2.3"))
    assert scope.declares_address(ip_address("192.0.2.4"))
    assert not scope.declares_address(ip_address("10.0.0.1"))


REFUSED = [
    ("", "1:1", "Aucune autorisation écrite de la commune ne figure dans ce profil"),
    (
        SIGNED.replace("2026-11-02", "2026-11-22"),
        "3:67",
        "L'autorisation n'est signée que le 22\u00a0novembre\u00a02026",
    ),
    (
        SIGNED.replace("2027-11-01", "2026-11-20"),
        "3:86",
        "L'autorisation est terminée depuis le 20\u00a0novembre\u00a02026",
    ),
    (
        SIGNED + "domains: [{id: d, name: autre.example}]",
        "4:25",
        "L'autorisation ne couvre pas le domaine « autre.example »",
    ),
    (
        SIGNED + "domains: [{id: d, name: a.ville.example, subdomains: [www.autre.example]}]",
        "4:25",
        "L'autorisation ne couvre pas le domaine « www.autre.example »",
    ),
    (
        SIGNED + "hosts: [{id: h, zone: outside, addresses: [192.0.2.1, 192.0.2.9]}]",
        "4:55",
        "L'autorisation ne couvre pas l'adresse 192.0.2.9",
    ),
]


@pytest.mark.parametrize(("added", "place", "told"), REFUSED)
def test_outside_of_the_signature_nothing_may_start(added: str, place: str, told: str) -> None:
    with pytest.raises(ScopeError) as caught:
        authorized(profile(added), now=NOW)

    assert (
        str(caught.value) == f"p:{place} : {told} : contrôler sans accord écrit peut être poursuivi ({LAW})."
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("timezone", "now", "valid"),
    [
        ("Europe/Paris", datetime(2027, 11, 1, 22, 59, tzinfo=UTC), True),
        ("Europe/Paris", datetime(2027, 11, 1, 23, 0, tzinfo=UTC), False),
        ("Indian/Reunion", datetime(2027, 11, 1, 20, 1, tzinfo=UTC), False),
        ("Europe/Paris", datetime(2026, 11, 1, 23, 0, tzinfo=UTC), True),
        ("Europe/Paris", datetime(2026, 11, 1, 22, 59, tzinfo=UTC), False),
    ],
)
def test_the_last_day_counts_on_the_clock_of_the_town(timezone: str, now: datetime, *, valid: bool) -> None:
    declared = profile(SIGNED, timezone=timezone)

    if valid:
        assert authorized(declared, now=now).until is not None
    else:
        with pytest.raises(ScopeError):
            authorized(declared, now=now)


def test_looking_at_ones_own_machine_needs_no_name() -> None:
    scope = scope_for_look(addresses=["127.0.0.1", ip_address("::1")], authorized_by="")

    assert scope.covers_address(ip_address("127.0.0.1"))
    assert not scope.covers_address(ip_address("127.0.0.2"))


@pytest.mark.parametrize(
    ("domains", "addresses"), [(["ville.example"], []), ([], ["192.0.2.1"]), ([], ["127.0.0.1", "0.0.0.0/0"])]
)
def test_looking_elsewhere_needs_the_name_of_who_allows_it(domains: list[str], addresses: list[str]) -> None:
    with pytest.raises(ScopeError, match="Dites qui vous autorise"):
        scope_for_look(domains=domains, addresses=addresses, authorized_by=" \n")

    assert (
        scope_for_look(domains=domains, addresses=addresses, authorized_by="Jeanne  Martin").authorized_by
        == "Jeanne Martin"
    )


def test_what_is_neither_a_name_nor_an_address_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="ni une adresse IP ni un réseau"):
        scope_for_look(addresses=["192.0.2"], authorized_by="M")
    with pytest.raises(UsageError, match="n'est pas un nom de domaine"):
        scope_for_look(domains=["ville"], authorized_by="M")
