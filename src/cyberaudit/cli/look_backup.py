"""`cyberaudit look backup`: one place of copies, with what would be declared of it as options."""

from pathlib import Path
from typing import Annotated

import typer

from cyberaudit.cli.look_shown import show
from cyberaudit.cli.options import (
    AllowTest,
    CaBundle,
    Checks,
    Config,
    ConnectTo,
    Deep,
    FailOn,
    Json,
    NoEmptyPassword,
    Now,
    Resolver,
    fail_tier,
    probe_options,
    progress_of_look,
)
from cyberaudit.cli.shared import folders, moment, shared, whole_number

MOST_HOURS = 24 * 366


def backup(
    ctx: typer.Context,
    target: Annotated[
        str,
        typer.Argument(
            metavar="LIEU", help="Un dossier, un fichier, ou une adresse sftp://, s3://, https:// ou rest://."
        ),
    ],
    rpo: Annotated[
        str, typer.Option("--rpo", metavar="HEURES", help="La plus longue perte de travail acceptée.")
    ] = "26",
    grace: Annotated[str, typer.Option("--grace", metavar="HEURES", help="Le retard toléré en plus.")] = "0",
    weekdays: Annotated[
        str, typer.Option("--weekdays", metavar="JOURS", help="every-day, mon-fri, mon-sat ou weekly.")
    ] = "every-day",
    offline: Annotated[bool, typer.Option("--offline", help="Le support est débranché d'ordinaire.")] = False,
    off_site: Annotated[bool, typer.Option("--off-site", help="La copie est gardée ailleurs.")] = False,
    media: Annotated[
        str, typer.Option("--media", metavar="SUPPORT", help="disk, nas, usb-disk, tape, cloud ou unknown.")
    ] = "unknown",
    retention: Annotated[
        str, typer.Option("--retention", metavar="JOURS", help="La durée de conservation voulue.")
    ] = "0",
    encryption_required: Annotated[
        bool, typer.Option("--encryption-required", help="La copie doit être chiffrée.")
    ] = False,
    user: Annotated[
        str,
        typer.Option("--user", metavar="COMPTE", help="Le compte d'une adresse ; pour S3, la clé d'accès."),
    ] = "",
    secret: Annotated[
        str,
        typer.Option(
            "--secret",
            metavar="SOURCE",
            help="Où prendre le mot de passe ou la clé : env:NOM, file:CHEMIN, ou secret:NOM de la configuration.",
        ),
    ] = "",
    region: Annotated[
        str, typer.Option("--region", metavar="RÉGION", help="La région d'un dépôt S3 : fr-par.")
    ] = "",
    known_hosts: Annotated[
        str | None,
        typer.Option("--known-hosts", metavar="FICHIER", help="Les clés des serveurs SFTP que l'on connaît."),
    ] = None,
    deep: Deep = False,
    no_empty_password: NoEmptyPassword = False,
    config: Config = None,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    allow_test_network: AllowTest = False,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    as_json: Json = False,
) -> int:
    """Regarde l'âge, l'état et le chiffrement des copies d'un lieu, sans clé et sans rien écrire."""
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.accesses import SecretWish
    from cyberaudit.run.look import look_at_backup, look_code
    from cyberaudit.town.single import backup_asset

    counts = fail_tier(fail_on)
    asset = backup_asset(
        _absolute(target),
        rpo_hours=whole_number(rpo, option="--rpo", least=1, most=MOST_HOURS),
        grace_hours=whole_number(grace, option="--grace", least=0, most=MOST_HOURS),
        weekdays=weekdays,
        offline=offline,
        off_site=off_site,
        media=media,
        retention_days=whole_number(retention, option="--retention", least=0, most=36_500),
        encryption_required=encryption_required,
        user=user,
    )
    options = probe_options(
        connect_to,
        resolver,
        ca_bundle,
        ehlo=None,
        allow_test_network=allow_test_network,
        deep=deep,
        empty_password=not no_empty_password,
    )
    catalogue = load_catalogue(folders(checks or ()), themes=("backup",))
    made = look_at_backup(
        asset,
        catalogue,
        options,
        wish=SecretWish(secret, region, known_hosts=_path(known_hosts), config=_path(config)),
        now=moment(now),
        progress=progress_of_look(quiet=shared(ctx).quiet),
    )
    code = look_code(made, fail_on=counts, measures=catalogue.remedies.measures)
    return show(ctx, made, as_json=as_json, code=code)


def _absolute(target: str) -> str:
    return target if "://" in target else str(Path(target).absolute())


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None
