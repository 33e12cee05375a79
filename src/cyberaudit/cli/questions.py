"""`cyberaudit questions`: what only a person can say, asked one thing at a time and written at once."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit import french
from cyberaudit.cli.conversation import ask, can_ask
from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import INTERRUPTED, Checks, Json, Now, Profile
from cyberaudit.cli.shared import Shared, folders, moment, say, shared, warn
from cyberaudit.errors import ProfileError, UsageError
from cyberaudit.frozen import frozen

if TYPE_CHECKING:
    from cyberaudit.engine.catalogue import Catalogue
    from cyberaudit.engine.immunity import Immunity
    from cyberaudit.engine.questions import Question
    from cyberaudit.town.answers import Declarable, Said
    from cyberaudit.town.profile import Profile as LoadedProfile

REFUSED = 2
_LATER = ("", "t", "plus tard", "tard")
_CHOICE = "[o]ui, [n]on, en [p]artie, je ne [s]ais pas, plus [t]ard : "
_CHOICE_OR_NONE = "[o]ui, [n]on, en [p]artie, je ne [s]ais pas, [x] sans objet, plus [t]ard : "
_NO_PART = "[o]ui, [n]on, je ne [s]ais pas, plus [t]ard : "
_HOW = (
    "Répondez par la première lettre. « Je ne sais pas » est une réponse honnête."
    " Chaque réponse est écrite aussitôt : Ctrl-C arrête, et rien n'est perdu."
)


def register(app: typer.Typer) -> None:
    app.command("questions", cls=FrenchCommand)(questions)


def questions(
    ctx: typer.Context,
    profile: Profile,
    listed: Annotated[bool, typer.Option("--list", help="Montre les questions sans les poser.")] = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="En cinq minutes : les neuf lettres d'Immunité Cyber.")
    ] = False,
    printed: Annotated[
        str,
        typer.Option(
            "--print",
            metavar="FICHIER",
            help="Écrit une fiche à imprimer, en texte ou en .html ; « - » la montre à l'écran.",
        ),
    ] = "",
    by: Annotated[str, typer.Option("--by", metavar="QUI", help="Qui répond : « Nom, qualité ».")] = "",
    checks: Checks = None,
    now: Now = None,
    as_json: Json = False,
) -> int:
    """Pose en français les questions sans réponse du profil, et y écrit chaque réponse. Se reprend à tout moment."""
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.run.answers import today_of
    from cyberaudit.town.load import load_profile

    asking = _Asking(
        shown=profile,
        loaded=load_profile(Path(profile)),
        catalogue=load_catalogue(folders(checks or ())),
        now=moment(now),
        options=shared(ctx),
    )
    if printed:
        asking.print_in(printed, quick=quick)
        return 0
    found = asking.quick if quick else asking.open
    if as_json:
        say(json.dumps(asking.plain(quick=quick), ensure_ascii=False, indent=2))
    elif listed or not found or not can_ask():
        say(asking.page(quick=quick))
    else:
        today = today_of(asking.loaded, asking.now)
        heads = _letters_asked() if quick else {}
        code = _Interview(Path(profile), today, asking.width, heads).held(found, by=by)
        if quick:
            say(f"\n{replace(asking, loaded=load_profile(Path(profile))).page(quick=True)}")
        return code
    return 0


@frozen
class _Asking:
    """The questions of one profile at one moment."""

    shown: str
    """The profile, as typed."""
    loaded: "LoadedProfile"
    catalogue: "Catalogue"
    now: datetime
    options: Shared

    @property
    def width(self) -> int:
        from cyberaudit.cli.screen import this_screen

        return this_screen(self.options).width

    @property
    def open(self) -> "tuple[Question, ...]":
        from cyberaudit.engine.questions import questions as open_questions
        from cyberaudit.run.answers import today_of

        return open_questions(self.loaded, self.catalogue, today=today_of(self.loaded, self.now))

    @property
    def quick(self) -> "tuple[Question, ...]":
        """Those of the nine letters, in the order of the letters."""
        found = {each.key: each for each in self.open}
        return tuple(found[key] for key in self._letters()[0].to_ask if key in found)

    def _letters(self) -> "tuple[Immunity, str]":
        from cyberaudit.run.immunity import quick_view

        return quick_view(self.loaded.town, self.options.history_path, now=self.now)

    def page(self, *, quick: bool) -> str:
        from cyberaudit.reports import immunity
        from cyberaudit.reports import questions as told

        if not quick:
            return told.questions(self.open, profile=self.shown, width=self.width)
        found, remark = self._letters()
        if remark:
            warn(remark)
        names = {asset.key: asset.name for asset in self.loaded.town.assets}
        remedies = self.catalogue.remedies
        return immunity.text(found, remedies=remedies, names=names, profile=self.shown, width=self.width)

    def plain(self, *, quick: bool) -> object:
        from cyberaudit.reports import immunity
        from cyberaudit.reports import questions as told

        if quick:
            return immunity.plain(self._letters()[0], remedies=self.catalogue.remedies)
        return [told.question_plain(each) for each in self.open]

    def print_in(self, where: str, *, quick: bool) -> None:
        from cyberaudit.cli.paper import put
        from cyberaudit.reports.questionnaire import questionnaire
        from cyberaudit.run.answers import today_of

        paper = questionnaire(
            self.quick if quick else self.open,
            commune=self.loaded.town.name,
            today=today_of(self.loaded, self.now),
        )
        put(paper, where, option="--print", options=self.options)


@dataclass(slots=True)
class _Interview:
    """Questions put to one person."""

    path: Path
    today: date
    width: int
    heads: Mapping[str, str]
    """Key of a question → what is said above it."""
    by: str = ""
    written: int = 0
    refused: int = 0

    def held(self, found: Sequence["Question"], *, by: str) -> int:
        """Ask everything; the exit code. Interrupted, what was written stays."""
        from cyberaudit.reports.wrap import wrap

        say("\n".join(wrap(french.typeset(_HOW), self.width)))
        try:
            self._ask_all(found, by=by)
        except KeyboardInterrupt:
            say()
            self._conclude(len(found))
            return INTERRUPTED
        self._conclude(len(found))
        return REFUSED if self.refused else 0

    def _ask_all(self, found: Sequence["Question"], *, by: str) -> None:
        from cyberaudit.run.answers import read_line

        self.by = read_line("--by", by) if by else self._who()
        for rank, each in enumerate(found, start=1):
            if not self.by or not self._ask(each, rank, len(found)):
                return

    def _who(self) -> str:
        """Name and quality, once; empty when nobody says."""
        from cyberaudit.run.answers import read_line

        say()
        while typed := ask("Qui répond ? Nom et qualité : "):
            try:
                return read_line("Nom", typed)
            except UsageError as error:
                say(french.typeset(f"   {error}"))
        return ""

    def _ask(self, asked: "Question", rank: int, total: int) -> bool:
        """Whether to go on."""
        from cyberaudit.reports.questions import question

        head = f"{french.typeset(self.heads[asked.key])}\n" if asked.key in self.heads else ""
        say(f"\n{head}{question(asked, rank, total, width=self.width)}")
        try:
            said = self._answer(asked)
        except EOFError:
            return False
        if said is not None:
            self._write(asked, said)
        return True

    def _answer(self, asked: "Question") -> "Said | None":
        """What is to be written; None for later."""
        from cyberaudit.run.answers import read_answer

        prompt = _prompt(asked.about)
        while True:
            typed = _line(prompt)
            if typed.casefold() in _LATER:
                return None
            try:
                return self._said(asked, read_answer(typed))
            except UsageError as error:
                say(french.typeset(f"   {error}"))

    def _said(self, asked: "Question", answer: str) -> "Said | None":
        """The answer, with the day of what was done when it is about something done."""
        from cyberaudit.declared import Answer
        from cyberaudit.town.answers import Form, Said

        given, form = Answer(answer), asked.about.form
        if form is Form.DAY and given is Answer.PARTIAL:
            raise UsageError("Répondez oui, non ou « je ne sais pas ».")
        if given is Answer.NOT_APPLICABLE and not asked.about.may_not_apply:
            raise UsageError("Cette question se pose partout. « Je ne sais pas » est une réponse honnête.")
        if given not in (Answer.YES, Answer.PARTIAL) or form not in (Form.DAY, Form.TEST):
            return Said(by=self.by, on=self.today, answer=given)
        day = self._day()
        if day is None:
            return None
        if form is Form.DAY:
            return Said(by=self.by, on=self.today, value=day.isoformat())
        return Said(by=self.by, on=day, answer=given)

    def _day(self) -> date | None:
        """When it was done; None for later."""
        from cyberaudit.run.answers import read_day

        while typed := _line("Quel jour, la dernière fois ? 21/11/2026, ou Entrée pour plus tard : "):
            try:
                day = read_day("Date", typed)
            except UsageError as error:
                say(french.typeset(f"   {error}"))
                continue
            if day <= self.today:
                return day
            say(f"   Le {french.day(day)} n'est pas encore arrivé.")
        return None

    def _write(self, asked: "Question", said: "Said") -> None:
        """The answer in the file as it is now; one that cannot be written does not stop the others."""
        from cyberaudit.run.answers import answered, save
        from cyberaudit.town.answers import declarable
        from cyberaudit.town.load import load_profile

        try:
            loaded = load_profile(self.path)
            proposed = answered(loaded, self.path, declarable(loaded, asked.key), said, today=self.today)
            save(proposed)
        except (ProfileError, UsageError) as error:
            self.refused += 1
            warn(str(error))
            return
        self.written += 1
        say(french.typeset(f"   Écrit à la ligne {proposed.made.line}."))

    def _conclude(self, total: int) -> None:
        done = french.count(self.written, "réponse écrite", "réponses écrites")
        left = total - self.written
        rest = f" Il en reste {left} : la même commande les reprendra." if left else ""
        say(french.typeset(f"\n{done}.{rest}"))


def _letters_asked() -> dict[str, str]:
    """Practice → « I — Inventaire complet »."""
    from cyberaudit.engine.immunity import LETTERS

    return {practice: f"{each.letter} — {each.subject}" for each in LETTERS for practice in each.practices}


def _prompt(about: "Declarable") -> str:
    from cyberaudit.town.answers import Form

    if about.form is Form.DAY:
        return _NO_PART
    return _CHOICE_OR_NONE if about.may_not_apply else _CHOICE


def _line(prompt: str) -> str:
    """What was typed.

    Raises:
        EOFError: nobody answers any more.
    """
    typed = ask(f"   {prompt}")
    if typed is None:
        raise EOFError
    return typed
