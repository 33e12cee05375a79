"""The remediation catalogue as written: measures.yaml and sources.yaml, read, checked and cited."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from enum import StrEnum
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cyberaudit import french
from cyberaudit.engine.measures import Confidence, Cost, Lot, Measure, Owner, Ranks, Remedies, Source
from cyberaudit.errors import CatalogueError
from cyberaudit.frozen import frozen

MEASURES_FILE = "measures.yaml"
SOURCES_FILE = "sources.yaml"
# Ours: a 0 € stopgap exists whenever the fix costs money or takes over seven days.
STOPGAP_DAYS = 7
NO_REMEDIES = Remedies({}, {})

_MEASURE_ID = re.compile(r"(x-[a-z0-9]+(-[a-z0-9]+)*\.)?[a-z0-9]+(-[a-z0-9]+)*")
_SOURCE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]*")
_OPTIONAL = frozenset({"depends", "stopgap", "contractor", "date", "lots"})
_FEWEST_LOTS = 2
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)

Choice = TypeVar("Choice", bound=StrEnum)
Number = TypeVar("Number", int, float)


class _TextLoader(_Loader):  # type: ignore[misc]  # the fast loader exists only where libyaml does
    """Every scalar stays text: no `NO` read as False, no date turned into an object; a key stands once."""

    def construct_mapping(self, node: yaml.MappingNode, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        repeated = sorted({key for key in keys if keys.count(key) > 1})
        if repeated:
            problem = f"clé « {repeated[0]} » écrite deux fois"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        mapping: dict[Any, Any] = super().construct_mapping(node, *args, **kwargs)
        return mapping


def built_in() -> Remedies:
    """The measures and sources that come with the program."""
    return load_remedies(files("cyberaudit.checks"))


def load_remedies(folder: Path | Traversable, *, prefix: str = "", known: Remedies = NO_REMEDIES) -> Remedies:
    """The `measures.yaml` and `sources.yaml` of one folder, alone: `merge` lays them beside `known`.

    Args:
        folder: where the two files stand; a missing file holds nothing.
        prefix: what every measure's id starts with; `x-acme.` for a third party.
        known: measures and sources that the folder's own may also refer to.

    Raises:
        CatalogueError: unreadable file, missing or unknown field, impossible value, id used twice or outside
            the prefix, unknown source or dependency, circular dependencies, missing stopgap.
    """
    sources = {entry.id: _source(entry) for entry in _entries(folder / SOURCES_FILE, "source")}
    entries = _entries(folder / MEASURES_FILE, "mesure")
    own = Remedies({entry.id: _measure(entry, prefix=prefix) for entry in entries}, sources)
    everything = merge(known, own)
    for entry in entries:
        _check_links(entry, own.measures[entry.id], everything)
    _check_acyclic(everything, folder / MEASURES_FILE)
    return own


def merge(a: Remedies, b: Remedies) -> Remedies:
    """Both catalogues in one.

    Raises:
        CatalogueError: a measure or a source stands in both.
    """
    for twice in sorted(a.measures.keys() & b.measures.keys()):
        origins = f"{a.measures[twice].origin} et {b.measures[twice].origin}"
        raise CatalogueError(f"La mesure « {twice} » est décrite deux fois : {origins}.")
    for twice in sorted(a.sources.keys() & b.sources.keys()):
        raise CatalogueError(f"La source « {twice} » est décrite deux fois.")
    return Remedies({**a.measures, **b.measures}, {**a.sources, **b.sources})


@frozen
class Citation:
    """One or several places in an official document, as the report prints them."""

    source: Source
    parts: tuple[str, ...]
    """`R44`, `2.5`; empty: the whole document."""

    @property
    def reference(self) -> str:
        """« PA-066 R44, R46+ »."""
        return " ".join((self.source.id, ", ".join(self.parts))).rstrip()

    @property
    def url(self) -> str:
        """Empty unless the address is confirmed."""
        return self.source.url if self.source.confidence is Confidence.CONFIRMED else ""

    @property
    def places(self) -> str:
        """« R44 et R46 », « n° 2.5 »; empty for the whole document."""
        places = french.listed(self.parts)
        return f"n°{french.NBSP}{places}" if places[:1].isdigit() else places

    def __str__(self) -> str:
        text = ", ".join(word for word in (self.source.publisher, self.source.title, self.places) if word)
        return f"{text} — {self.url}" if self.url else text


def cite(reference: str, remedies: Remedies) -> Citation:
    """« PA-066 R44 » as a citation.

    Raises:
        CatalogueError: no source has this id.
    """
    source_id, _, part = reference.partition(" ")
    source = remedies.sources.get(source_id)
    if source is None:
        raise CatalogueError(f"La source « {source_id} » (citée « {reference} ») n'existe pas.")
    return Citation(source, (part.strip(),) if part.strip() else ())


def cite_together(references: Iterable[str], remedies: Remedies) -> tuple[Citation, ...]:
    """One citation a document, its places together, in the order of first mention; unknown sources left out."""
    found: dict[str, Citation] = {}
    for reference in references:
        if not unknown_sources([reference], remedies):
            one = cite(reference, remedies)
            parts = found[one.source.id].parts if one.source.id in found else ()
            found[one.source.id] = Citation(one.source, tuple(dict.fromkeys((*parts, *one.parts))))
    return tuple(found.values())


def unknown_sources(references: Iterable[str], remedies: Remedies) -> tuple[str, ...]:
    """The references whose first word is no source's id."""
    return tuple(each for each in references if each.partition(" ")[0] not in remedies.sources)


