"""The finite-field groups that many servers share, recognised by their prime."""

import hashlib

from cyberaudit.facts.tls_endpoint import DhGroup

_DIGEST_CHARS = 32
# The first half of the SHA-256 of each prime, big-endian. Those of an RFC were computed from its formula; the
# others are the parameters that came with the software named.
_NAMES = {
    "b52ba6a3026520a6c49d37e458760180": "modp768 (RFC 2409)",
    "3f35a3f5f6c4376a744acad409bb22f8": "modp1024 (RFC 2409)",
    "64fcc83ec403930bf18393dbc883ccaa": "modp1536 (RFC 3526)",
    "d66436f79bbd6b2e38c0ffbd079be904": "modp2048 (RFC 3526)",
    "48cf8b092fbce4359d9871abf74f98e2": "modp3072 (RFC 3526)",
    "4ee95187682bcb230ad26a95205f6920": "modp4096 (RFC 3526)",
    "d1bfe6d0925ce7e4da262b62861514a7": "modp6144 (RFC 3526)",
    "39ab4feab950a3128fb71accb9fc3965": "modp8192 (RFC 3526)",
    "9cd3b7f336872f46c09428d1bbc19877": "ffdhe2048",
    "0eaf67db3a839156d5013494a5318a77": "ffdhe3072",
    "4648414224ac881b3d0dc59b466f96d0": "ffdhe4096",
    "227ac9066b3ddd9e193670cda2388fa8": "ffdhe6144",
    "770b14efaf6f049929c523113b3fa99a": "ffdhe8192",
    "44c55cfee5c075927cf682da5b681bde": "dh1024-160 (RFC 5114)",
    "bfe545862ca102ad1eeddb5fbfa5bf85": "dh2048-224 (RFC 5114)",
    "0b7835722cb619827610c2549fdda558": "dh2048-256 (RFC 5114)",
    "3cdb020b9ef298b2f3f6cf5a872af527": "Apache 2.0 (512)",
    "db01e702899166da28c9bc7896af62bc": "Apache 2.2 (512)",
    "f79d1db3c955a28fdeca462670a0712e": "Apache 2.2 (1024)",
    "bf910d9df4e0b2e76cda7443f592aa11": "Apache 2.2 (1024)",
    "8ae47dca3d24e9b64640062686da234d": "nginx (1024)",
    "73b391ec8da33ee197aed17d7cfce132": "Java (512)",
    "ee5483fe4b96caa10cb5b863ec409aab": "Java (768)",
    "cc21a33dd1a3edf40bf636b5496e4aed": "Java (1024)",
    "f26e2403f3f07946654404909f0ff81d": "OpenSSL (512)",
    "66d0bf38b0bdfacf2fdae33f35102ab6": "OpenSSL (1024)",
    "3166ce19180005327a6059a2e7a4ed22": "OpenSSL (2048)",
    "9e348a9471b7d123aa97071e38288379": "OpenSSL (2048)",
    "ce7728db3aed1119a82b9f17b17df9f8": "OpenSSL (4096)",
    "449ab49c277d21a601e806df3064d6e4": "Postfix (512)",
    "4e1f16b0a537becf0398e0d6049ed828": "Postfix (2048)",
    "486e235226a927b22b9389bf43377084": "HAProxy (1024)",
    "7b6551ea6ff09bd78c24bede10980a15": "HAProxy (2048)",
    "a67f41cb161353e098a815bf4070d326": "HAProxy (4096)",
    "bfa876fe4671a9c696c8e256c13d7fad": "IronPort (1024)",
}


def dh_group(prime: bytes) -> DhGroup:
    """Size and name of the group with this prime (big-endian); an unknown one has no name."""
    prime = prime.lstrip(b"\x00")
    digest = hashlib.sha256(prime).hexdigest()[:_DIGEST_CHARS]
    return DhGroup(bits=int.from_bytes(prime).bit_length(), name=_NAMES.get(digest, ""))
