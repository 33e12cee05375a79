"""`cyberaudit notify`: who is written to, when, and what happens when the relay cannot be used."""

import itertools
import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.declared import Delivery, Recipient, Town
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.errors import UsageError
from cyberaudit.history.outbox import Queued, State, open_outbox, outbox_path
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Reason, Status, Verdict
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.notify import (
    Notice,
    Outcome,
    Post,
    Wish,
    notices,
    notify,
    preview,
    send_what_waits,
    tell_problem,
)
from cyberaudit.run.relay import relay_of
from cyberaudit.town.local import LocalConfig, SecretKind, SecretSource, Signing
from tests.unit import towns
from tests.unit.test_delivery_smime import key_pem, pem, person

pytestmark = pytest.mark.unit

CATALOGUE = towns.narrowed(load_catalogue(), "mail.spf", "practice.mfa")
# Port 1 of this machine: the system refuses at once.
RELAY = "127.0.0.1:1"
DELIVERY = Delivery(
    (
        Recipient("mairie@ville.example", "secretary"),
        Recipient("support+ville@cabinet.example", "contractor"),
        Recipient("maire@ville.example", "mayor"),
    ),
    RELAY,
    "cyberaudit@ville.example",
    "",
)
TOWN = replace(towns.town(towns.domain(), towns.practice("mfa")), delivery=DELIVERY)
PASS, FAIL, UNKNOWN = Status.PASS, Status.FAIL, Status.UNKNOWN
DAY = timedelta(days=1)
ROLES = ["secretary", "contractor", "mayor"]


def kept(
    history: Path, at: datetime, spf: Status = PASS, *, town: Town = TOWN, vantage: str = "outside"
) -> Audit:
    seen = tuple(replace(each, seen_at=at) for each in towns.sound_domain())
    found = judge(town, CATALOGUE, seen, vantage=vantage, now=at)
    verdict = Verdict(spf, "Vu.", reason=Reason.TIMEOUT if spf is UNKNOWN else "")
    made = Audit(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{at}")),
        town=town,
        vantage=vantage,
        scanned_by="",
        started_at=at,
        finished_at=at,
        partial=False,
        rules=CATALOGUE.rules(town),
        program="0",
        observations=seen,
        findings=tuple(replace(f, verdict=verdict) if f.check == "mail.spf" else f for f in found),
    )
    with open_history(history, create=True) as opened:
        opened.save(made)
    return made


@pytest.fixture
def post(tmp_path: Path) -> Post:
    kept(tmp_path / "history.sqlite3", towns.NOW)
    return Post(TOWN, tmp_path, tmp_path / "history.sqlite3", LocalConfig(), towns.NOW)


def later(post: Post, days: float, spf: Status | None = PASS) -> Post:
    """Some days after, a control made on that day unless `spf` is None."""
    at = post.now + timedelta(days=days)
    if spf is not None:
        kept(post.history, at, spf)
    return replace(post, now=at)


def told(post: Post, *, always: bool = False) -> dict[str, str]:
    """Role → kind of its mail today."""
    found = notices(post, CATALOGUE, Wish(always=always))
    return {each.role: str(each.written.kind) for each in found if each.written}


def stored(post: Post) -> tuple[Queued, ...]:
    with open_outbox(outbox_path(post.history), create=False) as outbox:
        return outbox.of(post.town.id)


def settled(post: Post, state: State, *roles: str) -> None:
    """What waits for these roles is taken over by a relay, or refused for good."""
    with open_outbox(outbox_path(post.history), create=False) as outbox:
        waiting = [
            (mail, copy) for mail in outbox.of(post.town.id) for copy in mail.copies if mail.role in roles
        ]
        for mail, copy in waiting:
            if copy.state is State.WAITING:
                outbox.ended(mail.id, copy.recipient, state=state, answer="", at=post.now, next_try=None)


def test_the_first_time_everybody_is_told_how_things_stand(post: Post) -> None:
    outcome = notify(post, CATALOGUE)
    assert (outcome.waiting, outcome.sent, outcome.code) == (3, 0, ExitCode.NOT_SENT)
    assert [each.role for each in outcome.notices if each.written] == ROLES
    assert {each.role for each in stored(post)} == set(ROLES)
    assert all(copy.state is State.WAITING for each in stored(post) for copy in each.copies)
    assert "le serveur d'envoi" in " ".join(outcome.answers).lower()