@frozen
class _Entry:
    """One item of a file, or a mapping inside it, with the words that locate it in an error."""

    path: str
    place: str
    """« mesure « print-contacts » »."""
    id: str
    values: Mapping[str, Any]
    origin: str

    def error(self, sentence: str) -> CatalogueError:
        return CatalogueError(french.typeset(f"{self.path} : {self.place} : {sentence}"))

    def shaped(self, cls: type[Any]) -> "_Entry":
        """Itself, once its keys are those of the dataclass.

        Raises:
            CatalogueError: a field is missing or unknown.
        """
        wanted = [field.name for field in fields(cls) if field.name != "origin"]
        strange = [key for key in self.values if key not in wanted]
        if strange:
            raise self.error(f"le champ « {strange[0]} » n'existe pas (champs : {', '.join(wanted)}).")
        missing = [name for name in wanted if name not in self.values and name not in _OPTIONAL]
        if missing:
            raise self.error(f"il manque le champ « {missing[0]} ».")
        return self

    def inside(self, name: str, cls: type[Any]) -> "_Entry":
        value = self.values[name]
        if not isinstance(value, dict):
            raise self.error(f"« {name} » doit être un groupe de champs.")
        return _Entry(self.path, f"{self.place}, {name}", self.id, value, self.origin).shaped(cls)

    def each_inside(self, name: str, cls: type[Any]) -> "tuple[_Entry, ...]":
        """The groups of a list; none when the field is absent."""
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.error(f"« {name} » doit être une liste de groupes de champs.")
        places = (f"{self.place}, {name}, n° {number}" for number in range(1, len(value) + 1))
        return tuple(
            _Entry(self.path, place, self.id, each, self.origin).shaped(cls)
            for place, each in zip(places, value, strict=True)
        )

    def text(self, name: str) -> str:
        value = self.values.get(name, "")
        if not isinstance(value, str) or (name not in _OPTIONAL and not value.strip()):
            raise self.error(f"« {name} » doit être un texte.")
        return french.typeset(value.strip())

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            raise self.error(f"« {name} » doit être une liste de textes.")
        return tuple(french.typeset(each.strip()) for each in value)

    def number(self, name: str, kind: type[Number], *, least: Number, most: Number) -> Number:
        try:
            value = kind(self.text(name))
        except ValueError:
            value = None
        if value is None or not least <= value <= most:
            raise self.error(f"« {name} » doit être un nombre de {least:g} à {most:g}.")
        return value

    def one_of(self, name: str, choices: type[Choice]) -> Choice:
        value = self.text(name)
        if value not in set(choices):
            raise self.error(f"« {name} » doit être l'un de : {', '.join(choices)}.")
        return choices(value)


def _entries(path: Path | Traversable, what: str) -> tuple[_Entry, ...]:
    data = _read(path)
    if not isinstance(data, list):
        raise CatalogueError(
            french.typeset(f"{path} : ce fichier doit être une liste, une {what} par tiret.")
        )
    origin = "/".join(Path(str(path)).parts[-2:])
    entries = tuple(
        _entry(value, f"{path}", f"{what} n° {position}", origin=origin, what=what)
        for position, value in enumerate(data, start=1)
    )
    for first, second in pairwise(sorted(entries, key=lambda entry: entry.id)):
        if first.id == second.id:
            raise second.error("cet identifiant est écrit deux fois.")
    return entries


def _entry(value: Any, path: str, place: str, *, origin: str, what: str) -> _Entry:
    numbered = _Entry(path, place, "", value if isinstance(value, dict) else {}, origin)
    if "id" not in numbered.values:
        raise numbered.error("il manque le champ « id ».")
    entry_id = numbered.text("id")
    return _Entry(path, f"{what} « {entry_id} »", entry_id, numbered.values, origin)


def _read(path: Path | Traversable) -> object:
    try:
        # Every scalar is text and no object can be built: `_TextLoader` descends from PyYAML's BaseLoader.
        return yaml.load(path.read_text("utf-8"), Loader=_TextLoader)  # noqa: S506 - see the line above
    except FileNotFoundError:
        return []
    except yaml.MarkedYAMLError as error:
        mark, problem = error.problem_mark, error.problem or "structure impossible"
        line = f", ligne {mark.line + 1}" if mark else ""
        raise CatalogueError(french.typeset(f"{path}{line} : ce YAML ne se lit pas ({problem}).")) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise CatalogueError(
            french.typeset(f"{path} : ce fichier n'est pas un texte YAML lisible.")
        ) from error
    except OSError as error:
        raise CatalogueError(french.typeset(f"{path} : ce fichier ne peut pas être lu.")) from error


