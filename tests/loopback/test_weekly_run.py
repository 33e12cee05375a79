"""`cyberaudit weekly` as a schedule runs it, against the embedded town and a mail relay on loopback."""

import email
import email.policy
import json
import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from cyberaudit.cli.main import run
from cyberaudit.demo.authority import Authority
from cyberaudit.demo.place import DemoPlace
from cyberaudit.history.outbox import open_outbox, outbox_path
from cyberaudit.run.last_weekly import last_of_profile, lock_path
from cyberaudit.run.lock import Busy, alone
from cyberaudit.run.schedule import Plan, cron_lines, program
from tests.loopback.mail_relay import SILENCE, MailRelay, Taken, running
from tests.loopback.watchman import Watchman, watching

pytestmark = pytest.mark.loopback

RELAY = "relais.example"
DELIVERY = """delivery:
  recipients:
    - {address: mairie@ville.example, role: secretary}
    - {address: support@cabinet.example, role: contractor}
    - {address: maire@ville.example, role: mayor}
  relay: relais.example:587
  sender: cyberaudit@ville.example
  user: mairie
  password: secret:smtp
  ca_bundle: ca.pem
"""
SECRET = "SMTP_MAIRIE"
PASSWORD = "S3cret·d'été"


@dataclass
class Town:
    """The embedded town with somebody to write to, and how its weekly control is typed."""

    place: DemoPlace
    folder: Path
    capsys: pytest.CaptureFixture[str]
    relay: MailRelay
    now: datetime
    config: dict[str, object] = field(default_factory=dict)

    @property
    def profile(self) -> Path:
        return self.folder / "mairie 100 %.yaml"

    @property
    def history(self) -> Path:
        return self.folder / "history.sqlite3"

    def prepare(self) -> None:
        text = self.place.profile.read_text("utf-8")
        assert "\ndelivery: {}" in text
        self.profile.write_text(text.replace("delivery: {}", DELIVERY), "utf-8")
        self.config = {"secrets": {"smtp": {"host": f"{RELAY}:587", "env": SECRET}}}
        self.configure()

    def configure(self, **more: object) -> None:
        path = self.folder / "config.yaml"
        # JSON is YAML.
        path.write_text(json.dumps(self.config | more), "utf-8")
        path.chmod(0o600)

    @property
    def common(self) -> list[str]:
        return [
            "--history",
            str(self.history),
            "--config",
            str(self.folder / "config.yaml"),
            "--relay-at",
            f"127.0.0.1:{self.relay.port}",
        ]

    def words(self, *, later: timedelta = timedelta(0)) -> list[str]:
        # In a file: cron of Debian drops a command of more than 1000 characters.
        rules = self.folder / "rules"
        rules.write_text("\n".join(self.place.connect_to), "utf-8")
        return [
            "weekly",
            str(self.profile),
            *self.common,
            "--vantage",
            "outside",
            "--ports",
            "essential",
            "--resolver",
            self.place.resolver,
            "--ca-bundle",
            str(self.place.ca_bundle),
            "--trust-anchor",
            str(self.place.trust_anchor),
            "--rdap-bootstrap",
            str(self.place.rdap_bootstrap),
            "--now",
            (self.now + later).isoformat(),
            "--connect-to",
            str(rules),
        ]

    def __call__(self, *words: str) -> tuple[int, str, str]:
        code = run(words)
        captured = self.capsys.readouterr()
        return code, captured.out, captured.err

    def weekly(self, *words: str, later: timedelta = timedelta(0)) -> tuple[int, str, str]:
        return self(*self.words(later=later), *words)

    @property
    def subjects(self) -> list[tuple[str, str]]:
        return [(taken.recipients[0], str(read(taken)["Subject"])) for taken in self.relay.taken]


def read(taken: Taken) -> email.message.EmailMessage:
    made = email.message_from_bytes(taken.content, policy=email.policy.default)
    assert isinstance(made, email.message.EmailMessage)
    return made


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), datetime.now(UTC))


@pytest.fixture
def town(
    demo_place: DemoPlace,
    authority: Authority,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Town]:
    monkeypatch.setenv(SECRET, PASSWORD)
    relay = MailRelay(authority.issue(RELAY), auth="PLAIN LOGIN", account=("mairie", PASSWORD))
    (tmp_path / "ca.pem").write_bytes(authority.ca_bundle.read_bytes())
    with running(relay):
        made = Town(demo_place, tmp_path, capsys, relay, demo_place.now)
        made.prepare()
        yield made


