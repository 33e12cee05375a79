"""One command line or two that work, for each command: the help and the manual page show them."""

from cyberaudit.frozen import frozen


@frozen
class Example:
    """What one may type, and what it gives."""

    line: str
    gives: str


EXAMPLES: dict[str, tuple[Example, ...]] = {
    "": (
        Example("cyberaudit demo", "Essaie le programme sans rien préparer."),
        Example("cyberaudit scan mairie.yaml", "Contrôle la mairie depuis le réseau où l'on est."),
    ),
    "scan": (
        Example("cyberaudit scan mairie.yaml --dry-run", "Dit ce qui serait regardé, sans rien envoyer."),
        Example(
            "cyberaudit scan mairie.yaml --vantage outside --save dehors.cya",
            "Regarde depuis Internet, et garde le contrôle pour la machine de la mairie.",
        ),
    ),
    "report": (
        Example("cyberaudit report --all", "Redit l'état de la commune, point par point."),
        Example(
            "cyberaudit report --output text:rapport.txt", "Écrit le rapport dans un fichier à imprimer."
        ),
    ),
    "plan": (Example("cyberaudit plan show mairie.yaml", "Montre quoi faire, quand et pour combien."),),
    "plan show": (
        Example("cyberaudit plan show mairie.yaml", "Montre le calendrier et l'argent, année par année."),
        Example(
            "cyberaudit plan show mairie.yaml --ceiling 5000",
            "Dit ce que ce plafond changerait, et pourquoi.",
        ),
    ),
    "plan adopt": (
        Example(
            'cyberaudit plan adopt mairie.yaml turn-on-mfa --by "Paul Durand, maire"',
            "Écrit qu'un élu adopte la date proposée pour cette mesure.",
        ),
        Example(
            'cyberaudit plan adopt mairie.yaml --all --by "Paul Durand, maire"',
            "Écrit qu'un élu adopte toutes les dates proposées.",
        ),
    ),
    "plan postpone": (
        Example(
            "cyberaudit plan postpone mairie.yaml turn-on-mfa --to 2027-09-30"
            ' --reason "Le devis est arrivé trop tard" --by "Paul Durand, maire"',
            "Repousse cette date. La première reste écrite à côté.",
        ),
    ),
    "plan done": (
        Example(
            'cyberaudit plan done mairie.yaml turn-on-mfa --by "Claire Martin, secrétaire"',
            "Note que c'est dit fait, et donne la commande qui le montrera.",
        ),
    ),
    "plan quote-request": (
        Example(
            "cyberaudit plan quote-request mairie.yaml turn-on-mfa --output devis.html",
            "Écrit une demande de devis à imprimer.",
        ),
    ),
    "questions": (
        Example("cyberaudit questions mairie.yaml", "Pose les questions qui restent, et écrit les réponses."),
        Example("cyberaudit questions mairie.yaml --quick", "Ne pose que l'essentiel, en cinq minutes."),
        Example("cyberaudit questions mairie.yaml --print fiche.html", "Écrit une fiche à imprimer."),
    ),
    "declare": (
        Example(
            'cyberaudit declare mairie.yaml mfa oui --by "Claire Martin, secrétaire"',
            "Écrit que la double authentification est en place.",
        ),
    ),
    "waive": (
        Example(
            'cyberaudit waive mairie.yaml mail.spf --reason "Changement d\'hébergeur en mars"'
            ' --by "Paul Durand, maire" --until 2027-03-31',
            "Écrit qu'un élu accepte ce risque jusqu'à cette date.",
        ),
        Example(
            "cyberaudit waive mairie.yaml mail.spf --sheet decision.html",
            "Écrit la feuille à signer d'un risque déjà accepté.",
        ),
    ),
    "verify": (
        Example("cyberaudit verify mail.spf mairie.yaml", "Regarde de nouveau ce seul point."),
        Example(
            "cyberaudit verify turn-on-mfa mairie.yaml", "De même, pour tous les contrôles d'une mesure."
        ),
    ),
    "explain": (Example("cyberaudit explain mail.spf", "Explique ce contrôle et comment corriger."),),
    "diff": (
        Example("cyberaudit diff", "Dit ce qui a changé depuis la visite d'avant."),
        Example(
            "cyberaudit diff --from 2026-11-14", "Compare l'état de ce jour-là avec celui d'aujourd'hui."
        ),
    ),
    "history": (Example("cyberaudit history list", "Liste les contrôles gardés."),),
    "history list": (Example("cyberaudit history list", "Liste les contrôles gardés."),),
    "history show": (
        Example("cyberaudit history show 3f2a", "Montre le contrôle dont l'identifiant commence ainsi."),
    ),
    "history trend": (Example("cyberaudit history trend", "Montre l'évolution du niveau depuis un an."),),
    "history export": (
        Example("cyberaudit history export copies", "Écrit tous les contrôles dans le dossier « copies »."),
        Example("cyberaudit history export copies 3f2a", "N'en écrit qu'un."),
    ),
    "history backup": (
        Example("cyberaudit history backup copie.sqlite3", "Copie tout l'historique dans un fichier."),
    ),
    "history check": (Example("cyberaudit history check", "Dit si tout ce qui est gardé est lisible."),),
    "history prune": (
        Example("cyberaudit history prune", "Propose de retirer ce qui a plus de deux ans."),
        Example("cyberaudit history prune --keep 36m --yes", "Garde trois ans, sans demander."),
    ),
    "history forget": (
        Example("cyberaudit history forget ville-exemple", "Propose d'oublier cette commune."),
    ),
    "history import": (
        Example("cyberaudit history import dehors.cya", "Reprend un contrôle fait sur une autre machine."),
    ),
    "replay": (Example("cyberaudit replay dehors.cya", "Juge ce contrôle avec les règles d'aujourd'hui."),),
    "look": (Example("cyberaudit look tls 127.0.0.1:8443", "Regarde un serveur de cette machine."),),
    "look domain": (
        Example(
            'cyberaudit look domain mairie.example --authorized-by "Paul Durand, maire"',
            "Regarde les noms, leurs signatures et le courrier.",
        ),
    ),
    "look mail": (
        Example(
            'cyberaudit look mail mairie.example --authorized-by "Paul Durand, maire"',
            "Regarde le courrier de ce nom de domaine.",
        ),
    ),
    "look spf": (
        Example(
            'cyberaudit look spf mairie.example --authorized-by "Paul Durand, maire"',
            "Dit qui a le droit d'écrire au nom de ce domaine.",
        ),
    ),
    "look ports": (
        Example(
            'cyberaudit look ports 192.0.2.2 --authorized-by "Paul Durand, maire"',
            "Dit quelles portes s'ouvrent sur cette adresse.",
        ),
    ),
    "look tls": (
        Example(
            'cyberaudit look tls www.mairie.example --authorized-by "Paul Durand, maire"',
            "Dit ce que ce site accepte comme chiffrement.",
        ),
    ),
    "look vpn": (
        Example(
            'cyberaudit look vpn vpn.mairie.example --authorized-by "Paul Durand, maire"',
            "Cherche les accès à distance de cette machine.",
        ),
    ),
    "look backup": (
        Example("cyberaudit look backup /mnt/nas", "Dit l'âge et l'état des copies de ce dossier."),
    ),
    "weekly": (
        Example(
            "cyberaudit weekly mairie.yaml", "Contrôle, compare et écrit à la mairie, sans rien montrer."
        ),
    ),
    "notify": (
        Example("cyberaudit notify mairie.yaml --preview", "Montre le courrier qui partirait."),
        Example("cyberaudit notify mairie.yaml --at-once", "Renvoie tout de suite ce qui attend."),
        Example("cyberaudit notify mairie.yaml --always --role mayor", "Envoie au maire sa page du mois."),
    ),
    "schedule": (
        Example("cyberaudit schedule mairie.yaml --systemd", "Montre le minuteur de chaque semaine."),
        Example("cyberaudit schedule mairie.yaml --cron --day thu --write", "L'ajoute au planning de cron."),
    ),
    "status": (Example("cyberaudit status", "Dit si les contrôles se font et si le courrier part."),),
    "profile": (Example("cyberaudit profile check mairie.yaml", "Vérifie le profil sans rien envoyer."),),
    "profile check": (
        Example("cyberaudit profile check mairie.yaml", "Vérifie le profil sans rien envoyer."),
    ),
    "profile schema": (
        Example("cyberaudit profile schema > schema.json", "Garde le schéma pour un éditeur de texte."),
    ),
    "checks": (Example("cyberaudit checks list", "Liste les contrôles et leurs questions."),),
    "checks list": (
        Example("cyberaudit checks list --sources", "Dit sur quels textes chaque contrôle s'appuie."),
        Example("cyberaudit checks list --by-source", "Dit ce qui s'appuie sur chaque texte."),
    ),
    "checks new": (
        Example("cyberaudit checks new x-agglo.banner --dir controles", "Écrit un contrôle à modifier."),
    ),
    "checks test": (Example("cyberaudit checks test controles", "Éprouve les contrôles de ce dossier."),),
    "demo": (
        Example("cyberaudit demo", "Contrôle la commune d'essai."),
        Example("cyberaudit demo --keep", "La laisse en marche, pour essayer les autres commandes."),
    ),
    "completion": (
        Example('eval "$(cyberaudit completion bash)"', "À mettre dans ~/.bashrc ; de même pour zsh."),
        Example(
            "cyberaudit completion fish > ~/.config/fish/completions/cyberaudit.fish",
            "Pour fish, une fois pour toutes.",
        ),
    ),
}
"""The words of a command after the program's name (« look ports ») → its examples.

The order is that of the help: what people do first comes first.
"""

ORDER = tuple(dict.fromkeys(path.partition(" ")[0] for path in EXAMPLES))
"""The commands of the whole program, in that order."""


def examples(path: str) -> tuple[Example, ...]:
    """Those of the command `cyberaudit PATH`."""
    return EXAMPLES.get(path, ())
