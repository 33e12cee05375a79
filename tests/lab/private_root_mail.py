"""Mail servers of every humour; a program: `python -m tests.lab.private_root_mail PLAN`. None takes a message.

PLAN is a file: JSON, a list of `[address, port, humour, name, PEM file]`. A thread a conversation: the library's
asynchronous servers reset the connection where a real server says by an alert that it refuses a version.
"""

import json
import selectors
import socket
import ssl
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.mail_truths import Mail

# Above what postscreen waits, below what RFC 5321 has a client wait.
SLOW_SECONDS = 7.0
IDLE_SECONDS = 30.0
MOST_COMMANDS = 100
LINE_BYTES = 4096
IMAP = "imap"


class Client:
    """One connection, read line by line."""

    def __init__(self, sock: socket.socket) -> None:
        sock.settimeout(IDLE_SECONDS)
        self._sock = sock
        self._lines = sock.makefile("rb")

    @property
    def encrypted(self) -> bool:
        return isinstance(self._sock, ssl.SSLSocket)

    def line(self) -> str:
        """Raises EOFError when the client left."""
        line = self._lines.readline(LINE_BYTES)
        if not line:
            raise EOFError
        return line.decode("ascii", "replace").strip()

    def say(self, *lines: str) -> None:
        self._sock.sendall("".join(f"{line}\r\n" for line in lines).encode("ascii", "replace"))

    def encrypt(self, context: ssl.SSLContext) -> None:
        """Raises OSError when no agreement is found; the client has been told."""
        self._lines.close()
        self._sock = context.wrap_socket(self._sock, server_side=True)
        self._lines = self._sock.makefile("rb")

    def close(self) -> None:
        with suppress(OSError):
            self._lines.close()
            self._sock.close()


@dataclass(frozen=True, slots=True)
class Server:
    """One place that somebody may connect to."""

    humour: str
    name: str
    tls: ssl.SSLContext

    def talk(self, sock: socket.socket) -> None:
        client = Client(sock)
        with suppress(OSError, EOFError, ValueError):
            (self._imap if self.humour == IMAP else self._smtp)(client)
        client.close()

    def _smtp(self, client: Client) -> None:
        match self.humour:
            case Mail.BUSY:
                client.say(f"421 4.7.0 {self.name} trop de connexions")
                return
            case Mail.SLOW:
                time.sleep(SLOW_SECONDS)
        client.say(f"220 {self.name} ESMTP")
        for _ in range(MOST_COMMANDS):
            verb, _, rest = client.line().partition(" ")
            verb = verb.upper()
            if verb == "STARTTLS" and self._offers_tls(client):
                client.say("220 2.0.0 Ready")
                if self.humour == Mail.BROKEN_STARTTLS:
                    client.line()
                    client.say("500 5.5.1 ?")
                    return
                client.encrypt(self.tls)
                continue
            client.say(*self._replies(verb, rest, client))
            if verb == "QUIT":
                return

    def _offers_tls(self, client: Client) -> bool:
        return self.humour != Mail.NO_STARTTLS and not client.encrypted

    def _replies(self, verb: str, rest: str, client: Client) -> tuple[str, ...]:
        match verb:
            case "EHLO":
                return self._greeting(client)
            case "RCPT":
                return (self._recipient(),)
            case "VRFY" | "EXPN":
                return (self._verified(rest),)
            case "HELO" | "MAIL" | "RSET" | "NOOP":
                return ("250 2.0.0 OK",)
            case "QUIT":
                return ("221 2.0.0 Bye",)
            case _:
                return ("502 5.5.1 ?",)

    def _greeting(self, client: Client) -> tuple[str, ...]:
        words = ["STARTTLS"] if self._offers_tls(client) else []
        if self.humour == Mail.AUTH_IN_CLEAR:
            words.append("AUTH PLAIN LOGIN")
        return (f"250-{self.name}", *(f"250-{word}" for word in words), "250 8BITMIME")

    def _recipient(self) -> str:
        match self.humour:
            case Mail.OPEN_RELAY:
                return "250 2.1.5 OK"
            case Mail.GREYLISTING:
                return "450 4.2.0 Revenez dans 300 secondes"
            case _:
                return "554 5.7.1 Relay access denied"

    def _verified(self, rest: str) -> str:
        if self.humour != Mail.VRFY:
            return "252 2.0.0 Cannot VRFY user"
        known = "postmaster" in rest.lower()
        return f"250 2.1.5 <postmaster@{self.name}>" if known else "550 5.1.1 User unknown"

    def _imap(self, client: Client) -> None:
        """Takes passwords in clear."""
        client.say(f"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] {self.name}")
        for _ in range(MOST_COMMANDS):
            tag, _, command = client.line().partition(" ")
            if command.upper().startswith("CAPABILITY"):
                client.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN AUTH=LOGIN")
            client.say(f"{tag} OK")


def context(humour: str, pem: str) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # Old versions and short keys are asked for on purpose.
    made.set_ciphers("ALL:@SECLEVEL=0")
    made.load_cert_chain(pem)
    made.minimum_version = {
        Mail.ONLY_TLS10.value: ssl.TLSVersion.TLSv1,
        Mail.TLS10_TOO.value: ssl.TLSVersion.TLSv1,
        Mail.ONLY_TLS13.value: ssl.TLSVersion.TLSv1_3,
    }.get(humour, ssl.TLSVersion.TLSv1_2)
    if humour == Mail.ONLY_TLS10:
        made.maximum_version = ssl.TLSVersion.TLSv1
    return made


def serve(plan: list[list[Any]]) -> None:
    waiting = selectors.DefaultSelector()
    for address, port, humour, name, pem in plan:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listening = socket.create_server((address, port), family=family, backlog=128)
        waiting.register(listening, selectors.EVENT_READ, Server(humour, name, context(humour, pem)))
    while True:
        for key, _ in waiting.select():
            assert isinstance(key.fileobj, socket.socket)
            sock, _ = key.fileobj.accept()
            threading.Thread(target=key.data.talk, args=(sock,), daemon=True).start()


if __name__ == "__main__":
    serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
