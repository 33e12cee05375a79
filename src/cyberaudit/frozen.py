"""Immutable values: dataclasses, frozen and with slots, that cost little to define.

The standard decorator writes and compiles six methods for each class, 0.3 ms in all, and a scan defines some three
hundred classes before its first word. Here three of the six are shared by all classes, and each of the others is
compiled when it is first called. `dataclasses.fields`, `replace` and `asdict`, patterns, copies and pickling work as
with the standard one.
"""

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from reprlib import recursive_repr
from typing import Any, TypeVar, cast, dataclass_transform

_Class = TypeVar("_Class", bound=type)
_Method = Callable[..., Any]
_Fields = tuple[dataclasses.Field[Any], ...]
_NOT_GIVEN = object()


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def frozen(cls: _Class) -> _Class:
    """`cls` as a frozen dataclass with slots: equality, hash and repr are by its fields, in their order.

    What the class defines itself of these stays. Order and `InitVar` are left to the standard decorator.
    """
    own = dict(vars(cls))
    # Without a text of its own, the standard one works out the signature of each class.
    cls.__doc__ = cls.__doc__ or cls.__name__
    done: Any = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True)(cls)
    late = {name: _late(done, name) for name in _SOURCES}
    for name, method in {**_SHARED, **late, "__signature__": _Signature(done)}.items():
        # A class that defines `__eq__` has a `__hash__` that is None.
        if own.get(name) is None:
            setattr(done, name, method)
    return cast("_Class", done)


def _late(cls: type, name: str) -> _Method:
    """A method that gives its place to the real one the first time it is called."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _compiled(cls, name)(self, *args, **kwargs)

    return method


def _compiled(cls: type, name: str) -> _Method:
    """The real method, put into its place. A slot is written through its descriptor: nothing else can."""
    fields = dataclasses.fields(cls)
    known: dict[str, Any] = {"_NOT_GIVEN": _NOT_GIVEN}
    for field in fields:
        known[f"_set_{field.name}"] = getattr(cls, field.name).__set__
        known[f"_default_{field.name}"] = field.default
        known[f"_make_{field.name}"] = field.default_factory
    exec("\n".join(_SOURCES[name](cls, fields)), known)  # noqa: S102 — written here, of the names of fields
    method: _Method = known[name]
    method.__qualname__ = f"{cls.__qualname__}.{name}"
    setattr(cls, name, method)
    return method


def _init_source(cls: type, fields: _Fields) -> Iterator[str]:
    given = [field for field in fields if field.init]
    named = [_parameter(field) for field in given if field.kw_only]
    words = ("self", *(_parameter(field) for field in given if not field.kw_only), *(("*",) if named else ()))
    yield f"def __init__({', '.join((*words, *named))}):"
    yield " pass"
    yield from (f" {line}" for field in fields if (line := _assignment(field)))
    if hasattr(cls, "__post_init__"):
        yield " self.__post_init__()"


def _parameter(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        return f"{field.name}=_default_{field.name}"
    if field.default_factory is not dataclasses.MISSING:
        return f"{field.name}=_NOT_GIVEN"
    return field.name


def _assignment(field: dataclasses.Field[Any]) -> str:
    """The line that writes one field; nothing for what `__post_init__` writes."""
    name = field.name
    if field.default_factory is not dataclasses.MISSING:
        made = f"_make_{name}() if {name} is _NOT_GIVEN else {name}" if field.init else f"_make_{name}()"
        return f"_set_{name}(self, {made})"
    if field.init:
        return f"_set_{name}(self, {name})"
    return "" if field.default is dataclasses.MISSING else f"_set_{name}(self, _default_{name})"


def _eq_source(_: type, fields: _Fields) -> Iterator[str]:
    yield "def __eq__(self, other):"
    yield " if other.__class__ is not self.__class__:"
    yield "  return NotImplemented"
    yield f" return {_values('self', fields)} == {_values('other', fields)}"


def _hash_source(_: type, fields: _Fields) -> Iterator[str]:
    yield f"def __hash__(self): return hash({_values('self', fields)})"


def _values(owner: str, fields: _Fields) -> str:
    return f"({''.join(f'{owner}.{field.name}, ' for field in fields if field.compare)})"


class _Signature:
    """What `inspect.signature` is told of a class, whose `__init__` may not be written yet."""

    def __init__(self, of: type) -> None:
        self._of = of

    def __get__(self, _: object, cls: Any) -> inspect.Signature:
        if cls.__init__ is not self._of.__init__:  # type: ignore[misc]
            raise AttributeError("__signature__")
        init = inspect.signature(_compiled(self._of, "__init__"))
        return init.replace(parameters=[word for name, word in init.parameters.items() if name != "self"])


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (field.name for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"


def _refuse_to_set(_: object, name: str, __: object) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_: object, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_SOURCES = {"__init__": _init_source, "__eq__": _eq_source, "__hash__": _hash_source}
_SHARED = {
    "__repr__": _repr,
    "__setattr__": _refuse_to_set,
    "__delattr__": _refuse_to_delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
