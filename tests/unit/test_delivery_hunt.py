"""Names of a hostile profile in a mail, read back by a strict parser that shares nothing with what wrote it."""

import re
import unicodedata
from dataclasses import replace
from datetime import UTC
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cyberaudit.delivery.message import compose
from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean
from cyberaudit.reports.mail_words import Period
from cyberaudit.reports.mail_words import subject as worded
from cyberaudit.run.letters import problem_letter
from tests.unit import html_pages
from tests.unit.report_samples import TODAY
from tests.unit.test_delivery_message import LETTER

pytestmark = pytest.mark.unit

STRICT = policy.default.clone(raise_on_defect=True)
BRICKS = (
    "\r", "\n", "\r\n", "\0", "\t", "\v", "\f", "\x1b[31m", "\x7f", "\x85", "\u2028", "\u2029", "\u202e", "\u2066",
    "\u200b", "\u00ad", "\ufeff", "\u00a0", " ", "  ", "=?utf-8?q?Bcc=3A?=", "=?utf-8?b?", "?=", "=?", "=20", '"',
    "'", "\\", ",", ";", ":", "<", ">", "@", "(", ")", "[", "]", ".", "-", "é", "Ÿ", "œ", "e\u0301", "👩🏽‍💻", "🇫🇷",
    "ﬁ", "中", "ש", "\ud7ff", "\U0010ffff", "Bcc: x@mal.example", "\r\nBcc: x@mal.example", "\r\n\r\n<p>", "a" * 80,
    "L'Haÿ-les-Roses", "%s", "{0}", "--=_alternative", "\r\n.\r\n", "Content-Type: text/plain",
)  # fmt: skip
NAMES = st.one_of(
    st.lists(st.sampled_from(BRICKS), max_size=12).map("".join),
    st.text(st.characters(codec="utf-8"), max_size=300),
    st.sampled_from(BRICKS).map(lambda brick: (brick * 300)[:300]),
)
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "Content-Language",
    "MIME-Version", "Content-Type",
]  # fmt: skip


def read(raw: bytes) -> EmailMessage:
    """Raises on the smallest defect."""
    found = message_from_bytes(raw, policy=STRICT)
    for part in found.walk():
        assert not part.defects
        for header in part.values():
            assert not getattr(header, "defects", ())
    return found


def assert_lines_are_plain(raw: bytes) -> None:
    assert raw.isascii()
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n|\0", raw)
    head = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert max(map(len, head)) <= 998
    assert all(line.strip() for line in head)
    names = [line.partition(b":")[0].decode() for line in head if not line.startswith((b" ", b"\t"))]
    assert names == HEADERS


def author(raw: bytes) -> tuple[str, str]:
    """By the older reader of the library: the newer one puts spaces between the encoded words of a name (gh-92081)."""
    name, address = parseaddr(message_from_bytes(raw, policy=policy.compat32)["From"])
    return spaces(str(make_header(decode_header(name)))), address


def letters_of(text: str) -> str:
    """Without spaces, bullets and rules."""
    return re.sub(r"[\s-]", "", text)


def spaces(text: str) -> str:
    return " ".join(text.split())


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(commune=NAMES, what=NAMES, sender=NAMES, text=NAMES)
def test_whatever_the_names_a_strict_reader_finds_our_headers_and_no_other(
    commune: str, what: str, sender: str, text: str
) -> None:
    subject = worded(commune, what, TODAY, period=Period.WEEK)
    letter = replace(
        LETTER, thread=LETTER.message_id, subject=subject, sender_name=f"cyberaudit, {sender}", text=f"{text}\n",
        html=f"<p>{text}</p>\n",
    )  # fmt: skip
    raw = compose(letter)
    assert_lines_are_plain(raw)
    found = read(raw)
    assert spaces(str(found["Subject"])) == spaces(clean(subject, limit=250))
    assert [each.addr_spec for each in found["From"].addresses] == [LETTER.sender]
    assert author(raw) == (spaces(clean(letter.sender_name, limit=250)), LETTER.sender)
    assert [each.addr_spec for each in found["To"].addresses] == [*LETTER.recipients]
    assert [part.get_content_type() for part in found.walk()] == [
        "multipart/alternative", "text/plain", "text/html",
    ]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(NAMES, NAMES)
def test_an_address_is_refused_in_french_or_is_the_one_that_is_read(local: str, domain: str) -> None:
    written = f"{local}@{domain}"
    try:
        raw = compose(replace(LETTER, thread=LETTER.message_id, recipients=(written, *LETTER.recipients)))
    except UsageError as error:
        told = str(error)
    else:
        assert_lines_are_plain(raw)
        assert [each.addr_spec for each in read(raw)["To"].addresses] == [written, *LETTER.recipients]
        return
    assert "ne peut pas être une adresse" in told


@settings(max_examples=100, deadline=None)
@given(NAMES, NAMES)
def test_whatever_a_mistake_quotes_the_two_parts_hold_its_words_and_nothing_moves_a_cursor(
    commune: str, sentence: str
) -> None:
    mail = problem_letter(commune, sentence, now=LETTER.at, zone=UTC)
    assert mail.subject == " ".join(mail.subject.splitlines())
    assert not [char for char in mail.text if unicodedata.category(char) in ("Cc", "Cf") and char != "\n"]
    found = read(
        compose(
            replace(LETTER, thread=LETTER.message_id, subject=mail.subject, text=mail.text, html=mail.html)
        )
    )
    shown = [found.get_body((kind,)) for kind in ("plain", "html")]
    assert all(shown)
    plain, page = (part.get_content().replace("\r\n", "\n") for part in shown if part)
    assert plain == mail.text
    assert letters_of(html_pages.read(page).text) == letters_of(plain)
