"""`cyberaudit`: the commands together, global options anywhere on the line, one sentence for every mistake."""

import gc
import logging
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from cyberaudit import __version__
from cyberaudit.cli.help import FrenchGroup
from cyberaudit.cli.shared import Shared, say, warn
from cyberaudit.errors import CyberauditError, UsageError

INCOMPLETE = 3
INTERRUPTED = 130
_FLAGS = ("--version", "--simple", "--quiet", "--verbose", "--log-json")
_VALUED = ("--history",)

# Module → its commands, in the order of the help page.
_COMMANDS = {
    "scan": {"scan"},
    "report": {"report", "replay"},
    "plan": {"plan"},
    "verify": {"verify"},
    "diff": {"diff"},
    "questions": {"questions"},
    "declare": {"declare", "waive"},
    "look": {"look"},
    "history": {"history"},
    "weekly": {"weekly"},
    "notify": {"notify"},
    "schedule": {"schedule"},
    "status": {"status"},
    "profile": {"profile"},
    "catalogue": {"checks", "explain"},
    "demo": {"demo"},
    "completion": {"completion", "next-words"},
}
# They speak of all the others.
_WHOLE = {"completion", "next-words"}


def application(words: Sequence[str] = ()) -> typer.Typer:
    """The program, with the command that `words` begin with alone when there is one: the others cost time to load.

    Args:
        words: without global options before the command.
    """
    app = typer.Typer(
        cls=FrenchGroup,
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
    )
    app.callback(invoke_without_command=True)(cyberaudit)
    wanted = {*words[:1]} - _WHOLE
    chosen = [module for module, commands in _COMMANDS.items() if commands & wanted]
    for module in chosen or _COMMANDS:
        import_module(f"cyberaudit.cli.{module}").register(app)
    return app


def cyberaudit(
    ctx: typer.Context,
    simple: Annotated[bool, typer.Option("--simple", help="Ni tableau, ni cadre, ni couleur.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Ne montre que les erreurs.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Montre aussi le détail technique des erreurs.")
    ] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Journal technique en JSON, sur la sortie d'erreur.")
    ] = False,
    history: Annotated[
        str | None, typer.Option("--history", metavar="FICHIER", help="Fichier d'historique à utiliser.")
    ] = None,
    version: Annotated[bool, typer.Option("--version", help="Affiche la version.")] = False,
) -> None:
    """Contrôle la cybersécurité d'une petite commune et dit par où commencer.

    Sur place : « cyberaudit scan mairie.yaml ». Pour essayer sans rien préparer : « cyberaudit demo ».
    Les options générales se placent où l'on veut sur la ligne.
    """
    assert not version, "answered by run()"
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())
        raise typer.Exit
    ctx.obj = Shared(simple, quiet, verbose, log_json, Path(history) if history else None)
    _log_to_standard_error(verbose=verbose, as_json=log_json)


def main() -> NoReturn:
    """The entry point of the program. Asked to end, it stops as after Ctrl-C: what was obtained is kept."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # Ours: by default, an eighth of a short run goes into looking for the few cycles that there are.
    gc.set_threshold(10_000, 20, 20)
    code = run(sys.argv[1:])
    # Measured: twenty milliseconds of a look go into seeking cycles among objects that all go now.
    gc.freeze()
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """One command line to its exit code; every mistake becomes one French sentence on standard error."""
    verbose = "--verbose" in arguments
    try:
        front, rest = _global_first(arguments)
        arguments = [*front, *rest]
        if "--version" in arguments:
            # Answered before Typer converts parameters, which would import pydantic to say one line.
            say(f"cyberaudit {__version__}")
            return 0
        code = application(rest)(args=arguments, prog_name="cyberaudit", standalone_mode=False)
    except CyberauditError as error:
        return _mistake(str(error), error.exit_code, verbose=verbose)
    except typer.TyperException as error:
        from cyberaudit.cli.misuse import french_usage_error

        return _mistake(french_usage_error(error), 2, verbose=False)
    except (KeyboardInterrupt, typer.Abort):
        return _mistake("Interrompu.", INTERRUPTED, verbose=False)
    # The last net: a mistake of ours still ends in a sentence, and never in an exit code that means success.
    except Exception as error:  # noqa: BLE001 — reason above
        sentence = (
            f"cyberaudit a rencontré une erreur imprévue ({type(error).__name__}). Relancez avec --verbose."
        )
        return _mistake(sentence, INCOMPLETE, verbose=verbose)
    return code if isinstance(code, int) else 0


def _mistake(sentence: str, code: int, *, verbose: bool) -> int:
    if verbose:
        warn(traceback.format_exc())
    warn(sentence)
    return code


def _global_first(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Global options, wherever they were written, and the rest of the line; nothing moves after `--`."""
    front: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in _FLAGS or word.startswith(tuple(f"{name}=" for name in _VALUED)):
            front.append(word)
        elif word in _VALUED:
            value = next(words, None)
            if value is None:
                raise UsageError(f"L'option « {word} » attend une valeur.")
            front += [word, value]
        else:
            rest.append(word)
    return front, rest


def _log_to_standard_error(*, verbose: bool, as_json: bool) -> None:
    # asyncio's too: a look that Ctrl-C cuts short leaves it a traceback, which nobody in front of it can use.
    logs = logging.getLogger("cyberaudit"), logging.getLogger("asyncio")
    for log in logs:
        log.handlers.clear()
        log.propagate = False
    if not (verbose or as_json):
        for log in logs:
            log.addHandler(logging.NullHandler())
        return
    handler = logging.StreamHandler()
    if as_json:
        from cyberaudit.cli.log_lines import JsonLines

        handler.setFormatter(JsonLines())
    else:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s : %(message)s"))
    for log, level in zip(logs, (logging.DEBUG, logging.WARNING), strict=True):
        log.addHandler(handler)
        log.setLevel(level)
