"""How DMARC records are found, read and applied: RFC 9989, and the older RFC 7489 beside it."""

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.frozen import frozen

POLICIES = ("none", "quarantine", "reject")
"""From the weakest to the strongest."""
REMOVED = ("pct", "rf", "ri")
"""What RFC 9989 took away; older receivers still read `pct`."""

# RFC 9989 §4.8: the version comes first, its value in this very case; nothing stands before it.
_VERSION = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t]*(;|$)")
# Settings as people write them who forget the semicolons; not what stands inside an address.
_WRITTEN = re.compile(
    r"(?<![A-Za-z0-9._%+@?&=:-])(v|p|sp|np|rua|ruf|adkim|aspf|fo|psd|t|pct|rf|ri)[ \t]*=", re.IGNORECASE
)
_UNPARTED = re.compile(r"[vV][ \t]*=[ \t]*DMARC1[ \t,]+[A-Za-z]+[ \t]*=")
# RFC 7489 §6.4: 1*3DIGIT; a value out of grammar counts for its default.
_PERCENT = re.compile("[0-9]{1,3}")
# RFC 9989 §4.7, §4.8; values are compared in lower case.
_GRAMMAR = {
    "p": re.compile("none|quarantine|reject"),
    "sp": re.compile("none|quarantine|reject"),
    "np": re.compile("none|quarantine|reject"),
    "adkim": re.compile("[rs]"),
    "aspf": re.compile("[rs]"),
    "fo": re.compile(r"[01ds]([ \t]*:[ \t]*[01ds])*"),
    "psd": re.compile("[ynu]"),
    "t": re.compile("[yn]"),
    "pct": re.compile("100|[0-9]{1,2}|0[0-9]{2}"),
}
# RFC 6068 §2, as far as receivers of reports use it: one address; RFC 7489 §6.2 let a size follow.
_MAILTO = re.compile(
    r"(?P<uri>mailto:(?!//)[A-Za-z0-9._%+~='*/#$&^{}|-]+@(?P<host>[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)+)\.?(?:\?[^!\s]*)?)"
    r"(?P<size>![0-9]+[kmgtKMGT]?)?",
    re.IGNORECASE,
)
# « mailto: x@y », « mailto://x@y »: the mailbox is plain all the same.
_BEFORE_MAILBOX = re.compile(r"(?:mailto:)?[\s/]*", re.IGNORECASE)
_OTHER_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s!,;]+(?:![0-9]+[kmgtKMGT]?)?")
# The name of a setting has neither « : » nor « @ » (RFC 9989 §4.8).
_STRAY = re.compile(r"\s*(?:mailto:[^=@]*@|[^=@\s]+@[^=@\s]+\s*(?:,|$))", re.IGNORECASE)
_DEFAULTS = frozenset({("adkim", "r"), ("aspf", "r"), ("fo", "0"), ("t", "n"), ("pct", "100"), ("psd", "u")})
# RFC 9989 §4.7: who publishes it sells names below its own, as no town does.
_OF_REGISTRIES = ("psd", "y")


class Defect(StrEnum):
    """What may be wrong with one tag."""

    VALUE = "value"
    """Outside the grammar: receivers take the default instead."""
    REPEATED = "repeated"
    STRAY_ADDRESS = "stray-address"
    """An address of reports after a semicolon, where a comma should stand: receivers lose it."""
    NO_TAG = "no-tag"
    """Text between two semicolons that is no `name=value`."""


@frozen
class TagFault:
    defect: Defect
    text: str
    """`sp=oops`, as written."""


@frozen
class ReportUri:
    """One address of a `rua` or a `ruf`."""

    text: str
    """As written."""
    uri: str
    """Without the size; empty when it is no URI at all."""
    host: str
    """The mail domain, lower case; empty when the URI is no usable `mailto:`."""


