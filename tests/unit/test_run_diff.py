"""`cyberaudit diff`: which two moments are compared, what newer rules change, exit codes and formats."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from cyberaudit.cli.main import run
from cyberaudit.declared import Answer, AssetKind, CheckChoice, Town, Waiver
from cyberaudit.engine.catalogue import load_catalogue
from cyberaudit.engine.judge import judge
from cyberaudit.errors import HistoryError, UsageError
from cyberaudit.facts.registration_samples import GOOD_REGISTRATION
from cyberaudit.history.diff import Diff
from cyberaudit.history.merge import town_state
from cyberaudit.history.store import History, open_history
from cyberaudit.history.transitions import Transition
from cyberaudit.model import Audit, Item, Observation, Reason, Status, Verdict
from cyberaudit.run.diff import Compared, Span, compare, since_last
from tests.unit import towns

pytestmark = pytest.mark.unit

CATALOGUE = towns.narrowed(load_catalogue(), "mail.spf", "practice.mfa")
TOWN = towns.town(towns.domain(), towns.practice("mfa", towns.declaration(Answer.YES)))
PASS, FAIL, UNKNOWN = Status.PASS, Status.FAIL, Status.UNKNOWN
T = Transition


def audit(
    hours_ago: float, spf: Status, *, vantage: str = "outside", partial: bool = False, town: Town = TOWN
) -> Audit:
    at = towns.NOW - timedelta(hours=hours_ago)
    domains = [each.id for each in town.of_kind(AssetKind.DOMAIN)]
    seen = tuple(replace(each, seen_at=at) for name in domains for each in towns.sound_domain(name))
    found = judge(town, CATALOGUE, seen, vantage=vantage, now=at)
    verdict = Verdict(spf, "Vu.", reason=Reason.TIMEOUT if spf is UNKNOWN else "")
    return Audit(
        uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{town.id} {hours_ago} {vantage}")),
        town=town,
        vantage=vantage,
        scanned_by="",
        started_at=at,
        finished_at=at,
        partial=partial,
        rules=CATALOGUE.rules(town),
        program="0",
        observations=seen,
        findings=tuple(replace(f, verdict=verdict) if f.check == "mail.spf" else f for f in found),
    )


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with open_history(tmp_path / "history.sqlite3", create=True) as opened:
        yield opened


def kept(history: History, *audits: Audit) -> None:
    for each in audits:
        history.save(each)


def compared(history: History, since: str | None = None, until: str | None = None) -> Compared:
    return compare(history.path, CATALOGUE, commune=None, span=Span(since, until), now=towns.NOW)


def spf(found: Diff | None) -> Transition:
    assert found is not None
    return next(change.transition for change in found.changes if change.check == "mail.spf")


WEEK = 7 * 24


@pytest.mark.parametrize(
    ("audits", "hours_ago"),
    [
        ([audit(0, PASS)], None),
        ([audit(WEEK, PASS), audit(0, PASS)], WEEK),
        ([audit(2 * WEEK, PASS), audit(WEEK, PASS), audit(0, PASS)], WEEK),
        # Outside and inside on one day are one visit.
        ([audit(WEEK, PASS), audit(2, PASS), audit(0, PASS, vantage="lan")], WEEK),
        ([audit(2, PASS), audit(0, PASS, vantage="lan")], None),
        ([audit(2, PASS), audit(0, PASS)], 2),
        ([audit(WEEK, PASS), audit(24, PASS, partial=True), audit(0, PASS)], WEEK),
        ([audit(24, PASS, partial=True), audit(0, PASS)], None),
    ],
)
def test_the_usual_comparison_is_with_the_visit_before(
    history: History, audits: list[Audit], hours_ago: int | None
) -> None:
    kept(history, *audits)
    found = compared(history).diff
    then = None if hours_ago is None else towns.NOW - timedelta(hours=hours_ago)
    assert (found.since if found else None) == then


def test_what_was_scanned_after_the_older_moment_does_not_count_in_it(history: History) -> None:
    kept(history, audit(0.5, FAIL), audit(0, PASS))
    assert spf(compared(history).diff) is T.SOLVED


def test_moments_are_named_by_identifier_or_by_day(history: History) -> None:
    old, middle, new = audit(2 * WEEK, FAIL), audit(WEEK, PASS), audit(0, FAIL)
    kept(history, old, middle, new)
    assert spf(compared(history).diff) is T.BACK
    assert spf(compared(history, since=old.uuid[:8]).diff) is T.SAME
    assert spf(compared(history, since="2026-11-13").diff) is T.SAME
    assert spf(compared(history, until=middle.uuid).diff) is T.SOLVED
    assert spf(compared(history, since="2026-11-07", until="2026-11-14").diff) is T.SOLVED
    assert compared(history, until="2026-11-07").diff is None


@pytest.mark.parametrize(
    ("since", "until", "error", "words"),
    [
        ("2026-01-01", None, HistoryError, "le 1er"),
        ("ffffffff", None, HistoryError, "numéro"),
        ("2026-02-30", None, HistoryError, "numéro"),
        ("2026-11-21", "2026-11-14", UsageError, "plus ancien"),
    ],
)
def test_a_moment_that_is_not_there_is_refused(
    history: History, since: str, until: str | None, error: type[Exception], words: str
) -> None:
    kept(history, audit(WEEK, PASS), audit(0, PASS))
    with pytest.raises(error, match=words):
        compared(history, since, until)


def test_interrupted_audits_and_other_communes_are_refused(history: History) -> None:
    cut, other = audit(24, PASS, partial=True), audit(48, PASS, town=towns.renamed(TOWN, "aubagne"))
    mine = audit(0, PASS)
    kept(history, cut, other, mine)
    with pytest.raises(HistoryError, match="interrompu"):
        compare(history.path, CATALOGUE, commune=TOWN.id, span=Span(cut.uuid), now=towns.NOW)
    with pytest.raises(HistoryError, match="Aucun contrôle complet"):
        compare(history.path, CATALOGUE, commune=TOWN.id, span=Span("2026-11-20"), now=towns.NOW)
    with pytest.raises(HistoryError, match="deux communes"):
        compared(history, since=other.uuid, until=mine.uuid)
    with pytest.raises(UsageError, match="Plusieurs communes"):
        compared(history)
    assert compared(history, until=mine.uuid).state.town.id == TOWN.id


def test_a_day_without_any_complete_audit_is_refused(history: History) -> None:
    kept(history, audit(24, PASS, partial=True))
    with pytest.raises(HistoryError, match="Aucun contrôle complet"):
        compared(history, until="2026-11-21")


def test_old_audits_alone_are_no_state_of_today(history: History) -> None:
    kept(history, audit(60 * 24, PASS))
    with pytest.raises(HistoryError, match="récent"):
        compared(history)


def test_the_same_facts_under_newer_rules_are_no_degradation(history: History) -> None:
    # What is stored says « fail »; today's rules find the same facts in order.
    kept(history, replace(audit(WEEK, FAIL), rules="old"), audit(0, PASS))
    found = compared(history).diff
    assert found is not None
    change = next(each for each in found.changes if each.check == "mail.spf")
    assert (change.transition, change.by_rules) == (T.SOLVED, True)


def test_old_facts_that_the_rules_at_hand_cannot_judge_are_compared_as_they_were_told(
    history: History,
) -> None:
    strange = replace(TOWN, checks=(CheckChoice("mail.spf", "", (("gone", "1"),)),))
    kept(history, replace(audit(WEEK, FAIL), rules="old"), replace(audit(0, PASS), town=strange, rules="new"))
    found = compared(history).diff
    assert spf(found) is T.SOLVED
    assert found is not None
    assert all(change.by_rules is None for change in found.changes)


def test_a_setting_that_the_profile_had_then_does_not_keep_old_facts_from_being_judged(
    history: History,
) -> None:
    strange = replace(TOWN, checks=(CheckChoice("mail.spf", "", (("gone", "1"),)),))
    kept(history, replace(audit(WEEK, FAIL), town=strange, rules="old"), audit(0, PASS))
    found = compared(history).diff
    assert found is not None
    change = next(each for each in found.changes if each.check == "mail.spf")
    assert (change.transition, change.by_rules) == (T.SOLVED, True)


def test_a_threshold_that_the_profile_moves_is_a_rule_that_changes(history: History) -> None:
    narrow = towns.narrowed(load_catalogue(), "dns.registration")
    before = towns.town(towns.domain())
    after = replace(before, checks=(CheckChoice("dns.registration", "", (("warn_days", "900"),)),))
    for weeks, town in ((1, before), (0, after)):
        at = towns.NOW - timedelta(weeks=weeks)
        leased = replace(GOOD_REGISTRATION, expires=towns.NOW + timedelta(days=400))
        seen = (Observation("domain/main", leased.KIND, leased, at),)
        told = replace(audit(weeks * WEEK, PASS), town=town, observations=seen, rules=narrow.rules(town))
        found = judge(town, narrow, seen, vantage="outside", now=at)
        history.save(replace(told, findings=found))
    held = compare(history.path, narrow, commune=None, span=Span(), now=towns.NOW).diff
    assert held is not None
    assert [(each.transition, each.by_rules) for each in held.changes] == [(T.WORSE, True)]
    assert not held.has_regression


def test_an_accepted_risk_that_ended_since_is_to_be_reviewed(history: History) -> None:
    day = towns.NOW.date()
    waiver = Waiver("mail.spf", "", "En attente.", "Le maire", day - timedelta(20), day - timedelta(2), "")
    town = replace(TOWN, waivers=(waiver,))
    kept(history, audit(WEEK, FAIL, town=town), audit(0, FAIL, town=town))
    assert spf(compared(history).diff) is T.EXPIRED


def test_the_report_can_ask_what_changed_since_the_visit_before(history: History) -> None:
    old, new = audit(WEEK, FAIL), audit(0, UNKNOWN)
    kept(history, old)
    alone = town_state([old], now=old.started_at)
    assert since_last(history, alone, CATALOGUE, now=old.started_at) is None
    current = town_state([new], now=towns.NOW, current=new)
    unsaved = since_last(history, current, CATALOGUE, now=towns.NOW, late=())
    assert spf(unsaved) is T.NOT_CHECKED
    kept(history, new)
    assert since_last(history, current, CATALOGUE, now=towns.NOW, late=()) == unsaved


def told(capsys: pytest.CaptureFixture[str], history: History, *words: str) -> tuple[int, str, str]:
    code = run(["--history", str(history.path), "diff", "--now", "2026-11-21T21:10", *words])
    out, err = capsys.readouterr()
    return code, out.replace("\u00a0", " "), err


def test_the_command_exits_1_on_a_regression_and_0_otherwise(
    capsys: pytest.CaptureFixture[str], history: History
) -> None:
    kept(history, audit(2 * WEEK, FAIL), audit(WEEK, PASS), audit(0, FAIL))
    code, out, _ = told(capsys, history)
    assert code == 1
    assert "Depuis le 14 novembre : 1 dégradation." in out
    code, out, _ = told(capsys, history, "--to", "2026-11-14")
    assert code == 0
    assert "Ce qui va mieux\nMerci.\n" in out
    code, out, _ = told(capsys, history, "--to", "2026-11-07")
    assert (code, "Premier contrôle : rien à comparer." in out) == (0, True)
    assert told(capsys, history, "--quiet")[:2] == (1, "")
    assert told(capsys, history, "--from", "2020-01-01")[0] == 2


def test_the_command_writes_json_and_files(
    capsys: pytest.CaptureFixture[str], history: History, tmp_path: Path
) -> None:
    kept(history, audit(WEEK, FAIL), audit(0, PASS))
    files = [f"{kind}:{tmp_path / kind}" for kind in ("text", "json", "markdown")]
    code, out, _ = told(capsys, history, "--json", *(word for file in files for word in ("--output", file)))
    assert code == 0
    assert json.loads(out)["counts"]["improved"] == 1
    assert json.loads((tmp_path / "json").read_text(encoding="utf-8"))["commune"] == TOWN.id
    assert "## Ce qui va mieux" in (tmp_path / "markdown").read_text(encoding="utf-8")
    assert "Ce qui va mieux ──" in (tmp_path / "text").read_text(encoding="utf-8")


@pytest.mark.parametrize("output", ["pdf:x", "markdown", "markdown:"])
def test_an_output_that_does_not_exist_is_refused(
    capsys: pytest.CaptureFixture[str], history: History, output: str
) -> None:
    code, _, err = told(capsys, history, "--output", output)
    assert (code, "FORMAT:FICHIER" in err) == (2, True)


def test_a_file_that_cannot_be_written_exits_3(
    capsys: pytest.CaptureFixture[str], history: History, tmp_path: Path
) -> None:
    kept(history, audit(0, PASS))
    code, out, err = told(capsys, history, "--output", f"json:{tmp_path}")
    assert (code, "rien à comparer" in out, "ne peut pas être écrite" in err) == (3, True, True)


LARGER = replace(TOWN, assets=(*TOWN.assets, towns.domain("autre")))
OTHERWISE = replace(TOWN, assets=tuple(replace(each, name=f"{each.name} bis") for each in TOWN.assets))
ENDING = towns.town(
    towns.domain(), towns.practice("mfa", towns.declaration(Answer.YES, on=date(2025, 11, 18)))
)
REFUSED = towns.town(towns.domain(), towns.practice("mfa", towns.declaration(Answer.NO)))
WAIVED = replace(
    TOWN,
    waivers=(Waiver("mail.spf", "", "En attente.", "Le maire", date(2026, 11, 1), date(2026, 11, 18), ""),),
)


def detailed(told: Audit, *keys: str, text: str = "Vu.") -> Audit:
    """The same with these open details of its SPF."""
    items = tuple(Item(key, FAIL, "", f"{text} {key}") for key in keys)
    return replace(
        told,
        findings=tuple(
            replace(each, verdict=replace(each.verdict, items=items, text=text))
            if each.check == "mail.spf"
            else each
            for each in told.findings
        ),
    )


def ending(told: Audit, *, days: int) -> Audit:
    """The same with a certificate that ends in less than so many days."""
    item = Item("certificat R25", Status.PARTIAL, f"expires-soon-{days}", "Le certificat finit bientôt.")
    findings = [
        replace(each, verdict=replace(each.verdict, items=(item,))) if each.check == "mail.spf" else each
        for each in told.findings
    ]
    return replace(told, findings=tuple(findings))


def ended(told: Audit, *, left: int | None = -1) -> Audit:
    """The same with a certificate that is over, and the day of the verdict when it tells one."""
    item = Item("certificat R25", FAIL, "mx.cert_expired", "Le certificat est périmé.")
    over = dated(told, left=left, reason="bad-certificate")
    findings = [
        replace(each, verdict=replace(each.verdict, items=(item,))) if each.check == "mail.spf" else each
        for each in over.findings
    ]
    return replace(over, findings=tuple(findings))


def dated(told: Audit, *, left: int | None, reason: str = "") -> Audit:
    """The same about something that ends in so many days; None: it is over."""
    ends = None if left is None else told.started_at.date() + timedelta(days=left)
    reason = reason or ("expired" if left is None else "expiring-soon")
    findings = [
        replace(each, verdict=replace(each.verdict, before=ends, reason=reason))
        if each.check == "mail.spf"
        else each
        for each in told.findings
    ]
    return replace(told, findings=tuple(findings))


def of_older_rules(told: Audit) -> Audit:
    """As rules told it that asked nothing of practices."""
    return replace(told, rules="old", findings=tuple(f for f in told.findings if f.check == "mail.spf"))


ROWS: dict[str, tuple[list[Audit], str, T, int]] = {
    "a thing left": ([audit(WEEK, FAIL, town=LARGER), audit(0, FAIL)], "domain/autre", T.OUT_OF_SCOPE, 0),
    "a thing came and fails": ([audit(WEEK, FAIL), audit(0, FAIL, town=LARGER)], "domain/autre", T.NEW, 1),
    "a thing came in order": (
        [audit(WEEK, PASS), audit(0, PASS, town=LARGER)],
        "domain/autre",
        T.FIRST_KNOWN,
        0,
    ),
    "a thing has another name": (
        [audit(WEEK, FAIL), audit(0, FAIL, town=OTHERWISE)],
        "domain/main",
        T.SAME,
        0,
    ),
    "newer rules ask more": (
        [of_older_rules(audit(WEEK, PASS, town=REFUSED)), audit(0, PASS, town=REFUSED)],
        "practice/mfa",
        T.NEW_CHECK,
        0,
    ),
    "a decision ended": (
        [audit(WEEK, FAIL, town=WAIVED), audit(0, FAIL, town=WAIVED)],
        "domain/main",
        T.EXPIRED,
        1,
    ),
    "a word ended": (
        [audit(WEEK, PASS, town=ENDING), audit(0, PASS, town=ENDING)],
        "practice/mfa",
        T.EXPIRED,
        1,
    ),
    "nobody knows now": ([audit(WEEK, PASS), audit(0, UNKNOWN)], "domain/main", T.NOT_CHECKED, 0),
    "it comes back": ([audit(2 * WEEK, FAIL), audit(WEEK, PASS), audit(0, FAIL)], "domain/main", T.BACK, 1),
    "it comes back after a silence": (
        [audit(3 * WEEK, FAIL), audit(2 * WEEK, PASS), audit(WEEK, UNKNOWN), audit(0, FAIL)],
        "domain/main",
        T.BACK,
        1,
    ),
    "it gets worse": ([audit(WEEK, PASS), audit(0, FAIL)], "domain/main", T.WORSE, 1),
    "one detail more": (
        [detailed(audit(WEEK, FAIL), "a"), detailed(audit(0, FAIL), "a", "b")],
        "domain/main",
        T.WORSE,
        1,
    ),
    "known at last, and failing": ([audit(WEEK, UNKNOWN), audit(0, FAIL)], "domain/main", T.FIRST_KNOWN, 1),
    "known at last, in order": ([audit(WEEK, UNKNOWN), audit(0, PASS)], "domain/main", T.FIRST_KNOWN, 0),
    "one detail less": (
        [detailed(audit(WEEK, FAIL), "a", "b"), detailed(audit(0, FAIL), "a")],
        "domain/main",
        T.BETTER,
        0,
    ),
    "a fortnight before the end": (
        [ending(audit(WEEK, Status.PARTIAL), days=30), ending(audit(0, Status.PARTIAL), days=14)],
        "domain/main",
        T.WORSE,
        1,
    ),
    "between two steps": (
        [ending(audit(WEEK, Status.PARTIAL), days=30), ending(audit(0, Status.PARTIAL), days=30)],
        "domain/main",
        T.SAME,
        0,
    ),
    "a nearer end is put off": (
        [ending(audit(WEEK, Status.PARTIAL), days=7), ending(audit(0, Status.PARTIAL), days=30)],
        "domain/main",
        T.BETTER,
        0,
    ),
    "a week before the end of the whole": (
        [dated(audit(WEEK, FAIL), left=14), dated(audit(0, FAIL), left=7)],
        "domain/main",
        T.WORSE,
        1,
    ),
    "the end of the whole comes near": (
        [dated(audit(WEEK, FAIL), left=36), dated(audit(0, FAIL), left=29)],
        "domain/main",
        T.WORSE,
        1,
    ),
    "an end that is not near any more": (
        [dated(audit(WEEK, FAIL), left=20), dated(audit(0, FAIL), left=300)],
        "domain/main",
        T.BETTER,
        0,
    ),
    "an end that is far stays far": (
        [dated(audit(WEEK, FAIL), left=300), dated(audit(0, FAIL), left=293)],
        "domain/main",
        T.SAME,
        0,
    ),
    "far from the end of the whole": (
        [dated(audit(WEEK, FAIL), left=29), dated(audit(0, FAIL), left=22)],
        "domain/main",
        T.SAME,
        0,
    ),
    "the end itself": (
        [dated(audit(WEEK, FAIL), left=7), dated(audit(0, FAIL), left=None)],
        "domain/main",
        T.WORSE,
        1,
    ),
    "the end itself, when its day stays told": (
        [dated(audit(WEEK, FAIL), left=7), dated(audit(0, FAIL), left=-1, reason="expired")],
        "domain/main",
        T.WORSE,
        1,
    ),
    "the end itself, this morning": (
        [dated(audit(WEEK, FAIL), left=7), dated(audit(0, FAIL), left=0, reason="expired")],
        "domain/main",
        T.WORSE,
        1,
    ),
    "over, and still over": (
        [
            dated(audit(WEEK, FAIL), left=-1, reason="expired"),
            dated(audit(0, FAIL), left=-8, reason="expired"),
        ],
        "domain/main",
        T.SAME,
        0,
    ),
    "over, as told by rules that kept no day": (
        [dated(audit(WEEK, FAIL), left=None), dated(audit(0, FAIL), left=-8, reason="expired")],
        "domain/main",
        T.SAME,
        0,
    ),
    "the end of a detail that was wrong before": (
        [ending(audit(WEEK, FAIL), days=7), ended(audit(0, FAIL))],
        "domain/main",
        T.WORSE,
        1,
    ),
    "a detail that is over, and still over": (
        [ended(audit(WEEK, FAIL), left=None), ended(audit(0, FAIL))],
        "domain/main",
        T.SAME,
        0,
    ),
    "the same fault behind another address of the provider": (
        [
            detailed(audit(WEEK, FAIL), "mx1.example 192.0.2.25"),
            detailed(audit(0, FAIL), "mx1.example 2001:db8::25"),
        ],
        "domain/main",
        T.SAME,
        0,
    ),
    "the same fault of one more server": (
        [
            detailed(audit(WEEK, FAIL), "mx1.example 192.0.2.25"),
            detailed(audit(0, FAIL), "mx1.example 192.0.2.26", "mx2.example 192.0.2.25"),
        ],
        "domain/main",
        T.WORSE,
        1,
    ),
    "less grave": ([audit(WEEK, FAIL), audit(0, Status.PARTIAL)], "domain/main", T.BETTER, 0),
    "solved": ([audit(WEEK, FAIL), audit(0, PASS)], "domain/main", T.SOLVED, 0),
    "other words, other order": (
        [detailed(audit(WEEK, FAIL), "a", "b"), detailed(audit(0, FAIL), "b", "a", text="Autrement.")],
        "domain/main",
        T.SAME,
        0,
    ),
    "seen in order from elsewhere": (
        [audit(WEEK, FAIL), audit(0, PASS, vantage="lan")],
        "domain/main",
        T.SAME,
        0,
    ),
    "the last scan was cut short": (
        [audit(WEEK, PASS), audit(24, PASS), audit(0, FAIL, partial=True)],
        "domain/main",
        T.SAME,
        0,
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_each_row_of_the_table_from_what_is_stored(
    capsys: pytest.CaptureFixture[str], history: History, row: str
) -> None:
    audits, asset, transition, code = ROWS[row]
    kept(history, *audits)
    exit_code, out, _ = told(capsys, history, "--json")
    changes = {(each["check"], each["asset"]): each["transition"] for each in json.loads(out)["changes"]}
    check = "practice.mfa" if asset == "practice/mfa" else "mail.spf"
    assert (changes[check, asset], exit_code) == (transition, code)
    assert {each for pair, each in changes.items() if pair != (check, asset)} <= {T.SAME}
    newest = next(each for each in reversed(audits) if not each.partial)
    exit_code, out, _ = told(capsys, history, "--json", "--from", newest.uuid, "--to", newest.uuid)
    assert exit_code == 0
    assert {each["transition"] for each in json.loads(out)["changes"]} == {T.SAME}
