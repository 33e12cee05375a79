"""`cyberaudit status`: what calls for a person, and what does not."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.cli.status import duration
from cyberaudit.declared import Answer, Authorization, Recipient, Town, Waiver
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.history.outbox import Copy, Queued, State, open_outbox, outbox_path
from cyberaudit.history.store import open_history
from cyberaudit.reports.status_text import Ends, Status, as_json, render
from cyberaudit.run.last_weekly import LastWeekly, last_of_commune, last_of_profile, remember
from cyberaudit.run.status import status_of_profile, status_of_stored
from tests.unit import towns
from tests.unit.test_run_notify import kept

pytestmark = pytest.mark.unit

NOW = towns.NOW
DAY = timedelta(days=1)
TOWN = replace(
    towns.town(towns.domain(), towns.practice("mfa", towns.declaration(Answer.YES))),
    authorization=Authorization("M", "maire", date(2026, 1, 2), date(2027, 12, 31), (), (), ()),
)
PROFILE = Path(__file__).parents[2] / "profiles/small-town.yaml"


@pytest.fixture
def history(tmp_path: Path) -> Path:
    return tmp_path / "history.sqlite3"


def status(history: Path, town: Town = TOWN, *, now: datetime = NOW, scanned: datetime = NOW) -> Status:
    kept(history, scanned, town=town)
    (found,) = status_of_stored(history, None, now=now)
    return found


def waiver(until: date) -> Waiver:
    return Waiver("mail.spf", "main", "Changement prévu", "M", date(2026, 1, 2), until, "")


def queued(history: Path, *copies: Copy, made_at: datetime = NOW) -> None:
    with open_outbox(outbox_path(history), create=True) as outbox:
        outbox.put(
            Queued(0, "<a@ville.example>", TOWN.id, "secretary", "change", "", "Objet", made_at, b"x", copies)
        )


def copy(state: State, *, at: datetime = NOW, doubtful: bool = False) -> Copy:
    return Copy("mairie@ville.example", state, 2, None, "occupé", at, doubtful)


def test_all_is_well_after_a_control(history: Path) -> None:
    found = status(history)
    assert found.is_well
    assert "tout va bien" in render([found], width=80)
    assert "rien n'attend" in render([found], width=80)


@pytest.mark.parametrize(("days", "is_old"), [(0, False), (10, False), (10.01, True), (400, True)])
def test_a_control_grows_old(history: Path, days: float, is_old: bool) -> None:
    found = status(history, now=NOW + timedelta(days=days))
    assert found.is_old is is_old


def test_an_interrupted_control_does_not_count(history: Path) -> None:
    kept(history, NOW - 20 * DAY)
    made = kept(history.with_name("other.sqlite3"), NOW)
    with open_history(history, create=True) as opened:
        opened.save(replace(made, partial=True))
    (found,) = status_of_stored(history, None, now=NOW)
    assert found.last_complete == NOW - 20 * DAY
    assert found.is_old


@pytest.mark.parametrize(
    ("state", "age", "doubtful", "is_shown", "is_well"),
    [
        (State.WAITING, 0, False, True, False),
        (State.SENDING, 0, True, True, False),
        (State.REFUSED, 1, False, True, False),
        (State.REFUSED, 31, False, False, True),
        (State.SENT, 0, False, False, True),
        (State.SENT, 1, True, True, True),
        (State.SENT, 8, True, False, True),
    ],
)
def test_mail_that_did_not_leave_is_told(
    history: Path, state: State, age: int, doubtful: bool, is_shown: bool, is_well: bool
) -> None:
    queued(history, copy(state, at=NOW - age * DAY, doubtful=doubtful))
    found = status(history)
    assert (bool(found.mails), found.is_well) == (is_shown, is_well)
    assert ("mairie@ville.example" in render([found], width=80)) is is_shown
    assert ("deux fois" in render([found], width=200)) is (is_shown and doubtful)


@pytest.mark.parametrize(
    ("until", "is_told", "is_over"),
    [
        (NOW.date() - DAY, True, True),
        (NOW.date(), True, False),
        (NOW.date() + 30 * DAY, True, False),
        (NOW.date() + 31 * DAY, False, False),
    ],
)
def test_what_ends_is_told_thirty_days_before(
    history: Path, until: date, is_told: bool, is_over: bool
) -> None:
    found = status(history, replace(TOWN, waivers=(waiver(until),)))
    assert [each.ends for each in found.deadlines] == ([Ends.WAIVER] if is_told else [])
    assert found.is_well is not is_over


def test_an_answer_and_an_authorization_that_are_over_call_for_somebody(history: Path) -> None:
    said = towns.declaration(Answer.YES, on=date(2025, 1, 5))
    town = replace(towns.town(towns.practice("mfa", said)), authorization=TOWN.authorization)
    now = datetime(2028, 1, 5, tzinfo=UTC)
    kept(history, now, town=town)
    (found,) = status_of_stored(history, None, now=now)
    assert [(each.ends, each.key) for each in found.deadlines] == [
        (Ends.DECLARATION, "mfa"),
        (Ends.AUTHORIZATION, ""),
    ]
    assert not found.is_well
    assert "(mfa)\u00a0: finie depuis le 5\u00a0janvier\u00a02026" in render([found], width=200)


def test_the_end_of_the_last_week_is_remembered(history: Path, tmp_path: Path) -> None:
    profile = tmp_path / "ville.yaml"
    run_ = LastWeekly(str(profile), TOWN.id, NOW, NOW + DAY, 4, ("Du courrier attend.",))
    remember(history, profile, run_)
    assert last_of_profile(history, profile) == run_
    assert last_of_profile(history, Path(f"{tmp_path}/../{tmp_path.name}/ville.yaml")) == run_
    assert last_of_profile(history, tmp_path / "autre.yaml") is None
    assert last_of_commune(history, TOWN.id) == run_
    assert last_of_commune(history, "autre") is None
    text = render([status(history)], width=200)
    assert "du courrier n'est pas parti (code 4)" in text
    assert "- Du courrier attend." in text


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"began_at": "x"}', "\x00"])
def test_a_damaged_memory_of_the_last_week_is_none(history: Path, tmp_path: Path, content: str) -> None:
    profile = tmp_path / "ville.yaml"
    remember(history, profile, LastWeekly("p", TOWN.id, NOW, NOW, 0, ()))
    (path,) = history.parent.glob("*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(content)
    assert last_of_profile(history, profile) is None


def test_a_profile_that_was_never_controlled_is_told(history: Path) -> None:
    found = status_of_profile(PROFILE, history, now=NOW)
    assert (found.last_complete, found.is_well, found.weekly) == (None, False, None)
    assert "jamais lancé" in render([found], width=80)


def test_every_stored_commune_is_told(history: Path) -> None:
    kept(history, NOW, town=TOWN)
    kept(history, NOW - DAY, town=towns.renamed(TOWN, "autre"))
    assert [each.commune for each in status_of_stored(history, None, now=NOW)] == sorted([TOWN.id, "autre"])
    assert [each.commune for each in status_of_stored(history, "autre", now=NOW)] == ["autre"]
    with pytest.raises(UsageError):
        status_of_stored(history, "inconnue", now=NOW)


def test_no_history_is_said(history: Path) -> None:
    with pytest.raises(HistoryError):
        status_of_stored(history, None, now=NOW)


def test_machines_read_the_same(history: Path) -> None:
    queued(history, copy(State.WAITING))
    (told,) = json.loads(as_json([status(history, replace(TOWN, waivers=(waiver(NOW.date()),)))]))["communes"]
    assert told["is_well"] is False
    assert told["mails"][0]["state"] == "waiting"
    assert told["deadlines"][0]["until"] == NOW.date().isoformat()
    assert told["weekly"] is None


def test_the_command_ends_on_1_when_somebody_is_called(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(history, NOW, town=TOWN)
    common = ["--history", str(history), "--now"]
    assert run(["status", *common, NOW.isoformat()]) == 0
    assert run(["status", TOWN.id, *common, (NOW + 11 * DAY).isoformat(), "--json"]) == 1
    assert '"is_old": true' in capsys.readouterr().out
    assert run(["status", "--max-age", "36h", *common, (NOW + 2 * DAY).isoformat()]) == 1
    assert run(["status", str(PROFILE), *common, NOW.isoformat()]) == 1
    assert run(["status", "--max-age", "dix", *common, NOW.isoformat()]) == 2


@pytest.mark.parametrize(("text", "hours"), [("36h", 36), ("10d", 240), ("10j", 240), ("2w", 336)])
def test_durations_are_hours_days_or_weeks(text: str, hours: int) -> None:
    assert duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "0d", "d", "10", "-1d", "1.5d", "10 d"])
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(UsageError):
        duration(text)


@pytest.mark.parametrize(
    ("code", "days", "is_well"),
    [(0, 1, True), (1, 1, True), (2, 1, False), (3, 1, False), (4, 1, True), (130, 1, False), (2, -1, True)],
)
def test_a_week_without_control_calls_for_somebody_until_the_next_one(
    history: Path, tmp_path: Path, code: int, days: int, is_well: bool
) -> None:
    """4: the mail is told one by one, and may have left since. Before the last control: it was mended."""
    ended = NOW + days * DAY
    remember(history, tmp_path / "ville.yaml", LastWeekly("p", TOWN.id, ended, ended, code, ()))
    assert status(history, now=NOW + 2 * DAY).is_well is is_well


def test_a_control_of_days_to_come_does_not_make_the_others_fresh(history: Path) -> None:
    kept(history, NOW + 3650 * DAY, town=TOWN)
    found = status(history, now=NOW + 11 * DAY)
    assert found.last_complete == NOW
    assert found.is_old


def test_a_lost_mail_calls_for_nobody_once_the_next_one_has_told_its_news(history: Path) -> None:
    queued(history, copy(State.REFUSED))
    assert not status(history).is_well
    with open_outbox(outbox_path(history), create=True) as outbox:
        (lost,) = outbox.of(TOWN.id)
        outbox.put(replace(lost, message_id="<b@ville.example>", role="mayor", copies=(copy(State.SENT),)))
        assert not status_of_stored(history, None, now=NOW)[0].is_well
        outbox.put(replace(lost, message_id="<c@ville.example>", copies=(copy(State.SENT),)))
        assert status_of_stored(history, None, now=NOW)[0].is_well


def test_a_mail_lost_after_the_next_one_was_written_calls_for_somebody(history: Path) -> None:
    """That one only told what had changed since the lost one (`run.told_last`)."""
    queued(history, copy(State.REFUSED), made_at=NOW - 14 * DAY)
    with open_outbox(outbox_path(history), create=True) as outbox:
        (lost,) = outbox.of(TOWN.id)
        told = replace(lost, message_id="<b@ville.example>", made_at=NOW - DAY, copies=(copy(State.SENT),))
        outbox.put(told)
        assert not status(history).is_well
        outbox.put(replace(told, message_id="<c@ville.example>", made_at=NOW + DAY))
    assert status_of_stored(history, None, now=NOW + DAY)[0].is_well


def test_a_doubt_of_days_to_come_does_not_call_for_years(history: Path) -> None:
    """This machine's clock was years ahead, once."""
    queued(history, copy(State.SENT, at=NOW + 3650 * DAY, doubtful=True))
    assert status(history).is_well


