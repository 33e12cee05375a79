"""`cyberaudit questions` and the confirmation of `declare`, on a terminal of their own."""

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cyberaudit.declared import Answer, Declaration
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.town.load import load_profile

pytestmark = pytest.mark.loopback

TOWN = """\
schema_version: 1   # essai
commune: {id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}
hosts:
  - {id: box, zone: outside, addresses: [192.0.2.1], model: Boîte 3}
backups:
  - {id: nas, label: Disque réseau, of: [files], place: on-site}
"""
NOW = "2026-11-22"
PATIENCE = 60
"""Seconds: a busy machine, not a measure."""
CHOICE = "plus [t]ard : "
DAY = "Entrée pour plus tard : "


@dataclass(slots=True)
class Terminal:
    """A person before a program."""

    master: int
    process: "subprocess.Popen[bytes]"
    seen: str = field(default="")

    def until(self, text: str) -> str:
        """What the program shows up to `text`."""
        limit = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < limit, f"{text!r} never came: {self.seen!r}"
            self.seen += self._more()
        before, _, self.seen = self.seen.partition(text)
        return before

    def _more(self) -> str:
        ready, _, _ = select.select([self.master], [], [], 1)
        return os.read(self.master, 65536).decode("utf-8", "replace").replace("\u00a0", " ") if ready else ""

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def answer(self, prompt: str, text: str) -> str:
        shown = self.until(prompt)
        self.type(f"{text}\n")
        return shown

    def ended(self) -> int:
        return self.process.wait(PATIENCE)


