"""An audit of a few points alone: the probes it sends, and the questions it leaves as they were."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from cyberaudit.declared import Town
from cyberaudit.engine.catalogue import asked
from cyberaudit.engine.observe import Errand, errands
from cyberaudit.model import Audit, Basis, Finding, Reason, Unreachable
from cyberaudit.sdk import Check, Every, unknown

Pair = tuple[str, str]
"""Check id and asset key."""

_NOT_ASKED = "vérification d'autres points"


def errands_for(town: Town, checks: Sequence[Check], only: Collection[Pair], *, vantage: str) -> list[Errand]:
    """The probes that these points need from here, each once per asset."""
    wanted: dict[Errand, None] = {}
    for check, asset in asked(town, checks):
        if (check.id, asset.key) in only:
            wanted.update(dict.fromkeys(_of_pair(town, check, asset.key, vantage=vantage)))
    return list(wanted)


def _of_pair(town: Town, check: Check, asset: str, *, vantage: str) -> list[Errand]:
    sent = errands(town, [check], vantage=vantage)
    if any(isinstance(need, Every) for need in check.needs):
        return sent
    return [errand for errand in sent if errand.asset.key == asset]


def left_aside(town: Town, checks: Sequence[Check], sent: Collection[Errand], *, vantage: str) -> set[Pair]:
    """The points that stand on something which was not looked at; half of the facts is no answer.

    What is only declared is never among them: the profile answers it each time.
    """
    looked_at = set(sent)
    return {
        (check.id, asset.key)
        for check, asset in asked(town, checks)
        if not looked_at.issuperset(_of_pair(town, check, asset.key, vantage=vantage))
    }


def left_aside_before(old: Audit) -> set[Pair]:
    """The points that a stored audit left aside on purpose: it says so itself."""
    return {
        (finding.check, finding.asset)
        for finding in old.findings
        if not finding.looked and any(each.value == _NOT_ASKED for each in finding.verdict.evidence)
    }


def as_not_looked(findings: Sequence[Finding], aside: Collection[Pair]) -> tuple[Finding, ...]:
    """The findings, those left aside said of nobody having looked: such an answer replaces none."""
    return tuple(_unlooked(each) if (each.check, each.asset) in aside else each for each in findings)


def _unlooked(finding: Finding) -> Finding:
    return replace(
        finding,
        verdict=unknown(Unreachable(Reason.NOT_LOOKED, _NOT_ASKED)),
        likelihood=finding.base_likelihood,
        basis=Basis.MEASURED,
        contradiction=False,
    )
