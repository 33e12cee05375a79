"""The report for machines: JSON, and the schema it follows. English keys, French texts."""

import ast
import dataclasses
import inspect
import json
import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from cyberaudit.reports.words import ReportView

SCHEMA_VERSION = 1
Json = dict[str, Any]


def render(view: ReportView) -> str:
    """The report as JSON text: keys sorted, so that the same report is the same text."""
    document = {"schema_version": SCHEMA_VERSION, **_plain(view)}
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _plain(value: Any) -> Any:
    """JSON values: dates in ISO, times in UTC, exact fractions beside their decimal."""
    match value:
        case Fraction():
            return {"exact": f"{value.numerator}/{value.denominator}", "value": float(value)}
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(part) for part in value]
        case _ if dataclasses.is_dataclass(value):
            return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        case _:
            return value


def schema() -> Json:
    """JSON Schema (draft-07) of the report, made from the classes of `reports.words` and `reports.plan_words`."""
    definitions: dict[str, Json] = {}
    _reference(ReportView, definitions)
    report = definitions.pop(ReportView.__name__)
    report["properties"] = {"schema_version": {"const": SCHEMA_VERSION}, **report["properties"]}
    report["required"] = ["schema_version", *report["required"]]
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Report of cyberaudit",
        **report,
        "definitions": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """What `docs/report.schema.json` holds."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _reference(cls: type[Any], definitions: dict[str, Json]) -> Json:
    if cls.__name__ not in definitions:
        definitions[cls.__name__] = {}
        definitions[cls.__name__] = _object(cls, definitions)
    return {"$ref": f"#/definitions/{cls.__name__}"}


def _object(cls: type[Any], definitions: dict[str, Json]) -> Json:
    hints, told = get_type_hints(cls), _field_docstrings(cls)
    properties = {}
    for field in dataclasses.fields(cls):
        wanted = _typed(hints[field.name], definitions)
        description = {"description": told[field.name]} if field.name in told else {}
        # Draft-07 ignores what stands beside `$ref`.
        properties[field.name] = (
            {"allOf": [wanted], **description}
            if "$ref" in wanted and description
            else {**wanted, **description}
        )
    return {
        "description": inspect.cleandoc(cls.__doc__ or ""),
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


_SCALARS: dict[type[Any], Json] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    NoneType: {"type": "null"},
}
_FRACTION: Json = {
    "description": "An exact fraction, and the nearest decimal.",
    "type": "object",
    "properties": {
        "exact": {"type": "string", "pattern": "^-?[0-9]+/[1-9][0-9]*$"},
        "value": {"type": "number"},
    },
    "required": ["exact", "value"],
    "additionalProperties": False,
}


def _typed(hint: Any, definitions: dict[str, Json]) -> Json:
    if get_origin(hint) is tuple:
        return {"type": "array", "items": _typed(get_args(hint)[0], definitions)}
    if isinstance(hint, UnionType):
        return {"anyOf": [_typed(part, definitions) for part in get_args(hint)]}
    if hint is Fraction:
        definitions.setdefault("Fraction", _FRACTION)
        return {"$ref": "#/definitions/Fraction"}
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _reference(hint, definitions)
    if issubclass(hint, StrEnum):
        return {"enum": [member.value for member in hint]}
    return dict(_SCALARS[hint])


def _field_docstrings(cls: type[Any]) -> dict[str, str]:
    """The string that follows each field in the source of `cls`."""
    tree = ast.parse(inspect.getsource(sys.modules[cls.__module__]))
    body = next(
        node.body for node in tree.body if isinstance(node, ast.ClassDef) and node.name == cls.__name__
    )
    told = {}
    for field, after in pairwise(body):
        match field, after:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                told[name] = inspect.cleandoc(text)
    return told
