"""What kills at random moments do to the whole week, scan, save and mail: `python benchmarks/weekly_kills.py [KILLS]`.

Each run is the ordinary `cyberaudit weekly` of the embedded town; an answer of its profile changes every time, so that
there is always something to say. Prints what was lost and what came twice.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.loopback.mail_relay import MailRelay, running
from tests.loopback.test_weekly_run import PASSWORD, RELAY, SECRET, Town

from cyberaudit.demo.authority import Authority
from cyberaudit.demo.place import DemoPlace
from cyberaudit.history.outbox import Queued, State, open_outbox, outbox_path
from cyberaudit.history.store import open_history
from cyberaudit.run.schedule import program

KILLS = 200
COMMUNE = "saint-etienne-d-o"
# Ours: longer than a visit, so that each run is compared with the one before.
APART = timedelta(hours=13)
_SAYS = ("antivirus: {answer: yes", "antivirus: {answer: no")


def main() -> int:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else KILLS
    os.environ[SECRET] = PASSWORD
    with tempfile.TemporaryDirectory() as name, DemoPlace() as place:
        folder = Path(name)
        authority = Authority(folder, datetime.now(UTC))
        relay = MailRelay(authority.issue(RELAY), auth="PLAIN LOGIN", account=("mairie", PASSWORD))
        (folder / "ca.pem").write_bytes(authority.ca_bundle.read_bytes())
        with running(relay):
            # Nothing is printed in this process: nothing captures it.
            town = Town(place, folder, cast("pytest.CaptureFixture[str]", None), relay, place.now)
            town.prepare()
            return _told(town, *_killed(town, kills))


def _killed(town: Town, kills: int) -> tuple[int, int]:
    """Runs that were killed, and those that ended before."""
    whole = _run(town, 0, patience=120.0)[1]
    killed = 0
    for number in range(1, kills + 1):
        killed += not _run(town, number, patience=random.uniform(0.0, 1.2 * whole))[0]
    _run(town, kills + 1, patience=120.0)
    return killed, kills + 2 - killed


def _run(town: Town, number: int, *, patience: float) -> tuple[bool, float]:
    """One week; whether it ended by itself, and how long it took."""
    text = town.profile.read_text("utf-8")
    town.profile.write_text(text.replace(_SAYS[number % 2], _SAYS[1 - number % 2]), "utf-8")
    begun = time.monotonic()
    made = subprocess.Popen(
        [*program(), *town.words(later=APART * number)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        made.communicate(timeout=patience)
    except subprocess.TimeoutExpired:
        made.kill()
        made.communicate()
        return False, patience
    return True, time.monotonic() - begun


def _told(town: Town, killed: int, ended: int) -> int:
    with open_history(town.history, create=False) as history:
        stored = history.count()
    with open_outbox(outbox_path(town.history), create=False) as outbox:
        mails = outbox.of(COMMUNE)
    taken = Counter(each.message_id for each in town.relay.taken)
    lost = [each for each in mails if not taken[each.message_id]]
    waiting = [each for each in mails if any(copy.state is not State.SENT for copy in each.copies)]
    twice = [each for each in mails if taken[each.message_id] > 1]
    untold = [each for each in twice if not any(copy.doubtful for copy in each.copies)]
    print(f"{killed} weeks killed, {ended} ended; {stored} scans stored, {len(mails)} mails kept")
    print(f"scans lost after they were reported: {max(0, ended - stored)}; mails lost: {len(lost)}")
    print(f"mails not sent at the end: {len(waiting)}; with two Message-IDs: {_several(mails)}")
    print(f"mails sent twice: {len(twice)}, of which not told doubtful: {len(untold)}")
    return bool(ended > stored or lost or waiting or untold or _several(mails))


def _several(mails: tuple[Queued, ...]) -> int:
    """Roles that were told one audit in two mails."""
    told = Counter((each.role, each.audit, each.kind) for each in mails)
    return sum(count > 1 for count in told.values())


if __name__ == "__main__":
    raise SystemExit(main())
