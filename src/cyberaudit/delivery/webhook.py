"""A signed JSON message to one address of this machine's configuration: off unless it is written there."""

import hashlib
import hmac
import json
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cyberaudit.delivery.https_call import Call, NotReached, call
from cyberaudit.frozen import frozen

SIGNATURE = "X-Cyberaudit-Signature"
DELIVERY = "X-Cyberaudit-Delivery"
# Ours: a server that restarts is back within seconds; the next weekly control tells the rest.
PAUSES = (2.0, 8.0)
"""Seconds before the second and the third attempt, the last one."""
_AGAIN_LATER = 429


@frozen
class Message:
    """What is told, and whom."""

    url: str
    secret: str
    """What it is signed with; never sent."""
    id: str
    """The same for each attempt: the receiver may drop a second one."""
    content: dict[str, Any]
    at: datetime
    ca_bundle: Path | None = None


def send(message: Message, *, pauses: Sequence[float] = PAUSES) -> str:
    """Why it was not taken, one French sentence; empty when it was. Three attempts at most, no redirect followed."""
    body = json.dumps(message.content, ensure_ascii=False, sort_keys=True).encode()
    wanted = Call(message.url, "POST", body, _headers(message, body), message.ca_bundle)
    answer = call(wanted)
    for pause in pauses:
        if not _worth_another(answer):
            break
        time.sleep(pause)
        answer = call(wanted)
    return _told(answer)


def signature(body: bytes, secret: str, *, at: datetime) -> str:
    """`t=SECONDS,v1=HEX`: the HMAC-SHA256 of « SECONDS.body ». Keeping `t` in it makes an old message refusable."""
    seconds = int(at.timestamp())
    digest = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _headers(message: Message, body: bytes) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", "application/json; charset=utf-8"),
        (SIGNATURE, signature(body, message.secret, at=message.at)),
        (DELIVERY, message.id),
    )


def _worth_another(answer: int | NotReached) -> bool:
    """A refusal said in clear stays one."""
    return isinstance(answer, NotReached) or answer == _AGAIN_LATER or answer >= 500


def _told(answer: int | NotReached) -> str:
    if isinstance(answer, NotReached):
        return f"Le serveur à prévenir (webhook) n'a pas été joint : {answer.clause}."
    if 200 <= answer < 300:
        return ""
    return f"Le serveur à prévenir (webhook) a refusé le message (réponse {answer})."


__all__ = ["DELIVERY", "PAUSES", "SIGNATURE", "Message", "send", "signature"]
