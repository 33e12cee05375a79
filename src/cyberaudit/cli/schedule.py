"""`cyberaudit schedule`: the units or the lines that start the weekly control."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import Config, ProfilePath, Vantage
from cyberaudit.cli.shared import say, shared, whole_number
from cyberaudit.errors import UsageError

if TYPE_CHECKING:
    from cyberaudit.run.schedule import Plan


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
    plan = _plan(Path(profile), shared(ctx).history_path, day, hour, _options(vantage, config), config)
    return _systemd(plan, write=write) if systemd else _cron(plan, write=write)


def _plan(
    profile: Path, history: Path, day: str, hour: str, options: tuple[str, ...], config: str | None
) -> "Plan":
    from cyberaudit.run.schedule import DAYS, Plan, When
    from cyberaudit.town.load import load_profile
    from cyberaudit.town.local import local_config

    if day not in DAYS:
        raise UsageError(f"--day : « {day} » n'est pas un jour ({', '.join(DAYS)}).")
    town = load_profile(profile).town
    feed = local_config(Path(config) if config else None).feed
    return Plan(
        commune=town.id,
        name=town.commune.name,
        timezone=town.commune.timezone,
        profile=profile.resolve(),
        history=history.resolve(),
        when=When(day, whole_number(hour, option="--hour", least=0, most=23)),
        options=options,
        writable=(feed.parent,) if feed else (),
        is_root=hasattr(os, "geteuid") and os.geteuid() == 0,
    )


def _options(vantage: str | None, config: str | None) -> tuple[str, ...]:
    found = ("--vantage", vantage) if vantage else ()
    return (*found, "--config", str(Path(config).resolve())) if config else found


def _systemd(plan: "Plan", *, write: bool) -> int:
    from cyberaudit.run.schedule import next_commands, unit_folder, units, write_units

    folder = unit_folder(plan)
    for name, text in units(plan).items():
        say(f"# {folder / name}\n{text}")
    if write:
        for path in write_units(plan, folder):
            say(f"Écrit : {path}")
        say("Pour le mettre en marche :")
        for command in next_commands(plan):
            say(f"  {command}")
    return 0


def _cron(plan: "Plan", *, write: bool) -> int:
    from cyberaudit.run.schedule import cron_lines, crontab_with, read_crontab, write_crontab

    for line in cron_lines(plan):
        say(line)
    if write:
        write_crontab(crontab_with(plan, read_crontab()))
        say("Écrit dans le planning de cron (crontab -l le montre).")
    return 0
