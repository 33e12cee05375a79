"""What Typer refuses on a command line, said in French."""

import typer
from typer.core import TyperArgument, TyperGroup, TyperOption

from cyberaudit import french
from cyberaudit.cli.pages import called, shown_commands
from cyberaudit.plaintext import clean
from cyberaudit.town.suggestion import question


def french_usage_error(error: typer.TyperException) -> str:
    """The French sentence for what Typer refused, by the kind of its error."""
    param = getattr(error, "param", None)
    match type(error).__name__:
        case "NoSuchOption":
            option = getattr(error, "option_name", "")
            return f"L'option « {clean(option)} » n'existe pas{question(option, _known_options(error))}{_see(error)}"
        case "BadOptionUsage":
            # Typer says which of the two in its English message only.
            wants = "n'attend aucune valeur" if "not take" in error.message else "attend une valeur"
            return f"L'option « {getattr(error, 'option_name', '')} » {wants}.{_see(error)}"
        case "MissingParameter" if param is not None:
            kind = "l'argument" if isinstance(param, TyperArgument) else "l'option"
            return f"Il manque {kind} {called(param)}.{_see(error)}"
        case "BadParameter" if param is not None:
            return f"{called(param)} : cette valeur ne convient pas.{_see(error)}"
        case "UsageError" if "extra argument" in error.message:
            extra = error.message.rpartition("(")[2].rstrip(")")
            return f"La commande ne comprend pas « {clean(extra)} ».{_see(error)}"
        case "UsageError" if "Missing command" in error.message:
            return f"Il manque une commande{_after(error)}.{_see(error)}"
        case _:
            return f"La commande ne peut pas être comprise.{_see(error)}"


def _see(error: typer.TyperException) -> str:
    """Where to read how the command is written."""
    ctx = getattr(error, "ctx", None)
    return f" Voir « {ctx.command_path} --help »." if ctx else ""


def _after(error: typer.TyperException) -> str:
    """« après « cyberaudit look » : ports, tls ou vpn », when the group is known."""
    ctx = getattr(error, "ctx", None)
    if ctx is None or not isinstance(ctx.command, TyperGroup):
        return ""
    names = french.listed(list(shown_commands(ctx.command)), word="ou")
    return f" après « {ctx.command_path} » : {names}"


def _known_options(error: typer.TyperException) -> list[str]:
    """Every option that could stand there, the general ones too."""
    ctx = getattr(error, "ctx", None)
    commands = [ctx.command, ctx.find_root().command] if ctx else []
    params = [param for command in commands for param in command.params if isinstance(param, TyperOption)]
    return [*dict.fromkeys(name for param in params for name in param.opts), "--help"]
