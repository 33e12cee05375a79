"""One HTTPS request to an address that this machine's owner wrote down: bounded, verified, never redirected."""

import socket
import ssl
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from threading import Event, Timer
from urllib.parse import urlsplit

from cyberaudit.frozen import frozen
from cyberaudit.refusals import system_clause

# Ours: what is told here is short, and a weekly control must end.
SECONDS = 20.0
HTTPS = 443


@frozen
class NotReached:
    """Nobody answered, or not in HTTP, or not whom we trust."""

    clause: str
    """« il ne répond pas », without capital or full stop."""


@frozen
class Call:
    """What is asked."""

    url: str
    """https"""
    method: str = "GET"
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    ca_bundle: Path | None = None
    """PEM; None: the authorities of the system."""


def call(wanted: Call, *, seconds: float = SECONDS) -> int | NotReached:
    """The status of the answer; its body is not read. All together lasts `seconds` at most."""
    late = Event()
    try:
        with _connected(wanted, seconds) as line:
            guard = Timer(seconds, _hang_up, (line, late))
            guard.start()
            try:
                return _asked(wanted, line)
            finally:
                guard.cancel()
    except (OSError, HTTPException, ValueError) as error:
        return NotReached("il ne répond pas à temps" if late.is_set() else _clause(error))


def _connected(wanted: Call, seconds: float) -> ssl.SSLSocket:
    host, port = _where(wanted.url)
    context = ssl.create_default_context(cafile=str(wanted.ca_bundle) if wanted.ca_bundle else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    raw = socket.create_connection((host, port), timeout=seconds)
    return context.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)


def _where(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or HTTPS


def _asked(wanted: Call, line: ssl.SSLSocket) -> int:
    line.do_handshake()
    parts = urlsplit(wanted.url)
    connection = HTTPConnection(*_where(wanted.url))
    connection.sock = line
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    fields = {"User-Agent": "cyberaudit", "Connection": "close", **dict(wanted.headers)}
    if parts.port in (None, HTTPS):
        fields["Host"] = parts.netloc
    connection.request(wanted.method, target, body=wanted.body or None, headers=fields)
    with connection.getresponse() as answer:
        return answer.status


def _hang_up(line: ssl.SSLSocket, late: Event) -> None:
    """The plain socket's end, so that the other thread, which is reading, learns of it."""
    late.set()
    with suppress(OSError):
        socket.socket.shutdown(line, socket.SHUT_RDWR)


def _clause(error: Exception) -> str:
    match error:
        case ssl.SSLCertVerificationError():
            return "son certificat n'est pas reconnu"
        case ssl.SSLError():
            return "il ne parle pas en HTTPS"
        case TimeoutError():
            return "il ne répond pas à temps"
        case ConnectionRefusedError():
            return "il refuse la connexion"
        case socket.gaierror():
            return "son nom n'est pas connu"
        case OSError() if error.errno is not None:
            return system_clause(error)
        case _:
            return "sa réponse n'est pas comprise"
