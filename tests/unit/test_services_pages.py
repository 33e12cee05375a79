"""The answer of a web server read from its bytes, however it is cut, wrapped or wicked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.services.heard import Page
from cyberaudit.probes.services.pages import is_complete, path_here, read_page, sent_on, title_of

pytestmark = pytest.mark.unit

HERE = frozenset({"192.0.2.1:8443", "www.mairie.example:8443"})


def whole(body: bytes, *headers: str, status: int = 200) -> bytes:
    lines = (f"HTTP/1.1 {status} OK", *headers, f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def shown(raw: bytes) -> Page:
    page = read_page("/", raw)
    assert page is not None
    return page


def test_status_headers_title_and_body_are_read() -> None:
    page = shown(whole(b"<TITLE>L'Ha&yuml;</TITLE>", "Server: nginx", "Set-Cookie: a=1", "set-cookie: b=2"))
    assert (page.status, page.title, page.header("server")) == (200, "L'Haÿ", "nginx")
    assert page.cookies == ("a", "b")
    assert page.header("absent") == ""


def test_a_chunked_page_is_put_together_again() -> None:
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n<title>\r\n3;x=y\r\nab<\r\n0\r\n\r\n"
    assert is_complete(raw)
    assert shown(raw).body == "<title>ab<"
    assert shown(raw[:-9]).body.startswith("<title>")
    assert not is_complete(raw[:-5])


@pytest.mark.parametrize(
    ("raw", "complete"),
    [
        (b"", False),
        (b"HTTP/1.1 200 OK\r\n", False),
        (b"HTTP/1.1 200 OK\r\n\r\n", False),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nab", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"SSH-2.0-x", True),
        (b"HT", False),
    ],
)
def test_the_end_of_an_answer_is_known_from_its_head(raw: bytes, complete: bool) -> None:
    assert is_complete(raw) is complete


@pytest.mark.parametrize("raw", [b"", b"SSH-2.0-x", b"HTTP/9 x", b"\x16\x03\x01", b"HTTP/1.1 999 x"])
def test_what_is_no_answer_of_a_web_server_is_no_page(raw: bytes) -> None:
    assert read_page("/", raw) is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("<title>a</title>", "a"),
        ("<title lang=fr>\n a \n b </title>", "a b"),
        ("<titles>a</titles>", ""),
        ("<p>rien", ""),
        ("<title>[bold]&#27;[31m\u202ex&lt;b&gt;</title>", "[bold][31m x<b>"),
        ("<title>sans fin", "sans fin"),
        ("İ" * 50 + "<title>après</title>", "après"),
        ("<title>" + "a" * 5000, "a" * 79 + "…"),
    ],
)
def test_a_title_is_decoded_then_made_safe(text: str, title: str) -> None:
    assert title_of(text) == title


@pytest.mark.parametrize(
    ("page", "target"),
    [
        (Page("/", 302, (("location", "/ui/"),), "", ""), "/ui/"),
        (Page("/", 200, (("location", "/ui/"),), "", ""), ""),
        (Page("/", 200, (), "", '<meta http-equiv="refresh" content="0; url=/web">'), "/web"),
        (Page("/", 200, (), "", "<meta http-equiv=refresh content=0;URL='/a?b&amp;c'>"), "/a?b&c"),
        (Page("/", 200, (), "", 'top.location="/login?redir=%2F";'), "/login?redir=%2F"),
        (Page("/", 200, (), "", 'window.location.replace("/x")'), "/x"),
        (Page("/", 200, (), "", 'var allocation = "/x"'), ""),
        (Page("/", 200, (), "", "x" * 4000 + 'location="/x"'), ""),
    ],
)
def test_where_a_page_sends_its_visitor(page: Page, target: str) -> None:
    assert sent_on(page) == target


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/ui/", "/ui/"),
        ("login?a=b", "/dir/login?a=b"),
        ("https://192.0.2.1:8443/x", "/x"),
        ("//www.mairie.example:8443/x", "/x"),
        ("https://www.mairie.example:8443", "/"),
        ("http://192.0.2.1:8443/x", None),
        ("https://192.0.2.1/x", None),
        ("https://192.0.2.1:9443/x", None),
        ("https://198.51.100.9:8443/x", None),
        ("https://a@198.51.100.9:8443/x", None),
        ("https://[::1/x", None),
        ("javascript:alert(1)", None),
        ("/a b\r\nHost: x", None),
        ("/é", None),
        ("/" + "a" * 300, None),
    ],
)
def test_only_a_path_of_this_very_place_is_followed(target: str, path: str | None) -> None:
    page = Page("/dir/", 302, (), "", "")
    assert path_here(page, target, scheme="https", hosts=HERE) == path


def test_the_usual_port_may_be_written_or_not() -> None:
    page = Page("/", 302, (), "", "")
    hosts = frozenset({"192.0.2.1"})
    assert path_here(page, "http://192.0.2.1:80/x", scheme="http", hosts=hosts) == "/x"
    assert path_here(page, "https://192.0.2.1/x", scheme="http", hosts=hosts) is None


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reading_fail(raw: bytes) -> None:
    for head in (
        b"",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 302 x\r\nLocation: ",
        b"HTTP/1.0 200\r\nTransfer-Encoding: chunked\r\n\r\n",
    ):
        is_complete(head + raw)
        page = read_page("/", head + raw)
        if page:
            path_here(page, sent_on(page), scheme="https", hosts=HERE)
