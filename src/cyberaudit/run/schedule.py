"""Weekly controls that start by themselves: a hardened systemd service with its timer, or two lines for cron.

A second, hourly unit or line only tries again the mail that waits: a relay that was down on Monday is not asked again
the Monday after.
"""

import hashlib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from pathlib import Path

from cyberaudit.declared import Town
from cyberaudit.errors import NotSaved, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.private_file import write_private
from cyberaudit.refusals import quoted, system_clause
from cyberaudit.town.local import LocalConfig, SecretKind, SecretSource

DAYS = {"mon": "Mon", "tue": "Tue", "wed": "Wed", "thu": "Thu", "fri": "Fri", "sat": "Sat", "sun": "Sun"}
"""Word of the command line → of systemd.time(7)."""
_CRON_DAYS = {"mon": 1, "tue": 2, "wed": 3, "thu": 4, "fri": 5, "sat": 6, "sun": 0}
# Debian's cron cuts a longer command (MAX_COMMAND, 1000).
MOST_CRON = 990
# Ours: a scan ends after 15 minutes, --all-ports and --deep aside.
_LONGEST = "3h"


@frozen
class When:
    """When in the week, in the commune's time zone."""

    day: str = "mon"
    hour: int = 6


def _homes() -> tuple[Path, ...]:
    """Where this very program stands: its Python, and its own files."""
    return Path(sys.prefix), Path(sys.base_prefix), Path(__file__)


@frozen
class Plan:
    """What is to be run, for whom."""

    commune: str
    """Its id: in the names of the units, and what the minute is drawn from."""
    name: str
    timezone: str
    profile: Path
    """Absolute, as `history`."""
    history: Path
    when: When = When()
    options: tuple[str, ...] = ()
    """Further words for `weekly`: `--vantage outside`."""
    writable: tuple[Path, ...] = ()
    """Folders that are written to besides that of the history: that of the feed."""
    is_root: bool = False
    homes: tuple[Path, ...] = field(default_factory=_homes)
    """Where the program stands."""

    @property
    def minute(self) -> int:
        """0 to 59, always the same for a commune, so that a hundred of them do not start together."""
        return int.from_bytes(hashlib.sha256(self.commune.encode()).digest()[:4], "big") % 60

    @property
    def weekly(self) -> tuple[str, ...]:
        return (*program(), "weekly", str(self.profile), "--history", str(self.history), *self.options)

    @property
    def retry(self) -> tuple[str, ...]:
        config = self.options[self.options.index("--config") :][:2] if "--config" in self.options else ()
        return (*program(), "notify", str(self.profile), "--waiting", "--history", str(self.history), *config)


def program() -> tuple[str, ...]:
    """The words that start this very program, by whole paths: cron knows two folders only."""
    beside = Path(sys.executable).parent / "cyberaudit"
    return (str(beside),) if beside.is_file() else (sys.executable, "-m", "cyberaudit")


# systemd


def units(plan: Plan) -> dict[str, str]:
    """Name → text of the two services and their timers.

    Raises:
        UsageError: a path that a unit cannot hold.
    """
    weekly, retry = f"cyberaudit-{plan.commune}", f"cyberaudit-{plan.commune}-mail"
    day, at = DAYS[plan.when.day], f"{plan.when.hour:02d}:{plan.minute:02d}:00"
    return {
        f"{weekly}.service": _service(plan, f"Contrôle hebdomadaire de {plan.name}", plan.weekly, also=1),
        f"{weekly}.timer": _timer(
            f"Chaque semaine, le contrôle de {plan.name}", f"{day} *-*-* {at} {plan.timezone}", delay="30min"
        ),
        f"{retry}.service": _service(plan, f"Courrier en attente de {plan.name}", plan.retry, also=4),
        f"{retry}.timer": _timer(
            f"Chaque heure, le courrier en attente de {plan.name}",
            f"*-*-* *:{plan.minute:02d}:00",
            delay="5min",
        ),
    }


