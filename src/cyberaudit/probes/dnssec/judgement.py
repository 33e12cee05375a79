"""What is known of an answer once its signatures were looked at, and why."""

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from cyberaudit.facts.security import Security
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable

if TYPE_CHECKING:
    from dns.message import Message
    from dns.name import Name


class Why(StrEnum):
    """The reason of a judgement; nothing more is to be said of what is secure."""

    NONE = ""
    # insecure
    UNSIGNED = "unsigned"
    """A signed proof: the parent holds no DS for this zone."""
    OPT_OUT = "opt-out"
    """A signed proof: the parent does not say whether this zone is signed (RFC 5155 §6)."""
    UNSUPPORTED = "unsupported"
    """Only algorithms or digests that this program does not know, or that must not be believed."""
    ITERATIONS = "iterations"
    """The proof asks for too much computation (RFC 9276 §3.2)."""
    # bogus
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    BAD_SIGNATURE = "bad-signature"
    NO_SIGNATURE = "no-signature"
    """Nothing is signed here, under a parent that says it must be."""
    NO_PROOF = "no-proof"
    """It is said that there is nothing, and no signed record proves it."""
    NO_KEY = "no-key"
    """The parent holds a DS, and the zone publishes no key."""
    DS_MISMATCH = "ds-mismatch"
    """The parent holds a DS, and no key of the zone is the one it designates."""
    # unchecked
    UNREACHABLE = "unreachable"
    """A link of the chain did not answer."""
    NO_ANCHOR_FITS = "no-anchor-fits"
    """The root answered is not signed by any key that was told."""
    WRONG_SIDE = "wrong-side"
    """The question about a delegation was answered by the child zone, which cannot know."""
    TOO_MUCH = "too-much"
    """More keys, signatures, labels or hashes than a sound zone asks for."""
    LEFT_OUT = "left-out"
    """The resolver gave neither signature nor proof, and no server of the zone was heard to do the same."""


@frozen
class Judgement:
    """Of one answer: what it is worth, why, and the zone that decided."""

    security: Security
    why: str
    """A value of `Why`; empty for a secure answer."""
    zone: str
    """The zone where the chain ended, as text with its final dot."""
    detail: str = ""
    """What a person may need besides: the reason of an unreachable link."""
    denies_name: bool = False
    """It is proved that the name itself does not exist, whatever the answer code (RFC 9824)."""


class Fetch(Protocol):
    """One question to whoever can answer it, asked with CD=1 and DO=1: RRSIG, NSEC and SOA are in the answer."""

    async def __call__(self, name: "Name", rdtype: int, /) -> "Message | Unreachable":
        """The answer as received, whatever its code; a DS is asked of the parent's servers."""
