"""`cyberaudit history`: what is stored, how it moved, what leaves it, and scans from other machines."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand, FrenchGroup
from cyberaudit.cli.options import Checks, Config, Json, Now
from cyberaudit.cli.shared import folders, moment, say, shared, warn, whole_number

if TYPE_CHECKING:
    from cyberaudit.history.state import AuditSummary

REFUSED = 2
DAMAGED = 1
SHOWN = 20
"""Audits of a list, unless more are asked for."""

Commune = Annotated[str | None, typer.Argument(metavar="COMMUNE", help="Seulement cette commune.")]
OfCommune = Annotated[str | None, typer.Option("--commune", metavar="ID", help="Seulement cette commune.")]
Yes = Annotated[bool, typer.Option("--yes", help="Retire sans demander.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(cls=FrenchGroup, rich_markup_mode=None, no_args_is_help=False)
    for name, command in (
        ("list", list_audits),
        ("show", show),
        ("trend", trend),
        ("export", export),
        ("import", import_scan),
        ("backup", backup),
        ("check", check),
        ("prune", prune),
        ("forget", forget),
    ):
        group.command(name, cls=FrenchCommand)(command)
    app.add_typer(
        group,
        name="history",
        help="Les contrôles gardés : les lister, en relire un, les copier, en reprendre, retirer les anciens.",
    )


def list_audits(
    ctx: typer.Context,
    commune: Commune = None,
    everything: Annotated[bool, typer.Option("--all", help="Montre aussi les plus anciens.")] = False,
    as_json: Json = False,
) -> None:
    """Liste les contrôles gardés, le plus récent d'abord."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.history.store import open_history
    from cyberaudit.reports.stored import listed

    with open_history(shared(ctx).history_path, create=False) as history:
        summaries = history.summaries(commune, limit=-1 if everything or as_json else SHOWN)
        others = history.count(commune) - len(summaries)
        unanswered = {} if as_json else history.unanswered([each.uuid for each in summaries])
    if as_json:
        say(_as_json([_plain(each) for each in summaries]))
    else:
        width = this_screen(shared(ctx)).width
        say(listed(summaries, width=width, others=others, unanswered=unanswered))


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


def trend(
    ctx: typer.Context,
    commune: Commune = None,
    months: Annotated[
        str, typer.Option("--months", metavar="NOMBRE", help="Combien de mois, 120 au plus.")
    ] = "12",
    now: Now = None,
    checks: Checks = None,
    as_json: Json = False,
) -> None:
    """Montre comment le niveau et chaque thème ont évolué, et si les dates adoptées sont tenues."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.reports import stored_trend
    from cyberaudit.run import past

    view = past.trend(
        shared(ctx).history_path,
        load_catalogue(folders(checks or ())),
        commune=commune,
        now=moment(now),
        months=whole_number(months, option="--months", least=1, most=120),
    )
    screen = this_screen(shared(ctx))
    say(
        stored_trend.to_json(view)
        if as_json
        else stored_trend.render(view, width=screen.width, simple=screen.simple)
    )


def export(
    ctx: typer.Context,
    folder: Annotated[str, typer.Argument(metavar="DOSSIER", help="Où écrire, un fichier par contrôle.")],
    audits: Annotated[
        list[str] | None,
        typer.Argument(metavar="CONTRÔLE", help="Le début de leurs identifiants ; tous si rien n'est dit."),
    ] = None,
    commune: OfCommune = None,
    as_json: Json = False,
) -> int:
    """Écrit des contrôles gardés en fichiers .cya, que « history import » reprend ailleurs."""
    from cyberaudit import french
    from cyberaudit.run import past

    done = past.export(shared(ctx).history_path, Path(folder), audits=audits or (), commune=commune)
    if as_json:
        say(_as_json({"files": [str(each) for each in done.files], "refused": list(done.refused)}))
    elif not shared(ctx).quiet:
        say(f"{french.count(len(done.files), 'contrôle écrit', 'contrôles écrits')}.")
    for sentence in done.refused:
        warn(sentence)
    return REFUSED if done.refused else 0


def import_scan(
    ctx: typer.Context,
    file: Annotated[
        str,
        typer.Argument(
            metavar="FICHIER.cya",
            help="Le fichier écrit par « scan --save », ou un dossier de tels fichiers.",
        ),
    ],
    commune: Annotated[
        str | None, typer.Option("--commune", metavar="ID", help="La commune attendue.")
    ] = None,
) -> int:
    """Reprend dans l'historique un contrôle fait sur une autre machine."""
    from cyberaudit.run.past import bring

    brought = bring(shared(ctx).history_path, Path(file), commune=commune)
    for uuid in brought.new:
        say(f"Contrôle {uuid[:8]} repris.")
    for uuid in brought.there_already:
        say(f"Contrôle {uuid[:8]} déjà présent.")
    for sentence in brought.refused:
        warn(sentence)
    return REFUSED if brought.refused else 0


