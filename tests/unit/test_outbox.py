"""The outbox: what is put is kept, every attempt leaves its trace, and nothing that waits is ever dropped."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.errors import HistoryError, NotSaved
from cyberaudit.history.outbox import Copy, Outbox, Queued, State, open_outbox, outbox_path

pytestmark = pytest.mark.unit

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
TOWN, ANNE, BRUNO = "94038", "anne@mairie-l-hay.example", "bruno@prestataire.example"

PUT_FOR_EVER = """
import sys
from pathlib import Path
from tests.unit.test_outbox import mail, open_outbox
with open_outbox(Path(sys.argv[1]), create=True) as outbox:
    for number in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
        outbox.put(mail(number))
"""
HOLD_THE_PLACE = """
import sys
from pathlib import Path
from cyberaudit.history.outbox import open_outbox
with open_outbox(Path(sys.argv[1]), create=True) as outbox, outbox.alone() as alone:
    print(alone, flush=True)
    sys.stdin.read()
"""
FILL_THE_DISK = """
import os, resource, signal, sys
from pathlib import Path
from cyberaudit.errors import NotSaved
from tests.unit.test_outbox import mail, open_outbox
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
put = 0
try:
    with open_outbox(Path(sys.argv[1]), create=True) as outbox:
        for number in range(1, 500):
            outbox.put(mail(number, message=b"x" * 4000))
            put += 1
except NotSaved as error:
    print(put, error)
sys.stdout.flush()
os._exit(0)  # coverage could not write its own file any more
"""
AS_SOMEBODY_ELSE = """
import os, sys
from pathlib import Path
from cyberaudit.errors import HistoryError
from tests.unit.test_outbox import NOW, TOWN, mail, open_outbox
os.setgid(65534); os.setuid(65534)
path = Path(sys.argv[1])
with open_outbox(path, create=False) as outbox:
    print(len(outbox.of(TOWN)))
    for write in (lambda: outbox.put(mail(2)), lambda: outbox.began(1, "a", NOW), lambda: outbox.prune(NOW)):
        try:
            write()
        except HistoryError as error:
            print(error)
for create in (path, path.with_name("new.sqlite3")):
    try:
        open_outbox(create, create=True).put(mail(2))
    except HistoryError as error:
        print(error)
