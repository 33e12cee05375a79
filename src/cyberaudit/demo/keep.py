"""What `cyberaudit demo --keep` says while the embedded town stays up, until Ctrl-C."""

import shlex
import time
from collections.abc import Callable

from cyberaudit.demo.place import DemoPlace
from cyberaudit.errors import DemoError
from cyberaudit.french import NBSP

POLL_SECONDS = 0.5


def command(place: DemoPlace) -> str:
    """The `cyberaudit scan` that looks at the running town, ready to paste into a shell.

    Its history stands in the town's own folder, and goes away with it: an imaginary town has no place
    among real ones.
    """
    options = [
        ("--history", str(place.folder / "history.sqlite3")),
        ("--now", place.now.isoformat().replace("+00:00", "Z")),
        ("--resolver", place.resolver),
        ("--ca-bundle", str(place.ca_bundle)),
        ("--trust-anchor", str(place.trust_anchor)),
        ("--rdap-bootstrap", str(place.rdap_bootstrap)),
        *(("--backup-root", str(root)) for root in place.backup_roots),
        *(("--connect-to", rule) for rule in place.connect_to),
    ]
    lines = [shlex.join(("cyberaudit", "scan", str(place.profile), "--vantage", "outside"))]
    lines += [f"  {shlex.join(option)}" for option in options]
    return " \\\n".join(lines)


def wait(place: DemoPlace, *, say: Callable[[str], None]) -> None:
    """Say how to reach the town, then return at Ctrl-C.

    Raises:
        DemoError: the town stopped by itself.
    """
    try:
        say("La ville de démonstration reste ouverte sur cette machine.")
        say(f"Dans un autre terminal, cette commande la contrôle{NBSP}:")
        say("")
        say(command(place))
        say("")
        say("Ctrl-C arrête la démonstration.")
        while place.running:
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        say("La ville de démonstration s'arrête.")
        return
    raise DemoError("La ville de démonstration s'est arrêtée d'elle-même. Relancez la commande.")
