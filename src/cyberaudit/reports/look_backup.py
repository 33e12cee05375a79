"""What `look backup` shows of a place before its verdicts: its stores, its newest copies."""

from cyberaudit import french
from cyberaudit.facts.backup import BackupStore, Encrypted
from cyberaudit.facts.backup_kinds import kind_label
from cyberaudit.model import Unreachable
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


def store_blocks(store: BackupStore, width: int) -> list[list[str]]:
    """The location, then its newest copies."""
    contents = store.contents
    if isinstance(contents, Unreachable):
        return []
    lines = wrap(
        french.typeset(
            f"{store.path} : {french.listed([kind_label(each.kind) for each in contents.stores])}, "
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
    return [lines]
