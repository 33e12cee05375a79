"""`cyberaudit scan`, the whole walk: profile, scope, looking, judging, history, state, plan, view."""

import logging
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cyberaudit import french
from cyberaudit.declared import Town, Zone
from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import Catalogue, load_catalogue
from cyberaudit.errors import HistoryError, NotSaved, ScopeError, UsageError
from cyberaudit.frozen import frozen
from cyberaudit.history.merge import town_state
from cyberaudit.history.scan_file import write_scan_file
from cyberaudit.history.state import TownState
from cyberaudit.history.store import open_history
from cyberaudit.model import AssetKind, Audit, ProgressCallback
from cyberaudit.probes.instruments import OUTSIDE, Instruments, Options, set_up
from cyberaudit.probes.vantage import barely_asked, standing_in
from cyberaudit.refusals import quoted
from cyberaudit.run.accesses import as_configured
from cyberaudit.run.lately import lately
from cyberaudit.run.options_of_profile import as_declared
from cyberaudit.run.seen_open import ports_seen_open
from cyberaudit.run.tell import NO_PAST, NOT_ASKED, Lately, Past, Told, recall, tell_state
from cyberaudit.town.load import load_profile
from cyberaudit.town.local import local_config
from cyberaudit.town.profile import Profile
from cyberaudit.town.proofs import documents_read
from cyberaudit.town.scope import authorized

_log = logging.getLogger(__name__)


@frozen
class Request:
    """What a scan is asked to do."""

    profile: Path
    history: Path
    options: Options
    now: datetime
    """The date at which everything is judged, aware."""
    clock: datetime
    """The date it really is: an authorization that is over stays over, whatever `now` says."""
    vantage: str | None = None
    """`outside` or a zone's id; None: recognised from this machine's addresses."""
    check_folders: tuple[Path, ...] = ()
    save: Path | None = None
    """A scan file for another machine, beside the history."""
    config: Path | None = None
    """The configuration of this machine; None: at its usual places."""
    with_levels: bool = False
    """Also the level of earlier months, for the formats that draw it."""


@frozen
class Scanned:
    """What a scan brought back."""

    audit: Audit
    told: Told
    complaints: tuple[str, ...]
    """What went wrong after the looking, each one French sentence: nothing obtained is lost for it."""
    remark: str
    """What a person should make sure of; may be empty."""


def scan(request: Request, *, progress: ProgressCallback | None = None) -> Scanned:
    """Look at the town of `request.profile` from one vantage, store it, and tell its state.

    Raises:
        ProfileError, ScopeError, CatalogueError, UsageError: before anything is sent.
    """
    profile, catalogue, vantage = prepare(request)
    instruments = instruments_for(profile, request, vantage)
    made = audit(
        profile.town,
        catalogue,
        instruments,
        vantage=vantage,
        started_at=request.now,
        progress=progress,
    )
    past, complaints = keep(made, request)
    now = max(made.finished_at, request.now)
    state = town_state(past.audits, now=now, current=made, traces=past.traces)
    added = _added(state, catalogue, request, now=now)
    told = tell_state(state, catalogue, now=now, partial=made.partial, beside=added)
    return Scanned(made, told, complaints, remark=remark(profile, request, vantage))


def instruments_for(profile: Profile, request: Request, vantage: str) -> Instruments:
    """The instruments, within what is authorized at `now` and today; nothing is sent yet.

    They remember which ports stored audits found open from there.

    When the authorization does not hold today, only this machine may still be touched: a scan of the past
    through --connect-to, as the embedded town's.

    Raises:
        ScopeError: the authorization does not cover this.
        UsageError: an option cannot be used.
    """
    scope, town = authorized(profile, now=request.now), profile.town
    seen = ports_seen_open(request.history, town.id, vantage=vantage, now=request.now)
    options = replace(as_declared(profile, request.options), seen_open=seen)
    options = as_configured(town, options, local_config(request.config))
    try:
        authorized(profile, now=request.clock)
    except ScopeError:
        if not options.connect_to:
            raise
        options = replace(options, loopback_only=True)
    return set_up(town, scope, options, now=request.now, vantage=vantage)


def prepare(request: Request) -> tuple[Profile, Catalogue, str]:
    """The profile, the catalogue and the vantage: all that needs no network.

    Raises:
        ProfileError, CatalogueError: what is read is not valid.
        UsageError: the vantage is not of this profile, this machine does not stand there, or the scan file could
            never be written.
    """
    if request.save is not None:
        _check_place(request.save)
    profile = load_profile(request.profile)
    profile = replace(profile, town=documents_read(profile.town, request.profile.resolve().parent))
    zones = [zone.id for zone in profile.town.of_kind(AssetKind.ZONE)]
    vantage = request.vantage or recognised(profile.town)
    if vantage not in (OUTSIDE, *zones):
        known = ", ".join((OUTSIDE, *zones))
        raise UsageError(f"« {vantage} » n'est pas un lieu de ce profil (lieux connus : {known}).")
    _refuse_elsewhere(profile.town, vantage, request.options)
    return profile, load_catalogue(request.check_folders), vantage


