"""Mail handed to a relay that is sound, or fails in every way a real one does: what is sent, said and kept."""

import logging
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cyberaudit.delivery.sending import GIVEN_UP_AFTER, Relay, Sent, deliver
from cyberaudit.demo.authority import Authority, Flaw, Issued
from cyberaudit.errors import NotSaved
from cyberaudit.history.outbox import Copy, Outbox, Queued, State, open_outbox
from tests.loopback.mail_relay import CLOSE, DRIP, SILENCE, TAKE_AND_CLOSE, MailRelay, running

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 12, 7, 6, 0, tzinfo=UTC)
HOST = "relais.example"
SENDER = "cyberaudit@mairie-l-hay.example"
ANNE, BRUNO = "anne@mairie-l-hay.example", "bruno+cyber@prestataire.example"
SECRET = "S3cret·d'été"
MESSAGE = (
    b"From: <cyberaudit@mairie-l-hay.example>\r\nTo: undisclosed:;\r\nSubject: essai\r\n"
    b"Message-ID: <1@mairie-l-hay.example>\r\n\r\nBonjour.\r\n.\r\n..deux\r\nfin sans retour"
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), datetime.now(UTC))


@pytest.fixture(scope="module")
def sound(authority: Authority) -> Issued:
    return authority.issue(HOST)


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with open_outbox(tmp_path / "outbox.sqlite3", create=True) as opened:
        yield opened


def copy(recipient: str) -> Copy:
    return Copy(recipient, State.WAITING, 0, NOW, "", NOW, doubtful=False)


def put(
    outbox: Outbox,
    *recipients: str,
    message: bytes = MESSAGE,
    number: int = 1,
    made_at: datetime = NOW,
    commune: str = "94038",
) -> None:
    message_id = f"<{number}@mairie-l-hay.example>"
    outbox.put(
        Queued(
            id=0,
            message_id=message_id,
            commune=commune,
            role="secretary",
            kind="change",
            audit="6f1c",
            subject="essai",
            made_at=made_at,
            message=message.replace(b"<1@mairie", f"<{number}@mairie".encode()),
            copies=tuple(copy(recipient) for recipient in recipients or (ANNE,)),
        )
    )


def relay_to(server: MailRelay, authority: Authority, *, password: str = "", timeout: float = 10) -> Relay:
    return Relay(
        host=HOST,
        port=465 if server.implicit_tls else 587,
        security="tls" if server.implicit_tls else "starttls",
        user="mairie",
        password=password,
        ca_file=authority.ca_bundle,
        address_override=("127.0.0.1", server.port),
        timeout=timeout,
    )


def sent_by(outbox: Outbox, relay: Relay, *, now: datetime = NOW) -> Sent:
    return deliver(outbox, relay, SENDER, now=now, commune="94038")


def kept(outbox: Outbox) -> dict[str, Copy]:
    return {each.recipient: each for queued in outbox.of("94038") for each in queued.copies}


@pytest.mark.parametrize("implicit", [True, False])
def test_a_mail_arrives_once_as_it_was_made_for_everybody(
    outbox: Outbox, authority: Authority, sound: Issued, implicit: bool
) -> None:
    put(outbox, ANNE, BRUNO)
    with running(MailRelay(sound, implicit_tls=implicit)) as server:
        relay = relay_to(server, authority)
        first, second = sent_by(outbox, relay), sent_by(outbox, relay)
    assert (first, second) == (Sent(2, 0, 0, ()), Sent(0, 0, 0, ()))
    (taken,) = server.taken
    assert (taken.sender, taken.recipients) == (SENDER, (ANNE, BRUNO))
    assert taken.content == MESSAGE + b"\r\n"
    assert taken.parameters == f"SIZE={len(taken.content)}"
    assert server.conversations == 1
    assert {each.state for each in kept(outbox).values()} == {State.SENT}
    assert "queued" in kept(outbox)[ANNE].last_answer
    assert not kept(outbox)[ANNE].doubtful


