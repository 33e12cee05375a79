"""The shape of a check: what it needs, what it knows, how it is declared."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cyberaudit.declared import (
    AssetKind,
    Town,
)
from cyberaudit.facts.base import Facts
from cyberaudit.frozen import frozen
from cyberaudit.model import SeenFrom, Verdict


@frozen
class Every:
    """The facts of every asset of the town that has them."""

    facts: type[Facts]


@frozen
class OnDeclaration:
    """What a person declared under one field of the asset; a practice's stands under `answer`."""

    field: str = "answer"
    even_over: bool = False
    """What was done on a day stays done: the check weighs its age, and is asked past the twelve months too."""


Need = type[Facts] | Every | OnDeclaration


@frozen
class NoSettings:
    """A check without thresholds."""


@frozen
class Context:
    """What a check knows beside the facts."""

    now: datetime
    """Aware, UTC."""
    asset: Any
    """The asset as declared, of the kind the check is about."""
    settings: Any
    """The check's own frozen `Settings`, with the profile's changes."""
    town: Town

    def local(self, moment: datetime) -> datetime:
        """The same moment on the clocks of the town: weekdays are told there."""
        return moment.astimezone(ZoneInfo(self.town.commune.timezone))


CheckFunction = Callable[[Any, Context], Verdict]
Concern = Callable[[Any, Town], bool]
"""Whether the question arises for an asset of the right kind, from what is declared alone."""


@frozen
class Check:
    """One question a secretary could ask, and how facts answer it."""

    id: str
    function: CheckFunction
    needs: tuple[Need, ...]
    about: AssetKind
    seen_from: SeenFrom
    impact: int
    """1 to 4: a nuisance, time lost, a service stopped, a service stopped and data lost."""
    likelihood: int
    """1 to 4: rare, possible, frequent, under way or visible from the Internet."""
    measure: str
    sources: tuple[str, ...]
    settings: type[Any]
    path: Path
    concerns: Concern
    """For the other assets of the kind there is no finding at all."""

    @property
    def theme(self) -> str:
        return self.id.partition(".")[0]


def check(
    check_id: str,
    *,
    needs: Need | type[OnDeclaration] | tuple[Need, ...],
    about: str,
    seen_from: str = "any",
    impact: int,
    likelihood: int,
    measure: str,
    sources: tuple[str, ...] = (),
    settings: type[Any] = NoSettings,
    concerns: Concern | None = None,
) -> Callable[[CheckFunction], Check]:
    """Turn a function of two arguments into a `Check`; its fiche is the docstring of its file.

    Without `concerns` it is about every asset of the kind, and about the practice of its own name.

    Raises:
        ValueError: an impact or likelihood outside 1–4, an unknown kind or vantage, a malformed `needs`.
    """
    if not (1 <= impact <= 4 and 1 <= likelihood <= 4):
        msg = f"{check_id}: impact and likelihood go from 1 to 4"
        raise ValueError(msg)
    parts = tuple(_need(part) for part in (needs if isinstance(needs, tuple) else (needs,)))
    if any(isinstance(part, Every) for part in parts) and (len(parts) > 1 or about != AssetKind.TOWN):
        msg = f'{check_id}: Every(T) stands alone, with about="town"'
        raise ValueError(msg)

    def wrap(function: CheckFunction) -> Check:
        return Check(
            id=check_id,
            function=function,
            needs=parts,
            about=AssetKind(about),
            seen_from=SeenFrom(seen_from),
            impact=impact,
            likelihood=likelihood,
            measure=measure,
            sources=sources,
            settings=settings,
            path=Path(function.__code__.co_filename),
            concerns=concerns or _usual_concern(check_id, about),
        )

    return wrap


def on_practice(name: str) -> Concern:
    """The practice of this id alone."""
    return lambda asset, _town: asset.id == name


def _usual_concern(check_id: str, about: str) -> Concern:
    if about == AssetKind.PRACTICE:
        return on_practice(check_id.partition(".")[2])
    return lambda _asset, _town: True


def _need(part: Any) -> Need:
    if part is OnDeclaration:
        return OnDeclaration()
    if isinstance(part, Every | OnDeclaration) or (isinstance(part, type) and issubclass(part, Facts)):
        return part
    msg = f"{part!r} is not something a check can need"
    raise ValueError(msg)
