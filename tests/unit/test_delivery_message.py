"""From a letter to bytes: read back to the character, nothing injected, nothing a relay would rewrite."""

import email
import re
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, compat32, default
from email.utils import parsedate_to_datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cyberaudit.delivery.letter import Attachment, Letter
from cyberaudit.delivery.message import LONGEST, address, compose, encoded
from cyberaudit.errors import UsageError
from cyberaudit.french import NBSP
from cyberaudit.plaintext import clean
from cyberaudit.reports.page_text import visible

pytestmark = pytest.mark.unit

SUBJECT = "Saint-Étienne-d'Ô : 1 dégradation, 2 améliorations (semaine 49)"
LETTER = Letter(
    message_id="<20261121.7f3a@mairie.example>",
    thread="",
    at=datetime(2026, 11, 21, 22, 10, tzinfo=ZoneInfo("Europe/Paris")),
    sender="cyberaudit@mairie.example",
    sender_name="cyberaudit, mairie de L'Haÿ",
    recipients=("secretariat+cyber@mairie.example",),
    subject=SUBJECT,
    text="Bonjour,\n\nC'était en ordre, c'est à corriger.\n",
    html='<!DOCTYPE html>\n<p style="color:#1b1f24">C\'était en ordre</p>\n',
    attachments=(),
)
PDF = Attachment("page-du-maire.pdf", "application/pdf", bytes(range(256)) * 9)
PAGE = Attachment("page-du-maire.html", "text/html", "<p>é</p>\n".encode())
TEXTS = st.text(st.characters(codec="utf-8"))
HOSTILE = (
    "a\r\nBcc: x@mal.example",
    "a\nSubject: autre",
    "a\r b\x00c",
    "\u202egnp.exe\u2066",
    "=?utf-8?q?Bcc=3A?=",
    "=?utf-8?b?YQ==?= =?utf-8?b?Yg==?=",
    '"<x@mal.example>", autre',
    "a\x85b\u2028c\u2029d",
    "\udcff",
    "  deux  espaces  ",
    f"1{NBSP}dégradation{NBSP}:{NBSP}2",
    "é" * 400,
    "😀" * 90,
    "a" * 300,
    "",
)
_KNOWN = {
    "from", "to", "subject", "date", "message-id", "auto-submitted", "content-language", "mime-version", "content-type",
}  # fmt: skip


