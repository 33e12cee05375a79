"""The HTML report: sound for readers aloud, closed to what others wrote, complete on paper."""

import re
from dataclasses import replace
from functools import cache
from html import unescape
from itertools import pairwise

import pytest

from cyberaudit.history.transitions import Transition
from cyberaudit.reports import html
from cyberaudit.reports.change_words import ChangeLine, Section, SectionView
from cyberaudit.reports.changes import NOTHING_TO_COMPARE
from cyberaudit.reports.html import render_changes
from cyberaudit.reports.page_text import visible
from cyberaudit.reports.theme_points import by_theme, is_told
from cyberaudit.reports.words import DoorView
from tests.unit import report_samples as samples
from tests.unit.html_pages import Page, read
from tests.unit.report_formats import HOSTILE, poisoned
from tests.unit.report_full import full_view

pytestmark = pytest.mark.unit

VIEWS = {
    "full": full_view,
    "busy": samples.busy_view,
    "calm": samples.calm_view,
    "blind": samples.blind_view,
    "crowded": samples.crowded_view,
}
FORBIDDEN = re.compile(r"on[a-z]+|src|srcset|style|formaction|action|data|ping|background")


@cache
def text_of(name: str) -> str:
    return html.render(VIEWS[name]())


@cache
def page_of(name: str) -> Page:
    return read(text_of(name))


every_view = pytest.mark.parametrize("name", VIEWS)


@every_view
def test_the_page_says_its_language_its_title_and_has_one_first_heading(name: str) -> None:
    page = page_of(name)
    assert page.tags[0] == ("html", {"lang": "fr"})
    assert [level for level, _ in page.headings].count(1) == 1
    assert re.search(r"<title>Cybersécurité de la mairie .* — 21\xa0novembre\xa02026</title>", text_of(name))


@every_view
def test_headings_never_skip_a_level_and_none_is_empty(name: str) -> None:
    headings = page_of(name).headings
    assert all(text.strip() for _, text in headings)
    assert all(after <= before + 1 for (before, _), (after, _) in pairwise(headings))


@every_view
def test_ids_are_unique_and_every_inner_link_leads_somewhere(name: str) -> None:
    page = page_of(name)
    assert len(set(page.ids)) == len(page.ids)
    inner = {link.removeprefix("#") for link in page.links if link.startswith("#")}
    assert inner <= set(page.ids)
    assert "a-faire" in inner, "the skip link"


@every_view
def test_every_table_has_a_caption_and_every_head_a_scope(name: str) -> None:
    tags = [tag for tag, _ in page_of(name).tags]
    assert tags.count("table") == tags.count("caption") >= (name != "calm")
    assert all("scope" in attributes for tag, attributes in page_of(name).tags if tag == "th")


@every_view
def test_every_drawing_is_silent_and_nothing_moves_or_runs(name: str) -> None:
    page = page_of(name)
    assert all(
        each.get("aria-hidden") == "true" for tag, each in page.tags if tag == "svg" and "width" in each
    )
    assert not {tag for tag, _ in page.tags} & {"script", "iframe", "object", "embed", "img", "link", "form"}
    assert not re.search(r"transition|animation|@import|url\(", text_of(name))


@every_view
def test_only_confirmed_addresses_are_links(name: str) -> None:
    view = VIEWS[name]()
    sources = {each.url for action in (*view.urgent, *view.next_actions) for each in action.sources}
    confirmed = sources | {each.url for each in view.whom}
    outer = {link for link in page_of(name).links if not link.startswith("#")}
    assert outer <= confirmed
    assert all(link.startswith("https://") for link in outer)


@every_view
def test_the_page_forbids_every_load(name: str) -> None:
    policy = next(each for tag, each in page_of(name).tags if each.get("http-equiv"))
    assert policy["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")


@every_view
def test_one_kind_of_apostrophe_and_of_spaces_before_high_signs(name: str) -> None:
    text = page_of(name).text
    assert "’" not in text
    assert not re.search(r"(?<=[a-zàâéèêëîïôùûç»]) [;!?»]", html.render(VIEWS[name]()).split("</style>")[1])


