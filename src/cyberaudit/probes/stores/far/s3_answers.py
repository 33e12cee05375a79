"""What an S3 server answers in XML: listings, locks, refusals; hostile XML ends as an OSError."""

import errno
from dataclasses import dataclass
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.far.not_told import iso_date

# S3 API, ListObjectsV2: a thousand keys of 1024 bytes, each byte written %XX, with room for the rest.
LIST_BYTES = 8 * 1024 * 1024
SMALL_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Key:
    """One object of a listing."""

    key: str
    size: int
    written: float | None
    """LastModified, seconds since 1970: when it was put there."""
    tag: str


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing."""

    keys: tuple[Key, ...]
    prefixes: tuple[str, ...]
    following: str
    """Token of the page after it; empty: the last one."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when one object cannot be erased."""

    mode: str
    """`COMPLIANCE`, `GOVERNANCE`."""
    until: float | None


def read_page(body: bytes) -> Page:
    """A page of ListObjectsV2.

    Raises:
        OSError: it is none.
    """
    root = _parsed(body, "ListBucketResult")
    url = _text(root, "EncodingType") == "url"
    following = _text(root, "NextContinuationToken") if _text(root, "IsTruncated") == "true" else ""
    if _text(root, "IsTruncated") == "true" and not following:
        raise OSError(errno.EPROTO, "une liste dite incomplète n'a pas de suite")
    keys = tuple(_key(each, url=url) for each in root if _tag(each) == "Contents")
    prefixes = (_name(_text(each, "Prefix"), url=url) for each in root if _tag(each) == "CommonPrefixes")
    return Page(keys, tuple(prefixes), following)


def read_lock(body: bytes) -> bool:
    """Whether Object Lock is enabled on the bucket (GetObjectLockConfiguration)."""
    return _text(_parsed(body, "ObjectLockConfiguration"), "ObjectLockEnabled") == "Enabled"


def read_retention(body: bytes) -> Retention:
    """GetObjectRetention."""
    root = _parsed(body, "Retention")
    return Retention(clean(_text(root, "Mode"), limit=20), iso_date(_text(root, "RetainUntilDate")))


def _key(element: ET.Element, *, url: bool) -> Key:
    size = _text(element, "Size")
    if not (size.isascii() and size.isdigit() and len(size) < 19):
        raise OSError(errno.EPROTO, "un objet de la liste n'a pas de taille")
    return Key(
        _name(_text(element, "Key"), url=url),
        int(size),
        iso_date(_text(element, "LastModified")),
        _text(element, "ETag"),
    )


def _name(text: str, *, url: bool) -> str:
    return unquote_plus(text, errors="surrogateescape") if url else text


def _parsed(body: bytes, name: str) -> ET.Element:
    """The root element `name`; entities cannot be declared: there is no DOCTYPE."""
    try:
        text = body.decode("utf-8")
        if "<!DOCTYPE" in text:
            raise OSError(errno.EPROTO, "réponse XML avec une déclaration DOCTYPE")
        root = ET.fromstring(text)  # noqa: S314 — no DOCTYPE, so no entity; its size is bounded
    except (UnicodeDecodeError, ET.ParseError):
        raise OSError(errno.EPROTO, "réponse XML incompréhensible") from None
    if _tag(root) != name:
        raise OSError(errno.EPROTO, f"réponse inattendue : {clean(_tag(root), limit=40)}")
    return root


def _tag(element: ET.Element) -> str:
    """Without its namespace, which not every server writes."""
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element, name: str) -> str:
    return next((child.text or "" for child in element if _tag(child) == name), "")
