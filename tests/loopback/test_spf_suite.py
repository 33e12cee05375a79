"""Every test of the RFC 7208 suite, in memory and through the resolver of the run."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from cyberaudit.facts.spf_result import SpfOutcome
from cyberaudit.probes.spf.evaluate import check_host
from cyberaudit.probes.spf.lookup import Lookup
from cyberaudit.probes.spf.macros import sender_of
from tests.loopback.spf_suite import NotThere, SuiteLookup, SuiteTest, read_suite, suite_text

pytestmark = pytest.mark.loopback

NOW = datetime(2026, 11, 21, 21, 10, tzinfo=UTC)
HOW_MANY = 203


@pytest.fixture(scope="module")
def suite() -> tuple[SuiteTest, ...]:
    try:
        return tuple(read_suite(suite_text()))
    except NotThere as why:
        pytest.skip(f"the RFC 7208 suite of pyspf cannot be had here: {why}")


async def outcome(test: SuiteTest, lookup: Lookup) -> SpfOutcome:
    sender = sender_of(test.ip, test.mail_from, helo=test.helo)
    return await check_host(lookup, sender, domain=sender.domain, now=NOW)


def faults(test: SuiteTest, seen: SpfOutcome) -> Iterator[str]:
    where = f"{test.section} / {test.name}"
    if seen.result not in test.results:
        yield f"{where}: {seen.result} ({seen.cause} {seen.term} {seen.detail}) instead of {test.results}"
    expected = "" if test.explanation == "DEFAULT" else test.explanation
    if expected is not None and " ".join(expected.split()) != seen.explanation:
        yield f"{where}: says {seen.explanation!r} instead of {expected!r}"


def test_every_test_of_the_suite_is_right(suite: tuple[SuiteTest, ...]) -> None:
    assert len(suite) == HOW_MANY
    seen = [(test, asyncio.run(outcome(test, SuiteLookup(test.zone)))) for test in suite]
    assert [fault for test, one in seen for fault in faults(test, one)] == []
