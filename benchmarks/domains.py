"""Domains of towns under a private root: this program beside checkdmarc and Zonemaster, same run, same servers.

Run as root from the project's folder: `python benchmarks/domains.py [--quick] [PART …]`. `--quick` keeps one domain in
eight for Zonemaster, which takes a second for each and a minute for a mute server; parts: `tous`, `loin`, `seul`,
`muets`.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.far_root import from_afar
from benchmarks.tls import Ground, Run, run, show_bar
from tests.lab.mail_found import Said, alike, said_of
from tests.lab.mail_truths import PERFECT, TRUTHS, Truth
from tests.lab.private_root import Place, private_root
from tests.lab.private_root_mail import SLOW_SECONDS
from tests.lab.private_root_names import PLAIN
from tests.lab.private_root_servers import missing

CHECKDMARC = Path(__file__).parent.parent / ".cache" / "checkdmarc" / "bin" / "checkdmarc"
CHECKDMARC_VERSION = "6.0.4"
ROUNDS = 5
ONE_IN = 8
# Ours: a town hall's line to the servers of its domain, on a good day.
FAR_MILLISECONDS = 20
ZONEMASTERS_AT_ONCE = 2
MUTE_SERVER, MUTE_MX = "ns-unreachable", "mx-unreachable"


@dataclass(frozen=True, slots=True)
class Measure:
    """One program's run, and the DNS questions it put."""

    run: Run
    asked: int


def measured(place: Place, working: Callable[[], Run]) -> Measure:
    before = place.asked()
    done = working()
    return Measure(done, place.asked() - before)


