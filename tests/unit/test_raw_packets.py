"""Raw packets: what is built, which answer belongs to which, what is tried, and that nothing heavy comes in early."""

import ast
import asyncio
import socket
import struct
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cyberaudit
from cyberaudit.declared import Commune, Delivery, Host, PlanChoices, Town
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick
from cyberaudit.facts.packet_filter_samples import FACELESS_FILTER
from cyberaudit.facts.ports import ESSENTIAL
from cyberaudit.facts.reach import AddressReach, HostReach, PortAnswer, PortState
from cyberaudit.facts.reach_samples import GOOD_HOST, NO_DECOY, QUIET_LINE, REFUSED_HOST, SHUT_HOST
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import host_filter
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.host_filter import MAX_PORTS, PACKETS_PER_PORT, filtered_ports
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.ports.knock import IcmpError
from cyberaudit.probes.raw.packets import (
    Packet,
    Segment,
    answer_of,
    build,
    draw,
    knock_of,
    quoted_conversation,
    read_segment,
)
from cyberaudit.town.scope import scope_for_look

pytestmark = pytest.mark.unit

OWN, TARGET, ROUTER = map(ip_address, ("198.51.100.2", "192.0.2.10", "192.0.2.254"))
OWN6, TARGET6 = map(ip_address, ("2001:db8:1::2", "2001:db8:2::10"))
FIN, SYN, RST, ACK = 0x01, 0x02, 0x04, 0x10
OPENING = Packet(Trick.SYN, 443, 40000, 0xFFFFFFFF, 0)
MIDDLE = Packet(Trick.ACK, 443, 40000, 7, 1234)


def checksum(words: bytes) -> int:
    """RFC 1071, written a second time."""
    total: int = sum(struct.unpack(f"!{len(words) // 2}H", words))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


@pytest.mark.parametrize(("own", "target"), [(OWN, TARGET), (OWN6, TARGET6)])
@pytest.mark.parametrize("packet", [OPENING, MIDDLE, Packet(Trick.SOURCE_53, 22, 53, 9, 0)])
def test_what_is_built_is_a_segment_that_the_other_side_accepts(
    packet: Packet, own: object, target: object
) -> None:
    own, target = ip_address(str(own)), ip_address(str(target))
    built = build(packet, own=own, target=target)
    ports_and_numbers = struct.unpack_from("!HHII", built)
    assert ports_and_numbers == (packet.own_port, packet.port, packet.sequence, packet.acknowledgement)
    assert built[13] == (ACK if packet.trick is Trick.ACK else SYN)
    pseudo = own.packed + target.packed + struct.pack("!II", len(built), socket.IPPROTO_TCP)
    assert checksum(pseudo + built) == 0xFFFF


def test_the_zone_of_an_address_does_not_hinder_building() -> None:
    zoned = ip_address("fe80::1%3")
    assert build(OPENING, own=zoned, target=zoned) == build(
        OPENING, own=ip_address("fe80::1"), target=ip_address("fe80::1")
    )


def test_each_packet_is_drawn_with_numbers_of_its_own() -> None:
    drawn = [draw(Trick.ACK, 443, own_port=40000) for _ in range(20)]
    assert len({packet.sequence for packet in drawn}) == 20
    assert len({packet.acknowledgement for packet in drawn}) == 20
    assert draw(Trick.SYN, 443, own_port=40000).acknowledgement == 0


def heard(*, ack: int = 0, seq: int = 0, flags: int, source: int = 443, destination: int = 40000) -> Segment:
    return Segment(source, destination, seq, ack, flags)


@pytest.mark.parametrize(
    ("packet", "segment", "state"),
    [
        (OPENING, heard(ack=0, flags=SYN | ACK), PortState.OPEN),
        (OPENING, heard(ack=0, flags=RST | ACK), PortState.CLOSED),
        (OPENING, heard(ack=1, flags=SYN | ACK), None),
        (OPENING, heard(ack=0, flags=RST), None),
        (OPENING, heard(ack=0, flags=ACK), None),
        (OPENING, heard(ack=0, flags=SYN), None),
        (OPENING, heard(ack=0, flags=SYN | ACK, source=80), None),
        (OPENING, heard(ack=0, flags=SYN | ACK, destination=40001), None),
        (MIDDLE, heard(seq=1234, flags=RST), PortState.CLOSED),
        (MIDDLE, heard(seq=1234, flags=RST | ACK), PortState.CLOSED),
        (MIDDLE, heard(seq=1235, flags=RST), None),
        (MIDDLE, heard(seq=1234, ack=8, flags=SYN | ACK), None),
        (MIDDLE, heard(seq=1234, flags=FIN | ACK), None),
    ],
)
def test_an_answer_belongs_to_one_packet_and_a_stray_one_to_none(
    packet: Packet, segment: Segment, state: PortState | None
) -> None:
    assert answer_of(segment, packet) is state


