"""Width, simple layout and colours, from the environment and the output."""

import pytest

from cyberaudit.reports.terminal import Terminal, terminal

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("environment", "is_tty", "columns", "expected"),
    [
        ({"TERM": "xterm"}, True, 120, Terminal(120, simple=False, colour=True)),
        ({"TERM": "xterm"}, True, 72, Terminal(72, simple=False, colour=True)),
        ({"TERM": "xterm"}, True, 71, Terminal(71, simple=True, colour=True)),
        ({"TERM": "xterm"}, True, 12, Terminal(40, simple=True, colour=True)),
        ({"TERM": "xterm"}, True, 0, Terminal(80, simple=False, colour=True)),
        ({"TERM": "dumb"}, True, 120, Terminal(120, simple=True, colour=False)),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, 80, Terminal(80, simple=False, colour=False)),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, 80, Terminal(80, simple=False, colour=True)),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, 80, Terminal(80, simple=False, colour=False)),
        ({}, False, 200, Terminal(80, simple=True, colour=False)),
        ({"FORCE_COLOR": "1"}, False, 200, Terminal(80, simple=True, colour=True)),
        ({"FORCE_COLOR": "0"}, True, 80, Terminal(80, simple=False, colour=False)),
    ],
)
def test_the_output_decides_its_layout(
    environment: dict[str, str], is_tty: bool, columns: int, expected: Terminal
) -> None:
    assert terminal(environment, is_tty=is_tty, columns=columns) == expected


def test_what_the_person_asked_for_is_never_taken_back() -> None:
    assert terminal({"TERM": "xterm"}, is_tty=True, columns=120, simple=True).simple
