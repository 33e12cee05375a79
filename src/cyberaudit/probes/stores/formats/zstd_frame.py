"""Zstandard (RFC 8878), decoded within a limit: for the small texts that tools keep compressed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from struct import Struct

from cyberaudit.frozen import frozen

MAGIC = b"\x28\xb5\x2f\xfd"
# RFC 8878 §3.1.2: sixteen magic numbers of frames to skip.
SKIPPED = range(0x184D2A50, 0x184D2A60)
# §3.1.1.2.4: no block holds more once decompressed.
BLOCK_BYTES = 128 * 1024
# §4.2.1 and §3.1.1.3.2.1.1: the largest tables a frame may ask for.
HUFFMAN_BITS, WEIGHT_ACCURACY = 11, 6
RAW, RLE, COMPRESSED, AGAIN = range(4)


class Broken(ValueError):
    """Not a frame, a damaged one, or one larger than the limit."""


@frozen
class Cell:
    """One state of an FSE table (§4.1)."""

    symbol: int
    bits: int
    base: int


@frozen
class Kind:
    """One of the three codes of a sequence (§3.1.1.3.2.1)."""

    accuracy: int
    most_accuracy: int
    usual: tuple[int, ...]
    extra: tuple[int, ...]
    """Bits that follow each code."""
    base: tuple[int, ...]
    """The value each code stands for when these bits are 0."""


def _bases(start: int, extra: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(accumulate((1 << bits for bits in extra[:-1]), initial=start))


_LITERAL_EXTRA = (*[0] * 16, 1, 1, 1, 1, 2, 2, 3, 3, 4, *range(6, 17))
_MATCH_EXTRA = (*[0] * 32, 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, *range(7, 17))
_OFFSET_EXTRA = tuple(range(32))
# §3.1.1.3.2.2: the distributions of a sequence section that brings none.
_LITERALS = Kind(
    6,
    9,
    (4, 3, *[2] * 11, 1, 1, 1, *[2] * 9, 3, 2, *[1] * 5, *[-1] * 4),
    _LITERAL_EXTRA,
    _bases(0, _LITERAL_EXTRA),
)
_OFFSETS = Kind(
    5, 8, (*[1] * 6, 2, 2, 2, *[1] * 15, *[-1] * 5), _OFFSET_EXTRA, tuple(1 << bits for bits in range(32))
)
_MATCHES = Kind(6, 9, (1, 4, 3, *[2] * 6, *[1] * 37, *[-1] * 7), _MATCH_EXTRA, _bases(3, _MATCH_EXTRA))
_KINDS = (_LITERALS, _OFFSETS, _MATCHES)
_FOUR = Struct("<3H")


@dataclass(slots=True)
class _Frame:
    """What one block leaves to the next of its frame."""

    out: bytearray
    most: int
    """Bytes that `out` may hold."""
    start: int
    """Where this frame's own bytes begin in `out`."""
    huffman: tuple[list[tuple[int, int]], int] | None = None
    tables: list[tuple[list[Cell], int] | None] = field(default_factory=lambda: [None, None, None])
    offsets: list[int] = field(default_factory=lambda: [1, 4, 8])


@dataclass(slots=True)
class _Bits:
    """A bit stream; `at` counts bits from its first."""

    data: bytes
    at: int = 0

    def peek(self, start: int, count: int) -> int:
        """Bits before the first are zeros, as §4.1.2 wants of the last read."""
        low = max(start, 0)
        piece = int.from_bytes(self.data[low >> 3 : (start + count + 7) >> 3], "little") >> (low & 7)
        return (piece << (low - start)) & ((1 << count) - 1)

    def forward(self, count: int) -> int:
        value = self.peek(self.at, count)
        self.at += count
        return value

    def back(self, count: int) -> int:
        self.at -= count
        return self.peek(self.at, count)


