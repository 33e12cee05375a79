"""The conformance kit: what every check must do, tried on facts in known states.

pass        some known state is judged in order
fail        some known state is judged partial or failed
unreachable nothing visible is never a pass, in whole or in any field that may be unreachable
hostile     hostile text neither crashes the check nor reaches the report as it is
purity      the file imports only the sdk and what cannot look: no socket, no DNS, no file
"""

import ast
import dataclasses
import itertools
import math
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any, get_args, get_type_hints

from cyberaudit.declared import (
    Answer,
    AnyAsset,
    AssetKind,
    Backup,
    Commune,
    Declaration,
    Domain,
    Flow,
    Host,
    Practice,
    Service,
    Town,
    Vpn,
    VpnKind,
    VpnUsers,
    Weekdays,
    Zone,
    ZoneUse,
)
from cyberaudit.engine.judge import judge_one
from cyberaudit.facts.base import Facts, kinds, samples
from cyberaudit.facts.mail_samples import DOMAIN, SEEN_ON
from cyberaudit.facts.reach_samples import OUTSIDE, ZONE
from cyberaudit.frozen import frozen
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.probes.registry import probe_for
from cyberaudit.sdk import Check, Context, Every
from cyberaudit.town.known import PRACTICES
from cyberaudit.town.single import town_of

MOST_CASES = 4000
"""Products of samples grow quickly; the first thousands are plenty."""
MOST_MIXTURES = 150
"""Of the states of several facts, for one asset: taken evenly, each state many times."""
SDK, FACTS = "cyberaudit.sdk", "cyberaudit.facts."
"""What a check may import of ours: the words for judging, and the classes of what was seen."""
ALLOWED_IMPORTS = frozenset(
    {
        "cyberaudit", "collections", "dataclasses", "datetime", "enum", "fractions", "functools", "ipaddress",
        "itertools", "math", "re", "statistics", "string", "typing", "unicodedata",
    }
)  # fmt: skip

LOST = Unreachable(Reason.TIMEOUT)
SAID_ON = SEEN_ON.date() - timedelta(days=30)
SAID_VALUES = ("", "une application", str(SAID_ON), str(SAID_ON - timedelta(days=1000)))
"""Beside yes or no: nothing, words, a recent day, a day of long ago."""
COMMUNE = Commune(
    id="essai",
    name="L'Haÿ-d'Essai",
    declared=(),
    insee="99001",
    population=900,
    region="",
    timezone="Europe/Paris",
)
COMMUNES = (
    dataclasses.replace(COMMUNE, email=f"mairie@{DOMAIN}"),
    dataclasses.replace(COMMUNE, email="mairie.essai@orange.fr"),
)
"""For the questions that arise only where people write to the mairie."""


@frozen
class Case:
    """Facts as a check's function gets them, and what was said beside them."""

    facts: Any
    context: Context
    blind: bool
    """Everything that may be unreachable is."""


def conformance(check: Check) -> tuple[str, ...]:
    """What is wrong with `check`, one French sentence each; empty when it conforms."""
    faults = [*_impure(check)]
    verdicts = [(case, judge_one(check, case.facts, case.context)) for case in cases(check)]
    statuses = {verdict.status for _, verdict in verdicts}
    if Status.PASS not in statuses:
        faults.append("aucun exemple connu ne donne « en ordre » : ce contrôle peut-il réussir ?")
    if not statuses & {Status.FAIL, Status.PARTIAL}:
        faults.append("aucun exemple connu ne donne « à corriger » : ce contrôle peut-il échouer ?")
    for case, verdict in verdicts:
        faults += _faults(case, verdict)
    return tuple(dict.fromkeys(faults))


def _faults(case: Case, verdict: Verdict) -> Iterator[str]:
    if verdict.status is Status.ERROR:
        yield f"le contrôle s'arrête sur une erreur : {verdict.text}"
    if case.blind and verdict.status is Status.PASS:
        yield "rien n'était visible, et le contrôle a dit « en ordre »."
    texts = [verdict.text, *(item.text for item in verdict.items), *(line.value for line in verdict.evidence)]
    if any(text != clean(text, limit=1000) for text in texts):
        yield "un texte venu du réseau arrive tel quel dans le verdict : passez par passed(), failed(), unknown()."
    if verdict.status.is_open and not verdict.reason:
        yield "un verdict à corriger n'a pas de code « reason »."


