"""One connection to a mail relay: lines in, bytes out, encrypted on request, over at a moment nothing puts off."""

import socket
import ssl
import time
from pathlib import Path

from cyberaudit.french import NBSP
from cyberaudit.plaintext import clean

# Ours: a first answer takes 50 ms at home, three lost packets take 7 s (RFC 6298 §2); then the next address.
CONNECT_SECONDS = 10.0
# Ours: a conversation that sends one mail reads about 1 KiB.
MOST_BYTES = 256 * 1024
PIECE_BYTES = 16 * 1024
"""One TLS record (RFC 8446 §5.1): the deadline is looked at before each."""

# OpenSSL, x509_vfy.h: why a certificate was not believed.
_NOT_YET, _EXPIRED, _OTHER_NAMES, _STRANGERS = 9, 10, (62, 64), (2, 18, 19, 20, 21)


class RelayTrouble(Exception):
    """The relay cannot be used, or not any more. Its text is a French clause, without capital or full stop."""


class Wire:
    """A connected socket with a deadline in seconds from now, for all that is said and heard.

    Every method but `close` raises `RelayTrouble` when the other side is late, leaves, or never ends a line.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._socket = connection
        self._until = time.monotonic() + seconds
        self._held = b""
        self._heard = 0

    @property
    def literal(self) -> str:
        """This machine as RFC 5321 §4.1.3 writes it when it has no name that means anything: `[192.0.2.7]`."""
        address = self._socket.getsockname()[0].partition("%")[0]
        return f"[IPv6:{address}]" if ":" in address else f"[{address}]"

    def hurry(self, seconds: float) -> None:
        """What is left to say may last that much at most."""
        self._until = min(self._until, time.monotonic() + seconds)

    def line(self) -> bytes:
        """The next line, its end included."""
        searched = 0
        while (end := self._held.find(b"\n", searched)) < 0:
            searched = len(self._held)
            self._held += self._received()
        line, self._held = self._held[: end + 1], self._held[end + 1 :]
        return line

    def send(self, data: bytes) -> None:
        """All of it, handed to the system."""
        try:
            for start in range(0, len(data), PIECE_BYTES):
                self._socket.settimeout(self._left())
                self._socket.sendall(data[start : start + PIECE_BYTES])
        except OSError as error:
            raise _lost(error) from error

    def encrypt(self, context: ssl.SSLContext, name: str) -> None:
        """Go on in TLS with the holder of a certificate for `name`; what came in clear before is forgotten."""
        # RFC 3207 §6: what somebody slipped in before the handshake must not be read after it.
        self._held = b""
        try:
            self._socket.settimeout(self._left())
            self._socket = context.wrap_socket(self._socket, server_hostname=name.rstrip("."))
        except ssl.SSLCertVerificationError as error:
            raise RelayTrouble(_disbelief(error.verify_code)) from error
        except ssl.SSLError as error:
            raise RelayTrouble("la conversation chiffrée avec le serveur d'envoi est impossible") from error
        except OSError as error:
            raise _lost(error) from error

    def close(self) -> None:
        self._socket.close()

    def _received(self) -> bytes:
        try:
            self._socket.settimeout(self._left())
            data = self._socket.recv(PIECE_BYTES)
        except OSError as error:
            raise _lost(error) from error
        self._heard += len(data)
        if not data:
            raise RelayTrouble("le serveur d'envoi a coupé la conversation")
        if self._heard > MOST_BYTES:
            raise RelayTrouble("le serveur d'envoi parle sans fin")
        return data

    def _left(self) -> float:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def connected(place: tuple[str, int], seconds: float, *, name: str) -> Wire:
    """A wire to the first address of a host that answers; the system resolves, as it does for any mail program.

    `name` is what people know it by.

    Raises:
        RelayTrouble: none does, or there is none.
    """
    until = time.monotonic() + seconds
    try:
        connection = socket.create_connection(place, timeout=min(CONNECT_SECONDS, seconds))
    except (OSError, UnicodeError) as error:
        raise RelayTrouble(_unreached(error, f"«{NBSP}{clean(name, limit=80)}{NBSP}»")) from error
    return Wire(connection, until - time.monotonic())


def trusting(ca_file: Path | None) -> ssl.SSLContext:
    """What believes the authorities of the file alone, else those of the system, from TLS 1.2 on.

    Raises:
        RelayTrouble: the file cannot be read, or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        name = clean(ca_file.name if ca_file else "", limit=80)
        raise RelayTrouble(f"le fichier d'autorités «{NBSP}{name}{NBSP}» ne se lit pas") from error
    # RFC 8996 §2: TLS 1.0 and 1.1 are over.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _disbelief(code: int) -> str:
    if code == _EXPIRED:
        return "le certificat du serveur d'envoi est expiré"
    if code == _NOT_YET:
        return "le certificat du serveur d'envoi n'est pas encore valable"
    if code in _OTHER_NAMES:
        return "le certificat du serveur d'envoi porte un autre nom que le sien"
    if code in _STRANGERS:
        return "le certificat du serveur d'envoi ne vient pas d'une autorité reconnue"
    return "le certificat du serveur d'envoi n'est pas valable"


def _lost(error: OSError) -> RelayTrouble:
    if isinstance(error, TimeoutError):
        return RelayTrouble("le serveur d'envoi n'a pas répondu à temps")
    return RelayTrouble("le serveur d'envoi a coupé la conversation")


def _unreached(error: OSError | UnicodeError, shown: str) -> str:
    match error:
        case socket.gaierror() | UnicodeError():
            return f"le nom du serveur d'envoi {shown} est introuvable"
        case ConnectionRefusedError():
            return f"le serveur d'envoi {shown} refuse la connexion"
        case TimeoutError():
            return f"le serveur d'envoi {shown} ne répond pas"
        case _:
            return f"le serveur d'envoi {shown} ne peut pas être joint"
