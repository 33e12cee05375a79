"""7z: its directory read to the end, packed or not, and the methods it names (7zFormat.txt of the LZMA SDK)."""

import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cyberaudit import french
from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted, Weakness
from cyberaudit.frozen import frozen
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, Sample

# 7-Zip, « 7zAES »: the only encryption of the format; nothing but a CRC, itself encrypted, seals the data.
AES_METHOD = "AES-256-CBC, SHA-256 répété"
MAGIC = b"7z\xbc\xaf\x27\x1c"
START_BYTES = 32
# Methods.txt of the LZMA SDK: copied, LZMA2, LZMA; AES-256 with a key made by SHA-256.
COPY, LZMA2, LZMA, AES = b"\0", b"\x21", b"\x03\x01\x01", b"\x06\xf1\x07\x01"
# 7zFormat.txt, « Property IDs »
END, HEADER, ARCHIVE, ADDITIONAL, MAIN = 0, 1, 2, 3, 4
PACK, FOLDERS, SIZE, DIGEST, FOLDER, CODERS_SIZE, PACKED_HEADER = 6, 7, 9, 10, 11, 12, 23
# Ours: a directory is some hundred bytes a file; a longer one is not read.
DIRECTORY_BYTES = 4 * 1024 * 1024
# Ours: what a directory may become when unpacked, and the dictionary that unpacking may ask for.
UNPACKED_BYTES, DICTIONARY_BYTES = 8 * 1024 * 1024, 16 * 1024 * 1024
# Ours: 7z packs a directory once.
MOST_LAYERS = 4
# 7zFormat.txt allows more: no archiver chains that many methods.
MOST_CODERS = 32
# Ours: one block a file, when they are not packed together; an archive of more is not read.
MOST_FOLDERS = 50_000
# Ours: a packed directory names one folder and one stream: some 20 to 60 bytes.
ANNOUNCE_BYTES = 128


class Broken(ValueError):
    """The structure stops making sense."""


class Unread(ValueError):
    """The structure is sound, and goes past what we read."""


@frozen
class Coder:
    """One method of a folder."""

    method: bytes
    properties: bytes


@frozen
class Streams:
    """Where the packed bytes stand, and what packs them."""

    position: int
    """After the start header."""
    packed: tuple[int, ...]
    folders: tuple[tuple[Coder, ...], ...]
    unpacked: tuple[int, ...]
    """Size of each folder once unpacked."""
    digests: tuple[int | None, ...]
    """CRC-32 of each folder once unpacked."""


NO_STREAMS = Streams(0, (), (), (), ())


@dataclass(slots=True)
class Cursor:
    """Reads a directory from its first byte on.

    Raises:
        Broken: everywhere, past its last byte.
    """

    data: bytes
    at: int = 0

    def byte(self) -> int:
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        found = self.data[self.at : self.at + count]
        if len(found) < count:
            raise Broken("il s'arrête avant sa fin")
        self.at += count
        return found

    def number(self) -> int:
        """One to nine bytes: the leading ones of the first say how many follow."""
        first, value, mask = self.byte(), 0, 0x80
        for place in range(8):
            if not first & mask:
                return value | (first & mask - 1) << 8 * place
            value |= self.byte() << 8 * place
            mask >>= 1
        return value

    def count(self) -> int:
        """How many things follow: each takes a byte or more."""
        value = self.number()
        if value > len(self.data):
            raise Broken("il annonce plus qu'il ne tient")
        return value

    def expect(self, mark: int) -> None:
        if (found := self.byte()) != mark:
            raise Broken(f"octet 0x{found:02x} au lieu de 0x{mark:02x}")

    def if_next(self, mark: int) -> bool:
        found = self.data[self.at : self.at + 1] == bytes([mark])
        self.at += found
        return found


def read_seven(sample: Sample) -> Reading | None:
    """The file as a 7z archive, or as one of its volumes; None when it is neither."""
    if sample.head.startswith(MAGIC):
        return _archive(sample)
    if is_volume(sample):
        return _last_volume(sample)
    if sample.suffix == "7z":
        return Reading("7z", Encrypted.UNKNOWN, "octets 0 à 5 : ce n'est pas « 7z » 0xbcaf271c", DAMAGED)
    return None


