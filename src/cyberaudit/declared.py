"""The town as declared: what its profile says, as plain frozen values. Standard library only.

`cyberaudit.town` builds these from YAML; checks, plan and reports read them.
"""

from dataclasses import field
from datetime import date
from enum import StrEnum
from typing import ClassVar

from cyberaudit.frozen import frozen

DECLARATION_MONTHS = 12
"""A declaration older than this is a question again (guidance: yearly review)."""


class Answer(StrEnum):
    """What a person answered. `unknown` is an honest answer: « je ne sais pas »."""

    YES = "yes"
    NO = "no"
    PARTIAL = "partial"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    """The question does not arise here: a town without a laptop has none to encrypt. Of some practices only."""


class Document(StrEnum):
    """What became of the file behind a declaration, read again on the day of a scan."""

    NOT_READ = ""
    """There is none, or nobody looked."""
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    MISSING = "missing"
    UNREADABLE = "unreadable"
    """Outside the profile's folder, too big, no ordinary file, or refused by the system."""


@frozen
class Declaration:
    """A practice stated by a named person on a date."""

    answer: Answer
    by: str
    on: date
    proof: str
    """Path or name of the document behind it; empty when there is none."""
    value: str
    """What was answered when yes/no is too short: « SMS », « 90 jours »; may be empty."""
    sha256: str = ""
    """Of the document, 64 lower-case hexadecimal digits, on the day it was answered; empty when it is no file."""
    document: Document = field(default=Document.NOT_READ, compare=False)
    """Seen by one machine: the same words are the same declaration wherever its file is."""

    @property
    def until(self) -> date:
        """The last day it holds."""
        return months_later(self.on, DECLARATION_MONTHS)

    def holds_on(self, day: date) -> bool:
        """Neither over nor dated in the future."""
        return self.on <= day <= self.until


def months_later(start: date, months: int) -> date:
    """The same day of that month, or its last; the last of all days, or the first, when there is no such month."""
    year, month = divmod(start.month - 1 + months, 12)
    if not date.min.year <= start.year + year <= date.max.year:
        return date.max if months > 0 else date.min
    for day in range(start.day, 27, -1):
        try:
            return date(start.year + year, month + 1, day)
        except ValueError:
            continue
    return date(start.year + year, month + 1, min(start.day, 28))


class AssetKind(StrEnum):
    """What the profile can name."""

    TOWN = "town"
    HOST = "host"
    FLOW = "flow"
    ZONE = "zone"
    VPN = "vpn"
    DOMAIN = "domain"
    MAIL_HOST = "mail-host"
    BACKUP = "backup"
    WEBSITE = "website"
    LINK = "link"
    CLOUD = "cloud"
    PRACTICE = "practice"


@frozen
class Declared:
    """One declaration attached to an asset, under its field's name: `mfa`, `confirmed`, `restore_test`."""

    field: str
    declaration: Declaration


@frozen
class Asset:
    """One thing the profile names, with an id that stays."""

    kind: ClassVar[AssetKind]

    id: str
    name: str
    """How people call it; the id when the profile gives no better."""
    declared: tuple[Declared, ...]

    @property
    def key(self) -> str:
        """`domain/main`: unique in the town."""
        return f"{self.kind}/{self.id}"

    def declaration(self, field: str) -> Declaration | None:
        return next((entry.declaration for entry in self.declared if entry.field == field), None)


@frozen
class Commune(Asset):
    """The town itself: the asset of questions about the whole."""

    kind = AssetKind.TOWN

    insee: str
    population: int
    region: str
    timezone: str
    email: str = ""
    """Where inhabitants write to the mairie, as Service-Public says it; its domain in A-label form."""


class ZoneUse(StrEnum):
    """What a part of the network is for."""

    OFFICE = "office"
    SERVERS = "servers"
    GUEST = "guest"
    """The public's Wi-Fi: nobody there is known."""
    DMZ = "dmz"
    """Servers that the Internet may speak to."""
    BACKUP = "backup"
    ADMIN = "admin"
    IOT = "iot"


