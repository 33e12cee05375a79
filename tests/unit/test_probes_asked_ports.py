"""The ports a person asks for, as words become port ids."""

import pytest

from cyberaudit.errors import UsageError
from cyberaudit.facts import ports
from cyberaudit.probes.asked_ports import MOST_UDP, read_ports

pytestmark = pytest.mark.unit


def test_the_usual_ports_are_the_whole_list_and_the_essential_ones_come_first() -> None:
    asked = read_ports("usual")
    assert (asked.tcp, asked.udp) == (ports.USUAL, ports.UDP)
    assert asked.tcp[: len(ports.ESSENTIAL)] == read_ports("essential").tcp == ports.ESSENTIAL


def test_every_port_is_asked_once_and_the_usual_ones_first() -> None:
    asked = read_ports("all")
    assert len(asked.tcp) == len(set(asked.tcp)) == 65535
    assert asked.tcp[: len(ports.USUAL)] == ports.USUAL


@pytest.mark.parametrize(
    ("text", "tcp", "udp"),
    [
        ("22", ("tcp/22",), ()),
        (" 22, 80-82 ,22", ("tcp/22", "tcp/80", "tcp/81", "tcp/82"), ()),
        ("udp/161,tcp/65535", ("tcp/65535",), ("udp/161",)),
        ("udp/5060-5061", (), ("udp/5060", "udp/5061")),
    ],
)
def test_a_list_names_ports_and_ranges_of_both_protocols(
    text: str, tcp: tuple[str, ...], udp: tuple[str, ...]
) -> None:
    asked = read_ports(text)
    assert (asked.tcp, asked.udp) == (tcp, udp)


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "90-80", "sctp/22", "22;23", "http", "١٢", "22,", "1-2-3", "\x1b[31m"]
)
def test_what_is_no_port_is_refused_with_examples(text: str) -> None:
    with pytest.raises(UsageError, match="exemples : usual, essential, all") as raised:
        read_ports(text)
    assert "\x1b" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("80-22", "« 80-22 » va à l'envers : écrivez 22-80"),
        ("udp/", "« udp/ » ne dit pas quel port"),
        ("70000", "« 70000 » : un port va de 1 à 65535"),
        ("90000-80", "un port va de 1 à 65535"),
        ("", "il manque un port"),
        ("22,,80", "il manque un port"),
        ("22,all", "« all » s'emploie seul"),
    ],
)
def test_each_mistake_has_its_own_reason(text: str, why: str) -> None:
    with pytest.raises(UsageError) as raised:
        read_ports(text)
    assert why in str(raised.value)


def test_more_udp_ports_than_can_be_heard_are_refused_and_the_reason_is_said() -> None:
    assert len(read_ports(f"udp/1-{MOST_UDP}").udp) == MOST_UDP
    with pytest.raises(UsageError, match="ports UDP, c'est trop : 150 au plus"):
        read_ports("udp/1-3000")
