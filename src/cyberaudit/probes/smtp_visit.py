"""Everything that is asked of one mail server: a conversation, one more a TLS version, and one for what is left."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.mail_servers import VERSIONS, SmtpSession, VersionAnswer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.smtp import Caller, Dial, Met, Trials, converse, dial_for_hello, greet, try_out
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.hello import sni

# One to talk, one a version, those turned away once more, one for what is tried where encryption breaks.
MOST_CONNECTIONS = 2 + 2 * len(VERSIONS)
# Ours: most have greeted by then; the others, as postscreen with its six seconds, let one wait each time.
LATE_SECONDS = 1.0
# A handshake that ended so says nothing of other versions; after silence, more of it is to be expected.
_TOLD = {Reason.TLS_FAILURE, Reason.RESET, Reason.PROTOCOL_ERROR}


class DialFor(Protocol):
    """Opens a connection: an ordinary one, or for an intrusive test."""

    def __call__(self, test: str = "") -> Coroutine[Any, Any, Stream | Unreachable]: ...


class _Ahead:
    """Connections for hellos, begun while the first conversation is late: what each one waits for overlaps.

    A newest version that is granted leaves as many to ask for. What nobody took is closed.
    """

    def __init__(self, dial: Dial) -> None:
        self._dial = dial
        self._loop = asyncio.get_running_loop()
        self._begun: list[asyncio.Future[Stream | Unreachable]] = []
        self._timer: asyncio.TimerHandle | None = None
        self.since: float | None = None
        """When they were begun, as the loop counts; None: nothing was late."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.begin_no_more()
        for task in self._begun:
            task.cancel()
            task.add_done_callback(_close)

    def begin_when_late(self) -> None:
        """From now on: whoever does not even open a connection is not offered more of them."""
        self._timer = self._loop.call_later(LATE_SECONDS, self._begin)

    def begin_no_more(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def dial(self) -> Stream | Unreachable:
        """One that was begun, or a new one."""
        return await (self._begun.pop(0) if self._begun else self._dial())

    def _begin(self) -> None:
        self.since = self._loop.time()
        self._begun = [asyncio.ensure_future(self._dial()) for _ in VERSIONS[1:]]


def _close(task: "asyncio.Future[Stream | Unreachable]") -> None:
    """What came all the same, before the task could be stopped."""
    if not task.cancelled() and task.exception() is None and isinstance(stream := task.result(), Stream):
        stream.close()


async def visit(dial: DialFor, caller: Caller, *, host: str, trials: Trials) -> SmtpSession | Unreachable:
    """The whole session, or why the first conversation came to nothing: no hello is said on any other then."""
    with _Ahead(partial(dial_for_hello, dial, caller)) as ahead:
        met = await _first(dial, caller, ahead=ahead, host=host, trials=trials)
        ahead.begin_no_more()
        if isinstance(met, Unreachable):
            return met
        session = met.session
        if _may_ask_versions(met):
            session = replace(session, versions=await _versions(ahead, caller, session, host=host))
        elif isinstance(session.tls, Unreachable):
            session = replace(session, versions=session.tls)
    if isinstance(session.tls, Unreachable) and trials.any:
        session = await _tried_in_clear(dial, caller, session, trials)
    return session


async def _first(
    dial: DialFor, caller: Caller, *, ahead: _Ahead, host: str, trials: Trials
) -> Met | Unreachable:
    stream = await dial()
    if isinstance(stream, Unreachable):
        return stream
    ahead.begin_when_late()
    with stream:
        return await converse(stream, caller, host=host, trials=trials)


def _may_ask_versions(met: Met) -> bool:
    tls = met.session.tls
    return isinstance(tls, TlsSession) or (isinstance(tls, Unreachable) and met.begun and tls.reason in _TOLD)


async def _versions(
    ahead: _Ahead, caller: Caller, session: SmtpSession, *, host: str
) -> tuple[VersionAnswer, ...]:
    # Imported here: a server without encryption has no use for it.
    from cyberaudit.probes.tls_versions import version_answers

    seen = session.tls.version if isinstance(session.tls, TlsSession) else ""
    return await version_answers(
        ahead.dial,
        server_name=sni(host),
        seen=seen,
        within=caller.patience.handshake,
        begun=ahead.since,
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
