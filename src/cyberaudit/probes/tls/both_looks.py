"""Two looks at one TLS server: what one of them saw is never replaced by what the other could not see, nor denied."""

from dataclasses import fields, replace
from typing import TypeVar

from cyberaudit.facts.certificate import TlsSession
from cyberaudit.facts.tls_endpoint import SessionOptions, TlsServer, VersionOffer
from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.looks import kept

T = TypeVar("T")


def merged(first: TlsServer, second: TlsServer) -> TlsServer:
    """Both looks: what was accepted or shown once was, and where they contradict each other nothing is complete."""
    if isinstance(second.met, Unreachable):
        return first
    if first.met != "tls":
        return second
    if second.met != "tls":
        return _in_doubt(first)
    before = {offer.version: offer for offer in first.versions}
    pairs = [(before.get(offer.version, offer), offer) for offer in second.versions]
    both = replace(
        second,
        versions=tuple(_offer(*pair) for pair in pairs),
        groups=kept(first.groups, second.groups),
        dh_groups=_all(first.dh_groups, second.dh_groups),
        signature_schemes=_all(first.signature_schemes, second.signature_schemes),
        sessions=_sessions(first, second),
        unseen_certificate=None
        if first.unseen_certificate is None and first.sessions
        else second.unseen_certificate,
        without_name=kept(first.without_name, second.without_name),
        options=_options(first.options, second.options),
        complete=kept(first.complete, second.complete),
    )
    return (
        _in_doubt(both) if any({old.accepted, new.accepted} >= {True, False} for old, new in pairs) else both
    )


def _in_doubt(server: TlsServer) -> TlsServer:
    return replace(server, complete=Unreachable(Reason.UNSTABLE))


def _offer(first: VersionOffer, second: VersionOffer) -> VersionOffer:
    """Accepted once is accepted. The list that was brought to its end, else all that was seen of both."""
    if first.accepted is True and second.accepted is False:
        return replace(first, suites=Unreachable(Reason.UNSTABLE), seen=_seen(first))
    if second.accepted is False:
        return second
    if isinstance(second.suites, Unreachable) and not isinstance(first.suites, Unreachable):
        return first
    seen = _all(_seen(first), _seen(second))
    if isinstance(second.suites, Unreachable):
        return replace(second, accepted=kept(first.accepted, second.accepted), seen=seen)
    missed = isinstance(seen, tuple) and set(seen) > set(second.suites)
    return replace(second, suites=seen, seen=seen) if missed else second


def _seen(offer: VersionOffer) -> tuple[int, ...] | Unreachable:
    return offer.seen if isinstance(offer.suites, Unreachable) else offer.suites


def _sessions(first: TlsServer, second: TlsServer) -> tuple[TlsSession, ...]:
    """Each different certificate once, those of the second look first."""
    shown = {
        session.chain[0].sha256: session
        for session in reversed((*second.sessions, *first.sessions))
        if session.chain
    }
    return tuple(reversed(shown.values()))


def _all(
    first: tuple[T, ...] | Unreachable, second: tuple[T, ...] | Unreachable
) -> tuple[T, ...] | Unreachable:
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return kept(first, second)
    return tuple(dict.fromkeys((*second, *first)))


def _options(
    first: SessionOptions | Unreachable, second: SessionOptions | Unreachable
) -> SessionOptions | Unreachable:
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return kept(first, second)
    seen = {name.name: kept(getattr(first, name.name), getattr(second, name.name)) for name in fields(first)}
    return SessionOptions(**seen)
