"""`cyberaudit plan`: what to do when, for how much; the dates an élu adopts; a request for a quote."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.declare import settle
from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.options import Checks, Json, Now, Profile, Technical, Yes
from cyberaudit.cli.shared import folders, moment, say, shared, warn
from cyberaudit.errors import NotSaved, UsageError
from cyberaudit.french import NBSP

if TYPE_CHECKING:
    from cyberaudit.run.plan import Planned

By = Annotated[str, typer.Option("--by", metavar="QUI", help="L'élu qui décide : « Nom, maire ».")]
Mesure = Annotated[str, typer.Argument(metavar="MESURE", help="Son nom entre crochets dans « plan show ».")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    group.callback(invoke_without_command=True)(plan)
    group.command("show", cls=FrenchCommand)(show)
    group.command("adopt", cls=FrenchCommand)(adopt)
    group.command("postpone", cls=FrenchCommand)(postpone)
    group.command("done", cls=FrenchCommand)(done)
    group.command("quote-request", cls=FrenchCommand)(quote_request)
    app.add_typer(
        group, name="plan", help="Le plan d'action : le voir, adopter ses dates, demander un devis."
    )


def plan(ctx: typer.Context) -> None:
    """Dit quoi faire, quand et pour combien. Un élu adopte les dates ; elles ne bougent plus sans lui."""
    if ctx.invoked_subcommand is None:
        say(ctx.get_help())


def show(
    ctx: typer.Context,
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="PROFIL|COMMUNE", help="Le profil, dont les choix d'aujourd'hui comptent ; ou la commune."
        ),
    ] = None,
    ceiling: Annotated[
        list[str] | None,
        typer.Option(
            "--ceiling",
            metavar="EUROS",
            help="Essaie un autre plafond : 5000 pour chaque année à venir, 2027=5000 pour une seule (répétable).",
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Montre tous les trimestres, et pourquoi chaque action est là.")
    ] = False,
    now: Now = None,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Montre le plan : le calendrier, l'argent année par année, ce que le maire doit arbitrer."""
    from cyberaudit.run.plan import with_ceilings

    before = _planned(ctx, subject, now=now, checks=checks)
    after = with_ceilings(before, ceiling) if ceiling else None
    _show(ctx, before, after, as_json=as_json, everything=everything)
    return 0


def _show(
    ctx: typer.Context, before: "Planned", after: "Planned | None", *, as_json: bool, everything: bool
) -> None:
    """The plan; `after`: under other ceilings, with what they move."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.plan.what_if import compare
    from cyberaudit.reports.decisions import unknown_measures
    from cyberaudit.reports.plan_text import Trial, plan_json, plan_text

    view = (after or before).told.view
    trial = Trial(compare(before.plan, after.plan), before.told.view.budget.years) if after else None
    measures = before.catalogue.remedies.measures
    warnings = unknown_measures(before.told.state.town.plan, measures)
    if as_json:
        say(plan_json(view, trial=trial, warnings=warnings))
    elif not shared(ctx).quiet:
        screen = this_screen(shared(ctx))
        profile = shlex.quote(str(before.file)) if before.file else "PROFIL"
        text = plan_text(
            view,
            trial=trial,
            warnings=warnings,
            profile=profile,
            width=screen.width,
            simple=screen.simple,
            everything=everything,
        )
        say(text)


def _planned(
    ctx: typer.Context, subject: str | None, *, now: str | None, checks: list[str] | None
) -> "Planned":
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.plan import planned

    catalogue = load_catalogue(folders(checks or ()))
    return planned(shared(ctx).history_path, catalogue, subject=subject, now=moment(now))


def _of_profile(ctx: typer.Context, profile: str, *, now: str | None, checks: list[str] | None) -> "Planned":
    """The plan under a profile that is to be written, so not of a commune's id."""
    if not Path(profile).exists():
        raise UsageError(f"Le profil « {profile} » n'existe pas.")
    return _planned(ctx, profile, now=now, checks=checks)


