"""What a web server shows: the page of `/`, where it sends on, and a few well-known places when it is not told yet."""

from collections.abc import Awaitable, Callable

from cyberaudit.facts.services import Trait
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.services.door import Door, ask, hear
from cyberaudit.probes.services.encrypted import open_tls, speaks_tls
from cyberaudit.probes.services.greetings import understood
from cyberaudit.probes.services.heard import UNKNOWN, Heard, Page
from cyberaudit.probes.services.pages import is_complete, path_here, read_page, sent_on
from cyberaudit.probes.services.recognise import paths_to_try, seen_on_pages
from cyberaudit.probes.stream import Stream

# Ours: a dozen questions at most are a visit, more would be a search.
MORE_PAGES = 7
# Ours: a server that greets does it at once.
GREETING_SECONDS = 1.5
# Where mail is read and sent inside TLS, the server speaks first.
GREETING_INSIDE = frozenset({465, 990, 992, 993, 995, 5061})


class _Browser:
    """GETs at one door, over as few connections as the server allows."""

    def __init__(self, door: Door, *, scheme: str) -> None:
        self._door = door
        self.scheme = scheme
        self.subject: str | None = None
        """None until a handshake ended well."""
        self._stream: Stream | None = None

    async def get(self, path: str) -> Page | bytes | Unreachable:
        """The page; bytes when what came is no answer of a web server."""
        stream = self._stream or await self._open()
        if isinstance(stream, Unreachable):
            return stream
        raw = await ask(stream, self._request(path), is_complete)
        self._stream = stream if isinstance(raw, bytes) and _goes_on(raw) else None
        if self._stream is None:
            stream.close()
        return raw if isinstance(raw, Unreachable) else read_page(path, raw) or raw

    async def greeting(self) -> bytes | Unreachable:
        """What the server says first, on a connection of its own."""
        stream = await self._open()
        if isinstance(stream, Unreachable):
            return stream
        with stream:
            return await hear(stream, _one_line, within=GREETING_SECONDS)

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    async def _open(self) -> Stream | Unreachable:
        if self.scheme == "http":
            return await self._door.open()
        encrypted = await open_tls(self._door)
        if isinstance(encrypted, Unreachable):
            return encrypted
        self.subject = encrypted.subject
        return encrypted.stream

    def _request(self, path: str) -> bytes:
        # Uncompressed: nothing may grow in our memory.
        lines = (
            f"GET {path} HTTP/1.1",
            f"Host: {self._door.authority(self.scheme)}",
            f"User-Agent: {self._door.visitor.agent}",
            "Accept: text/html, */*",
            "Accept-Encoding: identity",
            "Connection: keep-alive",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


async def ask_http(door: Door) -> Heard | Unreachable:
    """What a server says to `GET /` in clear."""
    browser = _Browser(door, scheme="http")
    try:
        first = await browser.get("/")
        match first:
            case Page() if _wants_tls(first):
                return Heard(UNKNOWN, banner=clean(first.header("server"), limit=120))
            case Page():
                return await _tour(door, browser, first)
            case bytes():
                return understood(first, door.port)
            case _:
                return first
    finally:
        browser.close()


async def ask_tls(door: Door) -> Heard | Unreachable:
    """Who shows a certificate, and what speaks inside."""
    browser = _Browser(door, scheme="https")
    try:
        first = await (browser.greeting() if door.port in GREETING_INSIDE else browser.get("/"))
        if browser.subject is None:
            assert isinstance(first, Unreachable)
            return speaks_tls(first) or first
        return await _inside(door, browser, first)
    finally:
        browser.close()


async def _inside(door: Door, browser: _Browser, first: Page | bytes | Unreachable) -> Heard:
    subject, inside_tls = browser.subject or "", frozenset({Trait.TLS})
    match first:
        case Page():
            return await _tour(door, browser, first)
        case bytes():
            said = understood(first, door.port)
            return Heard(said.protocol, said.banner, subject, (), said.traits | inside_tls)
        case _:
            return Heard("tls", subject=subject, traits=inside_tls)


async def _tour(door: Door, browser: _Browser, first: Page) -> Heard:
    """`/`, the place of the same server where it sends, then well-known places until it is recognised."""
    pages, clues = [first], list[str]()
    target = sent_on(first)
    if target:
        here = path_here(first, target, scheme=browser.scheme, hosts=_names(door, scheme=browser.scheme))
        if here is None:
            clues.append(clean(f"renvoie vers {target}", limit=120))
        elif here != first.path and isinstance(page := await browser.get(here), Page):
            pages.append(page)
    await _well_known(browser.get, pages, subject=browser.subject or "")
    traits = {Trait.TLS} if browser.scheme == "https" else set[Trait]()
    return Heard(
        protocol=browser.scheme,
        banner=clean(next((page.header("server") for page in pages if page.header("server")), ""), limit=120),
        subject=browser.subject or "",
        pages=tuple(pages),
        traits=frozenset(traits),
        clues=tuple(clues),
    )


async def _well_known(
    get: Callable[[str], Awaitable[Page | bytes | Unreachable]], pages: list[Page], *, subject: str
) -> None:
    """Add the pages of places where known products answer, until one is recognised by its page."""
    for path in paths_to_try(tuple(pages), subject)[:MORE_PAGES]:
        if seen_on_pages(tuple(pages)):
            return
        page = await get(path)
        if not isinstance(page, Page):
            return
        pages.append(page)


def _names(door: Door, *, scheme: str) -> frozenset[str]:
    """What this place is called, by its name and by its address."""
    address = f"[{door.address}]" if door.address.version == 6 else str(door.address)
    usual = door.port == (443 if scheme == "https" else 80)
    by_address = address if usual else f"{address}:{door.port}"
    return frozenset({door.authority(scheme).lower(), by_address})


def _goes_on(raw: bytes) -> bool:
    """The whole answer was read, and the server does not say that it hangs up."""
    head = raw.partition(b"\r\n\r\n")[0].lower()
    return is_complete(raw) and head.startswith(b"http/1.1") and b"connection: close" not in head


def _one_line(heard: bytes) -> bool:
    return b"\n" in heard


def _wants_tls(page: Page) -> bool:
    return page.status == 400 and ("HTTPS" in page.body or "SSL" in page.body or "TLS" in page.body)
