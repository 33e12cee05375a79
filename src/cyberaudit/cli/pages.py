"""What there is to know of a command, for its help page and the manual page; the help page laid out."""

import inspect
import re
import shutil
import textwrap
from typing import Any

from typer.core import TyperArgument, TyperGroup, TyperOption

from cyberaudit import french
from cyberaudit.cli.examples import ORDER, Example, examples
from cyberaudit.frozen import frozen

WIDTH = 80
# A break between quotation marks would change what is typed; one after an option is hard to read.
WHOLE = re.compile(r'(--[\w-]+ )?"[^"]*"|--[\w-]+ [^-\s]\S*')
GLUE = "\0"
EXIT_CODES: tuple[tuple[int, str], ...] = (
    (0, "Fait. Rien au niveau de « --fail-on » ou au-dessus. Pour « diff » : rien ne s'est dégradé."),
    (
        1,
        "Fait. Au moins un point au niveau de « --fail-on » (par défaut : urgent). Pour « diff » : une dégradation.",
    ),
    (2, "Erreur dans la commande ou dans le profil, ou contrôles impossibles à comparer."),
    (
        3,
        "Incomplet : trop peu de points vus, un contrôle en erreur, ou un résultat qui n'a pas pu être écrit.",
    ),
    (4, "Rapport fait, courriel non envoyé."),
    (130, "Interrompu. Le résultat partiel est gardé."),
)
"""What the caller's shell or cron learns; one number each of `run.exit_code`, which the help need not load."""

Rows = tuple[tuple[str, str], ...]
"""What is typed, and what it does."""

HELP_OPTION = ("--help", "Affiche cette aide.")


def shown_commands(group: TyperGroup) -> dict[str, Any]:
    """The commands of a group that people are told of, in the order of the help."""
    # Typer puts every group after every command; what ORDER does not name keeps its place.
    names = sorted(group.commands, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return {name: group.commands[name] for name in names if not group.commands[name].hidden}


@frozen
class Page:
    """What there is to know of one command, before it is laid out."""

    usage: str
    prose: tuple[str, ...]
    """One paragraph each, on one line."""
    commands: Rows
    arguments: Rows
    options: Rows
    examples: tuple[Example, ...]
    is_whole_program: bool


def page(command: Any, ctx: Any) -> Page:
    """The page of a command that stands at `ctx` on the line."""
    arguments = [param for param in command.params if isinstance(param, TyperArgument)]
    options = [param for param in command.params if isinstance(param, TyperOption) and not param.hidden]
    commands = shown_commands(command) if isinstance(command, TyperGroup) else {}
    names = ["COMMANDE …"] if commands else [_optional(argument) for argument in arguments]
    return Page(
        usage=" ".join((ctx.command_path, "[OPTIONS]", *names)),
        prose=tuple(_one_line(part) for part in inspect.cleandoc(command.help or "").split("\n\n")),
        commands=tuple((name, _first_sentence(each.help or "")) for name, each in commands.items()),
        arguments=tuple((called(argument), argument.help or "") for argument in arguments),
        options=(*((spelled(option), _with_default(option)) for option in options), HELP_OPTION),
        examples=examples(ctx.command_path.partition(" ")[2]),
        is_whole_program=ctx.parent is None,
    )


def told(shown: Page) -> str:
    """The page for this terminal."""
    blocks = [_hanging(f"Usage : {shown.usage}"), *(_prose(part) for part in shown.prose)]
    if shown.commands:
        blocks.append("Commandes :\n" + _rows(shown.commands))
    if shown.arguments:
        blocks.append("Arguments :\n" + _rows(shown.arguments))
    blocks.append("Options :\n" + _rows(shown.options))
    if shown.examples:
        title = "Exemples" if len(shown.examples) > 1 else "Exemple"
        blocks.append(f"{title} :\n" + "\n".join(_example(each) for each in shown.examples))
    if shown.is_whole_program:
        blocks.append("Codes de sortie :\n" + _rows(tuple((str(code), text) for code, text in EXIT_CODES)))
    else:
        blocks.append(_prose("« cyberaudit --help » montre aussi les options générales."))
    return "\n\n".join(block for block in blocks if block) + "\n"


def _example(example: Example) -> str:
    """The line to type, then what it gives."""
    room = max(_width() - 8, 20)
    given = textwrap.wrap(_one_line(example.gives), room)
    return "\n".join(
        (*(f"  {line}" for line in broken(example.line, room)), *(f"      {line}" for line in given))
    )


def broken(line: str, room: int) -> list[str]:
    """A command line on several of about `room` columns, as a shell lets one type it."""
    whole = WHOLE.sub(lambda found: found[0].replace(" ", GLUE), line)
    parts = textwrap.wrap(whole, room, break_long_words=False, break_on_hyphens=False)
    return " \\\n  ".join(parts).replace(GLUE, " ").split("\n")


def _prose(text: str) -> str:
    return textwrap.fill(_one_line(text), _width(), break_long_words=False, break_on_hyphens=False)


def _hanging(text: str) -> str:
    return textwrap.fill(
        text, _width(), subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False
    )


def _width() -> int:
    """The terminal's, at most 80."""
    return min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)


def _one_line(text: str) -> str:
    return french.typeset(" ".join(text.split()))


def called(param: Any) -> str:
    """As people are told of it: the word of an argument, the longest spelling of an option."""
    if isinstance(param, TyperOption):
        return max(param.opts, key=len)
    return str(param.metavar or str(param.name).upper())


def _optional(argument: Any) -> str:
    name = called(argument).removesuffix(" …") + (" …" if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def spelled(option: Any) -> str:
    """« --fail-on PALIER »."""
    names = ", ".join(sorted(option.opts, key=len))
    return names if option.is_flag else f"{names} {option.metavar or (option.name or '').upper()}"


def _with_default(option: Any) -> str:
    """Its help, and the value it has when nobody says."""
    text, default = option.help or "", option.default
    if not isinstance(default, str) or not default:
        return text
    return f"{text} Par défaut : {default if default.isalnum() else f'« {default} »'}."


def _rows(rows: Rows) -> str:
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
