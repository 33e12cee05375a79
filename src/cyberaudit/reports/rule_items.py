"""Items that stand for a rule of a guide: told one by one to the contractor, counted for everybody else."""

import re
from collections.abc import Iterable, Sequence
from itertools import groupby

from cyberaudit import french
from cyberaudit.reports.words import ToTreatView

_RULE = re.compile(r"R(\d+)-?")
_BESIDE = frozenset({"codes", "fallback", "options", "renegotiation", "suites"})
"""Keys of items as technical as a rule, which no guide numbers."""


def is_technical(key: str) -> bool:
    """`R10-`, `R6 2001:db8::1`: what only the contractor reads."""
    first = key.partition(" ")[0]
    return _RULE.fullmatch(first) is not None or first in _BESIDE


def rule_order(key: str) -> tuple[bool, int]:
    """What is told in plain words first, then the rules by their numbers, then what stands beside them."""
    rule = _RULE.match(key)
    if not is_technical(key):
        return False, 0
    return True, int(rule[1]) if rule else 1000


def counted(points: int, *, to_do: str = "à refaire") -> str:
    """« Chiffrement à refaire, 9 points (détail : option --technical). »"""
    return french.typeset(
        f"Chiffrement {to_do}, {french.count(points, 'point')} (détail : option --technical)."
    )


def by_asset(entries: Iterable[ToTreatView]) -> tuple[ToTreatView, ...]:
    """By asset, in the order in which they first come, then by rule."""
    known = tuple(entries)
    order = list(dict.fromkeys(each.asset_name for each in known))
    return tuple(sorted(known, key=lambda each: (order.index(each.asset_name), *rule_order(each.key))))


def folded(entries: Sequence[ToTreatView]) -> tuple[ToTreatView, ...]:
    """One line for all that is technical of an asset, after what is told of it in plain words."""
    told: list[ToTreatView] = []
    for name, group in groupby(by_asset(entries), key=lambda each: each.asset_name):
        own = list(group)
        rules = [each for each in own if is_technical(each.key)]
        told += [each for each in own if each not in rules]
        told += [ToTreatView(rules[0].point, name, "", counted(len(rules)))] if rules else []
    return tuple(told)
