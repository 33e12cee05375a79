"""The walks without network: exit codes, choices of commune and audit, progress, poor screens."""

import uuid
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from cyberaudit.cli.progress import after_interruption, plain_lines, rewritten_line
from cyberaudit.cli.shared import moment
from cyberaudit.declared import Answer
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.french import NBSP
from cyberaudit.history.scan_file import write_scan_file
from cyberaudit.history.store import open_history
from cyberaudit.model import (
    Audit,
    Basis,
    Finding,
    Progress,
    Reason,
    Status,
    Verdict,
    finding_identity,
)
from cyberaudit.plan.words import Tier
from cyberaudit.probes.instruments import Options
from cyberaudit.run.exit_code import ExitCode, exit_code, has_broken, measured_coverage
from cyberaudit.run.replay import stored_audit
from cyberaudit.run.report import report
from cyberaudit.run.scan import Request, _rescue, keep, prepare
from cyberaudit.run.tell import NO_PAST, recall, tell
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = load_catalogue()


def made(commune: str = "lhay-d-essai", *, partial: bool = False, mfa: Answer = Answer.YES) -> Audit:
    town = towns.renamed(towns.town(towns.domain(), towns.practice("mfa", towns.declaration(mfa))), commune)
    seen = towns.sound_domain()
    return Audit(
        uuid=str(uuid.uuid4()),
        town=town,
        vantage="outside",
        scanned_by="",
        started_at=towns.NOW,
        finished_at=towns.NOW + timedelta(seconds=3),
        partial=partial,
        rules="r",
        program="0",
        observations=seen,
        findings=judge(town, CATALOGUE, seen, vantage="outside", now=towns.NOW),
    )


def code(audit: Audit, *, fail_on: Tier | None = Tier.URGENT, min_coverage: int = 50) -> ExitCode:
    told = tell(NO_PAST, CATALOGUE, now=towns.NOW, current=audit)
    findings, partial = audit.findings, audit.partial
    return exit_code(findings, told.plan, partial=partial, fail_on=fail_on, min_coverage=min_coverage)


def turned(audit: Audit, status: Status, *, checks: str | tuple[str, ...]) -> Audit:
    def change(finding: Finding) -> Finding:
        if not finding.check.startswith(checks):
            return finding
        return replace(finding, verdict=Verdict(status, "Changé.", reason=Reason.TIMEOUT))

    return replace(audit, findings=tuple(change(finding) for finding in audit.findings))


def test_a_calm_town_exits_0() -> None:
    assert code(made()) == ExitCode.DONE


def test_an_urgency_exits_1_unless_nobody_asked_for_it() -> None:
    urgent = made(mfa=Answer.NO)
    assert code(urgent) == ExitCode.FOUND
    assert code(urgent, fail_on=None) == ExitCode.DONE


def test_a_lower_tier_counts_when_it_was_asked_for() -> None:
    weak = turned(made(), Status.FAIL, checks="mail.spf")
    assert code(weak) == ExitCode.DONE
    assert code(weak, fail_on=Tier.LATER) == ExitCode.FOUND


def test_an_urgency_whose_measure_is_no_longer_known_still_counts() -> None:
    urgent = made(mfa=Answer.NO)
    strange = tuple(replace(each, measure="x-gone.measure") for each in urgent.findings)
    assert code(replace(urgent, findings=strange)) == ExitCode.FOUND


def test_too_little_seen_exits_3_before_any_finding() -> None:
    blind = turned(made(mfa=Answer.NO), Status.UNKNOWN, checks=("mail.", "dns."))
    assert measured_coverage(blind.findings) < Fraction(1, 2)
    assert code(blind) == ExitCode.INCOMPLETE
    assert code(blind, min_coverage=0) == ExitCode.FOUND


def test_what_this_vantage_cannot_look_at_does_not_count_against_it() -> None:
    audit = made()
    elsewhere = tuple(
        replace(each, verdict=replace(each.verdict, status=Status.UNKNOWN, reason=Reason.NOT_LOOKED))
        if each.check == "mail.mx"
        else each
        for each in audit.findings
    )
    assert measured_coverage(elsewhere) == 1


def test_a_crashed_check_exits_3_and_an_interruption_130() -> None:
    assert code(turned(made(), Status.ERROR, checks="mail.spf")) == ExitCode.INCOMPLETE
    assert code(replace(made(mfa=Answer.NO), partial=True)) == ExitCode.INTERRUPTED


def test_a_town_with_nothing_measured_is_complete() -> None:
    only_declared = tuple(finding for finding in made().findings if finding.basis is Basis.DECLARED)
    assert measured_coverage(only_declared) == 1


@pytest.fixture
def history(tmp_path: Path) -> Path:
    path = tmp_path / "history.sqlite3"
    with open_history(path, create=True) as store:
        for commune in ("ville-a", "ville-b"):
            store.save(made(commune))
        store.save(made("ville-c", partial=True))
    return path


