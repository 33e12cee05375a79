"""An address with its port, and the rules that send one such place to another (`--connect-to`)."""

import stat
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

from cyberaudit.errors import UsageError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.refusals import system_clause

IpAddress = IPv4Address | IPv6Address

# Ours: a map of some thousand rules; more is not a map.
RULES_FILE_BYTES = 256 * 1024
ANY_PORT = 0
"""In the source of a --connect-to rule: every port that no other rule names. Written `*`."""


@frozen
class Endpoint:
    """One address and one port; no name ever stands here."""

    address: IpAddress
    port: int

    def __str__(self) -> str:
        host = f"[{self.address}]" if self.address.version == 6 else str(self.address)
        return f"{host}:{'*' if self.port == ANY_PORT else self.port}"


def parse_endpoint(text: str, *, default_port: int | None = None, any_port: bool = False) -> Endpoint:
    """`192.0.2.1:53`, `[2001:db8::1]:53`; without a port when there is a default, brackets then optional.

    With `any_port`, `192.0.2.1:*` is read too.

    Raises:
        UsageError: not an address, or no port where one is needed.
    """
    host, port = _split(text.strip())
    try:
        address = ip_address(host)
    except ValueError:
        raise UsageError(f"« {clean(text)} » n'est pas une adresse IP suivie d'un port.") from None
    if any_port and port == "*":
        return Endpoint(address, ANY_PORT)
    if port is None and default_port is not None:
        return Endpoint(address, default_port)
    if port is None or not port.isascii() or not port.isdigit() or len(port) > 5 or not 0 < int(port) < 65536:
        raise UsageError(f"« {clean(text)} » : il faut un port entre 1 et 65535 après l'adresse.")
    return Endpoint(address, int(port))


def _split(text: str) -> tuple[str, str | None]:
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, rest.removeprefix(":") if rest else None
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, None


@frozen
class ConnectRule:
    """Connections meant for `source` go to `target`; the scope is checked on `source`."""

    source: Endpoint
    target: Endpoint


@frozen
class ConnectTo:
    """Every rule of one run."""

    rules: tuple[ConnectRule, ...] = ()

    def target(self, source: Endpoint) -> Endpoint | None:
        """Where `source` is sent: by the rule of its own port, else of any port; None when no rule names it."""
        for wanted in (source, Endpoint(source.address, ANY_PORT)):
            found = next((rule.target for rule in self.rules if rule.source == wanted), None)
            if found is not None:
                return found
        return None


def parse_connect_to(text: str) -> ConnectRule:
    """One rule: `192.0.2.10:25=127.0.0.1:20025`, or `192.0.2.10:*=127.0.0.1:20000`; IPv6 in brackets.

    Raises:
        UsageError: not of this form.
    """
    source, equals, target = text.strip().partition("=")
    if not equals:
        raise UsageError(
            f"« {clean(text)} » n'est pas une règle --connect-to : "
            "écrivez ADRESSE:PORT=ADRESSE:PORT, par exemple 192.0.2.10:25=127.0.0.1:20025."
        )
    return ConnectRule(parse_endpoint(source, any_port=True), parse_endpoint(target))


def read_connect_to(texts: Sequence[str]) -> ConnectTo:
    """The rules of every `--connect-to`: each text is a rule, or a file of rules (`@FILE`, or a bare path).

    Raises:
        UsageError: a malformed rule, an unreadable file, one source sent to two places.
    """
    rules = tuple(rule for text in texts for rule in _rules(text))
    targets: dict[Endpoint, Endpoint] = {}
    for rule in rules:
        if targets.setdefault(rule.source, rule.target) != rule.target:
            raise UsageError(f"--connect-to : {rule.source} est envoyé vers deux endroits différents.")
    return ConnectTo(rules)


def _rules(text: str) -> tuple[ConnectRule, ...]:
    if "=" in text and not text.startswith("@"):
        return (parse_connect_to(text),)
    path = Path(text.removeprefix("@"))
    rules = []
    for number, line in enumerate(_read_rules_file(path).splitlines(), start=1):
        rule = line.partition("#")[0].strip()
        if rule:
            try:
                rules.append(parse_connect_to(rule))
            except UsageError as error:
                raise UsageError(f"{path}, ligne {number} : {error}") from None
    return tuple(rules)


def _read_rules_file(path: Path) -> str:
    try:
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would block for ever
            raise UsageError(f"--connect-to : {path} n'est pas un fichier ordinaire.")
        with path.open("rb") as file:
            data = file.read(RULES_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = system_clause(error) if isinstance(error, OSError) else "chemin impossible"
        raise UsageError(
            f"--connect-to : « {clean(str(path))} » n'est ni une règle ADRESSE:PORT=ADRESSE:PORT, "
            f"ni un fichier lisible ({reason})."
        ) from None
    if len(data) > RULES_FILE_BYTES:
        raise UsageError(f"--connect-to : le fichier {path} est trop long.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"--connect-to : le fichier {path} n'est pas du texte UTF-8.") from None
