"""The words of SMTP with the relay that takes our mail (RFC 5321): encrypted, verified, one answer a recipient."""

import logging
import re
from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import field
from pathlib import Path

from cyberaudit.delivery import scram
from cyberaudit.delivery.wire import RelayTrouble, Wire, connected, trusting
from cyberaudit.french import NBSP
from cyberaudit.frozen import frozen
from cyberaudit.history.outbox import State
from cyberaudit.plaintext import clean
from cyberaudit.town.values import RefusedError, ascii_name

logger = logging.getLogger(__name__)

# Ours: what one mail costs at most. RFC 5321 §4.5.3.2 waits minutes for each word; a run of every week may not.
TIMEOUT_SECONDS = 60.0
GOODBYE_SECONDS = 3.0
"""Everything is settled and recorded by then."""
# Ours: EHLO takes about fifteen.
MOST_LINES = 100
_REPLY = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*?))?\r?\n", re.DOTALL)
_LINE_END = re.compile(rb"\r\n|\r|\n")
_ADDRESS_NEVER = re.compile(r"[\x00-\x20\x7f<>]")
_NO_MAIL_SERVER = "le serveur d'envoi ne répond pas comme un serveur de courrier"
_SERVICE_CLOSING = 421
_START_INPUT = 354
_GO_ON = 334
_LOGGED_IN = 235
# RFC 4954 §6: said to any command of a client that ought to log in first.
_LOG_IN_FIRST = 530


@frozen
class Relay:
    """The mail server of the town's own provider, and who we are for it."""

    host: str
    """The name its certificate must carry."""
    port: int
    security: str
    """`starttls` or `tls`."""
    user: str
    password: str = field(repr=False)
    """Empty: nobody logs in."""
    ca_file: Path | None
    """PEM: the only authorities believed; None: those of the system."""
    address_override: tuple[str, int] | None = None
    """Where to connect instead; the certificate must still be that of `host`."""
    timeout: float = TIMEOUT_SECONDS
    """Seconds for one whole conversation."""


@frozen
class Reply:
    """What the relay said to one command."""

    code: int
    text: str
    """Cleaned, one line."""

    @property
    def is_yes(self) -> bool:
        return self.code // 100 == 2

    @property
    def clause(self) -> str:
        """« le serveur d'envoi a répondu « 550 5.1.1 User unknown » »"""
        return f"le serveur d'envoi a répondu «{NBSP}{f'{self.code} {self.text}'.strip()}{NBSP}»"


@frozen
class Answer:
    """What became of one copy."""

    state: State
    clause: str
    """Why, in French, with the relay's own words; no capital, no full stop."""
    doubtful: bool = False
    """The whole message was given and nothing came back."""


@frozen
class Handed:
    """What became of one message, for each recipient it was for."""

    answers: dict[str, Answer]
    trouble: str = ""
    """Why the relay is better left alone for the rest of the run; a clause, empty when all went on well."""


@contextmanager
def conversation(relay: Relay) -> Iterator["Session"]:
    """A session with the relay: it greeted, what follows is encrypted, it knows who we are.

    Raises:
        RelayTrouble: one of these is not so; no address of anybody was said.
    """
    context = trusting(relay.ca_file)
    place = relay.address_override or (relay.host, relay.port)
    with closing(connected(place, relay.timeout, name=relay.host)) as wire:
        session = Session(wire)
        if relay.security == "tls":
            wire.encrypt(context, relay.host)
            session.greet()
        else:
            session.greet()
            session.start_tls()
            wire.encrypt(context, relay.host)
        session.introduce()
        if relay.password:
            session.log_in(relay.user, relay.password)
        yield session
        session.leave()


