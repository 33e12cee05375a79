"""OpenVPN, WireGuard, PPTP and L2TP: facts to verdicts, and what two looks tell together."""

from dataclasses import replace
from typing import Any

import pytest

from cyberaudit.declared import Host, Vpn, VpnKind
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.old_tunnel import OldTunnelMet
from cyberaudit.facts.old_tunnel_samples import (
    ANSWERING_L2TP,
    ANSWERING_PPTP,
    CLOSED_L2TP,
    CLOSED_PPTP,
    CLOSING_PPTP,
    FOREIGN_PPTP,
    HALF_ANSWERING_L2TP,
    HALF_CLOSED_L2TP,
    INSIDE_PPTP,
    LEFT_OUT_PPTP,
    LOST_PPTP,
    SILENT_L2TP,
)
from cyberaudit.facts.openvpn import OpenVpnEndpoint
from cyberaudit.facts.openvpn_samples import (
    CLOSED_OPENVPN,
    CLOSING_OPENVPN,
    FOREIGN_OPENVPN,
    HALF_CLOSED_OPENVPN,
    LEFT_OUT_OPENVPN,
    LOST_OPENVPN,
    SILENT_OPENVPN,
    TALKING_OPENVPN,
)
from cyberaudit.facts.wireguard_samples import (
    BUSY_WIREGUARD,
    CLOSED_WIREGUARD,
    FOREIGN_WIREGUARD,
    HALF_CLOSED_WIREGUARD,
    HALF_PROVEN_WIREGUARD,
    KEYLESS_WIREGUARD,
    LEFT_OUT_WIREGUARD,
    LOST_WIREGUARD,
    PROVEN_WIREGUARD,
    SILENT_WIREGUARD,
    UNREAD_KEYS_WIREGUARD,
)
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.probes import old_tunnel_endpoint, openvpn_endpoint, wireguard_endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.vpn_access import MAX_ADDRESSES, Access, access_of
from cyberaudit.sdk import Context
from cyberaudit.town.scope import scope_for_look
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
PASS, PARTIAL, FAIL, UNKNOWN = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN
TUNNEL, GUARD, CHANNEL = "vpn.obsolete-tunnel", "vpn.wireguard", "vpn.openvpn-channel"


def access(kind: VpnKind, port: str = "", *, host: str = "box") -> Vpn:
    return Vpn("agents", "agents", (), host=host, type=kind, hostname="vpn.example", port=port)


def ask(check_id: str, facts: Any) -> Verdict:
    check = CATALOGUE.check(check_id)
    assert check is not None
    asset = access(VpnKind.OPENVPN)
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


@pytest.mark.parametrize(
    ("check_id", "facts", "status", "reason"),
    [
        (TUNNEL, CLOSED_PPTP, PASS, ""),
        (TUNNEL, CLOSED_L2TP, PASS, ""),
        (TUNNEL, ANSWERING_PPTP, FAIL, "pptp"),
        (TUNNEL, ANSWERING_L2TP, FAIL, "l2tp"),
        (TUNNEL, HALF_ANSWERING_L2TP, FAIL, "l2tp"),
        (TUNNEL, HALF_CLOSED_L2TP, UNKNOWN, "undecided"),
        (TUNNEL, SILENT_L2TP, UNKNOWN, "undecided"),
        (TUNNEL, CLOSING_PPTP, UNKNOWN, "undecided"),
        (TUNNEL, FOREIGN_PPTP, UNKNOWN, "undecided"),
        (TUNNEL, LEFT_OUT_PPTP, UNKNOWN, "undecided"),
        (TUNNEL, LOST_PPTP, UNKNOWN, Reason.NO_ROUTE),
        (TUNNEL, replace(CLOSED_PPTP, answers=()), UNKNOWN, "undecided"),
        (GUARD, PROVEN_WIREGUARD, PASS, ""),
        (GUARD, HALF_PROVEN_WIREGUARD, PASS, ""),
        (GUARD, CLOSED_WIREGUARD, FAIL, "closed"),
        (GUARD, FOREIGN_WIREGUARD, FAIL, "foreign"),
        (GUARD, HALF_CLOSED_WIREGUARD, UNKNOWN, "undecided"),
        (GUARD, LEFT_OUT_WIREGUARD, UNKNOWN, "undecided"),
        (GUARD, KEYLESS_WIREGUARD, UNKNOWN, "undecided"),
        (GUARD, SILENT_WIREGUARD, UNKNOWN, "undecided"),
        (GUARD, UNREAD_KEYS_WIREGUARD, UNKNOWN, "undecided"),
        (GUARD, BUSY_WIREGUARD, UNKNOWN, "undecided"),
        (GUARD, LOST_WIREGUARD, UNKNOWN, Reason.NO_ROUTE),
        (GUARD, replace(CLOSED_WIREGUARD, answers=()), UNKNOWN, "undecided"),
        (CHANNEL, CLOSED_OPENVPN, PASS, ""),
        (CHANNEL, TALKING_OPENVPN, PARTIAL, "answers-anybody"),
        (CHANNEL, SILENT_OPENVPN, UNKNOWN, "undecided"),
        (CHANNEL, CLOSING_OPENVPN, UNKNOWN, "undecided"),
        (CHANNEL, FOREIGN_OPENVPN, UNKNOWN, "undecided"),
        (CHANNEL, HALF_CLOSED_OPENVPN, UNKNOWN, "undecided"),
        (CHANNEL, LEFT_OUT_OPENVPN, UNKNOWN, "undecided"),
        (CHANNEL, LOST_OPENVPN, UNKNOWN, Reason.NO_ROUTE),
        (CHANNEL, replace(CLOSED_OPENVPN, answers=()), UNKNOWN, "undecided"),
    ],
)
def test_verdicts(check_id: str, facts: Any, status: Status, reason: str) -> None:
    verdict = ask(check_id, facts)
    assert (verdict.status, verdict.reason) == (status, reason)


