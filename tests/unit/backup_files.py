"""Files of backup formats, built byte by byte from what their makers publish; and a detector's view of bytes."""

import hashlib
import json
import struct
import zlib
from collections.abc import Callable
from typing import Any

from cyberaudit.probes.stores.reading import END_BYTES, Reading, Sample
from cyberaudit.probes.stores.recognise import recognise

MEBIBYTE = 1024 * 1024
NOISE = hashlib.shake_256(b"bruit").digest(60_000)


def sample(
    name: str, data: bytes, *, patience: int = 4 * MEBIBYTE, hurried: Callable[[], bool] = bool
) -> Sample:
    def read_at(offset: int, count: int) -> bytes:
        # As strict as the system: no offset before the first byte, none that 63 bits do not hold.
        assert count >= 0
        return data[offset : offset + count] if 0 <= offset < len(data) else b""

    return Sample(name, len(data), data[:END_BYTES], data[-END_BYTES:], read_at, patience, hurried)


def read(name: str, data: bytes) -> Reading:
    reading = recognise(sample(name, data))
    assert reading is not None
    return reading


def seen(name: str, data: bytes) -> tuple[str, str, str]:
    reading = read(name, data)
    return reading.format, reading.encrypted.value, reading.fault


# --- 7z ---


def seven_number(value: int) -> bytes:
    return bytes([value]) if value < 0x80 else b"\xff" + struct.pack("<Q", value)


def seven_folder(*methods: bytes) -> bytes:
    coders = b"".join(bytes([len(method)]) + method for method in methods)
    return (
        bytes([len(methods)]) + coders + b"".join(bytes([rank + 1, rank]) for rank in range(len(methods) - 1))
    )


def seven_streams(
    folders: list[tuple[bytes, ...]], *, packed: int, position: int = 0, size: int = 9
) -> bytes:
    """Pack and coder information of that many folders, one packed stream each."""
    number = bytes([len(folders)])
    pack = b"\x06" + seven_number(position) + number + b"\x09" + seven_number(packed) * len(folders) + b"\0"
    sizes = b"".join(seven_number(size) * len(methods) for methods in folders)
    coders = b"".join(seven_folder(*methods) for methods in folders)
    return pack + b"\x07\x0b" + number + b"\0" + coders + b"\x0c" + sizes + b"\0"


def seven(header: bytes, *, body: bytes = NOISE[:100]) -> bytes:
    start = struct.pack("<QQL", len(body), len(header), zlib.crc32(header))
    return b"7z\xbc\xaf\x27\x1c\x00\x04" + struct.pack("<L", zlib.crc32(start)) + start + body + header


# --- RAR ---


def vint(value: int) -> bytes:
    low, rest = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + vint(rest) if rest else bytes([low])


def rar5_block(kind: int, body: bytes, *, extra: bytes = b"", data: bytes = b"", flags: int = 0) -> bytes:
    flags |= bool(extra) | bool(data) << 1
    lengths = (vint(len(extra)) if extra else b"") + (vint(len(data)) if data else b"")
    header = vint(kind) + vint(flags) + lengths + body + extra
    summed = vint(len(header)) + header
    return struct.pack("<L", zlib.crc32(summed)) + summed + data


def rar5_file(*, version: int | None = None, data: bytes = b"d" * 50, flags: int = 0) -> bytes:
    """One file; `version` of its encryption, None when clear."""
    name = b"paie.odt"
    body = vint(0) + vint(len(data)) + vint(0x20) + vint(0) + vint(1) + vint(len(name)) + name
    lock = b"" if version is None else vint(1) + vint(version) + vint(1) + b"\x0f" + bytes(16 + 16 + 12)
    extra = vint(len(lock)) + lock if lock else b""
    return rar5_block(2, body, extra=extra, data=data, flags=flags)


RAR5 = b"Rar!\x1a\x07\x01\x00"
RAR5_START = RAR5 + rar5_block(1, vint(0))
RAR5_END = rar5_block(5, vint(0))
RAR5_LOCK = rar5_block(4, vint(0) + vint(0) + b"\x0f" + bytes(16))


def rar4_block(kind: int, flags: int, body: bytes = b"", data: bytes = b"") -> bytes:
    header = struct.pack("<BHH", kind, flags, 7 + len(body)) + body
    return struct.pack("<H", zlib.crc32(header) & 0xFFFF) + header + data


def rar4_file(*, flags: int = 0, version: int = 29, data: bytes = b"d" * 50) -> bytes:
    body = struct.pack("<LLBLLBBHL", len(data), len(data), 2, 0, 0, version, 0x33, 4, 0x20) + b"paie"
    return rar4_block(0x74, 0x8000 | flags, body, data)


