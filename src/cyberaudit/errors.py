"""Every mistake the program tells a person about.

    CyberauditError                         exit 2
    ├── UsageError                          2   the command line asks for something that does not exist
    ├── ProfileError                        2   the profile cannot be read, or says something impossible
    ├── ScopeError                          2   the written authorization is missing, over, or does not cover
    ├── CatalogueError                      2   a check, a measure or a source is broken
    ├── HistoryError                        2   the history cannot be read
    │   └── NotSaved                        3   a scan was made and could not be stored
    │       └── TooOld                      3   it is older than those that were removed for their age
    └── DemoError                           2   the embedded town could not start

The French sentence is the exception's text; the exit code stands on the class. What the network says is
never an exception: probes return `Unreachable`.
"""

from cyberaudit.frozen import frozen


class CyberauditError(Exception):
    """A mistake with one clear French sentence."""

    exit_code = 2


class UsageError(CyberauditError):
    """The command line asks for something that does not exist."""


@frozen
class Place:
    """Where in a file: `line` and `column` start at 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@frozen
class Problem:
    """One thing wrong in a profile."""

    sentence: str
    """« La clé « domaine » n'existe pas ici ; vouliez-vous dire « domains » ? »"""
    place: Place | None = None
    path: str = ""
    """For people: « vpn, 1er élément »."""
    source_line: str = ""
    """The line of the file, to draw a caret under its column."""

    def __str__(self) -> str:
        head = f"{self.place} : " if self.place else ""
        where = f"{self.path} : " if self.path else ""
        text = f"{head}{where}{self.sentence}"
        if self.source_line and self.place:
            text += f"\n    {self.source_line}\n    {' ' * (self.place.column - 1)}^"
        return text


class ProfileError(CyberauditError):
    """The profile cannot be read, or says something impossible. Carries every problem at once."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class ScopeError(CyberauditError):
    """The written authorization is missing, over, or does not cover what was asked."""


class CatalogueError(CyberauditError):
    """A check, a measure or a source is broken."""


class HistoryError(CyberauditError):
    """The history cannot be read."""


class NotSaved(HistoryError):
    """A scan was made and could not be stored where it should be."""

    exit_code = 3


class TooOld(NotSaved):
    """A scan is older than those that were removed from the history for their age."""


class DemoError(CyberauditError):
    """The embedded town could not start."""
