"""What an SPF record makes its readers ask of DNS, term by term, and what came back."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from cyberaudit.frozen import frozen

# RFC 7208 §4.6.4: terms that ask DNS, over the whole recursion.
MOST_LOOKUPS: Final = 10
# RFC 7208 §4.6.4: terms whose question finds nothing.
MOST_VOIDS: Final = 2
# RFC 7208 §4.6.4: names behind one `mx`; names of one address, for `ptr`.
MOST_NAMES: Final = 10


class Found(StrEnum):
    """What asking about one term brought."""

    ADDRESSES = "addresses"
    """`a`, `mx`, `exists`: the name has something."""
    NOTHING = "nothing"
    """`a`, `mx`, `exists`: the name has nothing of that kind, or does not exist."""
    RECORD = "record"
    """`include`, `redirect`: exactly one SPF record, well written; its terms follow, one level deeper."""
    NO_RECORD = "no-record"
    SEVERAL = "several-records"
    SYNTAX = "syntax"
    """`include`, `redirect`: a record that cannot be read."""
    LOOP = "loop"
    """`include`, `redirect`: to a name that is being read already."""
    TOO_MANY_MX = "too-many-mx"
    VARIABLE = "variable"
    """Depends on the message (macros, `ptr`): counted, not followed."""
    TROUBLE = "trouble"
    """DNS could not answer: a receiver would say `temperror`."""
    BOGUS = "bogus"
    """The signature of the answer is wrong (DNSSEC): nothing of it can be believed, an absence neither."""


BROKEN: Final = frozenset({Found.NO_RECORD, Found.SEVERAL, Found.SYNTAX, Found.LOOP, Found.TOO_MANY_MX})
"""Whoever gets there ends with `permerror`."""
UNSEEN: Final = frozenset({Found.TROUBLE, Found.BOGUS})
"""What stands there is not known."""


@frozen
class SpfStep:
    """One term that counts as a look-up (RFC 7208 §4.6.4), in the order of evaluation."""

    depth: int
    """0: a term of the domain's own record."""
    at: str
    """The name whose record has the term."""
    term: str
    """As written."""
    target: str
    """The name that is asked, lower case; empty when it depends on the message."""
    found: Found
    void4: bool
    """For a sender in IPv4, this term's question finds nothing."""
    void6: bool
    names: int
    """Names behind an `mx`; 0 for other terms."""
    record: str
    """The SPF record at `target`, its bytes as Latin-1, cut after `RECORD_LENGTH`; empty when there is not one."""
    detail: str
    """The malformed term, or why DNS could not answer."""
    sampled: bool
    """The target depends on the sender's address: this is what an address of documentation gets."""
    admits: bool
    """Nothing on the way turns a match below into anything but « may write »."""


RECORD_LENGTH: Final = 8192


@frozen
class SpfTree:
    """A domain's record evaluated to the end for a sender that nothing names, past the limits too.

    Of several records at one name, which receivers refuse to choose from, the terms of each in turn.
    """

    steps: tuple[SpfStep, ...]
    cut: bool
    """There are more steps than were followed."""
    ip4_admitted: int
    """How many IPv4 addresses may write, at most: ranges that overlap are counted once."""

    @property
    def lookups(self) -> int:
        """What RFC 7208 §4.6.4 counts, over the whole recursion."""
        return len(self.steps)

    @property
    def voids(self) -> int:
        """Terms that find nothing, whichever family the sender is of."""
        return sum(step.void4 and step.void6 for step in self.steps)

    @property
    def is_broken(self) -> bool:
        """Some receiver, for some message, ends with `permerror`."""
        return (
            self.lookups > MOST_LOOKUPS
            or self.voids > MOST_VOIDS
            or any(step.found in BROKEN for step in self.steps)
        )

    @property
    def is_whole(self) -> bool:
        """DNS answered every question, and could be believed."""
        return not any(step.found in UNSEEN for step in self.steps)

    @property
    def goes_over(self) -> SpfStep | None:
        """The eleventh look-up: receivers stop there."""
        return self.steps[MOST_LOOKUPS] if self.lookups > MOST_LOOKUPS else None


def lookups_below(tree: SpfTree, place: int) -> int:
    """How many look-ups the step at `place` costs, what it includes counted."""
    depth = tree.steps[place].depth
    cost = 1
    for step in tree.steps[place + 1 :]:
        if step.depth <= depth:
            break
        cost += 1
    return cost


@frozen
class Cost:
    """What some terms of a domain's own record make receivers ask."""

    lookups: int
    voids: int

    @property
    def is_allowed(self) -> bool:
        """Within the limits of RFC 7208 §4.6.4."""
        return self.lookups <= MOST_LOOKUPS and self.voids <= MOST_VOIDS


def cost_of(tree: SpfTree, terms: Iterable[str]) -> Cost | None:
    """What a record with these counted `terms`, as written in the record that was followed, would cost.

    None when the tree cannot tell: a term was not followed to its end, or leads to what receivers do not accept.
    """
    places = {
        step.term.lower(): place for place, step in reversed(list(enumerate(tree.steps))) if not step.depth
    }
    lookups = voids = 0
    for term in terms:
        place = places.get(term.lower())
        if place is None:
            return None
        asked = tree.steps[place : place + lookups_below(tree, place)]
        if any(_ends_unknown(step) for step in asked):
            return None
        lookups += len(asked)
        voids += sum(step.void4 and step.void6 for step in asked)
    return None if tree.cut else Cost(lookups, voids)


def _ends_unknown(step: SpfStep) -> bool:
    """Refused by receivers, not answered, or another list for each message."""
    leads_on = step.term.lstrip("+-~?").lower().startswith(("include:", "redirect="))
    varies = leads_on and (step.sampled or step.found is Found.VARIABLE)
    return varies or step.found in BROKEN or step.found in UNSEEN
