"""Which checks exist, with their fiches and remedies: built in, installed by others, or in a folder given.

Nothing is listed anywhere: a file under `cyberaudit.checks`, a module behind the entry-point group
`cyberaudit.checks`, or a file in a `--checks` folder is enough. Third-party checks are named `x-<name>.<topic>`
and bring their own `measures.yaml` and `sources.yaml` beside them.
"""

import dataclasses
import hashlib
import importlib
import importlib.util
import logging
import os
import pkgutil
import re
import stat
import sys
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from cyberaudit.declared import AnyAsset, Town
from cyberaudit.engine.fiche import Fiche, read_fiche
from cyberaudit.engine.measures import Remedies
from cyberaudit.engine.remedies import MEASURES_FILE, SOURCES_FILE, built_in, load_remedies, merge
from cyberaudit.errors import CatalogueError
from cyberaudit.refusals import system_clause
from cyberaudit.sdk import Check

_log = logging.getLogger(__name__)

BUILT_IN = "cyberaudit.checks"
ENTRY_POINTS = "cyberaudit.checks"
THIRD_PARTY = "x-"
_ID = re.compile(r"(x-[a-z0-9-]+|[a-z]+)\.[a-z0-9]+(-[a-z0-9]+)*")

# What running somebody's check file may raise by mistake; anything stranger reaches the command line's last net.
_MISTAKES = (
    ArithmeticError, AssertionError, AttributeError, ImportError, LookupError, NameError, OSError, RuntimeError,
    SyntaxError, SystemExit, TypeError, ValueError,
)  # fmt: skip


@dataclass(frozen=True)
class Catalogue:
    """Every check by id, in the order of ids, with the remedies they lead to."""

    checks: tuple[Check, ...]
    remedies: Remedies

    @cached_property
    def fiches(self) -> dict[str, Fiche]:
        """The French fiche of each check, read from its file when first asked for."""
        return {check.id: read_fiche(check.path) for check in self.checks}

    def check(self, check_id: str) -> Check | None:
        return next((check for check in self.checks if check.id == check_id), None)

    def rules(self, town: Town) -> str:
        """Hash of what judges: check files, remedies, and the settings this town changed."""
        digest = hashlib.sha256()
        for check in self.checks:
            digest.update(check.id.encode() + b"\0" + check.path.read_bytes())
        digest.update(repr(sorted(self.remedies.measures.items())).encode())
        digest.update(repr(sorted(self.remedies.sources.items())).encode())
        digest.update(repr(town.checks).encode())
        return digest.hexdigest()[:16]


def load_catalogue(folders: Iterable[Path] = (), *, themes: Collection[str] | None = None) -> Catalogue:
    """The built-in checks, of `themes` alone when they are said, those of installed packages, then those of `folders`.

    Raises:
        CatalogueError: a check file is broken, badly named, twice there, or leads to an unknown measure.
    """
    remedies = built_in()
    rooms = [BUILT_IN] if themes is None else [f"{BUILT_IN}.{theme}" for theme in themes]
    checks = [check for room in rooms for check in _checks_of_package(importlib.import_module(room))]
    beside: dict[Path, None] = {}
    for module in _installed_modules():
        checks.extend(_third_party(_checks_of_package(module)))
        beside.update(dict.fromkeys(_homes(module)))
    for folder in folders:
        checks.extend(_third_party(_checks_of_folder(folder)))
        beside[folder.resolve()] = None
    for folder in beside:
        remedies = merge(remedies, load_remedies(folder, prefix=THIRD_PARTY, known=remedies))
    catalogue = Catalogue(tuple(sorted(checks, key=lambda check: check.id)), remedies)
    _validate(catalogue)
    return catalogue


def asked(town: Town, checks: Iterable[Check]) -> Iterator[tuple[Check, AnyAsset]]:
    """Every (check, asset) pair of the town that the check says it concerns."""
    for check in checks:
        for asset in town.of_kind(check.about):
            if _concerns(check, asset, town):
                yield check, asset


def _concerns(check: Check, asset: AnyAsset, town: Town) -> bool:
    try:
        return check.concerns(asset, town)
    except _MISTAKES:
        # Asked all the same: what somebody's mistake leaves out would be read as in order.
        _log.exception("check %s cannot say whether it concerns %s", check.id, asset.key)
        return True


def verify_choices(town: Town, catalogue: Catalogue) -> None:
    """Refuse what the profile says of checks that do not exist, or of settings they do not have.

    Raises:
        CatalogueError: with the check's nearest name, or its settings.
    """
    named = [("checks", choice.check) for choice in town.checks]
    named += [("waivers", waiver.check) for waiver in town.waivers]
    for section, check_id in named:
        if catalogue.check(check_id) is None:
            near = get_close_matches(check_id, [each.id for each in catalogue.checks], n=1)
            hint = f" ; vouliez-vous dire « {near[0]} » ?" if near else "."
            raise CatalogueError(f"{section} : le contrôle « {check_id} » n'existe pas{hint}")
    for check in catalogue.checks:
        settings_for(check, town)


