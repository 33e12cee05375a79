"""`cyberaudit diff`: what changed between two moments."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import INCOMPLETE, Checks, Json, Now
from cyberaudit.cli.shared import folders, moment, say, shared, warn
from cyberaudit.errors import UsageError

if TYPE_CHECKING:
    from cyberaudit.reports.changes_told import Page

REGRESSION = 1
KINDS = ("text", "html", "json", "markdown")


Commune = Annotated[
    str | None,
    typer.Argument(metavar="COMMUNE", help="L'identifiant de la commune, s'il y en a plusieurs."),
]
Since = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="CONTRÔLE|DATE",
        help="L'état de départ : le début d'un identifiant, ou un jour. Sinon, la visite d'avant.",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="CONTRÔLE|DATE",
        help="L'état d'arrivée : le début d'un identifiant, ou un jour. Sinon, aujourd'hui.",
    ),
]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="FORMAT:FICHIER",
        help="Écrit aussi la comparaison dans un fichier : text, html, json ou markdown (répétable).",
    ),
]


def register(app: typer.Typer) -> None:
    app.command("diff", cls=FrenchCommand)(diff)


def diff(
    ctx: typer.Context,
    commune: Commune = None,
    since: Since = None,
    until: Until = None,
    output: Output = None,
    now: Now = None,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Dit ce qui a changé depuis le contrôle d'avant, sans rien envoyer.

    Sont comparés l'état d'aujourd'hui et celui de la visite d'avant, ou deux moments choisis. Une dégradation
    donne le code de sortie 1.
    """
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.reports.changes import changes_view
    from cyberaudit.reports.changes_told import Page, render
    from cyberaudit.reports.changes_told import as_json as as_document
    from cyberaudit.run.diff import Span, compare

    wanted = _outputs(output or ())
    catalogue = load_catalogue(folders(checks or ()))
    found = compare(
        shared(ctx).history_path, catalogue, commune=commune, span=Span(since, until), now=moment(now)
    )
    titles = {name: fiche.title for name, fiche in catalogue.fiches.items()}
    town = found.state.town
    page = Page(town.id, town.name, found.diff, changes_view(found.diff, titles=titles))
    is_written = _write(wanted, page)
    if not shared(ctx).quiet:
        screen = this_screen(shared(ctx))
        say(as_document(page) if as_json else render(page, width=screen.width, simple=screen.simple))
    if not is_written:
        return INCOMPLETE
    return REGRESSION if found.diff is not None and found.diff.has_regression else 0


def _outputs(texts: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """`--output`, read before anything else.

    Raises:
        UsageError: an unknown format, or no file.
    """
    found = []
    for text in texts:
        kind, _, file = text.partition(":")
        if kind not in KINDS or not file:
            raise UsageError(
                "--output : écrivez FORMAT:FICHIER, par exemple « markdown:changements.md » "
                f"(formats : {', '.join(KINDS)})."
            )
        found.append((kind, Path(file)))
    return tuple(found)


def _write(wanted: Sequence[tuple[str, Path]], page: "Page") -> bool:
    """Each file asked for; False when one of them was refused, which is said."""
    from cyberaudit.private_file import write_private
    from cyberaudit.refusals import quoted, system_clause

    is_written = True
    for kind, path in wanted:
        try:
            write_private(path, _as(kind, page).encode("utf-8", "replace"))
        except OSError as error:
            warn(f"La comparaison ne peut pas être écrite dans {quoted(path)} : {system_clause(error)}.")
            is_written = False
    return is_written


def _as(kind: str, page: "Page") -> str:
    from cyberaudit.reports import changes_told

    match kind:
        case "json":
            return changes_told.as_json(page)
        case "markdown":
            return changes_told.markdown(page)
        case "html":
            from cyberaudit.reports.html import render_changes

            return render_changes(page.title, page.view)
        case _:
            return changes_told.render(page, width=80, simple=False)
