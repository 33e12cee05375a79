"""`cyberaudit scan`: look at a town, store it, print where to start."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.shared import folders, moment, on_a_terminal, say, shared, warn, whole_number

if TYPE_CHECKING:
    from cyberaudit.model import ProgressCallback
    from cyberaudit.plan.words import Tier
    from cyberaudit.probes.instruments import Options
    from cyberaudit.run.scan import Request

INCOMPLETE = 3
Now = Annotated[
    str | None, typer.Option("--now", metavar="DATE", help="Juge les âges et les dates à ce moment.")
]
Checks = Annotated[
    list[str] | None,
    typer.Option("--checks", metavar="DOSSIER", help="Dossier de contrôles en plus (répétable)."),
]
All = Annotated[bool, typer.Option("--all", help="Montre tous les points.")]
Technical = Annotated[bool, typer.Option("--technical", help="Montre les preuves et les références.")]
Json = Annotated[bool, typer.Option("--json", help="Répond en JSON.")]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="FORMAT:FICHIER",
        help="Écrit aussi le rapport dans un fichier : text ou json (répétable).",
    ),
]
FailOn = Annotated[
    str,
    typer.Option(
        "--fail-on",
        metavar="PALIER",
        help="Palier qui donne le code 1 : urgent, quick-win, project, later ou never.",
    ),
]
MinCoverage = Annotated[
    str,
    typer.Option(
        "--min-coverage",
        metavar="POURCENT",
        help="Part des points mesurés sous laquelle le contrôle est dit incomplet.",
    ),
]
ConnectTo = Annotated[
    list[str] | None,
    typer.Option(
        "--connect-to",
        metavar="DE=VERS",
        help="Remplace une adresse et un port par d'autres, pour les essais ; ou un fichier de règles (répétable).",
    ),
]
Resolver = Annotated[
    list[str] | None,
    typer.Option("--resolver", metavar="IP[:PORT]", help="Serveur DNS à interroger (répétable)."),
]
CaBundle = Annotated[
    str | None,
    typer.Option("--ca-bundle", metavar="FICHIER", help="Autorités de certification à reconnaître (PEM)."),
]
Ehlo = Annotated[
    str | None,
    typer.Option("--ehlo", metavar="NOM", help="Nom sous lequel se présenter aux serveurs de courrier."),
]
AllowTest = Annotated[
    bool,
    typer.Option(
        "--allow-test-network", help="Accepte d'autres cibles que la machine locale dans --connect-to."
    ),
]

MaxRate = Annotated[
    str | None,
    typer.Option("--max-rate", metavar="NOMBRE", help="Paquets par seconde et par machine, au plus."),
]
BackupRoot = Annotated[
    list[str] | None,
    typer.Option(
        "--backup-root",
        metavar="DOSSIER",
        help="Dossier sous lequel les sauvegardes peuvent être lues (répétable).",
    ),
]


def register(app: typer.Typer) -> None:
    app.command("scan", cls=FrenchCommand)(scan)


def scan(
    ctx: typer.Context,
    profile: Annotated[str, typer.Argument(metavar="PROFIL", help="Le profil YAML de la commune.")],
    vantage: Annotated[
        str | None,
        typer.Option(
            "--vantage",
            metavar="LIEU",
            help="D'où l'on regarde : outside, ou une zone du profil ; reconnu sans cela.",
        ),
    ] = None,
    save: Annotated[
        str | None,
        typer.Option(
            "--save",
            metavar="FICHIER.cya",
            help="Garde aussi le contrôle dans un fichier, pour une autre machine.",
        ),
    ] = None,
    output: Output = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Dit ce qui serait regardé, n'envoie rien.")
    ] = False,
    now: Now = None,
    connect_to: ConnectTo = None,
    resolver: Resolver = None,
    ca_bundle: CaBundle = None,
    ehlo: Ehlo = None,
    allow_test_network: AllowTest = False,
    max_rate: MaxRate = None,
    backup_root: BackupRoot = None,
    checks: Checks = None,
    fail_on: FailOn = "urgent",
    min_coverage: MinCoverage = "50",
    everything: All = False,
    technical: Technical = False,
    as_json: Json = False,
) -> int:
    """Regarde la commune décrite par PROFIL, garde le résultat et dit par où commencer.

    Rien n'est envoyé sans une autorisation écrite et en cours de validité dans le profil.
    """
    from cyberaudit.cli import screen
    from cyberaudit.run.exit_code import exit_code
    from cyberaudit.run.scan import Request
    from cyberaudit.run.scan import scan as walk

    wanted = screen.outputs(output or ())
    tier = fail_tier(fail_on)
    coverage = whole_number(min_coverage, option="--min-coverage", least=0, most=100)
    request = Request(
        profile=Path(profile),
        history=shared(ctx).history_path,
        options=probe_options(
            connect_to,
            resolver,
            ca_bundle,
            ehlo=ehlo,
            allow_test_network=allow_test_network,
            max_rate=max_rate,
            backup_root=backup_root,
        ),
        now=moment(now),
        clock=moment(None),
        vantage=vantage,
        check_folders=folders(checks or ()),
        save=Path(save) if save else None,
    )
    if dry_run:
        return _announce(request)
    done = walk(request, progress=progress(quiet=shared(ctx).quiet))
    level = screen.detail(everything=everything, technical=technical)
    # Files first: a screen that breaks must not cost them.
    complaints = (*done.complaints, *screen.write(done.told.view, wanted, level=level))
    screen.show(done.told.view, shared(ctx), as_json=as_json, level=level)
    for complaint in complaints:
        warn(complaint)
    code = exit_code(
        done.audit.findings, done.told.plan, partial=done.audit.partial, fail_on=tier, min_coverage=coverage
    )
    return max(code, INCOMPLETE) if complaints else code


def _announce(request: "Request") -> int:
    from cyberaudit.run.dry_run import dry_run

    say(dry_run(request))
    return 0


def fail_tier(text: str) -> "Tier | None":
    """`--fail-on` as a tier; None for `never`.

    Raises:
        UsageError: another word.
    """
    from cyberaudit.errors import UsageError
    from cyberaudit.plan.words import Tier

    known = {
        "urgent": Tier.URGENT,
        "quick-win": Tier.QUICK_WIN,
        "project": Tier.PROJECT,
        "later": Tier.LATER,
        "never": None,
    }
    if text not in known:
        raise UsageError(f"--fail-on : « {text} » n'est pas un palier ({', '.join(known)}).")
    return known[text]


def probe_options(
    connect_to: list[str] | None,
    resolver: list[str] | None,
    ca_bundle: str | None,
    *,
    ehlo: str | None,
    allow_test_network: bool,
    max_rate: str | None = None,
    backup_root: list[str] | None = None,
) -> "Options":
    """The options that say how to look.

    Raises:
        UsageError: one of them is malformed.
    """
    from cyberaudit.probes.instruments import NEUTRAL_NAME, Options

    return Options(
        resolvers=tuple(resolver or ()),
        ca_bundle=Path(ca_bundle) if ca_bundle else None,
        connect_to=tuple(connect_to or ()),
        allow_test_network=allow_test_network,
        ehlo=ehlo or NEUTRAL_NAME,
        backup_roots=tuple(Path(root) for root in backup_root or ()),
        max_rate=whole_number(max_rate, option="--max-rate", least=1, most=100_000) if max_rate else None,
    )


def progress(*, quiet: bool) -> "ProgressCallback | None":
    """One rewritten line on a terminal, plain lines elsewhere, nothing when quiet."""
    if quiet:
        return None
    from cyberaudit.cli.progress import plain_lines, rewritten_line

    return rewritten_line if on_a_terminal(error=True) else plain_lines
