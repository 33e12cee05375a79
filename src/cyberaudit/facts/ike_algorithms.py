"""The algorithms two IPsec gateways may agree on: their numbers in both versions of IKE, and their usual names."""

from enum import StrEnum

from cyberaudit.frozen import frozen


class Part(StrEnum):
    """What an algorithm is for, in an IKE proposal."""

    CIPHER = "cipher"
    PRF = "prf"
    """Draws keys; IKEv1 uses its hash for that."""
    MAC = "mac"
    """Integrity; IKEv1 calls it the hash."""


@frozen
class Algorithm:
    """One algorithm, with one length of key."""

    id: str
    """`aes-cbc-256`: as facts keep it, for ever."""
    name: str
    """As a contractor knows it."""
    part: Part
    number: int
    """IKEv2: IANA, Transform Type 1, 2 or 3."""
    bits: int = 0
    """Length of the key, where proposals must give it; 0: it is fixed."""
    old: int = 0
    """IKEv1: IANA, encryption or hash algorithm; 0: none."""
    sealed: bool = False
    """Ciphers and seals at once (AEAD): proposed without integrity (RFC 7296 §3.3)."""


def _aes(kind: str, name: str, number: int, *, sealed: bool, old: int = 0) -> tuple[Algorithm, ...]:
    return tuple(
        Algorithm(f"{kind}-{bits}", f"{name} {bits} bits", Part.CIPHER, number, bits, old, sealed)
        for bits in (256, 192, 128)
    )


# IANA, « Internet Key Exchange Version 2 (IKEv2) Parameters », and RFC 2409 appendix A for the old numbers.
CIPHERS: tuple[Algorithm, ...] = (
    *_aes("aes-gcm", "AES-GCM", 20, sealed=True),
    *_aes("aes-gcm-12", "AES-GCM (sceau de 12 octets)", 19, sealed=True),
    *_aes("aes-gcm-8", "AES-GCM (sceau de 8 octets)", 18, sealed=True),
    *_aes("aes-ccm", "AES-CCM", 16, sealed=True),
    Algorithm("chacha20-poly1305", "ChaCha20-Poly1305", Part.CIPHER, 28, sealed=True),
    *_aes("aes-cbc", "AES-CBC", 12, sealed=False, old=7),
    *_aes("aes-ctr", "AES-CTR", 13, sealed=False),
    *_aes("camellia-cbc", "Camellia-CBC", 23, sealed=False, old=8),
    Algorithm("3des", "Triple DES", Part.CIPHER, 3, old=5),
    Algorithm("blowfish-128", "Blowfish 128 bits", Part.CIPHER, 7, 128, old=3),
    Algorithm("cast-128", "CAST 128 bits", Part.CIPHER, 6, 128, old=6),
    Algorithm("des", "DES", Part.CIPHER, 2, old=1),
    Algorithm("null", "aucun chiffrement", Part.CIPHER, 11),
)
PRFS: tuple[Algorithm, ...] = (
    Algorithm("prf-sha256", "PRF HMAC-SHA-256", Part.PRF, 5),
    Algorithm("prf-sha384", "PRF HMAC-SHA-384", Part.PRF, 6),
    Algorithm("prf-sha512", "PRF HMAC-SHA-512", Part.PRF, 7),
    Algorithm("prf-aes-xcbc", "PRF AES-XCBC", Part.PRF, 4),
    Algorithm("prf-aes-cmac", "PRF AES-CMAC", Part.PRF, 8),
    Algorithm("prf-sha1", "PRF HMAC-SHA-1", Part.PRF, 2),
    Algorithm("prf-md5", "PRF HMAC-MD5", Part.PRF, 1),
)
MACS: tuple[Algorithm, ...] = (
    Algorithm("sha256", "SHA-256", Part.MAC, 12, old=4),
    Algorithm("sha384", "SHA-384", Part.MAC, 13, old=5),
    Algorithm("sha512", "SHA-512", Part.MAC, 14, old=6),
    Algorithm("aes-xcbc", "AES-XCBC", Part.MAC, 5),
    Algorithm("aes-cmac", "AES-CMAC", Part.MAC, 8),
    Algorithm("sha1", "SHA-1", Part.MAC, 2, old=2),
    Algorithm("md5", "MD5", Part.MAC, 1, old=1),
)
BY_ID: dict[str, Algorithm] = {each.id: each for each in (*CIPHERS, *PRFS, *MACS)}


@frozen
class Group:
    """One way to exchange keys: the same numbers in both versions of IKE."""

    number: int
    name: str
    size: int
    """Bytes of a public value on the wire."""


# IANA, Transform Type 4; sizes: RFC 7296 §3.4 (the prime), RFC 5903 §7 and RFC 6954 (two coordinates), RFC 8031.
GROUPS: tuple[Group, ...] = (
    Group(31, "Curve25519", 32),
    Group(19, "courbe P-256", 64),
    Group(20, "courbe P-384", 96),
    Group(21, "courbe P-521", 132),
    Group(32, "Curve448", 56),
    Group(28, "courbe brainpool 256", 64),
    Group(29, "courbe brainpool 384", 96),
    Group(30, "courbe brainpool 512", 128),
    Group(14, "MODP 2048 bits", 256),
    Group(15, "MODP 3072 bits", 384),
    Group(16, "MODP 4096 bits", 512),
    Group(17, "MODP 6144 bits", 768),
    Group(18, "MODP 8192 bits", 1024),
    Group(27, "courbe brainpool 224", 56),
    Group(26, "courbe P-224", 56),
    Group(25, "courbe P-192", 48),
    Group(24, "MODP 2048 bits, sous-groupe de 256", 256),
    Group(23, "MODP 2048 bits, sous-groupe de 224", 256),
    Group(22, "MODP 1024 bits, sous-groupe de 160", 128),
    Group(5, "MODP 1536 bits", 192),
    Group(2, "MODP 1024 bits", 128),
    Group(1, "MODP 768 bits", 96),
)
GROUP: dict[int, Group] = {each.number: each for each in GROUPS}


def algorithm_name(identifier: str) -> str:
    """« AES-GCM 256 bits » for `aes-gcm-256`; an identifier of a newer version as it is."""
    known = BY_ID.get(identifier)
    return known.name if known else identifier


def group_name(number: int) -> str:
    """« groupe 14 (MODP 2048 bits) »."""
    known = GROUP.get(number)
    return f"groupe {number} ({known.name})" if known else f"groupe {number}"
