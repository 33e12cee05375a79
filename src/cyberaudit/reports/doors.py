"""« Les portes ouvertes »: which, what answers, from where, and whether the town wanted it, each in French."""

from collections.abc import Iterable, Iterator, Sequence

from cyberaudit import french
from cyberaudit.declared import AssetKind, Host, Service
from cyberaudit.facts.doors import Door, for_everyone
from cyberaudit.facts.intent import meant
from cyberaudit.facts.ports import port_name
from cyberaudit.facts.services import Behind
from cyberaudit.facts.udp import Question, UdpAnswer
from cyberaudit.history.doors import Sighting
from cyberaudit.history.merge import MAX_AGE_DAYS
from cyberaudit.history.state import TownState
from cyberaudit.model import Unreachable
from cyberaudit.reports.open_doors import Opening, openings, opens_everything, unproven
from cyberaudit.reports.points import OUTSIDE, Scene, safe
from cyberaudit.reports.words import (
    DoorIntent,
    DoorLookView,
    DoorSightView,
    DoorsView,
    DoorView,
    HostDoorsView,
)
from cyberaudit.sdk.behind import told_behind

_MEANINGS = {"ssl-vpn": "accès à distance (VPN)", "admin": "administration"}
"""French for the words that the profile's own description proposes; « web » is French enough."""
_NO_WORDS = {"silent": "n'a rien dit", "unknown": "parle un langage inconnu"}


def doors_view(state: TownState, scene: Scene) -> DoorsView:
    """The doors of every host of the profile."""
    hosts = tuple(
        _host(asset, [each for each in state.sightings if each.host == asset.key], scene)
        for asset in state.town.of_kind(AssetKind.HOST)
        if isinstance(asset, Host)
    )
    return DoorsView(hosts, tuple(_closing(hosts)))


def _closing(hosts: Sequence[HostDoorsView]) -> Iterator[str]:
    """One line each: those found without a door, those of which nothing is proved, those nobody looked at."""
    shut = [each for each in hosts if each.looks and not each.doors]
    proved = [_with_places(each) for each in shut if not any(look.unproven for look in each.looks)]
    doubtful = [_with_places(each) for each in shut if any(look.unproven for look in each.looks)]
    unseen = [each.name for each in hosts if not each.looks]
    if proved:
        yield french.typeset(f"Aucune porte ouverte vue sur : {french.listed(proved)}.")
    if doubtful:
        what = "Aucune porte ouverte vue, mais rien ne prouve qu'elles soient toutes fermées, sur"
        yield french.typeset(f"{what} : {french.listed(doubtful)}.")
    if unseen:
        what = f"Machines dont personne n'a pu regarder les portes depuis {MAX_AGE_DAYS} jours"
        yield french.typeset(f"{what} : {french.listed(unseen)}.")


def _with_places(host: HostDoorsView) -> str:
    return f"{host.name} (depuis {french.listed([look.place for look in host.looks])})"


def _host(host: Host, sights: Sequence[Sighting], scene: Scene) -> HostDoorsView:
    newest = _newest(sights, scene)
    everything = tuple(dict.fromkeys(address for each in newest for address in opens_everything(each)))
    found = openings(host, sights, scene.town)
    ports = dict.fromkeys(each.port for each in found)
    return HostDoorsView(
        host=host.key,
        name=safe(host.name),
        looks=tuple(_look(each, host, scene) for each in newest),
        opens_everything=everything,
        remarks=(_opens_everything(everything),) if everything else (),
        doors=tuple(
            _door(port, [each for each in found if each.port == port], host, scene) for port in ports
        ),
    )


def _newest(sights: Iterable[Sighting], scene: Scene) -> list[Sighting]:
    """The last look from each place, the Internet first, then in the order of the profile."""
    last: dict[str, Sighting] = {}
    for sight in sights:
        last.setdefault(sight.vantage, sight)
    return [last[vantage] for vantage in _in_order(last, scene)]


def _in_order(vantages: Iterable[str], scene: Scene) -> list[str]:
    known = [OUTSIDE, *(zone.id for zone in scene.town.of_kind(AssetKind.ZONE))]
    return sorted(vantages, key=lambda each: (known.index(each) if each in known else len(known), each))