def test_nothing_new_is_silence(post: Post) -> None:
    notify(post, CATALOGUE)
    after = later(post, 1)
    assert told(after) == {}
    outcome = notify(after, CATALOGUE)
    assert len(stored(post)) == 3
    # What waited was tried again; a relay that is down is asked once a run.
    assert outcome.waiting == 3
    assert max(copy.attempts for each in stored(post) for copy in each.copies) == 2


@pytest.mark.parametrize("spf", [FAIL, UNKNOWN])
def test_a_change_is_told_at_once_but_the_mayor_waits_for_his_month(post: Post, spf: Status) -> None:
    notify(post, CATALOGUE)
    assert told(later(post, 7, spf)) == {"secretary": "change", "contractor": "change"}


def test_what_was_told_is_not_told_again_and_its_repair_is(post: Post) -> None:
    notify(post, CATALOGUE)
    settled(post, State.SENT, *ROLES)
    worse = later(post, 7, FAIL)
    notify(worse, CATALOGUE)
    same = later(worse, 7, FAIL)
    assert told(same) == {"mayor": "heartbeat"}
    assert told(later(same, 1, PASS))["secretary"] == "change"


@pytest.mark.parametrize(("days", "due"), [(14, True), (14 - 1 / 86_400, True), (13, False)])
def test_the_month_does_not_wait_for_a_second(post: Post, days: float, due: bool) -> None:
    """A weekly control begins a second sooner or later than two weeks before, or an hour when the clocks change."""
    last = replace(post, now=datetime(2026, 11, 23, 6, tzinfo=UTC))
    kept(last.history, last.now)
    notify(last, CATALOGUE)
    settled(last, State.SENT, *ROLES)
    assert (told(later(last, days)) == dict.fromkeys(ROLES, "heartbeat")) is due


def test_a_change_between_two_mails_is_told_whatever_happened_since(post: Post) -> None:
    """A role that was not written to for two controls learns of both."""
    notify(post, CATALOGUE)
    first = later(post, 2, FAIL)
    assert told(later(first, 2, FAIL)) == {"secretary": "change", "contractor": "change"}


def test_always_writes_to_everybody(post: Post) -> None:
    notify(post, CATALOGUE)
    assert told(post, always=True) == dict.fromkeys(ROLES, "always")


def test_a_quiet_year_is_one_mail_a_month_for_each_role(post: Post) -> None:
    made: dict[str, list[datetime]] = {role: [] for role in ROLES}
    for week in range(54):
        today = later(post, 7 * week, None if week == 0 else PASS)
        for each in notify(today, CATALOGUE).notices:
            made[each.role] += [today.now] if each.written else []
        settled(post, State.SENT, *ROLES)
    for moments in made.values():
        months = [(each.year, each.month) for each in moments]
        assert len(months) == len(set(months))
        assert 12 <= len(months) <= 13
        gaps = [after - before for before, after in itertools.pairwise(moments)]
        assert max(gaps) <= 6 * 7 * DAY
        assert min(gaps) >= 14 * DAY


def test_the_sign_of_life_does_not_follow_a_mail_of_the_days_before(post: Post) -> None:
    end_of_month = replace(post, now=datetime(2026, 11, 30, 9, tzinfo=towns.NOW.tzinfo))
    kept(post.history, end_of_month.now)
    notify(end_of_month, CATALOGUE)
    assert told(later(end_of_month, 2)) == {}
    assert set(told(later(end_of_month, 14))) == set(ROLES)


def test_a_preview_writes_nothing(post: Post) -> None:
    found = notices(post, CATALOGUE)
    text = preview(found, zone=post.zone)
    assert not outbox_path(post.history).exists()
    assert "Secrétariat (1\u00a0destinataire)" in text
    assert "Objet\u00a0: " in text
    assert "Pièce jointe\u00a0: page-du-maire" in text


