"""Real TLS servers of every make and age, each with the truth about what it accepts written beside it.

The truth is what the configuration says, suite by suite; `test_tls_servers.py` has it confirmed by real clients.
"""

import base64
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.lab.tls_humours import Humour

HERE = Path(__file__).parent
# What tests/install-servers brings: Node 0.10, with OpenSSL 1.0.1 inside.
OLD_STACK = HERE.parent.parent / ".cache" / "old-tls" / "bin" / "node"
LOOPBACK = "127.0.0.1"
NAME = "vpn.mairie-l-hay.example"
READY_SECONDS = 20.0
# RFC 2409 §6.2
MODP_1024 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF",
    16,
)

Suites = frozenset[str]
Truth = dict[str, Suites]
"""Version → IANA names of the suites it accepts; a version that is not there is refused."""
Options = Mapping[str, bool | int]
"""Fields of `SessionOptions`, as far as they are known."""


def suites(exchange: str, *ciphers: str) -> Suites:
    return frozenset(f"TLS_{exchange}_WITH_{cipher}" for cipher in ciphers)


def all_of(versions: Sequence[str], accepted: Suites) -> Truth:
    return dict.fromkeys(versions, accepted)


AES_GCM = ("AES_128_GCM_SHA256", "AES_256_GCM_SHA384")
CHACHA = "CHACHA20_POLY1305_SHA256"
AEAD = (*AES_GCM, CHACHA)
CBC_SHA = ("AES_128_CBC_SHA", "AES_256_CBC_SHA")
CAMELLIA_SHA = ("CAMELLIA_128_CBC_SHA", "CAMELLIA_256_CBC_SHA")
# RFC 6655 and 7251
CCM = ("AES_128_CCM", "AES_256_CCM", "AES_128_CCM_8", "AES_256_CCM_8")
USUAL_13 = frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"})
SSL2 = "SSLv2"
OLD_VERSIONS = ("TLSv1", "TLSv1.1")
UP_TO_12 = (*OLD_VERSIONS, "TLSv1.2")
SSL2_ALL = frozenset(
    f"SSL_CK_{kind}_WITH_MD5"
    for kind in (
        "RC4_128", "RC4_128_EXPORT40", "RC2_128_CBC", "RC2_128_CBC_EXPORT40", "IDEA_128_CBC", "DES_64_CBC",
        "DES_192_EDE3_CBC",
    )
)  # fmt: skip
EXPORT_RSA = suites("RSA_EXPORT", "RC4_40_MD5", "RC2_CBC_40_MD5", "DES40_CBC_SHA")
# What OpenSSL 1.0.1 has for an RSA key, older than TLS 1.2.
OLD_RSA = suites(
    "RSA",
    *CBC_SHA, *CAMELLIA_SHA,
    "SEED_CBC_SHA", "IDEA_CBC_SHA", "RC4_128_SHA", "RC4_128_MD5", "3DES_EDE_CBC_SHA", "DES_CBC_SHA",
    "NULL_SHA", "NULL_MD5",
)  # fmt: skip
CBC_12 = ("AES_128_CBC_SHA256", "AES_256_CBC_SHA256")
NULLS_OF_RSA = suites("RSA", "NULL_SHA", "NULL_MD5")

