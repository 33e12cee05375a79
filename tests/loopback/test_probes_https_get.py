"""Pages fetched from real web servers, good, bad and hostile."""

import asyncio
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from cyberaudit.declared import Commune, Delivery, PlanChoices, Town
from cyberaudit.demo.authority import Authority, Flaw
from cyberaudit.demo.background import Background
from cyberaudit.demo.dns_server import DnsFault, DnsServer
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.https_get import Page, get
from cyberaudit.probes.instruments import Instruments, Options, Patience, set_up
from cyberaudit.town.scope import scope_for_look
from tests.loopback.web_server import Say, WebServer, answer

pytestmark = pytest.mark.loopback

DOMAIN = "l-hay.example"
HOST = f"www.{DOMAIN}"
ZONE = (
    "$TTL 60\n@ SOA ns1 technique 1 7200 3600 1209600 300\n@ NS ns1\n"
    "www A 192.0.2.80\nwww AAAA 2001:db8::80\nautre A 192.0.2.80\nfermee A 192.0.2.81\nfermee AAAA 2001:db8::80\n"
    "privee A 10.0.0.1\nvide TXT x\n"
)
COMMUNE = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
TOWN = Town(
    1, COMMUNE, "", None, "", (COMMUNE,), (), PlanChoices((), (), (), True), (), Delivery((), "", "", "")
)
PATIENCE = Patience(connect=0.6, handshake=1, dns_tries=(0.1, 0.1), dns_tcp=0.3)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), DEMO_NOW)


@contextmanager
def instruments(web: WebServer, *, bundle: Path | None = None, port: int = 443) -> Iterator[Instruments]:
    """DNS and one web server, which stands at 192.0.2.80 and 2001:db8::80; 192.0.2.81 refuses."""
    dns = DnsServer({DOMAIN: ZONE}, faults={f"muet.{DOMAIN}": DnsFault.SERVFAIL})
    with Background(dns, web):
        rules = (
            f"192.0.2.80:{port}={web.address}",
            f"[2001:db8::80]:{port}={web.address}",
            f"192.0.2.81:{port}=127.0.0.1:1",
        )
        options = Options(resolvers=(dns.address,), connect_to=rules, ca_bundle=bundle, patience=PATIENCE)
        scope = scope_for_look(domains=[DOMAIN], authorized_by="Mme le maire")
        yield set_up(TOWN, scope, options, now=DEMO_NOW)


def over_http(
    say: Say, *, path: str = "/", most_bytes: int = 65536, within: float = 3, redirects: int = 0
) -> Page | Unreachable:
    with instruments(WebServer({path: say}), port=80) as tools:
        fetch = get(
            tools,
            f"http://{HOST}{path}",
            about=DOMAIN,
            most_bytes=most_bytes,
            within=within,
            redirects=redirects,
        )
        return asyncio.run(fetch)


def over_https(
    authority: Authority,
    url: str = f"https://{HOST}/",
    *,
    names: tuple[str, ...] = (HOST,),
    flaw: Flaw = Flaw.NONE,
    pages: Mapping[str, Say] | None = None,
    redirects: int = 0,
    trusted: bool = True,
    tls: str = "",
    about: str = DOMAIN,
    bundle: bool = True,
) -> Page | Unreachable:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, for TLS 1.0 on purpose
        web = WebServer(pages or {"/": answer(b"oui")}, issued=authority.issue(*names, flaw=flaw), tls=tls)
    with instruments(web, bundle=authority.ca_bundle if bundle else None) as tools:
        return asyncio.run(get(tools, url, about=about, within=4, redirects=redirects, trusted=trusted))


def reason(page: Page | Unreachable) -> tuple[Reason, str]:
    assert isinstance(page, Unreachable), page
    return page.reason, page.detail


def body(page: Page | Unreachable) -> bytes:
    assert isinstance(page, Page), page
    return page.body


def test_a_page_behind_a_good_certificate(authority: Authority) -> None:
    page = over_https(authority)
    assert isinstance(page, Page)
    assert (page.status, page.body, page.header("content-type"), page.header("x")) == (
        200,
        b"oui",
        "text/plain",
        "",
    )
    assert (page.url, page.address) == (f"https://{HOST}/", "192.0.2.80")
    assert page.tls is not None
    assert page.tls.chain[0].names == (HOST,)


def test_what_is_asked_says_little_of_who_asks(authority: Authority) -> None:
    web = WebServer({"/a%20b?q=%C3%A9": answer()}, issued=authority.issue(HOST))
    with instruments(web, bundle=authority.ca_bundle) as tools:
        page = asyncio.run(get(tools, f"https://{HOST}/a b?q=é", about=DOMAIN))
    assert isinstance(page, Page)
    asked = (
        b"GET /a%20b?q=%C3%A9 HTTP/1.1\r\nHost: www.l-hay.example\r\nUser-Agent: cyberaudit\r\nAccept: */*\r\n"
        b"Accept-Encoding: identity\r\nConnection: close\r\n\r\n"
    )
    assert web.requests == [asked]