class Session:
    """One conversation. Methods raise `RelayTrouble` when it cannot go on, `hand_over` and `leave` never."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._offers: dict[str, str] = {}
        self._given = False

    def greet(self) -> None:
        reply = self._reply()
        if not reply.is_yes:
            raise RelayTrouble(reply.clause)

    def introduce(self) -> None:
        """EHLO, and what the relay offers."""
        self._wire.send(f"EHLO {self._wire.literal}\r\n".encode())
        lines = self._lines()
        first = _said(lines[-1:])
        if not first.is_yes:
            raise RelayTrouble(first.clause)
        self._offers = dict(_offer(text) for _, text in lines[1:])

    def start_tls(self) -> None:
        """Ask for encryption; without it nothing else is said (RFC 3207 §6: somebody may have taken it out)."""
        self.introduce()
        if "STARTTLS" not in self._offers:
            raise RelayTrouble("le serveur d'envoi ne propose pas de chiffrer, et rien ne part en clair")
        reply = self._ask("STARTTLS")
        if not reply.is_yes:
            raise RelayTrouble(f"le serveur d'envoi refuse de chiffrer{NBSP}: {reply.clause}")

    def log_in(self, user: str, password: str) -> None:
        """The password is tried once, by the first way known of those offered: a second wrong try can lock an account.

        Proving it comes first. A relay that offers this and cannot do it for this account (many list whatever their
        library knows) says so before it heard a proof; the next way is then the first one tried.
        """
        ways = self._offers.get("AUTH", "").upper().split()
        exchange = scram.exchange(user, password) if scram.NAME in ways else None
        others = not {"PLAIN", "LOGIN"}.isdisjoint(ways)
        reply = self._prove(exchange, or_else=others) if exchange else None
        if reply is None and "PLAIN" in ways:
            reply = self._ask(f"AUTH PLAIN {_plain(user, password)}")
        elif reply is None and "LOGIN" in ways:
            reply = self._dialogue("AUTH LOGIN", _secret(user), _secret(password))
        if reply is None:
            raise RelayTrouble("le serveur d'envoi ne propose aucune façon connue de s'identifier")
        if reply.code != _LOGGED_IN:
            raise RelayTrouble(_not_logged_in(reply, (password, _secret(password), _plain(user, password))))

    def hand_over(self, sender: str, recipients: tuple[str, ...], message: bytes) -> Handed:
        """Give one message for some recipients, in one transaction; an answer for each, whatever happens."""
        answers: dict[str, Answer] = {}
        trouble = ""
        try:
            self._transact(sender, recipients, _canonical(message), answers)
        except RelayTrouble as error:
            trouble = str(error)
            for recipient in recipients:
                answers.setdefault(recipient, Answer(State.WAITING, trouble, self._given))
        return Handed({recipient: answers[recipient] for recipient in recipients}, trouble)

    def leave(self) -> None:
        """QUIT; nobody minds what comes back."""
        with suppress(RelayTrouble):
            self._wire.hurry(GOODBYE_SECONDS)
            self._ask("QUIT")

    def _transact(
        self, sender: str, recipients: tuple[str, ...], content: bytes, answers: dict[str, Answer]
    ) -> None:
        """Fills `answers`, all of them unless it raises."""
        spelt = {recipient: self._spelt(recipient) for recipient in recipients}
        answers |= {each: _never(why) for each, (_, why) in spelt.items() if why}
        spoken = {each: address for each, (address, why) in spelt.items() if not why}
        origin, why = self._spelt(sender)
        if why := why or self._unfit(content):
            answers |= dict.fromkeys(spoken, _never(why))
        if why or not spoken:
            return
        begun = self._ask(f"MAIL FROM:<{origin}>{self._parameters(content, [origin, *spoken.values()])}")
        if not begun.is_yes:
            answers |= dict.fromkeys(spoken, _answer(begun))
            return
        accepted = self._name(spoken, answers)
        if accepted:
            final = self._give(content)
            answers |= dict.fromkeys(accepted, _answer(final))
            _mind_closing(final)

    def _name(self, spoken: dict[str, str], answers: dict[str, Answer]) -> list[str]:
        """The recipients accepted; the others have their answer."""
        accepted = []
        for recipient, address in spoken.items():
            reply = self._ask(f"RCPT TO:<{address}>")
            if reply.is_yes:
                accepted.append(recipient)
            else:
                answers[recipient] = _answer(reply)
        return accepted

    def _give(self, content: bytes) -> Reply:
        """The content itself, and the answer that settles it."""
        ready = self._ask("DATA")
        if ready.is_yes:
            raise RelayTrouble(_NO_MAIL_SERVER)
        if ready.code != _START_INPUT:
            return ready
        self._wire.send(_stuffed(content))
        self._given = True
        reply = self._reply()
        # « Closing » is an answer here: the message was not taken.
        self._given = False
        return reply

    def _spelt(self, address: str) -> tuple[str, str]:
        """An address as this relay may hear it, or why it may not."""
        local, _, domain = address.rpartition("@")
        if not local or _ADDRESS_NEVER.search(address):
            return "", "cette adresse ne peut pas exister"
        if not local.isascii() and "SMTPUTF8" not in self._offers:
            return "", "le serveur d'envoi n'accepte pas les adresses accentuées"
        try:
            return f"{local}@{ascii_name(domain)}", ""
        except (RefusedError, ValueError):
            return "", "cette adresse ne peut pas exister"

    def _unfit(self, content: bytes) -> str:
        """Why this relay cannot take this content; usually empty."""
        most = self._offers.get("SIZE", "")
        # RFC 1870 §4: 0, or nothing, promises nothing.
        if most.isdecimal() and 0 < int(most) < len(content):
            return f"le message dépasse la taille que le serveur d'envoi accepte ({int(most) // 1024} Kio)"
        if not content.isascii() and "8BITMIME" not in self._offers:
            return "le serveur d'envoi n'accepte pas les messages écrits sur 8 bits"
        return ""

    def _parameters(self, content: bytes, addresses: list[str]) -> str:
        """What follows the sender, of what is offered and needed."""
        words = [
            f"SIZE={len(content)}" if "SIZE" in self._offers else "",
            "" if content.isascii() else "BODY=8BITMIME",
            "" if all(address.isascii() for address in addresses) else "SMTPUTF8",
        ]
        return "".join(f" {word}" for word in words if word)

    def _prove(self, exchange: scram.Exchange, *, or_else: bool) -> Reply | None:
        """The answer that settles it; None when no proof was tried and another way may be: `or_else` says so."""
        begun, challenge = self._challenged(f"AUTH {scram.NAME} {_in_base64(exchange.first)}")
        if begun.is_yes:
            raise RelayTrouble(scram.NOT_PROVED)
        if begun.code != _GO_ON:
            return None if begun.code // 100 == 5 and or_else else begun
        proof = exchange.answer(challenge)
        ended, verdict = self._challenged(_in_base64(proof.last))
        if ended.code == _GO_ON or ended.is_yes:
            proof.believe(verdict)
        # RFC 4954 §4: what a relay proves it says before its yes, and waits for an empty line.
        return self._ask("") if ended.code == _GO_ON else ended

    def _challenged(self, command: str) -> tuple[Reply, bytes]:
        """The answer to one command, and what its last line holds in base64; nothing when it holds none."""
        self._wire.send(f"{command}\r\n".encode())
        lines = self._lines()
        reply = _said(lines)
        _mind_closing(reply)
        try:
            return reply, b64decode(lines[-1][1].strip(), validate=True)
        except NotBase64:
            return reply, b""

    def _dialogue(self, *words: str) -> Reply:
        """Word after word, as long as the relay asks for more."""
        reply = self._ask(words[0])
        for word in words[1:]:
            if reply.code != _GO_ON:
                break
            reply = self._ask(word)
        return reply

    def _ask(self, command: str) -> Reply:
        """One command and its answer.

        Raises:
            RelayTrouble: also when the relay says that it leaves.
        """
        self._wire.send(f"{command}\r\n".encode())
        reply = self._reply()
        _mind_closing(reply)
        return reply

    def _reply(self) -> Reply:
        return _said(self._lines())

    def _lines(self) -> list[tuple[int, bytes]]:
        """The lines of one reply, one at least: code and text."""
        lines: list[tuple[int, bytes]] = []
        while len(lines) < MOST_LINES:
            found = _REPLY.fullmatch(self._wire.line())
            if found is None:
                break
            lines.append((int(found[1]), found[3] or b""))
            if found[2] != b"-":
                logger.debug("the relay answers %s", found[1].decode())
                return lines
        raise RelayTrouble(_NO_MAIL_SERVER)


def _said(lines: list[tuple[int, bytes]]) -> Reply:
    return Reply(lines[-1][0], clean(b" ".join(text.strip() for _, text in lines)))


def _offer(text: bytes) -> tuple[str, str]:
    """« AUTH PLAIN LOGIN » and, as old servers wrote it, « AUTH=PLAIN LOGIN »."""
    word, _, rest = text.decode("ascii", "replace").replace("=", " ", 1).strip().partition(" ")
    return word.upper(), rest.strip()


def _answer(reply: Reply) -> Answer:
    """What a reply to a transaction settles. RFC 5321 §4.2.1: 4 is not now, 5 is never."""
    if reply.is_yes:
        return Answer(State.SENT, reply.clause)
    lasting = reply.code >= 500 and reply.code != _LOG_IN_FIRST
    return Answer(State.REFUSED if lasting else State.WAITING, reply.clause)


def _never(clause: str) -> Answer:
    return Answer(State.REFUSED, clause)


def _mind_closing(reply: Reply) -> None:
    if reply.code == _SERVICE_CLOSING:
        raise RelayTrouble(reply.clause)


def _in_base64(data: bytes) -> str:
    return b64encode(data).decode()


def _secret(text: str) -> str:
    return _in_base64(text.encode())


def _plain(user: str, password: str) -> str:
    """RFC 4616 §2."""
    return _secret(f"\0{user}\0{password}")


def _not_logged_in(reply: Reply, secrets: tuple[str, ...]) -> str:
    """Without the relay's words where they repeat what must not be written down."""
    shown = Reply(reply.code, "" if any(secret in reply.text for secret in secrets) else reply.text)
    # RFC 4954 §6: 454, not now.
    if reply.code // 100 == 4:
        return f"le serveur d'envoi ne peut pas vérifier le compte en ce moment{NBSP}: {shown.clause}"
    return f"le serveur d'envoi refuse le compte ou le mot de passe{NBSP}: {shown.clause}"


def _canonical(message: bytes) -> bytes:
    """CRLF alone ends a line, and the last one ends (RFC 5321 §2.3.8)."""
    lines = _LINE_END.sub(b"\r\n", message)
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _stuffed(content: bytes) -> bytes:
    """With dots doubled at the beginning of lines, and the final one (RFC 5321 §4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", content) + b".\r\n"
