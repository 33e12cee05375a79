"""What DNSSEC proves of an answer (RFC 4035 §4.3)."""

from enum import StrEnum


class Security(StrEnum):
    """How far a chain of signatures, from the trust anchor down, vouches for an answer."""

    SECURE = "secure"
    """Every link of the chain was verified, and the answer with it."""
    INSECURE = "insecure"
    """A signed proof says that the zone is not signed, from some parent on."""
    BOGUS = "bogus"
    """The zone must be signed, and what was received does not verify."""
    UNCHECKED = "unchecked"
    """No judgement: signatures were stripped on the way, a link did not answer, or no anchor fits this root."""


class DnssecState(StrEnum):
    """How the signatures of one run could be looked at."""

    NOT_ASKED = "not-asked"
    """Nobody wanted to know."""
    FINE = "fine"
    """Whoever answers hands signatures on: the resolvers, or the authorities when those alone are asked."""
    WENT_TO_AUTHORITIES = "stripped-went-to-authorities"
    """The resolvers drop signatures, as home boxes do, or do not answer: the authorities were asked instead."""
    NOT_CHECKED = "stripped-not-checked"
    """The resolvers drop signatures, and the authorities could not be asked instead."""
    NO_ANCHOR_FITS = "no-anchor-fits"
    """The root that answers is not signed by a key we trust: another root, another time, or a lie."""
