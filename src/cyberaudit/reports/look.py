"""What `look` prints: each question, its answer, the proof."""

import json

from cyberaudit import french
from cyberaudit.facts.backup import BackupStore, Encrypted
from cyberaudit.facts.codec import encode
from cyberaudit.facts.packet_filter import HostFilter
from cyberaudit.facts.reach import HostReach
from cyberaudit.facts.services import HostServices
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.facts.udp import HostUdp
from cyberaudit.model import Audit, Finding, Status, Unreachable
from cyberaudit.reports.look_ports import host_blocks
from cyberaudit.reports.look_tls import endpoint_blocks
from cyberaudit.reports.look_vpn import access_blocks
from cyberaudit.reports.port_words import evidence_words
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
_OF_A_HOST = frozenset(facts.KIND for facts in (HostReach, HostUdp, HostServices, HostFilter))
CUT_SHORT = "! Contrôle interrompu : ce qui suit est incomplet."
FROM_WHERE = "Jugé comme si cet ordinateur était sur Internet."
KINDS = {"folder": "dossier de copies", "restic": "dépôt restic"}


def points(audit: Audit, *, width: int) -> str:
    """From where it is judged, what was seen, then every question that arises, what is to be done first."""
    order = list(Mark)
    asked = [finding for finding in audit.findings if finding.status is not Status.NOT_APPLICABLE]
    found = sorted(asked, key=lambda finding: order.index(Mark.of(finding.status)))
    about_a_host = any(observation.kind in _OF_A_HOST for observation in audit.observations)
    head = wrap(french.typeset(CUT_SHORT), width) if audit.partial else []
    head += wrap(FROM_WHERE, width) if about_a_host else []
    blocks = [head]
    blocks += host_blocks(audit.observations, width)
    for observation in audit.observations:
        blocks += _seen(observation.facts, width)
    blocks += [_point(finding, width) for finding in found]
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _point(finding: Finding, width: int) -> list[str]:
    mark = Mark.of(finding.status)
    text = french.typeset(f"{mark.sign} {mark.value} : {finding.verdict.text}")
    lines = wrap(f"{text}  [{finding.check}]", width, rest="  ")
    for item in finding.verdict.items:
        lines += wrap(french.typeset(f"{Mark.of(item.status).sign} {item.text}"), width, first="  - ")
    for line in finding.verdict.evidence:
        text = french.typeset(f"{line.label} : {evidence_words(line.label, line.value)}")
        lines += wrap(text, width, first="    ", rest="      ")
    return lines


def _seen(facts: object, width: int) -> list[list[str]]:
    """The facts in a few lines, where the questions alone would hide them."""
    match facts:
        case TlsEndpoint():
            return endpoint_blocks(facts, width)
        case BackupStore():
            return [_copies(facts, width)]
        case _:
            return access_blocks(facts, width)


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
