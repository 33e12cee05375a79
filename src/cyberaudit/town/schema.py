"""The JSON Schema (draft-07) of a profile, for the completion of editors; made from the shape."""

import json
import sys
from typing import Any

from cyberaudit.town.shape import ProfileShape

DRAFT = "http://json-schema.org/draft-07/schema#"
_TITLE = "Profil d'une commune pour cyberaudit"
_DROPPED = {"title", "default"}
"""Keywords of pydantic that help no reader."""


def schema() -> dict[str, Any]:
    """The schema of a whole profile."""
    written = ProfileShape.model_json_schema(by_alias=True)
    return {"$schema": DRAFT, "title": _TITLE, **_draft_07(written)}


def schema_text() -> str:
    """The content of `profiles/schema.json`."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"


def _draft_07(part: dict[str, Any]) -> dict[str, Any]:
    """One schema object of draft 2020-12, said in draft-07."""
    kept = {key: value for key, value in part.items() if key not in _DROPPED}
    if "$ref" in kept and len(kept) > 1:
        # Draft-07 ignores whatever stands beside a $ref: the description would be lost.
        kept = {
            **{key: value for key, value in kept.items() if key != "$ref"},
            "allOf": [{"$ref": kept["$ref"]}],
        }
    return {_keyword(key): _value(key, value) for key, value in kept.items()}


def _keyword(key: str) -> str:
    return {"$defs": "definitions", "prefixItems": "items"}.get(key, key)


def _value(key: str, value: Any) -> Any:
    match key:
        case "$ref":
            return str(value).replace("#/$defs/", "#/definitions/")
        case "$defs" | "properties" | "patternProperties":
            return {name: _draft_07(part) for name, part in value.items()}
        case "allOf" | "anyOf" | "oneOf" | "prefixItems":
            return [_draft_07(part) for part in value]
        case "items" | "additionalProperties" | "propertyNames" if isinstance(value, dict):
            return _draft_07(value)
        case _:
            return value


if __name__ == "__main__":
    sys.stdout.write(schema_text())
