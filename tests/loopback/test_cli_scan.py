"""The whole walk as a person types it, against the embedded town."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.place import DemoPlace
from cyberaudit.reports.json_report import schema

pytestmark = pytest.mark.loopback


@dataclass
class Command:
    """`cyberaudit` with a history of its own, aimed at the embedded town."""

    place: DemoPlace
    folder: Path
    capsys: pytest.CaptureFixture[str]

    @property
    def aim(self) -> list[str]:
        rules = [word for rule in self.place.connect_to for word in ("--connect-to", rule)]
        now = self.place.now.isoformat()
        return [
            "--resolver",
            self.place.resolver,
            "--ca-bundle",
            str(self.place.ca_bundle),
            "--trust-anchor",
            str(self.place.trust_anchor),
            "--rdap-bootstrap",
            str(self.place.rdap_bootstrap),
            "--now",
            now,
            *rules,
        ]

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = run([*words, "--history", str(self.folder / "history.sqlite3")])
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    def scan(self, *words: str, profile: Path | None = None) -> tuple[int, str, str]:
        where = () if "--vantage" in words else ("--vantage", "outside")
        return self("scan", str(profile or self.place.profile), *self.aim, *where, *words)

    def changed(self, *changes: tuple[str, str]) -> Path:
        """The demo's profile with some texts replaced."""
        text = self.place.profile.read_text(encoding="utf-8")
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        path = self.folder / "profile.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def sent(self) -> int:
        """How many queries and mail connections the town has heard so far."""
        return sum(self.place.dns.queries.values()) + sum(
            server.sessions for server in self.place.mail.values()
        )


