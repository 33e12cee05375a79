"""From a YAML file to a `Profile`, or every mistake of it at once in French."""

import stat
from pathlib import Path

from pydantic import ValidationError

from cyberaudit.errors import Problem, ProfileError
from cyberaudit.plaintext import clean
from cyberaudit.town.assets import looking_of, town_of
from cyberaudit.town.coherence import incoherences
from cyberaudit.town.complaints import Complaint, of_clashes, of_reading, of_shape, told, trails_of
from cyberaudit.town.profile import Profile
from cyberaudit.town.shape import SCHEMA_VERSION, ProfileShape
from cyberaudit.town.source import Source, Trail
from cyberaudit.town.yaml_source import MAX_BYTES, read_yaml


def load_profile(path: Path) -> Profile:
    """The profile written in the file at `path`.

    Raises:
        ProfileError: no such file, not a regular file, not a profile; carries every problem at once.
    """
    return parse_profile(_read(path), file=_shown_path(path))


def parse_profile(data: bytes, *, file: str) -> Profile:
    """The profile written in `data`; `file` is how places name it.

    Raises:
        ProfileError: every problem at once, in the order of the text.
    """
    source = read_yaml(data, file=file)
    _refuse_newer(source)
    shape, complaints = _shape(source)
    if shape is None or complaints:
        raise ProfileError(*told(complaints))
    return Profile(town_of(shape, source), source, looking_of(shape))


def _shown_path(path: Path) -> str:
    return clean(str(path), limit=1000)


def _read(path: Path) -> bytes:
    shown = _shown_path(path)
    try:
        # The kind is asked first: opening a pipe or a device could wait for ever.
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            raise ProfileError(Problem(_not_a_file(shown, mode)))
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ProfileError(Problem(f"Le profil « {shown} » n'existe pas.")) from None
    except PermissionError:
        raise ProfileError(Problem(f"Vous n'avez pas le droit de lire le profil « {shown} ».")) from None
    except (OSError, ValueError):
        raise ProfileError(Problem(f"Le profil « {shown} » ne peut pas être lu.")) from None


def _not_a_file(shown: str, mode: int) -> str:
    if stat.S_ISDIR(mode):
        return f"« {shown} » est un dossier : donnez le fichier du profil."
    return f"« {shown} » n'est pas un fichier ordinaire : donnez le fichier du profil."


def _refuse_newer(source: Source) -> None:
    """A newer profile is refused with one sentence: its other keys would only confuse."""
    version = source.tree.get("schema_version")
    if isinstance(version, int) and not isinstance(version, bool) and version > SCHEMA_VERSION:
        sentence = (
            f"Ce profil est d'une version plus récente ({version}) que celle que ce programme"
            f" sait lire ({SCHEMA_VERSION}) : mettez cyberaudit à jour."
        )
        raise ProfileError(source.problem(sentence, ("schema_version",)))


def _shape(source: Source) -> tuple[ProfileShape | None, list[Complaint]]:
    """The validated shape, when there is one, and everything wrong."""
    shape, refused, complaints = None, frozenset[Trail](), list(of_reading(source))
    try:
        shape = ProfileShape.model_validate(source.tree)
    except ValidationError as error:
        refused = trails_of(error)
        complaints += of_shape(error, source)
    clashes = (clash for clash in incoherences(source.tree) if clash.trail not in refused)
    return shape, [*complaints, *of_clashes(clashes, source)]


__all__ = ["load_profile", "parse_profile"]
