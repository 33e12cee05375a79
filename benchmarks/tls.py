"""TLS endpoints of every humour: this program beside nmap, sslscan, sslyze and testssl.sh, same run, same servers.

Run as root from the project's folder: `python benchmarks/tls.py [--quick] [PART …]`. `--quick` leaves out testssl.sh,
and nmap, sslscan and sslyze on the odd servers; parts: `accord`, `humeurs`, `durée`, `loin`.
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
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.tls_peers import (
    NMAP,
    SSLSCAN,
    SSLYZE,
    SSLYZE_PEER,
    TESTSSL,
    UNKNOWN,
    WHOLE_TESTSSL,
    Peer,
    Place,
)
from tests.lab.far_place import FAR_ADDRESS, FarPlace, far_place
from tests.lab.network_lab import enter_namespace
from tests.lab.tls_humours import Humour
from tests.lab.tls_judgement import Claims, Judgement, Rightness, judged
from tests.lab.tls_servers import (
    LOOPBACK,
    NAME,
    NO_TLS,
    ODD,
    STRONG,
    STRONG_NGINX,
    WELL_BEHAVED,
    KnownServer,
    make_keys,
    odd,
    serving,
)

LOOK = str(Path(__file__).with_name("look_tls.py"))
ROOT = Path(__file__).parent.parent
CACHE = ROOT / ".cache"
OURS = CACHE / "cyberaudit" / "bin" / "python"
LONGEST_SECONDS = 600.0
WATCH_SECONDS = 0.01
MANY = 20
ROUNDS = 5
FAR_ROUNDS = 3
# testssl.sh takes a quarter of a minute a server for this question alone.
FOR_TESTSSL = ("strong", "tls13-only", "legacy", "null", "ed25519", "ssl3-export")
DECLARED = "192.0.2.1"
NETWORK = "cyberaudit"


@dataclass(frozen=True, slots=True)
class Run:
    """What one program cost, its interpreter's start included."""

    seconds: float
    cpu: float
    mib: float
    """Of the largest of its processes."""
    report: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one program says of one server."""

    seconds: float
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the servers stand and where the programs are started."""

    keys: Path
    folder: Path
    start: tuple[str, ...] = ()
    """The words before each command."""
    address: str = LOOPBACK

    def report(self) -> Path:
        """A file for a program to write in; none is there."""
        path = self.folder / "report"
        path.unlink(missing_ok=True)
        return path


def run(words: Sequence[str], ground: Ground, report: Path | None = None) -> Run:
    """`report`: where it writes; None: on its standard output."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(
            [*ground.start, *words], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        cpu, mib = watched(process)
        seconds = time.perf_counter() - begun
        output.seek(0)
        text = output.read() if report is None else read(report)
    return Run(seconds, cpu, mib, text)


def read(report: Path) -> str:
    return report.read_text(encoding="utf-8", errors="replace") if report.exists() else ""


def watched(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """CPU seconds and peak MiB of a process, which is ended when it takes too long."""
    peaks = [0.0]

    def watch() -> None:
        until = time.monotonic() + LONGEST_SECONDS
        while process.returncode is None:
            peaks.append(peak_of(process.pid))
            if time.monotonic() > until:
                os.killpg(process.pid, signal.SIGKILL)
                return
            time.sleep(WATCH_SECONDS)

    # Interrupted, nobody waits for it.
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    return usage.ru_utime + usage.ru_stime, max(peaks)


def peak_of(pid: int) -> float:
    """Once the program itself runs: `ip netns exec` becomes it, a fork of ours has our own size."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", text)
    return int(found[1]) / 1024 if found else 0.0


def ours(places: Sequence[Place], ground: Ground, *, starttls: str = "") -> Run:
    """On loopback, documentation addresses are led there: what a person would type."""
    here = ground.address == LOOPBACK
    declared = [(DECLARED, port) for _, port in places] if here else list(places)
    rules = [f"{DECLARED}:{port}={LOOPBACK}:{port}" for _, port in places] if here else []
    order = ground.folder / "order"
    text = {"endpoints": declared, "rules": rules, "hostname": NAME, "starttls": starttls}
    order.write_text(json.dumps(text), encoding="utf-8")
    return run([str(OURS), LOOK, str(order)], ground)


def of_ours(done: Run) -> list[dict[str, object]]:
    """What was said of each endpoint."""
    if not done.report:
        sys.exit("le programme mesuré n'a rien dit : lancez benchmarks/look_tls.py à la main")
    answers: list[dict[str, object]] = json.loads(done.report)
    return answers


