"""Every mistake of a profile, told in French at its place: the first ones in full, the others counted."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cyberaudit import french
from cyberaudit.errors import Problem
from cyberaudit.frozen import frozen
from cyberaudit.town.coherence import Clash
from cyberaudit.town.fields import REFUSED
from cyberaudit.town.shape import field_at, fields_by_key, shape_at
from cyberaudit.town.source import Mark, Source, Trail
from cyberaudit.town.suggestion import question, shown

MAX_TOLD = 20
"""Problems shown at once: more do not help anyone."""

_KEY = "[key]"
"""What pydantic adds to the way to a value when the key itself is wrong."""


@frozen
class Complaint:
    """A mistake, put in words only when it is shown: a wrong file may hold thousands."""

    mark: tuple[int, int]
    tell: Callable[[], Problem]


def told(complaints: Iterable[Complaint]) -> tuple[Problem, ...]:
    """The first mistakes in the order of the text; the others only counted."""
    ordered = sorted(complaints, key=lambda complaint: complaint.mark)
    problems = tuple(complaint.tell() for complaint in ordered[:MAX_TOLD])
    left = len(ordered) - MAX_TOLD
    if left <= 0:
        return problems
    return (*problems, Problem(f"Et {french.count(left, 'autre erreur', 'autres erreurs')}."))


def of_reading(source: Source) -> Iterator[Complaint]:
    """What the YAML itself does wrong."""
    for problem in source.problems:
        assert problem.place is not None
        yield Complaint((problem.place.line, problem.place.column), partial(_same, problem))


def _same(problem: Problem) -> Problem:
    return problem


def of_clashes(clashes: Iterable[Clash], source: Source) -> Iterator[Complaint]:
    """What contradicts something else."""
    for clash in clashes:
        yield Complaint(_pair(source.mark(clash.trail)), partial(_tell_clash, clash, source))


def _tell_clash(clash: Clash, source: Source) -> Problem:
    return source.problem(clash.told(), clash.trail)


def of_shape(error: ValidationError, source: Source) -> Iterator[Complaint]:
    """What has not the shape of a profile."""
    for details in error.errors(include_url=False):
        refusal = _Refusal(details, source)
        yield Complaint(_pair(refusal.mark), refusal.problem)


def trails_of(error: ValidationError) -> frozenset[Trail]:
    """The values that pydantic already refuses."""
    return frozenset(_trail(details) for details in error.errors(include_url=False))


def _pair(mark: Mark) -> tuple[int, int]:
    return mark.line, mark.column


def _trail(details: ErrorDetails) -> Trail:
    return tuple(step for step in details["loc"] if step != _KEY)


@frozen
class _Refusal:
    """One error of pydantic, with what French needs to say it."""

    details: ErrorDetails
    source: Source

    @property
    def type(self) -> str:
        return self.details["type"]

    @property
    def trail(self) -> Trail:
        return _trail(self.details)

    @property
    def key(self) -> str:
        return str(self.trail[-1]) if self.trail else ""

    @property
    def input(self) -> Any:
        return self.details["input"]

    @property
    def written(self) -> str:
        """The value as it stands in the file."""
        return shown(self.source.written.get(self.trail, ""))

    def limit(self, bound: str) -> str:
        return french.number(int(self.details["ctx"][bound]))

    @property
    def is_about_key(self) -> bool:
        is_empty = self.input is None and self.type not in (REFUSED, "missing")
        return self.type == "extra_forbidden" or self.details["loc"][-1:] == (_KEY,) or is_empty

    @property
    def mark(self) -> Mark:
        mark = self.source.mark(self.trail)
        return self.source.key_marks.get(self.trail, mark) if self.is_about_key else mark

    def problem(self) -> Problem:
        sentence = self.sentence()
        if self.is_about_key:
            return self.source.key_problem(sentence, self.trail)
        return self.source.problem(sentence, self.trail[:-1] if self.type == "missing" else self.trail)

    def sentence(self) -> str:
        if self.input is None and self.type not in (REFUSED, "missing", "extra_forbidden"):
            return f"Rien n'est écrit après « {shown(self.key)} » : donnez une valeur, ou effacez la ligne."
        form = SENTENCES.get(self.type, "Cette valeur n'a pas la forme attendue.")
        return form if isinstance(form, str) else form(self)


def _said(refusal: _Refusal) -> str:
    return str(refusal.details["ctx"]["sentence"])


def _missing(refusal: _Refusal) -> str:
    info = field_at(refusal.trail)
    meaning = (info.description if info else None) or ""
    return f"Il manque « {refusal.key} » ({meaning[:1].lower()}{meaning[1:].removesuffix('.')})."


def _unknown_key(refusal: _Refusal) -> str:
    shape = shape_at(refusal.trail[:-1])
    known = fields_by_key(shape) if shape else ()
    return f"La clé « {shown(refusal.key)} » n'existe pas ici{question(refusal.key, known)}"


def _text_expected(refusal: _Refusal) -> str:
    if isinstance(refusal.input, list | dict):
        return "Un simple texte est attendu ici, pas une liste ni un bloc."
    return f'Un texte est attendu : mettez la valeur entre guillemets, "{refusal.written}".'


def _true_or_false(refusal: _Refusal) -> str:
    return f"Écrivez true ou false{question(refusal.written, ('true', 'false'))}"


def _list_expected(refusal: _Refusal) -> str:
    return f"Une liste est attendue : écrivez [{refusal.written or '…'}], ou une ligne « - » par élément."


SENTENCES: dict[str, str | Callable[[_Refusal], str]] = {
    REFUSED: _said,
    "missing": _missing,
    "extra_forbidden": _unknown_key,
    "string_type": _text_expected,
    "int_type": "Un nombre entier est attendu, sans guillemets ni unité.",
    "bool_type": _true_or_false,
    "list_type": _list_expected,
    "dict_type": "Un bloc de lignes « clé : valeur » est attendu ici.",
    "model_type": "Un bloc de lignes « clé : valeur » est attendu ici.",
    "greater_than_equal": lambda refusal: f"Ce nombre est trop petit : {refusal.limit('ge')} au moins.",
    "less_than_equal": lambda refusal: f"Ce nombre est trop grand : {refusal.limit('le')} au plus.",
    "too_long": lambda refusal: (
        f"Cette liste est trop longue : {refusal.limit('max_length')} éléments au plus."
    ),
}
"""Each type of error that the shape can make, and its sentence."""

__all__ = ["MAX_TOLD", "SENTENCES", "Complaint", "of_clashes", "of_reading", "of_shape", "told", "trails_of"]
