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
Le silence, ou le refus d'un appareil du chemin, ne vaut rien sans une adresse témoin qui a répondu sur le même port. Un
pare-feu de l'ordinateur du contrôle, ou de son réseau, peut refuser au nom de la machine visée (RST). Rien ne l'en
distingue : l'essai se fait sans lui. Seules les machines qui ont les deux adresses sont comparées. Un accès ouvert des
deux côtés est jugé par les autres questions. Toute la liste des ports courants doit avoir été essayée : un essai plus
court laisse la question ouverte. Aucun texte officiel ne parle de cette parité : c'est notre jugement, par analogie
avec la règle qui veut qu'un pare-feu ne se contourne pas.
"""

from collections import Counter
from collections.abc import Iterator

from cyberaudit.sdk import (
    Context,
    Door,
    Exposure,
    Facing,
    HostReach,
    HostServices,
    Item,
    Reason,
    Status,
    Unreachable,
    Verdict,
    asked_evidence,
    check,
    door_evidence,
    doors_of,
    failed,
    french,
    not_applicable,
    passed,
    unknown,
    usual_ports,
    worst,
)


@check(
    "firewall.ipv6-parity",
    needs=(HostReach, HostServices),
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="filter-ipv6-too",
    sources=("PA-066 R4", "RC 7.B.3", "13Q 6"),
)
def ipv6_is_filtered_like_ipv4(facing: Facing, ctx: Context) -> Verdict:
    name, (reach, services) = ctx.asset.name, facing
    if isinstance(reach, Unreachable):
        return unknown(reach)
    if {one.family for one in reach.addresses} != {4, 6}:
        return not_applicable(
            f"Le profil ne donne pas à la fois une adresse IPv4 et une adresse IPv6 sur Internet à « {name} »."
        )
    doors = doors_of(reach, ctx, usual_ports(reach), services=services)
    items, evidence = tuple(_leaks(doors)), (*door_evidence(doors), *asked_evidence(reach))
    doubts = [cause for door in doors if (cause := _doubt(door))]
    if items:
        text = f"« {name} » laisse passer en IPv6 ce qui est fermé en IPv4."
        return failed(text, reason="open-in-ipv6", items=items, evidence=evidence)
    if doubts:
        return unknown(doubts[0], items=tuple(_unseen(doubts)), evidence=evidence)
    return passed(f"« {name} » n'ouvre rien de plus en IPv6 qu'en IPv4.", evidence=evidence)


def _side(door: Door, family: int) -> Exposure:
    return worst(reading.exposure for reading in door.readings if reading.family == family)


def _leaks(doors: tuple[Door, ...]) -> Iterator[Item]:
    for door in doors:
        if (_side(door, 6), _side(door, 4)) == (Exposure.OPEN, Exposure.NOT_OPEN):
            where = french.listed([address for address in door.open_on if ":" in address])
            text = f"{door.name} : accès ouvert en IPv6 seulement, sur {where}."
            yield Item(door.port, Status.FAIL, "open-in-ipv6", text)


def _doubt(door: Door) -> Unreachable | None:
    """Why the two sides cannot be compared. What IPv4 lets in, or IPv6 keeps out, leaves no doubt."""
    if _side(door, 4) is Exposure.OPEN or _side(door, 6) is Exposure.NOT_OPEN:
        return None
    return next((one.cause for one in door.readings if one.cause), Unreachable(Reason.NOT_COLLECTED))


def _unseen(doubts: list[Unreachable]) -> Iterator[Item]:
    for reason, many in Counter(cause.reason for cause in doubts).items():
        what = french.count(many, "accès non comparé", "accès non comparés")
        yield Item(reason, Status.UNKNOWN, reason, f"{what} : {reason.french}.")
