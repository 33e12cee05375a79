"""The selectors that mail providers give their customers, and how a provider shows in DNS."""

from collections.abc import Iterable
from typing import Final

from cyberaudit.frozen import frozen


@frozen
class MailProvider:
    """A service that sends mail for domains, or that receives it and sends too."""

    id: str
    name: str
    mx: tuple[str, ...]
    """Ends of the names of its MX hosts."""
    spf: tuple[str, ...]
    """Names that its customers include in their SPF record, or ends of them."""
    selectors: tuple[str, ...]
    """Those of every customer; empty: they differ from one customer to the next."""
    way: str
    """French: where the customer turns DKIM on, and what to publish."""


_TO_PUBLISH = "puis publier ce que la page indique"

PROVIDERS: Final[tuple[MailProvider, ...]] = (
    MailProvider(
        "microsoft-365",
        "Microsoft 365",
        ("mail.protection.outlook.com", "mx.microsoft"),
        ("spf.protection.outlook.com",),
        ("selector1", "selector2"),
        "portail Defender, « Authentification de courrier », « DKIM » : publier les deux CNAME indiqués, puis activer",
    ),
    MailProvider(
        "google",
        "Google Workspace",
        ("google.com", "googlemail.com"),
        ("_spf.google.com",),
        ("google",),
        "console d'administration, Gmail, « Authentifier les e-mails » : créer une clé de 2048 bits, la publier",
    ),
    MailProvider(
        "ovh",
        "OVHcloud",
        ("mail.ovh.net", "mail.ovh.com", "mail.ovh.ca"),
        ("mx.ovh.com", "mx.ovh.net", "mx.ovh.ca"),
        (),
        f"espace client, service de courrier, ligne « DKIM » du domaine : activer, {_TO_PUBLISH} "
        "(sélecteurs « ovhmo…-selector1 » ou « ovhex…-selector1 »)",
    ),
    MailProvider(
        "gandi",
        "Gandi",
        ("mail.gandi.net",),
        ("_mailcust.gandi.net",),
        ("gm1", "gm2", "gm3"),
        "trois CNAME gm1, gm2 et gm3 « ._domainkey », vers « gm1.gandimail.net », « gm2… » et « gm3… »",
    ),
    MailProvider(
        "infomaniak",
        "Infomaniak",
        ("infomaniak.ch",),
        ("spf.infomaniak.ch",),
        (),
        f"manager, service mail, « Sécurité globale » : activer DKIM, {_TO_PUBLISH}",
    ),
    MailProvider(
        "ionos",
        "IONOS",
        ("ionos.fr", "ionos.com", "ionos.de", "kundenserver.de"),
        ("_spf-eu.ionos.com", "_spf.perfora.net", "_spf.kundenserver.de"),
        ("s1-ionos", "s2-ionos", "s42582890"),
        f"espace client, domaine, « DNS » : activer l'authentification du courrier, {_TO_PUBLISH}",
    ),
    MailProvider(
        "proton",
        "Proton Mail",
        ("protonmail.ch",),
        ("_spf.protonmail.ch",),
        ("protonmail", "protonmail2", "protonmail3"),
        "paramètres, « Noms de domaine », « DKIM » : publier les trois CNAME indiqués",
    ),
    MailProvider(
        "zoho",
        "Zoho Mail",
        ("zoho.com", "zoho.eu"),
        ("zoho.com", "zoho.eu", "zohomail.com", "zohomail.eu"),
        ("zmail", "zoho"),
        f"console d'administration, domaine, « DKIM » : ajouter un sélecteur, {_TO_PUBLISH}",
    ),
    MailProvider(
        "fastmail",
        "Fastmail",
        ("messagingengine.com",),
        ("spf.messagingengine.com",),
        ("fm1", "fm2", "fm3"),
        "paramètres, « Domains » : publier les CNAME fm1, fm2 et fm3 indiqués",
    ),
    MailProvider(
        "icloud",
        "iCloud",
        ("mail.icloud.com",),
        ("icloud.com",),
        ("sig1",),
        "réglages iCloud, « Domaine de messagerie personnalisé » : publier le CNAME sig1 indiqué",
    ),
    MailProvider(
        "hostinger",
        "Hostinger",
        ("hostinger.com", "hostinger.fr"),
        ("_spf.mail.hostinger.com",),
        ("hostingermail-a", "hostingermail-b", "hostingermail-c"),
        f"hPanel, « E-mails », « Enregistrements DKIM » : {_TO_PUBLISH}",
    ),
    MailProvider(
        "mailbox-org",
        "mailbox.org",
        ("mailbox.org",),
        ("mailbox.org",),
        ("mbo0001", "mbo0002", "mbo0003", "mbo0004"),
        "quatre CNAME MBO0001 à MBO0004 « ._domainkey », vers les mêmes noms de mailbox.org",
    ),
    MailProvider(
        "tuta",
        "Tuta",
        ("mail.tutanota.de",),
        ("spf.tutanota.de",),
        ("s1", "s2"),
        "paramètres, « Domaines » : publier les CNAME s1 et s2 indiqués",
    ),
    MailProvider(
        "brevo",
        "Brevo",
        (),
        ("spf.sendinblue.com", "spf.brevo.com"),
        ("mail", "brevo1", "brevo2"),
        f"« Expéditeurs et domaines », authentifier le domaine, {_TO_PUBLISH}",
    ),
    MailProvider(
        "mailjet",
        "Mailjet",
        (),
        ("spf.mailjet.com",),
        ("mailjet",),
        f"« Domaines d'expédition », authentifier le domaine, {_TO_PUBLISH}",
    ),
    MailProvider(
        "mailchimp",
        "Mailchimp",
        (),
        ("servers.mcsv.net",),
        ("k1", "k2", "k3"),
        f"« Domains », authentifier le domaine, {_TO_PUBLISH}",
    ),
    MailProvider(
        "mandrill",
        "Mailchimp Transactional",
        (),
        ("spf.mandrillapp.com",),
        ("mandrill", "mte1", "mte2"),
        f"« Sending Domains », {_TO_PUBLISH}",
    ),
    MailProvider(
        "sendgrid",
        "SendGrid",
        (),
        ("sendgrid.net",),
        ("s1", "s2"),
        f"« Sender Authentication », authentifier le domaine, {_TO_PUBLISH}",
    ),
    MailProvider(
        "mailgun",
        "Mailgun",
        ("mailgun.org",),
        ("mailgun.org",),
        ("pic", "mailo", "k1", "smtp", "mta", "krs"),
        f"« Sending », « Domain settings », {_TO_PUBLISH}",
    ),
)
"""Selectors that differ from customer to customer (OVHcloud, Infomaniak) are left out: nobody can guess them."""

COMMON_SELECTORS: Final = (
    "default", "dkim", "mail", "selector1", "google", "s1", "k1", "mx",
    "dkim1", "dkim2", "selector2", "s2", "k2", "k3", "key1", "key2", "smtp", "email", "mailjet", "brevo1",
    "mandrill", "zmail", "zoho", "protonmail", "gm1", "sig1", "fm1", "s1-ionos", "server", "mta",
)  # fmt: skip
"""Those that many servers and services use, the most frequent first (cPanel and Plesk say `default`)."""


def providers_of(mx: Iterable[str], spf: Iterable[str]) -> tuple[MailProvider, ...]:
    """The providers that MX hosts, and names included by SPF, belong to; all names in lower case."""
    hosts, included = tuple(mx), tuple(spf)
    return tuple(
        provider
        for provider in PROVIDERS
        if any(_is_of(host, provider.mx) for host in hosts)
        or any(_is_of(name, provider.spf) for name in included)
    )


def provider_of(provider_id: str) -> MailProvider | None:
    return next((provider for provider in PROVIDERS if provider.id == provider_id), None)


def _is_of(name: str, ends: tuple[str, ...]) -> bool:
    return any(name == end or name.endswith(f".{end}") for end in ends)
