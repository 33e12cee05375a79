"""Reports in which every part has something to say, and one too long for any page."""

from dataclasses import replace
from datetime import date, timedelta

from cyberaudit.french import typeset
from cyberaudit.history.transitions import Transition
from cyberaudit.model import Status
from cyberaudit.plan.words import Standing, Word
from cyberaudit.reports.change_words import ChangeCounts, ChangeLine, ChangesView, Section, SectionView
from cyberaudit.reports.plan_words import ArbitrationView, ContactView, TrendPointView, TrendView
from cyberaudit.reports.words import Mark, ReportView
from tests.unit import report_samples as samples

TREND = TrendView(
    tuple(
        TrendPointView(date(2026, 8, 1) + timedelta(days=28 * number), low, low + 12, Word.FRAGILE)
        for number, low in enumerate((12, 9, 20, 26, 38))
    ),
    "Le niveau était de 12 le 1er août 2026, il est de 38 le 21 novembre 2026.",
)
_LINE = ChangeLine(
    "p1",
    "backup.fresh",
    Transition.WORSE,
    "Disque",
    typeset("Disque de sauvegarde — Récente ? Moins bien."),
    "Vide.",
)
CHANGES = ChangesView(
    date(2026, 11, 14),
    typeset("Depuis le 14 novembre : 1 dégradation, 1 amélioration."),
    ChangeCounts(1, 0, 1, 0, 0, 0, 0, 0, 9),
    (
        SectionView(Section.DEGRADED, Section.DEGRADED.heading, "", (_LINE,)),
        SectionView(
            Section.IMPROVED,
            Section.IMPROVED.heading,
            Section.IMPROVED.remark,
            (replace(_LINE, point="p2", sentence=typeset("Courrier — Signé ? C'est réglé."), seen=""),),
        ),
    ),
)
ARBITRATIONS = (
    ArbitrationView(
        9, "antivirus", "Faire gérer l'antivirus", "900 € par an",
        "Il manque 900 € sous le plafond de 2027.",
        ("Relever le plafond de 2027 de 900 €.", "Demander un prix groupé.", "Accepter le risque par écrit."),
    ),
)  # fmt: skip


def full_view() -> ReportView:
    """Changes, a past, arbitrations, lots, adopted and late dates, a theme in which nothing applies."""
    view = samples.busy_view()
    actions = list(view.next_actions)
    actions[0] = replace(
        actions[0],
        lots=(typeset("1er trimestre 2027 : les deux postes de l'accueil, 400 €"),),
        standing=Standing.ADOPTED,
        standing_sentence="date adoptée par Jeanne Martin, maire, le 25 novembre 2026",
        said_done="Le prestataire dit que c'est fait, et rien ne le montre encore.",
    )
    actions[1] = replace(actions[1], standing=Standing.LATE)
    away = replace(
        view.points[0], identity="feedfeedfeedfeed", theme="web", check="web.https",
        question=typeset("Le site est-il chiffré ?"), status=Status.NOT_APPLICABLE, mark=Mark.NOT_APPLICABLE,
        sentence="La mairie n'a pas de site.", items=(), evidence=(), stands_on="",
    )  # fmt: skip
    return replace(
        view, changes=CHANGES, trend=TREND, to_arbitrate=ARBITRATIONS, next_actions=tuple(actions),
        points=(*view.points, away),
    )  # fmt: skip


LONG = "Mettre « l'état civil » en ordre, *vite* #titre $x$ @ici <etiquette> \\fin ; " * 4
"""Some three hundred characters."""


def overlong_view() -> ReportView:
    """Sixty urgencies, forty arbitrations, three hundred letters a title, no year, no known region."""
    view = full_view()
    urgent = tuple(replace(view.urgent[0], rank=rank, title=LONG, who=LONG) for rank in range(1, 61))
    decided = tuple(replace(ARBITRATIONS[0], title=LONG, why=LONG) for _ in range(40))
    return replace(
        view,
        title=LONG,
        scan_line=LONG,
        urgent=urgent,
        to_arbitrate=decided,
        next_actions=tuple(
            replace(each, rank=60 + each.rank, owner="elu", title=LONG) for each in view.next_actions
        ),
        budget=replace(view.budget, years=()),
        whom=tuple(ContactView(LONG, LONG, "", "") for _ in range(9)),
        attack=LONG,
        changes=replace(CHANGES, sentence=LONG),
        level=replace(view.level, coverage=LONG, figure=LONG),
    )
