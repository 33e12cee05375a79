"""Firewall checks: the filter itself: every port open, refusals, disguised packets."""

from dataclasses import replace
from datetime import date

import pytest

from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick
from cyberaudit.facts.reach import HostReach, PortAnswer, PortState
from cyberaudit.model import Reason, Status, Unreachable
from tests.unit.hosts_seen import (
    DEAF,
    HEARD,
    NOT_THEN,
    OTHER_V4,
    V4,
    V6,
    Expected,
    State,
    ask,
    filtered,
    host,
    outcome,
    reach,
    seen,
)

pytestmark = pytest.mark.unit

OPEN, CLOSED, REJECTED = PortState.OPEN, PortState.CLOSED, PortState.REJECTED
SILENT, UNSTABLE = PortState.SILENT, PortState.UNSTABLE
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
LOST, NO_ROUTE = Unreachable(Reason.TIMEOUT), Unreachable(Reason.NO_ROUTE)
NO_PRIVILEGE = Unreachable(Reason.NO_PRIVILEGE)


@pytest.mark.parametrize(
    ("rest", "decoys", "expected"),
    [
        (OPEN, (OPEN, OPEN, OPEN), (PARTIAL, "opens-everything")),
        (OPEN, (OPEN, OPEN, SILENT), (PASS, "")),
        (CLOSED, (CLOSED, CLOSED, CLOSED), (PASS, "")),
        (SILENT, (SILENT, SILENT, SILENT), (UNKNOWN, Reason.NO_CONTROL)),
        (SILENT, (REJECTED, REJECTED, REJECTED), (UNKNOWN, Reason.NO_CONTROL)),
        (SILENT, (CLOSED, SILENT, SILENT), (PASS, "")),
        (CLOSED, (UNSTABLE, OPEN, OPEN), (UNKNOWN, Reason.UNSTABLE)),
        (CLOSED, (LOST, LOST, LOST), (UNKNOWN, Reason.TIMEOUT)),
        (CLOSED, (), (UNKNOWN, Reason.NOT_COLLECTED)),
        (CLOSED, NOT_THEN, (UNKNOWN, Reason.NOT_COLLECTED)),
    ],
)
def test_every_port_open(rest: State, decoys: tuple[State, ...] | Unreachable, expected: Expected) -> None:
    assert outcome("firewall.every-port-open", seen(reach(V4, rest, decoys=decoys))) == expected


def test_a_mute_address_whose_silence_is_proven_does_not_open_everything() -> None:
    mute = seen(reach(V4, SILENT, decoys=(SILENT, SILENT, SILENT)), canaries=HEARD)
    assert outcome("firewall.every-port-open", mute) == (UNKNOWN, Reason.NO_CONTROL)
    assert outcome("firewall.every-port-open", mute, host(confirmed=date(2026, 10, 1))) == (PASS, "")


def test_one_address_that_opens_everything_is_told_beside_what_was_not_seen() -> None:
    facts = seen(reach(V4, OPEN, decoys=(OPEN,)), reach(V6, NO_ROUTE, decoys=(NO_ROUTE,)))
    verdict = ask("firewall.every-port-open", facts)
    assert [(item.key, item.status) for item in verdict.items] == [(V4, PARTIAL), (V6, UNKNOWN)]
    assert verdict.evidence[0].label == f"tcp/61000 {V4}"


def test_what_a_random_port_answered_is_told_in_french() -> None:
    drawn = (PortAnswer("tcp/61000", CLOSED, "rst"), PortAnswer("tcp/61001", LOST, ""))
    facts = seen(replace(reach(V4, CLOSED), decoys=drawn))
    told = [line.value for line in ask("firewall.every-port-open", facts).evidence[:2]]
    assert told == ["port au hasard : fermé (rst)", f"port au hasard : non vu, {Reason.TIMEOUT.french}"]


def test_what_was_refused_is_counted_in_french_with_the_first_refusal_as_it_came() -> None:
    answers = (
        PortAnswer("tcp/22", SILENT, ""),
        PortAnswer("tcp/23", REJECTED, "icmp 3/13 de 192.0.2.9"),
        PortAnswer("tcp/80", OPEN, ""),
    )
    (line, *_) = ask("firewall.reject-not-drop", seen(replace(reach(V4, CLOSED), ports=answers))).evidence
    assert line.value.replace("\u00a0", " ") == (
        "3 ports essayés : 1 ouvert, 0 fermé par la machine, 1 muet, 1 refusé en chemin ; "
        "tcp/23 refusé en chemin (icmp 3/13 de 192.0.2.9)"
    )


