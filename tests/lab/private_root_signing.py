"""Zones of the private root, signed as each truth says: right, late, early, broken, with every algorithm."""

import os
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import cast

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdataset
import dns.rdatatype
import dns.rrset
import dns.transaction
import dns.zone
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from dns.dnssectypes import Algorithm
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from dns.rdtypes.ANY.DS import DS
from dns.rdtypes.ANY.RRSIG import RRSIG

from tests.lab.mail_truths import Signing

TTL = 3600
DAY = 86400
KSK = 257
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
Keys = list[tuple[Key, DNSKEY]]


def read_zone(origin: str, lines: Iterable[str]) -> dns.zone.Zone:
    return dns.zone.from_text("\n".join(lines) + "\n", origin=origin, relativize=False, check_origin=False)


def signed(origin: str, lines: Iterable[str], signing: Signing = Signing.USUAL) -> dns.zone.Zone:
    """The zone with its signatures, as `signing` says."""
    zone = read_zone(origin, lines)
    assert zone.origin is not None
    if signing in (Signing.UNSIGNED, Signing.DS_ALONE):
        return zone
    begins, ends = _validity(signing)
    keys = keys_of(origin, signing)
    sign = partial(
        _sign_rrset, keys=keys, origin=zone.origin, begins=begins, ends=ends, spoils=_spoils(signing)
    )
    iterations = {Signing.NSEC3: 0, Signing.NSEC3_TEN: 10, Signing.NSEC3_MANY: 150}.get(signing)
    if iterations is None:
        dns.dnssec.sign_zone(zone, keys=[*keys], rrset_signer=sign, policy=dns.dnssec.allow_all_policy)
    else:
        _sign_with_nsec3(zone, keys, sign, iterations)
    return zone


def _validity(signing: Signing) -> tuple[int, int]:
    """From when to when the signatures are good, in seconds from 1970."""
    now = int(time.time())
    first, last = {
        Signing.EXPIRED: (-30, -3),
        Signing.NOT_YET: (5, 35),
        Signing.ENDS_SOON: (-12, 2),
    }.get(signing, (-2, 20))
    return now + first * DAY, now + last * DAY


def _spoils(signing: Signing) -> Callable[[int], bool]:
    """Whether the signature over this type is to be wrong."""
    match signing:
        case Signing.BROKEN:
            return lambda kind: kind != dns.rdatatype.DNSKEY
        case Signing.BROKEN_MX:
            return lambda kind: kind == dns.rdatatype.MX
        case _:
            return lambda kind: False


@cache
def keys_of(origin: str, signing: Signing) -> Keys:
    """The zone's own: the same when an older copy of it is signed."""
    return new_keys(signing)


def new_keys(signing: Signing) -> Keys:
    """One key for everything, or one for each algorithm."""
    p256: tuple[Key, Algorithm] = (ec.generate_private_key(ec.SECP256R1()), Algorithm.ECDSAP256SHA256)
    made: list[tuple[Key, Algorithm]]
    match signing:
        case Signing.RSASHA1:
            made = [(_rsa(2048), Algorithm.RSASHA1)]
        case Signing.RSA_1024:
            made = [(_rsa(1024), Algorithm.RSASHA256)]
        case Signing.RSA_2048:
            made = [(_rsa(2048), Algorithm.RSASHA256)]
        case Signing.TWO_ALGORITHMS:
            made = [(_rsa(2048), Algorithm.RSASHA256), p256]
        case Signing.P384:
            made = [(ec.generate_private_key(ec.SECP384R1()), Algorithm.ECDSAP384SHA384)]
        case Signing.ED25519:
            made = [(ed25519.Ed25519PrivateKey.generate(), Algorithm.ED25519)]
        case _:
            made = [p256]
    return [(key, dns.dnssec.make_dnskey(key.public_key(), number, flags=KSK)) for key, number in made]


