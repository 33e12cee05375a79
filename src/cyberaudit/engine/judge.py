"""Facts to findings: exactly one verdict per question and asset, whatever was seen or not."""

import logging
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from cyberaudit import french
from cyberaudit.declared import Answer, AnyAsset, Declaration, Document, Town
from cyberaudit.engine.catalogue import Catalogue, asked, settings_for
from cyberaudit.engine.observe import admissible
from cyberaudit.facts.base import Facts
from cyberaudit.facts.codec import decode, encode
from cyberaudit.model import (
    Basis,
    Evidence,
    Finding,
    Observation,
    Reason,
    Status,
    Unreachable,
    Verdict,
    finding_identity,
)
from cyberaudit.plaintext import clean
from cyberaudit.probes.registry import probe_for
from cyberaudit.sdk import Check, Context, Every, Need, OnDeclaration, not_applicable, unknown

_log = logging.getLogger(__name__)

_BY_ANSWER = {Answer.YES: Status.PASS, Answer.PARTIAL: Status.PARTIAL, Answer.NO: Status.FAIL}
_GOODNESS = {Status.FAIL: 0, Status.PARTIAL: 1, Status.PASS: 2}

_DOCUMENTS = {
    Document.NOT_READ: "",
    Document.UNCHANGED: " (inchangée)",
    Document.CHANGED: " (changée depuis)",
    Document.MISSING: " (introuvable)",
    Document.UNREADABLE: " (non relue)",
}

Seen = Mapping[tuple[str, str], Observation]