def test_a_report_names_its_commune_when_there_are_several(history: Path) -> None:
    assert report(history, CATALOGUE, commune="ville-b", now=towns.NOW).state.town.id == "ville-b"
    with pytest.raises(UsageError, match="ville-a, ville-b"):
        report(history, CATALOGUE, commune=None, now=towns.NOW)
    with pytest.raises(UsageError, match="n'est pas dans l'historique"):
        report(history, CATALOGUE, commune="ville-z", now=towns.NOW)


def at(audit: Audit, moment: datetime) -> Audit:
    """The same scan, made at another moment."""
    return replace(
        audit,
        uuid=str(uuid.uuid4()),
        started_at=moment,
        finished_at=moment,
        findings=tuple(replace(finding, seen_at=moment) for finding in audit.findings),
    )


def kept(path: Path, *audits: Audit) -> Path:
    with open_history(path, create=True) as store:
        for audit in audits:
            store.save(audit)
    return path


def test_an_urgency_never_repaired_keeps_its_first_date_for_ever(tmp_path: Path) -> None:
    failing = turned(made(), Status.FAIL, checks="mail.spf")
    failing = replace(failing, findings=tuple(replace(f, impact=4, likelihood=4) for f in failing.findings))
    blind = turned(failing, Status.UNKNOWN, checks="mail.spf")
    days = [date(2025, 11, 17), date(2025, 12, 20), date(2026, 1, 25), date(2026, 4, 20)]
    scans = [at(failing, datetime.combine(day, time(9), UTC)) for day in days]
    history = kept(tmp_path / "h.sqlite3", *scans, at(blind, datetime(2026, 5, 5, tzinfo=UTC)))
    now = datetime(2026, 6, 30, 9, tzinfo=UTC)
    scanned = Request(tmp_path / "p.yaml", history, Options(), now=now, clock=now)
    current = at(failing, now)
    past, complaints = keep(current, scanned)
    assert complaints == ()
    for told in (
        tell(past, CATALOGUE, now=now, current=current),
        report(history, CATALOGUE, commune=None, now=now + timedelta(days=10)),
    ):
        (urgent,) = (each for each in told.view.urgent if "mail.spf" in each.checks)
        assert (urgent.due, urgent.deadline.replace(NBSP, " ")) == (
            date(2025, 11, 24),
            "en retard depuis le 24 novembre 2025",
        )


def test_of_a_long_history_a_report_reads_only_what_may_answer(tmp_path: Path) -> None:
    scans = [at(made(), towns.NOW - timedelta(days=day)) for day in range(30)]
    with open_history(kept(tmp_path / "h.sqlite3", *scans), create=False) as history:
        past = recall(history, made().town.id, now=towns.NOW)
    assert [audit.uuid for audit in past.audits] == [scans[0].uuid]
    assert len(past.traces) == 30


def test_a_check_of_a_folder_is_told_without_its_folder_then_named_when_no_longer_made(
    tmp_path: Path,
) -> None:
    audit = made()
    spf = next(finding for finding in audit.findings if finding.check == "mail.spf")
    identity = finding_identity(audit.town.id, "x-acme.door", spf.asset)
    verdict = replace(spf.verdict, status=Status.FAIL)
    door = replace(spf, identity=identity, check="x-acme.door", measure="x-lock", verdict=verdict)
    history = kept(tmp_path / "h.sqlite3", replace(audit, findings=(*audit.findings, door)))
    told = report(history, CATALOGUE, commune=None, now=towns.NOW)
    assert told.plan.without_action == (door,)
    assert "x-acme.door" in {point.check for point in told.view.points}
    kept(history, at(made(), towns.NOW + timedelta(days=1)))
    later = report(history, CATALOGUE, commune=None, now=towns.NOW + timedelta(days=1))
    assert later.state.dropped == ("x-acme.door",)
    assert any("x-acme.door" in warning for warning in later.view.warnings)


def test_a_declaration_over_since_the_scan_becomes_its_question_in_the_report(tmp_path: Path) -> None:
    history = kept(tmp_path / "h.sqlite3", at(made(), datetime(2027, 9, 20, tzinfo=UTC)))
    asked = [
        {
            question.finding.check
            for question in report(history, CATALOGUE, commune=None, now=now).plan.questions
        }
        for now in (datetime(2027, 10, 1, 12, tzinfo=UTC), datetime(2027, 10, 2, 12, tzinfo=UTC))
    ]
    assert asked[1] - asked[0] == {"practice.mfa"}


def test_an_interrupted_scan_alone_makes_no_report(history: Path) -> None:
    with pytest.raises(HistoryError, match="a été interrompu") as raised:
        report(history, CATALOGUE, commune="ville-c", now=towns.NOW)
    for said in ("cyberaudit scan", "cyberaudit replay ", "cyberaudit history list"):
        assert said in str(raised.value)


