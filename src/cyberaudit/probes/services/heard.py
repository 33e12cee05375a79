"""What a service said of itself, before anybody tells what product it is."""

from cyberaudit.facts.services import Trait
from cyberaudit.frozen import frozen

UNKNOWN = "unknown"
"""Words that we do not understand."""
SILENT = "silent"
"""Nothing was said to anything we know how to ask."""


@frozen
class Page:
    """One answer of a web server, as text; nothing in it is made safe yet but the title."""

    path: str
    """As asked, query included."""
    status: int
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order of the answer."""
    title: str
    """Made safe, 80 characters at most."""
    body: str
    """The beginning of it."""

    def header(self, name: str) -> str:
        """Its first value; empty when there is none."""
        return next((value for key, value in self.headers if key == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.headers if key == name)

    @property
    def cookies(self) -> tuple[str, ...]:
        """The names of what it wants kept."""
        return tuple(value.partition("=")[0].strip() for value in self.values("set-cookie"))


@frozen
class Heard:
    """The words of one port, all its answers together."""

    protocol: str
    banner: str = ""
    """Made safe, 120 characters at most."""
    subject: str = ""
    """Of the TLS certificate, made safe; empty without TLS."""
    pages: tuple[Page, ...] = ()
    """The first one is what `/` answered."""
    traits: frozenset[Trait] = frozenset()
    clues: tuple[str, ...] = ()
    """What was remarked on the way, made safe."""
