"""What 200 kills at random moments do to mail kept and sent: `python benchmarks/outbox_kills.py`."""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.loopback.killed_sender import many_kills

KILLS = 200


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        damage = many_kills(Path(folder), KILLS, seed=time.time_ns())
        lasted = time.monotonic() - begun
    untold = damage.twice - damage.doubtful
    several = [number for number, seen in damage.message_ids.items() if len(seen) > 1]
    print(f"{damage.kills} kills in {lasted:.0f} s, {len(damage.stored)} mails of two copies kept")
    print(f"lost: {len(damage.lost)}; with two Message-IDs: {len(several)}")
    print(
        f"copies sent twice: {len(damage.twice)}, all among the {len(damage.doubtful)} told doubtful: {not untold}"
    )
    return bool(damage.lost or several or untold)


if __name__ == "__main__":
    raise SystemExit(main())
