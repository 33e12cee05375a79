"""What is told of a whole borg repository from its log and its config: encryption, method, and what would fail."""

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.borg.config import Config
from cyberaudit.probes.stores.borg.index import INDEX_NAME, MOST_HINTS, live_objects
from cyberaudit.probes.stores.borg.key import LockedKey, opens_empty, read_key
from cyberaudit.probes.stores.borg.log import A_FOLDER, Log
from cyberaudit.probes.stores.borg.objects import (
    encryption_of,
    has_its_key_elsewhere,
    has_no_key,
    method_of,
    mode_of,
    needs_its_key_inside,
)
from cyberaudit.probes.stores.inspection import NOT_TRIED, Inspection
from cyberaudit.probes.stores.reading import DAMAGED, INCOMPLETE, TRUNCATED, Reading
from cyberaudit.probes.stores.tree import Kind, Parts, Tree, read

# Ours: places of objects shown to a person.
MOST_SHOWN = 3
Fault = tuple[str, str]
"""(a fault of reading.py, why in French); both empty when nothing is seen."""
NO_FAULT: Fault = ("", "")


@frozen
class Beside:
    """What the repository keeps beside its log."""

    index_number: int | None
    """The newest transaction whose index was written."""
    live: dict[int, int] | None
    """Segment → objects in use, of the last finished transaction."""


@frozen
class Proof:
    """What is told of the repository as a whole."""

    reading: Reading
    type: int | None
    """Of its manifest, or else of its objects."""
    key: LockedKey | None
    why: str
    """French, of the reading's fault; empty without one."""


def index_number(tree: Tree, parts: Parts) -> int | None:
    """The greatest N of the files index.N that are not empty (repository.py, get_index_transaction_id)."""
    names = (entry.name for entry in tree.entries(parts) if entry.kind is Kind.FILE and entry.size)
    return max((int(match[1]) for name in names if (match := INDEX_NAME.fullmatch(name))), default=None)


def read_beside(tree: Tree, parts: Parts, log: Log, *, index_number: int | None) -> Beside:
    """The hints of the last finished transaction, when they are there."""
    if log.committed is None:
        return Beside(index_number, None)
    try:
        hints = read(tree, (*parts, f"hints.{log.committed.number}"), most=MOST_HINTS)
    except OSError:
        return Beside(index_number, None)
    return Beside(index_number, live_objects(hints))


def prove(config: Config | None, log: Log, beside: Beside) -> Proof:
    """A config of None could not be read."""
    type_byte = _type(log)
    key = read_key(config.key) if config and config.key else None
    fault, why = _log_fault(log, beside)
    if not fault:
        fault, why = key_fault(config, type_byte, key)
    kind = "borg2" if log.has_put2 or (config and config.version > 1) else "borg"
    told = [shown_types(log.types) or "aucun objet lisible", why]
    if config and config.append_only:
        told.append("append_only = 1 dans config")
    evidence = " ; ".join(part for part in told if part)
    reading = reading_of(kind, encrypted_of(log.types), type_byte, key, evidence, fault=fault)
    return Proof(reading, type_byte, key, why)


def reading_of(
    kind: str,
    encrypted: Encrypted,
    type_byte: int | None,
    key: LockedKey | None,
    evidence: str,
    *,
    fault: str = "",
) -> Reading:
    """The method and its weaknesses are told of what is encrypted alone."""
    cipher = ""
    if encrypted in (Encrypted.YES, Encrypted.PARTIAL) and type_byte is not None:
        cipher = method_of(type_byte)
    stretching = key.stretching if key and cipher else ""
    return Reading(
        kind,
        encrypted,
        evidence,
        fault,
        method=", ".join(part for part in (cipher, stretching) if part),
        weaknesses=key.weaknesses if key and cipher else (),
    )


def _type(log: Log) -> int | None:
    if log.manifest is not None and log.manifest.envelope is not None:
        return log.manifest.envelope.type
    return max(log.types, key=lambda each: log.types[each][0], default=None)


