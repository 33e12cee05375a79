"""The French fiche of a check: its file's docstring, read without running the file."""

import ast
import inspect
import re
from pathlib import Path

from cyberaudit.errors import CatalogueError
from cyberaudit.frozen import frozen

SECTIONS = ("Pourquoi", "Corriger", "Limites")


@frozen
class Fiche:
    """What a person reads about one check."""

    title: str
    """The question."""
    why: str
    """« Pourquoi »: for the secretary."""
    fix: str
    """« Corriger »: for the contractor."""
    limits: str
    """« Limites »: what it does not see, what raises its likelihood, what is our own judgement; may be empty."""


# Three quotes, no backslash, and nothing after the last three: what stands between is what Python reads.
_AT_THE_HEAD = re.compile(r'"""([^\\]*?)"""[ \t]*\n')


def _docstring(source: bytes) -> str:
    """Cleaned as `inspect.cleandoc` does; empty when there is none."""
    found = _AT_THE_HEAD.match(source.decode("utf-8", "replace"))
    # A whole file parsed for its first string takes a millisecond, and there are a hundred.
    return inspect.cleandoc(found[1]) if found else ast.get_docstring(ast.parse(source)) or ""


def read_fiche(path: Path) -> Fiche:
    """The fiche of the check file at `path`.

    Raises:
        CatalogueError: no docstring, an unknown section, « Pourquoi » or « Corriger » missing.
    """
    docstring = _docstring(path.read_bytes())
    head, *parts = ("\n" + docstring).split("\n## ")
    sections = {name.strip(): body.strip() for name, _, body in (part.partition("\n") for part in parts)}
    missing = [name for name in SECTIONS[:2] if not sections.get(name)]
    strange = [name for name in sections if name not in SECTIONS]
    if not head.strip() or missing or strange:
        wrong = ", ".join(f"« {name} »" for name in (*missing, *strange)) or "son titre"
        raise CatalogueError(f"{path} : la fiche du contrôle est incomplète ou mal découpée ({wrong}).")
    return Fiche(
        title=" ".join(head.split()),
        why=sections["Pourquoi"],
        fix=sections["Corriger"],
        limits=sections.get("Limites", ""),
    )