@cache
def _rsa(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def _sign_rrset(
    txn: dns.transaction.Transaction,
    rrset: dns.rrset.RRset,
    *,
    keys: Keys,
    origin: dns.name.Name,
    begins: int,
    ends: int,
    spoils: Callable[[int], bool],
) -> None:
    for key, dnskey in keys:
        made = dns.dnssec.sign(
            rrset, key, origin, dnskey, inception=begins, expiration=ends, policy=dns.dnssec.allow_all_policy,
            deterministic=False,
        )  # fmt: skip
        if spoils(rrset.rdtype):
            other = made.signature[:-1] + bytes([made.signature[-1] ^ 1])
            made = cast("RRSIG", made.replace(signature=other))
        txn.add(rrset.name, rrset.ttl, made)


def ds_of(zone: dns.zone.Zone, signing: Signing) -> list[DS]:
    """What the parent publishes."""
    if signing in (Signing.UNSIGNED, Signing.ISLAND):
        return []
    if signing in (Signing.DS_ALONE, Signing.OTHER_DS):
        return [_make_ds(zone, new_keys(Signing.USUAL)[0][1])]
    assert zone.origin is not None
    keys = zone.get_rdataset(zone.origin, dns.rdatatype.DNSKEY)
    assert keys is not None
    entries = [key for key in keys if key.flags == KSK]
    if signing is Signing.NEXT_KEY_ANNOUNCED:
        entries.append(new_keys(signing)[0][1])
    digest = "SHA1" if signing is Signing.SHA1_DS else "SHA256"
    return [_make_ds(zone, key, digest) for key in entries]


def _make_ds(zone: dns.zone.Zone, key: DNSKEY, digest: str = "SHA256") -> DS:
    assert zone.origin is not None
    return dns.dnssec.make_ds(zone.origin, key, digest, policy=dns.dnssec.allow_all_policy)


def _sign_with_nsec3(
    zone: dns.zone.Zone,
    keys: Keys,
    sign: Callable[[dns.transaction.Transaction, dns.rrset.RRset], None],
    iterations: int,
) -> None:
    """For a zone that delegates nothing: every name, empty ones too, in one chain of hashes without salt."""
    assert zone.origin is not None
    parameters = dns.rdata.from_text("IN", "NSEC3PARAM", f"1 0 {iterations} -")
    with zone.writer() as txn:
        for _, dnskey in keys:
            txn.add(zone.origin, TTL, dnskey)
        txn.add(zone.origin, 0, parameters)
        chain = _hashed(zone.origin, _types(txn, zone.origin), iterations)
        for name in list(txn.iterate_names()):
            for rdataset in _rdatasets(txn, name):
                sign(txn, dns.rrset.from_rdata(name, rdataset.ttl, *rdataset))
        for place, (digest, kinds) in enumerate(chain):
            after = chain[(place + 1) % len(chain)][0]
            words = f"1 0 {iterations} - {after} {' '.join(kinds)}"
            owner = dns.name.from_text(digest, zone.origin)
            record = dns.rrset.from_text(owner, TTL, "IN", "NSEC3", words)
            txn.add(record)
            sign(txn, record)


def _rdatasets(txn: dns.transaction.Transaction, name: dns.name.Name) -> list[dns.rdataset.Rdataset]:
    node = txn.get_node(name)
    return list(node.rdatasets) if node else []


def _types(txn: dns.transaction.Transaction, origin: dns.name.Name) -> dict[dns.name.Name, list[str]]:
    found: dict[dns.name.Name, list[str]] = {}
    for name in txn.iterate_names():
        kinds = [dns.rdatatype.to_text(each.rdtype) for each in _rdatasets(txn, name)]
        found[name] = [*kinds, "RRSIG"]
        above = name
        while above != origin:
            above = above.parent()
            found.setdefault(above, [])
    return found


def _hashed(
    origin: dns.name.Name, types: Mapping[dns.name.Name, list[str]], iterations: int
) -> list[tuple[str, list[str]]]:
    return sorted((dns.dnssec.nsec3_hash(name, None, iterations, 1), kinds) for name, kinds in types.items())


def opted_out(folder: Path, origin: str, lines: Iterable[str]) -> dns.zone.Zone:
    """Signed by BIND's own tools with NSEC3 and opt-out, as registries do."""
    plain, done = folder / f"{origin}.plain", folder / f"{origin}.signed"
    read_zone(origin, lines).to_file(str(plain), relativize=False)
    path = f"{os.environ['PATH']}:/usr/sbin"
    for words in (
        ["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", str(folder), origin],
        ["dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "-K", str(folder), origin],
        [
            "dnssec-signzone",
            "-q",
            "-S",
            "-K",
            str(folder),
            "-d",
            str(folder),
            "-3",
            "-",
            "-A",
            "-o",
            origin,
            "-f",
            str(done),
            str(plain),
        ],
    ):
        subprocess.run(words, check=True, capture_output=True, env={"PATH": path}, timeout=60)
    return dns.zone.from_file(str(done), origin=origin, relativize=False)
