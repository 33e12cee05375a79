"""What the extensions of a certificate say (RFC 5280 §4.2): each is read apart, and may be unreadable."""

from collections.abc import Callable
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from cyberaudit.facts.certificate import Usage
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.certificate_names import SubjectNames

T = TypeVar("T")
E = TypeVar("E", bound=x509.ExtensionType)

# Ours: there are about twenty known purposes.
MAX_PURPOSES = 20
# What cryptography raises for a certificate it reads but does not understand.
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
_USAGES = {
    "digital_signature": "digitalSignature",
    "content_commitment": "nonRepudiation",
    "key_encipherment": "keyEncipherment",
    "data_encipherment": "dataEncipherment",
    "key_agreement": "keyAgreement",
    "key_cert_sign": "keyCertSign",
    "crl_sign": "cRLSign",
}
_EXTENDED_USAGES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "serverAuth",
    ExtendedKeyUsageOID.CLIENT_AUTH: "clientAuth",
    ExtendedKeyUsageOID.CODE_SIGNING: "codeSigning",
    ExtendedKeyUsageOID.EMAIL_PROTECTION: "emailProtection",
    ExtendedKeyUsageOID.TIME_STAMPING: "timeStamping",
    ExtendedKeyUsageOID.OCSP_SIGNING: "OCSPSigning",
    ExtendedKeyUsageOID.IPSEC_IKE: "ipsecIKE",
    ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE: "anyExtendedKeyUsage",
}
_NOWHERE: tuple[str, ...] = ()
# CA/Browser Forum, TLS Baseline Requirements §7.1.6.1: EV, then DV, OV and IV
_PUBLIC_RULES = ("2.23.140.1.1", "2.23.140.1.2")


def names(certificate: x509.Certificate) -> SubjectNames | Unreachable:
    """Those of the SubjectAltName; none at all when it is absent."""

    def read(found: x509.Extension[x509.SubjectAlternativeName]) -> SubjectNames:
        return SubjectNames(
            hosts=tuple(found.value.get_values_for_type(x509.DNSName)),
            addresses=tuple(str(each) for each in found.value.get_values_for_type(x509.IPAddress)),
        )

    return _read(certificate, x509.SubjectAlternativeName, read, absent=SubjectNames((), ()))


def names_critical(certificate: x509.Certificate) -> bool | Unreachable:
    return _read(certificate, x509.SubjectAlternativeName, lambda found: found.critical, absent=False)


def is_ca(certificate: x509.Certificate) -> bool | Unreachable:
    return _read(certificate, x509.BasicConstraints, lambda found: found.value.ca, absent=False)


def key_usage(certificate: x509.Certificate) -> Usage | Unreachable | None:
    def read(found: x509.Extension[x509.KeyUsage]) -> Usage:
        purposes = (name for field, name in _USAGES.items() if getattr(found.value, field))
        return Usage(found.critical, tuple(purposes))

    return _read(certificate, x509.KeyUsage, read, absent=None)


def extended_key_usage(certificate: x509.Certificate) -> Usage | Unreachable | None:
    def read(found: x509.Extension[x509.ExtendedKeyUsage]) -> Usage:
        purposes = (_EXTENDED_USAGES.get(oid, oid.dotted_string) for oid in found.value)
        return Usage(found.critical, tuple(clean(purpose) for purpose in purposes)[:MAX_PURPOSES])

    return _read(certificate, x509.ExtendedKeyUsage, read, absent=None)


def subject_key(certificate: x509.Certificate) -> str | Unreachable:
    return _read(certificate, x509.SubjectKeyIdentifier, lambda found: found.value.digest.hex(), absent="")


def authority_key(certificate: x509.Certificate) -> str | Unreachable:
    def read(found: x509.Extension[x509.AuthorityKeyIdentifier]) -> str:
        return (found.value.key_identifier or b"").hex()

    return _read(certificate, x509.AuthorityKeyIdentifier, read, absent="")


def revocation(certificate: x509.Certificate) -> tuple[str, ...] | Unreachable:
    """`crl`, `ocsp` and `issuer`, as far as present."""
    has_list = _read(certificate, x509.CRLDistributionPoints, lambda _: True, absent=False)
    ways = _read(certificate, x509.AuthorityInformationAccess, _ways, absent=_NOWHERE)
    if isinstance(has_list, Unreachable) or isinstance(ways, Unreachable):
        return has_list if isinstance(has_list, Unreachable) else ways
    return ("crl", *ways) if has_list else ways


def _ways(found: x509.Extension[x509.AuthorityInformationAccess]) -> tuple[str, ...]:
    methods = {description.access_method for description in found.value}
    known = (
        (AuthorityInformationAccessOID.OCSP, "ocsp"),
        (AuthorityInformationAccessOID.CA_ISSUERS, "issuer"),
    )
    return tuple(name for oid, name in known if oid in methods)


def must_staple(certificate: x509.Certificate) -> bool | Unreachable:
    wanted = x509.TLSFeatureType.status_request
    return _read(certificate, x509.TLSFeature, lambda found: wanted in found.value, absent=False)


def timestamps(certificate: x509.Certificate) -> int | Unreachable:
    kind = x509.PrecertificateSignedCertificateTimestamps
    return _read(certificate, kind, lambda found: len(found.value), absent=0)


def public_rules(certificate: x509.Certificate) -> bool | Unreachable:
    def read(found: x509.Extension[x509.CertificatePolicies]) -> bool:
        policies = [policy.policy_identifier.dotted_string for policy in found.value]
        return any(f"{policy}.".startswith(f"{root}.") for policy in policies for root in _PUBLIC_RULES)

    return _read(certificate, x509.CertificatePolicies, read, absent=False)


def _read(
    certificate: x509.Certificate, kind: type[E], read: Callable[[x509.Extension[E]], T], *, absent: T
) -> T | Unreachable:
    try:
        return read(certificate.extensions.get_extension_for_class(kind))
    except x509.ExtensionNotFound:
        return absent
    except UNREADABLE as error:
        return Unreachable(Reason.PROTOCOL_ERROR, f"extension illisible : {clean(str(error), limit=80)}")
