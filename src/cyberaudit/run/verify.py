"""`cyberaudit verify`: a few points looked at again, their answers kept beside all the others."""

from collections.abc import Mapping, Sequence

from cyberaudit import french
from cyberaudit.declared import AssetKind, Town
from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import Catalogue, asked
from cyberaudit.engine.narrowed import Pair
from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history.merge import town_state
from cyberaudit.history.state import zone_of
from cyberaudit.model import Audit, Finding, ProgressCallback, Status
from cyberaudit.reports.verified import Verified
from cyberaudit.run.exit_code import ExitCode, has_broken
from cyberaudit.run.scan import Request, instruments_for, keep, prepare, remark
from cyberaudit.run.tell import Past, Told, tell
from cyberaudit.sdk import Check
from cyberaudit.town.suggestion import question, shown


@frozen
class Verification:
    """What a verification brought back."""

    audit: Audit
    told: Told
    points: tuple[Verified, ...]
    """One for each point asked about, in the order of checks then assets."""
    complaints: tuple[str, ...]
    """What went wrong after the looking, each one French sentence."""
    remark: str
    """What a person should make sure of; may be empty."""


def verify(request: Request, target: str, *, progress: ProgressCallback | None = None) -> Verification:
    """Look again at what `target` names, store the answers, and say what changed.

    Raises:
        ProfileError, ScopeError, CatalogueError, UsageError: before anything is sent.
    """
    profile, catalogue, vantage = prepare(request)
    only = points_of(target, profile.town, catalogue)
    instruments = instruments_for(profile, request, vantage)
    made = audit(
        profile.town,
        catalogue,
        instruments,
        vantage=vantage,
        started_at=request.now,
        progress=progress,
        only=only,
    )
    past, complaints = keep(made, request)
    told = tell(past, catalogue, now=max(made.finished_at, request.now), current=made)
    before = _known_before(past, request)
    points = _compared(only, before=before, made=made, told=told)
    return Verification(made, told, points, complaints, remark(profile, request, vantage))


def points_of(target: str, town: Town, catalogue: Catalogue) -> tuple[Pair, ...]:
    """What `mail.spf`, `mail.spf@main` or the measure `encrypt-mail` names in this town.

    Raises:
        UsageError: no such check or measure, or it concerns nothing here, or not that thing.
    """
    name, _, asset = target.partition("@")
    found = [(check.id, each) for check, each in asked(town, _checks(name, catalogue))]
    if not found:
        raise UsageError(f"« {shown(name)} » ne concerne rien de ce que ce profil déclare.")
    chosen = tuple((check, each.key) for check, each in found if asset in ("", each.id, each.key))
    if not chosen:
        known = list(dict.fromkeys(each.id for _, each in found))
        raise UsageError(
            f"« {shown(name)} » ne concerne pas « {shown(asset)} »{question(asset, known)}"
            f" Cela concerne : {french.listed(known)}."
        )
    return chosen


def _checks(name: str, catalogue: Catalogue) -> list[Check]:
    """The check of that name, or all those that lead to the measure of that name."""
    found = [check for check in catalogue.checks if name in (check.id, check.measure)]
    if not found:
        known = [*(check.id for check in catalogue.checks), *catalogue.remedies.measures]
        raise UsageError(
            f"« {shown(name)} » n'est ni un contrôle ni une mesure{question(name, known)}"
            " Voir « cyberaudit checks list » ou « cyberaudit plan show »."
        )
    return found


def _known_before(past: Past, request: Request) -> Mapping[Pair, Finding]:
    if not past.audits:
        return {}
    return _by_pair(town_state(past.audits, now=request.now, traces=past.traces).findings)


def _compared(
    only: Sequence[Pair], *, before: Mapping[Pair, Finding], made: Audit, told: Told
) -> tuple[Verified, ...]:
    seen, after = _by_pair(made.findings), _by_pair(told.state.findings)
    return tuple(Verified(before.get(pair), seen[pair], after.get(pair, seen[pair])) for pair in only)


def _by_pair(findings: Sequence[Finding]) -> dict[Pair, Finding]:
    return {(finding.check, finding.asset): finding for finding in findings}


def head(found: Verification) -> str:
    """« Vérification à Ville-Exemple, le 25 novembre 2026 à 10 h 12, depuis l'extérieur »"""
    town, local = found.audit.town, found.audit.started_at.astimezone(zone_of(found.audit.town))
    when = f"{french.day(local)} à {french.hour(local)}"
    zone = town.asset(f"{AssetKind.ZONE}/{found.audit.vantage}")
    place = f"le réseau « {zone.name} »" if zone else "l'extérieur"
    return f"Vérification, {town.name}, le {when}, depuis {place}"


def verify_code(found: Verification) -> ExitCode:
    """In order, not in order, or not known: the shell's 0, 1 and 3."""
    answers = [point.answer.status for point in found.points]
    if found.audit.partial:
        return ExitCode.INTERRUPTED
    if has_broken([point.seen for point in found.points]) or found.complaints:
        return ExitCode.INCOMPLETE
    if any(status.is_open for status in answers):
        return ExitCode.FOUND
    return ExitCode.DONE if all(_settled(status) for status in answers) else ExitCode.INCOMPLETE


def _settled(status: Status) -> bool:
    return status in (Status.PASS, Status.NOT_APPLICABLE)


__all__ = ["Verification", "head", "points_of", "verify", "verify_code"]
