"""The YAML of a profile: a small safe part of the language, read with the place of every value.

Only null, true, false, decimal integers and floats are typed; all else is text, dates too: `on` stays a word,
`01004` keeps its zero, `NO` is Norway. No tag, no merge key, one document, bounded depth and size.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import MappingProxyType

import yaml
from yaml.events import (
    AliasEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from cyberaudit.errors import Place, Problem, ProfileError
from cyberaudit.frozen import frozen
from cyberaudit.town.source import TOP, Mark, Page, Plain, Source, Trail, Tree
from cyberaudit.town.suggestion import shown

# The largest profile imaginable (a hundred hosts, each annotated) stays under a tenth of these bounds.
MAX_BYTES = 1024 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 30

PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's parser when there is one: twenty times faster, same events, same marks."""

_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, Plain] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
_TAB_INDENT = re.compile(r" *\t")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Control, direction, zero-width and surrogate characters: what a value never needs."""


@frozen
class _Scalar:
    mark: Mark
    text: str
    value: Plain


@frozen
class _Items:
    mark: Mark
    items: tuple["_Node", ...]


@frozen
class _Block:
    mark: Mark
    entries: tuple[tuple[_Scalar, "_Node"], ...]


_Node = _Scalar | _Items | _Block


def read_yaml(data: bytes, *, file: str) -> Source:
    """The plain values of a YAML text, with their places.

    Raises:
        ProfileError: not text, not YAML, or more YAML than a profile needs.
    """
    page = _page(data, file)
    composer = _Composer(page)
    root = composer.document()
    if not isinstance(root, _Block):
        raise ProfileError(page.problem(_NOT_A_BLOCK, root.mark))
    flat = _Flat()
    tree = {key.text: flat.add(node, (key.text,), key) for key, node in root.entries}
    flat.marks[()] = root.mark
    return Source(
        page=page,
        tree=tree,
        marks=MappingProxyType(flat.marks),
        key_marks=MappingProxyType(flat.key_marks),
        written=flat.written,
        problems=tuple(composer.problems),
    )


_NOT_A_BLOCK = "Un profil est une suite de lignes « clé : valeur », qui commence par « schema_version: 1 »."


def _page(data: bytes, file: str) -> Page:
    if len(data) > MAX_BYTES:
        raise ProfileError(Problem("Ce fichier dépasse 1 Mio : ce n'est pas un profil.", Place(file, 1, 1)))
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ProfileError(Problem(_NOT_UTF8, Place(file, 1, 1)))
    if b"\x00" in data:
        raise ProfileError(
            Problem("Ce fichier n'est pas du texte : ce n'est pas un profil.", Place(file, 1, 1))
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProfileError(_encoding_problem(data, error.start, file)) from None
    page = Page(file, text, tuple(_LINE_BREAK.split(text)))
    if found := _FORBIDDEN.search(text):
        mark = _mark_at(text, found.start())
        raise ProfileError(page.problem(_invisible_sentence(found[0]), mark))
    return page


_NOT_UTF8 = "Ce fichier n'est pas enregistré en UTF-8 : enregistrez-le de nouveau avec ce codage."


def _encoding_problem(data: bytes, offset: int, file: str) -> Problem:
    mark = _mark_at(data[:offset].decode("utf-8-sig", "replace"), None)
    return Problem(_NOT_UTF8, Place(file, mark.line, mark.column))


def _mark_at(text: str, offset: int | None) -> Mark:
    lines = _LINE_BREAK.split(text[:offset])
    return Mark(len(lines), len(lines[-1]) + 1)


def _invisible_sentence(char: str) -> str:
    return f"Un caractère invisible (U+{ord(char):04X}) se trouve ici : effacez-le."


def typed(text: str) -> Plain:
    """What a word without quotes stands for."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


@dataclass(slots=True)
class _Anchor:
    """A value that aliases may repeat."""

    node: _Node
    weight: int
    """Nodes it stands for, aliases expanded."""
    height: int