SEGMENT = struct.pack("!HHIIBBHHH", 443, 40000, 5, 6, 5 << 4, SYN | ACK, 0, 0, 0)


@pytest.mark.parametrize(
    ("received", "version", "expected"),
    [
        (b"\x45" + bytes(19) + SEGMENT, 4, Segment(443, 40000, 5, 6, SYN | ACK)),
        (b"\x46" + bytes(23) + SEGMENT, 4, Segment(443, 40000, 5, 6, SYN | ACK)),
        (SEGMENT, 6, Segment(443, 40000, 5, 6, SYN | ACK)),
        (b"\x4f" + bytes(19) + SEGMENT, 4, None),
        (SEGMENT[:13], 6, None),
        (b"", 4, None),
        (b"", 6, None),
    ],
)
def test_a_segment_is_read_behind_its_header(received: bytes, version: int, expected: Segment | None) -> None:
    assert read_segment(received, version) == expected


@given(st.binary(max_size=80), st.sampled_from([4, 6]))
def test_no_bytes_from_the_network_make_anything_escape(received: bytes, version: int) -> None:
    segment = read_segment(received, version)
    if segment is not None:
        assert answer_of(segment, OPENING) in {None, PortState.OPEN, PortState.CLOSED}
    quoted_conversation(received)


def test_what_icmp_quotes_gives_the_conversation() -> None:
    built = build(MIDDLE, own=OWN, target=TARGET)
    assert quoted_conversation(built) == ((40000, 443), 7)
    assert quoted_conversation(built[:8]) == ((40000, 443), 7)
    assert quoted_conversation(built[:7]) is None


@pytest.mark.parametrize(
    ("state", "expected", "detail"),
    [
        (PortState.OPEN, PortState.OPEN, "syn-ack en 12 ms"),
        (PortState.CLOSED, PortState.CLOSED, "rst"),
        (IcmpError(ROUTER, 3, 13), PortState.REJECTED, "icmp 3/13 de 192.0.2.254"),
        (IcmpError(TARGET, 3, 3), PortState.REJECTED, "icmp 3/3 de 192.0.2.10"),
        (IcmpError(ROUTER, 3, 1), PortState.SILENT, "icmp 3/1 de 192.0.2.254"),
        (IcmpError(OWN, 3, 1), PortState.SILENT, "aucune machine à cette adresse"),
    ],
)
def test_an_answer_reads_as_a_knock_and_icmp_is_never_closed(
    state: PortState | IcmpError, expected: PortState, detail: str
) -> None:
    knock = knock_of(state, own=OWN, target=TARGET, seconds=0.012)
    assert (knock.state, knock.detail) == (expected, detail)


@pytest.mark.parametrize(
    ("icmp", "reason"),
    [(IcmpError(ROUTER, 3, 0), Reason.NO_ROUTE), (IcmpError(OWN, 3, 13), Reason.PERMISSION_DENIED)],
)
def test_our_own_refusal_and_a_missing_way_say_nothing_of_the_filter(icmp: IcmpError, reason: Reason) -> None:
    state = knock_of(icmp, own=OWN, target=TARGET, seconds=0.012).state
    assert isinstance(state, Unreachable)
    assert state.reason is reason


def reach_with(*answers: tuple[str, PortState | Unreachable]) -> AddressReach:
    ports = tuple(PortAnswer(port, state, "") for port, state in answers)
    return AddressReach("192.0.2.1", 4, ports, NO_DECOY, QUIET_LINE)


def test_only_ports_that_are_silent_or_refused_on_the_way_are_tried_dangerous_ones_first() -> None:
    reach = reach_with(
        ("tcp/8444", PortState.SILENT),
        ("tcp/443", PortState.OPEN),
        ("tcp/80", PortState.CLOSED),
        ("tcp/22", PortState.UNSTABLE),
        ("tcp/445", PortState.REJECTED),
        ("tcp/23", Unreachable(Reason.NO_CONTROL)),
        ("udp/161", PortState.SILENT),
        ("tcp/3389", PortState.SILENT),
    )
    assert filtered_ports(reach) == (3389, 445, 8444)


def test_at_most_forty_ports_of_an_address_are_tried() -> None:
    silent = [(f"tcp/{number}", PortState.SILENT) for number in range(1, 10000)]
    tried = filtered_ports(reach_with(*silent))
    assert len(tried) == MAX_PORTS
    assert all(f"tcp/{number}" in ESSENTIAL for number in tried)


