"""The ports that matter to a town, with their French names and what makes them dangerous."""

from dataclasses import dataclass
from enum import StrEnum


class Danger(StrEnum):
    """Which question of the report a port belongs to."""

    REMOTE_DESKTOP = "remote-desktop"
    FILE_SHARING = "file-sharing"
    ADMIN = "admin"
    CLEARTEXT = "cleartext"
    DATABASE = "database"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Port:
    """One well-known port."""

    id: str
    """`tcp/3389`"""
    name: str
    """In French, as a person would call it."""
    danger: Danger


def _tcp(danger: Danger, **names: str) -> tuple[Port, ...]:
    return tuple(Port(f"tcp/{number.removeprefix('p')}", name, danger) for number, name in names.items())


PORTS: tuple[Port, ...] = (
    *_tcp(
        Danger.REMOTE_DESKTOP,
        p3389="Bureau à distance Windows",
        p3388="Bureau à distance Windows (port déplacé)",
        p3390="Bureau à distance Windows (port déplacé)",
        p33890="Bureau à distance Windows (port déplacé)",
        p5900="prise de main VNC",
        p5901="prise de main VNC",
        p5800="prise de main VNC par le navigateur",
        p5938="télémaintenance",
        p6129="télémaintenance",
        p4899="télémaintenance",
        p5985="administration à distance de Windows",
        p5986="administration à distance de Windows",
    ),
    *_tcp(
        Danger.FILE_SHARING,
        p445="partage de fichiers Windows",
        p139="partage de fichiers Windows (ancien)",
        p135="appels de procédures Windows",
        p2049="partage de fichiers NFS",
        p111="annuaire de services NFS",
        p548="partage de fichiers Apple",
        p873="copie de fichiers rsync",
        p3260="disques en réseau iSCSI",
    ),
    *_tcp(
        Danger.ADMIN,
        p22="console d'administration SSH",
        p541="administration centralisée du pare-feu",
        p1300="administration du pare-feu",
        p4443="page d'administration",
        p4444="page d'administration",
        p4786="installation automatique de commutateur",
        p5000="page d'administration du serveur de fichiers",
        p5001="page d'administration du serveur de fichiers",
        p7547="télégestion de la box",
        p8000="page d'administration",
        p8006="console de virtualisation",
        p8080="page d'administration",
        p8081="page d'administration",
        p8291="administration de routeur",
        p8443="page d'administration",
        p8728="administration de routeur",
        p8888="page d'administration",
        p9090="page d'administration",
        p9443="page d'administration",
        p10000="page d'administration de serveur",
        p10443="page d'administration",
        p902="console de virtualisation",
        p623="carte de gestion de serveur",
        p2375="conteneurs, sans mot de passe",
        p6443="conteneurs",
    ),
    *_tcp(
        Danger.CLEARTEXT,
        p21="transfert de fichiers FTP",
        p23="console Telnet",
        p69="transfert de fichiers TFTP",
        p110="relève du courrier sans chiffrement",
        p143="lecture du courrier sans chiffrement",
        p389="annuaire sans chiffrement",
        p512="exécution à distance ancienne",
        p513="connexion à distance ancienne",
        p514="commandes à distance anciennes",
        p1723="VPN PPTP dépassé",
        p2323="console Telnet",
    ),
    *_tcp(
        Danger.DATABASE,
        p1433="base de données Microsoft SQL",
        p1434="base de données Microsoft SQL",
        p1521="base de données Oracle",
        p3306="base de données MySQL",
        p5432="base de données PostgreSQL",
        p5984="base de données CouchDB",
        p6379="base de données Redis",
        p9200="base de recherche Elasticsearch",
        p11211="mémoire partagée memcached",
        p27017="base de données MongoDB",
    ),
    *_tcp(
        Danger.OTHER,
        p25="réception de courrier",
        p53="annuaire de noms DNS",
        p80="site web",
        p102="automate industriel",
        p443="site web chiffré",
        p502="automate industriel",
        p515="imprimante",
        p554="caméra",
        p631="imprimante",
        p993="lecture du courrier chiffrée",
        p995="relève du courrier chiffrée",
        p465="envoi de courrier chiffré",
        p587="envoi de courrier",
        p5060="téléphonie",
        p8554="caméra",
        p9100="imprimante",
        p20000="télégestion de l'eau ou de l'énergie",
        p37777="enregistreur de caméras",
        p47808="gestion du bâtiment",
    ),
)

BY_ID: dict[str, Port] = {port.id: port for port in PORTS}


def of_danger(danger: Danger) -> frozenset[str]:
    """The ids of one class: what one check asks about."""
    return frozenset(port.id for port in PORTS if port.danger is danger)


def port_name(port_id: str) -> str:
    """« Bureau à distance Windows »; « service inconnu » for a port that is not in the list."""
    known = BY_ID.get(port_id)
    return known.name if known else "service inconnu"
