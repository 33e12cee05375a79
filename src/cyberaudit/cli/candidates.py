"""What may come next on a command line that is being typed: commands, options, and the values that are known."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typer.core import TyperArgument, TyperGroup, TyperOption

from cyberaudit import french
from cyberaudit.cli.pages import HELP_OPTION, shown_commands
from cyberaudit.errors import CyberauditError
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean

if TYPE_CHECKING:
    from cyberaudit.engine.catalogue import Catalogue
    from cyberaudit.town.profile import Profile

ANY_FILE, FOLDER, YAML, SCAN_FILE = "*", "/", "*.yaml", "*.cya"
# Ours: a word that a shell would read in another way is not proposed, whoever wrote it in a profile.
_PLAIN_WORD = re.compile(r"[\w@.:/+=,-]+")


@frozen
class Candidate:
    """A whole word that may stand there."""

    word: str
    about: str = ""
    """One line for the shells that show it."""


@frozen
class Files:
    """The shell knows files better than we do."""

    pattern: str
    """`*`, `*.yaml`, or `/` for folders."""
    before: str = ""
    """What stands before the path in the same word: `json:`."""


@frozen
class Next:
    """All that may come next."""

    candidates: tuple[Candidate, ...] = ()
    files: Files | None = None

    def lines(self) -> str:
        """« WORD<tab>what it is », one a line, then « :files<tab>PATTERN<tab>BEFORE »: what the three scripts read."""
        shown = [f"{each.word}\t{each.about}" for each in self.candidates]
        if self.files:
            shown.append(f":files\t{self.files.pattern}\t{self.files.before}")
        return "".join(f"{line}\n" for line in shown)


@dataclass(slots=True)
class _Line:
    """What the words before the cursor say."""

    root: TyperGroup
    command: Any
    given: dict[str, str] = field(default_factory=dict)
    """Parameter → its last value; a flag has an empty one."""
    awaited: Any = None
    """The option whose value comes next."""
    rank: int = 0
    """Arguments of the command already there."""
    options_ended: bool = False

    def option(self, name: str) -> Any:
        """The option of that name, here or for the whole program; None when there is none."""
        return next((option for option in self.options if name in option.opts), None)

    @property
    def options(self) -> tuple[Any, ...]:
        params = dict.fromkeys((*self.command.params, *self.root.params))
        return tuple(param for param in params if isinstance(param, TyperOption) and not param.hidden)

    @property
    def argument(self) -> Any:
        """The argument that comes next; None when there is no more."""
        known = [param for param in self.command.params if isinstance(param, TyperArgument)]
        if known and known[-1].nargs == -1:
            return known[min(self.rank, len(known) - 1)]
        return known[self.rank] if self.rank < len(known) else None

    def take(self, word: str) -> bool:
        """Read one whole word; whether the line still makes sense."""
        if self.awaited is not None:
            self.given[self.awaited.name], self.awaited = word, None
        elif word == "--" and not self.options_ended:
            self.options_ended = True
        elif word.startswith("-") and not self.options_ended:
            self._take_option(word)
        elif isinstance(self.command, TyperGroup):
            self.command = shown_commands(self.command).get(word)
        else:
            if self.argument is not None:
                self.given[self.argument.name] = word
            self.rank += 1
        return self.command is not None

    def _take_option(self, word: str) -> None:
        name, joined, value = word.partition("=")
        option = self.option(name)
        if option is None:
            return
        self.given[option.name] = value
        if not option.is_flag and not joined:
            self.awaited = option


def following(root: TyperGroup, words: Sequence[str]) -> Next:
    """What may come next.

    Args:
        root: the whole program.
        words: those after the program's name; the last is being typed, and may be empty.
    """
    *whole, typed = words or ("",)
    line = _Line(root, root)
    if not all(line.take(word) for word in whole):
        return Next()
    if line.awaited is not None:
        return _values(line.awaited, line, typed)
    name, joined, value = typed.partition("=")
    if typed.startswith("-") and not line.options_ended:
        option = line.option(name) if joined else None
        return _values(option, line, value, before=f"{name}=") if option else _matching(_options(line), typed)
    if isinstance(line.command, TyperGroup):
        return _matching(_commands(line.command), typed)
    if line.argument is None:
        return Next() if line.options_ended else _matching(_options(line), typed)
    return _values(line.argument, line, typed)


def _commands(group: TyperGroup) -> Iterator[Candidate]:
    for name, command in shown_commands(group).items():
        yield Candidate(name, _about(command.help))


def _options(line: _Line) -> Iterator[Candidate]:
    """Those not given yet, those of the command first."""
    for option in line.options:
        if option.multiple or option.name not in line.given:
            for name in sorted(option.opts, key=len):
                yield Candidate(name, _about(option.help))
    yield Candidate(HELP_OPTION[0], HELP_OPTION[1])


def _about(text: str | None) -> str:
    """The first sentence, in one line."""
    line = " ".join((text or "").split("\n\n")[0].split())
    return clean(french.typeset(line.split(". ")[0].rstrip(".")))


def _matching(candidates: Iterable[Candidate], typed: str, *, before: str = "") -> Next:
    found = (each for each in candidates if each.word.startswith(typed) and _PLAIN_WORD.fullmatch(each.word))
    return Next(tuple(Candidate(before + each.word, each.about) for each in found))


def _values(param: Any, line: _Line, typed: str, *, before: str = "") -> Next:
    """What the value of `param` may be; nothing when it is not known."""
    metavar = str(param.metavar or "")
    if metavar == "FORMAT:FICHIER" and ":" in typed:
        return Next(files=Files(ANY_FILE, f"{before}{typed.partition(':')[0]}:"))
    places = ((line.command.name, metavar), (param.name, metavar), ("", metavar))
    pattern = next((_FILES[place] for place in places if place in _FILES), None)
    known = next((_KNOWN[place] for place in places if place in _KNOWN), None)
    try:
        found = _matching(known(line), typed, before=before) if known else Next()
    except CyberauditError:
        # No history yet, a broken check: the shell proposes nothing of them, and the command will say why.
        found = Next()
    return Next(found.candidates, Files(pattern, before) if pattern else None)


_FORMATS = {
    "text": "à lire, sur 80 colonnes",
    "html": "à lire et à imprimer",
    "pdf": "le rapport entier, à imprimer",
    "mayor": "la page du maire, à imprimer",
    "json": "pour un programme",
    "markdown": "pour un wiki ou un ticket",
    "csv": "pour un tableur",
    "sarif": "pour les outils de développement",
    "junit": "pour l'intégration continue",
}
_FILES = {
    ("", "PROFIL"): YAML,
    ("", "PROFIL|COMMUNE"): YAML,
    ("", "FICHIER"): ANY_FILE,
    ("", "FICHIER|URL"): ANY_FILE,
    ("", "DE=VERS"): ANY_FILE,
    ("", "PREUVE"): ANY_FILE,
    ("", "FICHIER.cya"): SCAN_FILE,
    ("", "DOSSIER"): FOLDER,
    ("", "DOSSIER|CONTRÔLE"): FOLDER,
    ("replay", "CONTRÔLE"): SCAN_FILE,
    ("target", "LIEU"): ANY_FILE,
}
"""(command or parameter, or any; the word in the help) → the files it may be."""


def _words(*pairs: tuple[str, str]) -> Callable[[_Line], Iterator[Candidate]]:
    return lambda _line: (Candidate(word, about) for word, about in pairs)


def _formats(_line: _Line) -> Iterator[Candidate]:
    from cyberaudit.cli.screen import KINDS

    return (Candidate(f"{kind}:", _FORMATS.get(kind, "")) for kind in KINDS)


def _formats_of_diff(_line: _Line) -> Iterator[Candidate]:
    from cyberaudit.cli.diff import KINDS

    return (Candidate(f"{kind}:", _FORMATS.get(kind, "")) for kind in KINDS)


def _measures(line: _Line) -> Iterator[Candidate]:
    measures = _catalogue(line).remedies.measures
    return (Candidate(each.id, clean(each.title)) for each in measures.values())


def _checks_and_measures(line: _Line) -> Iterator[Candidate]:
    return chain(_checks(line), _measures(line))


def _checks(line: _Line) -> Iterator[Candidate]:
    catalogue = _catalogue(line)
    return (Candidate(each.id, clean(catalogue.fiches[each.id].title)) for each in catalogue.checks)


def _catalogue(line: _Line) -> "Catalogue":
    """With the folder of checks that the line names, if any."""
    from cyberaudit.engine.catalogue import load_catalogue

    folder = line.given.get("checks", "")
    return load_catalogue((Path(folder),) if folder and Path(folder).is_dir() else ())


def _declarable(line: _Line) -> Iterator[Candidate]:
    """The practices; with a readable profile on the line, everything that may be declared of it."""
    from cyberaudit.town.answers import declarables
    from cyberaudit.town.known import PRACTICES

    profile = _profile(line)
    if profile is None:
        return (Candidate(key, name) for key, name in PRACTICES.items())
    return (Candidate(each.key, clean(each.name)) for each in declarables(profile))


def _places_to_look_from(line: _Line) -> Iterator[Candidate]:
    from cyberaudit.declared import Zone
    from cyberaudit.town.known import OUTSIDE

    yield Candidate(OUTSIDE, "depuis Internet")
    profile = _profile(line)
    for asset in profile.town.assets if profile else ():
        if isinstance(asset, Zone):
            yield Candidate(asset.id, clean(asset.name))


def _profile(line: _Line) -> "Profile | None":
    """The one on the line, when it can be read: half a profile is no reason to propose nothing."""
    from cyberaudit.town.load import load_profile

    try:
        return load_profile(Path(line.given.get("profile", "")))
    except CyberauditError:
        return None


def _stored(line: _Line) -> Iterator[Candidate]:
    from cyberaudit.history.store import default_path, open_history

    given = line.given.get("history")
    with open_history(Path(given) if given else default_path(), create=False) as history:
        for each in history.summaries():
            yield Candidate(each.uuid[:8], f"{clean(each.commune)}, {french.day(each.started_at.date())}")


def _communes(line: _Line) -> Iterator[Candidate]:
    from cyberaudit.history.store import default_path, open_history

    given = line.given.get("history")
    with open_history(Path(given) if given else default_path(), create=False) as history:
        return (Candidate(name) for name in dict.fromkeys(each.commune for each in history.summaries()))


_KNOWN: dict[tuple[str, str], Callable[[_Line], Iterator[Candidate]]] = {
    ("diff", "FORMAT:FICHIER"): _formats_of_diff,
    ("", "FORMAT:FICHIER"): _formats,
    ("", "PALIER"): _words(
        ("urgent", "seulement ce qui est urgent"),
        ("quick-win", "et les gains rapides"),
        ("project", "et les chantiers"),
        ("later", "tout ce qui reste à faire"),
        ("never", "jamais : le code reste 0"),
    ),
    ("check", "CONTRÔLE"): _checks,
    ("what", "DOSSIER|CONTRÔLE"): _checks,
    ("verify", "CONTRÔLE[@CHOSE]"): _checks_and_measures,
    ("target", "CONTRÔLE[@CHOSE]"): _checks,
    ("measure", "MESURE"): _measures,
    ("measures", "MESURE …"): _measures,
    ("audit", "CONTRÔLE"): _stored,
    ("", "CONTRÔLE|DATE"): _stored,
    ("", "COMMUNE"): _communes,
    ("", "PROFIL|COMMUNE"): _communes,
    ("commune", "ID"): _communes,
    ("key", "CLÉ"): _declarable,
    ("answer", "RÉPONSE"): _words(
        ("oui", "c'est en place"),
        ("non", "ce n'est pas en place"),
        ("partial", "en partie"),
        ("unknown", "je ne sais pas"),
        ("not-applicable", "sans objet"),
    ),
    ("result", "RÉSULTAT"): _words(("ok", "l'essai a réussi"), ("errors", "l'essai a montré des erreurs")),
    ("vantage", "LIEU"): _places_to_look_from,
    ("ports", "LISTE"): _words(
        ("usual", "un millier de portes"), ("essential", "les plus utiles"), ("all", "toutes, bien plus long")
    ),
    ("", "PROTOCOLE"): _words(
        ("smtp", "courrier"),
        ("imap", "boîtes aux lettres"),
        ("pop3", "boîtes aux lettres"),
        ("ldap", "annuaire"),
        ("ftp", "fichiers"),
        ("xmpp", "messagerie instantanée"),
        ("postgres", "base de données"),
        ("mysql", "base de données"),
    ),
    ("", "TECHNIQUE"): _words(
        *((name, "accès à distance") for name in ("ssl", "ipsec", "openvpn", "wireguard", "l2tp", "pptp"))
    ),
    ("role", "RÔLE"): _words(
        ("secretary", "le secrétariat"), ("contractor", "le prestataire"), ("mayor", "le maire")
    ),
    ("day", "JOUR"): _words(
        ("mon", "lundi"),
        ("tue", "mardi"),
        ("wed", "mercredi"),
        ("thu", "jeudi"),
        ("fri", "vendredi"),
        ("sat", "samedi"),
        ("sun", "dimanche"),
    ),
    ("weekdays", "JOURS"): _words(
        ("every-day", "tous les jours"),
        ("mon-fri", "du lundi au vendredi"),
        ("mon-sat", "du lundi au samedi"),
        ("weekly", "une fois par semaine"),
    ),
    ("media", "SUPPORT"): _words(
        ("disk", "disque"),
        ("nas", "serveur de fichiers"),
        ("usb-disk", "disque externe"),
        ("tape", "bande"),
        ("cloud", "service en ligne"),
        ("unknown", "on ne sait pas"),
    ),
    ("shell", "INTERPRÉTEUR"): _words(("bash", ""), ("zsh", ""), ("fish", "")),
}
"""(command or parameter, or any; the word in the help) → the values it may have."""
