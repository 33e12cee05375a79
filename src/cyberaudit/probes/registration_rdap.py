"""RDAP: where the registry of a name answers (RFC 9224), and how its answer is read (RFC 9083)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cyberaudit.errors import UsageError
from cyberaudit.facts.registration import Register, Registration, Told
from cyberaudit.model import Reason, Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.refusals import system_clause

# IANA's bootstrap entries of .fr and of the overseas extensions that Afnic holds too.
BUILT_IN = "https://rdap.nic.fr/"
AFNIC_TLDS = frozenset({"fr", "re", "pm", "tf", "wf", "yt"})
# RFC 9224 §4.
IANA = "https://data.iana.org/rdap/dns.json"
# Ours: IANA's file is 60 KiB for 1,200 extensions.
BOOTSTRAP_BYTES = 1024 * 1024
# Ours: answers of registries are 2 to 20 KiB.
ANSWER_BYTES = 256 * 1024
# Ours: one answer holds under ten of each; RFC 9083 nests entities two deep.
MOST_PARTS = 64
MOST_TEXT = 200


def read_bootstrap(data: bytes) -> dict[str, str] | Unreachable:
    """TLD → base address ending with « / », https preferred; `protocol-error` for what is no such file."""
    document = _json(data)
    services = document.get("services") if isinstance(document, dict) else None
    if not isinstance(services, list):
        return Unreachable(Reason.PROTOCOL_ERROR, "liste des registres illisible")
    found: dict[str, str] = {}
    for service in services:
        match service:
            case [[*tlds], [*urls]]:
                base = _base([url for url in urls if isinstance(url, str)])
                found |= {tld.lower(): base for tld in tlds if base and isinstance(tld, str)}
    return found


def _base(urls: list[str]) -> str:
    usable = [url for scheme in ("https://", "http://") for url in urls if url.startswith(scheme)]
    return f"{usable[0].rstrip('/')}/" if usable else ""


def bootstrap_file(path: Path) -> dict[str, str]:
    """The bootstrap that a person gives.

    Raises:
        UsageError: the file cannot be read, or is no RDAP bootstrap.
    """
    try:
        with path.open("rb") as file:
            data = file.read(BOOTSTRAP_BYTES)
    except (OSError, ValueError) as error:
        reason = system_clause(error) if isinstance(error, OSError) else "chemin impossible"
        raise UsageError(f"--rdap-bootstrap : « {clean(str(path))} » ne se lit pas ({reason}).") from None
    found = read_bootstrap(data)
    if isinstance(found, Unreachable):
        raise UsageError(
            f"--rdap-bootstrap : {clean(str(path))} n'est pas une liste de registres (RFC 9224)."
        )
    return found


def read_answer(data: bytes, *, domain: str, server: str) -> Registration | Unreachable:
    """What a registry says of `domain`; `protocol-error` when it speaks of something else."""
    document = _json(data)
    if not isinstance(document, dict) or document.get("objectClassName", "domain") != "domain":
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse RDAP illisible")
    named = document.get("ldhName")
    if not isinstance(named, str) or named.rstrip(".").lower() != domain:
        return Unreachable(Reason.PROTOCOL_ERROR, "réponse RDAP au sujet d'un autre nom")
    events = dict(_events(document))
    return Registration(
        domain=domain,
        register=Register.FOUND,
        told_by=Told.RDAP,
        server=server,
        registered=events.get("registration"),
        changed=events.get("last changed"),
        expires=events.get("expiration"),
        statuses=tuple(sorted({_status(text) for text in _texts(document.get("status"))})),
        registrar=_registrar(document),
        signed=_signed(document),
    )


def _json(data: bytes) -> Any:
    """None for what is no JSON; a hostile depth or number is no JSON either."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _list(value: Any) -> list[Any]:
    return value[:MOST_PARTS] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [text[:MOST_TEXT] for text in _list(value) if isinstance(text, str)]


def _status(text: str) -> str:
    return " ".join(text.lower().split())


def _events(document: dict[str, Any]) -> Iterator[tuple[str, datetime]]:
    for event in _list(document.get("events")):
        match event:
            case {"eventAction": str(action), "eventDate": str(text)}:
                moment = read_moment(text)
                if moment is not None:
                    yield action.lower(), moment


def read_moment(text: str) -> datetime | None:
    """RFC 3339, or a bare day; without a zone, UTC. None for what is no date."""
    try:
        moment = datetime.fromisoformat(text.strip()[:40])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _registrar(document: dict[str, Any]) -> str:
    """The `fn` of the entity whose role is registrar (RFC 9083 §5.1, RFC 7095)."""
    for entity in _list(document.get("entities")):
        if isinstance(entity, dict) and "registrar" in _texts(entity.get("roles")):
            for entry in _list(_second(entity.get("vcardArray"))):
                match entry:
                    case ["fn", _, _, str(name), *_]:
                        return name[:MOST_TEXT]
    return ""


def _second(value: Any) -> Any:
    return value[1] if isinstance(value, list) and len(value) > 1 else None


def _signed(document: dict[str, Any]) -> bool | None:
    secure = document.get("secureDNS")
    signed = secure.get("delegationSigned") if isinstance(secure, dict) else None
    return signed if isinstance(signed, bool) else None
