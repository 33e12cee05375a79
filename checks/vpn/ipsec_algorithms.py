"""L'accès IPsec n'accepte-t-il que des algorithmes solides ?

## Pourquoi
Un accès IPsec garde souvent d'anciens algorithmes « au cas où ». Celui qui écoute la ligne peut alors déchiffrer
aujourd'hui, ou plus tard, ce que les agents et la mairie échangent.

## Corriger
1. Ne garder qu'AES de 256 ou 128 bits, avec SHA-256 ou mieux.
2. Ne garder que les groupes 14 à 16, ou mieux 19, 20, 21 et 31.
3. Retirer DES, Triple DES, MD5, SHA-1, et les groupes 1, 2, 5 et 22 à 27.
4. strongSwan (swanctl.conf) : « version = 2 » et « proposals = aes256gcm16-prfsha384-ecp384 ».
5. FortiGate (phase1-interface) : « set ike-version 2 », « set proposal aes256gcm-prfsha384 », « set dhgrp 20 ».
6. Stormshield (profils de chiffrement) : AES-GCM 256, SHA2-384, groupe 19 ou 20 ; correspondant en IKEv2.
7. Mettre les postes et les autres sites d'accord avec ces réglages, le même jour.

## Limites
Seul le premier échange est visible sans clé, adresse par adresse. Une adresse qui refuse tout ne permet aucune
conclusion. En IKEv1, l'outil propose AES, Triple DES et DES, avec SHA-2, SHA-1 et MD5. Les groupes proposés sont 1, 2,
5, 14 à 16 et 19 à 21. Le reste n'y est essayé qu'en partie. La confidentialité persistante (PFS), la durée des clés et
les algorithmes du tunnel lui-même ne le sont pas : ils se lisent dans les réglages. Un accès réservé à des adresses
connues peut refuser à l'outil, ou laisser sans réponse, ce qu'il accepte d'elles. Un silence compte comme un refus à
une condition : le même port répond à d'autres questions, avant et après chacun de trois essais. Plusieurs accès
déclarés sur une même passerelle, L2TP compris, sont jugés une fois, sous le nom du premier accès IPsec. La gravité et
la vraisemblance 2 sont notre jugement. Écarter les groupes 5, 22 à 27 et les chiffrements à blocs de 64 bits l'est
aussi.
"""

from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeServer, IpsecEndpoint
from cyberaudit.facts.ike_algorithms import algorithm_name, group_name
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    french,
    passed,
    speaks_for_its_gateway,
    unknown,
)

# ANSSI IPsec v1.1, R14: MD5 and DES strongly advised against
BROKEN = ("des", "md5", "prf-md5")
# ANSSI IPsec v1.1, R15: 3DES and SHA-1 to be avoided. Ours: other ciphers of 64-bit blocks break alike (CVE-2016-2183)
WEAK = ("3des", "blowfish-128", "cast-128", "sha1", "prf-sha1")
# ANSSI IPsec v1.1, R16: groups 1 and 2 no longer acceptable. Ours: 5 is below 2048 bits; RFC 8247 §2.4: not 22 to 24;
# ANSSI IPsec v1.1, R15: no curve below 256 bits, which 25 to 27 are
GROUPS = (1, 2, 5, 22, 23, 24, 25, 26, 27)
# RFC 7296 §3.3.2: IKE itself must not use it
NOTHING = ("null",)