def _service(plan: Plan, title: str, words: Sequence[str], *, also: int) -> str:
    """`also`: the exit code that is no failure; 1: something is to be done; 4: mail still waits, as `status` says."""
    folders = dict.fromkeys((plan.history.parent, *plan.writable))
    lines = [
        "[Unit]",
        f"Description={clean(title).replace('%', '%%')}",
        # Units of a user cannot wait for it.
        *(("Wants=network-online.target", "After=network-online.target") if plan.is_root else ()),
        "",
        "[Service]",
        "Type=oneshot",
        f"ExecStart={' '.join(map(_word, words))}",
        f"SuccessExitStatus={also}",
        f"TimeoutStartSec={_LONGEST}",
        f"WorkingDirectory={_path(plan.history.parent)}",
        "Environment=LANG=C.UTF-8",
        "Nice=10",
        "IOSchedulingClass=idle",
        *_HARDENED,
        # Hidden by it, a profile, a history or a program that stands there could not be used.
        *(() if any(map(_is_temporary, (plan.profile, *folders, *plan.homes))) else ("PrivateTmp=yes",)),
        *(_OF_ROOT if plan.is_root else ()),
        f"ReadWritePaths={' '.join(_quoted_path(folder) for folder in folders)}",
    ]
    return "\n".join(lines) + "\n"


_HARDENED = (
    # systemd.exec(5): the program writes beside its history and nowhere else.
    "ProtectSystem=strict",
    "ProtectHome=read-only",
    "NoNewPrivileges=yes",
    "UMask=0077",
    # IPv4 and IPv6 to look, UNIX for the journal, NETLINK for this machine's addresses, PACKET for raw packets.
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK AF_PACKET",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelTunables=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    # Refused and said, where the default is to be killed in silence.
    "SystemCallErrorNumber=EPERM",
)
# Each takes rights away from the service, which the manager of a user may not do (218/CAPABILITIES).
_OF_ROOT = (
    # Raw packets, and backups that belong to somebody else: nothing more of root's rights.
    "CapabilityBoundingSet=CAP_NET_RAW CAP_DAC_READ_SEARCH",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectProc=invisible",
)


def _is_temporary(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in ("/tmp", "/var/tmp"))  # noqa: S108 - nothing is made there


