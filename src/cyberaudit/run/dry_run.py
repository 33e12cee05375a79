"""`scan --dry-run`: what would be looked at, with upper bounds, how long it may take, and not a packet sent."""

from collections.abc import Sequence
from math import ceil

from cyberaudit import french
from cyberaudit.declared import AnyAsset, AssetKind, Flow, Host, Town
from cyberaudit.engine.catalogue import verify_choices
from cyberaudit.engine.observe import Limits, errands
from cyberaudit.facts.packet_filter import HostFilter
from cyberaudit.facts.reach import HostReach
from cyberaudit.facts.services import HostServices
from cyberaudit.facts.udp import HostUdp
from cyberaudit.frozen import frozen
from cyberaudit.probes.guard import Purpose
from cyberaudit.probes.instruments import Instruments
from cyberaudit.probes.registry import Announcement
from cyberaudit.probes.vantage import canaries, facing, pace
from cyberaudit.reports.wrap import wrap
from cyberaudit.run.scan import Request, instruments_for, prepare

WIDTH = 80
PURPOSES = {
    Purpose.PUBLIC: "comme le ferait n'importe quel correspondant",
    Purpose.ACTIVE: "examen d'une adresse autorisée",
    Purpose.INTRUSIVE: "essai poussé, autorisé en toutes lettres",
    Purpose.NAMES: "comme tout annuaire de noms (DNS)",
    Purpose.INFRASTRUCTURE: "service que vous avez désigné",
}
# Ours: at a machine whose firewall is silent, each port is asked twice.
USUAL_TRIES = 2
# Linux, net.ipv4.icmp_ratelimit: a machine refuses one UDP port a second; the usual list takes a minute.
SECONDS_OF_UDP = 60
MINUTE = 60


@frozen
class Planned:
    """All that would be done about one asset."""

    asset: AnyAsset
    announced: tuple[tuple[str, Announcement], ...]
    """Kind of facts, and what its probe says."""

    @property
    def most(self) -> int:
        """Packets, when all of it must be asked again too."""
        return sum(each.max_packets for _, each in self.announced)


def dry_run(request: Request) -> str:
    """The declared targets, one line a machine, the most packets each may cost, and the time it may take.

    Raises:
        ProfileError, ScopeError, CatalogueError, UsageError: as the scan itself would.
    """
    profile, catalogue, vantage = prepare(request)
    instruments = instruments_for(profile, request, vantage)
    verify_choices(profile.town, catalogue)
    by_asset: dict[str, tuple[AnyAsset, list[tuple[str, Announcement]]]] = {}
    for errand in errands(profile.town, catalogue.checks, vantage=vantage):
        _, found = by_asset.setdefault(errand.asset.key, (errand.asset, []))
        announced = errand.probe.load().announce(errand.asset, instruments)
        found += [(errand.probe.facts.KIND, each) for each in announced]
    plans = [Planned(asset, tuple(found)) for asset, found in by_asset.values() if found]
    lines = [f"Rien n'est envoyé. Depuis {_place(vantage, profile.town)}, un contrôle regarderait :", ""]
    lines += _machines(plans, instruments)
    for plan in plans:
        lines += [] if isinstance(plan.asset, Host) else _told(plan, instruments)
    lines += [] if not lines[-1] else [""]
    return "\n".join([*lines, *_in_all(plans, instruments)]) + "\n"


def _place(place: str, town: Town) -> str:
    zone = town.asset(f"{AssetKind.ZONE}/{place}")
    return french.typeset(f"le réseau « {zone.name} »") if zone else "l'extérieur"


def _machines(plans: Sequence[Planned], instruments: Instruments) -> list[str]:
    """What is done to machines, once for all those to which the same is done, then one line each."""
    groups: dict[str, list[str]] = {}
    for plan in plans:
        if isinstance(plan.asset, Host):
            addresses = ", ".join(map(str, facing(plan.asset, instruments.vantage)))
            bound = french.count(plan.most, "paquet")
            text = f"{plan.asset.name} ({addresses}) : {bound} au plus"
            groups.setdefault(_done_to(plan, instruments), []).append(text)
    lines = []
    for done, machines in groups.items():
        lines += wrap(french.typeset(f"Pour chaque machine : {done}."), WIDTH)
        lines += [line for text in machines for line in wrap(french.typeset(text), WIDTH, first="- ")] + [""]
    return lines


