"""The registry of the embedded town's names: RDAP over HTTPS (RFC 9082, RFC 9083), and what leads there (RFC 9224)."""

import asyncio
import json
import ssl
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cyberaudit.demo.listener import Listener
from cyberaudit.demo.zones import BAD, FORGOTTEN, GOOD, PARENT, REGISTRY, REGISTRY_ADDRESS

if TYPE_CHECKING:
    from cyberaudit.demo.authority import Authority  # loads cryptography

HTTPS_PORT = 443
DAYS_LEFT = {GOOD: 290, BAD: 175, FORGOTTEN: 71}
"""Name → days until it must be renewed. Nobody thinks of the forgotten one; it is not urgent yet."""
# RFC 8056: what a registrar's lock looks like.
_LOCKED = ["client transfer prohibited"]
HEAD_LINES = 100
SECONDS = 10.0


def build(authority: "Authority", now: datetime) -> Listener:
    """The registry's server, not yet started."""
    issued = authority.issue(REGISTRY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(issued.certificate, issued.key)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(SECONDS):
            await writer.start_tls(context)
            request = await reader.readline()
            for _ in range(HEAD_LINES):
                if not (await reader.readline()).strip():
                    break
            writer.write(_answer(request, now))
            await writer.drain()

    return Listener(talk)


def rule(server: Listener) -> str:
    """The `--connect-to` rule that leads there, once started."""
    return f"{REGISTRY_ADDRESS}:{HTTPS_PORT}=127.0.0.1:{server.port}"


def bootstrap() -> str:
    """Which registry knows which names (RFC 9224)."""
    services = [[[PARENT], [f"https://{REGISTRY}/"]]]
    return json.dumps({"version": "1.0", "publication": "2026-11-21T00:00:00Z", "services": services})


def _answer(request: bytes, now: datetime) -> bytes:
    path = request.split(b" ")[1].decode("latin-1") if request.count(b" ") == 2 else ""
    name = path.rpartition("/")[2].lower()
    if not path.startswith("/domain/") or name not in DAYS_LEFT:
        return _http("404 Not Found", {"errorCode": 404, "title": "Not Found"})
    return _http("200 OK", _domain(name, now))


def _domain(name: str, now: datetime) -> dict[str, object]:
    expires = now + timedelta(days=DAYS_LEFT[name])
    return {
        "objectClassName": "domain",
        "ldhName": name,
        "status": ["active", *(_LOCKED if name == GOOD else [])],
        "events": [{"eventAction": "expiration", "eventDate": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}],
    }


def _http(status: str, document: dict[str, object]) -> bytes:
    body = json.dumps(document).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/rdap+json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
