"""What goes to standard error besides French sentences: nothing, unless it is asked for."""

import logging

import pytest

from cyberaudit.cli.main import run

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("words", "is_told"), [((), False), (("--verbose",), True), (("--log-json",), True)])
@pytest.mark.parametrize("name", ["asyncio", "cyberaudit.probes"])
def test_a_traceback_is_for_who_asks_for_it(
    words: tuple[str, ...], is_told: bool, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as what asyncio says of a look that Ctrl-C cut short."""
    assert run(["checks", "list", *words]) == 0
    capsys.readouterr()
    logging.getLogger(name).error("exception was never retrieved")
    assert ("never retrieved" in capsys.readouterr().err) is is_told
