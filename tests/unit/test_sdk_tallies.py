"""How ports answered, in the words of the report: counts, lists that fit a line, states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.facts.reach import PortState
from cyberaudit.model import Reason, Unreachable
from cyberaudit.sdk.tallies import listed_ports, state_name, tally, why_unseen
from cyberaudit.sdk.verdicts import EVIDENCE_LIMIT
from tests.unit.hosts_seen import HEARD, V4, V6, ask, reach, seen

pytestmark = pytest.mark.unit

OPEN, CLOSED, REJECTED = PortState.OPEN, PortState.CLOSED, PortState.REJECTED
SILENT, UNSTABLE = PortState.SILENT, PortState.UNSTABLE
LOST = Unreachable(Reason.TIMEOUT)


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (
            [OPEN] * 2 + [CLOSED] * 60 + [SILENT] * 42,
            "104 ports essayés : 2 ouverts, 60 fermés par la machine, 42 muets, 0 refusé en chemin",
        ),
        (
            [REJECTED, UNSTABLE, UNSTABLE, LOST, LOST],
            "3 ports essayés : 0 ouvert, 0 fermé par la machine, 0 muet, 1 refusé en chemin, 2 instables ; 2 non vus",
        ),
        ([CLOSED], "1 port essayé : 0 ouvert, 1 fermé par la machine, 0 muet, 0 refusé en chemin"),
        ([LOST], "aucun port essayé ; 1 non vu"),
        ([], "aucun port essayé"),
    ],
)
def test_ports_are_counted_by_what_they_answered(states: list[PortState | Unreachable], words: str) -> None:
    assert tally(states).replace("\u00a0", " ") == words


def test_each_address_is_counted_apart() -> None:
    facts = seen(reach(V4, SILENT, {"tcp/3389": OPEN}), reach(V6, CLOSED), canaries=HEARD)
    told = {line.label: line.value for line in ask("firewall.remote-desktop", facts).evidence}
    assert ": 1\u00a0ouvert, 0\u00a0fermé par la machine, " in told[f"ports {V4}"]
    assert ": 0\u00a0ouvert, " in told[f"ports {V6}"]
    assert "à vérifier" not in "".join(told.values())


@pytest.mark.parametrize(
    ("ports", "room", "words"),
    [
        ((), 400, ""),
        (("tcp/80",), 400, "tcp/80"),
        (("tcp/", "80", "tcp/²", "tcp/1", "tcp/2"), 400, "80, tcp/1-2, tcp/, tcp/²"),
        (("x" * 50, "tcp/1"), 30, "tcp/1 et 1 autre"),
        (("x" * 50,), 30, "et 1 autre"),
        (("tcp/443", "tcp/22", "tcp/21", "tcp/23", "udp/53", "tcp/22"), 400, "tcp/21-23, tcp/443, udp/53"),
        (("tcp/1", "tcp/3", "tcp/5", "tcp/7", "tcp/9"), 30, "tcp/1, tcp/3 et 3 autres"),
        (("tcp/1", "tcp/3", "tcp/5", "tcp/7"), 30, "tcp/1, tcp/3, tcp/5, tcp/7"),
        (tuple(f"tcp/{n}" for n in (*range(1, 10), 20, 30, 40)), 30, "tcp/1-9, tcp/20 et 2 autres"),
        (("tcp/1", "tcp/30000", "tcp/50000", "tcp/60000"), 30, "tcp/1, tcp/30000 et 2 autres"),
    ],
)
def test_a_long_list_is_cut_between_two_ports(ports: tuple[str, ...], room: int, words: str) -> None:
    assert listed_ports(ports, room=room).replace("\u00a0", " ") == words


@given(st.sets(st.integers(1, 65535), max_size=400))
def test_a_list_of_ports_fits_a_line_and_loses_none_unsaid(numbers: set[int]) -> None:
    words = listed_ports(f"tcp/{number}" for number in numbers)
    kept, _, others = words.partition(" et ")
    shown = 0
    for piece in filter(None, kept.split(", ")):
        first, _, last = piece.removeprefix("tcp/").partition("-")
        shown += int(last or first) - int(first) + 1
    assert len(words) <= EVIDENCE_LIMIT
    assert shown + int(others.partition("\u00a0")[0] or 0) == len(numbers)


def test_a_gap_in_the_evidence_is_never_cut_in_the_middle_of_a_port() -> None:
    verdict = ask("firewall.unexpected-port", seen(reach(V4, LOST)))
    (gap,) = [line for line in verdict.evidence if line.label.startswith("IPv4, ")]
    assert gap.value.endswith("\u00a0autres")
    assert "…" not in gap.value


@pytest.mark.parametrize(
    ("state", "detail", "words"),
    [
        (CLOSED, "rst", "fermé (rst)"),
        (OPEN, "", "ouvert"),
        (REJECTED, "", "refusé en chemin"),
        (SILENT, "", "muet"),
        (UNSTABLE, "", "instable"),
        (LOST, "", "non vu, pas de réponse dans le temps prévu"),
    ],
)
def test_states_have_french_names(state: PortState | Unreachable, detail: str, words: str) -> None:
    assert state_name(state, detail) == words


def test_a_cause_is_told_with_its_circumstance_but_not_twice() -> None:
    assert why_unseen(Unreachable(Reason.NO_ROUTE, "eth0")) == "aucun chemin réseau depuis cet endroit (eth0)"
    cut = why_unseen(Unreachable(Reason.RESET, "connexion fermée sans un mot"))
    assert cut == "le service a fermé sans un mot : rien ne dit ce qu'il est"
