"""The Markdown report, read by a parser: its order, and that what others wrote is text and nothing else."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cyberaudit.plaintext import clean
from cyberaudit.reports.markdown import render
from cyberaudit.reports.markdown_text import code, code_block, escaped, inline, with_links
from cyberaudit.reports.words import EvidenceView, ReportView
from tests.unit import report_samples as samples
from tests.unit.golden import golden
from tests.unit.report_formats import HOSTILE, poisoned

pytestmark = pytest.mark.unit

SAMPLES = [
    HOSTILE, "# titre", "- point", "+ point", "* point", "1. un", "12) deux", "---", "===", "> cité", "~~~",
    "```", "    code", "<b>gras</b>", "<!-- caché -->", "&copy;", "&#64;", "[a](b)", "![a](b)", "[a]: /b",
    "b | c", "b\\", "\\",
    "**gras** _it_ `code`", "`", "``", "https://mal.example", "www.mal.example", "<https://mal.example>",
    "$x$", "",
]  # fmt: skip


@cache
def busy() -> ReportView:
    return samples.busy_view()


def parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(text: str) -> list[Token]:
    """All of them, those of a line after it."""
    found = parser().parse(text)
    return [token for block in found for token in (block, *(block.children or ()))]


def headings(text: str, level: str = "h2") -> list[str]:
    found = parser().parse(text)
    return [
        after.content for each, after in pairwise(found) if each.type == "heading_open" and each.tag == level
    ]


def shown(text: str) -> str:
    return "".join(token.content for token in tokens(text) if token.type in ("text", "code_inline"))


def test_the_markdown_report_is_the_accepted_text() -> None:
    text = render(busy())
    assert text == golden("report-busy.md", text)


def test_it_goes_in_the_order_of_the_terminal() -> None:
    assert headings(render(busy())) == [
        "Déclaré, mais mesuré autrement",
        "À faire tout de suite",
        "Les actions suivantes",
        "Calendrier",
        "Budget",
        "Par thème",
        "Ce qui n'a pas pu être vérifié",
        "Risques acceptés",
        "Les portes ouvertes",
        "Le référentiel de l'État pour les communes (RCPNT)",
        "Questions sans réponse",
        "À qui s'adresser",
        "Pare-feu et réseau, point par point",
        "Courrier électronique, point par point",
        "Sauvegardes, point par point",
        "Habitudes et organisation, point par point",
        "Comment le niveau est calculé",
        "Contrôles réunis dans ce rapport",
        "Et ensuite",
    ]


def test_what_has_nothing_to_say_is_left_out() -> None:
    found = headings(render(samples.calm_view()))
    assert "Risques acceptés" not in found
    assert "Les actions suivantes" not in found
    assert samples.calm_view().nothing_urgent in render(samples.calm_view()).replace("\\", "")


def test_the_text_to_forward_keeps_its_lines() -> None:
    assert "  > Bonjour,\\\n  > Pouvez-vous faire ce changement\u00a0?\\\n  > Merci.\n" in render(busy())


def test_a_line_to_publish_stands_apart_as_it_is_pasted() -> None:
    value = "v=spf1 include:_spf.fournisseur.example -all"
    point = replace(busy().points[0], evidence=(EvidenceView("ligne à publier", value),))
    text = render(replace(busy(), points=(point,)))
    assert [token.content for token in tokens(text) if token.type == "fence"] == [f"{value}\n"]


def test_doors_beyond_what_a_report_holds_are_counted() -> None:
    host = next(each for each in busy().doors.hosts if each.doors)
    many = replace(host, doors=host.doors[:1] * 103)
    text = render(replace(busy(), doors=replace(busy().doors, hosts=(many,))))
    assert "Et 103" not in text
    assert "Et 3\u00a0autres portes ouvertes" in text


@pytest.mark.parametrize("text", SAMPLES)
@pytest.mark.parametrize("around", ["{}", "- {}", "> {}", "- a\n  - {}"])
def test_a_text_is_shown_as_it_is_wherever_it_stands(text: str, around: str) -> None:
    found = tokens(around.format(escaped(text)))
    lines = [token for token in found if token.type == "inline"]
    assert {token.type for each in lines for token in each.children or ()} <= {"text"}
    last = "".join(token.content for token in (lines[-1].children or ())) if clean(text) else ""
    assert last == clean(text, limit=4000)


@pytest.mark.parametrize("text", SAMPLES)
@pytest.mark.parametrize("around", ["a {}", "## {}"])
def test_a_text_that_begins_no_line_is_shown_too(text: str, around: str) -> None:
    expected = around.format(clean(text, limit=4000)).removeprefix("## ").strip()
    assert shown(around.format(inline(text))) == expected


@given(st.text())
def test_any_text_is_shown_and_obeyed_by_nobody(text: str) -> None:
    found = tokens(f"- {escaped(text)}")
    assert {token.type for token in found if token.level > 2 and token.type != "inline"} <= {
        "paragraph_open",
        "paragraph_close",
        "text",
    }


@pytest.mark.parametrize("text", [each for each in SAMPLES if each])
def test_a_code_span_holds_its_text(text: str) -> None:
    (span,) = [token.content for token in tokens(f"- {code(text)}") if token.type == "code_inline"]
    assert span == clean(text, limit=4000)


def test_a_block_of_code_cannot_be_left_from_inside() -> None:
    lines = ["```", "~~~~", "````x", "- fin"]
    found = tokens("\n".join(["- a", *code_block(lines, indent="  "), "- b"]))
    (fence,) = [token for token in found if token.type == "fence"]
    assert fence.content.splitlines() == lines


def test_our_own_addresses_can_be_followed_and_the_rest_is_text() -> None:
    found = tokens(with_links("Puis *17Cyber* : https://17cyber.gouv.fr"))
    assert [token.attrs["href"] for token in found if token.type == "link_open"] == [
        "https://17cyber.gouv.fr"
    ]
    assert "em_open" not in {token.type for token in found}


@pytest.mark.parametrize(
    "text", ["http://a.example", "HTTPS://a.example", "ftp://a.example", "www.a.example"]
)
def test_a_bare_address_of_another_is_no_link_for_github_either(text: str) -> None:
    assert "\\" in inline(f"voir {text}")


def test_a_report_written_by_an_enemy_has_the_same_skeleton() -> None:
    # The fiches of the checks are ours, and their lists are lists.
    view = replace(busy(), checks=())
    sane, hostile = tokens(render(view)), tokens(render(poisoned(view)))
    assert not {"html_block", "html_inline", "image", "s_open", "em_open"} & {each.type for each in hostile}
    for kind in ("heading_open", "table_open", "tr_open", "bullet_list_open", "hr"):
        assert sum(each.type == kind for each in hostile) <= sum(each.type == kind for each in sane), kind
