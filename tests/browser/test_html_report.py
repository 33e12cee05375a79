"""The HTML report in a real browser: accessible in every setting, whole on paper, and alone."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from cyberaudit.reports import html
from cyberaudit.reports.words import ReportView
from tests.browser import chromium
from tests.browser.chromium import SPACED, Setting, look
from tests.unit import report_samples as samples
from tests.unit.html_pages import words
from tests.unit.report_formats import poisoned
from tests.unit.report_full import full_view

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not shutil.which(chromium.PROGRAM), reason="chromium is missing (tests/install-servers)"
    ),
    pytest.mark.skipif(not chromium.AXE.exists(), reason="axe-core is missing (tests/install-servers)"),
]

_DARK = "--blink-settings=preferredColorScheme=0"
SETTINGS = (
    Setting("screen", 1280),
    Setting("telephone", 375),
    Setting("screen at night", 1280, (_DARK,)),
    Setting("telephone at night", 375, (_DARK,)),
    Setting("zoom of 200 %", 640, ("--force-device-scale-factor=2",)),
    Setting("spaced letters", 1280, (), SPACED),
    Setting("spaced letters on a telephone", 375, (), SPACED),
    Setting("colours of the system", 1280, ("--force-high-contrast",)),
)


@cache
def page() -> str:
    return html.render(full_view())


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
def test_the_report_is_accessible_and_holds_in_its_width(setting: Setting, tmp_path: Path) -> None:
    found = look(page(), setting, tmp_path)
    assert found["violations"] == []
    assert found["passes"] > 30
    assert (found["over"], found["spill"]) == ([], 0)
    assert found["outline"] == "solid 3px"
    assert found["moving"] == 0
    assert found["dark"] is (_DARK in setting.flags)
    assert found["forced"] is ("--force-high-contrast" in setting.flags)


@pytest.mark.parametrize(
    "view",
    [samples.calm_view(), samples.blind_view(), samples.crowded_view()],
    ids=["calm", "blind", "crowded"],
)
def test_every_sample_is_accessible_on_a_telephone(view: ReportView, tmp_path: Path) -> None:
    found = look(html.render(view), SETTINGS[1], tmp_path)
    assert (found["violations"], found["over"]) == ([], [])


def test_a_report_written_by_an_enemy_sends_and_runs_nothing(tmp_path: Path) -> None:
    file, log = tmp_path / "report.html", tmp_path / "net.json"
    file.write_text(html.render(poisoned(full_view())), encoding="utf-8")
    shown = chromium.run(f"--log-net-log={log}", "--virtual-time-budget=5000", "--dump-dom", file.as_uri())
    assert "<script" not in shown
    sent = log.read_text(encoding="utf-8", errors="replace")
    assert "report.html" in sent or "URL_REQUEST" in sent, "the log was written"
    assert "mal.example" not in sent


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext (poppler-utils) is missing")
def test_on_paper_nothing_stays_folded(tmp_path: Path) -> None:
    file, paper = tmp_path / "report.html", tmp_path / "report.pdf"
    file.write_text(page(), encoding="utf-8")
    chromium.run(f"--print-to-pdf={paper}", "--no-pdf-header-footer", file.as_uri())
    printed = subprocess.run(["pdftotext", paper, "-"], capture_output=True, check=True).stdout.decode()
    text = words(printed).replace(" ", "")
    view = full_view()
    told = [each.sentence if each.looked else each.stands_on for each in view.points]
    told += [step for each in view.next_actions for step in each.steps]
    told += [line for each in view.next_actions for line in each.contractor.splitlines()]
    assert not [each for each in told if "".join(words(each).split()) not in text]
