"""Why the system refused a file, as a French clause instead of the system's own English."""

import errno
import os
from pathlib import Path

from cyberaudit.french import NBSP
from cyberaudit.plaintext import clean

FOLDER = "c'est un dossier"
NOT_REGULAR = "ce n'est pas un fichier ordinaire"
DISK_FULL = "le disque est plein"
DENIED = "l'accès est refusé"

_SYSTEM = {
    errno.ENOSPC: DISK_FULL,
    errno.EDQUOT: "l'espace disque accordé est épuisé",
    errno.EFBIG: "il dépasse la taille permise",
    errno.EACCES: DENIED,
    errno.EPERM: DENIED,
    errno.EROFS: "le disque est en lecture seule",
    errno.EISDIR: FOLDER,
    errno.ENOTDIR: "un fichier se trouve à la place d'un dossier",
    errno.EEXIST: "un fichier se trouve à la place d'un dossier",
    errno.ENOENT: "ce fichier n'existe pas",
    errno.ENAMETOOLONG: "ce nom est trop long",
    errno.ELOOP: "ce lien tourne en rond",
}


def quoted(path: Path) -> str:
    """The path between guillemets, safe to print."""
    return f"«{NBSP}{clean(os.fsencode(path), limit=300)}{NBSP}»"


def system_clause(error: OSError) -> str:
    """« le disque est plein », without capital or full stop."""
    name = errno.errorcode.get(error.errno or 0, "inconnue")
    return _SYSTEM.get(error.errno or 0, f"le système a répondu par une erreur ({name})")
