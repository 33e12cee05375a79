"""7z archives: those of 7-Zip 26 itself stand in tests/loopback; here, headers built from 7zFormat.txt."""

import lzma
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.recognise import recognise
from tests.unit.backup_files import NOISE, read, sample, seen, seven, seven_number, seven_streams

pytestmark = pytest.mark.unit

COPY, LZMA, LZMA2, AES = b"\0", b"\x03\x01\x01", b"\x21", b"\x06\xf1\x07\x01"


def header(*folders: tuple[bytes, ...], packed: int = 20) -> bytes:
    return b"\x01\x04" + seven_streams(list(folders), packed=packed) + b"\0\0"


@pytest.mark.parametrize(
    ("folders", "expected"),
    [
        ([(COPY,)], "no"),
        ([(LZMA,), (LZMA2,)], "no"),
        ([(AES,)], "yes"),
        ([(AES, LZMA), (LZMA2, AES)], "yes"),
        ([(AES, LZMA), (LZMA,)], "partial"),
    ],
)
def test_each_block_says_how_it_is_protected(folders: list[tuple[bytes, ...]], expected: str) -> None:
    assert seen("a.7z", seven(header(*folders))) == ("7z", expected, "")


def packed_header(
    plain: bytes, *, digest: int | None = None, memory: int = 65536, method: bytes = LZMA
) -> bytes:
    """An archive whose directory is compressed by LZMA, as 7-Zip writes it."""
    filters = [{"id": lzma.FILTER_LZMA1, "lc": 3, "lp": 0, "pb": 2, "dict_size": 65536}]
    body = lzma.compress(plain, format=lzma.FORMAT_RAW, filters=filters)
    coder = bytes([0x20 | len(method)]) + method + b"\x05\x5d" + memory.to_bytes(4, "little")
    summed = zlib.crc32(plain) if digest is None else digest
    streams = (
        b"\x06" + seven_number(100) + b"\x01\x09" + seven_number(len(body)) + b"\0\x07\x0b\x01\0\x01" + coder
    )
    streams += b"\x0c" + seven_number(len(plain)) + b"\x0a\x01" + summed.to_bytes(4, "little") + b"\0\0"
    return seven(b"\x17" + streams, body=NOISE[:100] + body)


def test_a_packed_directory_is_opened_and_hides_no_method() -> None:
    data = packed_header(header((AES, LZMA)))
    assert AES not in data
    assert seen("a.7z", data) == ("7z", "yes", "")
    assert seen("a.7z", packed_header(header((LZMA,)))) == ("7z", "no", "")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (packed_header(header((AES,)), digest=7), ("unknown", "damaged")),
        (packed_header(header((AES,)), memory=1 << 31), ("unknown", "")),
        (packed_header(header((AES,)), method=b"\x04\x02\x02"), ("unknown", "")),
        (packed_header(b"\x05"), ("unknown", "damaged")),
        (seven(b"\x01\x04" + AES * 9), ("unknown", "damaged")),
        (seven(b"\x17\x06" + AES), ("unknown", "damaged")),
        (seven(b"\x17\0"), ("unknown", "damaged")),
        (seven(b"\x01\0"), ("unknown", "empty")),
        (seven(b"\x01\x03\0"), ("unknown", "")),
        (seven(b""), ("unknown", "empty")),
        (seven(header((AES,), packed=101)), ("unknown", "damaged")),
        (seven(header((AES,)))[:20], ("unknown", "truncated")),
        (seven(header((AES,)))[:-1], ("unknown", "truncated")),
        (seven(header((AES,)))[:60], ("unknown", "truncated")),
        (seven(header((AES,)))[:8] + bytes(900), ("unknown", "truncated")),
        (seven(header((AES,)))[:-1] + b"\x09", ("unknown", "damaged")),
        (seven(header((AES,))).replace(b"\x64\0\0\0\0", b"\x63\0\0\0\0", 1), ("unknown", "damaged")),
        (b"hello", ("unknown", "damaged")),
    ],
)
def test_what_is_cut_or_makes_no_sense_proves_nothing(data: bytes, expected: tuple[str, str]) -> None:
    assert seen("a.7z", data) == ("7z", *expected)


def test_names_are_encrypted_when_the_directory_itself_is() -> None:
    streams = seven_streams([(AES, LZMA)], packed=20)
    reading = read("a.7z", seven(b"\x17" + streams + b"\0"))
    assert (reading.encrypted, reading.fault) == (Encrypted.YES, "")
    assert "noms compris" in reading.evidence


