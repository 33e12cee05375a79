"""Le certificat promis dans l'annuaire des noms (DANE) est-il celui des serveurs de courrier ?

## Pourquoi
La mairie peut publier dans le DNS l'empreinte du certificat de ses serveurs de courrier. Les messageries qui la lisent
refusent tout autre serveur. Une empreinte oubliée après un renouvellement fait donc perdre du courrier.

## Corriger
1. Publier l'empreinte de la clé (« 3 1 1 ») à « _25._tcp. » suivi du nom de chaque serveur MX.
2. Avant de changer de clé, publier aussi la nouvelle, attendre un jour, changer le certificat, puis retirer l'ancienne.
3. Garder la même clé au renouvellement, ou automatiser la publication.
4. Vérifier d'abord que le certificat montré est bien le vôtre. Une ligne proposée ici recopie ce qui a été vu.
5. Sans DNSSEC, retirer ces enregistrements ou signer la zone : ils ne servent à rien.

## Limites
Aucun texte officiel français ne demande DANE : la gravité est notre jugement. C'est un complément, et son absence
n'est jamais une faute. Les promesses d'un prestataire ne comptent pas quand le domaine n'est pas signé. Une promesse
d'autorité (« 2 ») est comparée aux certificats que le serveur envoie. Si leurs signatures ne mènent pas toutes de
l'un à l'autre, rien n'est conclu. Une promesse non tenue fait refuser du courrier
dès aujourd'hui : la vraisemblance monte alors à 4, et le risque est le plus haut.
"""

from collections.abc import Iterator

from cyberaudit.facts.dane import Dane, DaneHost, Vouched, compared, protection
from cyberaudit.facts.mail_servers import is_out_of_reach
from cyberaudit.facts.security import Security
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailServer,
    MailServers,
    Reason,
    Status,
    TlsSession,
    Unreachable,
    Verdict,
    check,
    failed,
    judged_servers,
    left_unseen,
    not_applicable,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

# Ours: an MX has a few addresses; more would only repeat.
MOST_SHOWN = 8


SECURITY = {
    Security.SECURE: "vérifié",
    Security.INSECURE: "non signé",
    Security.BOGUS: "signature fausse",
    Security.UNCHECKED: "non vérifié",
}


@check(
    "mail.dane",
    needs=(Dane, MailServers),
    about="domain",
    impact=4,
    likelihood=1,
    measure="repair-mail-policies",
)
def promised_certificates_are_shown(
    facts: tuple[Dane | Unreachable, MailServers | Unreachable], ctx: Context
) -> Verdict:
    dane, servers = facts
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(dane, Unreachable):
        return unknown(dane)
    promising = [entry for entry in dane.hosts if entry.records != ()]
    if not promising:
        return _nothing_promised(dane, ctx)
    if all(_is_idle(dane, entry) for entry in promising):
        return not_applicable(
            f"Les promesses DANE d'un prestataire sont sans effet : {ctx.asset.name} n'est pas signé (DNSSEC)."
        )
    items = tuple(
        item
        for entry in dane.hosts
        if entry.records != () or _is_delivered(entry.host, servers)
        for item in _items(dane, entry, servers)
    )
    shown = _to_show(promising, items)
    evidence = (*_records(shown), *_seen(shown, servers), *_proposed(dane, shown, servers))
    return _verdict(items, evidence, dane, ctx)


def _is_delivered(host: str, servers: MailServers | Unreachable) -> bool:
    """Somebody's mail may go there: a name without address, or with private ones, is told with the MX."""
    if isinstance(servers, Unreachable):
        return True
    met = [server for server in servers.servers if server.host == host]
    gone = any(server.host == host and server.cause is None for server in servers.unresolved)
    return not gone and not (met and all(is_out_of_reach(server) for server in met))


