"""The only door for checks: what a check file imports, and nothing else.

    from cyberaudit.sdk import Context, MailDns, Verdict, check, failed, passed

    @check("mail.spf", needs=MailDns, about="domain", seen_from="any", impact=3, likelihood=3,
           measure="authenticate-mail", sources=("PA-066 R44",))
    def spf_published(mail: MailDns, ctx: Context) -> Verdict: ...

The four forms of `needs`:

    T                       the function gets T
    (T, U)                  gets a tuple, each part `T | Unreachable`, at least one of them seen
    Every(T)                about="town": gets ((asset, T | Unreachable), …), at least one of them seen;
                            nothing at all when the town declares no asset that T is about
    OnDeclaration           gets the asset's Declaration, answered yes, no or partial, and still valid

    (T, OnDeclaration("field"))  gets T alone; the engine then lays the declaration beside the measurement
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.declared import (
    Answer,
    Asset,
    AssetKind,
    Backup,
    Declaration,
    Domain,
    Flow,
    Host,
    Practice,
    Service,
    Town,
    Vpn,
    VpnKind,
    Website,
)
from cyberaudit.facts.backup import BackupStore, Copy, DateKind, Encrypted, StoreContents
from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import (
    COUNTDOWN,
    Bounds,
    Certificate,
    TlsSession,
    Trait,
    days_left,
    sentence,
    shown,
    traits,
)
from cyberaudit.facts.doors import SSH, Door, Gap, administers, by_port, for_everyone, gaps
from cyberaudit.facts.mail import (
    DmarcPolicy,
    MailDns,
    MailServer,
    MailServers,
    MxRecord,
    SmtpSession,
    TxtAnswer,
    UnresolvedServer,
    dmarc_policy,
    dmarc_records,
    dmarc_tags,
    judged_servers,
)
from cyberaudit.facts.ports import PORTS, Danger, Port, of_danger, port_name
from cyberaudit.facts.reach import (
    AddressReach,
    CanaryAnswer,
    Exposure,
    FlowReach,
    HostReach,
    PortAnswer,
    PortReading,
    PortState,
    TargetReach,
    read_port,
    readings,
)
from cyberaudit.facts.spf import (
    SpfFault,
    SpfTerm,
    spf_all,
    spf_records,
    spf_redirect,
    spf_terms,
    spf_widest,
)
from cyberaudit.facts.tls_endpoint import TlsEndpoint, VersionAnswer
from cyberaudit.model import Evidence, Item, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean

SENTENCE_LIMIT = 200
EVIDENCE_LIMIT = 400


@dataclass(frozen=True, slots=True)
class Every:
    """The facts of every asset of the town that has them."""

    facts: type[Facts]


@dataclass(frozen=True, slots=True)
class OnDeclaration:
    """What a person declared under one field of the asset; a practice's stands under `answer`."""

    field: str = "answer"


Need = type[Facts] | Every | OnDeclaration


@dataclass(frozen=True, slots=True)
class NoSettings:
    """A check without thresholds."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a check knows beside the facts."""

    now: datetime
    """Aware, UTC."""
    asset: Any
    """The asset as declared, of the kind the check is about."""
    settings: Any
    """The check's own frozen `Settings`, with the profile's changes."""
    town: Town

    def local(self, moment: datetime) -> datetime:
        """The same moment on the clocks of the town: weekdays are told there."""
        return moment.astimezone(ZoneInfo(self.town.commune.timezone))


CheckFunction = Callable[[Any, Context], Verdict]


@dataclass(frozen=True, slots=True)
class Check:
    """One question a secretary could ask, and how facts answer it."""

    id: str
    function: CheckFunction
    needs: tuple[Need, ...]
    about: AssetKind
    seen_from: SeenFrom
    impact: int
    """1 to 4: a nuisance, time lost, a service stopped, a service stopped and data lost."""
    likelihood: int
    """1 to 4: rare, possible, frequent, under way or visible from the Internet."""
    measure: str
    sources: tuple[str, ...]
    settings: type[Any]
    path: Path

    @property
    def theme(self) -> str:
        return self.id.partition(".")[0]


