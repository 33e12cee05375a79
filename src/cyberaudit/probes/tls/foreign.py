"""What speaks instead of TLS, told by its first bytes."""

from typing import Final

# Ours: the longest greeting line that is waited for, in bytes.
LINE: Final = 256
# Ours: the shortest beginning that tells a binary protocol.
BEGINNING: Final = 5

# What a line begins with, the surest first; upper case.
_LINES = (
    (b"HTTP/", "http"),
    (b"<!DOCTYPE", "http"),
    (b"<HTML", "http"),
    (b"SSH-", "ssh"),
    (b"* OK", "imap"),
    (b"* BYE", "imap"),
    (b"* PREAUTH", "imap"),
    (b"+OK", "pop3"),
    (b"<?XML", "xmpp"),
    (b"<STREAM:", "xmpp"),
    (b"-ERR", "redis"),
    (b"-NOAUTH", "redis"),
    (b"-DENIED", "redis"),
    (b"RFB 0", "vnc"),
    (b"AMQP", "amqp"),
    # Versions 2 and 3 of its protocol say « FATAL » one behind the other.
    (b"EFATAL", "postgres"),
)
# RFC 5321 §4.2 and RFC 959 §4.2 share their greeting codes; only the words beside tell them apart.
_GREETINGS = (b"220", b"421", b"530", b"550", b"554", b"500", b"501", b"502", b"503")
_WORDS = ((b"SMTP", "smtp"), (b"POSTFIX", "smtp"), (b"EXIM", "smtp"), (b"FTP", "ftp"), (b"FILEZILLA", "ftp"))


def is_told(data: bytes) -> bool:
    """Enough of the beginning is there for `protocol` to answer as it will for the whole."""
    if len(data) < BEGINNING:
        return False
    return not _is_text(data[:BEGINNING]) or b"\n" in data or len(data) >= LINE


def protocol(data: bytes) -> str:
    """`http`, `ssh`, `smtp`, `ftp`, `imap`, `pop3`, `rdp`, `mysql`, …; `unknown`."""
    if not _is_text(data[:BEGINNING]):
        return _of_bytes(data[:BEGINNING])
    return _of_line(data[:LINE].partition(b"\n")[0].upper())


def _is_text(data: bytes) -> bool:
    return all(0x20 <= byte < 0x7F or byte in b"\t\r\n" for byte in data)


def _of_line(line: bytes) -> str:
    for start, name in _LINES:
        if line.startswith(start):
            return name
    if line.startswith(_GREETINGS):
        return next((name for word, name in _WORDS if word in line), "unknown")
    return "unknown"


def _of_bytes(data: bytes) -> str:
    match list(data):
        # TPKT: version 3, then a two-byte length (RFC 1006 §6)
        case [3, 0, 0, *_]:
            return "rdp"
        # Length in three bytes, packet 0, then the protocol version 10, or 255: an error
        case [_, _, 0, 0, 10 | 255]:
            return "mysql"
        # « E » and a four-byte length
        case [0x45, 0, 0, *_]:
            return "postgres"
        # IAC WILL, WONT, DO or DONT (RFC 854)
        case [255, 251 | 252 | 253 | 254, *_]:
            return "telnet"
        # An LDAPMessage: a sequence that begins with an integer (RFC 4511 §4.1.1)
        case [0x30, _, 2, *_] | [0x30, 0x84, *_]:
            return "ldap"
        case _:
            return "unknown"
