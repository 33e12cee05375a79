"""What one value of a profile may hold: each function gives the value back, or says in French why not."""

import re
from datetime import date
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from cyberaudit.town.known import ANYWHERE, OUTSIDE, PRACTICES
from cyberaudit.town.suggestion import question, shown

MAX_TEXT = 500
"""Characters of a free text: a reason, a name. Longer ones do not fit a printed page."""

# ISO 3166-2:FR and INSEE: two digits or 2A/2B (Corsica), then three digits.
INSEE = r"^(?:[0-9]{2}|2[AB])[0-9]{3}$"
SLUG = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
CHECK_ID = r"^(?:x-[a-z0-9-]+|[a-z0-9]+(?:-[a-z0-9]+)*)\.[a-z0-9]+(?:-[a-z0-9]+)*$"
MEASURE_ID = r"^(?:x-[a-z0-9]+(?:-[a-z0-9]+)*\.)?[a-z0-9]+(?:-[a-z0-9]+)*$"
CHECK_AT = CHECK_ID[:-1] + r"(?:@[a-z0-9]+(?:-[a-z0-9]+)*)?$"
PORT = r"^(?:tcp|udp)/[1-9][0-9]{0,4}$"
KEYRING_LABEL = r"^secret:[a-z0-9]+(?:-[a-z0-9]+)*$"
COUNTRY = r"^[A-Z]{2}$"
SHA256 = r"^[0-9a-f]{64}$"
SETTING = r"^[a-z][a-z0-9_]{0,59}$"

MIN_REASON = 10
"""Characters of a waiver's reason, at least."""

_HOST_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_EMAIL_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")

# RFC 1035 §2.3.4: 255 octets on the wire, 253 characters written.
_MAX_NAME = 253


class RefusedError(Exception):
    """The text is not such a value; the message is a French sentence."""


def text(value: str) -> str:
    """A text of one line, not empty; line breaks become spaces."""
    line = free_text(value)
    if not line:
        raise RefusedError("Ce texte est vide.")
    return line


def free_text(value: str) -> str:
    """A text of one line, empty when nothing is said."""
    line = " ".join(value.split())
    if len(line) > MAX_TEXT:
        raise RefusedError(f"Ce texte dépasse {MAX_TEXT} caractères.")
    return line


def reason(value: str) -> str:
    line = free_text(value)
    if len(line) < MIN_REASON:
        raise RefusedError(f"Cette raison est trop courte : écrivez {MIN_REASON} caractères ou plus.")
    return line


def measure_id(value: str) -> str:
    """Of a measure of the plan: a slug, after the name of a third party for its own, « x-cdg.badges »."""
    if len(value) <= 129 and re.fullmatch(MEASURE_ID, value):
        return value
    raise RefusedError("Une mesure s'écrit en minuscules, chiffres et tirets, comme « encrypt-mail ».")


def slug(value: str) -> str:
    if len(value) <= 64 and re.fullmatch(SLUG, value):
        return value
    guess = "-".join(re.findall(r"[a-z0-9]+", value.lower()[:64]))
    hint = f" ; vouliez-vous dire « {guess} » ?" if guess else "."
    raise RefusedError(f"Un identifiant s'écrit en minuscules, chiffres et tirets{hint}")


def zone_id(value: str) -> str:
    if value in (OUTSIDE, ANYWHERE):
        raise RefusedError(f"« {value} » est un mot réservé : donnez un autre identifiant à cette zone.")
    return slug(value)


def insee(value: str) -> str:
    if not re.fullmatch(INSEE, value):
        raise RefusedError("Un code INSEE a cinq caractères, comme « 01004 » ou « 2A004 ».")
    return value


def choice(value: str, *, allowed: tuple[str, ...]) -> str:
    """One of a closed list."""
    if value in allowed:
        return value
    hint = question(value, allowed)
    if hint == ".":
        hint = f" : écrivez {' ou '.join(allowed)}." if len(allowed) < 9 else " dans cette liste."
    raise RefusedError(f"« {shown(value)} » n'existe pas ici{hint}")


def day(value: str) -> date:
    """A real day written 2026-11-21, of this century."""
    found = _DAY.fullmatch(value)
    if not found:
        raise RefusedError(f"Une date s'écrit année-mois-jour, comme 2026-11-21, pas « {shown(value)} ».")
    try:
        real = date(*map(int, found.groups()))
    except ValueError:
        raise RefusedError(f"Le jour « {value} » n'existe pas dans le calendrier.") from None
    if not 2000 <= real.year < 2100:
        raise RefusedError(f"L'année {real.year} n'est pas possible ici.")
    return real


