"""Edits of a profile's text at one place: comments, order, quotes and line ends around it stay as written."""

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import NoReturn

from cyberaudit.errors import Problem, ProfileError
from cyberaudit.frozen import frozen
from cyberaudit.town.load import parse_profile
from cyberaudit.town.profile import Profile
from cyberaudit.town.source import Mark, Source, Trail, Tree
from cyberaudit.town.yaml_places import Entry, Layout, Spot, Style, layout_of
from cyberaudit.town.yaml_source import read_yaml
from cyberaudit.town.yaml_words import STEP, entry_lines, flow, item_lines, word

_Fresh = tuple[str | int, Tree]
"""A key or a rank that is not there yet, and its value."""

_BREAK = re.compile(r"\r\n|\r|\n")
_SHARED = (
    "Cette valeur sert à plusieurs endroits (« & » et « * ») : la changer ici la changerait ailleurs."
    " Modifiez le profil à la main."
)
_COMMENT_INSIDE = "Un commentaire se trouve au milieu de ce qui change : modifiez le profil à la main."
_NOT_A_BLOCK = "Cette valeur n'est pas un bloc : rien ne peut y être ajouté."
_UNSURE = (
    "Ce changement ne peut pas être écrit sans toucher au reste du profil : rien n'est changé."
    " Modifiez le profil à la main."
)


@frozen
class DiffLine:
    """One line of what changes."""

    sign: str
    """`+`, `-`, or a space for a line that stays."""
    text: str


@frozen
class Spliced:
    """A profile with one thing changed, not written anywhere yet."""

    before: Profile
    after: Profile
    trail: Trail

    @property
    def line(self) -> int:
        """Of the changed value in the new text."""
        return self.after.place(self.trail).line

    def diff(self, *, around: int = 1) -> tuple[DiffLine, ...]:
        """The lines that change, in order, with those just around them."""
        old, new = (_BREAK.split(each.text) for each in (self.before, self.after))
        found = difflib.unified_diff(old, new, n=around, lineterm="")
        return tuple(DiffLine(line[:1], line[1:]) for line in list(found)[2:] if not line.startswith("@@"))


def put(profile: Profile, trail: Trail, value: Tree) -> Spliced:
    """The profile with `value` at `trail`, whether or not something stood there.

    A rank just past the end of a list adds an element. Missing sections are added at the end of the file.

    Raises:
        ProfileError: the value stands on an anchor, or is not one of a profile, or the new text would say
            anything else than the old profile and this change.
    """
    source = profile.source
    layout = layout_of(source.page.text)
    cuts = _Writer(source, layout).cuts(trail, value)
    text = _applied(source.page.text, cuts)
    if not _is_that_change(source, text, trail, value):
        raise ProfileError(source.problem(_UNSURE, trail))
    return Spliced(profile, parse_profile(text.encode(), file=profile.file), trail)


def _is_that_change(old: Source, text: str, trail: Trail, value: Tree) -> bool:
    """The text gives the same values, as written too, but for those at `trail`."""
    try:
        new = read_yaml(text.encode(), file=old.page.file)
    except ProfileError:
        return False
    untouched = [
        {way: text for way, text in source.written.items() if way[: len(trail)] != trail}
        for source in (old, new)
    ]
    return new.tree == _changed(old.tree, trail, value) and untouched[0] == untouched[1]


def _changed(tree: Tree, trail: Trail, value: Tree) -> Tree:
    if not trail:
        return value
    head, *rest = trail
    if isinstance(head, int):
        items = list(tree) if isinstance(tree, list) else []
        inner = _changed(items[head] if head < len(items) else None, tuple(rest), value)
        return [*items[:head], inner, *items[head + 1 :]]
    block = dict(tree) if isinstance(tree, dict) else {}
    return {**block, head: _changed(block.get(head), tuple(rest), value)}


@frozen
class _Cut:
    """A stretch of the old text, and what stands there in the new one."""

    start: int
    end: int
    text: str


def _applied(text: str, cuts: Iterator[_Cut]) -> str:
    parts, done = [], 0
    for cut in sorted(cuts, key=lambda cut: (cut.start, cut.end)):
        parts += [text[done : cut.start], cut.text]
        done = cut.end
    return "".join((*parts, text[done:]))


