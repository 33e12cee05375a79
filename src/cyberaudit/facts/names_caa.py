"""CAA: which authorities may issue certificates for a name, and how such records are read (RFC 8659)."""

import re
from enum import StrEnum

from cyberaudit.frozen import frozen

# RFC 8659 §4.1: the critical bit.
CRITICAL = 128
# RFC 8659 §4.2 to §4.4; RFC 9495 §3; CA/Browser Forum, contact and mark-certificate properties.
ISSUERS = frozenset({"issue", "issuewild", "issuemail", "issuevmc"})
KNOWN = ISSUERS | {"iodef", "contactemail", "contactphone"}
# RFC 8659 §4.2: letters, digits and hyphens in labels; values of parameters are visible ASCII without « ; ».
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_ISSUER = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PARAMETER = re.compile(r"([A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*)[ \t]*=[ \t]*([\x21-\x3A\x3C-\x7E]*)")
# RFC 8657 §4: labels of methods, apart by commas.
_METHODS = re.compile(r"[A-Za-z0-9-]+(?:,[A-Za-z0-9-]+)*")
# RFC 8659 §4.4: mailto, http and https.
_IODEF = re.compile(r"(?i)(?:mailto:[^@\s]+@[^@\s]+|https?://[^\s/]+\S*)")


@frozen
class CaaRecord:
    """One record, its three fields as published."""

    flags: int
    tag: str
    """As written; compared without regard to case."""
    value: bytes


@frozen
class CaaSet:
    """The records that apply to the domain: those of the closest name that has any (RFC 8659 §3)."""

    at: str
    """Where they stand; empty when no name up to below the TLD has one."""
    asked: tuple[str, ...]
    """The names asked, from the domain upwards."""
    records: tuple[CaaRecord, ...]


class CaaFault(StrEnum):
    """What is wrong with one record."""

    SYNTAX = "syntax"
    UNKNOWN_CRITICAL = "unknown_critical"
    """An authority that does not know the tag must not issue at all (RFC 8659 §4.1)."""


@frozen
class CaaIssuer:
    """An `issue`, `issuewild`, `issuemail` or `issuevmc` value, taken apart."""

    authority: str
    """Lower case; empty: nobody may issue."""
    parameters: tuple[tuple[str, str], ...]
    """Names in lower case; `accounturi` and `validationmethods` are those of RFC 8657."""


def caa_issuer(value: bytes) -> CaaIssuer | None:
    """The value of an issuer property; None when it is malformed, which then forbids every authority (§4.2)."""
    head, *rest = _ascii(value).split(";")
    authority = head.strip(" \t")
    if authority and not _ISSUER.fullmatch(authority):
        return None
    parts = [part.strip(" \t") for part in rest]
    # One empty part is « ; » alone, or a final one: seen everywhere, refused by nobody.
    if parts and not parts[-1]:
        parts.pop()
    found = [_PARAMETER.fullmatch(part) for part in parts]
    if not all(found):
        return None
    parameters = tuple((match[1].lower(), match[2]) for match in found if match)
    return CaaIssuer(authority.lower(), parameters) if all(map(_is_sound, parameters)) else None


def _is_sound(parameter: tuple[str, str]) -> bool:
    """RFC 8657 §3 and §4: one account, as a URI; a list of methods."""
    match parameter:
        case ("accounturi", value):
            return ":" in value.strip(":")
        case ("validationmethods", value):
            return bool(_METHODS.fullmatch(value))
        case _:
            return True


def caa_fault(record: CaaRecord) -> CaaFault | None:
    """What is wrong with a record; None when nothing is, or nothing that an authority must mind."""
    tag = record.tag.lower()
    if tag not in KNOWN:
        return CaaFault.UNKNOWN_CRITICAL if record.flags & CRITICAL else None
    if tag in ISSUERS and caa_issuer(record.value) is None:
        return CaaFault.SYNTAX
    if tag == "iodef" and not _IODEF.fullmatch(_ascii(record.value)):
        return CaaFault.SYNTAX
    return None


def caa_line(record: CaaRecord) -> str:
    """The three fields as a zone writes them; not yet safe to show."""
    value = record.value.decode("utf-8", "replace").replace('"', '\\"')
    return f'{record.flags} {record.tag} "{value}"'


def _ascii(value: bytes) -> str:
    """What is not ASCII becomes a character that no rule here takes."""
    return value.decode("ascii", "replace")
