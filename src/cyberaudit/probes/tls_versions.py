"""Which TLS versions a server accepts, asked one connection a version, side by side, with hellos packed by hand."""

import asyncio
from collections.abc import Awaitable, Callable

from cyberaudit.facts.mail_servers import VERSIONS, VersionAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.stream import Stream
from cyberaudit.probes.tls.asking import LASTING, VAGUE_ALERTS, Asker, Heard, Pace
from cyberaudit.probes.tls.flight import Alert, ServerFlight
from cyberaudit.probes.tls.hello import TLS10, TLS11, TLS12, TLS13
from cyberaudit.probes.tls.offers import Offers

# Ours: a server that needs longer than that for its greetings is not waited for once more, one after the other.
QUICK_SECONDS = 4.0
_CODES = dict(zip(VERSIONS, (TLS10, TLS11, TLS12, TLS13), strict=True))

DialForHello = Callable[[], Awaitable[Stream | Unreachable]]
"""A new connection whose next bytes are to be a ClientHello."""


@frozen
class _TurnedAway:
    """The server did not let us come as far as the hello: « 421 too many connections », or cut before."""

    cause: Unreachable


async def version_answers(
    dial: DialForHello, *, server_name: str | None, seen: str, within: float, begun: float | None = None
) -> tuple[VersionAnswer, ...]:
    """Each version, oldest first.

    Args:
        dial: opens a connection ready for a hello.
        server_name: sent as it is (SNI).
        seen: what a handshake that offered every version ended with, and is not asked again: newer ones are refused
            then. Empty when no handshake ended: all are asked.
        within: seconds for each answer.
        begun: since when these connections have been under way, as the loop counts; None: none of them is yet.
    """
    known = _known(seen)
    missing = [version for version in VERSIONS if version not in known]

    async def ask(version: str) -> "bool | Unreachable | _TurnedAway":
        return await _asked(dial, version, server_name=server_name, within=within)

    clock = asyncio.get_running_loop().time
    begun = clock() if begun is None else begun
    found = dict(zip(missing, await asyncio.gather(*map(ask, missing)), strict=True))
    asks_again = clock() - begun < QUICK_SECONDS
    answers = known | await _without_crowd(found, ask, asks_again=asks_again)
    return tuple(VersionAnswer(version, answers[version]) for version in VERSIONS)


def _known(seen: str) -> dict[str, bool | Unreachable]:
    """A server picks the best version it has (RFC 8446 §4.2.1, RFC 5246 §E.1): what is above was refused."""
    if seen not in VERSIONS:
        return {}
    return {version: version == seen for version in VERSIONS[VERSIONS.index(seen) :]}


async def _without_crowd(
    found: "dict[str, bool | Unreachable | _TurnedAway]",
    ask: "Callable[[str], Awaitable[bool | Unreachable | _TurnedAway]]",
    *,
    asks_again: bool,
) -> dict[str, bool | Unreachable]:
    """Those that were turned away once more, one at a time; the first one turned away again ends it."""
    settled: dict[str, bool | Unreachable] = {}
    for version, first in found.items():
        answer = first
        if isinstance(answer, _TurnedAway) and asks_again and answer.cause.reason not in LASTING:
            answer = await ask(version)
        if isinstance(answer, _TurnedAway):
            settled[version], asks_again = answer.cause, False
        else:
            settled[version] = answer
    return settled


async def _asked(
    dial: DialForHello, version: str, *, server_name: str | None, within: float
) -> bool | Unreachable | _TurnedAway:
    stream = await dial()
    if isinstance(stream, Unreachable):
        return _TurnedAway(stream)

    async def ready() -> Stream:
        return stream

    code = _CODES[version]
    # Few suites and no more extensions than needed: some old boxes cut the line on a long hello.
    offers = Offers(server_name, is_short=True, is_plain=True)
    with stream:
        asker = Asker(ready, Pace(hello_seconds=within))
        asker.wants_whole = False
        heard = await asker.once(offers.hello(code, offers.suites(code)[0]))
    return _is_accepted(heard, code)


def _is_accepted(heard: Heard, code: int) -> bool | Unreachable:
    """An alert is a « no », an answer in another version too; a cut or silent line is neither."""
    match heard:
        case ServerFlight():
            return heard.version == code
        case Alert() if heard.code not in VAGUE_ALERTS:
            return False
        case Alert():
            return Unreachable(Reason.TLS_FAILURE, f"alerte {heard.code}")
        case Unreachable():
            return heard
        case _:
            return Unreachable(Reason.PROTOCOL_ERROR, "la réponse n'est pas celle d'un serveur TLS")
