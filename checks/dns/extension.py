"""Le nom de la mairie finit-il par une extension française ou européenne ?

## Pourquoi
Une extension française ou européenne dépend d'un registre soumis à notre droit. Un nom en « .com » peut être saisi ou
cédé selon celui d'un autre pays. L'État demande aux communes une extension souveraine.

## Corriger
1. Enregistrer le même nom en « .fr », en « .eu » ou dans l'extension de la région.
2. Y installer le site et le courrier, puis corriger l'adresse sur Service-Public.
3. Garder l'ancien nom plusieurs années, et le faire rediriger : un inconnu ne doit pas le reprendre.

## Limites
La liste est celle de l'État : fr, eu, alsace, bzh, corsica, paris, gf, gp, mq, nc, pf, pm, re, tf, wf, yt. Un nom
réservé aux essais (« .example », « .test », « .invalid ») n'est pas accusé : aucune commune ne peut en avoir un. La
gravité et la vraisemblance sont notre jugement.
"""

from cyberaudit.facts.names import DomainNames
from cyberaudit.facts.registration import RESERVED_TLDS
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    not_applicable,
    partial,
    passed,
    unknown,
)

# RCPNT 1.2
SOVEREIGN = frozenset(
    {
        "fr", "eu", "alsace", "bzh", "corsica", "paris",
        "gf", "gp", "mq", "nc", "pf", "pm", "re", "tf", "wf", "yt",
    }
)  # fmt: skip


@check(
    "dns.extension",
    needs=DomainNames,
    about="domain",
    impact=2,
    likelihood=1,
    measure="sovereign-extension",
    sources=("RCPNT 1.2", "MSS ECOSYSTEME.5"),
)
def extension_is_under_our_law(names: DomainNames, ctx: Context) -> Verdict:
    name = ctx.asset.name
    # A zone that does not verify has its name all the same.
    if isinstance(names.exists, Unreachable) and names.exists.reason is not Reason.BOGUS:
        return unknown(names.exists)
    if names.exists is False:
        return not_applicable(f"Le domaine {name} n'existe pas dans l'annuaire des noms.")
    extension = names.domain.rpartition(".")[2]
    evidence = (Evidence("extension", f".{extension}"),)
    if extension in SOVEREIGN:
        return passed(f"Le domaine {name} a une extension souveraine.", evidence=evidence)
    if extension in RESERVED_TLDS:
        return passed(f"Le domaine {name} est un nom réservé aux essais.", evidence=evidence)
    text = f"Le domaine {name} dépend d'un registre étranger (« .{extension} »)."
    item = Item(names.domain, Status.PARTIAL, "domain.foreign_extension", text)
    return partial(text, reason="foreign-extension", items=(item,), evidence=evidence)
