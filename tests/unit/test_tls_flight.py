"""What servers answer to a hello: real flights of OpenSSL, written ones, and bytes that lie."""

import random
import ssl
import struct
import time
import warnings
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from textwrap import wrap

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.facts.tls_suites import ALL_GROUPS, ALL_SCHEMES, ALL_SUITES, TLS13_SUITES
from cyberaudit.probes.tls.finite_field import prime
from cyberaudit.probes.tls.flight import Alert, Answer, FlightReader, Foreign, ServerFlight
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, Hello, build

pytestmark = pytest.mark.unit

RANDOM = bytes(range(32))
RETRY_RANDOM = bytes.fromhex("CF21AD74E59A6111BE1D8C021E65B891C2A211167ABB8C5E079E09E2C8A8339C")
EVERYTHING_OLD = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


def read(data: bytes, *, whole: bool = True, limit: int = 64 * 1024) -> Answer | None:
    """What a reader makes of all of it at once, then of the end."""
    reader = FlightReader(wants_whole=whole, limit=limit)
    return reader.feed(data) or reader.ended()


def flight_of(data: bytes, *, whole: bool = True) -> ServerFlight:
    found = read(data, whole=whole)
    assert isinstance(found, ServerFlight)
    return found


def vector(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size) + data


def record(content: int, data: bytes, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", content, version, len(data)) + data


def message(kind: int, body: bytes) -> bytes:
    return bytes((kind,)) + vector(3, body)


def server_hello(
    code: int = 0xC02F,
    *,
    version: int = 0x0303,
    extensions: bytes | None = None,
    seed: bytes = RANDOM,
    session: bytes = b"",
    compression: int = 0,
) -> bytes:
    body = version.to_bytes(2) + seed + vector(1, session) + code.to_bytes(2) + bytes((compression,))
    return message(2, body if extensions is None else body + vector(2, extensions))


def extension(kind: int, data: bytes = b"") -> bytes:
    return kind.to_bytes(2) + vector(2, data)


def handshake(*messages: bytes) -> bytes:
    return record(22, b"".join(messages))


ALERT_40 = record(21, b"\x02\x28")
UNKNOWN_NAME = record(21, b"\x01\x70")
DONE = message(14, b"")
CERTIFICATES = message(11, vector(3, vector(3, b"un") + vector(3, b"deux")))
CURVE = message(12, b"\x03\0\x1d" + vector(1, b"\x22" * 32) + b"\x08\x04" + vector(2, b"signature"))
WHOLE = handshake(server_hello(), CERTIFICATES, CURVE, DONE)


# ------------------------------------------------------------------------------------------------ real flights


@dataclass(frozen=True, slots=True)
class Servers:
    """OpenSSL behind memory buffers, with each kind of key."""

    ec: Path
    rsa: Path
    dh: Path
    ders: dict[str, bytes]


def self_signed(key: CertificateIssuerPrivateKeyTypes) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vpn.mairie-l-hay.example")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=90))
        .sign(key, hashes.SHA256())
    )


def parameters() -> str:
    """ffdhe2048 as PKCS #3: a sequence of the prime and 2."""
    numbers = b"\x02\x82\x01\x01\0" + prime(2048).to_bytes(256) + b"\x02\x01\x02"
    coded = b64encode(b"\x30\x82" + vector(2, numbers)).decode()
    return "\n".join(["-----BEGIN DH PARAMETERS-----", *wrap(coded, 64), "-----END DH PARAMETERS-----", ""])


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Servers:
    place = tmp_path_factory.mktemp("cles")
    keys: dict[str, CertificateIssuerPrivateKeyTypes] = {
        "ec": ec.generate_private_key(ec.SECP256R1()),
        "rsa": rsa.generate_private_key(65537, 2048),
    }
    ders = {}
    for name, key in keys.items():
        certificate = self_signed(key)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (place / name).write_bytes(private + certificate.public_bytes(Encoding.PEM))
        ders[name] = certificate.public_bytes(Encoding.DER)
    (place / "dh").write_text(parameters())
    return Servers(place / "ec", place / "rsa", place / "dh", ders)


