"""What `look ports` prints of a host: every state, who refused, what stands behind, and nothing hostile."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cyberaudit.facts.base import Facts
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter, Trick, TrickAnswer
from cyberaudit.facts.reach import AddressReach, Engine, HostReach, Line, PortAnswer, PortState
from cyberaudit.facts.reach_samples import HOSTILE_HOST
from cyberaudit.facts.services import Behind, HostServices, Trait
from cyberaudit.facts.udp import HostUdp, Question, UdpAddress, UdpAnswer
from cyberaudit.model import Observation, Reason, Unreachable
from cyberaudit.reports.look_ports import host_blocks, line_words

pytestmark = pytest.mark.unit

SEEN = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
V4 = "192.0.2.2"
LINE = Line(Engine.CONNECT, 12_000, 2, 50, only_refusals=False, asked=1_034, milliseconds=21_340)
REACH = AddressReach(
    V4,
    4,
    (
        PortAnswer("tcp/443", PortState.OPEN, "syn-ack en 12 ms"),
        PortAnswer("tcp/22", PortState.CLOSED, "rst"),
        PortAnswer("tcp/23", PortState.REJECTED, "icmp 3/13 de 192.0.2.254"),
        PortAnswer("tcp/3389", PortState.SILENT, ""),
        PortAnswer("tcp/8080", PortState.UNSTABLE, "réponses limitées à environ 50 par seconde"),
        PortAnswer("tcp/8081", Unreachable(Reason.DEADLINE), ""),
    ),
    (PortAnswer("tcp/61234", PortState.CLOSED, "rst"),),
    LINE,
)
HOST = HostReach("outside", (REACH,), ())
PORTAL = Behind(
    address=V4,
    port="tcp/443",
    protocol="https",
    product="fortinet-fortigate",
    banner="xxxxxxxx-xxxxx",
    title="Please Login",
    http_status=200,
    subject="CN=FGT60F,O=Fortinet",
    traits=frozenset({Trait.ADMIN_PAGE, Trait.TLS}),
    clues=("certificat O=Fortinet",),
)


def printed(*facts: Facts, width: int = 80) -> str:
    seen = [Observation("host/edge", each.KIND, each, SEEN) for each in facts]
    return "\n".join(line for block in host_blocks(seen, width) for line in block)


def flat(text: str) -> str:
    return " ".join(text.replace("\xa0", " ").replace("\u202f", " ").split())


def test_every_state_is_counted_and_the_one_who_refused_is_named() -> None:
    text = flat(printed(HOST))
    assert (
        "192.0.2.2 (TCP) : 5 ports essayés sur 65 535 connexions ordinaires, sans droits particuliers, "
        in text
    )
    assert (
        "1 ouvert, 1 fermé, 1 refusé en chemin, 1 muet, 1 instable, 1 non vu (le contrôle a dépassé son temps)"
        in text
    )
    assert "refus de 192.0.2.254 : interdit par une règle (ICMP 3/13) : 23" in text
    assert "réponses limitées à environ 50 par seconde : 8080" in text


def test_the_engine_and_the_line_are_said() -> None:
    assert flat(line_words(LINE)) == (
        "connexions ordinaires, sans droits particuliers, aller-retour de 12 ms, "
        "2 % des réponses perdues la première fois, refus limités à environ 50 par seconde, 1 034 essais en 21,3 s"
    )
    quiet = replace(LINE, round_trip=400, loss=0, answers_per_second=None, asked=1, milliseconds=4)
    assert flat(line_words(quiet)) == (
        "connexions ordinaires, sans droits particuliers, aller-retour de moins de 1 ms, 1 essai en moins de 0,1 s"
    )
    assert flat(line_words(LINE, raw_ports=40)).startswith(
        "connexions ordinaires, et paquets bruts sur 40 ports, "
    )
    assert "12\xa0ms" in line_words(LINE)
    assert "21,3\xa0s" in line_words(LINE)


def test_what_stands_behind_an_open_port_is_said_under_it() -> None:
    text = flat(printed(HOST, HostServices("outside", (PORTAL,), ())))
    assert "https, xxxxxxxx-xxxxx, « Please Login » certificat : CN=FGT60F,O=Fortinet" in text
    assert "chiffré, page d'administration" in text
    lost = replace(PORTAL, protocol=Unreachable(Reason.TIMEOUT))
    text = flat(printed(HOST, HostServices("outside", (lost,), ())))
    assert "non identifié : pas de réponse" in text
    assert "certificat : CN=FGT60F,O=Fortinet" in text
    for protocol, words in (("silent", "n'a rien dit"), ("unknown", "parle un langage inconnu")):
        mute = replace(PORTAL, protocol=protocol, product="", banner="", title="")
        assert words in flat(printed(HOST, HostServices("outside", (mute,), ())))


def test_an_address_that_opens_everything_is_said_so_before_its_ports() -> None:
    decoys = tuple(PortAnswer(f"tcp/{number}", PortState.OPEN, "") for number in (61001, 62002, 63003))
    liar = replace(REACH, decoys=decoys)
    assert "ouvre tous les ports, même ceux que personne n'utilise" in flat(
        printed(replace(HOST, addresses=(liar,)))
    )
    old = replace(REACH, line=Unreachable(Reason.NOT_COLLECTED))
    assert "qualité de la ligne : cela n'a pas été relevé" in flat(printed(replace(HOST, addresses=(old,))))


def test_only_as_many_open_ports_as_a_screen_holds_are_listed() -> None:
    many = tuple(PortAnswer(f"tcp/{number}", PortState.OPEN, "") for number in range(8000, 8100))
    text = flat(printed(replace(HOST, addresses=(replace(REACH, ports=many),))))
    assert "100 ouverts" in text
    assert "… et 76 autres, dans la réponse en JSON" in text
    refused = tuple(
        PortAnswer(f"tcp/{number}", PortState.REJECTED, "icmp 3/13 de 192.0.2.254") for number in range(1, 31)
    )
    assert ": 1-30" in flat(printed(replace(HOST, addresses=(replace(REACH, ports=refused),))))


def test_what_gets_past_the_filter_is_said_and_the_control_is_not() -> None:
    answers = (
        TrickAnswer("tcp/3389", Trick.SYN, PortState.SILENT, ""),
        TrickAnswer("tcp/22", Trick.SYN, PortState.CLOSED, "rst"),
        TrickAnswer("tcp/22", Trick.ACK, PortState.CLOSED, "rst"),
        TrickAnswer("tcp/445", Trick.SYN, PortState.REJECTED, "icmp 3/13 de 192.0.2.254"),
        TrickAnswer("tcp/3389", Trick.ACK, PortState.CLOSED, "rst"),
        TrickAnswer("tcp/445", Trick.SOURCE_53, PortState.OPEN, ""),
        TrickAnswer("tcp/445", Trick.SOURCE_20, PortState.SILENT, ""),
    )
    text = flat(printed(HOST, HostFilter("outside", (FilterAddress(V4, 4, answers, False),), ())))
    assert "un paquet du milieu d'une conversation passe : 3389" in text
    assert "ce qui vient du port 53 passe : 445" in text
    assert "port 20" not in text
    assert "passe : 22" not in text
    assert "et paquets bruts sur 3 ports" in text


def test_a_udp_service_says_how_much_louder_it_answers() -> None:
    answers = (
        UdpAnswer("udp/123", Question.NTP, PortState.OPEN, "réponse en 12 ms", 48, 48, True),
        UdpAnswer("udp/123", Question.NTP_CONTROL, PortState.SILENT, "", 12, 0, False),
        UdpAnswer("udp/161", Question.SNMP_DISCOVERY, PortState.CLOSED, "icmp 3/3", 60, 0, False),
    )
    text = flat(printed(HostUdp("outside", (UdpAddress(V4, 4, answers),), ())))
    assert "192.0.2.2 (UDP) : 2 ports essayés sur 65 535 1 ouvert, 1 fermé" in text
    assert "ntp : réponse en 12 ms" in text
    assert "fois" not in text
    loud = tuple(replace(answer, received=480) for answer in answers[:1])
    assert "10,0 fois ce qui est demandé" in flat(printed(HostUdp("outside", (UdpAddress(V4, 4, loud),), ())))
    assert "ntp-control" not in text


@pytest.mark.parametrize("width", [80, 52])
def test_every_line_fits_the_screen(width: int) -> None:
    text = printed(HOST, HostServices("outside", (PORTAL,), ()), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert printed(HOSTILE_HOST, width=width)


def test_open_ports_come_by_number_and_a_protocol_without_any_port_makes_no_block() -> None:
    ports = tuple(PortAnswer(f"tcp/{number}", PortState.OPEN, "") for number in (8080, 22, 443))
    lines = printed(replace(HOST, addresses=(replace(REACH, ports=ports),))).splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  tcp/")] == [
        "tcp/22",
        "tcp/443",
        "tcp/8080",
    ]
    nothing = replace(HOST, addresses=(replace(REACH, ports=()),))
    assert printed(nothing, HostUdp("outside", (UdpAddress(V4, 4, ()),), ())) == ""