BOX = Host("box", "Box de la mairie", (), "outside", ("192.0.2.1", "2001:db8::1"), (), "", "", "")
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def prepared(
    *rules: str, reach: HostReach = GOOD_HOST, signed: tuple[str, ...] = BOX.addresses
) -> Instruments:
    """Instruments of a run in which the host's ports are already known."""
    commune = Commune("l-hay", "L'Haÿ", (), "99042", 1850, "normandie", "Europe/Paris")
    town = Town(
        schema_version=1,
        commune=commune,
        scanned_by="",
        authorization=None,
        outside_canary="",
        assets=(commune, BOX),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )
    scope = scope_for_look(addresses=signed, authorized_by="Mme le maire")
    return set_up(town, scope, Options(resolvers=("127.0.0.1:53",), connect_to=rules), now=NOW)


async def look_after(reach: HostReach, instruments: Instruments) -> HostFilter | Unreachable:
    async def known() -> HostReach:
        return reach

    await instruments.looks.shared(f"reach {BOX.key}", known)
    return await host_filter.look(BOX, instruments)


@pytest.mark.parametrize(
    ("own", "target", "translated"),
    [
        ("192.168.1.20", "192.0.2.1", True),
        ("100.72.3.4", "192.0.2.1", True),
        ("fd00::20", "2001:db8::1", True),
        ("198.51.100.2", "192.0.2.1", False),
        ("192.168.1.20", "10.0.0.1", False),
        ("127.0.0.1", "127.0.0.1", False),
        ("2001:db8:1::2", "2001:db8::1", False),
    ],
)
def test_a_private_address_of_ours_is_translated_on_its_way_to_a_public_one(
    own: str, target: str, *, translated: bool
) -> None:
    assert host_filter.is_behind_nat(ip_address(own), ip_address(target)) is translated


def test_without_a_filtered_port_nothing_is_sent_and_no_right_is_needed() -> None:
    instruments = prepared()
    facts = asyncio.run(look_after(SHUT_HOST, instruments))
    assert facts == HostFilter(
        "outside",
        (
            FilterAddress("192.0.2.1", 4, (), behind_nat=False),
            FilterAddress("2001:db8::1", 6, (), behind_nat=False),
        ),
        (),
    )
    assert not instruments.network.opened


def test_a_host_that_does_not_face_the_vantage_has_no_filter_to_see() -> None:
    facts = asyncio.run(look_after(replace(GOOD_HOST, addresses=()), prepared()))
    assert facts == replace(FACELESS_FILTER, canaries=())


@pytest.mark.parametrize("reach", [GOOD_HOST, REFUSED_HOST])
def test_addresses_led_elsewhere_are_not_looked_at(reach: HostReach) -> None:
    instruments = prepared("192.0.2.1:*=127.0.0.1:9", "[2001:db8::1]:*=127.0.0.1:9")
    facts = asyncio.run(look_after(reach, instruments))
    assert facts == Unreachable(Reason.NOT_LOOKED, "adresse détournée")
    assert not instruments.network.opened


def test_addresses_that_nobody_signed_for_are_not_touched() -> None:
    instruments = prepared(signed=("192.0.2.99",))
    facts = asyncio.run(look_after(GOOD_HOST, instruments))
    assert isinstance(facts, Unreachable)
    assert facts.reason is Reason.NOT_AUTHORIZED
    assert not instruments.network.opened


def test_what_would_be_sent_is_announced_with_its_bound() -> None:
    (told,) = host_filter.announce(BOX, prepared())
    assert told.purpose is Purpose.ACTIVE
    assert told.max_packets == 2 * MAX_PORTS * PACKETS_PER_PORT
    assert "192.0.2.1" in told.text
    assert f"{MAX_PORTS}\u00a0ports" in told.text


def test_nothing_is_announced_for_a_host_that_does_not_face_the_vantage() -> None:
    inside = replace(BOX, zone="bureaux")
    assert host_filter.announce(inside, prepared()) == ()


SRC = Path(cyberaudit.__file__).parent


def test_scapy_is_imported_in_one_module_and_inside_its_functions() -> None:
    importers = {
        path.relative_to(SRC).as_posix()
        for path in SRC.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if "scapy" in _imported(node)
    }
    assert importers == {"probes/raw/packets.py"}
    top = ast.parse((SRC / "probes" / "raw" / "packets.py").read_bytes()).body
    assert not any("scapy" in _imported(node) for node in top)


def _imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.partition(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").partition(".")[0]}
    return set()


def test_loading_the_probe_does_not_load_scapy() -> None:
    code = "import sys, cyberaudit.probes.host_filter; print('scapy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
