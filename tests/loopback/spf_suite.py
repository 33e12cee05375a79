"""The RFC 7208 test suite that pyspf ships in its sources: fetched when tests run, never copied here."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import yaml

from cyberaudit.model import Reason, Unreachable
from cyberaudit.probes.endpoint import IpAddress

PACKAGE = "pyspf"
VERSION = "2.0.14"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "cyberaudit-tests"
MEMBER = f"{PACKAGE}-{VERSION}/test/rfc7208-tests.yml"
SECONDS = 120
TROUBLE = Unreachable(Reason.RESOLVER_FAILURE, "TIMEOUT")
ALIASES = 8
Records = Mapping[str, list[Any]]


@dataclass(frozen=True, slots=True)
class SuiteTest:
    """One message and what must come of it."""

    name: str
    section: str
    ip: IpAddress
    mail_from: str
    helo: str
    results: tuple[str, ...]
    """Any of them is right."""
    explanation: str | None
    """None: nothing is said of it; `DEFAULT`: none of the domain's own."""
    zone: Records


class NotThere(Exception):
    """The suite cannot be had here, and why."""


def suite_text() -> str:
    """The suite, from the cache or from the package index.

    Raises:
        NotThere: neither has it.
    """
    archive = CACHE / f"{PACKAGE}-{VERSION}.tar.gz"
    if not archive.is_file():
        _download()
    try:
        with tarfile.open(archive) as opened:
            member = opened.extractfile(MEMBER)
            return member.read().decode("utf-8") if member else ""
    except (OSError, KeyError, tarfile.TarError) as error:
        raise NotThere(f"{archive.name}: {error}") from None


def _download() -> None:
    CACHE.mkdir(parents=True, exist_ok=True)
    command = [
        *(sys.executable, "-m", "pip", "--disable-pip-version-check", "download", f"{PACKAGE}=={VERSION}"),
        *("--no-binary", ":all:", "--no-deps", "--quiet", "--timeout", "10", "--retries", "1"),
        *("--dest", str(CACHE)),
    ]
    try:
        made = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotThere(f"pip download {PACKAGE}: {error}") from None
    if made.returncode:
        last = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise NotThere(f"pip download {PACKAGE}=={VERSION}: {last}")


def read_suite(text: str) -> Iterator[SuiteTest]:
    """Every test of every scenario."""
    for scenario in filter(None, yaml.safe_load_all(text)):
        zone = {name.lower(): list(_published(records)) for name, records in scenario["zonedata"].items()}
        for name, test in scenario["tests"].items():
            result = test["result"]
            yield SuiteTest(
                name=name,
                section=scenario["description"],
                ip=ip_address(test["host"]),
                mail_from=test.get("mailfrom") or "",
                helo=test.get("helo") or "",
                results=(result,) if isinstance(result, str) else tuple(result),
                explanation=test.get("explanation"),
                zone=zone,
            )


def _published(records: list[Any]) -> Iterator[Any]:
    """Records with what the format implies: a SPF record is a TXT one too, unless TXT is spoken of."""
    has_txt = any(isinstance(each, dict) and "TXT" in each for each in records)
    for each in records:
        if not isinstance(each, dict):
            yield each
            continue
        ((rrtype, value),) = each.items()
        if rrtype == "SPF" and not has_txt:
            yield "TXT", value
        if value not in ("NONE", ["NONE"]):
            yield rrtype, value


class SuiteLookup:
    """The zone data of one scenario, as DNS would answer."""

    def __init__(self, zone: Records) -> None:
        self._zone = zone
        self.asked = 0

    def _find(self, name: str, rrtype: str) -> list[Any] | Unreachable:
        self.asked += 1
        for _ in range(ALIASES):
            found: list[Any] = []
            records = self._zone.get(name.lower().rstrip("."), [])
            for each in records:
                if each == "TIMEOUT":
                    return found or TROUBLE
                if each[0] == rrtype:
                    found.append(each[1])
            aliases = [each[1] for each in records if each[0] == "CNAME"]
            if found or not aliases:
                return found
            name = aliases[0]
        return TROUBLE

    async def txt(self, name: str) -> tuple[bytes, ...] | Unreachable:
        found = self._find(name, "TXT")
        if isinstance(found, Unreachable):
            return found
        return tuple("".join([each] if isinstance(each, str) else each).encode("utf-8") for each in found)

    async def mx(self, name: str) -> tuple[str, ...] | Unreachable:
        found = self._find(name, "MX")
        return found if isinstance(found, Unreachable) else tuple(host for _, host in sorted(found))

    async def addresses(self, name: str, version: int) -> tuple[IpAddress, ...] | Unreachable:
        found = self._find(name, "A" if version == 4 else "AAAA")
        return found if isinstance(found, Unreachable) else tuple(map(ip_address, found))

    async def names(self, address: IpAddress) -> tuple[str, ...] | Unreachable:
        found = self._find(address.reverse_pointer, "PTR")
        return found if isinstance(found, Unreachable) else tuple(found)
