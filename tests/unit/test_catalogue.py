"""Checks are found where they are put, and refused when they cannot be trusted."""

import sys
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import pytest

from cyberaudit.declared import CheckChoice
from cyberaudit.engine import catalogue as catalogue_module
from cyberaudit.engine.catalogue import asked, load_catalogue, settings_for, verify_choices
from cyberaudit.engine.scaffold import scaffold
from cyberaudit.errors import CatalogueError, UsageError
from tests.unit import towns

pytestmark = pytest.mark.unit

THIRD_PARTY = '''"""Le domaine publie-t-il un texte ?

## Pourquoi
Pour que chacun sache à qui il a affaire quand il reçoit un message de la mairie.

## Corriger
Publier un enregistrement TXT à la racine du domaine, puis vérifier qu'il se lit bien.
"""

from cyberaudit.sdk import Context, MailDns, Unreachable, Verdict, check, failed, passed, unknown


@check("x-agglo.text", needs=MailDns, about="domain", impact=2, likelihood=2, measure="x-agglo.publish")
def text(mail: MailDns, ctx: Context) -> Verdict:
    if isinstance(mail.apex, Unreachable):
        return unknown(mail.apex)
    if not mail.apex.records:
        return failed("Rien n'est publié.", reason="no-text")
    return passed("Un texte est publié.")
'''
MEASURE = """
- id: x-agglo.publish
  title: Publier un texte
  why: Les habitants savent à qui ils ont affaire.
  owner: contractor
  cost: {low: 0, high: 0, yearly: 0, source: "estimation de l'agglomération, novembre 2026"}
  days: 0.5
  steps: [Demander la publication.]
  contractor: Merci de publier un enregistrement TXT.
  done_when: Le texte se lit.
  guidance_class: 4
  ranks: {ten_measures: 0, cyberdepart: 0, monaidecyber: 0}
  sources: []
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "text.py").write_text(THIRD_PARTY, encoding="utf-8")
    (tmp_path / "measures.yaml").write_text(MEASURE, encoding="utf-8")
    tmp_path.chmod(0o755)
    for path in tmp_path.iterdir():
        path.chmod(0o644)
    return tmp_path


def test_a_third_party_adds_a_check_with_one_file_of_25_lines(folder: Path) -> None:
    assert len(THIRD_PARTY.splitlines()) <= 25
    check = load_catalogue([folder]).check("x-agglo.text")
    assert check is not None
    assert check.measure == "x-agglo.publish"


def test_an_installed_package_adds_checks_through_its_entry_point(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = folder / "agglo_checks"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (folder / "text.py").rename(package / "text.py")
    (folder / "measures.yaml").rename(package / "measures.yaml")
    entry = EntryPoint("agglo", "agglo_checks", catalogue_module.ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(
        catalogue_module, "entry_points", lambda group: EntryPoints([entry]).select(group=group)
    )
    try:
        assert load_catalogue().check("x-agglo.text") is not None
    finally:
        for name in [name for name in sys.modules if name.startswith("agglo_checks")]:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("def broken(:\n", r"text\.py:1 : ce fichier n'est pas du Python"),
        ("x = 1\ny = undefined\n", r"text\.py:2 : ce fichier de contrôles ne se charge pas \(NameError"),
        (THIRD_PARTY.replace("impact=2", "impact=9"), "impact and likelihood go from 1 to 4"),
        (THIRD_PARTY.replace('"x-agglo.text"', '"mail.text"'), "doit commencer par « x-<nom>. »"),
        (THIRD_PARTY.replace('"x-agglo.text"', '"x-agglo.Text"'), "n'est pas un identifiant de contrôle"),
        (THIRD_PARTY.replace("x-agglo.publish", "x-agglo.none"), "la mesure « x-agglo.none » n'existe"),
        (
            THIRD_PARTY.replace('about="domain"', 'about="domain", sources=("Z 1",)'),
            "la source « Z 1 » n'existe",
        ),
    ],
)
def test_a_broken_check_file_is_one_sentence_with_its_place(folder: Path, text: str, sentence: str) -> None:
    (folder / "text.py").write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=sentence):
        load_catalogue([folder])


def test_the_same_id_twice_is_refused(folder: Path) -> None:
    (folder / "again.py").write_text(THIRD_PARTY, encoding="utf-8")
    with pytest.raises(CatalogueError, match="existe déjà"):
        load_catalogue([folder])


def test_code_that_others_may_write_is_not_run(folder: Path) -> None:
    (folder / "text.py").chmod(0o666)
    with pytest.raises(CatalogueError, match="d'autres peuvent y écrire"):
        load_catalogue([folder])


def test_a_folder_of_somebody_else_is_not_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 4242)
    import os

    os.chown(folder, 4243, -1) if os.getuid() == 0 else None
    if folder.stat().st_uid == 0:
        pytest.skip("needs root to give the folder away")
    with pytest.raises(CatalogueError, match="appartient à quelqu'un d'autre"):
        load_catalogue([folder])


def test_a_missing_folder_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="ne se lit pas"):
        load_catalogue([tmp_path / "none"])


def test_a_practice_check_is_about_the_practice_of_its_name() -> None:
    town = towns.town(towns.practice("mfa"), towns.practice("awareness"))
    pairs = {(check.id, asset.key) for check, asset in asked(town, load_catalogue().checks)}
    assert ("practice.mfa", "practice/mfa") in pairs
    assert ("practice.mfa", "practice/awareness") not in pairs


def test_a_profile_changes_a_threshold() -> None:
    check = load_catalogue().check("mail.certificate")
    assert check is not None
    town = towns.town(checks=(CheckChoice("mail.certificate", "", (("warn_days", "45"),)),))
    assert settings_for(check, town).warn_days == 45
    assert settings_for(check, towns.town()).warn_days == 30


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (CheckChoice("mail.certifcate", "", ()), "vouliez-vous dire « mail.certificate »"),
        (CheckChoice("mail.certificate", "", (("warn", "3"),)), "le réglage « warn » n'existe pas"),
        (CheckChoice("mail.certificate", "", (("warn_days", "bientôt"),)), "« bientôt » ne convient pas"),
    ],
)
def test_a_setting_that_does_not_exist_is_refused(choice: CheckChoice, sentence: str) -> None:
    with pytest.raises(CatalogueError, match=sentence):
        verify_choices(towns.town(checks=(choice,)), load_catalogue())


def test_the_hash_of_the_rules_follows_a_changed_setting() -> None:
    catalogue = load_catalogue()
    changed = towns.town(checks=(CheckChoice("mail.certificate", "", (("warn_days", "45"),)),))
    assert catalogue.rules(towns.town()) == load_catalogue().rules(towns.town())
    assert catalogue.rules(towns.town()) != catalogue.rules(changed)


def test_the_scaffold_writes_a_check_that_works(tmp_path: Path) -> None:
    path = scaffold("x-agglo.welcome-text", tmp_path / "mine")
    assert path.name == "welcome_text.py"
    assert load_catalogue([path.parent]).check("x-agglo.welcome-text") is not None
    with pytest.raises(UsageError, match="existe déjà"):
        scaffold("x-agglo.welcome-text", tmp_path / "mine")


@pytest.mark.parametrize("name", ["mail.spf", "x-agglo", "x-.a", "x-agglo.Big", "../x-a.b"])
def test_the_scaffold_refuses_a_reserved_or_malformed_id(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError):
        scaffold(name, tmp_path)
