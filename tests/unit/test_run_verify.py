"""A verification: which points it names, what it looks at, and that all the rest keeps its answers."""

import json
import re
import uuid
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cyberaudit.cli.main import run
from cyberaudit.declared import Answer
from cyberaudit.engine.audit import judge_again
from cyberaudit.engine.catalogue import asked, load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.engine.narrowed import Pair, as_not_looked, errands_for, left_aside
from cyberaudit.errors import UsageError
from cyberaudit.french import NBSP
from cyberaudit.history.merge import town_state
from cyberaudit.history.store import open_history
from cyberaudit.model import Audit, Finding, Observation, Reason, SeenFrom, Status, Unreachable, Verdict
from cyberaudit.probes.instruments import Options
from cyberaudit.reports.verified import Verified, plan_command, verified, verified_plain
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.run.scan import Request, scan
from cyberaudit.run.tell import NO_PAST, tell
from cyberaudit.run.verify import Verification, head, points_of, verify, verify_code
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()
TOWN = towns.town(
    towns.domain(encryption=towns.declaration(Answer.YES)),
    towns.domain("other", encryption=towns.declaration(Answer.YES)),
    towns.practice("mfa", towns.declaration(Answer.NO)),
)
LATER = towns.NOW + timedelta(hours=3)
MEASURED = [
    (check.id, asset.key)
    for check, asset in asked(TOWN, CATALOGUE.checks)
    if errands_for(TOWN, [check], [(check.id, asset.key)], vantage="outside")
]


def audit_of(observations: tuple[Observation, ...], findings: tuple[Finding, ...], *, at: datetime) -> Audit:
    return Audit(
        uuid=str(uuid.uuid4()),
        town=TOWN,
        vantage="outside",
        scanned_by="",
        started_at=at,
        finished_at=at,
        partial=False,
        rules="r",
        program="0",
        observations=observations,
        findings=findings,
    )


@cache
def whole() -> Audit:
    """A domain in order, and another of which nothing could be seen."""
    silent = tuple(replace(each, facts=Unreachable(Reason.TIMEOUT)) for each in towns.sound_domain("other"))
    seen = towns.sound_domain() + silent
    return audit_of(seen, judge(TOWN, CATALOGUE, seen, vantage="outside", now=towns.NOW), at=towns.NOW)


def verification(only: Collection[Pair]) -> tuple[Audit, set[Pair]]:
    """What looking again at these points brings: now the first domain is silent, and the other is sound."""
    sent = errands_for(TOWN, CATALOGUE.checks, only, vantage="outside")
    keys = {(errand.asset.key, errand.probe.facts.KIND) for errand in sent}
    silent = tuple(replace(each, facts=Unreachable(Reason.TIMEOUT)) for each in towns.sound_domain())
    seen = tuple(
        replace(each, seen_at=LATER)
        for each in silent + towns.sound_domain("other")
        if (each.asset, each.kind) in keys
    )
    aside = left_aside(TOWN, CATALOGUE.checks, sent, vantage="outside")
    judged = judge(TOWN, CATALOGUE, seen, vantage="outside", now=LATER)
    return audit_of(seen, as_not_looked(judged, aside), at=LATER), aside


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(MEASURED), min_size=1, max_size=4))
def test_what_was_not_looked_at_keeps_its_answer_its_date_and_its_ground(only: set[Pair]) -> None:
    made, aside = verification(only)
    now = LATER + timedelta(hours=1)
    before, after = (town_state(audits, now=now) for audits in ((whole(),), (whole(), made)))
    kept = {(each.check, each.asset): each for each in before.findings}
    found = {(each.check, each.asset): each for each in after.findings}
    assert found.keys() == kept.keys()
    assert aside.isdisjoint(only)
    assert {pair: found[pair] for pair in aside} == {pair: kept[pair] for pair in aside}
    assert after.dropped == ()
    failed = {each.identity: each.on for each in before.first_failed}
    assert failed.items() <= {each.identity: each.on for each in after.first_failed}.items()


