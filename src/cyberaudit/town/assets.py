"""The validated shape of a profile, turned into the plain declared town."""

from collections.abc import Iterable
from ipaddress import ip_address

from cyberaudit import declared as said
from cyberaudit.declared import Answer, Declaration, Declared
from cyberaudit.town.implied import Passage, ZoneWords, implied_passages
from cyberaudit.town.known import OUTSIDE, PRACTICES
from cyberaudit.town.looking import Looking
from cyberaudit.town.shape import (
    AdoptedShape,
    BackupShape,
    CloudShape,
    DomainShape,
    FlowShape,
    HostShape,
    LinkShape,
    MailShape,
    ProfileShape,
    SaidShape,
    Shape,
    TestedShape,
    VpnShape,
    WebsiteShape,
    ZoneShape,
)
from cyberaudit.town.source import Source


def town_of(shape: ProfileShape, source: Source) -> said.Town:
    """The declared town; `source` gives domain names and settings as they are written."""
    commune = _commune(shape)
    canary, other_canary = _canaries(shape, OUTSIDE)
    return said.Town(
        schema_version=shape.schema_version,
        commune=commune,
        scanned_by=shape.scanned_by,
        authorization=_authorization(shape),
        outside_canary=canary,
        assets=(commune, *_assets(shape, source)),
        waivers=_waivers(shape),
        plan=_plan(shape),
        checks=_checks(shape, source),
        delivery=_delivery(shape),
        other_outside_canary=other_canary,
    )


def looking_of(shape: ProfileShape) -> Looking:
    """How the profile wants names and mail to be asked about."""
    said_so = shape.looking
    return Looking(
        resolvers=tuple(said_so.resolvers),
        trust_anchor=said_so.trust_anchor,
        root_hints=said_so.root_hints,
        ca_bundle=said_so.ca_bundle,
        rdap_bootstrap=said_so.rdap_bootstrap,
        whois=said_so.whois,
        ehlo=said_so.ehlo,
        subdomain_list=said_so.subdomain_list,
        allow_private=said_so.allow_private,
        smtp=said_so.smtp,
        axfr=said_so.axfr,
        empty_password=said_so.empty_password,
    )


def _assets(shape: ProfileShape, source: Source) -> Iterable[said.AnyAsset]:
    yield from (_zone(zone, *_canaries(shape, zone.id)) for zone in shape.zones)
    yield from map(_host, shape.hosts)
    yield from map(_flow, shape.flows)
    yield from _implied_flows(shape)
    yield from map(_vpn, shape.vpn)
    for rank, domain in enumerate(shape.domains):
        yield _domain(domain, source.written[("domains", rank, "name")])
    yield from map(_mail, shape.mail)
    yield from map(_backup, shape.backups)
    yield from map(_website, shape.websites)
    yield from map(_link, shape.links)
    yield from map(_cloud, shape.cloud)
    yield from (_practice(shape, practice) for practice in PRACTICES)


def _declared(shape: Shape) -> tuple[Declared, ...]:
    """Every declaration of an element, under its key."""
    found = ((key, getattr(shape, key)) for key in type(shape).model_fields)
    return tuple(Declared(key, _declaration(part)) for key, part in found if isinstance(part, SaidShape))


def _declaration(shape: SaidShape) -> Declaration:
    answer = shape.answer
    if answer is None and isinstance(shape, TestedShape) and shape.result:
        answer = Answer.YES if shape.result == "ok" else Answer.NO
    return Declaration(
        # A value alone, or a name under `confirmed`, is a yes.
        answer=answer or Answer.YES,
        by=shape.by,
        on=shape.on,
        proof=shape.proof,
        value=shape.value,
        sha256=shape.sha256,
    )


def _canaries(shape: ProfileShape, vantage: str) -> tuple[str, str]:
    """The canary of a vantage, IPv4 first, and that of the other family; empty where there is none."""
    written = next((entry.canary for entry in shape.vantages if entry.id == vantage), [])
    first, other, *_ = *sorted(written, key=lambda each: ip_address(each).version), "", ""
    return first, other


def _commune(shape: ProfileShape) -> said.Commune:
    commune = shape.commune
    return said.Commune(
        id=commune.id,
        name=commune.name,
        declared=(),
        insee=commune.insee,
        population=commune.population,
        region=commune.region,
        timezone=commune.timezone,
        email=commune.email,
    )


def _authorization(shape: ProfileShape) -> said.Authorization | None:
    signed = shape.authorization
    if signed is None:
        return None
    return said.Authorization(
        signed_by=signed.signed_by,
        role=signed.role,
        signed_on=signed.signed_on,
        until=signed.until,
        addresses=tuple(signed.addresses),
        domains=tuple(signed.domains),
        tests=tuple(signed.tests),
    )


def _zone(zone: ZoneShape, canary: str, other_canary: str) -> said.Zone:
    return said.Zone(
        id=zone.id,
        name=zone.label or zone.id,
        declared=_declared(zone),
        networks=tuple(zone.networks),
        canary=canary,
        other_canary=other_canary,
        use=zone.use,
    )


def _host(host: HostShape) -> said.Host:
    services = (said.Service(one.port, one.what, one.from_) for one in host.services)
    return said.Host(
        id=host.id,
        name=host.label or host.id,
        declared=_declared(host),
        zone=host.zone,
        addresses=tuple(host.addresses),
        services=tuple(services),
        link=host.link,
        model=host.model,
        firmware=host.firmware,
    )


def _flow(flow: FlowShape) -> said.Flow:
    return said.Flow(
        id=flow.id,
        name=flow.label or flow.id,
        declared=_declared(flow),
        source=flow.from_,
        target=flow.to,
        ports=tuple(flow.ports),
    )


