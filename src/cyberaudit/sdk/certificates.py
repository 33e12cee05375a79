"""A certificate's traits as items of a verdict."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from cyberaudit import french
from cyberaudit.facts.certificate import (
    NAME_NOT_COMPARED,
    Bounds,
    Certificate,
    TlsSession,
    Trait,
    days_left,
    sentence,
    shown,
    traits,
)
from cyberaudit.facts.tls_endpoint import TlsServer
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable
from cyberaudit.sdk.shape import Context


def certificate_items(
    session: TlsSession, ctx: Context, *, key: str, host: str, bounds: Bounds
) -> tuple[Item, ...]:
    """What is wrong with the certificate `host` shows, one item a trait; nothing when all is in order."""
    return tuple(
        Item(
            key,
            _TRAITS.get(trait, Status.FAIL),
            _dated_reason(trait, session, ctx, warn_days=bounds.warn_days),
            sentence(trait, session, host),
        )
        for trait in traits(session, ctx.now, bounds=bounds)
    )


_TRAITS = {
    Trait.EXPIRES_SOON: Status.PARTIAL,
    Trait.TRUST_UNSEEN: Status.UNKNOWN,
    Trait.NAME_UNSEEN: Status.UNKNOWN,
    Trait.NONE_SHOWN: Status.UNKNOWN,
}


def _trait_reason(trait: Trait, session: TlsSession) -> str:
    if trait is Trait.TRUST_UNSEEN and isinstance(session.trust_error, Unreachable):
        return session.trust_error.reason
    if trait is Trait.NAME_UNSEEN and isinstance(session.name_matches, Unreachable):
        return session.name_matches.reason
    return trait


# Of a private tunnel, no public name and no public authority is expected; keys have a question of their own.
_DATES = frozenset({Trait.NONE_SHOWN, Trait.EXPIRED, Trait.NOT_YET_VALID, Trait.EXPIRES_SOON})
_IDENTITY = frozenset(Trait) - {Trait.SHORT_KEY, Trait.WEAK_SIGNATURE}
# ANSSI TLS v1.2; where no rule of it stands behind, the trait names the item. The rule does not come first: what is
# keyed by a rule alone is for the contractor, and these items are for everybody.
_RULES = {
    Trait.EXPIRED: "certificat R25",
    Trait.NOT_YET_VALID: "certificat R25",
    Trait.EXPIRES_SOON: "certificat R25",
    Trait.WRONG_NAME: "certificat R29",
    Trait.NO_NAME: "certificat R29",
    Trait.NAME_UNSEEN: "certificat R29",
    Trait.INCOMPLETE: "certificat R34",
    Trait.ISSUER_UNSENT: "certificat R34",
}


def identity_items(
    server: TlsServer, ctx: Context, *, host: str, warn_days: int, is_private: bool
) -> Iterator[Item]:
    """What is wrong with who the server says it is, one item a certificate and trait.

    Args:
        server: one address of the access.
        ctx: of the check.
        host: the declared name; empty when nobody declared one: whether the name fits is then unknown.
        warn_days: the countdown begins so many days ahead.
        is_private: a tunnel of our own, of which only the dates are judged.
    """
    yield from unseen_certificates(server)
    judged = _DATES if is_private else _IDENTITY
    for label, session in certificates_of(server):
        for trait in traits(session, ctx.now, bounds=Bounds(warn_days, 0, 0)):
            if trait not in judged:
                continue
            key = labelled(_RULES.get(trait, trait), label)
            if trait is Trait.WRONG_NAME and not host:
                text = f"{server.address} : {NAME_NOT_COMPARED}."
                yield Item(key, Status.UNKNOWN, Reason.NOT_DECLARED, text)
                continue
            status = _TRAITS.get(trait, Status.FAIL)
            reason = _dated_reason(trait, session, ctx, warn_days=warn_days)
            yield Item(key, status, reason, sentence(trait, session, host or server.address))


def _dated_reason(trait: Trait, session: TlsSession, ctx: Context, *, warn_days: int) -> str:
    """The countdown changes its reason at 30, 14 and 7 days only, so that no weekly mail repeats it."""
    if trait is Trait.EXPIRES_SOON:
        return f"{trait}-{days_left(session.chain[0], ctx.now, warn_days=warn_days)}"
    return _trait_reason(trait, session)


def first_end(sessions: Iterable[TlsSession], ctx: Context, *, warn_days: int) -> date | None:
    """The day on which the first certificate that should have been renewed ends, or ended; None: none is near its end.

    Once over, it keeps its day: the plan would else send it after all that has one.
    """
    bounds = Bounds(warn_days, 0, 0)
    ends = [
        each.chain[0].not_after
        for each in sessions
        if each.chain and not _ENDING.isdisjoint(traits(each, ctx.now, bounds=bounds))
    ]
    return _local_day(min(ends), ctx) if ends else None


_ENDING = frozenset({Trait.EXPIRED, Trait.EXPIRES_SOON})


def _local_day(moment: datetime, ctx: Context) -> date:
    try:
        return ctx.local(moment).date()
    except OverflowError:  # the first hours of the year 1, or the last ones of the year 9999
        return moment.date()


def certificates_of(server: TlsServer) -> Iterator[tuple[str, TlsSession]]:
    """Each certificate the server shows to who asks for its name; labelled by its key when there are several."""
    for session in server.sessions:
        yield (_label(session) if len(server.sessions) > 1 else "", session)


def _label(session: TlsSession) -> str:
    """`RSA 1a2b3c4d`: two certificates of one server may have keys of one type."""
    leaf = session.chain[0] if session.chain else None
    return f"{leaf.key_type} {leaf.sha256[:8]}" if leaf else "sans certificat"


def labelled(key: str, label: str) -> str:
    """The key of an item about one of several certificates."""
    return f"{key} {label}".strip()


def unseen_certificates(server: TlsServer) -> Iterator[Item]:
    """The certificates that could not be seen: never a pass."""
    cause = server.unseen_certificate
    if cause is None and not server.sessions:
        cause = Unreachable(Reason.NOT_COLLECTED)
    if cause is not None:
        what = "Un autre certificat" if server.sessions else "Le certificat"
        text = f"{what} n'a pas pu être vu : {cause.reason.french}."
        yield Item("certificate", Status.UNKNOWN, cause.reason, text)


def certificate_evidence(server: TlsServer) -> Iterator[Evidence]:
    """Each certificate on one line."""
    for label, session in certificates_of(server):
        yield Evidence(labelled("certificat", label), shown(session))
    if server.unseen_certificate is not None:
        yield Evidence("certificat non vu", str(server.unseen_certificate))


def key_of(leaf: Certificate) -> str:
    """« RSA 2048 », « EC secp256r1 », as a contractor would name the key."""
    if isinstance(leaf.curve, str) and leaf.curve:
        return f"{leaf.key_type} {leaf.curve}"
    return f"{leaf.key_type} {leaf.key_bits or ''}".strip()


def size_of(leaf: Certificate) -> str:
    """« RSA de 1024 bits », « EC secp224r1 de 224 bits »."""
    kind = key_of(replace(leaf, key_bits=0))
    return f"{kind} de {leaf.key_bits} bits" if leaf.key_bits else kind


def life_of(leaf: Certificate) -> str:
    """« du 1er octobre 2026 au 1er février 2027 »."""
    return f"du {french.day(leaf.not_before)} au {french.day(leaf.not_after)}"
