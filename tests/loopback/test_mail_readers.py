"""A mail of the golden town, opened by programs that people read mail with."""

import os
import shutil
import subprocess
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from cyberaudit.delivery.letter import Letter
from cyberaudit.delivery.message import compose
from tests.unit.html_pages import words
from tests.unit.mail_samples import written
from tests.unit.test_delivery_message import LETTER
from tests.unit.test_reports_mail import read_text

pytestmark = pytest.mark.loopback

_HERE = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "xterm"}


def with_program(name: str, package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        not shutil.which(name), reason=f"{name} ({package}) is missing (tests/install-servers)"
    )


@cache
def letter() -> Letter:
    """The mayor's, with the page."""
    mail = written("small-town")["mayor"]
    return replace(LETTER, subject=mail.subject, text=mail.text, html=mail.html, attachments=mail.attachments)


def run(*command: str | Path, given: str = "", folder: Path) -> str:
    done = subprocess.run(
        list(map(str, command)), input=given.encode(), capture_output=True, check=True, timeout=30, cwd=folder,
        env=_HERE | {"HOME": str(folder)},
    )  # fmt: skip
    return done.stdout.decode()


def assert_is_read(shown: str) -> None:
    """The subject, the sender and every word of the text."""
    told = words(shown)
    assert words(letter().subject) in told
    assert LETTER.sender_name in told
    assert words(letter().text) in told


@with_program("mu", "maildir-utils")
def test_mu_shows_the_words_and_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "mail.eml").write_bytes(compose(letter()))
    shown = run("mu", "view", tmp_path / "mail.eml", folder=tmp_path)
    assert_is_read(shown)
    assert letter().attachments[0].name in shown
    run("mu", "extract", "--save-all", tmp_path / "mail.eml", folder=tmp_path)
    assert (tmp_path / letter().attachments[0].name).read_bytes() == letter().attachments[0].data


@with_program("s-nail", "s-nail")
def test_s_nail_shows_the_words(tmp_path: Path) -> None:
    box = tmp_path / "box"
    raw = compose(letter()).replace(b"\r\n", b"\n")
    box.write_bytes(b"From essai Sat Nov 21 22:10:00 2026\n" + raw + b"\n")
    asked = ("s-nail", "-n", "-N", "-R", "-S", "ttycharset=utf-8", "-f", box)
    assert_is_read(run(*asked, given="type 1\nx\n", folder=tmp_path))


@with_program("mutt", "mutt")
@with_program("script", "bsdutils")
def test_mutt_shows_the_words(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp"):
        (tmp_path / "maildir" / part).mkdir(parents=True)
    (tmp_path / "maildir" / "new" / "1.essai").write_bytes(compose(letter()))
    shown, settings = tmp_path / "shown.txt", tmp_path / "muttrc"
    settings.write_text(
        f'set pipe_decode\nunset wait_key\nset folder="{tmp_path}"\npush "|cat>{shown}<enter>x"\n',
        encoding="utf-8",
    )
    run("script", "-qec", f"mutt -n -F {settings} -f {tmp_path}/maildir", "/dev/null", folder=tmp_path)
    assert_is_read(shown.read_text("utf-8"))


@with_program("w3m", "w3m")
@pytest.mark.parametrize("columns", ["80", "52"])
@pytest.mark.parametrize("role", ["secretary", "contractor", "mayor"])
def test_w3m_shows_the_words_of_the_page(role: str, columns: str, tmp_path: Path) -> None:
    mail = written("small-town")[role]
    (tmp_path / "mail.html").write_text(mail.html, encoding="utf-8")
    shown = run(
        "w3m", "-dump", "-cols", columns, "-T", "text/html", "-I", "utf-8", "mail.html", folder=tmp_path
    )
    # It breaks a web address at its strokes.
    assert read_text(shown).replace(" ", "") == read_text(mail.text).replace(" ", "")