BOTH = (copy(State.SENT), replace(copy(State.REFUSED), recipient="autre@ville.example"))


def test_who_alone_got_nothing_calls_for_somebody_until_a_mail_arrives(history: Path) -> None:
    """The next mail tells that person what the others read before (`run.told_last`)."""
    queued(history, *BOTH)
    assert [each.recipient for each in status(history).mails] == ["autre@ville.example"]
    with open_outbox(outbox_path(history), create=True) as outbox:
        (told,) = outbox.of(TOWN.id)
        sent = tuple(replace(each, state=State.SENT) for each in BOTH)
        outbox.put(replace(told, message_id="<b@ville.example>", copies=sent))
    assert status_of_stored(history, None, now=NOW)[0].is_well


@pytest.mark.parametrize(
    ("people", "is_well"),
    [((), False), (("mairie@ville.example",), False), (("juste@ville.example",), True)],
)
def test_a_wrong_address_calls_for_nobody_once_another_stands_in_its_place(
    history: Path, people: tuple[str, ...], is_well: bool
) -> None:
    recipients = tuple(Recipient(each, "secretary") for each in people)
    queued(history, copy(State.REFUSED))
    town = replace(TOWN, delivery=replace(TOWN.delivery, recipients=recipients))
    assert status(history, town).is_well is is_well