def _told(plan: Planned, instruments: Instruments) -> list[str]:
    lines = []
    for _, each in plan.announced:
        text = each.text
        if isinstance(plan.asset, Flow):
            ends = (_place(end, instruments.town) for end in (plan.asset.source, plan.asset.target))
            text = f"passage depuis {' vers '.join(ends)} : {text.partition(' : ')[2]}"
        lines += _line(text, each.purpose, each.max_packets)
    return lines


def _line(text: str, purpose: Purpose, most: int) -> list[str]:
    bound = f"({PURPOSES[purpose]}, {french.count(most, 'paquet')} au plus)"
    return wrap(french.typeset(f"{text} {bound}"), WIDTH, first="- ")


def _done_to(plan: Planned, instruments: Instruments) -> str:
    """« 1 050 ports TCP et ceux du profil, 64 ports UDP, ce que disent les ports ouverts, … »."""
    kinds = {kind for kind, _ in plan.announced}
    said = []
    if HostReach.KIND in kinds:
        said.append(f"{french.count(len(instruments.ports.tcp), 'port')} TCP et ceux du profil")
    if HostUdp.KIND in kinds:
        said.append(f"{french.count(len(instruments.ports.udp), 'port')} UDP")
    if HostServices.KIND in kinds:
        said.append("ce que disent les ports ouverts")
    if HostFilter.KIND in kinds:
        said.append("des paquets bruts avec les droits d'administration")
    if any(each.purpose is Purpose.INTRUSIVE for _, each in plan.announced):
        said.append("les essais autorisés en toutes lettres")
    if canaries(instruments.town, instruments.vantage):
        said.append("les mêmes ports à l'adresse témoin")
    return french.listed(said)


def _in_all(plans: Sequence[Planned], instruments: Instruments) -> list[str]:
    most = sum(plan.most for plan in plans)
    hosts = [plan.asset for plan in plans if isinstance(plan.asset, Host)]
    usual = sum(_usual(host, instruments) for host in hosts)
    bound = f"En tout : {french.count(most, 'paquet')} au plus"
    if not hosts:
        return wrap(french.typeset(f"{bound}."), WIDTH)
    ordinary = f"d'ordinaire environ {french.number(_rounded(usual))}, si rien ne se perd"
    return wrap(french.typeset(f"{bound} ; {ordinary}."), WIDTH) + wrap(_duration(hosts, instruments), WIDTH)


def _usual(host: Host, instruments: Instruments) -> int:
    ports = len(instruments.ports.tcp) + len(instruments.ports.udp)
    return ports * len(facing(host, instruments.vantage)) * USUAL_TRIES


def _rounded(value: int) -> int:
    """Two digits are all that is known."""
    return round(value, 2 - len(str(value)))


def _duration(hosts: Sequence[Host], instruments: Instruments) -> str:
    """An order of magnitude: machines behind one line share its pace, the lines go together."""
    seconds = float(SECONDS_OF_UDP if instruments.ports.udp else 1)
    lines: dict[str, int] = {}
    rates: dict[str, float] = {}
    for host in hosts:
        rate = pace(host, instruments.town, vantage=instruments.vantage)
        rate = instruments.options.max_rate or rate
        if rate is not None:
            line = host.link or host.id
            lines[line] = lines.get(line, 0) + _usual(host, instruments)
            rates[line] = rate
    seconds += max((lines[line] / rates[line] for line in lines), default=0.0)
    limits = Limits.to_ask(len(instruments.ports.tcp), rate=instruments.options.max_rate)
    minutes = ceil(min(seconds, limits.scan) / MINUTE)
    slowest = min(rates.values(), default=None)
    at = f", à {french.number(round(slowest))} paquets par seconde et par ligne au plus" if slowest else ""
    return french.typeset(f"Durée : environ {french.count(minutes, 'minute')}{at}.")
