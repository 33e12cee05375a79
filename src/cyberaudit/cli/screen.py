"""A report on this screen, or in the files asked for."""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cyberaudit.cli.shared import Shared, environment, on_a_terminal, say
from cyberaudit.errors import Place, UsageError
from cyberaudit.private_file import write_private
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.reports import console, json_report
from cyberaudit.reports.console import Detail
from cyberaudit.reports.terminal import Terminal, terminal
from cyberaudit.reports.words import ReportView

if TYPE_CHECKING:
    from cyberaudit.town.profile import Profile

KINDS = ("text", "html", "pdf", "mayor", "json", "markdown", "csv", "sarif", "junit")
"""`mayor` is the mayor's page, as PDF."""
_WITH_LEVELS = frozenset({"html", "pdf", "json", "markdown"})
"""Formats that tell the level of earlier months."""
_LEVELS_SHOWN = frozenset({Detail.ALL, Detail.TECHNICAL})
"""What tells it on a screen, and in the `text` format."""
NO_PLACES: Mapping[str, Place] = {}


def detail(*, everything: bool, technical: bool, why: bool = False) -> Detail:
    """How much to show: `--technical` says more than `--all`; `--why` says something else."""
    if why:
        return Detail.WHY
    if technical:
        return Detail.TECHNICAL
    return Detail.ALL if everything else Detail.SUMMARY


def show(view: ReportView, options: Shared, *, as_json: bool, level: Detail) -> None:
    """Print the report, unless `--quiet`."""
    if options.quiet:
        return
    if as_json:
        say(json_report.render(view))
        return
    screen = this_screen(options)
    say(console.render(view, width=screen.width, simple=screen.simple, detail=level, colour=screen.colour))


def this_screen(options: Shared) -> Terminal:
    """Width, simplicity and colour of standard output."""
    columns = shutil.get_terminal_size((80, 24)).columns
    return terminal(environment(), is_tty=on_a_terminal(), columns=columns, simple=options.simple)


def outputs(texts: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """`--output KIND:FILE`, verified before anything is sent.

    Raises:
        UsageError: an unknown kind, no file, one file twice, or a kind whose module is not installed.
    """
    found: list[tuple[str, Path]] = []
    for text in texts:
        kind, _, file = text.partition(":")
        if kind not in KINDS or not file:
            raise UsageError(
                f"--output : écrivez FORMAT:FICHIER, par exemple « json:rapport.json » (formats : {', '.join(KINDS)})."
            )
        found.append((kind, Path(file)))
    _each_its_own(found)
    if any(kind in ("pdf", "mayor") for kind, _ in found):
        from cyberaudit.reports import pdf

        pdf.installed()
    return tuple(found)


def _each_its_own(wanted: Sequence[tuple[str, Path]]) -> None:
    """One file holds one report; a device takes as many as it is given."""
    # Of these three, none fails on a path that is too long or turns in circles: the writing will tell.
    real = [os.path.realpath(path) for _, path in wanted]
    files = [path for path in real if os.path.isfile(path) or not os.path.exists(path)]  # noqa: PTH110, PTH113 - reason above
    twice = next((path for path in files if files.count(path) > 1), None)
    if twice is not None:
        name = quoted(wanted[real.index(twice)][1])
        raise UsageError(f"--output : deux rapports iraient dans {name}. Donnez un fichier à chacun.")


def tells_levels(wanted: Sequence[tuple[str, Path]], *, as_json: bool, level: Detail) -> bool:
    """Whether the level of earlier months is told somewhere, and so worth its reading."""
    on_screen = as_json or level in _LEVELS_SHOWN
    return on_screen or any(kind in _WITH_LEVELS for kind, _ in wanted)


def profile_of(file: str | None) -> "Profile | None":
    """The profile to tell by; None when none was given.

    Raises:
        ProfileError: it cannot be read.
    """
    if file is None:
        return None
    from cyberaudit.town.load import load_profile

    return load_profile(Path(file))


def cites_lines(wanted: Sequence[tuple[str, Path]]) -> bool:
    """Whether a format asked for names the lines of the profile: only SARIF does."""
    return any(kind == "sarif" for kind, _ in wanted)


def places(profile: "Profile | None", wanted: Sequence[tuple[str, Path]]) -> Mapping[str, Place]:
    """The line of `profile` that declares each asset, when a format asks for it."""
    if profile is None or not cites_lines(wanted):
        return NO_PLACES
    return {asset.key: profile.place_of(asset.key) for asset in profile.town.assets}


def write(
    view: ReportView,
    wanted: Sequence[tuple[str, Path]],
    *,
    level: Detail,
    places: Mapping[str, Place] = NO_PLACES,
) -> tuple[str, ...]:
    """Each report in its file, readable by its owner only; a sentence for each file that cannot be written."""
    refused = []
    for kind, path in wanted:
        try:
            write_private(path, _rendered(kind, view, level, places))
        except OSError as error:
            refused.append(f"Le rapport ne peut pas être écrit dans {quoted(path)} : {system_clause(error)}.")
    return tuple(refused)


def _rendered(kind: str, view: ReportView, level: Detail, places: Mapping[str, Place]) -> bytes:
    """The whole report or its points, as `kind` tells them; only `text` may tell less."""
    from cyberaudit.reports import pdf

    match kind:
        case "pdf":
            return pdf.render(view)
        case "mayor":
            return pdf.render_mayor(view)
        case _:
            return _as_text(kind, view, level, places).encode("utf-8", "replace")


def _as_text(kind: str, view: ReportView, level: Detail, places: Mapping[str, Place]) -> str:
    from cyberaudit.reports import html, junit, markdown, sarif, spreadsheet

    match kind:
        case "json":
            return json_report.render(view)
        case "html":
            return html.render(view)
        case "markdown":
            return markdown.render(view)
        case "csv":
            return spreadsheet.render(view)
        case "sarif":
            return sarif.render(view, places=places)
        case "junit":
            return junit.render(view)
        case _:
            return console.render(view, width=80, simple=False, detail=level, colour=False)
