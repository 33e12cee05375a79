"""Le pare-feu filtre-t-il IPv6 comme IPv4 ?

## Pourquoi
Une même machine a souvent deux adresses, une ancienne (IPv4) et une nouvelle (IPv6). Le pare-feu garde parfois la
première et oublie la seconde : tout y passe alors.

## Corriger
1. Relire les règles IPv6 du pare-feu ou de la box, et bloquer par défaut ce qui entre.
2. Recopier en IPv6 chaque règle qui existe en IPv4, ni plus ni moins.
3. Désactiver les fonctions qui ouvrent des accès toutes seules.
4. Si IPv6 ne sert pas encore, le couper proprement sur l'équipement.

## Limites
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même
port. Un pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST) :
rien ne l'en distingue, l'essai se fait sans lui. Seules les machines qui ont les deux adresses sont comparées. Un
accès ouvert des deux côtés est jugé par les autres questions. Aucun texte officiel ne parle de cette parité : c'est
notre jugement, par analogie avec la règle qui veut qu'un pare-feu ne se contourne pas.
"""

from collections.abc import Iterator

from cyberaudit.sdk import (
    Context,
    Door,
    Evidence,
    Exposure,
    HostReach,
    Item,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    doors_of,
    failed,
    french,
    not_applicable,
    passed,
    unknown,
)


@check(
    "firewall.ipv6-parity",
    needs=HostReach,
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="filter-ipv6-too",
    sources=("PA-066 R4", "RC 7.B.3", "13Q 6"),
)
def ipv6_is_filtered_like_ipv4(reach: HostReach, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if {one.family for one in reach.addresses} != {4, 6}:
        return not_applicable(
            f"Le profil ne donne pas à la fois une adresse IPv4 et une adresse IPv6 sur Internet à « {name} »."
        )
    doors = doors_of(reach, ctx)
    items = tuple(_leaks(doors))
    evidence = tuple(line for door in doors for line in _evidence(door))
    if items:
        text = f"« {name} » laisse passer en IPv6 ce qui est fermé en IPv4."
        return failed(text, reason="open-in-ipv6", items=items, evidence=evidence)
    cause = next((cause for door in doors if (cause := _doubt(door))), None)
    if cause or not doors:
        return unknown(cause or "Aucun accès n'a été essayé.", items=tuple(_unseen(doors)), evidence=evidence)
    return passed(f"« {name} » n'ouvre rien de plus en IPv6 qu'en IPv4.", evidence=evidence)


def _side(door: Door, family: int) -> Exposure:
    return Door(door.port, tuple(one for one in door.readings if one.family == family)).exposure


def _leaks(doors: tuple[Door, ...]) -> Iterator[Item]:
    for door in doors:
        if (_side(door, 6), _side(door, 4)) == (Exposure.OPEN, Exposure.NOT_OPEN):
            where = french.listed([address for address in door.open_on if ":" in address])
            text = f"{door.name} : ouvert en IPv6 seulement, sur {where}."
            yield Item(door.port, Status.FAIL, "open-in-ipv6", text)


def _doubt(door: Door) -> Unreachable | None:
    """Why the two sides cannot be compared. What IPv4 lets in, or IPv6 keeps out, leaves no doubt."""
    if _side(door, 4) is Exposure.OPEN or _side(door, 6) is Exposure.NOT_OPEN:
        return None
    return next((one.cause for one in door.readings if one.cause), Unreachable(Reason.NOT_COLLECTED))


def _unseen(doors: tuple[Door, ...]) -> Iterator[Item]:
    causes = [cause for door in doors if (cause := _doubt(door))]
    for reason in dict.fromkeys(cause.reason for cause in causes):
        many = french.count(
            sum(cause.reason is reason for cause in causes), "accès non comparé", "accès non comparés"
        )
        yield Item(reason, Status.UNKNOWN, reason, f"{many} : {reason.french}.")


def _evidence(door: Door) -> Iterator[Evidence]:
    for one in door.readings:
        if one.exposure is Exposure.OPEN:
            yield Evidence(f"{one.port} {one.address}", one.detail or "ouvert")