def test_a_preview_says_since_when_there_is_nothing_to_tell(post: Post) -> None:
    notify(post, CATALOGUE)
    text = preview(notices(later(post, 1), CATALOGUE), zone=post.zone)
    assert text.count("rien à envoyer, rien n'a changé depuis le courrier du 21\u00a0novembre\u00a02026") == 3


def test_only_the_roles_asked_for_are_written_to(post: Post) -> None:
    outcome = notify(post, CATALOGUE, Wish(roles=("mayor",)))
    assert [each.role for each in outcome.notices] == ["mayor"]


@pytest.mark.parametrize(
    ("delivery", "words"),
    [
        (replace(DELIVERY, recipients=()), "à qui écrire"),
        (replace(DELIVERY, relay=""), "par quel serveur"),
        (replace(DELIVERY, sender=""), "de la part de qui"),
    ],
)
def test_a_profile_that_names_nobody_or_no_way_is_told(post: Post, delivery: Delivery, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        notices(replace(post, town=replace(TOWN, delivery=delivery)), CATALOGUE)


def test_an_audit_that_left_the_history_is_no_obstacle(post: Post) -> None:
    notify(post, CATALOGUE)
    elsewhere = post.history.with_name("other")
    elsewhere.mkdir()
    outbox_path(post.history).rename(elsewhere / "outbox.sqlite3")
    moved = replace(post, history=elsewhere / "history.sqlite3", now=post.now + 7 * DAY)
    kept(moved.history, post.now + 6 * DAY)
    kept(moved.history, moved.now, FAIL)
    assert told(moved) == {"secretary": "change", "contractor": "change"}


def test_a_problem_is_told_to_the_contractor_once_a_week_and_hides_no_change(post: Post) -> None:
    notify(post, CATALOGUE)
    settled(post, State.SENT, *ROLES)
    for days in (1, 2):
        tell_problem(replace(post, now=post.now + days * DAY), "Le profil est faux.")
    assert next((each.role, each.kind) for each in stored(post)) == ("contractor", "problem")
    assert len(stored(post)) == 4
    tell_problem(replace(post, now=post.now + 8 * DAY), "Le profil est faux.")
    assert len(stored(post)) == 5
    assert told(later(post, 9, FAIL)) == {"secretary": "change", "contractor": "change"}


def test_a_problem_without_contractor_is_told_to_the_secretary_who_passes_it_on(post: Post) -> None:
    only = replace(TOWN, delivery=replace(DELIVERY, recipients=DELIVERY.recipients[:1]))
    for _ in range(2):
        tell_problem(replace(post, town=only), "Le profil est faux.")
    (mail,) = stored(post)
    assert (mail.role, mail.kind) == ("secretary", "problem")


def test_a_problem_is_no_mail_to_the_mayor(post: Post) -> None:
    only = replace(TOWN, delivery=replace(DELIVERY, recipients=DELIVERY.recipients[2:]))
    assert tell_problem(replace(post, town=only), "Le profil est faux.") == Outcome()


def test_nothing_waits_where_nothing_was_ever_written(post: Post) -> None:
    assert send_what_waits(post) == Outcome()
    assert not outbox_path(post.history).exists()


def test_what_was_to_be_encrypted_never_leaves_in_clear(post: Post) -> None:
    recipients = (
        replace(DELIVERY.recipients[1], certificate="prestataire.pem"),
        Recipient("autre@cabinet.example", "contractor"),
    )
    town = replace(TOWN, delivery=replace(DELIVERY, recipients=recipients))
    (post.folder / "prestataire.pem").write_text("rien")
    outcome = notify(replace(post, town=town), CATALOGUE)
    (queued,) = stored(post)
    assert [copy.recipient for copy in queued.copies] == ["autre@cabinet.example"]
    assert (outcome.refused, outcome.code) == (1, ExitCode.NOT_SENT)
    assert outcome.unwritten == 1
    assert "support+ville@cabinet.example" in outcome.answers[0]


def test_a_signature_that_cannot_be_made_is_told_and_mail_leaves_without(post: Post) -> None:
    signing = Signing(post.folder / "absent.pem", post.folder / "absent.key")
    outcome = notify(replace(post, config=LocalConfig(signing=signing)), CATALOGUE)
    assert len(stored(post)) == 3
    assert "sans signature" in outcome.answers[0]


def bound(host: str, port: int = 0) -> LocalConfig:
    return LocalConfig(
        secrets={"secret:smtp": SecretSource(host, SecretKind.ENV, ("SMTP_MAIRIE",), port=port)}
    )


WITH_PASSWORD = replace(DELIVERY, relay="smtp.ville.example:587", password="secret:smtp")


@pytest.mark.parametrize(
    ("config", "relay", "security"),
    [
        (bound("smtp.ville.example"), "smtp.ville.example:587", "starttls"),
        (bound("smtp.ville.example"), "smtp.ville.example:465", "tls"),
        (bound("smtp.ville.example", 2525), "smtp.ville.example:2525", "starttls"),
    ],
)
def test_a_password_goes_to_its_own_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: LocalConfig, relay: str, security: str
) -> None:
    monkeypatch.setenv("SMTP_MAIRIE", "Éa$y pass")
    made = relay_of(replace(WITH_PASSWORD, relay=relay, security=security), config, folder=tmp_path)
    assert (made.user, made.password) == ("cyberaudit@ville.example", "Éa$y pass")
    assert "pass" not in repr(made).replace("password", "")