def cases(check: Check) -> Iterator[Case]:
    """Facts in every known state, then with each field that may be unreachable made so, one and all."""
    for asset in _assets(check):
        town = _town(asset)
        context = Context(now=SEEN_ON, asset=asset, settings=check.settings(), town=town)
        for facts, blind in itertools.islice(_inputs(check, town), MOST_CASES):
            yield Case(facts, context, blind)


def _inputs(check: Check, town: Town) -> Iterator[tuple[Any, bool]]:
    needs = [need for need in check.needs if isinstance(need, type)]
    if isinstance(check.needs[0], Every):
        yield from _every(check.needs[0].facts, town)
    elif not needs:
        for answer, value in itertools.product((Answer.YES, Answer.PARTIAL, Answer.NO), SAID_VALUES):
            yield Declaration(answer, "Mme Essai", SAID_ON, "", value), False
    elif len(needs) == 1:
        yield from _states(needs[0])
    else:
        nothing: tuple[Any, bool] = (LOST, True)
        known = [[*_states(kind), nothing] for kind in needs]
        unseen = [[state for state in states if state[1]] for states in known]
        for parts in itertools.chain(_mixtures(known), _mixtures(unseen)):
            if any(isinstance(part, Facts) for part, _ in parts):
                yield tuple(part for part, _ in parts), all(blind for _, blind in parts)


def _mixtures(states: list[list[tuple[Any, bool]]]) -> Iterator[tuple[tuple[Any, bool], ...]]:
    """Each state of one of the facts beside some of the others', at most `MOST_MIXTURES`, always the same ones."""
    total = math.prod(len(each) for each in states)
    step = math.ceil(total / MOST_MIXTURES)
    # A step that shares no divisor with a length meets every state of that length.
    while any(math.gcd(step, len(each)) > 1 for each in states):
        step += 1
    return itertools.islice(itertools.product(*states), 0, None, step)


def _every(kind: type[Facts], town: Town) -> Iterator[tuple[Any, bool]]:
    """No asset at all, each state on every asset at once, then each mixture of the samples on two of them."""
    yield (), True
    probe = probe_for(kind)
    # Two are enough to agree and to differ; more would leave most mixtures untried.
    assets = (town.of_kind(probe.about) if probe else town.assets[1:])[:2]
    for state, blind in _states(kind):
        yield tuple((asset, state) for asset in assets), blind
    known = [sample for sample in samples() if isinstance(sample, kind)]
    two = assets[:2]  # of more assets, the first thousands of mixtures would differ in the last ones only
    for mixture in itertools.product(known, repeat=len(two)):
        yield tuple(zip(two, mixture, strict=True)), False


def _states(kind: type[Facts]) -> tuple[tuple[Any, bool], ...]:
    """Every sample of one kind, then as if each part of it, and all of it, had not been seen."""
    return _states_of(kind.KIND)


@cache
def _states_of(name: str) -> tuple[tuple[Any, bool], ...]:
    return tuple(_seen_and_unseen(kinds()[name]))


def _seen_and_unseen(kind: type[Facts]) -> Iterator[tuple[Any, bool]]:
    for sample in samples():
        if isinstance(sample, kind):
            yield sample, False
            unseen = _unseen(sample)
            for name, hint in get_type_hints(kind).items():
                if Unreachable in get_args(hint):
                    partly = dataclasses.replace(sample, **{name: LOST})
                    yield partly, partly == unseen
            if unseen is not sample:
                yield unseen, True


def _unseen(value: Any) -> Any:
    """The same with every field that may be unreachable made so, however deep; itself when it has none."""
    if isinstance(value, tuple):
        parts = tuple(_unseen(part) for part in value)
        return value if all(new is old for new, old in zip(parts, value, strict=True)) else parts
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    hints = get_type_hints(type(value))
    changes = {}
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        new = LOST if Unreachable in get_args(hints[field.name]) else _unseen(old)
        if new is not old:
            changes[field.name] = new
    return dataclasses.replace(value, **changes) if changes else value


