"""The logo a domain wants shown beside its messages (BIMI), and how its record is read."""

import re

from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.frozen import frozen
from cyberaudit.model import Unreachable


@frozen
class LogoPage:
    """What the server of the logo answered."""

    status: int
    media_type: str
    """Of Content-Type, lower case, without its parameters; made safe."""
    is_svg: bool
    """The body is an SVG drawing."""
    is_tiny: bool
    """It says to be of the profile BIMI asks for (SVG Tiny Portable/Secure)."""


@frozen
class Bimi(Facts):
    """What a domain publishes of BIMI."""

    KIND = "bimi"
    VERSION = 1

    domain: str
    txt: TxtAnswer | Unreachable
    """TXT at `default._bimi.` and the domain, aliases followed."""
    logo: LogoPage | Unreachable | None
    """None: no record names exactly one logo."""


@frozen
class BimiRecord:
    """A well-written record (draft-brand-indicators-for-message-identification, §4)."""

    logo: str
    """https address; empty: no logo."""
    authority: str
    """https address of the mark certificate (VMC or CMC); empty: none."""

    @property
    def declines(self) -> bool:
        """The domain says that it wants no logo (§4.5)."""
        return not self.logo and not self.authority


_HTTPS = re.compile(r"https://[\x21-\x2b\x2d-\x3a\x3c-\x7e]{4,}", re.IGNORECASE)


def bimi_records(answer: TxtAnswer) -> tuple[str, ...]:
    """The records meant for BIMI: those that begin as one, whatever the case; others are somebody else's."""
    texts = (record.decode("latin-1") for record in answer.records)
    return tuple(text for text in texts if text.strip().lower().startswith("v=bimi"))


def bimi_record(record: str) -> BimiRecord | None:
    """The record read; None when receivers cannot read it."""
    version, *parts = (part.strip() for part in record.split(";"))
    if version.replace(" ", "") != "v=BIMI1":
        return None
    tags = {}
    for part in filter(None, parts):
        name, equals, value = part.partition("=")
        if not equals or name.strip().lower() in tags:
            return None
        tags[name.strip().lower()] = value.strip()
    logo, authority = tags.get("l", ""), tags.get("a", "")
    if "l" not in tags or not all(_HTTPS.fullmatch(uri) for uri in (logo, authority) if uri):
        return None
    return BimiRecord(logo, authority)
