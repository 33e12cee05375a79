"""The terminal report: whole texts, and what holds at every width."""

import re
from dataclasses import replace
from functools import cache

import pytest
from rich.cells import cell_len

from cyberaudit.engine.measures import Remedies
from cyberaudit.french import NBSP
from cyberaudit.reports.console import SUMMARY_LINES, Detail, render
from cyberaudit.reports.words import EvidenceView, ReportView
from tests.unit import report_samples as samples
from tests.unit.golden import golden

pytestmark = pytest.mark.unit

VIEWS = {
    "busy": samples.busy_view,
    "calm": samples.calm_view,
    "blind": samples.blind_view,
    "crowded": samples.crowded_view,
}
DRAWN = re.compile(r"[\u2500-\u259f]")
ENGLISH = re.compile(
    r"\b(the|and|fail|failed|pass|passed|unknown|partial|error|outside|inside|urgent fix|waiver|measure|"
    r"action plan|host|warning|none|null|true|false)\b",
    re.IGNORECASE,
)


@cache
def view_named(name: str) -> ReportView:
    return VIEWS[name]()


def text_of(name: str, *, width: int = 80, simple: bool = False, detail: Detail = Detail.SUMMARY) -> str:
    return render(view_named(name), width=width, simple=simple, detail=detail, colour=False)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize(("width", "simple"), [(80, False), (52, False), (80, True)])
def test_the_summary_is_the_accepted_text(name: str, width: int, simple: bool) -> None:
    text = text_of(name, width=width, simple=simple)
    layout = "simple" if simple else f"{width}"
    assert text == golden(f"report-{name}-{layout}.txt", text)


@pytest.mark.parametrize("detail", [Detail.ALL, Detail.TECHNICAL])
@pytest.mark.parametrize(("width", "simple"), [(80, False), (52, False), (80, True)])
def test_the_full_report_is_the_accepted_text(detail: Detail, width: int, simple: bool) -> None:
    text = text_of("busy", width=width, simple=simple, detail=detail)
    layout = "simple" if simple else f"{width}"
    assert text == golden(f"report-busy-{detail}-{layout}.txt", text)


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("detail", Detail)
def test_no_line_is_wider_than_the_terminal_nor_ends_with_a_space(name: str, detail: Detail) -> None:
    for width in range(40, 121, 4):
        for line in text_of(name, width=width, detail=detail).splitlines():
            assert cell_len(line) <= width, line
            assert line == line.rstrip()


@pytest.mark.parametrize("name", VIEWS)
def test_the_summary_holds_in_45_lines_at_80_columns(name: str) -> None:
    assert text_of(name).count("\n") <= SUMMARY_LINES


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("detail", Detail)
def test_no_line_begins_with_a_sign_that_french_keeps_on_the_line_before(name: str, detail: Detail) -> None:
    for width in (40, 52, 80):
        for line in text_of(name, width=width, simple=True, detail=detail).splitlines():
            assert not re.match(r"\s*([:;»%€]|\?$)", line), line


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("detail", Detail)
def test_the_simple_layout_draws_nothing(name: str, detail: Detail) -> None:
    assert not DRAWN.search(text_of(name, simple=True, detail=detail))
    assert not DRAWN.search(text_of(name, width=71, detail=detail))
    assert DRAWN.search(text_of(name, detail=detail))


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("detail", Detail)
def test_every_layout_says_the_same(name: str, detail: Detail) -> None:
    drawn, simple = text_of(name, detail=detail), text_of(name, width=52, detail=detail)
    counted = re.compile(r"\d+\s+sur\s+\d+")
    assert sorted(counted.findall(" ".join(drawn.split()))) == sorted(
        counted.findall(" ".join(simple.split()))
    )
    for action in (*view_named(name).urgent, *view_named(name).next_actions):
        numbered = re.compile(rf"^ ?{action.rank}[. ]", re.MULTILINE)
        assert bool(numbered.search(simple)) == bool(numbered.search(drawn))


def test_the_full_report_holds_every_point() -> None:
    text = " ".join(text_of("busy", detail=Detail.ALL).split())
    for point in view_named("busy").points:
        told = point.sentence if point.looked else point.stands_on
        assert " ".join(told.split())[1:] in text
        assert point.check in text