@frozen
class Zone(Asset):
    """A part of the town's network, and a vantage."""

    kind = AssetKind.ZONE

    networks: tuple[str, ...]
    canary: str
    """An address outside that answers, to prove silence from here; may be empty."""
    other_canary: str = ""
    """The same in the other family, IPv4 or IPv6; may be empty."""
    use: str = ""
    """A `ZoneUse`; may be empty."""


@frozen
class Service:
    """A port that is meant to be open."""

    port: str
    """`tcp/443`"""
    what: str
    """`ssl-vpn`, `web`, `admin`, … or free words."""
    reachable_from: str
    """A zone's id, `outside` or `any`."""


@frozen
class Host(Asset):
    """One machine with all its addresses, v4 and v6."""

    kind = AssetKind.HOST

    zone: str
    addresses: tuple[str, ...]
    services: tuple[Service, ...]
    link: str
    """The link behind which it stands: gives the pace; may be empty."""
    model: str
    firmware: str


@frozen
class Flow(Asset):
    """What may go from one zone to another."""

    kind = AssetKind.FLOW

    source: str
    target: str
    ports: tuple[str, ...]
    """`tcp/443`, …; empty: nothing may pass. `all` alone: anything."""


class VpnKind(StrEnum):
    SSL = "ssl"
    IPSEC = "ipsec"
    OPENVPN = "openvpn"
    WIREGUARD = "wireguard"
    L2TP = "l2tp"
    PPTP = "pptp"


class VpnUsers(StrEnum):
    """Who still enters by a remote access."""

    AGENTS = "agents"
    CONTRACTOR = "contractor"
    """The contractor alone."""
    NOBODY = "nobody"


@frozen
class Vpn(Asset):
    """An entry for people who work from elsewhere, or for the contractor."""

    kind = AssetKind.VPN

    host: str
    type: VpnKind
    hostname: str
    port: str
    """`tcp/443`; empty: the usual one."""
    used_by: str = ""
    """A `VpnUsers`; may be empty."""


@frozen
class Domain(Asset):
    """A domain name of the town."""

    kind = AssetKind.DOMAIN

    domain: str
    """A-label form, lower case, no final dot."""
    sends_mail: bool
    dkim_selectors: tuple[str, ...]
    subdomains: tuple[str, ...]


@frozen
class MailHost(Asset):
    """A mail server the town runs itself."""

    kind = AssetKind.MAIL_HOST

    host: str
    hostname: str
    services: tuple[str, ...]
    """`smtp`, `submission`, `imap`, `pop3`, `webmail`."""


class Weekdays(StrEnum):
    EVERY_DAY = "every-day"
    MON_FRI = "mon-fri"
    MON_SAT = "mon-sat"
    WEEKLY = "weekly"


@frozen
class Backup(Asset):
    """One place where copies are kept."""

    kind = AssetKind.BACKUP

    path: str
    url: str
    of: tuple[str, ...]
    rpo_hours: int
    """The longest accepted loss of work."""
    grace_hours: int
    weekdays: Weekdays
    media: str
    place: str
    """`on-site` or `off-site`."""
    offline: bool
    encryption_required: bool
    retention_days: int
    provider: str
    country: str
    user: str = ""
    """The account under which a far place is read."""
    secret: str = ""
    """`secret:nas`: what the configuration of this machine calls its password or key; never the secret itself."""


@frozen
class Website(Asset):
    kind = AssetKind.WEBSITE

    url: str
    cms: str
    host: str


class LinkKind(StrEnum):
    FTTO = "ftto"
    FTTH = "ftth"
    BOX = "box"
    XDSL = "xdsl"
    MOBILE = "4g"
    SATELLITE = "satellite"
    LAN = "lan"


@frozen
class Link(Asset):
    """A line to the Internet."""

    kind = AssetKind.LINK

    type: LinkKind
    repair_hours: int
    """Guaranteed repair time; 0: none."""
    operator: str


@frozen
class Cloud(Asset):
    """A service somebody else runs for the town."""

    kind = AssetKind.CLOUD

    what: str
    provider: str
    country: str
    qualification: str


@frozen
class Practice(Asset):
    """What can only be declared: awareness, passwords, contacts. Its declaration stands under `answer`."""

    kind = AssetKind.PRACTICE


