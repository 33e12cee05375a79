"""What the profile lacks for a silence to prove something: a canary, an address confirmed."""

from collections.abc import Iterator
from ipaddress import ip_address

from cyberaudit import french
from cyberaudit.declared import AssetKind, Host, Town, Zone
from cyberaudit.facts.passages import OUTSIDE
from cyberaudit.history.state import TownState
from cyberaudit.model import Basis, Finding, Reason
from cyberaudit.reports.points import safe

# The guide's chapter about canaries.
CHAPTER = "guide, §6"
# It draws its own ports, and is in order when they stay silent: nothing was heard all the same.
_NEEDS_NO_ANSWER = frozenset({"firewall.every-port-open"})
_TOLD_HOSTS = 6
_FAMILIES = (4, 6)


def missing_controls(state: TownState) -> Iterator[str]:
    """One sentence a lack, of those that left a question without an answer; none when nothing was in doubt."""
    doubtful = [finding for finding in state.findings if _doubted(finding)]
    for vantage in dict.fromkeys(finding.vantage for finding in doubtful):
        here = [finding for finding in doubtful if finding.vantage == vantage]
        yield from _without_canary(vantage, here, state.town)
    mute = [safe(host.name) for host in _never_heard(doubtful, state)]
    if mute:
        left = len(mute) - _TOLD_HOSTS
        told = [f"« {name} »" for name in mute[:_TOLD_HOSTS]] + (
            [french.count(left, "autre")] if left > 0 else []
        )
        one = len(mute) == 1
        whose = "faites confirmer son adresse" if one else "faites confirmer leurs adresses"
        verb = "n'a" if one else "n'ont"
        yield f"{french.listed(told)} {verb} jamais répondu : {whose} (« confirmed: » dans le profil)."


def _doubted(finding: Finding) -> bool:
    """Nothing proves that an answer would have come back, for the whole of it or for one family."""
    codes = (finding.verdict.reason, *(item.reason for item in finding.verdict.items))
    return finding.looked and Reason.NO_CONTROL in codes


def _without_canary(vantage: str, doubtful: list[Finding], town: Town) -> Iterator[str]:
    named = {ip_address(text).version for text in _canaries(vantage, town) if text}
    where = _from(vantage, town)
    lacking = [family for family in _FAMILIES if family in _in_doubt(doubtful, town) - named]
    if not named and lacking:
        yield f"Le profil ne donne pas d'adresse témoin {where} : un silence n'y prouve rien ({CHAPTER})."
    elif lacking:
        yield (
            f"Le profil ne donne pas d'adresse témoin en IPv{lacking[0]} {where} : un silence en "
            f"IPv{lacking[0]} n'y prouve rien ({CHAPTER})."
        )


def _canaries(vantage: str, town: Town) -> tuple[str, str]:
    if vantage == OUTSIDE:
        return town.outside_canary, town.other_outside_canary
    zone = town.asset(f"{AssetKind.ZONE}/{vantage}")
    return (zone.canary, zone.other_canary) if isinstance(zone, Zone) else ("", "")


def _from(vantage: str, town: Town) -> str:
    zone = town.asset(f"{AssetKind.ZONE}/{vantage}")
    return f"pour le réseau « {safe(zone.name)} »" if zone else "pour l'extérieur"


def _in_doubt(findings: list[Finding], town: Town) -> set[int]:
    """The families that the gaps name; those of the hosts' addresses where no gap names any."""
    keys = {item.key for finding in findings for item in finding.verdict.items}
    named = {family for family in _FAMILIES if f"ipv{family}/{Reason.NO_CONTROL}" in keys}
    return (
        named
        or {
            ip_address(address).version
            for finding in findings
            if isinstance(host := town.asset(finding.asset), Host)
            for address in host.addresses
        }
        or {4}
    )


def _never_heard(doubtful: list[Finding], state: TownState) -> list[Host]:
    """Hosts of which nothing at all was measured, from where a canary answers, and whose address nobody confirmed."""
    suspects = dict.fromkeys(
        finding.asset for finding in doubtful if any(_canaries(finding.vantage, state.town))
    )
    heard = {
        finding.asset
        for finding in state.findings
        if finding.basis is Basis.MEASURED
        and finding.status.is_known
        and finding.check not in _NEEDS_NO_ANSWER
    }
    hosts = [state.town.asset(key) for key in suspects if key not in heard]
    return [host for host in hosts if isinstance(host, Host) and host.declaration("confirmed") is None]
