"""What other programs claim about TLS servers: their command lines, and how their reports are read.

Each is run as a program of its own, when it is there; none is a dependency. Names of suites are IANA's.
"""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.lab.tls_judgement import Claims
from tests.lab.tls_servers import NAME

from cyberaudit.facts.tls_endpoint import VERSIONS
from cyberaudit.facts.tls_suites import suite

SSLYZE = Path(__file__).parent.parent / ".cache" / "sslyze" / "bin" / "sslyze"
UNKNOWN: Claims = dict.fromkeys(VERSIONS)
Place = tuple[str, int]
"""Address and port."""
Pairs = Iterator[tuple[str, str]]
"""Version and suite, one by one."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A program, asked once about several places."""

    name: str
    program: str
    words: Callable[[Sequence[Place], str, Path], list[str]]
    """From the places, the protocol that precedes TLS (empty: none) and the file to report in."""
    read: Callable[[str, Place], Claims]
    """From its report."""
    one_at_a_time: bool = False
    """It takes one place a run."""

    @property
    def installed(self) -> bool:
        return shutil.which(self.program) is not None


def claims(pairs: Iterable[tuple[str, str]]) -> Claims:
    """What is not named is said to be refused."""
    found = defaultdict(set)
    for version, name in pairs:
        found[version].add(name)
    return {version: frozenset(found[version]) for version in VERSIONS}


def nmap_words(places: Sequence[Place], _starttls: str, report: Path) -> list[str]:
    """The plus sign has it ask whatever the port's number; it has no way to be told of a STARTTLS."""
    ports = ",".join(str(port) for _, port in places)
    script = ("--script", "+ssl-enum-ciphers", "--script-args", f"tls.servername={NAME}")
    return ["nmap", "-n", "-Pn", "-sT", *script, "-p", ports, "-oX", str(report), places[0][0]]


def nmap_read(text: str, place: Place) -> Claims:
    found = re.search(rf'<port [^>]*portid="{place[1]}".*?</port>', text, re.DOTALL)
    if found is None or "ssl-enum-ciphers" not in found[0]:
        return UNKNOWN
    return claims(_nmap_pairs(found[0]))


def _nmap_pairs(text: str) -> Pairs:
    for block in re.split(r'<table key="(?=SSLv|TLSv)', text)[1:]:
        version = block.partition('"')[0].replace("TLSv1.0", "TLSv1")
        for name in re.findall(r'<elem key="name">([^<]+)<', block):
            yield version, name.replace("TLS_AKE_WITH_", "TLS_")


def sslscan_words(places: Sequence[Place], starttls: str, report: Path) -> list[str]:
    (address, port), *_ = places
    before = [f"--starttls-{starttls}"] if starttls else []
    asked = ("--no-heartbleed", "--no-compression", "--no-renegotiation")
    return ["sslscan", f"--xml={report}", f"--sni-name={NAME}", *asked, *before, f"{address}:{port}"]


def sslscan_read(text: str, _place: Place) -> Claims:
    if "<ssltest" not in text:
        return UNKNOWN
    return claims(_sslscan_pairs(text))


def _sslscan_pairs(text: str) -> Pairs:
    for tag in re.findall(r"<cipher [^>]*>", text):
        fields = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        version = fields["sslversion"].replace("TLSv1.0", "TLSv1")
        yield version, suite(int(fields["id"], 16)).name


def sslyze_words(places: Sequence[Place], starttls: str, report: Path) -> list[str]:
    """Without a list of questions it asks all it knows, as ours does."""
    before = [f"--starttls={starttls}"] if starttls else []
    where = [f"{address}:{port}" for address, port in places]
    return [str(SSLYZE), "--sni", NAME, *before, f"--json_out={report}", *where]


_SSLYZE_KEYS = {
    "SSLv2": "ssl_2_0_cipher_suites", "SSLv3": "ssl_3_0_cipher_suites", "TLSv1": "tls_1_0_cipher_suites",
    "TLSv1.1": "tls_1_1_cipher_suites", "TLSv1.2": "tls_1_2_cipher_suites", "TLSv1.3": "tls_1_3_cipher_suites",
}  # fmt: skip


def sslyze_read(text: str, place: Place) -> Claims:
    results = json.loads(text)["server_scan_results"] if text else []
    for result in results:
        if result["server_location"]["port"] == place[1] and result["scan_result"]:
            return {
                version: _sslyze_claim(result["scan_result"][key]) for version, key in _SSLYZE_KEYS.items()
            }
    return UNKNOWN


def _sslyze_claim(attempt: dict[str, object]) -> frozenset[str] | None:
    result = attempt.get("result")
    if not isinstance(result, dict):
        return None
    return frozenset(entry["cipher_suite"]["name"] for entry in result["accepted_cipher_suites"])


def testssl_words(places: Sequence[Place], starttls: str, report: Path, *, whole: bool) -> list[str]:
    (address, port), *_ = places
    before = ["--starttls", starttls] if starttls else []
    asked = [] if whole else ["--protocols", "--cipher-per-proto", "--server-defaults"]
    quiet = ("--quiet", "--warnings", "off", "--color", "0", "--nodns", "min", "--ip", address)
    return ["testssl", *quiet, "--jsonfile", str(report), *asked, *before, f"{NAME}:{port}"]


_TESTSSL_VERSIONS = {
    "ssl2": "SSLv2", "ssl3": "SSLv3", "tls1": "TLSv1", "tls1_1": "TLSv1.1", "tls1_2": "TLSv1.2", "tls1_3": "TLSv1.3",
}  # fmt: skip


def testssl_read(text: str, _place: Place) -> Claims:
    if '"cipher-' not in text and '"cipher_order' not in text:
        return UNKNOWN
    return claims(_testssl_pairs(text))


def _testssl_pairs(text: str) -> Pairs:
    for version, code in re.findall(r'"id"\s*:\s*"cipher-(\w+?)_x([0-9a-f]+)"', text):
        # One byte of OpenSSL's own: the first is nought.
        yield _TESTSSL_VERSIONS[version], suite(int(code, 16)).name


NMAP = Peer("nmap", "nmap", nmap_words, nmap_read)
SSLSCAN = Peer("sslscan", "sslscan", sslscan_words, sslscan_read, one_at_a_time=True)
SSLYZE_PEER = Peer("sslyze", str(SSLYZE), sslyze_words, sslyze_read)
TESTSSL = Peer("testssl", "testssl", partial(testssl_words, whole=False), testssl_read, one_at_a_time=True)
WHOLE_TESTSSL = Peer(
    "testssl, entier", "testssl", partial(testssl_words, whole=True), testssl_read, one_at_a_time=True
)
