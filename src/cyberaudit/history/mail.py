"""What the newest scans saw of the mail of each domain, as facts that the report reads."""

from collections.abc import Iterable
from datetime import datetime

from cyberaudit.declared import AssetKind, Town
from cyberaudit.facts.mail import MailDns
from cyberaudit.frozen import frozen
from cyberaudit.model import Audit


@frozen
class MailSeen:
    """What DNS published about the mail of one domain."""

    domain: str
    """The asset's key."""
    seen_at: datetime
    dns: MailDns


def mail_seen(audits: Iterable[Audit], town: Town, *, since: datetime) -> tuple[MailSeen, ...]:
    """The newest look at each domain that `town` still names, made `since` then. `audits`: newest first."""
    domains = [asset.key for asset in town.of_kind(AssetKind.DOMAIN)]
    newest: dict[str, MailSeen] = {}
    for audit in audits:
        for seen in audit.observations:
            if seen.asset in domains and isinstance(seen.facts, MailDns) and seen.seen_at >= since:
                newest.setdefault(seen.asset, MailSeen(seen.asset, seen.seen_at, seen.facts))
    return tuple(newest[key] for key in domains if key in newest)
