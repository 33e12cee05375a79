"""A systemd of our own, root's or a user's: real services in namespaces that hold no other unit."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SYSTEMD = Path("/lib/systemd/systemd")
INSIDE = Path("/run/lab")
"""Where the folder of the test stands for the services."""
NOBODY = 65534
_STUBS = ("basic", "network-online", "shutdown", "sysinit", "timers")
# What needs a second takes ten on a busy machine.
_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Machine:
    """One manager over the units of one folder."""

    folder: Path
    is_root: bool

    @property
    def ctl(self) -> str:
        return "systemctl" if self.is_root else "systemctl --user"

    def run(self, units: dict[str, str], script: str) -> str:
        """What the shell `script` prints beside a manager that knows `units`."""
        place = self.folder / "units"
        place.mkdir()
        stub = "[Unit]\nDefaultDependencies=no\n"
        stubs = {f"{name}.target": stub for name in _STUBS}
        script = f"({script}) > {INSIDE}/told 2>&1; mv {INSIDE}/told {INSIDE}/said"
        started = f"{stub}[Service]\nType=oneshot\nExecStart=/bin/sh {INSIDE}/script\n"
        lab = {"lab.target": f"{stub}Wants=lab.service\n", "lab.service": started}
        for name, text in {**units, **stubs, **lab}.items():
            (place / name).write_text(text, "utf-8")
        (self.folder / "script").write_text(script, "utf-8")
        self._give_away()
        return self._ran(self.folder / "said")

    def _give_away(self) -> None:
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, 0 if self.is_root else NOBODY, 0 if self.is_root else NOBODY)

    def _ran(self, said: Path) -> str:
        group = _hierarchy() / f"cyberaudit-lab-{os.getpid()}"
        group.mkdir()
        whole = f"echo $$ > {group}/cgroup.procs && exec {_UNSHARE} /bin/sh -ec {shlex.quote(self._inside())}"
        log = self.folder / "manager.log"
        with log.open("wb") as out:
            manager = subprocess.Popen(
                ["/bin/sh", "-c", whole], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            end = time.monotonic() + _PATIENCE
            while not said.exists() and manager.poll() is None and time.monotonic() < end:
                time.sleep(0.1)
            assert said.exists(), log.read_text("utf-8", "replace")
            return said.read_text("utf-8", "replace")
        finally:
            manager.kill()
            manager.wait()
            _remove(group)

    def _inside(self) -> str:
        """The shell that becomes the manager, once the namespaces are its own."""
        user = f"setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups --inh-caps=-all "
        runtime = f"/run/user/{NOBODY}"
        environment = {
            "container": "lab",
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "SYSTEMD_UNIT_PATH": f"{INSIDE}/units",
            "SYSTEMD_GENERATOR_PATH": "/run/none",
            "SYSTEMD_ENVIRONMENT_GENERATOR_PATH": "/run/none",
            **({} if self.is_root else {"XDG_RUNTIME_DIR": runtime, "HOME": str(INSIDE)}),
        }
        words = " ".join(f"{name}={value}" for name, value in environment.items())
        which = "--system --show-status=no" if self.is_root else "--user"
        lines = [
            *_kept(),
            "umount -l /sys/fs/cgroup",
            "mount -t cgroup2 none /sys/fs/cgroup",
            "mount -o bind,ro /proc/sys /proc/sys",
            f"mkdir -p {INSIDE} /run/none /run/systemd/system {runtime}",
            f"mount --bind {shlex.quote(str(self.folder))} {INSIDE}",
        ]
        if not self.is_root:
            lines += [
                f"chown {NOBODY} {runtime}",
                f"mkdir /sys/fs/cgroup/own && chown -R {NOBODY} /sys/fs/cgroup/own",
                "echo $$ > /sys/fs/cgroup/own/cgroup.procs",
            ]
        manager = f"env -i {words} {SYSTEMD} {which} --unit=lab.target --log-target=console"
        # A user's manager refuses to be the first process.
        return "\n".join([*lines, f"exec {manager}" if self.is_root else f"{user}{manager} & wait"])


_UNSHARE = "unshare --mount --pid --cgroup --uts --ipc --fork --mount-proc --kill-child"


def _kept() -> Iterator[str]:
    """An empty /run, and the program where anybody reaches it: `/root` is closed to others."""
    needed = [Path(sys.base_prefix), Path(sys.prefix), Path(__file__).parents[2]]
    yield "mount -t tmpfs -o mode=755 none /run"
    for number, path in enumerate(needed):
        yield f"mkdir -p /run/kept/{number}; mount --bind {shlex.quote(str(path))} /run/kept/{number}"
    closed = {each for path in needed for each in path.parents if not each.stat().st_mode & 0o001}
    tops = [each for each in closed if not closed & set(each.parents)]
    for top in tops:
        yield f"mount -t tmpfs -o mode=755 none {shlex.quote(str(top))}"
    for number, path in enumerate(needed):
        if any(top in path.parents for top in tops):
            quoted = shlex.quote(str(path))
            yield f"mkdir -p {quoted}; mount --bind /run/kept/{number} {quoted}"


def _hierarchy() -> Path:
    """Where this machine has mounted its control groups, version 2."""
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, *_ = line.split()
        if kind == "cgroup2":
            return Path(place)
    raise FileNotFoundError("cgroup2")


def _remove(group: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while group.exists():
        for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            _try_to_remove(folder)
        _try_to_remove(group)
        assert time.monotonic() < end, f"{group} is still used"
        time.sleep(0.05)


def _try_to_remove(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return


def missing() -> str:
    """Why none can be started here; empty when one can."""
    if os.geteuid() != 0:
        return "needs root"
    if not SYSTEMD.exists() or not shutil.which("systemctl"):
        return "systemd is not installed"
    try:
        group = _hierarchy() / f"cyberaudit-lab-try-{os.getpid()}"
        group.mkdir()
        group.rmdir()
    except OSError:
        return "control groups cannot be made here"
    tried = subprocess.run([*_UNSHARE.split(), "/bin/true"], capture_output=True, check=False)
    return "" if tried.returncode == 0 else "namespaces cannot be made here"
