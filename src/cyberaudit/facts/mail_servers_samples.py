"""Facts about mail servers in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import UTC, datetime

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import Certificate, TlsSession, Usage
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.mail_servers import (
    HostAlias,
    MailServer,
    MailServers,
    RelayTrial,
    Reverse,
    SmtpSession,
    UnresolvedServer,
    UserAnswers,
    VersionAnswer,
)
from cyberaudit.model import Reason, Unreachable

CERTIFICATE = Certificate(
    subject=f"CN=mx1.{DOMAIN}",
    issuer="CN=Autorité de démonstration",
    names=(f"mx1.{DOMAIN}", f"mx2.{DOMAIN}"),
    not_before=datetime(2026, 10, 1, tzinfo=UTC),
    not_after=datetime(2027, 2, 1, tzinfo=UTC),
    key_type="EC",
    key_bits=256,
    signature_hash="sha256",
    self_signed=False,
    sha256="ab" * 32,
    key_sha256="ef" * 32,
    curve="secp256r1",
    exponent=0,
    is_ca=False,
    key_usage=Usage(critical=True, purposes=("digitalSignature",)),
    extended_key_usage=Usage(critical=False, purposes=("serverAuth",)),
    names_critical=False,
    subject_key="01" * 20,
    authority_key="02" * 20,
    revocation=("crl", "issuer"),
    timestamps=2,
    public_rules=True,
    sha512="ab" * 64,
    key_sha512="ef" * 64,
    must_staple=False,
)
TLS = TlsSession(
    version="TLSv1.3",
    cipher="TLS_AES_256_GCM_SHA384",
    chain=(CERTIFICATE,),
    trust_error="",
    name_matches=True,
    chain_faults=(),
    timestamps=0,
)
NOT_AUTHORIZED = Unreachable(Reason.NOT_AUTHORIZED)
CLOSED_RELAY = RelayTrial(
    accepted=False,
    sender="controle@cyberaudit.invalid",
    recipient="controle@relais.example",
    reply="554 5.7.1 Relay access denied",
)
DISCREET = UserAnswers(verified=(252, 0), expanded=(502, 0))


def versions(*accepted: str) -> tuple[VersionAnswer, ...]:
    """Those are accepted, the others refused."""
    return tuple(
        VersionAnswer(version, version in accepted) for version in ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    )


MODERN = versions("TLSv1.2", "TLSv1.3")
SESSION = SmtpSession(
    banner="ESMTP",
    extensions=("PIPELINING", "STARTTLS"),
    tls=TLS,
    mechanisms=(),
    versions=MODERN,
    relay=CLOSED_RELAY,
    users=DISCREET,
)
PLAIN_SESSION = SmtpSession(
    banner="ESMTP",
    extensions=("PIPELINING", "AUTH"),
    tls=None,
    mechanisms=("PLAIN", "LOGIN"),
    versions=(),
    relay=RelayTrial(accepted=True, sender="", recipient="controle@relais.example", reply="250 2.1.5 Ok"),
    users=UserAnswers(verified=(250, 550), expanded=(502, 0)),
)
MX1, MX2 = f"mx1.{DOMAIN}", f"mx2.{DOMAIN}"
REVERSE1, REVERSE2 = Reverse((MX1,), (MX1,)), Reverse((MX2,), (MX2,))
GOOD_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(
        MailServer(MX1, "192.0.2.25", SESSION, REVERSE1),
        MailServer(MX2, "2001:db8::25", SESSION, REVERSE2),
    ),
    unresolved=(),
    left_out=(),
    aliases=(),
)
BAD_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(MailServer(MX1, "192.0.2.25", PLAIN_SESSION, Reverse((), ())),),
    unresolved=(UnresolvedServer(MX2, None),),
    left_out=(),
    aliases=(HostAlias(MX1, ("courrier.fournisseur.example",)),),
)
EXPIRED_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(
        MailServer(
            MX1,
            "192.0.2.25",
            replace(
                SESSION,
                tls=replace(
                    TLS,
                    chain=(
                        replace(CERTIFICATE, not_after=datetime(2026, 9, 1, tzinfo=UTC), self_signed=True),
                    ),
                    trust_error="le certificat est signé par lui-même",
                    name_matches=False,
                ),
                versions=versions("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"),
            ),
            Reverse(("autre.example",), ()),
        ),
    ),
    unresolved=(),
    left_out=(),
    aliases=(),
)
OLD_SERVERS = replace(
    GOOD_SERVERS,
    servers=(
        MailServer(
            MX1,
            "192.0.2.25",
            replace(SESSION, tls=replace(TLS, version="TLSv1"), versions=versions("TLSv1")),
            REVERSE1,
        ),
    ),
)
"""Nothing newer than TLS 1.0."""
OTHERS_SERVERS = replace(
    GOOD_SERVERS,
    servers=tuple(
        replace(server, session=replace(SESSION, relay=NOT_AUTHORIZED, users=NOT_AUTHORIZED))
        for server in GOOD_SERVERS.servers
    ),
)
"""In order, as far as one may look at a provider's servers."""
MUTE_SERVERS = MailServers(
    domain=DOMAIN,
    servers=(
        MailServer(MX1, "192.0.2.25", Unreachable(Reason.TIMEOUT), Unreachable(Reason.RESOLVER_FAILURE)),
    ),
    unresolved=(UnresolvedServer(MX2, Unreachable(Reason.RESOLVER_FAILURE)),),
    left_out=(),
    aliases=(),
)
HOSTILE_SERVERS = MailServers(
    domain=HOSTILE,
    servers=(
        MailServer(
            HOSTILE,
            HOSTILE,
            SmtpSession(
                HOSTILE,
                (HOSTILE,),
                replace(
                    TLS, version=HOSTILE, chain=(replace(CERTIFICATE, names=(HOSTILE,), issuer=HOSTILE),)
                ),
                (HOSTILE, "PLAIN"),
                (VersionAnswer(HOSTILE, True),),  # noqa: FBT003 - the order of the fields
                RelayTrial(accepted=True, sender=HOSTILE, recipient=HOSTILE, reply=HOSTILE),
                UserAnswers((250, 550), (-1, 10**9)),
            ),
            Reverse((HOSTILE,), ()),
        ),
    ),
    unresolved=(UnresolvedServer(HOSTILE, Unreachable(Reason.PROTOCOL_ERROR, HOSTILE)),),
    left_out=(HOSTILE,),
    aliases=(HostAlias(HOSTILE, (HOSTILE,)),),
)
CROWDED_SERVERS = replace(GOOD_SERVERS, left_out=(f"mx6.{DOMAIN}", f"mx7.{DOMAIN}"))
"""Good where it was looked at; two servers were not."""

SAMPLES: tuple[Facts, ...] = (
    GOOD_SERVERS,
    OTHERS_SERVERS,
    BAD_SERVERS,
    EXPIRED_SERVERS,
    OLD_SERVERS,
    MUTE_SERVERS,
    CROWDED_SERVERS,
    HOSTILE_SERVERS,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
