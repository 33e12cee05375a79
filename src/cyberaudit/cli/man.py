"""The manual page, `cyberaudit.1`: the words of the help, laid out for `man`."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from cyberaudit import __version__, french
from cyberaudit.cli.examples import EXAMPLES, Example
from cyberaudit.cli.pages import EXIT_CODES, Page, Rows, broken, page, shown_commands

# UTF-8 is said to groff by the first line; no hyphenation, for no machine has the French patterns for sure.
_HEAD = """\
'\\" -*- coding: UTF-8 -*-
.\\" Écrit par docs/generate.py à partir de l'aide du programme : ne pas modifier ici.
.TH CYBERAUDIT 1 "" "cyberaudit {version}" "Manuel de cyberaudit"
.nh
.ad l
"""
# Ours: with the margins of `man`, within 80 columns.
EXAMPLE_WIDTH = 62
NAME = "contrôle la cybersécurité d'une petite commune"
FILES: Rows = (
    (
        "mairie.yaml",
        "Le profil : ce que la commune déclare, et l'autorisation de regarder. Son nom est libre.",
    ),
    ("*.cya", "Un contrôle gardé par « scan --save », à reprendre sur une autre machine."),
    (
        "~/.config/cyberaudit/config.yaml",
        "La configuration de cette machine : dossiers permis, secrets. À défaut : /etc/cyberaudit/config.yaml.",
    ),
    (
        "~/.local/share/cyberaudit/history.sqlite3",
        "L'historique des contrôles, quand --history ne dit rien d'autre.",
    ),
)
ENVIRONMENT: Rows = (
    ("NO_COLOR", "Présente et non vide : aucune couleur."),
    ("FORCE_COLOR", "Présente et non vide, sauf « 0 » : des couleurs, même dans un fichier."),
    ("TERM", "« dumb » : ni tableau, ni cadre, ni couleur, comme --simple."),
    ("COLUMNS", "La largeur de l'écran, si elle ne se voit pas."),
    ("XDG_CONFIG_HOME", "Remplace ~/.config."),
    ("XDG_DATA_HOME", "Remplace ~/.local/share."),
    ("CREDENTIALS_DIRECTORY", "Le dossier des secrets que systemd confie au programme."),
)
_START = ("", "scan", "questions", "report", "plan show", "explain")
_SEE_ALSO = (
    "bash(1), zsh(1), fish(1), crontab(5)",
    "Le guide, l'explication de chaque contrôle et la liste des ports : dossier « docs » du programme.",
    "En cas d'attaque : débranchez le réseau, n'éteignez pas, puis https://17cyber.gouv.fr",
)

_ESCAPES = str.maketrans(
    {
        "\\": r"\(rs",
        "-": r"\-",
        '"': r"\(dq",
        "^": r"\(ha",
        "~": r"\(ti",
        "`": r"\(ga",
        french.NBSP: r"\~",
        french.NARROW: r"\~",
    }
)


def man_page(app: typer.Typer) -> str:
    """The whole page in roff; the same for the same program."""
    root: Any = typer.main.get_command(app)
    context = typer.Context(root, info_name="cyberaudit")
    whole = page(root, context)
    blocks = [
        _HEAD.format(version=__version__),
        f".SH NOM\ncyberaudit \\- {_prose(NAME)}\n",
        f".SH SYNOPSIS\n{_synopsis(whole.usage)}",
        ".SH DESCRIPTION\n" + _paragraphs(whole.prose),
        ".SH COMMANDES\n" + "".join(_command(each) for each in _pages(root, context)),
        ".SH OPTIONS\n" + _rows(whole.options),
        '.SH "CODES DE SORTIE"\n' + _rows(tuple((str(code), text) for code, text in EXIT_CODES)),
        ".SH FICHIERS\n" + _rows(FILES),
        ".SH ENVIRONNEMENT\n" + _rows(ENVIRONMENT),
        ".SH EXEMPLES\n" + _first_examples(),
        '.SH "VOIR AUSSI"\n' + _paragraphs(_SEE_ALSO),
    ]
    return "".join(blocks)


def _pages(group: TyperGroup, context: typer.Context) -> Iterator[Page]:
    """Those of every command below a group, in the order of the help."""
    for name, command in shown_commands(group).items():
        below = typer.Context(command, info_name=name, parent=context)
        yield page(command, below)
        if isinstance(command, TyperGroup):
            yield from _pages(command, below)


def _command(shown: Page) -> str:
    """One command with its arguments, options and examples; `--help` goes without saying."""
    path = shown.usage.partition(" [OPTIONS]")[0]
    blocks = [f'.SS "{_typed(path)}"\n', _synopsis(shown.usage), ".PP\n", _paragraphs(shown.prose)]
    if not shown.commands:
        blocks += [_rows(shown.arguments), _rows(shown.options[:-1])]
    if shown.examples:
        blocks += [".PP\nPar exemple :\n", *(_example(each) for each in shown.examples)]
    return "".join(blocks)


def _first_examples() -> str:
    """Those of the commands one meets first."""
    return "".join(_example(each) for name in _START for each in EXAMPLES[name]).removeprefix(".PP\n")


def _synopsis(usage: str) -> str:
    name, _, rest = usage.partition(" [OPTIONS]")
    return f'.B "{_typed(name)}"\n{_typed("[OPTIONS]" + rest)}\n'


def _paragraphs(texts: tuple[str, ...]) -> str:
    return ".PP\n".join(f"{_prose(text)}\n" for text in texts)


def _rows(rows: Rows) -> str:
    return "".join(f'.TP\n.B "{_typed(left)}"\n{_prose(right)}\n' for left, right in rows)


def _example(example: Example) -> str:
    """The line as it is typed, then what it gives."""
    typed = "\n".join(_guarded(_typed(line)) for line in broken(example.line, EXAMPLE_WIDTH))
    return f".PP\n.nf\n.RS 4\n{typed}\n.RE\n.fi\n.RS 8\n{_prose(example.gives)}\n.RE\n"


def _prose(text: str) -> str:
    """A sentence: its apostrophes may be curved, its typography is French."""
    return _guarded(french.typeset(text).translate(_ESCAPES))


def _typed(text: str) -> str:
    """Words to be typed: nothing in them may change when they are copied."""
    return text.translate(_ESCAPES).replace("'", r"\(aq")


def _guarded(line: str) -> str:
    """A line that roff does not take for one of its orders."""
    return rf"\&{line}" if line.startswith((".", "'")) else line
