"""The PDF documents: valid PDF/UA-1, one A4 for the mayor, the same bytes, and nothing of a town read as markup."""

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from cyberaudit.cli import screen
from cyberaudit.errors import UsageError
from cyberaudit.reports import pdf
from cyberaudit.reports.glossary_of import glossary_of
from cyberaudit.reports.words import ReportView
from tests.unit import report_samples as samples
from tests.unit.html_pages import words
from tests.unit.report_formats import poisoned
from tests.unit.report_full import LONG, full_view, overlong_view

page = pytest.importorskip("page", reason="page-validation is not installed")
pytestmark = pytest.mark.unit

VIEWS: dict[str, Callable[[], ReportView]] = {
    "full": full_view,
    "calm": samples.calm_view,
    "blind": samples.blind_view,
    "crowded": samples.crowded_view,
    "overlong": overlong_view,
    "poisoned": lambda: poisoned(samples.busy_view()),
}
every_view = pytest.mark.parametrize("name", VIEWS)


@cache
def report(name: str) -> bytes:
    return pdf.render(VIEWS[name]())


@cache
def mayor(name: str) -> bytes:
    return pdf.render_mayor(VIEWS[name]())


@every_view
@pytest.mark.parametrize("made", [report, mayor])
def test_the_document_is_accessible(name: str, made: Callable[[str], bytes]) -> None:
    found = page.validate_pdf_bytes(made(name), profile=page.ValidationProfile.PDF_UA_1)
    assert found.is_compliant, [each.message for each in found.failures]


@every_view
def test_the_page_of_the_mayor_is_one_a4_in_letters_that_are_read(name: str) -> None:
    found = page.validate_pdf_bytes(mayor(name), profile=page.ValidationProfile.PDF_UA_1)
    assert found.document.page_count == 1
    assert b"/MediaBox[0 0 595.2756 841.8898]" in mayor(name)
    assert min(pdf.SIZES) >= 8


def test_the_letters_of_the_mayor_are_as_large_as_the_page_holds() -> None:
    assert pdf.size_of(pdf.mayor_data(samples.calm_view())) == max(pdf.SIZES)
    assert pdf.size_of(pdf.mayor_data(overlong_view())) < max(pdf.SIZES)


@pytest.mark.parametrize("name", ["full", "overlong"])
def test_the_same_report_gives_the_same_bytes(name: str) -> None:
    assert pdf.render(VIEWS[name]()) == report(name)
    assert pdf.render_mayor(VIEWS[name]()) == mayor(name)


@every_view
def test_the_document_says_its_language_and_its_title_and_has_bookmarks(name: str) -> None:
    for made in (report(name), mayor(name)):
        assert b"/Lang(fr-FR)" in made
        assert b"/DisplayDocTitle true" in made
    assert b"/Outlines" in report(name)


def test_confirmed_addresses_are_links() -> None:
    view = full_view()
    view = replace(view, whom=(replace(view.whom[0], url="https://aide.example/une/page"), *view.whom[1:]))
    for made in (pdf.render(view), pdf.render_mayor(view)):
        assert b"(https://aide.example/une/page)" in made
    assert b"(https://example.test/pa-066)" in report("full")


def read(made: bytes) -> str:
    """The words on the pages, in their order."""
    found = subprocess.run(["pdftotext", "-", "-"], input=made, capture_output=True, check=True)
    return words(found.stdout.decode().replace("\u00ad", ""))


needs_pdftotext = pytest.mark.skipif(
    not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is missing"
)


@needs_pdftotext
@pytest.mark.parametrize("name", ["full", "calm", "blind", "crowded"])
def test_the_paper_holds_every_point_and_every_action(name: str) -> None:
    view = VIEWS[name]()
    # A word too long for its line is cut by the page: spaces are left out of the comparison.
    text = read(report(name)).replace(" ", "")
    told = [each.sentence if each.looked else each.stands_on for each in view.points]
    told += [each.question for each in view.points if each.status.is_open]
    told += [part for each in (*view.urgent, *view.next_actions) for part in (each.title, *each.steps)]
    told += [each.meaning for each in glossary_of(view)]
    assert not [each for each in told if "".join(words(each).split()) not in text]


@needs_pdftotext
@pytest.mark.parametrize(
    "enemy",
    [
        LONG,
        "#sys.inputs",
        "#read(`/etc/passwd`)",
        "= Titre",
        "<lettre-1>",
        "@lettre-1",
        "a // b /* c */",
        "\\u{41}",
    ],
)
def test_what_a_town_wrote_is_never_markup(enemy: str) -> None:
    view = full_view()
    point = replace(view.points[0], asset_name=enemy, items=())
    action = replace(view.urgent[0], title=enemy, contractor=enemy)
    view = replace(view, points=(point, *view.points[1:]), urgent=(action, *view.urgent[1:]))
    text = read(pdf.render(view)).replace(" ", "")
    assert text.count("".join(words(enemy).split())) >= 3
    assert "".join(words(enemy[:80]).split()) in read(pdf.render_mayor(view)).replace(" ", "")


@needs_pdftotext
def test_an_action_says_on_which_page_its_text_stands() -> None:
    pages = subprocess.run(["pdftotext", "-", "-"], input=report("full"), capture_output=True, check=True)
    texts = [words(each) for each in pages.stdout.decode().split("\f")]
    (number,) = set(re.findall(r"Texte à transmettre : page (\d+)", texts[0]))
    assert "Pouvez-vous faire ce changement" in texts[int(number) - 1]


def test_documents_are_named_once_and_cited_by_number() -> None:
    view = full_view()
    data = pdf.report_data(view)
    (listed,) = [section["documents"] for section in data["sections"] if section["documents"]]
    assert [each["title"].partition(",")[0] for each in listed] == ["ANSSI", "MonAideCyber"]
    assert listed[1] == {"title": "MonAideCyber, Guide", "url": "", "remark": "adresse non confirmée"}
    (letters,) = [section["letters"] for section in data["sections"] if section["letters"]]
    assert words(letters[0]["sources"]) == "Sources : [1], R44 ; [2], n° 3."


def test_without_its_module_the_pdf_is_refused_before_anything_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    for wanted in ("pdf:rapport.pdf", "mayor:maire.pdf"):
        with pytest.raises(UsageError, match="Le PDF demande un module de plus"):
            screen.outputs([wanted])
    assert screen.outputs(["json:rapport.json"])
    with pytest.raises(UsageError, match=re.escape("pip install typst")):
        pdf.render(samples.calm_view())