sys.stdout.flush()
os._exit(0)  # coverage could not write its own file any more
"""


def copy(recipient: str = ANNE, state: State = State.WAITING, *, next_try: datetime | None = NOW) -> Copy:
    return Copy(recipient, state, 0, next_try, "", NOW, doubtful=False)


def mail(
    number: int,
    *recipients: str,
    commune: str = TOWN,
    role: str = "secretary",
    message: bytes = b"Subject: x\r\n\r\n",
    made_at: datetime = NOW,
) -> Queued:
    return Queued(
        id=0,
        message_id=f"<{number}@mairie-l-hay.example>",
        commune=commune,
        role=role,
        kind="change",
        audit=f"audit-{number}",
        subject="L'Haÿ : 1 dégradation",
        made_at=made_at,
        message=message,
        copies=tuple(copy(each) for each in recipients or (ANNE,)),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return outbox_path(tmp_path / "history.sqlite3")


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    with open_outbox(path, create=True) as opened:
        yield opened


def run(script: str, *words: object) -> str:
    command = [sys.executable, "-c", script, *(str(word) for word in words)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def the_copy(outbox: Outbox, recipient: str = ANNE) -> Copy:
    return next(copy for queued in outbox.of(TOWN) for copy in queued.copies if copy.recipient == recipient)


def settle(
    outbox: Outbox, message: int, state: State, *, recipient: str = ANNE, doubtful: bool = False
) -> None:
    outbox.began(message, recipient, NOW)
    next_try = NOW + timedelta(minutes=5) if state is State.WAITING else None
    outbox.ended(
        message, recipient, state=state, answer="250 Ok", at=NOW, next_try=next_try, doubtful=doubtful
    )


def test_it_stands_beside_the_history_for_its_owner_only(outbox: Outbox, path: Path) -> None:
    outbox.put(mail(1))
    with outbox.alone():
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert path.name == "outbox.sqlite3"
    assert len(modes) == 4
    assert set(modes.values()) == {0o600}


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
MOMENTS = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds it
COPIES = st.builds(
    Copy,
    TEXTS,
    st.sampled_from(State),
    st.integers(0, 99),
    st.none() | MOMENTS,
    TEXTS,
    MOMENTS,
    doubtful=st.booleans(),
)


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        Queued,
        st.just(1),
        TEXTS,
        TEXTS,
        TEXTS,
        TEXTS,
        TEXTS,
        TEXTS,
        MOMENTS,
        st.binary(max_size=200),
        st.lists(COPIES, min_size=1, max_size=4, unique_by=lambda each: each.recipient).map(tuple),
    )
)
def test_any_mail_comes_back_as_it_was_put(queued: Queued) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_outbox(Path(folder) / "o.sqlite3", create=True) as outbox,
    ):
        assert outbox.put(queued) == 1
        told = tuple(
            replace(each, doubtful=each.doubtful or each.state is State.SENDING) for each in queued.copies
        )
        assert outbox.last(queued.commune, queued.role) == replace(queued, copies=told)


def test_the_same_message_id_put_twice_is_one_mail(outbox: Outbox) -> None:
    first = outbox.put(mail(1))
    assert outbox.put(mail(2)) != first
    assert outbox.put(mail(1, ANNE, BRUNO, message=b"autre")) == first
    assert [queued.message for queued in outbox.of(TOWN)] == [mail(2).message, mail(1).message]
    assert outbox.unsettled() == 2


def test_what_became_of_mails_is_read_without_their_contents(outbox: Outbox) -> None:
    settle(outbox, outbox.put(mail(1, ANNE, BRUNO, message=b"x" * 100_000)), State.REFUSED)
    outbox.put(mail(2))
    outbox.put(mail(3, commune="13005"))
    assert outbox.states(TOWN) == tuple(replace(each, message=b"") for each in outbox.of(TOWN))
    assert [queued.id for queued in outbox.states(TOWN)] == [2, 1]


def test_several_mails_are_put_together_or_not_at_all(outbox: Outbox) -> None:
    with pytest.raises(NotSaved):
        outbox.put_all([mail(1), mail(2, ANNE, ANNE)])
    assert (outbox.of(TOWN), outbox.first_message_id(TOWN, "secretary")) == ((), "")
    assert len(outbox.put_all([mail(1), mail(2)])) == len(outbox.of(TOWN)) == 2


def test_what_is_due_is_what_waits_long_enough_oldest_first(outbox: Outbox) -> None:
    first, second, third = (outbox.put(mail(number, ANNE, BRUNO)) for number in range(3))
    settle(outbox, first, State.SENT)
    settle(outbox, second, State.WAITING)
    settle(outbox, third, State.REFUSED)
    due = [(queued.id, [each.recipient for each in queued.copies]) for queued in outbox.due(NOW)]
    assert due == [(first, [BRUNO]), (second, [BRUNO]), (third, [BRUNO])]
    later = outbox.due(NOW + timedelta(minutes=5), TOWN)
    assert [len(queued.copies) for queued in later] == [1, 2, 1]
    assert outbox.due(NOW, "13005") == ()


def test_an_attempt_that_never_ended_is_tried_at_once_and_stays_doubtful(outbox: Outbox, path: Path) -> None:
    number = outbox.put(mail(1))
    outbox.began(number, ANNE, NOW)
    with open_outbox(path, create=False) as after_the_crash:
        (queued,) = after_the_crash.due(NOW)
        assert (queued.copies[0].state, queued.copies[0].doubtful) == (State.SENDING, True)
        settle(after_the_crash, number, State.SENT)
    assert the_copy(outbox) == replace(
        copy(state=State.SENT, next_try=None), attempts=2, last_answer="250 Ok", doubtful=True
    )


def test_an_attempt_that_ended_leaves_no_doubt_unless_it_says_so(outbox: Outbox) -> None:
    number = outbox.put(mail(1, ANNE, BRUNO))
    settle(outbox, number, State.WAITING)
    settle(outbox, number, State.WAITING, recipient=BRUNO, doubtful=True)
    settle(outbox, number, State.SENT, recipient=BRUNO)
    assert (the_copy(outbox, ANNE).doubtful, the_copy(outbox, BRUNO).doubtful) == (False, True)


def test_the_last_and_the_first_mail_are_those_of_one_role_of_one_town(outbox: Outbox) -> None:
    assert outbox.last(TOWN, "mayor") is None
    assert outbox.first_message_id(TOWN, "mayor") == ""
    for number, (commune, role) in enumerate(
        [(TOWN, "mayor"), (TOWN, "secretary"), (TOWN, "mayor"), ("13005", "mayor")]
    ):
        outbox.put(mail(number, commune=commune, role=role))
    last = outbox.last(TOWN, "mayor")
    assert last is not None
    assert last.audit == "audit-2"
    assert outbox.first_message_id(TOWN, "mayor") == "<0@mairie-l-hay.example>"


def test_pruning_keeps_what_waits_the_last_of_each_role_and_the_thread(outbox: Outbox) -> None:
    old = NOW - timedelta(days=800)
    for number in range(4):
        outbox.put(mail(number, ANNE, BRUNO, made_at=old))
    outbox.put(mail(4, role="mayor", made_at=old))
    outbox.put(mail(5))
    for number in (1, 2, 4, 5, 6):
        settle(outbox, number, State.SENT)
    settle(outbox, 1, State.REFUSED, recipient=BRUNO)
    settle(outbox, 2, State.WAITING, recipient=BRUNO)
    outbox.began(3, ANNE, NOW)
    assert outbox.prune(NOW - timedelta(days=730)) == 1
    assert [queued.id for queued in outbox.of(TOWN)] == [6, 5, 4, 3, 2]
    assert outbox.first_message_id(TOWN, "secretary") == "<0@mairie-l-hay.example>"
    assert outbox.prune(NOW - timedelta(days=730)) == 0


def test_a_forgotten_town_leaves_nothing_in_the_file(path: Path) -> None:
    with open_outbox(path, create=True) as outbox:
        outbox.put(mail(1, message=b"SECRET DE POLICHINELLE"))
        outbox.put(mail(2, commune="13005"))
        assert outbox.forget(TOWN) == 1
        assert (outbox.of(TOWN), outbox.first_message_id(TOWN, "secretary")) == ((), "")
        assert outbox.unsettled() == 1
    assert b"POLICHINELLE" not in path.read_bytes()


def test_one_program_at_a_time_sends_and_a_killed_one_leaves_its_place(outbox: Outbox, path: Path) -> None:
    words = [sys.executable, "-c", HOLD_THE_PLACE, str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        with outbox.alone() as alone:
            assert not alone
        outbox.put(mail(1))
        other.kill()
    with outbox.alone() as alone:
        assert alone


def test_two_programs_that_put_at_once_lose_nothing(path: Path) -> None:
    words = [[sys.executable, "-c", PUT_FOR_EVER, str(path), str(first), "30"] for first in (100, 200)]
    programs = [subprocess.Popen(each) for each in words]
    assert [program.wait(60) for program in programs] == [0, 0]
    with open_outbox(path, create=False) as outbox:
        assert len(outbox.of(TOWN)) == 60


def test_a_full_disk_is_told_and_keeps_what_was_put(path: Path) -> None:
    put, _, sentence = run(FILL_THE_DISK, path).partition(" ")
    assert sentence.startswith("Le courrier ne peut pas être enregistré dans «")
    assert "disque est plein" in sentence
    with open_outbox(path, create=True) as outbox:
        assert len(outbox.of(TOWN)) == int(put) > 1


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else"
)
def test_without_the_right_to_write_it_is_still_read() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        Path(name).chmod(0o755)
        path = Path(name) / "outbox.sqlite3"
        with open_outbox(path, create=True) as outbox:
            outbox.put(mail(1))
        path.chmod(0o444)
        told = run(AS_SOMEBODY_ELSE, path).splitlines()
        assert path.stat().st_mode & 0o777 == 0o444
    assert told[0] == "1"
    assert len(told) == 6
    assert all("l'accès est refusé" in line and "enregistré dans" in line for line in told[1:])


def write_newer(path: Path) -> None:
    with open_outbox(path, create=True), closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 2")


def write_foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE bookmarks (url TEXT)")


def write_damaged(path: Path) -> None:
    with open_outbox(path, create=True) as outbox:
        for number in range(50):
            outbox.put(mail(number, message=b"x" * 500))
    content = bytearray(path.read_bytes())
    content[100:4096] = b"\xff" * 3996
    path.write_bytes(content)


def write_text(path: Path) -> None:
    path.write_text("Ceci est une lettre. " * 300, encoding="utf-8")


STRANGE: dict[str, Callable[[Path], object]] = {
    "version plus récente": write_newer,
    "ce n'est pas un courrier de cyberaudit.": write_foreign,
    "ce n'est pas un courrier de cyberaudit, ou il est abîmé": write_text,
    "le fichier est abîmé": write_damaged,
    "c'est un dossier": Path.mkdir,
    "n'est pas un fichier ordinaire": os.mkfifo,
}


@pytest.mark.parametrize("sentence", STRANGE)
def test_what_is_no_outbox_is_told_in_one_sentence_and_left_alone(path: Path, sentence: str) -> None:
    STRANGE[sentence](path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(HistoryError, match=sentence) as reading:
        open_outbox(path, create=False).of(TOWN)
    with pytest.raises(NotSaved, match=sentence), open_outbox(path, create=True) as outbox:
        outbox.put(mail(1))
    assert not isinstance(reading.value, NotSaved)
    assert (path.read_bytes() if path.is_file() else b"") == before


@pytest.mark.parametrize("harm", ["state = 'splendide'", "changed_at = 'hier'"])
def test_a_row_of_another_hand_is_told(outbox: Outbox, path: Path, harm: str) -> None:
    outbox.put(mail(1))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE copies SET {harm}")
    with pytest.raises(HistoryError, match="le fichier est abîmé"):
        outbox.of(TOWN)


def test_a_missing_or_empty_outbox_is_not_made_by_reading(path: Path) -> None:
    with pytest.raises(HistoryError, match="ce fichier n'existe pas"):
        open_outbox(path, create=False)
    assert not path.exists()
    path.touch()
    with pytest.raises(HistoryError, match="Aucun courrier n'est encore enregistré"):
        open_outbox(path, create=False)
    with open_outbox(path, create=True) as outbox:
        assert outbox.of(TOWN) == ()


def test_it_says_its_version_and_waits_for_the_disk_at_each_commit(outbox: Outbox, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert outbox._connection.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_clock_that_was_ahead_holds_no_mail_back(outbox: Outbox) -> None:
    outbox.put(mail(1))
    for ahead, is_due in ((timedelta(hours=23), False), (timedelta(days=3650), True)):
        outbox.began(1, ANNE, NOW)
        outbox.ended(1, ANNE, state=State.WAITING, answer="", at=NOW, next_try=NOW + ahead)
        assert bool(outbox.due(NOW)) is is_due


def test_why_nothing_can_be_tried_is_kept_without_counting_an_attempt(tmp_path: Path) -> None:
    """What was tried keeps what the relay said once it can be tried again."""
    with open_outbox(outbox_path(tmp_path / "h.sqlite3"), create=True) as outbox:
        outbox.put(mail(1))
        tried = outbox.put(mail(2))
        for each in outbox.of(TOWN)[0].copies:
            outbox.began(tried, each.recipient, NOW)
            outbox.ended(
                tried,
                each.recipient,
                state=State.WAITING,
                answer="occupé",
                at=NOW,
                next_try=NOW + timedelta(hours=1),
            )
        outbox.held(TOWN, "le mot de passe manque", NOW)
        assert answers(outbox) == {"occupé", "le mot de passe manque"}
        outbox.held(TOWN, "", NOW)
        assert answers(outbox) == {"occupé", ""}
        assert {each.attempts for queued in outbox.of(TOWN) for each in queued.copies} == {0, 1}


def answers(outbox: Outbox) -> set[str]:
    return {each.last_answer for queued in outbox.of(TOWN) for each in queued.copies}