# What OpenSSL 3.0 accepts of ALL:COMPLEMENTOFALL with an RSA key and DH parameters, anonymous included.
EVERYTHING_OLD = frozenset().union(
    suites("RSA", *CBC_SHA, *CAMELLIA_SHA, "NULL_SHA", "NULL_MD5"),
    suites("DHE_RSA", *CBC_SHA, *CAMELLIA_SHA),
    suites("ECDHE_RSA", *CBC_SHA, "NULL_SHA"),
    suites("DH_anon", *CBC_SHA, *CAMELLIA_SHA),
    suites("ECDH_anon", *CBC_SHA, "NULL_SHA"),
)
_ARIA = ("ARIA_128_GCM_SHA256", "ARIA_256_GCM_SHA384")
EVERYTHING_12 = EVERYTHING_OLD.union(
    suites(
        "RSA",
        *AES_GCM,
        *CCM,
        *_ARIA,
        *CBC_12,
        "CAMELLIA_128_CBC_SHA256",
        "CAMELLIA_256_CBC_SHA256",
        "NULL_SHA256",
    ),
    suites("DHE_RSA", *AEAD, *CCM, *_ARIA, *CBC_12, "CAMELLIA_128_CBC_SHA256", "CAMELLIA_256_CBC_SHA256"),
    suites("ECDHE_RSA", *AEAD, *_ARIA, "AES_128_CBC_SHA256", "AES_256_CBC_SHA384"),
    suites("ECDHE_RSA", "CAMELLIA_128_CBC_SHA256", "CAMELLIA_256_CBC_SHA384"),
    suites("DH_anon", *AES_GCM, *CBC_12, "CAMELLIA_128_CBC_SHA256", "CAMELLIA_256_CBC_SHA256"),
)


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A server, how it is started, and the truth about it.

    Words and configuration are filled in: `{port}`, `{folder}` (its own), `{keys}` (PEM files that hold a key and
    its certificate), `{here}` (of the tests' programs), `{name}`, `{address}`.
    """

    name: str
    words: tuple[str, ...]
    truth: Truth
    config: str = ""
    needs_name: bool = False
    """Nothing is agreed on with a client that names nobody, or somebody else."""
    order: bool | None = None
    """Whether the server's own order decides; None: it is not part of the question."""
    humour: Humour | None = None
    """What stands before it."""
    shows: Options = field(default_factory=dict)
    certificates: int = 1
    """How many different ones it has."""
    dh_bits: tuple[int, ...] = ()
    """Sizes of its finite-field groups, TLS 1.2 or older."""
    refuses_by_closing: tuple[str, ...] = ()
    """Versions it refuses without an alert: to say that they are unknown is right."""

    @property
    def installed(self) -> bool:
        return shutil.which(self.words[0], path=f"{os.environ.get('PATH', '')}:/usr/sbin") is not None

    @property
    def starttls(self) -> str:
        """What is to be said before TLS; empty: nothing."""
        return self.humour.removeprefix("starttls-") if self.humour in (Humour.SMTP, Humour.IMAP) else ""


def openssl(
    name: str,
    truth: Truth,
    options: str = "",
    *,
    ciphers: str = "",
    key: str = "rsa",
    order: bool | None = None,
    shows: Options | None = None,
    certificates: int = 1,
    dh_bits: tuple[int, ...] = (),
) -> KnownServer:
    """OpenSSL's own test server; `key`: which of `make_keys`, empty: none."""
    certificate = ("-cert", f"{{keys}}/{key}.pem") if key else ("-nocert",)
    offered = ("-cipher", ciphers) if ciphers else ()
    # With early data OpenSSL serves no page; its standard input is then kept open.
    page = () if "-early_data" in options else ("-www",)
    words = ("openssl", "s_server", "-accept", "{address}:{port}", *page, "-quiet", *certificate, *offered)
    return KnownServer(
        name,
        (*words, *options.split()),
        truth,
        order=order,
        shows=shows or {},
        certificates=certificates,
        dh_bits=dh_bits,
    )


def gnutls(name: str, truth: Truth, priority: str, *, key: str = "rsa") -> KnownServer:
    pem = f"{{keys}}/{key}.pem"
    words = ("gnutls-serv", "--port", "{port}", "--x509keyfile", pem, "--x509certfile", pem)
    return KnownServer(name, (*words, "--disable-client-cert", "--http", "--priority", priority), truth)


def nginx(name: str, truth: Truth, lines: str, *, first: str = "", needs_name: bool = False) -> KnownServer:
    """`lines`: of the server; `first`: another server, which answers to other names."""
    return KnownServer(
        name,
        ("nginx", "-p", "{folder}", "-c", "{folder}/config", "-e", "{folder}/log"),
        truth,
        config=_NGINX.replace("FIRST", first).replace("LINES", lines),
        needs_name=needs_name,
    )


def stunnel(name: str, truth: Truth, lines: str) -> KnownServer:
    return KnownServer(name, ("stunnel4", "{folder}/config"), truth, config=_STUNNEL.replace("LINES", lines))


# The SSL_OP_NO_* bits of OpenSSL 1.0.1.
_TURNED_OFF = {
    "SSLv2": 0x01000000, "SSLv3": 0x02000000, "TLSv1": 0x04000000, "TLSv1.1": 0x10000000, "TLSv1.2": 0x08000000,
}  # fmt: skip


def bits_without(*versions: str) -> int:
    """What turns off every version but these, for OpenSSL 1.0.1."""
    return sum(bit for version, bit in _TURNED_OFF.items() if version not in versions)


def old(name: str, truth: Truth, ciphers: str, *, key: str = "rsa") -> KnownServer:
    """OpenSSL 1.0.1 knows no alert for an SSLv2 hello, nor for whoever speaks no SSLv2."""
    words = (
        str(OLD_STACK),
        "{here}/old_tls_server.js",
        "{address}",
        "{port}",
        f"{{keys}}/{key}.pem",
        ciphers,
    )
    others = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    closing = () if {"SSLv2", "SSLv3"} <= truth.keys() else (SSL2,) if SSL2 not in truth else others
    return KnownServer(name, (*words, str(bits_without(*truth))), truth, refuses_by_closing=closing)


_NGINX = """
daemon off; master_process off; pid {folder}/pid;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  FIRST
  server {{
    listen {address}:{port} ssl; server_name {name};
    ssl_certificate {keys}/rsa.pem; ssl_certificate_key {keys}/rsa.pem;
    LINES
  }}
}}
"""
_STUNNEL = """
foreground = yes
pid =
output = {folder}/log
[mairie]
accept = {address}:{port}
connect = 127.0.0.1:9
cert = {keys}/rsa.pem
LINES
"""
# The line that Mozilla's generator gives for its profile « intermediate », version 5.7.
_INTERMEDIATE = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305"
)
_GCM = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384"
_STRONG = f"{_GCM}:ECDHE-RSA-CHACHA20-POLY1305"
_STRONG_EC = _STRONG.replace("RSA", "ECDSA")
_FROM_10 = "-min_protocol TLSv1"
_TO_12 = f"{_FROM_10} -max_protocol TLSv1.2"
_GNUTLS = "NONE:+COMP-NULL:+SIGN-ALL:+GROUP-ALL:+CTYPE-X509"
STRONG_TRUTH = {"TLSv1.2": suites("ECDHE_RSA", *AEAD), "TLSv1.3": USUAL_13}
EC_TRUTH = {"TLSv1.2": suites("ECDHE_ECDSA", *AEAD), "TLSv1.3": USUAL_13}
_CHACHA_FIRST = "ECDHE-RSA-CHACHA20-POLY1305:" + _GCM
_CHACHA_FIRST_13 = "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384"
_OLD_CBC = "AES128-SHA:AES256-SHA:@SECLEVEL=0"
# What OpenSSL's test server does when nothing else is said; what it makes of a renegotiation is not asked.
USUAL_OPTIONS: Options = {
    "compression": False,
    "secure_renegotiation": True,
    "extended_master_secret": True,
    "tickets": True,
    "early_data": 0,
    "stapling": False,
    "client_certificate": False,
    "fallback_scsv": True,
    "heartbeat": False,
}
STRONG = openssl("strong", STRONG_TRUTH, ciphers=_STRONG, order=False, shows=USUAL_OPTIONS)

