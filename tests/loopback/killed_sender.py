"""Runs that keep a mail and send what is due, each in a process that is killed at any moment.

A program: `python -m tests.loopback.killed_sender OUTBOX PORT CA`. Each line read is the number of a run: it is told
who runs (`pid 12`), what was kept (`kept 3`), what a whole run did (`done`), and, after another line, `over`.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from uuid import uuid4

from cyberaudit.delivery.sending import Relay, deliver
from cyberaudit.demo.authority import Authority
from cyberaudit.history.outbox import Copy, Outbox, Queued, State, open_outbox
from tests.loopback.mail_relay import MailRelay, running

COMMUNE, HOST, DOMAIN = "94038", "relais.example", "mairie-l-hay.example"
RECIPIENTS = (f"anne@{DOMAIN}", f"bruno@{DOMAIN}")
KEPT, DONE = "kept", "done"


@dataclass(slots=True)
class Damage:
    """What many kills did."""

    kills: int = 0
    """Of runs that were not over."""
    kept: set[str] = field(default_factory=set)
    """Numbers of the mails that a run said it kept."""
    message_ids: dict[str, set[str]] = field(default_factory=dict)
    """By number, as the relay saw them."""
    stored: list[Queued] = field(default_factory=list)
    """In the end."""
    deliveries: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By number and recipient, as the relay counts them."""

    @property
    def lost(self) -> set[str]:
        """Kept, and not received by everybody."""
        return {
            number for number in self.kept if any(not self.deliveries[number, each] for each in RECIPIENTS)
        }

    @property
    def twice(self) -> set[tuple[str, str]]:
        return {copy for copy, count in self.deliveries.items() if count > 1}

    @property
    def doubtful(self) -> set[tuple[str, str]]:
        """What the outbox says may have arrived twice."""
        return {
            (queued.subject, copy.recipient)
            for queued in self.stored
            for copy in queued.copies
            if copy.doubtful
        }


def many_kills(folder: Path, kills: int, *, seed: int) -> Damage:
    """Kill that many runs, then let one end."""
    authority = Authority(folder, datetime.now(UTC))
    chance = random.Random(seed)
    damage = Damage()
    outbox = folder / "outbox.sqlite3"
    with (
        running(MailRelay(authority.issue(HOST))) as relay,
        _runs(outbox, relay.port, authority.ca_bundle) as runs,
    ):
        whole = median(_one(runs, number, None, damage) for number in range(5))
        number = 5
        while damage.kills < kills:
            _one(runs, number, _moment(relay, whole, chance), damage)
            number += 1
        _one(runs, number, None, damage)
    for taken in relay.taken:
        subject = taken.content.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode()
        damage.message_ids.setdefault(subject, set()).add(taken.message_id)
        damage.deliveries.update((subject, recipient) for recipient in taken.recipients)
    with open_outbox(outbox, create=False) as opened:
        damage.stored.extend(opened.of(COMMUNE))
    return damage


@contextmanager
def _runs(outbox: Path, port: int, ca_file: Path) -> Iterator["subprocess.Popen[str]"]:
    words = [sys.executable, "-m", __name__, str(outbox), str(port), str(ca_file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def _moment(relay: MailRelay, whole: float, chance: random.Random) -> Callable[[], None]:
    """Waits for any moment of a run that lasts `whole` seconds; half the time, for one just after the relay took."""
    if chance.random() < 0.5:
        return lambda: time.sleep(chance.uniform(0, whole))

    def just_taken() -> None:
        until, before = time.monotonic() + whole, len(relay.taken)
        while len(relay.taken) == before and time.monotonic() < until:
            time.sleep(0.0002)
        time.sleep(chance.uniform(0, whole / 10))

    return just_taken


def _one(
    runs: "subprocess.Popen[str]", number: int, wait: Callable[[], None] | None, damage: Damage
) -> float:
    """One run, killed when `wait` returns unless it is over, or whole; how long it lasted."""
    assert runs.stdin is not None
    assert runs.stdout is not None
    print(number, file=runs.stdin, flush=True)
    pid = int(runs.stdout.readline().split()[1])
    begun = time.monotonic()
    said: list[str] = []
    if wait is None:
        while not said or said[-1] != DONE:
            said.append(runs.stdout.readline().strip())
    else:
        wait()
        # Nobody has waited for it: the number is still its own, alive or not.
        os.kill(pid, signal.SIGKILL)
    lasted = time.monotonic() - begun
    print("over", file=runs.stdin, flush=True)
    while (line := runs.stdout.readline().strip()) != "over":
        said.append(line)
    damage.kept |= {line.split()[1] for line in said if line.startswith(KEPT)}
    damage.kills += DONE not in said
    return lasted


def main() -> None:
    path, port, ca_file = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    relay = Relay(HOST, 587, "starttls", "", "", ca_file, ("127.0.0.1", port))
    while line := sys.stdin.readline():
        pid = os.fork()
        if pid == 0:
            _say("pid", str(os.getpid()))
            _run(path, relay, line.strip())
        sys.stdin.readline()
        os.waitpid(pid, 0)
        _say("over")


def _run(path: Path, relay: Relay, number: str) -> None:
    """Keep one mail, send what is due, and end at once."""
    with open_outbox(path, create=True) as outbox:
        _keep(outbox, number)
        _say(KEPT, number)
        deliver(outbox, relay, f"cyberaudit@{DOMAIN}", now=datetime.now(UTC), commune=COMMUNE)
    _say(DONE)
    os._exit(0)


def _keep(outbox: Outbox, number: str) -> None:
    now = datetime.now(UTC)
    message_id = f"<{uuid4()}@{DOMAIN}>"
    body = "Bonjour.\r\n" * 500
    message = f"Subject: {number}\r\nMessage-ID: {message_id}\r\n\r\n{body}".encode()
    copies = tuple(Copy(each, State.WAITING, 0, now, "", now, doubtful=False) for each in RECIPIENTS)
    outbox.put(Queued(0, message_id, COMMUNE, "secretary", "change", "6f1c", number, now, message, copies))


def _say(*words: str) -> None:
    """One write, whole even when a kill follows."""
    os.write(1, f"{' '.join(words)}\n".encode())


if __name__ == "__main__":
    main()
