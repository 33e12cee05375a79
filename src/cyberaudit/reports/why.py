"""Where every number comes from: the weight of each measure in the level, the tier, rank and date of an action."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from cyberaudit import french
from cyberaudit.engine.measures import Measure, Ranks
from cyberaudit.model import Finding
from cyberaudit.plan.actions import (
    COST_BANDS,
    DAY_BANDS,
    LIGHT_EFFORT,
    PROJECT_RISK,
    QUICK_WIN_RISK,
    order_key,
)
from cyberaudit.plan.level import URGENT_RISK
from cyberaudit.plan.weights import Term, Weight, weights
from cyberaudit.plan.words import Action, ActionKind, Standing, Tier
from cyberaudit.reports import when
from cyberaudit.reports.plan_words import WeightTermView, WeightView
from cyberaudit.reports.points import Scene, safe
from cyberaudit.reports.words import LevelView

_CLASSES = {
    1: "les guides officiels la placent parmi les premières",
    2: "les guides officiels la demandent à toute organisation",
    3: "les guides officiels la recommandent",
    4: "aucun guide officiel ne la classe, c'est notre jugement de novembre 2026",
}
_TIER_RULES = {
    Tier.URGENT: f"risque {URGENT_RISK}",
    Tier.QUICK_WIN: f"risque {QUICK_WIN_RISK} ou plus, effort de {LIGHT_EFFORT} au plus",
    Tier.PROJECT: f"risque {PROJECT_RISK} ou plus",
    Tier.LATER: f"risque de moins de {PROJECT_RISK}",
}


def decimal(value: Fraction) -> str:
    """« 4,5 », « 12 »: two decimals at most, rounded half up. `value` is not negative."""
    return _hundredths(int(value * 100 + Fraction(1, 2)))


def _hundredths(value: int) -> str:
    whole, rest = divmod(value, 100)
    return f"{whole},{rest:02d}".rstrip("0") if rest else f"{whole}"


def exactly(value: Fraction) -> str:
    """« 4,5 », « 2,67 (8/3) »: the fraction beside what two decimals do not hold."""
    rounded = decimal(value)
    return rounded if (value * 100).denominator == 1 else f"{rounded} ({value.numerator}/{value.denominator})"


def share(value: Fraction) -> str:
    """« 50 % », « 2/9 »: never rounded."""
    percent = value * 100
    return f"{percent} %" if percent.denominator == 1 else f"{value.numerator}/{value.denominator}"


def _between(low: Fraction, high: Fraction, told: Callable[[Fraction], str]) -> str:
    return told(low) if low == high else f"entre {told(low)} et {told(high)}"


def weight_views(findings: Sequence[Finding], scene: Scene) -> tuple[WeightView, ...]:
    """The terms of the level, the heaviest loss first."""
    return tuple(_weight(each, scene) for each in weights(findings))


def _weight(value: Weight, scene: Scene) -> WeightView:
    return WeightView(
        measure=value.measure,
        title=safe(scene.measure_title(value.measure)),
        weight=value.weight,
        low=value.low,
        high=value.high,
        on_word=value.on_word,
        points=tuple(each.identity for each in value.findings),
        terms=tuple(_term(each) for each in value.terms),
        sentence=french.typeset(_weight_sentence(value)),
    )


def _weight_sentence(value: Weight) -> str:
    weight, to = value.weight, "à " if value.low == value.high else ""
    part = _between(value.low, value.high, share)
    kept = _between(weight * value.low, weight * value.high, decimal)
    word = f", dont {decimal(weight * value.on_word)} sur parole" if value.on_word else ""
    return f"poids {weight}, en ordre {to}{part} : {kept} sur {weight}{word}"


def _term(value: Term) -> WeightTermView:
    order = _between(value.low, value.high, decimal)
    text = f"risque {value.risk}, {order} sur {value.points} en ordre"
    return WeightTermView(value.check, value.risk, value.points, value.low, value.high, french.typeset(text))


def division(weighed: Sequence[WeightView], level: LevelView) -> str:
    """How the terms make the level and its bounds, sentences; empty when nothing applies."""
    if not weighed:
        return ""
    return french.typeset(" ".join(_sums(weighed, level)))


def _sums(weighed: Sequence[WeightView], level: LevelView) -> Iterator[str]:
    total = sum(each.weight for each in weighed)
    low, high, on_word = (
        sum((each.weight * part for each, part in zip(weighed, parts, strict=True)), Fraction(0))
        for parts in zip(*((each.low, each.high, each.on_word) for each in weighed), strict=True)
    )
    yield f"Somme des poids : {total}. Risque maîtrisé : {exactly(low)}."
    yield f"Niveau : 100 × {exactly(low)} ÷ {total} = {_below(level.low)}."
    yield f"Affiché : {level.shown_low}{_rounded_down(level.low)}."
    if low != high:
        yield "Si tout ce qui est inconnu était en ordre :"
        yield f"100 × {exactly(high)} ÷ {total} = {_above(level.high)}."
        yield f"Affiché : {level.shown_high}{_rounded_up(level)}."
    if on_word:
        spoken = 100 * on_word / total
        yield f"Sur parole : 100 × {exactly(on_word)} ÷ {total} = {_below(spoken)}."
        yield f"Affiché : {level.on_word_points}{_rounded_down(spoken)}."


def _below(level: Fraction) -> str:
    """Cut, so that it never shows more than the level printed above."""
    return _hundredths(int(level * 100))


def _above(level: Fraction) -> str:
    return _hundredths(-int(-level * 100 // 1))


def _rounded_down(value: Fraction) -> str:
    return "" if value.denominator == 1 else ", arrondi en dessous"


def _rounded_up(level: LevelView) -> str:
    if level.shown_high < level.high:
        return ", car 100 veut dire tout en ordre"
    return "" if level.shown_high == level.high else ", arrondi au-dessus"


def why_here(value: Action, scene: Scene, *, among: Sequence[Action]) -> tuple[str, ...]:
    """How its tier, its rank and its date come about. `among`: the whole plan."""
    reasons = _answering(value) if value.kind is ActionKind.ANSWER else _reasons(value, scene, among)
    return tuple(french.typeset(each) for each in reasons)


def _answering(value: Action) -> Iterator[str]:
    yield "Les questions sans réponse viennent juste après les urgences et les retards : elles prennent vingt minutes."
    yield when.date_rule(value)


def _reasons(value: Action, scene: Scene, among: Sequence[Action]) -> Iterator[str]:
    yield from _tier(value)
    yield _effort(value.measure, value.effort)
    yield f"Classe {value.measure.guidance_class} : {_class(value.measure)}."
    yield _gain(value)
    yield from _links(value, scene, among)
    yield from when.held(value, scene.measure_title)
    yield from filter(None, [when.date_rule(value)])


def _tier(value: Action) -> Iterator[str]:
    if value.standing is Standing.LATE and value.tier is not Tier.URGENT:
        yield "Sa date adoptée est passée : elle vient juste après les urgences."
    elif value.is_overdue and value.tier is not Tier.URGENT:
        yield "Un nom ou un certificat est déjà arrivé à sa fin : elle vient juste après les urgences."
    yield f"Palier {value.tier} : {_TIER_RULES[value.tier]}. Ici, risque {value.risk} : {_risk_of(value)}."
    if value.kind is ActionKind.VERIFY and value.risk >= URGENT_RISK:
        yield "Personne ne l'a vu manquer : ce n'est donc pas une urgence."


def _risk_of(value: Action) -> str:
    """The point that gives the risk; what was not seen has only its usual likelihood."""
    if value.kind is ActionKind.VERIFY:
        worst = max(value.findings, key=lambda each: each.base_risk)
        likelihood = worst.base_likelihood
    else:
        worst = value.findings[0]
        likelihood = worst.likelihood
    return f"gravité {worst.impact} × vraisemblance {likelihood} ({worst.check})"


def _effort(measure: Measure, effort: int) -> str:
    spent = measure.cost.high + measure.cost.yearly
    days = f"{measure.days:g}".replace(".", ",")
    money = 1 + sum(spent > end for end in COST_BANDS)
    time = 1 + sum(measure.days > end for end in DAY_BANDS)
    unit = "jour" if measure.days < 2 else "jours"
    return (
        f"Effort {effort} sur 5, le plus lourd des deux : argent {money} ({french.euros(spent)} la première année), "
        f"temps {time} ({days}{french.NBSP}{unit})."
    )


def _gain(value: Action) -> str:
    if value.kind is ActionKind.VERIFY:
        return "Rien n'a été vu manquer : le gain compte pour zéro."
    part, gain, index = share(value.gain / value.risk), decimal(value.gain), decimal(value.index)
    return f"Gain : risque {value.risk} × part vue manquante {part} = {gain}. Gain ÷ effort {value.effort} = {index}."


def _links(value: Action, scene: Scene, among: Sequence[Action]) -> Iterator[str]:
    """What it waits for, and what lends it a better place."""
    leader = min(_waiting_for(value, among), key=order_key)
    if leader is not value:
        yield f"Sa place est celle de « {scene.measure_title(leader.measure.id)} », qui l'attend."
    for each in value.waits_for:
        yield f"Elle vient après « {scene.measure_title(each)} », qu'elle attend."


def _waiting_for(value: Action, among: Sequence[Action]) -> list[Action]:
    """Itself, and all that wait for it, near or far."""
    found, names = [value], {value.measure.id}
    while more := [a for a in among if a.measure.id not in names and names.intersection(a.waits_for)]:
        found += more
        names.update(each.measure.id for each in more)
    return found


def _class(measure: Measure) -> str:
    places = _places(measure.ranks)
    return f"{_CLASSES[measure.guidance_class]} ({places})" if places else _CLASSES[measure.guidance_class]


def _places(ranks: Ranks) -> str:
    lists = (
        (ranks.ten_measures, "des dix mesures essentielles"),
        (ranks.cyberdepart, "de CyberDépart"),
        (ranks.monaidecyber, "de MonAideCyber"),
    )
    return ", ".join(f"n°{french.NBSP}{place} {name}" for place, name in lists if place)
