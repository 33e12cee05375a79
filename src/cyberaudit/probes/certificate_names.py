"""Which names a certificate carries, and whether they cover a host (RFC 9525)."""

import re
from collections.abc import Sequence
from ipaddress import ip_address

from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean

# Ours: the largest public certificates carry about 250 names; a hostile one may carry tens of thousands.
MAX_NAMES = 250
# RFC 9525 §6.3 and RFC 1034 §3.5, with the underscore that some equipment has; a final number is an address.
_HOST = re.compile(r"(?:\*\.)?(?:[a-z0-9_-]{1,63}\.)*(?!\d+$)[a-z0-9_-]{1,63}")


@frozen
class SubjectNames:
    """The SubjectAltName, as it stands in the certificate: not made safe."""

    hosts: tuple[str, ...]
    addresses: tuple[str, ...]

    def covers(self, host: str) -> bool:
        """One of the names is `host`, or stands for it (RFC 9525 §6.3).

        `*` stands only for the whole left-most label, for exactly one, and not above a single label (`*.fr`);
        an address must be written as an address.
        """
        wanted = a_labels(host)
        try:
            return str(ip_address(wanted)) in self.addresses
        except ValueError:
            pass
        return any(_matches(name.removesuffix(".").lower(), wanted) for name in self.hosts)

    def shown(self) -> tuple[str, ...]:
        """The first names, lower case, made safe."""
        names: Sequence[str] = (*self.hosts[:MAX_NAMES], *self.addresses)
        return tuple(clean(name).lower() for name in names[:MAX_NAMES])


def a_labels(host: str) -> str:
    """The name as it is asked for in the DNS: lower case, without the final dot, accents as `xn--`."""
    text = host.removesuffix(".").lower()
    try:
        return text if text.isascii() else text.encode("idna").decode("ascii")
    except UnicodeError:
        return text


def _matches(name: str, wanted: str) -> bool:
    """What is no host name (a NUL, a space, an empty label, `*` elsewhere) matches nothing."""
    if not (_HOST.fullmatch(name) and _HOST.fullmatch(wanted)) or wanted.startswith("*"):
        return False
    left, _, rest = name.partition(".")
    if left == "*":
        return "." in rest and rest == wanted.partition(".")[2]
    return name == wanted
