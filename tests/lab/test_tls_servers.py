"""Real TLS servers: the truth beside each is what real clients get, and our survey says the same."""

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.facts.tls_endpoint import VERSIONS, Preference, TlsEndpoint, TlsServer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.tls.asking import CUTS_INSTEAD
from cyberaudit.probes.tls.survey import Pace
from cyberaudit.probes.tls_endpoint import look
from cyberaudit.town.scope import scope_for_look
from tests.lab.tls_clients import seen_by_real_clients
from tests.lab.tls_humours import Humour
from tests.lab.tls_judgement import Judgement, Rightness, claims_of, judged
from tests.lab.tls_servers import (
    NAME,
    NO_TLS,
    ODD,
    OPENSSL,
    SSL2,
    WELL_BEHAVED,
    KnownServer,
    make_keys,
    serving,
)
from tests.loopback.test_tls_survey import surveyed
from tests.unit.towns import NOW, town

pytestmark = [pytest.mark.lab, pytest.mark.skipif(os.geteuid() != 0, reason="needs root")]

ADDRESS = "192.0.2.1"
BOX = Host("box", "Box", (), "outside", (ADDRESS,), (), "", "", "")
ENDPOINT = Vpn("agents", "VPN des agents", (), "box", VpnKind.SSL, NAME, "")
# Ours: the odd servers behave as they do, five times as fast, and so does the survey.
HASTE = 5.0
HASTY = Pace(hello_seconds=1.0, deadline_seconds=12.0, pauses=(0.2, 0.4, 1.0, 2.0))
BY_NAME = {server.name: server for server in (*WELL_BEHAVED, *ODD, *NO_TLS)}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_keys(tmp_path_factory.mktemp("keys"))


def ready(server: KnownServer) -> KnownServer:
    if not server.installed:
        pytest.skip(f"{server.words[0]} is not installed")
    return server


@pytest.mark.parametrize("server", WELL_BEHAVED, ids=lambda server: server.name)
def test_the_truth_written_beside_a_server_is_what_real_clients_get(
    server: KnownServer, keys: Path, tmp_path: Path
) -> None:
    with serving(ready(server), keys, tmp_path) as port:
        found = {version: seen_by_real_clients(server, port, version, keys=keys) for version in VERSIONS}
    assert {version: names for version, names in found.items() if names} == server.truth


def look_at(server: KnownServer, port: int, *, hostname: str = NAME) -> TlsServer:
    """What our look says of the server on that port of loopback."""
    options = Options(
        resolvers=("127.0.0.1:53",),
        connect_to=(f"{ADDRESS}:443=127.0.0.1:{port}",),
        starttls=server.starttls,
    )
    scope = scope_for_look(addresses=[ADDRESS], authorized_by="Mme le maire")
    asset = replace(ENDPOINT, hostname=hostname)
    facts = asyncio.run(look(asset, set_up(town(BOX), scope, options, now=NOW)))
    assert isinstance(facts, TlsEndpoint)
    return facts.servers[0]


@pytest.fixture(scope="module")
def seen(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[KnownServer], TlsServer]:
    """Each server is looked at once, whatever the number of tests about it."""
    folder = tmp_path_factory.mktemp("servers")

    @cache
    def look_once(name: str) -> TlsServer:
        server = BY_NAME[name]
        with serving(ready(server), keys, folder) as port:
            return look_at(server, port)

    return lambda server: look_once(server.name)


@pytest.mark.parametrize("server", WELL_BEHAVED, ids=lambda server: server.name)
def test_the_survey_finds_every_suite_of_a_server_and_no_other(
    server: KnownServer, seen: Callable[[KnownServer], TlsServer]
) -> None:
    found = seen(server)
    assert judged(claims_of(found), server) == Judgement(Rightness.RIGHT, ())
    # In SSLv2 a closed line is a refusal.
    assert (found.complete is True) == (set(server.refuses_by_closing) <= {SSL2})


