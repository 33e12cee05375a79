"""The list of checks told to a person: by theme, each with its question, or with what it stands on."""

from collections.abc import Sequence
from dataclasses import dataclass

from cyberaudit import french
from cyberaudit.engine.measures import Remedies
from cyberaudit.engine.remedies import cite_together
from cyberaudit.reports.themes import THEMES, theme_name
from cyberaudit.reports.wrap import wrap


@dataclass(frozen=True, slots=True)
class ListedCheck:
    """What the list says of one check."""

    id: str
    question: str
    sources: tuple[str, ...]
    """References: `PA-066 R44`."""

    @property
    def theme(self) -> str:
        return self.id.partition(".")[0]


def list_checks(checks: Sequence[ListedCheck], *, width: int) -> str:
    """The text of `cyberaudit checks list`: by theme, `id — question`."""
    sections = [
        [theme_name(theme), *(line for check in found for line in _question(check, width))]
        for theme, found in _by_theme(checks)
    ]
    return _joined(sections, len(checks))


def list_sources(checks: Sequence[ListedCheck], *, remedies: Remedies, width: int) -> str:
    """The text of `cyberaudit checks list --sources`: what each check stands on."""
    sections = [
        [theme_name(theme), *(line for check in found for line in _sources(check, remedies, width))]
        for theme, found in _by_theme(checks)
    ]
    return _joined(sections, len(checks))


def _joined(sections: Sequence[Sequence[str]], checks: int) -> str:
    total = f"{french.count(checks, 'contrôle')}."
    return "\n\n".join("\n".join(section) for section in (*sections, [total])) + "\n"


def _by_theme(checks: Sequence[ListedCheck]) -> list[tuple[str, list[ListedCheck]]]:
    """Our themes in their order, then third parties' by name."""
    ours = [theme for theme in THEMES if any(check.theme == theme for check in checks)]
    others = sorted({check.theme for check in checks} - set(THEMES))
    return [
        (theme, sorted((check for check in checks if check.theme == theme), key=lambda check: check.id))
        for theme in (*ours, *others)
    ]


def _question(check: ListedCheck, width: int) -> list[str]:
    return wrap(f"{check.id} — {french.typeset(check.question)}", width, first="  ", rest="      ")


def _sources(check: ListedCheck, remedies: Remedies, width: int) -> list[str]:
    lines = wrap(check.id, width, first="  ")
    citations = cite_together(check.sources, remedies)
    for each in citations:
        lines += wrap(french.typeset(str(each)), width, first="    - ")
    return (
        lines
        if citations
        else [*lines, *wrap("aucun document : notre propre conseil", width, first="    - ")]
    )