AnyAsset = Commune | Zone | Host | Flow | Vpn | Domain | MailHost | Backup | Website | Link | Cloud | Practice


@frozen
class Authorization:
    """The written permission to look, signed by the town."""

    signed_by: str
    role: str
    signed_on: date
    until: date
    addresses: tuple[str, ...]
    domains: tuple[str, ...]
    tests: tuple[str, ...]


@frozen
class Waiver:
    """A risk accepted by an élu until a date; the day itself counts."""

    check: str
    asset: str
    """The asset's id; empty: every asset of the check."""
    reason: str
    decided_by: str
    decided_on: date
    until: date
    stopgap: str


@frozen
class Ceiling:
    year: int
    euros: int


@frozen
class Capacity:
    """Half-days a quarter that an owner can give."""

    owner: str
    half_days: int


@frozen
class Quote:
    """A real price for a measure."""

    measure: str
    euros: int
    yearly_euros: int


@frozen
class Adoption:
    """The date that an élu decided for a measure: only a person moves it."""

    measure: str
    due: date
    by: str
    """« Jeanne Martin, maire »"""
    on: date
    reason: str = ""
    """Why it was postponed; empty when it never was."""
    first_due: date | None = None
    """The date adopted first, when it was postponed since."""
    starts: tuple[date, ...] = ()
    """First day of the quarter in which it begins, or of each lot, as the plan proposed them: each is paid in its
    year. Empty: all in the quarter of `due`."""


@frozen
class Completion:
    """Somebody says that a measure is done; only a control or an answer shows it."""

    measure: str
    by: str
    on: date


@frozen
class PlanChoices:
    """What the mayor decided about money and time."""

    ceilings: tuple[Ceiling, ...]
    capacities: tuple[Capacity, ...]
    quotes: tuple[Quote, ...]
    spend_before_vote: bool
    adoptions: tuple[Adoption, ...] = ()
    """One a measure at most."""
    completions: tuple[Completion, ...] = ()
    """One a measure at most."""


@frozen
class CheckChoice:
    """Settings of one check, or off with a reason."""

    check: str
    off: str
    """The reason; empty: the check is on."""
    settings: tuple[tuple[str, str], ...]
    """Name and value as written; the check's own `Settings` gives them their type."""


@frozen
class Recipient:
    address: str
    role: str
    """`secretary`, `contractor` or `mayor`."""
    certificate: str = ""
    """File beside the profile, PEM: mail to this address is encrypted to it (S/MIME); may be empty."""


@frozen
class Delivery:
    """Where the weekly mail goes."""

    recipients: tuple[Recipient, ...]
    relay: str
    """`host:port`"""
    sender: str
    password: str
    """A label, never a secret: `secret:smtp-mairie`."""
    user: str = ""
    """The account at the relay; empty: the sender's address, when there is a password."""
    security: str = "starttls"
    """`starttls` or `tls`: nothing is sent in clear."""
    ca_bundle: str = ""
    """File beside the profile, PEM: the authorities of the relay's certificate; empty: those of the system."""


@frozen
class Town:
    """One commune and everything its profile declares."""

    schema_version: int
    commune: Commune
    scanned_by: str
    """Who carries out the audit: printed on the report; may be empty."""
    authorization: Authorization | None
    outside_canary: str
    assets: tuple[AnyAsset, ...]
    """Every asset in the order of the profile, the commune first."""
    waivers: tuple[Waiver, ...]
    plan: PlanChoices
    checks: tuple[CheckChoice, ...]
    delivery: Delivery
    other_outside_canary: str = ""
    """The canary of the other family, for `outside`; may be empty."""

    @property
    def id(self) -> str:
        return self.commune.id

    @property
    def name(self) -> str:
        return self.commune.name

    def of_kind(self, kind: AssetKind) -> tuple[AnyAsset, ...]:
        return tuple(asset for asset in self.assets if asset.kind is kind)

    def asset(self, key: str) -> AnyAsset | None:
        return next((asset for asset in self.assets if asset.key == key), None)

    def check_choice(self, check_id: str) -> CheckChoice | None:
        return next((choice for choice in self.checks if choice.check == check_id), None)
