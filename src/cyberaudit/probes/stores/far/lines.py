"""Connections of the child process: asked of its parent, which alone opens any, and secured here."""

import json
import socket
import ssl
from typing import NamedTuple

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.network import inherited
from cyberaudit.probes.stores.far.budget import Budget
from cyberaudit.probes.stores.place import CannotTell
from cyberaudit.probes.stores.request import FarPlace

ONE_MORE = b"?"
HERE = b"+"
ANSWER_BYTES = 4096


class Line(NamedTuple):
    """One connection."""

    sock: socket.socket
    watched: socket.socket
    """What the budget holds of it."""


@frozen
class Lines:
    """The way to the parent, and what the look may cost."""

    control: socket.socket
    budget: Budget

    def connect(self) -> Line:
        """One more connection to the place, of which the parent knows where it is.

        Raises:
            CannotTell: there is none.
            OSError: the parent is gone.
        """
        self.control.settimeout(self.budget.step() + 1.0)
        self.control.sendall(ONE_MORE)
        answer, descriptors, _, _ = socket.recv_fds(self.control, ANSWER_BYTES, 1)
        if answer != HERE or not descriptors:
            cause = refused(answer)
            if cause.unreachable.reason is Reason.BUDGET_SPENT:
                self.budget.spent = self.budget.spent or "nombre de connexions prévu atteint"
            raise cause
        sock = inherited(descriptors[0])
        sock.settimeout(self.budget.step())
        # Questions are short, and go several at once: none waits for the receipt of the one before.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Line(sock, self.budget.watch(sock))

    def connect_secured(self, place: FarPlace) -> Line:
        """The same, with TLS unless the place is of those that have none: its certificate must be good.

        Raises:
            CannotTell: no connection, or a certificate that does not prove the name.
        """
        line = self.connect()
        if place.plain:
            return line
        try:
            return line._replace(sock=_secured(line.sock, place))
        except CannotTell:
            self.end(line)
            raise

    def end(self, line: Line) -> None:
        """Close a connection: its server may listen to the next one."""
        line.sock.close()
        self.budget.release(line.watched)


def refused(answer: bytes) -> CannotTell:
    """Why the parent opened nothing: `["reason", "detail"]`."""
    try:
        reason, detail = json.loads(answer)
        return CannotTell(Reason(reason), str(detail))
    except ValueError:
        return CannotTell(Reason.PROBE_CRASHED, "la connexion n'a pas été donnée")


def refusal(cause: Unreachable) -> bytes:
    """The answer that `refused` reads."""
    return json.dumps([cause.reason.value, cause.detail[:500]]).encode("ascii")


def _secured(sock: socket.socket, place: FarPlace) -> socket.socket:
    try:
        return tls_context(place.roots).wrap_socket(sock, server_hostname=place.host)
    except ssl.SSLCertVerificationError as trouble:
        raise CannotTell(Reason.TLS_FAILURE, f"certificat refusé : {clean(trouble.verify_message)}") from None
    except ssl.SSLError as trouble:
        raise CannotTell(Reason.TLS_FAILURE, clean(trouble.reason or "")) from None
    except (OSError, ValueError) as trouble:  # ValueError: a host that cannot be a name
        raise CannotTell(Reason.TLS_FAILURE, clean(str(trouble))) from None


def tls_context(roots: str) -> ssl.SSLContext:
    """A client that believes only these authorities (PEM), or the system's when there is none."""
    # Bundles have comments in every language, and `ssl` takes text in ASCII alone.
    text = roots.encode("ascii", "ignore").decode("ascii").strip()
    if roots and not text:
        raise _no_authority()
    try:
        context = ssl.create_default_context(cadata=text or None)
    except ssl.SSLError:
        raise _no_authority() from None
    # ANSSI TLS v1.2, R5: nothing under TLS 1.2.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _no_authority() -> CannotTell:
    return CannotTell(Reason.TLS_FAILURE, "aucune autorité lisible parmi celles données")
