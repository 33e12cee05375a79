"""What `look spf` prints: the whole tree, the whole answer, in 80 and 52 columns, and nothing hostile."""

import json
from dataclasses import replace

import pytest

from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.mail_samples import (
    BROKEN_DNS,
    DOMAIN,
    HOSTILE,
    HOSTILE_DNS,
    INCLUDING_DNS,
    LONG_DNS,
    TROUBLED_DNS,
)
from cyberaudit.facts.spf_result import Cause, SpfLook, SpfOutcome, SpfQuestion, SpfResult
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.french import NBSP
from cyberaudit.model import Reason, Unreachable
from cyberaudit.reports.look_spf import spf_document, spf_lines
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.look_spf import spf_code

pytestmark = pytest.mark.unit

LOST = Unreachable(Reason.RESOLVER_FAILURE, "SERVFAIL")
INCLUDING = SpfLook(DOMAIN, INCLUDING_DNS.apex, INCLUDING_DNS.spf, None, None)
REFUSED = SpfOutcome(
    SpfResult.FAIL, Cause.MATCHED, "-all", DOMAIN, (f"redirect={DOMAIN}",), "Écrivez à la mairie", 3, 0, ""
)
ASKED = SpfQuestion("192.0.2.1", f"jean@{DOMAIN}", f"mx.{DOMAIN}")


def plain(seen: SpfLook, width: int = 80) -> str:
    return spf_lines(seen, width=width).replace(NBSP, " ")


def test_the_tree_in_eighty_columns() -> None:
    assert (
        plain(INCLUDING)
        == """\
mairie-saint-etienne-d-o.example
  v=spf1 mx include:_spf.fournisseur.example -all

✓ 3 recherches DNS sur 10
  0 terme sans réponse sur 2 au plus
  259 adresses IPv4 autorisées au plus

1  mx : 2 serveurs
2  include:_spf.fournisseur.example : 2 recherches
     v=spf1 ip4:198.51.100.0/24 a:sortie.fournisseur.example ~all
3    a:sortie.fournisseur.example
"""
    )


def test_one_message_in_eighty_columns() -> None:
    assert (
        plain(replace(INCLUDING, tree=None, question=ASKED, outcome=REFUSED))
        == """\
mairie-saint-etienne-d-o.example
  v=spf1 mx include:_spf.fournisseur.example -all

Message de jean@mairie-saint-etienne-d-o.example, depuis 192.0.2.1, serveur
mx.mairie-saint-etienne-d-o.example : ce message est refusé (fail).
  Décidé par « -all », dans la liste de mairie-saint-etienne-d-o.example.
  par « redirect=mairie-saint-etienne-d-o.example »
  Le domaine l'explique ainsi : « Écrivez à la mairie »
  3 recherches DNS sur 10
"""
    )