def is_volume(sample: Sample) -> bool:
    """« mairie.7z.003 »"""
    return len(sample.suffixes) > 1 and sample.suffixes[-2] == "7z" and sample.suffix.isdecimal()


def _archive(sample: Sample) -> Reading:
    start = sample.head[:START_BYTES]
    if len(start) < START_BYTES or not start[8:].strip(b"\0"):
        return _unknown("l'en-tête de départ est vide : l'écriture n'a pas été finie", TRUNCATED)
    if zlib.crc32(start[12:]) != _little(start[8:12]):
        return _unknown("le CRC de l'en-tête de départ (octet 8) ne va pas", DAMAGED)
    at, size = START_BYTES + _little(start[12:20]), _little(start[20:28])
    if not size:
        return _unknown("le répertoire ne nomme aucun fichier", EMPTY)
    if at + size > sample.size:
        words = f"le répertoire finit à l'octet {at + size}, le fichier à {sample.size}"
        if is_volume(sample):
            return _unknown(f"premier volume : {words}, donc dans un autre volume", END_NOT_SEEN)
        return _unknown(words, TRUNCATED)
    if size > DIRECTORY_BYTES:
        words = f"répertoire de {size} octets à l'octet {at} : plus que nous ne lisons"
        return _unknown(words, END_NOT_SEEN)
    data = sample.read_at(at, size)
    if zlib.crc32(data) != _little(start[28:32]):
        return _unknown(f"le CRC du répertoire (octet {at}) ne va pas", DAMAGED)
    return _judge(sample, data, at=at, base=START_BYTES)


def _judge(sample: Sample, data: bytes, *, at: int, base: int) -> Reading:
    """The directory `data` at byte `at`; packed bytes are counted from byte `base`."""
    try:
        layers = _layers(sample, data, base=base)
        for layer in layers:
            if isinstance(layer, Streams):
                return _folders(layer, at=at, room=at - base)
            if AES in {coder.method for coder in layer}:
                evidence = f"répertoire chiffré à l'octet {at} (méthode AES 0x06f10701), noms compris"
                return Reading("7z", Encrypted.YES, evidence, method=AES_METHOD)
        return _unknown(f"répertoire illisible à l'octet {at} : trop de couches", DAMAGED)
    except Broken as trouble:
        return _unknown(f"répertoire illisible à l'octet {at} : {trouble}", DAMAGED)
    except Unread as trouble:
        return _unknown(f"répertoire à l'octet {at} : {trouble}")


def _layers(sample: Sample, data: bytes, *, base: int) -> Iterator[tuple[Coder, ...] | Streams]:
    """The methods that pack each layer of the directory, then the streams that the last one names."""
    for _ in range(MOST_LAYERS):
        cursor = Cursor(data)
        match cursor.byte():
            case 1:
                yield _main_streams(cursor, sample)
                return
            case 23:
                streams = _streams(cursor, sample)
                if not streams.folders:
                    raise Broken("il est annoncé comprimé, sans méthode")
                yield streams.folders[0]
                data = _unpacked(sample, streams, base=base)
            case mark:
                raise Broken(f"octet 0x{mark:02x} au début")


def _main_streams(cursor: Cursor, sample: Sample) -> Streams:
    if cursor.if_next(ARCHIVE):
        while cursor.number() != END:
            cursor.take(cursor.number())
    if cursor.if_next(ADDITIONAL):
        raise Unread("flux supplémentaires, que nous ne lisons pas")
    return _streams(cursor, sample) if cursor.if_next(MAIN) else NO_STREAMS


def _streams(cursor: Cursor, sample: Sample) -> Streams:
    position, packed = _pack_info(cursor) if cursor.if_next(PACK) else (0, ())
    streams = replace(NO_STREAMS, position=position, packed=packed)
    return _folder_info(cursor, streams, sample) if cursor.if_next(FOLDERS) else streams


