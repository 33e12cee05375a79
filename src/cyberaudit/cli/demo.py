"""`cyberaudit demo`: the ordinary scan of the embedded town."""

from typing import Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import (
    INCOMPLETE,
    INTERRUPTED,
    All,
    Json,
    Output,
    Technical,
    Why,
    begin_below,
    progress,
)
from cyberaudit.cli.shared import say, shared, warn


def register(app: typer.Typer) -> None:
    app.command("demo", cls=FrenchCommand)(demo)


def demo(
    ctx: typer.Context,
    keep: Annotated[
        bool, typer.Option("--keep", help="Laisse la commune en marche, et dit comment la regarder.")
    ] = False,
    output: Output = None,
    everything: All = False,
    technical: Technical = False,
    why: Why = False,
    as_json: Json = False,
) -> int:
    """Fait vivre une petite commune sur cette machine et la contrôle, sans réseau ni droits.

    Le contrôle est le même que « cyberaudit scan » ; son historique est oublié à la fin.
    """
    from cyberaudit.cli import screen
    from cyberaudit.demo.keep import wait
    from cyberaudit.demo.place import DemoPlace
    from cyberaudit.demo.scan import scan_place
    from cyberaudit.run.exit_code import has_broken

    wanted = screen.outputs(output or ())
    level = screen.detail(everything=everything, technical=technical, why=why)
    with DemoPlace() as place:
        done = scan_place(place, progress=progress(quiet=shared(ctx).quiet))
        begin_below(partial=done.audit.partial)
        complaints = screen.write(done.told.view, wanted, level=level)
        screen.show(done.told.view, shared(ctx), as_json=as_json, level=level)
        for complaint in complaints:
            warn(complaint)
        if keep:
            wait(place, say=say)
    if done.audit.partial:
        return INTERRUPTED
    # A town that is known by heart: a probe or a check that breaks on it is ours.
    return INCOMPLETE if complaints or has_broken(done.audit.findings) else 0