def check(
    check_id: str,
    *,
    needs: Need | type[OnDeclaration] | tuple[Need, ...],
    about: str,
    seen_from: str = "any",
    impact: int,
    likelihood: int,
    measure: str,
    sources: tuple[str, ...] = (),
    settings: type[Any] = NoSettings,
) -> Callable[[CheckFunction], Check]:
    """Turn a function of two arguments into a `Check`; its fiche is the docstring of its file.

    Raises:
        ValueError: an impact or likelihood outside 1–4, an unknown kind or vantage, a malformed `needs`.
    """
    if not (1 <= impact <= 4 and 1 <= likelihood <= 4):
        msg = f"{check_id}: impact and likelihood go from 1 to 4"
        raise ValueError(msg)
    parts = tuple(_need(part) for part in (needs if isinstance(needs, tuple) else (needs,)))
    if any(isinstance(part, Every) for part in parts) and (len(parts) > 1 or about != AssetKind.TOWN):
        msg = f'{check_id}: Every(T) stands alone, with about="town"'
        raise ValueError(msg)

    def wrap(function: CheckFunction) -> Check:
        return Check(
            id=check_id,
            function=function,
            needs=parts,
            about=AssetKind(about),
            seen_from=SeenFrom(seen_from),
            impact=impact,
            likelihood=likelihood,
            measure=measure,
            sources=sources,
            settings=settings,
            path=Path(function.__code__.co_filename),
        )

    return wrap


def _need(part: Any) -> Need:
    if part is OnDeclaration:
        return OnDeclaration()
    if isinstance(part, Every | OnDeclaration) or (isinstance(part, type) and issubclass(part, Facts)):
        return part
    msg = f"{part!r} is not something a check can need"
    raise ValueError(msg)


