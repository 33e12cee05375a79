"""What is written in clear: tar archives, database dumps as text, SQLite files."""

import re
from datetime import UTC, datetime

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.reading import DAMAGED, EMPTY, TRUNCATED, Reading, Sample, octets

# POSIX ustar: the magic at byte 257; two blocks of zeros end the archive.
TAR_MAGIC, TAR_AT, TAR_BLOCK = b"ustar", 257, 512
# GNU tar fills its last record of 10 KiB; « -b » allows records up to 2 MiB in practice.
TAR_PADDING = 2 * 1024 * 1024
# POSIX pax: an extended header may carry the size of the next member, which is not read here.
TAR_KIND, TAR_SPARSE, TAR_EXTENDED = 156, frozenset({b"S"}), frozenset({b"x", b"g"})
# GNU tar: records of 10 KiB unless told; and, ours, as many blocks of holes as a large virtual disk has.
TAR_RECORD, MOST_MAPS = 10_240, 100_000
# Ours: members followed in any case; further ones while time lasts.
SURE_MEMBERS = 4096
SQLITE = b"SQLite format 3\0"
DUMPS = (
    (b"-- MySQL dump", b"-- Dump completed", "MySQL dump"),
    (b"-- MariaDB dump", b"-- Dump completed", "MariaDB dump"),
    (b"/*!999999\\- enable the sandbox mode", b"-- Dump completed", "enable the sandbox mode"),
    (b"/*M!999999\\- enable the sandbox mode", b"-- Dump completed", "enable the sandbox mode"),
    (b"--\n-- PostgreSQL database dump", b"PostgreSQL database dump complete", "PostgreSQL database dump"),
    (
        b"--\n-- PostgreSQL database cluster dump",
        b"PostgreSQL database cluster dump complete",
        "PostgreSQL database cluster dump",
    ),
)
"""How a dump begins, and the mark its tool writes when it ends well, and what is shown of the first."""
# mysqldump, write_footer: the last settings put back, with or without comments; phpMyAdmin, export of SQL: the same.
PUT_BACK = (
    (b"@OLD_SQL_NOTES", b"SET SQL_NOTES=@OLD_SQL_NOTES"),
    (b"-- phpMyAdmin SQL Dump", b"SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT"),
)
# sqlite3, « .dump »: one transaction, undone when an error came.
SQLITE_DUMP, SQLITE_ENDS = (
    b"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;",
    (b"COMMIT;", b"ROLLBACK; -- due to errors"),
)
# What tools and shells say when they fail, where a dump was awaited.
_ERROR = re.compile(
    rb"\s*(mysqldump|mariadb-dump|mysql|mariadb|pg_dump(all)?|psql|sqlite3|sqlcmd|expdp|ORA-\d|Usage|ERROR|Error|error"
    rb"|Warning: Using a password|(/bin/)?(ba|da)?sh)[: ]"
)
# mysqldump, write_footer: « -- Dump completed on 2026-11-20  2:00:03 », on the clock of its machine.
_COMPLETED = re.compile(rb"-- Dump completed on (\d{4})-(\d\d)-(\d\d) +(\d{1,2}):(\d\d):(\d\d)")
END_BYTES_OF_DUMP, START_BYTES_OF_DUMP, ERROR_LIMIT = 4096, 2048, 80
# Ours: pages looked at, evenly and the last: none of a database in use is made of zeros.
SEEN_PAGES = 16


def read_tar(sample: Sample) -> Reading | None:
    """The file as a tar archive."""
    if not _is_header(sample.head[:TAR_BLOCK]):
        if sample.suffix != "tar":
            return None
        evidence = (
            f"octets {TAR_AT} à {TAR_AT + 4} = {octets(sample.head[TAR_AT : TAR_AT + 5])}, sans « ustar »"
        )
        return Reading("tar", Encrypted.UNKNOWN, evidence, DAMAGED)
    if sample.head[TAR_AT : TAR_AT + 5] != TAR_MAGIC:
        evidence = "octets 148 à 155 : somme d'en-tête d'un tar d'avant 1988, noms des fichiers lisibles"
        return Reading("tar", Encrypted.NO, evidence, _tar_end(sample))
    evidence = f"octets {TAR_AT} à {TAR_AT + 4} = « ustar », noms des fichiers lisibles"
    return Reading("tar", Encrypted.NO, evidence, _tar_end(sample))


