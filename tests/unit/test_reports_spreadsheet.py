"""The table of points: what a French spreadsheet and a program read in it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.model import Status
from cyberaudit.reports.spreadsheet import HEAD, render
from tests.unit import report_samples as samples
from tests.unit.golden import golden
from tests.unit.report_formats import poisoned, rows

pytestmark = pytest.mark.unit

COMPUTED = tuple("=+-@＝＋－＠\t\r\n")
BUSY = samples.busy_view()


def row(**changes: Any) -> dict[str, str]:
    (found,) = rows(render(replace(BUSY, points=(replace(BUSY.points[0], **changes),))))
    return found


def test_the_table_is_the_accepted_text() -> None:
    text = render(BUSY)
    # Line ends are CR LF, which the accepted text does not keep.
    assert text.replace("\r\n", "\n") == golden("report-busy.csv", text.replace("\r\n", "\n"))


def test_it_begins_with_the_mark_of_utf_8_and_parts_cells_as_french_spreadsheets_do() -> None:
    head, *others = render(BUSY).encode().split(b"\r\n")
    assert head == "\ufeff{}".format(";".join(HEAD)).encode()
    assert len(others) == len(BUSY.points) + 1
    assert others[-1] == b""


def test_a_point_is_told_in_french_with_its_codes() -> None:
    found = row()
    assert (found["état"], found["statut"]) == ("à corriger", "fail")
    assert found["thème"] == "Pare-feu et réseau"
    assert (found["risque"], found["gravité"], found["vraisemblance"]) == ("16", "4", "4")
    assert found["vu le"] == "2026-11-21T21:10:00Z"
    assert found["détails"].startswith("à corriger\u00a0: le service se présente ainsi")
    assert found["détails"].endswith("[tcp/3389]")


def test_flags_are_said_in_words() -> None:
    assert row(waived=True)["accepté"] == "oui"
    assert row(contradiction=False)["contredit"] == "non"


def test_what_became_of_a_point_since_the_visit_before_is_a_word() -> None:
    assert row(since_last_word="dégradé")["depuis la dernière fois"] == "dégradé"
    assert row()["depuis la dernière fois"] == ""


def test_what_nobody_looked_at_says_so() -> None:
    found = row(looked=False, status=Status.UNKNOWN, stands_on="Non regardé depuis l'extérieur.")
    assert found["constat"] == "Non regardé depuis l'extérieur."


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+33 1 02 03 04 05", "-all", "@SUM(A1)", "＝1", "\t=1", "\r=1", " =1", "\u00a0=1", "\x00=1",
        "\u202e=1", "'=1",
    ],
)  # fmt: skip
def test_no_cell_is_computed(text: str) -> None:
    assert row(asset_name=text)["nom"].startswith("'")


@pytest.mark.parametrize("identity", ["1234567890123456", "12345678e1234567", "12345678E1234567"])
def test_an_identity_that_reads_as_a_number_stays_a_text(identity: str) -> None:
    assert row(identity=identity)["identité"] == f"'{identity}"


def test_an_ordinary_identity_is_as_it_is() -> None:
    assert row(identity="81b9f91092731d7b")["identité"] == "81b9f91092731d7b"


@given(st.text())
def test_any_text_is_one_cell_that_is_not_computed(text: str) -> None:
    found = row(asset_name=text, sentence=text)
    assert set(found) == set(HEAD)
    for value in (found["nom"], found["constat"]):
        assert not value.lstrip().startswith(COMPUTED)
        assert not any(char in value for char in "\r\n\t\x00\x1b")


def test_a_table_written_by_an_enemy_has_the_same_shape() -> None:
    found = rows(render(poisoned(BUSY)))
    assert len(found) == len(BUSY.points)
    assert all(not value.lstrip().startswith(COMPUTED) for each in found for value in each.values())


def test_no_cell_is_longer_than_a_spreadsheet_takes() -> None:
    item = BUSY.points[0].items[0]
    found = row(items=tuple(replace(item, text=f"{number} " + "x" * 3000) for number in range(30)))
    assert len(found["détails"]) == 32_000
