"""Every French text of the catalogue and of the reports is plain, short, well typed, calm, and names no brand.

A third party's `measures.yaml` and checks may be held to the same rules with the functions of `french_reading`.
"""

import ast
import dataclasses
import re
import statistics
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

import pytest

from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.measures import Measure, Owner
from cyberaudit.facts.dkim_providers import PROVIDERS
from cyberaudit.facts.dnssec_providers import HOSTERS
from cyberaudit.facts.products import PRODUCTS
from cyberaudit.french import NARROW, NBSP, typeset
from tests.unit.french_reading import (
    english_words,
    sentences,
    spelling,
    tone,
    typography,
    unquoted,
    words,
)
from tests.unit.golden import GOLDEN
from tests.unit.report_samples import blind_view, busy_view, calm_view, crowded_view

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
MEASURES = tuple(CATALOGUE.remedies.measures.values())

# « Corriger » and the letter to the contractor are read by somebody whose trade it is: names of extensions of TLS.
TRADE_WORDS = frozenset({"heartbeat", "fallback"})


class Text(NamedTuple):
    """One text, ready to print, and where to mend it."""

    place: str
    text: str


def of_fiches(section: str) -> Iterator[Text]:
    for check in CATALOGUE.checks:
        yield Text(f"{check.path}, {section}", typeset(getattr(CATALOGUE.fiches[check.id], section)))


def of_measures(field: str) -> Iterator[Text]:
    for measure in MEASURES:
        yield Text(f"{measure.id}, {field}", getattr(measure, field))


def steps() -> Iterator[Text]:
    for measure in MEASURES:
        parts = (lot.title for lot in measure.lots)
        yield Text(f"{measure.id}, steps", "\n".join(f"- {each}" for each in (*measure.steps, *parts)))


def cost_sources() -> Iterator[Text]:
    yield from (Text(f"{measure.id}, cost", measure.cost.source) for measure in MEASURES)


def verdict_texts() -> Iterator[Text]:
    """The sentences written in the code of the checks, values replaced by one sign."""
    for package in ("cyberaudit.checks", "cyberaudit.sdk"):
        for path in sorted(Path(str(files(package))).rglob("*.py")):
            for text in literals(ast.parse(path.read_text("utf-8"))):
                if re.match(r"[A-ZÉÀÊ«].* .*[.?]$", text):
                    yield Text(str(path), typeset(text))


def report_texts() -> Iterator[Text]:
    """The sentences of four whole reports, evidence apart: it is not ours."""
    for view in (busy_view(), calm_view(), blind_view(), crowded_view()):
        for place, text in strings(view, "view"):
            if re.match(r"[A-ZÉÀÊ«].*\s.*[.?]$", text):
                yield Text(place, text)


def strings(value: object, place: str) -> Iterator[tuple[str, str]]:
    """Every text below a dataclass, with the path of fields that leads to it."""
    if isinstance(value, str):
        yield place, str(value)
    elif isinstance(value, tuple):
        for each in value:
            yield from strings(each, place)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name != "evidence":
                yield from strings(getattr(value, field.name), f"{place}.{field.name}")


