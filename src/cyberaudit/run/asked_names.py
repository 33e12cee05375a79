"""What people type where a domain name is meant, each with what to write instead."""

import re
from ipaddress import ip_address

from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean

_ONE_LABEL = re.compile(r"[\w-]+")


def asked_name(text: str) -> str:
    """The name in `text`, without spaces around it nor its final dot; whether DNS can carry it is not judged.

    Raises:
        UsageError: it is something else that has a domain name in it, or half a name.
    """
    name = text.strip().removesuffix(".")
    if _is_address(name) or not name:
        return name or text
    if "://" in name:
        raise _refused(text, "est une adresse de page", name.partition("://")[2])
    if "@" in name:
        raise _refused(text, "est une adresse électronique", name.rpartition("@")[2])
    if "/" in name or ":" in name:
        raise _refused(text, "porte un chemin ou un port", name)
    _refuse_a_record(text, name)
    if _ONE_LABEL.fullmatch(name):
        raise UsageError(
            f"« {clean(text)} » n'est pas un nom entier : écrivez-le avec son extension, comme « mairie.example »."
        )
    return name


def _refuse_a_record(text: str, name: str) -> None:
    labels = name.split(".")
    marked = [place for place, label in enumerate(labels) if label.startswith("_")]
    if marked and len(labels) - marked[-1] > 2:
        raise _refused(text, "est une annonce d'un domaine", ".".join(labels[marked[-1] + 1 :]))


def _refused(text: str, what: str, rest: str) -> UsageError:
    """`rest`: begins with the name that is meant."""
    bare = rest.partition("/")[0].rpartition("@")[2].partition(":")[0].removesuffix(".")
    if not bare or "." not in bare:
        return UsageError(f"« {clean(text)} » {what} : écrivez le nom de domaine seul.")
    return UsageError(f"« {clean(text)} » {what} : écrivez le nom de domaine seul, « {clean(bare)} ».")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
