"""TLS endpoints in known states, for the conformance kit, the examples and the tests of checks."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import Certificate, ChainFault, TlsSession, Usage
from cyberaudit.facts.mail_samples import DOMAIN, HOSTILE
from cyberaudit.facts.tls_endpoint import (
    VERSIONS,
    DhGroup,
    GroupOffer,
    Preference,
    SessionOptions,
    TlsEndpoint,
    TlsServer,
    VersionOffer,
)
from cyberaudit.model import Reason, Unreachable

HOSTNAME = f"vpn.{DOMAIN}"
LOST = Unreachable(Reason.RESET)
UNCOLLECTED = Unreachable(Reason.NOT_COLLECTED)
Suites = tuple[int, ...] | Unreachable


def accepted(
    version: str, suites: tuple[int, ...], *, preference: Preference | Unreachable = Preference.SERVER
) -> VersionOffer:
    """A version with the whole list of its suites."""
    return VersionOffer(version, accepted=True, suites=suites, seen=suites, preference=preference)


def refused(version: str) -> VersionOffer:
    return VersionOffer(
        version, accepted=False, suites=(), seen=(), preference=Unreachable(Reason.NOT_LOOKED)
    )


def unseen(version: str, cause: Unreachable = LOST) -> VersionOffer:
    """Whether it is accepted could not be seen."""
    return VersionOffer(version, accepted=cause, suites=cause, seen=(), preference=cause)


def cut_short(version: str, seen: tuple[int, ...], cause: Unreachable = LOST) -> VersionOffer:
    """Accepted, with the beginning of its suites only."""
    return VersionOffer(version, accepted=True, suites=cause, seen=seen, preference=cause)


def offering(*offers: VersionOffer) -> tuple[VersionOffer, ...]:
    """Every version, oldest first; those not named are refused."""
    named = {offer.version: offer for offer in offers}
    return tuple(named.get(version) or refused(version) for version in VERSIONS)


# ECDHE-ECDSA with AES-GCM and ChaCha20; the three usual suites of TLS 1.3
MODERN_12, MODERN_13 = (0xC02C, 0xC02B, 0xCCA9), (0x1302, 0x1303, 0x1301)
TLS_12, TLS_13 = accepted("TLSv1.2", MODERN_12), accepted("TLSv1.3", MODERN_13)
MODERN = offering(TLS_12, TLS_13)
# x25519, secp256r1, secp384r1, then the same behind X25519MLKEM768
GROUPS = (GroupOffer("TLSv1.2", (29, 23, 24)), GroupOffer("TLSv1.3", (0x11EC, 29, 23, 24)))
OPTIONS = SessionOptions(
    compression=False,
    secure_renegotiation=True,
    client_renegotiation=False,
    extended_master_secret=True,
    encrypt_then_mac=True,
    tickets=True,
    ticket_seconds=7200,
    early_data=0,
    stapling=True,
    alpn=("h2", "http/1.1"),
    fallback_scsv=True,
    client_certificate=False,
    heartbeat=False,
)
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
    key_sha256="0d" * 32,
    curve="secp256r1",
    exponent=0,
    is_ca=False,
    key_usage=Usage(critical=True, purposes=("digitalSignature",)),
    extended_key_usage=Usage(critical=False, purposes=("serverAuth",)),
    names_critical=False,
    subject_key="1a" * 20,
    authority_key="2b" * 20,
    revocation=("crl", "issuer"),
    timestamps=2,
    public_rules=True,
    sha512="cd" * 64,
    key_sha512="0d" * 64,
    must_staple=False,
)
SESSION = TlsSession(
    "TLSv1.3", "TLS_AES_256_GCM_SHA384", (CERTIFICATE,), "", name_matches=True, chain_faults=(), timestamps=0
)
GOOD_SERVER = TlsServer(
    address="192.0.2.1",
    met="tls",
    versions=MODERN,
    groups=GROUPS,
    dh_groups=(),
    # ecdsa_secp256r1_sha256, ecdsa_secp384r1_sha384
    signature_schemes=(0x0403, 0x0503),
    sessions=(SESSION,),
    unseen_certificate=None,
    without_name=SESSION,
    options=OPTIONS,
    complete=True,
    hellos=13,
    connections=24,
)
GOOD_ENDPOINT = TlsEndpoint(
    hostname=HOSTNAME,
    port="tcp/443",
    servers=(GOOD_SERVER,),
    left_out=(),
    portal="",
    clues=(),
)


def serving(*servers: TlsServer) -> TlsEndpoint:
    """The good endpoint, with these servers."""
    return replace(GOOD_ENDPOINT, servers=servers)


def changed(**changes: Any) -> TlsEndpoint:
    """The good endpoint, its only server changed in these fields."""
    return serving(replace(GOOD_SERVER, **changes))


def with_options(**changes: Any) -> TlsEndpoint:
    return changed(options=replace(OPTIONS, **changes))


def with_session(session: TlsSession) -> TlsEndpoint:
    return changed(sessions=(session,), without_name=session)


def showing(certificate: Certificate) -> TlsEndpoint:
    return with_session(replace(SESSION, chain=(certificate,)))


def answering(met: str | Unreachable, address: str = "192.0.2.1") -> TlsServer:
    """A server of which no TLS was seen: another protocol, or nothing at all."""
    cause = met if isinstance(met, Unreachable) else Unreachable(Reason.PROTOCOL_ERROR)
    return TlsServer(
        address=address,
        met=met,
        versions=(),
        groups=cause,
        dh_groups=cause,
        signature_schemes=cause,
        sessions=(),
        unseen_certificate=cause,
        without_name=cause,
        options=cause,
        complete=cause,
        hellos=2,
        connections=2,
    )


# RC4, 3DES, DES for export, anonymous, without encryption: what RFC 7525 and ANSSI TLS v1.2 put aside
BROKEN = (0x0005, 0x000A, 0x0003, 0x0034, 0x0001)
BAD_CERTIFICATE = replace(
    CERTIFICATE,
    names=("pare-feu.invalid",),
    not_before=datetime(2016, 9, 1, tzinfo=UTC),
    not_after=datetime(2026, 9, 1, tzinfo=UTC),
    key_type="RSA",
    key_bits=1024,
    signature_hash="sha1",
    self_signed=True,
    sha256="ba" * 32,
    key_sha256="0b" * 32,
    curve="",
    exponent=3,
    is_ca=True,
    key_usage=None,
    extended_key_usage=Usage(critical=True, purposes=("clientAuth",)),
    names_critical=True,
    subject_key="",
    authority_key="",
    revocation=(),
    timestamps=0,
)
BAD_SESSION = TlsSession(
    version="TLSv1.2",
    cipher="TLS_RSA_WITH_AES_128_CBC_SHA",
    chain=(BAD_CERTIFICATE,),
    trust_error="le certificat est signé par lui-même",
    name_matches=False,
    chain_faults=(ChainFault.INCOMPLETE, ChainFault.OUT_OF_ORDER),
    timestamps=0,
)
BAD_SERVER = TlsServer(
    address="2001:db8::1",
    met="tls",
    versions=offering(
        accepted("SSLv2", (0x010080, 0x020080), preference=Preference.CLIENT),
        accepted("SSLv3", BROKEN, preference=Preference.CLIENT),
        accepted("TLSv1", BROKEN, preference=Preference.CLIENT),
        accepted("TLSv1.1", BROKEN, preference=Preference.CLIENT),
        # … and RSA, DHE and PSK with AES-CBC, ECDHE with Camellia, CCM_8
        accepted("TLSv1.2", (*BROKEN, 0x002F, 0x0033, 0x00A8, 0xC072, 0xC0AE), preference=Preference.CLIENT),
    ),
    # secp192r1, sect163k1, secp256k1
    groups=(GroupOffer("TLSv1.2", (19, 1, 22)),),
    dh_groups=(DhGroup(1024, "modp1024 (RFC 2409)"), DhGroup(512, "")),
    # rsa_pkcs1_sha1, rsa_pkcs1_md5
    signature_schemes=(0x0201, 0x0101),
    sessions=(BAD_SESSION,),
    unseen_certificate=None,
    without_name=BAD_SESSION,
    options=SessionOptions(
        compression=True,
        secure_renegotiation=False,
        client_renegotiation=True,
        extended_master_secret=False,
        encrypt_then_mac=False,
        tickets=True,
        ticket_seconds=172_800,
        early_data=16_384,
        stapling=False,
        alpn=(),
        fallback_scsv=False,
        client_certificate=False,
        heartbeat=True,
    ),
    complete=True,
    hellos=44,
    connections=61,
)
BAD_ENDPOINT = TlsEndpoint(
    hostname=HOSTNAME,
    port="tcp/4433",
    servers=(BAD_SERVER,),
    left_out=(),
    portal="fortinet",
    clues=("la page « /remote/login »",),
)
"""Every fault at once."""

EXPIRED_ENDPOINT = showing(replace(CERTIFICATE, not_after=datetime(2026, 9, 22, tzinfo=UTC)))
ENDING_ENDPOINT = showing(replace(CERTIFICATE, not_after=datetime(2026, 11, 28, tzinfo=UTC)))
"""Its certificate ends a week after the date of the samples."""
FUTURE_ENDPOINT = showing(replace(CERTIFICATE, not_before=datetime(2026, 12, 1, tzinfo=UTC)))
WEAK_KEY_ENDPOINT = showing(
    replace(
        CERTIFICATE,
        sha256="3e" * 32,
        key_sha256="0e" * 32,
        key_type="RSA",
        key_bits=1024,
        signature_hash="sha1",
        curve="",
        exponent=65537,
    )
)
OTHER_NAME_ENDPOINT = with_session(replace(SESSION, name_matches=False))
UNTRUSTED_ENDPOINT = with_session(
    replace(SESSION, trust_error="l'autorité qui a signé le certificat est inconnue (Pare-feu)")
)
ORPHAN_ENDPOINT = with_session(
    replace(
        SESSION,
        trust_error="le serveur n'envoie pas le certificat de « Inter », ou cette autorité n'est pas reconnue",
        chain_faults=(ChainFault.ISSUER_UNSENT,),
    )
)
"""Its certificate is sent alone, and its authority is not known here."""
UNCOMPARED_ENDPOINT = with_session(
    replace(
        SESSION,
        trust_error=Unreachable(Reason.NOT_LOOKED),
        chain_faults=Unreachable(Reason.NOT_LOOKED),
    )
)
"""This machine has no list of roots."""
CLIENT_CERTIFICATE_ENDPOINT = changed(
    sessions=(),
    unseen_certificate=Unreachable(Reason.TLS_FAILURE, "SSLV3_ALERT_HANDSHAKE_FAILURE"),
    without_name=Unreachable(Reason.TLS_FAILURE, "SSLV3_ALERT_HANDSHAKE_FAILURE"),
    options=replace(OPTIONS, client_certificate=True, tickets=LOST, ticket_seconds=LOST, early_data=LOST),
)
"""Versions are agreed on, then a certificate that we do not have is wanted."""
NAMELESS_ENDPOINT = replace(
    with_session(replace(SESSION, name_matches=Unreachable(Reason.NOT_DECLARED))), hostname=""
)

OLD_ENDPOINT = changed(
    versions=offering(accepted("TLSv1", (0xC009,)), accepted("TLSv1.1", (0xC009,)), TLS_12, TLS_13)
)
ONLY_OLD_ENDPOINT = changed(
    versions=offering(accepted("TLSv1", (0x002F,), preference=Preference.ONLY_ONE)),
    groups=(),
    sessions=(replace(SESSION, version="TLSv1", cipher="TLS_RSA_WITH_AES_128_CBC_SHA"),),
)
WITHOUT_TLS_1_3 = changed(
    versions=offering(TLS_12),
    groups=(GroupOffer("TLSv1.2", (29, 23, 24)),),
    sessions=(replace(SESSION, version="TLSv1.2", cipher="TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),),
)
ONLY_TLS_1_3 = changed(
    versions=offering(TLS_13),
    groups=(GroupOffer("TLSv1.3", (29, 23)),),
    dh_groups=Unreachable(Reason.NOT_LOOKED),
    signature_schemes=Unreachable(Reason.NOT_LOOKED),
    options=replace(
        OPTIONS,
        **dict.fromkeys(
            ("compression", "secure_renegotiation", "client_renegotiation", "extended_master_secret"),
            Unreachable(Reason.NOT_LOOKED),
        ),
        encrypt_then_mac=Unreachable(Reason.NOT_LOOKED),
        fallback_scsv=Unreachable(Reason.NOT_LOOKED),
        heartbeat=Unreachable(Reason.NOT_LOOKED),
    ),
)
"""What older versions alone ask about was not asked."""
HALF_SEEN_ENDPOINT = changed(versions=offering(unseen("TLSv1"), unseen("TLSv1.1"), TLS_12, TLS_13))
"""Whether the old versions are accepted could not be seen."""
INCOMPLETE_ENDPOINT = changed(
    versions=offering(cut_short("TLSv1.2", (0xC02C,)), TLS_13),
    groups=(GroupOffer("TLSv1.2", LOST), GroupOffer("TLSv1.3", (29, 23))),
    dh_groups=LOST,
    signature_schemes=LOST,
    complete=LOST,
)
"""The server stopped answering half-way."""
TOLERATED_ENDPOINT = changed(
    # ECDHE with AES-CBC and SHA-2, DHE with AES-GCM and Camellia-GCM
    versions=offering(accepted("TLSv1.2", (*MODERN_12, 0xC023, 0x009E, 0xC07C)), TLS_13),
    dh_groups=(DhGroup(2048, "ffdhe2048"),),
)
"""Only degraded alternatives of the rules."""
STRIPPED_ENDPOINT = with_options(encrypt_then_mac=False, extended_master_secret=False, fallback_scsv=False)
EARLY_ENDPOINT = with_options(early_data=16_384, ticket_seconds=604_800)

SECOND = replace(GOOD_SERVER, address="2001:db8::1")
TWO_ADDRESSES = serving(GOOD_SERVER, SECOND)
ONE_ADDRESS_BAD = serving(GOOD_SERVER, BAD_SERVER)
ONE_ADDRESS_MUTE = serving(GOOD_SERVER, answering(Unreachable(Reason.TIMEOUT), "2001:db8::1"))
ONE_ADDRESS_CLOSED = serving(GOOD_SERVER, answering(Unreachable(Reason.REFUSED), "2001:db8::1"))
PARTLY_SEEN_ENDPOINT = replace(GOOD_ENDPOINT, left_out=("192.0.2.2", "2001:db8::1"))
"""In order at the one address that was seen."""
MUTE_ENDPOINT = serving(answering(Unreachable(Reason.TIMEOUT)))
CLOSED_ENDPOINT = serving(answering(Unreachable(Reason.REFUSED)))
"""Nothing listens there."""
HTTP_ENDPOINT = serving(answering("http"))
SSH_ENDPOINT = serving(answering("ssh"))
EMPTY_ENDPOINT = serving()

_OF_VERSION_1 = tuple(
    VersionOffer(
        version,
        accepted=version in ("TLSv1.2", "TLSv1.3"),
        suites=UNCOLLECTED,
        seen=UNCOLLECTED,
        preference=UNCOLLECTED,
    )
    for version in VERSIONS[2:]
)
STORED_BY_VERSION_1 = replace(
    changed(
        versions=_OF_VERSION_1,
        groups=UNCOLLECTED,
        dh_groups=UNCOLLECTED,
        signature_schemes=UNCOLLECTED,
        without_name=UNCOLLECTED,
        options=UNCOLLECTED,
        complete=UNCOLLECTED,
        hellos=UNCOLLECTED,
        connections=UNCOLLECTED,
    ),
    portal=UNCOLLECTED,
    clues=UNCOLLECTED,
)
"""As facts of the first version decode: four versions, one handshake."""

HOSTILE_SESSION = TlsSession(
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
            curve=HOSTILE,
            key_usage=Usage(critical=False, purposes=(HOSTILE,) * 30),
            extended_key_usage=Usage(critical=False, purposes=(HOSTILE,) * 30),
            revocation=(HOSTILE,),
        ),
    ),
    trust_error=HOSTILE,
    name_matches=False,
    chain_faults=tuple(ChainFault),
    timestamps=-1,
)
HOSTILE_SERVER = replace(
    GOOD_SERVER,
    address=HOSTILE,
    versions=(
        *offering(
            unseen("TLSv1.1", Unreachable(Reason.TLS_FAILURE, HOSTILE)),
            accepted("TLSv1.2", (0xEEEE, 0xFFFF, -1, *range(0xC000, 0xC0B0))),
        ),
        accepted(HOSTILE, (0x1301,)),
    ),
    groups=(GroupOffer(HOSTILE, (0xFFFF,)), GroupOffer("TLSv1.2", (0xEEEE, *range(60)))),
    dh_groups=(DhGroup(-1, HOSTILE), DhGroup(99_999, HOSTILE)),
    signature_schemes=(0xFFFF, 0x0202),
    sessions=(HOSTILE_SESSION,),
    without_name=HOSTILE_SESSION,
    options=replace(OPTIONS, alpn=(HOSTILE,) * 30, ticket_seconds=2**32, early_data=2**32),
)
HOSTILE_ENDPOINT = TlsEndpoint(
    hostname=HOSTNAME,
    port="tcp/443",
    servers=(HOSTILE_SERVER, answering(HOSTILE, HOSTILE)),
    left_out=(HOSTILE,),
    portal=HOSTILE,
    clues=(HOSTILE,) * 30,
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
    ORPHAN_ENDPOINT,
    UNCOMPARED_ENDPOINT,
    CLIENT_CERTIFICATE_ENDPOINT,
    NAMELESS_ENDPOINT,
    OLD_ENDPOINT,
    ONLY_OLD_ENDPOINT,
    WITHOUT_TLS_1_3,
    ONLY_TLS_1_3,
    HALF_SEEN_ENDPOINT,
    INCOMPLETE_ENDPOINT,
    TOLERATED_ENDPOINT,
    STRIPPED_ENDPOINT,
    EARLY_ENDPOINT,
    TWO_ADDRESSES,
    ONE_ADDRESS_BAD,
    ONE_ADDRESS_MUTE,
    ONE_ADDRESS_CLOSED,
    PARTLY_SEEN_ENDPOINT,
    MUTE_ENDPOINT,
    CLOSED_ENDPOINT,
    HTTP_ENDPOINT,
    SSH_ENDPOINT,
    EMPTY_ENDPOINT,
    STORED_BY_VERSION_1,
    HOSTILE_ENDPOINT,
)
"""Found by `facts.base.samples()`: at least one good, one bad and one hostile."""