@pytest.mark.parametrize("server", WELL_BEHAVED, ids=lambda server: server.name)
def test_the_survey_asks_little_more_than_one_hello_a_suite(
    server: KnownServer, seen: Callable[[KnownServer], TlsServer]
) -> None:
    least = sum(map(len, server.truth.values())) + len(VERSIONS)
    hellos = seen(server).hellos
    assert isinstance(hellos, int)
    print(f"{server.name}: {hellos} hellos, {hellos / least:.2f} times the least")
    assert hellos <= 1.5 * least


@pytest.mark.parametrize(
    "server", [server for server in WELL_BEHAVED if server.order is not None], ids=lambda server: server.name
)
def test_the_look_tells_whose_order_decides(
    server: KnownServer, seen: Callable[[KnownServer], TlsServer]
) -> None:
    preferences = {
        offer.preference for offer in seen(server).versions if len(server.truth.get(offer.version, ())) > 1
    }
    # In TLS 1.2 and older only: OpenSSL 3 orders the suites of TLS 1.3 as it likes without -serverpref too.
    assert (Preference.SERVER if server.order else Preference.CLIENT) in preferences


@pytest.mark.parametrize("server", [each for each in OPENSSL if each.shows], ids=lambda server: server.name)
def test_the_options_of_a_session_are_seen(
    server: KnownServer, seen: Callable[[KnownServer], TlsServer]
) -> None:
    options = seen(server).options
    assert {name: getattr(options, name) for name in server.shows} == dict(server.shows)


@pytest.mark.parametrize("server", OPENSSL, ids=lambda server: server.name)
def test_every_certificate_of_a_server_is_seen(
    server: KnownServer, seen: Callable[[KnownServer], TlsServer]
) -> None:
    assert len(seen(server).sessions) == server.certificates


@pytest.mark.parametrize("server", [each for each in OPENSSL if each.dh_bits], ids=lambda server: server.name)
def test_the_sizes_of_finite_field_groups_are_seen(
    server: KnownServer, seen: Callable[[KnownServer], TlsServer]
) -> None:
    groups = seen(server).dh_groups
    assert not isinstance(groups, Unreachable)
    assert tuple(group.bits for group in groups) == server.dh_bits


@pytest.mark.parametrize("server", ODD, ids=lambda server: server.name)
def test_an_odd_server_is_told_right_or_incompletely(server: KnownServer, keys: Path, tmp_path: Path) -> None:
    with serving(ready(server), keys, tmp_path, haste=HASTE) as port:
        begun = time.monotonic()
        found = surveyed(port, pace=HASTY, name=NAME)
        print(f"{server.name}: {time.monotonic() - begun:.1f} s, {found.hellos} hellos, {found.complete}")
    judgement = judged(claims_of(found), server, admits=found.complete is not True)
    assert judgement.rightness in {Rightness.RIGHT, Rightness.INCOMPLETE}, judgement
    if server.humour is Humour.NO_ALERTS:
        assert found.complete == CUTS_INSTEAD


@pytest.mark.parametrize(
    ("humour", "met"),
    [
        (Humour.RESET, Reason.RESET),
        (Humour.TARPIT, Reason.TIMEOUT),
        (Humour.HTTP, "http"),
        (Humour.GARBAGE, "unknown"),
    ],
)
def test_what_is_no_tls_is_told_apart_in_a_few_seconds(
    humour: Humour, met: Reason | str, seen: Callable[[KnownServer], TlsServer]
) -> None:
    begun = time.monotonic()
    found = seen(BY_NAME[humour]).met
    assert (found.reason if isinstance(found, Unreachable) else found) == met
    assert time.monotonic() - begun < 10


def test_a_server_that_wants_a_name_refuses_whoever_names_nobody(keys: Path, tmp_path: Path) -> None:
    server = ready(BY_NAME["name-only"])
    with serving(server, keys, tmp_path) as port:
        found = look_at(server, port, hostname="")
    assert not any(offer.accepted is True for offer in found.versions)
    assert isinstance(found.without_name, Unreachable)
