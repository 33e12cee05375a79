"""The list of ports: its size, its French, its order, and what a few well-known ones are."""

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from cyberaudit.facts.ports import BY_ID, ESSENTIAL, PORTS, UDP, USUAL, Danger, of_danger, port_name
from cyberaudit.plaintext import clean

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[2]
# What the text of a name may hold: letters, accents, figures, and little else.
SIGNS = set(" '’,()/.-:")
LONGEST_NAME = 60
# Long families drawn at random by the system, or web pages on any number of the 8000s.
SHARED_BY_MANY = {
    "page web sur un port inhabituel",
    "application web (port secondaire)",
    "Bureau à distance Windows (port déplacé)",
    "appels de procédures Windows (port tiré au sort)",
}


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs/generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_is_large_enough_for_a_town_and_no_larger() -> None:
    assert 950 <= len(USUAL) <= 1100
    assert 55 <= len(UDP) <= 70
    assert 100 <= len(ESSENTIAL) <= 140


def test_each_port_stands_once_and_is_a_number_of_its_protocol() -> None:
    assert len(BY_ID) == len(PORTS)
    for port in PORTS:
        protocol, _, number = port.id.partition("/")
        assert protocol in ("tcp", "udp"), port
        assert number == str(int(number)), port
        assert 1 <= int(number) <= 65535, port


def test_the_two_protocols_share_out_the_list() -> None:
    assert len(set(USUAL)) == len(USUAL)
    assert not set(USUAL) & set(UDP)
    assert {*USUAL, *UDP} == set(BY_ID)


def test_a_name_is_a_few_plain_words() -> None:
    for name in {port.name for port in PORTS}:
        assert name == clean(name, limit=LONGEST_NAME)
        assert not name.endswith((".", ",", ":")), name
        assert all(char.isalnum() or char in SIGNS for char in name), name
        assert name.count("(") == name.count(")") <= 1, name
        assert len(name) > 5, name


def test_names_are_not_shared_out_of_laziness() -> None:
    shared = {name for name, count in Counter(port.name for port in PORTS).items() if count > 12}
    assert shared == SHARED_BY_MANY
    assert len({port.name for port in PORTS}) > len(PORTS) / 2


def test_every_danger_has_its_ports_and_most_ports_have_none() -> None:
    assert all(of_danger(danger) for danger in Danger)
    assert sum(len(of_danger(danger)) for danger in Danger) == len(PORTS)
    assert max(Danger, key=lambda danger: len(of_danger(danger))) is Danger.OTHER


def test_only_udp_amplifies() -> None:
    assert {port.partition("/")[0] for port in of_danger(Danger.AMPLIFIER)} == {"udp"}


# The UDP services that ANSSI's scanning for DDoS amplifiers looks for.
@pytest.mark.parametrize("number", [19, 53, 69, 123, 161, 1900, 5353, 11211])
def test_what_anssi_looks_for_is_an_amplifier(number: int) -> None:
    assert BY_ID[f"udp/{number}"].danger is Danger.AMPLIFIER


def test_the_essential_ports_come_first_and_the_most_dangerous_of_them_before_the_wanted_ones() -> None:
    assert USUAL[: len(ESSENTIAL)] == ESSENTIAL
    assert ESSENTIAL[:3] == ("tcp/3389", "tcp/445", "tcp/5900")
    innocent = [BY_ID[port].danger is Danger.OTHER for port in ESSENTIAL]
    assert innocent == sorted(innocent)


@pytest.mark.parametrize("danger", [danger for danger in Danger if danger is not Danger.AMPLIFIER])
def test_each_danger_is_asked_about_when_time_is_short(danger: Danger) -> None:
    assert len(of_danger(danger) & set(ESSENTIAL)) >= 6


def test_in_udp_what_can_be_turned_against_others_comes_first_then_remote_access() -> None:
    amplifiers = of_danger(Danger.AMPLIFIER)
    assert set(UDP[: len(amplifiers)]) == amplifiers
    assert UDP[len(amplifiers) :][:4] == ("udp/500", "udp/4500", "udp/1194", "udp/5060")
    assert {"udp/161", "udp/69", "udp/53", "udp/123"} <= set(UDP[:8])


@pytest.mark.parametrize(
    ("port", "danger"),
    [
        ("tcp/3389", Danger.REMOTE_DESKTOP),
        ("tcp/3394", Danger.REMOTE_DESKTOP),
        ("tcp/5910", Danger.REMOTE_DESKTOP),
        ("tcp/5938", Danger.REMOTE_MAINTENANCE),
        ("tcp/21119", Danger.REMOTE_MAINTENANCE),
        ("tcp/5985", Danger.REMOTE_MAINTENANCE),
        ("tcp/445", Danger.FILE_SHARING),
        ("tcp/3260", Danger.FILE_SHARING),
        ("tcp/22", Danger.ADMIN),
        ("tcp/1300", Danger.ADMIN),
        ("tcp/10443", Danger.ADMIN),
        ("tcp/23", Danger.CLEARTEXT),
        ("tcp/1521", Danger.DATABASE),
        ("tcp/4900", Danger.DATABASE),
        ("tcp/19813", Danger.DATABASE),
        ("tcp/502", Danger.INDUSTRIAL),
        ("udp/3671", Danger.INDUSTRIAL),
        ("tcp/9100", Danger.PRINT_CAMERA),
        ("tcp/37777", Danger.PRINT_CAMERA),
        ("tcp/902", Danger.CONSOLE),
        ("tcp/8006", Danger.CONSOLE),
        ("tcp/9392", Danger.CONSOLE),
        ("udp/623", Danger.CONSOLE),
        ("udp/51820", Danger.OTHER),
        ("tcp/443", Danger.OTHER),
        ("tcp/8085", Danger.OTHER),
        ("tcp/49170", Danger.OTHER),
    ],
)
def test_a_well_known_port_belongs_to_its_question(port: str, danger: Danger) -> None:
    assert port in of_danger(danger)


def test_a_port_is_called_as_a_person_would_call_it() -> None:
    assert port_name("tcp/3389") == "Bureau à distance Windows"
    assert port_name("tcp/20000") == "télégestion de l'eau ou de l'énergie"
    assert port_name("udp/161") == "surveillance des équipements (SNMP)"
    assert port_name("tcp/61000") == "service inconnu"


def test_the_page_of_ports_names_every_port_once() -> None:
    page = generator().ports_page()
    found: Counter[str] = Counter()
    for row in (line for line in page.splitlines() if line.startswith(("| TCP", "| UDP"))):
        _, protocol, numbers, name, _ = (cell.strip() for cell in row.split("|"))
        for piece in numbers.split(", "):
            first, _, last = piece.partition(" à ")
            for number in range(int(first), int(last or first) + 1):
                port = f"{protocol.lower()}/{number}"
                found[port] += 1
                assert port_name(port) == name
    assert found == Counter(BY_ID.keys())


def test_the_page_of_ports_is_up_to_date() -> None:
    assert (ROOT / "docs/ports.md").read_text("utf-8") == generator().ports_page()


def test_neighbouring_ports_are_written_as_one_family() -> None:
    page = generator().ports_page()
    assert "| TCP | 5900 à 5910 | prise de main VNC |" in page
    assert "| TCP | 5985 | administration à distance de Windows |" in page
