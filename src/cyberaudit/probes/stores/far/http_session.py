"""HTTP with one server, on one connection kept open: every answer bounded, whole, and never taken from elsewhere."""

import base64
import errno
import http.client
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import quote, urljoin, urlsplit

from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.far.lines import Line, Lines
from cyberaudit.probes.stores.place import CannotTell
from cyberaudit.probes.stores.request import FarPlace

CHUNK_BYTES = 64 * 1024
# Ours: « / » added, one way of writing the name, one more.
MOST_REDIRECTS = 3
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.IGNORECASE)
# RFC 3986 §2.2, and « % » of what is encoded already.
_AS_IT_IS = "%/?:@!$&'()*+,;=-._~[]"
_DIGITS = re.compile(r"\d{1,18}")
Headers = Mapping[str, str]


class Body(Protocol):
    """The bytes of an answer, as http.client reads them."""

    def read(self, amount: int, /) -> bytes: ...


@frozen
class Answer:
    """What one server said to one question."""

    status: int
    headers: dict[str, str]
    """Names in lower case."""
    chunks: Iterator[bytes]
    """Its body, whole; raises OSError when it breaks off before its announced end."""

    @property
    def is_chunked(self) -> bool:
        return self.headers.get("transfer-encoding", "").lower() == "chunked"

    @property
    def length(self) -> int | None:
        """Bytes of the body, as announced; None: not told, or told of each part (RFC 9112 §6.3)."""
        if self.is_chunked:
            return None
        text = self.headers.get("content-length", "")
        return int(text) if _DIGITS.fullmatch(text) else None

    def whole(self, *, most: int) -> bytes:
        """The body.

        Raises:
            OSError: longer than `most`, or broken off.
        """
        body = bytearray()
        for chunk in self.chunks:
            body += chunk
            if len(body) > most:
                raise OSError(errno.EFBIG, "réponse trop longue")
        return bytes(body)


class _Connection(http.client.HTTPConnection):
    """Its socket is always one that the parent opened."""

    def __init__(self, place: FarPlace, lines: Lines) -> None:
        super().__init__(place.host, place.port)
        self._place, self._lines = place, lines
        self._line: Line | None = None

    def connect(self) -> None:
        self._release()
        self._line = self._lines.connect_secured(self._place)
        self.sock = self._line.sock

    def end(self) -> None:
        """Not `close`, which http.client calls before it reads an answer that ends with its connection."""
        self.close()
        self._release()

    def _release(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            self._lines.end(line)


def _unexplained(_: bytes) -> str:
    """Most servers say no more than their status."""
    return ""


class HttpSession:
    """Questions without effect (GET, HEAD) to one server."""

    def __init__(
        self,
        place: FarPlace,
        lines: Lines,
        *,
        sign: Callable[[str, str], Headers] | None = None,
        explain: Callable[[bytes], str] = _unexplained,
    ) -> None:
        """`sign`: (method, target) → headers that prove who asks; else the account of the place, when it has one.
        `explain`: the body of a refusal → why, in French; empty when it does not say.

        Raises:
            CannotTell: no connection, or one that cannot be trusted.
        """
        self._place, self._lines = place, lines
        self._sign = sign or (lambda _method, _target: basic(place))
        self._explain = explain
        self._connection = _Connection(place, lines)
        self._connection.connect()

    def close(self) -> None:
        self._connection.end()

    @contextmanager
    def ask(self, method: str, target: str, headers: Headers | None = None) -> Iterator[Answer]:
        """The answer to one question; redirections that leave this server are not followed.

        Raises:
            OSError: no answer, or one that is no success (`FileNotFoundError` for 404, `PermissionError` for 401, 403).
        """
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._asked(method, target, headers or {})
            try:
                if answer.status not in (301, 302, 307, 308) or "location" not in answer.headers:
                    raise_unless_good(answer, self._explain)
                    yield answer
                    return
                target = self._further(target, answer)
            finally:
                self._rest(answer, method)
        raise OSError(errno.ELOOP, "trop de renvois")

    def _asked(self, method: str, target: str, headers: Headers) -> Answer:
        """A connection that the server closed meanwhile is replaced once."""
        for kept in (self._connection.sock is not None, False):
            try:
                return self._send(method, target, headers)
            except (http.client.BadStatusLine, ConnectionError, ssl.SSLEOFError):
                self.close()
                if not kept:
                    break
            except OSError:
                self.close()
                raise
        raise OSError(errno.ECONNRESET, "connexion coupée par le serveur")

    def _send(self, method: str, target: str, headers: Headers) -> Answer:
        connection, budget = self._connection, self._lines.budget
        try:
            if connection.sock is not None:
                connection.sock.settimeout(budget.step())
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            # RFC 9110 §12.5.3: what is asked for by ranges must not be compressed on the way.
            fixed = {"Host": host_header(self._place), "Accept-Encoding": "identity"}
            for name, value in {**fixed, **self._sign(method, target), **headers}.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            if method == "HEAD":
                answer.read()
        except CannotTell as refusal:
            raise OSError(errno.ECONNREFUSED, str(refusal.unreachable)) from None
        except (http.client.BadStatusLine, ConnectionError, ssl.SSLEOFError):
            raise
        except ValueError:
            # http.client: a tag, an account or a redirection with characters that no header may hold.
            self.close()
            raise OSError(errno.EPROTO, "caractères impossibles dans une question HTTP") from None
        except http.client.HTTPException as trouble:
            self.close()
            raise OSError(errno.EPROTO, f"réponse HTTP incompréhensible ({type(trouble).__name__})") from None
        said = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, said, self._chunks(answer, said, method))

    def _chunks(self, body: Body, said: Headers, method: str) -> Iterator[bytes]:
        if method == "HEAD":
            return
        announced = Answer(0, dict(said), iter(()))
        length = announced.length
        if length is None and not announced.is_chunked:
            raise OSError(errno.EPROTO, "réponse sans longueur : sa fin ne se vérifierait pas")
        if said.get("content-encoding", "identity").lower() != "identity":
            raise OSError(errno.EPROTO, "réponse compressée sans qu'on l'ait demandé")
        received = 0
        while chunk := self._read(body):
            received += len(chunk)
            yield chunk
        if length is not None and received != length:
            raise OSError(errno.EPIPE, "réponse interrompue avant sa fin")

    def _read(self, body: Body) -> bytes:
        if self._connection.sock is not None:
            self._connection.sock.settimeout(self._lines.budget.step())
        try:
            chunk = body.read(CHUNK_BYTES)
        except http.client.HTTPException:
            raise OSError(errno.EPIPE, "réponse interrompue avant sa fin") from None
        self._lines.budget.spend(len(chunk))
        return chunk

    def _further(self, target: str, answer: Answer) -> str:
        scheme = "http" if self._place.plain else "https"
        here = f"{scheme}://{host_header(self._place)}"
        try:
            there = urlsplit(urljoin(here + target, answer.headers.get("location", "")))
            same = (there.scheme, (there.hostname or "").lower(), there.port or self._usual_port) == (
                scheme,
                self._place.host,
                self._place.port,
            )
        except ValueError:
            same, there = False, urlsplit("")
        if not same:
            raise PermissionError(errno.EACCES, "renvoi vers un autre serveur : il n'est pas suivi")
        return as_sent(f"{there.path or '/'}?{there.query}" if there.query else there.path or "/")

    @property
    def _usual_port(self) -> int:
        return 80 if self._place.plain else 443

    def _rest(self, answer: Answer, method: str) -> None:
        """Make the connection ready for the next question: what is short is read, what is long is cut."""
        if method == "HEAD":
            return
        length = answer.length
        if length is None or length > CHUNK_BYTES:
            try:
                done = next(answer.chunks, None) is None
            except (OSError, ValueError):
                done = False
            if not done:
                self.close()
            return
        try:
            for _ in answer.chunks:
                pass
        except OSError:
            self.close()