def decompress(data: bytes, *, most: int) -> bytes:
    """The content of all frames of `data`.

    Raises:
        Broken: it is not Zstandard, is cut or damaged, or holds more than `most` bytes.
    """
    out, at = bytearray(), 0
    while at < len(data):
        if int.from_bytes(data[at : at + 4], "little") in SKIPPED:
            at += 8 + int.from_bytes(data[at + 4 : at + 8], "little")
            continue
        at = _frame(data, at, _Frame(out, most, len(out)))
    if at > len(data) or not data:
        raise Broken("cut")
    return bytes(out)


def _frame(data: bytes, at: int, frame: _Frame) -> int:
    """One frame from `at`; the place after it."""
    if data[at : at + 4] != MAGIC or len(data) < at + 6:
        raise Broken("no magic number")
    flags = data[at + 4]
    single = flags >> 5 & 1
    if flags & 3 or flags & 8:
        raise Broken("a dictionary, or a reserved bit")
    size_bytes = (single, 2, 4, 8)[flags >> 6]
    at += 5 + (not single) + size_bytes
    last = False
    while not last:
        header = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = bool(header & 1), header >> 1 & 3, header >> 3
        body = data[at + 3 : at + 3 + (1 if kind == RLE else size)]
        if len(data) < at + 3 or len(body) < (1 if kind == RLE else size) or size > BLOCK_BYTES:
            raise Broken("cut")
        _block(frame, kind, body, size)
        at += 3 + len(body)
    return at + (4 if flags & 4 else 0)


def _block(frame: _Frame, kind: int, body: bytes, size: int) -> None:
    if kind == RAW:
        frame.out += body
    elif kind == RLE:
        frame.out += body * size
    elif kind == COMPRESSED:
        literals, at = _literals(frame, body)
        _sequences(frame, body, at, literals)
    else:
        raise Broken("reserved block")
    if len(frame.out) > frame.most:
        raise Broken("too large")


def _literals(frame: _Frame, body: bytes) -> tuple[bytes, int]:
    """§3.1.1.3.1: the literals of a block, and where its sequences begin."""
    if not body:
        raise Broken("empty block")
    kind, form = body[0] & 3, body[0] >> 2 & 3
    if kind in (RAW, RLE):
        width = (1, 2, 1, 3)[form]
        size = int.from_bytes(body[:width], "little") >> (3 if width == 1 else 4)
        stored = 1 if kind == RLE else size
        if size > BLOCK_BYTES or len(body) < width + stored:
            raise Broken("literals")
        return body[width : width + stored] * (size if kind == RLE else 1), width + stored
    width, count = (3, 3, 4, 5)[form], (10, 10, 14, 18)[form]
    header = int.from_bytes(body[:width], "little") >> 4
    size, packed = header & ((1 << count) - 1), header >> count
    part = body[width : width + packed]
    if size > BLOCK_BYTES or len(part) < packed or not packed:
        raise Broken("literals")
    if kind == COMPRESSED:
        frame.huffman, used = _huffman_table(part)
        part = part[used:]
    return _huffman_streams(frame, part, size, streams=4 if form else 1), width + packed


def _huffman_table(data: bytes) -> tuple[tuple[list[tuple[int, int]], int], int]:
    """§4.2.1: (for each prefix its symbol and its number of bits, bits of a prefix), and the bytes it took."""
    first = data[0]
    if first >= 128:
        number = first - 127
        used = 1 + (number + 1) // 2
        weights = [byte >> shift & 15 for byte in data[1:used] for shift in (4, 0)][:number]
    else:
        used, number = 1 + first, 0
        weights = _weights(data[1:used])
    if len(data) < used or not weights or max(weights) > HUFFMAN_BITS:
        raise Broken("weights")
    total = sum(1 << weight >> 1 for weight in weights)
    longest = total.bit_length()
    left = (1 << longest) - total
    if not total or left & (left - 1) or longest > HUFFMAN_BITS:
        raise Broken("weights")
    weights.append(left.bit_length())
    table: list[tuple[int, int]] = []
    for weight in range(1, longest + 1):
        for symbol, its in enumerate(weights):
            if its == weight:
                table += [(symbol, longest + 1 - weight)] * (1 << weight >> 1)
    return (table, longest), used


