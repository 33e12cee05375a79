"""The scan file (`.cya`): one audit in one file, carried from one machine to another."""

import os
import shlex
import stat
import tempfile
from collections.abc import Collection
from datetime import timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.facts.codec import Json, encode
from cyberaudit.frozen import frozen
from cyberaudit.history.document import NOT_AN_AUDIT, TOO_BIG, DocumentError, pack_gzip, to_audit, unpack
from cyberaudit.history.store import History
from cyberaudit.history.trace import CLOCK_SKEW
from cyberaudit.model import Audit, Finding, finding_identity
from cyberaudit.plaintext import clean
from cyberaudit.refusals import FOLDER, NOT_REGULAR, quoted, system_clause

FORMAT = "cyberaudit-scan"
VERSION = 1
# Our own bound: a scan of a large town takes less than 1 MiB.
COMPRESSED_LIMIT = 16 * 1024 * 1024
# Our own bound: a scan stops after 15 minutes, and a machine may sleep meanwhile.
LONGEST_SCAN = timedelta(days=1)
# Our own bounds, those of --now: no scan was made before, and beyond, calendars break.
FIRST_YEAR, LAST_YEAR = 2000, 2199
IMPOSSIBLE_DATES = "ses dates sont impossibles"
_GZIP_MAGIC = b"\x1f\x8b"


@frozen
class Imported:
    """What became of a scan file."""

    uuid: str
    was_new: bool
    """False: this audit was already in the history."""


def write_scan_file(audit: Audit, path: Path) -> None:
    """Write `audit` to `path`, readable by its owner only; a file already there is replaced whole.

    Raises:
        NotSaved: full disk, no right to write, or something else than a file stands there.
    """
    write_scan_document(encode(audit, Audit), path)


def write_scan_document(content: Json, path: Path) -> None:
    """The same for an audit that is JSON already, kept as it is: a newer version may have written it.

    Raises:
        NotSaved: as above.
    """
    packed = pack_gzip({"format": FORMAT, "version": VERSION, "audit": content})
    sentence = f"Le contrôle ne peut pas être écrit dans {quoted(path)} : "
    try:
        # Renaming over /dev/null would destroy it.
        is_strange = path.exists() and not path.is_file()
        if not is_strange:
            _replace(path, packed)
    except OSError as error:
        raise NotSaved(f"{sentence}{system_clause(error)}.") from error
    if is_strange:
        raise NotSaved(f"{sentence}{FOLDER if path.is_dir() else NOT_REGULAR}.")