def settings_for(check: Check, town: Town) -> Any:
    """The check's own `Settings`, with what the profile changes.

    Raises:
        CatalogueError: the profile names a setting the check does not have, or gives it a value of another type.
    """
    choice = town.check_choice(check.id)
    settings = check.settings()
    for name, text in choice.settings if choice else ():
        if name not in {field.name for field in dataclasses.fields(settings)}:
            known = ", ".join(field.name for field in dataclasses.fields(settings)) or "aucun"
            raise CatalogueError(
                f"checks, {check.id} : le réglage « {name} » n'existe pas (réglages de ce contrôle : {known})."
            )
        settings = dataclasses.replace(settings, **{name: _typed(check, name, text, getattr(settings, name))})
    return settings


def _typed(check: Check, name: str, text: str, default: object) -> object:
    try:
        match default:
            case bool():
                return {"true": True, "false": False}[text.lower()]
            case int():
                return int(text)
            case float():
                return float(text)
            case _:
                return text
    except (KeyError, ValueError):
        raise CatalogueError(
            f"checks, {check.id} : la valeur « {text} » ne convient pas au réglage « {name} »."
        ) from None


def _validate(catalogue: Catalogue) -> None:
    seen: dict[str, Check] = {}
    for check in catalogue.checks:
        if not _ID.fullmatch(check.id):
            raise CatalogueError(
                f"{check.path} : « {check.id} » n'est pas un identifiant de contrôle (thème.sujet)."
            )
        if check.id in seen:
            raise CatalogueError(
                f"{check.path} : le contrôle « {check.id} » existe déjà ({seen[check.id].path})."
            )
        if check.measure not in catalogue.remedies.measures:
            raise CatalogueError(
                f"{check.path} : la mesure « {check.measure} » n'existe dans aucun catalogue."
            )
        for source in check.sources:
            if source.partition(" ")[0] not in catalogue.remedies.sources:
                raise CatalogueError(f"{check.path} : la source « {source} » n'existe dans aucun catalogue.")
        seen[check.id] = check
    # Read now: a fiche that cannot be read must stop a scan before it sends anything.
    assert len(catalogue.fiches) == len(catalogue.checks)


def _checks_of_package(package: ModuleType) -> Iterator[Check]:
    """The checks of a module and, when it is a package, of every module below it."""
    yield from _checks_in(package)
    for entry in pkgutil.walk_packages(getattr(package, "__path__", ()), f"{package.__name__}."):
        yield from _checks_in(_run(lambda name=entry.name: importlib.import_module(name), Path(entry.name)))


def _checks_in(module: ModuleType) -> Iterator[Check]:
    here = Path(module.__file__) if module.__file__ else None
    for value in vars(module).values():
        if isinstance(value, Check) and (here is None or value.path == here):
            yield value


def _installed_modules() -> Iterator[ModuleType]:
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        module = _run(entry.load, Path(entry.value))
        if not isinstance(module, ModuleType):
            raise CatalogueError(
                f"Le paquet « {entry.value} » déclare des contrôles qui ne sont pas un module."
            )
        yield module


def _checks_of_folder(folder: Path) -> Iterator[Check]:
    _trusted(folder)
    for path in (folder / MEASURES_FILE, folder / SOURCES_FILE):
        if path.exists():
            _trusted(path)
    for path in sorted(folder.glob("*.py")):
        _trusted(path)
        name = (
            f"cyberaudit_checks_{hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:8]}.{path.stem}"
        )
        yield from _checks_in(_run(lambda path=path, name=name: _import_file(path, name), path))


def _import_file(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    # Before it runs: dataclasses with annotations look their module up there.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _run(load: Any, path: Path) -> Any:
    try:
        return load()
    except SyntaxError as error:
        line = error.lineno or 1
        raise CatalogueError(f"{error.filename or path}:{line} : ce fichier n'est pas du Python.") from error
    except _MISTAKES as error:
        what = f"{type(error).__name__} : {error}"
        raise CatalogueError(
            f"{path}:{_line_in(error, path)} : ce fichier de contrôles ne se charge pas ({what})."
        ) from error


def _line_in(error: BaseException, path: Path) -> int:
    """The last line of `path` the error went through; 1 when it never did."""
    line, trace = 1, error.__traceback__
    while trace:
        if trace.tb_frame.f_code.co_filename == str(path):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _trusted(path: Path) -> None:
    """Code runs with our rights: it must be ours or root's, and nobody else's to write."""
    try:
        status = path.stat()
    except OSError as error:
        raise CatalogueError(
            f"{path} : ce dossier de contrôles ne se lit pas, {system_clause(error)}."
        ) from error
    if hasattr(os, "geteuid") and status.st_uid not in (0, os.geteuid()):
        raise CatalogueError(f"{path} : appartient à quelqu'un d'autre ; cyberaudit n'exécute pas ce code.")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise CatalogueError(
            f"{path} : d'autres peuvent y écrire ; cyberaudit n'exécute pas ce code (chmod go-w)."
        )


def _third_party(checks: Iterable[Check]) -> Iterator[Check]:
    for check in checks:
        if not check.id.startswith(THIRD_PARTY):
            raise CatalogueError(
                f"{check.path} : « {check.id} » doit commencer par « x-<nom>. » : les autres thèmes sont réservés."
            )
        yield check


def _homes(module: ModuleType) -> list[Path]:
    """The folders a module lives in: where its own measures may stand. A package may have several."""
    paths = (
        getattr(module, "__path__", None) or [str(Path(module.__file__).parent)] if module.__file__ else []
    )
    return [Path(path).resolve() for path in paths]
