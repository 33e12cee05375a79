"""The three towns of profiles/, looked at without a network, and what is told of them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from cyberaudit.declared import Adoption, Ceiling, PlanChoices, Town
from cyberaudit.engine.catalogue import Catalogue, load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.engine.observe import Errand, errands
from cyberaudit.facts import dkim_samples as dkim
from cyberaudit.facts import dnssec_samples as dnssec
from cyberaudit.facts import ike_samples as ike
from cyberaudit.facts import mail_access_samples as access
from cyberaudit.facts import mail_policies_samples as policies
from cyberaudit.facts import mail_samples as mail
from cyberaudit.facts import mail_servers_samples as servers
from cyberaudit.facts import names_samples as names
from cyberaudit.facts import registration_samples as registration
from cyberaudit.facts import services_samples as services
from cyberaudit.facts import tls_endpoint_samples as tls
from cyberaudit.facts import wireguard_samples as wireguard
from cyberaudit.facts import zone_samples as zones
from cyberaudit.facts.base import Facts
from cyberaudit.facts.reach import PortState
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Observation, Reason, Unreachable
from cyberaudit.probes.instruments import OUTSIDE
from cyberaudit.run.report import report
from cyberaudit.run.tell import Told
from cyberaudit.town.load import load_profile
from tests.unit.facts_seen import (
    CLEAR,
    IPSEC,
    LOCKED,
    NOTHING_MORE,
    OPEN_SHARE,
    PLUGGED,
    SHARE,
    Shelf,
    access_at,
    copies,
    domain,
    host,
    passage,
    renamed,
    way_out,
)

PROFILES = Path(__file__).parents[2] / "profiles"
NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
"""Saturday 21 November 2026, ten past ten in the evening in Paris; the date of the samples."""
A_WEEK = timedelta(days=7)
BETWEEN_VANTAGES = timedelta(minutes=20)
_NOT_LOOKED = Unreachable(Reason.NOT_LOOKED)
_NO_FOLDER = Unreachable(Reason.NO_PLACE, "aucun dossier déclaré")

Seen = dict[str, tuple[Facts | Unreachable, ...]]
"""Asset → all that is seen of it; a kind of facts that is not there was not looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one vantage sees at one moment."""

    vantage: str
    at: datetime
    seen: Seen


@cache
def catalogue() -> Catalogue:
    """The whole one."""
    return load_catalogue()


@cache
def told(name: str) -> Told:
    """What is told of a town at `NOW`: its looks judged, stored, merged and planned as those of every scan."""
    town, looks = _TOWNS[name]()
    with TemporaryDirectory() as folder:
        path = Path(folder, "history.sqlite3")
        with open_history(path, create=True) as history:
            for look in looks:
                history.save(audited(town, look))
        return report(path, catalogue(), commune=town.id, now=NOW)


def seen_but_not_declared(name: str) -> tuple[str, ...]:
    """Assets of the facts that the profile does not hold: what is seen of them would be lost."""
    town, looks = _TOWNS[name]()
    known = {asset.key for asset in town.assets}
    return tuple({key for look in looks for key in look.seen if key not in known})


def audited(town: Town, look: Look) -> Audit:
    """One scan of `town`, judged at its own time by today's catalogue."""
    sent = errands(town, catalogue().checks, vantage=look.vantage)
    seen = tuple(
        Observation(each.asset.key, each.probe.facts.KIND, _brought_back(each, look), look.at)
        for each in sent
    )
    return Audit(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{town.id} {look.vantage} {look.at}")),
        town=town,
        vantage=look.vantage,
        scanned_by=town.scanned_by,
        started_at=look.at,
        finished_at=look.at,
        partial=False,
        rules=catalogue().rules(town),
        program="0",
        observations=seen,
        findings=judge(town, catalogue(), seen, vantage=look.vantage, now=look.at),
    )


def _brought_back(errand: Errand, look: Look) -> Facts | Unreachable:
    found = look.seen.get(errand.asset.key, ())
    known = next((each for each in found if isinstance(each, errand.probe.facts)), None)
    return known or next((each for each in found if isinstance(each, Unreachable)), _NOT_LOOKED)


def _loaded(name: str) -> Town:
    return load_profile(PROFILES / f"{name}.yaml").town


def _visit(when: datetime, everywhere: Seen, here: Mapping[str, Seen]) -> list[Look]:
    """Each vantage after the other, the last one at `when`. `here`: vantage → what is seen from there alone."""
    first = when - BETWEEN_VANTAGES * (len(here) - 1)
    return [
        Look(vantage, first + BETWEEN_VANTAGES * number, everywhere | seen)
        for number, (vantage, seen) in enumerate(here.items())
    ]


# The village: a box, a provider, a computer that somebody opened to the Internet to help from afar


