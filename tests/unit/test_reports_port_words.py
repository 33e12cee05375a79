"""How ports are listed, and what a refusal or a line of evidence says in French."""

import pytest

from cyberaudit.reports.port_words import evidence_words, listed, refusal_words

pytestmark = pytest.mark.unit


def flat(text: str) -> str:
    return text.replace("\xa0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("ports", "most", "text"),
    [
        ((443, 22, 80), 24, "22, 80, 443"),
        ((80, 81, 443), 24, "80, 81, 443"),
        ((82, 81, 80, 443, 80), 24, "80-82, 443"),
        (range(1, 2001), 24, "1-2000"),
        ((1, 3, 5, 7, 8, 9, 10), 2, "1, 3 et 5 autres"),
        ((1, 3, 5), 2, "1, 3 et 1 autre"),
        ((1, 3, *range(100, 1400)), 2, "1, 3 et 1 300 autres"),
        ((), 2, ""),
    ],
)
def test_ports_are_listed_in_order_in_ranges_and_cut_between_two(ports: range, most: int, text: str) -> None:
    assert flat(listed((f"tcp/{number}" for number in ports), most=most)) == text


def test_what_is_no_port_does_not_stop_the_others() -> None:
    assert listed(("tcp/", "tcp/x", "tcp/22"), most=5) == "0, 22"


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("icmp 3/13 de 198.51.100.1", "refus de 198.51.100.1 : interdit par une règle (ICMP 3/13)"),
        ("icmp 3/3 de 192.0.2.2", "refus de 192.0.2.2 : port fermé (ICMP 3/3)"),
        ("icmp 1/1 de 2001:db8::1", "refus de 2001:db8::1 : interdit par une règle (ICMP 1/1)"),
        ("icmp 1/4 de 2001:db8::1", "refus de 2001:db8::1 : port fermé (ICMP 1/4)"),
        ("icmp 3/200 de 192.0.2.2", "refus de 192.0.2.2 : autre raison (ICMP 3/200)"),
        ("icmp 3/1", "refus : machine injoignable (ICMP 3/1)"),
        ("rst", "rst"),
        ("syn-ack en 12 ms", "syn-ack en 12 ms"),
    ],
)
def test_an_icmp_refusal_is_said_in_words_and_the_rest_stays_technical(detail: str, words: str) -> None:
    assert flat(refusal_words(detail)) == words


@pytest.mark.parametrize(
    "code", [*(f"3/{number}" for number in range(14)), *(f"1/{number}" for number in range(7))]
)
def test_every_usual_code_has_words(code: str) -> None:
    author = "192.0.2.1" if code.startswith("3") else "2001:db8::1"
    assert "autre raison" not in refusal_words(f"icmp {code} de {author}")


@pytest.mark.parametrize(
    ("label", "value", "words"),
    [
        ("déclaré", "yes, par Jeanne le 3 mars 2026", "oui, par Jeanne le 3 mars 2026"),
        ("déclaré", "no « un an », par Jeanne", "non « un an », par Jeanne"),
        ("déclaré", "unknown, par Jeanne", "« je ne sais pas », par Jeanne"),
        ("déclaré", "not-applicable, par Jeanne", "sans objet, par Jeanne"),
        ("déclaré", "autre, par Jeanne", "autre, par Jeanne"),
        ("tcp/22", "no, par yes", "no, par yes"),
        (
            "tcp/23 192.0.2.2",
            "icmp 3/13 de 192.0.2.254 ; vu",
            "refus de 192.0.2.254 : interdit par une règle (ICMP 3/13) ; vu",
        ),
    ],
)
def test_codes_of_evidence_become_french_and_records_stay(label: str, value: str, words: str) -> None:
    assert flat(evidence_words(label, value)) == words
