"""What a registry says, asked over RDAP and WHOIS from servers of our own."""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsServer
from cyberaudit.demo.listener import LOOPBACK, Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.errors import UsageError
from cyberaudit.facts.registration import Register, Registration, Told
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import registration
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.probes.registration import announce
from cyberaudit.town.scope import scope_for_look
from cyberaudit.town.single import domain_asset, town_of
from tests.loopback.web_server import Say, WebServer, answer

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
ZONE = (
    "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\n"
    "rdap A 192.0.2.80\nmuet TXT x\nwhois A 192.0.2.43\n"
)
HEAD = "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\n"
PATIENCE = Patience(connect=0.6, reply=1, handshake=1, dns_tries=(0.5, 0.5), dns_tcp=0.5)
RECORD: dict[str, Any] = {
    "objectClassName": "domain",
    "ldhName": "L-HAY.example",
    "status": ["active", "client transfer prohibited", 3],
    "events": [
        {"eventAction": "registration", "eventDate": "2009-03-12T00:00:00Z"},
        {"eventAction": "expiration", "eventDate": "2027-09-12T10:00:00+02:00"},
        {"eventAction": "last changed", "eventDate": "pas une date"},
    ],
    "entities": [
        {"roles": ["technical"]},
        {
            "roles": ["registrar"],
            "vcardArray": ["vcard", [["version", {}, "text", "4.0"], ["fn", {}, "text", "Bureau"]]],
        },
    ],
    "secureDNS": {"delegationSigned": True},
}
BOOTSTRAP = {"services": [[["fr", "Example"], ["http://rdap.registre.example/v1"]]]}
FOUND = Registration(
    domain=DOMAIN,
    register=Register.FOUND,
    told_by=Told.RDAP,
    server="rdap.registre.example",
    registered=datetime(2009, 3, 12, tzinfo=UTC),
    changed=None,
    expires=datetime(2027, 9, 12, 8, tzinfo=UTC),
    statuses=("active", "client transfer prohibited"),
    registrar="Bureau",
    signed=True,
)
WHOIS = (
    b"domain: l-hay.example\r\neppstatus: clientTransferProhibited\r\n"
    b"registrar: OVH\r\nExpiry Date: 2027-01-02T03:04:05Z\r\n"
)


class WhoisServer:
    """Says the same to everybody, and keeps what it was asked."""

    def __init__(self, said: bytes | None) -> None:
        self._said = said
        self._listener = Listener(self._talk)
        self.asked: list[bytes] = []

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self._listener.port}"

    async def start(self) -> None:
        await self._listener.start()

    async def stop(self) -> None:
        await self._listener.stop()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readline())
        if self._said is None:
            await asyncio.sleep(30)
        writer.write(self._said or b"")
        await writer.drain()


@contextmanager
def place(
    pages: Mapping[str, Say], said: bytes | None = b"", **options: Any
) -> Iterator[tuple[Instruments, WebServer, WhoisServer, DnsServer]]:
    web, whois = WebServer(pages), WhoisServer(said)
    dns = DnsServer({"registre.example": ZONE, "example": HEAD, "nic.fr": HEAD, "iana.org": HEAD})
    with Background(dns, web, whois):
        rules = (
            f"192.0.2.80:80={web.address}",
            f"192.0.2.43:43={whois.address}",
            f"192.0.2.44:4343={whois.address}",
        )
        given = Options(resolvers=(dns.address,), connect_to=rules, patience=PATIENCE)
        scope = scope_for_look(domains=[DOMAIN, "l-hay.fr", "l-hay.inconnue"], authorized_by="Mme le maire")
        yield set_up(town_of(), scope, replace(given, **options), now=DEMO_NOW), web, whois, dns


@pytest.fixture
def bootstrap(tmp_path: Path) -> str:
    path = tmp_path / "dns.json"
    path.write_text(json.dumps(BOOTSTRAP), encoding="utf-8")
    return str(path)


def seen(
    pages: Mapping[str, Say], said: bytes | None = b"", *, name: str = DOMAIN, **options: Any
) -> Registration | Unreachable:
    with place(pages, said, **options) as (instruments, *_):
        return asyncio.run(registration.look(domain_asset(name), instruments))


def page(record: Any) -> Mapping[str, Say]:
    return {f"/v1/domain/{DOMAIN}": answer(json.dumps(record).encode())}


def test_what_rdap_says(bootstrap: str) -> None:
    assert seen(page(RECORD), rdap_bootstrap=bootstrap) == FOUND


def test_a_sub_domain_is_registered_under_its_parent(bootstrap: str) -> None:
    assert seen(page(RECORD), name=f"ecole.{DOMAIN}", rdap_bootstrap=bootstrap) == FOUND


def test_the_list_of_registries_may_be_a_page() -> None:
    pages = {**page(RECORD), "/dns.json": answer(json.dumps(BOOTSTRAP).encode())}
    assert seen(pages, rdap_bootstrap="http://rdap.registre.example/dns.json") == FOUND


def test_a_registry_that_has_no_such_name_says_so(bootstrap: str) -> None:
    facts = seen({}, WHOIS, rdap_bootstrap=bootstrap, whois="192.0.2.44:4343")
    assert isinstance(facts, Registration)
    assert (facts.register, facts.told_by, facts.expires) == (Register.UNKNOWN_NAME, Told.RDAP, None)


