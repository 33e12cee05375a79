"""A report on this screen, or in the files asked for."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from cyberaudit.cli.shared import Shared, environment, on_a_terminal, say
from cyberaudit.errors import Place, UsageError
from cyberaudit.private_file import write_private
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.reports import console, json_report
from cyberaudit.reports.console import Detail
from cyberaudit.reports.terminal import Terminal, terminal
from cyberaudit.reports.words import ReportView

KINDS = ("text", "json", "markdown", "csv", "sarif", "junit")
NO_PLACES: Mapping[str, Place] = {}


def detail(*, everything: bool, technical: bool) -> Detail:
    """How much to show: `--technical` says more than `--all`."""
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
        UsageError: an unknown kind, or no file.
    """
    found = []
    for text in texts:
        kind, _, file = text.partition(":")
        if kind not in KINDS or not file:
            raise UsageError(
                f"--output : écrivez KIND:FICHIER, par exemple « json:rapport.json » (formats : {', '.join(KINDS)})."
            )
        found.append((kind, Path(file)))
    return tuple(found)


def places(
    profile: Path | None, wanted: Sequence[tuple[str, Path]], *, commune: str | None = None
) -> Mapping[str, Place]:
    """The line of `profile` that declares each asset, when a format asks for it: only SARIF does.

    Raises:
        ProfileError: it cannot be read.
        UsageError: it is not the profile of `commune`.
    """
    if profile is None or all(kind != "sarif" for kind, _ in wanted):
        return NO_PLACES
    from cyberaudit.town.load import load_profile

    read = load_profile(profile)
    if commune not in (None, read.town.id):
        raise UsageError(f"--profile : {quoted(profile)} décrit « {read.town.id} », et non « {commune} ».")
    return {asset.key: read.place_of(asset.key) for asset in read.town.assets}


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
            write_private(path, _rendered(kind, view, level, places).encode("utf-8", "replace"))
        except OSError as error:
            refused.append(f"Le rapport ne peut pas être écrit dans {quoted(path)} : {system_clause(error)}.")
    return tuple(refused)


def _rendered(kind: str, view: ReportView, level: Detail, places: Mapping[str, Place]) -> str:
    """The whole report or its points, as `kind` tells them; only `text` may tell less."""
    from cyberaudit.reports import junit, markdown, sarif, spreadsheet

    match kind:
        case "json":
            return json_report.render(view)
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