def literals(tree: ast.Module) -> Iterator[str]:
    """Strings and f-strings, docstrings apart."""
    within: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            within.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            within.update(id(part) for part in node.values)
            if id(node) not in within:
                parts = [part.value if isinstance(part, ast.Constant) else "X" for part in node.values]
                yield "".join(map(str, parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in within:
            yield node.value


KINDS = {
    "a check's question": tuple(of_fiches("title")),
    "a check's reason": tuple(of_fiches("why")),
    "a check's remedy": tuple(of_fiches("fix")),
    "a check's limits": tuple(of_fiches("limits")),
    "a verdict": tuple(verdict_texts()),
    "a measure's title": tuple(of_measures("title")),
    "a measure's reason": tuple(of_measures("why")),
    "a measure's steps": tuple(steps()),
    "a measure's end": tuple(of_measures("done_when")),
    "a measure's stopgap": tuple(of_measures("stopgap")),
    "a measure's cost": tuple(cost_sources()),
    "a measure's letter": tuple(of_measures("contractor")),
    "a report": tuple(report_texts()),
}
FOR_THE_CONTRACTOR = {"a check's remedy", "a measure's letter", "a verdict"}
# A remedy may name a device that was recognised, with its own setting; nothing else names a maker.
WITHOUT_BRANDS = [kind for kind in KINDS if kind not in {"a check's remedy", "a verdict", "a report"}]

every_kind = pytest.mark.parametrize("kind", KINDS)


@every_kind
def test_there_is_something_to_read(kind: str) -> None:
    assert len(KINDS[kind]) >= 50


@every_kind
def test_a_sentence_is_read_in_one_breath(kind: str) -> None:
    # Ours: one idea a sentence, about 15 words; a setting and what it does, told to the trade, may take 30.
    most = 30 if kind in {"a check's remedy", "a measure's letter"} else 25
    lengths = {(each.place, line): words(line) for each in KINDS[kind] for line in sentences(each.text)}
    assert {line: length for line, length in lengths.items() if length > most} == {}
    assert statistics.median(lengths.values()) <= 15


@every_kind
def test_no_word_is_english(kind: str) -> None:
    allowed = TRADE_WORDS if kind in FOR_THE_CONTRACTOR else frozenset()
    found = {each.place: english_words(each.text, allowed=allowed) for each in KINDS[kind]}
    assert {place: named for place, named in found.items() if named} == {}


@every_kind
def test_accents_stand_on_small_letters_and_on_capitals(kind: str) -> None:
    assert {each: faults for each in KINDS[kind] if (faults := tuple(spelling(each.text)))} == {}


@every_kind
def test_signs_and_spaces_are_french(kind: str) -> None:
    assert {each: faults for each in KINDS[kind] if (faults := tuple(typography(each.text)))} == {}


@every_kind
def test_nobody_is_frightened_or_blamed(kind: str) -> None:
    assert {each: faults for each in KINDS[kind] if (faults := tuple(tone(each.text)))} == {}


# An acronym may stand in a title when the secretary has no other name for the thing, or when the title has just said
# it in words: « … (DNSSEC) ».
TITLE_ACRONYMS = {
    "IPv4": "one of the two kinds of addresses: they have no other names",
    "IPv6": "as above",
    "CNIL": "known to every town hall",
    "VPN": "written on the agents' screens; « accès à distance » says it elsewhere",
    "SSL": "with VPN, the name of the kind of access that the profile declares: not asked of others",
    "IPsec": "as SSL",
    "OpenVPN": "as SSL",
    "WireGuard": "as SSL",
    "Wi-Fi": "a French word by now",
}
_ACRONYM = re.compile(r"\b[A-Za-z]*[A-Z][\w-]*[A-Z][\w-]*\b")
_NUMBER = re.compile(rf"\d+(?!\d|[ {NBSP}](?:heures|jours|mois|ans|minutes)\b)")
TITLES = (*KINDS["a check's question"], *KINDS["a measure's title"])


@pytest.mark.parametrize("title", TITLES, ids=[each.place.rpartition("/")[2] for each in TITLES])
def test_a_title_is_for_the_secretary(title: Text) -> None:
    said = re.sub(r"\([^)]*\)", "", title.text)
    assert set(_ACRONYM.findall(said)) <= set(TITLE_ACRONYMS)
    assert not _NUMBER.search(re.sub(r"IPv[46]|17Cyber", "", said)), "no port number in a title"
    assert title.text[0].isupper()
    assert not title.text.endswith(".")
    assert title.text.endswith(f"{NBSP}?") or "?" not in title.text


def brands() -> set[str]:
    """The names of makers and of services that the program can recognise."""
    made = [product.name for product in PRODUCTS]
    made += [provider.name for provider in PROVIDERS]
    made += [hoster.name for hoster in HOSTERS]
    names = {word for name in made for word in re.findall(r"[A-Z][\w.-]+\w", name)}
    return {name for name in names if name.casefold() not in NOT_BRANDS} | BRANDS


# Words of those names that are no brand: protocols, formats, kinds of machines, free software that is a protocol too.
NOT_BRANDS = frozenset(
    """access server vpn pptp dsm ios cloud secure connect gateway networks my box telecom console bureau web services
    security mail manager station remote desktop center central email e-mail free one point check openvpn wireguard
    ipsec ssh http https imap smtp pop ftp ldap snmp nas ip wi-fi""".split()  # noqa: SIM905 - prose
)
# Makers that no probe recognises but that somebody could be tempted to name.
BRANDS = frozenset(
    """Microsoft Windows Outlook Google Gmail Orange Wanadoo OVH OVHcloud Gandi Apple Android Amazon Norton ESET
    Kaspersky Bitdefender Avast Acronis Veeam Yubikey Yubico Bitwarden KeePass Dashlane LastPass LockSelf TeamViewer
    AnyDesk Mailinblack Vade Proton Infomaniak Ionos Scaleway Dropbox iCloud OneDrive Berger-Levrault Cosoluce JVS
    Odyssee Stormshield Fortinet Sophos Zyxel Synology QNAP Cisco""".split()  # noqa: SIM905 - prose
)


@pytest.mark.parametrize("kind", WITHOUT_BRANDS)
def test_advice_names_no_brand(kind: str) -> None:
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(brands())))})(?!\w)")
    assert {each.place: pattern.findall(each.text) for each in KINDS[kind] if pattern.search(each.text)} == {}


