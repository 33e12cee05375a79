"""What an S3 server answers in XML: listings, locks, refusals; hostile XML ends as an OSError."""

import errno
import io
from urllib.parse import unquote_plus
from xml.etree import ElementTree as ET

from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.far.not_told import iso_date

# S3 API, ListObjectsV2: a thousand keys of 1024 bytes, each byte written %XX, with room for the rest.
LIST_BYTES = 8 * 1024 * 1024
SMALL_BYTES = 64 * 1024
# Ours: an answer of S3 nests four elements.
MOST_DEPTH = 16


_ELSEWHERE = "ce seau est dans une autre région"
# S3 API, « List of error codes ».
_REFUSALS = {
    "AccessDenied": "ce compte n'en a pas le droit",
    "AuthorizationHeaderMalformed": _ELSEWHERE,
    "InvalidAccessKeyId": "cette clé d'accès (le compte) n'existe pas",
    "NoSuchBucket": "ce seau n'existe pas",
    "PermanentRedirect": _ELSEWHERE,
    "RequestTimeTooSkewed": "l'horloge de cette machine n'est pas à l'heure",
    "SignatureDoesNotMatch": "la clé secrète n'est pas la bonne",
    "SlowDown": "il demande de revenir plus tard",
}


@frozen
class Key:
    """One object of a listing."""

    key: str
    size: int
    written: float | None
    """LastModified, seconds since 1970: when it was put there."""
    tag: str


@frozen
class Page:
    """One page of a listing."""

    keys: tuple[Key, ...]
    prefixes: tuple[str, ...]
    following: str
    """Token of the page after it; empty: the last one."""


@frozen
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


def read_refusal(body: bytes) -> str:
    """Why, in French; empty: it is no error of S3, or one that says no more than its number."""
    try:
        root = _parsed(body, "Error")
    except OSError:
        return ""
    region = clean(_text(root, "Region"), limit=40)
    said = _REFUSALS.get(_text(root, "Code"), "")
    return f"{said} (« {region} »)" if region and said == _ELSEWHERE else said


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
        root = _tree(text)
    except (UnicodeDecodeError, ET.ParseError):
        raise OSError(errno.EPROTO, "réponse XML incompréhensible") from None
    if _tag(root) != name:
        raise OSError(errno.EPROTO, f"réponse inattendue : {clean(_tag(root), limit=40)}")
    return root


def _tree(text: str) -> ET.Element:
    """The elements, whose nesting is bounded: a tree too deep cannot even be thrown away.

    No DOCTYPE, so no entity; the size of `text` is bounded.
    """
    root: ET.Element | None = None
    depth = 0
    events = ET.iterparse(io.BytesIO(text.encode()), events=("start", "end"))  # noqa: S314 — said above
    for event, element in events:
        root = element if root is None else root
        depth += 1 if event == "start" else -1
        if depth > MOST_DEPTH:
            raise OSError(errno.EPROTO, "réponse XML trop imbriquée")
    if root is None:
        raise ET.ParseError
    return root


def _tag(element: ET.Element) -> str:
    """Without its namespace, which not every server writes."""
    return element.tag.rpartition("}")[2]


def _text(element: ET.Element, name: str) -> str:
    return next((child.text or "" for child in element if _tag(child) == name), "")
