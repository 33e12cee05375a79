"""Everything that is asked of one mail server: a conversation, one more a TLS version, and one for what is left."""

from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_servers import VERSIONS, SmtpSession, VersionAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.smtp import Caller, Met, Trials, converse, dial_for_hello, greet, try_out
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls_client import sni

# One to talk, one a version, those turned away once more, one for what is tried where encryption breaks.
MOST_CONNECTIONS = 2 + 2 * len(VERSIONS)
# A handshake that ended so says nothing of other versions; after silence, more of it is to be expected.
_TOLD = {Reason.TLS_FAILURE, Reason.RESET, Reason.PROTOCOL_ERROR}


class DialFor(Protocol):
    """Opens a connection: an ordinary one, or for an intrusive test."""

    def __call__(self, test: str = "") -> Coroutine[Any, Any, Stream | Unreachable]: ...


async def visit(dial: DialFor, caller: Caller, *, host: str, trials: Trials) -> SmtpSession | Unreachable:
    """The whole session, or why the first conversation came to nothing: no other is begun then."""
    met = await _first(dial, caller, host=host, trials=trials)
    if isinstance(met, Unreachable):
        return met
    session = met.session
    if _may_ask_versions(met):
        session = replace(session, versions=await _versions(dial, caller, session, host=host))
    elif isinstance(session.tls, Unreachable):
        session = replace(session, versions=session.tls)
    if isinstance(session.tls, Unreachable) and trials.any:
        session = await _tried_in_clear(dial, caller, session, trials)
    return session


async def _first(dial: DialFor, caller: Caller, *, host: str, trials: Trials) -> Met | Unreachable:
    stream = await dial()
    if isinstance(stream, Unreachable):
        return stream
    with stream:
        return await converse(stream, caller, host=host, trials=trials)


def _may_ask_versions(met: Met) -> bool:
    tls = met.session.tls
    return isinstance(tls, TlsSession) or (isinstance(tls, Unreachable) and met.begun and tls.reason in _TOLD)


async def _versions(
    dial: DialFor, caller: Caller, session: SmtpSession, *, host: str
) -> tuple[VersionAnswer, ...]:
    # Imported here: a server without encryption has no use for it.
    from cyberaudit.probes.tls_versions import version_answers

    seen = session.tls.version if isinstance(session.tls, TlsSession) else ""
    return await version_answers(
        partial(dial_for_hello, dial, caller),
        server_name=sni(host),
        seen=seen,
        within=caller.patience.handshake,
    )


async def _tried_in_clear(dial: DialFor, caller: Caller, session: SmtpSession, trials: Trials) -> SmtpSession:
    stream = await dial("smtp-relay" if trials.relay is None else "smtp-users")
    if isinstance(stream, Unreachable):
        return session
    with stream:
        greeting = await greet(stream, caller)
        if isinstance(greeting, Unreachable):
            return session
        relay, users = await try_out(stream, caller, trials)
    return replace(session, relay=relay, users=users)
