"""An HTTPS server on loopback that keeps what it was asked: for webhooks and signs of life."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cyberaudit.demo.authority import Issued


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(slots=True)
class Watchman:
    """What it answers is set before it is asked; then 200."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


@contextmanager
def watching(certificate: Issued) -> Iterator[Watchman]:
    watchman = Watchman()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", "0"))
            fields = {name.lower(): value for name, value in self.headers.items()}
            watchman.asked.append(Asked(self.command, self.path, fields, self.rfile.read(length)))
            status = watchman.answers.pop(0) if watchman.answers else 200
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{watchman.url}/ailleurs")
            self.end_headers()

        do_POST = do_GET  # noqa: N815 - the name http.server looks for

        def log_message(self, *_words: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.certificate, certificate.key)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        watchman.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield watchman
        finally:
            server.shutdown()
            thread.join()
