"""A wrong profile: every mistake at once, in French, at its place."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from cyberaudit.errors import Problem, ProfileError
from cyberaudit.town.complaints import SENTENCES
from cyberaudit.town.load import load_profile, parse_profile
from cyberaudit.town.shape import ProfileShape
from cyberaudit.town.source import Tree
from cyberaudit.town.yaml_source import read_yaml

pytestmark = pytest.mark.unit

HEAD = 'schema_version: 1\ncommune: {id: ville, name: Ville, insee: "01004", population: 5000}\n'
ZONES = "zones: [{id: lan}, {id: guest}]\n"
SAID = "by: Maire, on: 2026-11-02"
WAIVER = "reason: Le domaine sera rendu, decided_by: Maire, decided_on: 2026-11-10"


def problems(text: str) -> tuple[Problem, ...]:
    with pytest.raises(ProfileError) as caught:
        parse_profile(text.encode(), file="p")
    return caught.value.problems


def heads(text: str) -> list[str]:
    return [str(problem).splitlines()[0] for problem in problems(text)]


# What is added after HEAD (so line 3 comes first), and all that is told.
WRONG: list[tuple[str, str, str, str]] = [
    ("domaines: []", "3:1", "", "La clé « domaines » n'existe pas ici ; vouliez-vous dire « domains » ?"),
    ("zzz: 1", "3:1", "", "La clé « zzz » n'existe pas ici."),
    (
        "domains: [{id: a}]",
        "3:11",
        "domains, 1er élément",
        "Il manque « name » (le nom de domaine : ville-exemple.example).",
    ),
    ("domains:", "3:1", "", "Rien n'est écrit après « domains » : donnez une valeur, ou effacez la ligne."),
    (
        "domains: x",
        "3:10",
        "domains",
        "Une liste est attendue : écrivez [x], ou une ligne « - » par élément.",
    ),
    ("domains: [x]", "3:11", "domains, 1er élément", "Un bloc de lignes « clé : valeur » est attendu ici."),
    ("practices: [x]", "3:12", "practices", "Un bloc de lignes « clé : valeur » est attendu ici."),
    (
        "scanned_by: 12",
        "3:13",
        "scanned_by",
        'Un texte est attendu : mettez la valeur entre guillemets, "12".',
    ),
    ("scanned_by: [12]", "3:13", "scanned_by", "Un simple texte est attendu ici, pas une liste ni un bloc."),
    (
        "domains: [{id: a, name: a.example, sends_mail: yes}]",
        "3:48",
        "domains, 1er élément, sends_mail",
        "Écrivez true ou false ; vouliez-vous dire « true » ?",
    ),
    (
        "links: [{id: a, kind: fibre}]",
        "3:23",
        "links, 1er élément, kind",
        "« fibre » n'existe pas ici : écrivez ftto ou ftth ou box ou xdsl ou 4g ou satellite ou lan.",
    ),
    (
        "links: [{id: a, kind: ftt0}]",
        "3:23",
        "links, 1er élément, kind",
        "« ftt0 » n'existe pas ici ; vouliez-vous dire « ftto » ?",
    ),
    (
        "links: [{id: a, kind: ftto, repair_hours: 4h}]",
        "3:43",
        "links, 1er élément, repair_hours",
        "Un nombre entier est attendu, sans guillemets ni unité.",
    ),
    (
        "links: [{id: a, kind: ftto, repair_hours: 4.5}]",
        "3:43",
        "links, 1er élément, repair_hours",
        "Un nombre entier est attendu, sans guillemets ni unité.",
    ),
    (
        "links: [{id: a, kind: ftto, repair_hours: -1}]",
        "3:43",
        "links, 1er élément, repair_hours",
        "Ce nombre est trop petit : 0 au moins.",
    ),
    (
        "links: [{id: a, kind: ftto, repair_hours: 9999}]",
        "3:43",
        "links, 1er élément, repair_hours",
        "Ce nombre est trop grand : 720 au plus.",
    ),
    (
        "links: [{id: a, kind: ftto}, {id: a, kind: box}]",
        "3:35",
        "links, 2e élément, id",
        "L'identifiant « a » sert déjà plus haut dans cette liste.",
    ),
    (
        "vantages: [{id: lna}]\n" + ZONES,
        "3:17",
        "vantages, 1er élément, id",
        "« lna » ne figure pas dans « zones » ; vouliez-vous dire « lan » ?",
    ),
    (
        "zones: [{id: any}]",
        "3:14",
        "zones, 1er élément, id",
        "« any » est un mot réservé : donnez un autre identifiant à cette zone.",
    ),
    (
        "hosts: [{id: a, zone: lan, addresses: []}]",
        "3:23",
        "hosts, 1er élément, zone",
        "« lan » ne figure pas dans « zones ».",
    ),
    (
        "hosts: [{id: a, zone: outside, addresses: [], link: x}]",
        "3:53",
        "hosts, 1er élément, link",
        "« x » ne figure pas dans « links ».",
    ),
    (
        "vpn: [{id: a, kind: ssl, host: x}]",
        "3:32",
        "vpn, 1er élément, host",
        "« x » ne figure pas dans « hosts ».",
    ),
    (
        "flows: [{id: a, from: lan, to: internet, ports: none}]\n" + ZONES,
        "3:32",
        "flows, 1er élément, to",
        "« internet » ne figure pas dans « zones ».",
    ),
    (
        "flows: [{id: a, from: lan, to: guest, ports: rien}]\n" + ZONES,
        "3:46",
        "flows, 1er élément, ports",
        "Écrivez none, all, ou une liste comme [tcp/443].",
    ),
    (
        "flows: [{id: a, from: lan, to: guest, ports: [all, tcp/80]}]\n" + ZONES,
        "3:46",
        "flows, 1er élément, ports",
        "« all » veut dire tous les ports : écrivez-le seul.",
    ),
    (
        "flows: [{id: a, from: lan, to: guest, ports: [tcp/80, 443]}]\n" + ZONES,
        "3:55",
        "flows, 1er élément, ports, 2e élément",
        'Un texte est attendu : mettez la valeur entre guillemets, "443".',
    ),
    (
        "practices: {mfa: {answer: oui, " + SAID + "}}",
        "3:27",
        "practices, mfa, answer",
        "« oui » n'existe pas ici ; vouliez-vous dire « yes » ?",
    ),
    (
        "practices: {mfa: {" + SAID + "}}",
        "3:18",
        "practices, mfa",
        "Il manque « answer » : yes, no, partial ou unknown (« je ne sais pas »).",
    ),
    (
        "practices: {mfa: {answer: not-applicable, " + SAID + "}}",
        "3:27",
        "practices, mfa, answer",
        "Cette question se pose partout : répondez yes, no, partial ou unknown (« je ne sais pas »).",
    ),
    (
        "domains: [{id: a, name: a.example, mailbox_mfa: {answer: not-applicable, " + SAID + "}}]",
        "3:58",
        "domains, 1er élément, mailbox_mfa, answer",
        "« not-applicable » n'existe pas ici : écrivez yes ou no ou partial ou unknown.",
    ),
    (
        "practices: {awarness: {answer: yes, " + SAID + "}}",
        "3:13",
        "practices",
        "« awarness » n'existe pas ici ; vouliez-vous dire « awareness » ?",
    ),
    (
        "practices: {incident_contacts: , incident-contacts: }",
        "3:53",
        "practices, incident-contacts",
        "La réponse « incident-contacts » est déjà donnée plus haut.",
    ),
    (
        "practices: {mfa: {answer: yes, by: Maire, on: 2026-02-30}}",
        "3:47",
        "practices, mfa, on",
        "Le jour « 2026-02-30 » n'existe pas dans le calendrier.",
    ),
    (
        "practices: {mfa: {answer: yes, by: Maire, date: 2026-02-28, on: 2026-02-28}}",
        "3:43",
        "practices, mfa",
        "La clé « date » n'existe pas ici ; vouliez-vous dire « on » ?",
    ),
    (
        "waivers: [{check: spf, " + WAIVER + ", until: 2027-01-01}]",
        "3:19",
        "waivers, 1er élément, check",
        "« spf » n'est pas un contrôle, comme « mail.spf » ou « mail.spf@main ».",
    ),
    (
        "waivers: [{check: mail.spf@vile, " + WAIVER + ", until: 2027-01-01}]",
        "3:19",
        "waivers, 1er élément, check",
        "Rien ne porte l'identifiant « vile » ; vouliez-vous dire « ville » ?",
    ),
    (
        "waivers: [{check: mail.spf, " + WAIVER + ", until: 2026-11-09}]",
        "3:110",
        "waivers, 1er élément, until",
        "La dérogation finirait avant de commencer, le 10\u00a0novembre\u00a02026.",
    ),
    (
        "waivers: [{check: mail.spf, " + WAIVER + ", until: 2027-11-11}]",
        "3:110",
        "waivers, 1er élément, until",
        "Une dérogation dure douze mois au plus : jusqu'au 10\u00a0novembre\u00a02027.",
    ),
    (
        "authorization: {signed_by: M, role: maire, signed_on: 2026-11-02, until: 2026-11-01}",
        "3:74",
        "authorization, until",
        "L'autorisation finirait avant de commencer, le 2\u00a0novembre\u00a02026.",
    ),
    (
        "authorization: {signed_by: M, role: maire, signed_on: 2026-11-02, until: 2027-01-01, tests: [smtp-relai]}",
        "3:94",
        "authorization, tests, 1er élément",
        "« smtp-relai » n'existe pas ici ; vouliez-vous dire « smtp-relay » ?",
    ),
    (
        "waivers: [{check: mail.spf, " + WAIVER.replace("10", "31") + ", until: 2026-11-09}]",
        "3:91",
        "waivers, 1er élément, decided_on",
        "Le jour « 2026-11-31 » n'existe pas dans le calendrier.",
    ),
    ("plan: {ceilings: {27: 2000}}", "3:19", "plan, ceilings", "« 27 » n'est pas une année, comme 2027."),
    (
        "checks: {mail.spf: {off: trop}}",
        "3:26",
        "checks, mail.spf, off",
        "« off » est suivi de la raison, en 10 caractères ou plus.",
    ),
    (
        "checks: {mail.spf: {max: [1]}}",
        "3:26",
        "checks, mail.spf, max",
        "Un réglage est un mot ou un nombre.",
    ),
    (
        "delivery: {password: Mairie2026}",
        "3:22",
        "delivery, password",
        "Un mot de passe ne s'écrit jamais ici : écrivez un nom, comme « secret:smtp-mairie ».",
    ),
]


@pytest.mark.parametrize(("added", "place", "path", "sentence"), WRONG)
def test_a_mistake_is_told_in_french_at_its_place(added: str, place: str, path: str, sentence: str) -> None:
    (problem,) = problems(HEAD + added + "\n")

    assert (str(problem.place), problem.path, problem.sentence) == (f"p:{place}", path, sentence)


COMMUNE: list[tuple[str, str, str, str]] = [
    (
        "insee: 44036",
        "2:38",
        "commune, insee",
        'Un texte est attendu : mettez la valeur entre guillemets, "44036".',
    ),
    (
        "insee: 2C004",
        "2:38",
        "commune, insee",
        "Un code INSEE a cinq caractères, comme « 01004 » ou « 2A004 ».",
    ),
    (
        'insee: "01004", population: true',
        "2:59",
        "commune, population",
        "Un nombre entier est attendu, sans guillemets ni unité.",
    ),
    (
        'insee: "01004", region: normandi',
        "2:55",
        "commune, region",
        "« normandi » n'existe pas ici ; vouliez-vous dire « normandie » ?",
    ),
    (
        'insee: "01004", timezone: Europe/Pari',
        "2:57",
        "commune, timezone",
        "Le fuseau horaire « Europe/Pari » n'existe pas ; vouliez-vous dire « Europe/Paris » ?",
    ),
]


@pytest.mark.parametrize(("fields", "place", "path", "sentence"), COMMUNE)
def test_a_wrong_commune_is_told_at_its_place(fields: str, place: str, path: str, sentence: str) -> None:
    population = "" if "population" in fields else ", population: 5"
    (problem,) = problems(f"schema_version: 1\ncommune: {{id: ville, name: V, {fields}{population}}}\n")

    assert (str(problem.place), problem.path, problem.sentence) == (f"p:{place}", path, sentence)


def test_the_line_is_shown_with_a_caret_under_the_mistake() -> None:
    (problem,) = problems(HEAD + "links: [{id: a, kind: ftt0}]\n")

    assert str(problem).splitlines()[1:] == [
        "    links: [{id: a, kind: ftt0}]",
        "                          ^",
    ]


def test_every_mistake_is_told_at_once_in_the_order_of_the_text() -> None:
    told = heads(HEAD + "zzz: 1\nlinks: [{id: A, kind: x}]\nlinks: []\nvpn: [{id: a, kind: ssl, host: x}]\n")

    assert [line.split(" ")[0] for line in told] == ["p:3:1", "p:4:14", "p:4:23", "p:5:1", "p:6:32"]


def test_beyond_twenty_the_mistakes_are_only_counted() -> None:
    told = heads(HEAD + "".join(f"zzz{rank}: 1\n" for rank in range(23)))

    assert len(told) == 21
    assert told[-1] == "Et 3\u00a0autres erreurs."


def test_a_newer_profile_gets_one_sentence() -> None:
    told = heads("schema_version: 2\nzzz: 1\n")

    (line,) = told
    assert line.startswith("p:1:17 : schema_version : Ce profil est d'une version plus récente (2) que celle")
    assert line.endswith("sait lire (1) : mettez cyberaudit à jour.")


@pytest.mark.parametrize("version", ["0", "-1"])
def test_a_version_that_never_existed_is_refused(version: str) -> None:
    assert "trop petit" in heads(HEAD.replace("schema_version: 1", f"schema_version: {version}"))[0]


def test_a_profile_without_version_says_so() -> None:
    assert heads(HEAD.partition("\n")[2]) == [
        "p:1:1 : Il manque « schema_version » (version de ce format : 1)."
    ]


def test_too_long_a_list_is_refused() -> None:
    mail = f"mail: [{{id: a, host: h, name: a.example, services: [{'smtp,' * 51}]}}]\n"
    (told,) = heads(f"{HEAD}{mail}hosts: [{{id: h, zone: outside, addresses: []}}]\n")

    assert told.endswith("Cette liste est trop longue : 50 éléments au plus.")


def test_thousands_of_mistakes_are_told_quickly() -> None:
    hosts = "".join(f"  - {{id: a{rank}, zone: zone{rank}, adresses: []}}\n" for rank in range(1500))
    zones = "".join(f"  - {{id: zoen{rank}}}\n" for rank in range(1500))
    start = time.perf_counter()

    assert len(problems(f"{HEAD}zones:\n{zones}hosts:\n{hosts}")) == 21
    assert time.perf_counter() - start < 5


STRANGE: tuple[Tree, ...] = (None, 1, -1, 10**12, 1.5, True, "x", "", [], {}, [1], {"a": 1}, [None])


def _damaged(tree: Tree) -> Iterator[Tree]:
    """The tree with each value in turn replaced by each wrong kind of value; of a list, its first element."""
    yield from STRANGE
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from ({**tree, key: other} for other in _damaged(value))
            yield {name: part for name, part in tree.items() if name != key}
    elif isinstance(tree, list) and tree:
        yield from ([other, *tree[1:]] for other in _damaged(tree[0]))


def test_every_error_that_the_shape_can_make_has_its_sentence() -> None:
    tree = read_yaml(_example().read_bytes(), file="p").tree
    types: set[str] = set()
    for damaged in _damaged(tree):
        try:
            ProfileShape.model_validate(damaged)
        except ValidationError as error:
            types.update(details["type"] for details in error.errors(include_url=False, include_input=False))

    assert types
    assert types <= set(SENTENCES)


def _example() -> Path:
    return Path(__file__).parents[2] / "profiles" / "small-town.yaml"


def test_a_missing_file_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"^Le profil « .*absent\.yaml » n'existe pas\.$"):
        load_profile(tmp_path / "absent.yaml")


def test_a_folder_a_pipe_and_a_device_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "tube")
    for path, words in ((tmp_path, "est un dossier"), (tmp_path / "tube", "pas un fichier ordinaire"),
                        (Path("/dev/zero"), "pas un fichier ordinaire")):  # fmt: skip
        with pytest.raises(ProfileError, match=words):
            load_profile(path)


def test_an_impossible_path_or_a_failing_disk_gets_one_sentence() -> None:
    for path in (Path("a\0b"), Path("/proc/self/mem"), Path("x" * 5000)):
        with pytest.raises(ProfileError, match=r"ne peut pas être lu\.$"):
            load_profile(path)


def test_a_file_one_may_not_read_gets_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "secret.yaml"
    path.write_text(HEAD)
    path.chmod(0)
    previous = os.geteuid()
    if previous == 0:
        tmp_path.chmod(0o755)
        os.seteuid(65534)
    try:
        with pytest.raises(ProfileError, match="Vous n'avez pas le droit de lire le profil"):
            load_profile(path)
    finally:
        os.seteuid(previous)


def test_a_huge_file_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "grand.yaml"
    with path.open("wb") as stream:
        stream.truncate(10**12)

    with pytest.raises(ProfileError, match="dépasse 1 Mio"):
        load_profile(path)
