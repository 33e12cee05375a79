"""Before a scan: whether this machine stands where it is said to; after: what a person should mend."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cyberaudit.errors import UsageError
from cyberaudit.french import NBSP
from cyberaudit.probes.instruments import Options
from cyberaudit.run.dry_run import dry_run
from cyberaudit.run.scan import Request, _strangers, prepare

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
PROFILE = """
schema_version: 1
commune: {id: l-hay-d-essai, name: L'Haÿ-d'Essai, insee: "99001", population: 900}
authorization:
  signed_by: Hélène Marchand
  role: maire
  signed_on: 2026-11-02
  until: 2027-11-01
  addresses: [192.0.2.0/24]
  domains: []
zones:
  - {id: lan, label: Bureaux, networks: [192.0.2.0/25]}
  - {id: guest, label: Wi-Fi du public, use: guest, networks: [192.0.2.128/26, "2001:db8:4::/64"]}
  - {id: hall, label: Salle, use: guest}
vantages:
  - {id: outside, canary: [93.184.216.34, "2606:2800:21f:cb07::1"]}
  - {id: lan, canary: 93.184.216.34}
  - {id: guest, canary: 203.0.113.9}
"""


def request(folder: Path, vantage: str, options: Options | None = None) -> Request:
    profile = folder / "ville.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    history = folder / "history.sqlite3"
    return Request(profile, history, options or Options(), now=NOW, clock=NOW, vantage=vantage)


def test_a_network_where_this_machine_does_not_stand_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        prepare(request(tmp_path, "guest"))
    assert str(caught.value).replace(NBSP, " ") == (
        "Cette machine n'a pas d'adresse dans le réseau « guest » du profil (192.0.2.128/26 et 2001:db8:4::/64). "
        "Connectez-la à ce réseau et recommencez, ou corrigez les réseaux (networks) de cette zone."
    )
    with pytest.raises(UsageError):
        dry_run(request(tmp_path, "guest"))


@pytest.mark.parametrize(
    ("vantage", "options"),
    [
        ("outside", Options()),
        ("hall", Options()),
        ("guest", Options(allow_test_network=True)),
        ("guest", Options(connect_to=("192.0.2.1:*=127.0.0.1:9",))),
    ],
)
def test_a_place_that_cannot_be_told_or_is_an_exercise_is_believed(
    tmp_path: Path, vantage: str, options: Options
) -> None:
    assert prepare(request(tmp_path, vantage, options))[2] == vantage


@pytest.mark.parametrize(
    ("vantage", "start"),
    [
        (
            "outside",
            "Les adresses témoins 93.184.216.34 et 2606:2800:21f:cb07::1 ne sont pas dans authorization",
        ),
        ("lan", "L'adresse témoin 93.184.216.34 n'est pas dans authorization.addresses : peu de ports"),
    ],
)
def test_a_canary_that_nobody_signed_for_is_told_with_what_to_do(
    tmp_path: Path, vantage: str, start: str
) -> None:
    asked = request(tmp_path, vantage, Options(allow_test_network=True))
    told = _strangers(prepare(asked)[0], asked, vantage)
    assert told.replace(NBSP, " ").startswith(start)
    assert "ajoutez-la" in told


def test_a_canary_of_documentation_is_not_remarked(tmp_path: Path) -> None:
    asked = request(tmp_path, "guest", Options(allow_test_network=True))
    assert _strangers(prepare(asked)[0], asked, "guest") == ""


HOSTS = """
links:
  - {id: fibre, label: Fibre, kind: ftth}
hosts:
  - {id: web, label: Serveur du site, zone: outside, addresses: [192.0.2.2], link: fibre}
  - {id: box, label: Box, zone: outside, addresses: [192.0.2.3], link: fibre}
"""


def announced(folder: Path, options: Options) -> str:
    asked = request(folder, "outside", options)
    asked.profile.write_text(PROFILE + HOSTS, encoding="utf-8")
    return " ".join(dry_run(asked).replace(NBSP, " ").replace("\u202f", " ").split())


def test_a_dry_run_says_what_is_done_to_machines_once_and_a_line_each(tmp_path: Path) -> None:
    text = announced(tmp_path, Options())
    assert text.count("Pour chaque machine : 1 050 ports TCP et ceux du profil, 64 ports UDP, ") == 1
    assert "les mêmes ports à l'adresse témoin. - Serveur du site (192.0.2.2) : " in text
    assert "- Box (192.0.2.3) : " in text
    assert "paquets au plus ; d'ordinaire environ 4 500, si rien ne se perd." in text
    assert text.endswith("Durée : environ 2 minutes, à 100 paquets par seconde et par ligne au plus.")


def test_a_dry_run_is_longer_at_a_slower_pace(tmp_path: Path) -> None:
    text = announced(tmp_path, Options(max_rate=10))
    assert text.endswith("Durée : environ 9 minutes, à 10 paquets par seconde et par ligne au plus.")