def day_text(value: str) -> str:
    """A real day, kept as written: 2026-11-21."""
    day(value)
    return value


def address(value: str) -> str:
    """One IPv4 or IPv6 address, in its usual form."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(value)
    except ValueError:
        raise RefusedError(f"« {shown(value)} » n'est pas une adresse IP.") from None
    return _without_zone(parsed, value)


def _without_zone(parsed: IPv4Address | IPv6Address, written: str) -> str:
    if isinstance(parsed, IPv6Address) and parsed.scope_id:
        raise RefusedError(f"L'adresse « {shown(written)} » nomme une interface : retirez « % » et la suite.")
    return str(parsed)


def network(value: str) -> str:
    """One address or one network, in its usual form: `192.0.2.0/29`, `192.0.2.7`."""
    if "/" not in value:
        return address(value)
    try:
        parsed: IPv4Network | IPv6Network = ip_network(value, strict=False)
    except ValueError:
        raise RefusedError(f"« {shown(value)} » n'est pas un réseau comme 192.0.2.0/29.") from None
    address(value.partition("/")[0])
    if str(parsed.network_address) != address(value.partition("/")[0]):
        raise RefusedError(f"« {value} » est une adresse dans un réseau ; vouliez-vous dire « {parsed} » ?")
    return str(parsed)


def domain(value: str) -> str:
    """A domain name in its A-label form: lower case, no final dot."""
    name = value.removesuffix(".").lower()
    if _is_address(name):
        raise RefusedError(f"« {shown(value)} » est une adresse IP : un nom de domaine est attendu.")
    labels = ascii_name(name).split(".")
    if len(labels) < 2 or not all(_HOST_LABEL.fullmatch(label) for label in labels):
        raise RefusedError(f"« {shown(value)} » n'est pas un nom de domaine, comme « mairie.example ».")
    return ".".join(labels)


def ascii_name(name: str) -> str:
    """The A-label form of any DNS name, `_dmarc` labels included; its shape is not judged."""
    # The stdlib codec is quadratic: the length is checked first.
    if len(name) > _MAX_NAME:
        raise RefusedError(f"Ce nom de domaine dépasse {_MAX_NAME} caractères.")
    try:
        ascii_form = name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise RefusedError(
            f"« {shown(name)} » n'est pas un nom de domaine, comme « mairie.example »."
        ) from None
    if len(ascii_form) > _MAX_NAME:
        raise RefusedError(f"Ce nom de domaine dépasse {_MAX_NAME} caractères.")
    return ascii_form


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def selector(value: str) -> str:
    """A DKIM selector: labels, underscores allowed."""
    if len(value) > 128 or not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*", value.lower()):
        raise RefusedError(f"« {shown(value)} » n'est pas un sélecteur DKIM, comme « s1 ».")
    return value.lower()


def port(value: str) -> str:
    if re.fullmatch(PORT, value) and int(value[4:]) < 65536:
        return value
    raise RefusedError(f"Un port s'écrit comme « tcp/443 », de 1 à 65535, pas « {shown(value)} ».")


def flow_port(value: str) -> str:
    return value if value == "all" else port(value)


def email(value: str) -> str:
    """An address for the weekly mail; its domain in A-label form."""
    local, at, name = value.rpartition("@")
    if not at or not _EMAIL_LOCAL.fullmatch(local) or local[0] == "." or local[-1] == "." or ".." in local:
        raise RefusedError(
            f"« {shown(value)} » n'est pas une adresse électronique, comme « mairie@mairie.example »."
        )
    return f"{local}@{domain(name)}"


def endpoint(value: str) -> str:
    """A relay: a host name or an address, then its port: `smtp.mairie.example:587`, `[2001:db8::1]:587`."""
    host, colon, number = value.rpartition(":")
    if not colon or not re.fullmatch(r"[1-9][0-9]{0,4}", number) or int(number) > 65535:
        raise RefusedError("Un relais s'écrit « nom:port », comme « smtp.mairie.example:587 ».")
    if host.startswith("[") and host.endswith("]"):
        return f"[{address(host[1:-1])}]:{number}"
    return f"{host if _is_address(host) and ':' not in host else domain(host)}:{number}"


def resolver(value: str) -> str:
    """A DNS server: `192.0.2.53`, `192.0.2.53:5353`, `[2001:db8::53]:53`."""
    return address(value) if _is_address(value) else _numbered(value, what="Un serveur DNS")


def whois_server(value: str) -> str:
    """A name or an address, with its port when it is not 43."""
    if _is_address(value):
        return address(value)
    return endpoint(value) if ":" in value else domain(value)


def _numbered(value: str, *, what: str) -> str:
    read = endpoint(value)
    if not _is_address(read.rpartition(":")[0].strip("[]")):
        raise RefusedError(f"{what} s'écrit par son adresse IP, comme « 192.0.2.53 ».")
    return read


def nearby_file(value: str) -> str:
    """A file in the profile's folder or below: a profile is somebody else's text, and names no other."""
    parts = value.split("/")
    if not all(parts) or any(part in (".", "..") for part in parts) or "\\" in value:
        raise RefusedError(
            f"« {shown(value)} » : donnez un fichier du dossier du profil, sans « / » au début ni « .. »."
        )
    return text(value)


def nearby_file_or_url(value: str) -> str:
    return _url(value, schemes=("https",)) if "://" in value else nearby_file(value)


def web_url(value: str) -> str:
    return _url(value, schemes=("https", "http"))


# Without TLS: the probe connects to this machine alone.
_HERE_ONLY = ("s3+http", "rest+http")


# Of signed addresses (S3 « presigned », Azure SAS) and of shares by a link.
_SECRET_WORDS = re.compile(
    r"(?:^|[&;])[^=&;]*(?:sig|token|jeton|key|pass|secret|credential)[^=&;]*=", re.IGNORECASE
)


def store_url(value: str) -> str:
    checked = _url(
        value,
        schemes=("https", "http", "sftp", "ssh", "ftps", "ftp", "s3", "smb", "rsync", "rest", *_HERE_ONLY),
    )
    if _SECRET_WORDS.search(urlsplit(value).query):
        raise RefusedError(
            "Cette adresse contient un secret (signature, jeton) : retirez-le, un profil n'en garde aucun."
        )
    return checked


def _url(value: str, *, schemes: tuple[str, ...]) -> str:
    parts = _split(value)
    if parts is None or parts.scheme not in schemes or not parts.hostname or re.search(r"\s", value):
        raise RefusedError(
            f"« {shown(value)} » n'est pas une adresse comme « {schemes[0]}://mairie.example »."
        )
    if parts.password is not None:
        raise RefusedError(
            "Cette adresse contient un mot de passe : retirez-le, un profil ne garde aucun secret."
        )
    if len(value) > MAX_TEXT:
        raise RefusedError(f"Cette adresse dépasse {MAX_TEXT} caractères.")
    return value


def _split(value: str) -> SplitResult | None:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - reading it is what raises on an impossible port
    except ValueError:
        return None
    return parts


def path(value: str) -> str:
    """A complete path of the machine that scans."""
    if not value.startswith("/") or ".." in value.split("/") or len(value) > MAX_TEXT:
        raise RefusedError("Un chemin est complet et sans « .. », comme « /mnt/sauvegardes ».")
    return value


def timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        hint = question(value, sorted(available_timezones()))
        raise RefusedError(f"Le fuseau horaire « {shown(value)} » n'existe pas{hint}") from None
    return value


def country(value: str) -> str:
    if not re.fullmatch(COUNTRY, value):
        raise RefusedError("Un pays s'écrit par deux majuscules, comme « FR ».")
    return value


def secret_label(value: str) -> str:
    if not re.fullmatch(KEYRING_LABEL, value):
        raise RefusedError(
            "Un mot de passe ne s'écrit jamais ici : écrivez un nom, comme « secret:smtp-mairie »."
        )
    return value


def check_id(value: str) -> str:
    if not re.fullmatch(CHECK_ID, value):
        raise RefusedError(f"« {shown(value)} » n'est pas le nom d'un contrôle, comme « mail.spf ».")
    return value


def check_at(value: str) -> str:
    """A check, and perhaps one asset: `mail.spf`, `mail.spf@main`."""
    if not re.fullmatch(CHECK_AT, value):
        raise RefusedError(
            f"« {shown(value)} » n'est pas un contrôle, comme « mail.spf » ou « mail.spf@main »."
        )
    return value


def sha256(value: str) -> str:
    """The digest of a file."""
    if not re.fullmatch(SHA256, value):
        raise RefusedError("Une empreinte SHA-256 a 64 chiffres hexadécimaux, en minuscules.")
    return value


def practice(value: str) -> str:
    """The kebab form of a practice's id, which may be written with underscores."""
    return choice(value.replace("_", "-"), allowed=tuple(PRACTICES))


def year(value: str) -> int:
    if not re.fullmatch(r"20[0-9]{2}", value):
        raise RefusedError(f"« {shown(value)} » n'est pas une année, comme 2027.")
    return int(value)


def setting(value: str) -> str:
    if not re.fullmatch(SETTING, value):
        raise RefusedError(f"« {shown(value)} » n'est pas un nom de réglage, comme « min_days ».")
    return value
