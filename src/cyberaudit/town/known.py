"""The closed lists a profile chooses from: practices, intrusive tests, regions, media."""

PRACTICES: dict[str, str] = {
    "mfa": "Double authentification",
    "awareness": "Sensibilisation des agents et des élus",
    "incident-contacts": "Contacts imprimés en cas d'attaque",
    "firewall": "Pare-feu de la mairie",
    "saved-configuration": "Logiciels et réglages sauvegardés",
    "backup-provider": "Hébergeur des sauvegardes : lieu et sortie du contrat",
    "passwords": "Mots de passe",
    "default-passwords": "Mots de passe d'usine de tous les appareils",
    "workstation-updates": "Mises à jour des ordinateurs",
    "server-updates": "Mises à jour des serveurs",
    "antivirus": "Antivirus",
    "local-admin-rights": "Droits d'administration des agents",
    "admin-accounts": "Comptes réservés à l'administration",
    "vital-activities": "Liste des activités vitales",
    "inventory": "Inventaire et plan du réseau",
    "laptop-encryption": "Chiffrement des ordinateurs portables",
    "guest-wifi": "Wi-Fi des visiteurs",
    "telework": "Télétravail",
    "watch": "Veille sur les alertes officielles",
    "directory": "Annuaire des comptes",
    "crisis-procedure": "Procédure écrite en cas d'attaque",
    "crisis-exercise": "Exercice d'attaque imaginaire",
    "continuity-plan": "Travail sans ordinateurs, puis reprise",
    "arrivals-departures": "Accès à l'arrivée et au départ",
    "charter": "Charte informatique signée",
    "provider-contracts": "Sécurité dans les contrats informatiques",
    "data-protection-officer": "Délégué à la protection des données",
    "processing-register": "Registre des fichiers de données personnelles",
    "breach-procedure": "Déclaration à la CNIL en cas de fuite",
    "homologation": "Homologation des démarches en ligne",
    "insurance": "Assurance cyber : numéro et délai de plainte",
    "security-referent": "Référent pour la sécurité informatique",
    "yearly-audit": "Contrôle de sécurité chaque année",
}
"""Practice id → how people call it. Each is an asset of every town, answered or not."""

MAY_NOT_APPLY: frozenset[str] = frozenset(
    {
        "directory",
        "guest-wifi",
        "homologation",
        "insurance",
        "laptop-encryption",
        "server-updates",
        "telework",
    }
)
"""The practices that « sans objet » answers: not every town has a server, a laptop, an insurance against attacks."""

ZONE_USES: dict[str, str] = {
    "office": "bureaux",
    "servers": "serveurs",
    "guest": "Wi-Fi du public",
    "dmz": "serveurs ouverts à Internet",
    "backup": "sauvegardes",
    "admin": "administration des équipements",
    "iot": "objets connectés",
}
"""What a zone is for → how people call it."""

VPN_USERS: dict[str, str] = {
    "agents": "les agents",
    "contractor": "le prestataire seul",
    "nobody": "plus personne",
}
"""Who enters by a remote access → how people say it."""

MAX_ZONES = 64
"""Zones of one town: passages are pairs of them, and a profile is somebody else's text."""

OUTSIDE = "outside"
"""The Internet, as a vantage and as an end of a flow."""

ANYWHERE = "any"
"""Every zone and the Internet, for a service."""

INTRUSIVE_TESTS: tuple[str, ...] = (
    "smtp-relay",
    "smtp-users",
    "dns-transfer",
    "dns-recursion",
    "snmp-community",
    "tls-renegotiation",
)
"""What must be named in the authorization before it is tried."""

REGIONS: tuple[str, ...] = (
    "auvergne-rhone-alpes",
    "bourgogne-franche-comte",
    "bretagne",
    "centre-val-de-loire",
    "corse",
    "grand-est",
    "guadeloupe",
    "guyane",
    "hauts-de-france",
    "ile-de-france",
    "la-reunion",
    "martinique",
    "mayotte",
    "normandie",
    "nouvelle-aquitaine",
    "nouvelle-caledonie",
    "occitanie",
    "pays-de-la-loire",
    "polynesie-francaise",
    "provence-alpes-cote-d-azur",
    "saint-barthelemy",
    "saint-martin",
    "saint-pierre-et-miquelon",
    "wallis-et-futuna",
)

MEDIA: tuple[str, ...] = ("disk", "nas", "usb-disk", "tape", "cloud", "unknown")
PLACES: tuple[str, ...] = ("on-site", "off-site")
MAIL_SERVICES: tuple[str, ...] = ("smtp", "submission", "imap", "pop3", "webmail")
OWNERS: tuple[str, ...] = ("agent", "elu", "contractor")
ROLES: tuple[str, ...] = ("secretary", "contractor", "mayor")
RELAY_SECURITY: tuple[str, ...] = ("starttls", "tls")
TEST_RESULTS: tuple[str, ...] = ("ok", "errors")

__all__ = [
    "ANYWHERE",
    "INTRUSIVE_TESTS",
    "MAIL_SERVICES",
    "MAX_ZONES",
    "MAY_NOT_APPLY",
    "MEDIA",
    "OUTSIDE",
    "OWNERS",
    "PLACES",
    "PRACTICES",
    "REGIONS",
    "RELAY_SECURITY",
    "ROLES",
    "TEST_RESULTS",
    "VPN_USERS",
    "ZONE_USES",
]