def context(key: Path, ciphers: str = EVERYTHING_OLD) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        made.minimum_version = ssl.TLSVersion.TLSv1
    made.load_cert_chain(key)
    made.set_ciphers(ciphers)
    return made


def answered(server: ssl.SSLContext, hello: Hello) -> bytes:
    coming, going = ssl.MemoryBIO(), ssl.MemoryBIO()
    made = server.wrap_bio(coming, going, server_side=True)
    coming.write(build(hello))
    try:
        made.do_handshake()
    except ssl.SSLError:
        return going.read()
    raise AssertionError("a handshake does not end with its first hello")


def offer(version: int, suites: tuple[int, ...] = ALL_SUITES) -> Hello:
    return Hello(
        version,
        TLS13_SUITES if version == TLS13 else suites,
        server_name="vpn.mairie-l-hay.example",
        groups=ALL_GROUPS,
        signature_schemes=ALL_SCHEMES,
    )


@pytest.mark.parametrize("version", [TLS10, TLS11, TLS12])
def test_openssl_answers_our_hello_and_its_whole_flight_is_read(servers: Servers, version: int) -> None:
    found = flight_of(answered(context(servers.ec), offer(version)))

    assert (found.version, found.certificates, found.is_whole) == (version, (servers.ders["ec"],), True)
    assert (found.group, len(found.share)) == (0x001D, 32)
    assert {0xFF01, 23} <= found.extensions
    assert bool(found.signature_scheme) is (version == TLS12)
    assert (found.wants_certificate, found.stapled, found.is_retry, found.compression) == (
        False,
        False,
        False,
        0,
    )


def test_openssl_picks_from_all_suites_and_says_when_nothing_suits(servers: Servers) -> None:
    server = context(servers.rsa, "AES128-SHA:@SECLEVEL=0")

    found = flight_of(answered(server, offer(TLS12)))
    refused = read(answered(server, offer(TLS12, (0x0035,))))

    assert (found.suite, found.group, found.certificates) == (0x002F, 0, (servers.ders["rsa"],))
    assert refused == Alert(level=2, code=40)


def test_openssl_refuses_a_version_in_so_many_words(servers: Servers) -> None:
    server = context(servers.ec)
    server.minimum_version = ssl.TLSVersion.TLSv1_2

    assert read(answered(server, offer(TLS10))) == Alert(level=2, code=70)


