"""Which labels are looked for below a domain when nothing tells its names."""

import re
import stat
from pathlib import Path

from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean
from cyberaudit.refusals import system_clause

# Ours: what the hosters of small towns create, and what towns add first.
USUAL_LABELS = (
    "www", "mail", "webmail", "smtp", "imap", "autodiscover",
    "ftp", "vpn", "portail", "extranet", "intranet", "cloud",
)  # fmt: skip
# Ours: a list of some thousand labels; more would be a search, not an audit.
LIST_BYTES = 64 * 1024
_LABELS = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63}){0,3}")


def read_labels(path: Path) -> tuple[str, ...]:
    """The labels of a file, one a line, « # » opening a comment; lower case, each once.

    Raises:
        UsageError: the file cannot be read, is too long, or a line is no label.
    """
    labels: dict[str, None] = {}
    for number, line in enumerate(_read(path).splitlines(), start=1):
        label = line.partition("#")[0].strip().lower()
        if not label:
            continue
        if not _LABELS.fullmatch(label):
            raise UsageError(
                f"--subdomain-list : ligne {number}, « {clean(label, limit=80)} » n'est pas un sous-domaine."
            )
        labels[label] = None
    return tuple(labels)


def _read(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block for ever
            raise UsageError(f"--subdomain-list : {path} n'est pas un fichier ordinaire.")
        with path.open("rb") as file:
            data = file.read(LIST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = system_clause(error) if isinstance(error, OSError) else "chemin impossible"
        raise UsageError(f"--subdomain-list : « {clean(str(path))} » ne se lit pas ({reason}).") from None
    if len(data) > LIST_BYTES:
        raise UsageError(f"--subdomain-list : le fichier {path} est trop long.")
    return data.decode("utf-8", "replace")
