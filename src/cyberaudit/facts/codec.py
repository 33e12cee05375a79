"""Frozen values to JSON and back, following their type annotations.

    str, int, bool, None     themselves
    bytes                    base64
    datetime, date           RFC 3339 UTC, ISO 8601
    StrEnum                  its value
    tuple, frozenset         list; sets sorted
    dataclass                object; inside a union with its class's name under "@"
    Facts                    {"kind", "version", "data"}

A field that the stored text lacks decodes as `Unreachable(not-collected)` when its type admits it, else as
its default, else it is an error: never as something that could pass.
"""

import base64
import dataclasses
import math
import types
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from cyberaudit.facts.base import Facts, kinds
from cyberaudit.model import Reason, Unreachable

T = TypeVar("T")
# JSON writes them as they are. Exact types: a `StrEnum` is a text too.
_AS_THEY_ARE = frozenset({str, int, bool, type(None)})
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class NotDecodable(ValueError):
    """The stored text is not what this version, or an older one, writes."""


def encode(value: object, annotation: Any) -> Json:
    """The JSON form of `value`, which must fit `annotation`.

    Raises:
        TypeError: the annotation or the value has no JSON form.
    """
    return _writer(annotation)(value)


Writer = Callable[[Any], "Json"]


@cache
def _writer(annotation: Any) -> Writer:
    """What writes values of that type: an annotation is looked at once, as by `_reader`."""
    if annotation is object:
        return encode_facts
    if _is_union(annotation):
        choices = get_args(annotation)
        return lambda value: value if type(value) in _AS_THEY_ARE else _encode_union(value, choices)

    def write(value: Any) -> Json:
        if type(value) in _AS_THEY_ARE:
            return cast("Json", value)
        if _is_dataclass(value):
            return _encode_dataclass(value)
        return _encode_several(value, annotation)

    return write


def _encode_several(value: object, annotation: Any) -> Json:
    if isinstance(value, tuple):
        return [write(part) for part, write in zip(value, _part_writers(annotation, len(value)), strict=True)]
    if isinstance(value, frozenset):
        hint = get_args(annotation)[0]
        return sorted((encode(part, hint) for part in value), key=repr)
    return _encode_scalar(value)


def _encode_scalar(value: object) -> Json:
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | str():
            return value
        # Neither infinite nor « not a number »: JSON has no form for them.
        case float() if math.isfinite(value):
            return value
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
    msg = f"no JSON form for {type(value).__name__}"
    raise TypeError(msg)


def _encode_dataclass(value: Any) -> dict[str, Json]:
    return {name: write(getattr(value, name)) for name, write in _field_writers(cast("Any", type(value)))}


@cache
def _field_writers(cls: Any) -> tuple[tuple[str, Writer], ...]:
    return tuple((name, _writer(hint)) for name, hint in _fields(cls).items())


def _encode_union(value: Any, choices: tuple[Any, ...]) -> Json:
    if _is_dataclass(value):
        return {"@": type(value).__name__, **_encode_dataclass(value)}
    if isinstance(value, tuple | frozenset):
        return encode(value, next(choice for choice in choices if get_origin(choice) is type(value)))
    return _encode_scalar(value)


def _is_dataclass(value: object) -> bool:
    """As `dataclasses.is_dataclass`, of a value alone: it is asked of every part of every report."""
    return hasattr(type(value), "__dataclass_fields__")


def _part_writers(annotation: Any, length: int) -> tuple[Writer, ...]:
    parts = get_args(annotation)
    if len(parts) == 2 and parts[1] is Ellipsis:
        return (_writer(parts[0]),) * length
    return tuple(map(_writer, parts))


def decode(data: Json, annotation: type[T] | Any) -> T:
    """The value of type `annotation` that `data` stands for.

    Raises:
        NotDecodable: the shape is not the annotation's.
    """
    return cast("T", _decode(data, annotation))


Reader = Callable[[Any], object]


def _decode(data: Any, annotation: Any) -> object:
    return _reader(annotation)(data)


@cache
def _reader(annotation: Any) -> Reader:
    """What reads values of that type: an annotation is looked at once, not at each of ten thousand values."""
    if annotation is object:
        return decode_facts
    if _is_union(annotation):
        return _union_reader(get_args(annotation))
    origin = get_origin(annotation)
    if origin is tuple:
        return _tuple_reader(annotation)
    if origin is frozenset:
        part = _reader(get_args(annotation)[0])
        return lambda data: frozenset(map(part, _expect(data, list)))
    if dataclasses.is_dataclass(annotation):
        return lambda data: _decode_dataclass(_expect(data, dict), annotation)
    return _scalar_reader(annotation)


def _scalar_reader(annotation: Any) -> Reader:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return _enum_reader(annotation)
    return _WRITTEN.get(annotation) or _itself(annotation)


def _itself(kind: type) -> Reader:
    """JSON writes it as it is. Called more often than anything else of a report."""

    def read(data: Any) -> object:
        return data if isinstance(data, kind) else _expect(data, kind)

    return read


def _enum_reader(kind: type[StrEnum]) -> Reader:
    members = {each.value: each for each in kind}

    def read(data: Any) -> object:
        if isinstance(data, str) and data in members:
            return members[data]
        raise NotDecodable(f"{data!r} is no {kind.__name__}")

    return read


