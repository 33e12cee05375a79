"""The remediation catalogue: what is refused, and the French of what is shipped."""

import re
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

from cyberaudit import french
from cyberaudit.engine.measures import Confidence, Measure, Owner
from cyberaudit.engine.remedies import built_in, cite, load_remedies, merge, unknown_sources
from cyberaudit.errors import CatalogueError

pytestmark = pytest.mark.unit

SOURCE = """
- id: GUIDE
  title: Un guide
  publisher: ANSSI
  url: https://guide.example/page
  confidence: confirmed
"""
MEASURE = """
- id: x-acme.close-door
  title: Fermer la porte
  why: Elle est ouverte.
  owner: contractor
  cost: {low: 0, high: 100, yearly: 0, source: "estimation, novembre 2026"}
  days: 1.5
  steps: [Appeler le prestataire.]
  contractor: |
    Bonjour,
    merci de fermer la porte.
  done_when: La porte est fermée.
  depends: []
  stopgap: Surveiller la porte.
  guidance_class: 2
  ranks: {ten_measures: 0, cyberdepart: 0, monaidecyber: 3}
  sources: [GUIDE R44]
"""


def folder(tmp_path: Path, *, measures: str = MEASURE, sources: str = SOURCE) -> Path:
    (tmp_path / "measures.yaml").write_text(measures, "utf-8")
    (tmp_path / "sources.yaml").write_text(sources, "utf-8")
    return tmp_path


def test_a_third_party_measure_is_read_whole(tmp_path: Path) -> None:
    remedies = load_remedies(folder(tmp_path), prefix="x-acme.")
    measure = remedies.measures["x-acme.close-door"]
    assert (measure.owner, measure.cost.high, measure.days) == (Owner.CONTRACTOR, 100, 1.5)
    assert measure.contractor == "Bonjour,\nmerci de fermer la porte."
    assert measure.ranks.monaidecyber == 3
    assert measure.origin == f"{tmp_path.name}/measures.yaml"
    assert remedies.sources["GUIDE"].confidence is Confidence.CONFIRMED


