"""L'adresse de chaque serveur de courrier porte-t-elle un nom qui mène à elle ?

## Pourquoi
Beaucoup de messageries se méfient d'un serveur dont l'adresse ne porte pas de nom. Le courrier de la mairie part
alors dans les indésirables, ou revient.

## Corriger
1. Demander au fournisseur de l'adresse IP de publier son nom inverse (PTR) : le nom exact du serveur.
2. Vérifier que ce nom a bien cette adresse (A ou AAAA).
3. Faire de même pour l'adresse IPv6, ou cesser de publier celle-ci.

## Limites
C'est notre jugement : aucun texte de l'ANSSI ne le demande. Mais plusieurs grandes messageries l'exigent de qui leur
écrit (RFC 1912, section 2.1). Les serveurs qui reçoivent sont regardés ; ceux qui envoient peuvent être d'autres. Une
adresse privée où personne ne répond n'est pas jugée ici, mais avec le MX. Sans MX ni serveur de courrier à l'adresse du
domaine, il n'y a rien à juger.
"""

from collections.abc import Iterator

from cyberaudit.facts.mail_servers import MailServer, has_no_listener, is_out_of_reach, unseen_causes
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailServers,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    left_unseen,
    not_applicable,
    partial,
    passed,
    unknown,
)

# Judged by the question about MX records.
_ELSEWHERE = (Reason.PRIVATE_ADDRESS,)


@check(
    "mail.reverse-names",
    needs=MailServers,
    about="domain",
    impact=2,
    likelihood=1,
    measure="name-mail-servers",
)
def addresses_bear_the_servers_name(mail: MailServers, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if has_no_listener(mail):
        return not_applicable(f"Le domaine {name} n'a pas de serveur de courrier joignable par une adresse.")
    items = tuple(_items(mail))
    evidence = tuple(_evidence(mail))
    faults = [item for item in items if item.status is Status.PARTIAL]
    if faults:
        reason = "no-name" if faults[0].reason == "mx.no_ptr" else "other-name"
        text = f"L'adresse d'un serveur de courrier de {name} ne porte pas de nom qui mène à elle."
        return partial(text, reason=reason, items=items, evidence=evidence)
    lost = next(unseen_causes(mail), None) or _first_cause(mail)
    if lost is not None:
        return unknown(lost, items=items, evidence=evidence)
    if mail.left_out:
        return left_unseen(len(mail.left_out), ctx, evidence=evidence)
    if not items:
        return not_applicable(f"Les serveurs de courrier de {name} n'ont que des adresses privées.")
    return passed(
        f"L'adresse de chaque serveur de courrier de {name} porte son nom.", items=items, evidence=evidence
    )


def _items(mail: MailServers) -> Iterator[Item]:
    for server in _public(mail):
        item = _item(server)
        if item is not None:
            yield item


def _item(server: MailServer) -> Item | None:
    key, reverse = f"{server.host} {server.address}", server.reverse
    if isinstance(reverse, Unreachable):
        if reverse.reason in _ELSEWHERE:
            return None
        return Item(key, Status.UNKNOWN, reverse.reason, f"{server.address} : {reverse.reason.french}.")
    if not reverse.names:
        text = f"L'adresse {server.address} de {server.host} ne porte aucun nom."
        return Item(key, Status.PARTIAL, "mx.no_ptr", text)
    if isinstance(reverse.confirmed, Unreachable):
        cause = reverse.confirmed.reason
        return Item(key, Status.UNKNOWN, cause, f"{reverse.names[0]} : {cause.french}.")
    if not reverse.confirmed:
        text = f"L'adresse {server.address} porte le nom {reverse.names[0]}, qui ne mène pas à elle."
        return Item(key, Status.PARTIAL, "mx.ptr_mismatch", text)
    return Item(key, Status.PASS, "", f"{server.address} porte le nom {reverse.confirmed[0]}.")


def _public(mail: MailServers) -> tuple[MailServer, ...]:
    """An address that nobody outside reaches bears no name that anybody sees."""
    return tuple(server for server in mail.servers if not is_out_of_reach(server))


def _first_cause(mail: MailServers) -> Unreachable | None:
    for server in _public(mail):
        reverse = server.reverse
        if isinstance(reverse, Unreachable):
            if reverse.reason not in _ELSEWHERE:
                return reverse
        elif isinstance(reverse.confirmed, Unreachable):
            return reverse.confirmed
    return None


def _evidence(mail: MailServers) -> Iterator[Evidence]:
    for server in _public(mail):
        reverse = server.reverse
        names = str(reverse) if isinstance(reverse, Unreachable) else ", ".join(reverse.names) or "aucun"
        yield Evidence(f"PTR {server.address}", names)
    for server in _public(mail):
        if not isinstance(server.reverse, Unreachable) and not server.reverse.names:
            # RFC 1035 §3.5: it stands in the zone of whoever lends the address, not in the domain's own.
            yield Evidence("à demander au fournisseur de l'adresse", f"{server.address} PTR {server.host}.")
