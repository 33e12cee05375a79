"""Lists of senders by SPF: whose shared lists are known, where a list ends, and a better line for a zone."""

import re
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from cyberaudit.facts.dkim_providers import MailProvider, providers_of
from cyberaudit.facts.spf import ASKS_DNS, SpfFault, SpfTerm, spf_all, spf_reached, spf_redirect, spf_terms
from cyberaudit.facts.spf_tree import MOST_LOOKUPS, Found, SpfStep, SpfTree, cost_of
from cyberaudit.sdk.verdicts import EVIDENCE_LIMIT

# RFC 1035 §3.3: a character-string.
STRING_LENGTH: Final = 255

# Ours: more faults than that are a text, not a list.
MOST_MENDED: Final = 8
# Slips seen everywhere: `ipv4:`, `ip4=`, `include=`, an address of the other family.
_SLIP: Final = re.compile(
    r"(?P<sign>[-+~?]?)(?P<name>ip[46]?|ipv[46]|include|a|mx)[:=](?P<value>[^\s]+)", re.IGNORECASE | re.ASCII
)

# What people see as a space, and receivers do not (RFC 7208 §4.6.1); the last one in UTF-8 and in Latin-1.
_BLANK: Final = re.compile(r"(?:[\t\n\r\v\f]|\xc2\xa0|(?<![\x80-\x9f\xa1-\xff])\xa0)+")

SHARED_LISTS: Final = {
    "spf.protection.outlook.com": "Microsoft 365",
    "_spf.google.com": "Google Workspace",
    "mx.ovh.com": "OVHcloud",
    "spf.infomaniak.ch": "Infomaniak",
    "_mailcust.gandi.net": "Gandi",
    "spf.brevo.com": "Brevo",
    "spf.sendinblue.com": "Brevo",
    "spf.mailjet.com": "Mailjet",
    "servers.mcsv.net": "Mailchimp",
    "sendgrid.net": "SendGrid",
    "amazonses.com": "Amazon SES",
    "_spf.perfora.net": "IONOS",
    "_spf.kundenserver.de": "IONOS",
    "relay.mailchannels.net": "MailChannels",
}
"""Names that providers publish for all their customers → the provider."""


def shared_list(step: SpfStep) -> str | None:
    """The provider whose every customer may write through this term; None when it is not a known one."""
    return SHARED_LISTS.get(step.target) if is_include(step) else None


def has_false_space(record: str) -> bool:
    """Something that looks like a space stands in it, where only a space parts two terms."""
    return _BLANK.search(record) is not None


def is_include(step: SpfStep) -> bool:
    """The term is an `include`."""
    return step.term.lstrip("+-~?").lower().startswith("include:")


def is_redirect(step: SpfStep) -> bool:
    """The term is a `redirect`."""
    return step.term.lower().startswith("redirect=")


def nothing_to_follow(terms: tuple[SpfTerm, ...]) -> bool:
    """Whatever DNS answers, these terms stay within every limit: nothing included, two names asked at most."""
    asked = [term for term in spf_reached(terms) if term.name in ASKS_DNS]
    return len(asked) <= 2 and all(term.name in ("a", "mx") and not term.target for term in asked)


def spf_last(domain: str, record: str, tree: SpfTree) -> tuple[tuple[str, str], ...] | None:
    """(name, record) of each list after the domain's own, by `redirect`; None when the last one was not read."""
    chain: list[tuple[str, str]] = []
    name = domain
    while spf_redirect(record) is not None:
        here = (step for step in tree.steps if step.depth == len(chain) and step.at == name)
        step = next((step for step in here if is_redirect(step)), None)
        if step is None or step.found is not Found.RECORD:
            return None
        name, record = step.target, step.record
        chain.append((name, record))
    return tuple(chain)


def better_record(
    records: tuple[str, ...], tree: SpfTree | None, *, without: Collection[str] = ()
) -> str | None:
    """One record that lets write whom `records` meant to, each term once, less the terms of `without`.

    `tree`: where `records` lead; None: nobody followed them. It ends as the strictest of them when that refuses
    strangers, with `~all` otherwise. None when some record cannot be read, when receivers would not accept the sum
    of what it makes them ask or nobody knows it, when nobody would be left who may write, or when it would be the
    record that is there.
    """
    read = [spf_terms(record) for record in records]
    if any(isinstance(terms, SpfFault) for terms in read):
        return None
    every = [terms for terms in read if not isinstance(terms, SpfFault)]
    redirects = [spf_redirect(record) for record in records]
    if len(records) > 1 and any(redirects):
        return None
    dropped = {text.lower() for text in without}
    kept = {
        term.text.lower(): term
        for terms in every
        for term in _kept(terms)
        if term.text.lower() not in dropped
    }
    if not _is_accepted(tuple(kept.values()), tree):
        return None
    if not any(term.qualifier or term.name == "redirect" for term in kept.values()):
        return None
    ending = () if redirects[0] else (_ending(records),)
    made = " ".join(("v=spf1", *(term.text for term in kept.values()), *ending))
    return None if len(records) == 1 and made.lower() == records[0].lower() else made