def test_a_directory_stands_in_the_last_volume_and_is_believed_there_alone() -> None:
    data = packed_header(header((AES, LZMA)))
    assert seen("a.7z.001", data[:60]) == ("7z", "unknown", "end-not-seen")
    assert seen("a.7z.002", data[60:90]) == ("7z", "unknown", "end-not-seen")
    assert seen("a.7z.003", data[90:]) == ("7z", "yes", "end-not-seen")
    assert seen("a.7z.003", data[90:-1]) == ("7z", "unknown", "end-not-seen")
    assert seen("a.7z.003", data[140:]) == ("7z", "unknown", "end-not-seen")
    assert seen("a.7z.001", data) == ("7z", "yes", "")


def test_a_directory_longer_than_patience_or_time_is_not_read() -> None:
    impatient = replace(sample("a.7z", packed_header(header((AES,)))), patience=5)
    assert getattr(recognise(impatient), "encrypted", None) is Encrypted.UNKNOWN
    long = b"\x01\x04\x06\0\0\0\x07\x0b" + seven_number(6000) + b"\0" + b"\x01\x01\0" * 6000 + bytes(20_000)
    hurried = sample("a.7z", seven(long), hurried=lambda: True)
    assert "trop long" in getattr(recognise(hurried), "evidence", "")


DIGESTS = b"\x0a\0\x80" + bytes(4)


@pytest.mark.parametrize(
    ("directory", "expected"),
    [
        # Properties of the archive, then its streams; digests of some streams alone.
        (b"\x01\x02\x19\x02ab\0\x04" + seven_streams([(AES,)], packed=20) + b"\0\0", ("yes", "")),
        (header((AES,)).replace(b"\0\x07", DIGESTS + b"\0\x07", 1), ("yes", "")),
        (header((AES,)).replace(b"\x07\x0b\x01\0", b"\x07\x0b\x01\x01"), ("unknown", "")),
        (header((AES,)).replace(b"\x07\x0b", b"\x07\x0a"), ("unknown", "damaged")),
        (header((AES,)).replace(b"\x0b\x01\0\x01\x04", b"\x0b\x01\0\x00\x04"), ("unknown", "damaged")),
        (header((AES,)).replace(b"\x01\x04" + AES, b"\x01\x14" + AES + b"\1\0"), ("unknown", "damaged")),
        (header((AES,)).replace(b"\x01\x04" + AES, b"\x01\x14" + AES + b"\2\1\0\1"), ("yes", "")),
        (b"\x01\x04\x06\0\x7f\x09", ("unknown", "damaged")),
        (b"\x01\x04\x06\0" + seven_number(300_000) + bytes(300_000), ("unknown", "end-not-seen")),
        (b"\x01\x04\x06\0\0\0\x07\x0b" + seven_number(60_000) + bytes(60_000), ("unknown", "end-not-seen")),
        (b"\x17" + seven_streams([(COPY,), (COPY,)], packed=20) + b"\0", ("unknown", "")),
        (b"\x17" + seven_streams([(COPY,)], packed=20, size=20) + b"\0", ("unknown", "damaged")),
        (b"\x17" + seven_streams([(COPY,)], packed=21, size=20) + b"\0", ("unknown", "damaged")),
        (b"\x17" + seven_streams([(LZMA2,)], packed=20) + b"\0", ("unknown", "")),
        (b"\x17" + seven_streams([(COPY,)], packed=20, position=900) + b"\0", ("unknown", "damaged")),
        (b"\x17" + seven_streams([(COPY,)], packed=20, size=1 << 40) + b"\0", ("unknown", "")),
    ],
)
def test_every_corner_of_a_directory(directory: bytes, expected: tuple[str, str]) -> None:
    assert seen("a.7z", seven(directory)) == ("7z", *expected)


def test_a_directory_packed_by_lzma2_or_copied_is_read_too() -> None:
    plain = header((AES,))
    assert seen("a.7z", seven(b"\x17" + seven_streams([(COPY,)], packed=len(plain), size=len(plain)) + b"\0",
                              body=plain))[1:] == ("yes", "")  # fmt: skip
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 65536}]
    body = lzma.compress(plain, format=lzma.FORMAT_RAW, filters=filters)
    for power, expected in ((8, "yes"), (40, "unknown"), (41, "unknown")):
        streams = seven_streams([(LZMA2,)], packed=len(body), size=len(plain))
        streams = streams.replace(b"\x01\x01\x21", b"\x01\x21\x21\x01" + bytes([power]))
        assert seen("a.7z", seven(b"\x17" + streams + b"\0", body=body))[1] == expected
    nested = b"\x17" + seven_streams([(COPY,)], packed=100, size=100) + b"\0"
    assert seen("a.7z", seven(nested, body=nested.ljust(100, b"\0")))[1:] == ("unknown", "damaged")


@given(st.binary(max_size=200))
def test_no_directory_makes_it_crash_or_prove_an_encryption_it_does_not_name(noise: bytes) -> None:
    for mark in (b"\x01\x04", b"\x17"):
        reading = read("a.7z", seven(mark + noise))
        assert reading.encrypted is not Encrypted.YES or AES in noise
