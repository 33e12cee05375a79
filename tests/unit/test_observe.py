"""Each probe once per asset; a bad one costs only itself; Ctrl-C keeps what was seen."""

import asyncio
import os
import signal
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from cyberaudit.declared import AssetKind, CheckChoice, Town
from cyberaudit.engine.audit import audit
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.observe import Errand, Limits, errands, observe
from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.mail_samples import GOOD_DNS
from cyberaudit.facts.mail_servers import MailServers
from cyberaudit.facts.mail_servers_samples import BAD_SERVERS, GOOD_SERVERS, MUTE_SERVERS
from cyberaudit.model import Progress, Reason, Status, Unreachable
from cyberaudit.probes.instruments import Instruments, Options, set_up
from cyberaudit.probes.ports.sweep import seconds_for
from cyberaudit.probes.registry import Probe
from cyberaudit.town.scope import scope_for_look
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
TOWN = towns.town(towns.domain("a"), towns.domain("b"), towns.practice("mfa"))


def instruments(town: Town = TOWN) -> Instruments:
    scope = scope_for_look(domains=("mairie-saint-etienne-d-o.example",), authorized_by="Mme Essai")
    return set_up(town, scope, Options(resolvers=("127.0.0.1:9",)), now=towns.NOW)


@pytest.fixture
def probe() -> Iterator[Any]:
    """A factory of probe modules made of one coroutine function."""
    made: list[str] = []

    def make(facts: type, look: Any, *, again: Any = None) -> Probe:
        name = f"tests_probe_{len(made)}"
        module = types.ModuleType(name)
        module.look = look  # type: ignore[attr-defined]  # a module made by hand
        module.announce = lambda asset, instruments: ()  # type: ignore[attr-defined]  # same
        if again:
            module.worth_asking_again = again  # type: ignore[attr-defined]  # same
        sys.modules[name] = module
        made.append(name)
        return Probe(facts, AssetKind.DOMAIN, name)

    yield make
    for name in made:
        del sys.modules[name]


async def good_dns(asset: Any, instruments: Any) -> MailDns:
    return GOOD_DNS


def test_each_needed_probe_is_sent_once_per_asset() -> None:
    # Two questions need what DNS says, three what the servers answer.
    few = towns.narrowed(CATALOGUE, "mail.spf", "mail.mx", "mail.starttls", "mail.tls-versions")
    sent = errands(TOWN, few.checks, vantage="outside")
    assert [(errand.asset.id, errand.probe.facts.KIND) for errand in sent].count(("a", "mail-dns")) == 1
    assert len(sent) == len(set(sent)) == 4


def test_a_check_switched_off_sends_no_probe() -> None:
    of_domains = [check for check in CATALOGUE.checks if check.theme in ("mail", "dns")]
    off = tuple(CheckChoice(check.id, "hors sujet ici", ()) for check in of_domains)
    assert errands(replace(TOWN, checks=off), CATALOGUE.checks, vantage="outside") == []


def test_a_crashing_and_a_hanging_probe_cost_only_their_own_facts(probe: Any) -> None:
    async def crash(asset: Any, instruments: Any) -> MailServers:
        if asset.id == "a":
            raise KeyError("x")
        await asyncio.sleep(60)
        raise AssertionError

    sent = [Errand(each, probe(MailDns, good_dns)) for each in TOWN.of_kind(AssetKind.DOMAIN)]
    bad = probe(MailServers, crash)
    sent += [Errand(each, bad) for each in TOWN.of_kind(AssetKind.DOMAIN)]
    seen = observe(sent, instruments(), limits=Limits(probe=0.2)).seen
    assert [observation.facts for observation in seen.values()].count(GOOD_DNS) == 2
    assert {str(o.facts.reason) for o in seen.values() if isinstance(o.facts, Unreachable)} == {
        "probe-crashed",
        "deadline",
    }


def test_the_whole_scan_has_a_deadline(probe: Any) -> None:
    async def sleep(asset: Any, instruments: Any) -> MailDns:
        await asyncio.sleep(60)
        return GOOD_DNS

    sent = [Errand(TOWN.of_kind(AssetKind.DOMAIN)[0], probe(MailDns, sleep))]
    harvest = observe(sent, instruments(), limits=Limits(probe=30, scan=0.2))
    assert next(iter(harvest.seen.values())).facts == Unreachable(Reason.DEADLINE)
    assert not harvest.interrupted


