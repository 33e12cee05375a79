"""L'accès IPsec se sert-il de la version actuelle du protocole ?

## Pourquoi
La première version du protocole (IKEv1) date de 1998. Elle résiste moins bien aux attaques, et son « mode agressif »
donne à n'importe qui de quoi essayer des mots de passe, chez soi et sans limite.

## Corriger
1. Passer l'accès en IKEv2, sur le pare-feu puis sur chaque poste. strongSwan : « version = 2 » ; FortiGate :
   « set ike-version 2 » ; Stormshield : version d'IKE du correspondant.
2. Désactiver IKEv1, et d'abord son mode agressif.
3. Remplacer la clé partagée par des certificats, un par poste.
4. Si le mode agressif était actif, changer la clé partagée le jour même.

## Limites
L'outil frappe à la porte sans clé : il voit ce qui est accepté d'un inconnu, adresse par adresse. Une adresse qui
refuse tout ne permet aucune conclusion. IKEv1 est dit refusé après un millier de combinaisons usuelles ; une
combinaison rare peut manquer. Un accès réservé à des adresses connues
peut refuser à l'outil, ou laisser sans réponse, ce qu'il accepte d'elles. Le mode agressif peut aussi n'être ouvert
qu'à un nom que l'outil ignore. Un silence en IKEv1 compte comme un refus à une condition : le même port répond à
d'autres questions, avant et après chacun de trois essais. Sinon, il ne prouve rien. L'empreinte reçue en mode agressif
n'est ni gardée ni montrée. Plusieurs accès déclarés sur une même passerelle, L2TP compris, sont jugés une fois, sous le
nom du premier accès IPsec. La gravité et la vraisemblance 2 sont notre jugement ; une empreinte envoyée monte la
vraisemblance à 4.
"""

from cyberaudit.facts.ike import IkeOffer, IkeSaid, IkeServer, IpsecEndpoint
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
    passed,
    speaks_for_its_gateway,
    unknown,
)

# ANSSI IPsec v1.1, R8: IKEv2
OLD, CURRENT = "IKEv1", "IKEv2"
SAID = {
    IkeSaid.ACCEPTED: "accepté",
    IkeSaid.REFUSED: "refuse ce qui est proposé",
    IkeSaid.IGNORED: "laisse sans réponse, et répond à d'autres questions",
    IkeSaid.ABSENT: "absent, dit-il",
}
# ANSSI IPsec v1.1, R9: no shared key in general
SHARED_KEYS = frozenset({"psk", "xauth-psk"})


@check(
    "vpn.ipsec-version",
    needs=IpsecEndpoint,
    about="vpn",
    seen_from="any",
    impact=3,
    likelihood=2,
    measure="modern-ipsec",
    sources=("IPSEC R8", "IPSEC R9"),
    concerns=speaks_for_its_gateway,
)
def only_the_current_version_is_spoken(endpoint: IpsecEndpoint, ctx: Context) -> Verdict:
    name = ctx.asset.name
    evidence = tuple(line for server in endpoint.servers for line in _seen(server))
    if any(server.hash_sent is True for server in endpoint.servers):
        text = f"« {name} » donne de quoi deviner sa clé."
        items = _items(endpoint)
        return failed(text, reason="hash-sent", items=items, evidence=evidence, likelihood=4)
    if any(_speaks_old(server) for server in endpoint.servers):
        text = f"« {name} » accepte encore une version dépassée d'IPsec."
        return failed(text, reason="ikev1", items=_items(endpoint), evidence=evidence)
    lost = _lost(endpoint)
    if lost is not None:
        return unknown(lost, evidence=evidence)
    if not any(_answer(server, CURRENT) is IkeSaid.ACCEPTED for server in endpoint.servers):
        return unknown(f"« {name} » n'accepte rien d'un inconnu.", evidence=evidence)
    idle = next((server for server in endpoint.servers if not (_closed(server) or _takes(server))), None)
    if idle is not None:
        text = f"À l'adresse {idle.address}, l'accès « {name} » n'accepte rien d'un inconnu : rien ne s'y juge d'ici."
        return unknown(text, evidence=evidence)
    return passed(f"« {name} » n'accepte d'un inconnu que la version actuelle d'IPsec.", evidence=evidence)


def _items(endpoint: IpsecEndpoint) -> tuple[Item, ...]:
    found = []
    if any(server.hash_sent is True for server in endpoint.servers):
        text = "Mode agressif : le serveur envoie de quoi essayer des mots de passe hors ligne."
        found.append(Item("R9", Status.FAIL, "hash-sent", text))
    elif any(_only_shared_keys(server) for server in endpoint.servers):
        text = "IKEv1 n'est accepté qu'avec une clé partagée, sans certificat."
        found.append(Item("R9", Status.PARTIAL, "shared-key", text))
    if any(_speaks_old(server) for server in endpoint.servers):
        found.append(Item("R8", Status.FAIL, "ikev1", "IKEv1 est accepté."))
    return tuple(found)


def _speaks_old(server: IkeServer) -> bool:
    return IkeSaid.ACCEPTED in (_answer(server, OLD), server.aggressive)


def _only_shared_keys(server: IkeServer) -> bool:
    offer = server.offer(OLD)
    return offer is not None and bool(offer.proofs) and set(offer.proofs) <= SHARED_KEYS


def _answer(server: IkeServer, version: str) -> IkeSaid | Unreachable:
    offer = server.offer(version)
    return offer.answer if offer else Unreachable(Reason.NOT_COLLECTED)


def _lost(endpoint: IpsecEndpoint) -> Unreachable | None:
    """The first thing that must be known before the access is in order, and is not."""
    if endpoint.left_out or not endpoint.servers:
        return Unreachable(Reason.NOT_LOOKED, ", ".join(endpoint.left_out))
    for server in endpoint.servers:
        told: tuple[object, ...] = (_answer(server, CURRENT), _answer(server, OLD), server.aggressive)
        if not _closed(server):
            told = (*told, server.hash_sent)
        for each in told:
            if isinstance(each, Unreachable):
                return each
    return None


def _closed(server: IkeServer) -> bool:
    """Nobody speaks there: every port is closed."""
    return (_answer(server, CURRENT), _answer(server, OLD), server.aggressive) == (IkeSaid.ABSENT,) * 3


def _takes(server: IkeServer) -> bool:
    return _answer(server, CURRENT) is IkeSaid.ACCEPTED


def _seen(server: IkeServer) -> tuple[Evidence, ...]:
    told = (
        *(Evidence(f"{server.address} {offer.version}", _said(offer)) for offer in server.offers),
        Evidence(f"{server.address} mode agressif", _word(server.aggressive)),
    )
    if not server.vendors:
        return told
    return (*told, Evidence(f"{server.address} produit", ", ".join(server.vendors)))


def _said(offer: IkeOffer) -> str:
    proofs = f" ({', '.join(offer.proofs)})" if offer.proofs else ""
    return f"{_word(offer.answer)}{proofs}"


def _word(answer: IkeSaid | Unreachable) -> str:
    return str(answer) if isinstance(answer, Unreachable) else SAID[answer]
