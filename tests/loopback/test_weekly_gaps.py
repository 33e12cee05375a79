"""What a weekly control tells elsewhere than by mail, when the one before was stopped or cannot be read."""

import sqlite3
import subprocess
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cyberaudit.history.outbox import open_outbox, outbox_path
from cyberaudit.run.last_weekly import last_of_profile
from cyberaudit.run.schedule import program
from tests.loopback.mail_relay import SILENCE
from tests.loopback.test_weekly_run import Town, authority, town

__all__ = ["authority", "town"]

pytestmark = pytest.mark.loopback

ENTRY = "{http://www.w3.org/2005/Atom}entry"
CONTENT = "{http://www.w3.org/2005/Atom}content"


def entries(feed: Path) -> list[str]:
    return [str(each.findtext(CONTENT)) for each in ET.fromstring(feed.read_bytes()).findall(ENTRY)]


def worsen(town: Town) -> None:
    text = town.profile.read_text("utf-8")
    town.profile.write_text(text.replace("antivirus: {answer: yes", "antivirus: {answer: no"), "utf-8")


def kill_while_it_writes(town: Town, *, later: timedelta) -> None:
    town.relay.script = {".": SILENCE}
    before = town.relay.commands["DATA"]
    killed = subprocess.Popen(
        [*program(), *town.words(later=later)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    end = time.monotonic() + 60
    while town.relay.commands["DATA"] == before and time.monotonic() < end:
        time.sleep(0.02)
    killed.kill()
    killed.communicate(timeout=60)
    town.relay.script = {}


def test_what_a_killed_control_stored_is_news_for_the_feed_of_the_next(town: Town) -> None:
    feed = town.folder / "flux.xml"
    town.configure(feed={"path": str(feed)})
    town.weekly()
    worsen(town)
    kill_while_it_writes(town, later=timedelta(days=7))
    assert len(entries(feed)) == 1
    assert town.weekly(later=timedelta(days=14)) == (1, "", "")
    assert "antivirus" in entries(feed)[0]
    assert town.weekly(later=timedelta(days=14, hours=1)) == (1, "", "")
    assert ["antivirus" in each for each in entries(feed)].count(True) == 1, (
        "told once, however soon one looks again"
    )


def test_a_control_that_cannot_be_compared_is_not_told_as_a_first_one(town: Town) -> None:
    feed = town.folder / "flux.xml"
    town.configure(feed={"path": str(feed)})
    town.weekly()
    with closing(sqlite3.connect(town.history)) as damaged, damaged:
        damaged.execute("UPDATE audits SET document = x'00'")
    code, _, err = town.weekly(later=timedelta(days=60))
    assert code == 2, err
    assert len(entries(feed)) == 1
    with open_outbox(outbox_path(town.history), create=False) as outbox:
        kinds = [each.kind for each in outbox.of("saint-etienne-d-o")]
    assert kinds.count("problem") == 1, err


def test_a_problem_in_between_does_not_hide_what_changed_before_it(town: Town) -> None:
    town.weekly()
    whole = town.profile.read_text("utf-8")
    town.profile.write_text(whole.replace("population:", "populasion:"), "utf-8")
    assert town.weekly(later=timedelta(days=7))[0] == 2
    first = last_of_profile(town.history, town.profile)
    assert first is not None
    assert len(first.told_from) == 1
