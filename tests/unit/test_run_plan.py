"""The plan under today's choices: what is adopted, put off, said done, tried, asked a price for."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cyberaudit.declared import Adoption
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.engine.measures import Measure
from cyberaudit.errors import HistoryError, ProfileError, UsageError
from cyberaudit.french import NBSP
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit
from cyberaudit.plan.words import Standing
from cyberaudit.reports.quote_request import html, quote_request, text, without_addresses
from cyberaudit.reports.words import ToTreatView
from cyberaudit.run.answers import Proposed, save
from cyberaudit.run.plan import (
    AdoptWords,
    Planned,
    PostponeWords,
    planned,
    propose_adoption,
    propose_completion,
    propose_postponement,
    proving,
    read_ceiling,
    with_ceilings,
    with_choices,
)
from cyberaudit.run.plan import quote_request as asked_for
from cyberaudit.town.load import load_profile, parse_profile

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)
CATALOGUE = load_catalogue()
PROFILE = """\
schema_version: 1
commune: {id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}
backups:
  - {id: nas, label: Disque réseau, of: [files], place: on-site}
practices:
  mfa: {answer: no, by: M, on: 2026-11-01}
  awareness: {answer: no, by: M, on: 2026-11-01}
  antivirus: {answer: no, by: M, on: 2026-11-01}
plan:
  ceilings: {2027: 2000}   # voté