def test_nothing_but_line_feeds_alone_or_not_ends_a_line(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox, message=b"Subject: x\n\nun\r.\rdeux\n.\nMAIL FROM:<pirate@example>\r\n")
    with running(MailRelay(sound)) as server:
        sent_by(outbox, relay_to(server, authority))
    assert server.taken[0].content.count(b"\r\n.\r\n") == 2
    assert server.commands["MAIL"] == 1


def test_one_recipient_of_three_is_refused_and_one_is_to_come_back(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox, ANNE, BRUNO, "claire@mairie-l-hay.example")
    script = {
        f"RCPT <{BRUNO}>": "550-5.1.1 No such\r\n550 5.1.1 user\u202e here",
        "RCPT <claire@mairie-l-hay.example>": "450 4.2.0 Greylisted",
    }
    with running(MailRelay(sound, script)) as server:
        told = sent_by(outbox, relay_to(server, authority))
    anne, bruno, claire = kept(outbox).values()
    assert (told.sent, told.waiting, told.refused) == (1, 1, 1)
    assert [each.state for each in (anne, bruno, claire)] == [State.SENT, State.REFUSED, State.WAITING]
    assert "550 5.1.1 No such 5.1.1 user here" in bruno.last_answer
    assert bruno.next_try is None
    assert claire.next_try == NOW + timedelta(minutes=5)
    assert server.taken[0].recipients == (ANNE,)
    assert any(BRUNO in sentence and "550" in sentence for sentence in told.answers)
    assert all(sentence.endswith(".") for sentence in told.answers)