@check(
    "vpn.ipsec-algorithms",
    needs=IpsecEndpoint,
    about="vpn",
    seen_from="any",
    impact=3,
    likelihood=2,
    measure="modern-ipsec",
    sources=("IPSEC R14", "IPSEC R15", "IPSEC R16"),
    concerns=speaks_for_its_gateway,
)
def only_solid_algorithms_are_accepted(endpoint: IpsecEndpoint, ctx: Context) -> Verdict:
    name = ctx.asset.name
    evidence = tuple(line for server in endpoint.servers for line in _seen(server))
    items = _items(endpoint)
    if items:
        text = f"« {name} » accepte des algorithmes à écarter."
        return failed(text, reason="weak-algorithm", items=items, evidence=evidence)
    lost = _lost(endpoint)
    if lost is not None:
        return unknown(lost, evidence=evidence)
    if not any(offer.answer is IkeSaid.ACCEPTED for offer in _offers(endpoint)):
        return unknown(f"« {name} » n'accepte rien d'un inconnu.", evidence=evidence)
    idle = next((server for server in endpoint.servers if not (_closed(server) or _takes(server))), None)
    if idle is not None:
        text = f"À l'adresse {idle.address}, l'accès « {name} » n'accepte rien d'un inconnu : rien ne s'y juge d'ici."
        return unknown(text, evidence=evidence)
    return passed(f"« {name} » n'accepte d'un inconnu que des algorithmes solides.", evidence=evidence)


def _offers(endpoint: IpsecEndpoint) -> tuple[IkeOffer, ...]:
    return tuple(offer for server in endpoint.servers for offer in server.offers)


def _items(endpoint: IpsecEndpoint) -> tuple[Item, ...]:
    offers = _offers(endpoint)
    taken = {each for offer in offers for each in (*offer.ciphers, *offer.macs, *offer.prfs)}
    groups = {group for offer in offers for group in offer.groups}
    rules = (
        ("R14", "broken", [algorithm_name(each) for each in BROKEN if each in taken]),
        ("R15", "weak", [algorithm_name(each) for each in WEAK if each in taken]),
        ("R16", "weak-group", [group_name(each) for each in GROUPS if each in groups]),
        ("null", "no-encryption", [algorithm_name(each) for each in NOTHING if each in taken]),
    )
    return tuple(
        Item(rule, Status.FAIL, reason, f"À écarter : {french.listed(names)}.")
        for rule, reason, names in rules
        if names
    )


def _lost(endpoint: IpsecEndpoint) -> Unreachable | None:
    """The first thing that must be known before the access is in order, and is not."""
    if endpoint.left_out or not endpoint.servers:
        return Unreachable(Reason.NOT_LOOKED, ", ".join(endpoint.left_out))
    unseen = (_unseen(server) for server in endpoint.servers)
    return next((each for each in unseen if each is not None), None)


def _unseen(server: IkeServer) -> Unreachable | None:
    if _closed(server):
        return None
    told = (
        *(offer.answer for offer in server.offers),
        *(offer.whole for offer in server.offers),
        server.complete,
    )
    lost = next((each for each in told if isinstance(each, Unreachable)), None)
    if lost is None and any(_takes_unseen(offer) for offer in server.offers):
        return Unreachable(Reason.NOT_COLLECTED)
    return lost


def _closed(server: IkeServer) -> bool:
    """Nobody speaks there: every port is closed."""
    return bool(server.offers) and all(offer.answer is IkeSaid.ABSENT for offer in server.offers)


def _takes(server: IkeServer) -> bool:
    return any(offer.answer is IkeSaid.ACCEPTED for offer in server.offers)


def _takes_unseen(offer: IkeOffer) -> bool:
    """It takes something, and what was not seen."""
    return offer.answer is IkeSaid.ACCEPTED and not (offer.ciphers and offer.groups)


def _seen(server: IkeServer) -> tuple[Evidence, ...]:
    return tuple(Evidence(f"{server.address} {offer.version}", _told(offer)) for offer in server.offers)


def _told(offer: IkeOffer) -> str:
    if isinstance(offer.answer, Unreachable):
        return str(offer.answer)
    algorithms = (*offer.ciphers, *offer.macs, *offer.prfs)
    names = (*map(algorithm_name, algorithms), *map(group_name, offer.groups))
    return " ; ".join(dict.fromkeys(names)) or "rien n'est accepté"
