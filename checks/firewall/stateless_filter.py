"""Le pare-feu se souvient-il des conversations, ou peut-on le contourner ?

## Pourquoi
Un bon pare-feu ne laisse entrer que les réponses à ce que la mairie a demandé. Un filtre ancien se fie à
l'apparence du message : un inconnu qui le déguise passe quand même.

## Corriger
1. Remplacer les règles sans mémoire (« established », port source) par un suivi des connexions (« stateful »).
2. Retirer toute règle qui laisse entrer d'après le seul port de départ, souvent 20 (FTP) ou 53 (DNS).
3. Faire les deux en IPv4 et en IPv6, puis refaire le contrôle.
4. Si l'équipement ne sait pas suivre les connexions, prévoir de le remplacer.

## Limites
Il faut les droits d'administration de l'ordinateur du contrôle, sinon rien n'est essayé. Seuls les ports muets ou
refusés sur le chemin sont essayés, chacun à côté d'une ouverture ordinaire. Sur une ligne où les réponses vont et
viennent, un passage ne compte que s'il se répète sur la plupart des ports. Un routeur du réseau où se fait l'essai
peut arrêter ces messages : le silence ne vaut que si l'adresse témoin a répondu aux mêmes. Une box peut aussi changer
leur port de départ sans que rien le montre. Derrière elle (adresse privée de notre côté), le silence reste donc « à
vérifier » : refaites l'essai d'une ligne sans box. Un pare-feu qui répond lui-même (RST) à un message inattendu
ressemble à un filtre sans mémoire. La gravité est notre jugement, appuyé sur la règle qui veut un pare-feu maîtrisé
et sans contournement (PA-066 R2 et R4).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from cyberaudit.sdk import (
    AddressReach,
    Context,
    Evidence,
    Exposure,
    FilterAddress,
    HostFilter,
    HostReach,
    Item,
    PortState,
    Reason,
    Status,
    Trick,
    TrickAnswer,
    Unreachable,
    Verdict,
    check,
    doors_of,
    failed,
    french,
    no_address,
    not_applicable,
    partial,
    passed,
    unknown,
)

_HELD = (PortState.SILENT, PortState.REJECTED)
_THROUGH = (PortState.OPEN, PortState.CLOSED)
"""The address itself answered: the packet reached it."""
_SOURCES = {Trick.SOURCE_20: "20", Trick.SOURCE_53: "53"}


@dataclass(frozen=True, slots=True)
class _Tried:
    """One trick on one address."""

    address: str
    trick: Trick
    through: tuple[str, ...]
    """Ports where it reached the host, and the ordinary opening beside it did not."""
    held: int
    """Ports where neither did."""
    shaky: bool
    """An ordinary opening was answered on a port that had been silent: answers come and go here."""

    @property
    def passes(self) -> bool:
        """Where answers come and go, once is chance: only most of the ports is a hole."""
        return bool(self.through) and (not self.shaky or len(self.through) > self.held)


@check(
    "firewall.stateless-filter",
    needs=(HostReach, HostFilter),
    about="host",
    seen_from="outside",
    impact=3,
    likelihood=2,
    measure="stateful-filter",
    sources=("PA-066 R2", "PA-066 R4", "H 22", "RC 7.B.3"),
)
def disguised_packets_do_not_get_in(
    seen: tuple[HostReach | Unreachable, HostFilter | Unreachable], ctx: Context
) -> Verdict:
    reach, filtered = seen
    if isinstance(filtered, Unreachable):
        return unknown(filtered)
    if not filtered.addresses:
        return no_address(ctx)
    tried = [_tried(one, trick) for one in filtered.addresses for trick in Trick if trick is not Trick.SYN]
    holes = [one for one in tried if one.passes]
    items, evidence = tuple(_item(one) for one in holes), tuple(_evidence(filtered))
    if any(one.trick in _SOURCES for one in holes):
        text = f"Le filtre devant « {ctx.asset.name} » laisse entrer ce qui vient d'un certain port."
        return failed(text, reason="source-port", items=items, evidence=evidence)
    if holes:
        text = f"Le filtre devant « {ctx.asset.name} » ne se souvient pas des conversations."
        return partial(text, reason="ack-passes", items=items, evidence=evidence)
    return _without_hole(reach, filtered, tried, ctx)


def _without_hole(
    reach: HostReach | Unreachable, filtered: HostFilter, tried: list[_Tried], ctx: Context
) -> Verdict:
    """Nothing got through: in order where the silence of each address is proven."""
    evidence = tuple(_evidence(filtered))
    if isinstance(reach, Unreachable):
        return unknown(reach, evidence=evidence)
    answers = {one.address: one.answers for one in filtered.addresses}
    proven = {
        (reading.address, reading.port)
        for door in doors_of(reach, ctx)
        for reading in door.readings
        if reading.exposure is Exposure.NOT_OPEN
    }
    for one in reach.addresses:
        asked = answers.get(one.address, ())
        heard = any((one.address, answer.port) in proven for answer in asked)
        ours = [each for each in tried if each.address == one.address]
        lost = _doubt(asked, ours, heard=heard and _gets_out(filtered, one.family))
        if lost and (asked or not _shows_all(one)):
            return unknown(lost, evidence=evidence)
    if translated := tuple(_translated(one) for one in filtered.addresses if one.answers and one.behind_nat):
        return unknown(Unreachable(Reason.NO_CONTROL), items=translated, evidence=evidence)
    if not any(answers.values()):
        return not_applicable(
            f"Aucun port de « {ctx.asset.name} » n'est filtré : il n'y a rien à contourner."
        )
    text = f"Le filtre devant « {ctx.asset.name} » ne se laisse pas contourner par un message déguisé."
    return passed(text, evidence=evidence)


def _translated(one: FilterAddress) -> Item:
    """From behind a box, what should have left from port 20 or 53 may have left from another: silence says nothing."""
    text = f"{one.address} : essayé de derrière une box, qui peut changer le port de départ."
    return Item(one.address, Status.UNKNOWN, Reason.NO_CONTROL, text)


def _gets_out(filtered: HostFilter, family: int) -> bool:
    """Every trick reached the canary of this family: nothing on our own side stops or rewrites such packets."""
    answers = [answer for one in filtered.canaries if one.family == family for answer in one.answers]
    return {answer.trick for answer in answers if answer.state in _THROUGH} == set(Trick)


def _shows_all(one: AddressReach) -> bool:
    """Every port answered for itself: nothing stands before the address."""
    states = {answer.state for answer in one.ports}
    return bool(states) and states <= {PortState.OPEN, PortState.CLOSED}


def _doubt(asked: tuple[TrickAnswer, ...], tried: list[_Tried], *, heard: bool) -> Unreachable | None:
    """Why the silence of one address to the tricks proves nothing; None when it does."""
    lost = next((answer.state for answer in asked if isinstance(answer.state, Unreachable)), None)
    if lost or {answer.trick for answer in asked} != set(Trick):
        return lost or Unreachable(Reason.NOT_COLLECTED)
    if any(one.through or not one.held for one in tried):
        return Unreachable(Reason.UNSTABLE)
    return None if heard else Unreachable(Reason.NO_CONTROL)


def _tried(one: FilterAddress, trick: Trick) -> _Tried:
    controls = {answer.port: answer.state for answer in one.answers if answer.trick is Trick.SYN}
    found = {answer.port: answer.state for answer in one.answers if answer.trick is trick}
    beside = {port: state for port, state in found.items() if controls.get(port) in _HELD}
    return _Tried(
        address=one.address,
        trick=trick,
        through=tuple(port for port, state in beside.items() if state in _THROUGH),
        held=sum(state in _HELD for state in beside.values()),
        shaky=any(state in _THROUGH for state in controls.values()),
    )


def _item(one: _Tried) -> Item:
    ports = french.count(len(one.through), "port")
    if one.trick in _SOURCES:
        text = f"{one.address} : ce qui part du port {_SOURCES[one.trick]} entre sur {ports} autrement muets."
        return Item(f"{one.address} {one.trick}", Status.FAIL, "source-port", text)
    text = f"{one.address} : un message au milieu d'une conversation qui n'existe pas atteint {ports}."
    return Item(f"{one.address} {one.trick}", Status.PARTIAL, "ack-passes", text)


def _evidence(filtered: HostFilter) -> Iterator[Evidence]:
    for one in filtered.addresses:
        for trick in Trick:
            answers = [answer for answer in one.answers if answer.trick is trick]
            told = [f"{answer.port} {answer.state}" for answer in answers if answer.state in _THROUGH]
            if answers:
                rest = f"{len(answers) - len(told)} sans réponse de la machine"
                yield Evidence(f"{trick} {one.address}", ", ".join((*told, rest)))
