"""Where a name can be registered: the Public Suffix List, as the package `publicsuffixlist` carries it."""

from functools import cache
from pathlib import Path


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
    begins = _suffix_begins([*map(_as_listed, labels)], _rules(registries_only=registries_only))
    return ".".join(labels[begins - 1 :]) if begins else None


def _suffix_begins(labels: list[str], rules: str) -> int:
    """The label where the public suffix begins, by the list's own algorithm: an exception first, then the longest."""
    for place in range(len(labels)):
        tail, parent = ".".join(labels[place:]), ".".join(labels[place + 1 :])
        if f"\n!{tail}\n" in rules:
            return place + 1
        # What a wildcard stands below is nobody's to register either: `kobe.jp`, as of `*.kobe.jp`.
        if any(f"\n{rule}\n" in rules for rule in (tail, f"*.{tail}", f"*.{parent}")):
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


@cache
def _rules(*, registries_only: bool) -> str:
    """The list as it is, one rule a line.

    Searched as text: made into sets, its 10,000 rules take 60 ms, and a run asks of a handful of names.
    """
    # Imported here: most runs ask of no name.
    from publicsuffixlist import PSLFILE

    text = Path(PSLFILE).read_text(encoding="utf-8").lower()
    if registries_only:
        text = text.partition("// ===begin icann domains===")[2].partition("// ===end icann domains===")[0]
    return f"\n{text}\n"
