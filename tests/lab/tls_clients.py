"""What real clients get from a TLS server: one handshake a suite, what it picks is left out of the next offer.

Two clients together know every suite that the servers of `tls_servers` do: OpenSSL 3, and OpenSSL 1.0.1 (Node 0.10).
"""

import re
import subprocess
from functools import cache
from pathlib import Path

from tests.lab.tls_servers import HERE, LOOPBACK, NAME, OLD_STACK, KnownServer, Suites, bits_without

MOST_SUITES = 250
_FLAGS = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}
_SUITES_OF_13 = (
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_128_CCM_SHA256",
    "TLS_AES_128_CCM_8_SHA256",
)
_OLD_METHODS = {"SSLv2": "SSLv2_method", "SSLv3": "SSLv3_method"}
# What OpenSSL 3 no longer has a name for.
_OLD_NAMES = {
    "RC4-SHA": "TLS_RSA_WITH_RC4_128_SHA",
    "RC4-MD5": "TLS_RSA_WITH_RC4_128_MD5",
    "ECDHE-RSA-RC4-SHA": "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "DES-CBC3-SHA": "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "ECDHE-RSA-DES-CBC3-SHA": "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "DES-CBC-SHA": "TLS_RSA_WITH_DES_CBC_SHA",
    "SEED-SHA": "TLS_RSA_WITH_SEED_CBC_SHA",
    "IDEA-CBC-SHA": "TLS_RSA_WITH_IDEA_CBC_SHA",
    "EXP-RC4-MD5": "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
    "EXP-RC2-CBC-MD5": "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5",
    "EXP-DES-CBC-SHA": "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA",
}
_NAMES_OF_SSL2 = {
    "RC4-MD5": "SSL_CK_RC4_128_WITH_MD5",
    "EXP-RC4-MD5": "SSL_CK_RC4_128_EXPORT40_WITH_MD5",
    "RC2-CBC-MD5": "SSL_CK_RC2_128_CBC_WITH_MD5",
    "EXP-RC2-CBC-MD5": "SSL_CK_RC2_128_CBC_EXPORT40_WITH_MD5",
    "IDEA-CBC-MD5": "SSL_CK_IDEA_128_CBC_WITH_MD5",
    "DES-CBC-MD5": "SSL_CK_DES_64_CBC_WITH_MD5",
    "DES-CBC3-MD5": "SSL_CK_DES_192_EDE3_CBC_WITH_MD5",
}


def seen_by_real_clients(server: KnownServer, port: int, version: str, *, keys: Path) -> Suites:
    """IANA names of what the server on that port accepts in one version."""
    modern = _seen_by_openssl(server, port, version, keys=keys) if version in _FLAGS else frozenset()
    old = version != "TLSv1.3" and not server.starttls and OLD_STACK.exists()
    return modern | (_seen_by_old(port, version) if old else frozenset())


def _seen_by_openssl(server: KnownServer, port: int, version: str, *, keys: Path) -> Suites:
    words = ["openssl", "s_client", "-connect", f"{LOOPBACK}:{port}", _FLAGS[version], "-servername", NAME]
    # The client that stunnel trusts; whoever asks for no certificate is not bothered.
    words += ["-cert", str(keys / "ec256.pem"), "-key", str(keys / "ec256.pem")]
    # In TLS 1.3 OpenSSL would offer it as a resumption, which breaks after a HelloRetryRequest.
    words += ["-psk", "1a2b3c"] if version != "TLSv1.3" else []
    words += ["-starttls", server.starttls] if server.starttls else []
    picked: list[str] = []
    while len(picked) < MOST_SUITES and (offer := _offer(version, picked)):
        done = subprocess.run(
            [*words, *offer], stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=20
        )
        found = re.search(rb"Cipher is ([A-Z][\w-]+)", done.stdout)
        if found is None:
            break
        picked.append(found[1].decode())
    return frozenset(_iana_names()[name] for name in picked)


def _offer(version: str, picked: list[str]) -> tuple[str, ...]:
    if version != "TLSv1.3":
        without = (f"!{name}" for name in picked)
        return "-cipher", ":".join(("ALL:COMPLEMENTOFALL", *without, "@SECLEVEL=0"))
    left = [name for name in _SUITES_OF_13 if name not in picked]
    return ("-ciphersuites", ":".join(left)) if left else ()


@cache
def _iana_names() -> dict[str, str]:
    listed = subprocess.run(
        ["openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    pairs = (line.split()[:3] for line in listed.stdout.splitlines())
    return {name: name for name in _SUITES_OF_13} | _OLD_NAMES | {openssl: iana for iana, _, openssl in pairs}


def _seen_by_old(port: int, version: str) -> Suites:
    method = _OLD_METHODS.get(version, "SSLv23_method")
    bits = "0" if version in _OLD_METHODS else str(bits_without(version))
    done = subprocess.run(
        [str(OLD_STACK), str(HERE / "old_tls_client.js"), str(port), method, bits],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    names = _NAMES_OF_SSL2 if version == "SSLv2" else _iana_names()
    return frozenset(names[name] for name in done.stdout.split())