def _village() -> tuple[Town, list[Look]]:
    town = _loaded("village")
    nas = Shelf("/mnt/disque-reseau", OPEN_SHARE, "66", timedelta(hours=10), days=14, model=CLEAR)
    everywhere: Seen = {
        "domain/main": domain(
            "saint-martin-l-exemple.example", *_BY_A_PROVIDER, dkim.GOOD_DKIM, registration.UNLOCKED
        ),
        "backup/nas": (copies(nas, NOW),),
        "vpn/depannage": (renamed(wireguard.KEYLESS_WIREGUARD, {"192.0.2.1": "192.0.2.17"}),),
    }
    share = replace(services.OLD_SHARE, traits=frozenset())
    closed = PortState.CLOSED
    inside: Seen = {
        "host/box": host(town, "host/box", "lan", rest=closed),
        "host/nas": host(town, "host/nas", "lan", "tcp/445", rest=closed, behind=(share,)),
    }
    outside: Seen = {
        "host/box": host(town, "host/box", OUTSIDE, "tcp/3389", rest=closed, behind=(services.DESKTOP,)),
        "host/nas": host(town, "host/nas", OUTSIDE, rest=closed),
    }
    return town, _visit(NOW, everywhere, {"lan": inside, OUTSIDE: outside})


_BY_A_PROVIDER: tuple[Facts, ...] = (
    mail.OBSERVING_DNS,
    servers.OTHERS_SERVERS,
    access.NO_ACCESS,
    policies.UNSIGNED_DANE,
    *NOTHING_MORE,
    names.PLAIN_NAMES,
    zones.THIRD_PARTY_ZONE,
    dnssec.NO_KEYS,
)
"""What most small towns have: mail and names at a provider, nothing wrong, little more."""


# The small town: dates that the mayor signed, one of them past; a copy that stopped this week


def _small_town() -> tuple[Town, list[Look]]:
    loaded = _loaded("small-town")
    town, before = replace(loaded, plan=_decided(loaded.plan)), NOW - A_WEEK
    here = _small_town_from(town)
    fresh, stopped = timedelta(hours=19), timedelta(days=6)
    last_week = _small_town_everywhere(before, copied=fresh, portal=tls.EXPIRED_ENDPOINT)
    today = _small_town_everywhere(NOW, copied=stopped, portal=tls.OLD_ENDPOINT)
    return town, [*_visit(before, last_week, here), *_visit(NOW, today, here)]


def _decided(choices: PlanChoices) -> PlanChoices:
    """What the mayor signed: a lower ceiling than the profile's, and two dates."""
    by, on = "Jeanne Martin, maire", date(2026, 11, 6)
    return replace(
        choices,
        ceilings=(Ceiling(2026, 0), *(Ceiling(year, 1500) for year in (2027, 2028, 2029))),
        adoptions=(
            Adoption("change-default-passwords", date(2026, 11, 15), by, on),
            Adoption("list-vital-activities", date(2027, 1, 31), by, on),
        ),
    )


def _small_town_everywhere(at: datetime, *, copied: timedelta, portal: Facts) -> Seen:
    name, online = "ville-exemple.example", "sauvegarde.ville-exemple.example"
    signer = replace(dkim.GOOD_DKIM, selectors=(replace(dkim.NAMED_SELECTOR, selector="s1"),))
    nas = Shelf("/mnt/nas", OPEN_SHARE, "66", copied)
    cloud = Shelf(f"https://{online}/depot", LOCKED, online, timedelta(hours=17), days=95)
    return {
        "domain/main": domain(name, *_BY_A_PROVIDER, signer, registration.GOOD_REGISTRATION),
        "domain/library": domain("médiathèque-exemple.example", *_NEVER_WRITES),
        "backup/nas": (copies(nas, at),),
        "backup/cloud": (copies(cloud, at),),
        "backup/usb": (_NO_FOLDER,),
        "vpn/vpn-agents": (access_at(portal, f"vpn.{name}", "192.0.2.2"),),
        "vpn/vpn-contractor": (access_at(ike.OLD_VERSION_GATEWAY, f"maintenance.{name}", "192.0.2.2"),),
    }


_NEVER_WRITES: tuple[Facts, ...] = (
    mail.SILENT_DNS,
    dkim.NO_DKIM,
    replace(servers.OTHERS_SERVERS, servers=()),
    access.NO_ACCESS,
    replace(policies.NO_DANE, hosts=()),
    *NOTHING_MORE,
    names.PLAIN_NAMES,
    registration.UNLOCKED,
    zones.THIRD_PARTY_ZONE,
    dnssec.NO_KEYS,
)
"""A second name that publishes nothing of its mail."""


