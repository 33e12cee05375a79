"""Where large name hosters keep the switch of DNSSEC, told by the names of their servers."""

from collections.abc import Iterable

from cyberaudit.frozen import frozen


@frozen
class NameHoster:
    """A provider of name servers, and its usual way."""

    name: str
    suffixes: tuple[str, ...]
    """Of the names of its servers."""
    way: str
    """French, for the person who holds the account."""


HOSTERS = (
    NameHoster(
        "OVHcloud",
        ("ovh.net", "ovh.ca", "anycast.me"),
        "espace client, le nom de domaine, « Informations générales », « Délégation sécurisée (DNSSEC) ».",
    ),
    NameHoster(
        "Gandi",
        ("gandi.net",),
        "espace client, « Nom de domaine », le domaine, onglet « DNSSEC » : activer ; Gandi publie le DS lui-même.",
    ),
    NameHoster(
        "Cloudflare",
        ("ns.cloudflare.com",),
        "tableau de bord, « DNS », « Paramètres », « Activer DNSSEC », puis recopier le DS au bureau d'enregistrement.",
    ),
)


def hoster_of(servers: Iterable[str]) -> NameHoster | None:
    """The hoster of every server; None when it is unknown, or when there are several."""
    found = {_hoster(server) for server in servers}
    return found.pop() if len(found) == 1 else None


def _hoster(server: str) -> NameHoster | None:
    return next((each for each in HOSTERS if any(server.endswith(f".{end}") for end in each.suffixes)), None)