@dataclass(slots=True)
class _Composer:
    """Turns parser events into nodes, and stops at the first thing a profile has no use for."""

    page: Page
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, _Anchor | None] = field(default_factory=dict)
    """None while the anchored value is still being read: an alias to it would never end."""
    count: int = 0
    events: Iterator[Event] = field(init=False)

    def document(self) -> _Node:
        self.events = self._guarded_events()
        if not isinstance(self._next(DocumentStartEvent, StreamEndEvent), DocumentStartEvent):
            raise self._error("Ce profil est vide.", TOP)
        root = self._node(next(self.events), ())
        if isinstance(root, _Scalar) and root.value is None:
            raise self._error("Ce profil est vide.", TOP)
        second = self._next(DocumentStartEvent, StreamEndEvent)
        if isinstance(second, DocumentStartEvent):
            raise self._error("Un profil tient en un seul document : rien après « --- ».", _mark(second))
        return root

    def _guarded_events(self) -> Iterator[Event]:
        try:
            yield from yaml.parse(self.page.text, Loader=PARSER)
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The last two: escapes beyond Unicode, which PyYAML's own parser does not catch.
            raise ProfileError(_syntax_problem(self.page, error)) from None

    def _next(self, *kinds: type[Event]) -> Event:
        return next(event for event in self.events if isinstance(event, kinds))

    def _node(self, event: Event, trail: Trail) -> _Node:
        mark = _mark(event)
        self._count(1, mark, trail)
        if isinstance(event, AliasEvent):
            return self._alias(event, trail)
        assert isinstance(event, NodeEvent)
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag is not None:
            tag = shown(str(event.tag).replace("tag:yaml.org,2002:", "!!"))
            raise self._error(f"L'étiquette « {tag} » n'a pas sa place dans un profil.", mark, trail)
        if event.anchor is None:
            return self._content(event, trail)
        self.anchors[event.anchor] = None
        before = self.count
        node = self._content(event, trail)
        self.anchors[event.anchor] = _Anchor(node, self.count - before, _height(node))
        return node

    def _count(self, nodes: int, mark: Mark, trail: Trail) -> None:
        self.count += nodes
        if self.count > MAX_NODES:
            raise self._error("Ce fichier contient trop de valeurs pour un profil.", mark)
        if len(trail) > MAX_DEPTH:
            raise self._error("Trop de niveaux s'emboîtent ici pour un profil.", mark)

    def _alias(self, event: AliasEvent, trail: Trail) -> _Node:
        mark, name = _mark(event), str(event.anchor)
        if name not in self.anchors:
            raise self._error(f"Le renvoi « *{shown(name)} » ne mène à rien.", mark, trail)
        anchor = self.anchors[name]
        if anchor is None:
            raise self._error(f"Le renvoi « *{shown(name)} » se contient lui-même.", mark, trail)
        self._count(anchor.weight, mark, trail)
        if len(trail) + anchor.height > MAX_DEPTH:
            raise self._error("Trop de niveaux s'emboîtent ici pour un profil.", mark)
        return anchor.node

    def _content(self, event: NodeEvent, trail: Trail) -> _Node:
        match event:
            case ScalarEvent():
                return self._scalar(event, trail)
            case SequenceStartEvent():
                return _Items(_mark(event), tuple(self._items(trail)))
            case _:
                return _Block(_mark(event), tuple(self._entries(trail)))

    def _scalar(self, event: ScalarEvent, trail: Trail) -> _Scalar:
        mark, text = _mark(event), event.value
        if found := _INVISIBLE.search(text):
            self.problems.append(self.page.problem(_invisible_sentence(found[0]), mark, trail))
        is_plain = not event.style and event.implicit[0]
        return _Scalar(mark, text, typed(text) if is_plain else text)

    def _items(self, trail: Trail) -> Iterator[_Node]:
        position = 0
        while not isinstance(event := next(self.events), SequenceEndEvent):
            yield self._node(event, (*trail, position))
            position += 1

    def _entries(self, trail: Trail) -> Iterator[tuple[_Scalar, _Node]]:
        seen: dict[str, Mark] = {}
        while not isinstance(event := next(self.events), MappingEndEvent):
            key = self._key(event, trail)
            node = self._node(next(self.events), (*trail, key.text))
            if key.text not in seen:
                seen[key.text] = key.mark
                yield key, node
                continue
            sentence = f"La clé « {shown(key.text)} » est déjà écrite à la ligne {seen[key.text].line}."
            self.problems.append(self.page.problem(sentence, key.mark, trail))

    def _key(self, event: Event, trail: Trail) -> _Scalar:
        mark = _mark(event)
        if not isinstance(event, ScalarEvent):
            raise self._error("Une clé est un simple mot, suivi de « : ».", mark, trail)
        if event.value == "<<" and not event.style:
            raise self._error("La fusion « << » n'est pas acceptée : recopiez les lignes.", mark, trail)
        if not event.value:
            raise self._error("Il manque le nom de la clé avant « : ».", mark, trail)
        key = self._node(event, trail)
        assert isinstance(key, _Scalar)
        return key

    def _error(self, sentence: str, mark: Mark, trail: Trail = ()) -> ProfileError:
        return ProfileError(self.page.problem(sentence, mark, trail))