def adopt(
    ctx: typer.Context,
    profile: Profile,
    measures: Annotated[
        list[str] | None,
        typer.Argument(metavar="MESURE …", help="Leurs noms entre crochets dans « plan show »."),
    ] = None,
    by: By = "",
    due: Annotated[
        str, typer.Option("--due", metavar="DATE", help="Une autre date que celle qui est proposée.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Toutes les dates proposées.")] = False,
    now: Now = None,
    checks: Checks = None,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Écrit dans le profil les dates qu'un élu adopte. Montre d'abord ce qui change."""
    from cyberaudit.run.plan import AdoptWords, propose_adoption

    words = AdoptWords(tuple(measures or ()), by, due, everything)
    proposed = propose_adoption(_of_profile(ctx, profile, now=now, checks=checks), words)
    return settle(ctx, proposed, yes=yes, as_json=as_json)


def postpone(
    ctx: typer.Context,
    profile: Profile,
    measure: Mesure,
    to: Annotated[str, typer.Option("--to", metavar="DATE", help="La nouvelle date.")] = "",
    reason: Annotated[
        str, typer.Option("--reason", metavar="RAISON", help="Pourquoi, en dix caractères ou plus.")
    ] = "",
    by: By = "",
    now: Now = None,
    checks: Checks = None,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Repousse une date adoptée, avec sa raison. La première date reste écrite à côté."""
    from cyberaudit.run.plan import PostponeWords, propose_postponement

    words = PostponeWords(measure, to, reason, by)
    proposed = propose_postponement(_of_profile(ctx, profile, now=now, checks=checks), words)
    return settle(ctx, proposed, yes=yes, as_json=as_json)


def done(
    ctx: typer.Context,
    profile: Profile,
    measure: Mesure,
    by: Annotated[str, typer.Option("--by", metavar="QUI", help="Qui le dit : « Nom, qualité ».")] = "",
    on: Annotated[
        str, typer.Option("--on", metavar="DATE", help="Le jour où c'est dit ; sinon aujourd'hui.")
    ] = "",
    now: Now = None,
    checks: Checks = None,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Note qu'une action est dite faite, et donne la commande qui le montrera.

    Cela compte quand un contrôle ou une réponse le montre.
    """
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.plan import propose_completion

    catalogue = load_catalogue(folders(checks or ()))
    proposed, ways = propose_completion(
        Path(profile), catalogue, measure=measure, by=by, on=on, now=moment(now)
    )
    code = settle(ctx, proposed, yes=yes, as_json=as_json)
    if code == 0 and not as_json and not shared(ctx).quiet:
        _say_ways(ways, shlex.quote(profile), by)
    return code


def _say_ways(ways: tuple[str, ...], profile: str, by: str) -> None:
    """Commands to be copied: no typography in them."""
    if ways:
        say(f"\nPour le montrer{NBSP}:")
    for way in ways:
        verb, _, what = way.partition(" ")
        more = f"{profile} {what} --by {shlex.quote(by)}" if verb == "declare" else f"{what} {profile}"
        say(f"  cyberaudit {verb} {more}")


def quote_request(
    ctx: typer.Context,
    profile: Profile,
    measure: Mesure,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            metavar="FICHIER",
            help="L'écrit dans un fichier ; une page à imprimer s'il finit par .html.",
        ),
    ] = None,
    technical: Technical = False,
    now: Now = None,
    checks: Checks = None,
    as_json: Json = False,
) -> int:
    """Écrit une demande de devis d'une page, sans nommer d'entreprise ni donner d'adresse.

    Avec --technical, elle porte aussi les adresses : à réserver au prestataire retenu.
    """
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports import quote_request as page
    from cyberaudit.run.plan import quote_request as walk

    request = walk(_of_profile(ctx, profile, now=now, checks=checks), measure, technical=technical)
    if output:
        is_page = output.lower().endswith((".html", ".htm"))
        _write(Path(output), page.html(request) if is_page else page.text(request, width=80))
    if as_json:
        say(json.dumps(page.plain(request), ensure_ascii=False, indent=2))
    elif not output:
        say(page.text(request, width=this_screen(shared(ctx)).width))
    elif not shared(ctx).quiet:
        warn(f"Demande de devis écrite dans « {output} ».")
    return 0


def _write(path: Path, text: str) -> None:
    from cyberaudit.private_file import write_private
    from cyberaudit.refusals import quoted, system_clause

    try:
        write_private(path, text.encode())
    except OSError as error:
        raise NotSaved(
            f"La demande n'est pas écrite dans {quoted(path)} : {system_clause(error)}."
        ) from error
