"""A file, or a folder with its index, on a web server: nginx, Apache, lighttpd, Python; read by ranges."""

import errno
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import field
from html.parser import HTMLParser
from urllib.parse import quote, unquote, urljoin, urlsplit

from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.far.blocks import Blocks
from cyberaudit.probes.stores.far.http_session import Answer, HttpSession, read_range
from cyberaudit.probes.stores.far.not_told import http_date, safeguards_of
from cyberaudit.probes.stores.tree import Entry, Kind, OpenFile, Parts, Safeguards

# Ours: an index of ten thousand files has 2 MiB.
INDEX_BYTES = 8 * 1024 * 1024
# Ours: each file of an HTML index costs a question, for its size and date.
MOST_FILES = 500
MOST_LINKS = 20_000
# Ours: a page made for the question is dated of the question, whatever it shows.
MADE_SECONDS = 1.0
# NAME_MAX of Linux file systems, encoded.
NAME_BYTES = 255
# Of nginx, Apache and lighttpd; of http.server.
_TITLE = re.compile(r"\s*(index of|directory listing for)\b", re.IGNORECASE)
_CONTENT_RANGE = re.compile(r"bytes (?:\d{1,18}-\d{1,18}|\*)/(\d{1,18})", re.IGNORECASE)


@frozen
class _Seen:
    entry: Entry
    tag: str
    """ETag of the version that was seen; may be empty."""


@frozen
class WebTree:
    """The tree below one URL; a URL that does not end by « / » is a single file."""

    session: HttpSession
    base: str
    """Path of the URL, percent-encoded, with its query."""
    far: bool = True
    _seen: dict[Parts, _Seen] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return _last_name(self.base) if self._is_folder else ""

    @property
    def _is_folder(self) -> bool:
        return self.base.partition("?")[0].endswith("/")

    def entries(self, parts: Parts) -> Iterator[Entry]:
        if not self._is_folder:
            if parts:
                raise FileNotFoundError(errno.ENOENT, "une adresse de fichier n'a pas de dossiers")
            yield self.status((_last_name(self.base),))
            return
        with self.session.ask("GET", self._target(parts) + ("/" if parts else "")) as answer:
            kind, body = answer.headers.get("content-type", ""), answer.whole(most=INDEX_BYTES)
        if "json" in kind:
            yield from self._of_json(parts, body)
        else:
            yield from self._of_html(parts, body)

    def status(self, parts: Parts) -> Entry:
        if not parts:
            return Entry(self.name, Kind.FOLDER, 0, None)
        known = self._seen.get(parts)
        return known.entry if known else self._looked(parts).entry

    @contextmanager
    def opened(self, parts: Parts) -> Iterator[OpenFile]:
        seen = self._looked(parts)
        if seen.entry.kind is not Kind.FILE:
            raise IsADirectoryError(errno.EISDIR, "ce n'est pas un fichier")

        def fetch(offset: int, count: int) -> bytes:
            wanted = {"Range": f"bytes={offset}-{offset + count - 1}"}
            with self.session.ask("GET", self._target(parts), wanted) as answer:
                _refuse_another_version(answer, seen)
                return read_range(answer, offset, count, size=seen.entry.size)

        yield OpenFile(seen.entry, Blocks(seen.entry.size, fetch).read_at)

    def safeguards(self, newest: Sequence[Parts]) -> Safeguards:  # noqa: ARG002 — the protocol's signature
        return safeguards_of("https", "lecture par HTTP : ni droits ni verrou ne se voient")

    def _target(self, parts: Parts) -> str:
        if not self._is_folder:
            return self.base
        path, mark, query = self.base.partition("?")
        return (
            path + "/".join(quote(part, safe="", errors="surrogateescape") for part in parts) + mark + query
        )

    def _looked(self, parts: Parts) -> _Seen:
        """One file, asked for by HEAD; by its first byte where HEAD is not served."""
        if not self._is_folder and parts != (_last_name(self.base),):
            raise FileNotFoundError(errno.ENOENT, "une adresse de fichier n'a que lui")
        seen = self._seen.get(parts)
        if seen is None or seen.tag == _OF_AN_INDEX:
            seen = self._seen[parts] = self._asked(parts)
        return seen

    def _asked(self, parts: Parts) -> _Seen:
        target = self._target(parts)
        try:
            with self.session.ask("HEAD", target) as answer:
                return _seen(parts[-1], answer, answer.length)
        except FileNotFoundError:
            raise
        except OSError:
            with self.session.ask("GET", target, {"Range": "bytes=0-0"}) as answer:
                return _seen(parts[-1], answer, _size(answer))

    def _of_json(self, parts: Parts, body: bytes) -> Iterator[Entry]:
        """As `autoindex_format json` of nginx writes it."""
        try:
            listed = json.loads(body.decode("utf-8", "surrogateescape"))
        except (ValueError, RecursionError):
            listed = None
        if not isinstance(listed, list):
            raise OSError(errno.EPROTO, "la réponse n'est pas une liste de fichiers reconnue")
        for each in listed[:MOST_LINKS]:
            entry = _entry_of_json(each)
            if entry is not None:
                if entry.kind is Kind.FILE:
                    self._seen[*parts, entry.name] = _Seen(entry, _OF_AN_INDEX)
                yield entry

    def _listed(self, parts: Parts) -> Entry:
        """A file of an index; one that is refused alone is left out, and does not hide the others."""
        try:
            return self.status(parts)
        except OSError as trouble:
            if trouble.errno not in (errno.EACCES, errno.ENOENT, errno.EPROTO):
                raise
            return Entry(parts[-1], Kind.OTHER, 0, None)

    def _of_html(self, parts: Parts, body: bytes) -> Iterator[Entry]:
        page = _Page()
        page.feed(body.decode("utf-8", "replace"))
        if not _TITLE.match(page.title):
            raise OSError(
                errno.EPROTO, "la page n'est pas une liste de fichiers reconnue (nginx, Apache, lighttpd)"
            )
        here = urlsplit(self._target(parts) + ("/" if parts else "")).path
        names = tuple(dict.fromkeys(filter(None, (_name_below(here, link) for link in page.links))))
        if len(names) > MOST_FILES:
            raise OSError(errno.EFBIG, f"plus de {MOST_FILES} fichiers : chacun coûterait une question")
        for name in names:
            if name.endswith("/"):
                yield Entry(name[:-1], Kind.FOLDER, 0, None)
            else:
                yield self._listed((*parts, name))


