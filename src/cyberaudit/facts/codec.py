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
from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from cyberaudit.facts.base import Facts, kinds
from cyberaudit.model import Reason, Unreachable

T = TypeVar("T")
Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


class NotDecodable(ValueError):
    """The stored text is not what this version, or an older one, writes."""


def encode(value: object, annotation: Any) -> Json:
    """The JSON form of `value`, which must fit `annotation`.

    Raises:
        TypeError: the annotation or the value has no JSON form.
    """
    if annotation is object:
        return encode_facts(cast("Facts | Unreachable", value))
    if _is_union(annotation):
        return _encode_union(value, get_args(annotation))
    if isinstance(value, tuple):
        return [
            encode(part, hint) for part, hint in zip(value, _part_hints(annotation, len(value)), strict=True)
        ]
    if isinstance(value, frozenset):
        hint = get_args(annotation)[0]
        return sorted((encode(part, hint) for part in value), key=repr)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _encode_dataclass(value)
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


def _encode_dataclass(value: object) -> dict[str, Json]:
    return {
        name: encode(getattr(value, name), hint) for name, hint in _fields(cast("Any", type(value))).items()
    }


def _encode_union(value: object, choices: tuple[Any, ...]) -> Json:
    if dataclasses.is_dataclass(value):
        return {"@": type(value).__name__, **_encode_dataclass(value)}
    if isinstance(value, tuple | frozenset):
        return encode(value, next(choice for choice in choices if get_origin(choice) is type(value)))
    return _encode_scalar(value)


def _part_hints(annotation: Any, length: int) -> tuple[Any, ...]:
    parts = get_args(annotation)
    return (parts[0],) * length if len(parts) == 2 and parts[1] is Ellipsis else parts


def decode(data: Json, annotation: type[T] | Any) -> T:
    """The value of type `annotation` that `data` stands for.

    Raises:
        NotDecodable: the shape is not the annotation's.
    """
    return cast("T", _decode(data, annotation))


def _decode(data: Any, annotation: Any) -> object:
    if annotation is object:
        return decode_facts(data)
    if _is_union(annotation):
        return _decode_union(data, get_args(annotation))
    origin = get_origin(annotation)
    if origin is tuple:
        return _decode_tuple(data, annotation)
    if origin is frozenset:
        return frozenset(_decode(part, get_args(annotation)[0]) for part in _expect(data, list))
    if dataclasses.is_dataclass(annotation):
        return _decode_dataclass(_expect(data, dict), annotation)
    return _decode_scalar(data, annotation)


def _decode_scalar(data: Any, annotation: Any) -> object:
    try:
        if annotation is bytes:
            return base64.b64decode(_expect(data, str), validate=True)
        if annotation is datetime:
            return datetime.fromisoformat(_expect(data, str)).astimezone(UTC)
        if annotation is date:
            return date.fromisoformat(_expect(data, str))
        if isinstance(annotation, type) and issubclass(annotation, StrEnum):
            return annotation(_expect(data, str))
    except ValueError as error:
        raise NotDecodable(str(error)) from error
    if annotation is type(None):
        return _expect(data, type(None))
    if annotation is int and isinstance(data, bool):
        raise NotDecodable("a boolean stands where a number should")
    return _expect(data, annotation)


def _decode_tuple(data: Any, annotation: Any) -> tuple[object, ...]:
    items = _expect(data, list)
    hints = _part_hints(annotation, len(items))
    if len(hints) != len(items):
        raise NotDecodable(f"{len(items)} parts instead of {len(hints)}")
    return tuple(_decode(item, hint) for item, hint in zip(items, hints, strict=True))


def _decode_union(data: Any, choices: tuple[Any, ...]) -> object:
    if isinstance(data, dict):
        name = data.get("@")
        for choice in choices:
            if getattr(choice, "__name__", None) == name:
                return _decode_dataclass({key: part for key, part in data.items() if key != "@"}, choice)
        raise NotDecodable(f"unknown alternative {name!r}")
    for choice in choices:
        if not dataclasses.is_dataclass(choice):
            try:
                return _decode(data, choice)
            except NotDecodable:
                continue
    raise NotDecodable(f"{type(data).__name__} fits none of the alternatives")


def _decode_dataclass(data: Mapping[str, Any], cls: Any) -> object:
    values: dict[str, object] = {}
    for name, hint in _fields(cls).items():
        if name in data:
            values[name] = _decode(data[name], hint)
        elif _admits_unreachable(hint):
            values[name] = Unreachable(Reason.NOT_COLLECTED)
        elif not _has_default(cls, name):
            raise NotDecodable(f"{cls.__name__}.{name} is missing")
    return cast("object", cls(**values))


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
        return cast("Unreachable", _decode_union(envelope, (Unreachable,)))
    try:
        kind, version, content = envelope["kind"], envelope["version"], envelope["data"]
    except KeyError as error:
        raise NotDecodable(f"facts without {error}") from error
    cls = kinds().get(_expect(kind, str))
    _decode_scalar(version, int)
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
