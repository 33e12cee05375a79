"""`cyberaudit completion`: the Tab key finishes words in bash, zsh and fish."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.shared import say
from cyberaudit.errors import UsageError
from cyberaudit.town.suggestion import question

PROGRAM = "cyberaudit"


def register(app: typer.Typer) -> None:
    app.command("completion", cls=FrenchCommand)(completion)
    app.command("next-words", cls=FrenchCommand, hidden=True)(next_words)


def completion(
    shell: Annotated[
        str,
        typer.Argument(
            metavar="INTERPRÉTEUR", help="Le programme qui lit vos commandes : bash, zsh ou fish."
        ),
    ],
) -> None:
    """Écrit de quoi compléter les commandes avec la touche Tabulation.

    Elle finit les commandes, les options, les fichiers, et les valeurs connues : contrôles, réponses, formats.
    """
    from cyberaudit.cli.shells import SCRIPTS, script

    if shell not in SCRIPTS:
        known = ", ".join(SCRIPTS)
        raise UsageError(f"« {shell} » n'est pas connu ici{question(shell, SCRIPTS)} Choix : {known}.")
    say(script(shell, program=_reachable_program()))


def _reachable_program() -> str:
    """Its name alone when the shell finds it by its name; else where it stands now."""
    import shutil

    return PROGRAM if shutil.which(PROGRAM) else str(Path(sys.argv[0]).absolute())


def next_words(
    ctx: typer.Context,
    words: Annotated[
        list[str], typer.Argument(metavar="MOTS", help="Ceux de la ligne, le dernier en cours de frappe.")
    ],
) -> None:
    """Répond aux scripts de « cyberaudit completion » : ce qui peut suivre."""
    from cyberaudit.cli.candidates import following

    root: Any = ctx.find_root().command
    lines = following(root, words).lines()
    if lines:
        say(lines)
