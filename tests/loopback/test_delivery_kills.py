"""A program killed at any moment, while it keeps a mail or sends one: nothing is lost, no copy more than was told."""

import os
from pathlib import Path

import pytest

from cyberaudit.history.outbox import State
from tests.loopback.killed_sender import many_kills

pytestmark = [
    pytest.mark.loopback,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="runs are forked to be killed by the hundred"),
]

KILLS = 200 * int(os.environ.get("CYBERAUDIT_LONG", "1"))


def test_no_kill_loses_a_mail_or_sends_one_twice_unknown_to_the_outbox(tmp_path: Path) -> None:
    damage = many_kills(tmp_path, KILLS, seed=20261207)
    assert damage.kills == KILLS
    assert damage.lost == set()
    assert damage.twice <= damage.doubtful
    assert all(len(seen) == 1 for seen in damage.message_ids.values())
    assert {copy.state for queued in damage.stored for copy in queued.copies} == {State.SENT}
    assert {queued.subject: {queued.message_id} for queued in damage.stored} == damage.message_ids
