"""What `look` prints: each question, its answer, the proof."""

import json

from cyberaudit import french
from cyberaudit.facts.backup import BackupStore, Encrypted
from cyberaudit.facts.codec import encode
from cyberaudit.facts.ports import port_name
from cyberaudit.facts.reach import AddressReach, HostReach, PortState
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.model import Audit, Finding, Status, Unreachable
from cyberaudit.reports.words import Mark
from cyberaudit.reports.wrap import wrap

ENCRYPTED = {
    Encrypted.YES: "chiffrée",
    Encrypted.NO: "lisible par tous",
    Encrypted.PARTIAL: "chiffrée en partie",
    Encrypted.WEAK: "mal chiffrée",
    Encrypted.UNKNOWN: "chiffrement inconnu",
}
FAULTS = {
    "empty": "vide",
    "truncated": "coupée",
    "damaged": "abîmée",
    "in-the-future": "datée du futur",
    "collapsed": "bien plus petite que les autres",
    "end-not-seen": "fin non vue",
}
KINDS = {"folder": "dossier de copies", "restic": "dépôt restic"}


def points(audit: Audit, *, width: int) -> str:
    """What was seen, then every question that arises, what is to be done first."""
    order = list(Mark)
    asked = [finding for finding in audit.findings if finding.status is not Status.NOT_APPLICABLE]
    found = sorted(asked, key=lambda finding: order.index(Mark.of(finding.status)))
    blocks = [_seen(observation.facts, width) for observation in audit.observations]
    blocks += [_point(finding, width) for finding in found]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _point(finding: Finding, width: int) -> list[str]:
    mark = Mark.of(finding.status)
    text = french.typeset(f"{mark.sign} {mark.value} : {finding.verdict.text}")
    lines = wrap(f"{text}  [{finding.check}]", width, rest="  ")
    for item in finding.verdict.items:
        lines += wrap(french.typeset(f"{Mark.of(item.status).sign} {item.text}"), width, first="  - ")
    for line in finding.verdict.evidence:
        lines += wrap(french.typeset(f"{line.label} : {line.value}"), width, first="    ", rest="      ")
    return lines


def _seen(facts: object, width: int) -> list[str]:
    """The facts in a few lines, where the questions alone would hide them."""
    match facts:
        case HostReach():
            return [line for reach in facts.addresses for line in _ports(reach, width)]
        case TlsEndpoint():
            return _versions(facts, width)
        case BackupStore():
            return _copies(facts, width)
        case _:
            return []


def _ports(reach: AddressReach, width: int) -> list[str]:
    opened = [answer for answer in reach.ports if answer.state is PortState.OPEN]
    counts = {
        word: sum(answer.state is state for answer in reach.ports)
        for state, word in (
            (PortState.CLOSED, "fermés"),
            (PortState.REJECTED, "rejetés"),
            (PortState.SILENT, "muets"),
        )
    }
    rest = [f"{number} {word}" for word, number in counts.items() if number]
    unseen = sum(isinstance(answer.state, Unreachable) for answer in reach.ports)
    rest += [f"{unseen} sans réponse possible"] if unseen else []
    counted = ", ".join((french.count(len(opened), "ouvert"), *rest))
    lines = wrap(french.typeset(f"{reach.address} : {counted}"), width)
    for answer in opened:
        lines += wrap(f"{answer.port:<10} {port_name(answer.port)}  ({answer.detail})", width, first="  ")
    return lines


def _versions(endpoint: TlsEndpoint, width: int) -> list[str]:
    words = {True: "acceptée", False: "refusée"}
    lines = wrap(f"{endpoint.hostname or endpoint.address} [{endpoint.address}] {endpoint.port}", width)
    for answer in endpoint.versions:
        seen = str(answer.accepted) if isinstance(answer.accepted, Unreachable) else words[answer.accepted]
        lines += wrap(french.typeset(f"{answer.version:<8} {seen}"), width, first="  ")
    return lines


def _copies(store: BackupStore, width: int) -> list[str]:
    contents = store.contents
    if isinstance(contents, Unreachable):
        return []
    lines = wrap(
        french.typeset(
            f"{store.path} : {KINDS.get(contents.kind, contents.kind)}, "
            f"{french.count(len(contents.copies) + contents.more_copies, 'copie')}"
        ),
        width,
    )
    for copy in contents.copies[:10]:
        fault = f", {FAULTS.get(copy.fault, copy.fault)}" if copy.fault else ""
        date = french.day(copy.written_at)
        # The file of a restic snapshot is small whatever it restores.
        size = "" if copy.format == "restic" else f", {copy.size} octets"
        lines += wrap(
            f"{copy.name} : {copy.format}{size}, {date}, {ENCRYPTED[copy.encrypted]}{fault}",
            width,
            first="  ",
            rest="    ",
        )
    return lines


def as_document(audit: Audit) -> str:
    """The whole audit as JSON: facts as seen, findings as judged."""
    return json.dumps(encode(audit, Audit), ensure_ascii=False, indent=2)