def test_the_brands_are_those_of_the_products_that_can_be_recognised() -> None:
    assert brands() >= {"FortiGate", "Stormshield", "Synology", "Livebox", "MikroTik"}
    assert len(brands()) > 100


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.id)
def test_a_measure_says_all_that_its_readers_need(measure: Measure) -> None:
    assert measure.why
    assert measure.steps
    assert measure.done_when
    assert bool(measure.contractor) == (measure.owner is Owner.CONTRACTOR)
    assert re.search(r"cyberaudit, [a-zéû]+ 20\d\d\.$|devis.* 20\d\d\.$", measure.cost.source)


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.id)
def test_a_letter_is_broken_at_the_end_of_sentences_only(measure: Measure) -> None:
    # Its lines are kept as they stand: one that goes on would be printed as two.
    lines = measure.contractor.splitlines()
    assert [line for line in lines if not re.search(r"[.?:,;]$", line) or line.startswith(" ")] == []


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.id)
def test_every_figure_of_a_cost_is_told_by_its_source(measure: Measure) -> None:
    cost = measure.cost
    told = {int(number) for number in re.findall(r"\d+", cost.source.replace(NARROW, ""))}
    assert {cost.low, cost.high, cost.yearly} - {0} <= told


@pytest.mark.parametrize("measure", MEASURES, ids=lambda measure: measure.id)
def test_what_no_official_text_asks_is_said_to_be_ours(measure: Measure) -> None:
    if measure.guidance_class == 4:
        said = f"{measure.why} {measure.contractor}"
        assert re.search(r"propre à cyberaudit|notre jugement|[Aa]ucun texte officiel", said)
    else:
        assert measure.sources


def test_every_fiche_says_what_is_our_own_judgement() -> None:
    # No official list gives a gravity or a likelihood: each is ours, and each fiche says so.
    silent = [
        each.place
        for each in KINDS["a check's limits"]
        if "notre jugement" not in " ".join(each.text.split())
    ]
    assert silent == []


# No official list ranks these: the words must say it of the rank itself.
UNRANKED = (
    "firewall.remote-desktop", "firewall.file-sharing", "firewall.admin-page", "firewall.database",
    "firewall.server-console", "firewall.ipv6-parity", "dns.zone-transfer", "mail.mta-sts", "mail.dane",
    "mail.tls-reports", "mail.bimi", "dns.caa", "dns.ipv6",
)  # fmt: skip


@pytest.mark.parametrize("check_id", UNRANKED)
def test_what_no_official_text_ranks_is_said_so(check_id: str) -> None:
    limits = " ".join(CATALOGUE.fiches[check_id].limits.split())
    assert re.search(r"[Aa]ucun (guide|texte) officiel", limits)
    assert "notre jugement" in limits


def test_the_first_step_of_dmarc_is_said_to_be_our_weight() -> None:
    limits = " ".join(CATALOGUE.fiches["mail.dmarc"].limits.split())
    assert "Le poids de chaque consigne" in limits


