"""`cyberaudit profile`: is the YAML right, and what may it say?"""

import json
from pathlib import Path
from typing import Annotated

import typer

from cyberaudit import french
from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.options import Checks, Json, Now
from cyberaudit.cli.shared import folders, moment, say
from cyberaudit.errors import CatalogueError, Problem, ProfileError, ScopeError


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    group.command("check", cls=FrenchCommand)(check)
    group.command("schema", cls=FrenchCommand)(schema)
    app.add_typer(
        group, name="profile", help="Le profil YAML de la commune : le vérifier, connaître ses champs."
    )


def check(
    profile: Annotated[str, typer.Argument(metavar="PROFIL", help="Le profil YAML de la commune.")],
    now: Now = None,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Vérifie le profil sans rien envoyer : une phrase par erreur, avec sa place."""
    from cyberaudit.engine.catalogue import load_catalogue, verify_choices
    from cyberaudit.town.load import load_profile
    from cyberaudit.town.scope import authorized

    try:
        loaded = load_profile(Path(profile))
    except ProfileError as error:
        if not as_json:
            raise
        say(
            json.dumps(
                {"valid": False, "problems": [_plain(each) for each in error.problems]}, ensure_ascii=False
            )
        )
        return error.exit_code
    try:
        verify_choices(loaded.town, load_catalogue(folders(checks or ())))
        authorized(loaded, now=moment(now))
        remark = ""
    except (ScopeError, CatalogueError) as error:
        remark = str(error)
    if as_json:
        say(json.dumps({"valid": True, "problems": [], "scan_refused": remark}, ensure_ascii=False))
    else:
        things = french.count(len(loaded.town.assets), "élément déclaré", "éléments déclarés")
        say(f"{profile} : profil valable, {things}.")
        if remark:
            say(f"Mais « cyberaudit scan » refuserait : {remark}")
    return 0


def _plain(problem: Problem) -> dict[str, str | int | None]:
    place = problem.place
    return {
        "sentence": problem.sentence,
        "path": problem.path,
        "line": place.line if place else None,
        "column": place.column if place else None,
    }


def schema() -> None:
    """Écrit le schéma JSON du profil, pour l'aide à la saisie des éditeurs."""
    from cyberaudit.town.schema import schema_text

    say(schema_text())