def _to_show(promising: list[DaneHost], items: tuple[Item, ...]) -> list[DaneHost]:
    """Where something is to be mended, what is in order needs no proof."""
    wrong = {item.key.partition(" ")[0] for item in items if item.status.is_open}
    return [entry for entry in promising if entry.host in wrong or not wrong]


def _nothing_promised(dane: Dane, ctx: Context) -> Verdict:
    if dane.left_out:
        return left_unseen(len(dane.left_out), ctx)
    return not_applicable(
        f"Le DNS ne promet aucun certificat (DANE) pour {ctx.asset.name} : c'est un complément facultatif."
    )


def _is_idle(dane: Dane, entry: DaneHost) -> bool:
    """Promises of a provider, which nobody reads because this domain is not signed: another question's fault."""
    own = entry.host == dane.domain or entry.host.endswith(f".{dane.domain}")
    return not own and dane.mx is Security.INSECURE


def _items(dane: Dane, entry: DaneHost, servers: MailServers | Unreachable) -> Iterator[Item]:
    level = protection(dane, entry)
    if isinstance(entry.records, Unreachable):
        yield _unseen(entry, entry.records.reason, entry.records.reason.french)
    elif not entry.records:
        yield from _without(dane, entry)
    elif _is_idle(dane, entry):
        yield Item(
            entry.host, Status.PASS, "", f"Les promesses faites pour {entry.host} sont sans effet ici."
        )
    elif isinstance(level, Unreachable):
        yield _unseen(entry, level.reason, level.reason.french)
    elif level is Security.UNCHECKED:
        yield _unseen(entry, "unchecked", "les signatures du DNS (DNSSEC) n'ont pas pu être vérifiées")
    elif level is Security.BOGUS:
        yield _unseen(entry, Reason.BOGUS, Reason.BOGUS.french)
    elif level is Security.INSECURE:
        text = f"La promesse faite pour {entry.host} n'est pas signée (DNSSEC) : personne ne la lit."
        yield Item(entry.host, Status.PARTIAL, "dane.insecure", text)
    else:
        yield from _signed(dane, entry, servers)


def _unseen(entry: DaneHost, reason: str, clause: str) -> Item:
    return Item(entry.host, Status.UNKNOWN, reason, f"{entry.host} : {clause}.")


def _without(dane: Dane, entry: DaneHost) -> Iterator[Item]:
    """A server without promise is where an attacker leads the mail, when another has one that counts."""
    others = (each for each in dane.hosts if each.records and not isinstance(each.records, Unreachable))
    if any(protection(dane, each) is Security.SECURE for each in others):
        text = f"Rien n'est promis pour {entry.host} : l'envoyeur peut être mené vers lui sans protection."
        yield Item(entry.host, Status.PARTIAL, "dane.partial", text)


def _signed(dane: Dane, entry: DaneHost, servers: MailServers | Unreachable) -> Iterator[Item]:
    assert not isinstance(entry.records, Unreachable)
    if not any(record.is_usable for record in entry.records):
        text = f"La promesse faite pour {entry.host} est d'une sorte que les messageries n'utilisent pas."
        yield Item(entry.host, Status.PARTIAL, "dane.unusable", text)
        return
    if isinstance(servers, Unreachable):
        yield _unseen(entry, servers.reason, servers.reason.french)
        return
    met = [server for server in judged_servers(servers) if server.host == entry.host]
    if not met:
        yield _unseen(entry, Reason.NOT_LOOKED, Reason.NOT_LOOKED.french)
    for server in met:
        yield _kept(dane, entry, server)


def _kept(dane: Dane, entry: DaneHost, server: MailServer) -> Item:
    """Whether one address of the MX keeps the promise."""
    key, where = f"{server.host} {server.address}", f"{server.host} ({server.address})"
    tls = server.session if isinstance(server.session, Unreachable) else server.session.tls
    if tls is None:
        text = f"Une promesse est publiée pour {where}, qui ne chiffre pas."
        return Item(key, Status.FAIL, "dane.mismatch", text)
    result = tls if isinstance(tls, Unreachable) else compared(entry, dane.domain, tls)
    if isinstance(result, Unreachable):
        return Item(key, Status.UNKNOWN, result.reason, f"{where} : {result.reason.french}.")
    if result is Vouched.NOT:
        return Item(key, Status.FAIL, "dane.mismatch", f"{where} ne montre pas le certificat promis.")
    return Item(key, Status.PASS, "", f"{where} montre le certificat promis.")