@pytest.fixture
def cyberaudit(demo_place: DemoPlace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Command:
    return Command(demo_place, tmp_path, capsys)


def test_a_scan_prints_where_to_start_and_exits_1_for_an_urgency(cyberaudit: Command) -> None:
    code, out, _ = cyberaudit.scan()
    assert code == 1
    assert "Cybersécurité de la mairie de Saint-Étienne-d'Ô" in out
    assert "Activer la double authentification" in out


def test_fail_on_never_exits_0(cyberaudit: Command) -> None:
    assert cyberaudit.scan("--fail-on", "never", "--quiet")[:2] == (0, "")


def test_the_bad_domain_is_found_and_the_good_one_is_not_accused(cyberaudit: Command) -> None:
    cyberaudit.scan("--quiet")
    _, out, _ = cyberaudit("report", "--json", "--now", cyberaudit.place.now.isoformat())
    told = json.loads(out)
    points = {(each["check"], each["asset_name"]): each["status"] for each in told["points"]}
    good = {check: status for (check, name), status in points.items() if name == "saint-etienne-d-o.example"}
    assert set(good.values()) == {"pass", "not-applicable"}
    for check in ("mail.mx", "mail.spf", "mail.dmarc", "mail.starttls", "mail.certificate", "mail.relay",
                  "mail.tls-versions", "mail.reverse-names", "dns.dnssec", "dns.caa", "dns.ipv6"):  # fmt: skip
        assert good[check] == "pass"
    for check in ("mail.reverse-names", "dns.dnssec", "dns.caa", "dns.ipv6"):
        assert points[check, "mairie-seod.example"] == "partial"
    assert points["mail.spf", "mairie-seod.example"] == "fail"
    assert points["mail.dmarc", "mairie-seod.example"] == "partial"
    assert points["mail.starttls", "mairie-seod.example"] == "fail"
    assert points["mail.parked-domains", "Saint-Étienne-d'Ô"] == "fail"
    state = {each["number"]: each["outcome"] for each in told["rcpnt"][0]["criteria"]}
    assert (state["1.2"], state["2.1"], state["2.8"]) == ("not-applicable", "met", "met")


def test_scan_and_report_say_the_same_and_the_json_follows_its_schema(cyberaudit: Command) -> None:
    _, scanned, _ = cyberaudit.scan("--json", "--output", f"json:{cyberaudit.folder / 'report.json'}")
    _, reported, _ = cyberaudit("report", "--json", "--now", cyberaudit.place.now.isoformat())
    jsonschema.validate(json.loads(scanned), schema())
    assert json.loads(scanned)["points"] == json.loads(reported)["points"]
    assert json.loads((cyberaudit.folder / "report.json").read_text(encoding="utf-8")) == json.loads(scanned)
    assert (cyberaudit.folder / "report.json").stat().st_mode & 0o777 == 0o600


def test_replay_judges_the_stored_facts_again_without_network(cyberaudit: Command) -> None:
    _, scanned, _ = cyberaudit.scan("--json")
    before = cyberaudit.sent()
    code, replayed, _ = cyberaudit("replay", "--json")
    assert cyberaudit.sent() == before
    assert code == 1
    statuses = [
        [(p["identity"], p["status"]) for p in json.loads(text)["points"]] for text in (scanned, replayed)
    ]
    assert statuses[0] == statuses[1]


def test_a_scan_file_travels_to_another_machine(cyberaudit: Command) -> None:
    file = cyberaudit.folder / "town.cya"
    cyberaudit.scan("--quiet", "--save", str(file))
    other = ["--history", str(cyberaudit.folder / "other.sqlite3")]
    assert run(["history", "import", str(file), *other]) == 0
    assert run(["history", "import", str(file), *other]) == 0
    assert run(["report", "--simple", "--now", cyberaudit.place.now.isoformat(), *other]) == 1
    out = cyberaudit.capsys.readouterr().out
    assert "repris" in out
    assert "déjà présent" in out
    assert "Saint-Étienne-d'Ô" in out


def test_history_lists_and_shows_what_was_scanned(cyberaudit: Command) -> None:
    cyberaudit.scan("--quiet")
    _, out, _ = cyberaudit("history", "list")
    assert re.search(r"depuis l'extérieur : \d+ points, \d+ à traiter", " ".join(out.split()))
    code, shown, _ = cyberaudit("history", "show", out[:8])
    assert code == 0
    assert "[mail.spf]" in shown
    _, listed, _ = cyberaudit("history", "list", "--json")
    assert json.loads(listed)[0]["uuid"].startswith(out[:8])


def test_a_dry_run_announces_and_sends_nothing(cyberaudit: Command) -> None:
    before = cyberaudit.sent()
    code, out, _ = cyberaudit.scan("--dry-run")
    assert (code, cyberaudit.sent()) == (0, before)
    assert "saint-etienne-d-o.example" in out
    assert "port 25" in out
    assert not (cyberaudit.folder / "history.sqlite3").exists()


AUTHORIZATION = [
    ((("until: 2027-11-01", "until: 2026-11-20"),), "est terminée depuis le"),
    (
        (("signed_on: 2026-", "signed_on: 2027-"), ("until: 2027-11-01", "until: 2028-06-01")),
        "n'est signée que le 2 novembre 2027",
    ),
    ((("    - tourisme-seod.example\n", ""),), "tourisme-seod.example"),
]


@pytest.mark.parametrize(("changes", "sentence"), AUTHORIZATION)
def test_without_a_valid_authorization_one_sentence_exit_2_and_nothing_sent(
    cyberaudit: Command, changes: tuple[tuple[str, str], ...], sentence: str
) -> None:
    before = cyberaudit.sent()
    code, out, err = cyberaudit.scan(profile=cyberaudit.changed(*changes))
    assert (code, out, cyberaudit.sent()) == (2, "", before)
    assert sentence in err.replace("\u00a0", " ")
    assert "profile.yaml" in err
    assert "Traceback" not in err


def test_a_resolver_that_is_down_gives_unknowns_and_exit_3(cyberaudit: Command) -> None:
    words = [
        "scan",
        "--vantage",
        "outside",
        str(cyberaudit.place.profile),
        "--now",
        cyberaudit.place.now.isoformat(),
        "--resolver",
        "127.0.0.1:9",
        *(word for rule in cyberaudit.place.connect_to for word in ("--connect-to", rule)),
    ]
    code, out, _ = cyberaudit(*words, "--json")
    points = json.loads(out)["points"]
    assert code == 3
    # A person's answer, and names that no registry holds.
    without_asking = ("mail.mailbox-mfa", "dns.registration")
    of_names = [p for p in points if p["check"].startswith(("mail.", "dns."))]
    assert {p["status"] for p in of_names if p["check"] not in without_asking} == {"unknown"}


def test_a_history_that_cannot_be_written_loses_nothing(
    cyberaudit: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cyberaudit.folder)
    (cyberaudit.folder / "history.sqlite3").mkdir()
    code, out, err = cyberaudit.scan()
    assert code == 3
    assert "Activer la double authentification" in out
    rescued = next(cyberaudit.folder.glob("*.cya"))
    assert rescued.name in err
    assert run(["history", "import", str(rescued), "--history", str(cyberaudit.folder / "good.sqlite3")]) == 0


def test_a_broken_check_folder_stops_before_anything_is_sent(cyberaudit: Command) -> None:
    (cyberaudit.folder / "checks").mkdir(mode=0o755)
    (cyberaudit.folder / "checks" / "bad.py").write_text("def (:\n", encoding="utf-8")
    before = cyberaudit.sent()
    code, _, err = cyberaudit.scan("--checks", str(cyberaudit.folder / "checks"))
    assert (code, cyberaudit.sent()) == (2, before)
    assert "bad.py:1" in err


def test_a_check_that_crashes_is_an_error_and_exit_3(cyberaudit: Command) -> None:
    folder = cyberaudit.folder / "checks"
    run(["checks", "new", "x-agglo.crash", "--dir", str(folder)])
    path = folder / "crash.py"
    text = path.read_text(encoding="utf-8").replace("if not mail.apex.records:", "if 1 / 0:")
    path.write_text(text, encoding="utf-8")
    cyberaudit.capsys.readouterr()
    code, out, err = cyberaudit.scan("--checks", str(folder), "--json")
    statuses = {(p["check"], p["asset"]): p["status"] for p in json.loads(out)["points"]}
    assert (code, statuses["x-agglo.crash", "domain/principal"], statuses["mail.mx", "domain/principal"]) == (
        3,
        "error",
        "pass",
    )
    assert "Traceback" not in err


def test_looking_at_one_domain_needs_no_profile(cyberaudit: Command) -> None:
    code, out, _ = cyberaudit(
        "look", "domain", "mairie-seod.example", "--authorized-by", "M. le maire", *cyberaudit.aim
    )
    assert code == 0
    assert "[mail.spf]" in out
    assert "v=spf1" in out


def test_looking_without_saying_who_allowed_it_is_refused(cyberaudit: Command) -> None:
    before = cyberaudit.sent()
    code, _, err = cyberaudit("look", "domain", "mairie-seod.example", *cyberaudit.aim)
    assert (code, cyberaudit.sent()) == (2, before)
    assert "--authorized-by" in err


def test_the_reader_that_leaves_is_no_error(demo_place: DemoPlace) -> None:
    words = f"{sys.executable} -m cyberaudit checks list --sources | head -1"
    result = subprocess.run(
        ["bash", "-o", "pipefail", "-c", words], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")
