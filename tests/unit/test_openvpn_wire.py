"""Packets of OpenVPN, built and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.probes.openvpn.wire import ACK, CONTROL, RESET_CLIENT, RESET_SERVER, Packet, build, parse

pytestmark = pytest.mark.unit

SESSION, OTHER = bytes(range(8)), bytes(range(8, 16))
NUMBERS = st.integers(0, 2**32 - 1)
SESSIONS = st.binary(min_size=8, max_size=8)


def test_the_reset_of_a_client() -> None:
    assert build(Packet(RESET_CLIENT, SESSION)) == b"\x38" + SESSION + bytes(5)


def test_the_reset_of_a_server() -> None:
    data = b"\x40" + SESSION + b"\x01" + bytes(4) + OTHER + bytes(4)
    assert parse(data) == Packet(RESET_SERVER, SESSION, (0,), OTHER)


@given(st.sampled_from([CONTROL, RESET_CLIENT, RESET_SERVER]), SESSIONS, NUMBERS, st.binary(max_size=50))
def test_what_is_built_is_read(opcode: int, session: bytes, number: int, payload: bytes) -> None:
    packet = Packet(opcode, session, (), b"", number, payload)
    assert parse(build(packet)) == packet


@given(SESSIONS, st.lists(NUMBERS, min_size=1, max_size=8), SESSIONS)
def test_acknowledgements_are_read(session: bytes, acks: list[int], other: bytes) -> None:
    packet = Packet(ACK, session, tuple(acks), other)
    assert parse(build(packet)) == packet


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x38" + SESSION,
        b"\x38" + SESSION + b"\x00" + bytes(3),
        b"\x39" + SESSION + bytes(5),  # a renegotiated key
        b"\x30" + SESSION + bytes(5),  # data
        b"\x28" + SESSION + b"\x09" + bytes(60),
        b"\x28" + SESSION + b"\x01" + bytes(11),
        b"HTTP/1.1 400 Bad Request",
    ],
)
def test_what_is_no_packet(data: bytes) -> None:
    assert parse(data) is None


@given(st.binary(max_size=100))
def test_anything_may_come(data: bytes) -> None:
    parse(data)
