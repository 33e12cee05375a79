"""What people decided of the plan that the plan cannot follow."""

from collections.abc import Container

from cyberaudit.declared import PlanChoices
from cyberaudit.reports.points import safe


def unknown_measures(choices: PlanChoices, known: Container[str]) -> tuple[str, ...]:
    """A sentence for each measure that the profile dates or says done, and that no catalogue holds.

    It is no mistake of the profile: another machine may have the catalogue of a third party.
    """
    dated, done = (each.measure for each in choices.adoptions), (each.measure for each in choices.completions)
    return tuple(
        f"La mesure « {safe(each)} », dans « plan », n'existe dans aucun catalogue : elle ne compte pas."
        for each in dict.fromkeys((*dated, *done))
        if each not in known
    )


__all__ = ["unknown_measures"]