def _mark(event: Event) -> Mark:
    start = event.start_mark
    assert start is not None
    return Mark(start.line + 1, start.column + 1)


def _height(node: _Node) -> int:
    match node:
        case _Scalar():
            return 0
        case _Items(items=inside):
            return 1 + max(map(_height, inside), default=0)
        case _Block(entries=entries):
            return 1 + max((_height(value) for _, value in entries), default=0)


@dataclass(slots=True)
class _Flat:
    """Nodes as plain values, with the place of each under its trail."""

    marks: dict[Trail, Mark] = field(default_factory=dict)
    key_marks: dict[Trail, Mark] = field(default_factory=dict)
    written: dict[Trail, str] = field(default_factory=dict)

    def add(self, node: _Node, trail: Trail, key: _Scalar | None = None) -> Tree:
        self.marks[trail] = node.mark
        if key is not None:
            self.key_marks[trail] = key.mark
        match node:
            case _Scalar():
                self.written[trail] = node.text
                return node.value
            case _Items():
                return [self.add(item, (*trail, rank)) for rank, item in enumerate(node.items)]
            case _Block():
                return {name.text: self.add(part, (*trail, name.text), name) for name, part in node.entries}


_ALIGNMENT = "Cette ligne n'est pas alignée avec les autres de son bloc."
_TAG = "Les étiquettes YAML (« ! ») n'ont pas leur place dans un profil."
_ONE_DOCUMENT = "Un profil tient en un seul document, sans ligne « % » ni « --- »."
_ALIAS_NAME = "Le nom d'un renvoi (« & » ou « * ») manque ou n'est pas valable."
_COLON = "Ce « : » n'est pas à sa place : alignez la ligne, ou mettez le texte entre guillemets."
_BACKSLASH = "Entre guillemets doubles, « \\ » a un sens particulier : mettez des guillemets simples."
_SYNTAX: tuple[tuple[str, str], ...] = (
    ("could not find expected ':'", "Il manque « : » après ce nom, ou la ligne est mal alignée."),
    ("mapping values are not allowed", _COLON),
    ("did not find expected key", _ALIGNMENT),
    ("expected <block end>", _ALIGNMENT),
    ("did not find expected '-'", "Cette ligne n'est pas alignée avec les tirets de sa liste."),
    ("expected ',' or", "Il manque une virgule, un crochet ou une accolade fermante."),
    ("unexpected end of stream", "Un guillemet ouvert n'est jamais refermé."),
    ("did not find expected node content", "Une valeur manque ici, ou un crochet est de trop."),
    ("cannot start any token", "Ce caractère ne peut pas commencer une valeur : mettez-la entre guillemets."),
    ("escape", _BACKSLASH),
    (" tag", _TAG),
    ("document start", _ONE_DOCUMENT),
    ("directive", _ONE_DOCUMENT),
    ("anchor", _ALIAS_NAME),
    ("alias", _ALIAS_NAME),
)
"""What PyYAML and libyaml say, and the French of it; the first that is found wins."""
_UNREADABLE = "Ce texte n'est pas du YAML à cet endroit : vérifiez l'alignement et les guillemets."


def _syntax_problem(page: Page, error: Exception) -> Problem:
    mark = TOP
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = Mark(error.problem_mark.line + 1, error.problem_mark.column + 1)
    if mark.line <= len(page.lines) and (tab := _TAB_INDENT.match(page.lines[mark.line - 1])):
        sentence = "Une tabulation décale cette ligne : remplacez-la par des espaces."
        return page.problem(sentence, Mark(mark.line, tab.end()))
    said = f"{getattr(error, 'problem', '')} {getattr(error, 'context', '')}"
    sentence = next((french for english, french in _SYNTAX if english in said), _UNREADABLE)
    return page.problem(sentence, mark)


__all__ = ["MAX_BYTES", "MAX_DEPTH", "MAX_NODES", "PARSER", "read_yaml", "typed"]