RAR4 = b"Rar!\x1a\x07\x00"
RAR4_START = RAR4 + rar4_block(0x73, 0, bytes(6))
RAR4_END = rar4_block(0x7B, 0x4000)


# --- Encrypted volumes ---


def luks1(*, cipher: str = "aes", mode: str = "xts-plain64", slots: int = 1, size: int = 300_000) -> bytes:
    head = struct.pack(
        ">6sH32s32s32sLL", b"LUKS\xba\xbe", 1, cipher.encode(), mode.encode(), b"sha256", 512, 64
    ).ljust(208, b"\0")
    for rank in range(8):
        head += struct.pack(">LL", 0x00AC71F3 if rank < slots else 0xDEAD, 100_000).ljust(48, b"\0")
    return head.ljust(size, b"z")


def luks2_json(*ciphers: str, size: str = "dynamic", slots: int = 1) -> dict[str, Any]:
    """Segments in a row; « » for one that is not encrypted."""
    segments = {
        str(rank): {
            "type": "crypt" if cipher else "linear",
            "offset": str(65536 + rank * 1000),
            "size": size,
            **({"encryption": cipher} if cipher else {}),
        }
        for rank, cipher in enumerate(ciphers)
    }
    slot = {"type": "luks2", "kdf": {"type": "argon2id", "time": 4, "memory": 32}}
    return {"segments": segments, "keyslots": {str(rank): slot for rank in range(slots)}}


def luks2(header: Any, *, second: bool = True, size: int = 100_000) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    both = b"".join(_luks2_half(magic, text) for magic in (b"LUKS\xba\xbe", b"SKUL\xba\xbe"))
    return (both if second else both[:16384]).ljust(size, b"z")


def _luks2_half(magic: bytes, text: bytes) -> bytes:
    head = struct.pack(">6sHQQ48s32s", magic, 2, 16384, 1, b"", b"sha256").ljust(4096, b"\0")
    whole = (head + text).ljust(16384, b"\0")
    return whole[:448] + hashlib.sha256(whole).digest().ljust(64, b"\0") + whole[512:]


BITLOCKER_ID = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
BITLOCKER_PLACES = (0x20000, 0x40000, 0x60000)


def _bitlocker_entry(kind: int, value: int, body: bytes) -> bytes:
    return struct.pack("<HHHH", 8 + len(body), kind, value, 1) + body


def _bitlocker_key(protection: int) -> bytes:
    locked = _bitlocker_entry(0, 5, b"n" * 12 + b"t" * 16 + b"e" * 44)
    stretched = _bitlocker_entry(0, 3, struct.pack("<L", 0x1000) + b"s" * 16)
    head = b"g" * 16 + struct.pack("<QHH", 133_500_000_000_000_000, 0, protection)
    return _bitlocker_entry(2, 8, head + stretched + locked)


