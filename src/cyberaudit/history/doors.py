"""What the scans that still count saw of the doors of each host, as facts that the report reads."""

from collections.abc import Iterable
from datetime import datetime

from cyberaudit.declared import AssetKind, Town
from cyberaudit.facts.reach import HostReach
from cyberaudit.facts.services import HostServices
from cyberaudit.facts.udp import HostUdp
from cyberaudit.frozen import frozen
from cyberaudit.model import Audit, Observation


@frozen
class Sighting:
    """What one scan saw of the doors of one host."""

    host: str
    """The asset's key."""
    vantage: str
    seen_at: datetime
    """When its ports were looked at."""
    reach: HostReach | None
    """None: the TCP ports were not looked at, or the look failed as a whole. So too for the two others."""
    services: HostServices | None
    udp: HostUdp | None


def sightings(audits: Iterable[Audit], town: Town, *, since: datetime) -> tuple[Sighting, ...]:
    """Every look at the ports of a host that `town` still names, made `since` then, in the order of the audits.

    A look from where no address of the host can be reached is none.
    """
    hosts = [asset.key for asset in town.of_kind(AssetKind.HOST)]
    return tuple(
        found
        for audit in audits
        for host in hosts
        if (found := _of_host(host, audit)) is not None and found.seen_at >= since
    )


def _of_host(host: str, audit: Audit) -> Sighting | None:
    seen = [each for each in audit.observations if each.asset == host]
    ports = [each for each in seen if _has_address(each)]
    if not ports:
        return None
    facts = [each.facts for each in seen]
    return Sighting(
        host=host,
        vantage=audit.vantage,
        seen_at=max(each.seen_at for each in ports),
        reach=next((each for each in facts if isinstance(each, HostReach)), None),
        services=next((each for each in facts if isinstance(each, HostServices)), None),
        udp=next((each for each in facts if isinstance(each, HostUdp)), None),
    )


def _has_address(seen: Observation) -> bool:
    return isinstance(seen.facts, HostReach | HostUdp) and bool(seen.facts.addresses)