@pytest.mark.parametrize(
    "pages",
    [
        {f"/v1/domain/{DOMAIN}": answer(status="503 Busy")},
        {f"/v1/domain/{DOMAIN}": answer(status="429 Too Many Requests")},
        {f"/v1/domain/{DOMAIN}": answer(b"[" * 50_000)},
        {f"/v1/domain/{DOMAIN}": answer(b"<html>")},
        {f"/v1/domain/{DOMAIN}": answer(b"x" * 300_000)},
        page({**RECORD, "ldhName": "autre.example"}),
        page({**RECORD, "objectClassName": "entity"}),
    ],
)
def test_a_registry_in_trouble_is_never_an_expired_name(pages: Mapping[str, Say], bootstrap: str) -> None:
    facts = seen(pages, rdap_bootstrap=bootstrap)
    assert isinstance(facts, Unreachable)
    assert facts.reason is Reason.PROTOCOL_ERROR


@pytest.mark.parametrize("server", ["192.0.2.44:4343", "whois.registre.example"])
def test_whois_answers_when_rdap_does_not(server: str) -> None:
    facts = seen({}, WHOIS, rdap_bootstrap="http://absent.registre.example/dns.json", whois=server)
    assert isinstance(facts, Registration)
    assert (facts.told_by, facts.server, facts.registrar) == (Told.WHOIS, server, "OVH")
    assert facts.expires == datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert facts.statuses == ("client transfer prohibited",)


def test_whois_gives_the_date_that_rdap_leaves_out(bootstrap: str) -> None:
    undated = {**RECORD, "events": []}
    facts = seen(page(undated), WHOIS, rdap_bootstrap=bootstrap, whois="192.0.2.44:4343")
    assert isinstance(facts, Registration)
    assert (facts.told_by, facts.expires) == (Told.RDAP, datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC))
    facts = seen(page(undated), b"", rdap_bootstrap=bootstrap, whois="192.0.2.44:4343")
    assert isinstance(facts, Registration)
    assert facts.expires is None


def test_whois_is_asked_for_the_registered_name() -> None:
    with place(
        {}, WHOIS, whois="192.0.2.44:4343", rdap_bootstrap="http://absent.registre.example/x"
    ) as tools:
        asyncio.run(registration.look(domain_asset(f"ecole.{DOMAIN}"), tools[0]))
    assert tools[2].asked == [b"l-hay.example\r\n"]


@pytest.mark.parametrize("said", [b"", b"x" * 70_000, b"domain: autre.example\n", b"\xff\x00"])
def test_a_whois_answer_that_says_nothing_is_unreachable(said: bytes) -> None:
    facts = seen({}, said, rdap_bootstrap="http://absent.registre.example/x", whois="192.0.2.44:4343")
    assert isinstance(facts, Unreachable)


@pytest.mark.parametrize("server", ["muet.registre.example", "192.0.2.99:4343", "absent.registre.example"])
def test_a_whois_server_that_is_not_there_is_unreachable(server: str) -> None:
    options: dict[str, Any] = {"rdap_bootstrap": "http://absent.registre.example/x", "whois": server}
    assert isinstance(seen({}, **options), Unreachable)


def test_a_registry_that_says_nothing_at_all_costs_one_reply() -> None:
    begun = time.monotonic()
    facts = seen({}, None, rdap_bootstrap="http://absent.registre.example/x", whois="192.0.2.44:4343")
    assert isinstance(facts, Unreachable)
    assert time.monotonic() - begun < 5


def test_an_extension_without_known_registry_is_told_as_such(bootstrap: str) -> None:
    facts = seen({}, name="l-hay.inconnue", rdap_bootstrap=bootstrap)
    assert facts == Unreachable(Reason.NO_PROBE, registration.NO_REGISTRY)


def test_nobody_is_asked_about_a_reserved_name() -> None:
    with place({}) as (instruments, web, whois, dns):
        facts = asyncio.run(registration.look(domain_asset(DOMAIN), instruments))
    assert isinstance(facts, Registration)
    assert facts.register is Register.RESERVED
    assert (web.requests, whois.asked, dns.queries.total()) == ([], [], 0)


def test_the_built_in_registry_of_fr_is_asked_by_name() -> None:
    with place({}) as (instruments, _, _, dns):
        facts = asyncio.run(registration.look(domain_asset("www.l-hay.fr"), instruments))
        (said,) = announce(domain_asset("www.l-hay.fr"), instruments)
    assert isinstance(facts, Unreachable)
    asked = {query.name for query in dns.queries}
    assert {"rdap.nic.fr", "whois.nic.fr"} <= asked
    assert "l-hay.fr" in said.text


def test_elsewhere_the_list_of_iana_is_asked_once_a_run() -> None:
    with place({}) as (instruments, _, _, dns):

        async def twice() -> None:
            for _ in range(2):
                await registration.look(domain_asset("l-hay.inconnue"), instruments)

        asyncio.run(twice())
    assert sum(count for query, count in dns.queries.items() if query.name == "data.iana.org") <= 4


@pytest.mark.parametrize("text", ["", "[]", '{"services": 3}', "[" * 100_000])
def test_a_list_of_registries_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dns.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="--rdap-bootstrap"), place({}, rdap_bootstrap=str(path)):
        pass


def test_a_list_of_registries_that_goes_away_is_unreachable(bootstrap: str) -> None:
    with place({}, rdap_bootstrap=bootstrap) as (instruments, *_):
        Path(bootstrap).unlink()
        facts = asyncio.run(registration.look(domain_asset(DOMAIN), instruments))
    assert isinstance(facts, Unreachable)


def test_a_page_that_is_no_list_is_unreachable() -> None:
    for pages in ({}, {"/dns.json": answer(b"x")}):
        facts = seen(pages, rdap_bootstrap="http://rdap.registre.example/dns.json")
        assert isinstance(facts, Unreachable)
