"""Where a name can be registered: the Public Suffix List, as the package `publicsuffixlist` carries it."""

from functools import cache, lru_cache
from pathlib import Path

# Ours: a town's names end in three or four; those that strangers put in their records must not fill the memory.
MOST_ENDS = 64


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
    labels = bare.split(".")
    # RFC 1035 §2.3.4: 253 characters of text, empty labels never.
    if len(bare) > 253 or not all(labels):
        return None
    # RFC 3696 §2: no TLD is all digits; an address stands where a name should.
    if labels[-1].isdigit():
        return None
    listed = [*map(_as_listed, labels)]
    begins = _suffix_begins(listed, _rules_under(listed[-1], registries_only=registries_only))
    return ".".join(labels[begins - 1 :]) if begins else None


def _suffix_begins(labels: list[str], rules: frozenset[str]) -> int:
    """The label where the public suffix begins, by the list's own algorithm: an exception first, then the longest."""
    for place in range(len(labels)):
        tail, parent = ".".join(labels[place:]), ".".join(labels[place + 1 :])
        if f"!{tail}" in rules:
            return place + 1
        # What a wildcard stands below is nobody's to register either: `kobe.jp`, as of `*.kobe.jp`.
        if not rules.isdisjoint((tail, f"*.{tail}", f"*.{parent}")):
            return place
    return len(labels) - 1


def _as_listed(label: str) -> str:
    """The list holds U-labels."""
    if not label.startswith("xn--"):
        return label
    try:
        return label.encode("ascii").decode("idna")
    except UnicodeError:
        return label


@lru_cache(maxsize=MOST_ENDS)
def _rules_under(end: str, *, registries_only: bool) -> frozenset[str]:
    """The lines of the list that end so: all that can speak of names under that TLD."""
    text = _rules(registries_only=registries_only)
    found, place = set(), -1
    while (place := text.find(f"{end}\n", place + 1)) >= 0:
        found.add(text[text.rfind("\n", 0, place) + 1 : place + len(end)])
    return frozenset(found)


@cache
def _rules(*, registries_only: bool) -> str:
    """The list as it is, one rule a line.

    Searched as text: made into sets, its 10,000 rules take 60 ms, and a run asks of a handful of TLDs.
    """
    # Imported here: most runs ask of no name.
    from publicsuffixlist import PSLFILE

    text = Path(PSLFILE).read_text(encoding="utf-8").lower()
    if registries_only:
        text = text.partition("// ===begin icann domains===")[2].partition("// ===end icann domains===")[0]
    return f"\n{text}\n"
