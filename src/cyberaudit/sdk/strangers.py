"""What was recognised behind a port that the list keeps for something else: a web page on the port of MySQL."""

from cyberaudit.facts.doors import Door
from cyberaudit.facts.ports import BY_ID, Danger, of_danger
from cyberaudit.facts.products import Sort
from cyberaudit.facts.services import Behind
from cyberaudit.model import Unreachable
from cyberaudit.sdk.behind import sort_of

_BASES = frozenset({"mysql", "postgresql", "mssql", "mongodb", "redis", "memcached"})
# Greetings that nothing else gives; neither Telnet nor POP3, which a prompt or « +OK » is enough to be taken for.
_GREETED = frozenset({"ssh", "ftp", "smtp", "imap", "rtsp", "vmware-authd"})
_STRANGE: dict[Danger, frozenset[str]] = {
    Danger.DATABASE: _GREETED | {"rdp", "vnc", "smb", "rsync"},
    Danger.REMOTE_DESKTOP: _GREETED | _BASES | {"smb", "rsync"},
    Danger.FILE_SHARING: _GREETED | _BASES | {"rdp", "vnc"},
}
_AT_HOME = {
    Danger.DATABASE: Sort.DATABASE,
    Danger.REMOTE_DESKTOP: Sort.REMOTE_ACCESS,
    Danger.FILE_SHARING: Sort.NAS,
}
_NEVER_WEB = frozenset(
    f"tcp/{number}"
    for number in (
        # Microsoft SQL, Oracle
        *(1433, 1434, 1435, 2433, 14330, 14333),
        *(*range(1521, 1531), 2483, 2484),
        # MySQL and MariaDB, PostgreSQL
        *(3306, 3307, 3308, 3309, 13306, 33306, 33060, 4568),
        *(5432, 5433, 15432, 6432),
        # Redis, memcached, Firebird
        *(6379, 6380, 16379, 26379, 11211, 3050),
        # Windows: desktops, shares
        *(3388, *range(3389, 3400), 4389, 13389, 23389, 33389, 33890, 43389, 53389, 63389),
        *(139, 445),
    )
)
"""Where what the list means answers no browser. MongoDB, Elasticsearch between servers and Neo4j do, in words that
say so or not: a page there proves nothing, no more than one where a database has its own interface."""

STRANGE_PORTS = frozenset[str]().union(*(of_danger(danger) for danger in _STRANGE))
"""Ports whose question leaves to others what is recognised as something else."""

_NAMES = {
    "http": "page web",
    "https": "page web",
    "ssh": "console SSH",
    "ftp": "transfert de fichiers FTP",
    "smtp": "serveur de courrier",
    "imap": "lecture du courrier",
    "rtsp": "caméra",
    "vmware-authd": "console de virtualisation",
    "rdp": "Bureau à distance Windows",
    "vnc": "prise de main VNC",
    "smb": "partage de fichiers Windows",
    "rsync": "copie de fichiers rsync",
    **dict.fromkeys(_BASES, "base de données"),
}


def stranger(behind: Behind) -> bool:
    """Something was positively recognised, which is not what the port is known for.

    Neither a silence, nor unknown words, nor a bare certificate shows that.
    """
    known = BY_ID.get(behind.port)
    if known is None or known.danger not in _STRANGE or isinstance(behind.protocol, Unreachable):
        return False
    if sort_of(behind) is _AT_HOME[known.danger]:
        return False
    web = behind.protocol in ("http", "https") and behind.port in _NEVER_WEB
    return web or behind.protocol in _STRANGE[known.danger]


def stranger_name(door: Door) -> str:
    """« page web sur un port prévu pour autre chose (base de données MySQL) »; empty where nothing strange stands."""
    if not door.behind or not all(stranger(one) for one in door.behind):
        return ""
    found = dict.fromkeys(_NAMES[str(one.protocol)] for one in door.behind)
    return f"{', '.join(found)} sur un port prévu pour autre chose ({door.name})"
