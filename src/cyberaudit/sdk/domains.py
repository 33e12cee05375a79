"""What several questions about a domain's mail answer alike."""

from cyberaudit import french
from cyberaudit.model import Evidence, Verdict
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import not_applicable, unknown


def writes_no_mail(ctx: Context) -> Verdict:
    """The domain is declared without mail: whether others write in its name is judged for the whole town."""
    return not_applicable(
        f"Le domaine {ctx.asset.name} est déclaré sans courrier : voir les noms de domaine inutilisés."
    )


def left_unseen(count: int, ctx: Context, *, evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """Servers of the domain's mail beyond our limits: of all of them nothing can be said."""
    what = french.count(count, "serveur de courrier", "serveurs de courrier")
    verb = "n'a pas été regardé" if count < 2 else "n'ont pas été regardés"
    return unknown(f"{what} de {ctx.asset.name} {verb}, au-delà de la limite prévue.", evidence=evidence)
