"""What a running scan says it looks at has a French word."""

import pytest

from cyberaudit.cli.progress import KINDS
from cyberaudit.probes.registry import PROBES

pytestmark = pytest.mark.unit


def test_every_probe_has_a_word_on_the_line_of_progress() -> None:
    assert {probe.facts.KIND for probe in PROBES} == set(KINDS)
