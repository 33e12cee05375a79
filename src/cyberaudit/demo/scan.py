"""The ordinary scan, sent to the embedded town, with a history that is forgotten."""

import tempfile
from pathlib import Path

from cyberaudit.demo.place import DemoPlace
from cyberaudit.model import ProgressCallback
from cyberaudit.probes.instruments import Options
from cyberaudit.run.scan import Request, Scanned, scan


def scan_place(place: DemoPlace, *, progress: ProgressCallback | None = None) -> Scanned:
    """Scan the running `place` at its own date."""
    with tempfile.TemporaryDirectory(prefix="cyberaudit-demo-") as folder:
        return scan(request_for(place, Path(folder, "history.sqlite3")), progress=progress)


def request_for(place: DemoPlace, history: Path) -> Request:
    """What scans the running `place` into `history`."""
    options = Options(
        resolvers=(place.resolver,),
        ca_bundle=place.ca_bundle,
        trust_anchor=place.trust_anchor,
        rdap_bootstrap=str(place.rdap_bootstrap),
        connect_to=place.connect_to,
        backup_roots=place.backup_roots,
        # The town's addresses are nobody's: no packet may look for them.
        loopback_only=True,
    )
    return Request(
        profile=place.profile,
        history=history,
        options=options,
        now=place.now,
        clock=place.now,
        # Wherever this machine stands: the embedded town is looked at from outside.
        vantage="outside",
    )
