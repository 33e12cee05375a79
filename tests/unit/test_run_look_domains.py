"""What people type where a domain name is meant, and what the shell learns."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.errors import UsageError
from cyberaudit.model import Reason, Status
from cyberaudit.plan.actions import QUICK_WIN_RISK
from cyberaudit.run.asked_names import asked_name
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.look import LEAST_SEEN, look_code
from cyberaudit.town.single import domain_asset
from tests.unit.test_reports_look_domains import about, looked

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("mairie.example", "mairie.example"),
        (" mairie.example. ", "mairie.example"),
        ("Mairie-Hérisson.example", "xn--mairie-hrisson-ikb.example"),
        ("mairie。example", "mairie.example"),
        ("www.mairie.example", "www.mairie.example"),
    ],
)
def test_a_name_is_taken_as_it_is_written(typed: str, name: str) -> None:
    assert domain_asset(asked_name(typed)).domain == name


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("example", "« example » n'est pas un nom entier : écrivez-le avec son extension"),
        ("fr.", "n'est pas un nom entier"),
        ("", "n'est pas un nom de domaine"),
        (".", "« . » n'est pas un nom de domaine"),
        ("a..example", "n'est pas un nom de domaine"),
        ("_dmarc", "n'est pas un nom entier"),
        ("_dmarc.example", "n'est pas un nom de domaine"),
        (
            "_dmarc.mairie.example",
            "est une annonce d'un domaine : écrivez le nom de domaine seul, « mairie.example »",
        ),
        ("s1._domainkey.mairie.example.", "seul, « mairie.example »"),
        ("jean@mairie.example", "est une adresse électronique : écrivez le nom de domaine seul, « mairie.example »"),
        ("jean@mairie", "écrivez le nom de domaine seul."),
        ("https://www.mairie.example:8443/a?b=c@d", "est une adresse de page"),
        ("https://jean@mairie.example/", "seul, « mairie.example »"),
        ("mairie.example/24", "porte un chemin ou un port"),
        ("mairie.example:25", "porte un chemin ou un port : écrivez le nom de domaine seul, « mairie.example »"),
        ("192.0.2.1", "est une adresse IP"),
        ("2001:db8::1", "est une adresse IP"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_answered_with_what_to_write(typed: str, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        domain_asset(asked_name(typed))
    assert said in str(raised.value)


@given(st.text(max_size=40))
def test_any_text_is_a_name_or_refused_without_control_characters(typed: str) -> None:
    said = ""
    try:
        domain_asset(asked_name(typed))
    except UsageError as refused:
        said = str(refused)
    assert not {"\x1b", "\r", "\x00", "\u202e"} & set(said)


def test_too_little_seen_is_incomplete_unless_a_disaster_was_found() -> None:
    known, lost = about("dns.dnssec", Status.FAIL), about("dns.soa", Status.UNKNOWN)
    made = looked(replace(known, impact=4, likelihood=4), *[lost] * 9)
    assert look_code(made, least_seen=LEAST_SEEN) is ExitCode.FOUND
    assert look_code(made, fail_on=None, least_seen=LEAST_SEEN) is ExitCode.INCOMPLETE
    assert look_code(made, fail_on=None) is ExitCode.DONE
    assert look_code(looked(*[lost] * 9), least_seen=LEAST_SEEN) is ExitCode.INCOMPLETE


def test_a_probe_of_ours_that_crashed_is_never_a_quiet_end() -> None:
    fine, crashed = about("dns.soa", Status.PASS), about("dns.caa", Status.UNKNOWN)
    crashed = replace(crashed, verdict=replace(crashed.verdict, reason=Reason.PROBE_CRASHED))
    assert look_code(looked(fine)) is ExitCode.DONE
    assert look_code(looked(*[fine] * 9, crashed)) is ExitCode.INCOMPLETE


@pytest.mark.parametrize(
    "check",
    ["dns.dnssec", "dns.delegation", "dns.registration", "dns.dangling-names", "mail.dane", "mail.relay"],
)
def test_what_cuts_a_name_or_its_mail_may_reach_the_highest_risk(check: str) -> None:
    asked = next(each for each in load_catalogue(()).checks if each.id == check)
    assert asked.impact == 4
    # A partial fault stays under what must be done this week.
    assert check == "mail.relay" or asked.impact * asked.likelihood < QUICK_WIN_RISK