@frozen
class DmarcPolicy:
    """What receivers do with mail that fails authentication."""

    record: str
    at: str
    """The name that carries the record: the domain itself, or a parent."""
    policy: str
    """`none`, `quarantine` or `reject`, after `sp`, `np` and `t`."""
    percent: int
    """`pct`, removed by RFC 9989 and still read by older receivers; 100 when absent."""
    reports: bool
    """Somebody receives the aggregate reports (`rua`)."""


def dmarc_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records that begin with the exact `v=DMARC1` tag (RFC 9989 §4.8, RFC 7489 §6.4)."""
    texts = (record.decode("latin-1") for record in answer.records)
    return tuple(text for text in texts if _VERSION.match(text))


def near_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records that were meant for DMARC and that no receiver takes for one."""
    texts = (record.decode("latin-1") for record in answer.records)
    return tuple(text for text in texts if "dmarc1" in text[:200].lower() and not _VERSION.match(text))


def written_at(domain: str, answers: Iterable[TxtAnswer]) -> int:
    """How many records for DMARC, well begun or not, stand at `_dmarc.<domain>`: a new one takes their place."""
    own = (answer for answer in answers if answer.name == f"_dmarc.{domain}")
    return sum(len(dmarc_records(answer)) + len(near_records(answer)) for answer in own)