def middle(place: Place, working: Callable[[], Run], rounds: int) -> Measure:
    """The run of median time."""
    every = sorted((measured(place, working) for _ in range(rounds)), key=lambda each: each.run.seconds)
    return every[len(every) // 2]


class Programs:
    """The three of them, started where the private root is all there is."""

    def __init__(self, place: Place, folder: Path) -> None:
        self.place = place
        self._ground = Ground(folder, folder, ("ip", "netns", "exec", place.namespace))

    def ours(self, domains: Sequence[str], resolver: str = "plain") -> Run:
        done = run(self.place.words(domains, resolver, "--fail-on", "never"), self._ground)
        if not done.report:
            sys.exit(
                "le programme mesuré n'a rien dit : lancez `python -m tests.lab.private_root`, puis la commande"
            )
        return done

    def checkdmarc(self, domains: Sequence[str]) -> Run:
        """One domain after the other, as it does; its own wait for a mute resolver left as it is."""
        trusted = [f"{key}={self.place.authority}" for key in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")]
        words = [str(CHECKDMARC), *domains, "--check-mx-tls", "-n", PLAIN]
        return run(["env", *trusted, *words], self._ground)

    def zonemaster(self, domains: Sequence[str]) -> Run:
        """It takes one domain a run: two runs at a time."""
        begun = time.perf_counter()
        with ThreadPoolExecutor(ZONEMASTERS_AT_ONCE) as several:
            runs = list(several.map(self._zonemaster, domains))
        seconds = time.perf_counter() - begun
        return Run(seconds, sum(each.cpu for each in runs), max(each.mib for each in runs), runs[-1].report)

    def _zonemaster(self, domain: str) -> Run:
        hints = str(self.place.zones.hints)
        return run(["zonemaster-cli", "--hints", hints, "--raw", "--no-progress", domain], self._ground)


HEAD = f"  {'':<26}{'s':>8} {'cpu':>8} {'Mio':>6} {'DNS':>7}  rapport"


def show(name: str, one: Measure, mine: Measure, share: float = 1.0) -> None:
    """`share`: of the domains, when the program was asked about a part of them."""
    ratio = one.run.seconds / share / mine.run.seconds
    columns = f"{one.run.seconds:8.2f} {one.run.cpu:8.2f} {one.run.mib:6.0f} {one.asked:7}"
    print(f"  {name:<26}{columns}  × {ratio:.1f}", flush=True)


def alone(programs: Programs) -> None:
    """The perfect domain, everything asked already once."""
    domains, place = [PERFECT.domain], programs.place
    programs.ours(domains)
    print(f"\nUn domaine parfait, résolveur tiède, {ROUNDS} fois\n{HEAD}")
    mine = middle(place, lambda: programs.ours(domains), ROUNDS)
    show("cyberaudit", mine, mine)
    if CHECKDMARC.exists():
        other = middle(place, lambda: programs.checkdmarc(domains), ROUNDS)
        show("checkdmarc", other, mine)
        show_bar("≤ 1,5 × checkdmarc", holds=mine.run.seconds <= 1.5 * other.run.seconds)
    if shutil.which("zonemaster-cli"):
        show("zonemaster", middle(place, lambda: programs.zonemaster(domains), ROUNDS), mine)
    show_bar(f"≤ 120 questions DNS ({mine.asked})", holds=mine.asked <= 120)
    show_bar(f"pointe ≤ 120 Mio ({mine.run.mib:.0f})", holds=mine.run.mib <= 120)


def all_of_them(programs: Programs, *, quick: bool) -> None:
    """Ours first: the resolver knows nothing yet."""
    domains, place = [truth.domain for truth in TRUTHS], programs.place
    mine = beside_checkdmarc(programs, domains, "le résolveur froid pour le premier")
    # What is waited for: the bar may not be had below it, and checkdmarc calls that server unreachable.
    print(
        f"    un serveur n'accueille qu'après {SLOW_SECONDS:g} s : checkdmarc y renonce après 5 s, nous non"
    )
    if shutil.which("zonemaster-cli"):
        some = domains[::ONE_IN] if quick else domains
        other, share = measured(place, lambda: programs.zonemaster(some)), len(some) / len(domains)
        show(f"zonemaster ({len(some)} domaines)", other, mine, share)
        show_bar("3 × plus vite que Zonemaster", holds=other.run.seconds / share >= 3 * mine.run.seconds)
    show_bar(f"pointe ≤ 120 Mio ({mine.run.mib:.0f})", holds=mine.run.mib <= 120)
    behind = {name: said_of(programs.ours(domains, name).report) for name in ("validating", "plain")}
    rightness(behind["plain"])
    same = sum(alike(behind["validating"][domain], behind["plain"][domain]) for domain in domains)
    show_bar(
        f"mêmes réponses derrière un résolveur qui valide et un qui ne valide pas ({same} sur {len(domains)})",
        holds=same == len(domains),
    )


def all_from_afar(programs: Programs, folder: Path) -> None:
    """As a town hall asks: nothing answers in no time. Ours first: the resolver knows nothing yet."""
    domains = [truth.domain for truth in TRUTHS]
    with from_afar(programs.place, milliseconds=FAR_MILLISECONDS) as place:
        far = Programs(place, folder)
        mine = beside_checkdmarc(far, domains, f"tout à {FAR_MILLISECONDS} ms aller et retour")
        rightness(said_of(mine.run.report))


def beside_checkdmarc(programs: Programs, domains: Sequence[str], title: str) -> Measure:
    """Ours, shown beside it."""
    print(f"\n{len(domains)} domaines, {title}\n{HEAD}")
    mine = measured(programs.place, lambda: programs.ours(domains))
    show("cyberaudit", mine, mine)
    if CHECKDMARC.exists():
        other = measured(programs.place, lambda: programs.checkdmarc(domains))
        show("checkdmarc", other, mine)
        show_bar("5 × plus vite que checkdmarc", holds=other.run.seconds >= 5 * mine.run.seconds)
    return mine


def rightness(said: dict[str, Said]) -> None:
    counts: Counter[str] = Counter()
    for truth in TRUTHS:
        faults = said[truth.domain].faults(truth)
        counts["wanted"] += len(truth.open)
        counts["missed"] += sum(fault.startswith("not found") for fault in faults)
        counts["accused"] += truth.clean and any(fault.startswith("accused") for fault in faults)
        for fault in faults:
            print(f"    {truth.domain} : {fault}")
    found = counts["wanted"] - counts["missed"]
    clean = sum(truth.clean for truth in TRUTHS)
    print(
        f"  trouvé {found} défauts sur {counts['wanted']}, {counts['accused']} domaines propres accusés sur {clean}"
    )
    show_bar("tout est trouvé", holds=not counts["missed"])
    show_bar("personne n'est accusé", holds=not counts["accused"])


def mute_ones(programs: Programs, *, quick: bool) -> None:
    """What a mute name server costs, then a mute mail server."""
    place, usual = programs.place, TRUTHS[1].domain
    base = middle(place, lambda: programs.ours([usual]), ROUNDS)
    print(f"\nUn serveur muet, à côté d'un domaine du même hébergeur ({base.run.seconds:.2f} s)\n{HEAD}")
    for label in (MUTE_SERVER, MUTE_MX):
        domain = named(label).domain
        mine = measured(place, lambda domain=domain: programs.ours([domain]))  # type: ignore[misc]
        show(f"cyberaudit, {label}", mine, mine)
        more = mine.run.seconds - base.run.seconds
        show_bar(f"≤ 5 s de plus ({more:.1f} s)", holds=more <= 5)
        if label == MUTE_MX and CHECKDMARC.exists():
            show("checkdmarc", measured(place, lambda: programs.checkdmarc([domain])), mine)  # noqa: B023
        if label == MUTE_SERVER and shutil.which("zonemaster-cli") and not quick:
            show("zonemaster", measured(place, lambda: programs.zonemaster([domain])), mine)  # noqa: B023


def named(label: str) -> Truth:
    return next(truth for truth in TRUTHS if truth.domain.partition(".")[0] == label)


def install_checkdmarc() -> None:
    """In an environment of its own: an oracle, never a dependency."""
    if not CHECKDMARC.exists():
        subprocess.run([sys.executable, "-m", "venv", str(CHECKDMARC.parent.parent)], check=False)
        pip = str(CHECKDMARC.with_name("pip"))
        wanted = f"checkdmarc=={CHECKDMARC_VERSION}"
        subprocess.run([pip, "install", "--quiet", "--disable-pip-version-check", wanted], check=False)


def main() -> None:
    # Ended from outside, servers and namespaces are taken down all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("interrompu"))
    if os.geteuid() or missing():
        print(f"Domaines, à côté des autres : non mesuré ; il faut être root, avec {', '.join(missing())}.")
        return
    # Programs that are installed have their bytecode, ours and theirs.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    quick = "--quick" in sys.argv
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    install_checkdmarc()
    with private_root() as place, tempfile.TemporaryDirectory() as name:
        programs = Programs(place, Path(name))
        parts: dict[str, Callable[[], None]] = {
            "tous": lambda: all_of_them(programs, quick=quick),
            "seul": lambda: alone(programs),
            "loin": lambda: all_from_afar(programs, Path(name)),
            "muets": lambda: mute_ones(programs, quick=quick),
        }
        for part, measure in parts.items():
            if not wanted or part in wanted:
                measure()


if __name__ == "__main__":
    main()
