"""How an official document is cited in full: who, what, which rules, of when, and where when that is sure."""

import re
from collections.abc import Iterable

from cyberaudit import french
from cyberaudit.engine.measures import Remedies, Source
from cyberaudit.engine.remedies import Citation, cite_together

NO_ADDRESS = "adresse non confirmée"
NO_DATE = "sans date connue"
_ISO = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(\d{2}))?)?")


def cited(references: Iterable[str], remedies: Remedies) -> tuple[str, ...]:
    """One line a document, its places together: « ANSSI, Titre, R44 (19 juin 2020) — https://… »."""
    return tuple(in_full(each) for each in cite_together(references, remedies))


def in_full(citation: Citation) -> str:
    """An address that is not confirmed is never printed: the line says so instead."""
    source = citation.source
    words = (source.publisher, source.title, citation.places)
    return f"{', '.join(word for word in words if word)} ({dated(source)}){french.NBSP}— {citation.url or NO_ADDRESS}"


def dated(source: Source) -> str:
    """« 19 juin 2020 », « juin 2020 », « 2020 »: as precise as the catalogue is."""
    found = _ISO.fullmatch(source.date)
    if found is None:
        return source.date or NO_DATE
    year, month, day = found.groups()
    number = "1er" if day == "01" else (day or "").lstrip("0")
    return french.NBSP.join(part for part in (number, _month(month), year) if part)


def _month(number: str | None) -> str:
    return french.MONTHS[int(number) - 1] if number else ""


def source_plain(source: Source) -> dict[str, object]:
    """One document for machines; an address that is not confirmed is null."""
    return {
        "source": source.id,
        "title": source.title,
        "publisher": source.publisher,
        "date": source.date or None,
        "url": Citation(source, ()).url or None,
        "confidence": source.confidence.value,
    }


def citation_plain(citation: Citation) -> dict[str, object]:
    """The same with the rules it is cited for."""
    return {**source_plain(citation.source), "places": list(citation.parts)}


__all__ = ["NO_ADDRESS", "NO_DATE", "citation_plain", "cited", "dated", "in_full", "source_plain"]