def test_what_was_looked_at_has_its_new_answer_and_silence_mends_nothing() -> None:
    made, aside = verification([("mail.spf", "domain/other")])
    assert ("mail.spf", "domain/main") in aside
    state = town_state((whole(), made), now=LATER)
    found = {(each.check, each.asset): each for each in state.findings}
    assert found["mail.spf", "domain/other"].status is Status.PASS
    assert found["mail.spf", "domain/main"] in whole().findings


def test_half_of_the_facts_is_no_answer() -> None:
    """A check that stands on two kinds of facts is set aside when only one of them was looked at."""
    two = next(
        (check, asset)
        for check, asset in asked(TOWN, CATALOGUE.checks)
        if len(errands_for(TOWN, [check], [(check.id, asset.key)], vantage="outside")) > 1
    )
    sent = errands_for(TOWN, [two[0]], [(two[0].id, two[1].key)], vantage="outside")
    pair = (two[0].id, two[1].key)
    assert pair in left_aside(TOWN, CATALOGUE.checks, sent[:1], vantage="outside")
    assert pair not in left_aside(TOWN, CATALOGUE.checks, sent, vantage="outside")


def test_judged_again_what_was_left_aside_stays_so() -> None:
    made, _ = verification([("mail.spf", "domain/other")])
    assert judge_again(made, CATALOGUE).findings == made.findings
    assert judge_again(whole(), CATALOGUE).findings == whole().findings


@pytest.mark.parametrize(
    ("target", "points"),
    [
        ("mail.spf", [("mail.spf", "domain/main"), ("mail.spf", "domain/other")]),
        ("mail.spf@other", [("mail.spf", "domain/other")]),
        ("mail.spf@domain/main", [("mail.spf", "domain/main")]),
        ("practice.mfa", [("practice.mfa", "practice/mfa")]),
    ],
)
def test_a_check_names_its_points(target: str, points: list[Pair]) -> None:
    assert list(points_of(target, TOWN, CATALOGUE)) == points


