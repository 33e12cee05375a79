"""The shape of a profile: every key, its type and its French description."""

from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field
from pydantic.fields import FieldInfo

from cyberaudit.declared import Weekdays
from cyberaudit.town.fields import (
    Address,
    AnswerWord,
    BackupPlace,
    CanaryAddresses,
    CheckAt,
    CheckId,
    Country,
    Day,
    DayText,
    DomainName,
    Email,
    Endpoint,
    Euros,
    FlowPorts,
    FreeText,
    HostName,
    Insee,
    IntrusiveTest,
    LinkWord,
    MailService,
    MeasureId,
    Medium,
    NearbyFile,
    NearbyFileOrUrl,
    Network,
    Owner,
    Port,
    PracticeAnswerWord,
    PracticeId,
    Reason,
    Region,
    RelaySecurity,
    ResolverAddress,
    Role,
    SecretLabel,
    Selector,
    SettingName,
    SettingValue,
    Sha256,
    Slug,
    StorePath,
    StoreUrl,
    TestResult,
    Text,
    Timezone,
    VpnUsersWord,
    VpnWord,
    WebUrl,
    WeekdaysWord,
    WhoisServer,
    Year,
    ZoneId,
    ZoneUseWord,
)
from cyberaudit.town.known import MAX_ZONES, VPN_USERS, ZONE_USES
from cyberaudit.town.source import Trail

SCHEMA_VERSION = 1
"""The newest profile version this program reads."""

_FEW = 50
"""Elements of a list of words from a closed list."""

_USE = f"À quoi elle sert : {', '.join(f'{use} ({name})' for use, name in ZONE_USES.items())}."
_USERS = f"Qui s'en sert : {', '.join(f'{who} ({name})' for who, name in VPN_USERS.items())}."