@pytest.mark.parametrize(
    ("config", "relay", "words"),
    [
        (LocalConfig(), "smtp.ville.example:587", "ne connaît pas"),
        (bound("autre.example"), "smtp.ville.example:587", "réserve à « autre.example »"),
        (bound("smtp.ville.example"), "smtp.ville.example:25", "réserve à « smtp.ville.example »"),
        (bound("smtp.ville.example", 25), "smtp.ville.example:587", "smtp.ville.example:25"),
    ],
)
def test_a_password_goes_nowhere_else(tmp_path: Path, config: LocalConfig, relay: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        relay_of(replace(WITH_PASSWORD, relay=relay), config, folder=tmp_path)


def test_mail_is_kept_while_its_password_is_unknown(post: Post) -> None:
    town = replace(TOWN, delivery=replace(DELIVERY, password="secret:smtp"))
    outcome = notify(replace(post, town=town), CATALOGUE)
    assert (outcome.waiting, outcome.code) == (3, ExitCode.NOT_SENT)
    assert "ne connaît pas" in outcome.answers[0]
    assert all(copy.attempts == 0 for each in stored(post) for copy in each.copies)
    assert all("config.yaml" in copy.last_answer for each in stored(post) for copy in each.copies)


def test_a_relay_is_led_to_this_machine_only(tmp_path: Path) -> None:
    here = relay_of(DELIVERY, LocalConfig(), folder=tmp_path, relay_at="[::1]:2525")
    assert (here.host, here.address_override) == ("127.0.0.1", ("::1", 2525))
    assert relay_of(DELIVERY, LocalConfig(), folder=tmp_path).address_override is None
    with pytest.raises(UsageError, match="de cette machine"):
        relay_of(DELIVERY, LocalConfig(), folder=tmp_path, relay_at="198.51.100.1:25")


def test_the_authorities_of_the_relay_stand_beside_the_profile(tmp_path: Path) -> None:
    delivery = replace(DELIVERY, ca_bundle="ca.pem")
    with pytest.raises(UsageError, match="n'existe pas"):
        relay_of(delivery, LocalConfig(), folder=tmp_path)
    (tmp_path / "ca.pem").symlink_to("/etc/hostname")
    with pytest.raises(UsageError, match="ordinaire de son dossier"):
        relay_of(delivery, LocalConfig(), folder=tmp_path)
    (tmp_path / "ca.pem").unlink()
    (tmp_path / "ca.pem").write_text("x")
    assert relay_of(delivery, LocalConfig(), folder=tmp_path).ca_file == (tmp_path / "ca.pem").resolve()


def test_a_notice_without_words_keeps_what_it_would_have_told_of(post: Post) -> None:
    notify(post, CATALOGUE)
    (secretary, *_) = notices(later(post, 1), CATALOGUE)
    assert secretary == Notice("secretary", ("mairie@ville.example",), post.now, None, secretary.told_from)
    assert [len(each) for each in secretary.told_from] == [36]


def test_two_programs_at_once_tell_the_news_once(post: Post) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: notify(post, CATALOGUE), range(4)))
    assert sorted(each.role for each in stored(post)) == sorted(ROLES)


