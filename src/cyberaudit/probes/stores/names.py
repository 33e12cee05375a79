"""What a file's name alone tells: a copy, a document, a note, a system's own folder."""

READABLE_SUFFIXES = frozenset(
    {
        "7z", "aes", "age", "asc", "bz2", "dump", "enc", "gpg", "gz", "img", "ost", "pgp", "pst", "qcow2", "rar",
        "sql", "tar", "tbz", "tbz2", "tgz", "txz", "tzst", "vhd", "vhdx", "vma", "vmdk", "xz", "zip", "zst", "zstd",
    }
)  # fmt: skip
"""Names of the formats the detectors know."""
SILENT_SUFFIXES = frozenset(
    {
        "001", "backup", "bak", "bck", "bkf", "bkp", "borg", "dar", "dmp", "fbk", "gbk", "hbk", "kdbx", "lrz", "lz",
        "lz4", "lzma", "lzo", "mrimg", "spf", "tib", "tibx", "v2i", "vbk", "vib", "vrb", "wbcat", "wim",
    }
)  # fmt: skip
"""Names of backups whose bytes we do not read: their date counts, their encryption is not told."""
UNPUBLISHED = {
    "tib": "Acronis ne publie pas ce format",
    "tibx": "Acronis ne publie pas ce format",
    "mrimg": "Macrium ne publie pas ce format",
    "spf": "StorageCraft ne publie pas ce format",
}
"""Why nothing is told of them."""
NOTE_SUFFIXES = frozenset(
    {
        "log",
        "txt",
        "md",
        "ini",
        "lock",
        "md5",
        "sha1",
        "sha256",
        "sha512",
        "sig",
        "tmp",
        "part",
        "partial",
        "filepart",
        "crdownload",
        "download",
        "swp",
        "json",
        "html",
    }
)
"""Logs, notes, checksums, copies not yet at their end: what a backup leaves beside its copies."""
TEXT_SUFFIXES = frozenset({"txt", "md", "json", "html"})
"""Notes that may as well be documents."""
# « xhtml », « accdb »: no usual ending is longer.
LONGEST_ENDING = 5


def is_copy_by_name(name: str) -> bool:
    """It is named like a backup."""
    return suffix(name) in READABLE_SUFFIXES | SILENT_SUFFIXES


def is_named_otherwise(name: str) -> bool:
    """A short ending of letters alone tells what a file is: a document, a picture. Dates and numbers do not."""
    _, dot, suffix = name.rpartition(".")
    return bool(dot) and len(suffix) <= LONGEST_ENDING and suffix.isalpha() and not is_copy_by_name(name)


def is_note(name: str) -> bool:
    """It is no copy, whatever it holds: a log, a checksum, a system's own file."""
    return (
        name.startswith((".", "@", "#", "~$"))
        or name.endswith("~")
        or name.lower() in ("thumbs.db", "desktop.ini")
        or suffix(name) in NOTE_SUFFIXES
    )


def is_system_folder(name: str) -> bool:
    """A system's own: the bin, thumbnails, snapshots kept by the device."""
    return name.startswith((".", "@", "#")) or name in ("System Volume Information", "lost+found")


def suffix(name: str) -> str:
    return name.lower().rpartition(".")[2]
