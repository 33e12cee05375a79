"""ClientHellos packed by hand: byte for byte, and as OpenSSL and scapy read them."""

import struct
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cyberaudit.facts.tls_suites import ALL_GROUPS, ALL_SCHEMES, ALL_SUITES, SSL2_KINDS, TLS13_SUITES
from cyberaudit.probes.tls.hello import SSL2, SSL3, TLS10, TLS11, TLS12, TLS13, Hello, build

pytestmark = pytest.mark.unit

RANDOM = bytes(range(32))
NAME = "vpn.mairie-l-hay.example"
EVERYTHING = {
    "server_name": NAME,
    "groups": (0x001D, 0x0017),
    "signature_schemes": (0x0403, 0x0804),
    "alpn": ("h2", "http/1.1"),
    "compression": True,
    "session_ticket": True,
    "status_request": True,
    "heartbeat": True,
    "timestamps": True,
    "session_id": b"seize",
}


def read(data: bytes) -> tuple[int, int, tuple[int, ...], bytes, dict[int, bytes]]:
    """Record version, hello version, suites, compression methods and extensions; every length must be exact."""
    kind, record, size = struct.unpack("!BHH", data[:5])
    assert (kind, size, data[5]) == (22, len(data) - 5, 1)
    body = data[9:]
    assert int.from_bytes(data[6:9]) == len(body)
    version, at = int.from_bytes(body[:2]), 34
    at += 1 + body[at]
    count = int.from_bytes(body[at : at + 2])
    suites = struct.unpack(f"!{count // 2}H", body[at + 2 : at + 2 + count])
    at += 2 + count
    compression = body[at + 1 : at + 1 + body[at]]
    at += 1 + body[at]
    return record, version, suites, compression, extensions(body[at:])


