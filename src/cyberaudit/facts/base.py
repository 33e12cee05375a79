"""The family of fact classes: each has a `KIND`, a `VERSION`, and fields without defaults."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache
from types import ModuleType
from typing import Any, ClassVar

import cyberaudit.facts as package
from cyberaudit.frozen import frozen


@frozen
class Facts:
    """What one probe saw of one asset.

    Fields have no defaults: a field added later is typed `T | Unreachable`, and facts stored before it
    decode as `Unreachable(not-collected)`, so that replay never takes « never looked » for « fine ».
    """

    KIND: ClassVar[str]
    VERSION: ClassVar[int]

    @classmethod
    def upgraded(cls, data: Mapping[str, Any], version: int) -> Mapping[str, Any]:  # noqa: ARG003 — for those who redefine it
        """What an older `version` of this class stored, laid out as this one; fields it did not know are left out."""
        return data


def _modules(*, samples: bool) -> Iterator[ModuleType]:
    for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        if entry.name.endswith("_samples") is samples:
            yield importlib.import_module(entry.name)


@cache
def kinds() -> dict[str, type[Facts]]:
    """Every fact class of this package by its `KIND`; a new module needs no other line."""
    values = [value for module in _modules(samples=False) for value in vars(module).values()]
    classes = [value for value in values if isinstance(value, type) and issubclass(value, Facts)]
    return {cls.KIND: cls for cls in classes if cls is not Facts}


@cache
def samples() -> tuple[Facts, ...]:
    """The `SAMPLES` of every `*_samples` module of this package: facts in known states."""
    return tuple(sample for module in _modules(samples=True) for sample in module.SAMPLES)