def _pack_info(cursor: Cursor) -> tuple[int, tuple[int, ...]]:
    position, number = cursor.number(), cursor.count()
    if number > MOST_FOLDERS * MOST_CODERS // 8:
        raise Unread(f"{number} flux : plus que nous ne lisons")
    sizes: tuple[int, ...] = ()
    if cursor.if_next(SIZE):
        sizes = tuple(cursor.number() for _ in range(number))
    if cursor.if_next(DIGEST):
        _digests(cursor, number)
    cursor.expect(END)
    return position, sizes


def _folder_info(cursor: Cursor, streams: Streams, sample: Sample) -> Streams:
    cursor.expect(FOLDER)
    number = cursor.count()
    if cursor.byte():
        raise Unread("méthodes décrites hors du répertoire")
    if number > MOST_FOLDERS:
        raise Unread(f"{number} blocs : plus que nous ne lisons")
    folders: list[tuple[Coder, ...]] = []
    outputs: list[int] = []
    for _ in range(number):
        if len(folders) % 4096 == 4095 and sample.hurried():
            raise Unread("trop long à lire")
        coders, ends = _folder(cursor)
        folders.append(coders)
        outputs.append(ends)
    cursor.expect(CODERS_SIZE)
    sizes = tuple(tuple(cursor.number() for _ in range(ends))[-1] for ends in outputs)
    digests = _digests(cursor, number) if cursor.if_next(DIGEST) else (None,) * number
    cursor.expect(END)
    return replace(streams, folders=tuple(folders), unpacked=sizes, digests=digests)


def _folder(cursor: Cursor) -> tuple[tuple[Coder, ...], int]:
    """The methods of one folder, and how many streams come out of them."""
    coders, inputs, outputs = [], 0, 0
    number = cursor.number()
    if not 0 < number <= MOST_CODERS:
        raise Broken(f"{number} méthodes pour un dossier")
    for _ in range(number):
        flags = cursor.byte()
        method = cursor.take(flags & 15)
        entering, leaving = (cursor.count(), cursor.count()) if flags & 0x10 else (1, 1)
        properties = cursor.take(cursor.count()) if flags & 0x20 else b""
        coders.append(Coder(method, properties))
        inputs, outputs = inputs + entering, outputs + leaving
    if not outputs or inputs < outputs - 1 or max(inputs, outputs) > 4 * MOST_CODERS:
        raise Broken("des méthodes qui ne s'enchaînent pas")
    loose = inputs - (outputs - 1)
    for _ in range(2 * (outputs - 1) + (loose if loose > 1 else 0)):
        cursor.number()
    return tuple(coders), outputs


