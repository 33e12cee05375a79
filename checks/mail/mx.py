"""Le courrier adressé à la mairie a-t-il un serveur pour le recevoir ?

## Pourquoi
Un nom de domaine doit dire où livrer le courrier. Sans cela, les messages des habitants et de la préfecture
reviennent à l'expéditeur ou se perdent.

## Corriger
1. Demander à l'hébergeur du courrier les noms exacts de ses serveurs.
2. Les publier dans la zone DNS : un enregistrement MX par serveur, vers un nom et jamais vers une adresse IP.
3. Vérifier que chaque nom a une adresse, puis envoyer un message d'essai depuis l'extérieur.

## Limites
Un serveur qui ne répond pas depuis cet endroit ne compte pas comme une faute : beaucoup de lignes filtrent le
courrier sortant. Seul un nom sans adresse en est une.
"""

from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailDns,
    MailServers,
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
        return failed(f"Le domaine {name} n'indique aucun serveur de courrier.", reason="no-mx")
    if hosts == [""]:
        text = f"Le domaine {name} refuse tout courrier, alors que la mairie s'en sert."
        return failed(text, reason="null-mx", evidence=evidence)
    if "" in hosts:
        text = f"Le domaine {name} dit à la fois refuser et recevoir le courrier."
        return failed(text, reason="null-mx-with-others", evidence=evidence)
    if isinstance(servers, Unreachable):
        return unknown(servers, evidence=evidence)
    return _resolution(servers, hosts, ctx, evidence)


def _resolution(
    servers: MailServers, hosts: list[str], ctx: Context, evidence: tuple[Evidence, ...]
) -> Verdict:
    name = ctx.asset.name
    # An address left out is no matter here: its host has one, and others were looked at.
    left_out = set(servers.left_out).intersection(hosts)
    items = tuple(
        Item(server.host, Status.FAIL, "no-address", f"{server.host} n'a pas d'adresse.")
        for server in servers.unresolved
        if server.cause is None
    )
    unseen = next((server.cause for server in servers.unresolved if server.cause is not None), None)
    if items and not (servers.servers or left_out or unseen):
        text = f"Aucun des serveurs de courrier de {name} n'a d'adresse."
        return failed(text, reason="no-address", items=items, evidence=evidence)
    if items:
        text = f"Une partie des serveurs de courrier de {name} n'a pas d'adresse."
        return partial(text, reason="no-address", items=items, evidence=evidence)
    if unseen is not None:
        return unknown(unseen, evidence=evidence)
    if left_out:
        return left_unseen(len(left_out), ctx, evidence=evidence)
    if not servers.servers:
        return unknown(f"Les serveurs de courrier de {name} n'ont pas été regardés.", evidence=evidence)
    return passed(f"Le domaine {name} indique où livrer son courrier.", evidence=evidence)