OF_NOW = (
    STRONG,
    openssl("tls13-only", {"TLSv1.3": USUAL_13}, "-tls1_3", shows={"tickets": True, "early_data": 0}),
    openssl("tls12-only", {"TLSv1.2": suites("ECDHE_RSA", *AES_GCM)}, "-tls1_2", ciphers=_GCM),
    openssl(
        "tls13-one-suite",
        {"TLSv1.3": frozenset({"TLS_AES_256_GCM_SHA384"})},
        "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384",
    ),
    openssl(
        "tls13-ccm",
        {"TLSv1.3": frozenset({"TLS_AES_128_CCM_SHA256", "TLS_AES_128_CCM_8_SHA256"})},
        "-tls1_3 -ciphersuites TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256",
    ),
    openssl("ecdsa-p256", EC_TRUTH, ciphers=_STRONG_EC, key="ec256"),
    openssl("ecdsa-p384", EC_TRUTH, ciphers=_STRONG_EC, key="ec384"),
    openssl("ed25519", EC_TRUTH, ciphers=_STRONG_EC, key="ed25519"),
    openssl(
        "dual-rsa-ecdsa",
        {"TLSv1.2": suites("ECDHE_RSA", *AEAD) | suites("ECDHE_ECDSA", *AEAD), "TLSv1.3": USUAL_13},
        "-dcert {keys}/ec256.pem",
        ciphers=f"{_STRONG_EC}:{_STRONG}",
        certificates=2,
    ),
    openssl("p384-group-only", STRONG_TRUTH, "-groups P-384", ciphers=_STRONG),
    openssl("ffdhe-group-only", {"TLSv1.3": USUAL_13}, "-tls1_3 -groups ffdhe3072"),
    openssl(
        "chacha-first",
        STRONG_TRUTH,
        f"-serverpref -ciphersuites {_CHACHA_FIRST_13}",
        ciphers=_CHACHA_FIRST,
        order=True,
    ),
    openssl("server-preference", STRONG_TRUTH, "-serverpref", ciphers=_STRONG, order=True),
    openssl(
        "no-ticket", STRONG_TRUTH, "-no_ticket -num_tickets 0", ciphers=_STRONG, shows={"tickets": False}
    ),
    openssl(
        "stapling", STRONG_TRUTH, "-status_file {keys}/rsa.ocsp", ciphers=_STRONG, shows={"stapling": True}
    ),
    openssl(
        "early-data",
        STRONG_TRUTH,
        "-early_data -max_early_data 16384 -no_anti_replay",
        ciphers=_STRONG,
        shows={"early_data": 16384},
    ),
    openssl(
        "client-certificate", STRONG_TRUTH, "-Verify 1", ciphers=_STRONG, shows={"client_certificate": True}
    ),
)
OF_YESTERDAY = (
    openssl(
        "legacy",
        {**all_of(UP_TO_12, suites("ECDHE_RSA", *CBC_SHA) | suites("RSA", *CBC_SHA)), "TLSv1.3": USUAL_13},
        _FROM_10,
        ciphers=f"ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:{_OLD_CBC}",
    ),
    openssl("tls10-only", {"TLSv1": suites("RSA", *CBC_SHA)}, "-tls1", ciphers=_OLD_CBC),
    openssl("tls11-only", {"TLSv1.1": suites("RSA", *CBC_SHA)}, "-tls1_1", ciphers=_OLD_CBC),
    openssl(
        "null",
        {
            **all_of(OLD_VERSIONS, NULLS_OF_RSA | suites("ECDHE_RSA", "NULL_SHA")),
            "TLSv1.2": NULLS_OF_RSA | suites("ECDHE_RSA", "NULL_SHA") | suites("RSA", "NULL_SHA256"),
        },
        _TO_12,
        ciphers="NULL-SHA:NULL-SHA256:NULL-MD5:ECDHE-RSA-NULL-SHA:@SECLEVEL=0",
    ),
    openssl(
        "anonymous",
        {
            **all_of(OLD_VERSIONS, suites("ECDH_anon", "AES_128_CBC_SHA")),
            "TLSv1.2": suites("ECDH_anon", "AES_128_CBC_SHA") | suites("DH_anon", "AES_128_GCM_SHA256"),
        },
        _TO_12,
        ciphers="AECDH-AES128-SHA:ADH-AES128-GCM-SHA256:@SECLEVEL=0",
        key="",
        certificates=0,
    ),
    openssl(
        "dh-1024",
        {
            **all_of(OLD_VERSIONS, suites("DHE_RSA", *CBC_SHA)),
            "TLSv1.2": suites("DHE_RSA", *CBC_SHA, "AES_128_GCM_SHA256"),
        },
        f"{_TO_12} -dhparam {{keys}}/dh1024.pem",
        ciphers="DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-SHA:DHE-RSA-AES256-SHA:@SECLEVEL=0",
        dh_bits=(1024,),
    ),
    openssl(
        "dhe-2048",
        {"TLSv1.2": suites("DHE_RSA", *AEAD)},
        "-tls1_2",
        ciphers="DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305",
        dh_bits=(2048,),
    ),
    openssl(
        "rsa-512",
        {"TLSv1.2": suites("RSA", *AES_GCM)},
        "-tls1_2",
        ciphers="AES128-GCM-SHA256:AES256-GCM-SHA384:@SECLEVEL=0",
        key="rsa512",
    ),
    openssl(
        "rsa-1024",
        {"TLSv1.2": suites("ECDHE_RSA", *AES_GCM), "TLSv1.3": USUAL_13},
        ciphers=f"{_GCM}:@SECLEVEL=0",
        key="rsa1024",
    ),
    openssl(
        "cbc-only",
        {"TLSv1.2": suites("ECDHE_RSA", *CBC_SHA, "AES_128_CBC_SHA256", "AES_256_CBC_SHA384")},
        "-tls1_2",
        ciphers="ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES256-SHA384",
        shows={"encrypt_then_mac": True},
    ),
    openssl(
        "rsa-exchange",
        {"TLSv1.2": suites("RSA", *AES_GCM, *CCM)},
        "-tls1_2",
        ciphers="AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-CCM:AES256-CCM:AES128-CCM8:AES256-CCM8:@SECLEVEL=0",
    ),
    openssl(
        "camellia-aria",
        {"TLSv1.2": suites("ECDHE_RSA", "CAMELLIA_128_CBC_SHA256", "CAMELLIA_256_CBC_SHA384", *_ARIA)},
        "-tls1_2",
        ciphers="ECDHE-RSA-CAMELLIA128-SHA256:ECDHE-RSA-CAMELLIA256-SHA384"
        ":ECDHE-ARIA128-GCM-SHA256:ECDHE-ARIA256-GCM-SHA384",
    ),
    openssl(
        "pre-shared-key",
        {"TLSv1.2": suites("PSK", "AES_128_CBC_SHA", "AES_128_GCM_SHA256") | suites("ECDHE_PSK", CHACHA)},
        "-tls1_2 -psk 1a2b3c",
        ciphers="PSK-AES128-CBC-SHA:PSK-AES128-GCM-SHA256:ECDHE-PSK-CHACHA20-POLY1305",
        key="",
        certificates=0,
    ),
    openssl(
        "everything",
        {**all_of(OLD_VERSIONS, EVERYTHING_OLD), "TLSv1.2": EVERYTHING_12, "TLSv1.3": USUAL_13},
        f"{_FROM_10} -dhparam {{keys}}/dh1024.pem",
        ciphers="ALL:COMPLEMENTOFALL:@SECLEVEL=0",
        dh_bits=(1024,),
    ),
)
OPENSSL = (*OF_NOW, *OF_YESTERDAY)
STRONG_NGINX = nginx("nginx-strong", STRONG_TRUTH, f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {_STRONG};")
OTHERS = (
    STRONG_NGINX,
    nginx(
        "nginx-usual",
        {"TLSv1.2": suites("ECDHE_RSA", *AEAD), "TLSv1.3": USUAL_13},
        f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {_INTERMEDIATE}; ssl_prefer_server_ciphers off;",
    ),
    nginx(
        "nginx-old",
        {
            **all_of(OLD_VERSIONS, suites("ECDHE_RSA", *CBC_SHA) | suites("RSA", *CBC_SHA)),
            "TLSv1.2": suites("ECDHE_RSA", *AES_GCM, *CBC_SHA) | suites("RSA", *CBC_SHA),
        },
        "ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_prefer_server_ciphers on;"
        f' ssl_ciphers "{_GCM}:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:AES128-SHA:AES256-SHA:@SECLEVEL=0";',
    ),
    nginx(
        "name-only",
        {"TLSv1.2": suites("ECDHE_RSA", *AES_GCM), "TLSv1.3": USUAL_13},
        f"ssl_protocols TLSv1.2 TLSv1.3; ssl_ciphers {_GCM};",
        # OpenSSL settles the version before nginx knows the name: the first server's versions count.
        first="server {{ listen {address}:{port} ssl default_server; ssl_protocols TLSv1.2 TLSv1.3;"
        " ssl_reject_handshake on; }}",
        needs_name=True,
    ),
    gnutls(
        "gnutls-strong",
        {
            "TLSv1.2": suites("ECDHE_RSA", *AES_GCM),
            "TLSv1.3": frozenset({"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"}),
        },
        f"{_GNUTLS}:+VERS-TLS1.3:+VERS-TLS1.2:+AES-128-GCM:+AES-256-GCM:+AEAD:+ECDHE-RSA",
    ),
    gnutls(
        "gnutls-tls10",
        {"TLSv1": suites("RSA", *CBC_SHA)},
        f"{_GNUTLS}:+VERS-TLS1.0:+AES-128-CBC:+AES-256-CBC:+SHA1:+RSA",
    ),
    gnutls(
        "gnutls-3des",
        all_of(UP_TO_12, suites("RSA", "3DES_EDE_CBC_SHA") | suites("ECDHE_RSA", "3DES_EDE_CBC_SHA")),
        f"{_GNUTLS}:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0:+3DES-CBC:+SHA1:+RSA:+ECDHE-RSA",
    ),
    gnutls(
        "gnutls-rc4",
        all_of(UP_TO_12, suites("RSA", "RC4_128_SHA", "RC4_128_MD5") | suites("ECDHE_RSA", "RC4_128_SHA")),
        f"{_GNUTLS}:+VERS-TLS1.2:+VERS-TLS1.1:+VERS-TLS1.0:+ARCFOUR-128:+SHA1:+MD5:+RSA:+ECDHE-RSA",
    ),
    stunnel(
        "stunnel-client-certificate",
        {"TLSv1.2": suites("ECDHE_RSA", *AES_GCM), "TLSv1.3": USUAL_13},
        f"sslVersionMin = TLSv1.2\nciphers = {_GCM}\nverifyPeer = yes\nCAfile = {{keys}}/ec256.pem\n",
    ),
    old("ssl2-only", {"SSLv2": SSL2_ALL}, "ALL:COMPLEMENTOFALL"),
    old("ssl3-only", {"SSLv3": OLD_RSA}, "ALL:COMPLEMENTOFALL"),
    old(
        "ssl3-export",
        all_of(("SSLv3", "TLSv1"), EXPORT_RSA | suites("RSA", "RC4_128_SHA", "DES_CBC_SHA")),
        "EXP-RC4-MD5:EXP-RC2-CBC-MD5:EXP-DES-CBC-SHA:RC4-SHA:DES-CBC-SHA",
        key="rsa512",
    ),
    old(
        "of-2014",
        {
            "SSLv2": SSL2_ALL,
            **all_of(("SSLv3", *OLD_VERSIONS), OLD_RSA),
            "TLSv1.2": OLD_RSA | suites("RSA", *AES_GCM, *CBC_12, "NULL_SHA256"),
        },
        "ALL:COMPLEMENTOFALL",
    ),
)


def odd(humour: Humour, *, truth: Truth = STRONG_TRUTH) -> KnownServer:
    """A server behind a humour: nginx, which serves many at once, so that one bad conversation delays no other."""
    return replace(STRONG_NGINX, name=str(humour), truth=truth, humour=humour)


WELL_BEHAVED = (*OPENSSL, *OTHERS, odd(Humour.SMTP), odd(Humour.IMAP))
NOTHING: Truth = {}
NO_TLS = tuple(
    odd(humour, truth=NOTHING) for humour in (Humour.RESET, Humour.GARBAGE, Humour.HTTP, Humour.TARPIT)
)
ODD = tuple(
    odd(humour)
    for humour in (
        Humour.SLOW, Humour.ONE_BYTE, Humour.DRIP, Humour.SHORT_HELLOS, Humour.FEW_AT_ONCE, Humour.FEW_IN_A_WHILE,
        Humour.NO_ALERTS,
    )
)  # fmt: skip


def make_keys(folder: Path) -> Path:
    """A PEM file for each kind of key with its self-signed certificate, a stapled answer, DH parameters."""
    kinds = {
        "rsa": ("rsa:2048",),
        "rsa512": ("rsa:512",),
        "rsa1024": ("rsa:1024",),
        "ec256": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "ec384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
        "ed25519": ("ed25519",),
    }
    for name, kind in kinds.items():
        key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
        subject = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
        made = ("req", "-x509", "-newkey", *kind, "-nodes", "-days", "90", *subject)
        _openssl(*made, "-keyout", str(key), "-out", str(certificate))
        (folder / f"{name}.pem").write_bytes(key.read_bytes() + certificate.read_bytes())
    _staple(folder)
    _dh_parameters(folder / "dh1024.pem")
    return folder


def _staple(folder: Path) -> None:
    """A revocation answer about `rsa`, signed by itself: good for a day."""
    (folder / "index.txt").write_text("", encoding="ascii")
    certificate, request = str(folder / "rsa.crt"), str(folder / "rsa.ask")
    _openssl("ocsp", "-issuer", certificate, "-cert", certificate, "-reqout", request)
    _openssl(
        "ocsp", "-index", str(folder / "index.txt"), "-CA", certificate, "-rsigner", certificate,
        "-rkey", str(folder / "rsa.key"), "-reqin", request, "-respout", str(folder / "rsa.ocsp"), "-ndays", "1",
    )  # fmt: skip


def _dh_parameters(path: Path) -> None:
    """PKCS #3: the prime and the generator, two INTEGERs in a SEQUENCE."""
    prime = MODP_1024.to_bytes(129, "big")
    content = b"\x02\x81" + bytes([len(prime)]) + prime + b"\x02\x01\x02"
    der = b"\x30\x81" + bytes([len(content)]) + content
    text = base64.encodebytes(der).decode()
    path.write_text(f"-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n", encoding="ascii")


def _openssl(*words: str) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


@contextmanager
def serving(
    server: KnownServer, keys: Path, folder: Path, *, address: str = LOOPBACK, haste: float = 1.0
) -> Iterator[int]:
    """The port on which it listens, in the calling thread's network; its programs are ended by their pid at the end.

    `address`: another one is for OpenSSL's servers without a humour. `haste`: by what a humour's seconds are divided.
    """
    own = folder / server.name
    own.mkdir(exist_ok=True)
    with ExitStack() as held:
        port = held.enter_context(_listening(server.words, server.config, keys, own, address=address))
        if server.humour is not None:
            program = (
                sys.executable,
                str(HERE / "tls_humours.py"),
                server.humour,
                "{port}",
                str(port),
                str(haste),
            )
            port = held.enter_context(_listening(program, "", keys, own))
        yield port


@contextmanager
def _listening(
    words: Sequence[str], config: str, keys: Path, folder: Path, *, address: str = LOOPBACK
) -> Iterator[int]:
    port = free_port(address)
    named = {"address": address, "port": port, "folder": folder, "keys": keys, "here": HERE, "name": NAME}
    (folder / "config").write_text(config.format(**named), encoding="utf-8")
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            [word.format(**named) for word in words],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=output,
            env={**os.environ, "PATH": path},
            start_new_session=True,
        )
    try:
        _wait(port, process, folder)
        yield port
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def free_port(address: str = LOOPBACK) -> int:
    with socket.create_server((address, 0)) as server:
        return int(server.getsockname()[1])


def _wait(port: int, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """Until somebody listens: seen in the kernel's table, for a connection would count as a visit."""
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, f"{folder.name}: {(folder / 'output').read_text(errors='replace')}"
        if _listens(port):
            return
        time.sleep(0.02)
    raise AssertionError(f"{folder.name} does not start")


def _listens(port: int) -> bool:
    # proc(5), of the thread's own network: local address in hexadecimal, and 0A for LISTEN.
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/thread-self/net", table).read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            if state == "0A" and local.endswith(f":{port:04X}"):
                return True
    return False
