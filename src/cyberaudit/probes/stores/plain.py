"""What is written in clear: tar archives, database dumps as text, SQLite files."""

from cyberaudit.facts.backup import Encrypted
from cyberaudit.probes.stores.reading import DAMAGED, TRUNCATED, Reading, Sample, octets

# POSIX ustar: the magic at byte 257; two blocks of zeros end the archive.
TAR_MAGIC, TAR_AT, TAR_BLOCK = b"ustar", 257, 512
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
    ended = not sample.tail or (
        sample.size % TAR_BLOCK == 0 and not sample.tail[-2 * TAR_BLOCK :].strip(b"\0")
    )
    evidence = f"octets {TAR_AT} à {TAR_AT + 4} = « ustar », noms des fichiers lisibles"
    return Reading("tar", Encrypted.NO, evidence, "" if ended else TRUNCATED)


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
