"""The handshakes with one TLS server, for what they alone show: all its certificates, tickets, stapling, early data."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.tls_endpoint import SessionOptions, TlsServer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.handshake import Handshake
from cyberaudit.probes.tls.handshake12 import handshake12
from cyberaudit.probes.tls.handshake13 import handshake13
from cyberaudit.probes.tls.server import Asked
from cyberaudit.probes.tls.signatures import USUAL
from cyberaudit.probes.tls.survey import Survey
from cyberaudit.probes.tls_client import session_of

# RFC 8446 §4.2.3: how a certificate of each kind may sign; a server with two shows the other one.
RSA_SCHEMES = (0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B)
ECDSA_SCHEMES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808)
_UNSEEN = Unreachable(Reason.NOT_LOOKED)
# Ours: a limit of some connections a second lets one of these through.
_PAUSES = (1.0, 2.0)
_PASSING = {Reason.RESET, Reason.TIMEOUT, Reason.REFUSED}
_OLDER = ("TLSv1.2", "TLSv1.1", "TLSv1")


async def shaken(
    opener: Opener, asked: Asked, found: Survey, *, renegotiate: Opener | None = None
) -> TlsServer:
    """What the survey found, with what the handshakes show. `renegotiate`: as for `ask_server`."""
    shakes = await _Shakes(opener, asked, found).all(renegotiate)
    sessions, trouble = _sessions(asked, shakes.chains())
    return TlsServer(
        address=asked.address,
        met=found.met,
        versions=found.versions,
        groups=found.groups,
        dh_groups=found.dh_groups,
        signature_schemes=_schemes(found, shakes.done),
        sessions=sessions,
        unseen_certificate=trouble or shakes.missing() or (None if sessions else shakes.cause()),
        without_name=_one_session(replace(asked, server_name=None), shakes.nameless),
        options=_options(found.options, shakes),
        complete=found.complete,
        hellos=found.hellos,
        connections=found.connections + shakes.connections,
    )


@frozen
class _Chain:
    """Certificates as sent, and the handshake that showed them."""

    sent: tuple[bytes, ...]
    version: str
    cipher: str
    timestamps: int | Unreachable
    """Of Certificate Transparency, beside the certificates."""


Shaken = Handshake | Alert | Unreachable


class _Shakes:
    """The handshakes with one server: few, and side by side as far as its pace allows, for none waits for another."""

    def __init__(self, opener: Opener, asked: Asked, found: Survey) -> None:
        self.done: list[Handshake] = []
        self.nameless: tuple[bytes, ...] | Unreachable = found.nameless
        self.renegotiated: bool | Unreachable = Unreachable(Reason.NOT_LOOKED)
        self.connections = 0
        self._opener, self._asked, self._found = opener, asked, found
        self._troubles: list[Alert | Unreachable] = []
        self._modern = False
        self._room = asyncio.Semaphore(asked.pace.at_once)
        self._alone = asyncio.Lock()
        self._in_vain = False

    async def all(self, renegotiate: Opener | None) -> "_Shakes":
        """What speaks only TLS 1.3 shows its certificates here alone; the others showed some in clear."""
        accepted = {offer.version for offer in self._found.versions if offer.accepted is True}
        self._modern, older = "TLSv1.3" in accepted, bool(accepted.intersection(_OLDER))
        alone = self._modern and not older
        name = self._asked.server_name
        first, rsa, ecdsa, nameless, in_clear = await asyncio.gather(
            self._shake13(wanted=self._modern, name=name),
            self._shake13(wanted=self._modern, name=name, schemes=RSA_SCHEMES),
            self._shake13(wanted=self._modern, name=name, schemes=ECDSA_SCHEMES),
            self._shake13(wanted=alone and name is not None, name=None),
            self._shake12(renegotiate, wanted=older),
        )
        for shaken in (first, rsa, ecdsa, in_clear):
            self._keep(shaken)
        if alone:
            self.nameless = _certificates(first if name is None else nameless)
        return self

    async def _shake13(
        self, *, wanted: bool, name: str | None, schemes: tuple[int, ...] = USUAL
    ) -> Shaken | None:
        if not wanted:
            return None
        within = self._asked.pace.hello_seconds
        return await self._again(
            lambda: handshake13(self._opener, server_name=name, within=within, schemes=schemes)
        )

    async def _shake12(self, renegotiate: Opener | None, *, wanted: bool) -> Shaken | None:
        if not wanted:
            return None
        name, within = self._asked.server_name, self._asked.pace.hello_seconds
        self.renegotiated = Unreachable(Reason.NOT_AUTHORIZED)
        if renegotiate is not None:
            shaken = await handshake12(renegotiate, server_name=name, within=within, renegotiate=True)
            if not isinstance(shaken, Unreachable) or shaken.reason is not Reason.NOT_AUTHORIZED:
                self.connections += 1
                self.renegotiated = _renegotiated(shaken)
                return shaken
        return await self._again(lambda: handshake12(self._opener, server_name=name, within=within))

    async def _again(self, shake: Callable[[], Awaitable[Shaken]]) -> Shaken:
        """One handshake; what a limiter cut is begun again, alone and later, until that was in vain once."""
        self.connections += 1
        async with self._room:
            shaken = await shake()
        if self._found.complete is not True or not _is_cut(shaken):
            return shaken
        async with self._alone:
            for pause in () if self._in_vain else _PAUSES:
                await asyncio.sleep(pause)
                self.connections += 1
                shaken = await shake()
                if not _is_cut(shaken):
                    return shaken
            self._in_vain = True
        return shaken

    def _keep(self, shaken: Shaken | None) -> None:
        """An alert only says that there is no certificate of that kind."""
        if isinstance(shaken, Handshake):
            self.done.append(shaken)
        elif shaken is not None:
            self._troubles.append(shaken)

    def missing(self) -> Unreachable | None:
        """Why a certificate may be there that was not shown; a cut line says less than any other trouble."""
        troubles = [trouble for trouble in self._troubles if isinstance(trouble, Unreachable)]
        return next(iter(sorted(troubles, key=_is_cut)), None)

    def sees_tickets_of_all(self) -> bool:
        """TLS 1.3 gives other tickets than TLS 1.2, and early data with them."""
        versions = {each.version for each in self.done if not isinstance(each.tickets, Unreachable)}
        return bool(versions) and ("TLSv1.3" in versions or not self._modern)

    def untold(self) -> Unreachable | None:
        """Why the tickets of a handshake did not come, as far as the server was asked for them."""
        causes = [each.tickets for each in self.done if isinstance(each.tickets, Unreachable)]
        return next((cause for cause in causes if cause.reason is not Reason.NOT_LOOKED), None)

    def chains(self) -> tuple[_Chain, ...]:
        """Each different certificate once: of the newest handshake first."""
        shown = [
            _Chain(each.certificates, each.version, suite(each.suite).name, each.timestamps)
            for each in self.done
        ]
        accepted = [offer.version for offer in self._found.versions if offer.accepted is True]
        in_clear = next(filter(_is_older, reversed(accepted)), "")
        shown += [_Chain(sent, in_clear, "", _UNSEEN) for sent in self._found.flights]
        distinct = {chain.sent[0]: chain for chain in reversed(shown) if chain.sent}
        return tuple(dict.fromkeys(distinct[chain.sent[0]] for chain in shown if chain.sent))

    def cause(self) -> Unreachable:
        trouble = next(iter(self._troubles), None)
        return Unreachable(Reason.TLS_FAILURE, "aucun certificat") if trouble is None else _trouble(trouble)


def _is_cut(shaken: Shaken) -> bool:
    return isinstance(shaken, Unreachable) and shaken.reason in _PASSING


def _is_older(version: str) -> bool:
    return version != "TLSv1.3"


def _renegotiated(shaken: Shaken) -> bool | Unreachable:
    return shaken.renegotiated if isinstance(shaken, Handshake) else _trouble(shaken)


def _trouble(shaken: Alert | Unreachable) -> Unreachable:
    if isinstance(shaken, Alert):
        return Unreachable(Reason.TLS_FAILURE, f"alerte {shaken.code}")
    return shaken


def _certificates(shaken: Shaken | None) -> tuple[bytes, ...] | Unreachable:
    if isinstance(shaken, Handshake):
        return shaken.certificates
    return Unreachable(Reason.NOT_LOOKED) if shaken is None else _trouble(shaken)


def _one_session(asked: Asked, sent: tuple[bytes, ...] | Unreachable) -> TlsSession | Unreachable:
    return sent if isinstance(sent, Unreachable) else _session(asked, _Chain(sent, "", "", _UNSEEN))


def _session(asked: Asked, chain: _Chain) -> TlsSession | Unreachable:
    return session_of(
        chain.sent,
        version=chain.version,
        cipher=chain.cipher,
        host=asked.host,
        trust=asked.trust(),
        now=asked.now,
        timestamps=chain.timestamps,
    )


def _sessions(asked: Asked, chains: Iterable[_Chain]) -> tuple[tuple[TlsSession, ...], Unreachable | None]:
    """Every certificate that could be read, and why the first of the others could not."""
    read = [_session(asked, chain) for chain in chains]
    troubles = [each for each in read if isinstance(each, Unreachable)]
    return tuple(each for each in read if isinstance(each, TlsSession)), next(iter(troubles), None)


def _schemes(found: Survey, done: Sequence[Handshake]) -> tuple[int, ...] | Unreachable:
    """Those of the survey, and those TLS 1.3 was seen to use."""
    modern = tuple(each.signature_scheme for each in done if each.signature_scheme)
    if isinstance(found.signature_schemes, Unreachable):
        return tuple(dict.fromkeys(modern)) or found.signature_schemes
    return tuple(dict.fromkeys((*found.signature_schemes, *modern)))


def _options(options: SessionOptions, shakes: _Shakes) -> SessionOptions:
    """What the survey could not see stands in the handshakes."""
    read = [each.tickets for each in shakes.done if not isinstance(each.tickets, Unreachable)]
    given = [ticket for tickets in read for ticket in tickets]
    unseen = shakes.missing() or shakes.untold() or Unreachable(Reason.NOT_LOOKED)
    sees = shakes.sees_tickets_of_all()
    modern = [each for each in shakes.done if each.version == "TLSv1.3"]
    return replace(
        options,
        client_renegotiation=shakes.renegotiated,
        tickets=bool(given) if sees else unseen,
        ticket_seconds=max((ticket.seconds for ticket in given), default=0) if sees else unseen,
        early_data=max((ticket.early_data for ticket in given), default=0) if sees else unseen,
        stapling=_either(options.stapling, [each.stapled for each in shakes.done]),
        client_certificate=_either(options.client_certificate, [each.wants_certificate for each in modern]),
    )


def _either(seen: bool | Unreachable, modern: Sequence[bool]) -> bool | Unreachable:  # noqa: FBT001 — a fact
    """True when one of the looks saw it; unseen when none of them could."""
    if seen is True or not modern:
        return seen
    return any(modern)