def test_who_is_never_reached_is_told_once_with_what_to_do(history: Path) -> None:
    people = tuple(Recipient(each.recipient, "secretary") for each in BOTH)
    town = replace(TOWN, delivery=replace(TOWN.delivery, recipients=people))
    queued(history, *BOTH, made_at=NOW - 14 * DAY)
    with open_outbox(outbox_path(history), create=True) as outbox:
        (told,) = outbox.of(TOWN.id)
        outbox.put(replace(told, message_id="<b@ville.example>", made_at=NOW))
    found = status(history, town)
    assert (found.mails, found.is_well) == ((), False)
    told_ = render([found], width=400)
    assert (
        "- Le courrier n'arrive pas à autre@ville.example (secrétariat) depuis le 7\u00a0novembre\u00a02026\u00a0:"
        " 2\u00a0messages abandonnés. Dernière réponse\u00a0: occupé."
        " Vérifiez l'adresse dans le profil, sous «\u00a0delivery\u00a0»."
    ) in told_
    assert "rien n'attend" not in told_
    (kept_,) = json.loads(as_json([found]))["communes"][0]["unreached"]
    assert (kept_["address"], kept_["times"], kept_["of"]) == ("autre@ville.example", 2, 2)


def test_somebody_to_whom_no_message_could_be_made_calls_for_somebody(history: Path, tmp_path: Path) -> None:
    """A certificate that is over: nothing of it stands in the outbox."""
    ended = LastWeekly("p", TOWN.id, NOW, NOW, 4, ("Le certificat est périmé.",), unwritten=1)
    remember(history, tmp_path / "ville.yaml", ended)
    assert last_of_commune(history, TOWN.id) == ended
    found = status(history)
    assert not found.is_well
    assert "Le certificat est périmé." in render([found], width=80)
    assert json.loads(as_json([found]))["communes"][0]["weekly"]["unwritten"] == 1


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "tout va bien."),
        (1, "les contrôles se font. Ce qui reste à faire"),
        (2, "attention."),
        (4, "les contrôles se font. Ce qui reste à faire"),
    ],
)
def test_the_first_line_never_says_better_than_the_last_week(
    history: Path, tmp_path: Path, code: int, said: str
) -> None:
    remember(history, tmp_path / "ville.yaml", LastWeekly("p", TOWN.id, NOW, NOW + DAY, code, ()))
    assert said in render([status(history, now=NOW + DAY)], width=200).splitlines()[0]


