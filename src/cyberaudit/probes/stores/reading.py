"""What a detector is given of one file, and what it answers."""

from collections.abc import Callable
from datetime import datetime

from cyberaudit.facts.backup import Confidence, DateKind, Encrypted, Weakness
from cyberaudit.frozen import frozen

# Enough for a ZIP's end record behind its longest comment (APPNOTE 4.3.16: 22 + 65535 bytes).
END_BYTES = 65_557
EMPTY, TRUNCATED, DAMAGED, FUTURE = "empty", "truncated", "damaged", "in-the-future"
COLLAPSED, INCOMPLETE = "collapsed", "incomplete"


@frozen
class Sample:
    """One file, through which a detector can look without opening it."""

    name: str
    """Its own name, without folder."""
    size: int
    head: bytes
    """The first `END_BYTES` at most."""
    tail: bytes
    """The last `END_BYTES` at most."""
    read_at: Callable[[int, int], bytes]
    """(offset, count) → at most `count` bytes."""
    patience: int
    """Bytes that may be decompressed, and forgotten at once, to see whether the end is there."""
    hurried: Callable[[], bool] = bool
    """Whether the store has had its share of time: what is long is then left unfinished."""
    stored: int | None = None
    """Bytes that the file system says it holds; None when it does not say."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """`("tar", "gz")`, lower case."""
        return tuple(self.name.lower().split(".")[1:])

    @property
    def suffix(self) -> str:
        return self.suffixes[-1] if self.suffixes else ""


@frozen
class Reading:
    """What the structure of one file proves."""

    format: str
    encrypted: Encrypted
    evidence: str
    """French, with the bytes it stands on."""
    fault: str = ""
    newest: datetime | None = None
    """The newest date that the archive itself gives one of its files."""
    dated: DateKind | None = None
    """What the tool makes of the file's date, when it is not that of its writing."""
    method: str = ""
    """« AES-256, scrypt N=32768 r=8 p=3 »: cipher, then how the password is stretched."""
    weaknesses: tuple[Weakness, ...] = ()
    confidence: Confidence = Confidence.CERTAIN


Detector = Callable[[Sample], Reading | None]
"""None: it is not of this detector's format."""


def octets(data: bytes) -> str:
    """« 0x504b0304 »."""
    return f"0x{data.hex()}"
