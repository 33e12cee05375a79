"""What the place where a report is printed can show: its width, colours, drawn lines."""

from collections.abc import Mapping

from cyberaudit.frozen import frozen

WIDTH_ELSEWHERE = 80
NARROWEST = 40
# Under this the table of actions no longer holds (product decision, 2026).
SIMPLE_UNDER = 72


@frozen
class Terminal:
    width: int
    """In cells."""
    simple: bool
    """No table, no bar, no drawn line."""
    colour: bool


def terminal(environment: Mapping[str, str], *, is_tty: bool, columns: int, simple: bool = False) -> Terminal:
    """What to use, from the environment, whether the output is a terminal, and its columns (0: not known).

    `simple` is what the person asked for; it is never taken back.
    """
    dumb = environment.get("TERM", "") in ("dumb", "unknown")
    width = max(columns, NARROWEST) if is_tty and columns > 0 else WIDTH_ELSEWHERE
    return Terminal(
        width=width,
        simple=simple or dumb or not is_tty or width < SIMPLE_UNDER,
        colour=_colour(environment, able=is_tty and not dumb),
    )


def _colour(environment: Mapping[str, str], *, able: bool) -> bool:
    # no-color.org: present and not empty, whatever its value, comes before everything.
    if environment.get("NO_COLOR"):
        return False
    forced = environment.get("FORCE_COLOR", "")
    return forced != "0" if forced else able