def _refuse_elsewhere(town: Town, vantage: str, options: Options) -> None:
    """Seen from elsewhere, what is silent would pass for what the zone's firewall holds back.

    Rules of --connect-to put the town on this machine, and a test network says where everything stands.

    Raises:
        UsageError: the zone declares its networks, and this machine stands in none of them.
    """
    zone = town.asset(f"{AssetKind.ZONE}/{vantage}")
    if options.connect_to or options.allow_test_network or not isinstance(zone, Zone) or not zone.networks:
        return
    if vantage not in standing_in(town):
        networks = french.listed(zone.networks)
        raise UsageError(
            f"Cette machine n'a pas d'adresse dans le réseau « {vantage} » du profil ({networks}). "
            "Connectez-la à ce réseau et recommencez, ou corrigez les réseaux (networks) de cette zone."
        )


def _check_place(path: Path) -> None:
    """Minutes of looking must not end on a folder that never was."""
    if path.is_dir():
        raise UsageError(f"--save : {quoted(path)} est un dossier, il faut un nom de fichier.")
    if not path.parent.is_dir():
        raise UsageError(f"--save : le dossier {quoted(path.parent)} n'existe pas. Rien n'a été envoyé.")


def recognised(town: Town) -> str:
    """The one zone this machine stands in; outside when the town declares no zone at all.

    Elsewhere is not outside: what is closed behind the town's own box says nothing of the Internet, and must
    not replace what was seen from there. A person says it.

    Raises:
        UsageError: the machine stands in several zones, or in none of those declared.
    """
    zones, standing = town.of_kind(AssetKind.ZONE), standing_in(town)
    if len(standing) == 1 or not zones:
        return next(iter(standing), OUTSIDE)
    if standing:
        where = f"est dans plusieurs réseaux du profil : dites lequel, --vantage {' ou '.join(standing)}"
    else:
        where = "n'est dans aucun réseau du profil : si elle est hors de la mairie, ajoutez --vantage outside"
    raise UsageError(f"Cette machine {where}.")


def remark(profile: Profile, request: Request, vantage: str) -> str:
    """What a person should make sure of; may be empty."""
    remarks = (_doubt(profile.town, vantage), _strangers(profile, request, vantage))
    return " ".join(filter(None, remarks))


def _doubt(town: Town, vantage: str) -> str:
    """What to say when « outside » is given on a machine that bears one of the town's inner addresses.

    It may be true, since many networks bear the same numbers; the scan is worth nothing if it is not.
    """
    standing = standing_in(town) if vantage == OUTSIDE else ()
    if not standing:
        return ""
    return (
        f"Cette machine porte une adresse du réseau « {standing[0]} » du profil. Si elle y est vraiment, ce "
        f"contrôle ne dit rien de l'extérieur : refaites-le avec --vantage {standing[0]}."
    )


def _strangers(profile: Profile, request: Request, vantage: str) -> str:
    """What to say of canaries that nobody signed for."""
    scope = authorized(profile, now=request.now)
    found = [str(address) for address in barely_asked(profile.town, vantage, scope=scope)]
    if not found:
        return ""
    subject = "L'adresse témoin" if len(found) == 1 else "Les adresses témoins"
    verb = "n'est pas" if len(found) == 1 else "ne sont pas"
    return (
        f"{subject} {french.listed(found)} {verb} dans authorization.addresses : peu de ports y sont demandés, et "
        "le silence des autres reste à vérifier. Si cette machine est à vous, ajoutez-la à cette liste."
    )


def keep(made: Audit, request: Request) -> tuple[Past, tuple[str, ...]]:
    """Store the audit; the past of its town, and what could not be stored."""
    complaints: list[str] = []
    past = NO_PAST
    if request.save is not None:
        try:
            write_scan_file(made, request.save)
        except NotSaved as error:
            complaints.append(str(error))
    try:
        with open_history(request.history, create=True) as history:
            past = recall(history, made.town.id, now=request.now)
            history.save(made)
    except HistoryError as error:
        complaints += [str(error), _rescue(made, (Path.cwd(), Path(tempfile.gettempdir())))]
    return past, tuple(complaints)


def _added(state: TownState, catalogue: Catalogue, request: Request, *, now: datetime) -> Lately:
    """What the history adds to the state; nothing when it cannot be read, which `keep` has said already."""
    try:
        with open_history(request.history, create=False) as history:
            return lately(history, state, catalogue, now=now, with_levels=request.with_levels)
    except HistoryError as error:
        _log.info("no past beside the state: %s", error)
        return NOT_ASKED


def _rescue(made: Audit, folders: Iterable[Path]) -> str:
    """Put the audit in a scan file somewhere, and say where."""
    name = f"{made.town.id}-{made.started_at:%Y-%m-%d}-{made.uuid[:8]}.cya"
    for folder in folders:
        try:
            write_scan_file(made, folder / name)
        except NotSaved as error:
            _log.info("no rescue in %s: %s", folder, error)
        else:
            return f"Le contrôle est gardé dans {folder / name} : « cyberaudit history import » le reprendra."
    return "Le contrôle n'a pu être gardé nulle part : seul ce rapport en reste."
