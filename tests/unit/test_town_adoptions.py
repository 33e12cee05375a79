"""The dates of the plan in a profile: read, refused in French, written beside what stands there."""

from dataclasses import replace
from datetime import date

import pytest

from cyberaudit.declared import Adoption, Completion
from cyberaudit.errors import ProfileError
from cyberaudit.town.adoptions import adopt, complete
from cyberaudit.town.load import parse_profile
from cyberaudit.town.profile import Profile

pytestmark = pytest.mark.unit

HEAD = 'schema_version: 1\ncommune: {id: lhay, name: "L\'Haÿ-d\'Essai", insee: "99001", population: 900}\n'
BY, ON = "Jeanne Martin, maire", date(2026, 11, 25)
MFA = Adoption("turn-on-mfa", date(2027, 3, 31), BY, ON)
LATER = Adoption(
    "x-cdg.badges",
    date(2027, 9, 30),
    BY,
    ON,
    reason="Le devis est arrivé trop tard.",
    first_due=date(2027, 3, 31),
)
WRITTEN = 'turn-on-mfa: {due: 2027-03-31, by: "Jeanne Martin, maire", on: 2026-11-25}'
DECIDED = "plan:\n  adopted:   # décidé\n    encrypt-mail: {due: 2027-06-30, by: M, on: 2026-11-01}  # ok\n"
WRITTEN_LATER = """\
    x-cdg.badges:
      due: 2027-09-30
      by: "Jeanne Martin, maire"
      on: 2026-11-25
      reason: Le devis est arrivé trop tard.
      first_due: 2027-03-31
"""


def profile_of(tail: str) -> Profile:
    return parse_profile((HEAD + tail).encode(), file="lhay.yaml")


def complaints(tail: str) -> list[str]:
    with pytest.raises(ProfileError) as caught:
        profile_of(tail)
    return [str(problem).splitlines()[0] for problem in caught.value.problems]


def test_what_was_adopted_and_done_is_read_as_plain_values() -> None:
    plan = profile_of(
        f"plan:\n  adopted:\n    {WRITTEN}\n{WRITTEN_LATER}  done:\n    turn-on-mfa: {{by: C, on: 2026-11-25}}\n"
    ).town.plan
    assert plan.adoptions == (MFA, LATER)
    assert plan.completions == (Completion("turn-on-mfa", "C", ON),)


def test_a_measure_that_no_catalogue_holds_is_no_mistake_of_the_profile() -> None:
    adopted = profile_of("plan: {adopted: {zzz: {due: 2027-03-31, by: M, on: 2026-11-25}}}\n").town.plan
    assert [each.measure for each in adopted.adoptions] == ["zzz"]


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        (
            "{due: 2026-11-24, by: M, on: 2026-11-25}",
            "Cette échéance précède la décision, du 25 novembre 2026.",
        ),
        (
            "{due: 2027-03-31, by: M, on: 2026-11-25, first_due: 2027-03-31, reason: Le devis tarde.}",
            "Une échéance reportée vient après la première, du 31 mars 2027.",
        ),
        (
            "{due: 2027-09-30, by: M, on: 2026-11-25, first_due: 2027-03-31}",
            "Une date reportée donne sa raison : « reason », 10 caractères ou plus.",
        ),
        (
            "{due: 2027-09-30, by: M, on: 2026-11-25, reason: Le devis tarde.}",
            "Une raison accompagne un report : ajoutez la première date, « first_due ».",
        ),
        (
            "{due: 2027-09-30, by: M, on: 2026-11-25, first_due: 2027-03-31, reason: court}",
            "Cette raison est trop courte : écrivez 10 caractères ou plus.",
        ),
        (
            "{due: 2027-03-31, by: M, on: 2026-11-25, starts: [2027-01-01, 2028-01-01]}",
            "Une action ne commence pas après son échéance.",
        ),
        ("{due: 2027-03-31, by: M, on: 2026-11-25, starts: [bientôt]}", "Une date s'écrit année-mois-jour"),
        ("{due: 31/03/2027, by: M, on: 2026-11-25}", "Une date s'écrit année-mois-jour"),
        ("{by: M, on: 2026-11-25}", "Il manque « due »"),
        ("{due: 2027-03-31, by: M, on: 2026-11-25, until: 2027-03-31}", "La clé « until »"),
    ],
)
def test_a_decision_that_cannot_be_is_refused_at_its_place(block: str, complaint: str) -> None:
    (said,) = complaints(f"plan:\n  adopted:\n    turn-on-mfa: {block}\n")
    assert said.startswith("lhay.yaml:5:")
    assert complaint in said.replace("\u00a0", " ")


@pytest.mark.parametrize("name", ["Turn-On", "acme.badges", "x-cdg.", "a b"])
def test_a_measure_has_the_name_of_a_measure(name: str) -> None:
    (said,) = complaints(f'plan: {{done: {{"{name}": {{by: M, on: 2026-11-25}}}}}}\n')
    assert "Une mesure s'écrit en minuscules" in said


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", f"\nplan:\n  adopted:\n    {WRITTEN}\n{WRITTEN_LATER}"),
        (
            "plan:\n  ceilings: {2027: 2000}   # voté\n",
            f"plan:\n  ceilings: {{2027: 2000}}   # voté\n  adopted:\n    {WRITTEN}\n{WRITTEN_LATER}",
        ),
        (
            DECIDED,
            DECIDED + f"    {WRITTEN}\n{WRITTEN_LATER}",
        ),
    ],
)  # fmt: skip
def test_dates_are_written_together_and_comments_stay(before: str, after: str) -> None:
    made = adopt(profile_of(before), [MFA, LATER])
    assert made.after.text == HEAD + after
    assert made.after.town.plan.adoptions[-2:] == (MFA, LATER)


def test_when_it_begins_is_written_beside_its_date_and_read_again() -> None:
    begun = replace(MFA, starts=(date(2026, 10, 1), date(2027, 1, 1)))
    made = adopt(profile_of(""), [begun])
    assert "starts: [2026-10-01, 2027-01-01]" in made.after.text
    assert made.after.town.plan.adoptions == (begun,)


def test_an_adopted_date_takes_the_place_of_the_one_before() -> None:
    tail = "plan:\n  adopted:\n    turn-on-mfa: {due: 2027-01-31, by: M, on: 2026-11-01}  # vu\n"
    made = adopt(profile_of(tail), [MFA])
    assert made.after.text == f"{HEAD}plan:\n  adopted:\n    {WRITTEN}  # vu\n"
    assert made.after.town.plan.adoptions == (MFA,)


def test_what_is_said_done_is_written_and_said_again_replaces_it() -> None:
    once = complete(profile_of("plan: {}\n"), Completion("turn-on-mfa", "C", ON))
    assert once.after.text == f"{HEAD}plan:\n  done:\n    turn-on-mfa: {{by: C, on: 2026-11-25}}\n"
    again = complete(once.after, Completion("turn-on-mfa", "D", ON))
    assert again.after.town.plan.completions == (Completion("turn-on-mfa", "D", ON),)


def test_a_date_that_the_profile_refuses_is_not_written() -> None:
    early = Adoption("turn-on-mfa", date(2026, 11, 24), BY, ON)
    with pytest.raises(ProfileError, match="précède la décision"):
        adopt(profile_of(""), [early])


def test_a_shared_block_is_not_changed() -> None:
    tail = "plan:\n  adopted: &a\n    encrypt-mail: {due: 2027-06-30, by: M, on: 2026-11-01}\n"
    with pytest.raises(ProfileError, match="à la main"):
        adopt(profile_of(tail), [MFA])