def as_sent(target: str) -> str:
    """A path and its query as they may stand in a question: what is no ASCII is percent-encoded (RFC 3986)."""
    return quote(target, safe=_AS_IT_IS, errors="surrogateescape")


def host_header(place: FarPlace) -> str:
    """RFC 9110 §7.2: the host, its port unless it is the usual one."""
    host = f"[{place.host}]" if ":" in place.host else place.host
    return host if place.port == (80 if place.plain else 443) else f"{host}:{place.port}"


def basic(place: FarPlace) -> Headers:
    """RFC 7617."""
    if not place.access.user:
        return {}
    pair = f"{place.access.user}:{place.access.secret}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}


def raise_unless_good(answer: Answer, explain: Callable[[bytes], str] = _unexplained) -> None:
    """OSError of the kind that the status says.

    Raises:
        OSError: always, but for 200, 204 and 206.
    """
    status = answer.status
    if status in (200, 204, 206):
        return
    why = _why(answer, explain)
    said = f"le serveur répond {status}" + (f" : {why}" if why else "")
    if status in (404, 410):
        raise FileNotFoundError(errno.ENOENT, said)
    if status in (401, 403, 407):
        raise PermissionError(errno.EACCES, said)
    raise OSError(errno.EPROTO, said)


def _why(answer: Answer, explain: Callable[[bytes], str]) -> str:
    try:
        return explain(answer.whole(most=CHUNK_BYTES))
    except OSError:
        return ""


def read_range(answer: Answer, offset: int, count: int, *, size: int) -> bytes:
    """The `count` bytes from `offset` of a file of `size` bytes, from an answer to a question for them.

    A server that ignores ranges sends the file from its beginning: what comes before is thrown away.

    Raises:
        OSError: it is another part, or another file than the one that was listed.
    """
    skipped = 0 if answer.status == 206 else offset
    if answer.status == 206:
        told = _CONTENT_RANGE.fullmatch(answer.headers.get("content-range", ""))
        if told is None or (int(told[1]), int(told[3])) != (offset, size):
            raise OSError(errno.ESTALE, "le serveur donne une autre partie que celle demandée")
    elif answer.length is not None and answer.length != size:
        raise OSError(errno.ESTALE, "le fichier a changé pendant la lecture")
    return _taken(answer.chunks, skipped, count)


def _taken(chunks: Iterator[bytes], skipped: int, count: int) -> bytes:
    taken = bytearray()
    for chunk in chunks:
        before = min(skipped, len(chunk))
        skipped -= before
        taken += chunk[before : before + count - len(taken)]
        if len(taken) >= count:
            return bytes(taken)
    raise OSError(errno.EPIPE, "réponse interrompue avant sa fin")


def told(trouble: OSError) -> str:
    """The French detail of an error of these modules."""
    return clean(trouble.strerror or str(trouble), limit=200)


def unreachable_of(trouble: OSError, of: Callable[[OSError], Unreachable]) -> Unreachable:
    """The reason as `of` reads its number, with its French detail."""
    return Unreachable(of(trouble).reason, told(trouble))
