"""What several questions about a domain's mail answer alike."""

from dataclasses import replace
from ipaddress import ip_address, ip_network

from cyberaudit import french
from cyberaudit.model import Evidence, Item, Reason, Status, Verdict
from cyberaudit.sdk.shape import Context
from cyberaudit.sdk.verdicts import not_applicable, unknown


def writes_no_mail(ctx: Context) -> Verdict:
    """The domain is declared without mail: whether others write in its name is judged for the whole town."""
    return not_applicable(
        f"Le domaine {ctx.asset.name} est déclaré sans courrier : voir les noms de domaine inutilisés."
    )


def unless_third_partys(verdict: Verdict, ctx: Context, *, test: str) -> Verdict:
    """`verdict` about an intrusive `test`; not applicable where it was not tried, on servers that are not the town's.

    A town that has its own servers signed for, and this test not, keeps its unanswered question.
    """
    untried = [item for item in verdict.items if item.reason == Reason.NOT_AUTHORIZED]
    if verdict.status is not Status.UNKNOWN or not untried or len(untried) < len(verdict.items):
        return verdict
    if any(_is_signed(item.key, ctx) for item in untried):
        text = f"L'essai poussé de {ctx.asset.name} n'est pas fait : l'autorisation ne nomme pas « {test} »."
        return replace(verdict, text=text, items=tuple(_untried(item) for item in verdict.items))
    text = (
        f"Les serveurs de {ctx.asset.name} sont à un tiers : l'essai poussé n'est pas fait sans son accord."
    )
    return replace(verdict, status=Status.NOT_APPLICABLE, reason="not-applicable", text=text)


def _untried(item: Item) -> Item:
    """The town's own server is not said to be a third party's."""
    return replace(item, text=item.text.replace(", serveur d'un tiers", ""))


def _is_signed(key: str, ctx: Context) -> bool:
    """The address at the end of an item's key stands in the authorization."""
    signed = ctx.town.authorization
    try:
        address = ip_address(key.rpartition(" ")[2])
        networks = [ip_network(each) for each in signed.addresses] if signed else []
    except ValueError:
        return False
    return any(address in network for network in networks)


def left_unseen(count: int, ctx: Context, *, evidence: tuple[Evidence, ...] = ()) -> Verdict:
    """Servers of the domain's mail beyond our limits: of all of them nothing can be said."""
    what = french.count(count, "serveur de courrier", "serveurs de courrier")
    verb = "n'a pas été regardé" if count < 2 else "n'ont pas été regardés"
    return unknown(f"{what} de {ctx.asset.name} {verb}, au-delà de la limite prévue.", evidence=evidence)
