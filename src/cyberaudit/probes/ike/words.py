"""What a gateway may say to a first message, in either version of IKE. Pure."""

from typing import Final

from cyberaudit.frozen import frozen

# RFC 2408 §3.14.1, RFC 7296 §3.10.1: the same number in both.
INVALID_MAJOR_VERSION: Final = 5


@frozen
class Refused:
    """NO_PROPOSAL_CHOSEN or its like: nothing of what was offered suits it."""


@frozen
class OtherVersion:
    """It says, by the notification for it and by no other, that it does not speak this version of IKE."""


@frozen
class Oddity:
    """An answer that is neither yes nor no."""

    what: str
    """A short safe phrase."""