def test_the_first_week_is_told_in_silence_and_the_next_one_leaves_people_alone(town: Town) -> None:
    code, out, err = town.weekly()
    # The embedded town has an urgency.
    assert (code, out, err) == (1, "", "")
    assert [recipient for recipient, _ in town.subjects] == [
        "mairie@ville.example",
        "support@cabinet.example",
        "maire@ville.example",
    ]
    assert all("Saint-Étienne-d'Ô" in subject for _, subject in town.subjects)
    week = timedelta(days=7)
    # The month may end in between: a sign of life comes no sooner than two weeks after a mail.
    assert town.weekly(later=week)[1:] == ("", "")
    changed = [subject for _, subject in town.subjects[3:]]
    code, out, _ = town("status", "--history", str(town.history), "--now", (town.now + week).isoformat())
    assert "rien n'attend" in out
    assert "Dernier contrôle hebdomadaire" in out
    assert len(changed) in (0, 2), changed


def test_a_regression_is_in_the_subject_a_week_later_whatever_fails_in_between(town: Town) -> None:
    town.weekly()
    del town.relay.taken[:]
    text = town.profile.read_text("utf-8")
    town.profile.write_text(text.replace("antivirus: {answer: yes", "antivirus: {answer: no"), "utf-8")
    town.relay.script = {"RCPT": "550 5.1.1 No"}
    assert town.weekly(later=timedelta(days=2))[0] == 4
    town.relay.script = {}
    # Refused for good: it told nobody, so that the next one says it again.
    assert town.weekly(later=timedelta(days=4)) == (1, "", "")
    assert [recipient for recipient, _ in town.subjects] == [
        "mairie@ville.example",
        "support@cabinet.example",
    ]
    assert all("1 dégradation" in subject for _, subject in town.subjects)
    later = (town.now + timedelta(days=4)).isoformat()
    _, out, _ = town("status", "--history", str(town.history), "--now", later)
    assert "abandonné" not in out
    assert town.weekly(later=timedelta(days=5)) == (1, "", "")
    assert len(town.subjects) == 2


def test_a_broken_profile_is_told_to_the_contractor_of_the_last_valid_one(town: Town) -> None:
    town.weekly()
    town.profile.write_text(town.profile.read_text("utf-8").replace("population:", "populasion:"), "utf-8")
    del town.relay.taken[:]
    code, out, err = town.weekly(later=timedelta(days=7))
    assert (code, out) == (2, "")
    assert "populasion" in err
    ((recipient, _),) = town.subjects
    assert recipient == "support@cabinet.example"
    body = read(town.relay.taken[0]).get_body(("plain",))
    assert body is not None
    assert "populasion" in body.get_content()
    last = last_of_profile(town.history, town.profile)
    assert last is not None
    assert (last.commune, last.code) == ("saint-etienne-d-o", 2)


def test_an_authorization_that_is_over_is_told_too(town: Town) -> None:
    town.weekly()
    del town.relay.taken[:]
    code, _, err = town.weekly(later=timedelta(days=3650))
    assert code == 2
    assert "autorisation" in err
    assert [recipient for recipient, _ in town.subjects] == ["support@cabinet.example"]


def test_a_profile_that_never_was_valid_is_only_said(town: Town) -> None:
    town.profile.write_text("{", "utf-8")
    code, _, err = town.weekly()
    assert (code, town.subjects) == (2, [])
    assert err


def test_mail_that_cannot_leave_waits_and_leaves_later(town: Town) -> None:
    town.relay.script = {"MAIL": "451 4.3.0 Later"}
    code, out, err = town.weekly()
    assert (code, out) == (4, "")
    assert "Du courrier attend" in err
    assert town.subjects == []
    last = last_of_profile(town.history, town.profile)
    assert last is not None
    # Told mail by mail, and no longer once it has left.
    assert (last.code, last.sentences) == (4, ())
    assert town("status", "--history", str(town.history), "--now", town.now.isoformat())[0] == 1
    town.relay.script = {}
    retry = ["notify", str(town.profile), "--waiting", *town.common, "--now"]
    assert town(*retry, town.now.isoformat())[0] == 4  # five minutes have not gone by
    assert town(*retry, (town.now + timedelta(hours=1)).isoformat()) == (0, "", "")
    assert len(town.subjects) == 3