@pytest.mark.parametrize(
    ("minutes", "said"), [(-50, "à l'instant"), (0, "à l'instant"), (2, "il y a 2 minutes")]
)
def test_how_long_ago_is_said_as_people_say_it(history: Path, minutes: int, said: str) -> None:
    found = status(history, now=NOW + timedelta(minutes=minutes))
    assert said in render([found], width=200).replace("\u00a0", " ")


def test_the_age_that_is_allowed_is_said_in_the_unit_it_was_given(history: Path) -> None:
    kept(history, NOW, town=TOWN)
    (found,) = status_of_stored(history, None, now=NOW + 3 * DAY, max_age=timedelta(hours=36))
    assert "trop ancien : 36 heures au plus." in render([found], width=200).replace("\u00a0", " ")


@pytest.mark.parametrize(("days", "when"), [(-1, "qui finissent le"), (1, "finies depuis le")])
def test_answers_that_end_together_are_counted(history: Path, days: int, when: str) -> None:
    said = towns.declaration(Answer.YES, on=date(2025, 11, 21))
    practices = [
        towns.practice(name, said) for name in ("mfa", "passwords", "antivirus", "charter", "telework")
    ]
    until = said.until
    now = datetime(until.year, until.month, until.day, 12, tzinfo=UTC) + days * DAY
    town = replace(towns.town(*practices), authorization=TOWN.authorization)
    found = status(history, town, now=now, scanned=now)
    assert len(found.deadlines) == 5
    text = " ".join(render([found], width=200).replace("\u00a0", " ").split())
    assert f"- 5 réponses à redonner, {when} " in text
    assert "et 2 autres. « cyberaudit questions PROFIL » les demande." in text
    assert text.count("Réponse à redonner") == 0
    few = replace(found, deadlines=found.deadlines[:3])
    assert render([few], width=200).count("Réponse à redonner") == 3