def test_a_measure_names_the_points_of_all_its_checks() -> None:
    checks = {check for check, _ in points_of("authenticate-mail", TOWN, CATALOGUE)}
    assert {"mail.spf", "mail.dmarc"} <= checks
    assert checks == {
        check.id for check, _ in asked(TOWN, CATALOGUE.checks) if check.measure == "authenticate-mail"
    }


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("mail.spff", "ni un contrôle ni une mesure ; vouliez-vous dire « mail.spf »"),
        ("backup.fresh", "« backup.fresh » ne concerne rien de ce que ce profil déclare."),
        ("mail.spf@othr", "ne concerne pas « othr » ; vouliez-vous dire « other » ?"),
    ],
)
def test_what_names_no_point_is_refused(target: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        points_of(target, TOWN, CATALOGUE)
    assert sentence in str(caught.value).replace(NBSP, " ")


def finding(status: Status, *, text: str = "Un fait.", reason: str = "", check: str = "mail.spf") -> Finding:
    base = next(each for each in whole().findings if each.check == check)
    return replace(base, verdict=Verdict(status, text, reason=reason))


def verification_of(*points: Verified, partial: bool = False) -> Verification:
    made = replace(whole(), partial=partial)
    return Verification(made, tell(NO_PAST, CATALOGUE, now=LATER, current=made), points, (), "")


def point(before: Status | None, seen: Status, after: Status | None = None) -> Verified:
    return Verified(finding(before) if before else None, finding(seen), finding(after or seen))


PASS, PARTIAL, FAIL, UNKNOWN, ERROR = Status.PASS, Status.PARTIAL, Status.FAIL, Status.UNKNOWN, Status.ERROR


@pytest.mark.parametrize(
    ("points", "code"),
    [
        ([point(FAIL, PASS)], ExitCode.DONE),
        ([point(None, PASS), point(FAIL, Status.NOT_APPLICABLE)], ExitCode.DONE),
        ([point(FAIL, FAIL)], ExitCode.FOUND),
        ([point(FAIL, PARTIAL), point(None, UNKNOWN)], ExitCode.FOUND),
        ([point(FAIL, UNKNOWN, FAIL)], ExitCode.INCOMPLETE),
        ([point(FAIL, PASS, FAIL)], ExitCode.FOUND),
        ([point(None, PASS), point(None, UNKNOWN)], ExitCode.INCOMPLETE),
        ([point(FAIL, FAIL), point(None, ERROR)], ExitCode.INCOMPLETE),
    ],
)
def test_the_shell_learns_in_order_or_not_or_not_known(points: list[Verified], code: ExitCode) -> None:
    assert verify_code(verification_of(*points)) is code
    assert verify_code(verification_of(*points, partial=True)) is ExitCode.INTERRUPTED
    complaining = replace(verification_of(*points), complaints=("Le disque est plein.",))
    assert verify_code(complaining) is ExitCode.INCOMPLETE


def told(*points: Verified) -> str:
    page = verified(points, head="Vérification", command=plan_command("ma rie.yaml"), width=80)
    assert all(len(line) <= 80 for line in page.splitlines())
    return page.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (point(FAIL, PASS), "à corriger, maintenant en ordre."),
        (point(FAIL, FAIL), "toujours à corriger."),
        (point(None, PASS), "jamais vu, maintenant en ordre."),
        (point(FAIL, UNKNOWN, FAIL), "le défaut constaté avant reste au plan."),
        (point(PASS, UNKNOWN, PASS), "en ordre avant, pas revu cette fois."),
        (point(FAIL, ERROR, FAIL), "à corriger avant, pas revu cette fois."),
        (point(PASS, UNKNOWN), "en ordre, maintenant à vérifier."),
        (point(PASS, Status.NOT_APPLICABLE), "en ordre, maintenant sans objet."),
        (point(None, UNKNOWN), "jamais vu, maintenant à vérifier."),
        (point(FAIL, PASS, FAIL), "le défaut a été constaté d'un autre endroit."),
    ],
)
def test_each_point_is_told_before_and_after(shown: Verified, words: str) -> None:
    assert words in " ".join(told(shown).split())


def test_the_end_says_what_remains_and_where_the_plan_is() -> None:
    assert told(point(FAIL, PASS)).endswith(
        "En ordre : le plan en tient compte.\n  cyberaudit plan show 'ma rie.yaml'\n"
    )
    page = told(point(FAIL, FAIL), point(None, UNKNOWN), point(None, PASS))
    assert "1 point reste à traiter et 1 point sans réponse, sur 3." in page
    assert page.count("[mail.spf]") == 1


def test_a_point_seen_from_elsewhere_says_from_where() -> None:
    seen = replace(finding(UNKNOWN, reason=Reason.NOT_LOOKED), seen_from=SeenFrom.OUTSIDE)
    assert "ajoutez --vantage outside" in " ".join(told(Verified(None, seen, seen)).split())


def test_machines_get_the_three_answers() -> None:
    [entry] = verified_plain([point(FAIL, PASS, FAIL)])
    assert (entry["before"], entry["seen"], entry["after"]) == ("fail", "pass", "fail")
    assert json.loads(json.dumps(entry))["check"] == "mail.spf"


PROFILE = """\
schema_version: 1
commune: {id: lhay, name: "L'Haÿ-d'Essai", insee: "99001", population: 900}
authorization: {signed_by: H, role: maire, signed_on: 2026-11-02, until: 2027-11-01, addresses: [], domains: []}
backups:
  - {id: nas, label: Disque réseau, path: PLACE, of: [files], place: on-site}
practices:
  mfa: {answer: no, by: M, on: 2026-11-01}
"""
NOW = datetime(2026, 11, 25, 9, tzinfo=UTC)