def _look(sight: Sighting, host: Host, scene: Scene) -> DoorLookView:
    count, place = unproven(sight, host, scene.town), scene.place(sight.vantage)
    agreed = "n'a pas pu être jugée" if count < 2 else "n'ont pas pu être jugées"
    doubt = f" {french.count(count, 'porte')} {agreed}." if count else ""
    sentence = f"Regardé depuis {place}, le {scene.moment(sight.seen_at)}.{doubt}"
    return DoorLookView(sight.vantage, place, sight.seen_at, count, french.typeset(sentence))


def _opens_everything(addresses: Sequence[str]) -> str:
    many = len(addresses) > 1
    verb, whose = ("ouvrent", "leurs") if many else ("ouvre", "ses")
    sentence = (
        f"{french.listed(addresses)} {verb} toutes {whose} portes, même celles que personne n'utilise : "
        "seules sont citées celles où un service a parlé."
    )
    return french.typeset(safe(sentence))


def _door(port: str, found: Sequence[Opening], host: Host, scene: Scene) -> DoorView:
    vantages = _in_order({each.vantage for each in found}, scene)
    intent, sentence = _intent(meant(port, host, scene.town), vantages, scene)
    behind = _identified(found)
    return DoorView(
        port=port,
        name=safe(port_name(port)),
        answers=safe(" ; ".join(dict.fromkeys(_answers(found)))),
        protocols=tuple(dict.fromkeys(_protocols(found))),
        products=tuple(dict.fromkeys(safe(each.product) for each in behind if each.product)),
        intent=intent,
        intent_sentence=safe(sentence),
        seen=tuple(_sight([each for each in found if each.vantage == place], scene) for place in vantages),
    )


def _intent(services: Sequence[Service], vantages: Sequence[str], scene: Scene) -> tuple[DoorIntent, str]:
    """What the profile says, given every place from where the door is open."""
    if not services:
        return DoorIntent.UNDECLARED, "non déclaré"
    what = french.listed(list(dict.fromkeys(_MEANINGS.get(each.what, each.what) for each in services)))
    places = {each.reachable_from for each in services}
    if any(map(for_everyone, services)) or places.issuperset(vantages):
        return DoorIntent.MEANT, f"prévu : {what}"
    names = french.listed([_zone(place, scene) for place in _in_order(places, scene)])
    return DoorIntent.MEANT_ELSEWHERE, f"prévu pour {names} seulement ({what})"


def _zone(place: str, scene: Scene) -> str:
    zone = scene.town.asset(f"{AssetKind.ZONE}/{place}")
    return zone.name if zone else place


def _identified(found: Iterable[Opening]) -> tuple[Behind, ...]:
    return tuple(each.behind for each in found if isinstance(each.behind, Behind))


def _answers(found: Sequence[Opening]) -> Iterator[str]:
    """The protocol, then the product and what was noticed; in UDP each answer. Else why nobody knows."""
    behind = _identified(found)
    spoken = [each.protocol for each in behind if isinstance(each.protocol, str)]
    yield from (_NO_WORDS.get(protocol, protocol.upper()) for protocol in spoken)
    yield from (_heard(answer) for opening in found for answer in opening.heard)
    if told := told_behind(Door(found[0].port, (), behind)):
        yield told
    causes = (each.behind for each in found if isinstance(each.behind, Unreachable))
    if not spoken:
        yield from (f"non identifié : {cause.reason.french}" for cause in causes)


def _heard(answer: UdpAnswer) -> str:
    if answer.question is Question.OTHER:
        return "répond à la question propre à ce port"
    name = answer.question.partition("-")[0].upper()
    return f"{name}, {answer.detail}" if answer.understood else f"répond, mais autre chose que {name}"


def _protocols(found: Iterable[Opening]) -> Iterator[str]:
    for opening in found:
        yield from (answer.question for answer in opening.heard)
        if isinstance(opening.behind, Behind) and not isinstance(opening.behind.protocol, Unreachable):
            yield safe(opening.behind.protocol)


def _sight(found: Sequence[Opening], scene: Scene) -> DoorSightView:
    """All of one place; the date is that of the newest."""
    addresses = tuple(dict.fromkeys(safe(each.address) for each in found))
    vantage, seen_at = found[0].vantage, max(each.seen_at for each in found)
    place = scene.place(vantage)
    sentence = f"Ouvert depuis {place} sur {french.listed(addresses)}, vu le {scene.moment(seen_at)}."
    return DoorSightView(vantage, place, seen_at, addresses, french.typeset(sentence))
