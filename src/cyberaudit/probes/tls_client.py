"""How we present ourselves as a TLS client, and what a handshake shows."""

import ssl
from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address
from typing import Any

from cryptography.x509 import Certificate

from cyberaudit.facts.certificate import ChainFault, TlsSession
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes import certificate_extensions as extensions
from cyberaudit.probes.certificate_chain import chain_faults
from cyberaudit.probes.certificates import MAX_SENT, TrustStore, quietly, read_chain

# OpenSSL, ssl.h: SSL_OP_LEGACY_SERVER_CONNECT, absent from the module before Python 3.12. Servers without
# RFC 5746 must be seen too.
_LEGACY_SERVER_CONNECT = 0x4
_TIMESTAMPS_UNSEEN = Unreachable(Reason.NOT_LOOKED, "la bibliothèque TLS d'ici ne les montre pas")


def lenient_context() -> ssl.SSLContext:
    """A client that enforces nothing and goes as low as OpenSSL can: old servers are to be seen."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    # Without aNULL: a mail server that accepts anonymous suites would then show no certificate at all.
    context.set_ciphers("ALL:!aNULL:!eNULL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER_CONNECT
    return context


def tls_session(
    session: ssl.SSLObject, *, host: str, trust: TrustStore | Unreachable, now: datetime
) -> TlsSession | Unreachable:
    """The facts of a handshake that ended well: compared with the name `host`, judged at `now`."""
    return session_of(
        sent_chain(session),
        version=session.version() or "",
        cipher=(session.cipher() or ("", "", 0))[0],
        host=host,
        trust=trust,
        now=now,
    )


@quietly()
def session_of(
    sent: Sequence[bytes],
    *,
    version: str,
    cipher: str,
    host: str,
    trust: TrustStore | Unreachable,
    now: datetime,
    timestamps: int | Unreachable = _TIMESTAMPS_UNSEEN,
) -> TlsSession | Unreachable:
    """The facts of a handshake that showed the certificates `sent` (DER, the server's own first).

    `host` is the name that was asked for, and that the certificate should carry; an address or nothing is compared
    with nothing. `timestamps`: how many came beside the certificate (RFC 6962 §3.3).
    """
    chain = read_chain(sent[:MAX_SENT])
    if isinstance(chain, Unreachable):
        return chain
    certificates = [certificate for certificate, _ in chain]
    error = trust if isinstance(trust, Unreachable) else trust.trust_error(certificates, now=now)
    return TlsSession(
        version=clean(version),
        cipher=clean(cipher),
        chain=tuple(facts for _, facts in chain),
        trust_error=error,
        name_matches=_name_matches(certificates[0], host),
        chain_faults=_faults(certificates, trust, trusted=not error, sent=len(sent), now=now),
        timestamps=timestamps,
    )


def _name_matches(certificate: Certificate, host: str) -> bool | Unreachable:
    """`not-declared` when there is no name to compare with: people may use one that nobody declared."""
    names = extensions.names(certificate)
    if isinstance(names, Unreachable):
        return names
    return Unreachable(Reason.NOT_DECLARED) if _is_no_name(host) else names.covers(host)


def _is_no_name(host: str) -> bool:
    try:
        return not host or bool(ip_address(host))
    except ValueError:
        return False


def _faults(
    read: Sequence[Certificate], trust: TrustStore | Unreachable, *, trusted: bool, sent: int, now: datetime
) -> tuple[ChainFault, ...] | Unreachable:
    """Unknown without roots to compare with, and when only the beginning of the chain could be read."""
    if isinstance(trust, Unreachable):
        return trust
    if len(read) < sent:
        return Unreachable(Reason.PROTOCOL_ERROR, f"{len(read)} certificats lus sur {sent} envoyés")
    return chain_faults(read, trust, trusted=trusted, now=now)


def sent_chain(session: ssl.SSLObject) -> tuple[bytes, ...]:
    """The certificates as sent, DER, the server's own first; that one alone where Python tells no more."""
    public: Any = getattr(session, "get_unverified_chain", None)
    if public is not None:  # Python 3.13
        return tuple(public())
    private: Any = getattr(getattr(session, "_sslobj", None), "get_unverified_chain", None)
    if private is not None:
        from _ssl import ENCODING_DER

        return tuple(certificate.public_bytes(ENCODING_DER) for certificate in private() or ())
    own = session.getpeercert(binary_form=True)
    return (own,) if own else ()
