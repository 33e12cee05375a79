"""What a profile says of the plan, measure by measure: the dates an élu adopted, and what is said to be done."""

from collections.abc import Sequence
from dataclasses import replace

from cyberaudit.declared import Adoption, Completion, PlanChoices
from cyberaudit.errors import ProfileError
from cyberaudit.town.profile import Profile
from cyberaudit.town.source import Tree
from cyberaudit.town.splice import Spliced, put

ADOPTED = ("plan", "adopted")
DONE = ("plan", "done")


def adopt(profile: Profile, adoptions: Sequence[Adoption]) -> Spliced:
    """The profile with these dates, each in place of what was adopted for the same measure.

    Raises:
        ProfileError: the profile cannot be changed at this place alone, or refuses a date.
    """
    assert adoptions
    blocks: dict[str, Tree] = {each.measure: _adoption_block(each) for each in adoptions}
    made = _put(profile, ADOPTED, blocks)
    known = {each.measure: each for each in profile.town.plan.adoptions}
    kept = known | {each.measure: each for each in adoptions}
    _refuse_anything_else(profile, made, replace(profile.town.plan, adoptions=tuple(kept.values())))
    return made


def complete(profile: Profile, done: Completion) -> Spliced:
    """The profile with the word of somebody that a measure is done, in place of an older one.

    Raises:
        ProfileError: the profile cannot be changed at this place alone, or refuses it.
    """
    made = _put(profile, DONE, {done.measure: {"by": done.by, "on": done.on.isoformat()}})
    kept = {each.measure: each for each in profile.town.plan.completions} | {done.measure: done}
    _refuse_anything_else(profile, made, replace(profile.town.plan, completions=tuple(kept.values())))
    return made


def _put(profile: Profile, section: tuple[str, str], blocks: dict[str, Tree]) -> Spliced:
    """One entry at its own place; several together, those that stand there before them."""
    if len(blocks) == 1:
        [(measure, block)] = blocks.items()
        return put(profile, (*section, measure), block)
    plan = profile.source.tree.get(section[0])
    written = plan.get(section[1]) if isinstance(plan, dict) else None
    before: dict[str, Tree] = dict(written) if isinstance(written, dict) else {}
    return put(profile, section, before | blocks)


def _adoption_block(adoption: Adoption) -> dict[str, Tree]:
    """As the profile writes it, what is empty left out."""
    words: dict[str, Tree] = {
        "due": adoption.due.isoformat(),
        "by": adoption.by,
        "on": adoption.on.isoformat(),
        "reason": adoption.reason,
        "first_due": adoption.first_due.isoformat() if adoption.first_due else "",
        "starts": [start.isoformat() for start in adoption.starts],
    }
    return {key: word for key, word in words.items() if word}


def _refuse_anything_else(profile: Profile, made: Spliced, expected: PlanChoices) -> None:
    if made.after.town != replace(profile.town, plan=expected):
        sentence = "Ce changement toucherait à autre chose que le plan : rien n'est changé."
        raise ProfileError(profile.problem(sentence, (ADOPTED[0],)))


__all__ = ["adopt", "complete"]
