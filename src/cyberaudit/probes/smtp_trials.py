"""What is tried of a mail server only where it was signed for: does it relay, does it name its users. Never DATA."""

import re
import secrets

from cyberaudit.facts.mail_servers import UNDECIDED, RelayTrial, UserAnswers
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.smtp import Reply, command
from cyberaudit.probes.stream import Stream

# RFC 2606: nobody owns these names, so that nothing could reach anybody. Neither holds the word « relay », which is
# looked for in answers that repeat them.
RECIPIENT = "controle@ailleurs.example"
# A server may refuse the first one because its domain does not exist; a bounce has no domain (RFC 5321 §4.5.5).
SENDERS = ("controle@cyberaudit.invalid", "")
# RFC 5321 §4.5.1: every server that takes mail has it.
EVERYBODYS = "postmaster"
_WORD = re.compile(r"[^\s<>()\[\]:;,\"'«»]+")
_RELAY = re.compile(r"rela(y|ys|yed|ying|yer|yé|yage|is)")
# RFC 3463 §3.2: the sender's address is what is wrong with 5.1.7 and 5.1.8.
_ABOUT_SENDER = re.compile(r"5\d\d[ -]5\.1\.[78]\b")
# Words of those who refuse us, wherever we send to: our address is on a list, or our name displeases.
_ABOUT_US = re.compile(
    r"client host|\bhelo\b|spamhaus|\brbl\b|dnsbl|black ?list|block ?list|blocked|reputation", re.IGNORECASE
)


async def relay_trial(stream: Stream, *, within: float) -> RelayTrial | Unreachable:
    """MAIL, RCPT, RSET, with each sender until one is let through or the server says that it does not relay.

    `protocol-error` when it says neither yes nor no about the recipient: « later » (4xx), or no sender was let in. The
    refusal of the recipient stands when the server does not want to hear of a second sender.
    """
    refused: RelayTrial | None = None
    said = ""
    for sender in SENDERS:
        trial, asked = await _offered(stream, sender, within=within)
        if isinstance(trial, Unreachable):
            return refused or trial
        if trial.accepted or _is_firm(trial.reply):
            return trial
        said = trial.reply
        if asked and not (is_later(said) or _ABOUT_SENDER.match(said) or _ABOUT_US.search(said)):
            refused = trial
    # Its last word counts: a server that says « later » to a bounce has not refused yet.
    return refused if refused and not is_later(said) else _undecided(said)


def is_later(reply: str) -> bool:
    """RFC 5321 §4.2.1: 4xx, a refusal that may not last."""
    return reply.startswith("4")


def _undecided(said: str) -> Unreachable:
    return Unreachable(Reason.PROTOCOL_ERROR, f"{UNDECIDED} : {said}")


async def _offered(stream: Stream, sender: str, *, within: float) -> tuple[RelayTrial | Unreachable, bool]:
    """What came of it, and whether the recipient was asked about at all."""
    reply = await _asked(stream, f"MAIL FROM:<{sender}>", within=within)
    asked = isinstance(reply, Reply) and _is_yes(reply)
    if asked:
        reply = await _asked(stream, f"RCPT TO:<{RECIPIENT}>", within=within)
    if isinstance(reply, Unreachable):
        return reply, asked
    await _asked(stream, "RSET", within=within)
    accepted = asked and _is_yes(reply)
    return RelayTrial(accepted=accepted, sender=sender, recipient=RECIPIENT, reply=str(reply)), asked


async def _asked(stream: Stream, text: str, *, within: float) -> Reply | Unreachable:
    reply = await command(stream, text, within=within)
    if (
        isinstance(reply, Reply) and reply.code == 421
    ):  # RFC 5321 §3.8: it hangs up, and says nothing of the command
        return reply.unexpected
    return reply


def _is_yes(reply: Reply) -> bool:
    return 200 <= reply.code < 300


def _is_firm(reply: str) -> bool:
    """« Relay access denied », « 530 authentication required »: another sender changes nothing.

    The word counts by itself, not inside a name or an address that the server repeats.
    """
    words = (word.rstrip(".!?") for word in _WORD.findall(reply.lower()))
    return reply.startswith("530") or (reply.startswith("5") and any(map(_RELAY.fullmatch, words)))


async def user_answers(stream: Stream, *, within: float) -> UserAnswers | Unreachable:
    """VRFY and EXPN of a name that exists, and of one that does not only where the first was granted."""
    verified = await _pair(stream, "VRFY", within=within)
    if isinstance(verified, Unreachable):
        return verified
    expanded = await _pair(stream, "EXPN", within=within)
    if isinstance(expanded, Unreachable):
        return expanded
    return UserAnswers(verified=verified, expanded=expanded)


async def _pair(stream: Stream, verb: str, *, within: float) -> tuple[int, int] | Unreachable:
    known = await _asked(stream, f"{verb} {EVERYBODYS}", within=within)
    if isinstance(known, Unreachable):
        return known
    # RFC 5321 §3.5.3: 252 confirms nothing.
    if known.code not in (250, 251):
        return known.code, 0
    stranger = await _asked(stream, f"{verb} {secrets.token_hex(8)}", within=within)
    return stranger if isinstance(stranger, Unreachable) else (known.code, stranger.code)
