"""How the points of one domain are told: faults worst first, what is unknown by its cause, what is fine in a line."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import Final

from cyberaudit import french
from cyberaudit.engine.measures import Measure
from cyberaudit.frozen import frozen
from cyberaudit.model import Evidence, Finding, Item, Reason, Status
from cyberaudit.plan.actions import effort, tier
from cyberaudit.plan.level import URGENT_RISK
from cyberaudit.plan.words import Tier
from cyberaudit.reports.amounts import after_colon
from cyberaudit.reports.port_words import evidence_words
from cyberaudit.reports.to_publish import is_to_publish, publish_lines
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

# What only a connection to port 25 can answer.
OF_MAIL_SERVERS: Final = frozenset(
    f"mail.{name}"
    for name in ("starttls", "tls-versions", "certificate", "relay", "auth-before-tls", "user-probing")
)
_SHUT = frozenset({Reason.TIMEOUT, Reason.REFUSED, Reason.RESET, Reason.NO_ROUTE})
OWN_LINE = (
    "Beaucoup de lignes ferment le port 25, peut-être celle d'ici : refaites ce contrôle depuis un autre accès "
    "à Internet avant d'accuser le serveur."
)
# What a server said or kept to itself; the other causes are ours.
_ANSWERS = _SHUT | {
    Reason.BOGUS,
    Reason.RESOLVER_FAILURE,
    Reason.PROTOCOL_ERROR,
    Reason.TLS_FAILURE,
    Reason.BUSY,
}
# The same for every name or server: which ones were meant teaches nothing.
_TOLD_AT_ONCE = frozenset({Reason.BOGUS, Reason.RESOLVER_FAILURE, Reason.NOT_AUTHORIZED})
# Ours: a few servers; the same cause at more of them teaches nothing.
MOST_ITEMS = 6
# Ours: each point asked another name, and got the same answer.
MOST_CIRCUMSTANCES = 2
FINE = "En ordre :"


@frozen
class Telling:
    """How much is told, and with what."""

    measures: Mapping[str, Measure] = field(default_factory=lambda: MappingProxyType({}))
    technical: bool = False
    """Also what proves that something is in order."""
    own_resolver: bool = False
    """The person named the DNS server to ask."""


PLAIN = Telling()


def finding_tier(finding: Finding, measures: Mapping[str, Measure]) -> Tier:
    """That of its measure in a plan; without measure, urgent when its risk is the highest."""
    measure = measures.get(finding.measure)
    if measure is None:
        return Tier.URGENT if finding.risk >= URGENT_RISK else Tier.LATER
    return tier(finding.risk, effort(measure))


def domain_blocks(found: Iterable[Finding], width: int, telling: Telling) -> list[list[str]]:
    """Every block about one domain; a proof told once is named by its point after."""
    found = sorted(found, key=_worst_first)
    told: dict[Evidence, str] = {}
    blocks = [_open_point(each, width, telling, told) for each in found if each.status.is_open]
    blocks += _unseen(found, width, telling, told)
    fine = [each for each in found if each.status is Status.PASS]
    if telling.technical:
        return blocks + [_fine_point(each, width, told) for each in fine]
    return [*blocks, _fine_lines(fine, width)] if fine else blocks


def _worst_first(finding: Finding) -> tuple[int, int, str]:
    return (list(Mark).index(Mark.of(finding.status)), -finding.risk, finding.check)


def _open_point(finding: Finding, width: int, telling: Telling, told: dict[Evidence, str]) -> list[str]:
    """The fault, its details, its proof, what to do, and the lines to paste."""
    items = [item for item in finding.verdict.items if telling.technical or item.status is not Status.PASS]
    lines = [*_head(finding, width), *_item_lines(finding, items, width)]
    lines += _proof_lines(finding, width, told)
    lines += _to_do(finding, width, telling)
    proposed = ((each.label, each.value) for each in finding.verdict.evidence)
    return lines + publish_lines(proposed, width, indent="    ")


def _fine_point(finding: Finding, width: int, told: dict[Evidence, str]) -> list[str]:
    lines = [*_head(finding, width), *_item_lines(finding, finding.verdict.items, width)]
    return lines + _proof_lines(finding, width, told)


def _fine_lines(fine: Iterable[Finding], width: int) -> list[str]:
    """A line each; what is not fine inside is told all the same."""
    lines = [french.typeset(FINE)]
    for each in fine:
        text = french.typeset(f"{each.verdict.text}  [{each.check}]")
        lines += wrap(text, width, first=f"  {Mark.IN_ORDER.sign} ")
        doubts = [item for item in each.verdict.items if item.status is not Status.PASS]
        lines += _item_lines(each, doubts, width, indent="    ")
    return lines


def _head(finding: Finding, width: int) -> list[str]:
    mark = Mark.of(finding.status)
    text = french.typeset(f"{mark.sign} {mark.value} : {finding.verdict.text}")
    return wrap(f"{text}  [{finding.check}]", width, rest="  ")


def _item_lines(finding: Finding, items: Iterable[Item], width: int, *, indent: str = "  ") -> Iterator[str]:
    for item in items:
        # A fault without detail is an item all the same, for programs.
        if item.text != finding.verdict.text:
            text = french.typeset(f"{Mark.of(item.status).sign} {item.text}")
            yield from wrap(text, width, first=f"{indent}- ")


def _proof_lines(finding: Finding, width: int, told: dict[Evidence, str]) -> list[str]:
    """What was seen, but for the lines to paste; what another point showed is named by that point."""
    lines: list[str] = []
    elsewhere: dict[str, None] = {}
    for line in dict.fromkeys(finding.verdict.evidence):
        if is_to_publish(line.label):
            continue
        if line in told:
            elsewhere[told[line]] = None
            continue
        told[line] = finding.check
        text = french.typeset(f"{line.label} : {evidence_words(line.label, line.value)}")
        lines += wrap(text, width, first="    ", rest="      ")
    if elsewhere:
        lines += wrap(f"(voir {', '.join(elsewhere)})", width, first="    ", rest="      ")
    return lines


def _to_do(finding: Finding, width: int, telling: Telling) -> Iterator[str]:
    """What the plan would propose, and where the way is told."""
    measure = telling.measures.get(finding.measure)
    if measure is None:
        return
    text = f"À faire : {after_colon(measure.title.rstrip('.'))} ({measure.owner.french})."
    yield from wrap(french.typeset(text), width, first="    ", rest="      ")
    text = f"Comment : cyberaudit explain {finding.check}"
    yield from wrap(french.typeset(text), width, first="    ", rest="      ")


# --- what could not be seen


def _unseen(
    found: Iterable[Finding], width: int, telling: Telling, told: dict[Evidence, str]
) -> Iterator[list[str]]:
    """One block a cause that several points share, the others each by itself."""
    by_cause: dict[Reason | str, list[Finding]] = {}
    for each in found:
        if not each.status.is_known and each.status is not Status.NOT_APPLICABLE:
            by_cause.setdefault(_cause(each) or each.check, []).append(each)
    if Reason.BOGUS in by_cause:
        # A resolver that verifies refuses the zone whose signature is false: its silence has the same cause.
        by_cause[Reason.BOGUS] += by_cause.pop(Reason.RESOLVER_FAILURE, [])
    for cause, points in sorted(by_cause.items(), key=lambda pair: -len(pair[1])):
        if isinstance(cause, Reason) and len(points) > 1:
            yield _shared_cause(cause, points, width, telling, told)
        else:
            yield from (_lone_doubt(each, cause, width, told) for each in points)


def _cause(finding: Finding) -> Reason | None:
    """None: it has a sentence of its own, or it is we who broke."""
    if finding.status is Status.ERROR or finding.verdict.reason == Reason.PROBE_CRASHED:
        return None
    if finding.verdict.reason in frozenset(Reason):
        return Reason(finding.verdict.reason)
    unseen = {item.reason for item in finding.verdict.items if item.status is Status.UNKNOWN}
    if len(unseen) == 1 and unseen <= frozenset(Reason):
        return Reason(unseen.pop())
    return next((each for each in Reason if each.french in finding.verdict.text), None)


def _lone_doubt(finding: Finding, cause: Reason | str, width: int, told: dict[Evidence, str]) -> list[str]:
    lines = [*_head(finding, width), *_item_lines(finding, finding.verdict.items, width)]
    lines += _proof_lines(finding, width, told)
    return lines + _own_line(cause, [finding], width)


def _shared_cause(
    cause: Reason, points: list[Finding], width: int, telling: Telling, told: dict[Evidence, str]
) -> list[str]:
    """« 27 points en dépendent et n'ont pas pu être vérifiés : dns.caa, … »."""
    mark = Mark.of(Status.UNKNOWN)
    clause = f"{cause.french[0].upper()}{cause.french[1:]}"
    why = "dépendent de cette réponse et " if cause in _ANSWERS else ""
    checks, count = ", ".join(each.check for each in points), french.count(len(points), "point")
    text = f"{mark.sign} {mark.value} : {clause}. {count} {why}n'ont pas pu être vérifiés : {checks}."
    lines = wrap(french.typeset(text), width, rest="  ")
    items = {
        item.text: item for each in points for item in each.verdict.items if item.status is not Status.PASS
    }
    most = len(items) if telling.technical else 0 if cause in _TOLD_AT_ONCE else MOST_ITEMS
    shown = list(items.values())[:most]
    for item in shown:
        lines += wrap(french.typeset(f"{Mark.of(item.status).sign} {item.text}"), width, first="  - ")
    if 0 < len(shown) < len(items):
        lines += wrap(f"et {len(items) - len(shown)} autres", width, first="  - ")
    if telling.technical:
        for each in points:
            lines += _proof_lines(each, width, told)
    elif cause is not Reason.NOT_AUTHORIZED:
        lines += _circumstances(points, width)
    return lines + _own_line(cause, points, width)


def _circumstances(points: Iterable[Finding], width: int) -> Iterator[str]:
    """What the network said of it, each once."""
    values = {
        line.value: None for each in points for line in each.verdict.evidence if line.label == "circonstance"
    }
    for value in list(values)[:MOST_CIRCUMSTANCES]:
        text = french.typeset(f"circonstance : {evidence_words('circonstance', value)}")
        yield from wrap(text, width, first="    ", rest="      ")


def _own_line(cause: Reason | str, points: Iterable[Finding], width: int) -> list[str]:
    """That it may be our own line which shuts port 25."""
    if cause not in _SHUT or not any(each.check in OF_MAIL_SERVERS for each in points):
        return []
    return wrap(french.typeset(OWN_LINE), width, first="  ")
