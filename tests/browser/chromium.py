"""A page looked at by Chromium, without a window: what axe-core finds in it, and how far it runs over."""

import html
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

AXE = Path(__file__).parents[2] / ".cache" / "axe-core" / "axe.min.js"
PROGRAM = "chromium"
# The page is ours and stands on this disk; the sandbox asks for rights that a container lacks.
_ALWAYS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
# WCAG 2.2, criterion 1.4.12.
SPACED = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }
"""
_LOOK = """
axe.run(document, {runOnly: RULES}).then(found => {
  const edge = document.documentElement.clientWidth + 1;
  const over = [...document.querySelectorAll('body *')].filter(each =>
    each.getBoundingClientRect().right > edge && !each.closest('.scroll, .aloud, svg'));
  const link = document.querySelector('main a');
  link.focus({focusVisible: true});
  const moving = [...document.querySelectorAll('*')].filter(each =>
    getComputedStyle(each).animationName !== 'none' || parseFloat(getComputedStyle(each).transitionDuration) > 0);
  top.document.body.textContent = '<<<' + JSON.stringify({
    violations: found.violations.map(each => each.id + ': ' + each.nodes.map(node => node.html).join(' | ')),
    passes: found.passes.length,
    over: over.map(each => each.outerHTML.slice(0, 120)),
    spill: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    outline: getComputedStyle(link).outlineStyle + ' ' + getComputedStyle(link).outlineWidth,
    moving: moving.length,
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    forced: matchMedia('(forced-colors: active)').matches,
    heading: document.querySelector('h1').textContent,
  }) + '>>>';
});
"""


@dataclass(frozen=True, slots=True)
class Setting:
    """How somebody looks at the page."""

    name: str
    width: int
    flags: tuple[str, ...] = ()
    style: str = ""


def look(page: str, setting: Setting, folder: Path) -> dict[str, Any]:
    """What the page is, seen so: each key of the script above."""
    # The policy of the page forbids every script, axe-core's too.
    open_page = re.sub(r"<meta http-equiv=[^>]*>", "", page)
    script = f"<script>{AXE.read_text('utf-8')}</script><script>{_LOOK.replace('RULES', json.dumps(RULES))}</script>"
    framed = f"{open_page}<style>{setting.style}</style>{script}"
    file = folder / "looked-at.html"
    file.write_text(
        '<!DOCTYPE html><html lang="fr"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        # A window of Chromium is never narrower than 500 pixels, a frame is.
        f'<iframe style="width: {setting.width}px; height: 900px; border: 0" srcdoc="{html.escape(framed)}"></iframe>',
        encoding="utf-8",
    )
    shown = run(
        "--window-size=1400,1000", "--virtual-time-budget=30000", *setting.flags, "--dump-dom", file.as_uri()
    )
    match = re.search(r"<<<(.*)>>>", html.unescape(shown), re.DOTALL)
    assert match, "the page never answered"
    found: dict[str, Any] = json.loads(match[1])
    return found


def run(*arguments: str) -> str:
    """What Chromium writes."""
    done = subprocess.run(
        [PROGRAM, *_ALWAYS, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    return done.stdout
