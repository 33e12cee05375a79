"""One look at a far place, as the child process gives it back."""

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cyberaudit.facts.backup import BackupStore, Copy, DateKind, StoreContents, Trouble
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.stores.contents import OF_NOTHING, OF_THE_FILE, read_contents
from cyberaudit.probes.stores.far.budget import DEEP_BYTES, FAR_BYTES, FAR_SECONDS, Budget
from cyberaudit.probes.stores.far.http_session import told
from cyberaudit.probes.stores.far.lines import Lines
from cyberaudit.probes.stores.far.trees import far_tree
from cyberaudit.probes.stores.inspection import DEEP_SECONDS, Inspection, anomaly
from cyberaudit.probes.stores.place import Absent, CannotTell, reason_of
from cyberaudit.probes.stores.request import FarPlace, Scheme, StoreRequest

# Ours: what the 40 s of all questions leave for the repositories and files that the walk has found.
WALK_SECONDS = 25.0
# Ours: a copy is written within a day of the date its name carries, in whatever zone that is.
NAME_DAYS = 1
EPOCH = datetime.fromtimestamp(0, UTC)
"""What `read_contents` makes of a date that is not told."""
OF_THE_VOLUMES = "date du dernier volume écrit"
"""What `sets/volumes` says of a date that it takes from its files."""
NO_DATE = "le serveur ne donne pas de date, ou celle de 1970 ou de 1980, qui n'en est pas une"
OF_THE_BUCKET = "date de dépôt dans le seau (LastModified)"


def look_far(request: StoreRequest, place: FarPlace, control: socket.socket) -> BackupStore | Unreachable:
    """What the place holds, or why that could not be seen; `control` leads to the parent, who opens connections."""
    path = clean(request.path)
    budget = Budget(DEEP_SECONDS if request.deep else FAR_SECONDS, DEEP_BYTES if request.deep else FAR_BYTES)
    try:
        with far_tree(place, Lines(control, budget), now=request.now) as tree:
            inspection = Inspection(
                tree,
                request.now,
                deep=request.deep,
                tries_empty_password=request.tries_empty_password,
                seconds=DEEP_SECONDS if request.deep else WALK_SECONDS,
            )
            contents = read_contents(inspection, device=clean(place.host))
            contents = _undated(_told_by(place, _cut_short(contents, budget)), request.now)
            return BackupStore(path, present=True, contents=contents)
    except Absent:
        return _absent(path, "le dossier n'existe pas")
    except FileNotFoundError as trouble:
        if place.scheme in (Scheme.S3, Scheme.REST):
            return _absent(path, told(trouble))
        # A web server says the same of what it hides.
        return _unseen(path, Unreachable(Reason.NOT_COLLECTED, told(trouble)))
    except CannotTell as trouble:
        cause = trouble.unreachable
        return cause if cause.reason is Reason.NOT_AUTHORIZED else _unseen(path, cause)
    except TimeoutError:
        return _unseen(path, Unreachable(Reason.TIMEOUT, budget.spent or "le serveur ne répond plus"))
    except OSError as trouble:
        return _unseen(path, Unreachable(reason_of(trouble).reason, budget.spent or told(trouble)))
    finally:
        budget.close()


def _absent(path: str, why: str) -> BackupStore:
    cause = Unreachable(Reason.NOT_COLLECTED, f"emplacement absent : {why}")
    return BackupStore(path, present=False, contents=cause)


def _unseen(path: str, cause: Unreachable) -> BackupStore:
    return BackupStore(path, cause, cause)


def _cut_short(contents: StoreContents, budget: Budget) -> StoreContents:
    """What a limit left out is said."""
    if not budget.spent:
        return contents
    said = anomaly(Trouble.LEFT_OUT, (), f"{budget.spent} : le reste n'a pas été regardé")
    return replace(contents, complete=False, anomalies=(*contents.anomalies, said))


def _undated(contents: StoreContents, now: datetime) -> StoreContents:
    """A copy of which the server tells no date may be of any day up to now; its series has no rhythm."""
    copies = tuple(_without_date(copy, now) for copy in contents.copies)
    series = tuple(each for each in contents.series if each.oldest_at != EPOCH)
    return replace(contents, copies=copies, series=series)


def _without_date(copy: Copy, now: datetime) -> Copy:
    if copy.date_source not in (OF_THE_FILE, OF_NOTHING) or copy.written_at not in (EPOCH, now):
        return copy
    return replace(copy, written_at=now, date_kind=DateKind.UPPER_BOUND, date_source=NO_DATE)


def _told_by(place: FarPlace, contents: StoreContents) -> StoreContents:
    """S3 dates an object of its putting there: an old copy that was put there anew is older than that."""
    if place.scheme is not Scheme.S3:
        return contents
    return replace(contents, copies=tuple(map(_of_the_bucket, contents.copies)))


def _of_the_bucket(copy: Copy) -> Copy:
    if copy.date_source not in (OF_THE_FILE, OF_THE_VOLUMES):
        return copy
    sure = copy.date_kind is DateKind.EXACT and _carries_its_date(copy)
    return replace(
        copy, date_source=OF_THE_BUCKET, date_kind=copy.date_kind if sure else _at_most(copy.date_kind)
    )


def _at_most(kind: DateKind) -> DateKind:
    return DateKind.UPPER_BOUND if kind is DateKind.EXACT else kind


def _carries_its_date(copy: Copy) -> bool:
    days = (copy.written_at.date() + timedelta(days=apart) for apart in range(-NAME_DAYS, NAME_DAYS + 1))
    return any(day.strftime(form) in copy.name for day in days for form in ("%Y-%m-%d", "%Y%m%d", "%Y_%m_%d"))
