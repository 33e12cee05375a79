"""How the points are told by theme: the state of each family, worst first."""

from collections.abc import Sequence

from cyberaudit.reports.points import safe
from cyberaudit.reports.words import Mark, PointView, ThemeView

THEMES = {
    "firewall": "Pare-feu et réseau",
    "vpn": "Accès à distance (VPN)",
    "dns": "Noms de domaine",
    "mail": "Courrier électronique",
    "backup": "Sauvegardes",
    "web": "Site Internet",
    "link": "Ligne Internet",
    "cloud": "Services en ligne",
    "practice": "Habitudes et organisation",
}
_WORST_FIRST = (Mark.TO_FIX, Mark.TO_IMPROVE, Mark.TO_CHECK, Mark.IN_ORDER)


def theme_views(points: Sequence[PointView]) -> tuple[ThemeView, ...]:
    """Families that have a point that applies, worst first."""
    by_theme: dict[str, list[PointView]] = {}
    for each in points:
        if each.mark is not Mark.NOT_APPLICABLE:
            by_theme.setdefault(each.theme, []).append(each)
    themes = [_theme(theme, found) for theme, found in by_theme.items()]
    order = list(THEMES)
    return tuple(
        sorted(
            themes,
            key=lambda each: (
                _WORST_FIRST.index(each.mark),
                order.index(each.theme) if each.theme in order else len(order),
                each.theme,
            ),
        )
    )


def _theme(theme: str, points: Sequence[PointView]) -> ThemeView:
    marks = [each.mark for each in points]
    in_order, to_check = marks.count(Mark.IN_ORDER), marks.count(Mark.TO_CHECK)
    sentence = f"{in_order} sur {len(points)} en ordre"
    if to_check:
        sentence += f", {to_check} à vérifier"
    return ThemeView(
        theme=theme,
        name=theme_name(theme),
        mark=next(mark for mark in _WORST_FIRST if mark in marks),
        in_order=in_order,
        asked=len(points),
        to_check=to_check,
        sentence=sentence,
    )


def rank_of(theme: str) -> tuple[int, str]:
    """Sorts themes in the order of the report, third parties' last."""
    order = list(THEMES)
    return (order.index(theme) if theme in order else len(order), theme)


def theme_name(theme: str) -> str:
    """« Courrier électronique »; a third party's theme keeps its own name."""
    return THEMES.get(theme, safe(theme))
