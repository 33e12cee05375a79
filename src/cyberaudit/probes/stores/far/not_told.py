"""What far places do not tell of who may change or erase the copies, and the dates that they all write."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stores.tree import Safeguards

UNTOLD = Unreachable(Reason.NOT_COLLECTED, "cet accès à distance ne le dit pas")
UNTRIED = Unreachable(Reason.NOT_LOOKED, "rien n'est écrit à distance pour voir")


def safeguards_of(
    filesystem: str,
    evidence: str,
    *,
    mode: int | Unreachable = UNTOLD,
    immutable: bool | Unreachable = UNTOLD,
    modes_tell: bool = False,
) -> Safeguards:
    """What every far place has in common: no account of this machine is concerned."""
    return Safeguards(
        filesystem=filesystem,
        mode=mode,
        owned_by_us=UNTOLD,
        writable_from_here=UNTRIED,
        looked_as_root=False,
        modes_tell=modes_tell,
        reached_by_all=False,
        immutable=immutable,
        evidence=evidence,
    )


def http_date(text: str) -> float | None:
    """RFC 9110 §5.6.7, in seconds since 1970; None: not a date."""
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def iso_date(text: str) -> float | None:
    """RFC 3339 as S3 writes it, in seconds since 1970; None: not a date, or one without its zone."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.timestamp() if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
