"""Where a name can be registered: the Public Suffix List, as the package `publicsuffixlist` carries it."""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList


def registrable(name: str) -> str | None:
    """The part of `name` that somebody registered at a registry: `l-hay.gouv.fr` of `www.l-hay.gouv.fr`.

    A-labels in, lower case and without final dot out; None for a public suffix itself and for what is no name.
    Only what registries offer counts: a hoster's own suffixes (`github.io`) are names like others. A TLD that the
    list does not know, `.example` among them, is its own suffix.
    """
    return _private_part(name, registries_only=True)


def organizational(name: str) -> str | None:
    """The organizational domain as RFC 7489 §3.2 finds it, hosters' suffixes included; None as `registrable`."""
    return _private_part(name, registries_only=False)


def _private_part(name: str, *, registries_only: bool) -> str | None:
    bare = name.lower().removesuffix(".")
    # RFC 1035 §2.3.4: 253 characters of text, empty labels never.
    if len(bare) > 253 or not all(bare.split(".")):
        return None
    return _rules(registries_only=registries_only).privatesuffix(bare)


@cache
def _rules(*, registries_only: bool) -> "PublicSuffixList":
    # Imported here, and the 10,000 rules read (25 ms): most runs ask one of the two lists, many none.
    from publicsuffixlist import PublicSuffixList

    return PublicSuffixList(only_icann=registries_only)
