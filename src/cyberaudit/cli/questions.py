"""`cyberaudit questions`: what only a person can say, asked one thing at a time and written at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cyberaudit import french
from cyberaudit.cli.conversation import ask, can_ask
from cyberaudit.cli.help import FrenchCommand
from cyberaudit.cli.options import INTERRUPTED, Checks, Json, Now, Profile
from cyberaudit.cli.shared import folders, moment, say, shared, warn
from cyberaudit.errors import ProfileError, UsageError

if TYPE_CHECKING:
    from cyberaudit.engine.questions import Question
    from cyberaudit.town.answers import Said

REFUSED = 2
_LATER = ("", "t", "plus tard", "tard")
_CHOICE = "[o]ui, [n]on, en [p]artie, je ne [s]ais pas, plus [t]ard : "
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
    by: Annotated[str, typer.Option("--by", metavar="QUI", help="Qui répond : « Nom, qualité ».")] = "",
    checks: Checks = None,
    now: Now = None,
    as_json: Json = False,
) -> int:
    """Pose en français les questions sans réponse du profil, et y écrit chaque réponse. Se reprend à tout moment."""
    from cyberaudit.cli.screen import this_screen
    from cyberaudit.engine.catalogue import load_catalogue
    from cyberaudit.engine.questions import questions as open_questions
    from cyberaudit.reports import questions as told
    from cyberaudit.run.answers import today_of
    from cyberaudit.town.load import load_profile

    path, loaded = Path(profile), load_profile(Path(profile))
    today = today_of(loaded, moment(now))
    found = open_questions(loaded, load_catalogue(folders(checks or ())), today=today)
    width = this_screen(shared(ctx)).width
    if as_json:
        say(json.dumps([told.question_plain(each) for each in found], ensure_ascii=False, indent=2))
    elif listed or not found or not can_ask():
        say(told.questions(found, profile=profile, width=width))
    else:
        return _Interview(path, today, width).held(found, by=by)
    return 0


@dataclass(slots=True)
class _Interview:
    """Questions put to one person."""

    path: Path
    today: date
    width: int
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

        say(f"\n{question(asked, rank, total, width=self.width)}")
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
        from cyberaudit.town.answers import Form

        while True:
            typed = _line(_NO_PART if asked.about.form is Form.DAY else _CHOICE)
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


def _line(prompt: str) -> str:
    """What was typed.

    Raises:
        EOFError: nobody answers any more.
    """
    typed = ask(f"   {prompt}")
    if typed is None:
        raise EOFError
    return typed
