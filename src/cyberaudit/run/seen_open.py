"""The ports that stored audits found open: they are asked again whatever the list, so that none is forgotten."""

import logging
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from cyberaudit.errors import HistoryError
from cyberaudit.facts.reach import HostReach, PortState
from cyberaudit.facts.udp import HostUdp
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit
from cyberaudit.run.tell import recall

_log = logging.getLogger(__name__)

# Ours: a host behind a machine that opens everything would name thousands.
MOST_OF_ONE_HOST = 64


def ports_seen_open(
    history: Path, commune: str, *, vantage: str, now: datetime
) -> tuple[tuple[str, str], ...]:
    """(asset key, port id) of every port found open from `vantage` in the audits that may still answer.

    None when the history cannot be read: the scan goes on, and says so when it stores its own result.
    """
    if not history.exists():
        return ()
    try:
        with open_history(history, create=False) as store:
            audits = recall(store, commune, now=now).audits
    except HistoryError as error:
        _log.info("no ports from the history: %s", error)
        return ()
    return open_in(audit for audit in audits if audit.vantage == vantage)


def open_in(audits: Iterable[Audit]) -> tuple[tuple[str, str], ...]:
    """The same, in the order of the audits, `MOST_OF_ONE_HOST` a host at most."""
    found: dict[str, dict[str, None]] = {}
    for audit in audits:
        for observation in audit.observations:
            ports = found.setdefault(observation.asset, {})
            ports.update(dict.fromkeys(_open_ports(observation.facts)))
    return tuple((asset, port) for asset, ports in found.items() for port in list(ports)[:MOST_OF_ONE_HOST])


def _open_ports(facts: object) -> list[str]:
    match facts:
        case HostReach():
            reaches = [reach for reach in facts.addresses if not reach.opens_everything]
        case HostUdp():
            reaches = [address.reach for address in facts.addresses]
        case _:
            return []
    return [answer.port for reach in reaches for answer in reach.ports if answer.state is PortState.OPEN]
