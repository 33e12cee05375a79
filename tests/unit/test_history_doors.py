"""What the scans that count saw of doors: which looks come with the state of the town."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from cyberaudit.declared import Host
from cyberaudit.facts.base import Facts
from cyberaudit.facts.reach import AddressReach, HostReach, PortAnswer, PortState
from cyberaudit.facts.services import HostServices
from cyberaudit.facts.udp import HostUdp, UdpAddress
from cyberaudit.history.document import to_audit
from cyberaudit.history.merge import town_state
from cyberaudit.model import Audit, Observation, Reason, Unreachable

pytestmark = pytest.mark.unit

GOLDEN = Path(__file__).parents[1] / "golden" / "history-audit-v1.json"
EMPTY = to_audit(json.loads(GOLDEN.read_text(encoding="utf-8")))
NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
HOST = Host("door", "Serveur", (), "outside", ("192.0.2.10",), (), "", "", "")
TOWN = replace(EMPTY.town, assets=(EMPTY.town.commune, HOST))
NOT_THEN = Unreachable(Reason.NOT_COLLECTED)
SSH = (PortAnswer("tcp/22", PortState.OPEN, ""),)


def reach(vantage: str = "outside") -> HostReach:
    return HostReach(vantage, (AddressReach("192.0.2.10", 4, SSH, NOT_THEN, NOT_THEN),), ())


def audit(
    days_ago: int,
    *facts: Facts | Unreachable,
    vantage: str = "outside",
    host: str = HOST.key,
    partial: bool = False,
) -> Audit:
    moment = NOW - timedelta(days=days_ago)
    return replace(
        EMPTY,
        uuid=str(UUID(int=1000 + days_ago)),
        town=TOWN,
        vantage=vantage,
        started_at=moment,
        finished_at=moment,
        partial=partial,
        observations=tuple(
            Observation(host, getattr(each, "KIND", "host-reach"), each, moment) for each in facts
        ),
        findings=(),
    )


def days_of(*audits: Audit, current: Audit | None = None) -> list[tuple[str, int]]:
    """Vantage and age of each look of the state."""
    state = town_state(audits, now=NOW, current=current)
    return [(each.vantage, (NOW - each.seen_at).days) for each in state.sightings]


def test_every_look_that_counts_comes_newest_first() -> None:
    looks = audit(9, reach()), audit(2, reach("lan"), vantage="lan"), audit(5, reach())
    assert days_of(*looks) == [("lan", 2), ("outside", 5), ("outside", 9)]


def test_what_is_too_old_or_interrupted_does_not_count_but_the_scan_just_made_does() -> None:
    assert days_of(audit(46, reach()), audit(45, reach()), audit(3, reach(), partial=True)) == [
        ("outside", 45)
    ]
    assert days_of(audit(9, reach()), current=audit(0, reach(), partial=True)) == [
        ("outside", 0),
        ("outside", 9),
    ]


@pytest.mark.parametrize(
    "facts",
    [
        (),
        (Unreachable(Reason.PROBE_CRASHED),),
        (HostReach("outside", (), ()), HostUdp("outside", (), ())),
        (HostServices("outside", (), ()),),
    ],
)
def test_a_scan_that_could_not_look_at_the_ports_is_no_look(facts: tuple[Facts | Unreachable, ...]) -> None:
    assert days_of(audit(0, *facts)) == []


def test_a_host_that_the_profile_no_longer_names_is_left_out() -> None:
    assert days_of(audit(0, reach(), host="host/gone")) == []


def test_one_look_holds_what_the_same_scan_saw() -> None:
    services = HostServices("outside", (), ())
    udp = HostUdp("outside", (UdpAddress("192.0.2.10", 4, ()),), ())
    (found,) = town_state([audit(1, services, udp)], now=NOW).sightings
    assert (found.host, found.reach, found.services, found.udp) == (HOST.key, None, services, udp)
