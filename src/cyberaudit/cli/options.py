"""The options that several commands share, and what their words become."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cyberaudit.cli.shared import on_a_terminal, whole_number
from cyberaudit.frozen import frozen

if TYPE_CHECKING:
    from cyberaudit.model import ProgressCallback
    from cyberaudit.plan.words import Tier
    from cyberaudit.probes.instruments import Options

INCOMPLETE = 3
INTERRUPTED = 130

Now = Annotated[
    str | None, typer.Option("--now", metavar="DATE", help="Juge les âges et les dates à ce moment.")
]
Checks = Annotated[
    list[str] | None,
    typer.Option("--checks", metavar="DOSSIER", help="Dossier de contrôles en plus (répétable)."),
]
All = Annotated[bool, typer.Option("--all", help="Montre tous les points.")]
Technical = Annotated[bool, typer.Option("--technical", help="Montre les preuves et les références.")]
Why = Annotated[
    bool, typer.Option("--why", help="Montre d'où viennent le niveau, l'ordre des actions et leurs dates.")
]
Json = Annotated[bool, typer.Option("--json", help="Répond en JSON.")]
Profile = Annotated[str, typer.Argument(metavar="PROFIL", help="Le profil YAML de la commune.")]
Yes = Annotated[bool, typer.Option("--yes", help="Écrit sans demander.")]
Output = Annotated[
    list[str] | None,
    typer.Option(
        "--output",
        metavar="FORMAT:FICHIER",
        help="Écrit aussi le rapport dans un fichier : html, pdf, mayor (la page du maire), text, json, markdown, "
        "csv, sarif ou junit (répétable).",
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
Starttls = Annotated[
    str | None,
    typer.Option(
        "--starttls",
        metavar="PROTOCOLE",
        help="Chiffre après quelques mots de : smtp, imap, pop3, ldap, ftp, xmpp, postgres ou mysql.",
    ),
]
ServerName = Annotated[
    str | None,
    typer.Option(
        "--name", metavar="NOM", help="Nom à demander (SNI) et à comparer, quand la cible est une adresse."
    ),
]
Renegotiate = Annotated[
    bool,
    typer.Option(
        "--renegotiate",
        help="Essai poussé (intrusif) : demande une renégociation, ce qui peut charger un petit serveur.",
    ),
]
WireguardConfig = Annotated[
    str | None,
    typer.Option(
        "--wireguard-config",
        metavar="FICHIER",
        help="Configuration d'un poste autorisé (wg-quick) : seule elle permet de vérifier un accès WireGuard.",
    ),
]
VpnType = Annotated[
    str | None,
    typer.Option(
        "--type",
        metavar="TECHNIQUE",
        help="Seulement : ssl, ipsec, openvpn, wireguard, l2tp ou pptp.",
    ),
]
VpnPort = Annotated[
    str | None, typer.Option("--port", metavar="PORT", help="À ce port, avec --type : udp/1195, tcp/8443.")
]
AllowTest = Annotated[
    bool,
    typer.Option(
        "--allow-test-network",
        "--allow-private",
        help="Réseau d'essai : accepte les adresses privées publiées, et d'autres cibles que cette machine "
        "dans --connect-to.",
    ),
]
TrustAnchor = Annotated[
    str | None,
    typer.Option(
        "--trust-anchor", metavar="FICHIER", help="Clés de la racine DNS (DS ou DNSKEY) à croire pour DNSSEC."
    ),
]
RootHints = Annotated[
    str | None,
    typer.Option(
        "--root-hints", metavar="FICHIER", help="Serveurs de la racine DNS, pour une racine d'essai."
    ),
]
RdapBootstrap = Annotated[
    str | None,
    typer.Option(
        "--rdap-bootstrap", metavar="FICHIER|URL", help="Où trouver les registres de noms (RDAP, RFC 9224)."
    ),
]
Whois = Annotated[
    str | None,
    typer.Option(
        "--whois", metavar="NOM|IP[:PORT]", help="Serveur WHOIS à interroger quand RDAP ne répond pas."
    ),
]
DkimSelector = Annotated[
    list[str] | None,
    typer.Option("--dkim-selector", metavar="NOM", help="Sélecteur DKIM à vérifier (répétable)."),
]
SubdomainList = Annotated[
    str | None,
    typer.Option("--subdomain-list", metavar="FICHIER", help="Sous-domaines à chercher, un par ligne."),
]
NoSmtp = Annotated[bool, typer.Option("--no-smtp", help="Ne se connecte à aucun serveur de courrier.")]
NoAxfr = Annotated[bool, typer.Option("--no-axfr", help="N'essaie aucun transfert de zone, même autorisé.")]
Intrusive = Annotated[
    bool,
    typer.Option(
        "--intrusive",
        help="L'autorisation couvre les essais poussés sur les serveurs de ces domaines : relais, recherche "
        "d'adresses, transfert de zone, récursion.",
    ),
]

MaxRate = Annotated[
    str | None,
    typer.Option("--max-rate", metavar="NOMBRE", help="Paquets par seconde et par ligne, au plus."),
]
Ports = Annotated[
    str | None,
    typer.Option(
        "--ports",
        metavar="LISTE",
        help="Ports à essayer : usual (un millier), essential, all, ou 22,80,8000-8100,udp/161.",
    ),
]
AllPorts = Annotated[
    bool, typer.Option("--all-ports", help="Essaie les 65 535 ports TCP ; compte en minutes par machine.")
]
BackupRoot = Annotated[
    list[str] | None,
    typer.Option(
        "--backup-root",
        metavar="DOSSIER",
        help="Dossier sous lequel les sauvegardes peuvent être lues (répétable).",
    ),
]
Config = Annotated[
    str | None,
    typer.Option(
        "--config",
        metavar="FICHIER",
        help="La configuration de cette machine : dossiers permis, secrets. Défaut : ~/.config/cyberaudit/config.yaml.",
    ),
]
Deep = Annotated[
    bool,
    typer.Option(
        "--deep", help="Lit les copies jusqu'au bout et recalcule leurs sommes : des minutes, ou des heures."
    ),
]
NoEmptyPassword = Annotated[
    bool,
    typer.Option("--no-empty-password", help="N'essaie pas si une sauvegarde s'ouvre sans mot de passe."),
]
RelayAt = Annotated[
    str,
    typer.Option(
        "--relay-at",
        metavar="IP:PORT",
        help="Joint le serveur d'envoi à cette adresse de cette machine, pour les essais.",
    ),
]
AuthorizedBy = Annotated[
    str,
    typer.Option("--authorized-by", metavar="NOM", help="Qui a donné l'autorisation écrite de regarder."),
]
ProfilePath = Annotated[str, typer.Argument(metavar="PROFIL", help="Le profil YAML de la commune.")]
Vantage = Annotated[
    str | None,
    typer.Option(
        "--vantage",
        metavar="LIEU",
        help="D'où l'on regarde : outside, ou une zone du profil. La zone où l'on est se reconnaît seule.",
    ),
]
Save = Annotated[
    str | None,
    typer.Option(
        "--save",
        metavar="FICHIER.cya",
        help="Garde aussi le contrôle dans un fichier, pour une autre machine.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Dit ce qui serait regardé, n'envoie rien.")]


def percent(text: str) -> int:
    """`--min-coverage`.

    Raises:
        UsageError: not a number from 0 to 100.
    """
    return whole_number(text, option="--min-coverage", least=0, most=100)


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


@frozen
class NameWishes:
    """How names and mail are to be asked about, as typed."""

    trust_anchor: str | None = None
    root_hints: str | None = None
    rdap_bootstrap: str | None = None
    whois: str | None = None
    dkim_selectors: Sequence[str] | None = None
    subdomain_list: str | None = None
    smtp: bool = True
    axfr: bool = True

    def as_options(self) -> dict[str, Any]:
        """The fields of `Options` that they fill."""
        return {
            "trust_anchor": _path(self.trust_anchor),
            "root_hints": _path(self.root_hints),
            "rdap_bootstrap": self.rdap_bootstrap or "",
            "whois": self.whois or "",
            "dkim_selectors": tuple(self.dkim_selectors or ()),
            "subdomain_list": _path(self.subdomain_list),
            "smtp": self.smtp,
            "axfr": self.axfr,
        }


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def probe_options(
    connect_to: list[str] | None,
    resolver: list[str] | None,
    ca_bundle: str | None,
    *,
    ehlo: str | None,
    allow_test_network: bool,
    max_rate: str | None = None,
    ports: str | None = None,
    all_ports: bool = False,
    backup_root: list[str] | None = None,
    deep: bool = False,
    empty_password: bool = True,
    starttls: str | None = None,
    wireguard_config: str | None = None,
    names: "NameWishes | None" = None,
) -> "Options":
    """The options that say how to look.

    Raises:
        UsageError: one of them is malformed.
    """
    from cyberaudit.errors import UsageError
    from cyberaudit.probes.asked_ports import ALL, USUAL
    from cyberaudit.probes.instruments import NEUTRAL_NAME, Options

    if ports is not None and all_ports:
        raise UsageError("--ports et --all-ports ne vont pas ensemble : gardez l'un des deux.")
    return Options(
        resolvers=tuple(resolver or ()),
        ca_bundle=_path(ca_bundle),
        connect_to=tuple(connect_to or ()),
        allow_test_network=allow_test_network,
        ehlo=ehlo or NEUTRAL_NAME,
        backup_roots=tuple(Path(root) for root in backup_root or ()),
        deep=deep,
        empty_password=empty_password,
        max_rate=whole_number(max_rate, option="--max-rate", least=1, most=100_000) if max_rate else None,
        ports=ALL if all_ports else USUAL if ports is None else ports,
        starttls=starttls or "",
        wireguard_config=_path(wireguard_config),
        **(names or NameWishes()).as_options(),
    )


def progress(*, quiet: bool) -> "ProgressCallback | None":
    """One rewritten line on a terminal, plain lines elsewhere, nothing when quiet."""
    if quiet:
        return None
    from cyberaudit.cli.progress import plain_lines, rewritten_line

    return rewritten_line if on_a_terminal(error=True) else plain_lines


def progress_of_look(*, quiet: bool) -> "ProgressCallback | None":
    """The same for one target: on a terminal only, for in a log the answer itself is enough."""
    return progress(quiet=quiet or not on_a_terminal(error=True))


def begin_below(*, partial: bool) -> None:
    """A new line before the answer, when the person stopped the looking on a terminal."""
    if partial and on_a_terminal(error=True):
        from cyberaudit.cli.progress import after_interruption

        after_interruption()
