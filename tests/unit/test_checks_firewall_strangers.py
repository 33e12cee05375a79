"""Firewall checks: what was recognised on a port that is known for something else is not accused of being that."""

import pytest

from cyberaudit.declared import Service
from cyberaudit.facts.reach import PortState
from cyberaudit.facts.services import Behind, Trait
from cyberaudit.model import Reason, Status, Unreachable
from tests.unit.hosts_seen import V4, V6, ask, behind, host, outcome, reach, seen, services

pytestmark = pytest.mark.unit

OPEN, CLOSED = PortState.OPEN, PortState.CLOSED
FAIL, PASS = (Status.FAIL, "open"), (Status.PASS, "")
UNEXPECTED = "firewall.unexpected-port"


@pytest.mark.parametrize(
    ("check_id", "found"),
    [
        ("firewall.database", behind("tcp/3306", "http", http_status=200)),
        ("firewall.database", behind("tcp/5432", "ssh")),
        ("firewall.database", behind("tcp/6379", "https", Trait.TLS, http_status=404)),
        ("firewall.database", behind("tcp/9200", "ssh")),
        ("firewall.remote-desktop", behind("tcp/3389", "ssh")),
        ("firewall.remote-desktop", behind("tcp/3389", "https", Trait.TLS, http_status=200)),
        ("firewall.file-sharing", behind("tcp/445", "http", http_status=200)),
    ],
)
def test_what_is_something_else_is_left_to_the_unexpected_services(check_id: str, found: Behind) -> None:
    facts, told = seen(reach(V4, CLOSED, {found.port: OPEN})), services(found)
    assert outcome(check_id, facts, services=told) == PASS
    verdict = ask(UNEXPECTED, facts, services=told)
    assert (verdict.status, verdict.reason) == FAIL
    assert [item.key for item in verdict.items] == [found.port]
    assert "sur un port prévu pour autre chose (" in verdict.items[0].text


@pytest.mark.parametrize(
    ("check_id", "found"),
    [
        ("firewall.database", behind("tcp/3306", "mysql")),
        ("firewall.database", behind("tcp/3306", "silent")),
        ("firewall.database", behind("tcp/3306", "unknown")),
        ("firewall.database", behind("tcp/3306", "tls", Trait.TLS)),
        ("firewall.database", behind("tcp/3306", Unreachable(Reason.TIMEOUT))),
        ("firewall.database", behind("tcp/3306", "ssh", address=V6)),
        ("firewall.database", behind("tcp/9200", "http", http_status=401)),
        ("firewall.database", behind("tcp/5984", "http", http_status=200)),
        ("firewall.database", behind("tcp/8086", "http", http_status=404)),
        ("firewall.database", behind("tcp/27017", "http", http_status=200)),
        ("firewall.database", behind("tcp/3306", "http", product="couchdb", http_status=200)),
        ("firewall.remote-desktop", behind("tcp/5800", "http", http_status=200)),
        ("firewall.remote-desktop", behind("tcp/5900", "rdp")),
        ("firewall.file-sharing", behind("tcp/5006", "https", Trait.TLS, http_status=200)),
    ],
)
def test_what_may_be_what_the_port_is_known_for_stays_accused(check_id: str, found: Behind) -> None:
    facts, told = seen(reach(V4, CLOSED, {found.port: OPEN})), services(found)
    assert outcome(check_id, facts, services=told) == FAIL
    assert outcome(UNEXPECTED, facts, services=told) == PASS


@pytest.mark.parametrize(
    ("check_id", "found"),
    [
        ("firewall.remote-desktop", behind("tcp/3306", "vnc")),
        ("firewall.database", behind("tcp/445", "mysql")),
        ("firewall.cleartext", behind("tcp/3306", "ftp")),
        ("firewall.admin-page", behind("tcp/3306", "https", Trait.ADMIN_PAGE, product="phpmyadmin")),
    ],
)
def test_a_stranger_is_judged_by_its_own_question(check_id: str, found: Behind) -> None:
    facts, told = seen(reach(V4, CLOSED, {found.port: OPEN})), services(found)
    assert outcome(check_id, facts, services=told) == FAIL
    assert outcome(UNEXPECTED, facts, services=told) == FAIL


def test_each_address_goes_to_the_question_of_what_stands_there() -> None:
    both = {"tcp/3306": OPEN}
    facts = seen(reach(V4, CLOSED, both), reach(V6, CLOSED, both))
    told = services(behind("tcp/3306", "http", http_status=200), behind("tcp/3306", "mysql", address=V6))
    (base,) = ask("firewall.database", facts, services=told).items
    (other,) = ask(UNEXPECTED, facts, services=told).items
    assert base.text.startswith(f"base de données MySQL : accès ouvert sur {V6}")
    assert (
        other.text
        == f"page web sur un port prévu pour autre chose (base de données MySQL) : accès ouvert sur {V4}."
    )


def test_a_declared_stranger_is_explained_by_the_profile() -> None:
    facts = seen(reach(V4, CLOSED, {"tcp/3306": OPEN}))
    site = host(Service("tcp/3306", "site", "any"))
    told = services(behind("tcp/3306", "http", http_status=200))
    assert outcome(UNEXPECTED, facts, site, services=told) == PASS
    assert outcome("firewall.database", facts, site, services=told) == PASS
    assert outcome("firewall.database", facts, site, services=services(behind("tcp/3306", "mysql"))) == FAIL
