"""TLS endpoints in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import UTC, datetime

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import Certificate, TlsSession
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.tls_endpoint import TlsEndpoint, VersionAnswer
from cyberaudit.model import Reason, Unreachable

HOSTNAME = f"vpn.{DOMAIN}"
VERSIONS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def accepting(*names: str) -> tuple[VersionAnswer, ...]:
    """Every version, oldest first; only `names` are accepted."""
    return tuple(VersionAnswer(name, name in names) for name in VERSIONS)


def unseen(cause: Unreachable, *, of: tuple[str, ...] = VERSIONS) -> tuple[VersionAnswer, ...]:
    """The modern versions are accepted; what the server makes of those `of` could not be seen."""
    modern = accepting("TLSv1.2", "TLSv1.3")
    return tuple(replace(answer, accepted=cause) if answer.version in of else answer for answer in modern)


CERTIFICATE = Certificate(
    subject=f"CN={HOSTNAME}",
    issuer="CN=Autorité de démonstration",
    names=(HOSTNAME,),
    not_before=datetime(2026, 10, 1, tzinfo=UTC),
    not_after=datetime(2027, 2, 1, tzinfo=UTC),
    key_type="EC",
    key_bits=256,
    signature_hash="sha256",
    self_signed=False,
    sha256="cd" * 32,
)
SESSION = TlsSession("TLSv1.3", "TLS_AES_256_GCM_SHA384", (CERTIFICATE,), "", name_matches=True)
GOOD_ENDPOINT = TlsEndpoint(
    hostname=HOSTNAME,
    address="192.0.2.1",
    port="tcp/443",
    versions=accepting("TLSv1.2", "TLSv1.3"),
    session=SESSION,
    left_out=(),
)


def _showing(certificate: Certificate) -> TlsEndpoint:
    return replace(GOOD_ENDPOINT, session=replace(SESSION, chain=(certificate,)))


BAD_ENDPOINT = TlsEndpoint(
    hostname=HOSTNAME,
    address="2001:db8::1",
    port="tcp/4433",
    versions=accepting("TLSv1", "TLSv1.1", "TLSv1.2"),
    session=TlsSession(
        version="TLSv1.2",
        cipher="AES128-SHA",
        chain=(
            replace(
                CERTIFICATE,
                names=("pare-feu.invalid",),
                not_after=datetime(2026, 9, 1, tzinfo=UTC),
                key_type="RSA",
                key_bits=1024,
                signature_hash="sha1",
                self_signed=True,
            ),
        ),
        trust_error="le certificat est signé par lui-même",
        name_matches=False,
    ),
    left_out=(),
)
"""Every fault at once."""
EXPIRED_ENDPOINT = _showing(replace(CERTIFICATE, not_after=datetime(2026, 9, 22, tzinfo=UTC)))
ENDING_ENDPOINT = _showing(replace(CERTIFICATE, not_after=datetime(2026, 11, 28, tzinfo=UTC)))
"""Its certificate ends a week after the date of the samples."""
FUTURE_ENDPOINT = _showing(replace(CERTIFICATE, not_before=datetime(2026, 12, 1, tzinfo=UTC)))
WEAK_KEY_ENDPOINT = _showing(replace(CERTIFICATE, key_type="RSA", key_bits=1024, signature_hash="sha1"))
OTHER_NAME_ENDPOINT = replace(GOOD_ENDPOINT, session=replace(SESSION, name_matches=False))
UNTRUSTED_ENDPOINT = replace(
    GOOD_ENDPOINT,
    session=replace(SESSION, trust_error="l'autorité qui a signé le certificat est inconnue (Pare-feu)"),
)
UNCOMPARED_ENDPOINT = replace(
    GOOD_ENDPOINT, session=replace(SESSION, trust_error=Unreachable(Reason.NOT_LOOKED))
)
"""This machine has no list of roots."""
OLD_ENDPOINT = replace(GOOD_ENDPOINT, versions=accepting("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"))
ONLY_OLD_ENDPOINT = replace(
    GOOD_ENDPOINT,
    versions=accepting("TLSv1"),
    session=replace(SESSION, version="TLSv1", cipher="AES128-SHA"),
)
WITHOUT_TLS_1_3 = replace(
    GOOD_ENDPOINT,
    versions=accepting("TLSv1.2"),
    session=replace(SESSION, version="TLSv1.2", cipher="ECDHE-ECDSA-AES256-GCM-SHA384"),
)
HALF_SEEN_ENDPOINT = replace(
    GOOD_ENDPOINT, versions=unseen(Unreachable(Reason.RESET), of=("TLSv1", "TLSv1.1"))
)
"""Whether the old versions are accepted could not be seen."""
CLIENT_CERTIFICATE_ENDPOINT = replace(
    WITHOUT_TLS_1_3, session=Unreachable(Reason.TLS_FAILURE, "SSLV3_ALERT_HANDSHAKE_FAILURE")
)
"""Versions are agreed on, then a certificate that we do not have is wanted."""
MUTE_ENDPOINT = replace(
    GOOD_ENDPOINT,
    versions=unseen(Unreachable(Reason.TIMEOUT)),
    session=Unreachable(Reason.TIMEOUT),
)
PARTLY_SEEN_ENDPOINT = replace(GOOD_ENDPOINT, left_out=("192.0.2.2", "2001:db8::1"))
"""In order at the one address that was seen."""
NAMELESS_ENDPOINT = replace(GOOD_ENDPOINT, hostname="", session=replace(SESSION, name_matches=False))
HOSTILE_ENDPOINT = TlsEndpoint(
    hostname=HOSTNAME,
    address="192.0.2.1",
    port="tcp/443",
    versions=unseen(Unreachable(Reason.TLS_FAILURE, HOSTILE), of=("TLSv1.1",)),
    session=TlsSession(
        version=HOSTILE,
        cipher=HOSTILE,
        chain=(
            replace(
                CERTIFICATE,
                subject=HOSTILE,
                issuer=HOSTILE,
                names=(HOSTILE,) * 30,
                key_type=HOSTILE,
                key_bits=0,
                signature_hash=HOSTILE,
            ),
        ),
        trust_error=HOSTILE,
        name_matches=False,
    ),
    left_out=(HOSTILE,),
)

SAMPLES: tuple[Facts, ...] = (
    GOOD_ENDPOINT,
    BAD_ENDPOINT,
    EXPIRED_ENDPOINT,
    ENDING_ENDPOINT,
    FUTURE_ENDPOINT,
    WEAK_KEY_ENDPOINT,
    OTHER_NAME_ENDPOINT,
    UNTRUSTED_ENDPOINT,
    UNCOMPARED_ENDPOINT,
    OLD_ENDPOINT,
    ONLY_OLD_ENDPOINT,
    WITHOUT_TLS_1_3,
    HALF_SEEN_ENDPOINT,
    CLIENT_CERTIFICATE_ENDPOINT,
    MUTE_ENDPOINT,
    PARTLY_SEEN_ENDPOINT,
    NAMELESS_ENDPOINT,
    HOSTILE_ENDPOINT,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
