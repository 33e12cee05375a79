"""How an SPF record is read, as strictly as receivers do: one syntax error and the whole counts for nothing."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from itertools import takewhile

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.frozen import frozen


@frozen
class SpfTerm:
    """One directive or modifier of a record."""

    text: str
    qualifier: str
    """`+`, `-`, `~` or `?`; empty for a modifier."""
    name: str
    """Lower case: `ip4`, `include`, `redirect`…"""
    target: str
    """What follows `:` or `=`, without prefix lengths; may be empty."""
    prefix4: int | None
    """0 to 32, as written; None when it is not."""
    prefix6: int | None
    """0 to 128, as written; None when it is not."""

    @property
    def admits(self) -> int | None:
        """The length of the shortest prefix that this term lets write; None: single addresses, or nobody."""
        written = [prefix for prefix in (self.prefix4, self.prefix6) if prefix is not None]
        return min(written) if written and self.qualifier == "+" else None


@frozen
class SpfFault:
    """The first term that receivers do not understand: `permerror` (RFC 7208 §4.6)."""

    term: str


def spf_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records whose version is `v=spf1`, case-insensitively, then a space or the end (RFC 7208 §4.5)."""
    texts = (record.decode("latin-1") for record in answer.records)
    return tuple(text for text in texts if text.lower().split(" ", 1)[0] == "v=spf1")


def spf_near(answer: TxtAnswer) -> tuple[str, ...]:
    """The records that were meant for SPF and that no receiver takes for one: a stray quote, « v=spf1; »…"""
    read = spf_records(answer)
    texts = (record.decode("latin-1") for record in answer.records)
    return tuple(text for text in texts if text not in read and _MEANT.match(text))


def spf_salvaged(record: str) -> str:
    """The record that `record`, one of `spf_near`, was meant to be; its terms may still be faulty."""
    meant = _MEANT.match(record)
    rest = record[meant.end() :] if meant else ""
    terms = (text.strip(",") for text in re.sub(r"[^!-~]|[;\"\\]", " ", rest).split())
    return " ".join(("v=spf1", *filter(None, terms)))


def spf_all(record: str) -> str | None:
    """The qualifier of the first `all`: `+`, `-`, `~` or `?`; None when there is no `all` (RFC 7208 §5.1)."""
    for term in _texts(record):
        qualifier, mechanism = (term[0], term[1:]) if term[0] in "+-~?" else ("+", term)
        if mechanism.lower() == "all":
            return qualifier
    return None


def spf_redirect(record: str) -> str | None:
    """The target of `redirect=`, which counts only when the record has no `all` (RFC 7208 §6.1)."""
    if spf_all(record) is not None:
        return None
    targets = [term[9:] for term in _texts(record) if term.lower().startswith("redirect=")]
    return targets[0].rstrip(".").lower() if targets else None


def spf_terms(record: str) -> tuple[SpfTerm, ...] | SpfFault:
    """Every term after the version, or the first that is malformed (RFC 7208 §4.6.1, §12).

    Terms after `all` are never reached, yet an error among them counts. Macros are read, not expanded.
    """
    terms: list[SpfTerm] = []
    for text in _texts(record)[1:]:
        term = _term(text)
        if term is None or (term.name in _ONCE and any(term.name == earlier.name for earlier in terms)):
            return SpfFault(text)
        terms.append(term)
    return tuple(terms)


def spf_widest(terms: tuple[SpfTerm, ...]) -> SpfTerm | None:
    """The term that admits the largest range, among those before `all`; None when no range is admitted."""
    reached = takewhile(lambda term: term.name != "all", terms)
    ranges = (term for term in reached if term.admits is not None)
    return min(ranges, key=lambda term: term.admits or 0, default=None)


def spf_reached(terms: tuple[SpfTerm, ...]) -> tuple[SpfTerm, ...]:
    """What is evaluated when nothing matches: mechanisms before `all`, then `redirect` (RFC 7208 §5.1, §6.1)."""
    mechanisms = [term for term in terms if term.qualifier]
    reached = tuple(takewhile(lambda term: term.name != "all", mechanisms))
    if len(reached) < len(mechanisms):
        return reached
    return (*reached, *(term for term in terms if term.name == "redirect"))


def spf_ignored(terms: tuple[SpfTerm, ...]) -> tuple[SpfTerm, ...]:
    """What stands in the record for nothing: mechanisms after `all`, and `redirect` beside it."""
    ends = next((place for place, term in enumerate(terms) if term.name == "all"), None)
    if ends is None:
        return ()
    after = terms[ends + 1 :]
    redirects = [term for term in terms[:ends] if term.name == "redirect"]
    return (*redirects, *(term for term in after if term.qualifier or term.name == "redirect"))


def spf_explanation(record: bytes) -> str:
    """The text of an `exp` record, macros not expanded; empty when it is no explain-string (RFC 7208 §6.2)."""
    text = record.decode("latin-1")
    return text if all(_tokens(part) is not None for part in text.split(" ")) else ""


def _texts(record: str) -> list[str]:
    """The terms, the version first; only spaces part them."""
    return [text for text in record.split(" ") if text]