def test_a_mail_in_two_messages_is_kept_whole(post: Post) -> None:
    """One in clear and one encrypted for the same role: both, or none."""
    support = "support+ville@cabinet.example"
    (post.folder / "a.pem").write_bytes(pem(person(support)))
    signer = person(DELIVERY.sender)
    (post.folder / "moi.pem").write_bytes(pem(signer))
    (post.folder / "moi.key").write_bytes(key_pem(signer))
    (post.folder / "moi.key").chmod(0o600)
    signing = Signing(post.folder / "moi.pem", post.folder / "moi.key")
    recipients = (
        replace(DELIVERY.recipients[1], certificate="a.pem"),
        Recipient("clair@cabinet.example", "contractor"),
    )
    town = replace(TOWN, delivery=replace(DELIVERY, recipients=recipients))
    outcome = notify(replace(post, town=town, config=LocalConfig(signing=signing)), CATALOGUE)
    encrypted, clear = stored(post)
    assert (outcome.waiting, outcome.refused) == (2, 0)
    assert b"multipart/signed" in clear.message
    assert [copy.recipient for copy in clear.copies] == ["clair@cabinet.example"]
    assert b"application/pkcs7-mime" in encrypted.message
    assert b"application/pkcs7-mime" not in clear.message
    assert told(replace(post, town=town)) == {}


def test_news_that_reached_nobody_is_told_again(post: Post) -> None:
    notify(post, CATALOGUE)
    settled(post, State.SENT, *ROLES)
    worse = later(post, 7, FAIL)
    notify(worse, CATALOGUE)
    assert told(later(worse, 1, FAIL)) == {}
    settled(worse, State.REFUSED, "contractor")
    assert told(later(worse, 1.5, FAIL)) == {"contractor": "change"}


def test_news_given_up_after_the_next_mail_was_written_is_told_by_the_one_after(post: Post) -> None:
    """A relay is down for two weeks on a machine that is on on Mondays only."""
    notify(post, CATALOGUE)
    settled(post, State.SENT, *ROLES)
    worse = later(post, 7, FAIL)
    notify(worse, CATALOGUE)
    unknown = later(worse, 7, UNKNOWN)
    notify(unknown, CATALOGUE)
    given_up = [mail.role for mail in stored(unknown) for copy in mail.copies if copy.state is State.REFUSED]
    assert given_up == ["secretary"]
    settled(unknown, State.SENT, *ROLES)
    back = later(unknown, 7, FAIL)
    subjects = {each.role: each.written.subject for each in notices(back, CATALOGUE) if each.written}
    assert "1 dégradation" in subjects["secretary"].replace("\u00a0", " ")
    notify(back, CATALOGUE)
    settled(back, State.SENT, *ROLES)
    assert told(later(back, 1, FAIL)) == {}


@pytest.mark.parametrize("state", [State.WAITING, State.SENDING])
def test_what_waits_for_somebody_who_left_the_profile_is_withdrawn(post: Post, state: State) -> None:
    notify(post, CATALOGUE)
    with open_outbox(post.outbox, create=False) as outbox:
        for mail in outbox.of(post.town.id):
            outbox.ended(
                mail.id, mail.copies[0].recipient, state=state, answer="", at=post.now, next_try=None
            )
    others = replace(
        DELIVERY, recipients=(DELIVERY.recipients[0], Recipient("nouveau@cabinet.example", "contractor"))
    )
    after = replace(post, town=replace(TOWN, delivery=others), now=post.now + DAY)
    assert send_what_waits(after).waiting == 1
    left = {mail.role: mail.copies[0] for mail in stored(post)}
    assert left["secretary"].state is State.WAITING
    for role in ("contractor", "mayor"):
        gone = left[role]
        assert (gone.state, gone.next_try, gone.doubtful) == (State.REFUSED, None, state is State.SENDING)
        assert gone.last_answer == "cette adresse n'est plus dans le profil"
    # Whoever took the place is told how things stand.
    assert told(after)["contractor"] == "heartbeat"