def test_no_address_has_no_port_to_open() -> None:
    assert outcome("firewall.every-port-open", seen())[0] is NONE
    assert outcome("firewall.reject-not-drop", seen())[0] is NONE


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (seen(reach(V4, CLOSED, {"tcp/443": OPEN})), (PARTIAL, "rejects")),
        (seen(reach(V4, REJECTED), canaries=HEARD), (PARTIAL, "rejects")),
        (seen(reach(V4, REJECTED), canaries=DEAF), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, REJECTED)), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, SILENT, {"tcp/443": OPEN}), canaries=HEARD), (PASS, "")),
        (seen(reach(V4, SILENT, {"tcp/443": OPEN, "tcp/80": CLOSED}), canaries=HEARD), (PASS, "")),
        (seen(reach(V4, SILENT), canaries=HEARD), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, SILENT)), (UNKNOWN, Reason.NO_CONTROL)),
        (seen(reach(V4, UNSTABLE)), (UNKNOWN, Reason.UNSTABLE)),
        (seen(reach(V4, OPEN, decoys=(OPEN,))), (UNKNOWN, Reason.OPENS_EVERYTHING)),
        (seen(reach(V4, LOST)), (UNKNOWN, Reason.TIMEOUT)),
        (
            seen(reach(V4, SILENT, {"tcp/443": OPEN}), reach(V6, NO_ROUTE), canaries=HEARD),
            (UNKNOWN, Reason.NO_ROUTE),
        ),
        (seen(reach(V4, CLOSED), reach(V6, NO_ROUTE)), (PARTIAL, "rejects")),
    ],
)
def test_reject_not_drop(facts: HostReach, expected: Expected) -> None:
    assert outcome("firewall.reject-not-drop", facts) == expected


ORDINARY: dict[Trick, State] = {
    Trick.SYN: SILENT,
    Trick.ACK: SILENT,
    Trick.SOURCE_20: SILENT,
    Trick.SOURCE_53: SILENT,
}
ACK = {**ORDINARY, Trick.ACK: CLOSED}
HOLE_53 = {**ORDINARY, Trick.SOURCE_53: OPEN}
HOLE_20 = {**ORDINARY, Trick.SYN: REJECTED, Trick.SOURCE_20: CLOSED}
REFUSED: dict[Trick, State] = dict.fromkeys(ORDINARY, REJECTED)
ANSWERED = {**ORDINARY, Trick.SYN: CLOSED, Trick.ACK: CLOSED}
NO_ACK: dict[Trick, State] = {**ORDINARY, Trick.ACK: LOST}
WITHOUT_53: dict[Trick, State] = {
    trick: state for trick, state in ORDINARY.items() if trick is not Trick.SOURCE_53
}
DROPPING = seen(reach(V4, SILENT, {"tcp/443": OPEN}), canaries=HEARD)
PLUGGED_OUT = seen(reach(V4, SILENT), canaries=DEAF)


def filters(*addresses: FilterAddress, deaf: bool = False) -> HostFilter:
    """With canaries that answer every trick, unless nothing of the kind gets out from here."""
    heard = ORDINARY if deaf else dict.fromkeys(ORDINARY, CLOSED)
    canaries = tuple(filtered(address, heard, "tcp/443") for address in ("203.0.113.9", "2001:db8:c::9"))
    return HostFilter("outside", addresses, canaries)