"""
MAYOR = "Jeanne Martin, maire"


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "lhay.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    return path


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite3"
    with open_history(path, create=True) as store:
        store.save(stored())
    return path


def stored() -> Audit:
    town = parse_profile(PROFILE.encode(), file="p").town
    return Audit(
        uuid=str(uuid.UUID(int=1)),
        town=town,
        vantage="outside",
        scanned_by="",
        started_at=NOW,
        finished_at=NOW,
        partial=False,
        rules="r",
        program="0",
        observations=(),
        findings=judge(town, CATALOGUE, (), vantage="outside", now=NOW),
    )


def plan_of(history: Path, subject: Path | str | None, *, now: datetime = NOW) -> Planned:
    return planned(history, CATALOGUE, subject=str(subject) if subject else None, now=now)


def adopted(history: Path, profile: Path, *measures: str, due: str = "", by: str = MAYOR) -> Proposed:
    words = AdoptWords(measures, by, due, everything=not measures)
    return propose_adoption(plan_of(history, profile), words)


def plain(text: str) -> str:
    return text.replace(NBSP, " ").replace("\u202f", " ")


def test_the_choices_of_today_count_and_the_findings_stay(history: Path, profile: Path) -> None:
    stored_plan = plan_of(history, "lhay")
    changed = PROFILE.replace("{2027: 2000}", "{2026: 0, 2027: 0, 2028: 0, 2029: 0}").replace("L'Haÿ", "Haÿ")
    profile.write_text(changed, encoding="utf-8")
    today = plan_of(history, profile)
    assert today.told.state.findings == stored_plan.told.state.findings
    assert today.told.view.commune_name == "Haÿ-d'Essai"
    assert {each.euros for each in today.told.state.town.plan.ceilings} == {0}
    assert any(each.standing is Standing.TO_ARBITRATE for each in today.plan.actions)
    assert not any(each.standing is Standing.TO_ARBITRATE for each in stored_plan.plan.actions)


def test_a_waiver_written_since_takes_its_action_out_of_the_plan(history: Path, profile: Path) -> None:
    waiver = (
        "waivers:\n  - {check: practice.mfa, reason: Le fournisseur change., decided_by: M, "
        "decided_on: 2026-11-25, until: 2027-06-30}\n"
    )
    profile.write_text(PROFILE + waiver, encoding="utf-8")
    assert "turn-on-mfa" in [each.measure.id for each in plan_of(history, "lhay").plan.actions]
    assert "turn-on-mfa" not in [each.measure.id for each in plan_of(history, profile).plan.actions]


def test_the_only_commune_need_not_be_named(history: Path) -> None:
    assert plan_of(history, None).told.state.town.id == "lhay"
    assert plan_of(history, None).file is None


def test_a_profile_of_another_commune_is_refused(history: Path, profile: Path) -> None:
    profile.write_text(PROFILE.replace("id: lhay", "id: ailleurs"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"décrit « ailleurs ».*communes connues : lhay"):
        plan_of(history, profile)
    with pytest.raises(ProfileError, match="n'existe pas"):
        plan_of(history, profile.with_name("autre.yaml"))
    with pytest.raises(HistoryError):
        plan_of(profile.with_name("none.sqlite3"), profile)


def test_a_proposed_date_becomes_a_decision(history: Path, profile: Path) -> None:
    proposed = adopted(history, profile, "turn-on-mfa")
    save(proposed)
    [decision] = load_profile(profile).town.plan.adoptions
    assert (decision.measure, decision.by, decision.on) == ("turn-on-mfa", MAYOR, date(2026, 11, 25))
    assert plain(proposed.sentence).endswith("Date adoptée par Jeanne Martin, maire, le 25 novembre 2026.")
    assert "ne peut pas vérifier qui décide" in proposed.remarks[-1]
    action = next(each for each in plan_of(history, profile).plan.actions if each.measure.id == "turn-on-mfa")
    assert (action.standing, action.due, action.adoption) == (Standing.ADOPTED, decision.due, decision)


def test_all_the_proposed_dates_are_adopted_at_once_and_once(history: Path, profile: Path) -> None:
    proposed = adopted(history, profile)
    count = len(proposed.made.after.town.plan.adoptions)
    assert count >= 3
    assert proposed.sentence.startswith(f"{count} dates adoptées par Jeanne Martin, maire, le")
    save(proposed)
    again = adopted(history, profile)
    assert again.changes_nothing


def test_a_date_that_breaks_the_ceiling_is_written_and_said_to_be_confirmed(
    history: Path, profile: Path
) -> None:
    profile.write_text(PROFILE.replace("2027: 2000", "2026: 0, 2027: 2000"), encoding="utf-8")
    paid = next(each for each in plan_of(history, profile).plan.actions if each.measure.cost.high > 0)
    proposed = adopted(history, profile, paid.measure.id, due="2026-12-15")
    assert f"« {paid.measure.title} » reste à confirmer" in plain(proposed.remarks[0])
    save(proposed)
    action = plan_of(history, profile).plan.actions
    after = next(each for each in action if each.measure.id == paid.measure.id)
    assert (after.standing, after.due) == (Standing.TO_CONFIRM, date(2026, 12, 15))


@pytest.mark.parametrize(
    ("measures", "due", "by", "sentence"),
    [
        (("turn-on-mfa",), "", "", "Il manque --by."),
        (("turn-on-mfa",), "", "Claire Martin, secrétaire", "seul un élu adopte ou reporte une date"),
        (("turn-on-mfa",), "", "Jeanne Martin", "seul un élu"),
        (("turn-on-mfaa",), "", MAYOR, "vouliez-vous dire « turn-on-mfa »"),
        (("sign-domain",), "", MAYOR, "n'est pas au plan : rien n'y est à corriger"),
        (("answer-questions",), "", MAYOR, "n'a pas de date à adopter : répondez d'abord"),
        (("turn-on-mfa",), "2026-11-24", MAYOR, "--due : le 24 novembre 2026 est déjà passé."),
        (("turn-on-mfa",), "demain", MAYOR, "Une date s'écrit année-mois-jour"),
        ((), "2027-01-31", MAYOR, "--all adopte les dates proposées"),
    ],
)
def test_what_cannot_be_adopted_is_refused(
    history: Path, profile: Path, measures: tuple[str, ...], due: str, by: str, sentence: str
) -> None:
    with pytest.raises(UsageError) as caught:
        adopted(history, profile, *measures, due=due, by=by)
    assert sentence in plain(str(caught.value))


def test_nothing_is_adopted_when_nothing_is_named(history: Path, profile: Path) -> None:
    with pytest.raises(UsageError, match="Nommez les mesures"):
        propose_adoption(plan_of(history, profile), AdoptWords((), MAYOR))


def test_what_no_quarter_holds_is_adopted_with_a_date_only(history: Path, profile: Path) -> None:
    changed = PROFILE.replace("{2027: 2000}", "{2026: 0, 2027: 0, 2028: 0, 2029: 0}")
    profile.write_text(changed, encoding="utf-8")
    actions = plan_of(history, profile).plan.actions
    stuck = next(each.measure.id for each in actions if each.standing is Standing.TO_ARBITRATE)
    with pytest.raises(UsageError, match="à arbitrer, sans date proposée"):
        adopted(history, profile, stuck)
    [decision] = adopted(history, profile, stuck, due="2027-06-30").made.after.town.plan.adoptions
    assert decision.due == date(2027, 6, 30)
    assert stuck not in [each.measure for each in adopted(history, profile).made.after.town.plan.adoptions]


def test_an_adopted_date_may_be_brought_forward_but_not_put_off_by_adopting(
    history: Path, profile: Path
) -> None:
    save(adopted(history, profile, "raise-awareness", due="2027-06-30"))
    with pytest.raises(UsageError, match="plan postpone"):
        adopted(history, profile, "raise-awareness", due="2027-09-30")
    assert adopted(history, profile, "raise-awareness").changes_nothing
    save(adopted(history, profile, "raise-awareness", due="2027-03-31"))
    [decision] = load_profile(profile).town.plan.adoptions
    assert (decision.due, decision.first_due) == (date(2027, 3, 31), None)


def test_what_runs_over_several_quarters_is_adopted_as_it_was_proposed(history: Path, profile: Path) -> None:
    slow = PROFILE.replace("{2027: 2000}", "{2027: 2000}\n  capacities: {contractor: 1}")
    profile.write_text(slow, encoding="utf-8")
    before = plan_of(history, profile)
    choices = adopted(history, profile).made.after.town.plan
    begun = {each.measure: each.starts for each in choices.adoptions if each.starts}
    assert (
        begun
        == {
            each.measure.id: (each.slot.start.first_day,)
            for each in before.plan.actions
            if each.slot and each.slot.start < each.slot.end
        }
        != {}
    )
    after = with_choices(before, choices).plan
    assert [each.purchases for each in after.years] == [each.purchases for each in before.plan.years]
    assert not any(each.standing is Standing.TO_CONFIRM for each in after.actions)


def put_off(history: Path, profile: Path, **words: str) -> Proposed:
    typed = {"measure": "raise-awareness", "to": "2027-06-30", "reason": "La salle est prise.", "by": MAYOR}
    return propose_postponement(plan_of(history, profile), PostponeWords(**(typed | words)))


def test_a_date_put_off_twice_keeps_the_first_one_and_the_last_reason(history: Path, profile: Path) -> None:
    save(adopted(history, profile, "raise-awareness", due="2027-03-31"))
    first = put_off(history, profile)
    assert "repoussée du 31 mars 2027 au 30 juin 2027" in plain(first.sentence)
    save(first)
    save(put_off(history, profile, to="2027-09-30", reason="La formatrice est malade."))
    today = date(2026, 11, 25)
    assert load_profile(profile).town.plan.adoptions == (
        Adoption(
            "raise-awareness",
            date(2027, 9, 30),
            MAYOR,
            today,
            "La formatrice est malade.",
            date(2027, 3, 31),
        ),
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ({"measure": "turn-on-mfa"}, "n'a pas de date adoptée"),
        ({"to": "2027-03-31"}, "un report va après la date adoptée, le 31 mars 2027"),
        ({"to": "2026-01-01"}, "est déjà passé"),
        ({"to": ""}, "Il manque --to."),
        ({"reason": "court"}, "--reason : Cette raison est trop courte"),
        ({"reason": ""}, "Il manque --reason."),
        ({"by": "Claire Martin, secrétaire"}, "seul un élu"),
    ],
)
def test_what_cannot_be_put_off_is_refused(
    history: Path, profile: Path, words: dict[str, str], sentence: str
) -> None:
    save(adopted(history, profile, "raise-awareness", due="2027-03-31"))
    with pytest.raises(UsageError) as caught:
        put_off(history, profile, **words)
    assert sentence in plain(str(caught.value))


def completed(profile: Path, measure: str = "turn-on-mfa", *, by: str = "C", on: str = "") -> Proposed:
    return propose_completion(profile, CATALOGUE, measure=measure, by=by, on=on, now=NOW)[0]


def test_a_word_that_it_is_done_changes_no_verdict(history: Path, profile: Path) -> None:
    proposed = completed(profile, on="24/11/2026")
    save(proposed)
    assert "quand un contrôle ou une réponse le montre" in proposed.remarks[0]
    action = next(each for each in plan_of(history, profile).plan.actions if each.measure.id == "turn-on-mfa")
    assert action.completion is not None
    assert action.completion.on == date(2026, 11, 24)
    assert plan_of(history, profile).plan.level == plan_of(history, "lhay").plan.level


@pytest.mark.parametrize(
    ("measure", "by", "on", "sentence"),
    [
        ("turn-on-mfaa", "C", "", "vouliez-vous dire « turn-on-mfa »"),
        ("turn-on-mfa", "", "", "Il manque --by."),
        ("turn-on-mfa", "C", "2026-11-26", "n'est pas encore arrivé"),
    ],
)
def test_what_cannot_be_said_done_is_refused(
    profile: Path, measure: str, by: str, on: str, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        completed(profile, measure, by=by, on=on)


def test_what_shows_it_done_is_a_control_or_the_right_form_of_answer(profile: Path) -> None:
    loaded = load_profile(profile)
    assert proving(loaded, CATALOGUE, measure="turn-on-mfa") == ("declare mfa oui",)
    assert proving(loaded, CATALOGUE, measure="back-up-regularly")[0] == "verify back-up-regularly"
    tested = proving(loaded, CATALOGUE, measure="test-restore")
    assert "declare backup/nas.restore_test --result ok --on DATE" in tested


def test_a_check_that_is_off_shows_nothing(profile: Path) -> None:
    off = 'checks: {practice.mfa: {off: "Vu avec le prestataire."}}\n'
    loaded = parse_profile((PROFILE + off).encode(), file="p")
    assert proving(loaded, CATALOGUE, measure="turn-on-mfa") == ()


@pytest.mark.parametrize(
    ("typed", "ceilings"),
    [
        ("5000", {2027: 5000, 2028: 5000, 2029: 5000}),
        ("2026=300", {2026: 300}),
        ("2029 = 0", {2029: 0}),
    ],
)
def test_a_ceiling_alone_leaves_the_year_whose_budget_is_voted(typed: str, ceilings: dict[int, int]) -> None:
    assert read_ceiling(typed, today=NOW.date()) == ceilings


@pytest.mark.parametrize("typed", ["", "abc", "-5", "2027=", "2027=x", "10000001", "2025=5", "2030=5", "=5"])
def test_a_ceiling_that_is_none_is_refused(typed: str) -> None:
    with pytest.raises(UsageError, match="--ceiling"):
        read_ceiling(typed, today=NOW.date())


def test_tried_ceilings_come_over_those_that_were_chosen(history: Path, profile: Path) -> None:
    tried = with_ceilings(plan_of(history, profile), ["100", "2027=700"])
    ceilings = {each.year: each.euros for each in tried.told.state.town.plan.ceilings}
    assert ceilings == {2027: 700, 2028: 100, 2029: 100}
    assert profile.read_text(encoding="utf-8") == PROFILE


def test_a_request_for_a_quote_says_the_need_and_names_no_address(history: Path, profile: Path) -> None:
    request = asked_for(plan_of(history, profile), "turn-on-mfa", technical=False)
    page = plain(text(request, width=80))
    assert page.startswith(
        "Demande de devis : activer la double authentification\nMairie de L'Haÿ-d'Essai, le"
    )
    for words in ("toutes taxes comprises", "réversibilité", "Demandez trois devis", "références"):
        assert words in page
    assert "Double authentification" in request.to_treat
    assert page.count("https://") == 1
    assert "monaide.cyber.gouv.fr" not in page
    with pytest.raises(UsageError, match="n'est pas une mesure"):
        asked_for(plan_of(history, profile), "zzz", technical=False)


def request_for(*things: ToTreatView, technical: bool = False, measure: Measure | None = None) -> str:
    request = quote_request(
        measure or CATALOGUE.remedies.measures["encrypt-mail"],
        town="L'Haÿ <b>",
        today=NOW.date(),
        to_treat=things,
        remedies=CATALOGUE.remedies,
        technical=technical,
    )
    return plain(text(request, width=80)) + html(request)


BOX = ToTreatView("1", "Box 192.0.2.1", "tcp/3389", "Un port s'ouvre sur 192.0.2.1.")
SITE = ToTreatView("2", "mairie.example", "", "Pas de chiffrement.")


def test_addresses_are_kept_for_the_one_who_is_chosen() -> None:
    page = request_for(BOX, BOX, SITE)
    assert "  - Box\n  - 1 élément, nommé au prestataire retenu\n" in page
    assert "192.0.2.1" not in page
    assert "mairie.example" not in page
    assert "remis au prestataire retenu." in page
    assert "Un port s'ouvre sur 192.0.2.1." in request_for(BOX, technical=True)
    assert "Ce qui est concerné" not in request_for()


def test_what_a_page_shows_is_never_markup() -> None:
    assert "&lt;b&gt;" in request_for()
    assert "L'Haÿ <b>" not in request_for().partition("<!doctype html>")[2]


def test_a_measure_without_a_text_for_the_contractor_gives_its_steps() -> None:
    measure = replace(CATALOGUE.remedies.measures["raise-awareness"], contractor="")
    assert plain(measure.steps[0]).split()[0] in request_for(measure=measure)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Serveur de fichiers", "Serveur de fichiers"),
        ("Pare-feu 2001:db8::1", "Pare-feu"),
        ("vpn.mairie.example", ""),
        ("10.0.0.0/24", ""),
        ("Accueil n° 2", "Accueil n° 2"),
    ],
)
def test_a_name_keeps_what_nobody_can_aim_at(name: str, kept: str) -> None:
    assert plain(without_addresses(name)) == kept
