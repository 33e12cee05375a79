"""`--output`: which files it takes, before anything is sent."""

from datetime import date
from pathlib import Path

import pytest

from cyberaudit.cli import screen
from cyberaudit.declared import months_later
from cyberaudit.errors import UsageError

pytestmark = pytest.mark.unit


def test_two_reports_never_go_into_one_file(tmp_path: Path) -> None:
    (tmp_path / "lien").symlink_to(tmp_path / "rapport")
    (tmp_path / "ancien").write_text("", encoding="utf-8")
    for first, second in (
        ("rapport", "rapport"),
        ("rapport", "./rapport"),
        ("rapport", "lien"),
        ("ancien", "ancien"),
    ):
        with pytest.raises(UsageError, match="deux rapports iraient dans"):
            screen.outputs([f"html:{tmp_path}/{first}", f"json:{tmp_path}/{second}"])
    assert len(screen.outputs([f"html:{tmp_path}/rapport", f"json:{tmp_path}/autre"])) == 2


def test_a_device_takes_several_and_a_path_that_cannot_be_is_left_to_the_writing(tmp_path: Path) -> None:
    (tmp_path / "boucle").symlink_to(tmp_path / "boucle")
    for place in ("/dev/null", f"{tmp_path}", f"/{'a' * 5000}"):
        assert len(screen.outputs([f"html:{place}", f"json:{place}x"])) == 2
    assert len(screen.outputs(["html:/dev/null", "json:/dev/null"])) == 2
    assert screen.outputs([f"html:{tmp_path}/boucle"])


@pytest.mark.parametrize("wanted", ["pdf:", "html", ":rapport", "docx:rapport", ""])
def test_a_format_without_a_file_is_refused(wanted: str) -> None:
    with pytest.raises(UsageError, match="FORMAT:FICHIER"):
        screen.outputs([wanted])


def test_a_month_that_no_calendar_has_is_the_end_of_the_calendar() -> None:
    assert months_later(date(9999, 6, 1), 12) == date.max
    assert months_later(date(1, 6, 1), -12) == date.min
    assert months_later(date(2028, 2, 29), 12) == date(2029, 2, 28)
    assert months_later(date(9998, 12, 31), 12) == date(9999, 12, 31)