def test_who_mended_the_relay_need_not_wait_for_the_next_try(town: Town) -> None:
    town.relay.script = {"MAIL": "451 4.3.0 Later"}
    assert town.weekly()[0] == 4
    town.relay.script = {}
    again = ["notify", str(town.profile), "--at-once", *town.common, "--now", town.now.isoformat()]
    assert town(*again) == (0, "3\u00a0courriers envoyés.\n", "")
    assert len(town.subjects) == 3
    assert town(*again) == (0, "Rien à envoyer.\n", "")


def test_a_wrong_password_keeps_the_mail(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SECRET, "autre")
    code, _, err = town.weekly()
    assert code == 4
    assert "autre" not in err
    assert PASSWORD not in err
    assert town.subjects == []


def test_a_second_one_at_the_same_time_does_nothing(town: Town) -> None:
    with alone(lock_path(town.history, town.profile), sentence=""):
        code, out, err = town.weekly()
    assert (code, out) == (3, "")
    assert "déjà en cours" in err
    assert not town.history.exists()
    assert town.subjects == []


def test_a_lock_does_not_outlive_its_process(tmp_path: Path) -> None:
    path = tmp_path / "verrou"
    code = (
        "import sys, time; from pathlib import Path; from cyberaudit.run.lock import alone\n"
        "with alone(Path(sys.argv[1]), sentence='pris'):\n    print('tenu', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    holder.stdout.readline()
    with pytest.raises(Busy, match="pris"), alone(path, sentence="pris"):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with alone(path, sentence="pris", patience=5):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_news_goes_elsewhere_too(town: Town, authority: Authority) -> None:
    with watching(authority.issue("localhost")) as watchman:
        _elsewhere(town, watchman, authority)
        code, out, err = town.weekly()
        assert (code, out, err) == (1, "", "")
    calls = [(asked.method, asked.target) for asked in watchman.asked]
    assert calls == [("GET", "/ping/start"), ("POST", "/hook"), ("GET", "/ping/1")]
    told = json.loads(watchman.asked[1].body)
    assert (told["event"], told["commune"]["id"], told["code"]) == ("weekly", "saint-etienne-d-o", 1)
    assert 0 <= told["level"]["low"] <= told["level"]["high"] <= 100
    root = ET.fromstring((town.folder / "flux.xml").read_bytes())
    assert len(root.findall("{http://www.w3.org/2005/Atom}entry")) == 1


def test_what_goes_wrong_elsewhere_is_said_and_the_mail_leaves_all_the_same(
    town: Town, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyberaudit.delivery.webhook.PAUSES", ())
    with watching(authority.issue("localhost")) as watchman:
        _elsewhere(town, watchman, authority)
        watchman.answers = [200, 403]
        code, _, err = town.weekly()
    assert code == 3
    assert "réponse 403" in err
    assert len(town.subjects) == 3
    assert watchman.asked[-1].target == "/ping/3"


def test_a_problem_goes_to_the_webhook(town: Town, authority: Authority) -> None:
    town.weekly()
    town.profile.write_text(town.profile.read_text("utf-8").replace("population:", "populasion:"), "utf-8")
    with watching(authority.issue("localhost")) as watchman:
        _elsewhere(town, watchman, authority)
        assert town.weekly(later=timedelta(days=7))[0] == 2
    assert json.loads(watchman.asked[1].body)["event"] == "problem"
    assert watchman.asked[-1].target == "/ping/2"


def _elsewhere(town: Town, watchman: Watchman, authority: Authority) -> None:
    trusted = {"ca_bundle": str(authority.ca_bundle)}
    town.configure(
        webhook={"url": f"{watchman.url}/hook", "secret": {"env": SECRET}, **trusted},
        ping={"url": f"{watchman.url}/ping", **trusted},
        feed={"path": str(town.folder / "flux.xml")},
    )


def test_machines_may_ask_for_what_was_done(town: Town) -> None:
    code, out, _ = town.weekly("--json", "--output", f"json:{town.folder / 'rapport.json'}")
    told = json.loads(out)
    assert (code, told["code"], told["mail"]) == (1, 1, {"sent": 3, "waiting": 0, "refused": 0})
    assert json.loads((town.folder / "rapport.json").read_text("utf-8"))["points"]


def test_a_configuration_that_cannot_be_read_keeps_the_mail(town: Town) -> None:
    town.configure(webhook={"url": "http://en-clair.example"})
    code, _, err = town.weekly()
    assert code == 2
    assert "webhook" in err
    assert town.subjects == []
    assert err.count("Il faut") == 1
    code, out, _ = town(
        "status", str(town.profile), "--history", str(town.history), "--now", town.now.isoformat()
    )
    assert code == 1
    assert "Courrier au prestataire" in " ".join(out.split())


def test_a_control_that_saw_too_little_is_told_as_such_and_its_mail_leaves(town: Town) -> None:
    code, _, err = town.weekly("--min-coverage", "100")
    assert code == 3
    assert "incomplet" in err
    assert len(town.subjects) == 3


def test_a_webhook_without_its_secret_is_said(town: Town) -> None:
    town.configure(webhook={"url": "https://localhost:1/", "secret": {"env": "SMTP_ABSENT"}})
    code, _, err = town.weekly()
    assert code == 3
    assert "« webhook » est vide" in err.replace("\u00a0", " ")


def test_a_schedule_that_is_stopped_writes_to_nobody(town: Town) -> None:
    """As systemd does at the end of TimeoutStartSec: the watchman of the machine learns of it by `status`."""
    words = town.words()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        mute.settimeout(30)
        words[words.index("--resolver") + 1] = f"127.0.0.1:{mute.getsockname()[1]}"
        weekly = subprocess.Popen([*program(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        mute.recv(4096)
        weekly.terminate()
        out, _ = weekly.communicate(timeout=60)
    assert (weekly.returncode, out) == (130, b"")
    last = last_of_profile(town.history, town.profile)
    assert last is not None
    assert last.code == 130
    assert town.subjects == []


def test_what_waits_leaves_though_the_profile_names_nobody_any_more(town: Town) -> None:
    town.relay.script = {"MAIL": "451 4.3.0 Later"}
    assert town.weekly()[0] == 4
    start, _, rest = town.profile.read_text("utf-8").partition("  recipients:\n")
    kept = [line for line in rest.splitlines() if "role:" not in line]
    town.profile.write_text("\n".join([start.rstrip("\n"), "  recipients: []", *kept]), "utf-8")
    assert town.weekly(later=timedelta(days=1))[0] == 4
    town.relay.script = {}
    code, _, err = town.weekly(later=timedelta(days=3))
    assert (code, err) == (1, "")
    assert len(town.subjects) == 3


def test_a_report_that_cannot_be_written_is_known_to_the_watchman(town: Town, authority: Authority) -> None:
    with watching(authority.issue("localhost")) as watchman:
        _elsewhere(town, watchman, authority)
        code, _, err = town.weekly("--output", f"json:{town.folder / 'absent' / 'rapport.json'}")
    assert code == 3
    assert "rapport.json" in err
    assert watchman.asked[-1].target == "/ping/3"
    last = last_of_profile(town.history, town.profile)
    assert last is not None
    assert (last.code, len(last.sentences)) == (3, 1)
    assert len(town.subjects) == 3


def test_an_outbox_that_cannot_be_used_is_said_once(town: Town) -> None:
    outbox_path(town.history).write_bytes(b"x" * 4096)
    code, out, err = town.weekly()
    assert (code, out) == (3, "")
    assert err.count("outbox.sqlite3") == 1
    assert town.subjects == []


def test_one_that_is_killed_while_it_writes_is_finished_by_the_next(town: Town) -> None:
    """The killed one had given a whole message: it goes again, with the same Message-ID, and `status` says so."""
    town.relay.script = {".": SILENCE}
    killed = subprocess.Popen([*program(), *town.words()], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    end = time.monotonic() + 60
    while not town.relay.commands["DATA"] and time.monotonic() < end:
        time.sleep(0.02)
    killed.kill()
    assert killed.communicate(timeout=60) == (b"", b"")
    with open_outbox(outbox_path(town.history), create=False) as outbox:
        put = {each.message_id for each in outbox.of("saint-etienne-d-o")}
    assert len(put) == 3
    town.relay.script = {}
    assert town.weekly(later=timedelta(hours=1)) == (1, "", "")
    assert sorted(each.message_id for each in town.relay.taken) == sorted(put)
    later = (town.now + timedelta(hours=2)).isoformat()
    assert "arriver deux fois" in " ".join(
        town("status", "--history", str(town.history), "--now", later)[1].split()
    )


def test_one_that_is_killed_while_it_looks_leaves_nothing_in_the_way(town: Town) -> None:
    words = town.words()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        mute.settimeout(30)
        words[words.index("--resolver") + 1] = f"127.0.0.1:{mute.getsockname()[1]}"
        killed = subprocess.Popen([*program(), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        mute.recv(4096)
        killed.kill()
        killed.communicate(timeout=60)
    assert town.weekly() == (1, "", "")
    assert len(town.subjects) == 3


# As cron does it


def poor() -> dict[str, str]:
    """Debian's cron gives little more: no terminal, no locale, two folders."""
    found = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "root"}
    return {**found, "HOME": "/nonexistent", SECRET: PASSWORD}


def cron_line(town: Town) -> str:
    """The weekly command as `schedule --cron` writes it, aimed at the embedded town."""
    words = [*program(), *town.words()]
    return shlex.join(words).replace("%", "\\%")


def test_it_works_in_the_poor_environment_of_cron(town: Town) -> None:
    command = cron_line(town).replace("\\%", "%")
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        env=poor(),
        cwd="/",
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        umask=0,
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")
    assert len(town.subjects) == 3
    private = [path for path in town.folder.iterdir() if path.name.startswith(("history", "outbox"))]
    assert all(path.stat().st_mode & 0o077 == 0 for path in private)


CRON = Path("/usr/sbin/cron")
SENDMAIL = Path("/usr/sbin/sendmail")


@pytest.mark.skipif(
    os.geteuid() != 0 or not CRON.exists() or not SENDMAIL.exists() or not Path("/usr/bin/unshare").exists(),
    reason="cron and a sendmail of Debian, by root only",
)
def test_real_cron_runs_the_lines_and_mails_what_goes_wrong(town: Town) -> None:
    """A cron of its own: in a mount namespace where its crontabs, and nothing else, are ours."""
    broken = town.folder / "faux.yaml"
    broken.write_text("schema_version: 1\ncommune: {nom: Hélène}\n", "utf-8")
    words = town.words()
    plan = Plan("saint-etienne-d-o", "", "Europe/Paris", town.profile, town.history, options=tuple(words[4:]))
    wrong = replace(plan, profile=broken, history=town.folder / "faux.sqlite3")
    with_cron(town, [*cron_lines(plan), cron_lines(wrong)[0]], until=(plan, wrong))
    last = [last_of_profile(each.history, each.profile) for each in (plan, wrong)]
    assert [each and each.code for each in last] == [1, 2]
    assert len(town.subjects) == 3
    # Silence but for what goes wrong: one line alone had something to say.
    (letter,) = town.folder.glob("cron-mail-*")
    mailed = letter.read_text("utf-8")
    assert "faux.yaml" in mailed.partition("\n\n")[0]
    assert "La clé « nom » n'existe pas ici" in mailed.partition("\n\n")[2].replace("\u00a0", " ")


WITH_CRON = """mount --bind "$1/crontabs" /var/spool/cron/crontabs
mount -t tmpfs none /etc/cron.d
mount -t tmpfs none /run
mount --bind /dev/null /etc/crontab
mount --bind "$1/sendmail" /usr/sbin/sendmail
exec /usr/sbin/cron -f"""


def with_cron(town: Town, lines: Sequence[str], *, until: Sequence[Plan]) -> None:
    """Have cron run `lines` every minute, until each of the profiles had its week."""
    (town.folder / "crontabs").mkdir(mode=0o700)
    tab = town.folder / "crontabs" / "root"
    each_minute = [f"* * * * * {line.split(maxsplit=5)[5]}" for line in lines]
    tab.write_text("\n".join([f"{SECRET}={PASSWORD}", *each_minute, ""]), "utf-8")
    tab.chmod(0o600)
    sendmail = town.folder / "sendmail"
    sendmail.write_text(f"#!/bin/sh\ncat > '{town.folder}'/cron-mail-$$\n")
    sendmail.chmod(0o755)
    cron = subprocess.Popen(
        ["/usr/bin/unshare", "--mount", "/bin/sh", "-ec", WITH_CRON, "sh", str(town.folder)],
        stdin=subprocess.DEVNULL,
    )
    try:
        end = time.monotonic() + 110
        while time.monotonic() < end:
            assert cron.poll() is None
            if all(last_of_profile(each.history, each.profile) for each in until):
                break
            time.sleep(0.2)
        # What is left of a line is its mail.
        while not list(town.folder.glob("cron-mail-*")) and time.monotonic() < end:
            time.sleep(0.2)
    finally:
        cron.terminate()
        cron.wait()
