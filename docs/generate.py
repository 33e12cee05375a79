"""Write what is made from the code: the pages of checks, of ports and of `man`, the README's report, two JSON schemas.

python docs/generate.py            rewrites what is stale
python docs/generate.py --check    writes nothing, names what is stale, exits 1
"""

import dataclasses
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from cyberaudit import french
from cyberaudit.cli.main import application, run
from cyberaudit.cli.man import man_page
from cyberaudit.declared import AssetKind
from cyberaudit.engine.catalogue import Catalogue, load_catalogue
from cyberaudit.engine.measures import Measure, Remedies
from cyberaudit.engine.remedies import Citation, cite_together
from cyberaudit.errors import CyberauditError
from cyberaudit.facts.ports import ESSENTIAL, PORTS, UDP, USUAL, Danger
from cyberaudit.model import SeenFrom
from cyberaudit.reports import amounts, json_report
from cyberaudit.reports.themes import THEMES, theme_name
from cyberaudit.sdk import Check, OnDeclaration
from cyberaudit.town.schema import schema_text

ROOT = Path(__file__).resolve().parent.parent
REPORT = re.compile(r"(?<=<!-- report -->\n).*?(?=<!-- /report -->)", re.DOTALL)
SPECIAL = re.compile(r"([*_<>`\[\]])")

ABOUT = {
    AssetKind.TOWN: "la commune entière",
    AssetKind.HOST: "chaque machine",
    AssetKind.FLOW: "chaque passage entre deux réseaux",
    AssetKind.ZONE: "chaque réseau",
    AssetKind.VPN: "chaque accès à distance",
    AssetKind.DOMAIN: "chaque nom de domaine",
    AssetKind.MAIL_HOST: "chaque serveur de courrier de la mairie",
    AssetKind.BACKUP: "chaque sauvegarde",
    AssetKind.WEBSITE: "chaque site",
    AssetKind.LINK: "chaque ligne Internet",
    AssetKind.CLOUD: "chaque service en ligne",
    AssetKind.PRACTICE: "la mairie",
}
FROM = {
    SeenFrom.OUTSIDE: "depuis l'extérieur",
    SeenFrom.INSIDE: "depuis un réseau de la mairie",
    SeenFrom.ANY: "depuis n'importe où",
    SeenFrom.LOCAL: "sur la machine concernée",
}
HEAD = """\
# Les contrôles

<!-- Écrit par docs/generate.py à partir de checks/ : ne pas modifier ici. -->

Un contrôle pose une question et y répond d'après ce qui a été vu ou déclaré. Ce qui n'a pas pu être vu
n'est ni une réussite ni un échec. Le même texte s'affiche avec `cyberaudit explain` suivi du nom du contrôle.

Le **risque** est la gravité (1 à 4) multipliée par la vraisemblance (1 à 4).
"""

ABOUT_DANGER = {
    Danger.REMOTE_DESKTOP: "Prendre la main sur un poste",
    Danger.REMOTE_MAINTENANCE: "Télémaintenance",
    Danger.FILE_SHARING: "Fichiers partagés",
    Danger.ADMIN: "Administration",
    Danger.CLEARTEXT: "Mots de passe en clair",
    Danger.DATABASE: "Bases de données",
    Danger.INDUSTRIAL: "Chauffage, eau, alarmes et objets connectés",
    Danger.PRINT_CAMERA: "Imprimantes et caméras",
    Danger.CONSOLE: "Serveurs, machines virtuelles et sauvegardes",
    Danger.AMPLIFIER: "Services qui peuvent servir à attaquer un tiers",
    Danger.OTHER: "Le reste",
}
PORTS_HEAD = """\
# Les ports regardés

<!-- Écrit par docs/generate.py à partir de src/cyberaudit/facts/port_list.py : ne pas modifier ici. -->

Un port est le numéro d'une porte : derrière, une machine offre un service. Une porte ouverte sans raison est un
risque. `cyberaudit` essaie ici {tcp} portes en TCP et {udp} en UDP, choisies pour une commune.

Le nom dit ce qui se trouve d'ordinaire derrière la porte. Ce n'est pas une preuve : un autre logiciel peut s'y
trouver. Le rapport dit ce qui a vraiment répondu.

- `--ports usual` : toutes les portes de cette page, comme sans cette option.
- `--ports essential` : en TCP, seulement les {essential} portes de la première liste.
- `--ports 22,8000-8100,udp/161` : les portes nommées.
- `--all-ports` : les {all} portes possibles en TCP, et les portes UDP de cette page.
"""


