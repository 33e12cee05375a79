"""What is asked of one mail server beside its greeting: versions of TLS, relay, user names; by servers with humours."""

import asyncio
import ssl
import warnings
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from ipaddress import ip_address
from types import MappingProxyType

import pytest

from cyberaudit.demo.authority import Authority
from cyberaudit.demo.background import Background
from cyberaudit.demo.listener import Listener
from cyberaudit.demo.place import DEMO_NOW
from cyberaudit.demo.smtp_server import SmtpFault, SmtpServer
from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_servers import (
    REWRITTEN,
    UNDECIDED,
    VERSIONS,
    MailServer,
    MailServers,
    RelayTrial,
    SmtpSession,
    UserAnswers,
    accepted_versions,
)
from cyberaudit.facts.mail_servers_samples import TLS
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes import mail_servers
from cyberaudit.probes.certificates import TrustStore
from cyberaudit.probes.endpoint import Endpoint
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Patience
from cyberaudit.probes.network import Network
from cyberaudit.probes.smtp import NO_TRIALS, SILENT, Caller, Trials
from cyberaudit.probes.smtp_trials import RECIPIENT, SENDERS
from cyberaudit.probes.smtp_visit import LATE_SECONDS, MOST_CONNECTIONS, visit
from cyberaudit.probes.stream import Limits, Stream
from cyberaudit.probes.tls.hello import TLS10, TLS11, TLS12
from cyberaudit.town.scope import scope_for_look
from tests.loopback.odd_tls_servers import MODERN, OLD, Truth, honest

pytestmark = pytest.mark.loopback

HOST = "mx1.mairie-saint-etienne-d-o.example"
HERE = ip_address("127.0.0.1")
PATIENCE = Patience(connect=0.5, banner=0.6, reply=0.4, handshake=0.5, session=3)
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TRIED = Trials(None, None)
REFUSED = Unreachable(Reason.NOT_AUTHORIZED)
LOST = Unreachable(Reason.TIMEOUT)
EHLO = b"250-x\r\n250 STARTTLS\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"), DEMO_NOW)


def met(
    server: SmtpServer | Listener, trials: Trials = NO_TRIALS, *, patience: Patience = PATIENCE
) -> SmtpSession | Unreachable:
    caller = Caller(ehlo="cyberaudit.invalid", patience=patience, trust=TrustStore(()), now=DEMO_NOW)

    async def scenario() -> SmtpSession | Unreachable:
        network = Network(scope_for_look(authorized_by=""), infrastructure=[Endpoint(HERE, server.port)])

        async def dial(test: str = "") -> Stream | Unreachable:
            return await network.connect(
                HERE, server.port, purpose=Purpose.INFRASTRUCTURE, limits=Limits(seconds=patience.session)
            )

        return await visit(dial, caller, host=HOST, trials=trials)

    with Background(server):
        return asyncio.run(scenario())


def seen(
    server: SmtpServer | Listener, trials: Trials = NO_TRIALS, *, patience: Patience = PATIENCE
) -> SmtpSession:
    session = met(server, trials, patience=patience)
    assert isinstance(session, SmtpSession)
    return session


def versions(session: SmtpSession) -> list[bool | Reason]:
    assert not isinstance(session.versions, Unreachable)
    return [
        answer.accepted.reason if isinstance(answer.accepted, Unreachable) else answer.accepted
        for answer in session.versions
    ]


class Mail:
    """A server that answers each verb as told, hands over to `tls` after STARTTLS, and keeps what it heard."""

    def __init__(
        self,
        tls: Talk | None = None,
        *,
        most: int = 99,
        patient: int = 99,
        replies: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self.replies = {
            "EHLO": EHLO if tls else b"250 x\r\n",
            "QUIT": b"221 x\r\n",
            "RSET": b"250 x\r\n",
            "STARTTLS": b"220 x\r\n",
        } | dict(replies)
        self.told: list[str] = []
        self.under_way = 0
        self.sessions = 0
        self._tls, self._most, self._patient = tls, most, patient

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.under_way += 1
        self.sessions += 1
        try:
            if self.under_way > self._most or self.sessions > self._patient:
                writer.write(b"421 4.7.0 too many connections\r\n")
                return
            await self._serve(reader, writer)
        finally:
            self.under_way -= 1

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 x\r\n")
        while line := await reader.readline():
            said = line.decode("latin-1").strip()
            self.told.append(said)
            key = next((key for key in (said, said.split(" ")[0]) if key in self.replies), "")
            writer.write(self.replies.get(key, b"502 inconnu\r\n"))
            if said == "STARTTLS" and self._tls is not None:
                await self._tls(reader, writer)
                return
            if said == "QUIT":
                return


def old_server(authority: Authority, lowest: ssl.TLSVersion, highest: ssl.TLSVersion) -> Mail:
    issued = authority.issue(HOST)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)
    with warnings.catch_warnings():  # Python says that TLS 1.0 is deprecated: that is the point
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = lowest, highest
    context.set_ciphers("ALL:@SECLEVEL=0")
    return Mail(openssl(context))


