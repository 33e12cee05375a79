"""What is written in clear: tar archives, database dumps as text, SQLite files."""

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample, octets

# POSIX ustar: the magic at byte 257; two blocks of zeros end the archive.
TAR_MAGIC, TAR_AT, TAR_BLOCK = b"ustar", 257, 512
# GNU tar fills its last record of 10 KiB; « -b » allows records up to 2 MiB in practice.
TAR_PADDING = 2 * 1024 * 1024
# POSIX pax: an extended header may carry the size of the next member; nor is that of a GNU sparse file read here.
TAR_KIND, TAR_ELSEWHERE, TAR_EXTENDED = 156, frozenset({b"S"}), frozenset({b"x", b"g"})
# Ours: members followed in any case; further ones while time lasts.
SURE_MEMBERS = 4096
SQLITE = b"SQLite format 3\0"
DUMPS = (
    (b"-- MySQL dump", b"-- Dump completed"),
    (b"-- MariaDB dump", b"-- Dump completed"),
    (b"/*!999999\\- enable the sandbox mode", b"-- Dump completed"),
    (b"--\n-- PostgreSQL database dump", b"PostgreSQL database dump complete"),
)
"""How a dump begins, and the mark its tool writes when it ends well."""


def read_tar(sample: Sample) -> Reading | None:
    """The file as a tar archive."""
    if sample.head[TAR_AT : TAR_AT + 5] != TAR_MAGIC:
        if sample.suffix != "tar":
            return None
        evidence = (
            f"octets {TAR_AT} à {TAR_AT + 4} = {octets(sample.head[TAR_AT : TAR_AT + 5])}, sans « ustar »"
        )
        return Reading("tar", Encrypted.UNKNOWN, evidence, DAMAGED)
    evidence = f"octets {TAR_AT} à {TAR_AT + 4} = « ustar », noms des fichiers lisibles"
    return Reading("tar", Encrypted.NO, evidence, _tar_end(sample))


def _tar_end(sample: Sample) -> str:
    """The members are followed to the zeros that end them: zeros alone may be a hole left by a copy that stopped."""
    if not sample.tail:
        return ""
    if sample.size % TAR_BLOCK or sample.tail[-2 * TAR_BLOCK :].strip(b"\0"):
        return TRUNCATED
    at, followed = 0, 0
    while sample.patience and at < sample.size:
        followed += 1
        if followed > SURE_MEMBERS and sample.hurried():
            return END_NOT_SEEN
        header = sample.read_at(at, TAR_BLOCK)
        if not header.strip(b"\0"):
            return TRUNCATED if sample.size - at > TAR_PADDING else ""
        if header[TAR_KIND : TAR_KIND + 1] in TAR_ELSEWHERE:
            return ""
        size = _tar_size(header)
        if size is None:
            return DAMAGED
        extended = header[TAR_KIND : TAR_KIND + 1] in TAR_EXTENDED
        if extended and b" size=" in sample.read_at(at + TAR_BLOCK, min(size, TAR_PADDING)):
            return ""
        at += TAR_BLOCK + -(-size // TAR_BLOCK) * TAR_BLOCK
    return TRUNCATED if sample.patience else ""


def _tar_size(header: bytes) -> int | None:
    """Octal, or binary past 8 GiB (GNU tar); None when the header is none."""
    if header[TAR_AT : TAR_AT + 5] != TAR_MAGIC:
        return None
    field = header[124:136]
    if field[0] & 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    return int(digits, 8) if digits and not digits.strip(b"01234567") else (None if digits else 0)


def read_dump(sample: Sample) -> Reading | None:
    """The file as a database dump."""
    for start, end in DUMPS:
        if sample.head.startswith(start):
            cut = bool(sample.tail) and end not in sample.tail[-4096:]
            words = start.strip(b"-/*!9\\ \n").decode("ascii")
            evidence = f"le fichier commence par « {words} », lisible sans clé"
            return Reading("sql", Encrypted.NO, evidence, TRUNCATED if cut else "")
    if sample.suffix == "sql" and b"\0" not in sample.head[:4096]:
        return Reading("sql", Encrypted.NO, "texte lisible sans clé")
    return None


def read_sqlite(sample: Sample) -> Reading | None:
    """The file as an SQLite database: its header says how long it is (SQLite file format §1.3)."""
    if not sample.head.startswith(SQLITE):
        return None
    page = int.from_bytes(sample.head[16:18], "big")
    expected = (65536 if page == 1 else page) * int.from_bytes(sample.head[28:32], "big")
    fault = TRUNCATED if sample.tail and sample.size < expected else ""
    return Reading("sqlite", Encrypted.NO, "octets 0 à 14 = « SQLite format 3 », lisible sans clé", fault)
