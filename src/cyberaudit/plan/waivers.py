"""Which accepted risk covers which finding, and until when."""

from collections.abc import Sequence
from datetime import date

from cyberaudit.declared import Waiver
from cyberaudit.model import Finding


def covering(finding: Finding, waivers: Sequence[Waiver], *, today: date) -> Waiver | None:
    """The decision that accepts this finding today; its first and last days count."""
    valid = (waiver for waiver in waivers if waiver.decided_on <= today <= waiver.until)
    return next((waiver for waiver in valid if names(waiver, finding)), None)


def names(waiver: Waiver, finding: Finding) -> bool:
    """Whether it is about this finding, valid or not."""
    return waiver.check == finding.check and waiver.asset in ("", finding.asset.partition("/")[2])