@contextmanager
def terminal(*words: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "cyberaudit", *words],
        stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        preexec_fn=_own_terminal,  # noqa: PLW1509 — one call of the system, so that Ctrl-C is a signal
        env={**os.environ, "PYTHONUTF8": "1", "TERM": "xterm", "COLUMNS": "100"},
    )  # fmt: skip
    os.close(slave)
    try:
        yield Terminal(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


def _own_terminal() -> None:
    import fcntl
    import termios

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "lhay.yaml"
    path.write_text(TOWN, encoding="utf-8")
    return path


def said(path: Path, key: str, name: str = "answer") -> Declaration | None:
    asset = load_profile(path).town.asset(key)
    return asset.declaration(name) if asset else None


def test_answers_are_written_one_by_one_and_resumed_after_ctrl_c(profile: Path) -> None:
    with terminal("questions", str(profile), "--now", NOW) as person:
        person.answer("Nom et qualité : ", "Maud Lefèvre, secrétaire")
        shown = person.answer(CHOICE, "peut-être")
        assert "1 sur " in shown
        assert "Pourquoi : " in shown
        person.until("n'est pas une réponse")
        person.answer(CHOICE, "p")
        person.until("Écrit à la ligne 9.")
        first = said(profile, "practice/mfa")
        assert first is not None
        assert (first.answer, first.by) == (Answer.PARTIAL, "Maud Lefèvre, secrétaire")
        person.until(CHOICE)
        person.type("\x03")
        person.until("1 réponse écrite. Il en reste")
        assert person.ended() == ExitCode.INTERRUPTED
    with terminal("questions", str(profile), "--now", NOW, "--by", "M") as person:
        assert "Une deuxième preuve" not in person.until(CHOICE)
        person.type("\x04")
        person.until("0 réponse écrite.")
        assert person.ended() == 0
    assert profile.read_text(encoding="utf-8").startswith(TOWN)


def test_what_was_done_is_asked_with_its_day(profile: Path) -> None:
    with terminal("questions", str(profile), "--now", NOW, "--by", "Cabinet Dupont") as person:
        for _ in range(80):
            shown = person.until("[t]ard : ")
            if "restaurés, pour essai" in shown:
                person.type("oui\n")
                person.answer(DAY, "23/11/2026")
                person.until("n'est pas encore arrivé")
                person.answer(DAY, "hier")
                person.answer(DAY, "01/10/2026")
            elif "cet équipement a-t-il été mis à jour" in shown:
                person.type("p\n")
                person.until("Répondez oui, non")
                person.answer("[t]ard : ", "o")
                person.answer(DAY, "15/09/2026")
            elif "corrige-t-il encore" in shown:
                person.type("s\n")
                break
            else:
                person.type("t\n")
        person.until("Écrit à la ligne")
        person.type("\x04")
        person.until("3 réponses écrites.")
    tested, updated = said(profile, "backup/nas", "restore_test"), said(profile, "host/box", "firmware_date")
    supported = said(profile, "host/box", "supported")
    assert tested is not None
    assert updated is not None
    assert supported is not None
    assert (tested.answer, tested.on.isoformat()) == (Answer.YES, "2026-10-01")
    assert (updated.value, updated.on.isoformat()) == ("2026-09-15", NOW)
    assert supported.answer is Answer.UNKNOWN


def test_only_a_question_that_may_not_arise_offers_sans_objet(profile: Path) -> None:
    offered = 0
    with terminal("questions", str(profile), "--now", NOW, "--by", "M") as person:
        person.answer(CHOICE, "x")
        person.until("se pose partout")
        for _ in range(60):
            if "[x] sans objet" in person.until(CHOICE):
                person.type("x\n")
                offered += 1
                break
            person.type("t\n")
        person.until("Écrit à la ligne")
        person.type("\x04")
        person.until("1 réponse écrite.")
    answers = [each.declaration("answer") for each in load_profile(profile).town.assets]
    assert (
        [each.answer for each in answers if each]
        == [Answer.NOT_APPLICABLE] * offered
        == [Answer.NOT_APPLICABLE]
    )


def test_an_answer_that_cannot_be_written_does_not_stop_the_others(profile: Path) -> None:
    with profile.open("a", encoding="utf-8") as file:
        file.write("practices: &tout\n  firewall: {answer: yes, by: M, on: 2026-11-02}\n")
    with terminal("questions", str(profile), "--now", NOW, "--by", "M") as person:
        person.answer(CHOICE, "o")
        person.until("sert à plusieurs endroits")
        person.until(CHOICE)
        person.type("\x04")
        assert person.ended() == ExitCode.USAGE


def test_nobody_to_sign_means_no_question(profile: Path) -> None:
    with terminal("questions", str(profile), "--now", NOW) as person:
        person.answer("Nom et qualité : ", "")
        person.until("0 réponse écrite.")
        assert person.ended() == 0


@pytest.mark.parametrize(("typed", "code"), [("o\n", 0), ("\n", ExitCode.USAGE), ("non\n", ExitCode.USAGE)])
def test_a_change_is_written_only_on_a_yes(profile: Path, typed: str, code: int) -> None:
    with terminal("declare", str(profile), "mfa", "oui", "--by", "M", "--now", NOW) as person:
        shown = person.until("Écrire ? [o/N] ")
        assert "+   mfa: {answer: yes, by: M, on: 2026-11-22}" in shown
        person.type(typed)
        assert person.ended() == code
    assert (said(profile, "practice/mfa") is not None) == (code == 0)


def test_a_text_that_is_not_readable_is_asked_again(profile: Path) -> None:
    with terminal("questions", str(profile), "--now", NOW) as person:
        person.until("Nom et qualité : ")
        os.write(person.master, b"Ren\xe9\n")
        person.until("n'est pas lisible")
        person.answer("Nom et qualité : ", "x" * 501)
        person.until("dépasse 500 caractères")
        person.answer("Nom et qualité : ", "René, maire")
        person.answer(CHOICE, "n")
        person.until("Écrit à la ligne")
    found = said(profile, "practice/mfa")
    assert found is not None
    assert (found.answer, found.by) == (Answer.NO, "René, maire")


def test_the_nine_letters_are_asked_then_told_and_resumed(profile: Path) -> None:
    words = ("--history", str(profile.with_name("none.sqlite3")), "questions", str(profile), "--quick")
    with terminal(*words, "--now", NOW, "--by", "M") as person:
        assert "I — Inventaire complet" in person.answer(CHOICE, "o")
        assert "M — Mots de passe" in person.answer(CHOICE, "n")
        person.until(CHOICE)
        person.type("\x04")
        person.until("2 réponses écrites.")
        person.until("M — Mots de passe : ROUGE")
        person.until("Résultat : rouge. 1 lettre verte, 1 rouge, 7 sans réponse.")
        assert person.ended() == 0
    with terminal(*words, "--now", NOW, "--by", "M") as person:
        assert "M — Mises à jour" in person.until(CHOICE)
    inventory = said(profile, "practice/inventory")
    assert inventory is not None
    assert inventory.answer is Answer.YES
