"""What the report says the profile lacks, when a silence proved nothing."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cyberaudit.declared import Answer, Declared, Host, Town
from cyberaudit.french import NBSP
from cyberaudit.history.state import TownState
from cyberaudit.model import Basis, Finding, Item, Reason, SeenFrom, Status, Verdict, finding_identity
from cyberaudit.reports.missing_controls import missing_controls
from tests.unit import towns

pytestmark = pytest.mark.unit

SEEN = datetime(2026, 11, 21, 12, tzinfo=UTC)
NO_CONTROL = Verdict(Status.UNKNOWN, "Rien ne le prouve.", Reason.NO_CONTROL)
V4, V6 = "198.51.100.7", "2001:db8:9::7"
WITHOUT = "Le profil ne donne pas d'adresse témoin pour l'extérieur : un silence n'y prouve rien (guide, §6)."


def finding(
    verdict: Verdict, *, check: str = "firewall.database", host: str = "box", vantage: str = "outside"
) -> Finding:
    return Finding(
        identity=finding_identity("t", check, f"host/{host}"),
        check=check,
        title="Une question ?",
        asset=f"host/{host}",
        asset_name=host,
        verdict=verdict,
        impact=3,
        base_likelihood=3,
        likelihood=3,
        measure="m",
        seen_from=SeenFrom.ANY,
        basis=Basis.MEASURED,
        contradiction=False,
        vantage=vantage,
        seen_at=SEEN,
    )


def gap(family: int) -> Verdict:
    item = Item(f"ipv{family}/no-control", Status.UNKNOWN, Reason.NO_CONTROL, "Des accès non vérifiés.")
    return replace(NO_CONTROL, items=(item,))


def town(*hosts: Host, canaries: tuple[str, str] = ("", "")) -> Town:
    base = towns.town(*(hosts or (towns.host("box"),)), towns.zone("lan"))
    return replace(base, outside_canary=canaries[0], other_outside_canary=canaries[1])


def told(findings: Sequence[Finding], of: Town) -> list[str]:
    state = TownState(of, SEEN, tuple(findings), (), ())
    return [sentence.replace(NBSP, " ") for sentence in missing_controls(state)]


def test_nothing_is_said_when_no_silence_was_in_doubt() -> None:
    assert told([finding(Verdict(Status.PASS, "Fermé."))], town()) == []
    assert told([finding(replace(NO_CONTROL, reason=Reason.NOT_LOOKED))], town()) == []


def test_without_a_canary_it_is_said_once_for_each_place() -> None:
    doubtful = [finding(gap(4)), finding(gap(6), check="firewall.console")]
    assert told(doubtful, town()) == [WITHOUT]
    inside = finding(gap(4), vantage="lan")
    assert told([*doubtful, inside], town()) == [WITHOUT, WITHOUT.replace("l'extérieur", "le réseau « lan »")]


def test_a_canary_in_one_family_leaves_the_other_in_doubt() -> None:
    heard = finding(Verdict(Status.PASS, "Fermé."), check="firewall.console")
    said = told([finding(gap(6)), heard], town(canaries=(V4, "")))
    (sentence,) = said
    assert sentence.startswith("Le profil ne donne pas d'adresse témoin en IPv6 pour l'extérieur : ")
    assert sentence.endswith("un silence en IPv6 n'y prouve rien (guide, §6).")
    assert told([finding(gap(4)), heard], town(canaries=(V4, ""))) == []
    assert told([finding(NO_CONTROL), heard], town(canaries=(V4, V6))) == []


def test_a_machine_that_never_answered_anything_has_its_address_to_confirm() -> None:
    both = (V4, V6)
    trap = finding(Verdict(Status.PASS, "En ordre."), check="firewall.every-port-open")
    silent = [finding(gap(4)), trap]
    assert told(silent, town(canaries=both)) == [
        "« box » n'a jamais répondu : faites confirmer son adresse (« confirmed: » dans le profil)."
    ]
    confirmed = replace(towns.host("box"), declared=(Declared("confirmed", towns.declaration(Answer.YES)),))
    assert told(silent, town(confirmed, canaries=both)) == []
    names = [f"h{number}" for number in range(8)]
    many = town(*(towns.host(name) for name in names), canaries=both)
    (sentence,) = told([finding(gap(4), host=name) for name in names], many)
    assert sentence.startswith("« h0 », « h1 »")
    assert "et 2 autres n'ont jamais répondu : faites confirmer leurs adresses" in sentence