def _source(entry: _Entry) -> Source:
    entry.shaped(Source)
    if not _SOURCE_ID.fullmatch(entry.id):
        raise entry.error("l'identifiant d'une source s'écrit sans espace ni accent.")
    if not entry.text("url").startswith("https://"):
        raise entry.error("« url » doit commencer par https://.")
    return Source(
        id=entry.id,
        title=entry.text("title"),
        publisher=entry.text("publisher"),
        date=entry.text("date"),
        url=entry.text("url"),
        confidence=entry.one_of("confidence", Confidence),
    )


def _measure(entry: _Entry, *, prefix: str) -> Measure:
    entry.shaped(Measure)
    if not _MEASURE_ID.fullmatch(entry.id):
        raise entry.error("l'identifiant s'écrit en minuscules sans accent, avec des tirets.")
    if not entry.id.startswith(prefix) or ("." in entry.id) != bool(prefix):
        wanted = f"doit commencer par « {prefix} »" if prefix else "ne porte pas de point"
        raise entry.error(f"l'identifiant {wanted}.")
    measure = Measure(
        id=entry.id,
        title=entry.text("title"),
        why=entry.text("why"),
        owner=entry.one_of("owner", Owner),
        cost=_cost(entry.inside("cost", Cost)),
        days=entry.number("days", float, least=0.01, most=365),
        steps=entry.texts("steps"),
        contractor=entry.text("contractor"),
        done_when=entry.text("done_when"),
        depends=entry.texts("depends"),
        stopgap=entry.text("stopgap"),
        guidance_class=entry.number("guidance_class", int, least=1, most=4),
        ranks=_ranks(entry.inside("ranks", Ranks)),
        sources=entry.texts("sources"),
        origin=entry.origin,
        lots=tuple(_lot(each) for each in entry.each_inside("lots", Lot)),
    )
    _check_complete(entry, measure)
    _check_lots(entry, measure)
    return measure


def _cost(entry: _Entry) -> Cost:
    low, high, yearly = (
        entry.number(name, int, least=0, most=1_000_000) for name in ("low", "high", "yearly")
    )
    cost = Cost(low=low, high=high, yearly=yearly, source=entry.text("source"))
    if cost.low > cost.high:
        raise entry.error("« low » dépasse « high ».")
    return cost


def _lot(entry: _Entry) -> Lot:
    return Lot(
        title=entry.text("title"),
        cost=entry.number("cost", int, least=0, most=1_000_000),
        yearly=entry.number("yearly", int, least=0, most=1_000_000),
        days=entry.number("days", float, least=0.01, most=365),
    )


def _ranks(entry: _Entry) -> Ranks:
    return Ranks(**{field.name: entry.number(field.name, int, least=0, most=99) for field in fields(Ranks)})


def _check_complete(entry: _Entry, measure: Measure) -> None:
    if not measure.steps:
        raise entry.error("il faut au moins une étape dans « steps ».")
    if measure.owner is Owner.CONTRACTOR and not measure.contractor:
        raise entry.error("il manque « contractor », le texte à transmettre au prestataire.")
    paid = measure.cost.high > 0 or measure.cost.yearly > 0
    if (paid or measure.days > STOPGAP_DAYS) and not measure.stopgap:
        raise entry.error("une mesure payante ou longue a besoin d'un « stopgap » à 0 €.")


def _check_lots(entry: _Entry, measure: Measure) -> None:
    """Together they are the whole: its price, its subscription and its time."""
    lots = measure.lots
    if not lots:
        return
    if len(lots) < _FEWEST_LOTS:
        raise entry.error("« lots » compte deux parties au moins.")
    sums = (
        ("cost", sum(lot.cost for lot in lots), measure.cost.high),
        ("yearly", sum(lot.yearly for lot in lots), measure.cost.yearly),
        ("days", sum(Fraction(str(lot.days)) for lot in lots), Fraction(str(measure.days))),
    )
    for name, total, whole in sums:
        if total != whole:
            raise entry.error(
                f"les « {name} » des lots font {float(total):g}, et ceux de la mesure {float(whole):g}."
            )


def _check_links(entry: _Entry, measure: Measure, everything: Remedies) -> None:
    for reference in unknown_sources(measure.sources, everything):
        raise entry.error(f"la source de « {reference} » n'existe pas.")
    for wanted in measure.depends:
        if wanted not in everything.measures:
            raise entry.error(f"elle dépend de « {wanted} », qui n'existe pas.")


def _check_acyclic(everything: Remedies, path: Path | Traversable) -> None:
    graph = {measure.id: measure.depends for measure in everything.measures.values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise CatalogueError(
            french.typeset(f"{path} : ces mesures s'attendent en rond ({circle}).")
        ) from error


__all__ = [
    "NO_REMEDIES",
    "Citation",
    "built_in",
    "cite",
    "load_remedies",
    "merge",
    "unknown_sources",
]