@pytest.mark.parametrize(
    ("names", "flaw", "told"),
    [
        ((f"autre.{DOMAIN}",), Flaw.NONE, "pas au nom de www.l-hay.example"),
        ((HOST,), Flaw.EXPIRED, "périmé depuis le"),
        ((HOST,), Flaw.SELF_SIGNED, "signé par lui-même"),
    ],
)
def test_a_certificate_nobody_would_accept_says_why(
    authority: Authority, names: tuple[str, ...], flaw: Flaw, told: str
) -> None:
    why, detail = reason(over_https(authority, names=names, flaw=flaw))
    assert why is Reason.TLS_FAILURE
    assert told in detail
    page = over_https(authority, names=names, flaw=flaw, trusted=False)
    assert body(page) == b"oui"


def test_an_authority_of_nobody_is_not_trusted(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, DEMO_NOW)
    with instruments(
        WebServer({"/": answer()}, issued=stranger.issue(HOST)), bundle=authority.ca_bundle
    ) as tools:
        assert reason(asyncio.run(get(tools, f"https://{HOST}/", about=DOMAIN)))[0] is Reason.TLS_FAILURE


def test_old_tls_is_refused_unless_trust_is_not_asked_for(authority: Authority) -> None:
    # asyncio's server cuts the line where others send an alert.
    assert reason(over_https(authority, tls="TLSv1"))[0] in (Reason.TLS_FAILURE, Reason.RESET)
    assert body(over_https(authority, tls="TLSv1", trusted=False)) == b"oui"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (answer(b"abc"), b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\njusqu'\xc3\xa0 la fin", b"jusqu'\xc3\xa0 la fin"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", b"ok"),
        (CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", b"abcde"),
        (CHUNKED + b"A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", b"0123456789"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + answer(b"abc"), b"abc"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    ],
)
def test_every_framing_of_a_body(said: bytes, expected: bytes) -> None:
    assert body(over_http(said)) == expected


@pytest.mark.parametrize(
    "said",
    [
        b"220 mx ESMTP\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e3\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n" + b"x" * 101,
        b"HTTP/1.1 200 OK\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101,
        CHUNKED + b"65\r\n" + b"x" * 101 + b"\r\n0\r\n\r\n",
        CHUNKED + b"\r\n",
        CHUNKED + b"-3\r\nabc\r\n",
        CHUNKED + b"fffffffff\r\n",
        CHUNKED + b"3\r\nabcdef\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 9000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 80 + b"\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 20,
    ],
)
def test_what_is_no_answer_or_too_long_is_a_protocol_error(said: bytes) -> None:
    assert reason(over_http(said, most_bytes=100))[0] is Reason.PROTOCOL_ERROR


@pytest.mark.parametrize(
    "said",
    [
        b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nX: y", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
        CHUNKED + b"5\r\nabc", CHUNKED + b"3\r\nabc", CHUNKED,
    ],
)  # fmt: skip
def test_an_answer_cut_short_is_no_page(said: bytes) -> None:
    assert isinstance(over_http(said), Unreachable)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(200):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


