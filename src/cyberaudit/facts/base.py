"""The family of fact classes: each has a `KIND`, a `VERSION`, and fields without defaults."""

import importlib
import pkgutil
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import cyberaudit.facts as package


@dataclass(frozen=True, slots=True)
class Facts:
    """What one probe saw of one asset.

    Fields have no defaults: a field added later is typed `T | Unreachable`, and facts stored before it
    decode as `Unreachable(not-collected)`, so that replay never takes « never looked » for « fine ».
    """

    KIND: ClassVar[str]
    VERSION: ClassVar[int]


@cache
def kinds() -> dict[str, type[Facts]]:
    """Every fact class of this package by its `KIND`; a new module needs no other line."""
    found: dict[str, type[Facts]] = {}
    for entry in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        for value in vars(importlib.import_module(entry.name)).values():
            if isinstance(value, type) and issubclass(value, Facts) and value is not Facts:
                found[value.KIND] = value
    return found
