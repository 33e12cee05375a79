"""Cet accès à distance est-il ouvert à tout Internet sans besoin ?

## Pourquoi
Un accès que personne n'emploie reste une porte sur Internet, souvent oubliée des mises à jour. Celui qui ne sert
qu'au prestataire n'a pas à répondre au monde entier.

## Corriger
1. Fermer l'accès qui ne sert plus, et supprimer ses comptes.
2. N'ouvrir celui du prestataire qu'à son adresse, dans le pare-feu.
3. Mieux encore, ne l'ouvrir qu'à la demande, le temps de l'intervention.
4. Noter dans le profil qui se sert de chaque accès.

## Limites
La question n'est posée que si le profil dit que le prestataire seul s'en sert, ou plus personne (« used_by »), et
depuis Internet seulement. Un silence ne prouve pas que l'accès est fermé : seul un refus le prouve. Si le contrôle
part de l'adresse autorisée du prestataire, il trouvera l'accès ouvert. Ouvert pour le seul prestataire, il compte pour
moitié. La gravité 3 et la vraisemblance 3 sont notre jugement.
"""

from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    OpenVpnEndpoint,
    Status,
    TlsEndpoint,
    TlsSeen,
    Town,
    Unreachable,
    Verdict,
    Vpn,
    VpnUsers,
    check,
    endpoint_of,
    failed,
    french,
    partial,
    passed,
    reached,
    speaks_tls,
    unasked,
    unknown,
)


def needs_no_public_door(vpn: Vpn, town: Town) -> bool:
    return vpn.used_by in (VpnUsers.CONTRACTOR, VpnUsers.NOBODY) and speaks_tls(vpn, town)


@check(
    "vpn.needless-portal",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    concerns=needs_no_public_door,
    seen_from="outside",
    impact=3,
    likelihood=3,
    measure="close-needless-vpn",
    sources=("H 32", "PA-022 R66", "RC 7.B.3"),
)
def access_is_open_to_those_who_need_it(seen: TlsSeen, ctx: Context) -> Verdict:
    facts = endpoint_of(seen, ctx)
    if isinstance(facts, Unreachable):
        return unknown(facts)
    answers = reached(facts)
    evidence = tuple(Evidence(place, _word(answer)) for place, answer in answers.items())
    if open_at := [place for place, answer in answers.items() if answer is True]:
        return _open(ctx, open_at, evidence=evidence)
    lost = next((answer for answer in answers.values() if isinstance(answer, Unreachable)), None)
    if lost:
        return unknown(lost, evidence=evidence)
    if unasked(facts) or not answers:
        text = f"Une partie des adresses de l'accès « {ctx.asset.name} » n'a pas été regardée."
        return unknown(text, evidence=evidence)
    return passed(f"L'accès « {ctx.asset.name} » ne répond pas à tout Internet.", evidence=evidence)


def _open(ctx: Context, places: list[str], *, evidence: tuple[Evidence, ...]) -> Verdict:
    name, where = ctx.asset.name, french.listed(places)
    if ctx.asset.used_by == VpnUsers.NOBODY:
        items = (Item("open", Status.FAIL, "unused", f"L'accès répond sur {where}."),)
        text = f"L'accès « {name} » ne sert plus, et répond encore à tout Internet."
        return failed(text, reason="unused", items=items, evidence=evidence)
    items = (Item("open", Status.PARTIAL, "contractor-only", f"L'accès répond sur {where}."),)
    text = f"L'accès « {name} » ne sert qu'au prestataire, et répond à tout Internet."
    return partial(text, reason="contractor-only", items=items, evidence=evidence)


def _word(answer: bool | Unreachable) -> str:  # noqa: FBT001 — the value itself is the subject
    if isinstance(answer, Unreachable):
        return f"non vu : {answer}"
    return "répond" if answer else "refuse la connexion"
