"""What DNS says of the certificates of a domain's mail servers (DANE: RFC 6698, 7671, 7672).

For whoever judges a certificate, `vouched(dane, host, session)` tells how far DANE answers for it:
`Vouched.KEY`     nothing else counts: neither name, dates, issuer nor strength of the signature
`Vouched.ISSUER`  its issuer needs no other trust; name and dates still count
`Vouched.NOT`     it is judged as if DANE did not exist
`Unreachable`     DNS could not be asked: a certificate that nobody else vouches for cannot be accused
"""

from collections.abc import Iterator
from enum import StrEnum

from cyberaudit.facts.base import Facts
from cyberaudit.facts.certificate import Certificate, ChainFault, TlsSession
from cyberaudit.facts.security import Security
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Unreachable

# RFC 7671 §5.1, §5.2: the two usages that mail knows.
DANE_TA, DANE_EE = 2, 3
# IANA, DANE parameters: 0 and 1 are PKIX-TA and PKIX-EE, which RFC 7672 §3.1.3 rules out for mail.
USABLE = frozenset({DANE_TA, DANE_EE})
CERTIFICATE, KEY = 0, 1
FULL, SHA256, SHA512 = 0, 1, 2
_SIZES = {SHA256: 32, SHA512: 64}


@frozen
class TlsaRecord:
    """One promise about a certificate (RFC 6698 §2)."""

    usage: int
    selector: int
    """0: the whole certificate, 1: its key."""
    matching: int
    """0: the thing itself, 1: its SHA-256, 2: its SHA-512."""
    digest: str
    """Lower-case hexadecimal, at most 64 bytes; of the thing itself (matching 0), the SHA-256."""
    size: int
    """Bytes published, before they were shortened."""

    @property
    def is_usable(self) -> bool:
        """Senders can compare a certificate with it."""
        known = self.selector in (CERTIFICATE, KEY) and self.matching in (FULL, SHA256, SHA512)
        return self.usage in USABLE and known and self.size == _SIZES.get(self.matching, self.size) > 0

    def __str__(self) -> str:
        return f"{self.usage} {self.selector} {self.matching} {self.digest}"


@frozen
class DaneHost:
    """What is promised for one MX."""

    host: str
    """As the MX names it."""
    address: Security | Unreachable
    """Of its addresses, or of the alias that stands in their place (RFC 7672 §2.2.3)."""
    at: str
    """Where the records stand, or were looked for first: `_25._tcp.` and the host, or what it is an alias of."""
    records: tuple[TlsaRecord, ...] | Unreachable
    security: Security | Unreachable
    """Of `records`, or of their absence."""


@frozen
class Dane(Facts):
    """The TLSA records of the servers that receive a domain's mail."""

    KIND = "dane"
    VERSION = 1

    domain: str
    mx: Security | Unreachable
    """Of the MX records, or of their absence."""
    hosts: tuple[DaneHost, ...]
    """By preference; the domain itself when it has no MX; none when it refuses mail."""
    left_out: tuple[str, ...]
    """MX beyond our limits, never asked."""


class Vouched(StrEnum):
    """How far DANE answers for a certificate."""

    NOT = "not"
    ISSUER = "issuer"
    """DANE-TA: the authority is the promised one."""
    KEY = "key"
    """DANE-EE: the key or the certificate is the promised one."""


def protection(dane: Dane, entry: DaneHost) -> Security | Unreachable:
    """The weakest link of what a sender believes for this MX: its records, its address, the promise (RFC 7672 §2.1)."""
    links = (dane.mx, entry.address, entry.security)
    unseen = next((link for link in links if isinstance(link, Unreachable)), None)
    weakest = (Security.BOGUS, Security.INSECURE, Security.UNCHECKED)
    found = next((level for level in weakest if level in links), None)
    return found or unseen or Security.SECURE