def test_a_finite_field_exchange_shows_its_prime(servers: Servers) -> None:
    server = context(servers.rsa, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    server.load_dh_params(str(servers.dh))
    found = flight_of(answered(server, offer(TLS12)))

    assert (found.suite, int.from_bytes(found.dh_prime), found.group) == (0x009E, prime(2048), 0)
    assert (found.signature_scheme >> 8 in {4, 5, 6, 8}, found.share) == (True, b"")


@pytest.mark.parametrize(
    ("ciphers", "code", "group"), [("AECDH-AES128-SHA", 0xC018, 0x001D), ("ADH-AES128-SHA256", 0x006C, 0)]
)
def test_an_anonymous_server_signs_nothing_and_shows_no_certificate(
    servers: Servers, ciphers: str, code: int, group: int
) -> None:
    server = context(servers.rsa, f"{ciphers}:@SECLEVEL=0")
    server.load_dh_params(str(servers.dh))
    found = flight_of(answered(server, offer(TLS12)))

    assert (found.suite, found.group, found.signature_scheme) == (code, group, 0)
    assert (found.certificates, bool(found.dh_prime), found.is_whole) == ((), group == 0, True)


def test_a_certificate_asked_of_the_client_and_a_protocol_are_seen(servers: Servers) -> None:
    server = context(servers.ec)
    server.verify_mode = ssl.CERT_REQUIRED
    server.set_alpn_protocols(["h2"])
    found = flight_of(answered(server, replace(offer(TLS12), alpn=("http/1.1", "h2"))))

    assert (found.wants_certificate, found.alpn) == (True, "h2")


def test_tls13_without_a_share_names_the_group_it_wants(servers: Servers) -> None:
    found = flight_of(answered(context(servers.ec), offer(TLS13)))

    assert (found.version, found.is_retry, found.group, found.share) == (TLS13, True, 0x001D, b"")
    assert (found.suite in TLS13_SUITES, found.is_whole) == (True, True)


def test_tls13_with_a_share_sends_its_own(servers: Servers) -> None:
    # RFC 7748 §6.1: Alice's public key
    share = bytes.fromhex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
    found = flight_of(answered(context(servers.ec), replace(offer(TLS13), shares=((0x001D, share),))))

    assert (found.version, found.is_retry, found.group, len(found.share)) == (TLS13, False, 0x001D, 32)
    assert (found.certificates, found.is_whole) == ((), True)


@pytest.fixture(scope="module")
def flights(servers: Servers) -> tuple[bytes, ...]:
    """What OpenSSL says, one of each kind."""
    retry = context(servers.ec)
    finite = context(servers.rsa, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0")
    finite.load_dh_params(str(servers.dh))
    old = answered(context(servers.rsa), offer(TLS10))
    return (answered(retry, offer(TLS13)), answered(finite, offer(TLS12)), old, answered(retry, offer(TLS12)))


# --------------------------------------------------------------------------------------------- written flights


def test_only_the_server_hello_is_waited_for_when_that_is_enough() -> None:
    reader = FlightReader(wants_whole=False)

    found = reader.feed(handshake(server_hello()))

    assert isinstance(found, ServerFlight)
    assert (found.suite, found.certificates, found.is_whole) == (0xC02F, (), True)
    assert reader.feed(handshake(CERTIFICATES)) is found


def test_the_whole_flight_is_read_from_one_record_or_many() -> None:
    together = flight_of(WHOLE)
    parts = (server_hello(), CERTIFICATES, CURVE, DONE)
    apart = b"".join(handshake(part) for part in parts)
    shredded = b"".join(handshake(WHOLE[5:][at : at + 7]) for at in range(0, len(WHOLE) - 5, 7))

    assert (together.certificates, together.group, together.signature_scheme) == (
        (b"un", b"deux"),
        0x001D,
        0x0804,
    )
    assert together == flight_of(apart) == flight_of(shredded)
    assert together.is_whole


def test_a_flight_that_breaks_off_is_what_was_read_and_says_so() -> None:
    cut = WHOLE[:-6]
    found = flight_of(cut)

    assert FlightReader(wants_whole=True).feed(cut) is None
    assert (found.suite, found.certificates, found.group, found.is_whole) == (
        0xC02F,
        (b"un", b"deux"),
        0,
        False,
    )


def test_a_server_hello_in_the_midst_of_an_unfinished_record_counts() -> None:
    start = WHOLE[: 5 + len(server_hello()) + 3]

    assert flight_of(start).suite == 0xC02F


@pytest.mark.parametrize(
    ("data", "answer"),
    [
        (ALERT_40, Alert(2, 40)),
        (record(21, b"\x01\x28", 0x0300), Alert(1, 40)),
        (record(21, b"\x01\0"), Alert(1, 0)),
        (record(21, b"\x02\x46", 0x0300), Alert(2, 70)),
        (record(21, b"\x02") + record(21, b"\x28"), Alert(2, 40)),
        (UNKNOWN_NAME + ALERT_40, Alert(2, 40)),
        (UNKNOWN_NAME, Alert(1, 112)),
        (record(21, b"\x01\x70\x02\x28"), Alert(2, 40)),
        (record(21, b"\x63\x28"), Foreign("unknown")),
        (b"\x80\x03\0\0\x01", Alert(2, 40)),
    ],
)
def test_alerts(data: bytes, answer: Answer) -> None:
    assert read(data) == answer


def test_a_warning_before_the_hello_or_after_it_goes_by() -> None:
    assert flight_of(UNKNOWN_NAME + WHOLE) == flight_of(WHOLE)
    assert flight_of(handshake(server_hello()) + UNKNOWN_NAME + handshake(DONE)).is_whole


def test_a_warning_alone_is_no_answer_until_the_end() -> None:
    assert FlightReader(wants_whole=True).feed(UNKNOWN_NAME) is None


def test_an_alert_after_the_hello_does_not_take_it_back() -> None:
    found = flight_of(handshake(server_hello()) + ALERT_40)

    assert (found.suite, found.is_whole) == (0xC02F, False)


@pytest.mark.parametrize("content", [20, 23])
def test_what_is_encrypted_ends_the_flight(content: int) -> None:
    found = FlightReader(wants_whole=True).feed(
        handshake(server_hello(session=RANDOM)) + record(content, b"\x01")
    )

    assert isinstance(found, ServerFlight)
    assert (found.session_id, found.is_whole) == (RANDOM, True)


def test_the_chosen_version_stands_in_its_extension() -> None:
    extensions = extension(43, b"\x03\x04") + extension(51, b"\0\x1d" + vector(2, b"\x33" * 32))
    found = flight_of(handshake(server_hello(0x1302, extensions=extensions)))

    assert (found.version, found.suite, found.group, found.share) == (TLS13, 0x1302, 0x001D, b"\x33" * 32)
    assert found.extensions == {43, 51}


def test_a_retry_has_a_group_and_a_cookie() -> None:
    extensions = extension(43, b"\x03\x04") + extension(51, b"\0\x18") + extension(44, vector(2, b"biscuit"))
    found = flight_of(handshake(server_hello(0x1301, extensions=extensions, seed=RETRY_RANDOM)))

    assert (found.is_retry, found.group, found.cookie, found.share) == (True, 0x0018, b"biscuit", b"")


def test_ssl3_has_no_extensions_and_compression_shows() -> None:
    found = flight_of(handshake(server_hello(0x000A, version=SSL3, compression=1), DONE))

    assert (found.version, found.suite, found.compression, found.extensions) == (SSL3, 0x000A, 1, frozenset())


def test_a_hello_request_before_the_hello_goes_by() -> None:
    assert flight_of(handshake(message(0, b""), server_hello()), whole=False).suite == 0xC02F


def test_a_protocol_with_hostile_characters_is_made_safe() -> None:
    protocols = extension(16, vector(2, vector(1, "h\u202e2\x1b[1m".encode())))

    assert flight_of(handshake(server_hello(extensions=protocols))).alpn == "h 2 [1m"


@pytest.mark.parametrize(
    ("body", "stapled"),
    [
        (b"\x01" + vector(3, b"ocsp"), True),
        (b"\x01" + vector(3, b""), False),
        (b"\x02" + vector(3, b"x"), False),
    ],
)
def test_a_stapled_answer_is_seen(body: bytes, *, stapled: bool) -> None:
    assert flight_of(handshake(server_hello(), CERTIFICATES, message(22, body), DONE)).stapled is stapled


def test_messages_that_do_not_matter_go_by() -> None:
    found = flight_of(handshake(server_hello(), message(23, b"abc"), message(13, b""), DONE))

    assert (found.wants_certificate, found.is_whole) == (True, True)


def test_empty_and_countless_certificates_do_not_pile_up() -> None:
    listed = vector(3, (vector(3, b"") + vector(3, b"x")) * 100)

    assert flight_of(handshake(server_hello(), message(11, listed), DONE)).certificates == (b"x",) * 32


FIELD = vector(2, b"\xff" * 96) + vector(2, b"\x02") + vector(2, b"\x07" * 96)
POINT = b"\x03\0\x17" + vector(1, b"\x04" * 65)
SIGNED = b"\x04\x01" + vector(2, b"signature")
HINT = vector(2, b"mairie")
SRP = vector(2, b"\xee" * 128) + vector(2, b"\x02") + vector(1, b"sel") + vector(2, b"\x09" * 128)


@pytest.mark.parametrize(
    ("code", "version", "body", "group", "bits", "scheme"),
    [
        (0xC02F, TLS12, POINT + SIGNED, 0x0017, 0, 0x0401),
        (0xC013, TLS11, POINT + SIGNED, 0x0017, 0, 0),
        (0xC018, TLS12, POINT, 0x0017, 0, 0),
        (0xC035, TLS12, HINT + POINT, 0x0017, 0, 0),
        (0xD001, TLS12, HINT + POINT, 0x0017, 0, 0),
        (0xC02F, TLS12, b"\x01" + bytes(300), 0xFF01, 0, 0),
        (0xC02F, TLS12, b"\x02" + bytes(300), 0xFF02, 0, 0),
        (0x009E, TLS12, FIELD + SIGNED, 0, 768, 0x0401),
        (0x0033, TLS10, FIELD + SIGNED, 0, 768, 0),
        (0x0011, SSL3, FIELD + SIGNED, 0, 768, 0),
        (0x006C, TLS12, FIELD, 0, 768, 0),
        (0x00AA, TLS12, HINT + FIELD, 0, 768, 0),
        (0x00A8, TLS12, HINT, 0, 0, 0),
        (0x00AC, TLS12, HINT, 0, 0, 0),
        (0xC021, TLS12, SRP + SIGNED, 0, 0, 0x0401),
        (0xC020, TLS12, SRP, 0, 0, 0),
        (0x0003, TLS10, vector(2, b"\xcc" * 64) + vector(2, b"\x01\0\x01") + SIGNED, 0, 0, 0),
        (0x7A7A, TLS12, b"whatever", 0, 0, 0),
    ],
)
def test_a_key_exchange_is_read_as_its_suite_says(
    code: int, version: int, body: bytes, group: int, bits: int, scheme: int
) -> None:
    found = flight_of(handshake(server_hello(code, version=version), message(12, body), DONE))

    assert (found.group, len(found.dh_prime) * 8, found.signature_scheme) == (group, bits, scheme)
    assert found.is_whole


@pytest.mark.parametrize(
    "broken",
    [
        message(11, b"\0\0\xff\0\0\x01x"),
        message(12, b"\x03\0"),
        message(12, POINT),
        message(22, b""),
    ],
)
def test_a_broken_message_after_the_hello_leaves_the_hello(broken: bytes) -> None:
    found = flight_of(handshake(server_hello(), broken, DONE))

    assert (found.suite, found.is_whole) == (0xC02F, False)


def ssl2_hello(kinds: bytes, certificate: bytes = b"DER", *, version: bytes = b"\0\x02") -> bytes:
    sizes = struct.pack("!3H", len(certificate), len(kinds), 16)
    body = b"\x04\0\x01" + version + sizes + certificate + kinds + RANDOM[:16]
    return (0x8000 | len(body)).to_bytes(2) + body


def test_ssl2_names_all_its_kinds_at_once() -> None:
    found = flight_of(ssl2_hello(bytes.fromhex("0100800700c0")))

    assert (found.version, found.suite, found.suites) == (SSL2, 0x010080, (0x010080, 0x0700C0))
    assert (found.certificates, found.session_id, found.is_whole) == ((b"DER",), RANDOM[:16], True)


def test_ssl2_may_share_no_kind_and_show_no_certificate() -> None:
    found = flight_of(ssl2_hello(b"", b""))

    assert (found.suite, found.suites, found.certificates) == (0, (), ())


@pytest.mark.parametrize(
    ("data", "protocol"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "http"),
        (b"<html><head>\n", "http"),
        (b"<!doctype html>\n", "http"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", "ssh"),
        (b"220 mx.mairie-l-hay.example ESMTP Postfix\r\n", "smtp"),
        (b"554 mx.mairie-l-hay.example SMTP rejected\r\n", "smtp"),
        (b"220 (vsFTPd 3.0.5)\r\n", "ftp"),
        (b"220 ProFTPD Server\r\n", "ftp"),
        (b"220 bienvenue\r\n", "unknown"),
        (b"* OK [CAPABILITY IMAP4rev1] Dovecot\r\n", "imap"),
        (b"+OK Dovecot ready.\r\n", "pop3"),
        (b"-ERR unknown command\r\n", "redis"),
        (b"RFB 003.008\n", "vnc"),
        (b"<?xml version='1.0'?><stream:stream>\n", "xmpp"),
        (b"\x03\0\0\x13\x0e\xd0\0\0\x124\0", "rdp"),
        (b"\x4a\0\0\0\x0a8.0.36\0abc", "mysql"),
        (b"\xff\xfd\x18\xff\xfd\x20\xff\xfd", "telnet"),
        (b"E\0\0\0\x5aSFATAL\0", "postgres"),
        (b"EFATAL:  unsupported frontend protocol\n", "postgres"),
        (b"\x30\x0c\x02\x01\0\x78\x07\n\x01\x02", "ldap"),
        (b"\0\x01\x02\x03\x04\x05\x06\x07\x08", "unknown"),
        (b"bonjour\r\n", "unknown"),
        (b"HTTP/1.1 20", "http"),
        (b"\x16\x41\x41\x41\x41\x41\x41\x41", "unknown"),
        (b"\x16\x03\x01\xff\xff\x02\0\0", "unknown"),
        (b"\x15\x03", "unknown"),
        (ssl2_hello(b"", version=b"\x03\0"), "unknown"),
        (b"\x80\x0b\x04\0\x01\0\x02\0\xff\0\xff\0\xff", "unknown"),
        (record(23, b"HTTP"), "unknown"),
        (record(20, b"\x01") + WHOLE, "unknown"),
        (handshake(CERTIFICATES), "unknown"),
        (handshake(message(2, b"\x03\x03court")), "unknown"),
        (handshake(server_hello(extensions=b"\0\x2b\0\x09\x03")), "unknown"),
        (record(22, b"\x02\0") + b"HTTP/1.1 ", "unknown"),
        (record(22, b"\x02\0"), "unknown"),
    ],
)
def test_what_is_not_tls_is_called_by_its_name(data: bytes, protocol: str) -> None:
    assert read(data) == Foreign(protocol)


def test_a_line_without_an_end_is_not_waited_for() -> None:
    assert FlightReader(wants_whole=True).feed(b"HTTP/" + b"x" * 300) == Foreign("http")
    assert FlightReader(wants_whole=True).feed(b"HTTP/") is None


def test_a_short_line_is_told_the_same_byte_by_byte() -> None:
    data = b"RFB\n\xff\xff\xff\xff\xff"

    assert (
        read_in((data[at : at + 1] for at in range(len(data))), whole=True)
        == read(data)
        == Foreign("unknown")
    )


def test_nothing_at_all_is_no_answer() -> None:
    reader = FlightReader(wants_whole=True)

    assert (reader.feed(b""), reader.ended()) == (None, None)


def test_garbage_behind_a_record_ends_the_flight() -> None:
    found = flight_of(handshake(server_hello()) + b"GET / HTTP/1.1\r\n")

    assert (found.suite, found.is_whole) == (0xC02F, False)


# ------------------------------------------------------------------------------------------------ bounds


def test_a_certificate_that_never_ends_is_cut_at_the_limit() -> None:
    dripping = handshake(server_hello(), b"\x0b\xff\xff\xff") + handshake(bytes(16000)) * 10
    found = FlightReader(wants_whole=True).feed(dripping)

    assert isinstance(found, ServerFlight)
    assert (found.suite, found.is_whole) == (0xC02F, False)


@pytest.mark.parametrize("start", [b"\x16\x03\x03\0\0", b"\x02\xff\xff\xff", b"\xff\xff\x04\0\0\0\x02"])
def test_the_limit_ends_what_says_nothing(start: bytes) -> None:
    data = start * 20_000 if start[0] == 22 else (handshake(start) if start[0] == 2 else start) + WHOLE * 400

    assert FlightReader(wants_whole=True, limit=30_000).feed(data) == Foreign("unknown")


@pytest.mark.parametrize(
    "data",
    [
        handshake(server_hello(), b"\x0b\xff\xff\xff") + handshake(bytes(16000)) * 4,
        record(22, b"") * 13_000,
        handshake(server_hello()) + handshake(message(13, b"")) * 7_000,
        b"\xff\xff\x04\0\0\0\x02" + bytes(65_000),
        UNKNOWN_NAME * 9_000,
    ],
    ids=["certificate", "empty records", "requests", "SSLv2", "warnings"],
)
def test_sixty_four_kibibytes_byte_by_byte_take_no_time(data: bytes) -> None:
    data = data[: 64 * 1024]
    reader = FlightReader(wants_whole=True)

    start = time.process_time()
    for at in range(len(data)):
        reader.feed(data[at : at + 1])

    assert time.process_time() - start < 5
    assert (reader.ended() is None) is (read(data) is None)


# ------------------------------------------------------------------------------------------------ properties

SAMPLES = (
    WHOLE,
    UNKNOWN_NAME + WHOLE,
    handshake(server_hello(0x1301, extensions=extension(43, b"\x03\x04") + extension(51, b"\0\x18"))),
    ssl2_hello(bytes.fromhex("0100800700c0")),
    handshake(
        server_hello(0x009E), message(12, FIELD + SIGNED), message(22, b"\x01" + vector(3, b"x")), DONE
    ),
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\x80\x03\0\0\x01",
)


def pieces(data: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return (data[start:end] for start, end in pairwise(edges))


def read_in(parts: Iterator[bytes], *, whole: bool) -> Answer | None:
    reader = FlightReader(wants_whole=whole, limit=2_000)
    for part in parts:
        reader.feed(part)
    return reader.ended()


def mutated(data: bytes, changes: list[tuple[int, int]]) -> bytes:
    changed = bytearray(data)
    for at, byte in changes:
        changed[at % len(changed)] = byte
    return bytes(changed)


changes = st.lists(st.tuples(st.integers(0, 4_000), st.integers(0, 255)), max_size=4)
cuts = st.lists(st.integers(0, 4_000), max_size=12)
beginnings = st.sampled_from(
    [b"", b"\x16\x03\x03", b"\x15\x03\x01\0", b"\x80", b"\x90\x40\x04\0\0\0\x02", b"220 "]
)


@given(start=beginnings, rest=st.binary(max_size=600), cut=cuts, whole=st.booleans())
def test_any_bytes_in_any_pieces_give_one_answer(
    start: bytes, rest: bytes, cut: list[int], *, whole: bool
) -> None:
    data = start + rest

    assert read_in(pieces(data, cut), whole=whole) == read_in(iter([data]), whole=whole)


@given(sample=st.sampled_from(SAMPLES), change=changes, cut=cuts, whole=st.booleans())
def test_a_changed_flight_in_any_pieces_gives_one_answer(
    sample: bytes, change: list[tuple[int, int]], cut: list[int], *, whole: bool
) -> None:
    data = mutated(sample, change)

    assert read_in(pieces(data, cut), whole=whole) == read_in(iter([data]), whole=whole)


@settings(max_examples=20)
@given(seed=st.integers(0, 1 << 32))
def test_a_changed_real_flight_never_raises_however_it_comes(flights: tuple[bytes, ...], seed: int) -> None:
    chance = random.Random(seed)
    data = bytearray(chance.choice(flights))
    for _ in range(chance.randrange(6)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    at_once = read(bytes(data))
    reader = FlightReader(wants_whole=True)
    for byte in data:
        reader.feed(bytes((byte,)))

    assert reader.ended() == at_once
