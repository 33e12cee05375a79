"""What a finished handshake shows, and how one is held within its bounds."""

from collections.abc import Awaitable, Callable

from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.octets import Malformed
from cyberaudit.probes.tls.records import Broken, Channel


@frozen
class Ticket:
    """What the server gave to come back with."""

    seconds: int
    """Lifetime hint."""
    early_data: int
    """max_early_data_size, in bytes; 0: none is taken."""


@frozen
class Handshake:
    """One handshake, brought to its end or as far as the certificate."""

    version: str
    """`TLSv1.3`, `TLSv1.2`, …"""
    suite: int
    group: int
    """IANA code; 0: none was used, or the prime came with the exchange."""
    signature_scheme: int
    """IANA code; 0 before TLS 1.2, or when nothing was signed."""
    certificates: tuple[bytes, ...]
    """DER, as sent, the server's own first; empty: none was sent."""
    stapled: bool
    timestamps: int
    """Of Certificate Transparency, in the TLS extension."""
    alpn: str
    """Made safe; empty without one."""
    wants_certificate: bool
    proved: bool
    """The signature and the Finished check out: the server has the key of its certificate. False too when the
    signature is of a kind we cannot check."""
    tickets: tuple[Ticket, ...] | Unreachable
    """What came with the end of the handshake, or in a short wait after it; Unreachable when it could not be
    finished, or when nothing tells whether the server had finished."""
    renegotiated: bool | Unreachable
    """The answer to a renegotiation we began; not looked at in TLS 1.3, and when it was not asked for."""


async def held(
    opener: Opener, talk: Callable[[Channel], Awaitable[Handshake]], *, within: float
) -> Handshake | Alert | Unreachable:
    """What `talk` makes of a new conversation, `within` seconds of its opening; nothing the server sends raises."""
    conversation = await opener()
    if isinstance(conversation, Unreachable):
        return conversation
    with conversation:
        try:
            return await talk(Channel(conversation, seconds=within))
        except Broken as broken:
            return broken.cause
        except Malformed as error:
            return Unreachable(Reason.PROTOCOL_ERROR, str(error))


def refused(alert: Alert) -> Unreachable:
    """A refusal that came too late to be the answer: why the rest was not seen."""
    return Unreachable(Reason.TLS_FAILURE, f"alerte TLS {alert.code}")


def cause(broken: Broken) -> Unreachable:
    """Why the rest was not seen."""
    return refused(broken.cause) if isinstance(broken.cause, Alert) else broken.cause
