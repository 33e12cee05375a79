"""Which details of two moments are the same though their keys differ: those of what stands at another address now."""

import re
from collections.abc import Callable, Collection
from functools import partial
from ipaddress import ip_address

from cyberaudit.declared import AssetKind, Host, Town

Alike = Callable[[str], str]
"""The key of a detail, as it is compared."""

_V4 = r"(?<![\w.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?![\w.])"
_V6 = r"(?<![\w:.])[0-9A-Fa-f]{0,4}:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*(?![\w:.])"
_ADDRESS = re.compile(f"{_V4}|{_V6}")
_ELSEWHERE = "*"


def as_it_is(key: str) -> str:
    return key


def alike(asset: str, moved: Collection[str]) -> Alike:
    """How keys of details of that asset are compared; `moved`: see `moved_addresses`.

    The addresses behind a domain are its providers': they turn from one day to the next, and are no event. Those of
    machines count, unless the profile says that a machine has moved.
    """
    if asset.startswith(f"{AssetKind.DOMAIN}/"):
        return partial(_without, moved=None)
    return partial(_without, moved=moved) if moved else as_it_is


def moved_addresses(before: Town, after: Town) -> frozenset[str]:
    """Of each machine that has left an address and taken another between two profiles, both; else nothing."""
    older, newer = _by_host(before), _by_host(after)
    moved = [
        older[key] ^ newer[key]
        for key in older.keys() & newer.keys()
        if older[key] - newer[key] and newer[key] - older[key]
    ]
    return frozenset().union(*moved)


def _by_host(town: Town) -> dict[str, frozenset[str]]:
    hosts = (each for each in town.assets if isinstance(each, Host))
    return {host.key: frozenset(map(_plain, host.addresses)) for host in hosts}


def _without(key: str, *, moved: Collection[str] | None) -> str:
    """`moved`: None: whatever the address."""

    def replaced(found: re.Match[str]) -> str:
        address = _plain(found[0])
        return _ELSEWHERE if address and (moved is None or address in moved) else found[0]

    return _ADDRESS.sub(replaced, key)


def _plain(text: str) -> str:
    """As `ip_address` writes it; empty when it is none."""
    try:
        return str(ip_address(text))
    except ValueError:
        return ""