class Shape(BaseModel):
    """One block of the profile: no other key, no conversion, never changed."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class SaidShape(Shape):
    answer: AnswerWord | None = Field(
        None, description="La réponse : yes, no, partial ou unknown (« je ne sais pas »)."
    )
    value: FreeText = Field(
        "", description="La réponse en clair, quand oui ou non ne suffit pas : « SMS », « 90 jours »."
    )
    by: Text = Field(description="Qui l'affirme : nom et qualité.")
    on: Day = Field(description="Le jour où cela a été affirmé, année-mois-jour. Vaut douze mois.")
    proof: FreeText = Field("", description="Le document qui le prouve : nom ou emplacement.")
    sha256: Sha256 = Field(
        "", description="Empreinte SHA-256 de ce document, écrite par « cyberaudit declare »."
    )


class TestedShape(SaidShape):
    result: TestResult | None = Field(
        None, description="Résultat de l'essai : ok, ou errors s'il manquait quelque chose."
    )


class DatedShape(SaidShape):
    value: DayText = Field("", description="Le jour de la dernière mise à jour, année-mois-jour.")


class PracticeShape(SaidShape):
    answer: PracticeAnswerWord | None = Field(
        None,
        description="La réponse : yes, no, partial ou unknown (« je ne sais pas »)."
        " Et not-applicable (« sans objet ») pour les questions qui ne se posent pas partout.",
    )


Said = SaidShape | None


class CommuneShape(Shape):
    id: Slug = Field(description="Identifiant de la commune, qui ne change jamais : ville-exemple.")
    name: Text = Field(description="Nom de la commune, comme on l'écrit.")
    insee: Insee = Field(description="Code INSEE, cinq caractères, entre guillemets : « 01004 ».")
    population: Annotated[int, Field(ge=0, le=200_000)] = Field(description="Nombre d'habitants.")
    region: Region = Field("", description="Région, pour indiquer le bon centre de réponse aux attaques.")
    timezone: Timezone = Field(
        "Europe/Paris", description="Fuseau horaire de la mairie : Europe/Paris, Indian/Reunion."
    )
    email: Email = Field(
        "", description="Adresse électronique de la mairie, telle que Service-Public la donne."
    )


class LookingShape(Shape):
    resolvers: list[ResolverAddress] = Field(
        default_factory=list,
        max_length=3,
        description="Serveurs DNS à interroger : 192.0.2.53, ou avec son port.",
    )
    trust_anchor: NearbyFile = Field(
        "", description="Clés de la racine DNS à croire, pour une racine d'essai."
    )
    root_hints: NearbyFile = Field("", description="Serveurs de la racine DNS, pour une racine d'essai.")
    ca_bundle: NearbyFile = Field("", description="Autorités de certification à reconnaître (PEM).")
    rdap_bootstrap: NearbyFileOrUrl = Field(
        "", description="Où trouver les registres de noms : un fichier, ou une adresse https (RFC 9224)."
    )
    whois: WhoisServer = Field("", description="Serveur WHOIS à interroger quand RDAP ne répond pas.")
    ehlo: HostName = Field("", description="Nom sous lequel se présenter aux serveurs de courrier.")
    subdomain_list: NearbyFile = Field("", description="Sous-domaines à chercher, un par ligne.")
    allow_private: bool = Field(
        default=False, description="Réseau d'essai : les adresses privées publiées peuvent être visitées."
    )
    smtp: bool = Field(default=True, description="Se connecter aux serveurs de courrier ? true ou false.")
    axfr: bool = Field(default=True, description="Essayer les transferts de zone autorisés ? true ou false.")
    empty_password: bool = Field(
        default=True, description="Essayer si les sauvegardes s'ouvrent sans mot de passe ? true ou false."
    )


class AuthorizationShape(Shape):
    signed_by: Text = Field(description="Nom de la personne qui a signé l'autorisation d'auditer.")
    role: Text = Field(description="Sa qualité : maire, adjointe au numérique.")
    signed_on: Day = Field(description="Jour de la signature.")
    until: Day = Field(description="Dernier jour couvert par l'autorisation.")
    addresses: list[Network] = Field(
        default_factory=list, description="Adresses et réseaux que l'on a le droit d'examiner."
    )
    domains: list[DomainName] = Field(
        default_factory=list, description="Domaines couverts, avec leurs sous-domaines."
    )
    tests: list[IntrusiveTest] = Field(
        default_factory=list, max_length=_FEW, description="Essais poussés permis en plus, un par un."
    )


class ZoneShape(Shape):
    id: ZoneId = Field(description="Identifiant de la zone : lan, guest.")
    label: FreeText = Field("", description="Nom courant de la zone : « Réseau des bureaux ».")
    use: ZoneUseWord = Field("", description=_USE)
    networks: list[Network] = Field(default_factory=list, description="Réseaux de cette zone.")


class VantageShape(Shape):
    id: Slug = Field(description="Le point de vue : outside, ou l'identifiant d'une zone.")
    canary: CanaryAddresses = Field(
        default_factory=list,
        description="Une adresse extérieure qui répond, pour prouver qu'un silence en est un ;"
        " ou deux, une en IPv4 et une en IPv6.",
    )


class ServiceShape(Shape):
    port: Port = Field(description="Le port ouvert exprès : tcp/443.")
    what: Text = Field(description="À quoi il sert : ssl-vpn, web, admin.")
    from_: Slug = Field("any", alias="from", description="D'où il doit répondre : une zone, outside, ou any.")


class HostShape(Shape):
    id: Slug = Field(description="Identifiant de la machine.")
    label: FreeText = Field("", description="Nom courant de la machine : « Pare-feu ».")
    zone: Slug = Field(description="La zone où elle se trouve, ou outside.")
    addresses: list[Address] = Field(description="Toutes ses adresses, IPv4 et IPv6.")
    services: list[ServiceShape] = Field(default_factory=list, description="Les ports qu'elle ouvre exprès.")
    link: FreeText = Field("", description="Le lien Internet derrière lequel elle se trouve.")
    model: FreeText = Field("", description="Marque et modèle.")
    firmware: FreeText = Field("", description="Version du logiciel interne, entre guillemets.")
    confirmed: Said = Field(
        None, description="Qui a confirmé que ces adresses sont bien celles de la machine."
    )
    firmware_date: DatedShape | None = Field(
        None, description="Date de la dernière mise à jour (value: 2026-05-12)."
    )
    rules_reviewed: Said = Field(None, description="Les règles ont-elles été relues cette année ?")
    admin_mfa: Said = Field(None, description="L'administration demande-t-elle une double authentification ?")
    default_password_changed: Said = Field(None, description="Le mot de passe d'usine a-t-il été changé ?")
    supported: Said = Field(None, description="Le fabricant corrige-t-il encore ce modèle ?")


class FlowShape(Shape):
    id: Slug = Field(description="Identifiant du flux.")
    label: FreeText = Field("", description="Nom courant du flux.")
    from_: Slug = Field(alias="from", description="Zone de départ, ou outside.")
    to: Slug = Field(description="Zone d'arrivée, ou outside.")
    ports: FlowPorts = Field(
        description="Ce qui peut passer : none (rien), all (tout), ou une liste [tcp/443]."
    )
    reviewed: Said = Field(None, description="Ce flux a-t-il été relu cette année ?")


class VpnShape(Shape):
    id: Slug = Field(description="Identifiant de l'accès à distance.")
    label: FreeText = Field("", description="Nom courant : « Accès des agents ».")
    host: Slug = Field(description="La machine qui le porte.")
    kind: VpnWord = Field(description="Sa technique.")
    name: DomainName = Field("", description="Son nom sur Internet : vpn.ville-exemple.example.")
    port: Port = Field("", description="Son port, s'il n'est pas le port habituel : tcp/8443.")
    used_by: VpnUsersWord = Field("", description=_USERS)
    mfa: Said = Field(None, description="Demande-t-il une double authentification ?")
    split_tunnel: Said = Field(None, description="Laisse-t-il l'ordinateur naviguer en dehors du tunnel ?")
    ipsec_considered: Said = Field(
        None, description="Si c'est un VPN SSL, a-t-on regardé si IPsec conviendrait ?"
    )
    accounts_reviewed: Said = Field(None, description="La liste des comptes a-t-elle été relue cette année ?")
    personal_accounts: Said = Field(None, description="Chaque personne a-t-elle son propre compte ?")


class DomainShape(Shape):
    id: Slug = Field(description="Identifiant du domaine : main.")
    label: FreeText = Field("", description="Nom courant du domaine.")
    name: DomainName = Field(description="Le nom de domaine : ville-exemple.example.")
    sends_mail: bool = Field(
        default=True, description="La mairie envoie-t-elle du courrier avec ce domaine ? true ou false."
    )
    dkim_selectors: list[Selector] = Field(
        default_factory=list, description="Sélecteurs DKIM connus, donnés par le fournisseur du courrier."
    )
    subdomains: list[DomainName] = Field(default_factory=list, description="Sous-domaines à regarder aussi.")
    mail_encryption: Said = Field(
        None, description="Le fournisseur garantit-il le chiffrement du courrier en transit ?"
    )
    mailbox_mfa: Said = Field(None, description="Les boîtes demandent-elles une double authentification ?")
    registrar_mfa: Said = Field(
        None, description="Le compte du bureau d'enregistrement a-t-il une double authentification ?"
    )
    auto_renewal: Said = Field(None, description="Le renouvellement du domaine est-il automatique ?")
    mail_in_eu: Said = Field(
        None, description="Le courrier est-il hébergé dans l'Union européenne ? Le contrat le dit."
    )


class MailShape(Shape):
    id: Slug = Field(description="Identifiant du serveur de courrier.")
    label: FreeText = Field("", description="Nom courant du serveur.")
    host: Slug = Field(description="La machine qui le porte.")
    name: DomainName = Field(description="Son nom sur Internet.")
    services: list[MailService] = Field(
        default_factory=list,
        max_length=_FEW,
        description="Ce qu'il offre : smtp, submission, imap, pop3, webmail.",
    )
    mfa: Said = Field(None, description="Demande-t-il une double authentification ?")


class BackupShape(Shape):
    id: Slug = Field(description="Identifiant de la sauvegarde.")
    label: FreeText = Field("", description="Nom courant : « NAS de la mairie ».")
    path: StorePath = Field("", description="Dossier des copies, vu de la machine qui audite.")
    url: StoreUrl = Field(
        "", description="Adresse des copies, sans mot de passe : sftp://, s3://, https:// ou rest://."
    )
    user: Text = Field("", description="Compte avec lequel cette adresse se lit ; pour S3, la clé d'accès.")
    secret: SecretLabel = Field(
        "", description="Nom du mot de passe ou de la clé dans la configuration locale : secret:nas."
    )
    of: list[Text] = Field(description="Ce qui est sauvegardé : files, mail, business-software.")
    rpo_hours: Annotated[int, Field(ge=1, le=8760)] = Field(
        26, description="Perte de travail acceptée, en heures : 26 pour une copie par jour."
    )
    grace_hours: Annotated[int, Field(ge=0, le=720)] = Field(
        0, description="Retard toléré avant de s'inquiéter, en heures."
    )
    weekdays: WeekdaysWord = Field(Weekdays.EVERY_DAY, description="Jours où la copie se fait.")
    media: Medium = Field("unknown", description="Support des copies.")
    place: BackupPlace = Field(description="Sur place (on-site) ou ailleurs (off-site).")
    offline: bool = Field(
        default=False, description="Une copie est-elle débranchée du réseau ? true ou false."
    )
    encryption_required: bool = Field(
        default=True, description="Les copies doivent-elles être chiffrées ? true ou false."
    )
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        0, description="Durée de conservation, en jours ; 0 : non précisée."
    )
    provider: FreeText = Field("", description="Qui héberge les copies, si ce n'est pas la mairie.")
    country: Country = Field("", description="Pays des copies, deux majuscules : FR.")
    restore_test: TestedShape | None = Field(
        None, description="Dernier essai de restauration : by, on, result."
    )
    immutable: Said = Field(None, description="Les copies sont-elles protégées contre l'effacement ?")
    separate_account: Said = Field(None, description="Le compte des sauvegardes est-il distinct des autres ?")
    key_kept: Said = Field(None, description="La clé de chiffrement est-elle gardée ailleurs ?")
    alerts: Said = Field(None, description="Quelqu'un est-il prévenu quand une copie échoue ?")


class WebsiteShape(Shape):
    id: Slug = Field(description="Identifiant du site.")
    label: FreeText = Field("", description="Nom courant du site.")
    url: WebUrl = Field(description="Adresse du site : https://www.ville-exemple.example.")
    cms: FreeText = Field("", description="Logiciel du site, s'il est connu.")
    host: FreeText = Field(
        "", description="La machine de la mairie qui le porte ; rien s'il est hébergé ailleurs."
    )
    mfa: Said = Field(None, description="La gestion du site demande-t-elle une double authentification ?")
    updates: Said = Field(None, description="Quelqu'un met-il le site à jour ?")


class LinkShape(Shape):
    id: Slug = Field(description="Identifiant du lien Internet : main.")
    label: FreeText = Field("", description="Nom courant du lien.")
    kind: LinkWord = Field(description="Sa technique : ftto, ftth, box, xdsl, 4g, satellite ou lan.")
    repair_hours: Annotated[int, Field(ge=0, le=720)] = Field(
        0, description="Délai de réparation garanti, en heures ; 0 : aucun."
    )
    operator: FreeText = Field("", description="L'opérateur.")
    failover_test: TestedShape | None = Field(
        None, description="Dernier essai de bascule sur ce lien : by, on, result."
    )


class CloudShape(Shape):
    id: Slug = Field(description="Identifiant du service en ligne.")
    label: FreeText = Field("", description="Nom courant du service.")
    what: Text = Field(description="À quoi il sert : mail, backup, business-software.")
    provider: FreeText = Field("", description="Qui le fournit.")
    country: Country = Field("", description="Pays des données, deux majuscules : FR.")
    qualification: FreeText = Field("", description="Label ou qualification : SecNumCloud, HDS.")
    mfa: Said = Field(None, description="Demande-t-il une double authentification ?")
    reversibility: Said = Field(None, description="Le contrat dit-il comment récupérer les données ?")
    contract_clauses: Said = Field(None, description="Le contrat contient-il des clauses de sécurité ?")


class WaiverShape(Shape):
    check: CheckAt = Field(description="Le contrôle, et au besoin la chose : mail.spf, mail.spf@main.")
    reason: Reason = Field(description="Pourquoi ce risque est accepté, en dix caractères ou plus.")
    decided_by: Text = Field(description="L'élu qui accepte ce risque : nom et qualité.")
    decided_on: Day = Field(description="Jour de la décision.")
    until: Day = Field(description="Dernier jour, au plus douze mois après la décision.")
    stopgap: FreeText = Field("", description="Ce que l'on fait en attendant.")


class QuoteShape(Shape):
    euros: Euros = Field(description="Prix d'achat, en euros, toutes taxes comprises.")
    yearly_euros: Euros = Field(0, description="Abonnement par an, en euros, toutes taxes comprises.")


class AdoptedShape(Shape):
    due: Day = Field(description="Le jour avant lequel cette action doit être faite, année-mois-jour.")
    by: Text = Field(description="L'élu qui a choisi cette date : nom et qualité.")
    on: Day = Field(description="Le jour de cette décision.")
    reason: Reason | None = Field(
        None, description="Pourquoi la date a été reportée, en dix caractères ou plus."
    )
    first_due: Day | None = Field(None, description="La première date adoptée, quand elle a été reportée.")
    starts: list[Day] = Field(
        default_factory=list,
        max_length=_FEW,
        description="Le jour où elle commence, ou celui de chaque lot : chacun est payé cette année-là.",
    )


class DoneShape(Shape):
    by: Text = Field(description="Qui dit que c'est fait : nom et qualité.")
    on: Day = Field(description="Le jour où cela a été dit.")


class PlanShape(Shape):
    ceilings: dict[Year, Euros] = Field(
        default_factory=dict, description="Plafond de dépense choisi pour chaque année, en euros."
    )
    capacities: dict[Owner, Annotated[int, Field(ge=0, le=120)]] = Field(
        default_factory=dict, description="Demi-journées disponibles par trimestre : agent, elu, contractor."
    )  # fmt: skip
    quotes: dict[MeasureId, QuoteShape] = Field(
        default_factory=dict, description="Devis reçus, par mesure du plan."
    )
    spend_before_vote: bool = Field(
        default=True, description="Peut-on dépenser avant le vote du budget ? true ou false."
    )
    adopted: dict[MeasureId, AdoptedShape] = Field(
        default_factory=dict,
        description="Les dates adoptées par un élu, par mesure du plan ; écrit par « cyberaudit plan adopt ».",
    )
    done: dict[MeasureId, DoneShape] = Field(
        default_factory=dict,
        description="Les mesures que quelqu'un dit faites ; écrit par « cyberaudit plan done ».",
    )


class RecipientShape(Shape):
    address: Email = Field(description="Adresse électronique.")
    role: Role = Field(description="Ce que la personne reçoit : secretary, contractor ou mayor.")
    certificate: NearbyFile = Field(
        "", description="Son certificat (S/MIME, PEM), à côté du profil : son courrier est alors chiffré."
    )


class DeliveryShape(Shape):
    recipients: list[RecipientShape] = Field(
        default_factory=list, description="Qui reçoit le courrier de la semaine."
    )
    relay: Endpoint = Field("", description="Serveur d'envoi et son port : smtp.ville-exemple.example:587.")
    security: RelaySecurity = Field(
        "starttls", description="Chiffrement : starttls (port 587), ou tls dès le début (port 465)."
    )
    ca_bundle: NearbyFile = Field(
        "", description="Autorités de certification du serveur d'envoi (PEM), à côté du profil."
    )
    sender: Email = Field("", description="Adresse de l'expéditeur.")
    user: FreeText = Field(
        "", description="Compte sur le serveur d'envoi ; sans lui, l'adresse de l'expéditeur."
    )
    password: SecretLabel = Field(
        "", description="Le nom d'un secret, jamais le secret : secret:smtp-mairie."
    )


class ProfileShape(Shape):
    schema_version: Annotated[int, Field(ge=1)] = Field(
        description="Version de ce format : 1.", json_schema_extra={"const": SCHEMA_VERSION}
    )
    commune: CommuneShape = Field(description="La commune.")
    scanned_by: FreeText = Field("", description="Qui fait l'audit : imprimé sur le rapport.")
    authorization: AuthorizationShape | None = Field(
        None, description="L'autorisation écrite d'auditer, signée par la commune."
    )
    looking: LookingShape = Field(
        LookingShape.model_validate({}), description="Comment interroger les noms de domaine et le courrier."
    )
    zones: list[ZoneShape] = Field(
        default_factory=list, max_length=MAX_ZONES, description="Les parties du réseau."
    )
    vantages: list[VantageShape] = Field(default_factory=list, description="Les endroits d'où l'on regarde.")
    hosts: list[HostShape] = Field(default_factory=list, description="Les machines à regarder.")
    flows: list[FlowShape] = Field(
        default_factory=list, description="Ce qui peut passer d'une zone à l'autre."
    )
    vpn: list[VpnShape] = Field(default_factory=list, description="Les accès à distance.")
    domains: list[DomainShape] = Field(default_factory=list, description="Les noms de domaine de la mairie.")
    mail: list[MailShape] = Field(
        default_factory=list, description="Les serveurs de courrier que la mairie tient elle-même."
    )
    backups: list[BackupShape] = Field(
        default_factory=list, description="Les endroits où des copies sont gardées."
    )
    websites: list[WebsiteShape] = Field(default_factory=list, description="Les sites de la mairie.")
    links: list[LinkShape] = Field(default_factory=list, description="Les liens vers Internet.")
    cloud: list[CloudShape] = Field(
        default_factory=list, description="Les services en ligne tenus par d'autres."
    )
    practices: dict[PracticeId, PracticeShape | None] = Field(
        default_factory=dict, description="Ce qui ne peut être que déclaré."
    )
    waivers: list[WaiverShape] = Field(
        default_factory=list, description="Les risques acceptés par un élu jusqu'à une date."
    )
    plan: PlanShape = Field(PlanShape.model_validate({}), description="Les choix d'argent et de temps.")
    checks: dict[CheckId, dict[SettingName, SettingValue]] = Field(
        default_factory=dict, description="Réglages d'un contrôle, ou off suivi de la raison de l'arrêter."
    )
    delivery: DeliveryShape = Field(
        DeliveryShape.model_validate({}), description="Où va le courrier de la semaine."
    )


def field_at(trail: Trail) -> FieldInfo | None:
    """The field that a key of the profile fills; None for a key that no block knows."""
    shape = shape_at(trail[:-1])
    return fields_by_key(shape).get(str(trail[-1])) if shape else None


def shape_at(trail: Trail) -> type[Shape] | None:
    """The block that stands at a trail, when it is a block with fixed keys."""
    annotation: Any = ProfileShape
    for step in trail:
        annotation = _inside(annotation, str(step))
    return annotation if _is_shape(annotation) else None


def fields_by_key(shape: type[Shape]) -> dict[str, FieldInfo]:
    """Each field under the key that the YAML uses."""
    return {info.alias or name: info for name, info in shape.model_fields.items()}


def _inside(annotation: Any, key: str) -> Any:
    if _is_shape(annotation):
        info = fields_by_key(annotation).get(key)
        return _bare(info.annotation) if info else None
    return _bare(get_args(annotation)[-1]) if get_origin(annotation) in (list, dict) else None


def _bare(annotation: Any) -> Any:
    """Without `Annotated` and without `| None`."""
    if get_origin(annotation) is Annotated:
        return _bare(get_args(annotation)[0])
    kept = [part for part in get_args(annotation) if part is not type(None)]
    is_optional = get_origin(annotation) not in (list, dict) and len(kept) == 1
    return kept[0] if is_optional else annotation


def _is_shape(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Shape)