def test_what_seemed_absent_is_asked_again_before_it_is_a_fact(probe: Any) -> None:
    answers = [BAD_SERVERS, GOOD_SERVERS]

    async def twice(asset: Any, instruments: Any) -> MailServers:
        return answers.pop(0)

    again = probe(MailServers, twice, again=lambda facts: facts == BAD_SERVERS)
    harvest = observe([Errand(TOWN.of_kind(AssetKind.DOMAIN)[0], again)], instruments())
    assert next(iter(harvest.seen.values())).facts == GOOD_SERVERS
    assert answers == []


def test_a_second_look_that_crashes_leaves_the_first_facts(probe: Any) -> None:
    answers: list[Any] = [BAD_SERVERS]

    async def once(asset: Any, instruments: Any) -> Any:
        return answers.pop(0)

    again = probe(MailServers, once, again=lambda facts: True)
    harvest = observe([Errand(TOWN.of_kind(AssetKind.DOMAIN)[0], again)], instruments())
    assert next(iter(harvest.seen.values())).facts == BAD_SERVERS


def test_ctrl_c_keeps_what_was_seen_and_says_interrupted(probe: Any) -> None:
    async def interrupted(asset: Any, instruments: Any) -> MailServers:
        await asyncio.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)
        raise AssertionError

    asset = TOWN.of_kind(AssetKind.DOMAIN)[0]
    harvest = observe(
        [Errand(asset, probe(MailDns, good_dns)), Errand(asset, probe(MailServers, interrupted))],
        instruments(),
    )
    assert harvest.interrupted
    assert [o.facts for o in harvest.seen.values()] == [GOOD_DNS, Unreachable(Reason.INTERRUPTED)]


def test_progress_counts_every_errand_once(probe: Any) -> None:
    steps: list[Progress] = []
    sent = [Errand(each, probe(MailDns, good_dns)) for each in TOWN.of_kind(AssetKind.DOMAIN)]
    observe(sent, instruments(), progress=steps.append)
    assert [(step.done, step.total) for step in steps] == [(0, 2), (1, 2), (2, 2)]
    start, first, last = steps
    assert (start.text, {kind for _, kind in start.under_way}) == ("", {MailDns.KIND})
    assert (first.kind, len(first.under_way), last.under_way) == (MailDns.KIND, 1, ())


def test_cable_unplugged_yields_zero_measured_passes() -> None:
    made = audit(TOWN, CATALOGUE, instruments(), vantage="outside", started_at=towns.NOW)
    assert len(made.observations) == len(errands(TOWN, CATALOGUE.checks, vantage="outside")) > 4
    assert Status.PASS not in {finding.status for finding in made.findings}
    assert made.finished_at > made.started_at == towns.NOW


def test_two_looks_are_merged_by_the_probe_that_made_them(probe: Any) -> None:
    made = probe(MailServers, looks_of(BAD_SERVERS, MUTE_SERVERS), again=lambda facts: True)
    sys.modules[made.module].merge_looks = lambda first, second: first  # type: ignore[attr-defined]  # by hand
    harvest = observe([Errand(TOWN.of_kind(AssetKind.DOMAIN)[0], made)], instruments())
    assert next(iter(harvest.seen.values())).facts == BAD_SERVERS


def looks_of(*answers: Any) -> Any:
    waiting = list(answers)

    async def look(asset: Any, instruments: Any) -> Any:
        return waiting.pop(0)

    return look


def explode(*facts: Any, **more: Any) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize("broken", ["worth_asking_again", "merge_looks"])
def test_a_bug_around_the_second_look_costs_nothing_that_was_seen(probe: Any, broken: str) -> None:
    bad = probe(MailServers, looks_of(BAD_SERVERS, GOOD_SERVERS), again=lambda facts: True)
    setattr(sys.modules[bad.module], broken, explode)
    asset = TOWN.of_kind(AssetKind.DOMAIN)[0]
    harvest = observe([Errand(asset, probe(MailDns, good_dns)), Errand(asset, bad)], instruments())
    assert [seen.facts for seen in harvest.seen.values()] == [GOOD_DNS, BAD_SERVERS]