def claims_of_ours(answer: dict[str, object]) -> Claims:
    versions = answer["versions"]
    assert isinstance(versions, dict)
    if not versions:
        return UNKNOWN
    return {str(version): None if names is None else frozenset(names) for version, names in versions.items()}


def peers(peer: Peer, places: Sequence[Place], ground: Ground, *, starttls: str = "") -> Run:
    """One run, or one a place when it takes no more."""
    report = ground.report()
    if not peer.one_at_a_time:
        return run(peer.words(places, starttls, report), ground, report)
    runs = [run(peer.words([place], starttls, report), ground, report) for place in places]
    largest = max(each.mib for each in runs)
    return Run(sum(each.seconds for each in runs), sum(each.cpu for each in runs), largest, runs[-1].report)


def seen_by_us(server: KnownServer, port: int, ground: Ground) -> tuple[Seen, dict[str, object]]:
    done = ours([(LOOPBACK, port)], ground, starttls=server.starttls)
    answer = of_ours(done)[0]
    judgement = judged(claims_of_ours(answer), server, admits=not answer["complete"])
    return Seen(done.seconds, judgement), answer


def seen_by(peer: Peer, server: KnownServer, port: int, ground: Ground) -> Seen:
    done = peers(peer, [(LOOPBACK, port)], ground, starttls=server.starttls)
    return Seen(done.seconds, judged(peer.read(done.report, (LOOPBACK, port)), server))


def agreement(title: str, servers: Sequence[KnownServer], asked: Sequence[Peer], ground: Ground) -> None:
    """Each program about each server, and every disagreement with the truth."""
    print(f"\n{title} : {len(servers)} serveurs")
    counts: dict[str, Counter[Rightness]] = {
        name: Counter() for name in (NETWORK, *(peer.name for peer in asked))
    }
    seconds: defaultdict[str, list[float]] = defaultdict(list)
    ratios: defaultdict[str, list[float]] = defaultdict(list)
    hellos: list[tuple[float, str]] = []
    for server in servers:
        if not server.installed:
            print(f"  {server.name} : non mesuré, {server.words[0]} manque")
            continue
        with serving(server, ground.keys, ground.folder) as port:
            mine, answer = seen_by_us(server, port, ground)
            told = {NETWORK: mine}
            for peer in asked:
                if peer is not TESTSSL or server.name in FOR_TESTSSL:
                    told[peer.name] = seen_by(peer, server, port, ground)
        for name, seen in told.items():
            counts[name][seen.judgement.rightness] += 1
            seconds[name].append(seen.seconds)
            ratios[name].append(seen.seconds / mine.seconds)
        show_disagreements(server, told)
        if server.truth and isinstance(answer["hellos"], int):
            hellos.append((answer["hellos"] / least_hellos(server), f"{server.name} {answer['hellos']}"))
    for name, count in counts.items():
        summary = ", ".join(f"{kind} {count[kind]}" for kind in Rightness if count[kind])
        if seconds[name]:
            middle_one = statistics.median(ratios[name])
            spread = f"× {min(ratios[name]):.1f} à {max(ratios[name]):.1f}, médiane {middle_one:.1f}"
            print(f"  {name:<12} {summary:<50} {sum(seconds[name]):7.1f} s en tout, {spread}")
    show_agreement_bars(counts[NETWORK], hellos, strict=servers == WELL_BEHAVED)


def least_hellos(server: KnownServer) -> int:
    """Each accepted suite once, and one hello more for each version: nobody learns it with fewer."""
    return sum(map(len, server.truth.values())) + len(UNKNOWN)


def show_disagreements(server: KnownServer, told: dict[str, Seen]) -> None:
    for name, seen in told.items():
        if seen.judgement.rightness is not Rightness.RIGHT:
            faults = "; ".join(seen.judgement.faults)
            text = faults if len(faults) <= 300 else f"{faults[:300]}… ({faults.count('TLS_')} suites)"
            print(
                f"    {server.name:<26} {name:<12} {seen.judgement.rightness} {seen.seconds:.1f} s  {text}",
                flush=True,
            )


def show_agreement_bars(
    mine: Counter[Rightness], hellos: Sequence[tuple[float, str]], *, strict: bool
) -> None:
    if strict:
        show_bar("versions et suites justes partout", holds=mine.keys() == {Rightness.RIGHT})
        most, which = max(hellos)
        total = statistics.fmean(ratio for ratio, _ in hellos)
        show_bar(
            f"hellos ≤ 1,5 × le minimum (au pire × {most:.2f}, {which}; en moyenne × {total:.2f})",
            holds=most <= 1.5,
        )
    else:
        show_bar("juste ou « incomplet », jamais faux", holds=not mine[Rightness.WRONG])