def _replace(path: Path, content: bytes) -> None:
    descriptor, name = tempfile.mkstemp(prefix=".cyberaudit-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_scan_file(path: Path) -> Audit:
    """The audit inside a scan file, its texts made safe to show.

    Raises:
        HistoryError: no such file, not a scan file, damaged, too big, or of a newer version.
    """
    return _read(path)[0]


def import_scan(
    history: History, path: Path, *, commune: str | None, known: Collection[str] | None = None
) -> Imported:
    """Store the audit of a scan file; doing it twice changes nothing. `known`: the communes of this history before.

    Raises:
        HistoryError: the file is no scan, or is of another commune than `commune`; without `commune`, of a
            commune that this history, already in use, does not know.
        NotSaved: it could not be stored.
    """
    audit, content = _read(path)
    _refuse_other_commune(
        path, audit.town.id, wanted=commune, known=history.communes() if known is None else known
    )
    was_new = history.save(audit, received=content)
    if was_new:
        history.follow(audit.town.id)
    return Imported(audit.uuid, was_new)


def _refuse_other_commune(path: Path, found: str, *, wanted: str | None, known: Collection[str]) -> None:
    if wanted is not None and found != wanted:
        raise HistoryError(
            f"Le contrôle {quoted(path)} concerne la commune {_name(found)}, et non {_name(wanted)}."
        )
    if wanted is None and known and found not in known:
        raise HistoryError(
            f"Le contrôle {quoted(path)} concerne la commune {_name(found)}, absente de cet historique. "
            f"Pour l'ajouter, indiquez --commune {shlex.quote(clean(found, limit=60))}."
        )


def _name(commune: str) -> str:
    return f"«{french.NBSP}{clean(commune, limit=60)}{french.NBSP}»"


def _read(path: Path) -> tuple[Audit, Json]:
    try:
        packed = _read_bytes(path)
        content = _audit_part(packed)
        audit = to_audit(content)
        _check_words(audit)
    except OSError as error:
        raise _not_read(path, system_clause(error)) from error
    except DocumentError as error:
        raise _not_read(path, str(error)) from error
    return audit, content


def _not_read(path: Path, clause: str) -> HistoryError:
    return HistoryError(f"Le fichier {quoted(path)} ne peut pas être lu : {clause}.")


def _read_bytes(path: Path) -> bytes:
    with open(path, "rb", opener=_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise DocumentError(NOT_REGULAR)
        packed = file.read(COMPRESSED_LIMIT + 1)
    if len(packed) > COMPRESSED_LIMIT:
        raise DocumentError(TOO_BIG)
    return packed


def _without_waiting(name: str, flags: int) -> int:
    """Opening a pipe nobody writes to would block for ever."""
    return os.open(name, flags | getattr(os, "O_NONBLOCK", 0))


def _audit_part(packed: bytes) -> Json:
    if not packed.startswith(_GZIP_MAGIC):
        raise DocumentError("ce n'est pas un contrôle enregistré par cyberaudit (.cya)")
    envelope = unpack(packed)
    version = envelope.get("version") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or envelope.get("format") != FORMAT or type(version) is not int:
        raise DocumentError(NOT_AN_AUDIT)
    if version > VERSION:
        raise DocumentError("il a été écrit par une version plus récente de cyberaudit")
    try:
        return _printable(envelope.get("audit"))
    except RecursionError as error:
        raise DocumentError(NOT_AN_AUDIT) from error


def _printable(content: Json) -> Json:
    """Every text without control or direction characters; the others stay as they are."""
    match content:
        case str():
            return content if _is_printable(content) else clean(content, limit=10_000)
        case list():
            return [_printable(part) for part in content]
        case dict():
            return {name: _printable(part) for name, part in content.items()}
    return content


def _is_printable(text: str) -> bool:
    return text.replace(french.NBSP, " ").replace(french.NARROW, " ").isprintable()


def _check_words(audit: Audit) -> None:
    """What the types cannot say, and the rest of the program relies on."""
    try:
        canonical = str(UUID(audit.uuid)) == audit.uuid
        ZoneInfo(audit.town.commune.timezone)
    except (ValueError, KeyError, OSError) as error:
        raise DocumentError(NOT_AN_AUDIT) from error
    if not canonical or not all(_is_genuine(finding, audit.town.id) for finding in audit.findings):
        raise DocumentError(NOT_AN_AUDIT)
    if not _has_possible_dates(audit):
        raise DocumentError(IMPOSSIBLE_DATES)


def _has_possible_dates(audit: Audit) -> bool:
    """What was « seen » in ten years would stay recent for ten years, and no calendar holds the year 1 or 9999."""
    if not FIRST_YEAR <= audit.started_at.year <= audit.finished_at.year <= LAST_YEAR:
        return False
    seen = [finding.seen_at for finding in audit.findings] + [each.seen_at for each in audit.observations]
    lasted = audit.finished_at - audit.started_at
    if any(each.year < FIRST_YEAR for each in seen):
        return False
    return timedelta() <= lasted <= LONGEST_SCAN and max(seen, default=audit.started_at) <= (
        audit.finished_at + CLOCK_SKEW
    )


def _is_genuine(finding: Finding, commune: str) -> bool:
    weights = (finding.impact, finding.base_likelihood, finding.likelihood, finding.verdict.likelihood or 1)
    identity = finding_identity(commune, finding.check, finding.asset)
    return finding.identity == identity and all(1 <= weight <= 4 for weight in weights)
