"""How a chain of certificates was sent: in order, complete, without strangers (RFC 5246 §7.4.2, RFC 8446 §4.4.2)."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from cryptography import x509

from cyberaudit.facts.certificate import ChainFault
from cyberaudit.probes import certificate_extensions as extensions
from cyberaudit.probes.certificates import TrustStore, is_signed_by

Vouchers = Mapping[int, tuple[int, ...]]
"""Place of a certificate → places of the others that signed it."""


def chain_faults(
    sent: Sequence[x509.Certificate], trust: TrustStore, *, trusted: bool, now: datetime
) -> tuple[ChainFault, ...]:
    """What is wrong in the way `sent`, the server's own first, was sent; `trusted`: it leads to a root of `trust`."""
    chain = tuple(dict.fromkeys(sent))
    vouchers = _vouchers(chain)
    way = _way(vouchers)
    lacks_issuer = not trusted and _lacks_issuer(chain, way, vouchers, trust)
    found = {
        ChainFault.OUT_OF_ORDER: not _is_ordered(way, vouchers),
        ChainFault.INCOMPLETE: lacks_issuer,
        ChainFault.ISSUER_UNSENT: not (trusted or lacks_issuer or vouchers[0])
        and _is_orphan(chain[0], trust),
        ChainFault.STRANGER: len(way) < len(chain),
        ChainFault.ROOT_SENT: any(_is_root(chain[place], trust) for place in way[1:]),
        ChainFault.TWICE: len(chain) < len(sent),
        ChainFault.OUTDATED_ISSUER: any(chain[place].not_valid_after_utc < now for place in way[1:]),
    }
    return tuple(fault for fault, is_there in found.items() if is_there)


def _vouchers(chain: Sequence[x509.Certificate]) -> Vouchers:
    return {
        child: tuple(
            parent
            for parent, issuer in enumerate(chain)
            if parent != child and issuer.subject == certificate.issuer and is_signed_by(certificate, issuer)
        )
        for child, certificate in enumerate(chain)
    }


def _way(vouchers: Vouchers) -> list[int]:
    """The places that are reached from the server's own certificate, that one first; several ways may lead up."""
    way = [0]
    for place in way:  # grows as it is walked, each place once
        way += [parent for parent in vouchers[place] if parent not in way]
    return way


def _is_ordered(way: Sequence[int], vouchers: Vouchers) -> bool:
    """Each certificate comes after one that it vouches for."""
    return all(any(place in vouchers[child] for child in way if child < place) for place in way[1:])


def _lacks_issuer(
    chain: Sequence[x509.Certificate], way: Sequence[int], vouchers: Vouchers, trust: TrustStore
) -> bool:
    """A way up stops at a certificate that says where its issuer is to be fetched, and which no root signed.

    Above an intermediate that may be a root nobody knows, except under the rules of public authorities.
    """
    is_public = extensions.public_rules(chain[0]) is True
    ends = (chain[place] for place in way if not vouchers[place] and (place == 0 or is_public))
    return any(_names_issuer(end) and not any(_roots_above(end, trust)) for end in ends)


def _names_issuer(certificate: x509.Certificate) -> bool:
    where = extensions.revocation(certificate)
    return certificate.subject != certificate.issuer and isinstance(where, tuple) and "issuer" in where


def _is_orphan(certificate: x509.Certificate, trust: TrustStore) -> bool:
    """Signed by another, which is none of the roots."""
    return certificate.subject != certificate.issuer and not any(_roots_above(certificate, trust))


def _roots_above(certificate: x509.Certificate, trust: TrustStore) -> Iterator[bool]:
    return (is_signed_by(certificate, root) for root in trust.named(certificate.issuer))


def _is_root(certificate: x509.Certificate, trust: TrustStore) -> bool:
    return certificate in trust.roots or is_signed_by(certificate, certificate)