@pytest.fixture
def request_of_town(tmp_path: Path) -> Request:
    place = tmp_path / "copies"
    place.mkdir()
    profile = tmp_path / "lhay.yaml"
    profile.write_text(PROFILE.replace("PLACE", str(place)), encoding="utf-8")
    options = Options(backup_roots=(place,))
    return Request(profile, tmp_path / "history.sqlite3", options, now=NOW, clock=NOW, vantage="outside")


def test_a_measured_point_is_looked_at_again_and_the_plan_learns_it(request_of_town: Request) -> None:
    before = scan(request_of_town).told
    profile = request_of_town.profile
    profile.write_text(profile.read_text().replace("answer: no, by: M", "answer: yes, by: M"))
    later = replace(request_of_town, now=NOW + timedelta(days=1))
    found = verify(later, "backup.exists@nas")
    assert [each.seen.check for each in found.points] == ["backup.exists"]
    assert found.points[0].before is not None
    assert {each.kind for each in found.audit.observations} == {"backup-store"}
    assert head(found).startswith("Vérification, L'Haÿ-d'Essai, le")
    # The profile of today is read, as by any scan: what is declared in it counts at once.
    asked_before = {each.identity for each in before.state.findings}
    assert {each.identity for each in found.told.state.findings} == asked_before
    assert "turn-on-mfa" in [each.measure.id for each in before.plan.actions]
    assert "turn-on-mfa" not in [each.measure.id for each in found.told.plan.actions]


def test_the_command_looks_stores_and_answers_before_and_after(
    capsys: pytest.CaptureFixture[str], request_of_town: Request
) -> None:
    history, profile = str(request_of_town.history), str(request_of_town.profile)
    words = ["--history", history, "verify", "practice.mfa", profile, "--vantage", "outside"]
    words += ["--now", "2026-11-25", "--connect-to", "192.0.2.1:*=127.0.0.1:9"]
    assert run(words) == ExitCode.FOUND
    page = capsys.readouterr().out.replace(NBSP, " ")
    assert "✗ Double authentification : jamais vu, maintenant à corriger." in page
    assert f"cyberaudit plan show {profile}" in page
    text = request_of_town.profile.read_text(encoding="utf-8")
    request_of_town.profile.write_text(text.replace("answer: no", "answer: yes"), encoding="utf-8")
    assert run([*words, "--json"]) == ExitCode.DONE
    [entry] = json.loads(capsys.readouterr().out)
    assert (entry["before"], entry["after"]) == ("fail", "pass")
    with open_history(request_of_town.history, create=False) as store:
        assert len(store.summaries("lhay")) == 2
    assert run([*words, "--quiet"]) == ExitCode.DONE
    assert capsys.readouterr().out == ""


def test_the_list_tells_a_verification_from_a_whole_control(
    capsys: pytest.CaptureFixture[str], request_of_town: Request
) -> None:
    whole = scan(request_of_town).audit
    made = verify(replace(request_of_town, now=NOW + timedelta(days=1)), "practice.mfa").audit
    assert run(["--history", str(request_of_town.history), "history", "list"]) == ExitCode.DONE
    newest, oldest = re.split(rf"\n(?={whole.uuid[:8]})", capsys.readouterr().out)
    for page, audit in ((newest, made), (oldest, whole)):
        silent = sum(each.status in (Status.UNKNOWN, Status.ERROR) for each in audit.findings)
        assert page.startswith(audit.uuid[:8])
        assert f", {silent} sans réponse" in " ".join(page.replace(NBSP, " ").split())
    assert sum(each.status.is_known for each in made.findings) < sum(
        e.status.is_known for e in whole.findings
    )


def test_of_marks_that_are_damaged_nothing_is_said(request_of_town: Request) -> None:
    whole = scan(request_of_town).audit
    with open_history(request_of_town.history, create=False) as store:
        assert store.unanswered([whole.uuid, "ailleurs"]).keys() == {whole.uuid}
        with store.connection:
            store.connection.execute("UPDATE marks SET packed = ?", (b"?",))
        assert store.unanswered([whole.uuid]) == {}
