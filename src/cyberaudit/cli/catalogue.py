"""`cyberaudit checks` and `cyberaudit explain`: the rules."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.options import Checks, Json
from cyberaudit.cli.shared import folders, say, shared
from cyberaudit.errors import UsageError
from cyberaudit.town.suggestion import question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cyberaudit.engine.measures import Remedies
    from cyberaudit.reports.catalogue import ListedCheck
    from cyberaudit.sdk import Check


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    group.command("list", cls=FrenchCommand)(list_checks)
    group.command("new", cls=FrenchCommand)(new)
    group.command("test", cls=FrenchCommand)(conformance)
    app.add_typer(group, name="checks", help="Les contrôles : les lister, en écrire un, en éprouver un.")
    app.command("explain", cls=FrenchCommand)(explain)


def list_checks(
    ctx: typer.Context,
    checks: Checks = None,
    sources: Annotated[
        bool, typer.Option("--sources", help="Dit sur quels textes officiels chacun s'appuie.")
    ] = False,
    by_source: Annotated[
        bool, typer.Option("--by-source", help="Dit ce qui s'appuie sur chaque texte officiel.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Liste les contrôles par thème, avec la question que chacun pose."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.reports import catalogue as told

    catalogue = load_catalogue(folders(checks or ()))
    remedies = catalogue.remedies
    rows = [
        told.ListedCheck(each.id, catalogue.fiches[each.id].title, each.sources) for each in catalogue.checks
    ]
    width = this_screen(shared(ctx)).width
    if as_json:
        say(
            json.dumps(
                _plain(rows, remedies, sources=sources, by_source=by_source), ensure_ascii=False, indent=2
            )
        )
    elif by_source:
        say(told.list_by_source(rows, remedies=remedies, width=width))
    elif sources:
        say(told.list_sources(rows, remedies=remedies, width=width))
    else:
        say(told.list_checks(rows, width=width))


def _plain(
    rows: "Sequence[ListedCheck]", remedies: "Remedies", *, sources: bool, by_source: bool
) -> list[dict[str, object]]:
    from cyberaudit.reports import catalogue as told

    if by_source:
        return [told.standing_plain(each) for each in told.by_source(rows, remedies=remedies)]
    if sources:
        return [told.check_plain(row, remedies=remedies) for row in rows]
    return [asdict(row) for row in rows]


def explain(
    ctx: typer.Context,
    check: Annotated[str, typer.Argument(metavar="CONTRÔLE", help="Son identifiant, par exemple mail.spf.")],
    checks: Checks = None,
    as_json: Json = False,
) -> None:
    """Explique un contrôle : pourquoi, comment corriger, ce qu'il pèse, ce qu'il ne voit pas, ses sources."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.reports import explain as told

    catalogue = load_catalogue(folders(checks or ()))
    found = catalogue.check(check)
    if found is None:
        hint = question(check, [each.id for each in catalogue.checks])
        raise UsageError(f"Le contrôle « {check} » n'existe pas{hint} Voir « cyberaudit checks list ».")
    explained = told.Explained(found.id, found.impact, found.likelihood, found.sources)
    fiche, remedies = catalogue.fiches[found.id], catalogue.remedies
    measure = remedies.measures[found.measure]
    if as_json:
        plain = told.explain_plain(explained, fiche, measure=measure, remedies=remedies)
        say(json.dumps(plain, ensure_ascii=False, indent=2))
    else:
        width = this_screen(shared(ctx)).width
        say(told.explain(explained, fiche, measure=measure, remedies=remedies, width=width))


def new(
    name: Annotated[
        str, typer.Argument(metavar="IDENTIFIANT", help="x-<votre nom>.<sujet>, par exemple x-agglo.banner.")
    ],
    folder: Annotated[str, typer.Option("--dir", metavar="DOSSIER", help="Où écrire le fichier.")] = ".",
) -> None:
    """Écrit le squelette d'un contrôle, prêt à modifier et qui fonctionne déjà."""
    from cyberaudit.engine.scaffold import scaffold

    path = scaffold(name, Path(folder))
    say(f"{path} est écrit. Ensuite : cyberaudit checks test {path.parent}")


def conformance(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar="DOSSIER|CONTRÔLE",
            help="Un dossier de contrôles, ou l'identifiant d'un contrôle du programme ; sinon tous ceux-ci.",
        ),
    ] = None,
) -> int:
    """Éprouve des contrôles : réussite, échec, rien de visible, texte hostile."""
    from cyberaudit.engine.conformance import conformance as examine

    tested = _to_test(what)
    failures = 0
    for each in tested:
        faults = examine(each)
        failures += bool(faults)
        say(f"{'✗' if faults else '✓'} {each.id}" + "".join(f"\n    {fault}" for fault in faults))
    if not tested:
        raise UsageError(f"Aucun contrôle dans « {what} ».")
    return 1 if failures else 0


def _to_test(what: str | None) -> "list[Check]":
    """Those of a folder, the one of that name, or every built-in one."""
    from cyberaudit.engine.catalogue import load_catalogue

    built_in = load_catalogue()
    if what is None:
        return list(built_in.checks)
    if named := built_in.check(what):
        return [named]
    if not Path(what).is_dir():
        raise UsageError(f"« {what} » n'est ni un dossier ni un contrôle du programme.")
    every = load_catalogue((Path(what),)).checks
    return [each for each in every if each.path.parent.resolve() == Path(what).resolve()]
