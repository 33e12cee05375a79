"""The DKIM check: proved absent, guessed, declared, and what each key is worth."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.dkim import Dkim, DkimSelector, SelectorSource
from cyberaudit.facts.dkim_samples import (
    GOOD_DKIM,
    GOOD_SELECTOR,
    LOST_DKIM,
    NO_DKIM,
    UNGUESSED_DKIM,
    WILD_DKIM,
    record,
    rsa_key,
)
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.sdk import Context
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()

LOST = Unreachable(Reason.TIMEOUT)
PASS, PARTIAL, FAIL = Status.PASS, Status.PARTIAL, Status.FAIL
UNKNOWN, NONE = Status.UNKNOWN, Status.NOT_APPLICABLE
NAMED, PROVIDER, COMMON = SelectorSource
REVOKED, TEXT, CUT = b"v=DKIM1; p=", b"v=spf1 -all", b"v=DKIM1; p=" + rsa_key(2048)[:200].encode()
EDWARDS = b"v=DKIM1; k=ed25519; p=ERERERERERERERERERERERERERERERERERERERERERE="
WILD = TxtAnswer(f"*._domainkey.{GOOD_DKIM.domain}", (TEXT,))


def ask(facts: Dkim, *, sends_mail: bool = True) -> Verdict:
    check = CATALOGUE.check("mail.dkim")
    assert check is not None
    asset = towns.domain(sends_mail=sends_mail)
    return check.function(facts, Context(towns.NOW, asset, check.settings(), towns.town(asset)))


def key(source: SelectorSource, *records: bytes, name: str = "") -> DkimSelector:
    return DkimSelector(name or f"{source}1", source, records, ())


def lost(source: SelectorSource) -> DkimSelector:
    return DkimSelector(f"{source}-lost", source, LOST, ())


def dkim(*selectors: DkimSelector, **changes: Any) -> Dkim:
    return replace(GOOD_DKIM, selectors=selectors, **changes)


def codes(verdict: Verdict, *statuses: Status) -> list[str]:
    return [item.reason for item in verdict.items if item.status in (statuses or (PARTIAL, FAIL))]


GOOD = key(PROVIDER, record(), name="bon")


@pytest.mark.parametrize(
    ("facts", "status", "reason", "items"),
    [
        (GOOD_DKIM, PASS, "", []),
        (dkim(key(COMMON, record(4096))), PASS, "", []),
        (dkim(key(NAMED, record(), name="mairie")), PASS, "", []),
        (dkim(key(COMMON, EDWARDS)), PASS, "", []),
        (dkim(GOOD, key(COMMON, REVOKED)), PASS, "", []),
        (dkim(GOOD, key(PROVIDER)), PASS, "", []),
        (dkim(GOOD, key(COMMON, TEXT)), PASS, "", []),
        (dkim(GOOD, key(COMMON, record(512, more="s=tlsrpt; "))), PASS, "", []),
        (dkim(GOOD, lost(PROVIDER), lost(COMMON)), PASS, "", []),
        (dkim(GOOD, below=LOST, wildcard=LOST, providers=LOST), PASS, "", []),
        (dkim(GOOD, wildcard=WILD), PASS, "", []),
        (dkim(GOOD, below=False), PASS, "", []),
        (NO_DKIM, FAIL, "no-key", ["dkim.missing"]),
        (dkim(key(PROVIDER), below=False), FAIL, "no-key", ["dkim.missing"]),
        (dkim(key(NAMED), below=False), FAIL, "no-key", ["dkim.missing"]),
        (dkim(GOOD, key(NAMED)), FAIL, "no-key", ["dkim.missing"]),
        (dkim(key(NAMED, REVOKED)), FAIL, "revoked", ["dkim.revoked"]),
        (dkim(GOOD, key(NAMED, REVOKED)), FAIL, "revoked", ["dkim.revoked"]),
        (dkim(key(COMMON, record(512))), FAIL, "weak-key", ["dkim.weak_key"]),
        (dkim(GOOD, key(COMMON, record(768))), FAIL, "weak-key", ["dkim.weak_key"]),
        (dkim(key(COMMON, record(1024))), PARTIAL, "weak-key", ["dkim.weak_key"]),
        (dkim(key(COMMON, record(1536))), PARTIAL, "weak-key", ["dkim.weak_key"]),
        (dkim(key(COMMON, CUT)), PARTIAL, "syntax", ["dkim.syntax"]),
        (dkim(key(PROVIDER, CUT)), FAIL, "syntax", ["dkim.syntax"]),
        (dkim(GOOD, key(PROVIDER, CUT)), PARTIAL, "syntax", ["dkim.syntax"]),
        (dkim(GOOD, key(COMMON, CUT)), PARTIAL, "syntax", ["dkim.syntax"]),
        (dkim(GOOD, key(NAMED, CUT)), FAIL, "syntax", ["dkim.syntax"]),
        (dkim(GOOD, key(NAMED, TEXT)), FAIL, "syntax", ["dkim.syntax"]),
        (dkim(key(COMMON, record(), record(1024))), PARTIAL, "several-records", ["dkim.multiple"]),
        (dkim(key(NAMED, record(), record(1024))), FAIL, "several-records", ["dkim.multiple"]),
        (dkim(key(PROVIDER, record(), record(1024))), FAIL, "several-records", ["dkim.multiple"]),
        (dkim(GOOD, key(COMMON, record(), b"x")), PARTIAL, "several-records", ["dkim.multiple"]),
        (dkim(key(PROVIDER, record(more="h=sha1; "))), FAIL, "sha1-only", ["dkim.sha1_only"]),
        (dkim(key(PROVIDER, record(more="t=y; "))), PARTIAL, "test-mode", ["dkim.test_mode"]),
        (dkim(GOOD, lost(NAMED)), UNKNOWN, "undecided", []),
        (UNGUESSED_DKIM, UNKNOWN, "undecided", []),
        (dkim(key(COMMON, REVOKED)), UNKNOWN, "undecided", []),
        (dkim(key(COMMON, TEXT)), UNKNOWN, "undecided", []),
        (dkim(key(COMMON, REVOKED), below=False), UNKNOWN, "undecided", []),
        (WILD_DKIM, UNKNOWN, "undecided", []),
        (dkim(below=False, wildcard=TxtAnswer("x", ())), UNKNOWN, "undecided", []),
        (dkim(below=False, wildcard=LOST), UNKNOWN, Reason.TIMEOUT, []),
        (LOST_DKIM, UNKNOWN, Reason.RESOLVER_FAILURE, []),
    ],
)
def test_dkim(facts: Dkim, status: Status, reason: str, items: list[str]) -> None:
    verdict = ask(facts)
    assert (verdict.status, verdict.reason, codes(verdict)) == (status, reason, items)


def test_a_wildcard_is_told_and_its_answer_is_nobodys_key() -> None:
    key_everywhere = replace(WILD, records=(record(),))
    guessed = dkim(key(COMMON, record()), wildcard=key_everywhere)
    assert (ask(guessed).status, codes(ask(guessed), UNKNOWN)) == (UNKNOWN, ["dkim.wildcard"])
    declared = dkim(key(NAMED, record()), wildcard=key_everywhere)
    assert (ask(declared).status, codes(ask(declared), PASS)) == (PASS, ["", "dkim.wildcard"])


def test_the_question_is_asked_when_nothing_was_guessed() -> None:
    assert "--dkim-selector" in ask(UNGUESSED_DKIM).text


def test_the_way_of_the_provider_is_told_when_there_is_no_key() -> None:
    verdict = ask(replace(NO_DKIM, providers=("microsoft-365",)))
    assert "chez Microsoft 365" in [each.label for each in verdict.evidence]
    alone = ask(replace(NO_DKIM, providers=LOST)).evidence
    assert any("_domainkey.mairie-saint-etienne-d-o.example. IN TXT" in each.value for each in alone)


def test_stray_signs_are_named_and_a_short_key_is_written_anew() -> None:
    wrong = f'"v=DKIM1\\; k=rsa\\; p={rsa_key(1024)}"'.encode()
    verdict = ask(dkim(key(COMMON, wrong, name="mail")))
    assert "barre oblique" in verdict.items[0].text
    line = next(each.value for each in verdict.evidence if each.label == "ligne à publier")
    assert line == (f'mail._domainkey.{GOOD_DKIM.domain}. IN TXT "v=DKIM1; k=rsa; p={rsa_key(1024)}"')


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        (record(more="t=y; "), "« t= »"),
        (record(more="t=y; h=sha1; "), "« h= » et « t= »"),
        (record(more="t=y:s; "), ": remplacer la valeur de « t= » par « s »"),
        (
            record(more="t=y:s; h=sha1; "),
            ": retirer « h= » et sa valeur ; remplacer la valeur de « t= » par « s »",
        ),
        (b'"' + record() + b'"', "guillemets"),
    ],
)
def test_a_line_too_long_to_be_shown_whole_is_explained(text: bytes, gone: str) -> None:
    told = {each.label: each.value for each in ask(dkim(key(COMMON, text))).evidence}
    assert gone in told["à corriger dans la zone"]


def test_an_alias_is_shown_and_its_owner_mends_the_key() -> None:
    alias = replace(key(NAMED, record(more="t=y; ")), aliases=("s1.fournisseur.example",))
    labels = [each.label for each in ask(dkim(alias)).evidence]
    assert any(label.startswith("CNAME ") for label in labels)
    assert "à corriger dans la zone" not in labels
    dead = replace(alias, records=())
    assert "s1.fournisseur.example" in ask(dkim(dead)).items[0].text


def test_a_domain_without_mail_is_judged_elsewhere() -> None:
    assert ask(NO_DKIM, sends_mail=False).status is NONE


@given(st.lists(st.binary(max_size=60), max_size=3), st.sampled_from(list(SelectorSource)))
def test_what_holds_no_key_never_passes(records: list[bytes], source: SelectorSource) -> None:
    odd = DkimSelector("x", source, tuple(records), ())
    assert ask(dkim(odd)).status is not PASS
    assert ask(dkim(replace(GOOD_SELECTOR, records=LOST), odd, below=LOST)).status is not PASS