def generated() -> dict[Path, str]:
    """Every generated file with the text it should hold."""
    catalogue = load_catalogue()
    readme = ROOT / "README.md"
    report = f"```text\n{demo_report()}```\n"
    return {
        ROOT / "docs/checks.md": checks_page(catalogue),
        ROOT / "docs/ports.md": ports_page(),
        ROOT / "docs/cyberaudit.1": man_page(application()),
        readme: REPORT.sub(lambda _: report, readme.read_text("utf-8")),
        ROOT / "profiles/schema.json": schema_text(),
        ROOT / "docs/report.schema.json": json_report.schema_text(),
    }


def demo_report() -> str:
    """What `cyberaudit demo` writes in a file, 80 columns wide; the same every day, for its date is fixed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "report.txt")
        code = run(["demo", "--quiet", "--output", f"text:{path}"])
        if code != 0:
            raise SystemExit(code)
        return path.read_text("utf-8")


def checks_page(catalogue: Catalogue) -> str:
    """`docs/checks.md`: the built-in checks by theme, then the measures they lead to."""
    order = list(THEMES)
    ours = [check for check in catalogue.checks if check.theme in THEMES]
    ours.sort(key=lambda check: (order.index(check.theme), check.id))
    blocks = [HEAD]
    for theme, checks in groupby(ours, key=lambda check: check.theme):
        blocks.append(f"## {theme_name(theme)}\n")
        blocks += [_check(check, catalogue) for check in checks]
    blocks.append("## Les mesures\n")
    for measure in dict.fromkeys(check.measure for check in ours):
        blocks.append(_measure(catalogue.remedies.measures[measure], catalogue.remedies))
    return "\n".join(blocks)


def _check(check: Check, catalogue: Catalogue) -> str:
    fiche, measure = catalogue.fiches[check.id], catalogue.remedies.measures[check.measure]
    paragraphs = [
        f'<a id="{check.id}"></a>',
        f"### {prose(fiche.title)}",
        f"`{check.id}` — {'. '.join(_facts(check))}.",
        f"**Pourquoi.** {prose(fiche.why)}",
        f"**Corriger.**\n\n{prose(fiche.fix)}",
        *([f"**Limites.** {prose(fiche.limits)}"] if fiche.limits else []),
        *_settings(check),
        f"**Mesure :** [{prose(measure.title)}](#{measure.id})",
        _sources(check.sources, catalogue.remedies) or "**Sources :** aucun document, c'est notre conseil.",
    ]
    return "\n\n".join(paragraphs) + "\n"


def _facts(check: Check) -> Iterator[str]:
    yield f"Porte sur {ABOUT[check.about]}"
    declared = all(isinstance(need, OnDeclaration) for need in check.needs)
    yield "Répondu par une personne" if declared else f"Mesuré {FROM[check.seen_from]}"
    yield f"Risque {check.impact} × {check.likelihood} = {check.impact * check.likelihood}"


def _settings(check: Check) -> Iterator[str]:
    default = check.settings()
    names = [field.name for field in dataclasses.fields(default)]
    if names:
        yield "**Réglages :** " + french.listed([f"`{name}: {getattr(default, name)}`" for name in names])


def _measure(measure: Measure, remedies: Remedies) -> str:
    steps = "\n".join(f"{number}. {prose(step)}" for number, step in enumerate(measure.steps, start=1))
    cost, time = amounts.cost(measure.cost), amounts.duration(measure.days)
    forward = measure.contractor.strip()
    paragraphs = [
        f'<a id="{measure.id}"></a>',
        f"### {prose(measure.title)}",
        f"`{measure.id}` — Qui : {measure.owner.french}. Coût : {cost}. Temps : {time}.",
        prose(measure.why),
        steps,
        *([f"**En attendant.** {prose(measure.stopgap)}"] if measure.stopgap else []),
        f"**C'est fait quand.** {prose(measure.done_when)}",
        *([f"**Texte à transmettre au prestataire**\n\n```text\n{forward}\n```"] if forward else []),
        f"**D'où vient ce coût.** {prose(measure.cost.source)}",
        _sources(measure.sources, remedies),
    ]
    return french.typeset("\n\n".join(filter(None, paragraphs))) + "\n"


def _sources(references: Sequence[str], remedies: Remedies) -> str:
    lines = [f"- {_citation(citation)}" for citation in cite_together(references, remedies)]
    return "\n".join(("**Sources :**\n", *lines)) if lines else ""


def _citation(citation: Citation) -> str:
    text, _, _ = str(citation).partition(" — http")
    return f"[{prose(text)}]({citation.url})" if citation.url else prose(text)


def prose(text: str) -> str:
    """French typography, and nothing that Markdown would take for a sign of its own."""
    return SPECIAL.sub(r"\\\1", french.typeset(text))


def ports_page() -> str:
    """`docs/ports.md`: the essential ports as they are asked, then every port by danger."""
    head = PORTS_HEAD.format(
        tcp=french.number(len(USUAL)), udp=len(UDP), essential=len(ESSENTIAL), all=french.number(65535)
    )
    essential = ", ".join(port.removeprefix("tcp/") for port in ESSENTIAL)
    blocks = [head, "## Les portes essentielles\n", f"Dans l'ordre où elles sont essayées : {essential}.\n"]
    for danger, title in ABOUT_DANGER.items():
        rows = [f"| {protocol.upper()} | {numbers} | {name} |" for protocol, numbers, name in _rows(danger)]
        blocks.append("\n".join((f"## {title}\n", "| | Ports | Nom |", "|---|---|---|", *rows, "")))
    return french.typeset("\n".join(blocks))


def _rows(danger: Danger) -> Iterator[tuple[str, str, str]]:
    """Protocol, numbers, name: ports of the same name together, in the order of the first."""
    named: dict[tuple[str, str], list[int]] = {}
    for port in PORTS:
        if port.danger is danger:
            protocol, _, number = port.id.partition("/")
            named.setdefault((protocol, port.name), []).append(int(number))
    for (protocol, name), numbers in named.items():
        yield protocol, ", ".join(_ranges(numbers)), name


def _ranges(numbers: list[int]) -> Iterator[str]:
    """« 22 », « 8000 à 8002 »."""
    for _, found in groupby(enumerate(sorted(numbers)), key=lambda pair: pair[1] - pair[0]):
        first, *others = (number for _, number in found)
        yield f"{first} à {others[-1]}" if others else str(first)


def stale(files: dict[Path, str]) -> Iterable[Path]:
    """The files that hold something else than they should."""
    return [path for path, text in files.items() if not path.exists() or path.read_text("utf-8") != text]


def main(arguments: Sequence[str]) -> int:
    """Exit code: 1 when `--check` finds a stale file."""
    files, checking = generated(), "--check" in arguments
    for path in (found := list(stale(files))):
        name = path.relative_to(ROOT)
        if checking:
            print(f"{name} is stale: run « make docs ».")
        else:
            path.write_text(files[path], "utf-8")
            print(f"{name} written")
    return 1 if checking and found else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except CyberauditError as error:
        sys.exit(f"docs: {error}")