def backup(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FICHIER", help="Où écrire la copie.")],
) -> None:
    """Copie tout l'historique dans un fichier, même pendant un contrôle."""
    from cyberaudit.history.backup import back_up
    from cyberaudit.history.store import open_history

    with open_history(shared(ctx).history_path, create=False) as history:
        back_up(history, Path(file))
    if not shared(ctx).quiet:
        say("L'historique est copié.")


def check(ctx: typer.Context, as_json: Json = False) -> int:
    """Vérifie que l'historique est entier, et dit ce qui peut encore être lu."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.facts.codec import encode
    from cyberaudit.history.integrity import Health
    from cyberaudit.reports.stored import health_told
    from cyberaudit.run import past

    health = past.check(shared(ctx).history_path)
    if as_json:
        say(_as_json(encode(health, Health)))
    elif not (shared(ctx).quiet and health.is_whole):
        say(health_told(health, advice=past.WHAT_TO_DO, width=this_screen(shared(ctx)).width))
    return 0 if health.is_whole else DAMAGED


def prune(
    ctx: typer.Context,
    commune: Commune = None,
    keep: Annotated[
        str, typer.Option("--keep", metavar="DURÉE", help="Ce qui reste, en mois : 24m.")
    ] = "24m",
    yes: Yes = False,
    now: Now = None,
) -> int:
    """Retire les contrôles trop anciens, après les avoir montrés ; la date des premiers défauts reste connue."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports.stored import leaving
    from cyberaudit.run import past

    path, months = shared(ctx).history_path, past.read_months(keep)
    found = past.to_prune(path, keep_months=months, now=moment(now), commune=commune)
    if not shared(ctx).quiet:
        say(leaving(found, width=this_screen(shared(ctx)).width))
    if not found:
        return 0
    if not (yes or _agreed("Retirer ces contrôles ?")):
        return REFUSED
    _say_removed(ctx, past.prune(path, found))
    return 0


def forget(
    ctx: typer.Context,
    commune: Annotated[str, typer.Argument(metavar="COMMUNE", help="La commune à oublier.")],
    yes: Yes = False,
    config: Config = None,
) -> int:
    """Retire tout ce qui est gardé d'une commune : contrôles, courrier, flux. Ils sont montrés d'abord."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports.stored import listed
    from cyberaudit.run import past
    from cyberaudit.town.local import local_config

    path = shared(ctx).history_path
    feed = local_config(Path(config) if config else None).feed
    found = past.of_commune(path, commune)
    if not shared(ctx).quiet and found:
        say(listed(found[:SHOWN], width=this_screen(shared(ctx)).width, others=len(found[SHOWN:])))
    if not (yes or _agreed(f"Oublier « {commune} », sans retour possible ?")):
        return REFUSED
    _say_removed(ctx, past.forget(path, commune, feed_path=feed))
    if not shared(ctx).quiet:
        say(
            "Son courrier et son flux aussi. Les copies, les rapports et les fichiers .cya sont à effacer à part."
        )
    return 0


def _say_removed(ctx: typer.Context, count: int) -> None:
    from cyberaudit import french

    if not shared(ctx).quiet:
        say(f"{french.count(count, 'contrôle retiré', 'contrôles retirés')}.")


def _agreed(question: str) -> bool:
    from cyberaudit.cli.conversation import agreed, can_ask

    if not can_ask():
        warn("Rien n'est retiré : personne ne peut confirmer ici. Ajoutez --yes pour retirer.")
        return False
    if agreed(question):
        return True
    warn("Rien n'est retiré.")
    return False


def _as_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _plain(summary: "AuditSummary") -> object:
    from cyberaudit.facts.codec import encode
    from cyberaudit.history.state import AuditSummary

    return encode(summary, AuditSummary)
