"""Which suites of TLS 1.0 to 1.2 we can bring to their end, and what each needs of the master secret."""

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from cyberaudit.facts.tls_suites import ALL_SUITES, Suite, suite
from cyberaudit.frozen import frozen
from cyberaudit.probes.tls import key_schedule12
from cyberaudit.probes.tls.hello import TLS10, TLS12
from cyberaudit.probes.tls.key_schedule12 import Keys
from cyberaudit.probes.tls.protection import Aead12, Block, Protection, Stream

_EXCHANGES = frozenset({"ECDHE", "DHE", "RSA"})
_SIGNERS = frozenset({"RSA", "ECDSA", "DSS"})
_AEAD = frozenset({("AES", "GCM"), ("AES", "CCM"), ("AES", "CCM_8"), ("CHACHA20", "POLY1305")})
_BLOCK = {"AES": AES, "3DES": TripleDES}
_BLOCK_BYTES = {"AES": 16, "3DES": 8}
_MACS = {"SHA": ("sha1", 20), "SHA256": ("sha256", 32), "SHA384": ("sha384", 48), "MD5": ("md5", 16)}
# Its key has three parts of 64 bits, whatever it resists.
_KEY_BYTES = {"3DES": 24}
# The drafts of ChaCha20 make their nonces another way; the two of SSLv3 are met nowhere.
_SET_ASIDE = frozenset({0xCC13, 0xCC14, 0xCC15, 0xFEFF, 0xFFE0})


def _is_doable(known: Suite) -> bool:
    if known.exchange not in _EXCHANGES or known.authentication not in _SIGNERS or known.export:
        return False
    if known.code in _SET_ASIDE:
        return False
    if (known.cipher, known.mode) in _AEAD:
        return True
    is_old = known.cipher == "RC4" and known.bits == 128
    is_block = known.cipher in _BLOCK and known.mode == "CBC"
    return (is_old or is_block) and known.digest in _MACS


def _cheap_first(code: int) -> bool:
    """A prime costs ten times a curve, on both sides."""
    return suite(code).exchange == "DHE"


DOABLE = tuple(sorted((code for code in ALL_SUITES if _is_doable(suite(code))), key=_cheap_first))
"""Suites we can finish: those of DHE last, else in the order of `ALL_SUITES`."""


@frozen
class Means:
    """How the records of one session are protected."""

    suite: Suite
    version: int
    mac_outside: bool
    """encrypt-then-MAC was agreed on."""

    @property
    def digest(self) -> str:
        """Of the pseudo-random function and of Finished; `key_schedule12.OLD` before TLS 1.2."""
        if self.version < TLS12:
            return key_schedule12.OLD
        return "sha384" if self.suite.digest == "SHA384" else "sha256"

    def protections(self, master: bytes, randoms: bytes) -> tuple[Protection, Protection]:
        """The client's, then the server's; `randoms`: the server's, then the client's."""
        ours, theirs = key_schedule12.keys(
            master,
            randoms,
            mac=0 if self.suite.is_aead else _MACS[self.suite.digest][1],
            key=_KEY_BYTES.get(self.suite.cipher, self.suite.bits // 8),
            iv=self._iv_bytes,
            digest=self.digest,
        )
        return self._protection(ours), self._protection(theirs)

    @property
    def _iv_bytes(self) -> int:
        if self.suite.is_aead:
            return 12 if self.suite.mode == "POLY1305" else 4
        # From TLS 1.1 on, each record of a block cipher brings its own.
        return _BLOCK_BYTES.get(self.suite.cipher, 0) if self.version <= TLS10 else 0

    def _protection(self, keys: Keys) -> Protection:
        if self.suite.is_aead:
            return Aead12(self.suite.mode, keys, self.version)
        digest = _MACS[self.suite.digest][0]
        if self.suite.cipher not in _BLOCK:
            return Stream(keys, digest, self.version)
        algorithm = _BLOCK[self.suite.cipher](keys.key)
        return Block(algorithm, keys, digest, self.version, self.mac_outside)