def test_a_folder_without_the_two_files_holds_nothing(tmp_path: Path) -> None:
    assert load_remedies(tmp_path, prefix="x-acme.").measures == {}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("  why: Elle est ouverte.\n", "", "il manque le champ « why »"),
        ("  why:", "  pourquoi: x\n  why:", "le champ « pourquoi » n'existe pas"),
        ("  why: Elle est ouverte.", "  why: ''", "« why » doit être un texte"),
        ("yearly: 0, ", "", "cost : il manque le champ « yearly »"),
        ("low: 0", "low: 200", "« low » dépasse « high »"),
        ("high: 100", "high: cher", "« high » doit être un nombre"),
        ("days: 1.5", "days: 0", "« days » doit être un nombre de 0.01 à 365"),
        ("days: 1.5", "days: nan", "« days » doit être un nombre"),
        ("owner: contractor", "owner: voisin", "« owner » doit être l'un de"),
        ("guidance_class: 2", "guidance_class: 5", "« guidance_class » doit être un nombre de 1 à 4"),
        ("ranks: {ten_measures: 0, cyberdepart: 0, monaidecyber: 3}", "ranks: 3", "groupe de champs"),
        ("steps: [Appeler le prestataire.]", "steps: []", "au moins une étape"),
        ("steps: [Appeler le prestataire.]", "steps: Appeler", "doit être une liste de textes"),
        ("  stopgap: Surveiller la porte.\n", "", "« stopgap » à 0 €"),
        (
            "contractor: |\n    Bonjour,\n    merci de fermer la porte.",
            "contractor: ''",
            "il manque « contractor »",
        ),
        ("GUIDE R44", "AUTRE R1", "la source de « AUTRE R1 » n'existe pas"),
        ("depends: []", "depends: [open-door]", "dépend de « open-door », qui n'existe pas"),
        ("depends: []", "depends: [x-acme.close-door]", "s'attendent en rond"),
        ("x-acme.close-door", "close-door", "doit commencer par « x-acme. »"),
        ("x-acme.close-door", "x-autre.close-door", "doit commencer par « x-acme. »"),
        ("x-acme.close-door", "x-acme.Porte Ouverte", "s'écrit en minuscules"),
        ("- id: x-acme.close-door\n ", "-", "mesure n° 1 : il manque le champ « id »"),
        ("  days: 1.5", "  days: 1.5\n  days: 2", "clé « days » écrite deux fois"),
        ("steps: [", "steps: [[", "ce YAML ne se lit pas"),
        (MEASURE, "mesure: une", "doit être une liste"),
        (MEASURE, "- une mesure", "il manque le champ « id »"),
        (MEASURE, MEASURE + MEASURE, "cet identifiant est écrit deux fois"),
        (MEASURE, "[" * 20000, "YAML"),
        (MEASURE, "a: \x07", "YAML"),
    ],
)
def test_a_broken_measure_is_refused_in_french_with_its_file(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    assert old in MEASURE
    with pytest.raises(CatalogueError) as caught:
        load_remedies(folder(tmp_path, measures=MEASURE.replace(old, new)), prefix="x-acme.")
    sentence = str(caught.value).replace(french.NBSP, " ")
    assert said in sentence
    assert sentence.startswith(str(tmp_path / "measures.yaml"))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://", "http://", "doit commencer par https://"),
        ("id: GUIDE", "id: LE GUIDE", "sans espace ni accent"),
        ("confirmed", "certain", "« confidence » doit être l'un de"),
        (SOURCE, SOURCE + SOURCE, "source « GUIDE » : cet identifiant est écrit deux fois"),
    ],
)
def test_a_broken_source_is_refused_in_french(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        load_remedies(folder(tmp_path, sources=SOURCE.replace(old, new)), prefix="x-acme.")
    assert said in str(caught.value).replace(french.NBSP, " ")


def test_a_free_short_measure_needs_no_stopgap_and_a_long_one_does(tmp_path: Path) -> None:
    free = MEASURE.replace("high: 100", "high: 0").replace("  stopgap: Surveiller la porte.\n", "")
    assert load_remedies(folder(tmp_path, measures=free), prefix="x-acme.").measures
    load_remedies(folder(tmp_path, measures=free.replace("1.5", "7")), prefix="x-acme.")
    for paid_or_long in (free.replace("1.5", "7.5"), free.replace("yearly: 0", "yearly: 60")):
        with pytest.raises(CatalogueError, match="stopgap"):
            load_remedies(folder(tmp_path, measures=paid_or_long), prefix="x-acme.")


def test_a_circle_of_three_is_drawn(tmp_path: Path) -> None:
    ring = "".join(
        MEASURE.replace("close-door", name).replace("depends: []", f"depends: [x-acme.{awaited}]")
        for name, awaited in (("a", "b"), ("b", "c"), ("c", "a"))
    )
    with pytest.raises(CatalogueError, match=r"x-acme\.\w → x-acme\.\w → x-acme\.\w → x-acme\.\w"):
        load_remedies(folder(tmp_path, measures=ring), prefix="x-acme.")


def test_a_third_party_may_cite_and_await_what_is_built_in(tmp_path: Path) -> None:
    text = MEASURE.replace("GUIDE R44", "PA-066 R44").replace("depends: []", "depends: [turn-on-mfa]")
    own = load_remedies(folder(tmp_path, measures=text), prefix="x-acme.", known=built_in())
    assert list(own.measures) == ["x-acme.close-door"]
    assert len(merge(built_in(), own).measures) == len(built_in().measures) + 1


def test_a_third_party_cannot_replace_a_source_or_a_measure(tmp_path: Path) -> None:
    taken = SOURCE.replace("GUIDE", "PA-066")
    with pytest.raises(CatalogueError, match="PA-066"):
        load_remedies(folder(tmp_path, measures="[]", sources=taken), prefix="x-acme.", known=built_in())
    with pytest.raises(CatalogueError, match=r"checks/measures\.yaml et checks/measures\.yaml"):
        merge(built_in(), built_in())


def test_a_folder_in_place_of_a_file_or_a_wrong_encoding_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_bytes("- id: é".encode("latin-1"))
    with pytest.raises(CatalogueError, match="texte YAML lisible"):
        load_remedies(tmp_path)
    (tmp_path / "sources.yaml").unlink()
    (tmp_path / "sources.yaml").mkdir()
    with pytest.raises(CatalogueError, match="ne peut pas être lu"):
        load_remedies(tmp_path)


def test_a_measure_without_prefix_has_no_dot(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="ne porte pas de point"):
        load_remedies(folder(tmp_path))


def test_a_confirmed_source_is_cited_with_its_address() -> None:
    assert str(cite("PA-066 R44", built_in())) == (
        "ANSSI, Recommandations relatives à l'interconnexion d'un système d'information à Internet, R44 — "
        "https://messervices.cyber.gouv.fr/guides/recommandations-relatives-linterconnexion-dun-si-internet"
    )


def test_only_confirmed_addresses_are_printed() -> None:
    remedies = built_in()
    assert {source.confidence for source in remedies.sources.values()} == set(Confidence)
    for source in remedies.sources.values():
        printed = "https://" in str(cite(source.id, remedies))
        assert printed is (source.confidence is Confidence.CONFIRMED)


def test_a_rule_that_is_a_number_is_announced() -> None:
    assert ", n°\xa02.5 — https" in str(cite("RCPNT 2.5", built_in()))
    assert str(cite("MAC 12", built_in())) == "ANSSI, MonAideCyber, n°\xa012"


def test_an_unknown_source_is_refused_and_listed() -> None:
    assert unknown_sources(("PA-066 R44", "PA-0666 R44", "GUIDE"), built_in()) == ("PA-0666 R44", "GUIDE")
    with pytest.raises(CatalogueError, match="PA-0666"):
        cite("PA-0666 R44", built_in())


def test_french_spaces_do_not_break() -> None:
    before = "Écrire « v=spf1 ?all » : 500 € ; oui ? 50 %, https://guide.example"
    after = "Écrire «\xa0v=spf1 ?all\xa0»\xa0: 500\xa0€\xa0; oui\xa0? 50\xa0%, https://guide.example"
    assert french.typeset(before) == after
    assert french.typeset(after) == after


def test_every_address_is_https_and_official() -> None:
    official = ("cyber.gouv.fr", "cybermalveillance.gouv.fr", "17cyber.gouv.fr", "interieur.gouv.fr")
    others = ("cert.ssi.gouv.fr", "anct.gouv.fr", "cnil.fr")
    for source in built_in().sources.values():
        host = source.url.removeprefix("https://").partition("/")[0]
        assert host.endswith(official + others), source.id
        assert source.date == "" or re.fullmatch(r"20\d\d(-\d\d){0,2}", source.date)


def test_no_unconfirmed_rank_of_the_ten_measures_is_used() -> None:
    for measure in built_in().measures.values():
        assert measure.ranks.ten_measures <= 7
        assert not re.search(r"10M (8|9|10)\b", " ".join(measure.sources))


def test_every_check_of_the_first_family_finds_its_measure() -> None:
    wanted = {"turn-on-mfa", "raise-awareness", "print-contacts", "receive-mail", "authenticate-mail"}
    assert set(built_in().measures) >= wanted | {"encrypt-mail", "lock-unused-domains", "answer-questions"}


def texts(measure: Measure) -> Iterator[str]:
    yield from (measure.title, measure.why, measure.done_when, measure.stopgap, measure.cost.source)
    yield from measure.steps
    yield from measure.contractor.splitlines()


def sentences(measure: Measure) -> Iterator[str]:
    for text in texts(measure):
        yield from (part for part in re.split(r"(?<=[.?!])\s+", text) if re.search(r"[^\W\d]", part))


def words(sentence: str) -> int:
    return len(re.findall(r"\w[\w'’.-]*", sentence))


MEASURES = tuple(built_in().measures.values())
NAMES = [measure.id for measure in MEASURES]
VENDORS = (
    "microsoft|windows|outlook|office|google|gmail|orange|wanadoo|ovh|gandi|fortinet|stormshield|cisco|sophos|"
    "watchguard|zyxel|synology|qnap|acronis|veeam|apple|android|duo|yubi|amazon|norton|eset|kaspersky|proton"
)
ALARM = r"pirate|cata|danger|grave|catastroph|désastre|terrible|attention|vite|!"
ENGLISH = r"mail|mails|e-mail|backup|firewall|phishing|password|mfa|spf|dkim|dmarc|dns|starttls|tls|mx|port"


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_sentences_are_short(measure: Measure) -> None:
    lengths = [words(sentence) for sentence in sentences(measure)]
    assert max(lengths) <= 25
    assert statistics.median(lengths) <= 15


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_texts_are_neutral_french(measure: Measure) -> None:
    for text in texts(measure):
        assert not re.search(rf"\b({VENDORS})\b", text, re.IGNORECASE), text
        assert not re.search(rf"\b({ALARM})", text, re.IGNORECASE), text
        assert not re.search(r'["“”]|\w’', text), text
        assert not re.search(r"« | [»:;?!€%](\s|$)", text), text


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_titles_are_infinitives_without_jargon(measure: Measure) -> None:
    assert re.match(r"\w+(er|ir|re)\b", measure.title), measure.title
    # The two kinds of addresses have no other names.
    title = re.sub(r"\bIPv[46]\b", "", measure.title)
    assert not re.search(rf"\b({ENGLISH})\b|\d", title, re.IGNORECASE), measure.title


@pytest.mark.parametrize("measure", MEASURES, ids=NAMES)
def test_each_measure_is_complete_and_dated(measure: Measure) -> None:
    assert 3 <= len(measure.steps) <= 6
    assert all(step.endswith(".") and re.match(r"[A-ZÉ]\w*(er|ir|re)\b", step) for step in measure.steps)
    assert 1 <= len(list(re.finditer(r"[.?](\s|$)", measure.why))) <= 2
    assert re.search(r"cyberaudit, novembre 2026|devis", measure.cost.source)
    assert (measure.owner is Owner.CONTRACTOR) == bool(measure.contractor)
    assert not measure.contractor or measure.contractor.startswith("Bonjour,\n")
    assert "Merci de nous renvoyer" in measure.contractor or measure.contractor.count("réponse") or (
        not measure.contractor
    )  # fmt: skip
