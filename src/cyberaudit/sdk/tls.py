"""How a check judges what an access speaks TLS with: its addresses one by one, then one verdict."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from cyberaudit import french
from cyberaudit.declared import Town, Vpn, VpnKind
from cyberaudit.facts.openvpn import OpenVpnEndpoint, OpenVpnMet
from cyberaudit.facts.products import product_name
from cyberaudit.facts.tls_endpoint import VERSIONS, TlsEndpoint, TlsServer, VersionOffer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import failed, partial, passed, unknown

Seen = tuple[TlsEndpoint | Unreachable, OpenVpnEndpoint | Unreachable]
"""What a check gets that needs `(TlsEndpoint, OpenVpnEndpoint)`; the type of the access tells which one counts."""

FRENCH_VERSIONS = {
    "SSLv2": "SSL 2",
    "SSLv3": "SSL 3",
    "TLSv1": "TLS 1.0",
    "TLSv1.1": "TLS 1.1",
    "TLSv1.2": "TLS 1.2",
    "TLSv1.3": "TLS 1.3",
}
CLEAR_TEXT = "clear-text"
CURRENT, BEFORE_1_3 = VERSIONS[-2:], VERSIONS[:-1]
"""What R4 allows, and what has the choices that TLS 1.3 did away with."""
NAMED = 3
"""How many suites, groups, … a sentence names; evidence names more."""
_ROOM_OF_A_SENTENCE = 100
"""Characters of those names: an address, what is wrong and « et 2 autres » still fit in a sentence of `verdicts`."""
_ROOM = 360
"""Characters of a line of evidence, under the limit of `verdicts`."""


@frozen
class Words:
    """What a check says of an access, after « « Accès des agents » »."""

    bad: str
    half: str
    good: str


@frozen
class TlsQuestion:
    """One question about each TLS server of an access."""

    items: Callable[[TlsServer], Iterable[Item]]
    """What is wrong or unseen, one item a rule; nothing when all is in order."""
    evidence: Callable[[TlsServer], Iterable[Evidence]]
    words: Words
    likelihood: Callable[[Iterable[Item]], int | None] = lambda _items: None
    """What the faults raise the check's likelihood to."""
    minds_clear_text: bool = False
    """An access that answers in clear text is this question's fault; for the others it stays open."""


def speaks_tls(vpn: Vpn, _town: Town) -> bool:
    """The questions about TLS arise for SSL accesses, and for OpenVPN's control channel."""
    return vpn.type in (VpnKind.SSL, VpnKind.OPENVPN)


def judge_tls(seen: Seen, ctx: Context, question: TlsQuestion) -> Verdict:
    """The worst of what is seen at each address; what was not seen forbids a pass, and hides no fault."""
    facts = endpoint_of(seen, ctx)
    if isinstance(facts, Unreachable):
        return unknown(facts)
    items, evidence = tuple(_items(facts, question)), tuple(_evidence(facts, question))
    worst = next((status for status in _WORST_FIRST if any(item.status is status for item in items)), None)
    name, reason = f"« {ctx.asset.name} »", _reason(items, worst)
    match worst:
        case Status.FAIL:
            raised, text = question.likelihood(items), f"{name} {_fault(items, question)}."
            return failed(text, reason=reason, items=items, evidence=evidence, likelihood=raised)
        case Status.UNKNOWN:
            return _undecided(name, reason, items=items, evidence=evidence)
        case Status.PARTIAL:
            return partial(f"{name} {question.words.half}.", reason=reason, items=items, evidence=evidence)
    if gap := _gap(facts):
        return unknown(f"{name} {gap}.", evidence=evidence)
    return passed(f"{name} {question.words.good}.", evidence=evidence)


def endpoint_of(seen: Seen, ctx: Context) -> TlsEndpoint | OpenVpnEndpoint | Unreachable:
    """What was seen of the access, by its declared type."""
    return seen[1] if ctx.asset.type is VpnKind.OPENVPN else seen[0]


def reached(facts: TlsEndpoint | OpenVpnEndpoint) -> dict[str, bool | Unreachable]:
    """Whether something answers at each address that was asked; False only when it refused the connection."""
    if isinstance(facts, TlsEndpoint):
        return {server.address: _answers(server) for server in facts.servers}
    return {answer.address: _speaks(answer.met) for answer in facts.answers}


def _answers(server: TlsServer) -> bool | Unreachable:
    if not isinstance(server.met, Unreachable):
        return True
    return False if _refuses(server) else server.met


def _speaks(met: OpenVpnMet | Unreachable) -> bool | Unreachable:
    match met:
        case Unreachable():
            return met
        case OpenVpnMet.SILENT:
            return Unreachable(Reason.TIMEOUT)
        case _:
            return met is not OpenVpnMet.CLOSED


def listening(facts: TlsEndpoint | OpenVpnEndpoint) -> tuple[TlsServer, ...]:
    """The servers to judge: not the addresses that refuse the connection, where nobody listens."""
    return tuple(server for server in facts.servers if not _refuses(server))


def unasked(facts: TlsEndpoint | OpenVpnEndpoint) -> tuple[str, ...]:
    """The addresses that face us and of which no server was seen, though one may listen."""
    if isinstance(facts, TlsEndpoint):
        return facts.left_out
    known = (OpenVpnMet.OPENVPN, OpenVpnMet.CLOSED)
    mute = (answer.address for answer in facts.answers if answer.met not in known)
    return (*mute, *facts.left_out)