def bitlocker(*protections: int, state: int = 4, method: int = 0x8004, size: int = 0x80000) -> bytes:
    """A volume with three copies of its metadata."""
    entries = b"".join(map(_bitlocker_key, protections))
    entries += _bitlocker_entry(3, 5, b"n" * 12 + b"t" * 16 + b"e" * 44)
    entries += _bitlocker_entry(15, 15, struct.pack("<QQ", 0x70000, 8192))
    length = 48 + len(entries)
    head = struct.pack("<8sHHHHQLL", b"-FVE-FS-", 256, 2, state, state, size, 0, 16)
    head += struct.pack("<QQQQ", *BITLOCKER_PLACES, 0x70000)
    head += struct.pack(
        "<LLLL16sLHHQ", length, 1, 48, length, b"v" * 16, 9, method, 0, 133_500_000_000_000_000
    )
    volume = bytearray(NOISE * (size // len(NOISE) + 1))[:size]
    volume[:512] = b"\xeb\x58\x90-FVE-FS-\x00\x02\x08".ljust(510, b"\0") + b"\x55\xaa"
    volume[160:200] = BITLOCKER_ID + struct.pack("<QQQ", *BITLOCKER_PLACES)
    for place in BITLOCKER_PLACES:
        volume[place : place + 64 + length] = head + entries
    return bytes(volume)


# --- Disks ---


def ext(size: int = 100_000) -> bytes:
    return (bytes(1080) + b"\x53\xef").ljust(size // 512 * 512, b"\0")


def mbr(*parts: bytes, kind: int = 0x83) -> bytes:
    """A disk whose partitions follow one another from 1 MiB on."""
    head, body = bytearray(512), b""
    for rank, part in enumerate(parts):
        start = (MEBIBYTE + len(body)) // 512
        struct.pack_into("<4xB3xLL", head, 446 + 16 * rank, kind, start, len(part) // 512)
        body += part
    head[510:] = b"\x55\xaa"
    return bytes(head).ljust(MEBIBYTE, b"\0") + body


EFI = bytes.fromhex("28732ac11ff8d211ba4b00a0c93ec93b")
DATA = bytes.fromhex("a2a0d0ebe5b9334487c068b6b72699c7")


def gpt(*parts: tuple[bytes, bytes]) -> bytes:
    """(type, content) of each partition."""
    table, body = b"", b""
    for kind, part in parts:
        first = (MEBIBYTE + len(body)) // 512
        table += kind + b"u" * 16 + struct.pack("<QQ", first, first + len(part) // 512 - 1) + bytes(80)
        body += part
    last = (MEBIBYTE + len(body)) // 512 + 1
    protective = bytearray(512)
    struct.pack_into("<4xB3xLL", protective, 446, 0xEE, 1, last)
    protective[510:] = b"\x55\xaa"
    header = struct.pack(
        "<8sLLLLQQQQ16sQLLL", b"EFI PART", 65536, 92, 0, 0, 1, last, 34, last, b"", 2, 128, 128, 0
    )
    return (bytes(protective) + header.ljust(512, b"\0") + table).ljust(MEBIBYTE, b"\0") + body + bytes(1024)


# --- What is written in clear ---


def vma(*extents: int, clusters: int = 1, created: int = 1_795_000_000) -> bytes:
    """An archive of one disk of that many clusters; blocks of each extent, all of one cluster."""
    head = bytearray(struct.pack(">4sL16sq16sLLL", b"VMA\0", 1, b"u" * 16, created, b"", 0, 0, 12_800)).ljust(
        12_800, b"\0"
    )
    struct.pack_into(">LLQ", head, 4096 + 32, 1, 0, clusters * 65536)
    head[32:48] = hashlib.md5(bytes(head), usedforsecurity=False).digest()
    body = b""
    for blocks in extents:
        info = struct.pack(">HBBL", 0xFFFF, 0, 1, 0)
        body += (struct.pack(">4sHH16s16s", b"VMAE", 0, blocks, b"u" * 16, b"m" * 16) + info).ljust(
            512, b"\0"
        )
        body += b"d" * 4096 * blocks
    return bytes(head) + body


def pst(*, method: int = 1, unicode: bool = True, size: int = 2048) -> bytes:
    head = bytearray(size)
    head[:4], head[8:10] = b"!BDN", b"SM"
    head[10] = 23 if unicode else 14
    head[513 if unicode else 461] = method
    struct.pack_into("<Q" if unicode else "<L", head, 184 if unicode else 168, size)
    struct.pack_into("<L", head, 4, zlib.crc32(head[8:479], 0xFFFFFFFF) ^ 0xFFFFFFFF)
    return bytes(head)


def pg_number(value: int) -> bytes:
    return bytes([value < 0]) + abs(value).to_bytes(4, "little")


def pg_text(text: bytes | None) -> bytes:
    return pg_number(-1) if text is None else pg_number(len(text)) + text


def pg_object(state: int, place: int = 0, *, version: tuple[int, int] = (1, 14)) -> bytes:
    words = b"".join(pg_text(word) for word in (b"0", b"0", b"t", b"TABLE DATA")) + pg_number(3)
    words += pg_text(b"") * (6 if version >= (1, 14) else 5)
    words += pg_number(114) if version >= (1, 16) else b""
    words += pg_text(b"mairie") + pg_text(b"false") + pg_text(b"12") + pg_text(None)
    return pg_number(1) + pg_number(1) + words + bytes([state]) + place.to_bytes(8, "little")


def pg_dump(
    *objects: bytes, data: bytes = b"", version: tuple[int, int] = (1, 14), form: int = 1, month: int = 10
) -> bytes:
    head = b"PGDMP" + bytes([*version, 0, 4, 8, form])
    head += b"\x01" if version >= (1, 15) else pg_number(-1)
    head += b"".join(map(pg_number, (30, 2, 1, 22, month, 126, 0)))
    head += pg_text(b"mairie") + pg_text(b"15.18") + pg_text(b"15.18")
    return head + pg_number(len(objects)) + b"".join(objects) + data


def pg_data(*pieces: bytes) -> bytes:
    return b"\x01" + pg_number(1) + b"".join(map(pg_text, pieces)) + pg_number(0)


def aescrypt(
    version: int = 2, *, extensions: bytes = b"\0\x13CREATED_BY\0cyberaud\0\0", body: int = 64
) -> bytes:
    head = b"AES" + bytes([version, 0]) + (extensions if version > 1 else b"")
    head += struct.pack(">L", 300_000) if version == 3 else b""
    return head + NOISE[: 16 + 48 + 32] + NOISE[:body] + (b"\x05" if version < 3 else b"") + NOISE[:32]