def show_bar(text: str, *, holds: bool | None) -> None:
    verdict = {None: "non mesurée", True: "tenue", False: "non tenue"}[holds]
    print(f"  barre : {text} : {verdict}", flush=True)


Measuring = Callable[[], Run]


def middle(measure: Measuring, rounds: int) -> Run:
    """The run of median time."""
    runs = sorted((measure() for _ in range(rounds)), key=lambda one: one.seconds)
    return runs[len(runs) // 2]


def table(title: str, measures: dict[str, tuple[Measuring, int]]) -> dict[str, Run]:
    """One line a program: its median run; also returned by name."""
    print(f"\n{title}\n  {'':<16}{'s':>8} {'cpu':>8} {'Mio':>6}  rapport")
    found: dict[str, Run] = {}
    for name, (measure, rounds) in measures.items():
        found[name] = done = middle(measure, rounds)
        ratio = done.seconds / found[NETWORK].seconds
        print(f"  {name:<16}{done.seconds:8.2f} {done.cpu:8.2f} {done.mib:6.0f}  × {ratio:.1f}", flush=True)
    return found


def times(found: dict[str, Run], name: str, least: float) -> bool | None:
    """Whether we are that many times faster; None when the other was not measured."""
    return found[name].seconds >= least * found[NETWORK].seconds if name in found else None


@contextmanager
def several(server: KnownServer, count: int, ground: Ground) -> Iterator[list[Place]]:
    """The same server, several times."""
    with ExitStack() as held:
        yield [
            (ground.address, held.enter_context(serving(server, ground.keys, folder, address=ground.address)))
            for folder in folders(ground, count)
        ]


def folders(ground: Ground, count: int) -> Iterator[Path]:
    for number in range(count):
        folder = ground.folder / f"{ground.address}-{number}"
        folder.mkdir(exist_ok=True)
        yield folder


def command_line(place: Place, ground: Ground) -> Run:
    """As a person types it."""
    _, port = place
    rule = f"{DECLARED}:{port}={LOOPBACK}:{port}"
    words = (
        "look",
        "tls",
        f"{DECLARED}:{port}",
        "--authorized-by",
        "Hélène Marchand",
        "--connect-to",
        rule,
        "--json",
    )
    return run([str(OURS), "-m", "cyberaudit", "--quiet", *words], ground)


def of_several(
    asked: Sequence[Peer], places: Sequence[Place], ground: Ground, rounds: int
) -> dict[str, tuple[Measuring, int]]:
    """What `table` takes: ours, then each peer."""
    measures: dict[str, tuple[Measuring, int]] = {NETWORK: (lambda: ours(places, ground), ROUNDS)}
    for peer in asked:
        measures[peer.name] = ((lambda peer=peer: peers(peer, places, ground)), rounds)  # type: ignore[misc]
    return measures


def durations(asked: Sequence[Peer], ground: Ground, *, quick: bool) -> None:
    """Before nginx, which serves many conversations at once, and OpenSSL's own server, which serves one."""
    for server in (STRONG_NGINX, STRONG):
        alone(server, asked, ground, quick=quick)
        crowd(server, asked, ground)


def alone(server: KnownServer, asked: Sequence[Peer], ground: Ground, *, quick: bool) -> None:
    with several(server, 1, ground) as places:
        measures = of_several(asked, places, ground, ROUNDS)
        measures["look tls"] = ((lambda: command_line(places[0], ground)), ROUNDS)
        if not quick and WHOLE_TESTSSL.installed:
            measures[WHOLE_TESTSSL.name] = ((lambda: peers(WHOLE_TESTSSL, places, ground)), 1)
        found = table(f"Un serveur ({server.words[0]}), le démarrage compris", measures)
    show_bars_of_one(found)
    show_bar("≥ 100 × plus vite que testssl.sh", holds=times(found, WHOLE_TESTSSL.name, 100))


def show_bars_of_one(found: dict[str, Run]) -> None:
    show_bar("≥ 5 × plus vite que sslyze", holds=times(found, "sslyze", 5))
    show_bar("pas plus lent que nmap", holds=times(found, "nmap", 1))


def show_bars_of_many(found: dict[str, Run]) -> None:
    show_bar("≥ 8 × plus vite que sslyze", holds=times(found, "sslyze", 8))
    show_bar("plus vite que nmap", holds=times(found, "nmap", 1))


def crowd(server: KnownServer, asked: Sequence[Peer], ground: Ground) -> None:
    with several(server, MANY, ground) as places:
        found = table(f"{MANY} serveurs ({server.words[0]}) à la fois", of_several(asked, places, ground, 1))
        show_bars_of_many(found)
        mine = found[NETWORK]
        show_bar(f"≤ 100 Mio ({mine.mib:.0f})", holds=mine.mib <= 100)
        if server is STRONG_NGINX:
            among_a_tarpit(asked, places, ground, mine)


def among_a_tarpit(asked: Sequence[Peer], places: Sequence[Place], ground: Ground, without: Run) -> None:
    with serving(odd(Humour.TARPIT, truth={}), ground.keys, ground.folder) as port:
        mixed = [*places[:-1], (LOOPBACK, port)]
        found = table(f"{MANY - 1} serveurs et un qui ne dit rien", of_several(asked, mixed, ground, 1))
    seconds = [float(str(answer["seconds"])) for answer in of_ours(found[NETWORK])]
    usual = max(float(str(answer["seconds"])) for answer in of_ours(without))
    show_bar(f"le muet coûte ≤ 6 s ({seconds[-1]:.1f})", holds=seconds[-1] <= 6)
    others = max(seconds[:-1])
    show_bar(f"les autres n'attendent pas ({others:.2f} s, {usual:.2f} sans lui)", holds=others <= 2 * usual)


def far_durations(asked: Sequence[Peer], ground: Ground) -> None:
    """Servers start on a thread that stands in the far place; programs are started in the near one."""
    with far_place() as place:
        begun, over = threading.Event(), threading.Event()
        places: list[Place] = []
        keeper = threading.Thread(target=keep_far_servers, args=(place, ground, places, begun, over))
        keeper.start()
        try:
            if not begun.wait(60):
                sys.exit("les serveurs lointains ne démarrent pas")
            near = Ground(ground.keys, ground.folder, ("ip", "netns", "exec", place.near), FAR_ADDRESS)
            one = table("Un serveur à 30 ms", of_several(asked, places[:1], near, FAR_ROUNDS))
            show_bar("≤ 1 s", holds=one[NETWORK].seconds <= 1)
            show_bars_of_one(one)
            show_bars_of_many(table(f"{MANY} serveurs à 30 ms", of_several(asked, places, near, 1)))
        finally:
            over.set()
            keeper.join()


def keep_far_servers(
    place: FarPlace, ground: Ground, places: list[Place], begun: threading.Event, over: threading.Event
) -> None:
    enter_namespace(place.far)
    far = Ground(ground.keys, ground.folder, address=FAR_ADDRESS)
    with several(STRONG_NGINX, MANY, far) as found:
        places.extend(found)
        begun.set()
        over.wait(1200)


def install_ours() -> None:
    """The wheel of this tree, as a user has it: an editable installation starts 10 ms later."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [sys.executable, "-m", "build", "--quiet", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
            check=True,
        )
        install(OURS, "--require-hashes", "-r", str(ROOT / "requirements.lock"))
        install(OURS, "--no-deps", "--force-reinstall", *map(str, Path(folder).glob("*.whl")))


def install_sslyze() -> None:
    """In an environment of its own: it brings its own OpenSSL, and another licence."""
    if not SSLYZE.exists():
        install(SSLYZE.with_name("python"), "sslyze==6.3.1")


def install(python: Path, *words: str) -> None:
    """With pip, in the environment of this interpreter, made if need be."""
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", python.parent.parent], check=True)
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *words], check=False
    )


def main() -> None:
    # Ended from outside, servers and namespaces are taken down all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrompu"))
    if os.geteuid() or not all(map(shutil.which, ("openssl", "ip", "nginx"))):
        print("TLS, à côté des autres : non mesuré ; il faut être root, avec openssl, nginx et iproute2.")
        return
    # Programs that are installed have their bytecode, ours and theirs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    quick = "--quick" in sys.argv
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    install_ours()
    install_sslyze()
    fast = [peer for peer in (NMAP, SSLSCAN, SSLYZE_PEER) if peer.installed]
    every = fast if quick or not TESTSSL.installed else [*fast, TESTSSL]
    with tempfile.TemporaryDirectory() as name:
        ground = Ground(make_keys(Path(name)), Path(name))
        parts: dict[str, Callable[[], None]] = {
            "accord": lambda: agreement("Serveurs sages", WELL_BEHAVED, every, ground),
            "humeurs": lambda: agreement("Serveurs bizarres", (*NO_TLS, *ODD), () if quick else fast, ground),
            "durée": lambda: durations(fast, ground, quick=quick),
            "loin": lambda: far_durations(fast, ground),
        }
        for part, measure in parts.items():
            if not wanted or part in wanted:
                measure()


if __name__ == "__main__":
    main()
