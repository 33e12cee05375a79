"""The first bytes of the documents of a town, and whether a file still has any that are known."""

_MARKS = (
    b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\xd0\xcf\x11\xe0", b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM",
    b"II*\0", b"MM\0*", b"II+\0", b"MM\0+", b"RIFF", b"{\\rtf", b"ID3", b"OggS", b"fLaC", b"\x1f\x8b", b"BZh",
    b"7z\xbc\xaf", b"Rar!", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"8BPS",
    b"\x30\x26\xb2\x75", b"\0\x01\0\0", b"AT&TFORM", b"\xdb\xa5-\0", b"\xec\xa5\xc1\0", b"\x09\x08", b"\x09\x04",
    b"\x09\x02", b"\x31\xbe\0\0", b"MSCF", b"\0\0\x01\0", b"\xc5\xd0\xd3\xc6", b"SQLite format 3\0",
    b"\x4c\0\0\0\x01\x14\x02\0", b"\x1a\x45\xdf\xa3", b"\0\0\0\x0cjP", b"\xd7\xcd\xc6\x9a",
)  # fmt: skip
"""Of formats that go by these names, or are mistaken for them: an old .doc under .docx has lost nothing."""
# ISO 32000-1, annex H.3.4.1: readers find the mark of a PDF anywhere in its first 1024 bytes.
PDF_REACH = 1024
# Ours: under this, random bytes look like text one time in too many.
LEAST = 64
_CONTROL = frozenset(range(32)) - {8, 9, 10, 11, 12, 13, 27}


def has_lost_its_magic(head: bytes) -> bool:
    """The first bytes (at least `LEAST`, 1 KiB is enough) are of nothing known: no mark, no text, no zeros."""
    if head.startswith(_MARKS) or b"%PDF-" in head[:PDF_REACH] or head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return False
    start = head[:PDF_REACH]
    # One byte in nine of a random stream is a control character: a kilobyte of text has none.
    return sum(byte in _CONTROL for byte in start) * 50 > len(start) and not is_blank(start)


def is_blank(head: bytes) -> bool:
    """Zeros alone."""
    return bool(head) and not head.strip(b"\0")
