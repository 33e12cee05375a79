"""The glossary: which words it explains, found in a text as people write them."""

import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cyberaudit.french import typeset
from cyberaudit.reports.glossary import TERMS, Term, alphabetical, terms_in
from tests.unit.french_reading import english_words, sentences, spelling, tone, typography, words

pytestmark = pytest.mark.unit

EVERY_FORM = [(form, term) for term in TERMS for form in (term.word, *term.forms)]


def found(*texts: str) -> list[str]:
    return [term.word for term in terms_in(texts)]


@pytest.mark.parametrize(("form", "term"), EVERY_FORM, ids=[form for form, _ in EVERY_FORM])
def test_every_form_is_found_in_a_sentence(form: str, term: Term) -> None:
    for text in (f"Voici l'{form}.", f"({form.upper()})", f"« {form} » et autre chose"):
        assert term in terms_in([text])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Deux pare-feux et un Pare-feu.", ["pare-feu"]),
        ("Les certificats\xa0: trois noms\nde domaine.", ["certificat", "nom de domaine"]),
        ("Des sauvegardes chiffrées, et des journaux.", ["chiffrer", "journal"]),
        ("L'annuaire des noms est public.", ["DNS"]),
        ("L'annuaire de la mairie, et celui des noms.", ["annuaire"]),
        ("Deux sauvegardes hors ligne.", ["sauvegarde hors ligne"]),
        ("Le pointeur rapporte un support portable.", []),
        ("Voir https://dns.mairie.example/vpn, dns.caa et agent@dns.example.", []),
        ("Le DNSSEC.", ["DNSSEC"]),
        ("MTA-STS, sans DMARC-PLUS.", ["MTA-STS"]),
        ("", []),
    ],
)
def test_whole_words_are_found_in_any_case_and_number(text: str, expected: list[str]) -> None:
    assert found(text) == expected


def test_terms_come_once_in_alphabetical_order_without_regard_to_accents() -> None:
    texts = [
        "Un VPN, un délégué à la protection des données, un DPO, DANE, l'antivirus.",
        "Un vpn. Le DMARC.",
    ]
    assert found(*texts) == ["antivirus", "DANE", "délégué à la protection des données", "DMARC", "VPN"]


def test_no_form_has_two_meanings() -> None:
    forms = [form.casefold() for form, _ in EVERY_FORM]
    assert len(forms) == len(set(forms))
    assert 40 <= len(TERMS) <= 60


def test_the_entries_are_written_in_the_order_they_are_printed() -> None:
    assert list(TERMS) == sorted(TERMS, key=alphabetical)


def test_every_meaning_is_plain_french() -> None:
    lengths = [words(sentence) for term in TERMS for sentence in sentences(term.meaning)]
    assert max(lengths) <= 25
    assert statistics.median(lengths) <= 15
    for term in TERMS:
        text = typeset(term.meaning)
        assert not [*english_words(text), *spelling(text), *typography(text), *tone(text)], term
        assert term.meaning[0].isupper()
        assert term.meaning.endswith(".")
        assert len(list(sentences(term.meaning))) <= 2


@given(st.lists(st.sampled_from(EVERY_FORM), max_size=8), st.sampled_from([" ", "\xa0", ", ", "\n", " ; "]))
def test_words_found_together_are_those_found_apart(drawn: list[tuple[str, Term]], between: str) -> None:
    text = between.join(f"({form})" for form, _ in drawn)
    assert set(terms_in([text])) == {term for _, term in drawn}