def _digests(cursor: Cursor, number: int) -> tuple[int | None, ...]:
    if cursor.byte():
        known = [True] * number
    else:
        bits = cursor.take((number + 7) // 8)
        known = [bool(bits[place // 8] & 0x80 >> place % 8) for place in range(number)]
    return tuple(_little(cursor.take(4)) if there else None for there in known)


def _unpacked(sample: Sample, streams: Streams, *, base: int) -> bytes:
    """The directory that `streams` packs, its CRC verified where it has one."""
    if len(streams.folders) != 1 or len(streams.folders[0]) != 1 or len(streams.packed) != 1:
        raise Unread("comprimé par plusieurs méthodes")
    size, packed = streams.unpacked[0], streams.packed[0]
    if size > UNPACKED_BYTES or packed > min(DIRECTORY_BYTES, sample.patience):
        raise Unread(f"{packed} octets comprimés, {size} une fois ouverts : plus que nous ne lisons")
    start = base + streams.position
    if start < 0 or start + packed > sample.size:
        raise Broken(f"il finit à l'octet {start + packed}, le fichier à {sample.size}")
    data = _open(streams.folders[0][0], sample.read_at(start, packed), size)
    if len(data) != size or streams.digests[0] not in (None, zlib.crc32(data)):
        raise Broken(f"sa taille ou son CRC ne va pas (octet {start})")
    return data


def _open(coder: Coder, packed: bytes, size: int) -> bytes:
    if coder.method == COPY:
        return packed
    try:
        opener = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[_filter(coder)])
        return opener.decompress(packed, size)
    except (lzma.LZMAError, EOFError) as error:
        raise Broken(f"décompression impossible ({error})") from error


def _filter(coder: Coder) -> dict[str, int]:
    """The method as liblzma wants it (Methods.txt: five property bytes for LZMA, one for LZMA2)."""
    if coder.method == LZMA and len(coder.properties) == 5 and coder.properties[0] < 225:
        rest, context = divmod(coder.properties[0], 9)
        bits, literal = divmod(rest, 5)
        dictionary = _little(coder.properties[1:])
        found = {"id": lzma.FILTER_LZMA1, "lc": context, "lp": literal, "pb": bits}
    elif coder.method == LZMA2 and len(coder.properties) == 1 and coder.properties[0] <= 40:
        power = coder.properties[0]
        dictionary = (2 | power & 1) << power // 2 + 11 if power < 40 else 0xFFFFFFFF
        found = {"id": lzma.FILTER_LZMA2}
    else:
        raise Unread(f"comprimé par la méthode 0x{coder.method.hex()}")
    if dictionary > DICTIONARY_BYTES:
        raise Unread(f"son ouverture demande {dictionary} octets de mémoire")
    return found | {"dict_size": max(dictionary, 4096)}


def _folders(streams: Streams, *, at: int, room: int) -> Reading:
    """What the methods of each folder say; `room` bytes stand before the directory at byte `at`."""
    total = len(streams.folders)
    if not total:
        return _unknown("le répertoire ne nomme aucun fichier qui ait un contenu", EMPTY)
    if room >= 0 and streams.position + sum(streams.packed) > room:
        raise Broken("les données annoncées dépassent le répertoire")
    closed = sum(any(coder.method == AES for coder in folder) for folder in streams.folders)
    where = f"répertoire lu (octet {at})"
    blocks = french.count(total, "bloc")
    if closed == total:
        evidence = f"{where} : méthode AES 0x06f10701 pour {blocks} sur {total}, noms des fichiers en clair"
        return Reading("7z", Encrypted.YES, evidence, method=AES_METHOD, weaknesses=(Weakness.NAMES_VISIBLE,))
    if closed:
        return Reading("7z", Encrypted.PARTIAL, f"{where} : méthode AES pour {closed} sur {blocks}")
    return Reading("7z", Encrypted.NO, f"{where} : aucune méthode AES pour {blocks}")


def _last_volume(sample: Sample) -> Reading:
    """The directory ends the last volume: found from its end, and believed when read to its very last byte."""
    tail = sample.tail[-ANNOUNCE_BYTES:]
    for place in range(len(tail)):
        if tail[place] == PACKED_HEADER:
            reading = _announced(sample, tail[place:])
            if reading is not None:
                return reading
    return _unknown("volume d'une archive : son répertoire est ailleurs", END_NOT_SEEN)


def _announced(sample: Sample, data: bytes) -> Reading | None:
    """The packed directory that `data`, the last bytes of the file, announces right before them."""
    cursor = Cursor(data, 1)
    try:
        streams = _streams(cursor, sample)
        cursor.expect(END)
    except (Broken, Unread):
        return None
    if cursor.at != len(data) or len(streams.folders) != 1 or not streams.packed:
        return None
    at = sample.size - len(data)
    # Other volumes stand before: packed bytes are counted back from the directory.
    reading = _judge(sample, data, at=at, base=at - streams.packed[-1] - streams.position)
    if reading.encrypted is Encrypted.UNKNOWN:
        return None
    # The volumes before it are other files: whether they are all there is not told here.
    return replace(reading, evidence=f"dernier volume, {reading.evidence}", fault=END_NOT_SEEN)


def _unknown(evidence: str, fault: str = "") -> Reading:
    return Reading("7z", Encrypted.UNKNOWN, evidence, fault)


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")
