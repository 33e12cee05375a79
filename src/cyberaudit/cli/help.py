"""Help pages and usage errors in French, on Typer's own classes."""

import inspect
import shutil
import textwrap
from typing import Any

import typer
from typer._coercion import RuntimeParam
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from cyberaudit import french
from cyberaudit.errors import UsageError
from cyberaudit.town.suggestion import question

WIDTH = 80
EXIT_CODES = """\
Codes de sortie :
  0    fait ; rien au niveau de « --fail-on » ou au-dessus
  1    fait ; au moins un point au niveau de « --fail-on » (par défaut : urgent)
  2    erreur dans la commande ou dans le profil
  3    incomplet : trop peu de points vus, ou un contrôle en erreur
  4    rapport fait, courriel non envoyé
  130  interrompu ; le résultat partiel est gardé"""


class _AsTyped(RuntimeParam):
    """Texts stay as typed, for ours to read: Typer would load a whole library of validation to do the same."""

    def _coerce_value(self, value: Any, param: Any, ctx: Any) -> Any:
        del param, ctx
        return value


def _read_as_typed(command: TyperCommand | TyperGroup) -> None:
    for param in command.params:
        if isinstance(param, TyperArgument | TyperOption):
            described = param.type_descriptor
            param._runtime_param = _AsTyped(described.parameter_info, described.annotation)  # noqa: SLF001 - reason above


class FrenchCommand(TyperCommand):
    """A command whose help page is ours."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_as_typed(self)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        formatter.write(_page(self, ctx, commands=()))


class FrenchGroup(TyperGroup):
    """A group of commands whose help page and wrong names are ours."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        _read_as_typed(self)
        return super().parse_args(ctx, args)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                rows.append((name, _first_sentence(command.help or "")))
        formatter.write(_page(self, ctx, commands=tuple(rows)))

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            hint = question(name, self.commands)
            raise UsageError(f"La commande « {name} » n'existe pas{hint} Voir « {ctx.command_path} --help ».")
        return super().resolve_command(ctx, args)


def _page(command: Any, ctx: Any, *, commands: tuple[tuple[str, str], ...]) -> str:
    arguments = [param for param in command.params if isinstance(param, TyperArgument)]
    options = [param for param in command.params if isinstance(param, TyperOption) and not param.hidden]
    names = " ".join(f"[{_name(arg)}]" if not arg.required else _name(arg) for arg in arguments)
    usage = f"Usage : {ctx.command_path} {'COMMANDE …' if commands else '[OPTIONS]'} {names}".rstrip()
    blocks = [usage, *(_prose(part) for part in inspect.cleandoc(command.help or "").split("\n\n"))]
    if commands:
        blocks.append("Commandes :\n" + _rows(commands))
    if arguments:
        blocks.append("Arguments :\n" + _rows(tuple((_name(arg), arg.help or "") for arg in arguments)))
    rows = [(_spelled(option), option.help or "") for option in options]
    blocks.append("Options :\n" + _rows((*rows, ("--help", "Affiche cette aide."))))
    if ctx.parent is None:
        blocks.append(EXIT_CODES)
    return "\n\n".join(block for block in blocks if block) + "\n"


def _prose(text: str) -> str:
    return textwrap.fill(_one_line(text), _width(), break_long_words=False, break_on_hyphens=False)


def _width() -> int:
    """The terminal's, at most 80."""
    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)


def _one_line(text: str) -> str:
    return french.typeset(" ".join(text.split()))


def _name(argument: Any) -> str:
    return str(argument.metavar or argument.name or "").upper()


def _spelled(option: Any) -> str:
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {option.metavar or (option.name or '').upper()}"


def _rows(rows: tuple[tuple[str, str], ...]) -> str:
    indent = min(max(len(left) for left, _ in rows) + 4, 30 if _width() >= WIDTH else 12)
    lines = []
    for left, right in rows:
        text = textwrap.wrap(_one_line(right), max(_width() - indent, 20), break_on_hyphens=False) or [""]
        if len(left) > indent - 4:
            lines.append(f"  {left}")
            lines.extend(" " * indent + line for line in text)
        else:
            lines.append(f"  {left:<{indent - 2}}{text[0]}".rstrip())
            lines.extend(" " * indent + line for line in text[1:])
    return "\n".join(lines)


def _first_sentence(text: str) -> str:
    paragraph = " ".join(inspect.cleandoc(text).split("\n\n")[0].split())
    return paragraph.split(". ")[0].rstrip(".") + "."


def french_usage_error(error: typer.TyperException) -> str:
    """The French sentence for what Typer refused, by the kind of its error."""
    option = getattr(error, "option_name", "")
    param = getattr(error, "param", None)
    match type(error).__name__:
        case "NoSuchOption":
            return f"L'option « {option} » n'existe pas{question(option, getattr(error, 'possibilities', None) or ())}"
        case "BadOptionUsage":
            return f"L'option « {option} » attend une valeur."
        case "MissingParameter" if param is not None:
            kind = "l'argument" if isinstance(param, TyperArgument) else "l'option"
            return f"Il manque {kind} {_name(param)}."
        case "BadParameter" if param is not None:
            return f"{_name(param)} : {error.message}"
        case "UsageError" if "extra argument" in error.message:
            extra = error.message.rpartition("(")[2].rstrip(")")
            return f"La commande ne comprend pas « {extra} »."
        case "UsageError" if "Missing command" in error.message:
            return "Il manque une commande : voir « --help »."
        case _:
            return f"La commande ne peut pas être comprise ({error.format_message()})."