def test_the_technical_report_holds_identities_and_addresses_of_sources() -> None:
    text = text_of("busy", detail=Detail.TECHNICAL)
    assert all(point.identity in text for point in view_named("busy").points)
    assert "https://example.test/pa-066" in text
    assert "https://example.test/mac" not in text


@pytest.mark.parametrize("detail", [Detail.ALL, Detail.TECHNICAL])
def test_the_text_for_the_contractor_is_followed_by_its_list(detail: Detail) -> None:
    text = " ".join(text_of("busy", width=120, detail=detail).split())
    forwarded, _, after = text.partition("Points à traiter :")
    assert forwarded.endswith("Pouvez-vous faire ce changement ? Merci. ")
    assert after.startswith(" - Serveur de l'état civil : le service se présente ainsi")
    assert after.index("[tcp/3389]") < after.index("[backup.fresh]")
    assert "- mx2.lhay-sur-o.example ne chiffre rien. " in after
    assert "- mx1.lhay-sur-o.example" not in after


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("detail", [Detail.SUMMARY, Detail.ALL])
def test_no_english_word_is_printed(name: str, detail: Detail) -> None:
    text = re.sub(r"\[[^\]]*\]|cyberaudit explain \S+|--\S+", "", text_of(name, detail=detail))
    assert not ENGLISH.findall(text)


@pytest.mark.parametrize("name", VIEWS)
def test_no_port_number_stands_in_a_title(name: str) -> None:
    view = view_named(name)
    titles = [view.title, *(each.title for each in (*view.urgent, *view.next_actions))]
    titles += [each.name for each in view.themes]
    assert not any(re.search(r"(tcp|udp)/|\bport\b|:\d+", title) for title in titles)


def test_colours_add_nothing_but_colours() -> None:
    coloured = render(view_named("busy"), width=80, simple=False, detail=Detail.ALL, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text_of("busy", detail=Detail.ALL)


@pytest.mark.parametrize("detail", Detail)
def test_what_the_network_said_moves_no_cursor_and_is_no_markup(detail: Detail) -> None:
    text = text_of("busy", detail=detail)
    assert all(char.isprintable() or char in "\n\u00a0\u202f" for char in text)
    assert ("[bold]x[/]" in text) == (detail not in (Detail.SUMMARY, Detail.WHY))


def test_at_most_two_urgencies_are_told_in_full_and_the_others_counted() -> None:
    text = text_of("busy").replace("\u00a0", " ")
    assert text.count("Pourquoi :") == 2
    assert "Et 1 autre urgence : option --all." in text


def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = text_of("calm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    assert text_of("calm") == expected


def test_a_town_without_any_point_is_told_calmly() -> None:
    text = render(
        samples.view_of([], samples.town()), width=80, simple=False, detail=Detail.SUMMARY, colour=False
    )
    assert "NON ÉVALUÉ" in text
    assert "Par thème" not in text
    assert "█" not in text


def test_texts_too_long_for_any_summary_are_still_told_whole() -> None:
    endless = samples.measure("close-remote-access", "Fermer l'accès", "Un mot après l'autre, " * 300)
    remedies = Remedies({**samples.REMEDIES.measures, endless.id: endless}, samples.SOURCES)
    view = samples.view_of(samples.BUSY, samples.town(), remedies=remedies)
    text = render(view, width=80, simple=False, detail=Detail.SUMMARY, colour=False)
    assert text.count("\n") > SUMMARY_LINES
    assert "https://17cyber.gouv.fr" in text


@pytest.mark.parametrize("detail", [Detail.ALL, Detail.TECHNICAL])
def test_a_line_to_publish_stands_under_its_point_as_it_is_pasted(detail: Detail) -> None:
    line = f'mairie.example. IN TXT "v=DMARC1; p=none; rua=mailto:{"a" * 60}@mairie.example"'
    proposed = EvidenceView("ligne à publier", line)
    view = view_named("busy")
    faulty = next(each for each in view.points if each.status.is_open)
    others = tuple(each for each in view.points if each is not faulty)
    text = render(
        replace(view, points=(replace(faulty, evidence=(proposed,)), *others)),
        width=52,
        simple=False,
        detail=detail,
        colour=False,
    )
    assert text.splitlines().count(line) == 1
    assert "ligne à publier =" not in text.replace(NBSP, " ")
