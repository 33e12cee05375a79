"""One town seen from several places and machines."""

import json

import pytest

from cyberaudit.cli.main import run
from tests.loopback.test_cli_scan import Command, cyberaudit

pytestmark = pytest.mark.loopback

__all__ = ["cyberaudit"]


def statuses(text: str) -> dict[tuple[str, str], str]:
    return {(point["check"], point["asset"]): point["status"] for point in json.loads(text)["points"]}


def test_a_scan_from_the_offices_cannot_erase_an_urgency_seen_from_outside(cyberaudit: Command) -> None:
    _, outside, _ = cyberaudit.scan("--vantage", "outside", "--json")
    urgent = ("firewall.remote-desktop", "host/teletravail")
    assert statuses(outside)[urgent] == "fail"
    code, merged, _ = cyberaudit.scan("--vantage", "bureaux", "--json")
    assert statuses(merged)[urgent] == "fail"
    assert code == 1
    _, reported, _ = cyberaudit("report", "--json", "--now", cyberaudit.place.now.isoformat())
    assert statuses(reported)[urgent] == "fail"


def test_what_was_never_looked_at_is_said_with_where_it_could_be(cyberaudit: Command) -> None:
    _, text, _ = cyberaudit.scan("--vantage", "bureaux", "--all")
    text = " ".join(text.split())
    assert "depuis l'extérieur" in text
    _, document, _ = cyberaudit("report", "--json", "--now", cyberaudit.place.now.isoformat())
    assert statuses(document)["firewall.remote-desktop", "host/teletravail"] == "unknown"


def test_two_machines_make_one_town(cyberaudit: Command) -> None:
    outside, inside = (cyberaudit.folder / f"{name}.cya" for name in ("outside", "inside"))
    cyberaudit.scan("--vantage", "outside", "--save", str(outside), "--quiet")
    other = Command(cyberaudit.place, cyberaudit.folder / "other", cyberaudit.capsys)
    other.folder.mkdir()
    other.scan("--vantage", "accueil", "--save", str(inside), "--quiet")
    home = ["--history", str(cyberaudit.folder / "home.sqlite3")]
    for file in (inside, outside, inside):
        assert run(["history", "import", str(file), *home]) == 0
    cyberaudit.capsys.readouterr()
    run(["report", "--json", "--now", cyberaudit.place.now.isoformat(), *home])
    merged = statuses(cyberaudit.capsys.readouterr().out)
    assert merged["firewall.remote-desktop", "host/teletravail"] == "fail"
    assert merged["firewall.guest-admin", "host/box"] == "fail"


def test_a_scan_of_another_town_is_refused_at_import(cyberaudit: Command) -> None:
    cyberaudit.scan("--quiet")
    stranger = cyberaudit.folder / "stranger.cya"
    profile = cyberaudit.changed(("id: saint-etienne-d-o", "id: autre-commune"))
    other = Command(cyberaudit.place, cyberaudit.folder / "other", cyberaudit.capsys)
    other.folder.mkdir()
    other.scan("--quiet", "--save", str(stranger), profile=profile)
    code, _, err = cyberaudit("history", "import", str(stranger))
    assert code == 2
    assert "--commune" in err


@pytest.mark.parametrize("command", ["ports", "tls", "backup"])
def test_looking_at_one_thing_shows_what_was_seen(cyberaudit: Command, command: str) -> None:
    place = cyberaudit.place
    who = ["--authorized-by", "M. le maire", "--now", place.now.isoformat()]
    rules = [word for rule in place.connect_to for word in ("--connect-to", rule)]
    words = {
        "ports": ["192.0.2.2", *who, *rules],
        "tls": ["192.0.2.1:4433", *who, *rules, "--ca-bundle", str(place.ca_bundle)],
        "backup": [str(place.backup_roots[0] / "nas"), "--now", place.now.isoformat()],
    }[command]
    code, out, err = cyberaudit("look", command, *words)
    shown = {
        "ports": "Bureau à distance Windows",
        "tls": "périmé",
        "backup": "chiffrée",
    }[command]
    assert shown in out, out + err
    assert code in (0, 1)
    _, document, _ = cyberaudit("look", command, *words, "--json")
    assert json.loads(document)["observations"]


@pytest.mark.parametrize(
    ("standing", "asked", "sentence"),
    [
        ((), None, "dans aucun réseau du profil"),
        (("bureaux", "accueil"), None, "dans plusieurs réseaux du profil"),
        ((), "lune", "n'est pas un lieu de ce profil"),
    ],
)
def test_elsewhere_is_not_outside_and_a_person_says_it(
    cyberaudit: Command,
    monkeypatch: pytest.MonkeyPatch,
    standing: tuple[str, ...],
    asked: str | None,
    sentence: str,
) -> None:
    monkeypatch.setattr("cyberaudit.run.scan.standing_in", lambda town: standing)
    before = cyberaudit.sent()
    where = ["--vantage", asked] if asked else []
    code, _, err = cyberaudit("scan", str(cyberaudit.place.profile), *cyberaudit.aim, *where)
    assert (code, cyberaudit.sent()) == (2, before)
    assert sentence in err.replace("\u00a0", " ")


def test_the_zone_this_machine_stands_in_is_recognised(
    cyberaudit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyberaudit.run.scan.standing_in", lambda town: ("bureaux",))
    _, out, _ = cyberaudit("scan", str(cyberaudit.place.profile), *cyberaudit.aim, "--json")
    assert {scan["vantage"] for scan in json.loads(out)["scans"]} == {"bureaux"}


def test_outside_on_a_machine_with_an_inner_address_is_believed_and_doubted_aloud(
    cyberaudit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyberaudit.run.scan.standing_in", lambda town: ("bureaux",))
    code, _, err = cyberaudit.scan("--quiet", "--fail-on", "never")
    assert code == 0
    assert "ne dit rien de l'extérieur" in err
