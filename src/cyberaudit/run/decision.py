"""`cyberaudit waive --sheet`: the decision sheet of a risk that the profile accepts."""

from datetime import datetime

from cyberaudit.engine.catalogue import Catalogue, asked
from cyberaudit.errors import UsageError
from cyberaudit.reports.decision import Decision, decision_sheet
from cyberaudit.reports.paper import Paper
from cyberaudit.run.answers import target_of, today_of
from cyberaudit.town.profile import Profile
from cyberaudit.town.suggestion import shown


def sheet_of(profile: Profile, target: str, catalogue: Catalogue, *, now: datetime) -> Paper:
    """The sheet of the waiver that `profile` gives `target`, `mail.spf` or `mail.spf@main`.

    Raises:
        UsageError: no such check or thing, or no waiver for it.
    """
    check, asset = target_of(target, profile, catalogue)
    waivers = [each for each in profile.town.waivers if each.check == check.id]
    waiver = next((each for each in waivers if each.asset == asset), None)
    if waiver is None:
        raise UsageError(
            f"Le profil n'accepte pas le risque « {shown(target)} ». Pour le proposer : --reason, --by et --until."
        )
    names = [each.name for _, each in asked(profile.town, [check]) if asset in ("", each.id)]
    fiche, measure = catalogue.fiches[check.id], catalogue.remedies.measures[check.measure]
    about = Decision(
        commune=profile.town.name,
        check=f"{check.id}@{asset}" if asset else check.id,
        question=fiche.title,
        why=fiche.why,
        names=names,
        waiver=waiver,
        measure=measure,
    )
    return decision_sheet(about, today=today_of(profile, now))
