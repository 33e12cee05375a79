"""Policies, the registry's RDAP and WHOIS; a program: `python -m tests.lab.private_root_sites PLAN`.

PLAN is a file of JSON: `{"web": [addresses], "rdap": [addresses], "whois": [addresses], "pem": {host: file},
"pages": {host: {path: [status, type, body, location]}}, "whois_texts": {domain: text}}`.
"""

import asyncio
import json
import ssl
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

Pages = dict[str, dict[str, list[Any]]]
IDLE_SECONDS = 15.0
NOT_FOUND = [404, "text/plain", "", ""]


class Names:
    """The certificate that each name is answered with."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files
        self._made: dict[str, ssl.SSLContext] = {}

    def context(self) -> ssl.SSLContext:
        first = self._of(next(iter(self._files)))
        first.sni_callback = self._chosen
        return first

    def _chosen(self, sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> int | None:
        if name is None or name not in self._files:
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        sock.context = self._of(name)
        return None

    def _of(self, name: str) -> ssl.SSLContext:
        if name not in self._made:
            self._made[name] = made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            made.load_cert_chain(self._files[name])
        return self._made[name]


async def page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pages: Pages) -> None:
    with suppress(OSError, EOFError, TimeoutError, ValueError):
        async with asyncio.timeout(IDLE_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ")[1]
        hosts = [line[5:].strip().lower() for line in head.split("\r\n") if line.lower().startswith("host:")]
        status, kind, body, location = pages.get(hosts[0] if hosts else "", {}).get(path, NOT_FOUND)
        content = body.encode()
        fields = [f"HTTP/1.1 {status} .", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
        fields += [f"Location: {location}"] if location else []
        writer.write("\r\n".join([*fields, "Connection: close", "", ""]).encode() + content)
        await writer.drain()
    writer.close()


async def record(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, texts: dict[str, str]) -> None:
    """WHOIS."""
    with suppress(OSError, EOFError, TimeoutError, ValueError):
        async with asyncio.timeout(IDLE_SECONDS):
            name = (await reader.readline()).decode("latin-1").strip().lower()
        writer.write(texts.get(name.split(" ")[-1], "%% NOT FOUND\r\n").encode())
        await writer.drain()
    writer.close()


async def serve(plan: dict[str, Any]) -> None:
    context = Names(plan["pem"]).context()
    pages = partial(page, pages=plan["pages"])
    for address in (*plan["web"], *plan["rdap"]):
        await asyncio.start_server(pages, address, 443, ssl=context, backlog=256)
    for address in plan["whois"]:
        await asyncio.start_server(partial(record, texts=plan["whois_texts"]), address, 43)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
