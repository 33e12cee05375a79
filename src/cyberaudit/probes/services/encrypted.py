"""A TLS handshake at a door, for what its certificate says and for what speaks inside."""

import warnings
from contextlib import ExitStack

from cyberaudit.facts.services import Trait
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.services.door import HANDSHAKE_SECONDS, Door
from cyberaudit.probes.services.heard import Heard
from cyberaudit.probes.stream import Stream

SUBJECT_CHARACTERS = 120
# OpenSSL's words for a server that speaks TLS, and not with us.
_REFUSALS = ("ALERT", "UNSUPPORTED_PROTOCOL", "WRONG_SSL_VERSION", "DH_KEY_TOO_SMALL")


@frozen
class Encrypted:
    """A connection whose handshake ended well."""

    stream: Stream
    subject: str
    """Of the server's certificate, made safe; empty when it shows none that can be read."""


async def open_tls(door: Door) -> Encrypted | Unreachable:
    """A new connection, inside TLS; the caller closes its stream."""
    stream = await door.open()
    if isinstance(stream, Unreachable):
        return stream
    with ExitStack() as held:
        # Who asked may have gone meanwhile: the connection goes with them.
        held.enter_context(stream)
        subject = await start_tls(door, stream)
        if isinstance(subject, Unreachable):
            return subject
        held.pop_all()
    return Encrypted(stream, subject)


async def start_tls(door: Door, stream: Stream) -> str | Unreachable:
    """The subject of the certificate, once the handshake on `stream` ended well."""
    from cyberaudit.probes.tls.hello import sni
    from cyberaudit.probes.tls_client import lenient_context

    failure = await stream.start_tls(
        lenient_context(), server_name=sni(door.hostname), within=HANDSHAKE_SECONDS
    )
    return failure or _subject(stream)


def speaks_tls(trouble: Unreachable) -> Heard | None:
    """A handshake that failed on terms, not on words: TLS is spoken there."""
    refused = trouble.reason is Reason.TLS_FAILURE and any(word in trouble.detail for word in _REFUSALS)
    return (
        Heard("tls", clues=(clean(trouble.detail, limit=80),), traits=frozenset({Trait.TLS}))
        if refused
        else None
    )


def _subject(stream: Stream) -> str:
    from cyberaudit.probes.certificates import parse
    from cyberaudit.probes.tls_client import sent_chain

    assert stream.tls is not None
    own = next(iter(sent_chain(stream.tls)), b"")
    certificate = parse(own)
    if isinstance(certificate, Unreachable):
        return ""
    with warnings.catch_warnings():
        # Names that break the rules of RFC 5280 are what appliances have.
        warnings.simplefilter("ignore")
        try:
            return clean(certificate.subject.rfc4514_string(), limit=SUBJECT_CHARACTERS)
        except ValueError:
            return ""