def openssl(context: ssl.SSLContext) -> Talk:
    """OpenSSL by hand: asyncio loses the alert with which a handshake is refused."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        session = context.wrap_bio(incoming, outgoing, server_side=True)
        while data := await reader.read(4096):
            incoming.write(data)
            try:
                session.do_handshake()
                session.read(4096)
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLError:
                writer.write(outgoing.read())
                await writer.drain()
                return
            writer.write(outgoing.read())

    return talk


V10, V11, V12, V13 = (
    ssl.TLSVersion.TLSv1,
    ssl.TLSVersion.TLSv1_1,
    ssl.TLSVersion.TLSv1_2,
    ssl.TLSVersion.TLSv1_3,
)


@pytest.mark.parametrize(
    ("lowest", "highest", "expected", "connections"),
    [
        (V12, V13, [False, False, True, True], 4),
        (V10, V13, [True, True, True, True], 4),
        (V12, V12, [False, False, True, False], 3),
        (V11, V12, [False, True, True, False], 3),
        (V10, V10, [True, False, False, False], 1),
    ],
)
def test_each_version_is_asked_once_and_what_is_known_is_not_asked(
    authority: Authority,
    lowest: ssl.TLSVersion,
    highest: ssl.TLSVersion,
    expected: list[bool],
    connections: int,
) -> None:
    server = old_server(authority, lowest, highest)
    session = seen(Listener(server))
    assert isinstance(session.tls, TlsSession)
    assert versions(session) == expected
    assert server.sessions == connections


def test_a_server_with_nothing_that_openssl_still_speaks_is_seen_as_old() -> None:
    server = Listener(Mail(honest(Truth(suites={TLS10: (0x0005,), TLS11: (0x0005,)}))))
    session = seen(server)
    assert isinstance(session.tls, Unreachable)
    assert versions(session) == [True, True, False, False]
    assert accepted_versions(session) == ("TLSv1", "TLSv1.1")
    assert server.connections == 5


def test_a_crowd_is_asked_again_one_at_a_time() -> None:
    mail = Mail(honest(Truth(suites=OLD)), most=1)
    session = seen(Listener(mail))
    assert versions(session) == [True, True, True, False]
    assert mail.sessions <= MOST_CONNECTIONS


def test_what_a_limiter_hides_is_unknown_and_what_was_seen_stays(authority: Authority) -> None:
    mail = Mail(honest(Truth(suites=MODERN)), patient=1)
    session = seen(Listener(mail))
    assert versions(session) == [Reason.BUSY] * 4
    assert session.extensions == ("STARTTLS",)
    # Four side by side, and one more to see whether it was the crowd.
    assert mail.sessions == 6


def test_a_cut_line_is_no_refusal() -> None:
    async def cuts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.transport.abort()

    session = seen(Listener(Mail(cuts)))
    assert versions(session) == [Reason.RESET] * 4


def test_an_alert_about_the_server_itself_is_no_refusal() -> None:
    async def ill(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"\x15\x03\x01\x00\x02\x02\x50")
        await reader.read()

    assert versions(seen(Listener(Mail(ill)))) == [Reason.TLS_FAILURE] * 4


@pytest.mark.parametrize("reply", [b"454 plus tard\r\n", b"501 non\r\n"], ids=["not-now", "never"])
def test_without_an_agreement_to_encrypt_no_version_is_asked(reply: bytes) -> None:
    server = Listener(Mail(replies={"EHLO": EHLO, "STARTTLS": reply}))
    session = seen(server)
    assert isinstance(session.versions, Unreachable)
    assert server.connections == 1


def test_nothing_is_asked_of_a_server_that_is_mute_or_falls_silent() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    mute = Listener(silent)
    assert met(mute, TRIED) == SILENT
    assert mute.connections == 1
    later = Listener(Mail(silent))
    session = seen(later)
    assert session.versions == session.tls == Unreachable(Reason.TIMEOUT)
    assert later.connections == 1


def test_a_slow_banner_is_waited_for_each_time(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST), banner_delay=0.2)
    assert versions(seen(server))[2:] == [True, True]


class Late(Mail):
    """Lets everybody wait, each time, as postscreen does; keeps how many waited together."""

    waiting = most_waiting = 0

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.waiting += 1
        self.most_waiting = max(self.most_waiting, self.waiting)
        await asyncio.sleep(2 * LATE_SECONDS)
        self.waiting -= 1
        await super()._serve(reader, writer)


PATIENT = replace(PATIENCE, banner=4 * LATE_SECONDS, session=9)


def test_greetings_that_come_late_are_waited_for_together() -> None:
    mail = Late(honest(Truth(suites=OLD)))
    assert versions(seen(Listener(mail), patience=PATIENT)) == [True, True, True, False]
    # The first conversation, and those that are begun meanwhile: a newest version granted leaves three to ask.
    assert mail.most_waiting == len(VERSIONS)
    assert mail.sessions <= 1 + len(VERSIONS)


def test_what_was_begun_for_a_late_server_is_ended_when_it_does_not_encrypt() -> None:
    mail = Late()
    server = Listener(mail)
    assert seen(server, patience=PATIENT).versions == ()
    assert mail.sessions == len(VERSIONS)
    assert mail.under_way == 0


def test_an_address_where_no_connection_opens_is_tried_once() -> None:
    tried = []

    async def dial(test: str = "") -> Stream | Unreachable:
        tried.append(test)
        await asyncio.sleep(2 * LATE_SECONDS)
        return LOST

    caller = Caller(ehlo="cyberaudit.invalid", patience=PATIENT, trust=TrustStore(()), now=DEMO_NOW)
    assert asyncio.run(visit(dial, caller, host=HOST, trials=TRIED)) == LOST
    assert tried == [""]


def test_a_server_that_greets_nobody_is_told_nothing() -> None:
    heard: list[bytes] = []

    async def listens(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())

    server = Listener(listens)
    assert met(server, TRIED, patience=replace(PATIENCE, banner=1.5 * LATE_SECONDS)) == SILENT
    assert server.connections <= len(VERSIONS)
    assert not any(heard)


def test_ways_to_log_in_are_those_of_the_clear_text() -> None:
    listed = b"250-x\r\n250-AUTH PLAIN login\r\n250-AUTH=CRAM-MD5\r\n250 AUTH\r\n"
    assert seen(Listener(Mail(replies={"EHLO": listed}))).mechanisms == ("PLAIN", "LOGIN", "CRAM-MD5")


RELAY = {"MAIL": b"250 x\r\n", "VRFY": b"252 x\r\n", "EXPN": b"502 x\r\n"}


@pytest.mark.parametrize(
    ("replies", "accepted", "sender"),
    [
        ({"RCPT": b"250 2.1.5 Ok\r\n"}, True, "controle@cyberaudit.invalid"),
        ({"RCPT": b"554 5.7.1 Relay access denied\r\n"}, False, "controle@cyberaudit.invalid"),
        ({"RCPT": b"530 5.7.0 Must issue STARTTLS\r\n"}, False, "controle@cyberaudit.invalid"),
        ({"RCPT": b"550 5.1.1 inconnu\r\n"}, False, ""),
        ({"MAIL": b"530 5.7.0 Authentication required\r\n"}, False, "controle@cyberaudit.invalid"),
        (
            {"MAIL FROM:<>": b"550 5.7.1 no bounces\r\n", "RCPT": b"550 5.1.1 inconnu\r\n"},
            False,
            "controle@cyberaudit.invalid",
        ),
        (
            {
                "MAIL FROM:<controle@cyberaudit.invalid>": b"450 4.1.8 Domain not found\r\n",
                "RCPT": b"554 5.7.1 Relaying denied\r\n",
            },
            False,
            "",
        ),
        (
            {
                "MAIL FROM:<controle@cyberaudit.invalid>": b"553 5.1.8 no such domain\r\n",
                "RCPT": b"251 will forward\r\n",
            },
            True,
            "",
        ),
    ],
)
def test_a_relay_is_who_takes_a_recipient_of_somebody_else(
    replies: dict[str, bytes], accepted: bool, sender: str
) -> None:
    mail = Mail(replies=RELAY | replies)
    trial = seen(Listener(mail), TRIED).relay
    assert isinstance(trial, RelayTrial)
    assert (trial.accepted, trial.sender, trial.recipient) == (accepted, sender, "controle@ailleurs.example")
    assert not any(said.upper().startswith(("DATA", "BDAT")) for said in mail.told)
    assert mail.told[-2:] == ["RSET", "QUIT"]
    assert mail.sessions == 1


NAMED = b"550 5.1.8 <controle@ailleurs.example>: relay.mairie.example does not know the sender\r\n"


@pytest.mark.parametrize(
    "replies",
    [
        {"RCPT": b"450 4.2.0 Greylisted, rcpt is not relay\r\n"},
        {"RCPT": b"451 4.7.1 try again later\r\n"},
        {"MAIL": b"452 4.3.1 Insufficient system storage\r\n"},
        {"MAIL": b"553 5.1.8 no such domain\r\n"},
        {"MAIL": b"550 5.7.1 not you\r\n"},
        {"MAIL FROM:<>": b"550 5.7.1 no bounces\r\n", "RCPT": NAMED},
        {"RCPT": b"554 5.7.1 Client host [192.0.2.9] blocked using a list\r\n"},
    ],
)
def test_who_says_neither_yes_nor_no_has_not_decided(replies: dict[str, bytes]) -> None:
    mail = Mail(replies=RELAY | replies)
    trial = seen(Listener(mail), TRIED).relay
    assert isinstance(trial, Unreachable)
    assert trial.detail.startswith(UNDECIDED)
    assert any(said == "MAIL FROM:<>" for said in mail.told)


def test_the_word_relay_inside_a_repeated_name_ends_nothing() -> None:
    relayed = {f"MAIL FROM:<{sender}>": b"250 x\r\n" for sender in SENDERS}
    mail = Mail(replies=RELAY | relayed | {"RCPT": NAMED})
    seen(Listener(mail), TRIED)
    assert sum(said.startswith("RCPT") for said in mail.told) == 2
    assert "rela" not in RECIPIENT


@pytest.mark.parametrize(
    ("banner", "ehlo"),
    [
        (b"220 ******************************2****0*\r\n", b"250-x\r\n250-XXXXXXXA\r\n250 SIZE\r\n"),
        (b"220 x\r\n", b"250-x\r\n250-SIZE 5\r\n250 XXXXXXXB\r\n"),
        (b"220 *************************\r\n", b"250 x\r\n"),
    ],
)
def test_a_line_that_masks_what_is_offered_hides_encryption(banner: bytes, ehlo: bytes) -> None:
    class Masked(Mail):
        async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(banner)
            while line := await reader.readline():
                verb = line.decode().split()[0]
                writer.write(self.replies.get(verb, b"502 x\r\n"))

    server = Listener(Masked(replies={"EHLO": ehlo}))
    session = seen(server)
    assert session.tls == session.mechanisms == session.versions == REWRITTEN
    assert server.connections == 1
    assert not mail_servers.worth_asking_again(
        MailServers("x", (MailServer("x", "192.0.2.1", session, LOST),), (), (), ())
    )


@pytest.mark.parametrize("word", [b"XCLIENT", b"XXX", b"X-EXPS"])
def test_an_extension_of_its_own_masks_nothing(word: bytes) -> None:
    assert seen(Listener(Mail(replies={"EHLO": b"250-x\r\n250 " + word + b"\r\n"}))).tls is None


@pytest.mark.parametrize("reply", [b"421 4.7.0 au revoir\r\n", b"n'importe quoi\r\n", b""])
def test_what_is_no_answer_says_nothing_about_relaying(reply: bytes) -> None:
    assert isinstance(seen(Listener(Mail(replies=RELAY | {"RCPT": reply})), TRIED).relay, Unreachable)


@pytest.mark.parametrize(
    ("replies", "answers"),
    [
        ({"VRFY postmaster": b"250 x\r\n", "VRFY": b"550 x\r\n"}, UserAnswers((250, 550), (502, 0))),
        ({"VRFY": b"252 x\r\n"}, UserAnswers((252, 0), (502, 0))),
        ({"VRFY": b"502 x\r\n", "EXPN": b"250 x\r\n"}, UserAnswers((502, 0), (250, 250))),
        ({"VRFY": b"421 x\r\n"}, None),
        ({"VRFY": b"502 x\r\n", "EXPN postmaster": b"250 x\r\n", "EXPN": b"421 x\r\n"}, None),
        ({"EXPN": b"421 x\r\n"}, None),
    ],
)
def test_a_random_name_is_asked_only_beside_one_that_was_confirmed(
    replies: dict[str, bytes], answers: UserAnswers | None
) -> None:
    users = seen(Listener(Mail(replies=RELAY | {"RCPT": b"554 relay\r\n"} | replies)), TRIED).users
    assert users == answers if answers else isinstance(users, Unreachable)


def test_what_was_not_signed_for_is_never_said(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    session = seen(server, Trials(REFUSED, REFUSED))
    assert (session.relay, session.users) == (REFUSED, REFUSED)
    assert set(server.commands) == {"EHLO", "STARTTLS", "QUIT"}


def test_each_trial_is_signed_for_by_itself() -> None:
    mail = Mail(replies=RELAY | {"RCPT": b"250 x\r\n"})
    session = seen(Listener(mail), Trials(None, REFUSED))
    assert isinstance(session.relay, RelayTrial)
    assert session.users == REFUSED
    assert not any(said.startswith(("VRFY", "EXPN")) for said in mail.told)


def test_trials_are_made_inside_the_encryption_on_the_same_connection(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    session = seen(server, TRIED)
    assert isinstance(session.relay, RelayTrial)
    assert not session.relay.accepted
    assert session.users == UserAnswers((502, 0), (502, 0))
    assert server.sessions == 4
    # The first conversation says EHLO twice, the three others once.
    assert server.commands["EHLO"] == 5
    assert server.commands["DATA"] == 0


def test_where_encryption_breaks_trials_are_made_in_clear(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST), fault=SmtpFault.DROPS_AFTER_STARTTLS)
    session = seen(server, TRIED)
    assert isinstance(session.tls, Unreachable)
    assert isinstance(session.relay, RelayTrial)
    assert server.sessions == 6


def test_where_encryption_breaks_and_nobody_answers_any_more_trials_are_unknown() -> None:
    async def cuts(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    session = seen(Listener(Mail(cuts, patient=1)), TRIED)
    assert isinstance(session.relay, Unreachable)
    assert isinstance(session.users, Unreachable)


def test_a_server_that_hangs_up_after_encryption_leaves_trials_unknown(authority: Authority) -> None:
    server = SmtpServer(HOST, certificate=authority.issue(HOST))
    replies = server._replies

    def deaf(verb: str, *, offers_tls: bool) -> tuple[str, ...]:
        return replies(verb, offers_tls=offers_tls) if offers_tls else ("421 au revoir",)

    server._replies = deaf  # type: ignore[method-assign]  # a server that has enough of us
    session = seen(server, TRIED)
    assert isinstance(session.tls, TlsSession)
    assert isinstance(session.relay, Unreachable)


def test_version_12_alone_by_hand() -> None:
    session = seen(Listener(Mail(honest(Truth(suites={TLS12: (0xC02F,)})))))
    assert versions(session) == [False, False, True, False]


def test_who_said_later_is_asked_once_more_and_what_it_says_then_is_kept() -> None:
    later = seen(Listener(Mail(replies=RELAY | {"RCPT": b"450 4.2.0 Greylisted\r\n"})), TRIED)
    firm = seen(Listener(Mail(replies=RELAY | {"RCPT": b"554 5.7.1 Relay access denied\r\n"})), TRIED)

    def of(session: SmtpSession) -> MailServers:
        return MailServers("x", (MailServer("x", "192.0.2.1", session, LOST),), (), (), ())

    encrypted = replace(later, tls=TLS)
    assert mail_servers.worth_asking_again(of(encrypted))
    assert not mail_servers.worth_asking_again(of(replace(firm, tls=TLS)))
    for first, second in ((later, firm), (firm, later)):
        merged = mail_servers.merge_looks(of(first), of(second)).servers[0].session
        assert isinstance(merged, SmtpSession)
        assert merged.relay == firm.relay


def test_a_session_that_took_all_its_time_is_not_asked_again() -> None:
    spent = Unreachable(Reason.DEADLINE)
    facts = MailServers("x", (MailServer("x", "192.0.2.1", spent, LOST),), (), (), ())
    assert not mail_servers.worth_asking_again(facts)