# RFC 7208 §4.6.4: what counts among the ten look-ups.
ASKS_DNS = frozenset({"include", "a", "mx", "ptr", "exists", "redirect"})
# RFC 7208 §6: these two modifiers stand at most once.
_ONCE = ("redirect", "exp")
# « v=spf10 » is something else (RFC 7208 §4.5).
_MEANT = re.compile(r"[\s\"'\\\x80-\xff]*v[ \t]*=[ \t]*spf1(?![a-z0-9.])[:=]?", re.IGNORECASE)
_SHAPE = re.compile(r"([-+~?]?)([a-z][a-z0-9._-]*)(.*)", re.IGNORECASE | re.ASCII | re.DOTALL)
# RFC 7208 §12, ip4-cidr-length and ip6-cidr-length: 0 to 32, 0 to 128, no leading zero.
_CIDR4, _CIDR6 = r"/(3[0-2]|[12]?[0-9])", r"/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
_DUAL = re.compile(rf"(:.*?)?(?:{_CIDR4})?(?:/{_CIDR6})?", re.ASCII | re.DOTALL)
_IP4 = re.compile(rf":([0-9.]+)(?:{_CIDR4})?", re.ASCII)
_IP6 = re.compile(rf":([0-9a-f:.]+)(?:{_CIDR6})?", re.IGNORECASE | re.ASCII)
# RFC 7208 §7.1: visible characters but « % », and macros; §7.3: digits, when given, are not all zero.
_MACRO = r"%(?:\{[slodipvhcrt](?:0*[1-9][0-9]*)?r?[-.+,/_=]*\}|[%_-])"
_TOKEN = re.compile(rf"[!-$&-~]+|{_MACRO}", re.IGNORECASE | re.ASCII)
# RFC 7208 §7.2: only in the text of an explanation.
_ONLY_EXPLAINS = ("%{c", "%{r", "%{t")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE | re.ASCII)


def _term(text: str) -> SpfTerm | None:
    shape = _SHAPE.fullmatch(text)
    if shape is None:
        return None
    qualifier, name, rest = shape[1], shape[2].lower(), shape[3]
    if rest.startswith("=") and not qualifier:
        return _modifier(text, name, rest[1:])
    return _mechanism(text, qualifier or "+", name, rest)


def _modifier(text: str, name: str, value: str) -> SpfTerm | None:
    match name:
        case "redirect" | "exp":
            good = _is_domain(value)
        case _:
            good = _tokens(value) is not None
    return SpfTerm(text, "", name, value, None, None) if good else None


def _mechanism(text: str, qualifier: str, name: str, rest: str) -> SpfTerm | None:
    match name:
        case "all":
            return None if rest else SpfTerm(text, qualifier, name, "", None, None)
        case "include" | "exists":
            good = rest.startswith(":") and _is_domain(rest[1:])
            return SpfTerm(text, qualifier, name, rest[1:], None, None) if good else None
        case "ptr":
            good = not rest or (rest.startswith(":") and _is_domain(rest[1:]))
            return SpfTerm(text, qualifier, name, rest[1:], None, None) if good else None
        case "a" | "mx":
            return _named(text, qualifier, name, rest)
        case "ip4" | "ip6":
            return _network(text, qualifier, name, rest)
        case _:
            return None


def _named(text: str, qualifier: str, name: str, rest: str) -> SpfTerm | None:
    """`a` or `mx`, whose prefix lengths apply to the addresses of the name."""
    parts = _DUAL.fullmatch(rest)
    if parts is None or (parts[1] is not None and not _is_domain(parts[1][1:])):
        return None
    return SpfTerm(text, qualifier, name, (parts[1] or "")[1:], _prefix(parts[2]), _prefix(parts[3]))


def _network(text: str, qualifier: str, name: str, rest: str) -> SpfTerm | None:
    """`ip4` or `ip6`."""
    four = name == "ip4"
    parts = (_IP4 if four else _IP6).fullmatch(rest)
    if parts is None:
        return None
    try:
        (IPv4Address if four else IPv6Address)(parts[1])
    except AddressValueError:
        return None
    prefix = _prefix(parts[2])
    return SpfTerm(text, qualifier, name, parts[1], prefix if four else None, None if four else prefix)


def _prefix(written: str | None) -> int | None:
    return None if written is None else int(written)


def _tokens(text: str) -> list[str] | None:
    """The literals and macros of a macro-string; None when something else stands in it."""
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    return tokens if sum(map(len, tokens)) == len(text) else None


def _is_domain(text: str) -> bool:
    """A domain-spec: a macro-string that ends with a macro, or with a dot and a label that is no number."""
    tokens = _tokens(text)
    if not tokens:
        return False
    if any(token[:3].lower() in _ONLY_EXPLAINS for token in tokens):
        return False
    if tokens[-1].startswith("%"):
        return True
    _, dot, top = text.removesuffix(".").rpartition(".")
    return bool(dot) and _LABEL.fullmatch(top) is not None and bool(top.strip("0123456789"))