def _read_int(data: Any) -> int:
    if type(data) is int:
        return data
    if isinstance(data, bool):
        raise NotDecodable("a boolean stands where a number should")
    return cast("int", _expect(data, int))


def _from_text(read: Callable[[str], object]) -> Reader:
    """The same for a text that may say nothing of the kind."""

    def read_text(data: Any) -> object:
        try:
            return read(_expect(data, str))
        except ValueError as error:
            raise NotDecodable(str(error)) from error

    return read_text


_WRITTEN: Mapping[Any, Reader] = {
    int: _read_int,
    bytes: _from_text(lambda text: base64.b64decode(text, validate=True)),
    datetime: _from_text(lambda text: datetime.fromisoformat(text).astimezone(UTC)),
    date: _from_text(date.fromisoformat),
}


def _tuple_reader(annotation: Any) -> Reader:
    hints = get_args(annotation)
    if len(hints) == 2 and hints[1] is Ellipsis:
        every = _reader(hints[0])
        return lambda data: tuple(map(every, _expect(data, list)))
    parts = tuple(map(_reader, hints))

    def read(data: Any) -> object:
        items = _expect(data, list)
        if len(parts) != len(items):
            raise NotDecodable(f"{len(items)} parts instead of {len(parts)}")
        return tuple(part(item) for part, item in zip(parts, items, strict=True))

    return read


def _union_reader(choices: tuple[Any, ...]) -> Reader:
    named: Mapping[str, Any] = {
        choice.__name__: choice
        for choice in choices
        if isinstance(choice, type) and dataclasses.is_dataclass(choice)
    }
    others = tuple(_reader(choice) for choice in choices if not dataclasses.is_dataclass(choice))

    def read(data: Any) -> object:
        if isinstance(data, dict):
            name = data.get("@")
            if not isinstance(name, str) or name not in named:
                raise NotDecodable(f"unknown alternative {name!r}")
            return _decode_dataclass(data, named[name])
        for other in others:
            try:
                return other(data)
            except NotDecodable:
                continue
        raise NotDecodable(f"{type(data).__name__} fits none of the alternatives")

    return read


def _decode_dataclass(data: Mapping[str, Any], cls: Any) -> object:
    values: dict[str, object] = {}
    for name, read, absent in _parts(cls):
        if name in data:
            values[name] = read(data[name])
        elif absent is _NEEDED:
            raise NotDecodable(f"{cls.__name__}.{name} is missing")
        elif absent is not None:
            values[name] = absent
    return cast("object", cls(**values))


_NEEDED = object()


@cache
def _parts(cls: Any) -> tuple[tuple[str, Reader, object], ...]:
    """Of each field: its name, its reader, and what stands for it when it is not there, None for its default."""
    return tuple((name, _reader(hint), _absent(cls, name, hint)) for name, hint in _fields(cls).items())


def _absent(cls: Any, name: str, hint: Any) -> object:
    if _admits_unreachable(hint):
        return Unreachable(Reason.NOT_COLLECTED)
    return None if _has_default(cls, name) else _NEEDED


def _has_default(cls: Any, name: str) -> bool:
    field = next(field for field in dataclasses.fields(cls) if field.name == name)
    return (field.default, field.default_factory) != (dataclasses.MISSING, dataclasses.MISSING)


def encode_facts(facts: Facts | Unreachable) -> Json:
    """The envelope under which facts, or the reason of their absence, are stored."""
    if isinstance(facts, Unreachable):
        return {"@": "Unreachable", **_encode_dataclass(facts)}
    return {"kind": facts.KIND, "version": facts.VERSION, "data": _encode_dataclass(facts)}


def decode_facts(data: Json) -> Facts | Unreachable:
    """Facts as stored; `Unreachable(too-new)` for a kind or a version this program does not know.

    Raises:
        NotDecodable: the text was not written by any version.
    """
    envelope = _expect(data, dict)
    if envelope.get("@") == "Unreachable":
        return cast("Unreachable", _decode_dataclass(envelope, Unreachable))
    try:
        kind, version, content = envelope["kind"], envelope["version"], envelope["data"]
    except KeyError as error:
        raise NotDecodable(f"facts without {error}") from error
    cls = kinds().get(_expect(kind, str))
    _read_int(version)
    if cls is None or version > cls.VERSION:
        return Unreachable(Reason.TOO_NEW, f"{kind} {version}")
    return decode(_upgraded(content, cls, version), cls)


def _upgraded(content: Json, cls: type[Facts], version: int) -> dict[str, Json]:
    try:
        return dict(cls.upgraded(_expect(content, dict), version))
    except (KeyError, TypeError, AttributeError) as error:
        raise NotDecodable(f"{cls.KIND} {version} without {error}") from error


@cache
def _fields(cls: Any) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in dataclasses.fields(cls)}


@cache
def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _admits_unreachable(annotation: Any) -> bool:
    return _is_union(annotation) and Unreachable in get_args(annotation)


def _expect(data: Any, wanted: Any) -> Any:
    if not isinstance(data, wanted):
        raise NotDecodable(f"{type(data).__name__} instead of {getattr(wanted, '__name__', wanted)}")
    return data


__all__ = ["Json", "NotDecodable", "decode", "decode_facts", "encode", "encode_facts"]
