"""What `cyberaudit demo --keep` says while the embedded town stays up, until Ctrl-C."""

import shlex
import time
from collections.abc import Callable, Iterable

from cyberaudit.demo.place import DemoPlace
from cyberaudit.demo.zones import BAD, GOOD
from cyberaudit.errors import DemoError
from cyberaudit.french import NBSP

POLL_SECONDS = 0.5


def command(place: DemoPlace) -> str:
    """The `cyberaudit scan` that looks at the running town, ready to paste into a shell.

    Its history stands in the town's own folder, and goes away with it: an imaginary town has no place
    among real ones.
    """
    words = ("cyberaudit", "scan", str(place.profile), "--vantage", "outside")
    options = [
        ("--history", str(place.folder / "history.sqlite3")),
        *_setting(place),
        *(("--backup-root", str(root)) for root in place.backup_roots),
        *_rules(place),
    ]
    return _pasted(words, options)


def look_command(place: DemoPlace) -> str:
    """The `cyberaudit look domain` that looks at the town's names in the same place, and stores nothing."""
    words = ("cyberaudit", "look", "domain", BAD, GOOD, "--authorized-by", "Hélène Marchand, maire")
    return _pasted(words, (*_setting(place), *_rules(place)))


def _setting(place: DemoPlace) -> list[tuple[str, str]]:
    """When it is there, who is to be asked, and who is to be believed."""
    return [
        ("--now", place.now.isoformat().replace("+00:00", "Z")),
        ("--resolver", place.resolver),
        ("--ca-bundle", str(place.ca_bundle)),
        ("--trust-anchor", str(place.trust_anchor)),
        ("--rdap-bootstrap", str(place.rdap_bootstrap)),
    ]


def _rules(place: DemoPlace) -> list[tuple[str, str]]:
    return [("--connect-to", rule) for rule in place.connect_to]


def _pasted(words: Iterable[str], options: Iterable[tuple[str, str]]) -> str:
    return " \\\n".join((shlex.join(words), *(f"  {shlex.join(option)}" for option in options)))


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
        say(f"Celle-ci regarde ses deux noms de domaine, sans rien garder{NBSP}:")
        say("")
        say(look_command(place))
        say("")
        say("Ctrl-C arrête la démonstration.")
        while place.running:
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        say("La ville de démonstration s'arrête.")
        return
    raise DemoError("La ville de démonstration s'est arrêtée d'elle-même. Relancez la commande.")
