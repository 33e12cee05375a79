"""What must agree between two places of a profile: ids, references, dates. Read from the plain values.

It works on what is written, even when some of it has the wrong shape, so that every mistake shows at once.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import date
from functools import cache
from ipaddress import ip_address
from itertools import chain

from cyberaudit import french
from cyberaudit.declared import DECLARATION_MONTHS, Answer, months_later
from cyberaudit.frozen import frozen
from cyberaudit.town import values
from cyberaudit.town.implied import Passage, ZoneWords, implied_passages
from cyberaudit.town.known import ANYWHERE, MAY_NOT_APPLY, OUTSIDE, PRACTICES
from cyberaudit.town.shape import SaidShape, shape_at
from cyberaudit.town.source import Trail, Tree
from cyberaudit.town.suggestion import question, shown


@frozen
class Clash:
    """Something that contradicts something else."""

    trail: Trail
    sentence: str
    """Whole, or without its end when a word that exists may be meant."""
    word: str = ""
    known: Collection[str] = ()

    def told(self) -> str:
        return f"{self.sentence}{question(self.word, self.known)}" if self.word else self.sentence


NAMED_LISTS = ("zones", "hosts", "flows", "vpn", "domains", "mail", "backups", "websites", "links", "cloud")
"""The lists whose elements are assets with an id."""

_EACH = "*"


def incoherences(tree: dict[str, Tree]) -> Iterator[Clash]:
    """Each thing that contradicts another, where it is written."""
    rules: tuple[Callable[[dict[str, Tree]], Iterator[Clash]], ...] = (
        _ids_written_twice,
        _practices_written_twice,
        _missing_references,
        _waived_assets,
        _canaries_of_one_family,
        _updates_after_the_answer,
        _dates_out_of_order,
        _waivers_too_long,
        _answers_without_answer,
        _answers_out_of_place,
        _switched_off_without_reason,
        _adoptions_out_of_order,
        _starts_after_the_end,
        _postponed_without_reason,
        _recipients_written_twice,
    )
    return chain.from_iterable(rule(tree) for rule in rules)


def _found(tree: Tree, *steps: str, trail: Trail = ()) -> Iterator[tuple[Trail, Tree]]:
    """Every value at the end of the way; `*` stands for each element of a list or block."""
    if not steps:
        yield trail, tree
        return
    head, *rest = steps
    for key, value in _children(tree):
        if head in (_EACH, key):
            yield from _found(value, *rest, trail=(*trail, key))


def _children(tree: Tree) -> Iterator[tuple[str | int, Tree]]:
    if isinstance(tree, dict):
        yield from tree.items()
    elif isinstance(tree, list):
        yield from enumerate(tree)


def _texts(tree: Tree, *steps: str) -> Iterator[tuple[Trail, str]]:
    return ((trail, value) for trail, value in _found(tree, *steps) if isinstance(value, str))


def _ids(tree: Tree, section: str) -> list[str]:
    return [value for _, value in _texts(tree, section, _EACH, "id")]


def _ids_written_twice(tree: dict[str, Tree]) -> Iterator[Clash]:
    for section in (*NAMED_LISTS, "vantages"):
        seen: set[str] = set()
        for trail, value in _texts(tree, section, _EACH, "id"):
            if value in seen:
                yield Clash(trail, f"L'identifiant « {shown(value)} » sert déjà plus haut dans cette liste.")
            seen.add(value)


def _practices_written_twice(tree: dict[str, Tree]) -> Iterator[Clash]:
    seen: set[str] = set()
    for trail, _ in _found(tree, "practices", _EACH):
        practice = str(trail[-1]).replace("_", "-")
        if practice in seen:
            yield Clash(trail, f"La réponse « {shown(practice)} » est déjà donnée plus haut.")
        seen.add(practice)


_REFERENCES: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = (
    (("vantages", _EACH, "id"), "zones", (OUTSIDE,)),
    (("hosts", _EACH, "zone"), "zones", (OUTSIDE,)),
    (("hosts", _EACH, "link"), "links", ("",)),
    (("hosts", _EACH, "services", _EACH, "from"), "zones", (OUTSIDE, ANYWHERE)),
    (("flows", _EACH, "from"), "zones", (OUTSIDE,)),
    (("flows", _EACH, "to"), "zones", (OUTSIDE,)),
    (("vpn", _EACH, "host"), "hosts", ()),
    (("mail", _EACH, "host"), "hosts", ()),
    (("websites", _EACH, "host"), "hosts", ("",)),
)
"""Where an id is used, the list that must hold it, and the words that stand for no element of it."""


def _missing_references(tree: dict[str, Tree]) -> Iterator[Clash]:
    for steps, section, words in _REFERENCES:
        known = dict.fromkeys((*_ids(tree, section), *words))
        for trail, value in _texts(tree, *steps):
            if value not in known:
                yield Clash(
                    trail, f"« {shown(value)} » ne figure pas dans « {section} »", value, tuple(known)
                )


def _waived_assets(tree: dict[str, Tree]) -> Iterator[Clash]:
    named = chain.from_iterable(_ids(tree, section) for section in NAMED_LISTS)
    commune = (value for _, value in _texts(tree, "commune", "id"))
    known = dict.fromkeys((*commune, *named, *_implied_ids(tree), *PRACTICES))
    for trail, value in _texts(tree, "waivers", _EACH, "check"):
        asset = value.partition("@")[2]
        if asset and asset not in known:
            yield Clash(trail, f"Rien ne porte l'identifiant « {shown(asset)} »", asset, tuple(known))


def _implied_ids(tree: dict[str, Tree]) -> Iterator[str]:
    """The flows that the use of a zone adds."""
    zones = [ZoneWords(_word(block, "id"), _word(block, "use")) for _, block in _found(tree, "zones", _EACH)]
    flows = [
        Passage(_word(block, "id"), _word(block, "from"), _word(block, "to"))
        for _, block in _found(tree, "flows", _EACH)
    ]
    peopled = {_word(block, "id") for _, block in _found(tree, "zones", _EACH) if _has(block, "networks")}
    peopled |= {value for _, value in _texts(tree, "hosts", _EACH, "zone")}
    return (passage.id for passage in implied_passages(zones, flows, peopled=peopled))


def _word(block: Tree, key: str) -> str:
    value = block.get(key) if isinstance(block, dict) else None
    return value if isinstance(value, str) else ""


def _has(block: Tree, key: str) -> bool:
    return isinstance(block, dict) and bool(block.get(key))


def _canaries_of_one_family(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, block in _found(tree, "vantages", _EACH, "canary"):
        seen: set[int] = set()
        for place, text in _texts(block, _EACH):
            version = _version(text)
            if version in seen:
                yield Clash(
                    (*trail, *place), f"Une adresse témoin IPv{version} est déjà donnée : une par famille."
                )
            if version:
                seen.add(version)


def _version(text: str) -> int | None:
    try:
        return ip_address(values.address(text)).version
    except values.RefusedError:
        return None


def _updates_after_the_answer(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, block in _found(tree, "hosts", _EACH, "firmware_date"):
        updated, answered = _day(block, "value"), _day(block, "on")
        if updated and answered and updated > answered:
            yield Clash(
                (*trail, "value"), f"Cette mise à jour suivrait la réponse, du {french.day(answered)}."
            )


def _day(tree: Tree, key: str) -> date | None:
    return _as_day(tree.get(key)) if isinstance(tree, dict) else None


def _as_day(value: Tree) -> date | None:
    try:
        return values.day(value) if isinstance(value, str) else None
    except values.RefusedError:
        return None


def _dates_out_of_order(tree: dict[str, Tree]) -> Iterator[Clash]:
    signed = (("authorization",), "signed_on", "L'autorisation finirait")
    decided = (("waivers", _EACH), "decided_on", "La dérogation finirait")
    for steps, first, subject in (signed, decided):
        for trail, block in _found(tree, *steps):
            start, end = _day(block, first), _day(block, "until")
            if start and end and end < start:
                yield Clash((*trail, "until"), f"{subject} avant de commencer, le {french.day(start)}.")


def _waivers_too_long(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, block in _found(tree, "waivers", _EACH):
        start, end = _day(block, "decided_on"), _day(block, "until")
        if start and end and end > (last := months_later(start, DECLARATION_MONTHS)):
            yield Clash(
                (*trail, "until"), f"Une dérogation dure douze mois au plus : jusqu'au {french.day(last)}."
            )


def _answers_without_answer(tree: dict[str, Tree]) -> Iterator[Clash]:
    """A declaration gives an answer, a value or a result; `confirmed` alone is content with who and when."""
    for trail, block in _declarations(tree):
        if (
            isinstance(block, dict)
            and trail[-1] != "confirmed"
            and not {"answer", "value", "result"} & set(block)
        ):
            yield Clash(trail, "Il manque « answer » : yes, no, partial ou unknown (« je ne sais pas »).")


def _answers_out_of_place(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, word in _texts(tree, "practices", _EACH, "answer"):
        practice = str(trail[-2]).replace("_", "-")
        if word == Answer.NOT_APPLICABLE and practice in PRACTICES and practice not in MAY_NOT_APPLY:
            yield Clash(
                trail,
                "Cette question se pose partout : répondez yes, no, partial ou unknown (« je ne sais pas »).",
            )


def _declarations(tree: dict[str, Tree]) -> Iterator[tuple[Trail, Tree]]:
    yield from _found(tree, "practices", _EACH)
    for section in NAMED_LISTS:
        for trail, value in _found(tree, section, _EACH, _EACH):
            if _is_declaration(section, str(trail[-1])):
                yield trail, value


@cache
def _is_declaration(section: str, key: str) -> bool:
    shape = shape_at((section, 0, key))
    return shape is not None and issubclass(shape, SaidShape)


def _switched_off_without_reason(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, value in _found(tree, "checks", _EACH, "off"):
        if not isinstance(value, str) or len(value.strip()) < values.MIN_REASON:
            yield Clash(trail, f"« off » est suivi de la raison, en {values.MIN_REASON} caractères ou plus.")


def _adoptions_out_of_order(tree: dict[str, Tree]) -> Iterator[Clash]:
    """A date is adopted for later; a postponed one comes after the first."""
    for trail, block in _found(tree, "plan", "adopted", _EACH):
        due, adopted, first = (_day(block, key) for key in ("due", "on", "first_due"))
        if due and adopted and due < adopted:
            yield Clash((*trail, "due"), f"Cette échéance précède la décision, du {french.day(adopted)}.")
        elif due and first and due <= first:
            yield Clash(
                (*trail, "due"), f"Une échéance reportée vient après la première, du {french.day(first)}."
            )


def _starts_after_the_end(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, block in _found(tree, "plan", "adopted", _EACH):
        due, starts = _day(block, "due"), block.get("starts") if isinstance(block, dict) else None
        days = [_as_day(each) for each in starts] if isinstance(starts, list) else []
        if due and any(day and day > due for day in days):
            yield Clash((*trail, "starts"), "Une action ne commence pas après son échéance.")


def _postponed_without_reason(tree: dict[str, Tree]) -> Iterator[Clash]:
    for trail, block in _found(tree, "plan", "adopted", _EACH):
        postponed, explained = (isinstance(block, dict) and key in block for key in ("first_due", "reason"))
        if postponed and not explained:
            yield Clash(
                trail,
                f"Une date reportée donne sa raison : « reason », {values.MIN_REASON} caractères ou plus.",
            )
        elif explained and not postponed:
            yield Clash(trail, "Une raison accompagne un report : ajoutez la première date, « first_due ».")


def _recipients_written_twice(tree: dict[str, Tree]) -> Iterator[Clash]:
    """Two roles for one address are two mails; twice the same role would be twice the same mail."""
    seen: set[tuple[str, object]] = set()
    for trail, block in _found(tree, "delivery", "recipients", _EACH):
        if not isinstance(block, dict) or not isinstance(block.get("address"), str):
            continue
        one = (str(block["address"]).lower(), block.get("role"))
        if one in seen:
            yield Clash((*trail, "address"), "Cette adresse est déjà écrite plus haut avec ce rôle.")
        seen.add(one)
