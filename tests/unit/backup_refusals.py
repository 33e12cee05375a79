"""A tree that refuses some of its folders and files, or tells no dates: what root's own tests cannot see."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, cast

from cyberaudit.probes.stores.tree import Entry, OpenFile, Parts, Tree


class _Changed:
    def __init__(self, tree: Tree, refuses: Callable[[Parts], bool], *, dated: bool, far: bool) -> None:
        self._tree, self._refuses, self._dated, self.far = tree, refuses, dated, far

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tree, name)

    def entries(self, parts: Parts) -> Iterator[Entry]:
        self._check(parts)
        for entry in self._tree.entries(parts):
            yield entry if self._dated else entry._replace(written=None, changed=None)

    def status(self, parts: Parts) -> Entry:
        self._check(parts)
        return self._tree.status(parts)

    def opened(self, parts: Parts) -> AbstractContextManager[OpenFile]:
        self._check(parts)
        return self._tree.opened(parts)

    def _check(self, parts: Parts) -> None:
        if self._refuses(parts):
            raise PermissionError(13, "Permission denied")


def refusing(tree: Tree, *names: str, dated: bool = True, far: bool = False) -> Tree:
    """The same tree, which refuses whatever has one of these last names."""
    return changed(tree, lambda parts: bool(parts) and parts[-1] in names, dated=dated, far=far)


def changed(tree: Tree, refuses: Callable[[Parts], bool], *, dated: bool = True, far: bool = False) -> Tree:
    """The same tree, which asks `refuses` before each answer."""
    return cast("Tree", _Changed(tree, refuses, dated=dated, far=far))
