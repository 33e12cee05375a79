"""An audit as compressed JSON, and back, within bounds: no text, however hostile, exhausts the memory."""

import gzip
import json
import zlib
from typing import cast

from cyberaudit.facts.codec import Json, decode
from cyberaudit.model import Audit

# Our own bounds: a full audit of a town weighs less than 1 MiB, and holds some 10,000 values.
DECOMPRESSED_LIMIT = 128 * 1024 * 1024
VALUES_LIMIT = 2_000_000

_ANY_HEADER = zlib.MAX_WBITS | 32
"""zlib or gzip, recognised by its first bytes (zlib manual, inflateInit2)."""

TOO_BIG = "son contenu est trop gros"
DAMAGED = "il est abîmé"
TRUNCATED = "il est incomplet"
NOT_AN_AUDIT = "son contenu n'est pas un contrôle de cyberaudit"


class DocumentError(ValueError):
    """These bytes are no audit. The text is a French clause, without capital or full stop."""


def pack(content: Json) -> bytes:
    """JSON in zlib: what the store keeps."""
    return zlib.compress(_to_text(content))


def pack_gzip(content: Json) -> bytes:
    """JSON in gzip, the same bytes for the same content: what a scan file holds."""
    return gzip.compress(_to_text(content), mtime=0)


def _to_text(content: Json) -> bytes:
    # ASCII, so that a lone surrogate in a name cannot stop a scan from being saved.
    return json.dumps(content, separators=(",", ":")).encode("ascii")


def unpack(packed: bytes) -> Json:
    """The JSON inside zlib or gzip bytes.

    Raises:
        DocumentError: damaged, cut short, too big, too deep, or not JSON.
    """
    text = _inflate(packed)
    if sum(text.count(mark) for mark in (b"[", b"{", b",")) > VALUES_LIMIT:
        raise DocumentError(TOO_BIG)
    try:
        return cast("Json", json.loads(text.decode("utf-8")))
    except (ValueError, RecursionError) as error:
        raise DocumentError(NOT_AN_AUDIT) from error


def _inflate(packed: bytes) -> bytes:
    stream = zlib.decompressobj(_ANY_HEADER)
    try:
        text = stream.decompress(packed, DECOMPRESSED_LIMIT + 1)
    except zlib.error as error:
        raise DocumentError(DAMAGED) from error
    if len(text) > DECOMPRESSED_LIMIT:
        raise DocumentError(TOO_BIG)
    if not stream.eof:
        raise DocumentError(TRUNCATED)
    if stream.unused_data:
        raise DocumentError(DAMAGED)
    return text


def to_audit(content: Json) -> Audit:
    """The audit that `content` stands for.

    Raises:
        DocumentError: a part is missing, or is of another type.
    """
    try:
        return cast("Audit", decode(content, Audit))
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DocumentError(NOT_AN_AUDIT) from error