def vouched(dane: Dane | Unreachable, host: str, session: TlsSession) -> Vouched | Unreachable:
    """What DANE says for the certificate that `host`, an MX, showed in `session`."""
    if isinstance(dane, Unreachable):
        return dane
    entry = next((each for each in dane.hosts if each.host == host), None)
    if entry is None:
        return Unreachable(Reason.NOT_LOOKED) if host in dane.left_out else Vouched.NOT
    if isinstance(entry.records, Unreachable):
        return entry.records
    if not entry.records:
        return Vouched.NOT
    level = protection(dane, entry)
    if level is Security.UNCHECKED:
        return Unreachable(Reason.NOT_LOOKED, "DNSSEC non vérifié")
    if level is not Security.SECURE:
        return level if isinstance(level, Unreachable) else Vouched.NOT
    return compared(entry, dane.domain, session)


def compared(entry: DaneHost, domain: str, session: TlsSession) -> Vouched | Unreachable:
    """How the certificates of `session` meet the promises of `entry`; one that fits is enough (roll-over).

    `Unreachable`: none fits, and one of them asks for a digest that was not taken.
    """
    if isinstance(entry.records, Unreachable):
        return entry.records
    results = [_fits(record, entry, domain, session) for record in entry.records if record.is_usable]
    for result in (Vouched.KEY, Vouched.ISSUER):
        if result in results:
            return result
    return next((result for result in results if isinstance(result, Unreachable)), Vouched.NOT)


def _fits(record: TlsaRecord, entry: DaneHost, domain: str, session: TlsSession) -> Vouched | Unreachable:
    if not session.chain:
        return Vouched.NOT
    if record.usage == DANE_EE:
        same = _same(record, session.chain[0])
        return same if isinstance(same, Unreachable) else Vouched.KEY if same else Vouched.NOT
    return _fits_authority(record, entry, domain, session)


def _fits_authority(
    record: TlsaRecord, entry: DaneHost, domain: str, session: TlsSession
) -> Vouched | Unreachable:
    """The promised authority must be sent, lead to the server's own, and the name must be right (RFC 7671 §5.2)."""
    way = list(_way_up(session))
    results = [_same(record, certificate) for certificate in way]
    if True in results:
        if results.index(True) > 0 or not way[0].self_signed:
            doubt = _doubt(session)
            if doubt is not None:
                return doubt
        return _for_this_name(entry, domain, session)
    return next((result for result in results if isinstance(result, Unreachable)), Vouched.NOT)


def _doubt(session: TlsSession) -> Unreachable | None:
    """Why the names of the way up prove nothing; None: each certificate sent was signed by the next on that way.

    The signatures were verified where the certificates themselves were at hand: one that vouches for none of those on
    the way is `stranger` then.
    """
    if isinstance(session.chain_faults, Unreachable):
        return session.chain_faults
    if ChainFault.STRANGER in session.chain_faults:
        return Unreachable(Reason.PROTOCOL_ERROR, "un certificat envoyé n'en a signé aucun autre")
    return None


def _for_this_name(entry: DaneHost, domain: str, session: TlsSession) -> Vouched | Unreachable:
    """RFC 7672 §3.2.2: the TLSA base domain, the MX or the domain itself."""
    names = session.chain[0].names
    if session.name_matches is True:
        return Vouched.ISSUER
    if isinstance(names, Unreachable):
        return names
    wanted = (entry.host, domain, entry.at.removeprefix("_25._tcp."))
    return Vouched.ISSUER if any(_covers(name, host) for name in names for host in wanted) else Vouched.NOT


def _covers(pattern: str, host: str) -> bool:
    """RFC 9525 §6.3: a star stands for one whole left label."""
    return pattern == host or (pattern.startswith("*.") and pattern[2:] == host.partition(".")[2])


def _way_up(session: TlsSession) -> Iterator[Certificate]:
    """From the server's own certificate to the last issuer that was sent, by their names alone."""
    current, left = session.chain[0], list(session.chain[1:])
    if current.self_signed:
        yield current
    while (above := next((each for each in left if each.subject == current.issuer), None)) is not None:
        left.remove(above)
        yield above
        current = above


def _same(record: TlsaRecord, certificate: Certificate) -> bool | Unreachable:
    if record.matching == SHA512:
        seen = certificate.key_sha512 if record.selector == KEY else certificate.sha512
    else:
        seen = certificate.key_sha256 if record.selector == KEY else certificate.sha256
    return seen if isinstance(seen, Unreachable) else seen == record.digest