def encrypted_of(types: dict[int, tuple[int, str]]) -> Encrypted:
    """Yes or no when every object that was read says so; some of it is readable when one is."""
    said = {encryption_of(each) for each in types}
    if len(said) == 1:
        return said.pop()
    return Encrypted.PARTIAL if Encrypted.NO in said else Encrypted.UNKNOWN


def shown_types(types: dict[int, tuple[int, str]]) -> str:
    """« octet 0x03 à data/0/8+49 = chiffré (9 objets lus) »."""
    shown = []
    for type_byte, (count, place) in sorted(types.items()):
        plural = "s" if count > 1 else ""
        shown.append(f"{place} = {mode_of(type_byte)} ({count} objet{plural} lu{plural})")
    return " ; ".join(shown[:MOST_SHOWN])


def _log_fault(log: Log, beside: Beside) -> Fault:
    """What would make a restore fail."""
    if not log.listing.segments and log.listing.whole:
        return DAMAGED, "aucun segment dans data"
    if log.committed is None and log.sought_everywhere:
        return TRUNCATED, "aucun segment ne finit par un COMMIT"
    if log.committed is None:
        return END_NOT_SEEN, f"aucun des {len(log.unfinished)} derniers segments ne finit par un COMMIT"
    last = log.committed.number
    if beside.index_number is not None and beside.index_number > last:
        return (
            DAMAGED,
            f"index.{beside.index_number} est là, mais la dernière transaction entière est la {last}",
        )
    if beside.index_number is None and log.unfinished:
        return (
            TRUNCATED,
            f"segments sans COMMIT après le {last}, et aucun index : finis ou non, rien ne le dit",
        )
    if log.fault:
        return log.fault, log.why
    if missing := _missing(log, beside.live or {}):
        return DAMAGED, f"segment {missing[0]} absent de data, cité par hints.{last} ({len(missing)} en tout)"
    if log.manifest_deleted or (log.whole and log.manifest is None):
        return DAMAGED, "aucun manifeste : la liste des archives est perdue"
    return NO_FAULT


def _missing(log: Log, live: dict[int, int]) -> list[int]:
    """Segments with objects in use that are not there: of the folders that were listed, and of those that are gone."""
    if log.listing.cut:
        return []
    there = {segment.number for segment in log.listing.segments if segment.size}
    oldest = 0 if log.listing.whole else min(segment.number for segment in log.listing.segments)
    folders = log.listing.folders if log.listing.sorts_by_number else None
    return sorted(
        number
        for number, count in live.items()
        if count
        and number not in there
        and (number >= oldest or (folders is not None and number // A_FOLDER not in folders))
    )


def key_fault(config: Config | None, type_byte: int | None, key: LockedKey | None) -> Fault:
    """Without its key, a repository that keeps it inside restores nothing."""
    if config is None:
        return DAMAGED, "le fichier config n'est pas lisible"
    if config.key and key is None:
        return DAMAGED, "la clé de config est abîmée, ou d'une forme inconnue"
    if not config.key and type_byte is not None and needs_its_key_inside(type_byte):
        return INCOMPLETE, "config n'a plus la clé sans laquelle rien ne se lit"
    return NO_FAULT


def try_empty(inspection: Inspection, type_byte: int | None, *keys: LockedKey) -> bool | Unreachable:
    """Whether the EMPTY password opens one of the keys; why that is not known."""
    if not inspection.tries_empty_password:
        return NOT_TRIED
    if keys:
        answers = [opens_empty(key) for key in keys]
        opened = [answer for answer in answers if answer is True]
        unknown = [answer for answer in answers if isinstance(answer, Unreachable)]
        return bool(opened) or (unknown[0] if unknown else False)
    if type_byte is not None and has_no_key(type_byte):
        return Unreachable(Reason.NOT_COLLECTED, "dépôt sans clé ni mot de passe")
    if type_byte is not None and has_its_key_elsewhere(type_byte):
        # A thief of the repository alone has nothing to try a password on.
        return Unreachable(Reason.NOT_COLLECTED, "la clé est gardée hors du dépôt : rien à essayer")
    return Unreachable(Reason.NOT_LOOKED, "mot de passe vide non essayé : le dépôt n'a pas de clé lisible")