def test_audits_that_are_too_old_make_no_report(history: Path) -> None:
    with pytest.raises(HistoryError, match="Aucun contrôle complet"):
        report(history, CATALOGUE, commune="ville-a", now=towns.NOW + timedelta(days=400))


def test_a_report_says_that_a_newer_scan_was_cut_short(tmp_path: Path) -> None:
    later = replace(at(made(), towns.NOW + timedelta(days=1)), partial=True)
    history = kept(tmp_path / "h.sqlite3", made(), later)
    now = towns.NOW + timedelta(days=2)
    first, *_ = report(history, CATALOGUE, commune=None, now=now).view.warnings
    assert "a été interrompu. Il ne compte pas dans ce rapport" in first.replace(NBSP, " ")
    over = at(made(), towns.NOW + timedelta(days=2))
    again = report(kept(history, over), CATALOGUE, commune=None, now=now)
    assert not any("interrompu" in warning for warning in again.view.warnings)


def test_a_scan_file_in_no_folder_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    for save in (tmp_path / "nowhere" / "a.cya", tmp_path):
        request = Request(
            tmp_path / "p.yaml", tmp_path / "h", Options(), now=towns.NOW, clock=towns.NOW, save=save
        )
        with pytest.raises(UsageError, match="--save"):
            prepare(request)


def test_an_empty_history_says_what_to_do(tmp_path: Path) -> None:
    with open_history(tmp_path / "empty.sqlite3", create=True):
        pass
    with pytest.raises(HistoryError, match="cyberaudit scan"):
        report(tmp_path / "empty.sqlite3", CATALOGUE, commune=None, now=towns.NOW)


def test_an_audit_is_found_by_prefix_by_file_or_as_the_newest(tmp_path: Path) -> None:
    audit = made()
    with open_history(tmp_path / "h.sqlite3", create=True) as store:
        store.save(audit)
    write_scan_file(audit, tmp_path / "a.cya")
    found = {
        stored_audit(tmp_path / "h.sqlite3", which).uuid
        for which in (None, audit.uuid[:8], str(tmp_path / "a.cya"))
    }
    assert found == {audit.uuid}


def test_replay_wants_a_complete_audit(tmp_path: Path) -> None:
    with open_history(tmp_path / "h.sqlite3", create=True) as store:
        store.save(made(partial=True))
    with pytest.raises(HistoryError, match="Aucun contrôle complet"):
        stored_audit(tmp_path / "h.sqlite3", None)


def test_a_scan_that_fits_nowhere_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "nulle part" in _rescue(made(), [tmp_path / "file"])
    assert ".cya" in _rescue(made(), [tmp_path / "file", tmp_path])


def test_progress_rewrites_its_line_and_wipes_it_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    rewritten_line(Progress(1, 2, "mairie.example", "mail-dns", (("Box", "host-reach"), ("Box", "host-udp"))))
    assert capsys.readouterr().err.endswith("1/2  en cours\xa0: Box (ports TCP, ports UDP)")
    many = tuple((f"Poste {number}", "host-reach") for number in range(5))
    rewritten_line(Progress(0, 5, "", "", many))
    assert capsys.readouterr().err.endswith("Poste 2 (ports TCP) …")
    rewritten_line(Progress(2, 2, "mairie.example"))
    assert capsys.readouterr().err.endswith("\r")
    plain_lines(Progress(1, 2, "mairie.example"))
    assert capsys.readouterr().err == "1/2 mairie.example\n"
    plain_lines(Progress(0, 2, ""))
    assert capsys.readouterr().err == ""
    plain_lines(Progress(1, 2, "Box", "host-udp"))
    assert capsys.readouterr().err == "1/2 Box (ports UDP)\n"
    after_interruption()
    assert capsys.readouterr().err == "\n"


def test_a_date_is_noon_and_a_time_without_zone_is_utc() -> None:
    assert moment("2026-11-21").isoformat() == "2026-11-21T12:00:00+00:00"
    assert moment("2026-11-21T22:10").isoformat() == "2026-11-21T22:10:00+00:00"
    assert moment("2026-11-21T22:10+01:00").isoformat() == "2026-11-21T21:10:00+00:00"
    assert moment(None).tzinfo is not None


def test_a_probe_of_ours_that_crashed_is_never_a_quiet_end() -> None:
    audit = made()
    assert not has_broken(audit.findings)
    broken = replace(
        audit.findings[0],
        verdict=Verdict(Status.UNKNOWN, "Non vérifié.", Reason.PROBE_CRASHED),
    )
    assert has_broken((*audit.findings, broken))
    assert code(replace(audit, findings=(*audit.findings, broken))) == ExitCode.INCOMPLETE
