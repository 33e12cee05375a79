"""`cyberaudit declare` and `waive`: one answer or one accepted risk written in the profile, shown before."""

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import Checks, Json, Now, Profile, Yes
from cyberaudit.cli.shared import folders, moment, say, shared, warn
from cyberaudit.errors import UsageError

if TYPE_CHECKING:
    from cyberaudit.engine.catalogue import Catalogue
    from cyberaudit.run.answers import Proposed
    from cyberaudit.town.profile import Profile as LoadedProfile

REFUSED = 2
On = Annotated[str, typer.Option("--on", metavar="DATE", help="Le jour où c'est dit ; sinon aujourd'hui.")]


def register(app: typer.Typer) -> None:
    app.command("declare", cls=FrenchCommand)(declare)
    app.command("waive", cls=FrenchCommand)(waive)


def declare(
    ctx: typer.Context,
    profile: Profile,
    key: Annotated[
        str,
        typer.Argument(
            metavar="CLÉ", help="Une pratique (mfa), ou le champ d'une chose (backup/nas.alerts)."
        ),
    ],
    answer: Annotated[
        str,
        typer.Argument(
            metavar="RÉPONSE", help="oui, non, partial, unknown (« je ne sais pas »), ou « sans objet »."
        ),
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="QUI", help="Qui l'affirme : « Nom, qualité ».")] = "",
    on: On = "",
    value: Annotated[
        str,
        typer.Option(
            "--value", metavar="PRÉCISION", help="Une précision : SMS, ou une date pour firmware_date."
        ),
    ] = "",
    result: Annotated[
        str, typer.Option("--result", metavar="RÉSULTAT", help="Résultat d'un essai : ok ou errors.")
    ] = "",
    proof: Annotated[
        str,
        typer.Option(
            "--proof", metavar="PREUVE", help="Le document : un fichier, dont l'empreinte est gardée."
        ),
    ] = "",
    now: Now = None,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Écrit une réponse dans le profil, avec son auteur et sa date. Montre d'abord ce qui change."""
    from cyberaudit.run.answers import SaidWords, propose_answer

    words = SaidWords(by=by, answer=answer, on=on, value=value, result=result, proof=proof)
    return settle(ctx, propose_answer(Path(profile), key, words, now=moment(now)), yes=yes, as_json=as_json)


def waive(
    ctx: typer.Context,
    profile: Profile,
    target: Annotated[
        str,
        typer.Argument(metavar="CONTRÔLE[@CHOSE]", help="mail.spf, ou mail.spf@main pour une seule chose."),
    ],
    reason: Annotated[
        str, typer.Option("--reason", metavar="RAISON", help="Pourquoi, en dix caractères ou plus.")
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="QUI", help="L'élu qui décide : « Nom, maire ».")] = "",
    until: Annotated[
        str, typer.Option("--until", metavar="DATE", help="Le dernier jour, douze mois au plus.")
    ] = "",
    on: On = "",
    stopgap: Annotated[
        str, typer.Option("--stopgap", metavar="MESURE", help="Ce que l'on fait en attendant.")
    ] = "",
    sheet: Annotated[
        str,
        typer.Option(
            "--sheet",
            metavar="FICHIER",
            help="La feuille que l'élu signe, en texte ou en .html ; « - » la montre à l'écran."
            " Seule, celle d'un risque déjà accepté.",
        ),
    ] = "",
    checks: Checks = None,
    now: Now = None,
    yes: Yes = False,
    as_json: Json = False,
) -> int:
    """Écrit dans le profil un risque accepté par un élu jusqu'à une date. Montre d'abord ce qui change."""
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.answers import WaivedWords, propose_waiver
    from cyberaudit.town.load import load_profile

    words = WaivedWords(target=target, reason=reason, by=by, until=until, on=on, stopgap=stopgap)
    catalogue, path, at = load_catalogue(folders(checks or ())), Path(profile), moment(now)
    if sheet and as_json:
        raise UsageError("Demandez --sheet ou --json, pas les deux.")
    if sheet and not (reason or by or until or on or stopgap):
        _put_sheet(ctx, sheet, load_profile(path), target, catalogue, at)
        return 0
    proposed = propose_waiver(path, words, catalogue, now=at)
    if sheet:
        _put_sheet(ctx, sheet, proposed.made.after, target, catalogue, at)
    return settle(ctx, proposed, yes=yes, as_json=as_json)


def _put_sheet(
    ctx: typer.Context,
    where: str,
    profile: "LoadedProfile",
    target: str,
    catalogue: "Catalogue",
    now: datetime,
) -> None:
    from cyberaudit.cli.paper import put
    from cyberaudit.run.decision import sheet_of

    put(sheet_of(profile, target, catalogue, now=now), where, option="--sheet", options=shared(ctx))


def settle(ctx: typer.Context, proposed: "Proposed", *, yes: bool, as_json: bool) -> int:
    """Show the change, write it when it is wanted; the exit code."""
    from cyberaudit.run.answers import save

    if proposed.changes_nothing:
        _show(ctx, proposed, as_json=as_json, written=False)
        return 0
    if not as_json:
        _show(ctx, proposed, as_json=False, written=False)
    if not (yes or _agreed(as_json=as_json)):
        if as_json:
            _show(ctx, proposed, as_json=True, written=False)
        return REFUSED
    save(proposed)
    if as_json:
        _show(ctx, proposed, as_json=True, written=True)
    elif not shared(ctx).quiet:
        say("C'est écrit.")
    return 0


def _agreed(*, as_json: bool) -> bool:
    from cyberaudit.cli.conversation import agreed, can_ask

    if as_json or not can_ask():
        warn("Rien n'est écrit : personne ne peut confirmer ici. Ajoutez --yes pour écrire.")
        return False
    if agreed("Écrire ?"):
        return True
    warn("Rien n'est écrit.")
    return False


def _show(ctx: typer.Context, proposed: "Proposed", *, as_json: bool, written: bool) -> None:
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.reports.questions import change, change_plain

    made, sentence, remarks = proposed.made, proposed.sentence, proposed.remarks
    if as_json:
        plain = change_plain(made, sentence=sentence, remarks=remarks, written=written)
        say(json.dumps(plain, ensure_ascii=False, indent=2))
    elif proposed.changes_nothing:
        say("Le profil le dit déjà : rien à écrire.")
    elif not shared(ctx).quiet:
        say(change(made, sentence=sentence, remarks=remarks, width=this_screen(shared(ctx)).width))
