"""Chaque accès à distance a-t-il sa propre clé de certificat ?

## Pourquoi
La clé du certificat d'un accès est ce qui prouve qu'il est bien celui de la mairie. Volée sur un équipement, elle
permet d'imiter tous ceux qui ont la même. Il faut alors tout changer en même temps.

## Corriger
1. Fabriquer une clé sur chaque équipement, et ne jamais la copier d'une machine à l'autre.
2. Demander un certificat par accès, plutôt qu'un seul pour tous les noms.
3. Remplacer la clé d'origine d'un équipement : le constructeur a pu mettre la même partout.

## Limites
Seuls les accès de type SSL sont comparés entre eux. Deux accès d'un même équipement sont comparés aussi : c'est moins
grave, mais l'ANSSI demande un certificat par point d'entrée. Une clé qui sert aussi au site web ou au courrier
n'est pas cherchée. La clé partagée d'un accès IPsec est une autre question. La gravité et la vraisemblance 2 sont notre
jugement.
"""

from collections import defaultdict
from collections.abc import Iterator

from cyberaudit.sdk import (
    Asset,
    Context,
    Every,
    Evidence,
    Item,
    Reason,
    Status,
    TlsEndpoint,
    Town,
    Unreachable,
    Verdict,
    Vpn,
    VpnKind,
    check,
    french,
    listening,
    not_applicable,
    partial,
    passed,
    unasked,
    unknown,
)

Seen = tuple[tuple[Vpn, TlsEndpoint | Unreachable], ...]


def has_several_accesses(_commune: Asset, town: Town) -> bool:
    """One access alone has its key to itself."""
    return sum(isinstance(asset, Vpn) and asset.type is VpnKind.SSL for asset in town.assets) > 1


@check(
    "vpn.reused-key",
    needs=Every(TlsEndpoint),
    about="town",
    seen_from="any",
    impact=2,
    likelihood=2,
    measure="renew-vpn-certificate",
    sources=("TLS R30",),
    concerns=has_several_accesses,
)
def each_access_has_its_own_key(every: Seen, _ctx: Context) -> Verdict:
    compared = [(vpn, facts) for vpn, facts in every if vpn.type is VpnKind.SSL]
    if len(compared) < 2:
        return not_applicable("La mairie n'a pas deux accès SSL dont comparer les clés.")
    holders = _holders(compared)
    evidence = tuple(_evidence(holders))
    reused = {key: names for key, names in holders.items() if len(names) > 1}
    if reused:
        items = tuple(_item(key, names) for key, names in reused.items())
        text = f"La même clé de certificat sert à {french.listed(next(iter(reused.values())))}."
        return partial(text, reason="reused-key", items=items, evidence=evidence)
    unseen = tuple(item for vpn, facts in compared for item in _unseen(vpn, facts))
    if unseen:
        return unknown(unseen[0].text, items=unseen, evidence=evidence)
    return passed("Chaque accès à distance a sa propre clé de certificat.", evidence=evidence)


def _holders(compared: list[tuple[Vpn, TlsEndpoint | Unreachable]]) -> dict[str, list[str]]:
    """Fingerprint of a key → the accesses that have it, once each."""
    holders: dict[str, list[str]] = defaultdict(list)
    for vpn, facts in compared:
        for key in dict.fromkeys(_keys(facts)):
            if isinstance(key, str):
                holders[key].append(f"« {vpn.name} »")
    return holders


def _keys(facts: TlsEndpoint | Unreachable) -> Iterator[str | Unreachable]:
    """Of the server's own certificates, at every address."""
    if isinstance(facts, Unreachable):
        yield facts
        return
    for server in listening(facts):
        if server.unseen_certificate is not None or not server.sessions:
            yield server.unseen_certificate or Unreachable(Reason.NOT_COLLECTED)
        for session in server.sessions:
            yield session.chain[0].key_sha256 if session.chain else Unreachable(Reason.NOT_COLLECTED)
    if unasked(facts) or not listening(facts):
        yield Unreachable(Reason.NOT_LOOKED)


def _unseen(vpn: Vpn, facts: TlsEndpoint | Unreachable) -> Iterator[Item]:
    """The first thing that hides a key of this access."""
    cause = next((key for key in _keys(facts) if isinstance(key, Unreachable)), None)
    if cause is not None:
        text = f"Une clé de certificat de l'accès « {vpn.name} » n'a pas été vue : {cause.reason.french}."
        yield Item(vpn.id, Status.UNKNOWN, cause.reason, text)


def _item(key: str, names: list[str]) -> Item:
    text = f"La même clé de certificat sert à {french.listed(names)}."
    return Item(f"clé {key[:16]}", Status.PARTIAL, "reused-key", text)


def _evidence(holders: dict[str, list[str]]) -> Iterator[Evidence]:
    for key, names in holders.items():
        yield Evidence(f"clé {key[:16]}", french.listed(names))
