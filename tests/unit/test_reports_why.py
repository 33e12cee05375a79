"""`report --why`: a reader with a calculator finds the level, each tier, each rank again."""

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.declared import Adoption
from cyberaudit.french import NARROW, NBSP
from cyberaudit.model import Basis, Finding, Reason, Status
from cyberaudit.plan.build import build_plan
from cyberaudit.plan.words import Action, ActionKind, Unknown
from cyberaudit.reports import why, why_text
from cyberaudit.reports.console import Detail, render
from cyberaudit.reports.layout import Sheet
from cyberaudit.reports.level import level_view
from cyberaudit.reports.points import Scene
from cyberaudit.reports.words import LevelView, ReportView
from tests.unit import report_samples as samples
from tests.unit.plan_samples import NOW, TODAY, finding, measure, plan_of, town

pytestmark = pytest.mark.unit

WIDE = Sheet(width=100_000, simple=True)


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(NARROW, " ")


def scene_of(*measures: Any) -> Scene:
    assert NOW.tzinfo
    return Scene(town(), replace(samples.REMEDIES, measures={m.id: m for m in measures}), NOW.tzinfo, TODAY)


def text_of(view: ReportView) -> str:
    lines = [*why_text.level(view, WIDE), *why_text.ranks(view, WIDE)]
    return plain("\n".join(line.plain for line in lines))


@pytest.mark.parametrize(
    ("value", "rounded", "exact", "share"),
    [
        (Fraction(0), "0", "0", "0 %"),
        (Fraction(1), "1", "1", "100 %"),
        (Fraction(9, 2), "4,5", "4,5", "450 %"),
        (Fraction(1, 4), "0,25", "0,25", "25 %"),
        (Fraction(8, 3), "2,67", "2,67 (8/3)", "8/3"),
        (Fraction(1, 3), "0,33", "0,33 (1/3)", "1/3"),
        (Fraction(1, 200), "0,01", "0,01 (1/200)", "1/200"),
        (Fraction(1999, 200), "10", "10 (1999/200)", "1999/200"),
        (Fraction(1001, 10), "100,1", "100,1", "10010 %"),
    ],
)
def test_a_number_is_told_rounded_or_exactly_or_as_a_share(
    value: Fraction, rounded: str, exact: str, share: str
) -> None:
    assert (why.decimal(value), why.exactly(value), why.share(value)) == (rounded, exact, share)


@given(st.fractions(min_value=0, max_value=1000, max_denominator=500))
def test_what_is_said_exactly_is_read_back_exactly(value: Fraction) -> None:
    assert read(why.exactly(value)) == value
    assert abs(read(why.decimal(value)) - value) <= Fraction(1, 200)


def read(text: str) -> Fraction:
    """What a person types in a calculator: the fraction when there is one."""
    found = re.search(r"\((\d+/\d+)\)", text)
    return Fraction(found[1]) if found else Fraction(text.replace(",", "."))


def sentence_of(*found: Finding) -> str:
    (only,) = why.weight_views(found, scene_of(measure("m")))
    return plain(only.sentence)


def of(status: Status, number: int = 1, basis: Basis = Basis.MEASURED) -> Finding:
    reason = Reason.TIMEOUT if status is Status.UNKNOWN else ""
    return finding("t.x", status, measure="m", asset=f"host/{number}", basis=basis, reason=reason)


P, F, U = Status.PASS, Status.FAIL, Status.UNKNOWN


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((of(P),), "poids 9, en ordre à 100 % : 9 sur 9"),
        ((of(P, 1), of(F, 2), of(F, 3)), "poids 9, en ordre à 1/3 : 3 sur 9"),
        ((of(U),), "poids 9, en ordre entre 0 % et 100 % : entre 0 et 9 sur 9"),
        (
            (of(P, 1, Basis.DECLARED), of(U, 2), of(F, 3)),
            "poids 9, en ordre entre 1/3 et 2/3 : entre 3 et 6 sur 9, dont 3 sur parole",
        ),
    ],
)
def test_a_term_is_its_weight_its_share_and_their_product(found: tuple[Finding, ...], expected: str) -> None:
    assert sentence_of(*found) == expected


