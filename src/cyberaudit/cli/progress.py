"""How a running scan shows that it goes on, on standard error."""

import os
import shutil
import sys
from contextlib import suppress

from rich.cells import cell_len, set_cell_size

from cyberaudit import french
from cyberaudit.model import Progress
from cyberaudit.plaintext import clean

KINDS = {
    "backup-store": "copies",
    "bimi": "logo",
    "dane": "empreintes des serveurs",
    "dkim": "clés de signature",
    "dns-zone": "serveurs de noms",
    "dnssec": "signatures DNSSEC",
    "domain-names": "noms du domaine",
    "flow-reach": "passages",
    "host-filter": "paquets bruts",
    "host-reach": "ports TCP",
    "host-services": "services",
    "host-udp": "ports UDP",
    "ipsec-endpoint": "IPsec",
    "mail-access": "accès aux boîtes",
    "mail-dns": "enregistrements du courrier",
    "mail-servers": "serveurs de courrier",
    "mta-sts": "règle de chiffrement",
    "old-tunnel": "anciens tunnels",
    "openvpn-endpoint": "OpenVPN",
    "registration": "registre",
    "tls-endpoint": "chiffrement",
    "tls-reports": "rapports de chiffrement",
    "wireguard-endpoint": "WireGuard",
}
"""Facts, as a person would say what is looked at."""
# Ours: what an eye reads on a line that changes.
MOST_NAMED = 3
WIDTH_ELSEWHERE = 80


def rewritten_line(step: Progress) -> None:
    """On a terminal: the same line again, of what is under way, wiped when all is seen."""
    width = _columns() - 1
    text = "" if step.done == step.total else _under_way(step)
    if cell_len(text) > width:
        text = set_cell_size(text, width - 1) + "…"
    padding = " " * (width - cell_len(text))
    _show(f"\r{text}{padding}\r{text}")


def plain_lines(step: Progress) -> None:
    """In a log or a mail: one line a step that is over."""
    if step.text:
        _show(f"{step.done}/{step.total} {_named(step.text, step.kind)}\n")


def after_interruption() -> None:
    """Ctrl-C leaves « ^C » and half a line on a terminal: what follows begins below."""
    _show("\n")


def _columns() -> int:
    """Of the terminal where the line is drawn: standard output may go elsewhere (`| less`)."""
    with suppress(OSError, ValueError, AttributeError):
        return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH_ELSEWHERE
    return shutil.get_terminal_size((WIDTH_ELSEWHERE, 24)).columns


def _under_way(step: Progress) -> str:
    """« 12/32  en cours : Serveur (ports TCP, services), Routeur (ports UDP) et 3 autres »."""
    kinds: dict[str, list[str]] = {}
    for name, kind in step.under_way:
        kinds.setdefault(name, []).append(kind)
    names = [_named(name, *each) for name, each in kinds.items()]
    left = len(names) - MOST_NAMED
    told = ", ".join(names[:MOST_NAMED]) + (f" et {french.count(left, 'autre')}" if left > 0 else "")
    return french.typeset(
        f"{step.done}/{step.total}  en cours : {told}" if told else f"{step.done}/{step.total}"
    )


def _named(name: str, *kinds: str) -> str:
    words = ", ".join(KINDS.get(kind, kind) for kind in kinds if kind)
    return f"{clean(name)} ({words})" if words else clean(name)


def _show(text: str) -> None:
    """A broken or closed standard error must not cost a running scan."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(text)
        sys.stderr.flush()
