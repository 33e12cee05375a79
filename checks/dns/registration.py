"""Le nom de domaine de la mairie est-il renouvelé et bien tenu ?

## Pourquoi
Un nom de domaine se loue à l'année. Un paiement oublié, et le site comme le courrier s'arrêtent le même jour. Ensuite,
n'importe qui peut prendre le nom et écrire à la place de la mairie.

## Corriger
1. Renouveler le nom dès aujourd'hui, pour plusieurs années, chez le bureau d'enregistrement.
2. Activer le renouvellement automatique, et vérifier que la carte ou le mandat est encore valable.
3. Remplacer l'adresse de contact d'une personne partie par une adresse de service.
4. Demander le verrou du registre contre les transferts.

## Limites
La date vient du registre, par RDAP, sinon par WHOIS ; certains registres ne la donnent pas. Un registre muet ou qui ne
connaît pas le nom laisse la question ouverte : ce n'est jamais une échéance dépassée. Un renouvellement automatique
déclaré compte jusqu'à trente jours de la fin ; plus près, le nom compte pour moitié. L'absence de verrou est dite et ne
compte pas. Les seuils de 14, 30 et 60 jours sont notre jugement. La vraisemblance monte à 2 sous soixante jours, à 3
sous trente. Elle monte à 4 sous quatorze, ou quand le nom est échu, suspendu ou en cours de suppression. Le site et le
courrier s'arrêtent alors, ou vont s'arrêter avant qu'un paiement aboutisse. Le nom d'un sous-domaine est celui du
dessus.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from cyberaudit.facts.registration import HOLDS, LEAVING, LOCKS, Register, Registration
from cyberaudit.sdk import (
    Answer,
    Context,
    Declaration,
    Evidence,
    Item,
    Status,
    Verdict,
    check,
    failed,
    french,
    not_applicable,
    partial,
    passed,
    unknown,
)

STATUSES = {
    "client hold": "suspendu à la demande du bureau d'enregistrement",
    "server hold": "suspendu par le registre",
    "pending delete": "en cours de suppression",
    "redemption period": "supprimé, encore récupérable quelques jours",
    "pending restore": "en cours de récupération",
}
"""RFC 8056 §2, in plain words."""


@dataclass(frozen=True, slots=True)
class Settings:
    # Ours: a mandate for payment takes a town about a month; a step of the countdown.
    fail_days: int = 30
    # Ours: after that, one slow payment or one absence loses the name; a step of the countdown.
    urgent_days: int = 14
    # Ours: two meetings of the council.
    warn_days: int = 60


@check(
    "dns.registration",
    needs=Registration,
    about="domain",
    impact=4,
    likelihood=1,
    measure="renew-domain",
    sources=("BP-038 R1", "BP-038 R2"),
    settings=Settings,
)
def name_is_kept(seen: Registration, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if seen.register is Register.RESERVED:
        return not_applicable(
            f"Le domaine {name} est un nom réservé aux essais : aucun registre ne le tient."
        )
    evidence = tuple(_evidence(seen, ctx))
    if seen.register is Register.UNKNOWN_NAME:
        return unknown(f"Le registre ne connaît pas le nom {seen.domain}.", evidence=evidence)
    statuses = frozenset(seen.statuses)
    if leaving := statuses & LEAVING:
        return _stopped(
            seen, leaving, evidence, ctx, code="pending_delete", what="est en cours de suppression"
        )
    if held := statuses & HOLDS:
        return _stopped(seen, held, evidence, ctx, code="on_hold", what=_held(held))
    if seen.expires is None:
        return unknown("Le registre ne dit pas jusqu'à quand le nom est loué.", evidence=evidence)
    return _dated(seen, evidence, ctx)


def _held(statuses: frozenset[str]) -> str:
    if "server hold" in statuses:
        return "est suspendu par son registre"
    return "est suspendu à la demande de son bureau d'enregistrement"


def _stopped(
    seen: Registration,
    statuses: frozenset[str],
    evidence: tuple[Evidence, ...],
    ctx: Context,
    *,
    code: str,
    what: str,
) -> Verdict:
    words = french.listed([f"« {status} », {STATUSES[status]}" for status in sorted(statuses)])
    item = Item(seen.domain, Status.FAIL, f"domain.{code}", f"{seen.domain} : état {words}.")
    text = f"Le domaine {ctx.asset.name} {what}."
    return failed(text, reason=code.replace("_", "-"), items=(item,), evidence=evidence, likelihood=4)


def _dated(seen: Registration, evidence: tuple[Evidence, ...], ctx: Context) -> Verdict:
    assert seen.expires is not None
    name, left, ends = ctx.asset.name, seen.expires - ctx.now, _local_day(seen, ctx)
    until = french.day(ends)
    if left <= timedelta(0):
        text = f"La location du domaine {name} est échue depuis le {until}."
        return _open(seen, text, evidence, code="expired", likelihood=4, before=ends)
    # Whole days, as the countdown of what changed counts them.
    days = (ends - ctx.local(ctx.now).date()).days
    renewed = _renews_itself(ctx)
    if days <= ctx.settings.fail_days:
        text = f"La location du domaine {name} se termine le {until}."
        is_late = renewed is None and days <= ctx.settings.urgent_days
        likelihood = 4 if is_late else 3
        half = renewed is not None
        return _open(
            seen, text, evidence, code="expiring_soon", likelihood=likelihood, half=half, before=ends
        )
    if days <= ctx.settings.warn_days and renewed is None:
        text = f"La location du domaine {name} se termine le {until}."
        return _open(seen, text, evidence, code="expiring_soon", likelihood=2, half=True, before=ends)
    how = f" : renouvellement automatique, déclaré par {renewed.by}" if renewed else ""
    return passed(f"Le domaine {name} est loué jusqu'au {until}{how}.", items=_lock(seen), evidence=evidence)


def _open(
    seen: Registration,
    text: str,
    evidence: tuple[Evidence, ...],
    *,
    code: str,
    likelihood: int,
    half: bool = False,
    before: date | None = None,
) -> Verdict:
    status = Status.PARTIAL if half else Status.FAIL
    items = (Item(seen.domain, status, f"domain.{code}", text), *_lock(seen))
    judged = partial if half else failed
    reason = code.replace("_", "-")
    return judged(text, reason=reason, items=items, evidence=evidence, likelihood=likelihood, before=before)


def _local_day(seen: Registration, ctx: Context) -> date:
    assert seen.expires is not None
    try:
        return ctx.local(seen.expires).date()
    except OverflowError:  # the last hours of the year 9999, or the first ones of the year 1
        return seen.expires.date()


def _renews_itself(ctx: Context) -> Declaration | None:
    """A declaration that still holds and says yes."""
    said: Declaration | None = ctx.asset.declaration("auto_renewal")
    if said is None or said.answer is not Answer.YES:
        return None
    return said if said.on <= ctx.local(ctx.now).date() <= said.until else None


def _lock(seen: Registration) -> tuple[Item, ...]:
    if not seen.statuses or LOCKS.intersection(seen.statuses):
        return ()
    text = f"{seen.domain} peut encore recevoir un verrou contre le transfert."
    return (Item(seen.domain, Status.PASS, "domain.no_lock", text),)


def _evidence(seen: Registration, ctx: Context) -> Iterator[Evidence]:
    yield Evidence("registre", f"{seen.told_by.upper()} {seen.server}, nom {seen.domain}")
    if seen.expires is not None:
        yield Evidence("fin de location", f"{seen.expires:%Y-%m-%dT%H:%M:%SZ}")
    if seen.statuses:
        yield Evidence("états", ", ".join(seen.statuses))
    if seen.registrar:
        yield Evidence("bureau d'enregistrement", seen.registrar)
