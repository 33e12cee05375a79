"""What the questions about a domain's name servers answer alike."""

from collections.abc import Callable, Iterable

from cyberaudit.facts.zone import DnsZone, NameServer
from cyberaudit.facts.zone_reading import State, not_judged, out_of_sight, state, told, undivided
from cyberaudit.frozen import frozen
from cyberaudit.model import Evidence, Item, Reason, Status, Unreachable, Verdict
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import failed, not_applicable, passed, unknown


def without_servers(zone: DnsZone, ctx: Context) -> Verdict | None:
    """The answer where there is no name server to judge; None where there is."""
    lost = out_of_sight(zone)
    if lost is not None:
        return unknown(lost)
    if not zone.exists:
        return not_applicable(f"Le domaine {ctx.asset.name} n'existe pas dans l'annuaire des noms.")
    if undivided(zone):
        return not_applicable(
            f"Le domaine {ctx.asset.name} n'a pas de serveurs à lui : il est servi avec « {zone.parent} »."
        )
    return None


def server_name(server: NameServer) -> str:
    """`ns1.mairie.example (192.0.2.53)`."""
    return f"{', '.join(server.hosts)} ({server.address})"


def server_key(server: NameServer) -> str:
    """Stable: the first name and the address."""
    return f"{server.hosts[0] if server.hosts else ''} {server.address}".strip()


def zone_evidence(zone: DnsZone) -> tuple[Evidence, ...]:
    """What the zone above delegates, then what each server said."""
    delegated = zone.delegated
    above = f"NS selon « {zone.parent} »"
    first = (
        (Evidence(above, str(delegated)),)
        if isinstance(delegated, Unreachable)
        else tuple(Evidence(above, _with_glue(zone, host)) for host in delegated or ())
    )
    return (*first, *(Evidence(server_name(server), told(server)) for server in zone.servers))


def _with_glue(zone: DnsZone, host: str) -> str:
    glue = next((name.glue for name in zone.names if name.host == host), ())
    return f"{host}. {' '.join(glue)}".strip()


def untried(server: NameServer, trial: object, zone: DnsZone) -> Item | None:
    """Why what a trial brought says nothing of this server; None when it does, or when the trial found no answer."""
    key, who = server_key(server), server_name(server)
    if isinstance(trial, Unreachable):
        if trial.reason is not Reason.NOT_AUTHORIZED:
            return None
        return Item(key, Status.UNKNOWN, trial.reason, f"{who} : non vérifié, serveur d'un tiers.")
    if state(server, zone) is not State.UNSEEN:
        return None
    # A device of our line may have answered in its place, to this question as to the others.
    return Item(key, Status.UNKNOWN, Reason.NO_CONTROL, f"{who} : rien ne prouve qu'il réponde lui-même.")


@frozen
class TrialWords:
    """What a check says of one intrusive trial of the name servers, `{}` standing for the domain."""

    opened: str
    reason: str
    """The code of the fault."""
    reference: Evidence
    closed: str


def trial_verdict(
    zone: DnsZone, ctx: Context, item: Callable[[NameServer, DnsZone], Item], words: TrialWords
) -> Verdict:
    """What a trial of every server proves, each judged by `item`: one that opens to strangers is enough to fail."""
    nobody = without_servers(zone, ctx)
    if nobody is not None:
        return nobody
    name, evidence = ctx.asset.name, zone_evidence(zone)
    pairs = [(server, item(server, zone)) for server in zone.servers]
    items = tuple(each for _, each in pairs)
    if any(each.status is Status.FAIL for each in items):
        evidence = (*evidence, words.reference)
        return failed(words.opened.format(name), reason=words.reason, items=items, evidence=evidence)
    judged = judge_trials(zone, pairs, evidence=evidence)
    if isinstance(judged, Verdict):
        return judged
    return passed(words.closed.format(name), items=judged, evidence=evidence)


def judge_trials(
    zone: DnsZone, items: Iterable[tuple[NameServer, Item]], *, evidence: tuple[Evidence, ...]
) -> Verdict | tuple[Item, ...]:
    """Why trials that found nothing prove nothing; else their items, all in order."""
    every = tuple(item for _, item in items)
    judged = tuple(item for server, item in items if not not_judged(server, zone))
    doubts = [item for item in judged if item.status is Status.UNKNOWN]
    if doubts:
        codes = {item.reason for item in doubts}
        reason = Reason.NOT_AUTHORIZED if Reason.NOT_AUTHORIZED in codes else Reason(doubts[0].reason)
        detail = "serveur d'un tiers" if reason is Reason.NOT_AUTHORIZED else ""
        return unknown(Unreachable(reason, detail), items=every, evidence=evidence)
    if not judged:
        return unknown(Unreachable(Reason.NOT_COLLECTED), items=every, evidence=evidence)
    if zone.left_out:
        left_out = tuple(Evidence("non regardé", place) for place in zone.left_out)
        text = "Une partie des serveurs de noms n'a pas été regardée, au-delà de la limite prévue."
        return unknown(text, items=every, evidence=(*evidence, *left_out))
    return judged