def _weights(data: bytes) -> list[int]:
    """§4.2.1.2: weights behind an FSE code, two states in turn."""
    cells, accuracy, used = _fse_table(data, WEIGHT_ACCURACY)
    bits = _reversed(data[used:])
    states = [bits.back(accuracy), bits.back(accuracy)]
    found: list[int] = []
    while len(found) < 254:
        cell = cells[states[0]]
        found.append(cell.symbol)
        states[0] = cell.base + bits.back(cell.bits)
        states.reverse()
        if bits.at < 0:
            return [*found, cells[states[0]].symbol]
    raise Broken("weights")


def _reversed(data: bytes) -> _Bits:
    """A stream read from its end, where its highest bit set says that it starts."""
    if not data or not data[-1]:
        raise Broken("bit stream")
    return _Bits(data, len(data) * 8 - 9 + data[-1].bit_length())


def _huffman_streams(frame: _Frame, data: bytes, size: int, *, streams: int) -> bytes:
    if frame.huffman is None:
        raise Broken("no table yet")
    table, longest = frame.huffman
    if streams == 1:
        return _huffman(data, table, longest, size)
    if len(data) < _FOUR.size:
        raise Broken("jump table")
    ends = [*accumulate(_FOUR.unpack_from(data), initial=_FOUR.size), len(data)]
    each = (size + 3) // 4
    parts = (
        _huffman(data[start:end], table, longest, min(each, size - rank * each))
        for rank, (start, end) in enumerate(pairwise(ends))
    )
    return b"".join(parts)


def _huffman(data: bytes, table: list[tuple[int, int]], longest: int, size: int) -> bytes:
    bits, out = _reversed(data), bytearray()
    while len(out) < size:
        symbol, length = table[bits.peek(bits.at - longest, longest)]
        bits.at -= length
        out.append(symbol)
    if bits.at:
        raise Broken("literals")
    return bytes(out)


def _fse_table(data: bytes, most_accuracy: int) -> tuple[list[Cell], int, int]:
    """§4.1.1: the table, its accuracy, and the bytes that describe it."""
    bits = _Bits(data)
    accuracy = bits.forward(4) + 5
    if accuracy > most_accuracy:
        raise Broken("accuracy")
    left, shares = 1 << accuracy, list[int]()
    while left > 0:
        if len(shares) > 255 or bits.at > len(data) * 8:
            raise Broken("distribution")
        share = _share(bits, left)
        left -= abs(share)
        shares.append(share)
        again = 3 if share == 0 else 0
        while again == 3:
            again = bits.forward(2)
            shares += [0] * again
            if len(shares) > 255:
                raise Broken("distribution")
    used = (bits.at + 7) // 8
    if left < 0 or used > len(data):
        raise Broken("distribution")
    return _cells(shares, accuracy), accuracy, used


def _share(bits: _Bits, left: int) -> int:
    """§4.1.1: small values are written with one bit less."""
    count = (left + 1).bit_length()
    low = (1 << (count - 1)) - 1
    spare = (1 << count) - 1 - (left + 1)
    value = bits.forward(count)
    if value & low < spare:
        bits.at -= 1
        value &= low
    elif value > low:
        value -= spare
    return value - 1


def _cells(shares: list[int] | tuple[int, ...], accuracy: int) -> list[Cell]:
    size = 1 << accuracy
    symbols = [symbol for symbol, share in enumerate(shares) for _ in range(share)]
    rare = [symbol for symbol, share in enumerate(shares) if share < 0]
    spread, step, at = [0] * size, (size >> 1) + (size >> 3) + 3, 0
    high = size - len(rare)
    spread[high:] = reversed(rare)
    for symbol in symbols:
        spread[at] = symbol
        at = (at + step) % size
        while at >= high and high:
            at = (at + step) % size
    following = [abs(share) for share in shares]
    cells = []
    for symbol in spread:
        rank = following[symbol]
        following[symbol] += 1
        bits = accuracy - rank.bit_length() + 1
        cells.append(Cell(symbol, bits, (rank << bits) - size))
    return cells