def division(low: Fraction, high: Fraction, total: int = 3) -> str:
    """Of one measure that weighs `total`, its bounds as shares."""
    (one,) = why.weight_views([of(P)], scene_of(measure("m")))
    weighed = (replace(one, weight=total, low=low, high=high),)
    place = samples.town()
    plan = build_plan([], town=place, remedies=samples.REMEDIES, first_failed={}, today=TODAY)
    level = replace(plan.level, low=100 * low, high=100 * high, asked=1, answered=1)
    shown: LevelView = level_view(replace(plan, level=level), [], frozenset())
    return plain(why.division(weighed, shown))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (
            Fraction(1, 2),
            Fraction(1, 2),
            ("Somme des poids : 3. Risque maîtrisé : 1,5. Niveau : 100 × 1,5 ÷ 3 = 50. Affiché : 50."),
        ),
        # 65,996 is shown 65, and must not be told as 66.
        (
            Fraction(65_996, 100_000),
            Fraction(65_996, 100_000),
            (
                "Somme des poids : 3. Risque maîtrisé : 1,98 (49497/25000). "
                "Niveau : 100 × 1,98 (49497/25000) ÷ 3 = 65,99. Affiché : 65, arrondi en dessous."
            ),
        ),
        (
            Fraction(1, 3),
            Fraction(2, 3),
            (
                "Somme des poids : 3. Risque maîtrisé : 1. "
                "Niveau : 100 × 1 ÷ 3 = 33,33. Affiché : 33, arrondi en dessous. "
                "Si tout ce qui est inconnu était en ordre : 100 × 2 ÷ 3 = 66,67. Affiché : 67, arrondi au-dessus."
            ),
        ),
        (
            Fraction(0),
            Fraction(999, 1000),
            (
                "Somme des poids : 3. Risque maîtrisé : 0. Niveau : 100 × 0 ÷ 3 = 0. "
                "Affiché : 0. Si tout ce qui est inconnu était en ordre : "
                "100 × 3 (2997/1000) ÷ 3 = 99,9. Affiché : 99, car 100 veut dire tout en ordre."
            ),
        ),
    ],
)
def test_the_division_never_tells_another_number_than_the_head(
    low: Fraction, high: Fraction, expected: str
) -> None:
    assert division(low, high) == expected


def test_nothing_divides_by_nothing() -> None:
    view = samples.view_of([], samples.town())
    assert why.division(view.weights, view.level) == ""
    assert "Somme" not in text_of(view)
    assert "ordre des actions" not in text_of(view)


_TERM = re.compile(
    r"^ - .* \(\d+ points?\) : poids (\d+), en ordre (?:à|entre) ([\d/]+(?: %)?)", re.MULTILINE
)


def share_of(text: str) -> Fraction:
    return Fraction(text.removesuffix(" %")) / 100 if text.endswith("%") else Fraction(text)


@pytest.mark.parametrize(
    "make_view", [samples.busy_view, samples.calm_view, samples.blind_view, samples.crowded_view]
)
def test_a_reader_finds_the_level_again_with_a_calculator(make_view: Any) -> None:
    view = make_view()
    terms = [(int(weight), share_of(part)) for weight, part in _TERM.findall(text_of(view))]
    assert len(terms) == len(view.weights)
    low = 100 * sum(weight * part for weight, part in terms) / sum(weight for weight, _ in terms)
    assert low == view.level.low
    assert re.search(rf"÷ \d+ = [\d,]+\. Affiché : {view.level.shown_low}[.,]", text_of(view))


_CHECK = re.compile(r"^     [a-z.-]+ : risque (\d+), (?:entre )?([\d,]+)(?: et [\d,]+)? sur (\d+) en ordre$")