# Whole reports, as they are printed. What is quoted from the network or typed at a terminal is not ours.
REPORTS = sorted({*GOLDEN.glob("report-*.txt"), *GOLDEN.glob("report-*.md")})
_NOT_OURS = re.compile(
    r"\[[\w.-]+\]|`[^`]*`|--[\w-]+|\bcyberaudit [\w ./<>-]+|https?://\S+|\b[\w.-]+\.(?:example|test|txt|md|json|yaml)\b"
    r"|\b[a-z]+/[a-z][\w-]+|^\s*(?:Détail|Code|Identité)\b.*$|\b\w+\.[\w-]+\b",
    re.MULTILINE,
)


def test_there_are_whole_reports_to_read() -> None:
    assert len(REPORTS) >= 20


@pytest.mark.parametrize("path", REPORTS, ids=lambda path: path.name)
def test_a_whole_report_is_calm_and_french(path: Path) -> None:
    text = _NOT_OURS.sub("", path.read_text("utf-8"))
    assert english_words(text, allowed=TRADE_WORDS) == ()
    assert tuple(spelling(text)) == ()
    assert tuple(tone(text)) == ()


@pytest.mark.parametrize(
    ("fault", "found"),
    [
        ("Le backup et le firewall.", ("backup", "firewall")),
        ("Le « backup » et le `firewall`, mail.spf et dns@mail.example.", ()),
        ("Un port, une zone, un service simple.", ()),
    ],
)
def test_english_words_are_seen_outside_of_quotes(fault: str, found: tuple[str, ...]) -> None:
    assert english_words(fault) == found


@pytest.mark.parametrize(
    "fault",
    [
        "La securite du reseau.",
        "A côté du serveur.",
        "Etat civil.",
        "Une sauvegarde a distance.",
        "Ca marche.",
    ],
)
def test_missing_accents_are_seen(fault: str) -> None:
    assert tuple(spelling(fault))


@pytest.mark.parametrize(
    "fault",
    [
        'Le mot "clé".',
        "Le mot “clé”.",
        "Un deux...",
        "L’hôte.",
        "Est-ce sûr?",
        "Voici: rien.",
        "1760\xa0€ par an.",
        "10€ par an.",
        "1 760\xa0€ par an.",
        "Le 2026-11-21.",
        "Le 21/11/2026.",
        "Le 21 Novembre 2026.",
        "Deux  espaces.",
    ],
)
def test_faults_of_typography_are_seen(fault: str) -> None:
    assert tuple(typography(fault))


@pytest.mark.parametrize(
    "fault", ["Une catastrophe.", "Un hacker.", "Par négligence.", "Faute de mieux.", "Vite, agissez !"]
)
def test_words_that_frighten_or_accuse_are_seen(fault: str) -> None:
    assert tuple(tone(fault))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Un mot. Deux mots ?\nEt trois mots.", ["Un mot.", "Deux mots ?", "Et trois mots."]),
        ("1. Lire.\n2. Écrire la\n   suite.", ["Lire.", "Écrire la suite."]),
        ("Dire « a. B » ici. « Oui. » Non.", ["Dire « a. B » ici.", "« Oui. » Non."]),
        ("La version 1.2 du ReCyF 7.B.3 suffit.", ["La version 1.2 du ReCyF 7.B.3 suffit."]),
    ],
)
def test_a_text_is_cut_into_its_sentences(text: str, expected: list[str]) -> None:
    assert list(sentences(text)) == expected


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("L'accès à distance\xa0: ouvert\xa0?", 4),
        ("Écrire «\xa0v=spf1 mx -all\xa0» à la fin.", 5),
        ("Taper `restic check --read-data` ici.", 3),
        ("— ; :", 0),
    ],
)
def test_words_are_counted_as_one_reads(sentence: str, expected: int) -> None:
    assert words(sentence) == expected


def test_what_is_quoted_is_left_out() -> None:
    assert unquoted("Le « mot » et le `code`.") == "Le «x» et le «x»."


def test_thousands_of_euros_do_not_break() -> None:
    assert typeset("1 760 € et 12 500 €, ports 80 443") == (
        f"1{NARROW}760{NBSP}€ et 12{NARROW}500{NBSP}€, ports 80 443"
    )
    assert typeset(typeset("1 760 €")) == typeset("1 760 €")
