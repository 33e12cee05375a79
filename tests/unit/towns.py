"""Small fictional towns for the tests, built by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime

from cyberaudit.declared import (
    Answer,
    AnyAsset,
    AssetKind,
    Backup,
    CheckChoice,
    Commune,
    Declaration,
    Declared,
    Delivery,
    Domain,
    Host,
    PlanChoices,
    Practice,
    Town,
    Weekdays,
    Zone,
)
from cyberaudit.engine.catalogue import Catalogue
from cyberaudit.facts.base import Facts, samples
from cyberaudit.model import Observation
from cyberaudit.probes.registry import PROBES

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
COMMUNE = Commune(
    id="lhay-d-essai",
    name="L'Haÿ-d'Essai",
    declared=(),
    insee="99001",
    population=900,
    region="normandie",
    timezone="Europe/Paris",
)


def declaration(answer: Answer, *, on: date = date(2026, 10, 1), proof: str = "") -> Declaration:
    return Declaration(answer, "Mme Lefèvre", on, proof, "")


def domain(
    asset_id: str = "main", *, sends_mail: bool = True, encryption: Declaration | None = None
) -> Domain:
    name = f"{asset_id}.mairie-saint-etienne-d-o.example"
    declared = (Declared("mail_encryption", encryption),) if encryption else ()
    return Domain(
        id=asset_id,
        name=name,
        declared=declared,
        domain=name,
        sends_mail=sends_mail,
        dkim_selectors=(),
        subdomains=(),
    )


def backup(
    asset_id: str = "nas",
    *,
    media: str = "nas",
    place: str = "on-site",
    offline: bool = False,
    encryption_required: bool = True,
    weekdays: Weekdays = Weekdays.EVERY_DAY,
    path: str = "/mnt/nas",
) -> Backup:
    return Backup(
        id=asset_id,
        name=asset_id,
        declared=(),
        path=path,
        url="",
        of=("files",),
        rpo_hours=26,
        grace_hours=0,
        weekdays=weekdays,
        media=media,
        place=place,
        offline=offline,
        encryption_required=encryption_required,
        retention_days=30,
        provider="",
        country="",
    )


def practice(asset_id: str, answer: Declaration | None = None) -> Practice:
    declared = (Declared("answer", answer),) if answer else ()
    return Practice(id=asset_id, name=asset_id, declared=declared)


def zone(asset_id: str) -> Zone:
    return Zone(id=asset_id, name=asset_id, declared=(), networks=("192.0.2.0/24",), canary="")


def host(asset_id: str) -> Host:
    return Host(asset_id, asset_id, (), "outside", ("192.0.2.1", "2001:db8::1"), (), "", "", "")


def town(*assets: AnyAsset, checks: tuple[CheckChoice, ...] = ()) -> Town:
    return Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="Cabinet Dupont",
        authorization=None,
        outside_canary="",
        assets=(COMMUNE, *assets),
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=checks,
        delivery=Delivery((), "", "", ""),
    )


def renamed(base: Town, commune_id: str) -> Town:
    commune = replace(base.commune, id=commune_id)
    return replace(base, commune=commune, assets=(commune, *base.assets[1:]))


def sound_domain(asset_id: str = "main") -> tuple[Observation, ...]:
    """All that every probe of domains says of one in order: the first sample of each class of facts."""
    first: dict[type[Facts], Facts] = {}
    for sample in samples():
        first.setdefault(type(sample), sample)
    seen = [first[probe.facts] for probe in PROBES if probe.about is AssetKind.DOMAIN]
    return tuple(Observation(f"domain/{asset_id}", each.KIND, each, NOW) for each in seen)


def narrowed(catalogue: Catalogue, *check_ids: str) -> Catalogue:
    """The catalogue with those checks alone: what a test counts stays countable."""
    checks = tuple(check for check in catalogue.checks if check.id in check_ids)
    assert len(checks) == len(check_ids)
    return Catalogue(checks, catalogue.remedies)
