"""What `look` prints: each question, its answer, the proof."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from cyberaudit import french
from cyberaudit.engine.measures import Measure
from cyberaudit.facts.backup import BackupStore
from cyberaudit.facts.codec import Json, encode
from cyberaudit.facts.packet_filter import HostFilter
from cyberaudit.facts.reach import HostReach
from cyberaudit.facts.services import HostServices
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.facts.udp import HostUdp
from cyberaudit.model import Audit, Evidence, Finding, Item, Observation, Status
from cyberaudit.reports.code_names import code_names
from cyberaudit.reports.look_answers import AccessFacts, Heard, accesses, heard
from cyberaudit.reports.look_backup import reading_rank, store_blocks
from cyberaudit.reports.look_domain_points import PLAIN, Telling, domain_blocks, finding_tier
from cyberaudit.reports.look_domains import (
    NOWHERE,
    complement_lines,
    criteria_document,
    criterion_lines,
    is_nowhere,
    looked_at,
    other_way_lines,
    owner_lines,
    summary_lines,
    title_lines,
    told_criteria,
    untried_lines,
    worth_telling,
)
from cyberaudit.reports.look_ports import host_blocks
from cyberaudit.reports.look_tls import endpoint_blocks
from cyberaudit.reports.look_vpn import NOTHING, access_blocks, nobody_answered, unanswered_blocks
from cyberaudit.reports.port_words import evidence_words
from cyberaudit.reports.to_publish import to_publish, to_remove
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

_OF_A_HOST = frozenset(facts.KIND for facts in (HostReach, HostUdp, HostServices, HostFilter))
# Ours: what a person may still read, some five domains.
MOST_INDENTED = 200
CUT_SHORT = "! Contrôle interrompu : ce qui suit est incomplet."
FROM_WHERE = "Jugé comme si cet ordinateur était sur Internet."
# Versions, suites, groups, certificates and options stand above their verdicts already; what is advised does not.
_TOLD_AT_THE_HEAD = frozenset(
    f"vpn.{name}"
    for name in ("protocols", "suites", "key-exchange", "certificate", "certificate-form", "session-options")
)
_IS_ADVICE = re.compile(r"conseil|post-quantique|après \d")
_IS_RULE = re.compile(r"R\d+-?")


def points(audit: Audit, *, width: int, telling: Telling = PLAIN) -> str:
    """From where it is judged, what was seen, then every question that arises, what is to be done first.

    `telling` counts for domains; of the rest everything is told.
    """
    order = list(Mark)
    asked = [finding for finding in audit.findings if finding.status is not Status.NOT_APPLICABLE]
    found = sorted(
        asked, key=lambda finding: (order.index(Mark.of(finding.status)), reading_rank(finding.check))
    )
    about_a_host = any(observation.kind in _OF_A_HOST for observation in audit.observations)
    head = wrap(french.typeset(CUT_SHORT), width) if audit.partial else []
    head += wrap(FROM_WHERE, width) if about_a_host else []
    blocks = [head]
    blocks += host_blocks(audit.observations, width)
    asked_for = list(accesses(audit.observations))
    if len(asked_for) > 1:
        blocks += _several(audit, asked_for, width)
    else:
        for observation in audit.observations:
            blocks += _seen(observation.facts, width)
    blocks += _by_domain(audit, found, width, telling) or [_point(finding, width) for finding in found]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _by_domain(audit: Audit, found: list[Finding], width: int, telling: Telling) -> list[list[str]]:
    """Each domain under its name: what the State's reference says, then its points; nothing without domains.

    Several domains are counted first, in a line each.
    """
    domains = looked_at(audit)
    blocks = [summary_lines(audit, domains, width)] if len(domains) > 1 else []
    for domain in domains:
        blocks.append(title_lines(audit, domain, width))
        if is_nowhere(audit, domain):
            blocks.append(wrap(french.typeset(NOWHERE), width, rest="  "))
        blocks += [owner_lines(audit, domain, width), other_way_lines(audit, domain, width, telling)]
        blocks.append(criterion_lines(told_criteria(audit, domain), width))
        blocks += domain_blocks(worth_telling(audit, domain, found), width, telling)
        blocks.append(complement_lines(audit, domain, width))
    if blocks:
        keys = {domain.key for domain in domains}
        blocks += domain_blocks((each for each in found if each.asset not in keys), width, telling)
        blocks.append(untried_lines(audit, width))
    return blocks


def _several(audit: Audit, seen: list[tuple[Observation, AccessFacts]], width: int) -> list[list[str]]:
    """Each access that answered, whole; the others in a few lines, for nobody said that they exist."""
    nobody = nobody_answered([facts for _, facts in seen])
    if nobody == NOTHING:
        return [wrap(french.typeset(nobody), width)]
    blocks = []
    places = [asset.key for asset in audit.town.assets]
    seen = sorted(seen, key=lambda each: places.index(each[0].asset))
    for _, facts in seen:
        if heard(facts) in (Heard.ANSWERED, Heard.OTHER):
            blocks += _seen(facts, width)
    blocks += unanswered_blocks(((_name(audit, each), facts) for each, facts in seen), width)
    return [*blocks, wrap(french.typeset(nobody), width)] if nobody else blocks


def _name(audit: Audit, seen: Observation) -> str:
    asset = audit.town.asset(seen.asset)
    return asset.name if asset else seen.asset


def _point(finding: Finding, width: int) -> list[str]:
    """One question, its answer and its proof."""
    mark = Mark.of(finding.status)
    text = french.typeset(f"{mark.sign} {mark.value} : {finding.verdict.text}")
    lines = wrap(f"{text}  [{finding.check}]", width, rest="  ")
    for item in finding.verdict.items:
        # A fault without detail is an item all the same, for programs.
        if item.text == finding.verdict.text:
            continue
        text = f"{Mark.of(item.status).sign} {item.text}{_rule(item)}"
        lines += wrap(french.typeset(text), width, first="  - ")
    for line in finding.verdict.evidence:
        if _is_shown(finding, line):
            text = french.typeset(f"{line.label} : {evidence_words(line.label, line.value)}")
            lines += wrap(text, width, first="    ", rest="      ")
    return lines


def _is_shown(finding: Finding, line: Evidence) -> bool:
    return finding.check not in _TOLD_AT_THE_HEAD or _IS_ADVICE.match(line.label) is not None


def _rule(item: Item) -> str:
    """« [R4] »; of several addresses, the address stands in the text already."""
    rule = item.key.partition(" ")[0]
    return f" [{rule}]" if _IS_RULE.fullmatch(rule) and rule not in item.text else ""


def _seen(facts: object, width: int) -> list[list[str]]:
    """The facts in a few lines, where the questions alone would hide them."""
    match facts:
        case TlsEndpoint():
            return endpoint_blocks(facts, width)
        case BackupStore():
            return store_blocks(facts, width)
        case _:
            return access_blocks(facts, width)


_NO_MEASURES: Mapping[str, Measure] = MappingProxyType({})


def as_document(audit: Audit, measures: Mapping[str, Measure] = _NO_MEASURES) -> str:
    """The whole audit as JSON: facts as seen, findings as judged; beside them, the names of the numbers that occur."""
    return "\n".join(document_parts(audit, measures))


def document_parts(audit: Audit, measures: Mapping[str, Measure] = _NO_MEASURES) -> Iterator[str]:
    """The same in pieces of whole lines: of many domains, it is too large to be held at once."""
    names = code_names(facts for _, facts in accesses(audit.observations))
    beside: dict[str, Any] = {"names": names, "rcpnt": criteria_document(audit)}
    told = {key: value for key, value in beside.items() if value}
    if len(audit.observations) > MOST_INDENTED:
        yield from _in_lines(audit, told, measures)
        return
    document = encode(replace(audit, findings=()), Audit)
    assert isinstance(document, dict)
    findings = list(_findings(audit, measures))
    yield json.dumps({**document, "findings": findings, **told}, ensure_ascii=False, indent=2)


def _findings(audit: Audit, measures: Mapping[str, Measure]) -> Iterator[Json]:
    """Those of names also with their tier and with what they propose to publish and to remove."""
    about_names = bool(looked_at(audit))
    for each in audit.findings:
        document = encode(each, Finding)
        assert isinstance(document, dict)
        if about_names:
            document["tier"] = str(finding_tier(each, measures)) if each.status.is_open else ""
            document["to_publish"] = list(to_publish(each.verdict.evidence))
            document["to_remove"] = list(to_remove(each.verdict.evidence))
        yield document


def _in_lines(audit: Audit, beside: dict[str, Json], measures: Mapping[str, Measure]) -> Iterator[str]:
    """Each observation and each finding on a line of its own."""
    head = encode(replace(audit, observations=(), findings=()), Audit)
    assert isinstance(head, dict)
    lists = {
        "observations": (encode(each, Observation) for each in audit.observations),
        "findings": _findings(audit, measures),
    }
    opening = "{"
    for key, value in {**head, **beside}.items():
        yield f"{opening}{_line(key)}:" + ("" if key in lists else f" {_line(value)}")
        if key in lists:
            yield from _list_lines(lists[key])
        opening = ","
    yield "}"


def _list_lines(values: Iterator[Json]) -> Iterator[str]:
    opening = "["
    for value in values:
        yield opening + _line(value)
        opening = ","
    yield "]" if opening == "," else "[]"


def _line(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