def read(raw: bytes) -> EmailMessage:
    found = email.message_from_bytes(raw, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def content(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    text: str = part.get_content()
    return text.replace("\r\n", "\n")


def assert_travels(raw: bytes) -> None:
    """RFC 5322 §2.1.1 and 2045 §6.7: 7 bits, CRLF only, no NUL, lines of 78 characters, 76 when encoded."""
    lines = raw.split(b"\r\n")
    assert lines[-1] == b""
    assert not re.search(rb"[\r\n\x00]|[^\x09\x20-\x7e]", b"".join(lines))
    assert max(map(len, lines)) <= 78
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(len(line) for line in body.split(b"\r\n") if not line.startswith(b"Content-")) <= 76
    words = re.findall(rb"=\?[^?]+\?b\?[^?]*\?=", head)
    assert max(map(len, words), default=0) <= 75


def test_a_letter_is_read_back_as_it_was_written() -> None:
    found = read(compose(LETTER))
    assert found["Subject"] == SUBJECT
    assert str(found["From"].addresses[0].display_name) == LETTER.sender_name
    assert found["From"].addresses[0].addr_spec == LETTER.sender
    assert [each.addr_spec for each in found["To"].addresses] == list(LETTER.recipients)
    assert found["Message-ID"] == LETTER.message_id
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Content-Language"] == "fr"
    assert found["Date"].datetime == LETTER.at
    assert found["Date"].endswith("+0100")
    assert found.get_content_type() == "multipart/alternative"
    assert content(found, "plain") == LETTER.text
    assert content(found, "html") == LETTER.html
    assert found.defects == []


def test_the_plain_text_comes_first_and_the_page_last() -> None:
    assert [each.get_content_type() for each in read(compose(LETTER)).iter_parts()] == [
        "text/plain",
        "text/html",
    ]


def test_the_first_mail_of_a_role_begins_the_thread_and_the_others_name_it() -> None:
    first, later = read(compose(LETTER)), read(compose(replace(LETTER, thread="<premier@mairie.example>")))
    assert (first["References"], first["In-Reply-To"]) == (None, None)
    assert (later["References"], later["In-Reply-To"]) == ("<premier@mairie.example>",) * 2


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert compose(replace(LETTER, attachments=(PDF,))) == compose(replace(LETTER, attachments=(PDF,)))


def test_nothing_asks_for_an_answer_nor_offers_a_link_to_unsubscribe() -> None:
    names = {name.lower() for name in read(compose(LETTER))}
    assert names == _KNOWN


@given(TEXTS, TEXTS)
@example(SUBJECT, "")
@example("1 dégradation, deux améliorations de plus que la semaine dernière à Saint-Étienne", "")
def test_any_subject_and_name_come_back_to_the_character(subject: str, name: str) -> None:
    raw = compose(replace(LETTER, subject=subject, sender_name=name))
    assert_travels(raw)
    assert read(raw)["Subject"] == clean(subject, limit=LONGEST)
    old = email.message_from_bytes(raw, policy=compat32)
    assert str(make_header(decode_header(old["Subject"]))) == clean(subject, limit=LONGEST)
    assert read(raw)["From"].addresses[0].addr_spec == LETTER.sender


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_becomes_a_header_or_an_address(hostile: str) -> None:
    found = compose(replace(LETTER, subject=hostile, sender_name=hostile, text=hostile, html=hostile))
    assert_travels(found)
    message = read(found)
    assert {name.lower() for name in message} == _KNOWN
    assert len(message["From"].addresses) == 1
    assert message["Subject"] == clean(hostile, limit=LONGEST)
    assert [each.addr_spec for each in message["To"].addresses] == list(LETTER.recipients)


@given(TEXTS, TEXTS)
@example("Une ligne\n.\nFrom moi\n-- \n" + "é" * 2000, "=\n==\n=_alternative_ \n\n\n")
@example("\n", "")
@example(" \n  \n", "a ")
def test_any_text_and_page_come_back_to_the_character(text: str, page: str) -> None:
    raw = compose(replace(LETTER, text=text, html=page))
    assert_travels(raw)
    found = read(raw)
    assert content(found, "plain") == visible(text)
    assert content(found, "html") == visible(page)


@pytest.mark.parametrize(
    "files", [(PDF,), (PAGE,), (PDF, PAGE), (Attachment("vide.bin", "application/x-vide", b""),)]
)
def test_files_come_back_byte_for_byte_beside_the_words(files: tuple[Attachment, ...]) -> None:
    raw = compose(replace(LETTER, attachments=files))
    assert_travels(raw)
    found = read(raw)
    assert found.get_content_type() == "multipart/mixed"
    assert content(found, "plain") == LETTER.text
    back = [
        (each.get_filename(), each.get_content_type(), each.get_payload(decode=True))
        for each in found.iter_attachments()
    ]
    assert back == [(each.name, each.media_type, each.data) for each in files]


@pytest.mark.parametrize("name", ["../x.pdf", "é.pdf", 'a".pdf', "a\r\n.pdf", "", ".caché", "a/b"])
def test_the_name_of_a_file_is_plain_and_without_folder(name: str) -> None:
    with pytest.raises(UsageError, match="pièce jointe"):
        compose(replace(LETTER, attachments=(replace(PDF, name=name),)))
    with pytest.raises(UsageError, match="pièce jointe"):
        compose(replace(LETTER, attachments=(replace(PDF, media_type="text/html\r\nX: y"),)))


@pytest.mark.parametrize(
    "text",
    [
        "", "mairie", "@mairie.example", "a@", "a b@mairie.example", "a@mairie.example\r\nBcc: b@mal.example",
        "a@mairie.example, b@mairie.example", "<a@mairie.example>", "maïté@mairie.example", "a@haÿ.example",
        "a@mairie.example\x00", '"a b"@mairie.example', "a@-mairie.example", "a@mairie.example.",
        f"{'a' * 65}@b.example",
    ],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused_in_french(text: str) -> None:
    with pytest.raises(UsageError, match="adresse électronique"):
        address(text)
    with pytest.raises(UsageError, match="adresse électronique"):
        compose(replace(LETTER, recipients=(text,)))
    with pytest.raises(UsageError, match="adresse électronique"):
        compose(replace(LETTER, sender=text))


@pytest.mark.parametrize(
    "text", ["a@b.example", "maud.lefevre+cyber@mairie-l-hay.example", "o'neil_1@xn--ha-hja.example"]
)
def test_a_plain_address_is_kept_as_it_is(text: str) -> None:
    assert address(text) == text


def test_a_mail_to_nobody_is_refused() -> None:
    with pytest.raises(UsageError, match="destinataire"):
        compose(replace(LETTER, recipients=()))


def test_several_recipients_stand_on_a_line_each() -> None:
    many = tuple(f"{'agent' * 9}.{number}@mairie.example" for number in range(30))
    raw = compose(replace(LETTER, recipients=many))
    assert_travels(raw)
    assert tuple(each.addr_spec for each in read(raw)["To"].addresses) == many


@pytest.mark.parametrize("field", ["message_id", "thread"])
@pytest.mark.parametrize("text", ["a@b", "<a b@c>", "<a@b>\r\nX: y", "<a@b><c@d>", "<é@b>"])
def test_an_identifier_that_breaks_a_header_is_refused(field: str, text: str) -> None:
    changed: dict[str, Any] = {field: text}
    with pytest.raises(UsageError, match="identifier"):
        compose(replace(LETTER, **changed))


def test_the_date_is_told_in_the_zone_of_the_town() -> None:
    summer = datetime(2026, 7, 1, 8, 0, tzinfo=ZoneInfo("Europe/Paris"))
    assert read(compose(replace(LETTER, at=summer)))["Date"].endswith("08:00:00 +0200")
    away = datetime(2026, 7, 1, 8, 0, tzinfo=timezone(timedelta(hours=-4)))
    date = read(compose(replace(LETTER, at=away)))["Date"]
    assert parsedate_to_datetime(str(date)) == away


def test_a_short_plain_subject_is_left_readable() -> None:
    assert encoded("Controle de la semaine 49", first=9) == "Controle de la semaine 49"
    assert encoded("a" * 78, first=9).startswith("=?utf-8?b?")


def test_what_the_library_writes_again_says_the_same() -> None:
    """A reader that stores the message anew keeps its words."""
    again = read(read(compose(LETTER)).as_bytes(policy=SMTP.clone(max_line_length=998)))
    assert again["Subject"] == SUBJECT
    assert content(again, "plain") == LETTER.text
