"""The list of checks told to a person: by theme, each with its question, or with what it stands on."""

from collections.abc import Iterator, Sequence

from cyberaudit import french
from cyberaudit.engine.measures import Remedies, Source
from cyberaudit.engine.remedies import Citation, cite_together
from cyberaudit.frozen import frozen
from cyberaudit.reports.citations import NO_ADDRESS, citation_plain, cited, dated, source_plain
from cyberaudit.reports.themes import THEMES, theme_name
from cyberaudit.reports.wrap import wrap


@frozen
class ListedCheck:
    """What the list says of one check."""

    id: str
    question: str
    sources: tuple[str, ...]
    """References: `PA-066 R44`."""

    @property
    def theme(self) -> str:
        return self.id.partition(".")[0]


@frozen
class Standing:
    """One official document and what stands on it."""

    source: Source
    checks: tuple[tuple[str, str], ...]
    """Id and places: (`mail.spf`, « R44 »)."""
    measures: tuple[tuple[str, str], ...]

    @property
    def url(self) -> str:
        """Empty unless the address is confirmed."""
        return Citation(self.source, ()).url


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


def list_by_source(checks: Sequence[ListedCheck], *, remedies: Remedies, width: int) -> str:
    """The text of `cyberaudit checks list --by-source`: what stands on each document."""
    found = by_source(checks, remedies=remedies)
    sections = [_standing(each, width) for each in found]
    total = [f"{french.count(len(found), 'document')}."]
    return "\n\n".join("\n".join(section) for section in (*sections, total)) + "\n"


def by_source(checks: Sequence[ListedCheck], *, remedies: Remedies) -> tuple[Standing, ...]:
    """Every document that something stands on, in the order of the catalogue of sources."""
    of_checks = [(each.id, cite_together(each.sources, remedies)) for each in checks]
    of_measures = [(each.id, cite_together(each.sources, remedies)) for each in remedies.measures.values()]
    found = (
        Standing(source, tuple(_on(source, of_checks)), tuple(_on(source, of_measures)))
        for source in remedies.sources.values()
    )
    return tuple(each for each in found if each.checks or each.measures)


def _on(source: Source, citing: Sequence[tuple[str, Sequence[Citation]]]) -> Iterator[tuple[str, str]]:
    for name, citations in citing:
        yield from ((name, each.places) for each in citations if each.source.id == source.id)


def _standing(found: Standing, width: int) -> list[str]:
    source = found.source
    lines = wrap(french.typeset(f"{source.id} — {source.publisher}, {source.title} ({dated(source)})"), width)
    lines += wrap(found.url or NO_ADDRESS, width, first="  ")
    for word, those in (("Contrôles", found.checks), ("Mesures", found.measures)):
        if those:
            named = ", ".join(f"{name} ({places})" if places else name for name, places in those)
            lines += wrap(french.typeset(f"{word} : {named}"), width, first="  ", rest="    ")
    return lines


def check_plain(check: ListedCheck, *, remedies: Remedies) -> dict[str, object]:
    """One check and its sources for machines; an address that is not confirmed is null."""
    sources = [citation_plain(each) for each in cite_together(check.sources, remedies)]
    return {"id": check.id, "question": check.question, "sources": sources, "ours": not sources}


def standing_plain(found: Standing) -> dict[str, object]:
    """One document and what stands on it, for machines."""
    return {
        **source_plain(found.source),
        "checks": [{"id": name, "places": places} for name, places in found.checks],
        "measures": [{"id": name, "places": places} for name, places in found.measures],
    }


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
    for each in cited(check.sources, remedies) or ("aucun document : notre propre conseil",):
        lines += wrap(french.typeset(each), width, first="    - ")
    return lines