def _is_accepted(terms: tuple[SpfTerm, ...], tree: SpfTree | None) -> bool:
    """Receivers reach the end of these terms (RFC 7208 §4.6.4)."""
    if tree is None:
        return nothing_to_follow(terms)
    cost = cost_of(tree, (term.text for term in terms if term.name in ASKS_DNS))
    return cost is not None and cost.is_allowed


def _kept(terms: tuple[SpfTerm, ...]) -> Iterator[SpfTerm]:
    """What has an effect: terms that are reached, then the modifiers that explain."""
    reached = spf_reached(terms)
    yield from (term for term in reached if term.name != "redirect")
    yield from (term for term in terms if not term.qualifier and term.name != "redirect")
    yield from (term for term in reached if term.name == "redirect")


def _ending(records: tuple[str, ...]) -> str:
    return "-all" if any(spf_all(record) == "-" for record in records) else "~all"


def better_line(
    domain: str, records: tuple[str, ...], tree: SpfTree | None, *, without: Collection[str] = ()
) -> str | None:
    """`better_record` as a zone file writes it; None too when evidence could not hold it whole."""
    made = better_record(records, tree, without=without)
    line = zone_line(domain, made) if made else ""
    return line if 0 < len(line) <= EVIDENCE_LIMIT else None


def first_line(domain: str, mx: Iterable[str]) -> str:
    """A record to begin with, for a domain whose mail arrives at the hosts `mx`, as a zone file writes it.

    Who receives its mail is taken to send it too: by the list of a provider that is recognised, by `mx` otherwise.
    Empty names are the null MX. Nobody: nobody may write. Somebody: it ends with `~all`, for who receives is seldom
    all who send.
    """
    hosts = [host for host in mx if host]
    own = ["mx"] if any(not providers_of((host,), ()) for host in hosts) else []
    lists = [f"include:{_list_of(each, hosts)}" for each in providers_of(hosts, ()) if each.spf]
    ending = "~all" if hosts else "-all"
    return zone_line(domain, " ".join(("v=spf1", *own, *lists, ending)))


def mended_line(domain: str, record: str) -> tuple[str, tuple[str, ...]] | None:
    """A malformed record with its faulty terms rewritten, as a zone file writes it, and those left out for want of one.

    It ends as it did, with `~all` when a term is left out: who that was to let write is not known. None when nobody
    would be left who may write, or when receivers might not accept it.
    """
    lost: list[str] = []
    for _ in range(MOST_MENDED):
        terms = spf_terms(record)
        if not isinstance(terms, SpfFault):
            return _accepted_line(domain, record, terms, lost)
        record, dropped = _without_fault(record, terms.term)
        lost += dropped
    return None


def _accepted_line(
    domain: str, record: str, terms: tuple[SpfTerm, ...], lost: list[str]
) -> tuple[str, tuple[str, ...]] | None:
    kept = [term for term in _kept(terms) if term.name != "all"]
    asked = [term for term in kept if term.name in ASKS_DNS]
    if not any(term.qualifier or term.name == "redirect" for term in kept) or len(asked) > MOST_LOOKUPS:
        return None
    redirects = any(term.name == "redirect" for term in kept)
    ending = () if redirects else ("~all" if lost else _ending((record,)),)
    line = zone_line(domain, " ".join(("v=spf1", *dict.fromkeys(term.text for term in kept), *ending)))
    return (line, tuple(lost)) if len(line) <= EVIDENCE_LIMIT else None


def _without_fault(record: str, fault: str) -> tuple[str, tuple[str, ...]]:
    """The record with `fault` rewritten, or left out: then it is told."""
    parted = " ".join(_BLANK.split(fault)).strip()
    better = parted if parted != fault else _rewritten(fault)
    texts = [better if text == fault else text for text in record.split(" ")]
    return " ".join(text for text in texts if text), () if better or not parted else (fault,)


def _rewritten(text: str) -> str:
    """What was plainly meant; empty when nothing is plain."""
    found = _SLIP.fullmatch(text)
    if not found:
        return ""
    name, value = found["name"].lower(), found["value"]
    named = "ip" if name.startswith("ip") else name
    family = f"ip{6 if ':' in value else 4}" if named == "ip" else named
    made = f"{found['sign']}{family}:{value}"
    return "" if isinstance(spf_terms(f"v=spf1 {made}"), SpfFault) else made


def _list_of(provider: MailProvider, hosts: list[str]) -> str:
    """The list of the same place as the hosts, for those who have one in each; their usual one otherwise."""
    near = (name for name in provider.spf if any(f".{host}".endswith(f".{name}") for host in hosts))
    return next(near, provider.spf[0])


def zone_line(domain: str, record: str) -> str:
    """A TXT record as a zone file writes it, in strings that DNS can carry."""
    texts = [record[start : start + STRING_LENGTH] for start in range(0, len(record), STRING_LENGTH)]
    strings = " ".join('"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"' for text in texts)
    return f"{domain}. IN TXT {strings}"
