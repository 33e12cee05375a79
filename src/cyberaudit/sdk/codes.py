"""The codes of a family of faults, for programs: `spf.too_many_lookups`, the same in every report."""

from dataclasses import replace

from cyberaudit.model import Item, Verdict

_SHORT = {
    "no-record": "missing",
    "several-records": "multiple",
    # Of a list that another one leads to: the same faults, one step further.
    "broken-redirect": "include_no_record",
    "include-several-records": "multiple",
    "include-syntax": "syntax",
}


def coded(verdict: Verdict, *, family: str, key: str) -> Verdict:
    """`verdict` with the code of its family on every item that has one; a fault told without items becomes one item.

    `key`: what such an item is about: the domain.
    """
    items = tuple(replace(item, reason=_code(family, item.reason)) for item in verdict.items)
    if verdict.status.is_open and not any(item.status.is_open for item in items):
        items = (Item(key, verdict.status, _code(family, verdict.reason), verdict.text), *items)
    return replace(verdict, items=items)


def _code(family: str, reason: str) -> str:
    if not reason or "." in reason:
        return reason
    return f"{family}.{_SHORT.get(reason, reason).replace('-', '_')}"
