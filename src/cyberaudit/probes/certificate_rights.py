"""What those who vouch for a server may not do: names, purposes and critical extensions (RFC 5280 §6.1)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, ObjectIdentifier, PublicKeyAlgorithmOID

from cyberaudit.facts.certificate import Refusal, Usage
from cyberaudit.frozen import frozen
from cyberaudit.probes.certificate_extensions import UNREADABLE, extended_key_usage, key_usage

_SERVERS = frozenset({"serverAuth", "anyExtendedKeyUsage"})
_FOR_SERVERS = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
# What clients know how to process, OpenSSL and browsers alike; the last is netscapeCertType
_KNOWN = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.INHIBIT_ANY_POLICY,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS,
        ExtensionOID.TLS_FEATURE,
        ObjectIdentifier("2.16.840.1.113730.1.1"),
    }
)
_Range = tuple[int, int]
"""Version of IP, length of the prefix."""


def refused_extension(certificate: x509.Certificate) -> Refusal | None:
    """A critical extension that no client processes makes the certificate useless.

    Of extensions that cannot be read nothing is said here.
    """
    try:
        unknown = any(each.critical and each.oid not in _KNOWN for each in certificate.extensions)
    except UNREADABLE:
        return None
    return Refusal.EXTENSION if unknown else None


def refused_purpose(certificate: x509.Certificate) -> Refusal | None:
    """A server's own certificate that is made for something else (RFC 5280 §4.2.1.3, §4.2.1.12).

    Of purposes that are absent or cannot be read nothing is said here.
    """
    purposes, usage = extended_key_usage(certificate), key_usage(certificate)
    is_for_others = isinstance(purposes, Usage) and _SERVERS.isdisjoint(purposes.purposes)
    # RFC 8446 §4.4.2.2: the key signs; only RSA also served to decipher, in TLS 1.2 and older
    is_rsa = certificate.public_key_algorithm_oid == PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5
    needed = {"digitalSignature", "keyEncipherment"} if is_rsa else {"digitalSignature"}
    is_idle = isinstance(usage, Usage) and needed.isdisjoint(usage.purposes)
    return Refusal.NOT_FOR_SERVERS if is_for_others or is_idle else None


class Rights:
    """Whether an authority may vouch for one server; each is looked at once, whatever the number of ways up.

    Of the constraints, those on dNSName and iPAddress are compared with the SubjectAltName; other kinds of names
    are not. A SubjectAltName that cannot be read breaks none: it is a fact of its own.
    """

    def __init__(self, leaf: x509.Certificate) -> None:
        self._leaf = leaf
        self._known: dict[x509.Certificate, Refusal | None] = {}
        self.first_refusal: Refusal | None = None

    def allow(self, issuer: x509.Certificate) -> bool:
        """Clients accept what `issuer` vouches for; its dates and its place in the chain are not looked at."""
        if issuer not in self._known:
            self._known[issuer] = self._looked_at(issuer)
        refusal = self._known[issuer]
        self.first_refusal = self.first_refusal or refusal
        return refusal is None

    def _looked_at(self, issuer: x509.Certificate) -> Refusal | None:
        try:
            found = {each.oid: each.value for each in issuer.extensions}
        except UNREADABLE:
            return None
        purposes, limits = (
            found.get(ExtensionOID.EXTENDED_KEY_USAGE),
            found.get(ExtensionOID.NAME_CONSTRAINTS),
        )
        if isinstance(purposes, x509.ExtendedKeyUsage) and not any(each in purposes for each in _FOR_SERVERS):
            return Refusal.PURPOSE
        if isinstance(limits, x509.NameConstraints) and not _allows(limits, self._leaf):
            return Refusal.NAME
        return refused_extension(issuer)


def _allows(limits: x509.NameConstraints, leaf: x509.Certificate) -> bool:
    """Every name keeps out of what is excluded, and within what is permitted for its kind (RFC 5280 §4.2.1.10)."""
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, *UNREADABLE):
        return True
    hosts, addresses = names.get_values_for_type(x509.DNSName), names.get_values_for_type(x509.IPAddress)
    permitted, excluded = _subtrees(limits.permitted_subtrees), _subtrees(limits.excluded_subtrees)
    return (
        not any(map(excluded.hold_host, hosts))
        and not any(map(excluded.hold_address, addresses))
        and (not permitted.hosts or all(map(permitted.hold_host, hosts)))
        and (not permitted.ranges or all(map(permitted.hold_address, addresses)))
    )


@frozen
class _Subtrees:
    """Looked up, not walked through: a hostile authority names thousands."""

    hosts: frozenset[str]
    ranges: Mapping[_Range, frozenset[int]]
    """The prefixes."""

    def hold_host(self, host: str) -> bool:
        """It is one of the names, or lies under one; a name that begins with a dot is not below itself."""
        return not self.hosts.isdisjoint(_above(host.removesuffix(".").lower()))

    def hold_address(self, address: object) -> bool:
        if not isinstance(address, IPv4Address | IPv6Address):
            return False
        bits = int(address)
        return any(
            bits >> (address.max_prefixlen - length) in prefixes
            for (version, length), prefixes in self.ranges.items()
            if version == address.version
        )


def _subtrees(names: Iterable[x509.GeneralName] | None) -> _Subtrees:
    hosts, ranges = set(), defaultdict(set)
    for name in names or ():
        match name:
            case x509.DNSName(value=str() as host):
                hosts.add(host.removesuffix(".").lower())
            case x509.IPAddress(value=(IPv4Network() | IPv6Network()) as network):
                prefix = int(network.network_address) >> (network.max_prefixlen - network.prefixlen)
                ranges[network.version, network.prefixlen].add(prefix)
    return _Subtrees(frozenset(hosts), {key: frozenset(found) for key, found in ranges.items()})


def _above(host: str) -> Iterator[str]:
    """`a.b.c`, `.b.c`, `b.c`, `.c`, `c`, and the empty name, which holds every other."""
    yield host
    labels = host.split(".")
    # RFC 1035 §2.3.4: 255 octets, thus 127 labels; what has more is no name
    for place in range(1, min(len(labels), 128)):
        rest = ".".join(labels[place:])
        yield f".{rest}"
        yield rest
    yield ""
