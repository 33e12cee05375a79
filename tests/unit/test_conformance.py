"""The conformance kit finds the check that takes what it could not see for a pass."""

from typing import Any

import pytest

from cyberaudit.engine.conformance import cases, conformance
from cyberaudit.facts.backup import BackupStore
from cyberaudit.facts.base import Facts
from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.reach import FlowReach, HostReach, PortState
from cyberaudit.facts.tls_endpoint import TlsEndpoint
from cyberaudit.model import Unreachable, Verdict
from cyberaudit.sdk import Check, Context, Every, check, failed, passed

pytestmark = pytest.mark.unit


def made(needs: Any, about: str, function: Any) -> Check:
    wrap = check("x-essai.sujet", needs=needs, about=about, impact=1, likelihood=1, measure="x-essai.rien")
    return wrap(function)


def nothing_open(reach: HostReach, ctx: Context) -> Verdict:
    """Written by somebody who forgot that a port may not have been seen."""
    states = [answer.state for one in reach.addresses for answer in one.ports]
    return failed("Ouvert.", reason="open") if PortState.OPEN in states else passed("Fermé.")


def test_a_check_that_passes_blind_deep_inside_the_facts_is_caught() -> None:
    assert "rien n'était visible, et le contrôle a dit « en ordre »." in conformance(
        made(HostReach, "host", nothing_open)
    )


@pytest.mark.parametrize(
    ("facts", "about"),
    [
        (HostReach, "host"),
        (FlowReach, "flow"),
        (TlsEndpoint, "vpn"),
        (BackupStore, "backup"),
        (MailDns, "domain"),
    ],
)
def test_each_kind_of_asset_has_cases_seen_and_unseen(facts: type[Facts], about: str) -> None:
    found = list(cases(made(facts, about, nothing_open)))
    assert {case.context.asset.kind for case in found} == {about}
    assert len({case.context.asset.id for case in found}) >= 2
    assert {case.blind for case in found} == {True, False}


def test_every_is_tried_on_the_assets_that_its_probe_is_about() -> None:
    found = [case.facts for case in cases(made(Every(BackupStore), "town", nothing_open))]
    assert () in found
    assert {asset.kind for facts in found for asset, _ in facts} == {"backup"}
    assert any(len({id(part) for _, part in facts}) == 2 for facts in found), "no mixture"
    assert any(isinstance(part.contents, Unreachable) for facts in found for _, part in facts)
