"""What probes would see of a town: facts in known states, under the town's own names and addresses."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import reduce
from typing import Any

from cyberaudit.declared import Host, Town
from cyberaudit.facts import backup_samples as backups
from cyberaudit.facts import mail_policies_samples as policies
from cyberaudit.facts import mail_samples as mail
from cyberaudit.facts import packet_filter_samples as packets
from cyberaudit.facts import services_samples as services
from cyberaudit.facts import udp_samples as udp
from cyberaudit.facts.backup import BackupStore, Copy, Encrypted, Protection
from cyberaudit.facts.base import Facts
from cyberaudit.facts.packet_filter import FilterAddress, HostFilter
from cyberaudit.facts.ports import USUAL
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    FlowReach,
    HostReach,
    PortAnswer,
    PortState,
    TargetReach,
)
from cyberaudit.facts.reach_samples import NO_DECOY, QUIET_LINE
from cyberaudit.facts.services import Behind, HostServices
from cyberaudit.facts.udp import HostUdp, UdpAddress
from cyberaudit.probes.vantage import facing


def renamed(facts: Facts, words: Mapping[str, str]) -> Facts:
    """The same facts with other names and addresses, those of the samples replaced in the order given."""
    found = _renamed(facts, words)
    assert isinstance(found, Facts)
    return found


def _renamed(value: Any, words: Mapping[str, str]) -> Any:
    match value:
        case StrEnum():
            return value
        case str():
            return reduce(lambda text, each: text.replace(*each), words.items(), value)
        case bytes():
            return _renamed(value.decode("latin-1"), words).encode("latin-1")
        case tuple():
            return tuple(_renamed(each, words) for each in value)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return replace(
                value, **{each.name: _renamed(getattr(value, each.name), words) for each in fields(value)}
            )
        case _:
            return value


# Ports


def _reach(address: str, rest: PortState, opened: Iterable[str]) -> AddressReach:
    wanted = frozenset(opened)
    answers = tuple(
        PortAnswer(port, PortState.OPEN, "syn-ack en 12 ms") if port in wanted else PortAnswer(port, rest, "")
        for port in USUAL
    )
    return AddressReach(address, _family(address), answers, NO_DECOY, QUIET_LINE)


def _family(address: str) -> int:
    return 6 if ":" in address else 4


_CANARIES = tuple(CanaryAnswer(family, port, reached=True) for family in (4, 6) for port in USUAL)


def host(
    town: Town,
    key: str,
    vantage: str,
    *opened: str,
    rest: PortState = PortState.SILENT,
    behind: tuple[Behind, ...] = (),
    heard: Collection[str] = (),
) -> tuple[Facts, ...]:
    """What the four probes of a machine see of it, at every address that faces `vantage`.

    `opened`: its open TCP ports; the others answer `rest`. A silence is proved by the canaries.
    """
    machine = town.asset(key)
    assert isinstance(machine, Host)
    addresses = [str(each) for each in facing(machine, vantage)]
    controls = _CANARIES if rest is PortState.SILENT else ()
    return (
        HostReach(vantage, tuple(_reach(each, rest, opened) for each in addresses), controls),
        _services(behind, addresses, vantage),
        _udp(addresses, vantage, rest, heard),
        _filter(addresses, vantage, rest),
    )


def _services(behind: Iterable[Behind], addresses: list[str], vantage: str) -> HostServices:
    every = tuple(replace(one, address=address) for address in addresses for one in behind)
    return replace(services.NO_SERVICES, vantage=vantage, behind=every)


def _udp(addresses: list[str], vantage: str, rest: PortState, heard: Collection[str]) -> HostUdp:
    """Those of `heard` answer; what was not signed for is as silent as the rest."""
    model = udp.QUIET_UDP if rest is PortState.SILENT else udp.CLOSED_UDP
    answers = tuple(
        replace(each, state=PortState.OPEN, detail="réponse en 12 ms", received=412, understood=True)
        if each.port in heard
        else replace(each, state=rest)
        for each in model.addresses[0].answers
    )
    found = tuple(UdpAddress(each, _family(each), answers) for each in addresses)
    return replace(model, vantage=vantage, addresses=found)


def _filter(addresses: list[str], vantage: str, rest: PortState) -> HostFilter:
    model = packets.MEMORY_FILTER if rest is PortState.SILENT else packets.UNFILTERED_HOST
    answers = model.addresses[0].answers
    found = tuple(FilterAddress(each, _family(each), answers, behind_nat=False) for each in addresses)
    return replace(model, vantage=vantage, addresses=found)


def passage(vantage: str, target: str, address: str, *opened: str) -> FlowReach:
    """What passes from `vantage` to one machine on the other side; a firewall on the way refuses the rest."""
    reach = _reach(address, PortState.REJECTED, opened)
    return FlowReach(vantage, (TargetReach(target, reach),), ())


def way_out(vantage: str, canary: str, *opened: str) -> FlowReach:
    """What gets out to the Internet, where a canary answers everything."""
    return FlowReach(vantage, (TargetReach("canary", _reach(canary, PortState.SILENT, opened)),), ())


# Backups


@dataclass(frozen=True, slots=True)
class Shelf:
    """A place where copies stand, and how they come."""

    path: str
    protection: Protection
    device: str
    age: timedelta
    """Of the newest copy."""
    days: int = 35
    """What is kept."""
    every: int = 1
    """Days between two copies."""
    model: Copy = backups.COPY


def copies(shelf: Shelf, at: datetime) -> BackupStore:
    """What is seen of it at `at`: one encrypted copy every so many days."""
    dates = [at - shelf.age - timedelta(days=day) for day in range(0, shelf.days, shelf.every)]
    kept = tuple(
        replace(shelf.model, name=shelf.model.name.replace("2026-11-21", f"{day:%Y-%m-%d}"), written_at=day)
        for day in dates
    )
    hours = 24.0 * shelf.every
    series = replace(
        backups.MONTH_SERIES,
        count=len(kept),
        newest_at=dates[0],
        oldest_at=dates[-1],
        period_hours=hours,
        longest_gap_hours=hours,
    )
    contents = replace(
        backups.CONTENTS,
        stores=(replace(backups.LOOSE, encrypted=shelf.model.encrypted, copies=len(kept)),),
        copies=kept,
        series=(series,),
        protection=shelf.protection,
        device=shelf.device,
    )
    return BackupStore(shelf.path, present=True, contents=contents)


CLEAR = replace(
    backups.COPY,
    name="mairie-2026-11-21.zip",
    series="mairie-#-#-#.zip",
    format="zip",
    encrypted=Encrypted.NO,
    method="",
    evidence=backups.CLEAR.evidence,
)
SHARE = replace(backups.PROTECTION, filesystem="cifs", evidence="partage monté en lecture seule")
OPEN_SHARE = replace(SHARE, writable_from_here=True, evidence="droits 0770")
LOCKED = replace(backups.LOCKED, filesystem="https", evidence="ajout seul, 90 jours")
PLUGGED = replace(backups.PROTECTION, looked_as_root=True, evidence="monté en lecture seule")


# Domains


def domain(name: str, *facts: Facts) -> tuple[Facts, ...]:
    """Facts of the samples' domain, under `name`; its mail and its name servers are a provider's."""
    words = {
        f"mx1.{mail.DOMAIN}": "mx1.fournisseur.example",
        f"mx2.{mail.DOMAIN}": "mx2.fournisseur.example",
        f"ns1.{mail.DOMAIN}": "ns1.hebergeur.example",
        mail.DOMAIN: name.encode("idna").decode(),
        "@mairie.example": "@rapports.example",
        "pct=50": "",
        # None of these addresses is the town's: it did not sign for them.
        "192.0.2.": "203.0.113.",
        "198.51.100.53": "192.0.2.153",
        "2001:db8:": "2001:db8:9:",
    }
    return tuple(renamed(each, words) for each in facts)


def access_at(facts: Facts, name: str, address: str) -> Facts:
    """Facts of the samples' remote access, under its own name and address."""
    return renamed(facts, {f"vpn.{mail.DOMAIN}": name, "192.0.2.1": address})


IPSEC = ("udp/500", "udp/4500")
NOTHING_MORE = (policies.NO_STS, policies.NO_REPORTS, policies.NO_BIMI)
"""What most small towns do not publish, and no French text asks of them."""
