"""Le courrier adressé à la mairie a-t-il un serveur pour le recevoir ?

## Pourquoi
Un nom de domaine doit dire où livrer le courrier. Sans cela, les messages des habitants et de la préfecture
reviennent à l'expéditeur ou se perdent.

## Corriger
1. Demander à l'hébergeur du courrier les noms exacts de ses serveurs.
2. Les publier dans la zone DNS : un enregistrement MX par serveur, vers un nom et jamais vers une adresse IP.
3. Vérifier que chaque nom a une adresse, puis envoyer un message d'essai depuis l'extérieur.
4. Remplacer un MX qui est un alias (CNAME) par le nom vers lequel il mène (RFC 2181, section 10.3).

## Limites
Un serveur qui ne répond pas depuis cet endroit ne compte pas comme une faute : beaucoup de lignes filtrent le courrier
sortant. Un nom sans adresse en est une, comme une adresse privée où personne ne répond. Depuis l'intérieur de la
mairie, un serveur publié à part pour le réseau interne peut montrer une adresse privée sans faute. Un serveur sans
adresse, ou privé, compte pour moitié quand d'autres reçoivent le courrier. La gravité et la vraisemblance sont notre
jugement.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace

from cyberaudit.facts.mail_servers import is_address, is_out_of_reach
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailDns,
    MailServers,
    MxRecord,
    Status,
    Unreachable,
    Verdict,
    check,
    failed,
    left_unseen,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

NO_ADDRESS, PRIVATE, LITERAL = "mx.unresolvable", "mx.private_address", "mx.ip_literal"


@check(
    "mail.mx",
    needs=(MailDns, MailServers),
    about="domain",
    impact=3,
    likelihood=2,
    measure="receive-mail",
    sources=("RCPNT 2.4",),
)
def mail_has_a_server(
    facts: tuple[MailDns | Unreachable, MailServers | Unreachable], ctx: Context
) -> Verdict:
    dns, servers = facts
    name = ctx.asset.name
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(dns, Unreachable):
        return unknown(dns)
    if dns.exists is False:
        return failed(f"Le domaine {name} n'existe pas dans l'annuaire des noms.", reason="no-domain")
    if isinstance(dns.mx, Unreachable):
        return unknown(dns.mx)
    evidence = tuple(Evidence("MX", f"{mx.preference} {mx.host or '.'}") for mx in dns.mx)
    hosts = [mx.host for mx in dns.mx]
    if not hosts:
        item = Item("MX", Status.FAIL, "mx.none", "Aucun enregistrement MX (RFC 5321, section 5.1).")
        return failed(
            f"Le domaine {name} n'indique aucun serveur de courrier.",
            reason="no-mx",
            items=(item,),
            evidence=(
                Evidence("modèle à compléter, si ce nom reçoit", f"{dns.domain}. IN MX 10 votre.serveur."),
                Evidence("ligne à publier, si ce nom ne reçoit jamais", f"{dns.domain}. IN MX 0 ."),
            ),
        )
    if hosts == [""]:
        text = f"Le domaine {name} refuse tout courrier, alors que la mairie s'en sert."
        return failed(text, reason="null-mx", evidence=evidence)
    if "" in hosts:
        text = f"Le domaine {name} dit à la fois refuser et recevoir le courrier."
        item = Item(
            ".", Status.FAIL, "mx.null_with_others", "Un MX nul doit être seul (RFC 7505, section 3)."
        )
        # Whoever declares the name for mail wants the others.
        gone = _records(dns.domain, (mx for mx in dns.mx if not mx.host), "ligne à retirer")
        return failed(text, reason="null-mx-with-others", items=(item,), evidence=(*evidence, *gone))
    if isinstance(servers, Unreachable):
        return unknown(servers, evidence=evidence)
    return _resolution(servers, dns.mx, ctx, evidence)


def _resolution(
    servers: MailServers, records: tuple[MxRecord, ...], ctx: Context, evidence: tuple[Evidence, ...]
) -> Verdict:
    name, hosts = ctx.asset.name, [mx.host for mx in records]
    # An address left out is no matter here: its host has one, and others were looked at.
    left_out = set(servers.left_out).intersection(hosts)
    items = tuple(_items(servers, hosts))
    lost = [item for item in items if item.status is Status.FAIL]
    unseen = next((server.cause for server in servers.unresolved if server.cause is not None), None)
    evidence = (*evidence, *_evidence(servers))
    if lost and not (_good_hosts(servers) or left_out or unseen):
        text = f"Aucun des serveurs de courrier de {name} {_NONE[lost[0].reason]}."
        return failed(text, reason=_REASONS[lost[0].reason], items=items, evidence=evidence)
    if lost:
        text = f"Une partie des serveurs de courrier de {name} {_SOME[lost[0].reason]}."
        wrong = {item.key for item in lost}
        gone = _records(servers.domain, (mx for mx in records if mx.host in wrong), "ligne à retirer")
        halved = tuple(_halved(item) for item in items)
        return partial(text, reason=_REASONS[lost[0].reason], items=halved, evidence=(*evidence, *gone))
    half = [item for item in items if item.status is Status.PARTIAL]
    if half:
        text = f"Le courrier de {name} arrive, mais sa publication n'est pas conforme."
        mended = tuple(_changes(servers.domain, records, _targets(servers)))
        return partial(text, reason=_REASONS[half[0].reason], items=items, evidence=(*evidence, *mended))
    if unseen is not None:
        return unknown(unseen, items=items, evidence=evidence)
    if left_out:
        return left_unseen(len(left_out), ctx, evidence=evidence)
    if not servers.servers:
        return unknown(f"Les serveurs de courrier de {name} n'ont pas été regardés.", evidence=evidence)
    if isinstance(servers.aliases, Unreachable):
        return unknown(servers.aliases, items=items, evidence=evidence)
    return passed(f"Le domaine {name} indique où livrer son courrier.", items=items, evidence=evidence)


def _halved(item: Item) -> Item:
    """Where others still get the mail, a lost server is half a fault."""
    return replace(item, status=Status.PARTIAL) if item.status is Status.FAIL else item


_NONE = {
    NO_ADDRESS: "n'a d'adresse",
    LITERAL: "n'est désigné par un nom",
    PRIVATE: "n'a d'adresse publique",
}
_SOME = {
    NO_ADDRESS: "n'a pas d'adresse",
    LITERAL: "est désignée par une adresse et non par un nom",
    PRIVATE: "n'a pas d'adresse publique",
}
_REASONS = {
    NO_ADDRESS: "no-address",
    LITERAL: "ip-literal",
    PRIVATE: "private-address",
    "mx.cname": "alias",
    "mx.duplicate": "duplicate",
}


def _targets(servers: MailServers) -> dict[str, str]:
    """What each alias leads to."""
    aliases = () if isinstance(servers.aliases, Unreachable) else servers.aliases
    return {alias.host: alias.names[-1] for alias in aliases if alias.names}


def _changes(domain: str, records: tuple[MxRecord, ...], targets: dict[str, str]) -> Iterator[Evidence]:
    """What brings the MX records to what they should be: each host once, by its own name."""
    best: dict[str, int] = {}
    for mx in records:
        host = targets.get(mx.host, mx.host)
        best[host] = min(mx.preference, best.get(host, mx.preference))
    wanted = [MxRecord(preference, host) for host, preference in best.items()]
    yield from _records(domain, (mx for mx in wanted if mx not in records))
    gone = dict.fromkeys(mx for mx in records if mx not in wanted)
    yield from _records(domain, gone, "ligne à retirer")


def _records(domain: str, records: Iterable[MxRecord], label: str = "ligne à publier") -> Iterator[Evidence]:
    for mx in records:
        yield Evidence(label, f"{domain}. IN MX {mx.preference} {mx.host}.")


def _items(servers: MailServers, hosts: list[str]) -> Iterator[Item]:
    yield from _without_address(servers)
    yield from _with_private_address(servers)
    found = {server.host for server in servers.servers}
    for alias in () if isinstance(servers.aliases, Unreachable) else servers.aliases:
        if alias.host in found and alias.names:
            text = f"{alias.host} est un alias de {alias.names[-1]} (RFC 2181, section 10.3)."
            yield Item(alias.host, Status.PARTIAL, "mx.cname", text)
    for host, times in Counter(hosts).items():
        # A name published twice; an address is told as such, once.
        if times > 1 and not is_address(host):
            text = f"{host} est publié {times} fois, avec plusieurs priorités."
            yield Item(host, Status.PARTIAL, "mx.duplicate", text)
    for server in servers.unresolved:
        if server.cause is not None:
            text = f"{server.host} : {server.cause.reason.french}."
            yield Item(server.host, Status.UNKNOWN, server.cause.reason, text)


def _without_address(servers: MailServers) -> Iterator[Item]:
    for server in servers.unresolved:
        if server.cause is None and is_address(server.host):
            text = f"« {server.host} » est une adresse là où il faut un nom (RFC 5321, section 5.1)."
            yield Item(server.host, Status.FAIL, LITERAL, text)
        elif server.cause is None:
            yield Item(server.host, Status.FAIL, NO_ADDRESS, f"{server.host} n'a pas d'adresse.")


def _with_private_address(servers: MailServers) -> Iterator[Item]:
    """One item a host; half a fault when the host has another address that people outside can reach."""
    good = _good_hosts(servers)
    for host in dict.fromkeys(server.host for server in servers.servers):
        private = [each.address for each in servers.servers if each.host == host and is_out_of_reach(each)]
        if private:
            status = Status.PARTIAL if host in good else Status.FAIL
            text = f"{host} a une adresse privée ou réservée, que personne ne peut joindre : {private[0]}."
            yield Item(host, status, PRIVATE, text)


def _good_hosts(servers: MailServers) -> set[str]:
    return {server.host for server in servers.servers if not is_out_of_reach(server)}


def _evidence(servers: MailServers) -> Iterator[Evidence]:
    for alias in () if isinstance(servers.aliases, Unreachable) else servers.aliases:
        yield Evidence(f"CNAME {alias.host}", " → ".join(alias.names))
    for server in servers.servers:
        if is_out_of_reach(server):
            yield Evidence(f"adresse de {server.host}", server.address)