def extensions(data: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    if not data:
        return found
    assert int.from_bytes(data[:2]) == len(data) - 2
    at = 2
    while at < len(data):
        kind, size = struct.unpack("!HH", data[at : at + 4])
        assert kind not in found
        found[kind] = data[at + 4 : at + 4 + size]
        assert len(found[kind]) == size
        at += 4 + size
    return found


def test_a_hello_of_tls12_byte_for_byte() -> None:
    hello = Hello(
        TLS12, (0xC02F, 0x002F), server_name="a.example", groups=(0x001D,), signature_schemes=(0x0804,)
    )

    assert build(hello, random=RANDOM).hex(" ") == (
        "16 03 01 00 66 01 00 00 62 03 03 "
        + RANDOM.hex(" ")
        + " 00 00 04 c0 2f 00 2f 01 00 00 35"
        + " 00 17 00 00 00 16 00 00 ff 01 00 01 00 00 0b 00 02 01 00"
        + " 00 00 00 0e 00 0c 00 00 09 61 2e 65 78 61 6d 70 6c 65"
        + " 00 0d 00 04 00 02 08 04 00 0a 00 04 00 02 00 1d"
    )


def test_a_hello_of_ssl2_byte_for_byte() -> None:
    hello = Hello(SSL2, (0x010080, 0x0700C0), session_id=b"\xaa" * 16)

    assert build(hello, random=RANDOM).hex(" ") == (
        "80 2f 01 00 02 00 06 00 10 00 10 01 00 80 07 00 c0 " + "aa " * 16 + RANDOM[:16].hex(" ")
    )


@pytest.mark.parametrize(
    ("version", "record", "written", "kinds"),
    [
        (SSL3, 0x0300, 0x0300, set[int]()),
        (TLS10, 0x0301, 0x0301, {0, 5, 10, 11, 15, 16, 18, 22, 23, 35, 0xFF01}),
        (TLS11, 0x0301, 0x0302, {0, 5, 10, 11, 15, 16, 18, 22, 23, 35, 0xFF01}),
        (TLS12, 0x0301, 0x0303, {0, 5, 10, 11, 13, 15, 16, 18, 22, 23, 35, 0xFF01}),
        (TLS13, 0x0301, 0x0303, {0, 5, 10, 13, 15, 16, 18, 43, 45, 51}),
    ],
)
def test_each_version_has_its_numbers_and_its_extensions(
    version: int, record: int, written: int, kinds: set[int]
) -> None:
    asked = read(build(Hello(version, (0x0035,), **EVERYTHING)))  # type: ignore[arg-type]

    assert (asked[0], asked[1], set(asked[4])) == (record, written, kinds)


def test_nothing_asked_for_leaves_nothing_but_what_belongs_to_every_hello() -> None:
    silent = {"renegotiation_info": False, "extended_master_secret": False, "encrypt_then_mac": False}

    assert read(build(Hello(TLS12, (0x0035,), **silent)))[2:] == ((0x0035,), b"\0", {})  # type: ignore[arg-type]
    assert read(build(Hello(SSL3, (0x0035,), **silent)))[2] == (0x0035,)  # type: ignore[arg-type]
    assert read(build(Hello(TLS13, (0x1301,), psk_modes=False)))[4] == {43: b"\x02\x03\x04", 51: b"\0\0"}


def test_ssl3_asks_for_secure_renegotiation_by_a_signal() -> None:
    assert read(build(Hello(SSL3, (0x0035,))))[2] == (0x0035, 0x00FF)
    assert read(build(Hello(TLS12, (0x0035,))))[2] == (0x0035,)


def test_a_fallback_signal_travels_like_a_suite() -> None:
    assert read(build(Hello(TLS11, (0x0035, 0x5600))))[2] == (0x0035, 0x5600)


@pytest.mark.parametrize(
    ("version", "methods"),
    [(SSL3, b"\x01\0"), (TLS12, b"\x01\0"), (TLS13, b"\0")],
    ids=["SSLv3", "TLS 1.2", "TLS 1.3"],
)
def test_deflate_is_offered_before_null_and_never_to_tls13(version: int, methods: bytes) -> None:
    assert read(build(Hello(version, (0x0035,), compression=True)))[3] == methods
    assert read(build(Hello(version, (0x0035,))))[3] == b"\0"


def test_tls13_carries_shares_and_a_cookie() -> None:
    hello = Hello(
        TLS13, (0x1301,), shares=((0x001D, b"\x11" * 32), (0x0017, b"\x04" * 65)), cookie=b"biscuit"
    )
    found = read(build(hello))[4]

    assert found[51] == b"\0\x69\0\x1d\0\x20" + b"\x11" * 32 + b"\0\x17\0\x41" + b"\x04" * 65
    assert found[44] == b"\0\x07biscuit"


def test_a_renegotiation_repeats_what_our_last_finished_said() -> None:
    assert read(build(Hello(TLS12, (0x0035,), verify_data=b"douze octets")))[4][0xFF01] == b"\x0cdouze octets"


def test_the_dot_at_the_end_of_a_name_is_not_sent_and_no_name_is_no_extension() -> None:
    assert read(build(Hello(TLS12, (0x0035,), server_name="a.example.")))[4][0] == b"\0\x0c\0\0\x09a.example"
    assert 0 not in read(build(Hello(TLS12, (0x0035,), server_name="")))[4]


def test_each_hello_has_its_own_random() -> None:
    assert build(Hello(TLS12, (0x0035,))) != build(Hello(TLS12, (0x0035,)))
    assert build(Hello(TLS12, (0x0035,)), random=RANDOM) == build(Hello(TLS12, (0x0035,)), random=RANDOM)


@pytest.mark.parametrize(
    "hello",
    [
        Hello(TLS12, (0x0035,) * 8200),
        Hello(TLS12, (0x0035,) * 40_000),
        Hello(TLS12, (0x0035,), session_id=bytes(256)),
        Hello(TLS12, (0x0035,), server_name="mairie-l-haÿ.example"),
        Hello(TLS13, (0x1301,), cookie=bytes(1 << 16)),
    ],
    ids=["over 16 KiB", "over a list", "session id", "name", "cookie"],
)
def test_what_cannot_be_written_is_refused(hello: Hello) -> None:
    with pytest.raises(ValueError):
        build(hello)


def test_a_random_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        build(Hello(TLS12, (0x0035,)), random=b"court")


def test_everything_there_is_fits_into_two_packets() -> None:
    hello = Hello(TLS12, ALL_SUITES, server_name=NAME, groups=ALL_GROUPS, signature_schemes=ALL_SCHEMES)

    assert len(build(hello)) < 1200


def dissected(data: bytes) -> Any:
    with warnings.catch_warnings():
        # On import it names ciphers that cryptography is about to move
        warnings.simplefilter("ignore")
        from scapy.layers.tls.handshake import TLSClientHello
        from scapy.layers.tls.handshake_sslv2 import SSLv2ClientHello
    layer: Callable[[bytes], Any] = TLSClientHello if data[0] == 22 else SSLv2ClientHello
    return layer(data[5:] if data[0] == 22 else data[2:])


def test_scapy_reads_what_was_meant() -> None:
    hello = Hello(TLS12, ALL_SUITES, **EVERYTHING)  # type: ignore[arg-type]
    found = dissected(build(hello, random=RANDOM))
    parts: Mapping[int, Any] = {part.type: part for part in found.ext}

    assert (found.version, tuple(found.ciphers), found.comp, found.sid) == (
        0x0303,
        ALL_SUITES,
        [1, 0],
        b"seize",
    )
    assert [bytes(each.servername) for each in parts[0].servernames] == [NAME.encode()]
    assert (parts[10].groups, parts[13].sig_algs) == ([0x001D, 0x0017], [0x0403, 0x0804])
    assert [bytes(each.protocol) for each in parts[16].protocols] == [b"h2", b"http/1.1"]
    assert (parts[5].stype, parts[15].heartbeat_mode, parts[35].ticket) == (1, 1, b"")


def test_scapy_reads_the_hello_of_ssl2() -> None:
    found = dissected(build(Hello(SSL2, SSL2_KINDS), random=RANDOM))

    assert (found.version, tuple(found.ciphers), found.sidlen) == (SSL2, SSL2_KINDS, 0)


def test_scapy_reads_the_hello_of_tls13() -> None:
    found = dissected(build(Hello(TLS13, TLS13_SUITES, shares=((0x001D, b"\x11" * 32),), cookie=b"biscuit")))
    parts: Mapping[int, Any] = {part.type: part for part in found.ext}

    assert (tuple(found.ciphers), parts[43].versions, parts[44].cookie) == (
        TLS13_SUITES,
        [0x0304],
        b"biscuit",
    )
    assert [(each.group, each.key_exchange) for each in parts[51].client_shares] == [(0x001D, b"\x11" * 32)]
    assert parts[45].kxmodes == [1]