def _assets(check: Check) -> tuple[AnyAsset, ...]:
    match check.about:
        case AssetKind.TOWN:
            return (COMMUNE,) if check.concerns(COMMUNE, _town(COMMUNE)) else COMMUNES
        case AssetKind.PRACTICE:
            names = dict.fromkeys((check.id.partition(".")[2], *PRACTICES))
            candidates: tuple[AnyAsset, ...] = tuple(
                Practice(id=name, name="essai", declared=()) for name in names
            )
        case kind:
            candidates = tuple(asset for asset in ASSETS if asset.kind is kind)
    return tuple(asset for asset in candidates if check.concerns(asset, _town(asset)))


def _domain(name: str, *, sends_mail: bool) -> Domain:
    return Domain(
        id=name,
        name=DOMAIN,
        declared=(),
        domain=DOMAIN,
        sends_mail=sends_mail,
        dkim_selectors=(),
        subdomains=(),
    )


def _host(name: str, *services: Service, zone: str, model: str) -> Host:
    return Host(
        id=name,
        name="Serveur d'essai",
        declared=(),
        zone=zone,
        addresses=("192.0.2.1", "2001:db8::1"),
        services=services,
        link="",
        model=model,
        firmware="",
    )


def _zone(name: str, use: ZoneUse) -> Zone:
    return Zone(id=name, name="Réseau d'essai", declared=(), networks=(), canary="", use=use)


def _flow(name: str, *ports: str, source: str, target: str) -> Flow:
    return Flow(id=name, name="Passage d'essai", declared=(), source=source, target=target, ports=ports)


def _vpn(kind: VpnKind, users: str = "") -> Vpn:
    asset_id, name = "-".join(filter(None, (kind, users))), f"vpn.{DOMAIN}"
    return Vpn(
        id=asset_id, name=name, declared=(), host="web", type=kind, hostname=name, port="", used_by=users
    )


def _backup(name: str, *, media: str, place: str, offline: bool) -> Backup:
    return Backup(
        id=name,
        name="Sauvegarde d'essai",
        declared=(),
        path=f"/srv/essai/{name}",
        url="",
        of=("files",),
        rpo_hours=26,
        grace_hours=0,
        weekdays=Weekdays.EVERY_DAY,
        media=media,
        place=place,
        offline=offline,
        encryption_required=True,
        retention_days=30,
        provider="",
        country="",
    )


ASSETS: tuple[AnyAsset, ...] = (
    _domain("main", sends_mail=True),
    _domain("parked", sends_mail=False),
    # The samples are seen from « lan »: what the public's network must not reach is tried there too.
    _zone(ZONE, ZoneUse.GUEST),
    _zone("servers", ZoneUse.SERVERS),
    _host("web", Service("tcp/443", "web", "any"), zone=OUTSIDE, model="Pare-feu d'essai"),
    _host("files", zone=ZONE, model=""),
    _flow("nothing", source=ZONE, target=OUTSIDE),
    _flow("web", "tcp/443", source=ZONE, target=OUTSIDE),
    _flow("public", source=ZONE, target="servers"),
    _flow("servers", source="servers", target=ZONE),
    _vpn(VpnKind.SSL),
    _vpn(VpnKind.SSL, VpnUsers.NOBODY),
    _vpn(VpnKind.SSL, VpnUsers.CONTRACTOR),
    _vpn(VpnKind.IPSEC),
    _vpn(VpnKind.OPENVPN),
    _vpn(VpnKind.WIREGUARD),
    _vpn(VpnKind.L2TP),
    _vpn(VpnKind.PPTP),
    _backup("nas", media="nas", place="on-site", offline=False),
    _backup("usb", media="usb-disk", place="off-site", offline=True),
)
"""What a check may be about: two or more of each kind, different in what matters."""


def _town(asset: AnyAsset) -> Town:
    others = tuple(other for other in ASSETS if other.key != asset.key)
    commune = asset if isinstance(asset, Commune) else COMMUNE
    assets = (commune, *others) if asset is commune else (commune, asset, *others)
    return dataclasses.replace(town_of(*assets), commune=commune)


def _impure(check: Check) -> Iterator[str]:
    for node in ast.walk(ast.parse(check.path.read_bytes())):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        modules = (
            [node.module or "."] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
        for name in modules:
            if name.partition(".")[0] not in ALLOWED_IMPORTS or (
                name.startswith("cyberaudit") and name != SDK and not name.startswith(FACTS)
            ):
                yield f"ligne {node.lineno} : « {name} » n'est pas permis dans un contrôle, qui juge sans regarder."