def test_a_reader_finds_the_share_of_a_measure_again_from_its_checks() -> None:
    view = samples.busy_view()
    mail = next(each for each in view.weights if each.measure == "authenticate-mail")
    lines = text_of(view).splitlines()
    start = next(number for number, line in enumerate(lines) if mail.title in line)
    checks = [found.groups() for line in lines[start + 1 : start + 3] if (found := _CHECK.match(line))]
    assert len(checks) == 2
    risks = sum(int(risk) for risk, _, _ in checks)
    parts = (int(risk) * read(order) / int(points) for risk, order, points in checks)
    assert sum(parts, Fraction(0)) / risks == mail.low


_GAIN = re.compile(
    r"Gain : risque (\d+) × part vue manquante ([\d/]+(?: %)?) = ([\d,]+)\. Gain ÷ effort (\d) = ([\d,]+)\."
)


@pytest.mark.parametrize("make_view", [samples.busy_view, samples.crowded_view])
def test_a_reader_finds_each_gain_again(make_view: Any) -> None:
    view = make_view()
    for action in (*view.urgent, *view.next_actions):
        if action.kind is not ActionKind.MEND:
            continue
        (told,) = [found for each in action.why_here if (found := _GAIN.match(plain(each)))]
        gain = int(told[1]) * share_of(told[2])
        assert (gain, gain / int(told[4])) == (action.gain, action.index)
        assert (why.decimal(gain), why.decimal(action.index)) == (told[3], told[5])


def reasons(action: Action, *among: Action, scene: Scene | None = None) -> list[str]:
    told = why.why_here(action, scene or scene_of(action.measure), among=among or (action,))
    return list(map(plain, told))


def test_an_urgency_tells_its_tier_its_effort_its_class_its_gain_and_its_date() -> None:
    heavy = measure("m", cost=600, yearly=60, days=2.5, guidance_class=1, ranks=(2, 0, 6))
    plan = plan_of([finding("t.x", measure="m", risk=(4, 4))], heavy)
    assert reasons(plan.actions[0]) == [
        "Palier Urgent : risque 16. Ici, risque 16 : gravité 4 × vraisemblance 4 (t.x).",
        "Effort 3 sur 5, le plus lourd des deux : argent 3 (660 € la première année), temps 3 (2,5 jours).",
        (
            "Classe 1 : les guides officiels la placent parmi les premières "
            "(n° 2 des dix mesures essentielles, n° 6 de MonAideCyber)."
        ),
        "Gain : risque 16 × part vue manquante 100 % = 16. Gain ÷ effort 3 = 5,33.",
        "Pas au 4e trimestre 2026 : il manque 660 € sous le plafond de 2026.",
        "Sa date : la fin du premier trimestre qui convient.",
    ]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (2, "Classe 2 : les guides officiels la demandent à toute organisation."),
        (3, "Classe 3 : les guides officiels la recommandent."),
        (4, "Classe 4 : aucun guide officiel ne la classe, c'est notre jugement de novembre 2026."),
    ],
)
def test_a_class_says_whether_it_is_official_or_ours(number: int, expected: str) -> None:
    plan = plan_of([finding("t.x", measure="m")], measure("m", guidance_class=number))
    assert expected in reasons(plan.actions[0])


def test_what_is_awaited_says_whose_place_it_takes_and_what_waits_says_after_what() -> None:
    first = measure("base", guidance_class=3)
    between = measure("middle", guidance_class=2, depends=("base",))
    last = measure("top", guidance_class=1, depends=("middle",))
    found = [finding(f"t.{each.id}", measure=each.id) for each in (first, between, last)]
    plan = plan_of(found, first, between, last)
    titled = [replace(each, title=f"Mesure {each.id}") for each in (first, between, last)]
    told = {
        each.measure.id: " ".join(reasons(each, *plan.actions, scene=scene_of(*titled)))
        for each in plan.actions
    }
    assert list(told) == ["base", "middle", "top"]
    assert "Sa place est celle de « Mesure top », qui l'attend." in told["base"]
    assert "Sa place est celle de « Mesure top », qui l'attend." in told["middle"]
    assert "Elle vient après « Mesure base », qu'elle attend." in told["middle"]
    assert "qui l'attend" not in told["top"]