def test_the_limits_grow_only_for_more_than_the_usual_ports_or_a_slower_pace() -> None:
    assert Limits.to_ask(1050, rate=None) == Limits.to_ask(1050, rate=500) == Limits()
    for ports, rate in ((65535, None), (65535, 20), (1050, 20)):
        limits = Limits.to_ask(ports, rate=rate)
        # Both families in one sweep, which is cut short before the probe is.
        assert limits.probe > seconds_for(ports * 2, rate=rate or 100)
        assert limits.scan > limits.probe


def telling(seen: Any) -> Any:
    """A look that never ends, and what it had seen when it is cut short."""

    async def look(asset: Any, instruments: Any) -> Any:
        if seen == "ctrl-c":
            os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(60)
        raise AssertionError

    return look


@pytest.mark.parametrize(("how", "expected"), [("", Reason.DEADLINE), ("ctrl-c", Reason.INTERRUPTED)])
def test_what_a_probe_had_seen_when_it_was_cut_short_is_kept(probe: Any, how: str, expected: Reason) -> None:
    reasons: list[Reason] = []

    def so_far(asset: Any, instruments: Any, *, missing: Reason) -> MailServers:
        reasons.append(missing)
        return BAD_SERVERS

    cut = probe(MailServers, telling(how))
    sys.modules[cut.module].so_far = so_far  # type: ignore[attr-defined]  # a module made by hand
    sent = [Errand(TOWN.of_kind(AssetKind.DOMAIN)[0], cut)]
    harvest = observe(sent, instruments(), limits=Limits(probe=0.2))
    assert [seen.facts for seen in harvest.seen.values()] == [BAD_SERVERS]
    assert reasons == [expected]
    assert harvest.interrupted is (how == "ctrl-c")


@pytest.mark.parametrize(
    ("so_far", "expected"),
    [
        (explode, Unreachable(Reason.PROBE_CRASHED, "ZeroDivisionError : ")),
        (lambda asset, instruments, *, missing: None, Unreachable(Reason.DEADLINE, "0.2 s")),
    ],
)
def test_a_probe_that_cannot_tell_what_it_had_seen_costs_only_its_own_facts(
    probe: Any, so_far: Any, expected: Unreachable
) -> None:
    cut = probe(MailServers, telling(""))
    sys.modules[cut.module].so_far = so_far  # type: ignore[attr-defined]  # a module made by hand
    sent = [Errand(TOWN.of_kind(AssetKind.DOMAIN)[0], each) for each in (cut, probe(MailDns, good_dns))]
    seen = observe(sent, instruments(), limits=Limits(probe=0.2)).seen
    assert [seen[errand].facts for errand in sent] == [expected, GOOD_DNS]


def test_more_addresses_behind_one_line_are_given_more_time() -> None:
    crowded = Limits.to_ask(1050, rate=None, addresses=10)
    assert crowded.probe > seconds_for(1050 * 10, rate=100)
    assert Limits.to_ask(1050, rate=None, addresses=0) == Limits()


def test_domains_are_looked_at_a_few_at_a_time_and_a_slow_one_holds_up_nobody(
    probe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cyberaudit.engine.observe.DOMAINS_AT_ONCE", 3)
    monkeypatch.setattr("cyberaudit.engine.observe.TURN_SECONDS", 0.2)
    under_way: list[str] = []
    most: list[int] = []
    town = towns.town(*(towns.domain(f"d{number}") for number in range(12)))

    async def look(asset: Any, instruments: Any) -> MailDns:
        under_way.append(asset.id)
        most.append(len([each for each in under_way if each not in slow]))
        await asyncio.sleep(1.5 if asset.id in slow else 0.01)
        under_way.remove(asset.id)
        return GOOD_DNS

    slow = {"d0", "d1", "d2"}
    sent = [Errand(each, probe(MailDns, look)) for each in town.of_kind(AssetKind.DOMAIN)]
    seen = observe(sent, instruments(town)).seen
    assert [observation.facts for observation in seen.values()] == [GOOD_DNS] * 12
    # The slow ones were still there when the last of the others was over.
    assert 1 <= max(most) <= 3
    assert [errand.asset.id for errand in seen][-3:] == ["d0", "d1", "d2"]
