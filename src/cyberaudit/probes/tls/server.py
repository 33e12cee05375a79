"""One TLS server asked everything: the survey of what it accepts, then the handshakes for what they alone show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.tls_endpoint import SessionOptions, TlsServer
from cyberaudit.facts.tls_suites import suite
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.certificates import TrustStore
from cyberaudit.probes.tls.conversation import Opener
from cyberaudit.probes.tls.flight import Alert
from cyberaudit.probes.tls.handshake import Handshake
from cyberaudit.probes.tls.handshake12 import handshake12
from cyberaudit.probes.tls.handshake13 import handshake13
from cyberaudit.probes.tls.survey import Pace, Survey, survey
from cyberaudit.probes.tls_client import session_of

# RFC 8446 §4.2.3: how a certificate of each kind may sign; a server with two shows the other one.
RSA_SCHEMES = (0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B)
ECDSA_SCHEMES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808)
_UNSEEN = Unreachable(Reason.NOT_LOOKED)
_OLDER = ("TLSv1.2", "TLSv1.1", "TLSv1")


@dataclass(frozen=True, slots=True)
class Asked:
    """At which server, under which name, and how its certificates are judged."""

    address: str
    server_name: str | None
    """As it is sent (SNI)."""
    host: str
    """The name, or the address, that the certificate must carry."""
    trust: TrustStore | Unreachable
    now: datetime
    pace: Pace


async def ask_server(opener: Opener, asked: Asked, *, renegotiate: Opener | None = None) -> TlsServer:
    """All that can be told of one server. `renegotiate` opens conversations for that one intrusive test."""
    found = await survey(opener, server_name=asked.server_name, pace=asked.pace)
    if found.met != "tls":
        return _nothing(asked, found)
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
        unseen_certificate=trouble or (None if sessions else shakes.cause()),
        without_name=_one_session(replace(asked, server_name=None), shakes.nameless),
        options=_options(found.options, shakes),
        complete=found.complete,
        hellos=found.hellos,
        connections=found.connections + shakes.connections,
    )


def _nothing(asked: Asked, found: Survey) -> TlsServer:
    cause = found.met if isinstance(found.met, Unreachable) else Unreachable(Reason.TLS_FAILURE, found.met)
    return TlsServer(
        address=asked.address,
        met=found.met,
        versions=(),
        groups=cause,
        dh_groups=cause,
        signature_schemes=cause,
        sessions=(),
        unseen_certificate=cause,
        without_name=cause,
        options=cause,
        complete=cause,
        hellos=found.hellos,
        connections=found.connections,
    )


@dataclass(frozen=True, slots=True)
class _Chain:
    """Certificates as sent, and the handshake that showed them."""

    sent: tuple[bytes, ...]
    version: str
    cipher: str
    timestamps: int | Unreachable
    """Of Certificate Transparency, beside the certificates."""


class _Shakes:
    """The handshakes with one server, one after the other: a small box serves few at once."""

    def __init__(self, opener: Opener, asked: Asked, found: Survey) -> None:
        self.done: list[Handshake] = []
        self.nameless: tuple[bytes, ...] | Unreachable = found.nameless
        self.renegotiated: bool | Unreachable = Unreachable(Reason.NOT_LOOKED)
        self.connections = 0
        self._opener, self._asked, self._found = opener, asked, found
        self._troubles: list[Unreachable] = []

    async def all(self, renegotiate: Opener | None) -> "_Shakes":
        accepted = {offer.version for offer in self._found.versions if offer.accepted is True}
        if "TLSv1.3" in accepted:
            await self._modern(alone=accepted == {"TLSv1.3"})
        if accepted.intersection(_OLDER):
            await self._older(renegotiate)
        return self

    async def _modern(self, *, alone: bool) -> None:
        """`alone`: only here are certificates seen; the kind that was not shown first is asked for, and no name."""
        name, within = self._asked.server_name, self._asked.pace.hello_seconds
        first = self._keep(await handshake13(self._opener, server_name=name, within=within))
        if not alone or first is None:
            return
        others = ECDSA_SCHEMES if first.signature_scheme in RSA_SCHEMES else RSA_SCHEMES
        other = await handshake13(self._opener, server_name=name, within=within, schemes=others)
        self._keep(other, is_alternative=True)
        if name is None:
            self.nameless = first.certificates
            return
        self.connections += 1
        nameless = await handshake13(self._opener, server_name=None, within=within)
        self.nameless = _certificates(nameless)

    async def _older(self, renegotiate: Opener | None) -> None:
        name, within = self._asked.server_name, self._asked.pace.hello_seconds
        self.renegotiated = Unreachable(Reason.NOT_AUTHORIZED)
        if renegotiate is not None:
            shaken = await handshake12(renegotiate, server_name=name, within=within, renegotiate=True)
            if not isinstance(shaken, Unreachable) or shaken.reason is not Reason.NOT_AUTHORIZED:
                self.renegotiated = _renegotiated(shaken)
                self._keep(shaken)
                return
        self._keep(await handshake12(self._opener, server_name=name, within=within))

    def _keep(
        self, shaken: Handshake | Alert | Unreachable, *, is_alternative: bool = False
    ) -> Handshake | None:
        self.connections += 1
        if isinstance(shaken, Handshake):
            self.done.append(shaken)
            return shaken
        if not is_alternative:
            self._troubles.append(_trouble(shaken))
        return None

    def chains(self) -> tuple[_Chain, ...]:
        """Each different certificate once: of the newest handshake first."""
        shown = [
            _Chain(each.certificates, each.version, suite(each.suite).name, each.timestamps)
            for each in self.done
        ]
        in_clear = next((offer.version for offer in reversed(self._found.versions) if _is_older(offer.version)
                         and offer.accepted is True), "")  # fmt: skip
        shown += [_Chain(sent, in_clear, "", _UNSEEN) for sent in self._found.flights]
        distinct = {chain.sent[0]: chain for chain in reversed(shown) if chain.sent}
        return tuple(dict.fromkeys(distinct[chain.sent[0]] for chain in shown if chain.sent))

    def cause(self) -> Unreachable:
        return next(iter(self._troubles), Unreachable(Reason.TLS_FAILURE, "aucun certificat"))


def _is_older(version: str) -> bool:
    return version != "TLSv1.3"


def _renegotiated(shaken: Handshake | Alert | Unreachable) -> bool | Unreachable:
    return shaken.renegotiated if isinstance(shaken, Handshake) else _trouble(shaken)


def _trouble(shaken: Alert | Unreachable) -> Unreachable:
    if isinstance(shaken, Alert):
        return Unreachable(Reason.TLS_FAILURE, f"alerte {shaken.code}")
    return shaken


def _certificates(shaken: Handshake | Alert | Unreachable) -> tuple[bytes, ...] | Unreachable:
    return shaken.certificates if isinstance(shaken, Handshake) else _trouble(shaken)


def _one_session(asked: Asked, sent: tuple[bytes, ...] | Unreachable) -> TlsSession | Unreachable:
    return sent if isinstance(sent, Unreachable) else _session(asked, _Chain(sent, "", "", _UNSEEN))


def _session(asked: Asked, chain: _Chain) -> TlsSession | Unreachable:
    return session_of(
        chain.sent,
        version=chain.version,
        cipher=chain.cipher,
        host=asked.host,
        trust=asked.trust,
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
    unseen = Unreachable(Reason.NOT_LOOKED, "" if shakes.done else str(shakes.cause()))
    modern = [each for each in shakes.done if each.version == "TLSv1.3"]
    return replace(
        options,
        client_renegotiation=shakes.renegotiated,
        tickets=bool(given) if read else unseen,
        ticket_seconds=max((ticket.seconds for ticket in given), default=0) if read else unseen,
        early_data=max((ticket.early_data for ticket in given), default=0) if read else unseen,
        stapling=_either(options.stapling, [each.stapled for each in modern]),
        client_certificate=_either(options.client_certificate, [each.wants_certificate for each in modern]),
    )


def _either(seen: bool | Unreachable, modern: Sequence[bool]) -> bool | Unreachable:  # noqa: FBT001 — a fact
    """True when one of the looks saw it; unseen when none of them could."""
    if seen is True or not modern:
        return seen
    return any(modern)
