"""A certificate's traits as items of a verdict."""

from cyberaudit.facts.certificate import (
    Bounds,
    TlsSession,
    Trait,
    sentence,
    traits,
)
from cyberaudit.model import Item, Status, Unreachable
from cyberaudit.sdk.shape import Context


def certificate_items(
    session: TlsSession, ctx: Context, *, key: str, host: str, bounds: Bounds
) -> tuple[Item, ...]:
    """What is wrong with the certificate `host` shows, one item a trait; nothing when all is in order."""
    return tuple(
        Item(
            key,
            _TRAITS.get(trait, Status.FAIL),
            _trait_reason(trait, session),
            sentence(trait, session, host),
        )
        for trait in traits(session, ctx.now, bounds=bounds)
    )


_TRAITS = {
    Trait.EXPIRES_SOON: Status.PARTIAL,
    Trait.TRUST_UNSEEN: Status.UNKNOWN,
    Trait.NONE_SHOWN: Status.UNKNOWN,
}


def _trait_reason(trait: Trait, session: TlsSession) -> str:
    if trait is Trait.TRUST_UNSEEN and isinstance(session.trust_error, Unreachable):
        return session.trust_error.reason
    return trait