def passed(text: str, *, items: tuple[Item, ...] = (), evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """In order."""
    return _verdict(Status.PASS, text, items=items, evidence=evidence)


def partial(
    text: str,
    *,
    reason: str,
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    likelihood: int | None = None,
) -> Verdict:
    """Half-way: counts for half in the level, and something is to be done."""
    return _verdict(
        Status.PARTIAL, text, reason=reason, items=items, evidence=evidence, likelihood=likelihood
    )


def failed(
    text: str,
    *,
    reason: str,
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    likelihood: int | None = None,
) -> Verdict:
    """Not in order. `likelihood` may raise the check's own, never lower it."""
    return _verdict(Status.FAIL, text, reason=reason, items=items, evidence=evidence, likelihood=likelihood)


def unknown(
    cause: Unreachable | str, *, items: tuple[Item, ...] = (), evidence: tuple[Evidence, ...] = ()
) -> Verdict:
    """It could not be seen: neither a pass nor a failure."""
    if isinstance(cause, Unreachable):
        text = f"Ce point n'a pas pu être vérifié : {cause.reason.french}."
        if cause.detail:
            evidence = (*evidence, Evidence("circonstance", cause.detail))
        return _verdict(Status.UNKNOWN, text, reason=cause.reason, items=items, evidence=evidence)
    return _verdict(Status.UNKNOWN, cause, reason="undecided", items=items, evidence=evidence)


def not_applicable(text: str) -> Verdict:
    """The question does not arise here; the text says why."""
    return _verdict(Status.NOT_APPLICABLE, text, reason="not-applicable")


def answered(declared: Declaration, *, yes: str, partly: str, partly_reason: str, no: str) -> Verdict:
    """What a person answered, as a verdict: one sentence for each answer, and the code of the half-way one."""
    match declared.answer:
        case Answer.YES:
            return passed(yes)
        case Answer.PARTIAL:
            return partial(partly, reason=partly_reason)
        case _:
            return failed(no, reason="answered-no")


def writes_no_mail(ctx: Context) -> Verdict:
    """The domain is declared without mail: whether others write in its name is judged for the whole town."""
    return not_applicable(
        f"Le domaine {ctx.asset.name} est déclaré sans courrier : voir les noms de domaine inutilisés."
    )


def left_unseen(count: int, ctx: Context, *, evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """Servers of the domain's mail beyond our limits: of all of them nothing can be said."""
    what = french.count(count, "serveur de courrier", "serveurs de courrier")
    verb = "n'a pas été regardé" if count < 2 else "n'ont pas été regardés"
    return unknown(f"{what} de {ctx.asset.name} {verb}, au-delà de la limite prévue.", evidence=evidence)


def confirmed(ctx: Context, host: Host) -> bool:
    """The profile confirms, less than twelve months ago, that the host's addresses are its own."""
    said = host.declaration("confirmed")
    today = ctx.local(ctx.now).date()
    return said is not None and said.answer is Answer.YES and said.on <= today <= said.until


def doors_of(reach: HostReach, ctx: Context, ports: frozenset[str] | None = None) -> tuple[Door, ...]:
    """The ports of the host the check is about, read with their controls: every one that was asked, or `ports`.

    Of `ports`, those in TCP: the others are not looked at. One that was not asked is not proven.
    """
    sure = confirmed(ctx, ctx.asset)
    if ports is None:
        return by_port(readings(reach, confirmed=sure))
    wanted = sorted((port for port in ports if port.startswith("tcp/")), key=lambda port: (len(port), port))
    return by_port(
        read_port(one, port, canaries=reach.canaries, confirmed=sure)
        for port in wanted
        for one in reach.addresses
    )


def no_address(ctx: Context) -> Verdict:
    """None of the host's addresses faces the Internet: there is no door to look at."""
    return not_applicable(f"« {ctx.asset.name} » n'est pas joignable depuis Internet par une adresse à elle.")


def judge_doors(
    doors: tuple[Door, ...], *, when_open: str, when_shut: str, likelihood: int | None = None
) -> Verdict:
    """One open door fails; one that is not proven shut is unknown; a pass needs every one of them shut.

    Args:
        doors: what was asked; none at all is unknown.
        when_open: the sentence of the failure.
        when_shut: the sentence of the pass.
        likelihood: what an open door raises it to.
    """
    items, evidence = door_items(doors), door_evidence(doors)
    if any(door.exposure is Exposure.OPEN for door in doors):
        return failed(when_open, reason="open", items=items, evidence=evidence, likelihood=likelihood)
    lost = gaps(doors)
    if lost or not doors:
        cause = lost[0].cause if lost else Unreachable(Reason.NOT_COLLECTED)
        return unknown(cause, items=items, evidence=evidence)
    return passed(when_shut, evidence=evidence)


def door_items(doors: tuple[Door, ...]) -> tuple[Item, ...]:
    """An item for each open port, and one for each family and reason why others could not be seen."""
    opened = [
        Item(door.port, Status.FAIL, "open", f"{door.name} : ouvert sur {french.listed(door.open_on)}.")
        for door in doors
        if door.open_on
    ]
    return (*opened, *(_gap_item(gap) for gap in gaps(doors)))


def _gap_item(gap: Gap) -> Item:
    what = french.count(len(gap.ports), "accès non vérifié", "accès non vérifiés")
    text = f"{what} en IPv{gap.family} : {gap.cause.reason.french}."
    return Item(gap.key, Status.UNKNOWN, gap.cause.reason, text)


def door_evidence(doors: tuple[Door, ...]) -> tuple[Evidence, ...]:
    """Each open port as it answered, each gap with its ports, then how many were found shut."""
    every = [reading for door in doors for reading in door.readings]
    answers = tuple(
        Evidence(f"{reading.port} {reading.address}", reading.detail or "ouvert")
        for reading in every
        if reading.exposure is Exposure.OPEN
    )
    unseen = tuple(Evidence(f"IPv{gap.family}, {gap.cause}", ", ".join(gap.ports)) for gap in gaps(doors))
    shut = sum(reading.exposure is Exposure.NOT_OPEN for reading in every)
    return (*answers, *unseen, Evidence("fermés", f"{shut} sur {len(every)} demandés"))


def certificate_items(
    session: TlsSession, ctx: Context, *, key: str, host: str, bounds: Bounds
) -> tuple[Item, ...]:
    """What is wrong with the certificate `host` shows, one item a trait; nothing when all is in order."""
    return tuple(
        Item(
            key,
            _TRAITS.get(trait, Status.FAIL),
            _trait_reason(trait, session),
            sentence(trait, session, host),
        )
        for trait in traits(session, ctx.now, bounds=bounds)
    )


_TRAITS = {
    Trait.EXPIRES_SOON: Status.PARTIAL,
    Trait.TRUST_UNSEEN: Status.UNKNOWN,
    Trait.NONE_SHOWN: Status.UNKNOWN,
}


def _trait_reason(trait: Trait, session: TlsSession) -> str:
    if trait is Trait.TRUST_UNSEEN and isinstance(session.trust_error, Unreachable):
        return session.trust_error.reason
    return trait


def _verdict(
    status: Status,
    text: str,
    *,
    reason: str = "",
    items: tuple[Item, ...] = (),
    evidence: tuple[Evidence, ...] = (),
    likelihood: int | None = None,
) -> Verdict:
    return Verdict(
        status=status,
        text=clean(text, limit=SENTENCE_LIMIT),
        reason=reason,
        items=tuple(
            Item(clean(i.key), i.status, i.reason, clean(i.text, limit=SENTENCE_LIMIT)) for i in items
        ),
        evidence=tuple(Evidence(clean(e.label), clean(e.value, limit=EVIDENCE_LIMIT)) for e in evidence),
        likelihood=likelihood,
    )


__all__ = [
    "COUNTDOWN",
    "PORTS",
    "SSH",
    "AddressReach",
    "Answer",
    "Asset",
    "AssetKind",
    "Backup",
    "BackupStore",
    "Bounds",
    "CanaryAnswer",
    "Certificate",
    "Check",
    "Context",
    "Copy",
    "Danger",
    "DateKind",
    "Declaration",
    "DmarcPolicy",
    "Domain",
    "Door",
    "Encrypted",
    "Every",
    "Evidence",
    "Exposure",
    "Facts",
    "Flow",
    "FlowReach",
    "Gap",
    "Host",
    "HostReach",
    "Item",
    "MailDns",
    "MailServer",
    "MailServers",
    "MxRecord",
    "Need",
    "NoSettings",
    "OnDeclaration",
    "Port",
    "PortAnswer",
    "PortReading",
    "PortState",
    "Practice",
    "Reason",
    "SeenFrom",
    "Service",
    "SmtpSession",
    "SpfFault",
    "SpfTerm",
    "Status",
    "StoreContents",
    "TargetReach",
    "TlsEndpoint",
    "TlsSession",
    "Town",
    "Trait",
    "TxtAnswer",
    "Unreachable",
    "UnresolvedServer",
    "Verdict",
    "VersionAnswer",
    "Vpn",
    "VpnKind",
    "Website",
    "administers",
    "answered",
    "by_port",
    "certificate_items",
    "check",
    "clean",
    "confirmed",
    "days_left",
    "dmarc_policy",
    "dmarc_records",
    "dmarc_tags",
    "door_evidence",
    "door_items",
    "doors_of",
    "failed",
    "for_everyone",
    "french",
    "gaps",
    "judge_doors",
    "judged_servers",
    "left_unseen",
    "no_address",
    "not_applicable",
    "of_danger",
    "partial",
    "passed",
    "port_name",
    "read_port",
    "readings",
    "shown",
    "spf_all",
    "spf_records",
    "spf_redirect",
    "spf_terms",
    "spf_widest",
    "unknown",
    "writes_no_mail",
]