def test_a_greylisted_mail_leaves_when_it_is_tried_again(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    with running(MailRelay(sound, {"RCPT": "451 4.7.1 Greylisted, come back"})) as server:
        relay = relay_to(server, authority)
        assert sent_by(outbox, relay).waiting == 1
        server.script = {}
        assert sent_by(outbox, relay, now=NOW + timedelta(minutes=4)).waiting == 1
        assert server.conversations == 1
        assert sent_by(outbox, relay, now=NOW + timedelta(minutes=5)).sent == 1
    assert kept(outbox)[ANNE].attempts == 2


# What the relay does → what is kept of it, whether it may have taken the message, how many messages are tried.
FAILURES: dict[str, tuple[dict[str, str], State, str, bool, int]] = {
    "busy greeting": ({"GREETING": "421 4.3.2 Busy"}, State.WAITING, "421 4.3.2 Busy", False, 1),
    "unfriendly greeting": ({"GREETING": "554 No"}, State.WAITING, "554 No", False, 1),
    "no mail server": ({"GREETING": "SSH-2.0-OpenSSH_9.2"}, State.WAITING, "serveur de courrier", False, 1),
    "EHLO unknown": ({"EHLO": "502 What?"}, State.WAITING, "502 What?", False, 1),
    "STARTTLS refused": ({"STARTTLS": "454 Not now"}, State.WAITING, "refuse de chiffrer", False, 1),
    "leaves after STARTTLS": ({"STARTTLS": CLOSE}, State.WAITING, "a coupé", False, 1),
    "sender refused": ({"MAIL": "553 Not yours"}, State.REFUSED, "553 Not yours", False, 2),
    "log in first": ({"MAIL": "530 5.7.0 Log in"}, State.WAITING, "530 5.7.0", False, 2),
    "sender not now": ({"MAIL": "452 Full"}, State.WAITING, "452 Full", False, 2),
    "closing at RCPT": ({"RCPT": "421 Bye"}, State.WAITING, "421 Bye", False, 1),
    "hangs up at RCPT": ({"RCPT": CLOSE}, State.WAITING, "a coupé", False, 1),
    "DATA refused": ({"DATA": "554 No valid"}, State.REFUSED, "554 No valid", False, 2),
    "DATA answered yes": ({"DATA": "250 Ok"}, State.WAITING, "serveur de courrier", False, 1),
    "hangs up at DATA": ({"DATA": CLOSE}, State.WAITING, "a coupé", False, 1),
    "content refused": ({".": "554 5.6.0 Virus"}, State.REFUSED, "Virus", False, 2),
    "content not now": ({".": "451 Try later"}, State.WAITING, "Try later", False, 2),
    "closing instead": ({".": "421 Shutting down"}, State.WAITING, "Shutting", False, 1),
    "dies after the content": ({".": CLOSE}, State.WAITING, "a coupé", True, 1),
    "dies having taken it": ({".": TAKE_AND_CLOSE}, State.WAITING, "a coupé", True, 1),
    "nonsense after it": ({".": "merci bien"}, State.WAITING, "serveur de courrier", True, 1),
    "dies after its answer": ({"QUIT": CLOSE}, State.SENT, "queued", False, 2),
    "long answer": ({"RCPT": "550 " + "x" * 9000}, State.REFUSED, "xxx…", False, 2),
    "endless line": ({"RCPT": "550 " + "x" * 300_000}, State.WAITING, "parle sans fin", False, 1),
    "endless reply": ({"RCPT": "\r\n".join(["250-x"] * 200)}, State.WAITING, "de courrier", False, 1),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failing_relay_costs_nothing_that_is_not_told(
    outbox: Outbox, authority: Authority, sound: Issued, case: str
) -> None:
    script, state, words, doubtful, tried = FAILURES[case]
    put(outbox, number=1)
    put(outbox, number=2)
    with running(MailRelay(sound, script)) as server:
        told = sent_by(outbox, relay_to(server, authority))
    second, first = (queued.copies[0] for queued in outbox.of("94038"))
    assert (first.state, first.doubtful) == (state, doubtful)
    assert words in first.last_answer
    assert server.conversations == tried
    assert second.attempts == tried - 1
    assert told.waiting == sum(each.state is State.WAITING for each in (first, second))
    assert (told.answers == ()) == (state is State.SENT)


def test_after_a_death_without_answer_the_same_message_goes_again(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    with running(MailRelay(sound, {".": TAKE_AND_CLOSE})) as server:
        relay = relay_to(server, authority)
        sent_by(outbox, relay)
        server.script = {}
        sent_by(outbox, relay, now=NOW + timedelta(hours=1))
    assert [taken.message_id for taken in server.taken] == ["<1@mairie-l-hay.example>"] * 2
    assert server.taken[0] == server.taken[1]
    assert (kept(outbox)[ANNE].state, kept(outbox)[ANNE].doubtful) == (State.SENT, True)


@pytest.mark.parametrize(
    ("where", "how"), [("GREETING", DRIP), ("EHLO", SILENCE), ("RCPT", DRIP), (".", SILENCE), (".", DRIP)]
)
def test_a_slow_relay_costs_its_time_and_no_more(
    outbox: Outbox, authority: Authority, sound: Issued, where: str, how: str
) -> None:
    put(outbox, number=1)
    put(outbox, number=2)
    with running(MailRelay(sound, {where: how})) as server:
        told = sent_by(outbox, relay_to(server, authority, timeout=1))
    assert told.waiting == 2
    assert told.answers == ("Le serveur d'envoi n'a pas répondu à temps.",)
    assert outbox.of("94038")[-1].copies[0].doubtful == (where == ".")


def test_a_relay_that_is_down_or_unknown_is_told(outbox: Outbox, authority: Authority, sound: Issued) -> None:
    put(outbox)
    with running(MailRelay(sound)) as server:
        relay = relay_to(server, authority)
    assert "refuse la connexion" in sent_by(outbox, relay).answers[0]
    unknown = replace(relay, address_override=None, host="relais..example")
    assert "introuvable" in sent_by(outbox, unknown, now=NOW + timedelta(hours=1)).answers[0]
    assert kept(outbox)[ANNE].next_try == NOW + timedelta(hours=1, minutes=15)


def test_a_relay_that_does_not_even_answer_the_door_is_told(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    nobody = relay_to(MailRelay(sound, implicit_tls=True), authority, timeout=0.3)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as door:
        relay = replace(nobody, address_override=door.getsockname())
        # The first one is left standing in the only place there is.
        told = [sent_by(outbox, relay, now=NOW + timedelta(hours=hour)) for hour in range(2)]
    relay = replace(nobody, address_override=("255.255.255.255", 25))
    told.append(sent_by(outbox, relay, now=NOW + timedelta(days=1)))
    assert [each.answers[0] for each in told] == [
        "Le serveur d'envoi n'a pas répondu à temps.",
        f"Le serveur d'envoi «\u00a0{HOST}\u00a0» ne répond pas.",
        f"Le serveur d'envoi «\u00a0{HOST}\u00a0» ne peut pas être joint.",
    ]


UNTRUSTED = {
    Flaw.EXPIRED: "expiré",
    Flaw.OTHER_NAME: "porte un autre nom que le sien",
    Flaw.SELF_SIGNED: "autorité reconnue",
}


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("flaw", UNTRUSTED)
def test_a_relay_without_a_right_certificate_hears_no_address(
    outbox: Outbox, authority: Authority, flaw: Flaw, implicit: bool
) -> None:
    put(outbox)
    with running(MailRelay(authority.issue(HOST, flaw=flaw), implicit_tls=implicit, auth="PLAIN")) as server:
        told = sent_by(outbox, relay_to(server, authority, password=SECRET))
    assert UNTRUSTED[flaw] in told.answers[0]
    assert {line.split()[0] for line in server.lines} <= {"EHLO", "STARTTLS"}
    assert kept(outbox)[ANNE].state is State.WAITING


def test_a_certificate_of_tomorrow_is_not_believed_today(
    outbox: Outbox, authority: Authority, tmp_path: Path
) -> None:
    put(outbox)
    later = Authority(tmp_path, datetime.now(UTC) + timedelta(days=90))
    with running(MailRelay(later.issue(HOST))) as server:
        told = sent_by(outbox, relay_to(server, later))
    assert told.answers == ("Le certificat du serveur d'envoi n'est pas encore valable.",)


def test_the_authorities_of_the_system_do_not_know_ours(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    with running(MailRelay(sound)) as server:
        relay = replace(relay_to(server, authority), ca_file=None)
        assert "autorité reconnue" in sent_by(outbox, relay).answers[0]


def test_a_file_of_authorities_that_holds_none_is_told(
    outbox: Outbox, authority: Authority, sound: Issued, tmp_path: Path
) -> None:
    put(outbox)
    (tmp_path / "vide.pem").touch()
    with running(MailRelay(sound)) as server:
        for name in ("vide.pem", "absent.pem"):
            relay = replace(relay_to(server, authority), ca_file=tmp_path / name)
            now = NOW + timedelta(days=name == "absent.pem")
            assert f"{name}\u00a0» ne se lit pas" in sent_by(outbox, relay, now=now).answers[0]
    assert server.conversations == 0


@pytest.mark.parametrize("implicit", [True, False])
def test_tls_of_another_age_is_refused(
    outbox: Outbox, authority: Authority, sound: Issued, implicit: bool
) -> None:
    put(outbox)
    with running(MailRelay(sound, oldest=True, implicit_tls=implicit)) as server:
        told = sent_by(outbox, relay_to(server, authority))
    assert told.answers == ("La conversation chiffrée avec le serveur d'envoi est impossible.",)
    assert server.taken == []


def test_nothing_leaves_in_clear_when_encryption_is_not_offered(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    with running(MailRelay(sound, offers_tls=False)) as server:
        told = sent_by(outbox, relay_to(server, authority, password=SECRET))
    assert "rien ne part en clair" in told.answers[0]
    assert set(server.commands) == {"EHLO"}


def test_what_was_slipped_in_before_encryption_is_not_believed(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    slipped = "220 2.0.0 Ready\r\n250-relais.example\r\n250 AUTH LOGIN"
    with running(MailRelay(sound, {"STARTTLS": slipped}, auth="PLAIN", account=("mairie", SECRET))) as server:
        sent_by(outbox, relay_to(server, authority, password=SECRET))
    assert not any("LOGIN" in line for line in server.lines)


@pytest.mark.parametrize("ways", ["PLAIN LOGIN", "LOGIN", "XOAUTH2 LOGIN", "=PLAIN", "SCRAM-SHA-256 LOGIN"])
def test_one_logs_in_under_encryption_with_an_accented_password(
    outbox: Outbox, authority: Authority, sound: Issued, ways: str
) -> None:
    put(outbox)
    with running(MailRelay(sound, auth=ways, account=("mairie", SECRET))) as server:
        assert sent_by(outbox, relay_to(server, authority, password=SECRET)).sent == 1


def test_a_wrong_password_is_said_once_a_run_and_never_repeated(
    outbox: Outbox, authority: Authority, sound: Issued, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for number in range(3):
        put(outbox, number=number)
    with running(MailRelay(sound, auth="PLAIN LOGIN", account=("mairie", "autre"))) as server:
        relay = relay_to(server, authority, password=SECRET)
        told = sent_by(outbox, relay)
    assert server.commands["AUTH"] == 1
    refused = "Le serveur d'envoi refuse le compte ou le mot de passe"
    assert told.answers == (f"{refused}\u00a0: le serveur d'envoi a répondu «\u00a0535\u00a0».",)
    assert (told.waiting, server.commands["MAIL"]) == (3, 0)
    written = [*told.answers, caplog.text, repr(relay), *(str(queued) for queued in outbox.of("94038"))]
    assert not any(SECRET in text for text in written)
    assert ANNE not in caplog.text


@pytest.mark.parametrize(
    ("auth", "script", "sentence"),
    [
        ("PLAIN", {"AUTH": "454 4.7.0 Later"}, "vérifier le compte en ce moment"),
        ("PLAIN", {"AUTH": "535 5.7.8 Use an application password"}, "Use an application password"),
        ("LOGIN", {"AUTH": "504 5.5.4 No"}, "504 5.5.4 No"),
        ("SCRAM-SHA-256", {}, "535 5.7.8 No secret of that kind"),
        ("SCRAM-SHA-256 PLAIN", {"AUTH": "454 4.7.0 Later"}, "vérifier le compte en ce moment"),
        ("SCRAM-SHA-256 PLAIN", {"AUTH": "235 2.7.0 Come in"}, "ne prouve pas qu'il connaît le compte"),
        ("XOAUTH2", {}, "aucune façon connue"),
        ("", {}, "aucune façon connue"),
    ],
)
def test_why_one_could_not_log_in_is_told(
    outbox: Outbox, authority: Authority, sound: Issued, auth: str, script: dict[str, str], sentence: str
) -> None:
    put(outbox)
    with running(MailRelay(sound, script, auth=auth)) as server:
        told = sent_by(outbox, relay_to(server, authority, password=SECRET))
    assert sentence in told.answers[0]
    assert kept(outbox)[ANNE].state is State.WAITING


def test_an_accented_address_leaves_where_it_can_and_is_refused_elsewhere(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    accented, domain = "rené@mairie-l-hay.example", "anne@l'haÿ.example".replace("'", "-")
    with running(MailRelay(sound)) as server:
        put(outbox, accented, domain, number=1)
        assert sent_by(outbox, relay_to(server, authority)).sent == 2
        assert "SMTPUTF8" in server.taken[0].parameters
        assert server.taken[0].recipients == (accented, "anne@xn--l-ha-jsa.example")
        server.extensions = ()
        put(outbox, accented, domain, number=2)
        told = sent_by(outbox, relay_to(server, authority))
    assert (told.sent, told.refused, server.taken[1].parameters) == (1, 1, "")
    assert "adresses accentuées" in told.answers[0]


@pytest.mark.parametrize(
    ("extensions", "message", "sentence"),
    [
        (("SIZE 100",), MESSAGE, "dépasse la taille"),
        ((), "Subject: x\r\n\r\nété\r\n".encode(), "8 bits"),
    ],
)
def test_a_message_the_relay_cannot_take_is_not_even_begun(
    outbox: Outbox,
    authority: Authority,
    sound: Issued,
    extensions: tuple[str, ...],
    message: bytes,
    sentence: str,
) -> None:
    put(outbox, message=message)
    with running(MailRelay(sound, extensions=extensions)) as server:
        told = sent_by(outbox, relay_to(server, authority))
    assert (told.refused, server.commands["MAIL"]) == (1, 0)
    assert sentence in told.answers[0]


def test_eight_bits_are_announced(outbox: Outbox, authority: Authority, sound: Issued) -> None:
    put(outbox, message="Subject: x\r\n\r\nété\r\n".encode())
    with running(MailRelay(sound, extensions=("8BITMIME", "SIZE"))) as server:
        assert sent_by(outbox, relay_to(server, authority)).sent == 1
    assert server.taken[0].parameters == f"SIZE={len(server.taken[0].content)} BODY=8BITMIME"


@pytest.mark.parametrize(
    "address", ["a@b>\r\nRCPT TO:<pirate@example", "sans arobase", "a b@example", f"a@{'é' * 300}.example"]
)
def test_an_address_is_never_two_commands(
    outbox: Outbox, authority: Authority, sound: Issued, address: str
) -> None:
    put(outbox, address, ANNE)
    with running(MailRelay(sound)) as server:
        relay = relay_to(server, authority)
        told = sent_by(outbox, relay)
        put(outbox, number=2)
        refused = deliver(outbox, relay, address, now=NOW, commune="94038")
    assert (told.sent, told.refused, refused.refused) == (1, 1, 1)
    assert [taken.recipients for taken in server.taken] == [(ANNE,)]
    assert all("\n" not in sentence for sentence in told.answers)


def test_tries_are_further_and_further_apart_and_end_by_a_refusal_that_is_told(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    tries = [NOW]
    with running(MailRelay(sound, {".": "451 Later"})) as server:
        relay = relay_to(server, authority)
        told = sent_by(outbox, relay)
        while again := kept(outbox)[ANNE].next_try:
            tries.append(again)
            told = sent_by(outbox, relay, now=again)
    minutes = [0, 5, 20, 80, 320, 1760]
    assert tries[:6] == [NOW + timedelta(minutes=each) for each in minutes]
    assert tries[-2] < NOW + GIVEN_UP_AFTER <= tries[-1]
    assert (told.refused, kept(outbox)[ANNE].state) == (1, State.REFUSED)
    assert "délai dépassé\u00a0: le serveur d'envoi a répondu" in told.answers[0]


def test_the_mail_of_another_town_waits_for_its_own_relay(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox, number=1, commune="13005")
    put(outbox, number=2)
    with running(MailRelay(sound)) as server:
        told = sent_by(outbox, relay_to(server, authority))
    assert (told.sent, told.waiting) == (1, 0)
    assert outbox.unsettled("13005") == 1


def test_an_answer_that_cannot_be_recorded_leaves_a_doubt_and_is_told(
    outbox: Outbox, authority: Authority, sound: Issued
) -> None:
    put(outbox)
    with running(MailRelay(sound)) as server:
        with closing(sqlite3.connect(outbox.path)) as connection:
            connection.execute(
                "CREATE TRIGGER full BEFORE UPDATE ON copies WHEN new.state = 'sent' BEGIN SELECT RAISE(ABORT, ''); END"
            )
            with pytest.raises(NotSaved, match="Le courrier ne peut pas être enregistré"):
                sent_by(outbox, relay_to(server, authority))
            connection.execute("DROP TRIGGER full")
        assert (kept(outbox)[ANNE].state, kept(outbox)[ANNE].doubtful) == (State.SENDING, True)
        assert sent_by(outbox, relay_to(server, authority)).sent == 1
    assert len(server.taken) == 2


def test_two_runs_at_once_send_one_mail(outbox: Outbox, authority: Authority, sound: Issued) -> None:
    put(outbox)
    with running(MailRelay(sound)) as server, open_outbox(outbox.path, create=True) as other:
        relay = relay_to(server, authority)
        with other.alone():
            assert sent_by(outbox, relay) == Sent(0, 1, 0, ("Un autre envoi est en cours.",))
        assert sent_by(outbox, relay).sent == 1
    assert len(server.taken) == 1
