"""Cutting French text into lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cyberaudit.french import NBSP
from cyberaudit.reports.wrap import wrap, wrap_fiche

pytestmark = pytest.mark.unit


def test_the_next_lines_stand_under_the_first_word() -> None:
    assert wrap("un deux trois quatre", 14, first="1. ") == ["1. un deux", "   trois", "   quatre"]


def test_a_colon_never_begins_a_line() -> None:
    assert wrap(f"le mot{NBSP}: la suite", 7) == ["le", f"mot{NBSP}:", "la", "suite"]


def test_a_word_wider_than_the_line_is_sliced_and_never_gains_a_space() -> None:
    record = "ip4:198.51.100.0/24," * 5
    lines = wrap(record, 30, first="Preuve : ", rest="  ")
    assert "".join(line.removeprefix("Preuve :").strip() for line in lines) == record


def test_an_empty_text_keeps_its_label_without_trailing_space() -> None:
    assert wrap("", 20, first="   Comment : ") == ["   Comment :"]


def test_wide_characters_count_for_two_cells() -> None:
    assert [cell_len(line) for line in wrap("漢字漢字漢字", 5)] == [4, 4, 4]


def test_a_fiche_keeps_its_paragraphs_and_its_list() -> None:
    text = "Un paragraphe\nsur deux lignes.\n\n1. Un point\n   long.\n2. Un autre.\n- Un tiret."
    assert wrap_fiche(text, 40, indent="  ") == [
        "  Un paragraphe sur deux lignes.",
        "",
        "  1. Un point long.",
        "  2. Un autre.",
        "  - Un tiret.",
    ]


def test_what_could_move_the_cursor_is_taken_out() -> None:
    (line,) = wrap("avant\x1b[2Japrès\r\u202efin", 80)
    assert line.isprintable()


@given(
    st.text(max_size=300), st.integers(min_value=12, max_value=60), st.sampled_from(["", "1. ", "   é : "])
)
def test_no_text_makes_a_line_wider_than_asked(text: str, width: int, first: str) -> None:
    for line in wrap(text, width, first=first):
        assert cell_len(line) <= width
        assert line == line.rstrip()
        assert all(char.isprintable() or char in "\u00a0\u202f" or char.isspace() for char in line)


def test_an_address_that_holds_on_its_own_line_is_never_cut() -> None:
    url = "https://example.test/" + "guide-" * 8
    assert wrap(f"Le guide {url}", 76, first="   Source : ", rest="   ")[-1] == f"   {url}"
