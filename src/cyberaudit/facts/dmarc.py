"""How DMARC records are read (RFC 9989)."""

import re
from dataclasses import dataclass

from cyberaudit.facts.mail import TxtAnswer


def dmarc_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records that begin with the exact `v=DMARC1` tag (RFC 9989 §4.7, RFC 7489 §6.4)."""
    texts = (record.decode("latin-1") for record in answer.records)
    return tuple(text for text in texts if text.partition(";")[0].replace(" ", "") == "v=DMARC1")


def dmarc_tags(record: str) -> dict[str, str]:
    """Tag → value, names in lower case, the first of a repeated tag; what is no tag is left out."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


@dataclass(frozen=True, slots=True)
class DmarcPolicy:
    """What receivers that follow RFC 9989 do with mail that fails authentication."""

    record: str
    at: str
    """The name that carries the record: the domain itself, or a parent."""
    policy: str
    """`none`, `quarantine` or `reject`, after `sp` and `t`."""
    percent: int
    """`pct`, removed by RFC 9989 and still read by older receivers; 100 when absent."""
    reports: bool
    """Somebody receives the aggregate reports (`rua`)."""


# RFC 7489 §6.4: 1*3DIGIT; a value out of grammar counts for its default.
_PERCENT = re.compile("[0-9]{1,3}")
_POLICIES = ("none", "quarantine", "reject")


def dmarc_policy(domain: str, answers: tuple[TxtAnswer, ...]) -> DmarcPolicy | None:
    """The policy in force for `domain`: None when no name of the walk carries exactly one usable record.

    Several records at one name are all discarded (RFC 9989 §4.10); a record without a valid `p` counts as
    `p=none` when it has a `rua`, and as no record otherwise (§4.7).
    """
    for answer in answers:
        records = dmarc_records(answer)
        if len(records) == 1:
            return _policy_of(records[0], answer.name.removeprefix("_dmarc."), domain)
    return None


def _policy_of(record: str, at: str, domain: str) -> DmarcPolicy | None:
    tags = dmarc_tags(record)
    inherited = at != domain
    asked = (tags.get("sp") if inherited else None) or tags.get("p", "")
    reports = tags.get("rua", "").lower().startswith(("mailto:", "https:"))
    policy = asked.lower() if asked.lower() in _POLICIES else "none" if reports else ""
    if not policy:
        return None
    if tags.get("t", "").lower() == "y":
        policy = _POLICIES[max(_POLICIES.index(policy) - 1, 0)]
    percent = tags.get("pct", "")
    return DmarcPolicy(record, at, policy, int(percent) if _PERCENT.fullmatch(percent) else 100, reports)