def test_an_old_tunnel_that_answers_on_the_internet_is_likelier_to_be_tried() -> None:
    stored_before = replace(ANSWERING_PPTP, from_outside=Unreachable(Reason.NOT_COLLECTED))
    verdicts = [ask(TUNNEL, facts) for facts in (ANSWERING_PPTP, INSIDE_PPTP, stored_before)]
    assert [verdict.status for verdict in verdicts] == [FAIL] * 3
    assert [verdict.likelihood for verdict in verdicts] == [4, None, None]


def test_nothing_is_said_of_how_it_was_before() -> None:
    assert "ne répond pas en PPTP" in ask(TUNNEL, CLOSED_PPTP).text


def test_a_closed_wireguard_says_what_that_means() -> None:
    text = ask(GUARD, CLOSED_WIREGUARD).text
    assert "il ne marche pas, ou il a déménagé" in text


def test_what_to_do_about_a_wireguard_that_could_not_be_verified_is_said() -> None:
    assert "--wireguard-config" in ask(GUARD, KEYLESS_WIREGUARD).text
    assert "vérifiez la clé" in ask(GUARD, SILENT_WIREGUARD).text
    assert "vérifiez le fichier" in ask(GUARD, UNREAD_KEYS_WIREGUARD).text


@pytest.mark.parametrize("facts", [CLOSED_OPENVPN, TALKING_OPENVPN, SILENT_OPENVPN, FOREIGN_OPENVPN])
def test_the_secretary_reads_no_jargon_about_openvpn(facts: OpenVpnEndpoint) -> None:
    text = ask(CHANNEL, facts).text
    assert not any(word in text for word in ("tls-", " port", "canal", "filtré"))


def test_each_address_that_answers_is_an_item() -> None:
    assert [item.key for item in ask(TUNNEL, HALF_ANSWERING_L2TP).items] == ["2001:db8::1 udp/1701"]
    assert [item.key for item in ask(CHANNEL, TALKING_OPENVPN).items] == ["192.0.2.1 udp/1194"]


def test_why_wireguard_is_unknown_is_said() -> None:
    texts = [ask(GUARD, facts).text for facts in (KEYLESS_WIREGUARD, SILENT_WIREGUARD, BUSY_WIREGUARD)]
    assert [
        key in text for key, text in zip(("donnez une clé", "notre clé", "chargé"), texts, strict=True)
    ] == [True] * 3


@pytest.mark.parametrize("check_id", [TUNNEL, GUARD, CHANNEL])
def test_what_was_not_looked_at_is_named(check_id: str) -> None:
    facts = {TUNNEL: LEFT_OUT_PPTP, GUARD: LEFT_OUT_WIREGUARD, CHANNEL: LEFT_OUT_OPENVPN}[check_id]
    assert ask(check_id, facts).evidence[-1].value == "192.0.2.2"


@pytest.mark.parametrize(
    ("check_id", "kinds"),
    [(TUNNEL, {VpnKind.PPTP, VpnKind.L2TP}), (GUARD, {VpnKind.WIREGUARD}), (CHANNEL, {VpnKind.OPENVPN})],
)
def test_each_check_concerns_its_own_kinds(check_id: str, kinds: set[VpnKind]) -> None:
    check = CATALOGUE.check(check_id)
    assert check is not None
    assert {kind for kind in VpnKind if check.concerns(access(kind), towns.town())} == kinds