@pytest.mark.parametrize("facts", [INCLUDING_DNS, LONG_DNS, BROKEN_DNS, TROUBLED_DNS, HOSTILE_DNS])
@pytest.mark.parametrize("width", [80, 52])
def test_every_line_fits_and_nothing_hostile_is_shown(facts: object, width: int) -> None:
    assert hasattr(facts, "apex")
    assert hasattr(facts, "spf")
    text = spf_lines(SpfLook(HOSTILE, facts.apex, facts.spf, None, None), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert not {"\x1b", "\u202e", "\r", "\x00"} & set(text)


def test_one_message_shows_the_included_lists_too() -> None:
    text = plain(replace(INCLUDING, question=ASKED, outcome=REFUSED))
    assert "ce message est refusé (fail)" in text
    assert "     v=spf1 ip4:198.51.100.0/24 a:sortie.fournisseur.example ~all\n" in text


def test_a_false_signature_is_not_verifiable() -> None:
    lost = replace(REFUSED, result=SpfResult.TEMPERROR, cause=Cause.BOGUS, term="include:x.example", path=())
    text = plain(replace(INCLUDING, question=ASKED, outcome=lost))
    assert "la liste n'est pas vérifiable (temperror)." in " ".join(text.split())
    assert "Réponse non vérifiable « include:x.example »" in text


def test_the_tree_of_several_lists_is_that_of_them_together() -> None:
    two = replace(INCLUDING, apex=TxtAnswer(DOMAIN, (b"v=spf1 mx -all", b"v=spf1 a -all")))
    assert "Réunies en une seule, ces listes demanderaient :\n✓ 3 recherches DNS sur 10" in plain(two)


def test_a_list_that_cannot_be_read_leads_nowhere() -> None:
    seen = SpfLook(DOMAIN, TxtAnswer(DOMAIN, (b"v=spf1 mx oops",)), SpfTree((), False, 0), ASKED, REFUSED)
    assert plain(seen).count("recherches DNS") == 1


def test_what_was_not_all_seen_is_counted_as_at_least() -> None:
    text = plain(SpfLook(DOMAIN, TROUBLED_DNS.apex, TROUBLED_DNS.spf, None, None))
    assert "? au moins 2 recherches DNS sur 10" in text


def test_past_the_limit_each_term_says_so() -> None:
    text = plain(SpfLook(DOMAIN, LONG_DNS.apex, LONG_DNS.spf, None, None))
    assert "✗ 13 recherches DNS sur 10" in text
    assert text.count("au-delà de la limite") == 3


@pytest.mark.parametrize(
    ("apex", "said"),
    [
        (LOST, "! l'annuaire des noms (DNS) n'a pas pu répondre (SERVFAIL)"),
        (TxtAnswer(DOMAIN, ()), "✗ aucun enregistrement SPF."),
        (TxtAnswer(DOMAIN, (b"v=spf1 -all", b"v=spf1 mx")), "✗ 2 listes SPF : elles s'annulent."),
        (TxtAnswer(DOMAIN, (b"v=spf1 mx oops",)), "✗ terme mal écrit : « oops »"),
    ],
)
def test_a_record_that_cannot_be_followed(apex: TxtAnswer | Unreachable, said: str) -> None:
    assert said in plain(SpfLook(DOMAIN, apex, None, None, None))


def test_a_name_without_ipv6_is_told_apart() -> None:
    assert isinstance(INCLUDING.tree, SpfTree)
    tree = replace(INCLUDING.tree, steps=tuple(replace(step, void6=True) for step in INCLUDING.tree.steps))
    assert "0 terme sans réponse sur 2 au plus (3 pour un expéditeur en IPv6)" in plain(
        replace(INCLUDING, tree=tree)
    )


def test_the_document_has_the_tree_and_the_counts() -> None:
    document = json.loads(spf_document(INCLUDING))
    assert document["counts"] == {"lookups": 3, "voids": 0}
    assert document["tree"]["steps"][0]["term"] == "mx"
    asked = json.loads(spf_document(replace(INCLUDING, tree=None, question=ASKED, outcome=REFUSED)))
    assert asked["outcome"]["result"] == "fail"


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (INCLUDING, ExitCode.DONE),
        (replace(INCLUDING, tree=LONG_DNS.spf), ExitCode.FOUND),
        (replace(INCLUDING, tree=BROKEN_DNS.spf), ExitCode.FOUND),
        (replace(INCLUDING, tree=TROUBLED_DNS.spf), ExitCode.INCOMPLETE),
        (replace(INCLUDING, apex=LOST, tree=LOST), ExitCode.INCOMPLETE),
        (replace(INCLUDING, tree=None), ExitCode.DONE),
        (replace(INCLUDING, apex=TxtAnswer(DOMAIN, ()), tree=None), ExitCode.DONE),
        (replace(INCLUDING, apex=TxtAnswer(DOMAIN, (b"v=spf1 mx", b"v=spf1 -all"))), ExitCode.FOUND),
        (replace(INCLUDING, apex=TxtAnswer(DOMAIN, (b"v=spf1 mx oops",))), ExitCode.FOUND),
        (replace(INCLUDING, outcome=REFUSED), ExitCode.DONE),
        (replace(INCLUDING, outcome=replace(REFUSED, result=SpfResult.TEMPERROR)), ExitCode.INCOMPLETE),
    ],
)
def test_what_the_shell_learns(seen: SpfLook, code: ExitCode) -> None:
    assert spf_code(seen) is code
