"""Where each value of a YAML text begins and ends, and in which style it is written."""

from collections.abc import Iterator
from enum import StrEnum

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)

from cyberaudit.frozen import frozen
from cyberaudit.town.yaml_source import PARSER


class Style(StrEnum):
    """How a value is written."""

    SCALAR = "scalar"
    BLOCK_MAP = "block-map"
    FLOW_MAP = "flow-map"
    BLOCK_LIST = "block-list"
    FLOW_LIST = "flow-list"

    @property
    def is_flow(self) -> bool:
        return self in (Style.FLOW_MAP, Style.FLOW_LIST)


@frozen
class Spot:
    """One value in the text; offsets count characters."""

    style: Style
    start: int
    end: int
    """After its last character: a block ends with its last value, not with the comments that follow."""
    column: int
    """Of its first character, from 0: the indentation of a block."""
    shared: bool
    """An anchor or an alias stands on it: the value is somebody else's too."""
    entries: tuple["Entry", ...]

    def entry(self, step: str | int) -> "Entry | None":
        return next((entry for entry in self.entries if entry.step == step), None)


@frozen
class Entry:
    """A value under its key, or at its rank in a list."""

    step: str | int
    start: int
    """Of the key; of the value in a list."""
    value: Spot


@frozen
class Layout:
    """A whole document."""

    root: Spot
    end: int
    """Where a last line may be added."""


def layout_of(text: str) -> Layout:
    """The places of a text that `read_yaml` has accepted: its depth and size are bounded."""
    events = iter(yaml.parse(text, Loader=PARSER))
    first = next(event for event in events if isinstance(event, NodeEvent))
    root = _spot(first, events, text)
    return Layout(root, _document_end(events, text))


def _document_end(events: Iterator[Event], text: str) -> int:
    end = next((event for event in events if isinstance(event, DocumentEndEvent)), None)
    return _start(end) if end is not None and end.explicit else len(text)


def _spot(event: Event, events: Iterator[Event], text: str) -> Spot:
    shared = isinstance(event, AliasEvent) or getattr(event, "anchor", None) is not None
    if not isinstance(event, CollectionStartEvent):
        return Spot(
            Style.SCALAR, _start(event), _scalar_end(event, text), _column(event), shared=shared, entries=()
        )
    read = _pairs if isinstance(event, MappingStartEvent) else _items
    entries, last = read(events, text)
    is_flow = bool(event.flow_style)
    end = _end(last) if is_flow or not entries else entries[-1].value.end
    return Spot(_style(event), _start(event), end, _column(event), shared=shared, entries=tuple(entries))


def _style(event: CollectionStartEvent) -> Style:
    if isinstance(event, MappingStartEvent):
        return Style.FLOW_MAP if event.flow_style else Style.BLOCK_MAP
    return Style.FLOW_LIST if event.flow_style else Style.BLOCK_LIST


def _pairs(events: Iterator[Event], text: str) -> tuple[list[Entry], Event]:
    entries = []
    while not isinstance(event := next(events), CollectionEndEvent):
        assert isinstance(event, ScalarEvent)
        entries.append(Entry(event.value, _start(event), _spot(next(events), events, text)))
    return entries, event


def _items(events: Iterator[Event], text: str) -> tuple[list[Entry], Event]:
    entries: list[Entry] = []
    while not isinstance(event := next(events), CollectionEndEvent):
        entries.append(Entry(len(entries), _start(event), _spot(event, events, text)))
    return entries, event


def _scalar_end(event: Event, text: str) -> int:
    """A text written in lines (| or >) ends with its last line that is not blank."""
    start, end = _start(event), _end(event)
    if isinstance(event, ScalarEvent) and event.style in ("|", ">"):
        return start + len(text[start:end].rstrip())
    return end


def _start(event: Event) -> int:
    assert event.start_mark is not None
    return int(event.start_mark.index)


def _end(event: Event) -> int:
    assert event.end_mark is not None
    return int(event.end_mark.index)


def _column(event: Event) -> int:
    assert event.start_mark is not None
    return int(event.start_mark.column)


__all__ = ["Entry", "Layout", "Spot", "Style", "layout_of"]