def _timer(title: str, calendar: str, *, delay: str) -> str:
    lines = [
        "[Unit]",
        f"Description={clean(title).replace('%', '%%')}",
        "",
        "[Timer]",
        f"OnCalendar={calendar}",
        f"RandomizedDelaySec={delay}",
        # A machine that was off catches up.
        "Persistent=yes",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _word(word: str) -> str:
    """One argument as systemd.service(5) reads it."""
    _refuse_lines(word)
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return escaped if re.fullmatch(r"[\w@./:=+%,-]+", escaped) else f'"{escaped}"'


def _path(path: Path) -> str:
    """A path that fills its whole line."""
    _refuse_lines(str(path))
    return str(path).replace("%", "%%")


def _quoted_path(path: Path) -> str:
    escaped = _path(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"' if " " in escaped or '"' in escaped else escaped


def _refuse_lines(text: str) -> None:
    if not text.isprintable():
        raise UsageError(
            f"Le chemin « {clean(text)} » ne peut pas être écrit dans un planning : renommez-le."
        )


def unit_folder(plan: Plan) -> Path:
    """Where units of this user are looked for."""
    if plan.is_root:
        return Path("/etc/systemd/system")
    home = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".config") / "systemd" / "user"


def write_units(plan: Plan, folder: Path) -> tuple[Path, ...]:
    """Put the units there; they start nothing before systemd is told.

    Raises:
        NotSaved: one cannot be written.
        UsageError: the service could not write where the history stands.
    """
    _make_room(plan)
    written = []
    for name, text in units(plan).items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_private(path, text.encode())
            path.chmod(0o644)
        except OSError as error:
            raise NotSaved(f"{quoted(path)} ne peut pas être écrit : {system_clause(error)}.") from None
        written.append(path)
    return tuple(written)


def _make_room(plan: Plan) -> None:
    """The folder of the history: without it systemd does not start the service at all (200/CHDIR, 226/NAMESPACE)."""
    folder = plan.history.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = folder.stat().st_uid
    except OSError as error:
        raise NotSaved(
            f"Le dossier {quoted(folder)} ne peut pas être créé : {system_clause(error)}."
        ) from None
    if plan.is_root and owner != 0:
        raise UsageError(
            f"Le dossier {quoted(folder)} n'appartient pas à root : le service ne pourrait pas y écrire."
            " Donnez un autre --history, ou lancez cette commande sans sudo."
        )


def next_commands(plan: Plan) -> tuple[str, ...]:
    """What the person types then."""
    ctl = "systemctl" if plan.is_root else "systemctl --user"
    timers = " ".join(name for name in units(plan) if name.endswith(".timer"))
    commands = (f"{ctl} daemon-reload", f"{ctl} enable --now {timers}")
    # Without it, the units of a user end with his session.
    return commands if plan.is_root else (*commands, "loginctl enable-linger")


def trial_commands(plan: Plan) -> tuple[str, ...]:
    """What shows today, and not on the day it is due, whether the control starts by itself."""
    service = f"cyberaudit-{plan.commune}.service"
    if plan.is_root:
        return (f"systemctl start {service}", f"journalctl -u {service} -n 20")
    return (f"systemctl --user start {service}", f"journalctl --user -u {service} -n 20")


def doubts(secrets: Mapping[str, SecretSource], *, for_cron: bool) -> tuple[str, ...]:
    """Which secrets of this machine a schedule will not find, a sentence each."""
    found = []
    for label, source in secrets.items():
        name = clean(source.words[0])
        if source.kind is SecretKind.ENV:
            found.append(
                f"Le secret « {label} » vient de la variable « {name} » : un planning ne la connaît pas."
                " Rangez-le dans un fichier (« file »)."
            )
        elif source.kind is SecretKind.CREDENTIAL and for_cron:
            found.append(
                f"Le secret « {label} » vient de systemd : cron ne le donne pas."
                " Rangez-le dans un fichier (« file »)."
            )
        elif source.kind is SecretKind.CREDENTIAL:
            found.append(
                f"Le secret « {label} » vient de systemd : ajoutez « LoadCredential={name}:FICHIER » aux deux"
                " services (« systemctl edit »)."
            )
    return tuple(found)


def hindrances(profile: Path, town: Town, config: LocalConfig, *, names_its_place: bool) -> tuple[str, ...]:
    """What would stop the control or its mail on the day, a sentence each: better told to who is still there."""
    # Slow, and of no use to who only reads units.
    from cyberaudit.run.relay import relay_of
    from cyberaudit.run.scan import recognised

    found = []
    attempts: tuple[Callable[[], object], ...] = (
        *(() if names_its_place else (lambda: recognised(town),)),
        *((lambda: relay_of(town.delivery, config, folder=profile.parent),) if town.delivery.relay else ()),
    )
    for attempt in attempts:
        try:
            attempt()
        except UsageError as error:
            found.append(str(error))
    return tuple(found)


# cron


def cron_lines(plan: Plan) -> tuple[str, str]:
    """The weekly line and the hourly one. cron counts in the machine's own time zone.

    Raises:
        UsageError: a path that a line cannot hold, or too long a line.
    """
    day, minute = _CRON_DAYS[plan.when.day], plan.minute
    return (
        f"{minute} {plan.when.hour} * * {day} {_command(plan.weekly)} {_mark(plan)}",
        f"{(minute + 30) % 60} * * * * {_command(plan.retry)} {_mark(plan)}",
    )


def _command(words: Sequence[str]) -> str:
    for word in words:
        _refuse_lines(word)
    # crontab(5): a bare % ends the command; cron takes the backslash away, within quotes too.
    command = shlex.join(words).replace("%", "\\%")
    if len(command) > MOST_CRON:
        raise UsageError(
            "La ligne serait trop longue pour cron : rangez le profil et l'historique moins profond."
        )
    return command


def _mark(plan: Plan) -> str:
    """To the shell a comment; to us, whose line it is."""
    return f"# cyberaudit {plan.commune}"


def crontab_with(plan: Plan, before: str) -> str:
    """The crontab `before`, our lines in place of those of this commune."""
    kept = [line for line in before.splitlines() if not line.endswith(f" {_mark(plan)}")]
    return "\n".join([*kept, *cron_lines(plan)]) + "\n"


def read_crontab() -> str:
    """This user's crontab; empty when there is none.

    Raises:
        UsageError: cron is not installed, or refuses.
    """
    done = _crontab("-l")
    if done.returncode == 0:
        return done.stdout
    if "no crontab" in done.stderr.lower():
        return ""
    raise UsageError(f"Le planning de cron ne se lit pas : {clean(done.stderr)}")


def write_crontab(text: str) -> None:
    """Replace this user's crontab.

    Raises:
        UsageError: as `read_crontab`.
    """
    done = _crontab("-", text)
    if done.returncode:
        raise UsageError(f"cron refuse ce planning : {clean(done.stderr)}")


def _crontab(word: str, text: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(  # noqa: S603 - two words of ours
            ["crontab", word],  # noqa: S607 - wherever this machine keeps it
            input=text,
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired):
        raise UsageError("La commande « crontab » n'est pas sur cette machine : essayez --systemd.") from None


__all__ = [
    "DAYS",
    "Plan",
    "When",
    "cron_lines",
    "crontab_with",
    "doubts",
    "next_commands",
    "program",
    "read_crontab",
    "trial_commands",
    "unit_folder",
    "units",
    "write_crontab",
    "write_units",
]