@pytest.mark.parametrize(
    ("facts", "found", "expected"),
    [
        (DROPPING, filters(filtered(V4, ORDINARY, "tcp/22", "tcp/445")), (PASS, "")),
        (DROPPING, filters(filtered(V4, REFUSED, "tcp/22")), (PASS, "")),
        (DROPPING, filters(filtered(V4, ORDINARY, "tcp/22"), deaf=True), (UNKNOWN, Reason.NO_CONTROL)),
        (DROPPING, filters(filtered(V4, HOLE_53, "tcp/22"), deaf=True), (FAIL, "source-port")),
        (DROPPING, filters(filtered(V4, ACK, "tcp/22")), (PARTIAL, "ack-passes")),
        (DROPPING, filters(filtered(V4, HOLE_53, "tcp/22")), (FAIL, "source-port")),
        (DROPPING, filters(filtered(V4, HOLE_20, "tcp/22")), (FAIL, "source-port")),
        (PLUGGED_OUT, filters(filtered(V4, ORDINARY, "tcp/22")), (UNKNOWN, Reason.NO_CONTROL)),
        (PLUGGED_OUT, filters(filtered(V4, ACK, "tcp/22")), (PARTIAL, "ack-passes")),
        (LOST, filters(filtered(V4, ORDINARY, "tcp/22")), (UNKNOWN, Reason.TIMEOUT)),
        (LOST, filters(filtered(V4, HOLE_53, "tcp/22")), (FAIL, "source-port")),
        (DROPPING, NO_PRIVILEGE, (UNKNOWN, Reason.NO_PRIVILEGE)),
        (DROPPING, filters(), (NONE, "not-applicable")),
        (DROPPING, filters(filtered(V4, NO_ACK, "tcp/22")), (UNKNOWN, Reason.TIMEOUT)),
        (DROPPING, filters(filtered(V4, WITHOUT_53, "tcp/22")), (UNKNOWN, Reason.NOT_COLLECTED)),
        (DROPPING, filters(filtered(V4, ANSWERED, "tcp/22")), (UNKNOWN, Reason.UNSTABLE)),
        (DROPPING, filters(filtered(V4, {})), (UNKNOWN, Reason.NOT_COLLECTED)),
        (DROPPING, filters(filtered(OTHER_V4, ORDINARY, "tcp/22")), (UNKNOWN, Reason.NOT_COLLECTED)),
        (seen(reach(V4, CLOSED)), filters(filtered(V4, {})), (NONE, "not-applicable")),
        (seen(reach(V4, NO_ROUTE)), filters(filtered(V4, {})), (UNKNOWN, Reason.NOT_COLLECTED)),
    ],
)
def test_stateless_filter(
    facts: HostReach | Unreachable, found: HostFilter | Unreachable, expected: Expected
) -> None:
    assert outcome("firewall.stateless-filter", facts, filtered=found) == expected


def test_from_behind_a_box_the_silence_of_source_ports_is_not_proven_and_a_hole_is_a_hole() -> None:
    translated = filters(
        filtered(V4, ORDINARY, "tcp/22", behind_nat=True), filtered(V6, {}, behind_nat=False)
    )
    facts = seen(reach(V4, SILENT, {"tcp/443": OPEN}), reach(V6, CLOSED), canaries=HEARD)
    verdict = ask("firewall.stateless-filter", facts, filtered=translated)
    assert (verdict.status, verdict.reason) == (UNKNOWN, Reason.NO_CONTROL)
    assert [item.text for item in verdict.items] == [
        f"{V4} : essayé de derrière une box, qui peut changer le port de départ."
    ]
    hole = filters(filtered(V4, ACK, "tcp/22", behind_nat=True))
    assert outcome("firewall.stateless-filter", DROPPING, filtered=hole) == (PARTIAL, "ack-passes")


@pytest.mark.parametrize(
    ("through", "held", "expected"),
    [(1, 9, (UNKNOWN, Reason.UNSTABLE)), (6, 4, (PARTIAL, "ack-passes"))],
)
def test_where_answers_come_and_go_a_hole_has_to_repeat(through: int, held: int, expected: Expected) -> None:
    answers = (
        *filtered(V4, ANSWERED, "tcp/80").answers,
        *filtered(V4, ACK, *(f"tcp/{number}" for number in range(100, 100 + through))).answers,
        *filtered(V4, ORDINARY, *(f"tcp/{number}" for number in range(200, 200 + held))).answers,
    )
    found = filters(FilterAddress(V4, 4, answers, False))
    assert outcome("firewall.stateless-filter", DROPPING, filtered=found) == expected


def test_each_hole_is_told_with_its_address_and_port() -> None:
    found = filters(filtered(V4, HOLE_53, "tcp/22", "tcp/445"), filtered(V6, ACK, "tcp/22"))
    verdict = ask("firewall.stateless-filter", DROPPING, filtered=found)
    assert [(item.key, item.status) for item in verdict.items] == [
        (f"{V4} source-53", FAIL),
        (f"{V6} ack", PARTIAL),
    ]
    assert "port 53" in verdict.items[0].text
    told = {line.label: line.value for line in verdict.evidence}
    assert told[f"source-53 {V4}"].startswith("tcp/22 open, tcp/445 open")
