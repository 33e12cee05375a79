"""The page of a mail in a real browser: read by day and by night, on the narrowest telephone, alone."""

import shutil
from pathlib import Path

import pytest

from cyberaudit.reports import mail_html
from tests.browser import chromium
from tests.browser.chromium import SPACED, Setting, look
from tests.unit.test_reports_mail import SAMPLES

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
    Setting("telephone", 320),
    Setting("telephone at night", 320, (_DARK,)),
    Setting("spaced letters on a telephone", 320, (), SPACED),
)
# A mail stands inside the page of the program that shows it: the landmarks are that program's.
_OF_THE_PROGRAM = ("region:", "landmark-one-main:")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: each.name)
@pytest.mark.parametrize("name", ["busy", "contractor", "page"])
def test_a_mail_is_accessible_and_holds_in_its_width(name: str, setting: Setting, tmp_path: Path) -> None:
    # The look goes through a link, of which a mail has none.
    page = mail_html.render(SAMPLES[name]).replace("</body>", '<main><a href="#fin">fin</a></main></body>')
    found = look(page, setting, tmp_path)
    assert [each for each in found["violations"] if not each.startswith(_OF_THE_PROGRAM)] == []
    assert found["passes"] > 10
    assert (found["over"], found["spill"]) == ([], 0)
    assert found["dark"] is (_DARK in setting.flags)


def test_a_mail_asks_the_network_for_nothing(tmp_path: Path) -> None:
    file, log = tmp_path / "mail.html", tmp_path / "net.json"
    file.write_text(mail_html.render(SAMPLES["contractor"]), encoding="utf-8")
    chromium.run(f"--log-net-log={log}", "--virtual-time-budget=3000", "--dump-dom", file.as_uri())
    sent = log.read_text(encoding="utf-8", errors="replace")
    assert "URL_REQUEST" in sent or "mail.html" in sent, "the log was written"
    assert "17cyber" not in sent
