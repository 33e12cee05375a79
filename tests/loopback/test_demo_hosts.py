"""The town's own addresses: each entrance is what the profile says, or the fault it is there to show."""

import asyncio
import socket
import ssl
import urllib.request
from collections.abc import Callable
from ipaddress import ip_address

import pytest

from cyberaudit.declared import AssetKind, Host, Vpn
from cyberaudit.demo.hosts import ADMIN_PAGE, AGENTS, AGENTS_NAME, CONTRACTOR, HOSTS, REMOTE_DESKTOP
from cyberaudit.demo.place import DemoPlace
from cyberaudit.facts.tls_endpoint import TlsEndpoint, TlsServer
from cyberaudit.probes.endpoint import Endpoint, IpAddress, read_connect_to
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.tls_endpoint import look
from cyberaudit.town.load import load_profile
from cyberaudit.town.scope import authorized

pytestmark = pytest.mark.loopback


def port(place: DemoPlace, entrance: tuple[str, int]) -> int:
    return place.hosts.entrances[entrance].port


def endpoint(place: DemoPlace, vpn_id: str) -> TlsEndpoint:
    """What the ordinary probe sees of one remote access."""
    profile = load_profile(place.profile)
    options = Options(resolvers=(place.resolver,), ca_bundle=place.ca_bundle, connect_to=place.connect_to)
    tools = set_up(profile.town, authorized(profile, now=place.now), options, now=place.now)
    asset = profile.town.asset(f"vpn/{vpn_id}")
    assert isinstance(asset, Vpn)
    facts = asyncio.run(look(asset, tools))
    assert isinstance(facts, TlsEndpoint)
    return facts


def server(facts: TlsEndpoint) -> TlsServer:
    """The one address of the access."""
    (one,) = facts.servers
    return one


def accepted(one: TlsServer) -> list[str]:
    assert all(isinstance(offer.accepted, bool) for offer in one.versions)
    return [offer.version for offer in one.versions if offer.accepted is True]


def test_the_access_of_the_agents_is_in_order(demo_place: DemoPlace) -> None:
    one = server(endpoint(demo_place, "vpn-agents"))
    (session,) = one.sessions
    assert (session.trust_error, session.name_matches, session.chain_faults) == ("", True, ())
    assert session.chain[0].not_after > demo_place.now
    assert accepted(one) == ["TLSv1.2", "TLSv1.3"]


def test_the_access_of_the_contractor_is_expired_and_speaks_old_versions(demo_place: DemoPlace) -> None:
    one = server(endpoint(demo_place, "vpn-prestataire"))
    (session,) = one.sessions
    assert (session.trust_error, session.name_matches) == ("", True)
    assert session.chain[0].not_after < demo_place.now
    assert accepted(one) == ["TLSv1", "TLSv1.1", "TLSv1.2"]


def test_the_forgotten_page_says_what_it_is_in_clear(demo_place: DemoPlace) -> None:
    with urllib.request.urlopen(f"http://127.0.0.1:{port(demo_place, ADMIN_PAGE)}/x", timeout=2) as answer:
        assert answer.status == 200
        assert b"<title>Administration</title>" in answer.read()


def test_the_remote_desktop_shows_itself_without_asking_who_comes(demo_place: DemoPlace) -> None:
    request = bytes.fromhex("03000013 0ee00000000000 01000800 01000000")
    with socket.create_connection(("127.0.0.1", port(demo_place, REMOTE_DESKTOP)), timeout=2) as client:
        client.sendall(request)
        answer = client.recv(64)
        assert (len(answer), answer[5], answer[11]) == (19, 0xD0, 2)
        assert answer[15:] == bytes(4)
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(1)


def test_the_access_of_the_agents_shows_its_page_inside_tls(demo_place: DemoPlace) -> None:
    context = ssl.create_default_context(cafile=str(demo_place.ca_bundle))
    with (
        socket.create_connection(("127.0.0.1", port(demo_place, AGENTS)), timeout=2) as client,
        context.wrap_socket(client, server_hostname=AGENTS_NAME) as session,
    ):
        session.sendall(b"GET / HTTP/1.1\r\nHost: vpn\r\n\r\n")
        assert "<title>Accès à distance</title>" in session.recv(4096).decode()


def test_the_port_behind_all_the_others_refuses(demo_place: DemoPlace) -> None:
    with socket.socket() as client, pytest.raises(ConnectionRefusedError):
        client.connect(("127.0.0.1", demo_place.hosts.closed.port))


def leads(place: DemoPlace) -> Callable[[IpAddress, int], str]:
    rules = read_connect_to(place.connect_to)
    return lambda address, number: str(rules.target(Endpoint(address, number)))


def test_no_port_of_any_declared_host_leads_out_of_this_machine(demo_place: DemoPlace) -> None:
    hosts = load_profile(demo_place.profile).town.of_kind(AssetKind.HOST)
    addresses = [address for host in hosts if isinstance(host, Host) for address in host.addresses]
    assert sorted(addresses) == sorted(HOSTS)
    where = leads(demo_place)
    closed = f"127.0.0.1:{demo_place.hosts.closed.port}"
    for address in addresses:
        entrances = {number for known, number in demo_place.hosts.entrances if known == address}
        assert {where(ip_address(address), number) for number in {1, 22, 445, 65535} - entrances} == {closed}


@pytest.mark.parametrize("entrance", [AGENTS, CONTRACTOR, ADMIN_PAGE, REMOTE_DESKTOP])
def test_each_entrance_stands_behind_its_own_rule(demo_place: DemoPlace, entrance: tuple[str, int]) -> None:
    address, number = entrance
    assert leads(demo_place)(ip_address(address), number) == f"127.0.0.1:{port(demo_place, entrance)}"


def test_a_client_that_breaks_off_costs_the_access_nothing(demo_place: DemoPlace) -> None:
    for _ in range(3):
        socket.create_connection(("127.0.0.1", port(demo_place, AGENTS)), timeout=2).close()
    context = ssl.create_default_context(cafile=demo_place.ca_bundle)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    address = ("127.0.0.1", port(demo_place, AGENTS))
    with socket.create_connection(address, timeout=2) as plain, context.wrap_socket(plain) as session:
        assert session.version() == "TLSv1.3"