@pytest.mark.parametrize(("ahead", "is_told"), [(timedelta(minutes=59), False), (timedelta(hours=2), True)])
def test_a_week_that_ended_in_days_to_come_calls_for_somebody(
    history: Path, tmp_path: Path, ahead: timedelta, is_told: bool
) -> None:
    remember(history, tmp_path / "ville.yaml", LastWeekly("p", TOWN.id, NOW, NOW + ahead, 0, ()))
    found = status(history)
    assert found.is_well is not is_told
    assert ("vérifiez la date de cette machine" in " ".join(render([found], width=80).split())) is is_told


def test_mail_that_left_since_waits_no_more(history: Path, tmp_path: Path) -> None:
    remember(history, tmp_path / "ville.yaml", LastWeekly("p", TOWN.id, NOW, NOW + DAY, 4, ()))
    assert "Courrier\u00a0: rien n'attend plus." in render([status(history, now=NOW + DAY)], width=200)


def test_mistakes_of_the_profile_are_listed_without_their_excerpts(history: Path, tmp_path: Path) -> None:
    mistakes = "ville.yaml:3:1 : Il manque « name ».\n      id: ville\n      ^\nville.yaml:4:1 : Une date."
    remember(history, tmp_path / "ville.yaml", LastWeekly("p", TOWN.id, NOW, NOW + DAY, 2, (mistakes,)))
    lines = render([status(history, now=NOW + DAY)], width=200).splitlines()
    assert [line for line in lines if "ville.yaml" in line or "^" in line] == [
        "- ville.yaml:3:1\u00a0: Il manque «\u00a0name\u00a0».",
        "- ville.yaml:4:1\u00a0: Une date.",
    ]


@pytest.mark.parametrize(("attempts", "label"), [(0, "Raison"), (1, "Dernière réponse")])
def test_what_waits_is_told_with_its_reason_and_how_to_hurry_it(
    history: Path, attempts: int, label: str
) -> None:
    waiting = replace(copy(State.WAITING), attempts=attempts, last_answer="le mot de passe manque")
    queued(history, waiting)
    text = render([status(history)], width=200)
    assert f"{label}\u00a0: le mot de passe manque." in text
    assert "cyberaudit notify PROFIL --at-once" in text