def _verdict(items: tuple[Item, ...], evidence: tuple[Evidence, ...], dane: Dane, ctx: Context) -> Verdict:
    name = ctx.asset.name
    found = {item.reason for item in items if item.status.is_open}
    if "dane.mismatch" in found:
        text = (
            f"Un serveur de courrier de {name} ne montre pas le certificat promis : du courrier est refusé."
        )
        return failed(text, reason="mismatch", items=items, evidence=evidence, likelihood=4)
    if {"dane.unusable", "dane.insecure"} & found:
        text = f"Les promesses DANE de {name} ne protègent pas son courrier."
        reason = "insecure" if "dane.insecure" in found else "unusable"
        return partial(text, reason=reason, items=items, evidence=evidence)
    if found:
        text = f"Une partie seulement des serveurs de courrier de {name} est protégée par DANE."
        return partial(text, reason="partial", items=items, evidence=evidence)
    unseen = next((item for item in items if item.status is Status.UNKNOWN), None)
    if unseen is not None:
        return unknown(f"DANE, {unseen.text}", items=items, evidence=evidence)
    if dane.left_out:
        return left_unseen(len(dane.left_out), ctx, evidence=evidence)
    text = f"Les serveurs de courrier de {name} montrent le certificat promis."
    return passed(text, items=items, evidence=evidence)


def _records(promising: list[DaneHost]) -> Iterator[Evidence]:
    for entry in promising:
        label = f"TLSA {entry.at} (RFC 7672 §3.1)"
        if isinstance(entry.records, Unreachable):
            yield Evidence(label, str(entry.records))
        else:
            security = SECURITY[entry.security] if isinstance(entry.security, Security) else "non vu"
            for record in entry.records[:MOST_SHOWN]:
                yield Evidence(label, f"{record} ; DNSSEC : {security}")


def _shown(
    promising: list[DaneHost], servers: MailServers | Unreachable
) -> Iterator[tuple[DaneHost, MailServer, TlsSession]]:
    """The certificates seen on the servers that a promise is about."""
    entries = {entry.host: entry for entry in promising}
    for server in () if isinstance(servers, Unreachable) else servers.servers:
        tls = server.session if isinstance(server.session, Unreachable) else server.session.tls
        if server.host in entries and isinstance(tls, TlsSession) and tls.chain:
            yield entries[server.host], server, tls


def _seen(promising: list[DaneHost], servers: MailServers | Unreachable) -> Iterator[Evidence]:
    for _, server, tls in list(_shown(promising, servers))[:MOST_SHOWN]:
        leaf = tls.chain[0]
        key = leaf.key_sha256 if isinstance(leaf.key_sha256, str) else "clé illisible"
        text = f"clé SHA-256 {key} ; certificat SHA-256 {leaf.sha256}"
        yield Evidence(f"certificat vu sur {server.host} [{server.address}]", text)


def _proposed(
    dane: Dane, promising: list[DaneHost], servers: MailServers | Unreachable
) -> Iterator[Evidence]:
    """The promise that the certificate seen would keep, for each host where none is kept."""
    lines: dict[str, None] = {}
    for entry, _, tls in _shown(promising, servers):
        key = tls.chain[0].key_sha256
        if isinstance(key, str) and compared(entry, dane.domain, tls) is Vouched.NOT:
            lines[f"{entry.at}. IN TLSA 3 1 1 {key}"] = None
    for line in list(lines)[:MOST_SHOWN]:
        yield Evidence("ligne à publier", line)