def test_a_second_look_is_worth_it_where_something_may_change() -> None:
    openvpn, guard, tunnel = (
        probe.worth_asking_again for probe in (openvpn_endpoint, wireguard_endpoint, old_tunnel_endpoint)
    )  # fmt: skip
    assert [openvpn(facts) for facts in (SILENT_OPENVPN, CLOSING_OPENVPN, HALF_CLOSED_OPENVPN)] == [True] * 3
    assert not any(map(openvpn, (TALKING_OPENVPN, CLOSED_OPENVPN, LOST_OPENVPN)))
    assert [guard(facts) for facts in (SILENT_WIREGUARD, BUSY_WIREGUARD)] == [True] * 2
    assert not any(
        map(guard, (KEYLESS_WIREGUARD, PROVEN_WIREGUARD, HALF_PROVEN_WIREGUARD, UNREAD_KEYS_WIREGUARD))
    )
    assert [tunnel(facts) for facts in (SILENT_L2TP, CLOSING_PPTP)] == [True] * 2
    assert not any(map(tunnel, (ANSWERING_PPTP, CLOSED_PPTP, HALF_ANSWERING_L2TP, LOST_PPTP)))
    timeout = replace(LOST_PPTP.answers[0], met=Unreachable(Reason.DEADLINE))
    assert tunnel(replace(LOST_PPTP, answers=(timeout,)))


def test_a_later_look_takes_nothing_away() -> None:
    both = old_tunnel_endpoint.merge_looks(ANSWERING_PPTP, CLOSING_PPTP)
    assert both.answers == ANSWERING_PPTP.answers
    assert old_tunnel_endpoint.merge_looks(LOST_PPTP, CLOSED_PPTP) == CLOSED_PPTP
    assert old_tunnel_endpoint.merge_looks(CLOSED_PPTP, LOST_PPTP).answers[0].met is OldTunnelMet.CLOSED
    assert wireguard_endpoint.merge_looks(PROVEN_WIREGUARD, SILENT_WIREGUARD) == PROVEN_WIREGUARD
    assert openvpn_endpoint.merge_looks(TALKING_OPENVPN, SILENT_OPENVPN) == TALKING_OPENVPN
    assert openvpn_endpoint.merge_looks(SILENT_OPENVPN, TALKING_OPENVPN) == TALKING_OPENVPN


def tools(*addresses: str, scope: str = "192.0.2.1") -> Any:
    box = Host("box", "Box", (), "outside", addresses, (), "", "", "")
    options = Options(resolvers=("127.0.0.1:53",))
    return set_up(
        towns.town(box), scope_for_look(addresses=[scope], authorized_by="M."), options, now=towns.NOW
    )


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        (access(VpnKind.OPENVPN), "udp/1194"),
        (access(VpnKind.OPENVPN, "tcp/443"), "tcp/443"),
        (access(VpnKind.SSL), Reason.NO_PROBE),
        (access(VpnKind.OPENVPN, "sctp/1194"), Reason.NO_PROBE),
        (access(VpnKind.OPENVPN, host="elsewhere"), Reason.NO_PLACE),
    ],
)
def test_where_an_access_stands(asset: Vpn, expected: str | Reason) -> None:
    found = access_of(asset, tools("192.0.2.1"), usual=openvpn_endpoint.USUAL, protocols=("udp", "tcp"))
    assert (found.port if isinstance(found, Access) else found.reason) == expected


def test_addresses_beyond_the_limit_are_named() -> None:
    addresses = [f"192.0.2.{number}" for number in range(1, MAX_ADDRESSES + 3)]
    found = access_of(
        access(VpnKind.PPTP), tools(*addresses), usual={VpnKind.PPTP: "tcp/1723"}, protocols=("tcp",)
    )
    assert isinstance(found, Access)
    assert [*map(str, found.asked), *found.left_out] == addresses
    assert (found.over_tcp, found.number, len(found.asked)) == (True, 1723, MAX_ADDRESSES)


def test_a_private_address_is_not_asked_from_outside() -> None:
    box = Host("box", "Box", (), "lan", ("192.168.1.1",), (), "", "", "")
    inside = set_up(
        towns.town(box), scope_for_look(addresses=[], authorized_by="M."), Options(resolvers=("127.0.0.1:53",)),
        now=towns.NOW,
    )  # fmt: skip
    found = access_of(access(VpnKind.PPTP), inside, usual={VpnKind.PPTP: "tcp/1723"}, protocols=("tcp",))
    assert found == Unreachable(Reason.NOT_LOOKED)


@pytest.mark.parametrize(
    ("probe", "kind", "word"),
    [
        (openvpn_endpoint, VpnKind.OPENVPN, "OpenVPN"),
        (wireguard_endpoint, VpnKind.WIREGUARD, "WireGuard"),
        (old_tunnel_endpoint, VpnKind.PPTP, "PPTP"),
        (old_tunnel_endpoint, VpnKind.L2TP, "L2TP"),
    ],
)
def test_what_would_be_touched_is_announced(probe: Any, kind: VpnKind, word: str) -> None:
    (announced,) = probe.announce(access(kind), tools("192.0.2.1"))
    assert (announced.purpose, announced.target) == (Purpose.ACTIVE, "vpn.example")
    assert word in announced.text
    assert announced.max_packets > 0
    assert probe.announce(access(VpnKind.SSL), tools("192.0.2.1")) == ()
