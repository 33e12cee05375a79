"""Signs of life to a watchman who calls when they stop (as Healthchecks does): begun, done, or the exit code."""

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cyberaudit.delivery.https_call import Call, NotReached, call
from cyberaudit.frozen import frozen

START = "start"
# Ours: the control matters more than its watchman.
SECONDS = 10.0


@frozen
class Watchman:
    """Whom to call."""

    url: str
    ca_bundle: Path | None = None


def begun(watchman: Watchman) -> str:
    """As `ended`, at the beginning."""
    return _called(watchman, START)


def ended(watchman: Watchman, code: int) -> str:
    """Why the watchman does not know, one French sentence; empty when he does. Code 0 is success, others are added."""
    return _called(watchman, str(code) if code else "")


def _called(watchman: Watchman, word: str) -> str:
    answer = call(Call(_with(watchman.url, word), ca_bundle=watchman.ca_bundle), seconds=SECONDS)
    if isinstance(answer, NotReached):
        return f"Le service de surveillance (ping) n'a pas été joint : {answer.clause}."
    if 200 <= answer < 300:
        return ""
    return f"Le service de surveillance (ping) a refusé l'appel (réponse {answer})."


def _with(url: str, word: str) -> str:
    """`word` as the last step of the path, before the question mark."""
    if not word:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{word}"))


__all__ = ["Watchman", "begun", "ended"]
