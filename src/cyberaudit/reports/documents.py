"""The official documents that the actions of one report cite, numbered once, so that paper names each in full once."""

from collections.abc import Iterable

from cyberaudit import french
from cyberaudit.frozen import frozen
from cyberaudit.reports.citations import NO_ADDRESS
from cyberaudit.reports.words import ActionView, SourceView


@frozen
class Document:
    """One document, whatever its places that are cited."""

    number: int
    title: str
    """Publisher and title."""
    url: str
    """Only a confirmed address; empty otherwise."""

    @property
    def remark(self) -> str:
        """Said in the place of the address; empty when there is one."""
        return "" if self.url else NO_ADDRESS


def documents(actions: Iterable[ActionView]) -> dict[str, Document]:
    """By short id, in the order of first mention."""
    found: dict[str, Document] = {}
    for source in (each for action in actions for each in action.sources):
        key = _id(source)
        if key not in found:
            places = _places(source)
            title = source.text.removesuffix(f", {places}") if places else source.text
            found[key] = Document(len(found) + 1, title, source.url)
    return found


def cited_as(source: SourceView, among: dict[str, Document]) -> str:
    """« [3], R1 et R8 »"""
    return ", ".join(filter(None, (f"[{among[_id(source)].number}]", _places(source))))


def _id(source: SourceView) -> str:
    return source.reference.partition(" ")[0]


def _places(source: SourceView) -> str:
    """As the citation writes them: « R1 et R8 », « n° 13 »; empty for the whole document."""
    parts = source.reference.partition(" ")[2]
    places = french.listed(parts.split(", ")) if parts else ""
    return f"n°{french.NBSP}{places}" if places[:1].isdigit() else places
