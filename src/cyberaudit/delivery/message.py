"""From a letter to the bytes that travel: headers, text and HTML side by side, files, maybe signed and encrypted.

Only lines of 7-bit characters ended by CRLF, so that no relay has a reason to rewrite what somebody signs. Header
lines are written here and not by `email`, which loses a space where it folds a French subject.
"""

import base64
import hashlib
import re
from collections.abc import Iterator, Sequence
from email import quoprimime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from cyberaudit.delivery.letter import Attachment, Letter
from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean
from cyberaudit.reports.page_text import visible

if TYPE_CHECKING:
    from cyberaudit.delivery.smime import Reader, Signer

CRLF = "\r\n"
# RFC 2045 §6.7: an encoded line holds 76 characters at most.
QUOTED_LINE = 76
# RFC 2047 §2: an encoded word has 75 characters at most, of which these leave room for the bytes.
_BYTES_OF_WORD = 45
# RFC 5322 §2.1.1: what a header line should hold.
_LINE = 78
# Ours: a subject is read at once; a longer one is cut.
LONGEST = 250


def compose(letter: Letter, *, signer: "Signer | None" = None, readers: "Sequence[Reader]" = ()) -> bytes:
    """The message whole; the same letter gives the same bytes unless it is signed or encrypted.

    Args:
        letter: control and direction characters of its names and subject are taken out.
        signer: who signs (S/MIME); nobody when None.
        readers: the message is encrypted to them all, once signed; in clear when empty. The headers stay in clear.

    Raises:
        UsageError: an address or an identifier that no header may hold, no recipient, a file's name that is not ASCII.
    """
    entity = _entity(letter)
    if signer is not None or readers:
        from cyberaudit.delivery import smime  # noqa: PLC0415 - cryptography, for who wants it

        entity = smime.signed(entity, signer) if signer is not None else entity
        entity = smime.encrypted(entity, readers) if readers else entity
    head = "".join(line + CRLF for line in (*_headers(letter), "MIME-Version: 1.0"))
    return head.encode("ascii") + entity


# The headers


def _headers(letter: Letter) -> Iterator[str]:
    if not letter.recipients:
        raise UsageError("Ce message n'a pas de destinataire.")
    name = encoded(letter.sender_name, first=len("From: "))
    sender = address(letter.sender)
    yield f"From: {name}{CRLF} <{sender}>" if name else f"From: {sender}"
    yield f"To: {f',{CRLF} '.join(map(address, letter.recipients))}"
    yield f"Subject: {encoded(letter.subject, first=len('Subject: '))}"
    yield f"Date: {format_datetime(letter.at)}"
    yield f"Message-ID: {_identifier(letter.message_id)}"
    if letter.thread:
        yield f"In-Reply-To: {_identifier(letter.thread)}"
        yield f"References: {_identifier(letter.thread)}"
    # RFC 3834 §5.1: programs that answer by themselves leave this alone.
    yield "Auto-Submitted: auto-generated"
    yield "Content-Language: fr"


# RFC 5322 §3.2.3: what an address is made of when it needs no quotes.
_ADDRESS = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?", re.ASCII
)


def address(text: str) -> str:
    """`text` itself, when a header and an SMTP command may hold it.

    Raises:
        UsageError: it is not an address, or not in ASCII.
    """
    if _ADDRESS.fullmatch(text):
        return text
    raise UsageError(
        f"« {clean(text, limit=80)} » ne peut pas être une adresse électronique : "
        "écrivez nom@domaine, sans accent ni espace."
    )


_IDENTIFIER = re.compile(r"<[!-;=?-~]{1,200}@[!-;=?-~]{1,200}>")


def _identifier(text: str) -> str:
    if _IDENTIFIER.fullmatch(text):
        return text
    raise UsageError(f"« {clean(text, limit=80)} » ne peut pas identifier un message.")


def encoded(text: str, *, first: int) -> str:
    """One header text, cleaned: as it is when it is short and plain, else in words of RFC 2047, one a line.

    It is read back to the character: spaces between encoded words do not count. `first`: what its line already holds.
    """
    line = clean(text, limit=LONGEST)
    if re.fullmatch(r"[A-Za-z0-9 _-]*", line) and first + len(line) <= _LINE and "=?" not in line:
        return line
    room = (_LINE - first - len("=?utf-8?b??=")) // 4 * 3
    words = (f"=?utf-8?b?{base64.b64encode(part).decode()}?=" for part in _parts(line, first=room))
    return f"{CRLF} ".join(words)


def _parts(line: str, *, first: int) -> Iterator[bytes]:
    """UTF-8 in pieces that each hold whole characters; the first one is of `first` bytes at most."""
    part, room = b"", min(first, _BYTES_OF_WORD)
    for char in line:
        more = char.encode()
        if len(part) + len(more) > room:
            yield part
            part, room = b"", _BYTES_OF_WORD
        part += more
    yield part


# The body


def _entity(letter: Letter) -> bytes:
    """Headers of content and content, CRLF everywhere, at the end too."""
    words = (_text(letter.text, "plain"), _text(letter.html, "html"))
    body = _several("alternative", words, letter.message_id)
    if letter.attachments:
        body = _several("mixed", (body, *map(_file, letter.attachments)), letter.message_id)
    return body


def _several(kind: str, parts: Sequence[bytes], seed: str) -> bytes:
    # « =_ » stands in no encoded line (RFC 2045 §6.7): no content can hold the boundary.
    boundary = f"=_{kind}_{hashlib.sha256(seed.encode()).hexdigest()[:24]}"
    head = f'Content-Type: multipart/{kind};{CRLF} boundary="{boundary}"{CRLF}'
    return together(head, parts, boundary)


def together(head: str, parts: Sequence[bytes], boundary: str) -> bytes:
    """A multipart body. `head`: its own header lines, each ended by CRLF."""
    opening, closing = f"--{boundary}{CRLF}".encode(), f"--{boundary}--{CRLF}".encode()
    inside = b"".join(opening + part + CRLF.encode() for part in parts)
    return head.encode("ascii") + CRLF.encode() + inside + closing


def _text(text: str, subtype: str) -> bytes:
    lines = visible(text).encode()
    body = quoprimime.body_encode(lines.decode("latin-1"), maxlinelen=QUOTED_LINE, eol=CRLF)
    head = (
        f"Content-Type: text/{subtype}; charset=utf-8{CRLF}Content-Transfer-Encoding: quoted-printable{CRLF}"
    )
    return (head + CRLF + body).encode("ascii")


_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}")
_MEDIA_TYPE = re.compile(r"[a-z]+/[a-z0-9.+-]+")


def _file(attached: Attachment) -> bytes:
    if not _NAME.fullmatch(attached.name) or not _MEDIA_TYPE.fullmatch(attached.media_type):
        raise UsageError(f"« {clean(attached.name, limit=80)} » ne peut pas nommer une pièce jointe.")
    charset = "; charset=utf-8" if attached.media_type.startswith("text/") else ""
    head = (
        f"Content-Type: {attached.media_type}{charset}",
        f'Content-Disposition: attachment; filename="{attached.name}"',
    )
    return in_base64(head, attached.data)


def in_base64(head: Sequence[str], data: bytes) -> bytes:
    """A part. `head`: its header lines but that of its encoding."""
    lines = (*head, "Content-Transfer-Encoding: base64", "")
    body = base64.encodebytes(data).replace(b"\n", CRLF.encode())
    return "".join(line + CRLF for line in lines).encode("ascii") + body
