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
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, get_args, get_type_hints

from cyberaudit.declared import (
    Answer,
    AnyAsset,
    AssetKind,
    Commune,
    Declaration,
    Delivery,
    Domain,
    PlanChoices,
    Practice,
    Town,
)
from cyberaudit.engine.judge import judge_one
from cyberaudit.facts.base import Facts, samples
from cyberaudit.facts.mail_samples import DOMAIN, SEEN_ON
from cyberaudit.model import Reason, Status, Unreachable, Verdict
from cyberaudit.plaintext import clean
from cyberaudit.sdk import Check, Context, Every

MOST_CASES = 4000
"""Products of samples grow quickly; the first thousands are plenty."""
ALLOWED_IMPORTS = frozenset(
    {
        "cyberaudit", "collections", "dataclasses", "datetime", "enum", "fractions", "functools", "ipaddress",
        "itertools", "math", "re", "statistics", "string", "typing", "unicodedata",
    }
)  # fmt: skip

COMMUNE = Commune(
    id="essai",
    name="L'Haÿ-d'Essai",
    declared=(),
    insee="99001",
    population=900,
    region="",
    timezone="Europe/Paris",
)


@dataclass(frozen=True, slots=True)
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
    kinds = [need for need in check.needs if isinstance(need, type)]
    if isinstance(check.needs[0], Every):
        for sample, blind in _states(check.needs[0].facts):
            yield tuple((each, sample) for each in town.of_kind(AssetKind.DOMAIN)), blind
    elif not kinds:
        for answer in (Answer.YES, Answer.PARTIAL, Answer.NO):
            yield Declaration(answer, "Mme Essai", SEEN_ON.date() - timedelta(days=30), "", ""), False
    elif len(kinds) == 1:
        yield from _states(kinds[0])
    else:
        nothing: tuple[Any, bool] = (Unreachable(Reason.TIMEOUT), True)
        for parts in itertools.product(*([*_states(kind), nothing] for kind in kinds)):
            if any(isinstance(part, Facts) for part, _ in parts):
                yield tuple(part for part, _ in parts), all(blind for _, blind in parts)


def _states(kind: type[Facts]) -> Iterator[tuple[Any, bool]]:
    for sample in samples():
        if isinstance(sample, kind):
            yield sample, False
            names = [name for name, hint in get_type_hints(kind).items() if Unreachable in get_args(hint)]
            lost = Unreachable(Reason.TIMEOUT)
            for name in names:
                yield dataclasses.replace(sample, **{name: lost}), len(names) == 1
            if names:
                yield dataclasses.replace(sample, **dict.fromkeys(names, lost)), True


def _assets(check: Check) -> tuple[AnyAsset, ...]:
    match check.about:
        case AssetKind.TOWN:
            return (COMMUNE,)
        case AssetKind.PRACTICE:
            return (Practice(id=check.id.partition(".")[2], name="essai", declared=()),)
        case _:
            return (_domain("main", sends_mail=True), _domain("parked", sends_mail=False))


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


def _town(asset: AnyAsset) -> Town:
    others = (
        ()
        if isinstance(asset, Domain)
        else (_domain("main", sends_mail=True), _domain("parked", sends_mail=False))
    )
    assets = (COMMUNE, *others) if isinstance(asset, Commune) else (COMMUNE, asset, *others)
    return Town(
        schema_version=1,
        commune=COMMUNE,
        scanned_by="",
        authorization=None,
        outside_canary="",
        assets=assets,
        waivers=(),
        plan=PlanChoices((), (), (), spend_before_vote=True),
        checks=(),
        delivery=Delivery((), "", "", ""),
    )


def _impure(check: Check) -> Iterator[str]:
    for node in ast.walk(ast.parse(check.path.read_bytes())):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        modules = (
            [node.module or "."] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        )
        for name in modules:
            if name.partition(".")[0] not in ALLOWED_IMPORTS or (
                name.startswith("cyberaudit") and name != "cyberaudit.sdk"
            ):
                yield f"ligne {node.lineno} : « {name} » n'est pas permis dans un contrôle, qui juge sans regarder."
