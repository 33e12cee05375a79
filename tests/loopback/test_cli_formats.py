"""Every format that a person may ask for, written by the real commands about the embedded town."""

import json
from pathlib import Path

import jsonschema
import pytest

from cyberaudit.town.load import load_profile
from tests.loopback.test_cli_scan import Command, cyberaudit
from tests.unit.report_formats import sarif_schema, statuses

pytestmark = pytest.mark.loopback

KINDS = ("json", "sarif", "csv", "markdown", "junit")
__all__ = ["cyberaudit"]  # the fixture


def asked(folder: Path, *kinds: str) -> list[str]:
    return [word for kind in kinds for word in ("--output", f"{kind}:{folder / f'report.{kind}'}")]


def text_of(folder: Path, kind: str) -> str:
    return (folder / f"report.{kind}").read_text(encoding="utf-8")


def lines_in(sarif: str) -> dict[str, int]:
    """Asset → line of the profile."""
    return {
        where["logicalLocations"][0]["fullyQualifiedName"]: where["physicalLocation"]["region"]["startLine"]
        for each in json.loads(sarif)["runs"][0]["results"]
        for where in each["locations"]
        if "physicalLocation" in where
    }


def test_a_scan_writes_each_format_privately_and_all_say_the_same(cyberaudit: Command) -> None:
    code, _, err = cyberaudit.scan("--quiet", *asked(cyberaudit.folder, *KINDS))
    assert (code, err) == (1, "")
    expected = statuses("json", text_of(cyberaudit.folder, "json"))
    assert len(expected) > 50
    for kind in KINDS:
        assert (cyberaudit.folder / f"report.{kind}").stat().st_mode & 0o777 == 0o600
        assert statuses(kind, text_of(cyberaudit.folder, kind)) == expected, kind


def test_sarif_follows_its_schema_and_points_at_the_lines_of_the_profile(cyberaudit: Command) -> None:
    cyberaudit.scan("--quiet", *asked(cyberaudit.folder, "sarif"))
    text = text_of(cyberaudit.folder, "sarif")
    jsonschema.Draft4Validator(sarif_schema()).validate(json.loads(text))
    profile = load_profile(cyberaudit.place.profile)
    written = cyberaudit.place.profile.read_text(encoding="utf-8").splitlines()
    found = lines_in(text)
    assert found == {key: profile.place_of(key).line for key in found}
    declared = {asset.key for asset in profile.town.assets}
    told = {each["asset"] for each in told_points(cyberaudit)}
    assert set(found) == declared & told
    assert "mairie-seod.example" in "".join(written[found["domain/ancien"] - 1 : found["domain/ancien"] + 1])


def told_points(cyberaudit: Command) -> list[dict[str, str]]:
    _, out, _ = cyberaudit("report", "--json", "--now", cyberaudit.place.now.isoformat())
    points: list[dict[str, str]] = json.loads(out)["points"]
    return points


def test_report_names_the_lines_when_the_profile_is_given(cyberaudit: Command) -> None:
    cyberaudit.scan("--quiet", *asked(cyberaudit.folder, "sarif"))
    scanned = text_of(cyberaudit.folder, "sarif")
    again = ("report", "--quiet", "--now", cyberaudit.place.now.isoformat())
    cyberaudit(*again, *asked(cyberaudit.folder, "sarif"))
    assert lines_in(text_of(cyberaudit.folder, "sarif")) == {}
    cyberaudit(*again, *asked(cyberaudit.folder, "sarif"), "--profile", str(cyberaudit.place.profile))
    assert lines_in(text_of(cyberaudit.folder, "sarif")) == lines_in(scanned)


def test_the_profile_of_another_town_is_refused_and_nothing_is_written(cyberaudit: Command) -> None:
    cyberaudit.scan("--quiet")
    other = cyberaudit.changed(("id: saint-etienne-d-o", "id: ailleurs"))
    code, _, err = cyberaudit(
        "report", "--now", cyberaudit.place.now.isoformat(), *asked(cyberaudit.folder, "sarif"),
        "--profile", str(other),
    )  # fmt: skip
    assert code == 2
    assert "décrit «\u00a0ailleurs\u00a0», et non" in err
    assert not (cyberaudit.folder / "report.sarif").exists()


@pytest.mark.parametrize("kind", ["csv", "sarif"])
def test_a_profile_that_cannot_be_read_is_said_and_nothing_is_written(cyberaudit: Command, kind: str) -> None:
    """Every format follows the choices of today's profile."""
    cyberaudit.scan("--quiet")
    again = ("report", "--quiet", "--now", cyberaudit.place.now.isoformat(), "--profile", "/nowhere.yaml")
    code, _, err = cyberaudit(*again, *asked(cyberaudit.folder, kind))
    assert code == 2
    assert "n'existe pas" in err
    assert not (cyberaudit.folder / f"report.{kind}").exists()


@pytest.mark.parametrize("kind", KINDS)
def test_a_format_that_cannot_be_written_says_so_and_costs_the_others_nothing(
    cyberaudit: Command, kind: str
) -> None:
    cyberaudit.scan("--quiet")
    missing = cyberaudit.folder / "absent" / "x"
    code, _, err = cyberaudit(
        "report", "--quiet", "--now", cyberaudit.place.now.isoformat(), "--output", f"{kind}:{missing}",
        *asked(cyberaudit.folder, "text"),
    )  # fmt: skip
    assert code == 3
    assert "ne peut pas être écrit" in err
    assert (cyberaudit.folder / "report.text").exists()
