"""Ports of the laboratory's hosts: this program beside nmap, same run, same hosts, and the bars to hold.

Run as root from the project's folder: `python benchmarks/reachability.py [--quick] [WORD …]`. `--quick` leaves out
nmap where it takes minutes; words keep the rows whose name holds one of them.
"""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.lab import lab_hosts as hosts
from tests.lab.lab_hosts import OURS, Answer, LabHost, how_right
from tests.lab.town_lab import CANARY, CANARY_V6, TownLab, town_laboratory

from cyberaudit.facts.ports import ESSENTIAL

# The remote desktop's port in the place of 1000, so that one port of the list is not among the first.
PORTS = (*range(1, 1000), 3389)
THOUSAND = "1-999,3389"
NMAP_SECONDS = 300.0
WATCH_SECONDS = 0.01
AS_A_WHOLE = (None, "not seen: opens-everything")
NMAPS = {**dict.fromkeys(Answer, "filtered"), Answer.OPEN: "open", Answer.RST: "closed"}


@dataclass(frozen=True, slots=True)
class Measure:
    """One scan by one program, judged against the truth."""

    seconds: float
    cpu: float
    mib: float
    ports: Counter[str]
    """`right`, `unstable`, `false open`, `missed open`, `wrong`, and `not asked`."""
    strange: tuple[str, ...]
    """What is not right, the first of each kind."""

    @property
    def wrong(self) -> int:
        return self.ports["false open"] + self.ports["missed open"] + self.ports["wrong"]


