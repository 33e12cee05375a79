"""WHOIS: which server knows a name, and how its answer in plain text is read (RFC 3912)."""

import re
from datetime import UTC, datetime

from cyberaudit.facts.registration import Register, Registration, Told
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.registration_rdap import MOST_TEXT, read_moment

# IANA root zone database: the WHOIS server of each extension that French towns use.
SERVERS = {
    **dict.fromkeys(("fr", "re", "pm", "tf", "wf", "yt"), "whois.nic.fr"),
    **{tld: f"whois.nic.{tld}" for tld in ("alsace", "bzh", "corsica", "paris")},
    "eu": "whois.eu",
    "nc": "whois.nc",
    "pf": "whois.registry.pf",
    "com": "whois.verisign-grs.com",
    "net": "whois.verisign-grs.com",
    "org": "whois.publicinterestregistry.org",
}
# Ours: registries answer 1 to 10 KiB.
ANSWER_BYTES = 64 * 1024
MOST_LINES = 2000

_NAMES = ("domain", "domain name")
_EXPIRES = (
    "expiry date",
    "registry expiry date",
    "expiration date",
    "registrar registration expiration date",
)
_STATUSES = ("eppstatus", "domain status")
_NOT_FOUND = re.compile(
    r"(?im)^(?:%%\s*)?(?:not found|no match|no entries found|no data found|domain not found|"
    r"status:\s*(?:available|free))\b"
)
# « 31/12/2026 », « 31.12.2026 »
_DAY_FIRST = re.compile(r"(\d{2})[./](\d{2})[./](\d{4})")


def read_answer(data: bytes, *, domain: str, server: str) -> Registration | Unreachable:
    """What the server says of `domain`; `protocol-error` when that cannot be told."""
    text = data.decode("utf-8", "replace")
    fields = _fields(text)
    if domain not in (name.rstrip(".").lower() for key in _NAMES for name in fields.get(key, ())):
        if _NOT_FOUND.search(text):
            return _registration(domain, server, {}, register=Register.UNKNOWN_NAME)
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse WHOIS illisible")
    return _registration(domain, server, fields, register=Register.FOUND)


def _registration(
    domain: str, server: str, fields: dict[str, list[str]], *, register: Register
) -> Registration:
    statuses = [_words(text) for key in _STATUSES for text in fields.get(key, ())]
    return Registration(
        domain=domain,
        register=register,
        told_by=Told.WHOIS,
        server=server,
        registered=_moment(fields, ("created", "creation date")),
        changed=_moment(fields, ("last-update", "updated date")),
        expires=_moment(fields, _EXPIRES),
        statuses=tuple(sorted({status for status in statuses if status})),
        registrar=next(iter(fields.get("registrar", ())), ""),
        signed=None,
    )


def _fields(text: str) -> dict[str, list[str]]:
    """« Key: value » lines, keys in lower case, values in order; comments (`%`, `#`, `>>>`) are left out."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines()[:MOST_LINES]:
        key, colon, value = line.strip().partition(":")
        if colon and value.strip() and not key.startswith(("%", "#", ">")):
            found.setdefault(key.strip().lower(), []).append(value.strip()[:MOST_TEXT])
    return found


def _moment(fields: dict[str, list[str]], keys: tuple[str, ...]) -> datetime | None:
    """The first that can be read: later objects of the answer are contacts, with dates of their own."""
    texts = [text for key in keys for text in fields.get(key, ())]
    return _read(texts[0]) if texts else None


def _read(text: str) -> datetime | None:
    day_first = _DAY_FIRST.fullmatch(text)
    if day_first is None:
        return read_moment(text)
    day, month, year = map(int, day_first.groups())
    try:
        return datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return None


def _words(text: str) -> str:
    """« clientTransferProhibited https://icann.org/epp#… » → « client transfer prohibited » (RFC 8056 §2)."""
    word = text.split(maxsplit=1)[0] if text.split() else ""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", word).lower()
