"""What `set_up` refuses before anything is sent, the resolvers of the machine, and the list of probes."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.declared import AssetKind, Commune, Delivery, Domain, PlanChoices, Town
from cyberaudit.errors import UsageError
from cyberaudit.facts.base import Facts, kinds
from cyberaudit.facts.mail import MailDns
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.instruments import NEUTRAL_NAME, Instruments, Options, set_up
from cyberaudit.probes.registry import PROBES, Probe, probe_for
from cyberaudit.probes.resolver import parse_servers, system_servers
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
DOMAIN = Domain("main", "l-hay.example", (), "l-hay.example", True, (), ())


def prepared(options: Options) -> Instruments:
    return set_up(TOWN, scope_for_look(authorized_by=""), options, now=NOW)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (Options(resolvers=("ns1.example",)), "n'est pas une adresse IP"),
        (Options(resolvers=("192.0.2.1",) * 4), "3 serveurs DNS au plus"),
        (Options(connect_to=("n'importe quoi",)), "--connect-to"),
        (Options(connect_to=("192.0.2.1:25=192.0.2.2:25",)), "--allow-test-network"),
        (Options(ehlo="mairie\r\nMAIL FROM:<>"), "n'est pas un nom de machine"),
        (Options(ehlo="a" * 64), "n'est pas un nom de machine"),
        (Options(ehlo=""), "n'est pas un nom de machine"),
        (Options(max_rate=0), "--max-rate"),
        (Options(max_rate=float("nan")), "--max-rate"),
        (Options(ca_bundle=Path("/nulle/part.pem")), "ne se lit pas"),
        (Options(ca_bundle=Path("/")), "ne contient aucun certificat"),
        (Options(ca_bundle=Path("a\x00b")), "ne se lit pas"),
    ],
)
def test_an_option_that_cannot_be_used_gets_one_french_sentence(options: Options, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        prepared(options)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_pipe_as_bundle_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "ca.pem")
    with pytest.raises(UsageError, match="ne contient aucun certificat"):
        prepared(Options(ca_bundle=tmp_path / "ca.pem"))


def test_instruments_say_nothing_of_the_machine_that_looks() -> None:
    assert prepared(Options()).options.ehlo == NEUTRAL_NAME == "cyberaudit.invalid"


def test_the_machines_resolvers_are_read_three_at_most(tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    file.write_text(
        "# box\nsearch example\nnameserver 192.0.2.1\nnameserver pas-une-adresse\nnameserver\n"
        "nameserver fe80::1%lo\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
    )
    assert [str(server) for server in system_servers(file)] == [
        "192.0.2.1:53",
        "[fe80::1%lo]:53",
        "192.0.2.2:53",
    ]


@pytest.mark.parametrize("content", [None, "", "options edns0\n"])
def test_without_a_nameserver_line_this_machine_is_asked(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "resolv.conf"
    if content is not None:
        file.write_text(content)
    assert [str(server) for server in system_servers(file)] == ["127.0.0.1:53"]


def test_given_resolvers_replace_the_machines() -> None:
    assert [str(server) for server in parse_servers(["192.0.2.53", "[::1]:5353"])] == [
        "192.0.2.53:53",
        "[::1]:5353",
    ]
    assert parse_servers([]) == system_servers()


def test_each_probe_sees_another_class_of_facts_that_can_be_stored() -> None:
    seen = [probe.facts for probe in PROBES]
    assert len(set(seen)) == len(seen)
    assert set(seen) <= set(kinds().values())
    assert probe_for(MailDns) is PROBES[0]
    assert probe_for(Facts) is None


@pytest.mark.parametrize(
    "probe",
    [probe for probe in PROBES if probe.about is AssetKind.DOMAIN],
    ids=lambda probe: probe.facts.KIND,
)
def test_each_probe_announces_bounded_work_in_french(probe: Probe) -> None:
    announced = probe.load().announce(DOMAIN, prepared(Options(resolvers=("127.0.0.1",))))
    assert announced
    for one in announced:
        assert one.target == "l-hay.example"
        assert "l-hay.example" in one.text
        assert "au plus" in one.text
        assert 0 < one.max_packets < 5000


def test_facts_of_dns_alone_are_never_asked_again() -> None:
    silent = Unreachable(Reason.TIMEOUT)
    facts = MailDns("l-hay.example", False, silent, silent, silent, silent, silent, None, silent, silent)
    assert PROBES[0].load().worth_asking_again(facts) is False


def test_listing_the_probes_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "before = set(sys.modules)\n"  # measuring coverage loads some of them
        "import cyberaudit.probes.registry\n"
        "heavy = {'dns','ssl','cryptography','asyncio','socket','pydantic','yaml'}\n"
        "print(sorted(heavy & set(sys.modules) - before))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