Holds = Callable[[Measure, Measure | None], bool | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """What a row must hold; None when it cannot be told without nmap."""

    text: str
    holds: Holds


@dataclass(frozen=True, slots=True)
class Row:
    """One question put to both programs."""

    name: str
    hosts: tuple[LabHost, ...]
    bar: Bar
    nmap: tuple[str, ...] | None = ("-sS",)
    """None: nmap has no such question."""
    slow: bool = False
    """nmap takes minutes."""
    rounds: int = 1
    ports: str = THOUSAND
    families: tuple[int, ...] = (4,)
    link: str = "ftto"

    @property
    def numbers(self) -> tuple[int, ...]:
        """The ports that are judged."""
        essential = (int(port.removeprefix("tcp/")) for port in ESSENTIAL)
        return tuple(essential) if self.ports == "essential" else PORTS


def times_faster(least: float) -> Bar:
    return Bar(
        f"≥ {least:g} × plus vite",
        lambda ours, nmap: nmap.seconds >= least * ours.seconds if nmap else None,
    )


def at_most_times(most: float) -> Bar:
    return Bar(f"≤ {most:g} × nmap", lambda ours, nmap: ours.seconds <= most * nmap.seconds if nmap else None)


def within(seconds: float) -> Bar:
    return Bar(f"≤ {seconds:g} s", lambda ours, _: ours.seconds <= seconds)


RIGHT = Bar("aucune erreur", lambda ours, _: not ours.wrong)
MIXED_BOTH_WAYS = tuple(
    hosts.LOSES_BOTH_WAYS if host is hosts.LOSES_20 else host for host in hosts.MIXED_AS_FREEBSD
)
ROWS = (
    Row("tout jeter", (hosts.DROPS_ALL,), times_faster(50), slow=True),
    Row("jeter par défaut", (hosts.DEFAULT_DROP,), times_faster(3), rounds=3),
    Row("qui répond", (hosts.ANSWERS,), at_most_times(1.3), rounds=5),
    Row("chaque réponse", (hosts.EACH_ANSWER,), RIGHT, rounds=3),
    Row("qui répond, 30 ms", (hosts.FAR_ANSWERS,), at_most_times(1.3), rounds=5),
    Row("jeter par défaut, 30 ms", (hosts.FAR_DEFAULT_DROP,), times_faster(3), rounds=3),
    Row("refus limités à 50/s", (hosts.RST_LIMITED,), RIGHT),
    Row("refus limités, 100 jetés", (hosts.SILENT_RST_LIMITED,), RIGHT, slow=True),
    Row("2 % de pertes", (hosts.LOSES_2,), RIGHT),
    Row("20 % de pertes", (hosts.LOSES_20,), RIGHT),
    # nmap is still at it after five minutes.
    Row("20 % dans chaque sens", (hosts.LOSES_BOTH_WAYS,), RIGHT, nmap=None),
    Row("20 % et tout jeter", (hosts.LOSES_AND_DROPS,), RIGHT),
    Row("tout ouvert", (hosts.OPENS_EVERYTHING,), RIGHT),
    Row("16 machines mêlées", hosts.MIXED_AS_FREEBSD, times_faster(5), nmap=("-sS", "-T4"), slow=True),
    # A bad line loses what comes back as well as what goes.
    Row("16, pertes aller et retour", MIXED_BOTH_WAYS, times_faster(5), nmap=("-sS", "-T4"), slow=True),
    # 998 refusals at 50 a second last 19.9 s: nobody tells closed from silent sooner, whatever the program.
    Row("16, refus à 50/s", hosts.MIXED, times_faster(5), nmap=("-sS", "-T4"), slow=True),
    Row(
        "la question du profil",
        (hosts.DROPS_ALL, hosts.DEFAULT_DROP, hosts.ANSWERS, hosts.EACH_ANSWER, hosts.IPV6_LEAK),
        within(2),
        nmap=None,
        ports="essential",
        families=(4, 6),
    ),
    Row("tout jeter, 100 paquets/s", (hosts.DROPS_ALL,), within(25), nmap=None, link="xdsl"),
)


def address(host: LabHost, family: int) -> str:
    return host.v4 if family == 4 else host.v6


def judged(
    row: Row, said: Callable[[str, int], str | None], words: dict[Answer, str]
) -> Iterator[tuple[str, str]]:
    """For each port, how right it is and what was said; `said` gives the state of a port of an address."""
    for host in row.hosts:
        for family in row.families:
            where = address(host, family)
            for port in row.numbers:
                truth, heard = words[host.truth(port, family=family)], said(where, port)
                yield how_right(truth, heard), f"{where} {port}: {heard} au lieu de {truth}"


def measured(seconds: float, cpu: float, mib: float, found: Iterator[tuple[str, str]]) -> Measure:
    kinds: Counter[str] = Counter()
    first: dict[str, str] = {}
    for kind, text in found:
        kinds[kind] += 1
        first.setdefault(kind, text)
    strange = tuple(f"{kind}: {text}" for kind, text in first.items() if kind not in {"right", "not asked"})
    return Measure(seconds, cpu, mib, kinds, strange)


def ours(lab: TownLab, row: Row) -> Measure:
    order = {
        "hosts": {host.name: [address(host, family) for family in row.families] for host in row.hosts},
        "ports": row.ports,
        "link": row.link,
        "canary": CANARY,
        "other_canary": CANARY_V6,
    }
    program = str(Path(__file__).with_name("look_once.py"))
    done = lab.run("outside", sys.executable, program, json.dumps(order))
    if done.returncode:
        sys.exit(f"{row.name}: {done.stderr}")
    told = json.loads(done.stdout)
    reaches = told["addresses"]

    def said(where: str, port: int) -> str | None:
        reach = reaches[where]
        known: str | None = reach["ports"].get(str(port))
        # One sentence about the address stands for all its ports.
        return "open" if reach["everything"] and known in AS_A_WHOLE else known

    return measured(told["seconds"], told["cpu"], told["mib"], judged(row, said, OURS))


def nmaps(lab: TownLab, row: Row) -> Measure:
    assert row.nmap
    words = ["nmap", *row.nmap, "-n", "-Pn", "-p", row.ports, "-oX", "-", *(host.v4 for host in row.hosts)]
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(["ip", "netns", "exec", lab.namespace("outside"), *words], stdout=output)
        cpu, mib = watched(process)
        output.seek(0)
        text = output.read()
    states = dict(read_states(text))
    elapsed = re.search(r'<finished [^>]*elapsed="([\d.]+)"', text)
    seconds = float(elapsed[1]) if elapsed else NMAP_SECONDS
    return measured(seconds, cpu, mib, judged(row, lambda where, port: states.get((where, port)), NMAPS))


def watched(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """CPU seconds and peak MiB of a process, which is ended when it takes too long."""
    peaks = [0.0]

    def watch() -> None:
        until = time.monotonic() + NMAP_SECONDS
        while process.returncode is None:
            peaks.append(peak_of(process.pid))
            if time.monotonic() > until:
                process.terminate()
            time.sleep(WATCH_SECONDS)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    return usage.ru_utime + usage.ru_stime, max(peaks)


def peak_of(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"Name:\s+nmap.*VmHWM:\s+(\d+) kB", text, re.DOTALL)
    return int(found[1]) / 1024 if found else 0.0


def read_states(text: str) -> Iterator[tuple[tuple[str, int], str]]:
    """(address, port) → state, in nmap's XML, the groups it sums up included."""
    for host in text.split("<host ")[1:]:
        found = re.search(r'<address addr="([^"]+)"', host)
        assert found
        for group in re.finditer(r'<extraports state="([^"]+)".*?</extraports>', host, re.DOTALL):
            for ports in re.findall(r' ports="([^"]+)"', group[0]):
                yield from (((found[1], port), group[1]) for port in read_ranges(ports))
        for port, state in re.findall(r'portid="(\d+)"><state state="([^"]+)"', host):
            yield (found[1], int(port)), state


def read_ranges(text: str) -> Iterator[int]:
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        yield from range(int(first), int(last or first) + 1)


def middle(measures: Sequence[Measure]) -> Measure:
    """The run of median time, with the worst of all runs for the rest."""
    chosen = sorted(measures, key=lambda one: one.seconds)[len(measures) // 2]
    worst = max(measures, key=lambda one: (one.wrong, one.ports["unstable"]))
    cpu = statistics.median(one.cpu for one in measures)
    return Measure(chosen.seconds, cpu, max(one.mib for one in measures), worst.ports, worst.strange)


def told(measure: Measure | None) -> str:
    if measure is None:
        return f"{'—':>8} {'':>6} {'':>5} {'':>16}"
    ports = measure.ports
    counts = f"{ports['right']}/{ports['unstable']}/{measure.wrong}"
    return f"{measure.seconds:8.2f} {measure.cpu:6.2f} {measure.mib:5.0f} {counts:>16}"


def show(row: Row, mine: Measure, theirs: Measure | None) -> None:
    ratio = f"× {theirs.seconds / mine.seconds:.1f}" if theirs else "—"
    verdict = {None: "non mesurée", True: "tenue", False: "non tenue"}[row.bar.holds(mine, theirs)]
    bar = f"{row.bar.text:<18} {verdict}{remark(mine, theirs)}"
    print(f"{row.name:<26}{told(mine)}  {told(theirs)}  {ratio:>8}  {bar}", flush=True)
    for text in mine.strange:
        print(f"    {text}")
    if mine.ports["not asked"]:
        print(f"    {mine.ports['not asked']} ports non demandés")


def remark(mine: Measure, theirs: Measure | None) -> str:
    """Speed is worth nothing with a wrong answer."""
    if mine.wrong:
        return " (exactitude non tenue)"
    fewer = theirs is not None and mine.ports["right"] < theirs.ports["right"]
    return " (moins de réponses justes que nmap)" if fewer else ""


def main() -> None:
    # Ended from outside, the lab is taken down all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrompu"))
    if os.geteuid() or not all(map(shutil.which, ("nmap", "nft", "ip"))):
        print("Ports, à côté de nmap : non mesuré ; il faut être root, avec nmap, nftables et iproute2.")
        return
    quick = "--quick" in sys.argv
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    rows = [row for row in ROWS if not wanted or any(word in row.name for word in wanted)]
    columns = f"{'s':>8} {'cpu':>6} {'Mio':>5} {'juste/?/faux':>16}"
    print(f"{'':<26}{'cyberaudit':^38}  {'nmap':^38}")
    print(f"{'':<26}{columns}  {columns}  {'rapport':>8}")
    with tempfile.TemporaryDirectory() as folder, town_laboratory(Path(folder), far=True) as lab:
        for row in rows:
            mine = middle([ours(lab, row) for _ in range(row.rounds)])
            skipped = row.nmap is None or (quick and row.slow)
            show(row, mine, None if skipped else middle([nmaps(lab, row) for _ in range(row.rounds)]))


if __name__ == "__main__":
    main()
