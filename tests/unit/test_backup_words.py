"""How backups are named to people, and what `look backup` prints of a place."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cyberaudit import french
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.facts.backup import Anomaly, Copy, Store, Trouble, Verification
from cyberaudit.facts.backup_samples import (
    CONTENTS,
    COPY,
    DAILY,
    GOOD_STORE,
    LOCKED_STORE,
    LOOSE,
    LOST_STORE,
    PROTECTION,
    RESTIC,
    SNAPSHOT,
)
from cyberaudit.model import Evidence
from cyberaudit.reports.look_backup import reading_rank, store_blocks
from cyberaudit.sdk.backup_words import job_name, merged, series_name, size_words, told_apart
from cyberaudit.town.single import backup_asset

pytestmark = pytest.mark.unit

LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
BORG = replace(RESTIC, kind="borg", place="depot")
ARCHIVE = replace(SNAPSHOT, store="depot", format="borg")


@pytest.mark.parametrize(
    ("copy", "store", "name"),
    [
        (replace(COPY, series="mairie-#-#-#.zip"), LOOSE, "mairie-….zip"),
        (replace(COPY, series="#/#/base.sql"), LOOSE, "…/…/base.sql"),
        (replace(SNAPSHOT, series="restic"), RESTIC, "dépôt restic"),
        (replace(ARCHIVE, series="transaction #"), BORG, "dépôt Borg « depot »"),
        (replace(ARCHIVE, series="borg depot"), BORG, "dépôt Borg « depot »"),
        (replace(ARCHIVE, series="paie-#-#"), BORG, "dépôt Borg « depot » (paie-…)"),
        # A loose archive at the root of a place that is a repository too stands for itself.
        (replace(COPY, series="mairie-#.zip"), RESTIC, "mairie-….zip"),
    ],
)
def test_a_job_is_named_for_people(copy: Copy, store: Store, name: str) -> None:
    assert job_name(copy, replace(CONTENTS, stores=(store,))) == name


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"name": "borg", "store": ""}, "dépôt Borg"),
        ({"name": "borg borg", "store": "borg"}, "dépôt Borg « borg »"),
        ({"name": "restic nas/restic", "store": "nas/restic"}, "dépôt restic « nas/restic »"),
        ({"name": "paie-#", "store": "nas"}, "paie-… (dans nas)"),
        ({"name": "base-#-#-#.sql.gz", "store": ""}, "base-….sql.gz"),
    ],
)
def test_a_rhythm_is_named_for_people(changes: dict[str, Any], name: str) -> None:
    assert series_name(replace(DAILY, **changes)) == name


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 octets"),
        (9_999, "9999 octets"),
        (334_226, "334 Ko"),
        (1_250_000_000, "1,2 Go"),
        (999_999_999, "1000 Mo"),
        (5 * 10**15, "5000 To"),
    ],
)
def test_a_size_is_told_in_the_units_of_a_shop(size: int, words: str) -> None:
    assert size_words(size) == words


def test_lines_that_say_the_same_are_one() -> None:
    lines = [Evidence("a", "x"), Evidence("b", "y"), Evidence("c", "x"), Evidence("a", "x")]
    assert merged(lines) == (Evidence(f"a et {french.count(1, 'autre')}", "x"), Evidence("b", "y"))


def test_a_repository_speaks_for_its_snapshots_and_a_folder_does_not() -> None:
    contents = replace(CONTENTS, stores=(LOOSE, RESTIC), copies=(SNAPSHOT, COPY))
    assert list(told_apart(contents)) == [RESTIC, COPY]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"writable_from_here": True, "looked_as_root": True}, None),
        ({"writable_from_here": True, "looked_as_root": True, "filesystem": "cifs"}, "root peut y écrire"),
        ({"writable_from_here": True, "looked_as_root": False}, "le compte qui regarde peut y écrire"),
        ({"writable_from_here": False, "looked_as_root": True}, "root ne peut rien y écrire"),
    ],
)
def test_that_root_may_write_on_its_own_disk_is_no_news(changes: dict[str, Any], told: str | None) -> None:
    protection = replace(PROTECTION, evidence="dossier en mode 0700 ; attributs non vus", **changes)
    shown = " ".join(shown_of(protection=protection)).replace("\N{NO-BREAK SPACE}", " ")
    assert ("y écrire" in shown) is (told is not None)
    assert told is None or told in shown
    assert "attributs non vus" not in shown


def shown_of(**changes: Any) -> list[str]:
    facts = replace(GOOD_STORE, contents=replace(CONTENTS, **changes))
    return [line for block in store_blocks(facts, 80) for line in block]


def flat(**changes: Any) -> str:
    return " ".join(" ".join(shown_of(**changes)).split()).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        # 23 h 30 UTC in winter: the day after in the town, as in the verdicts.
        ({"copies": (replace(COPY, written_at=LATE),)}, "22 novembre 2026 à 0 h 30"),
        ({"copies": (replace(COPY, written_at=datetime.max.replace(tzinfo=UTC)),)}, "31 décembre 9999"),
        ({"copies": (replace(COPY, fault="truncated", store="nas"),)}, "nas/mairie-2026-11-21.tar.gpg"),
        ({"copies": (replace(COPY, fault="truncated"),)}, "chiffré, coupée"),
        ({"copies": (COPY,) * 12}, "et 2 autres (--json)"),
        ({"copies": (SNAPSHOT,)}, "restic, 2"),
        ({"complete": False}, "Lu en partie seulement"),
        ({"other_files": 3}, "3 autres fichiers"),
        ({"stores": (replace(RESTIC, empty_password=True),)}, "S'OUVRE AVEC UN MOT DE PASSE VIDE"),
        ({"stores": (replace(RESTIC, empty_password=False),)}, "le mot de passe vide ne l'ouvre pas"),
        ({"stores": (replace(RESTIC, verified=Verification(LATE, good=False, evidence="")),)}, "RATÉE le 22"),
        ({"series": (replace(DAILY, period_hours=24.0, longest_gap_hours=96.0),)}, "arrêt 4 jours"),
        ({"anomalies": (Anomaly(Trouble.STALE_LOCK, "nas", "lock.exclusive", 2),)}, "abandonné (2) dans nas"),
        (
            {"protection": replace(PROTECTION, world_writable=2)},
            "2 éléments que tous les comptes peuvent modifier",
        ),
        (
            {"protection": replace(PROTECTION, world_readable=2)},
            "2 fichiers que tous les comptes peuvent copier",
        ),
    ],
)
def test_what_a_person_reads_of_a_place(changes: dict[str, Any], told: str) -> None:
    assert told in flat(**changes)


def test_a_place_that_could_not_be_listed_shows_nothing_of_its_own() -> None:
    assert store_blocks(LOST_STORE, 80) == []


def test_what_is_shown_of_a_place_fits_a_narrow_screen() -> None:
    lines = [
        line for facts in (GOOD_STORE, LOCKED_STORE) for block in store_blocks(facts, 52) for line in block
    ]
    assert max(map(len, lines)) <= 52


def test_every_question_about_backups_has_its_place_in_the_order_of_a_mayor() -> None:
    asked = {check.id for check in load_catalogue().checks if check.theme == "backup"}
    ranks = {check: reading_rank(check) for check in asked}
    assert sorted(ranks.values()) == list(range(len(asked)))
    assert ranks["backup.fresh"] < ranks["backup.encrypted"] < ranks["backup.restore-tested"]
    assert reading_rank("mail.spf") == len(asked)


@pytest.mark.parametrize(
    ("place", "name"),
    [
        ("/mnt/nas", "nas"),
        ("/mnt/nas/", "nas"),
        ("/", "/"),
        ("s3://s3.fr-par.example/mairie/copies", "copies"),
        ("sftp://nas.ville-exemple.example/", "nas.ville-exemple.example"),
    ],
)
def test_a_place_looked_at_goes_by_its_last_part(place: str, name: str) -> None:
    asset = backup_asset(
        place,
        rpo_hours=26,
        grace_hours=0,
        weekdays="every-day",
        offline=False,
        off_site=False,
        media="unknown",
        retention_days=0,
        encryption_required=False,
        user="",
    )
    assert asset.name == name