_USUAL = tuple((_cells(kind.usual, kind.accuracy), kind.accuracy) for kind in _KINDS)


def _sequences(frame: _Frame, body: bytes, at: int, literals: bytes) -> None:
    """§3.1.1.3.2: copies of literals and of what came before, in turn."""
    number, at = _number(body, at)
    if not number:
        frame.out += literals
        return
    modes = body[at] if at < len(body) else 3
    if modes & 3:
        raise Broken("reserved mode")
    at += 1
    for rank in range(3):
        frame.tables[rank], at = _table(frame, rank, modes >> (6 - 2 * rank) & 3, body, at)
    _execute(frame, _reversed(body[at:]), number, literals)


def _number(body: bytes, at: int) -> tuple[int, int]:
    head = body[at : at + 3]
    if not head or len(head) < (1 if head[0] < 128 else 2 if head[0] < 255 else 3):
        raise Broken("sequences")
    if head[0] < 128:
        return head[0], at + 1
    if head[0] < 255:
        return (head[0] - 128 << 8) + head[1], at + 2
    return head[1] + (head[2] << 8) + 0x7F00, at + 3


def _table(frame: _Frame, rank: int, mode: int, body: bytes, at: int) -> tuple[tuple[list[Cell], int], int]:
    kind = _KINDS[rank]
    if mode == RAW:
        return _USUAL[rank], at
    if mode == RLE:
        if at >= len(body) or body[at] >= len(kind.extra):
            raise Broken("code")
        return ([Cell(body[at], 0, 0)], 0), at + 1
    if mode == COMPRESSED:
        cells, accuracy, used = _fse_table(body[at:], kind.most_accuracy)
        if max(cell.symbol for cell in cells) >= len(kind.extra):
            raise Broken("code")
        return (cells, accuracy), at + used
    table = frame.tables[rank]
    if table is None:
        raise Broken("no table yet")
    return table, at


def _execute(frame: _Frame, bits: _Bits, number: int, literals: bytes) -> None:
    tables = [table for table in frame.tables if table is not None]
    states = [bits.back(accuracy) for _, accuracy in tables]
    taken, most = 0, frame.most
    for rank in range(number):
        codes = [table[state] for (table, _), state in zip(tables, states, strict=True)]
        literal, offset, match = _values(bits, codes)
        if taken + literal > len(literals) or len(frame.out) + literal + match > most or bits.at < 0:
            raise Broken("sequence")
        frame.out += literals[taken : taken + literal]
        taken += literal
        _copy(frame, _real_offset(frame.offsets, offset, literal), match)
        if rank < number - 1:
            for which in (0, 2, 1):
                states[which] = codes[which].base + bits.back(codes[which].bits)
    if bits.at:
        raise Broken("sequences")
    frame.out += literals[taken:]


def _values(bits: _Bits, codes: list[Cell]) -> tuple[int, int, int]:
    """Literal length, offset, match length; the offset is written first, then the match, then the literal."""
    read: Callable[[int], int] = lambda which: (  # noqa: E731 — three reads in the order of the stream
        _KINDS[which].base[codes[which].symbol] + bits.back(_KINDS[which].extra[codes[which].symbol])
    )
    offset, match, literal = read(1), read(2), read(0)
    return literal, offset, match


def _real_offset(kept: list[int], value: int, literal: int) -> int:
    """§3.1.1.5: the three last offsets have short names."""
    if value > 3:
        kept[:] = [value - 3, kept[0], kept[1]]
        return kept[0]
    which = value - 1 + (not literal)
    offset = kept[0] - 1 if which == 3 else kept[which]
    if which:
        kept[:] = [offset, kept[0], kept[2] if which == 1 else kept[1]]
    return offset


def _copy(frame: _Frame, offset: int, count: int) -> None:
    out = frame.out
    if not 0 < offset <= len(out) - frame.start:
        raise Broken("offset")
    piece = out[-offset:][:count]
    while len(piece) < count:
        piece += piece[: count - len(piece)]
    out += piece
