"""How much a tool stretches the password before it opens anything, against what is asked of it."""

from cyberaudit.facts.backup import Weakness

# Percival, « Stronger key derivation via sequential memory-hard functions » (2009), §5 : N = 2^14, r = 8 for a login.
LEAST_SCRYPT = 1 << 17
# NIST SP 800-132 §5.2 asks for as many as can be borne; OWASP asks 600 000 since 2023. Ours: under this, it is old.
LEAST_PBKDF2 = 100_000
# OWASP, Password Storage Cheat Sheet, « Argon2id »: from 19 MiB and two passes to 7 MiB and five.
LEAST_ARGON2_KIB, LEAST_ARGON2_WORK = 7 * 1024, 5 * 7 * 1024
# Ours: gpg(1) makes 65 011 712 by default; RFC 9580 §3.7.1.3 leaves it free.
LEAST_S2K_BYTES = 1_000_000


def of_scrypt(n: int, r: int) -> tuple[Weakness, ...]:
    """Cost N and block size r."""
    return (Weakness.FAST_KDF,) if n * r < LEAST_SCRYPT else ()


def of_pbkdf2(iterations: int) -> tuple[Weakness, ...]:
    """Iterations, with SHA-256 or SHA-512; those of SHA-1 are worth less still."""
    return (Weakness.FAST_KDF,) if iterations < LEAST_PBKDF2 else ()


def of_argon2(memory_kib: int, passes: int) -> tuple[Weakness, ...]:
    """Memory in KiB, and passes over it."""
    fast = memory_kib < LEAST_ARGON2_KIB or memory_kib * passes < LEAST_ARGON2_WORK
    return (Weakness.FAST_KDF,) if fast else ()


def of_s2k(octets: int) -> tuple[Weakness, ...]:
    """Bytes that OpenPGP's iterated and salted S2K hashes."""
    return (Weakness.FAST_KDF,) if octets < LEAST_S2K_BYTES else ()