@pytest.mark.parametrize(
    "enemy",
    [
        HOSTILE,
        "</style><script>alert(1)</script>",
        "{{7*7}}",
        "\" onload='x' ",
        "<img src=x>",
        "{% x %}",
        "&lt;b&gt;",
    ],
)
def test_what_an_enemy_wrote_is_text(enemy: str) -> None:
    view = samples.busy_view()
    point = replace(view.points[0], sentence=enemy, asset_name=enemy, stands_on=enemy)
    action = replace(view.urgent[0], title=enemy, why=enemy, contractor=enemy)
    page = read(
        html.render(
            replace(view, title=enemy, points=(point, *view.points[1:]), urgent=(action, *view.urgent[1:]))
        )
    )
    assert dict(page.statuses) == {each.identity: str(each.status) for each in view.points}
    assert [tag for tag, _ in page.tags if tag in {"style", "script", "img"}] == ["style"]
    assert page.headings[0][1].split() == visible(enemy).split()


def test_a_report_written_by_an_enemy_keeps_its_shape() -> None:
    text = html.render(poisoned(samples.busy_view()))
    page, honest = read(text), page_of("busy")
    assert [tag for tag, _ in page.tags if tag != "a"] == [tag for tag, _ in honest.tags if tag != "a"]
    assert not [name for _, found in page.tags for name in found if FORBIDDEN.fullmatch(name)]
    assert {char for char in text if ord(char) < 32 or ord(char) == 127} == {"\n"}
    assert not set("\u202e\u2028\x85\ud800") & set(text)


def test_points_in_order_are_folded_and_open_ones_stand_in_full() -> None:
    view = full_view()
    for theme in by_theme(view):
        assert all(is_told(each) for check in theme.told for each in check.points)
        assert not any(
            line.point.status.is_open
            for short in theme.short
            for group in short.groups
            for line in group.lines
        )
    found = [theme.theme for theme in by_theme(view)]
    assert found[-1] == "web", "a theme in which nothing applies comes last, and is there"


def test_the_text_for_the_contractor_stands_below_its_action() -> None:
    text = text_of("full")
    for action in full_view().urgent:
        article = text.split(f'id="action-{action.rank}"')[1].split("</article>")[0]
        assert ("Texte à transmettre" in article) is bool(action.contractor)
        assert visible(action.steps[0]) in article.replace("&#39;", "'")


def test_a_stopgap_follows_its_date_without_a_capital() -> None:
    assert "En attendant, avant le 28\xa0novembre\xa0:</strong> copier dès ce soir" in text_of("busy")
    action = replace(full_view().urgent[0], stopgap_deadline="")
    assert html.meanwhile(action) == "En attendant"


def test_a_host_that_opens_everything_does_not_fill_the_page() -> None:
    view = samples.busy_view()
    host = next(each for each in view.doors.hosts if each.doors)
    doors: tuple[DoorView, ...] = host.doors[:1] * (html.MOST_DOORS + 7)
    (told,) = html.open_doors(replace(view, doors=replace(view.doors, hosts=(replace(host, doors=doors),))))
    assert told.sentences[-1] == "Et 7\xa0autres portes ouvertes\xa0: rapport en JSON."
    assert len(told.sentences) == len(host.remarks) + html.MOST_DOORS + 1


def test_the_page_of_changes_says_every_sentence_and_nothing_hostile_becomes_markup() -> None:
    line = ChangeLine(
        "p", "mail.spf", Transition.WORSE, "main", "main — <b>C'était</b> en ordre.", "Vu <i>là</i>."
    )
    section = SectionView(Section.DEGRADED, "Ce qui s'est dégradé", "Remarque.", (line,))
    view = replace(NOTHING_TO_COMPARE, sentence="Depuis le 14 novembre : 1 dégradation.", sections=(section,))
    page = render_changes("Ce qui a changé : L'Haÿ <script>", view)
    text = unescape(page)
    for told in (view.sentence, section.title, section.remark, line.sentence, line.seen):
        assert told in text
    assert not {"<script>", "<b>", "<i>"} & set(re.findall(r"<[a-z]+>", page))
    assert '<html lang="fr">' in page
    assert "default-src 'none'" in page