def offer_of(server: TlsServer, version: str) -> VersionOffer:
    """What the server makes of `version`; a version that was not asked is unreachable."""
    lost = Unreachable(Reason.NOT_COLLECTED)
    return server.version(version) or VersionOffer(version, lost, suites=lost, seen=(), preference=lost)


def may_speak(server: TlsServer, versions: Iterable[str]) -> bool:
    """One of the versions is accepted, or it is a current one of which that could not be seen.

    An old version that was not seen is R4's question alone.
    """
    answers = {version: offer_of(server, version).accepted for version in versions}
    return any(
        answer is True or (isinstance(answer, Unreachable) and version in CURRENT)
        for version, answer in answers.items()
    )


def unseen(rule: str, cause: Unreachable, what: str) -> Item:
    """A rule that could not be judged: « what : cause. »."""
    return Item(rule, Status.UNKNOWN, cause.reason, f"{what} : {cause.reason.french}.")


def few(names: Sequence[str]) -> str:
    """« a, b, c et 4 autres », names whole; a single one too many is named rather than counted."""
    ends = accumulate(len(name) + len(", ") for name in names)
    held = max(1, sum(end <= _ROOM_OF_A_SENTENCE for end in ends))
    if len(names) <= min(held, NAMED + 1):
        return french.listed(names)
    told = min(held, NAMED)
    return f"{', '.join(names[:told])} et {french.count(len(names) - told, 'autre')}"


def many(names: Sequence[str]) -> str:
    """As many names as a line of evidence holds."""
    kept, left = "", len(names)
    for name in names:
        longer = f"{kept}, {name}" if kept else name
        if len(longer) > _ROOM:
            return f"{kept} et {french.count(left, 'autre')}"
        kept, left = longer, left - 1
    return kept


def suite_names(codes: Iterable[int]) -> tuple[str, ...]:
    return tuple(suite(code).name for code in codes)


_WORST_FIRST = (Status.FAIL, Status.UNKNOWN, Status.PARTIAL)
"""A fault seen stands; beside a lesser one, what was not seen could still be worse."""


def _fault(items: tuple[Item, ...], question: TlsQuestion) -> str:
    """In clear text there is no encryption to call outdated."""
    in_clear = any(item.reason == CLEAR_TEXT for item in items)
    return "répond en clair, sans chiffrement" if in_clear else question.words.bad


def _reason(items: tuple[Item, ...], status: Status | None) -> str:
    return next((item.reason for item in items if item.status is status), "")


def _undecided(name: str, reason: str, *, items: tuple[Item, ...], evidence: tuple[Evidence, ...]) -> Verdict:
    if reason in set(Reason):
        return unknown(Unreachable(Reason(reason)), items=items, evidence=evidence)
    return unknown(f"{name} n'a pas pu être jugé.", items=items, evidence=evidence)


def _gap(facts: TlsEndpoint | OpenVpnEndpoint) -> str:
    """Why what is in order at the addresses that were judged is not enough; empty when it is."""
    if not listening(facts):
        return "n'accepte aucune connexion" if facts.servers else "n'a répondu à aucune adresse"
    return "a d'autres adresses, qui n'ont pas été regardées" if unasked(facts) else ""


def _items(facts: TlsEndpoint | OpenVpnEndpoint, question: TlsQuestion) -> Iterator[Item]:
    """One item a rule and address; the address is named where there are several."""
    servers = listening(facts)
    for server in servers:
        for item in _items_of(server, question):
            where = server.address
            named = replace(item, key=f"{item.key} {where}", text=f"{where} : {item.text}")
            yield named if len(servers) > 1 else item


def _items_of(server: TlsServer, question: TlsQuestion) -> Iterable[Item]:
    match server.met:
        case Unreachable() as cause:
            return (unseen("tls", cause, "L'accès n'a pas été vu"),)
        case "tls":
            return question.items(server)
        case "http" if question.minds_clear_text:
            return (
                Item("tls", Status.FAIL, CLEAR_TEXT, "L'accès répond en clair, sans chiffrement (http)."),
            )
        case other:
            known = f"Un autre service répond, sans TLS : {other}."
            text = "Quelque chose d'inconnu répond, sans TLS." if other == "unknown" else known
            return (Item("tls", Status.UNKNOWN, "not-tls", text),)


def _evidence(facts: TlsEndpoint | OpenVpnEndpoint, question: TlsQuestion) -> Iterator[Evidence]:
    if product := _product(facts):
        yield Evidence("équipement reconnu", product)
    for server in facts.servers:
        for line in _evidence_of(server, question):
            where = f"{server.address} " if len(facts.servers) > 1 else ""
            yield replace(line, label=f"{where}{line.label}")
    yield from (Evidence("non regardé", place) for place in unasked(facts))


def _product(facts: TlsEndpoint | OpenVpnEndpoint) -> str:
    """Whose settings the contractor will open; empty when nothing was recognised."""
    if isinstance(facts, OpenVpnEndpoint):
        return ""
    return product_name(facts.portal) if isinstance(facts.portal, str) else ""


def _evidence_of(server: TlsServer, question: TlsQuestion) -> Iterator[Evidence]:
    if server.met != "tls":
        yield Evidence("réponse", str(server.met))
        return
    yield from question.evidence(server)
    if isinstance(server.complete, Unreachable):
        yield Evidence("relevé", f"incomplet : {server.complete}")


def _refuses(server: TlsServer) -> bool:
    return isinstance(server.met, Unreachable) and server.met.reason is Reason.REFUSED
