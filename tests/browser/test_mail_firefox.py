"""The page of a mail in a second engine: as wide as a telephone, by day and by night, the same words as the text."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from cyberaudit.history.transitions import Transition
from cyberaudit.model import Status
from cyberaudit.reports import mail_html, mail_text
from tests.browser import firefox
from tests.unit import report_samples as samples
from tests.unit.mail_samples import change
from tests.unit.test_delivery_hunt import letters_of
from tests.unit.test_reports_mail import BY_CHECK, SAMPLES, mail

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not shutil.which(firefox.PROGRAM), reason="firefox-esr is missing (tests/install-servers)"
    ),
]

LONG = f"{'service-assainissement-et-eau-potable.' * 3}saint-remy-en-bouzemont-saint-genest-et-isson.example"
_DMARC = replace(BY_CHECK["mail.dmarc"], asset="domain/long", asset_name=LONG, identity="long")
_MANY = [
    change(each, replace(_DMARC, identity=point.identity), was=Status.PASS)
    for point in samples.crowded_view().points[:10]
    for each in (Transition.BACK, Transition.NEW, Transition.EXPIRED, Transition.NOT_CHECKED)
]
MAILS = SAMPLES | {"forty changes of a long name": mail(*_MANY)}


@pytest.mark.parametrize("is_night", [False, True], ids=["by day", "by night"])
@pytest.mark.parametrize("width", [360, 800])
@pytest.mark.parametrize("name", MAILS)
def test_a_mail_holds_in_its_width_and_is_read(name: str, width: int, is_night: bool, tmp_path: Path) -> None:
    seen = firefox.look(mail_html.render(MAILS[name]), width=width, is_night=is_night, folder=tmp_path)
    told = seen.told
    assert (told["width"], told["dark"]) == (width, is_night)
    assert told["paper"] == ("rgb(20, 24, 29)" if is_night else "rgb(255, 255, 255)")
    assert (told["over"], told["spill"]) == ([], 0)
    # WCAG 2.2, criterion 1.4.3
    assert told["contrast"] >= 4.5
    assert told["smallest"] >= 14
    assert seen.asked == []
    # The numbers of a list are drawn, and no words of the page.
    text = re.sub(r"(?m)^  \d\. ", "", mail_text.render(MAILS[name]))
    assert letters_of(told["words"]) == letters_of(text)


def test_firefox_sees_what_is_wrong(tmp_path: Path) -> None:
    """The measures above can fail."""
    page = mail_html.render(SAMPLES["quiet"]).replace(
        "</h1>", '</h1><p style="color:#aaa;width:900px">x</p>', 1
    )
    seen = firefox.look(
        page.replace("</h1>", '</h1><img src="/suivi.png">'), width=360, is_night=False, folder=tmp_path
    )
    assert seen.told["contrast"] < 4.5
    assert seen.told["over"]
    assert seen.told["spill"] > 0
    assert seen.asked == ["/suivi.png"]
