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
