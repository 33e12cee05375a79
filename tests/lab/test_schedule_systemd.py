"""The units of `cyberaudit schedule`, started by a real systemd, under all that they forbid."""

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from cyberaudit.run.schedule import Plan, units
from tests.lab.own_systemd import INSIDE, NOBODY, Machine, missing

# Fixtures of the town that has somebody to write to.
from tests.loopback.test_weekly_run import PASSWORD, Town, authority, town  # noqa: F401

_WHY_NOT = missing()
pytestmark = [pytest.mark.lab, pytest.mark.skipif(bool(_WHY_NOT), reason=_WHY_NOT or "it can")]

NAME = "cyberaudit-saint-etienne-d-o"


@pytest.fixture(params=[True, False], ids=["of-root", "of-a-user"])
def machine(request: pytest.FixtureRequest, town: Town) -> Machine:  # noqa: F811
    return Machine(town.folder, is_root=request.param)


def inside(town: Town) -> Plan:  # noqa: F811
    """The plan of the embedded town, all it needs moved to where the service sees it."""
    secret = town.folder / "secret"
    secret.write_text(PASSWORD, "utf-8")
    secret.chmod(0o600)
    source = {"host": "relais.example:587", "file": str(INSIDE / "secret")}
    town.configure(secrets={"smtp": source})
    words = town.words()
    for path in (town.place.ca_bundle, town.place.trust_anchor, town.place.rdap_bootstrap):
        copy = town.folder / f"place-{path.name}"
        copy.write_bytes(path.read_bytes())
        words[words.index(str(path))] = str(copy)
    words = [word.replace(str(town.folder), str(INSIDE)) for word in words]
    history = words.index("--history")
    options = tuple(words[2:history] + words[history + 2 :])
    return Plan(
        commune="saint-etienne-d-o",
        name="Saint-Étienne-d'Ô",
        timezone="Europe/Paris",
        profile=Path(words[1]),
        history=INSIDE / town.history.name,
        options=options,
    )


def test_the_service_makes_the_whole_week(town: Town, machine: Machine) -> None:  # noqa: F811
    plan = _of(machine, inside(town))
    told = machine.run(units(plan), f"{machine.ctl} start {NAME}.service; echo $?")
    # The embedded town has an urgency, code 1: to systemd no failure.
    assert told == "0\n"
    assert len(town.relay.taken) == 3
    kept = [path for path in town.folder.iterdir() if path.name.startswith(("history", "outbox"))]
    assert kept
    assert all(path.stat().st_mode & 0o077 == 0 for path in kept)
    assert {path.stat().st_uid for path in kept} == {0 if machine.is_root else NOBODY}
    (record,) = town.folder.glob("history.sqlite3.weekly-*.json")
    assert json.loads(record.read_text("utf-8"))["code"] == 1


def test_the_timers_know_their_next_hour(town: Town, machine: Machine) -> None:  # noqa: F811
    timers = " ".join(f"{NAME}{end}.timer" for end in ("", "-mail"))
    told = machine.run(
        units(_of(machine, inside(town))),
        f"{machine.ctl} start {timers}; {machine.ctl} show {timers} -p NextElapseUSecRealtime --value",
    )
    assert len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", told)) == 2, told


def test_systemd_run_makes_the_week_too(town: Town, machine: Machine) -> None:  # noqa: F811
    plan = inside(town)
    ctl = machine.ctl.replace("systemctl", "systemd-run")
    ended = f"ls {INSIDE}/history.sqlite3.weekly-*.json >/dev/null 2>&1"
    machine.run({}, f"{ctl} --quiet {shlex.join(plan.weekly)}; until {ended}; do sleep 0.1; done")
    (record,) = town.folder.glob("history.sqlite3.weekly-*.json")
    assert json.loads(record.read_text("utf-8"))["code"] == 1
    assert len(town.relay.taken) == 3


def test_nothing_but_its_folder_is_writable_for_the_service_of_root(town: Town) -> None:  # noqa: F811
    machine = Machine(town.folder, is_root=True)
    raw = "import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW); print('raw')"
    beyond = " ".join(
        f"touch {folder}/cyberaudit-lab 2>/dev/null && echo {folder};" for folder in ("/etc", "/root", "/usr")
    )
    probe = f"{beyond} touch {INSIDE}/ours && echo ours; /usr/bin/python3 -c {shlex.quote(raw)}; ls -A /tmp"
    (town.folder / "probe").write_text(probe, "utf-8")
    # What is run here is the system's own: /tmp is hidden though this very program may stand there.
    service = units(replace(_of(machine, inside(town)), homes=()))[f"{NAME}.service"]
    service = re.sub(r"^ExecStart=.*", f"ExecStart=/bin/sh {INSIDE}/probe", service, flags=re.MULTILINE)
    service += f"StandardOutput=file:{INSIDE}/seen\n"
    machine.run({"probe.service": service}, "systemctl start probe.service")
    assert (town.folder / "seen").read_text("utf-8").split() == ["ours", "raw"]


def _of(machine: Machine, plan: Plan) -> Plan:
    return replace(plan, is_root=machine.is_root)