def _small_town_from(town: Town) -> dict[str, Seen]:
    portal = (replace(services.VPN_PORTAL, product="", clues=(), subject=""),)
    share, witness = (services.OLD_SHARE,), "203.0.113.200"
    nowhere = Unreachable(Reason.NO_CONTROL, "aucune adresse à essayer dans « lan »")
    files = "198.51.100.70"
    return {
        "lan": {
            "host/edge": host(town, "host/edge", "lan", "tcp/443", "tcp/8443", behind=portal),
            "host/files": host(town, "host/files", "lan", "tcp/445", "tcp/443", behind=share),
            "flow/lan-to-servers": (passage("lan", "files", files, "tcp/445", "tcp/443"),),
            "flow/lan-egress": (way_out("lan", witness, "tcp/443", "tcp/80", "tcp/25"),),
        },
        "guest": {
            "host/edge": host(town, "host/edge", "guest", "tcp/443", behind=portal),
            "host/files": host(town, "host/files", "guest"),
            "flow/guest-to-lan": (nowhere,),
            "flow/guest-to-servers": (passage("guest", "files", files),),
        },
        OUTSIDE: {
            "host/edge": host(town, "host/edge", OUTSIDE, "tcp/443", behind=portal, heard=IPSEC),
            "host/files": host(town, "host/files", OUTSIDE),
        },
    }


# The town in order: everything is done, and was a week ago


def _in_order() -> tuple[Town, list[Look]]:
    town = _loaded("town-in-order")
    here = _in_order_from(town)
    return town, [look for at in (NOW - A_WEEK, NOW) for look in _visit(at, _in_order_everywhere(at), here)]


def _in_order_everywhere(at: datetime) -> Seen:
    name, online = "val-d-exemple.example", "sauvegarde.val-d-exemple.example"
    nas = Shelf("/mnt/nas", SHARE, "66", timedelta(hours=19))
    cloud = Shelf(f"https://{online}/depot", LOCKED, online, timedelta(hours=17), days=95)
    usb = Shelf("/mnt/usb", PLUGGED, "67", timedelta(days=1), days=43, every=7)
    return {
        "domain/main": domain(name, *_SOUND),
        "backup/nas": (copies(nas, at),),
        "backup/cloud": (copies(cloud, at),),
        "backup/usb": (copies(usb, at),),
        "vpn/vpn-agents": (access_at(ike.GOOD_GATEWAY, f"acces.{name}", "192.0.2.66"),),
    }


_SOUND: tuple[Facts, ...] = (
    mail.INCLUDING_DNS,
    replace(dkim.GOOD_DKIM, selectors=(dkim.NAMED_SELECTOR,)),
    servers.OTHERS_SERVERS,
    access.GOOD_ACCESS,
    policies.GOOD_DANE,
    policies.GOOD_STS,
    policies.GOOD_REPORTS,
    policies.NO_BIMI,
    names.GOOD_NAMES,
    registration.GOOD_REGISTRATION,
    zones.THIRD_PARTY_ZONE,
    dnssec.SOUND,
)


def _in_order_from(town: Town) -> dict[str, Seen]:
    share = (replace(services.OLD_SHARE, traits=frozenset(), banner="SMB 3.1.1"),)
    paper = (replace(services.PRINTER, port="tcp/631", protocol="ipp"),)
    files, printer, witness = "198.51.100.70", "198.51.100.30", "203.0.113.210"
    web = ("tcp/443", "tcp/80")
    unseen = {zone: _machines(town, zone) for zone in ("lan", "servers", "guest")}
    return {
        "lan": unseen["lan"]
        | {
            "host/printer": host(town, "host/printer", "lan", "tcp/631", behind=paper),
            "host/files": host(town, "host/files", "lan", "tcp/445", behind=share),
            "flow/lan-to-servers": (passage("lan", "files", files, "tcp/445"),),
            "flow/lan-egress": (way_out("lan", witness, *web),),
        },
        "servers": unseen["servers"]
        | {
            "flow/servers-to-lan": (passage("servers", "printer", printer),),
            "flow/servers-egress": (way_out("servers", witness, "tcp/443"),),
        },
        "guest": unseen["guest"]
        | {
            "flow/guest-to-lan": (passage("guest", "printer", printer),),
            "flow/guest-to-servers": (passage("guest", "files", files),),
            "flow/guest-egress": (way_out("guest", witness, *web),),
        },
        OUTSIDE: _machines(town, OUTSIDE, heard=IPSEC),
    }


def _machines(town: Town, vantage: str, *, heard: tuple[str, ...] = ()) -> Seen:
    """Every machine silent, but the gate of the firewall."""
    return {
        "host/edge": host(town, "host/edge", vantage, heard=heard),
        "host/files": host(town, "host/files", vantage),
        "host/printer": host(town, "host/printer", vantage),
    }


_TOWNS = {"village": _village, "small-town": _small_town, "town-in-order": _in_order}
NAMES = tuple(_TOWNS)