@frozen
class _Writer:
    """Finds where a change goes, and in which style."""

    source: Source
    layout: Layout

    @property
    def text(self) -> str:
        return self.source.page.text

    def cuts(self, trail: Trail, value: Tree) -> Iterator[_Cut]:
        """Down to the deepest value that is there; what is missing below it is added."""
        spot, parent = self.layout.root, None
        old: Tree = self.source.tree
        for depth, step in enumerate(trail):
            self._refuse_shared(spot)
            entry = spot.entry(step)
            missing = _wrapped(trail[depth + 1 :], value)
            if entry is None:
                yield from self._added(spot, parent, [(step, missing)])
                return
            parent, spot, old = spot, entry.value, _child(old, step)
            if spot.start == spot.end:
                yield _Cut(spot.start, spot.end, f" {flow(missing)}")
                return
        self._refuse_shared(spot)
        yield from self._replaced(spot, old, value)

    def _refuse_shared(self, spot: Spot) -> None:
        if spot.shared:
            self._refuse(_SHARED, spot.start)

    def _refuse(self, sentence: str, offset: int) -> NoReturn:
        lines = _BREAK.split(self.text[:offset])
        problem: Problem = self.source.page.problem(sentence, Mark(len(lines), len(lines[-1]) + 1))
        raise ProfileError(problem)

    def _replaced(self, spot: Spot, old: Tree, value: Tree) -> Iterator[_Cut]:
        span = self.text[spot.start : spot.end]
        if _is_shared_below(spot):
            self._refuse(_SHARED, spot.start)
        if (
            isinstance(value, dict)
            and isinstance(old, dict)
            and (not spot.style.is_flow or _BREAK.search(span))
        ):
            yield from self._updated(spot, old, value)
            return
        if spot.style is not Style.SCALAR and _BREAK.search(span) and "#" in span:
            self._refuse(_COMMENT_INSIDE, spot.start)
        yield _Cut(spot.start, spot.end, flow(value))

    def _updated(self, spot: Spot, old: dict[str, Tree], value: dict[str, Tree]) -> Iterator[_Cut]:
        """Key by key, so that the comments beside the others stay."""
        for rank, entry in enumerate(spot.entries):
            key = str(entry.step)
            if key not in value:
                yield from self._removed(spot, rank)
            elif entry.value.start == entry.value.end:
                yield _Cut(entry.value.start, entry.value.end, f" {flow(value[key])}")
            elif not _same(value[key], old[key]):
                yield from self._replaced(entry.value, old[key], value[key])
        if fresh := [(key, part) for key, part in value.items() if key not in old]:
            yield from self._added(spot, None, fresh)

    def _added(self, spot: Spot, parent: Spot | None, fresh: Sequence[_Fresh]) -> Iterator[_Cut]:
        """New values after the last one of a block or list."""
        if spot.style is Style.SCALAR:
            self._refuse(_NOT_A_BLOCK, spot.start)
        if not spot.style.is_flow:
            lines = _lines(fresh, indent=spot.column)
            is_section = spot is self.layout.root
            yield self._at_the_end(lines) if is_section else self._lines_after(spot.end, lines)
        elif parent is not None and (unfolded := self._unfolded(spot, parent)):
            yield unfolded
            yield self._lines_after(spot.end, _lines(fresh, indent=parent.column + STEP))
        else:
            place = spot.entries[-1].value.end if spot.entries else spot.start + 1
            body = ", ".join(_in_flow(step, value) for step, value in fresh)
            yield _Cut(place, place, f", {body}" if spot.entries else body)

    def _unfolded(self, spot: Spot, parent: Spot) -> _Cut | None:
        """What takes `{}` or `[]` away, when it stands alone after its key."""
        if spot.entries or "#" in self.text[spot.start : spot.end]:
            return None
        before = self.text[: spot.start].rstrip(" ")
        after = self.text[spot.end : self._line_end(spot.end)].strip()
        is_alone = before.endswith(":") and (not after or after.startswith("#"))
        return _Cut(len(before), spot.end, "") if parent.style is Style.BLOCK_MAP and is_alone else None

    def _removed(self, spot: Spot, rank: int) -> Iterator[_Cut]:
        entry = spot.entries[rank]
        span = self.text[entry.start : entry.value.end]
        if entry.value.style is not Style.SCALAR and "#" in span and _BREAK.search(span):
            self._refuse(_COMMENT_INSIDE, entry.start)
        yield self._removed_pair(spot, rank) if spot.style.is_flow else self._removed_line(spot, entry)

    def _removed_pair(self, spot: Spot, rank: int) -> _Cut:
        """Between braces over several lines: the pair and the comma before it, or after when it is the first."""
        entries = spot.entries
        start = entries[rank - 1].value.end if rank else entries[rank].start
        end = entries[rank].value.end if rank or len(entries) == 1 else entries[1].start
        if "#" in self.text[start:end]:
            self._refuse(_COMMENT_INSIDE, start)
        return _Cut(start, end, "")

    def _removed_line(self, spot: Spot, entry: Entry) -> _Cut:
        """The whole line; a comment that ends it stays, alone on its line."""
        line_start = self._line_start(entry.start)
        if self.text[line_start : entry.start].strip():
            return self._removed_first(spot, entry)
        rest = self.text[entry.value.end : self._line_end(entry.value.end)]
        if rest.strip():
            return _Cut(entry.start, entry.value.end + len(rest) - len(rest.lstrip()), "")
        return _Cut(line_start, self._next_line(entry.value.end), "")

    def _removed_first(self, spot: Spot, entry: Entry) -> _Cut:
        """After a dash: the next key takes the place."""
        following = next((other for other in spot.entries if other.start > entry.start), None)
        if following is None or "#" in self.text[entry.start : following.start]:
            self._refuse(_COMMENT_INSIDE, entry.start)
        return _Cut(entry.start, following.start, "")

    def _at_the_end(self, lines: list[str]) -> _Cut:
        """A new section: after everything, comments included."""
        place = self.layout.end
        before = self.text[:place]
        gap = "" if not before or before.endswith(("\n", "\r")) else self._break
        return _Cut(place, place, gap + self._break + self._joined(lines))

    def _lines_after(self, offset: int, lines: list[str]) -> _Cut:
        place = self._next_line(offset)
        gap = "" if place and self.text[place - 1] in "\r\n" else self._break
        return _Cut(place, place, gap + self._joined(lines))

    def _joined(self, lines: list[str]) -> str:
        return "".join(f"{line}{self._break}" for line in lines)

    @property
    def _break(self) -> str:
        found = _BREAK.search(self.text)
        return found[0] if found else "\n"

    def _line_start(self, offset: int) -> int:
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def _line_end(self, offset: int) -> int:
        found = _BREAK.search(self.text, offset)
        return found.start() if found else len(self.text)

    def _next_line(self, offset: int) -> int:
        found = _BREAK.search(self.text, offset)
        return found.end() if found else len(self.text)


def _lines(fresh: Sequence[_Fresh], *, indent: int) -> list[str]:
    return [line for step, value in fresh for line in _own_lines(step, value, indent=indent)]


def _own_lines(step: str | int, value: Tree, *, indent: int) -> list[str]:
    if isinstance(step, int):
        return item_lines(value, indent=indent)
    return entry_lines(step, value, indent=indent)


def _in_flow(step: str | int, value: Tree) -> str:
    return f"{word(step)}: {flow(value)}" if isinstance(step, str) else flow(value)


def _wrapped(steps: Trail, value: Tree) -> Tree:
    for step in reversed(steps):
        value = {step: value} if isinstance(step, str) else [value]
    return value


def _child(tree: Tree, step: str | int) -> Tree:
    if isinstance(tree, dict) and isinstance(step, str):
        return tree[step]
    assert isinstance(tree, list)
    assert isinstance(step, int)
    return tree[step]


def _same(one: Tree, other: Tree) -> bool:
    return type(one) is type(other) and one == other


def _is_shared_below(spot: Spot) -> bool:
    return spot.shared or any(_is_shared_below(entry.value) for entry in spot.entries)


__all__ = ["DiffLine", "Spliced", "put"]