def test_a_date_that_passed_says_why_it_comes_first() -> None:
    late = Adoption("m", date(2026, 11, 15), "Jeanne Martin, maire", date(2026, 11, 6))
    found = [finding("t.x", measure="m", risk=(2, 2))]
    (action,) = plan_of(found, measure("m"), declared=town(adoptions=(late,))).actions
    told = reasons(action)
    assert told[0] == "Sa date adoptée est passée : elle vient juste après les urgences."
    assert not any(each.startswith("Sa date :") for each in told)


def test_what_is_only_to_verify_was_not_seen_missing_and_is_no_urgency() -> None:
    unknown = finding("t.x", Status.UNKNOWN, measure="m", risk=(4, 4), reason=Reason.TIMEOUT)
    since = {unknown.identity: Unknown(date(2026, 6, 1), 3)}
    (action,) = plan_of([unknown], measure("m"), unknown_since=since).actions
    assert action.kind is ActionKind.VERIFY
    told = reasons(action)
    assert told[0].endswith("Ici, risque 16 : gravité 4 × vraisemblance 4 (t.x).")
    assert told[1] == "Personne ne l'a vu manquer : ce n'est donc pas une urgence."
    assert "Rien n'a été vu manquer : le gain compte pour zéro." in told


def test_the_questions_say_why_they_stand_there_and_by_when() -> None:
    questions = next(each for each in samples.busy_view().next_actions if each.kind is ActionKind.ANSWER)
    assert [plain(each) for each in questions.why_here] == [
        (
            "Les questions sans réponse viennent juste après les urgences et les retards : "
            "elles prennent vingt minutes."
        ),
        "Sa date : 30 jours depuis la première demande, puis 30 de plus à chaque fois.",
    ]


def test_each_action_stands_in_its_order_with_its_date() -> None:
    text = text_of(samples.busy_view())
    ranks = re.findall(r"^(\d+)\. .* \[([a-z-]+)\]$", text, re.MULTILINE)
    view = samples.busy_view()
    wanted = sorted((*view.urgent, *view.next_actions), key=lambda each: each.rank)
    assert ranks == [(f"{each.rank}", each.measure) for each in wanted]
    assert text.count("Échéance : ") == len(wanted)


def test_an_action_to_arbitrate_has_no_date_and_says_so() -> None:
    dear = replace(samples.REMEDIES.measures["restart-backup"])
    costly = replace(dear, cost=replace(dear.cost, high=90_000))
    remedies = replace(samples.REMEDIES, measures=samples.REMEDIES.measures | {costly.id: costly})
    view = samples.view_of(samples.BUSY, samples.town(), remedies=remedies)
    assert "Échéance : à arbitrer, sans date : à arbitrer par le maire." in text_of(view)


@pytest.mark.parametrize("width", [52, 80])
def test_every_line_holds_in_the_terminal_and_every_sentence_in_a_breath(width: int) -> None:
    view = samples.busy_view()
    text = render(view, width=width, simple=False, detail=Detail.WHY, colour=False)
    assert max(map(len, text.splitlines())) <= width
    told = [each for action in (*view.urgent, *view.next_actions) for each in action.why_here]
    for sentence in re.split(r"(?<=[.])\s", plain(" ".join(told))):
        assert len(re.findall(r"[\w']{2,}", sentence)) <= 25, sentence


def test_titles_of_others_are_shown_and_never_obeyed() -> None:
    hostile = replace(measure("m"), title="[bold]x[/]\x1b[31m\nrouge")
    (only,) = why.weight_views([of(F)], scene_of(hostile))
    assert not set(only.title) & set("\x1b\n")
    assert only.title.startswith("[bold]x[/]")
