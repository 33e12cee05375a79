"""A page looked at by Firefox, without a window: how wide it runs, how its letters stand out, what it asks for."""

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

PROGRAM = "firefox-esr"
# Everything but this machine goes to a proxy that nobody keeps: Firefox calls home when it starts.
_SETTINGS: dict[str, object] = {
    "network.proxy.type": 1,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.no_proxies_on": "127.0.0.1",
    "network.captive-portal-service.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
    "datareporting.policy.dataSubmissionEnabled": False,
}
_LOOK = """<script>
const light = text => {
  const [red, green, blue] = text.match(/[0-9.]+/g).map(Number).map(each => each / 255)
    .map(each => each <= .04045 ? each / 12.92 : ((each + .055) / 1.055) ** 2.4);
  return .2126 * red + .7152 * green + .0722 * blue;
};
const behind = each => {
  const colour = getComputedStyle(each).backgroundColor;
  return /, 0\\)|transparent/.test(colour) && each.parentElement ? behind(each.parentElement) : colour;
};
const contrast = each => {
  const [dark, bright] = [getComputedStyle(each).color, behind(each)].map(light).sort((a, b) => a - b);
  return (bright + .05) / (dark + .05);
};
const own = each => [...each.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
const all = [...document.body.querySelectorAll('*')].filter(each => each.tagName !== 'SCRIPT');
const told = new XMLHttpRequest();
told.open('POST', '/told', false);
told.send(JSON.stringify({
  width: innerWidth,
  spill: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  over: all.filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.outerHTML.slice(0, 90)),
  contrast: Math.min(...all.filter(own).map(contrast)),
  smallest: Math.min(...all.filter(own).map(each => parseFloat(getComputedStyle(each).fontSize))),
  dark: matchMedia('(prefers-color-scheme: dark)').matches,
  paper: getComputedStyle(document.body).backgroundColor,
  words: document.body.innerText,
}));
</script>"""


@dataclass(slots=True)
class Looked:
    """What Firefox told of a page, and what it asked for beside it."""

    told: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


def look(page: str, *, width: int, is_night: bool, folder: Path) -> Looked:
    """The page as it is seen so; `folder` is empty, for what Firefox keeps."""
    settings = _SETTINGS | {"ui.systemUsesDarkTheme": int(is_night)}
    settings["layout.css.prefers-color-scheme.content-override"] = 0 if is_night else 1
    lines = (f"user_pref({json.dumps(key)}, {json.dumps(value)});" for key, value in settings.items())
    (folder / "user.js").write_text("\n".join(lines), encoding="utf-8")
    with _served(page.replace("</body>", f"{_LOOK}</body>")) as (address, looked):
        subprocess.run(
            [
                PROGRAM, "--headless", "--no-remote", "--profile", folder, f"--window-size={width}",
                "--screenshot", folder / "seen.png", address,
            ],
            env=os.environ | {"HOME": str(folder)}, capture_output=True, check=True, timeout=120,
        )  # fmt: skip
    assert looked.told, "the page never told anything"
    return looked


@contextmanager
def _served(page: str) -> Iterator[tuple[str, Looked]]:
    """The page on this machine alone."""
    looked = Looked()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # A browser wants an icon of every site, whatever the page says.
            if self.path not in ("/", "/favicon.ico"):
                looked.asked.append(self.path)
            self._say(page.encode() if self.path == "/" else b"")

        def do_POST(self) -> None:
            looked.told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._say(b"")

        def _say(self, content: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", looked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
