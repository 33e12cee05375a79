"""What is tried of a mail server only where it was signed for: does it relay, does it name its users. Never DATA."""

import secrets

from cyberaudit.facts.mail_servers import RelayTrial, UserAnswers
from cyberaudit.model import Unreachable
from cyberaudit.probes.smtp import Reply, command
from cyberaudit.probes.stream import Stream

# RFC 2606: nobody owns these names, so that nothing could reach anybody.
RECIPIENT = "controle@relais.example"
# A server may refuse the first one because its domain does not exist; a bounce has no domain (RFC 5321 §4.5.5).
SENDERS = ("controle@cyberaudit.invalid", "")
# RFC 5321 §4.5.1: every server that takes mail has it.
EVERYBODYS = "postmaster"


async def relay_trial(stream: Stream, *, within: float) -> RelayTrial | Unreachable:
    """MAIL, RCPT, RSET, with each sender until one is let through or the server says that it does not relay.

    The first refusal stands when the server does not want to hear of a second sender.
    """
    refused: RelayTrial | None = None
    for sender in SENDERS:
        trial = await _offered(stream, sender, within=within)
        if isinstance(trial, Unreachable):
            return refused or trial
        if trial.accepted or _is_firm(trial.reply):
            return trial
        refused = trial
    assert refused is not None
    return refused


async def _offered(stream: Stream, sender: str, *, within: float) -> RelayTrial | Unreachable:
    reply = await _asked(stream, f"MAIL FROM:<{sender}>", within=within)
    accepted = False
    if isinstance(reply, Reply) and _is_yes(reply):
        reply = await _asked(stream, f"RCPT TO:<{RECIPIENT}>", within=within)
        accepted = isinstance(reply, Reply) and _is_yes(reply)
    if isinstance(reply, Unreachable):
        return reply
    await _asked(stream, "RSET", within=within)
    return RelayTrial(accepted=accepted, sender=sender, recipient=RECIPIENT, reply=str(reply))


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
    """« Relay access denied », « 530 authentication required »: another sender changes nothing."""
    return "rela" in reply.lower() or reply.startswith("530")


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
