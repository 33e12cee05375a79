"""`cyberaudit history`: what is stored, and scans from other machines."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.options import Json
from cyberaudit.cli.shared import say, shared

if TYPE_CHECKING:
    from cyberaudit.history.state import AuditSummary


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    group.command("list", cls=FrenchCommand)(list_audits)
    group.command("show", cls=FrenchCommand)(show)
    group.command("import", cls=FrenchCommand)(import_scan)
    app.add_typer(
        group, name="history", help="Les contrôles gardés : les lister, en relire un, en reprendre un."
    )


def list_audits(
    ctx: typer.Context,
    commune: Annotated[str | None, typer.Argument(metavar="COMMUNE", help="Seulement cette commune.")] = None,
    as_json: Json = False,
) -> None:
    """Liste les contrôles gardés, le plus récent d'abord."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.history.store import open_history
    from cyberaudit.reports.stored import listed

    with open_history(shared(ctx).history_path, create=False) as history:
        summaries = history.summaries(commune)
    say(
        _as_json([_plain(each) for each in summaries])
        if as_json
        else listed(summaries, width=this_screen(shared(ctx)).width)
    )


def show(
    ctx: typer.Context,
    audit: Annotated[str, typer.Argument(metavar="CONTRÔLE", help="Le début de son identifiant.")],
    as_json: Json = False,
) -> None:
    """Montre un contrôle gardé : ce qui a été jugé, point par point."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.facts.codec import encode
    from cyberaudit.history.store import open_history
    from cyberaudit.model import Audit
    from cyberaudit.reports.stored import shown

    with open_history(shared(ctx).history_path, create=False) as history:
        found = history.load(audit)
    say(_as_json(encode(found, Audit)) if as_json else shown(found, width=this_screen(shared(ctx)).width))


def import_scan(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FICHIER.cya", help="Le fichier écrit par « scan --save ».")],
    commune: Annotated[
        str | None, typer.Option("--commune", metavar="ID", help="La commune attendue.")
    ] = None,
) -> None:
    """Reprend dans l'historique un contrôle fait sur une autre machine."""
    from cyberaudit.history.scan_file import import_scan as bring
    from cyberaudit.history.store import open_history

    with open_history(shared(ctx).history_path, create=True) as history:
        imported = bring(history, Path(file), commune=commune)
    say(
        f"Contrôle {imported.uuid[:8]} repris."
        if imported.was_new
        else f"Contrôle {imported.uuid[:8]} déjà présent."
    )


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _plain(summary: "AuditSummary") -> object:
    from cyberaudit.facts.codec import encode
    from cyberaudit.history.state import AuditSummary

    return encode(summary, AuditSummary)
