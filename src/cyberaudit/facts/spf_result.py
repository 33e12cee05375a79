"""What a receiver concludes of one message by SPF (RFC 7208 §2.6), and by which term."""

from enum import StrEnum

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


class SpfResult(StrEnum):
    NONE = "none"
    NEUTRAL = "neutral"
    PASS = "pass"  # noqa: S105 - a result, not a password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Cause(StrEnum):
    """Why the evaluation ended there."""

    MATCHED = "matched"
    NOTHING_MATCHED = "nothing-matched"
    NOT_A_DOMAIN = "not-a-domain"
    NO_RECORD = "no-record"
    SEVERAL_RECORDS = "several-records"
    SYNTAX = "syntax"
    LOOKUPS = "too-many-lookups"
    VOIDS = "too-many-voids"
    MX_NAMES = "too-many-mx"
    TARGET_WITHOUT_RECORD = "include-no-record"
    DNS = "dns"
    BOGUS = "bogus"
    """A signature on the way is wrong (DNSSEC)."""
    TIME = "time"


@frozen
class SpfOutcome:
    """The result for one message."""

    result: SpfResult
    cause: Cause
    term: str
    """The term that decided or went wrong, as written; empty when no term did."""
    at: str
    """The name whose record has it."""
    path: tuple[str, ...]
    """The terms, outermost first, that led to that record; empty for the domain's own."""
    explanation: str
    """What the domain has to say to who is refused (`exp`): somebody else's words, made safe to show."""
    lookups: int
    voids: int
    detail: str
    """Why DNS could not answer; empty otherwise."""


@frozen
class SpfQuestion:
    """A message that somebody asks about."""

    ip: str
    mail_from: str
    helo: str


@frozen
class SpfLook:
    """What `look spf` saw: where a domain's list leads, or what it says of one message."""

    domain: str
    apex: TxtAnswer | Unreachable
    tree: SpfTree | Unreachable | None
    """Of several records, all of them; None: the domain has none."""
    question: SpfQuestion | None
    outcome: SpfOutcome | None
    """None without a question."""
