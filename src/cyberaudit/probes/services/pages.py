"""The answer of a web server, from its bytes: status, headers, title, where it sends on. Pure."""

import html
import re
from urllib.parse import urljoin, urlsplit

from cyberaudit.plaintext import clean
from cyberaudit.probes.services.heard import Page

# Ours: appliances put two dozen headers at most.
MAX_HEADERS = 60
TITLE_CHARACTERS = 80
_PIECE = re.compile(rb"([0-9a-fA-F]{1,6})[^\n]{0,80}\n")
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(rb"HTTP/[0-9.]{1,4} +([1-5][0-9]{2})")
_PLAIN_PATH = re.compile(r"/[!-~]{0,200}")
# A page whose only content is to send elsewhere.
_SENDS_ON = re.compile(
    r"""<meta[^>]{0,80}http-equiv=.?refresh[^>]{0,80}url=['"]?([^"'> ]{1,200})"""
    r"""|\blocation(?:\.href|\.replace)?\s{0,3}[=(]\s{0,3}["']([^"'>]{1,200})["']""",
    re.IGNORECASE,
)
# Ours: a page longer than this has something of its own to show.
_FORWARDER_CHARACTERS = 3000
_TITLE = re.compile(r"<title(?:\s[^>]{0,200})?>", re.IGNORECASE)
_TITLE_END = re.compile(r"</title|<", re.IGNORECASE)
_WITHOUT_BODY = {204, 304}


def read_page(path: str, raw: bytes) -> Page | None:
    """The page that `raw` begins, possibly cut short; None when it is no answer of a web server."""
    status = _STATUS.match(raw)
    if status is None:
        return None
    head, body = _split(raw)
    lines = head.decode("latin-1").splitlines()[1 : MAX_HEADERS + 1]
    pairs = (line.partition(":") for line in lines if ":" in line)
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
    text = _dechunked(body) if _is_chunked(head) else body
    shown = text.decode("utf-8", "replace")
    return Page(path, int(status[1]), headers, title_of(shown), shown)


def is_complete(raw: bytes) -> bool:
    """The whole answer has come, and another one may follow on the same connection."""
    if _HEAD_END.search(raw) is None:
        return bool(raw) and not b"HTTP/".startswith(raw[:5])
    head, body = _split(raw)
    status = _STATUS.match(raw)
    if status and int(status[1]) in _WITHOUT_BODY:
        return True
    if _is_chunked(head):
        return body.endswith(b"0\r\n\r\n")
    length = re.search(rb"(?im)^content-length: *([0-9]{1,9}) *\r?$", head)
    return length is not None and len(body) >= int(length[1])


def title_of(text: str) -> str:
    """The `<title>`, entities decoded, then made safe; empty without one."""
    begin = _TITLE.search(text)
    if begin is None:
        return ""
    inner = text[begin.end() : begin.end() + 1000]
    end = _TITLE_END.search(inner)
    inner = inner[: end.start()] if end else inner
    return clean(html.unescape(inner), limit=TITLE_CHARACTERS)


def sent_on(page: Page) -> str:
    """Where the page sends its visitor, as it writes it; empty when it does not."""
    location = page.header("location")
    if 300 <= page.status < 400 and location:
        return location
    if len(page.body) <= _FORWARDER_CHARACTERS and (found := _SENDS_ON.search(page.body)):
        return html.unescape(found[1] or found[2])
    return ""


def path_here(page: Page, target: str, *, scheme: str, hosts: frozenset[str]) -> str | None:
    """`target`, as a path of this very place; None when it leads to another scheme, host or port.

    `hosts`: what this place is called, each with its port when it is not the usual one.
    """
    base = f"{scheme}://{min(hosts)}{page.path}"
    try:
        parts = urlsplit(urljoin(base, target))
    except ValueError:  # brackets that hold no address
        return None
    names = hosts | {f"{host}:{_default(scheme)}" for host in hosts}
    path = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    here = parts.scheme == scheme and parts.netloc.lower() in names
    return path if here and _PLAIN_PATH.fullmatch(path) else None


def _default(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _split(raw: bytes) -> tuple[bytes, bytes]:
    end = _HEAD_END.search(raw)
    return (raw[: end.start()], raw[end.end() :]) if end else (raw, b"")


def _is_chunked(head: bytes) -> bool:
    return re.search(rb"(?im)^transfer-encoding:[^\n]{0,80}chunked", head) is not None


def _dechunked(body: bytes) -> bytes:
    """What the pieces hold, as far as they make sense."""
    whole = bytearray()
    position = 0
    while size := _PIECE.match(body, position):
        length = int(size[1], 16)
        whole += body[size.end() : size.end() + length]
        position = size.end() + length + 2
        if not length:
            break
    return bytes(whole)
