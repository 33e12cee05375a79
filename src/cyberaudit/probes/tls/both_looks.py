"""Two looks at one TLS server: what one of them saw is never replaced by what the other could not see."""

from dataclasses import fields, replace

from cyberaudit.facts.tls_endpoint import SessionOptions, TlsServer, VersionOffer
from cyberaudit.model import Unreachable
from cyberaudit.probes.looks import kept


def merged(first: TlsServer, second: TlsServer) -> TlsServer:
    """The second look, with what only the first one saw."""
    if isinstance(second.met, Unreachable):
        return first
    if isinstance(first.met, Unreachable) or first.met != second.met:
        return second
    before = {offer.version: offer for offer in first.versions}
    return replace(
        second,
        versions=tuple(_offer(before.get(offer.version, offer), offer) for offer in second.versions),
        groups=kept(first.groups, second.groups),
        dh_groups=kept(first.dh_groups, second.dh_groups),
        signature_schemes=kept(first.signature_schemes, second.signature_schemes),
        sessions=second.sessions or first.sessions,
        unseen_certificate=second.unseen_certificate if second.sessions else first.unseen_certificate,
        without_name=kept(first.without_name, second.without_name),
        options=_options(first.options, second.options),
        complete=kept(first.complete, second.complete),
    )


def _offer(first: VersionOffer, second: VersionOffer) -> VersionOffer:
    """The list that was brought to its end, the second one's first; else all that was seen of both."""
    if second.accepted is False or not isinstance(second.suites, Unreachable):
        return second
    if not isinstance(first.suites, Unreachable):
        return first
    return replace(second, accepted=kept(first.accepted, second.accepted), seen=_all(first.seen, second.seen))


def _all(
    first: tuple[int, ...] | Unreachable, second: tuple[int, ...] | Unreachable
) -> tuple[int, ...] | Unreachable:
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return kept(first, second)
    return tuple(dict.fromkeys((*first, *second)))


def _options(
    first: SessionOptions | Unreachable, second: SessionOptions | Unreachable
) -> SessionOptions | Unreachable:
    if isinstance(first, Unreachable) or isinstance(second, Unreachable):
        return kept(first, second)
    seen = {name.name: kept(getattr(first, name.name), getattr(second, name.name)) for name in fields(first)}
    return SessionOptions(**seen)
