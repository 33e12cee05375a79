"""A paper to print: on standard output, or in the file asked for."""

from pathlib import Path

from cyberaudit.cli.shared import Shared, say
from cyberaudit.errors import UsageError
from cyberaudit.private_file import write_private
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.reports.paper import Paper, is_html, rendered

SCREEN = "-"


def put(paper: Paper, where: str, *, option: str, options: Shared) -> None:
    """Print it when `where` is `-`; else write the file, which its owner alone may read.

    Raises:
        UsageError: the file cannot be written.
    """
    if where == SCREEN:
        say(rendered(paper, where))
        return
    path = Path(where)
    try:
        write_private(path, rendered(paper, where).encode("utf-8", "replace"))
    except (OSError, ValueError) as error:
        clause = system_clause(error) if isinstance(error, OSError) else "ce nom n'est pas permis"
        raise UsageError(f"{option} : {quoted(path)} n'est pas écrit, {clause}.") from None
    if not options.quiet:
        kind = "à ouvrir dans un navigateur, puis à imprimer" if is_html(where) else "à imprimer tel quel"
        say(f"La feuille est dans {quoted(path)}, {kind}.")


__all__ = ["SCREEN", "put"]