def judge(
    town: Town,
    catalogue: Catalogue,
    observations: tuple[Observation, ...],
    *,
    vantage: str,
    now: datetime,
    only: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """One finding per (check, asset) pair of the town, in the order of checks then assets.

    `only`: the keys of the assets that are judged; None: all.

    Raises:
        CatalogueError: the profile gives a check a setting it does not have.
    """
    seen = {(observation.asset, observation.kind): observation for observation in observations}
    findings = []
    for check, asset in asked(town, catalogue.checks):
        if only is not None and asset.key not in only:
            continue
        ctx = Context(now=now, asset=asset, settings=settings_for(check, town), town=town)
        verdict, basis, contradiction = _answer(check, ctx, seen, vantage=vantage)
        findings.append(
            Finding(
                identity=finding_identity(town.id, check.id, asset.key),
                check=check.id,
                title=catalogue.fiches[check.id].title,
                asset=asset.key,
                asset_name=asset.name,
                verdict=verdict,
                impact=check.impact,
                base_likelihood=check.likelihood,
                likelihood=max(check.likelihood, min(verdict.likelihood or 0, 4)),
                measure=check.measure,
                seen_from=check.seen_from,
                basis=basis,
                contradiction=contradiction,
                vantage=vantage,
                seen_at=_seen_at(check, asset, seen, now=now),
            )
        )
    return tuple(findings)


def _answer(check: Check, ctx: Context, seen: Seen, *, vantage: str) -> tuple[Verdict, Basis, bool]:
    choice = ctx.town.check_choice(check.id)
    declared_only = all(isinstance(need, OnDeclaration) for need in check.needs)
    basis = Basis.DECLARED if declared_only else Basis.MEASURED
    if choice and choice.off:
        return not_applicable(f"Contrôle désactivé dans le profil : {choice.off}"), basis, False
    if not admissible(check.seen_from, vantage):
        return unknown(Unreachable(Reason.NOT_LOOKED)), basis, False
    if declared_only:
        return *_declared(check, ctx), False
    measured = _measured(check, ctx, seen)
    need = next((need for need in check.needs if isinstance(need, OnDeclaration)), None)
    if need is None:
        return measured, basis, False
    return side_by_side(measured, _usable(ctx, need))


def _declared(check: Check, ctx: Context) -> tuple[Verdict, Basis]:
    need = check.needs[0]
    assert isinstance(need, OnDeclaration)
    declaration = _usable(ctx, need)
    if isinstance(declaration, Unreachable):
        return unknown(declaration), Basis.DECLARED
    verdict = judge_one(check, declaration, ctx)
    signed = replace(verdict, evidence=(*verdict.evidence, _signed(declaration)))
    return signed, _word_basis(declaration)


def _word_basis(declaration: Declaration) -> Basis:
    """A document stands behind a word only as long as it is the one that was shown."""
    return Basis.ATTESTED if declaration.document is Document.UNCHANGED else Basis.DECLARED


def _usable(ctx: Context, need: OnDeclaration) -> Declaration | Unreachable:
    """The declaration, unless it is absent, over, dated in the future, or « je ne sais pas »."""
    declaration: Declaration | None = ctx.asset.declaration(need.field)
    if declaration is None:
        return Unreachable(Reason.NOT_DECLARED)
    today = ctx.now.astimezone(ZoneInfo(ctx.town.commune.timezone)).date()
    over = today > declaration.until and not need.even_over
    if declaration.on > today or over:
        return Unreachable(Reason.DECLARATION_EXPIRED, f"réponse du {french.day(declaration.on)}")
    if declaration.answer is Answer.UNKNOWN:
        return Unreachable(Reason.ANSWER_UNKNOWN)
    return declaration


def _measured(check: Check, ctx: Context, seen: Seen) -> Verdict:
    facts, causes = _facts_for(check, ctx, seen)
    crashed = next((cause for cause in causes if cause.reason is Reason.PROBE_CRASHED), None)
    verdict = judge_one(check, facts, ctx) if facts is not None else None
    # A fault that one probe saw stands, whatever happened to the other; nothing else may be read beside a crash.
    if crashed and not (verdict and verdict.status.is_open):
        return _crash(f"La sonde de ce contrôle a rencontré une erreur ({crashed.detail}).")
    return verdict or unknown(causes[0] if causes else Unreachable(Reason.NOT_COLLECTED))


def _facts_for(check: Check, ctx: Context, seen: Seen) -> tuple[object | None, list[Unreachable]]:
    """What the check's function gets, or None when all of it is unreachable; and what was not seen."""
    if isinstance(check.needs[0], Every):
        kind = check.needs[0].facts
        every = tuple(
            (asset, _fetch(asset, kind, seen)) for asset in ctx.town.assets if (asset.key, kind.KIND) in seen
        )
        causes = [facts for _, facts in every if isinstance(facts, Unreachable)]
        seen_one = len(causes) < len(every)
        return (every if seen_one or _declares_none(ctx.town, kind) else None), causes
    parts = tuple(_fetch(ctx.asset, need, seen) for need in check.needs if isinstance(need, type))
    causes = [part for part in parts if isinstance(part, Unreachable)]
    if len(causes) == len(parts):
        return None, causes
    return (parts if len(parts) > 1 else parts[0]), causes


def _declares_none(town: Town, facts: type[Facts]) -> bool:
    """The town names nothing these facts are about: what that means is the check's to say."""
    probe = probe_for(facts)
    return probe is not None and not town.of_kind(probe.about)


def _fetch(asset: AnyAsset, facts: type[Facts], seen: Seen) -> Facts | Unreachable:
    observation = seen.get((asset.key, facts.KIND))
    if observation is None:
        return Unreachable(Reason.NOT_COLLECTED)
    found = observation.facts
    return found if isinstance(found, facts | Unreachable) else Unreachable(Reason.TOO_NEW)


def judge_one(check: Check, facts: object, ctx: Context) -> Verdict:
    """The check's own verdict on these facts; status `error` when it crashes, or is stopped by a person."""
    try:
        verdict: object = check.function(facts, ctx)
    # A bug in one check must not cost the findings of the others; the status `error` can never pass.
    except (Exception, SystemExit) as error:  # noqa: BLE001 — reason above
        _log.exception("check %s failed on %s", check.id, ctx.asset.key)
        return _crash(f"Ce contrôle a rencontré une erreur ({type(error).__name__}).", detail=str(error))
    except KeyboardInterrupt:
        # A check that never ends must not take with it what was seen and judged before.
        return _crash("Ce contrôle a été interrompu.", reason=Reason.INTERRUPTED)
    sound = _as_stored(verdict)
    return sound or _crash("Ce contrôle n'a pas rendu de verdict lisible.", detail=repr(verdict))


def _as_stored(verdict: object) -> Verdict | None:
    """The verdict as the history will give it back, every part of its type; None when it would not.

    A check is somebody's code: a part of another type would stop this scan, or every report after it.
    """
    try:
        stored: Verdict = decode(encode(verdict, Verdict), Verdict)
    except (AttributeError, TypeError, ValueError):
        return None
    return stored if stored.likelihood in (None, 1, 2, 3, 4) else None


def _crash(text: str, *, detail: str = "", reason: str = "crashed") -> Verdict:
    evidence = (Evidence("erreur", clean(detail)),) if detail else ()
    return Verdict(Status.ERROR, clean(text), reason=reason, evidence=evidence)


def side_by_side(measured: Verdict, declared: Declaration | Unreachable) -> tuple[Verdict, Basis, bool]:
    """The measurement beside the declaration: verdict, what it stands on, and whether they contradict.

    measured        declared        result
    known           unusable        measured
    known           better          measured, contradiction
    known           the same        measured
    pass, partial   worse           as declared: the worse of the two
    unknown         usable          as declared, « non vérifié »
    interrupted     any             unknown
    error           any             error
    not applicable  any             not applicable
    """
    if isinstance(declared, Unreachable) or measured.status in (Status.ERROR, Status.NOT_APPLICABLE):
        return measured, Basis.MEASURED, False
    said = _BY_ANSWER.get(declared.answer)
    if said is None:  # « sans objet », said of what was looked at: nothing to set beside the measurement
        return measured, Basis.MEASURED, False
    if measured.reason == Reason.INTERRUPTED:
        return measured, Basis.MEASURED, False
    if measured.status is Status.UNKNOWN:
        why = f" : {Reason(measured.reason).french}" if measured.reason in list(Reason) else ""
        text = f"Déclaré par {declared.by} le {french.day(declared.on)}, non vérifié{why}."
        return _as_declared(said, text, declared, measured), _word_basis(declared), False
    if _GOODNESS[said] < _GOODNESS[measured.status]:
        text = f"{declared.by} déclare un défaut que la mesure n'a pas vu."
        return _as_declared(said, text, declared, measured), _word_basis(declared), False
    contradiction = _GOODNESS[said] > _GOODNESS[measured.status]
    signed = replace(measured, evidence=(*measured.evidence, _signed(declared)))
    return signed, Basis.MEASURED, contradiction


def _as_declared(status: Status, text: str, declared: Declaration, measured: Verdict) -> Verdict:
    return Verdict(
        status,
        clean(text, limit=300),
        reason="" if status is Status.PASS else f"declared-{declared.answer}",
        items=measured.items,
        evidence=(*measured.evidence, _signed(declared)),
    )


def _signed(declared: Declaration) -> Evidence:
    proof = f", pièce : {declared.proof}{_DOCUMENTS[declared.document]}" if declared.proof else ""
    value = f" « {declared.value} »" if declared.value else ""
    text = f"{declared.answer}{value}, par {declared.by} le {french.day(declared.on)}{proof}"
    return Evidence("déclaré", clean(text, limit=300))


def _seen_at(check: Check, asset: AnyAsset, seen: Seen, *, now: datetime) -> datetime:
    """When the oldest of the facts it stands on was seen; the scan's date when it stands on none."""
    times = [observation.seen_at for need in check.needs for observation in _stood_on(need, asset.key, seen)]
    return min(times, default=now)


def _stood_on(need: Need, key: str, seen: Seen) -> Iterator[Observation]:
    if isinstance(need, Every):
        yield from (each for (_, kind), each in seen.items() if kind == need.facts.KIND)
    elif isinstance(need, type) and (key, need.KIND) in seen:
        yield seen[key, need.KIND]