def test_what_waits_is_withdrawn_without_a_relay_too(post: Post) -> None:
    notify(post, CATALOGUE)
    one = replace(DELIVERY, recipients=DELIVERY.recipients[:1], relay="")
    assert send_what_waits(replace(post, town=replace(TOWN, delivery=one))).waiting == 1
    states = {mail.role: mail.copies[0].state for mail in stored(post)}
    assert states == {"secretary": State.WAITING, "contractor": State.REFUSED, "mayor": State.REFUSED}


def test_a_profile_that_names_nobody_withdraws_nothing(post: Post) -> None:
    notify(post, CATALOGUE)
    nobody = replace(post, town=replace(TOWN, delivery=replace(DELIVERY, recipients=())))
    assert send_what_waits(nobody).waiting == 3


def test_a_problem_is_told_to_the_secretary_too_when_no_mail_reaches_the_contractor(post: Post) -> None:
    notify(post, CATALOGUE)
    settled(post, State.REFUSED, "contractor")
    tell_problem(replace(post, now=post.now + 7 * DAY), "Le profil est faux.")
    problems = [mail for mail in stored(post) if mail.kind == "problem"]
    assert sorted(mail.role for mail in problems) == ["contractor", "secretary"]
    tell_problem(replace(post, now=post.now + 8 * DAY), "Le profil est faux.")
    assert len([mail for mail in stored(post) if mail.kind == "problem"]) == 2


def test_a_role_that_never_got_anything_is_told_how_things_stand(post: Post) -> None:
    notify(post, CATALOGUE)
    settled(post, State.REFUSED, "mayor")
    assert told(later(post, 1)) == {"mayor": "heartbeat"}


def test_a_mail_of_days_to_come_silences_nobody(post: Post) -> None:
    """The machine's clock was years ahead, once."""
    ahead = replace(post, now=post.now + 3650 * DAY)
    kept(ahead.history, ahead.now)
    notify(ahead, CATALOGUE)
    tell_problem(replace(ahead, now=ahead.now + DAY), "Le profil est faux.")
    put = len(stored(post))
    today = later(post, 1)
    assert set(told(today)) == set(ROLES)
    tell_problem(today, "Le profil est faux.")
    assert len(stored(post)) == put + 1
    notify(today, CATALOGUE)
    assert told(later(today, 1)) == {}


def test_a_control_brought_from_another_machine_after_the_mail_is_news(post: Post) -> None:
    """It was made before the mail; nobody knew of it then."""
    notify(post, CATALOGUE)
    settled(post, State.SENT, *ROLES)
    kept(post.history, post.now - timedelta(hours=2), FAIL, vantage="lan")
    assert told(later(post, 1)) == {"secretary": "change", "contractor": "change"}
    notify(later(post, 1, None), CATALOGUE)
    assert told(later(post, 2)) == {}


def test_a_mail_whose_audits_were_removed_in_part_is_compared_all_the_same(post: Post) -> None:
    notify(post, CATALOGUE)
    with closing(sqlite3.connect(outbox_path(post.history))) as outbox, outbox:
        outbox.execute("UPDATE messages SET audit = audit || ' ' || ?", (str(uuid.uuid4()),))
    assert told(later(post, 7, FAIL)) == {"secretary": "change", "contractor": "change"}


# One of several people of a role


SECOND = "adjointe@ville.example"


@pytest.fixture
def two(post: Post) -> Post:
    """Two people at the secretariat; everybody was told how things stand."""
    delivery = replace(DELIVERY, recipients=(*DELIVERY.recipients, Recipient(SECOND, "secretary")))
    town = replace(post, town=replace(TOWN, delivery=delivery))
    notify(town, CATALOGUE)
    answered(town, State.SENT)
    return town


def answered(post: Post, state: State, *, second: State | None = None) -> None:
    """What waits is settled: `second` for the second person."""
    with open_outbox(outbox_path(post.history), create=False) as outbox:
        for mail in outbox.of(post.town.id):
            for copy in mail.copies:
                if copy.state is State.WAITING:
                    now = second if second and copy.recipient == SECOND else state
                    outbox.ended(
                        mail.id, copy.recipient, state=now, answer="550 inconnue", at=post.now, next_try=None
                    )


