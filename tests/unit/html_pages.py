"""An HTML report read back as a browser reads it: its elements, its words, its points."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(
    {"meta", "link", "br", "hr", "img", "input", "rect", "line", "circle", "polygon", "polyline"}
)


@dataclass
class Page:
    """What the file holds, in its order."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headings: list[tuple[int, str]] = field(default_factory=list)
    statuses: list[tuple[str, str]] = field(default_factory=list)
    """Identity and status of each point."""
    text: str = ""

    @property
    def links(self) -> list[str]:
        return [attributes.get("href", "") for tag, attributes in self.tags if tag == "a"]

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.tags if "id" in attributes]


def read(text: str) -> Page:
    """The page; an element left open or closed twice is an error."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert not reader.open, reader.open
    reader.page.text = words("".join(reader.said))
    return reader.page


def words(text: str) -> str:
    """Any run of spaces, non-breaking ones too, as one."""
    return re.sub(r"\s+", " ", text).strip()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page, self.open, self.said = Page(), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.page.tags.append((tag, attributes))
        if tag not in VOID:
            self.open.append(tag)
        if "data-point" in attributes:
            self.page.statuses.append((attributes["data-point"], attributes["data-status"]))
        if re.fullmatch("h[1-6]", tag):
            self.page.headings.append((int(tag[1]), ""))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"style", "script", "title"} & set(self.open):
            return
        self.said.append(data)
        if self.open and re.fullmatch("h[1-6]", self.open[-1]):
            level, text = self.page.headings[-1]
            self.page.headings[-1] = (level, text + data)
        elif self.open and self.open[-1] in ("p", "li", "td", "th", "dt", "dd", "div", "summary"):
            self.said.append(" ")