def dmarc_tags(record: str) -> dict[str, str]:
    """Tag → value, names in lower case, the first of a repeated tag; what is no tag is left out."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags


def dmarc_faults(record: str) -> tuple[TagFault, ...]:
    """What is outside the grammar, in order; report addresses are `report_uris`' business, unknown tags nobody's."""
    return tuple(_faults(record))


def _faults(record: str) -> Iterator[TagFault]:
    seen: set[str] = set()
    last = ""
    for part in record.split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        tag = name.lower()
        if not part.strip():
            continue
        if last in ("rua", "ruf") and _is_stray(part):
            yield TagFault(Defect.STRAY_ADDRESS, part.strip())
            continue
        if not equals or not tag:
            yield TagFault(Defect.NO_TAG, part.strip())
        elif tag in seen:
            yield TagFault(Defect.REPEATED, part.strip())
        elif tag in _GRAMMAR and not _is_valid(tag, value):
            yield TagFault(Defect.VALUE, part.strip())
        seen.add(tag)
        last = tag


def _is_valid(tag: str, value: str) -> bool:
    return bool(_GRAMMAR[tag].fullmatch(value.lower()))


def report_uris(record: str, tag: str) -> tuple[ReportUri, ...]:
    """The addresses of `tag` (`rua`, `ruf`), in order; none when the tag is absent or empty."""
    texts = (text.strip() for text in dmarc_tags(record).get(tag, "").split(","))
    return tuple(_report_uri(text) for text in texts if text)


def stray_reports(record: str, tag: str) -> tuple[ReportUri, ...]:
    """The addresses that were meant for `tag` and that receivers lose: a semicolon stands before each, no comma."""
    found: list[ReportUri] = []
    last = ""
    for part in record.split(";"):
        if not _is_stray(part):
            last = part.partition("=")[0].strip().lower() if part.strip() else last
        elif last == tag:
            found += (_report_uri(text) for text in map(str.strip, part.split(",")) if text)
    return tuple(found)


def _is_stray(part: str) -> bool:
    """An address that stands where a setting should; `tag=value` is none, whatever its value."""
    return _STRAY.match(part) is not None


def _report_uri(text: str) -> ReportUri:
    mailto = _MAILTO.fullmatch(text)
    if mailto:
        return ReportUri(text, mailto["uri"], mailto["host"].lower())
    other = _OTHER_URI.fullmatch(text) if not text.lower().startswith("mailto:") else None
    return ReportUri(text, text.partition("!")[0] if other else "", "")


def are_reports_sound(record: str) -> bool:
    """There is an address for aggregate reports, and each that is written can serve."""
    written = [address for tag in ("rua", "ruf") for address in report_uris(record, tag)]
    lost = any(stray_reports(record, tag) for tag in ("rua", "ruf"))
    return bool(report_uris(record, "rua")) and all(address.host for address in written) and not lost


def _has_reports(record: str) -> bool:
    return any(address.uri for address in report_uris(record, "rua"))


def dmarc_policy(domain: str, answers: Iterable[TxtAnswer], *, exists: bool = True) -> DmarcPolicy | None:
    """What RFC 9989 receivers apply to `domain`, from the answers of the tree walk; None: no usable record.

    Several records at one name are all discarded (§4.10). The domain's own record comes first, then its
    organizational domain's, then that of the public suffix above (§4.10.1). A record whose `p`, `sp` or `np` is not
    valid counts as `p=none` when it has a `rua`, and as no record otherwise (§4.7).
    """
    found = _alone(answers)
    name = _policy_name(domain, found)
    if name is None:
        return None
    record = found[name]
    tags = dmarc_tags(record)
    policy = _asked(record, tags, inherited=name != domain, exists=exists)
    if policy and tags.get("t", "").lower() == "y":
        # §4.7: one step lower.
        policy = POLICIES[max(POLICIES.index(policy) - 1, 0)]
    return _policy(record, name, policy)


def organizational_domain(domain: str, answers: Iterable[TxtAnswer]) -> str:
    """The organizational domain by the tree walk (RFC 9989 §4.10.2): the domain itself when no name has a record."""
    found = _alone(answers)
    for name, record in found.items():
        match dmarc_tags(record).get("psd", "").lower():
            case "n":
                return name
            case "y" if name != domain:
                below = domain.removesuffix(f".{name}").rpartition(".")[2]
                return f"{below}.{name}"
    return min(found, key=lambda name: name.count("."), default=domain)


def _policy_name(domain: str, found: dict[str, str]) -> str | None:
    """Which of the names that carry one record decides for `domain`."""
    if domain in found or not found:
        return domain if found else None
    answers = (TxtAnswer(f"_dmarc.{name}", (record.encode("latin-1"),)) for name, record in found.items())
    organization = organizational_domain(domain, answers)
    if organization in found:
        return organization
    return next(
        (name for name, record in found.items() if dmarc_tags(record).get("psd", "").lower() == "y"), None
    )


def suffix_policy(domain: str, own: TxtAnswer | None, organization: TxtAnswer | None) -> DmarcPolicy | None:
    """What RFC 7489 receivers apply: the domain's own record, else that of `organization` (§6.6.3).

    Two records at one name end the search; `np` and `t` are unknown to them, `p` and `sp` are not.
    """
    for answer in (own, organization):
        records = dmarc_records(answer) if answer else ()
        if records:
            return _older(domain, answer, records) if answer and len(records) == 1 else None
    return None


def _older(domain: str, answer: TxtAnswer, records: tuple[str, ...]) -> DmarcPolicy | None:
    name = answer.name.removeprefix("_dmarc.")
    tags = {tag: value for tag, value in dmarc_tags(records[0]).items() if tag != "np"}
    return _policy(records[0], name, _asked(records[0], tags, inherited=name != domain, exists=True))


def _alone(answers: Iterable[TxtAnswer]) -> dict[str, str]:
    """Name → its record, for names with exactly one, in the order of the walk."""
    read = ((answer.name.removeprefix("_dmarc."), dmarc_records(answer)) for answer in answers)
    return {name: records[0] for name, records in read if len(records) == 1}


def stops_the_walk(answer: TxtAnswer) -> bool:
    """Its one record says whether a registry stands there: `psd=y` or `psd=n` (RFC 9989 §4.10)."""
    records = dmarc_records(answer)
    return len(records) == 1 and dmarc_tags(records[0]).get("psd", "").lower() in ("y", "n")


def is_broken(tags: dict[str, str]) -> bool:
    """`p` is absent or wrong, or `sp` or `np` is wrong (RFC 9989 §4.7)."""
    return not _is_valid("p", tags.get("p", "")) or any(
        tag in tags and not _is_valid(tag, tags[tag]) for tag in ("sp", "np")
    )


def _asked(record: str, tags: dict[str, str], *, inherited: bool, exists: bool) -> str:
    """The policy written for such a name; empty: the record counts for nothing."""
    if is_broken(tags):
        return "none" if _has_reports(record) else ""
    asked = tags["p"]
    if inherited:
        asked = tags.get("sp", asked)
        asked = asked if exists else tags.get("np", asked)
    return asked.lower()


def _policy(record: str, at: str, policy: str) -> DmarcPolicy | None:
    if not policy:
        return None
    percent = dmarc_tags(record).get("pct", "")
    share = int(percent) if _PERCENT.fullmatch(percent) else 100
    return DmarcPolicy(record, at, policy, share, _has_reports(record))


def next_record(domain: str, records: tuple[str, ...], *, policy: str | None, hardens: bool = True) -> str:
    """The record to publish at `_dmarc.<domain>` instead of `records`, asking for `policy`; None: for the same as now.

    It keeps the report addresses that can be used (`dmarc@<domain>` when there is none) and every valid setting, but
    not what is weaker than `policy`, unless it `hardens` nothing; what older drafts left, and what is wrong, goes.
    """
    asked = policy if hardens else None
    parts = ["v=DMARC1"]
    for tag in ("p", "sp", "np", "t", "pct", "adkim", "aspf", "fo", "psd"):
        values = [value for value in (dmarc_tags(record).get(tag, "") for record in records) if value]
        value = values[0].lower() if values and _is_valid(tag, values[0]) else ""
        if tag == "p":
            value = policy or value or POLICIES[0]
        if value and _is_kept(tag, value, asked):
            parts.append(f"{tag}={value}")
    for tag in ("rua", "ruf"):
        kept = ",".join(address.uri for address in kept_reports(records, tag))
        if kept or tag == "rua":
            parts.append(f"{tag}={kept or f'mailto:dmarc@{domain}'}")
    return "; ".join(parts)


def kept_reports(records: Iterable[str], tag: str) -> tuple[ReportUri, ...]:
    """The addresses of `tag` that can serve, each once; one that lacks `mailto:`, or writes it wrong, gets it.

    So does one that stands after a semicolon where a comma should.
    """
    written = (
        each for record in records for each in (*report_uris(record, tag), *stray_reports(record, tag))
    )
    mended = (_mended(each) for each in written)
    return tuple({each.uri: each for each in mended if each.host}.values())


def _mended(address: ReportUri) -> ReportUri:
    if address.uri or "@" not in address.text:
        return address
    return _report_uri(f"mailto:{_BEFORE_MAILBOX.sub('', address.text, count=1)}")


def salvaged(record: str) -> str:
    """The record that `record`, which no receiver takes for one, was meant to be: same settings, well set apart."""
    found = list(_WRITTEN.finditer(record))
    ends = [*(match.start() for match in found[1:]), len(record)]
    settings = (
        (match[1].lower(), record[match.end() : end]) for match, end in zip(found, ends, strict=False)
    )
    parts = (f"{tag}={value.strip(' ;,' + chr(9) + chr(34))}" for tag, value in settings if tag != "v")
    return "; ".join(("v=DMARC1", *parts))


def lacks_semicolon(record: str) -> bool:
    """Nothing but the semicolon after the version keeps receivers from reading it."""
    return _UNPARTED.match(record) is not None


def softest(records: Iterable[str]) -> str:
    """The weakest policy written in the records that can be read; `none` when none can."""
    written = [dmarc_tags(record).get("p", "").lower() for record in records]
    return min((each for each in written if each in POLICIES), key=POLICIES.index, default=POLICIES[0])


def _is_kept(tag: str, value: str, policy: str | None) -> bool:
    """Not a default, nor, when a `policy` is asked for, something that softens it."""
    if policy is not None and tag in ("sp", "np"):
        return POLICIES.index(value) > POLICIES.index(policy)
    if policy is not None and tag in ("t", "pct"):
        return False
    return (tag, value) not in _DEFAULTS and (tag, value) != _OF_REGISTRIES