async def _silent(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(10)


@pytest.mark.parametrize("slow", [_drip, _silent])
def test_a_slow_server_costs_the_time_given_and_no_more(slow: Say) -> None:
    begun = time.monotonic()
    assert reason(over_http(slow, within=0.5))[0] in (Reason.TIMEOUT, Reason.DEADLINE)
    assert time.monotonic() - begun < 5


def test_redirects_are_followed_as_far_as_asked(authority: Authority) -> None:
    pages = {
        "/": answer(status="301 Moved", headers="Location: /b\r\n"),
        "/b": answer(status="302 Found", headers=f"Location: https://autre.{DOMAIN}/c\r\n"),
        "/c": answer(b"au bout"),
    }
    names = (HOST, f"autre.{DOMAIN}")
    for redirects, status in ((0, 301), (1, 302), (2, 200), (5, 200)):
        page = over_https(authority, names=names, pages=pages, redirects=redirects)
        assert isinstance(page, Page)
        assert page.status == status
        assert (page.url == f"https://autre.{DOMAIN}/c") == (status == 200)
    # The second host is verified under its own name.
    assert reason(over_https(authority, pages=pages, redirects=2))[0] is Reason.TLS_FAILURE


@pytest.mark.parametrize(
    ("target", "why"),
    [
        (f"http://{HOST}/", Reason.PROTOCOL_ERROR),
        ("file:///etc/passwd", Reason.PROTOCOL_ERROR),
        ("https://[", Reason.PROTOCOL_ERROR),
        ("https://127.0.0.1/", Reason.PRIVATE_ADDRESS),
        ("https://[::1]/", Reason.PRIVATE_ADDRESS),
        (f"https://privee.{DOMAIN}/", Reason.PRIVATE_ADDRESS),
        (f"https://{HOST}@127.0.0.1/", Reason.PROTOCOL_ERROR),
    ],
)
def test_a_redirect_leads_nowhere_it_should_not(authority: Authority, target: str, why: Reason) -> None:
    pages = {"/": answer(status="302 Found", headers=f"Location: {target}\r\n")}
    assert reason(over_https(authority, pages=pages, redirects=3))[0] is why


def test_redirects_in_a_ring_end() -> None:
    said = answer(status="302 Found", headers=f"Location: https://{HOST}/\r\n")
    with instruments(WebServer({"/": said}), port=80) as tools:
        page = asyncio.run(get(tools, f"http://{HOST}/", about=DOMAIN, redirects=9, within=2))
    assert isinstance(page, Unreachable)  # 443 is no place of this test


def test_the_other_family_is_tried_when_the_first_refuses() -> None:
    with instruments(WebServer({"/": answer(b"v6")}), port=80) as tools:
        page = asyncio.run(get(tools, f"http://fermee.{DOMAIN}/", about=DOMAIN))
    assert isinstance(page, Page)
    assert (page.body, page.address) == (b"v6", "2001:db8::80")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        (f"http://vide.{DOMAIN}/", Reason.NO_ROUTE),
        (f"http://muet.{DOMAIN}/", Reason.RESOLVER_FAILURE),
        (f"http://privee.{DOMAIN}/", Reason.PRIVATE_ADDRESS),
        ("http://10.1.2.3/", Reason.PRIVATE_ADDRESS),
        ("http:///", Reason.PROTOCOL_ERROR),
        ("gopher://www.l-hay.example/", Reason.PROTOCOL_ERROR),
        ("http://www.l-hay.example:99999/", Reason.PROTOCOL_ERROR),
        (f"http://moi:secret@{HOST}/", Reason.PROTOCOL_ERROR),
        ("http://nom\r\nX: y/", Reason.NO_ROUTE),
        ("http://a b/", Reason.PROTOCOL_ERROR),
    ],
)
def test_addresses_that_lead_nowhere(url: str, why: Reason) -> None:
    with instruments(WebServer({}), port=80) as tools:
        found = asyncio.run(get(tools, url, about=DOMAIN))
    assert isinstance(found, Unreachable)
    if "\r" not in url:
        assert found.reason is why


def test_a_domain_that_nobody_signed_for_is_not_visited(authority: Authority) -> None:
    assert reason(over_https(authority, about="ailleurs.example"))[0] is Reason.NOT_AUTHORIZED


def test_a_port_in_the_address_stands_in_the_host_header() -> None:
    web = WebServer({"/": answer(b"ici")})
    with instruments(web, port=8080) as tools:
        page = asyncio.run(get(tools, f"http://{HOST}:8080", about=DOMAIN))
    assert body(page) == b"ici"
    assert b"Host: www.l-hay.example:8080\r\n" in web.requests[0]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"https://{HOST}:8443/", Reason.NOT_LOOKED),
        (f"http://{HOST}:22/", Reason.NOT_LOOKED),
        ("http://127.0.0.9/reboot", Reason.PRIVATE_ADDRESS),
        ("http://127.0.0.9:8080/reboot", Reason.NOT_LOOKED),
    ],
)
def test_a_published_url_chooses_neither_port_nor_private_address(url: str, expected: Reason) -> None:
    web = WebServer({"/": answer(b"oui")})
    with instruments(web, port=80) as tools:
        scope = replace(tools.scope, declared=(ip_network("127.0.0.9"),))
        own = set_up(TOWN, scope, tools.options, now=DEMO_NOW)
        page = asyncio.run(get(own, url, about=DOMAIN, within=2, published=True))
        assert reason(page)[0] is expected
        assert not any(
            count for (purpose, *_), count in own.network.opened.items() if purpose is Purpose.PUBLIC
        )
        # What the person typed keeps its port and its address.
        typed = asyncio.run(get(own, "http://127.0.0.9:1/", about=DOMAIN, within=2))
        assert reason(typed)[0] is Reason.REFUSED


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("https://127.0.0.9/", Reason.PRIVATE_ADDRESS),
        (f"https://{HOST}:8443/", Reason.NOT_LOOKED),
        (f"https://autre.{DOMAIN}:22/", Reason.NOT_LOOKED),
    ],
)
def test_a_redirect_is_a_stranger_s_choice(authority: Authority, target: str, expected: Reason) -> None:
    web = WebServer(
        {"/": answer(status="302 Found", headers=f"Location: {target}\r\n")}, issued=authority.issue(HOST)
    )
    with instruments(web, bundle=authority.ca_bundle) as tools:
        scope = replace(tools.scope, declared=(ip_network("127.0.0.9"),))
        own = set_up(TOWN, scope, tools.options, now=DEMO_NOW)
        page = asyncio.run(get(own, f"https://{HOST}/", about=DOMAIN, within=3, redirects=1))
    assert reason(page)[0] is expected