_OF_AN_INDEX = "*"
"""In place of a tag: the index told of the file, which was not asked for itself."""


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.title = ""
        self.links: list[str] = []
        self._in_title = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_title = tag == "title"
        link = dict(attrs).get("href")
        if tag == "a" and link and len(self.links) < MOST_LINKS:
            self.links.append(link)

    def handle_endtag(self, tag: str) -> None:
        self._in_title = self._in_title and tag != "title"

    def handle_data(self, data: str) -> None:
        if self._in_title and len(self.title) < NAME_BYTES:
            self.title += data


def _name_below(here: str, link: str) -> str | None:
    """The name, with « / » when it is a folder, that a link of an index gives; None: it leads elsewhere."""
    try:
        there = urlsplit(urljoin("//x" + here, link))
    except ValueError:
        return None
    if there.netloc != "x" or there.scheme or there.query or there.fragment:
        return None
    if not there.path.startswith(here):
        return None
    step, slash, below = there.path[len(here) :].partition("/")
    name = unquote(step, errors="surrogateescape")
    return name + slash if not below and is_plain_name(name) else None


def is_plain_name(name: str) -> bool:
    """A name that a file system could hold."""
    size = len(name.encode("utf-8", "surrogatepass"))
    return name not in ("", ".", "..") and "/" not in name and "\0" not in name and size <= NAME_BYTES


def _entry_of_json(each: object) -> Entry | None:
    if not isinstance(each, dict) or not isinstance(name := each.get("name"), str) or not is_plain_name(name):
        return None
    written = http_date(str(each.get("mtime", "")))
    if each.get("type") == "directory":
        return Entry(name, Kind.FOLDER, 0, written)
    size = each.get("size")
    if each.get("type") != "file" or not isinstance(size, int) or size < 0:
        return Entry(name, Kind.OTHER, 0, written)
    return Entry(name, Kind.FILE, size, written)


def _seen(name: str, answer: Answer, size: int | None) -> _Seen:
    if size is None:
        raise OSError(errno.EPROTO, "le serveur ne dit pas la taille du fichier")
    if "text/html" in answer.headers.get("content-type", "") and not name.lower().endswith((".html", ".htm")):
        raise OSError(errno.EPROTO, "le serveur donne une page au lieu du fichier")
    written = http_date(answer.headers.get("last-modified", ""))
    asked = http_date(answer.headers.get("date", ""))
    if written is not None and asked is not None and written >= asked - MADE_SECONDS:
        written = None
    return _Seen(Entry(name, Kind.FILE, size, written), answer.headers.get("etag", ""))


def _size(answer: Answer) -> int | None:
    """Of the whole file, from the answer to a question for its first byte."""
    if answer.status != 206:
        return answer.length
    told = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
    return int(told[1]) if told else None


def _refuse_another_version(answer: Answer, seen: _Seen) -> None:
    tag, written = answer.headers.get("etag", ""), http_date(answer.headers.get("last-modified", ""))
    if (tag and seen.tag and tag != seen.tag) or (
        seen.entry.written and written and written != seen.entry.written
    ):
        raise OSError(errno.ESTALE, "le fichier a changé pendant la lecture")


def _last_name(base: str) -> str:
    name = unquote(base.partition("?")[0].rstrip("/").rpartition("/")[2], errors="surrogateescape")
    return name if is_plain_name(name) else ""
