"""What every format tells of the changes since the control before; `changes` makes them."""

from datetime import date
from enum import StrEnum

from cyberaudit.frozen import frozen
from cyberaudit.history.transitions import Transition


class Section(StrEnum):
    """In the order in which they are told."""

    DEGRADED = "degraded"
    FIRST_SEEN = "first-seen"
    IMPROVED = "improved"
    NOT_CHECKED = "not-checked"
    TO_REVIEW = "to-review"
    LATE = "late"
    OUT_OF_SCOPE = "out-of-scope"
    NEW_CHECKS = "new-checks"
    BY_RULES = "by-rules"

    @property
    def heading(self) -> str:
        return _TITLES[self]

    @property
    def remark(self) -> str:
        """What is said once below the title; may be empty."""
        return _REMARKS.get(self, "")


_TITLES = {
    Section.DEGRADED: "Ce qui s'est dégradé",
    Section.FIRST_SEEN: "Constaté pour la première fois",
    Section.IMPROVED: "Ce qui va mieux",
    Section.NOT_CHECKED: "Ce qui n'a pas pu être vérifié",
    Section.TO_REVIEW: "À revoir",
    Section.LATE: "Toujours à faire, en retard",
    Section.OUT_OF_SCOPE: "Retiré du périmètre",
    Section.NEW_CHECKS: "Contrôles nouveaux",
    Section.BY_RULES: "Jugé autrement par les nouvelles règles",
}
_REMARKS = {
    Section.FIRST_SEEN: "Ces défauts existaient peut-être déjà.",
    Section.IMPROVED: "Merci.",
    Section.NOT_CHECKED: "Ce n'est pas une dégradation : le dernier état connu est rappelé.",
    Section.OUT_OF_SCOPE: "Ces points ne sont pas comptés comme réglés.",
    Section.NEW_CHECKS: "cyberaudit contrôle plus de points qu'avant.",
    Section.BY_RULES: "Pour ces points, seules les règles ou leurs réglages ont changé.",
}


_SINCE_LAST = {
    Transition.OUT_OF_SCOPE: "retiré du périmètre",
    Transition.NEW_CHECK: "contrôle nouveau",
    Transition.EXPIRED: "à revoir",
    Transition.NOT_CHECKED: "non vérifié cette fois",
    Transition.BACK: "de nouveau en défaut",
    Transition.WORSE: "dégradé",
    Transition.NEW: "nouveau dans le profil",
    Transition.FIRST_KNOWN: "connu pour la première fois",
    Transition.BETTER: "amélioré",
    Transition.SOLVED: "réglé",
    Transition.SAME: "inchangé",
}


@frozen
class PointChange:
    """What became of one question about one thing, in brief; every point has one, the unchanged ones too."""

    point: str
    """Identity."""
    check: str
    asset: str
    asset_name: str
    transition: Transition
    by_rules: bool
    """The newer rules alone make the difference."""

    @property
    def word(self) -> str:
        """« dégradé », for a narrow column."""
        return "jugé par de nouvelles règles" if self.by_rules else _SINCE_LAST[self.transition]


@frozen
class ChangeLine:
    """One change, ready to be read."""

    point: str
    """Identity; the asset's key when the line is about a whole thing."""
    check: str
    """Empty when the line is about a whole thing."""
    transition: Transition
    asset_name: str
    sentence: str
    """The thing, the question, and what became of it."""
    seen: str = ""
    """What was seen, when something is to be done."""


@frozen
class SectionView:
    """Changes of one sort."""

    section: Section
    title: str
    remark: str
    """May be empty."""
    lines: tuple[ChangeLine, ...]


@frozen
class ChangeCounts:
    """How many points, sort by sort."""

    degraded: int
    first_seen: int
    improved: int
    to_review: int
    not_checked: int
    removed: int
    new_checks: int
    by_rules: int
    """Judged otherwise by newer rules alone; not counted anywhere else."""
    unchanged: int


@frozen
class ChangesView:
    """What changed, and since when."""

    since: date | None
    """None: there is nothing to compare with."""
    sentence: str
    """« Depuis le 14 novembre : 1 dégradation, 2 améliorations. »"""
    counts: ChangeCounts
    sections: tuple[SectionView, ...]
    """Those that hold a line."""
    points: tuple[PointChange, ...] = ()
    """Every point of either moment, in the order of the changes."""
