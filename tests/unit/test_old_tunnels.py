"""PPTP and L2TP, byte by byte."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.old_tunnels import (
    START_BYTES,
    Said,
    l2tp_stop,
    pptp_start,
    pptp_stop,
    read_l2tp,
    read_pptp,
)

pytestmark = pytest.mark.unit

OURS = 4321


def pptp_reply(*, host: bytes = b"local", vendor: bytes = b"linux", kind: int = 2) -> bytes:
    head = struct.pack("!HHIHHHBBIIHH", 156, 1, 0x1A2B3C4D, kind, 0, 0x0100, 1, 0, 3, 3, 1, 1)
    return head + host.ljust(64, b"\0") + vendor.ljust(64, b"\0")


def pair(kind: int, value: bytes, *, vendor: int = 0, flags: int = 0x8000) -> bytes:
    return struct.pack("!HHH", flags | 6 + len(value), vendor, kind) + value


def l2tp(*pairs: bytes, tunnel: int = OURS, flags: int = 0xC802) -> bytes:
    body = b"".join(pairs)
    return struct.pack("!6H", flags, 12 + len(body), tunnel, 0, 0, 1) + body


REPLY = (pair(0, b"\0\x02"), pair(7, b"box"), pair(8, b"xelerance.com"), pair(9, b"\x12\x34"))


def test_the_start_of_pptp_has_its_length_and_its_cookie() -> None:
    start = pptp_start()
    assert len(start) == START_BYTES
    assert start[:10] == bytes.fromhex("009c00011a2b3c4d0001")
    assert pptp_stop() == bytes.fromhex("001000011a2b3c4d00030000" + "01000000")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (pptp_reply(), Said("hôte local, constructeur linux")),
        (pptp_reply(host=b"", vendor=b""), Said("")),
        (pptp_reply(host=b"\x1b[31mbo\xff\x00x", vendor=b""), Said("hôte [31mbo\ufffd")),
        (pptp_reply(kind=1), None),
        (pptp_reply()[:-1], None),
        (b"HTTP/1.1 400 Bad Request\r\n" * 10, None),
    ],
)
def test_replies_of_pptp(data: bytes, expected: Said | None) -> None:
    assert read_pptp(data) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (l2tp(*REPLY), Said("hôte box, constructeur xelerance.com", 0x1234)),
        (l2tp(pair(0, b"\0\x04"), pair(1, b"\0\x02")), Said("")),
        (l2tp(), Said("")),
        (l2tp(pair(7, b"autre", vendor=9), *REPLY), Said("hôte box, constructeur xelerance.com", 0x1234)),
        (l2tp(pair(0, b"\0\x02"), pair(7, b"secret", flags=0xC000)), Said("")),
        (l2tp(pair(0, b"\0\x02"), b"\x80\x03\0\0\0\0"), Said("")),
        (l2tp(pair(0, b"\0\x02"), b"\x80\xff\0\0\0\0"), Said("")),
        (l2tp(pair(0, b"\0\x02"), *[pair(99, b"")] * 60, pair(7, b"loin")), Said("")),
        (l2tp(pair(0, b"\0\x01")), None),
        (l2tp(*REPLY, tunnel=1), None),
        (l2tp(*REPLY, flags=0xC803), None),
        (l2tp(*REPLY, flags=0x0002), None),
        (b"", None),
    ],
)
def test_answers_of_l2tp(data: bytes, expected: Said | None) -> None:
    assert read_l2tp(data, ours=OURS) == expected


def test_the_end_of_l2tp_names_both_tunnels() -> None:
    stop = l2tp_stop(0x1234, ours=OURS)
    assert stop[:12] == struct.pack("!6H", 0xC802, len(stop), 0x1234, 0, 1, 1)
    assert pair(0, b"\0\x04") in stop
    assert pair(9, struct.pack("!H", OURS)) in stop


@given(st.binary(max_size=400))
def test_anything_may_come(data: bytes) -> None:
    read_pptp(data)
    read_l2tp(data, ours=OURS)
    read_l2tp(struct.pack("!6H", 0xC802, 12 + len(data), OURS, 0, 0, 1) + data, ours=OURS)