def _implied_flows(shape: ProfileShape) -> Iterable[said.Flow]:
    """What the use of a zone forbids, and that no flow says."""
    names = {zone.id: zone.label or zone.id for zone in shape.zones}
    peopled = {zone.id for zone in shape.zones if zone.networks} | {host.zone for host in shape.hosts}
    for passage in implied_passages(
        [ZoneWords(zone.id, zone.use) for zone in shape.zones],
        [Passage(flow.id, flow.from_, flow.to) for flow in shape.flows],
        peopled=peopled,
    ):
        name = f"{names[passage.source]} vers {names[passage.target]}"
        yield said.Flow(passage.id, name, (), source=passage.source, target=passage.target, ports=())


def _vpn(vpn: VpnShape) -> said.Vpn:
    return said.Vpn(
        id=vpn.id,
        name=vpn.label or vpn.name or vpn.id,
        declared=_declared(vpn),
        host=vpn.host,
        type=vpn.kind,
        hostname=vpn.name,
        port=vpn.port,
        used_by=vpn.used_by,
    )


def _domain(domain: DomainShape, written: str) -> said.Domain:
    return said.Domain(
        id=domain.id,
        name=domain.label or written,
        declared=_declared(domain),
        domain=domain.name,
        sends_mail=domain.sends_mail,
        dkim_selectors=tuple(domain.dkim_selectors),
        subdomains=tuple(domain.subdomains),
    )


def _mail(mail: MailShape) -> said.MailHost:
    return said.MailHost(
        id=mail.id,
        name=mail.label or mail.name,
        declared=_declared(mail),
        host=mail.host,
        hostname=mail.name,
        services=tuple(mail.services),
    )


def _backup(backup: BackupShape) -> said.Backup:
    return said.Backup(
        id=backup.id,
        name=backup.label or backup.id,
        declared=_declared(backup),
        path=backup.path,
        url=backup.url,
        of=tuple(backup.of),
        rpo_hours=backup.rpo_hours,
        grace_hours=backup.grace_hours,
        weekdays=backup.weekdays,
        media=backup.media,
        place=backup.place,
        offline=backup.offline,
        encryption_required=backup.encryption_required,
        retention_days=backup.retention_days,
        provider=backup.provider,
        country=backup.country,
        user=backup.user,
        secret=backup.secret,
    )


def _website(website: WebsiteShape) -> said.Website:
    return said.Website(
        id=website.id,
        name=website.label or website.id,
        declared=_declared(website),
        url=website.url,
        cms=website.cms,
        host=website.host,
    )


def _link(link: LinkShape) -> said.Link:
    return said.Link(
        id=link.id,
        name=link.label or link.id,
        declared=_declared(link),
        type=link.kind,
        repair_hours=link.repair_hours,
        operator=link.operator,
    )


def _cloud(cloud: CloudShape) -> said.Cloud:
    return said.Cloud(
        id=cloud.id,
        name=cloud.label or cloud.id,
        declared=_declared(cloud),
        what=cloud.what,
        provider=cloud.provider,
        country=cloud.country,
        qualification=cloud.qualification,
    )


def _practice(shape: ProfileShape, practice: str) -> said.Practice:
    answer = shape.practices.get(practice)
    answers = (Declared("answer", _declaration(answer)),) if answer else ()
    return said.Practice(id=practice, name=PRACTICES[practice], declared=answers)


def _waivers(shape: ProfileShape) -> tuple[said.Waiver, ...]:
    return tuple(
        said.Waiver(
            check=waiver.check.partition("@")[0],
            asset=waiver.check.partition("@")[2],
            reason=waiver.reason,
            decided_by=waiver.decided_by,
            decided_on=waiver.decided_on,
            until=waiver.until,
            stopgap=waiver.stopgap,
        )
        for waiver in shape.waivers
    )


def _plan(shape: ProfileShape) -> said.PlanChoices:
    plan = shape.plan
    return said.PlanChoices(
        ceilings=tuple(said.Ceiling(year, euros) for year, euros in sorted(plan.ceilings.items())),
        capacities=tuple(said.Capacity(owner, half_days) for owner, half_days in plan.capacities.items()),
        quotes=tuple(
            said.Quote(measure, quote.euros, quote.yearly_euros) for measure, quote in plan.quotes.items()
        ),
        spend_before_vote=plan.spend_before_vote,
        adoptions=tuple(_adoption(measure, adopted) for measure, adopted in plan.adopted.items()),
        completions=tuple(said.Completion(measure, done.by, done.on) for measure, done in plan.done.items()),
    )


def _adoption(measure: str, adopted: AdoptedShape) -> said.Adoption:
    return said.Adoption(
        measure=measure,
        due=adopted.due,
        by=adopted.by,
        on=adopted.on,
        reason=adopted.reason or "",
        first_due=adopted.first_due,
        starts=tuple(adopted.starts),
    )


def _checks(shape: ProfileShape, source: Source) -> tuple[said.CheckChoice, ...]:
    return tuple(
        said.CheckChoice(
            check=check,
            off=str(settings.get("off", "")),
            settings=tuple(
                (name, source.written[("checks", check, name)]) for name in settings if name != "off"
            ),
        )
        for check, settings in shape.checks.items()
    )


def _delivery(shape: ProfileShape) -> said.Delivery:
    delivery = shape.delivery
    return said.Delivery(
        recipients=tuple(
            said.Recipient(one.address, one.role, one.certificate) for one in delivery.recipients
        ),
        relay=delivery.relay,
        sender=delivery.sender,
        password=delivery.password,
        user=delivery.user,
        security=delivery.security,
        ca_bundle=delivery.ca_bundle,
    )