def _is_header(block: bytes) -> bool:
    """POSIX ustar: the mark, or the sum of the block, its own field as spaces, that older tars have too."""
    if block[TAR_AT : TAR_AT + 5] == TAR_MAGIC:
        return True
    field = block[148:156].strip(b"\0 ")
    if len(block) < TAR_BLOCK or not field or field.strip(b"01234567") or not block[0]:
        return False
    return int(field, 8) == sum(block) - sum(block[148:156]) + 8 * 32


def _tar_end(sample: Sample) -> str:
    """The members are followed to the zeros that end them: zeros alone may be a hole left by a copy that stopped."""
    if not sample.tail:
        return ""
    if not sample.patience:
        return TRUNCATED if sample.size % TAR_BLOCK or sample.tail[-2 * TAR_BLOCK :].strip(b"\0") else ""
    at, followed = 0, 0
    while at < sample.size:
        followed += 1
        if followed > SURE_MEMBERS and sample.hurried():
            return END_NOT_SEEN
        header = sample.read_at(at, TAR_BLOCK)
        if not header.strip(b"\0"):
            return _after_members(sample, at)
        size = _tar_size(header)
        if size is None:
            return DAMAGED
        extended = header[TAR_KIND : TAR_KIND + 1] in TAR_EXTENDED
        if extended and b" size=" in sample.read_at(at + TAR_BLOCK, min(size, TAR_PADDING)):
            return END_NOT_SEEN
        at += _sparse_maps(sample, header, at)
        at += TAR_BLOCK + -(-size // TAR_BLOCK) * TAR_BLOCK
    return TRUNCATED


def _sparse_maps(sample: Sample, header: bytes, at: int) -> int:
    """Bytes of the blocks that tell the holes of a sparse file (GNU tar, « oldgnu »): one announces another."""
    if header[TAR_KIND : TAR_KIND + 1] not in TAR_SPARSE or not header[482]:
        return 0
    for number in range(1, MOST_MAPS):
        block = sample.read_at(at + number * TAR_BLOCK, TAR_BLOCK)
        if len(block) < TAR_BLOCK or not block[504]:
            return number * TAR_BLOCK
    return MOST_MAPS * TAR_BLOCK


def _after_members(sample: Sample, at: int) -> str:
    """Two blocks of zeros, then zeros to the end of a record: of 10 KiB, or of a power of two with « -b »."""
    zeros, size = sample.size - at, sample.size
    if zeros < 2 * TAR_BLOCK or (size % TAR_BLOCK and not _last(sample, zeros).strip(b"\0")):
        return TRUNCATED
    if _last(sample, zeros).strip(b"\0"):
        # Something was added after the archive, or another one was.
        return END_NOT_SEEN
    records = (TAR_RECORD, *(1 << power for power in range(9, 22)))
    filled = any(size % record == 0 and zeros <= record + 2 * TAR_BLOCK for record in records)
    return "" if filled else END_NOT_SEEN if zeros <= TAR_PADDING else TRUNCATED


def _last(sample: Sample, count: int) -> bytes:
    return sample.tail[-min(count, len(sample.tail)) :]


def _tar_size(header: bytes) -> int | None:
    """Octal, or binary past 8 GiB (GNU tar); None when the header is none."""
    if not _is_header(header):
        return None
    field = header[124:136]
    if field[0] & 0x80:
        return int.from_bytes(field[1:], byteorder="big")
    digits = field.strip(b"\0 ")
    if digits.strip(b"01234567"):
        return None
    size: int = int(digits or b"0", 8)
    return size


def read_dump(sample: Sample) -> Reading | None:
    """The file as a database dump."""
    start = sample.head[:START_BYTES_OF_DUMP].replace(b"\r\n", b"\n")
    ending = sample.tail[-END_BYTES_OF_DUMP:]
    for mark, end, words in DUMPS:
        if start.startswith(mark):
            evidence = f"le fichier commence par « {words} », lisible sans clé"
            ended = not ending or end in ending or _puts_back(start, ending)
            fault = "" if ended else TRUNCATED if _announces_its_end(start) else END_NOT_SEEN
            return Reading("sql", Encrypted.NO, evidence, fault, _completed(ending))
    if sample.suffix == "sql" and b"\0" not in sample.head[:4096]:
        return _text(start, ending)
    return None


def _completed(ending: bytes) -> datetime | None:
    """When the dump ended, on the clock of its machine, taken as UTC."""
    found = _COMPLETED.search(ending)
    try:
        return datetime(*map(int, found.groups()), tzinfo=UTC) if found else None  # type: ignore[arg-type, misc]
    except ValueError:
        return None


def _text(start: bytes, ending: bytes) -> Reading:
    """What is named like a dump: its tool's last words where it has some, else nothing tells its end."""
    said = start.strip()
    if not said:
        return Reading("sql", Encrypted.UNKNOWN, "texte vide", EMPTY)
    if _ERROR.match(said):
        line = clean(said.partition(b"\n")[0], limit=ERROR_LIMIT)
        return Reading("sql", Encrypted.NO, f"message d'erreur au lieu d'un export : « {line} »", DAMAGED)
    if said.startswith(SQLITE_DUMP):
        fault = "" if ending.rstrip().endswith(SQLITE_ENDS[0]) else TRUNCATED
        fault = DAMAGED if ending.rstrip().endswith(SQLITE_ENDS[1]) else fault
        return Reading("sql", Encrypted.NO, "export de SQLite, lisible sans clé", fault if ending else "")
    fault = "" if _puts_back(start, ending) else END_NOT_SEEN
    return Reading("sql", Encrypted.NO, "texte lisible sans clé", fault)


def _announces_its_end(start: bytes) -> bool:
    """It begins by comments, or by settings to put back: told to write neither (--compact), a tool marks no end."""
    return b"-- " in start or start.startswith(b"--\n") or any(begun in start for begun, _ in PUT_BACK)


def _puts_back(start: bytes, ending: bytes) -> bool:
    """The last settings of a dump that changed them at its beginning."""
    return any(begun in start and done in ending for begun, done in PUT_BACK)


def read_sqlite(sample: Sample) -> Reading | None:
    """The file as an SQLite database: its header says how long it is (SQLite file format §1.3)."""
    if not sample.head.startswith(SQLITE):
        return None
    page = int.from_bytes(sample.head[16:18], "big")
    page = 65536 if page == 1 else page
    expected = page * int.from_bytes(sample.head[28:32], "big")
    evidence = "octets 0 à 14 = « SQLite format 3 », lisible sans clé"
    if sample.tail and sample.size < expected:
        return Reading("sqlite", Encrypted.NO, evidence, TRUNCATED)
    blank = _blank_page(sample, page) if sample.patience and page else None
    if blank is not None:
        evidence += f" ; page de zéros à l'octet {blank}"
    return Reading("sqlite", Encrypted.NO, evidence, "" if blank is None else END_NOT_SEEN)


def _blank_page(sample: Sample, page: int) -> int | None:
    """Where a page of zeros stands: one that was freed and wiped, or a hole left by a copy that stopped."""
    pages = sample.size // page
    step = max(pages // SEEN_PAGES, 1)
    places: list[int] = [*range(0, pages, step), pages - 1] if pages else []
    for number in places:
        data = sample.read_at(number * page, page)
        if not data.strip(b"\0"):
            return number * page
    return None
