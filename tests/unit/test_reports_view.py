"""The view: every sentence of the report, beside what machines read."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from cyberaudit.declared import Ceiling, Flow, Town, Waiver, Zone
from cyberaudit.engine.measures import Remedies
from cyberaudit.french import NARROW, NBSP
from cyberaudit.history.state import TownState
from cyberaudit.model import Basis, Reason, SeenFrom, Status, Verdict
from cyberaudit.plan.build import build_plan
from cyberaudit.plan.words import Word
from cyberaudit.reports.points import Scene
from cyberaudit.reports.remarks import waiver_warnings
from cyberaudit.reports.view import build_view
from cyberaudit.reports.words import Mark, ReportView
from tests.unit import report_samples as samples

pytestmark = pytest.mark.unit


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace(NARROW, " ")


def test_the_title_and_the_date_are_those_of_the_town() -> None:
    view = samples.busy_view()
    assert view.title == "Cybersécurité de la mairie de L'Haÿ-sur-Ô"
    assert plain(view.scan_line) == ("Contrôle du samedi 21 novembre 2026 à 22 h 10 — par Cabinet Dupont")


def test_nobody_is_named_when_nobody_signed() -> None:
    place = replace(samples.town(), scanned_by="")
    assert plain(samples.view_of(samples.BUSY, place).scan_line).endswith("à 22 h 10")


def test_dates_are_told_in_the_time_zone_of_the_commune() -> None:
    overseas = samples.town()
    overseas = replace(overseas, commune=replace(overseas.commune, timezone="Pacific/Noumea"))
    assert "dimanche 22 novembre 2026 à 8 h 10" in plain(samples.view_of(samples.BUSY, overseas).scan_line)


def test_a_machine_without_time_zone_data_tells_utc() -> None:
    nowhere = samples.town()
    nowhere = replace(nowhere, commune=replace(nowhere.commune, timezone="Europe/Nulle-Part"))
    assert "à 21 h 10" in plain(samples.view_of(samples.BUSY, nowhere).scan_line)


def test_the_level_says_its_figure_its_range_and_what_rests_on_word() -> None:
    level = samples.busy_view().level
    assert level.headline == "FRAGILE"
    assert plain(level.figure) == "12 points sur 100, dont 7 points sur parole"
    assert plain(level.coverage) == (
        "9 points contrôlés sur 13 ; 4 sans réponse (niveau réel : entre 12 et 41)."
    )


def test_a_level_known_by_less_than_half_is_a_range() -> None:
    level = samples.blind_view().level
    assert (level.headline, level.figure) == ("À COMPLÉTER", "entre 0 et 100")
    assert plain(level.coverage) == "0 point contrôlé sur 10 ; 10 sans réponse."


def test_a_town_without_any_point_is_not_assessed_and_nothing_is_promised() -> None:
    view = samples.view_of([], samples.town())
    assert view.level.word is Word.NOT_ASSESSED
    assert (view.level.headline, view.level.figure, view.level.target) == ("NON ÉVALUÉ", "", None)
    assert "Aucun point n'a pu être contrôlé" in view.level.coverage
    assert view.help == ()


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        (samples.calm_view(), "Rien d'urgent. Aucune action au plan."),
        (samples.blind_view(), "Aucun point n'a pu être contrôlé : on ne sait pas s'il y a une urgence."),
        (samples.busy_view(), ""),
    ],
)
def test_nothing_urgent_is_never_said_of_what_was_not_seen(view: ReportView, expected: str) -> None:
    assert plain(view.nothing_urgent) == expected


def test_a_calm_town_with_one_silence_says_so() -> None:
    silent = replace(samples.BUSY[0], verdict=Verdict(Status.UNKNOWN, "Pas de réponse.", "timeout"))
    view = samples.view_of([silent, samples.BUSY[6]], samples.town())
    assert view.nothing_urgent == "Rien d'urgent dans ce qui a pu être contrôlé. Aucune action au plan."
    view = samples.view_of([silent, silent, samples.BUSY[6]], samples.town())
    assert view.nothing_urgent == "Rien d'urgent dans le seul point qui a pu être contrôlé, sur 3."
    view = samples.view_of([silent, silent, silent, samples.BUSY[6], samples.BUSY[6], silent], samples.town())
    assert "dans les 2 points qui ont pu être contrôlés, sur 6." in plain(view.nothing_urgent)


def test_an_urgency_has_everything_a_secretary_needs() -> None:
    action = next(each for each in samples.busy_view().urgent if each.measure == "restart-backup")
    assert (action.who, plain(action.cost), action.time) == (
        "le prestataire informatique",
        "entre 0 € et 800 €",
        "une journée",
    )
    assert plain(action.stopgap_deadline) == "avant le 28 novembre"
    assert plain(action.deadline) == "avant le 31 mars 2027"
    assert action.checks == ("backup.fresh",)
    assert action.stopgap.startswith("Copier")


def test_an_action_that_waits_names_what_it_waits_for() -> None:
    action = next(each for each in samples.busy_view().next_actions if each.measure == "encrypt-mail")
    assert plain(action.after) == "Après « Protéger le courrier contre l'usurpation »."


def test_an_interrupted_scan_and_a_crashed_check_are_said_at_the_top() -> None:
    warnings = [plain(each) for each in samples.busy_view().warnings]
    assert warnings == [
        "Contrôle interrompu : ce rapport est incomplet, relancez le contrôle.",
        "1 point sans réponse : erreur de cyberaudit, et non défaut de la mairie.",
    ]


def test_themes_are_counted_and_the_worst_stands_first() -> None:
    themes = samples.busy_view().themes
    assert [each.theme for each in themes] == ["firewall", "mail", "backup", "practice"]
    mail = themes[1]
    assert (mail.mark, mail.in_order, mail.asked, mail.to_check) == (Mark.TO_FIX, 1, 7, 2)
    assert mail.sentence == "1 sur 7 en ordre, 2 à vérifier"


def test_a_theme_with_a_silence_is_never_in_order() -> None:
    silent = replace(samples.BUSY[7], verdict=Verdict(Status.UNKNOWN, "Pas de réponse.", "timeout"))
    view = samples.view_of([samples.BUSY[6], silent], samples.town())
    assert [each.mark for each in view.themes] == [Mark.TO_CHECK]


def test_what_does_not_apply_makes_no_theme() -> None:
    absent = replace(samples.BUSY[0], verdict=Verdict(Status.NOT_APPLICABLE, "Sans objet ici."))
    view = samples.view_of([absent, samples.BUSY[6]], samples.town())
    assert [each.theme for each in view.themes] == ["mail"]
    assert (view.points[0].mark, view.points[0].stands_on) == (Mark.NOT_APPLICABLE, "")


def test_what_could_not_be_seen_says_from_where_it_could() -> None:
    sentences = [plain(each.sentence) for each in samples.busy_view().not_seen]
    assert "1 point non regardé depuis l'extérieur : à faire depuis le réseau de la mairie." in sentences
    assert "1 point sans réponse : pas de réponse dans le temps prévu." in sentences


def test_what_one_network_cannot_tell_is_to_be_tried_from_another() -> None:
    # The Wi-Fi of the public alone can tell what it reaches.
    view = samples.view_of([replace(samples.BUSY[1], vantage="lan")], samples.town())
    assert plain(view.not_seen[0].sentence) == (
        "1 point non regardé depuis le réseau « Agents » : à faire depuis un autre réseau de la mairie."
    )


def test_two_points_not_looked_at_are_counted_in_the_plural() -> None:
    twins = [samples.BUSY[1], replace(samples.BUSY[1], identity="other", asset="zone/guest")]
    group = samples.view_of(twins, samples.town()).not_seen[0]
    assert plain(group.sentence).startswith("2 points non regardés depuis l'extérieur")
    assert len(group.points) == 2


def test_an_undecided_point_has_its_own_sentence() -> None:
    undecided = replace(samples.BUSY[9], verdict=Verdict(Status.UNKNOWN, "On ne sait pas.", "undecided"))
    group = samples.view_of([undecided], samples.town()).not_seen[0]
    assert plain(group.sentence) == "1 point sans réponse : ce qui a été vu ne permet pas de conclure."


def test_an_accepted_risk_names_who_until_when_and_why() -> None:
    (waiver,) = samples.busy_view().waivers
    assert plain(waiver.sentence) == (
        "Le domaine mairie-lhay.example ne publie aucune consigne DMARC. "
        "Risque accepté jusqu'au 30 avril 2027 par Mme Claire Dumont, maire. "
        "Raison : ce domaine sera abandonné au printemps."
    )


def test_the_budget_adds_every_action_and_keeps_the_ceilings_to_come() -> None:
    place = samples.town(ceilings=(Ceiling(2025, 900), Ceiling(2027, 2000)))
    budget = samples.view_of(samples.BUSY, place).budget
    assert (budget.low, budget.high, budget.yearly) == (0, 1100, 120)
    assert plain(budget.sentence) == (
        "Budget des actions proposées : entre 0 € et 1 100 €, puis 120 € par an."
    )
    assert plain(budget.ceiling) == "Plafond choisi par le maire : 2 000 € en 2027."


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        ("firewall.remote-desktop", "Mesuré depuis l'extérieur, le 21 novembre 2026 à 22 h 10."),
        ("backup.fresh", "Mesuré sur la machine du contrôle, le 21 novembre 2026 à 22 h 10."),
        ("mail.certificate", "Tenté depuis l'extérieur, le 21 novembre 2026 à 22 h 10."),
        ("practice.mfa", "Déclaré le 3 novembre 2026 par Mme Maud Lefèvre. Non vérifié."),
        (
            "practice.incident-contacts",
            "Attesté le 3 novembre 2026 par Mme Maud Lefèvre. Un document l'appuie.",
        ),
        ("practice.awareness", "À qui le demander : un élu."),
    ],
)
def test_each_point_says_what_it_stands_on(check: str, expected: str) -> None:
    point = next(each for each in samples.busy_view().points if each.check == check)
    assert plain(point.stands_on) == expected


def test_a_disk_that_could_not_be_read_was_tried_on_the_machine_of_the_scan() -> None:
    silent = replace(samples.BUSY[2], verdict=Verdict(Status.UNKNOWN, "On ne sait pas.", "timeout"))
    point = samples.view_of([silent], samples.town()).points[0]
    assert plain(point.stands_on).startswith("Tenté sur la machine du contrôle, le 21")
    assert (point.vantage, point.place) == ("lan", "la machine du contrôle")


@pytest.mark.parametrize(
    ("source", "vantage", "expected"),
    [
        ("lan", "outside", "non regardé depuis l'extérieur : à faire depuis le réseau « Agents »."),
        ("outside", "lan", "non regardé depuis le réseau « Agents » : à faire depuis l'extérieur."),
        ("lan", "lan", "non regardé depuis le réseau « Agents » : à faire depuis un autre endroit."),
    ],
)
def test_a_flow_is_to_be_tried_from_where_it_starts(source: str, vantage: str, expected: str) -> None:
    place = samples.town()
    flow = Flow("agents-web", "Agents vers Internet", (), source, "guest", ())
    place = replace(place, assets=(*place.assets, flow))
    unseen = replace(samples.BUSY[1], asset=flow.key, seen_from=SeenFrom.ANY, vantage=vantage)
    view = samples.view_of([unseen], place)
    assert plain(view.not_seen[0].sentence) == f"1 point {expected}"
    assert plain(view.points[0].stands_on) == f"N{expected[1:]}"


def test_the_list_that_goes_with_the_text_holds_what_is_open_and_only_that() -> None:
    actions = {each.measure: each for each in samples.busy_view().next_actions}
    listed = [(each.asset_name, each.key, plain(each.text)) for each in actions["encrypt-mail"].to_treat]
    assert listed == [
        ("lhay-sur-o.example", "mx2.lhay-sur-o.example", "mx2.lhay-sur-o.example ne chiffre rien.")
    ]
    assert [(each.asset_name, each.key) for each in actions["authenticate-mail"].to_treat] == [
        ("mairie-lhay.example", ""),
        ("lhay-sur-o.example", ""),
    ]
    assert all(each.to_treat == () for each in actions.values() if each.measure == "answer-questions")


def test_a_declaration_on_an_asset_is_never_told_as_measured() -> None:
    declared = replace(samples.BUSY[2], basis=Basis.DECLARED)
    assert samples.view_of([declared], samples.town()).points[0].stands_on == "Déclaré. Non vérifié."


def test_only_confirmed_addresses_are_shown() -> None:
    confirmed, unconfirmed = samples.busy_view().points[0].sources
    assert confirmed.url == "https://example.test/pa-066"
    assert confirmed.text.startswith("ANSSI, Recommandations")
    assert unconfirmed.url == ""
    assert "http" not in unconfirmed.text


def test_hostile_text_is_one_printable_line() -> None:
    point = samples.busy_view().points[0]
    texts = [item.text for item in point.items] + [each.value for each in point.evidence]
    assert all(text.isprintable() or NBSP in text for text in texts)
    assert all("\x1b" not in text and "\u202e" not in text for text in texts)


def test_raw_evidence_keeps_its_own_spaces() -> None:
    raw = "v=DMARC1 ; p=none ; rua=x"
    evidence = replace(samples.BUSY[0].verdict.evidence[0], value=raw)
    verdict = replace(samples.BUSY[0].verdict, evidence=(evidence,))
    view = samples.view_of([replace(samples.BUSY[0], verdict=verdict)], samples.town())
    assert view.points[0].evidence[0].value == raw


def test_a_finding_of_another_rule_set_is_told_without_its_fiche() -> None:
    view = samples.busy_view()
    assert {each.check for each in view.checks} == set(samples.QUESTIONS)
    stranger = replace(samples.BUSY[0], check="x-acme.door")
    assert samples.view_of([stranger], samples.town()).checks == ()


def test_the_name_of_somebody_elses_check_is_never_in_a_line_to_copy() -> None:
    hostile = replace(samples.BUSY[0], check="$(touch ici); echo")
    assert samples.view_of([hostile], samples.town()).help == ()
    both = samples.view_of([hostile, samples.BUSY[1]], samples.town()).help
    assert [each.command for each in both] == [f"cyberaudit explain {samples.BUSY[1].check}"]


def test_a_risk_accepted_without_its_paper_is_still_told() -> None:
    state = TownState(samples.town(), samples.NOW, samples.BUSY, (), ())
    plan = build_plan(
        samples.BUSY, town=samples.town(), remedies=samples.REMEDIES, first_failed={}, today=samples.TODAY
    )
    plan = replace(plan, waived=(samples.BUSY[5],))
    view = build_view(state, plan, remedies=samples.REMEDIES, fiches={}, today=samples.TODAY)
    assert view.waivers[0].sentence.endswith("Risque accepté.")
    assert view.waivers[0].until is None


def test_the_target_is_what_the_plan_reaches_and_is_silent_when_it_changes_nothing() -> None:
    assert samples.busy_view().level.target_sentence == (
        "Une fois toutes ces actions faites, le niveau sera d'au moins 70 sur 100."
    )
    only_questions = samples.view_of([samples.BUSY[10]], samples.town())
    assert only_questions.level.target_sentence == ""


@pytest.mark.parametrize(
    ("until", "asset", "sentence"),
    [
        (date(2026, 11, 20), "", "était accepté jusqu'au 20 novembre 2026"),
        (date(2026, 12, 1), "", "est accepté jusqu'au 1er décembre 2026"),
        (date(2027, 6, 1), "nowhere", "ne couvre aucun défaut"),
        (date(2027, 6, 1), "", ""),
    ],
)
def test_a_waiver_that_ends_or_covers_nothing_is_announced(until: date, asset: str, sentence: str) -> None:
    finding = next(each for each in samples.BUSY if each.status is Status.FAIL)
    waiver = Waiver(finding.check, asset, "raison suffisante", "Le maire", date(2026, 10, 1), until, "")
    town = samples.town(waivers=(waiver,))
    scene = Scene(town, samples.REMEDIES, ZoneInfo("Europe/Paris"), samples.TODAY)
    told = " ".join(waiver_warnings([finding], scene)).replace("\u00a0", " ")
    assert (sentence in told) if sentence else told == ""


def told_on(
    today: date, *, dropped: tuple[str, ...] = (), remedies: Remedies = samples.REMEDIES
) -> ReportView:
    """The busy town, scanned on 21 November, read on `today`."""
    first = {each.identity: samples.TODAY for each in samples.BUSY}
    plan = build_plan(samples.BUSY, town=samples.town(), remedies=remedies, first_failed=first, today=today)
    state = TownState(samples.town(), samples.NOW, samples.BUSY, (), (), dropped)
    return build_view(state, plan, remedies=remedies, fiches={}, today=today)


@pytest.mark.parametrize(
    ("today", "deadline"),
    [
        (date(2026, 11, 27), "avant le 28 novembre"),
        (date(2026, 11, 28), "aujourd'hui"),
        (date(2026, 11, 29), "en retard depuis le 28 novembre"),
        (date(2027, 1, 10), "en retard depuis le 28 novembre 2026"),
    ],
)
def test_a_report_read_later_says_what_is_late(today: date, deadline: str) -> None:
    assert plain(told_on(today).urgent[0].deadline) == deadline


def test_a_waiver_over_since_the_scan_is_told_on_the_day_of_the_reader() -> None:
    place = samples.town(waivers=(samples.WAIVER,))
    plan = build_plan(
        samples.BUSY, town=place, remedies=samples.REMEDIES, first_failed={}, today=samples.TODAY
    )
    state = TownState(place, samples.NOW, samples.BUSY, (), ())
    view = build_view(state, plan, remedies=samples.REMEDIES, fiches={}, today=date(2027, 5, 1))
    assert "était accepté jusqu'au 30 avril 2027" in plain(" ".join(view.warnings))


def test_checks_no_longer_made_are_named() -> None:
    one = told_on(samples.TODAY, dropped=("x-acme.door",)).warnings
    assert plain(one[-1]) == (
        "1 contrôle n'est plus fait : x-acme.door. Son dernier résultat ne compte plus ici."
    )
    two = told_on(samples.TODAY, dropped=("x-acme.bell", "x-acme.door")).warnings
    assert plain(two[-1]).startswith("2 contrôles ne sont plus faits : x-acme.bell et x-acme.door.")


def test_a_fault_without_action_is_named_and_never_nothing_urgent() -> None:
    view = told_on(samples.TODAY, remedies=replace(samples.REMEDIES, measures={}))
    assert "n'ont pas d'action dans ce catalogue" in plain(view.warnings[-1])
    assert view.urgent == ()
    assert view.nothing_urgent.startswith("Un défaut urgent n'a pas d'action")
    assert len(view.points) == len(samples.BUSY)


def place_of(*names: str) -> Town:
    zones = tuple(Zone(name, f"Réseau {name}", (), ("198.51.100.0/24",), "") for name in names)
    return replace(samples.town(), assets=(*samples.town().assets[:1], *zones))


@pytest.mark.parametrize(
    ("vantages", "expected"),
    [
        (("outside",), "Lieux d'où rien n'a été regardé depuis 45 jours : Réseau a et Réseau b."),
        (("a", "b"), "Lieux d'où rien n'a été regardé depuis 45 jours : Internet."),
        (("outside", "a", "b"), ""),
        ((), ""),
    ],
)
def test_the_places_from_where_nobody_looked_are_named_first(
    vantages: tuple[str, ...], expected: str
) -> None:
    audits = tuple(samples.summary_of(vantage) for vantage in vantages)
    remarks = samples.view_of(samples.BUSY, place_of("a", "b"), audits=audits).not_seen
    told = [plain(each.sentence) for each in remarks if plain(each.sentence).startswith("Lieux")]
    assert told == ([expected] if expected else [])
    assert not expected or plain(remarks[0].sentence) == expected


def test_the_passages_that_nobody_decided_are_named_last_and_counted_beyond_six() -> None:
    remarks = samples.view_of(samples.BUSY, place_of("a", "b", "c")).not_seen
    assert plain(remarks[-1].sentence) == (
        "Passages que personne n'a décidés, donc non jugés : Réseau a vers Réseau b, Réseau a vers Réseau c, "
        "Réseau a vers Internet, Réseau b vers Réseau a, Réseau b vers Réseau c, Réseau b vers Internet "
        "et 3 autres."
    )
    assert remarks[-1].points == ()


def test_a_question_about_one_thing_of_several_names_it() -> None:
    unanswered = Verdict(Status.UNKNOWN, "Personne n'a répondu.", Reason.NOT_DECLARED)
    about_host = replace(samples.BUSY[0], verdict=unanswered, basis=Basis.DECLARED)
    (question,) = samples.view_of([about_host], samples.town()).questions
    assert plain(question.question).endswith(f"? ({plain(about_host.asset_name)})")
