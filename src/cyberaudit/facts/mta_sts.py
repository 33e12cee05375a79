"""The policy that asks senders to encrypt towards a domain (MTA-STS, RFC 8461), and how it is read."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

# RFC 8461 §3.2: one year, rounded up.
LONGEST_AGE = 31_557_600
MODES = ("enforce", "testing", "none")


@frozen
class PolicyPage:
    """What the server of the policy answered, its certificate being right."""

    status: int
    media_type: str
    """Of Content-Type, lower case, without its parameters; made safe."""
    location: str
    """Where it sends the visitor instead; made safe; empty: nowhere."""
    address: str
    """Of the server that answered."""
    body: bytes
    """Empty unless `status` is 200."""


@frozen
class MtaSts(Facts):
    """What a domain publishes of MTA-STS."""

    KIND = "mta-sts"
    VERSION = 1

    domain: str
    txt: TxtAnswer | Unreachable
    """TXT at `_mta-sts.` and the domain, aliases followed."""
    policy: PolicyPage | Unreachable | None
    """None: DNS says that `mta-sts.` and the domain has no address."""
    txt_aliases: tuple[str, ...] | Unreachable
    """Where the name of `txt` leads, one alias after the other; empty: it is none."""

    @property
    def txt_name(self) -> str:
        """Where the record stands."""
        return f"_mta-sts.{self.domain}"

    @property
    def policy_host(self) -> str:
        """Where the policy stands (RFC 8461 §3.2)."""
        return f"mta-sts.{self.domain}"


class PolicyFault(StrEnum):
    """What makes senders ignore a policy."""

    NOT_TEXT = "le fichier n'est pas du texte simple"
    LINE = "une ligne n'a pas la forme « mot: valeur »"
    VERSION = "« version: STSv1 » manque"
    MODE = "« mode: » manque ou n'est ni « enforce », ni « testing », ni « none »"
    MAX_AGE = "« max_age: » manque, ou dépasse un an"
    MX = "aucune ligne « mx: »"
    MX_NAME = "une ligne « mx: » n'est pas un nom de serveur"


@frozen
class Policy:
    """A policy as senders read it."""

    mode: str
    """`enforce`, `testing`, `none`; empty when it cannot be read."""
    mx: tuple[str, ...]
    """Patterns, lower case: a name, or `*.` and a name."""
    max_age: int | None
    """Seconds; None when it cannot be read."""
    faults: tuple[PolicyFault, ...]
    """Empty: senders follow it."""


_RECORD = re.compile(
    r"v=STSv1(?:[ \t]*;[ \t]*(?:id=[A-Za-z0-9]{1,32}|"
    r"(?!id=)[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[\x21-\x3a\x3c\x3e-\x7e]+))+[ \t]*(?:;[ \t]*)?"
)
_VERSION = re.compile(r"v=STSv1[ \t]*(?:;|$)")
_ID = re.compile(r";[ \t]*id=")
_NAME = re.compile(r"(?:\*\.)?(?:(?!-)[a-z0-9_-]{1,63}\.)*(?!-)[a-z0-9_-]{1,63}")
_AGE = re.compile("[0-9]{1,10}")


def sts_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records that senders take for MTA-STS, who discard all others (RFC 8461 §3.1).

    When there is none, those that were meant as one: they begin so, whatever the case and the version.
    """
    texts = (record.decode("latin-1") for record in answer.records)
    meant = tuple(text for text in texts if text.strip().lower().startswith("v=sts"))
    return tuple(text for text in meant if _VERSION.match(text)) or meant


def is_sts_record(record: str) -> bool:
    """It is written as RFC 8461 §3.1 asks, with exactly one `id` of 1 to 32 letters and digits."""
    return _RECORD.fullmatch(record) is not None and len(_ID.findall(record)) == 1


def is_policy(page: PolicyPage) -> bool:
    """The page is meant as a policy: anybody's home page is not."""
    return page.status == 200 and page.body.lstrip()[:8].lower() == b"version:"


def read_policy(page: PolicyPage) -> Policy:
    """The policy on a page of status 200 (RFC 8461 §3.2): what is unreadable is empty, and a fault."""
    lines = page.body.decode("latin-1").rstrip("\r\n\t ").split("\n")
    fields = [_field(line) for line in lines]
    named = [field for field in fields if field is not None]
    # §3.2: of a repeated field, all but the first are ignored.
    first = dict(reversed(named))
    mode, age = first.get("mode", ""), first.get("max_age", "")
    mx = tuple(value.lower().removesuffix(".") for name, value in named if name == "mx")
    policy = Policy(
        mode=mode if mode in MODES else "",
        mx=mx,
        max_age=int(age) if _AGE.fullmatch(age) and int(age) <= LONGEST_AGE else None,
        faults=(),
    )
    return Policy(policy.mode, policy.mx, policy.max_age, tuple(_faults(page, policy, fields, first)))


def _field(line: str) -> tuple[str, str] | None:
    name, colon, value = line.rstrip("\r\t ").partition(":")
    return (name, value.strip(" \t")) if colon and name and name == name.strip() else None


def _faults(
    page: PolicyPage, policy: Policy, fields: Sequence[tuple[str, str] | None], first: dict[str, str]
) -> Iterator[PolicyFault]:
    if page.media_type != "text/plain":
        yield PolicyFault.NOT_TEXT
    if None in fields:
        yield PolicyFault.LINE
    if first.get("version") != "STSv1":
        yield PolicyFault.VERSION
    if not policy.mode:
        yield PolicyFault.MODE
    if policy.max_age is None:
        yield PolicyFault.MAX_AGE
    if not policy.mx and policy.mode != "none":
        yield PolicyFault.MX
    if not all(_NAME.fullmatch(pattern) for pattern in policy.mx):
        yield PolicyFault.MX_NAME


def is_pattern(pattern: str) -> bool:
    """A name, or `*.` and a name, in lower case."""
    return _NAME.fullmatch(pattern) is not None


def covers(policy: Policy, host: str) -> bool:
    """Some pattern stands for `host`: a star is exactly one left label (RFC 8461 §4.1)."""
    name = host.lower()
    return any(
        pattern == name or (pattern.startswith("*.") and pattern[2:] == name.partition(".")[2])
        for pattern in policy.mx
    )
