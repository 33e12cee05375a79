"""`cyberaudit schedule`: the units or the lines that start the weekly control."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit import french
from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import Config, ProfilePath, Vantage
from cyberaudit.cli.shared import say, shared, warn, whole_number
from cyberaudit.errors import UsageError

if TYPE_CHECKING:
    from cyberaudit.declared import Town
    from cyberaudit.run.schedule import Plan, When


def register(app: typer.Typer) -> None:
    app.command("schedule", cls=FrenchCommand)(schedule)


def schedule(
    ctx: typer.Context,
    profile: ProfilePath,
    systemd: Annotated[
        bool, typer.Option("--systemd", help="Pour systemd : un service et son minuteur.")
    ] = False,
    cron: Annotated[bool, typer.Option("--cron", help="Pour cron : deux lignes.")] = False,
    day: Annotated[
        str, typer.Option("--day", metavar="JOUR", help="Quel jour : mon, tue, wed, thu, fri, sat ou sun.")
    ] = "mon",
    hour: Annotated[str, typer.Option("--hour", metavar="HEURE", help="À quelle heure, de 0 à 23.")] = "6",
    vantage: Vantage = None,
    config: Config = None,
    write: Annotated[bool, typer.Option("--write", help="Montre, puis met en place.")] = False,
) -> int:
    """Prépare le contrôle de chaque semaine : le montre, ou le met en place avec --write.

    La minute est tirée de l'identifiant de la commune : toutes ne partent pas ensemble. Chaque heure, le courrier qui
    attend est renvoyé.
    """
    if systemd == cron:
        raise UsageError("Choisissez --systemd ou --cron.")
    from cyberaudit.run.schedule import doubts, hindrances
    from cyberaudit.town.load import load_profile
    from cyberaudit.town.local import local_config

    local = local_config(Path(config) if config else None)
    when, town = _when(day, hour), load_profile(Path(profile)).town
    options = _options(vantage, config)
    plan = _plan(Path(profile), town, shared(ctx).history_path, when, options, feed=local.feed)
    (_systemd if systemd else _cron)(plan, write=write)
    lacking = hindrances(plan.profile, town, local, names_its_place=vantage is not None)
    for sentence in (*lacking, *doubts(local.secrets, for_cron=cron)):
        warn(sentence)
    if not write:
        warn("Rien n'est encore en place : ajoutez --write.")
    return 0


def _when(day: str, hour: str) -> "When":
    from cyberaudit.run.schedule import DAYS, When

    if day not in DAYS:
        raise UsageError(f"--day : « {day} » n'est pas un jour ({', '.join(DAYS)}).")
    return When(day, whole_number(hour, option="--hour", least=0, most=23))


def _plan(
    profile: Path, town: "Town", history: Path, when: "When", options: tuple[str, ...], *, feed: Path | None
) -> "Plan":
    from cyberaudit.run.schedule import Plan

    return Plan(
        commune=town.id,
        name=town.commune.name,
        timezone=town.commune.timezone,
        profile=profile.resolve(),
        history=history.resolve(),
        when=when,
        options=options,
        writable=(feed.parent,) if feed else (),
        is_root=hasattr(os, "geteuid") and os.geteuid() == 0,
    )


def _options(vantage: str | None, config: str | None) -> tuple[str, ...]:
    found = ("--vantage", vantage) if vantage else ()
    return (*found, "--config", str(Path(config).resolve())) if config else found


def _systemd(plan: "Plan", *, write: bool) -> None:
    from cyberaudit.run.schedule import next_commands, trial_commands, unit_folder, units, write_units

    folder = unit_folder(plan)
    for name, text in units(plan).items():
        say(f"# {folder / name}\n{text}")
    if write:
        for path in write_units(plan, folder):
            say(f"Écrit : {path}")
        _say_commands("Pour le mettre en marche :", next_commands(plan))
        _say_commands("Pour l'essayer aujourd'hui :", trial_commands(plan))


def _say_commands(head: str, commands: tuple[str, ...]) -> None:
    say(french.typeset(head))
    for command in commands:
        say(f"  {command}")


def _cron(plan: "Plan", *, write: bool) -> None:
    from cyberaudit.run.schedule import cron_lines, crontab_with, read_crontab, write_crontab

    for line in cron_lines(plan):
        say(line)
    if write:
        write_crontab(crontab_with(plan, read_crontab()))
        say("Écrit dans le planning de cron (crontab -l le montre).")
        warn("cron suit l'heure de cette machine. Si elle est éteinte à ce moment, le contrôle est sauté.")
