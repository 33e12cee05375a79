"""`look` before and after the looking: what is no target, and what a short list of ports leaves out."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.errors import UsageError
from cyberaudit.facts.reach import AddressReach, HostReach, PortAnswer, PortState
from cyberaudit.french import NBSP
from cyberaudit.model import Audit, Evidence, Item, Observation, Reason, Status, Unreachable, Verdict
from cyberaudit.probes.instruments import Options
from cyberaudit.reports.look import FROM_WHERE, points
from cyberaudit.run.look import _as_asked, look_at_ports
from tests.unit.test_reports_missing_controls import finding, town

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LEFT_OUT = Item("ipv4/not-collected", Status.UNKNOWN, Reason.NOT_COLLECTED, "90 accès non vérifiés.")
OPEN = Item("tcp/22", Status.FAIL, "open", "Ouvert.")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("http://192.0.2.2:80/x", "est une adresse de page : écrivez l'adresse ou le nom seul"),
        ("http://192.0.2.2:80/x", "(exemple : 192.0.2.2)"),
        ("192.0.2.2:8080", "porte un port"),
        ("mairie.example:443", "(exemple : mairie.example)"),
        ("[2001:db8::2]:443", "(exemple : 2001:db8::2)"),
        ("192.0.2.0/30", "une machine à la fois"),
        ("LocalHost", "écrivez 127.0.0.1"),
    ],
)
def test_what_is_no_machine_is_answered_with_what_to_write(target: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        look_at_ports(target, load_catalogue(), Options(), authorized_by="Jeanne", now=NOW)
    assert said in str(raised.value).replace(NBSP, " ")


def test_a_question_whose_ports_were_not_asked_is_left_out() -> None:
    unasked = Verdict(Status.UNKNOWN, "Ce point n'a pas pu être vérifié.", Reason.NO_CONTROL, (LEFT_OUT,))
    assert _as_asked(finding(unasked)) is None
    assert _as_asked(finding(replace(unasked, reason=Reason.NOT_COLLECTED, items=()))) is None


def test_a_fault_stays_without_the_ports_that_were_not_asked() -> None:
    proof = (
        Evidence("tcp/22 192.0.2.2", "syn-ack"),
        Evidence(f"IPv4, {Unreachable(Reason.NOT_COLLECTED)}", "tcp/222"),
    )
    seen = finding(Verdict(Status.FAIL, "Ouvert.", "open", (OPEN, LEFT_OUT), proof))
    left = _as_asked(seen)
    assert left is not None
    assert (left.verdict.items, left.verdict.evidence) == ((OPEN,), proof[:1])
    doubtful = finding(Verdict(Status.UNKNOWN, "Non vu.", Reason.NO_CONTROL))
    assert _as_asked(doubtful) == doubtful


def test_an_answer_about_ports_says_first_from_where_it_is_judged_and_its_codes_are_french() -> None:
    lost = Unreachable(Reason.NOT_COLLECTED)
    reach = AddressReach("192.0.2.2", 4, (PortAnswer("tcp/22", PortState.OPEN, ""),), lost, lost)
    facts = HostReach("outside", (reach,), ())
    declared = Evidence("déclaré", "yes, par Jeanne")
    judged = finding(Verdict(Status.PASS, "En ordre.", evidence=(declared,)))
    seen = (Observation("host/box", facts.KIND, facts, NOW),)
    audit = Audit("u", town(), "outside", "", NOW, NOW, False, "r", "0", seen, (judged,))
    lines = points(audit, width=80).replace(NBSP, " ").splitlines()
    assert lines[0] == FROM_WHERE
    assert lines[2].startswith("192.0.2.2 (TCP) : 1 port essayé sur 65")
    assert any("déclaré : oui, par Jeanne" in line for line in lines)
    assert not points(replace(audit, observations=()), width=80).startswith(FROM_WHERE)
    cut = points(replace(audit, partial=True), width=80).replace(NBSP, " ").splitlines()
    assert cut[:2] == ["! Contrôle interrompu : ce qui suit est incomplet.", FROM_WHERE]
