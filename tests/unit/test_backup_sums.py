"""A checksum left beside a copy proves what its format cannot."""

import hashlib
from pathlib import Path

import pytest

from cyberaudit.facts.backup import END_NOT_SEEN, Encrypted
from cyberaudit.probes.stores.inspection import File
from cyberaudit.probes.stores.reading import Reading
from cyberaudit.probes.stores.sums import against_sum
from tests.unit.backup_places import NOW, contents_of, inspecting, set_back

pytestmark = pytest.mark.unit

AGE = b"age-encryption.org/v1\n-> X25519 abcd\ncorps\n--- mac\n" + b"z" * 400
NAME = "mairie.tar.age"
RIGHT, WRONG = hashlib.sha256(AGE).hexdigest(), hashlib.sha256(b"").hexdigest()


@pytest.mark.parametrize(
    ("beside", "text", "fault"),
    [
        ("rien", "", "end-not-seen"),
        (f"{NAME}.sha256", f"{RIGHT}  {NAME}\n", ""),
        (f"{NAME}.sha256", f"{RIGHT} *ailleurs/{NAME}\n", ""),
        (f"{NAME}.sha256", f"{RIGHT.upper()}\n", ""),
        (f"{NAME}.md5", hashlib.md5(AGE, usedforsecurity=False).hexdigest(), ""),
        ("SHA256SUMS", f"{WRONG}  autre.age\n{RIGHT}  {NAME}\n", ""),
        ("SHA256SUMS", f"{WRONG}  autre.age\n", "end-not-seen"),
        (f"{NAME}.sha256", f"{WRONG}  {NAME}\n", "damaged"),
        (f"{NAME}.sha256", RIGHT[:-1], "end-not-seen"),
        (f"{NAME}.sha256", "ceci n'est pas une somme", "end-not-seen"),
    ],
)
def test_the_sum_beside_a_copy_settles_its_end(tmp_path: Path, beside: str, text: str, fault: str) -> None:
    (tmp_path / NAME).write_bytes(AGE)
    (tmp_path / beside).write_text(text, "ascii")
    set_back(tmp_path, NOW)
    (copy,) = contents_of(tmp_path).copies
    assert copy.fault == fault


def test_a_link_named_like_a_sum_is_not_followed(tmp_path: Path) -> None:
    place = tmp_path / "copies"
    place.mkdir()
    (place / NAME).write_bytes(AGE)
    (tmp_path / "ailleurs").write_text(RIGHT, "ascii")
    (place / f"{NAME}.sha256").symlink_to(tmp_path / "ailleurs")
    set_back(tmp_path, NOW)
    assert [copy.fault for copy in contents_of(place).copies] == ["end-not-seen"]


def test_what_takes_too_long_to_sum_stays_open(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(AGE)
    (tmp_path / f"{NAME}.sha256").write_text(RIGHT, "ascii")
    file = File(credible=True, written=0.0, parts=(NAME,), size=len(AGE))
    open_ended = Reading("age", Encrypted.YES, "", END_NOT_SEEN)
    with inspecting(tmp_path, seconds=-1.0) as inspection:
        assert against_sum(inspection, file, open_ended, hurried=inspection.hurried) == open_ended