def due(post: Post) -> list[tuple[str, tuple[str, ...], str]]:
    found = notices(post, CATALOGUE)
    return [(each.role, each.recipients, str(each.written.kind)) for each in found if each.written]


def test_who_alone_was_refused_is_told_the_same_news_by_the_next_mail(two: Post) -> None:
    worse = later(two, 1, FAIL)
    notify(worse, CATALOGUE)
    answered(worse, State.SENT, second=State.REFUSED)
    still = later(worse, 1, FAIL)
    assert due(still) == [("secretary", (SECOND,), "change")]
    notify(still, CATALOGUE)
    answered(still, State.SENT)
    assert due(later(still, 0.5, FAIL)) == []
    mended = later(still, 1, PASS)
    secretaries = ("mairie@ville.example", SECOND)
    assert [each for each in due(mended) if each[0] == "secretary"] == [
        ("secretary", ("mairie@ville.example",), "change"),
        ("secretary", (SECOND,), "change"),
    ]
    notify(mended, CATALOGUE)
    answered(mended, State.SENT)
    again = later(mended, 1, FAIL)
    assert due(again)[0] == ("secretary", secretaries, "change"), "both were told the same last"


def test_who_never_got_anything_is_told_how_things_stand(post: Post) -> None:
    delivery = replace(DELIVERY, recipients=(*DELIVERY.recipients, Recipient(SECOND, "secretary")))
    both = replace(post, town=replace(TOWN, delivery=delivery))
    notify(both, CATALOGUE)
    answered(both, State.SENT, second=State.REFUSED)
    assert due(later(both, 1)) == [("secretary", (SECOND,), "heartbeat")]


def test_a_new_colleague_is_told_what_the_others_are(post: Post) -> None:
    notify(post, CATALOGUE)
    settled(post, State.SENT, *ROLES)
    delivery = replace(DELIVERY, recipients=(*DELIVERY.recipients, Recipient(SECOND, "secretary")))
    both = replace(post, town=replace(TOWN, delivery=delivery))
    assert due(later(both, 1)) == []
    assert due(later(both, 7, FAIL))[0] == ("secretary", ("mairie@ville.example", SECOND), "change")


def test_the_others_are_told_whom_no_mail_reaches(two: Post) -> None:
    worse = later(two, 1, FAIL)
    notify(worse, CATALOGUE)
    answered(worse, State.SENT, second=State.REFUSED)
    mended = {each.recipients: each.written for each in notices(later(worse, 1), CATALOGUE)}
    told_of = {whom: words.text.replace("\u00a0", " ") for whom, words in mended.items() if words}
    secretary, contractor = told_of["mairie@ville.example",], told_of["support+ville@cabinet.example",]
    day = f"{worse.now.astimezone(worse.zone).day} "
    for text in (secretary, contractor):
        assert "n'arrivent pas à 1 des 2 personnes du secrétariat." in " ".join(text.split())
        assert f"Depuis le {day}" in text
        assert SECOND not in text
    assert "« cyberaudit status » dit à quelle adresse" in " ".join(contractor.split())
    assert "cyberaudit status" not in secretary
    assert (SECOND,) not in told_of, "nothing changed since what that person was told last"


def test_nobody_is_told_of_refusals_that_are_over(two: Post) -> None:
    worse = later(two, 1, FAIL)
    notify(worse, CATALOGUE)
    answered(worse, State.SENT, second=State.REFUSED)
    caught_up = later(worse, 1, FAIL)
    notify(caught_up, CATALOGUE)
    answered(caught_up, State.SENT)
    texts = [each.written.text for each in notices(later(caught_up, 1), CATALOGUE) if each.written]
    assert len(texts) >= 2
    assert not any("n'arrivent pas" in text for text in texts)


@pytest.mark.parametrize("alone", ["--waiting", "--at-once"])
@pytest.mark.parametrize("other", [("--preview",), ("--always",), ("--role", "mayor")])
def test_what_waits_is_not_sent_under_the_name_of_a_preview(
    alone: str, other: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["notify", "ville.yaml", alone, *other]) == 2
    assert "vont seuls" in capsys.readouterr().err
