"""Towns' domains under a private root: everything wrong is found, nobody is accused, behind every kind of resolver."""

import fcntl
import json
import os
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cyberaudit.model import Status
from tests.lab.mail_found import Said, alike, said_of
from tests.lab.mail_truths import TRUTHS, Signing, Truth
from tests.lab.private_root import RESOLVERS, Place, private_root
from tests.lab.private_root_servers import missing

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root"),
    pytest.mark.skipif(bool(missing()), reason=f"not installed: {', '.join(missing())}"),
]

NO_HINTS = "stripping, without hints"
# Behind a box that strips signatures, with nowhere else to ask: a sample.
REVOKED = "dkim-revoked"
SAMPLED = frozenset(
    [
        "mutualise",
        "nsec3",
        "dnssec-expired",
        "dnssec-bogus-mx",
        "dnssec-unsigned",
        "spf-plus-all",
        "dmarc-none",
    ]
) | {REVOKED}
SAMPLE = tuple(truth for truth in TRUTHS if truth.domain.partition(".")[0] in SAMPLED)
DNSSEC = ("dns.dnssec", "dns.dnssec-strength")


Looks = dict[str, dict[str, Said]]
"""What was said of each domain, by resolver."""


@pytest.fixture(scope="session")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Looks:
    """The lab is built once, whichever worker comes first."""
    own = tmp_path_factory.getbasetemp()
    shared = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "private-root.json"
    with Path(f"{shared}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not shared.exists():
            shared.write_text(json.dumps(_look_everywhere()), encoding="utf-8")
        documents = json.loads(shared.read_text(encoding="utf-8"))
    return {name: said_of(document) for name, document in documents.items()}


def _look_everywhere() -> dict[str, str]:
    with private_root() as place, ThreadPoolExecutor(2) as two:
        every = [truth.domain for truth in TRUTHS]
        asked = {name: (place.words(every, name), place) for name in RESOLVERS}
        sample = place.words([truth.domain for truth in SAMPLE], "stripping")
        at = sample.index("--root-hints")
        asked[NO_HINTS] = ([*sample[:at], *sample[at + 2 :], "--dkim-selector", "default"], place)
        return dict(zip(asked, two.map(lambda pair: _look(*pair), asked.values()), strict=True))


def _look(words: Sequence[str], place: Place) -> str:
    done = place.run(*words, "--fail-on", "never")
    assert done.stdout, done.stderr[-3000:]
    # Facts are many megabytes.
    return json.dumps({"findings": json.loads(done.stdout)["findings"]})


def _of(truths: Sequence[Truth]) -> "pytest.MarkDecorator":
    return pytest.mark.parametrize("truth", truths, ids=lambda truth: truth.domain)


@pytest.fixture(scope="session", params=tuple(RESOLVERS))
def said(request: pytest.FixtureRequest, looks: Looks) -> dict[str, Said]:
    return looks[request.param]


@_of(TRUTHS)
def test_what_is_wrong_is_found_and_nothing_else(truth: Truth, said: dict[str, Said]) -> None:
    assert said[truth.domain].faults(truth) == []


@_of(TRUTHS)
def test_a_validating_and_a_plain_resolver_give_the_same_answers(truth: Truth, looks: Looks) -> None:
    validating, plain = (looks[name][truth.domain] for name in ("validating", "plain"))

    differing = sorted(set(validating.statuses.items()) ^ set(plain.statuses.items()))
    assert alike(validating, plain), str((differing, validating.open ^ plain.open))


@_of(SAMPLE)
def test_signatures_that_a_box_strips_are_not_checked(truth: Truth, looks: Looks) -> None:
    seen = looks[NO_HINTS][truth.domain]

    assert {seen.statuses[check] for check in DNSSEC} <= {Status.UNKNOWN, Status.NOT_APPLICABLE}
    assert seen.open <= truth.open | truth.also
    assert {code for code in truth.open if not code.startswith("dnssec.")} <= seen.open


def test_a_selector_that_one_names_and_that_is_revoked_is_accused(looks: Looks) -> None:
    domain = next(truth.domain for truth in SAMPLE if truth.domain.startswith(REVOKED))

    assert looks[NO_HINTS][domain].open == {"dkim.revoked"}


def test_the_truths_are_many_enough() -> None:
    assert len(TRUTHS) >= 60
    assert sum(truth.clean for truth in TRUTHS) >= 15
    assert {truth.signing for truth in TRUTHS} == set(Signing)


def test_nothing_of_the_lab_stays() -> None:
    names = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=True).stdout
    assert f"cya-{os.getpid()}-root" not in names
