"""What a gateway may say to a first message, in either version of IKE. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refused:
    """NO_PROPOSAL_CHOSEN or its like: nothing of what was offered suits it."""


@dataclass(frozen=True, slots=True)
class OtherVersion:
    """It does not speak this version of IKE."""


@dataclass(frozen=True, slots=True)
class Oddity:
    """An answer that is neither yes nor no."""

    what: str
    """A short safe phrase."""
