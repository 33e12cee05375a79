"""Quelqu'un reçoit-il les rapports sur les faux messages signés « mairie » ?

## Pourquoi
Chaque jour, les grandes messageries peuvent dire qui écrit au nom de la mairie. Ces rapports montrent les fraudes, et
les vrais envois qui seraient refusés par erreur. Sans eux, personne n'ose passer à une consigne plus ferme.

## Corriger
1. Choisir qui lit les rapports : une boîte de la mairie, ou un service spécialisé.
2. Écrire cette adresse dans la consigne DMARC : « rua=mailto:dmarc@… ».
3. Si l'adresse est d'un autre domaine, demander à celui-ci de publier l'autorisation indiquée dans les détails.

## Limites
Les cinq premières adresses de rapports sont regardées. Qu'une boîte existe et soit lue n'est pas vérifié. Les rapports
d'échec (« ruf ») sont facultatifs : leurs défauts comptent pour moitié. La gravité et la vraisemblance sont notre
jugement.
"""

from collections.abc import Iterator

from cyberaudit.facts.dmarc import (
    ReportUri,
    dmarc_tags,
    is_broken,
    kept_reports,
    next_record,
    report_uris,
    stray_reports,
    written_at,
)
from cyberaudit.facts.mail import MOST_REPORT_TARGETS, ReportTarget, txt_line
from cyberaudit.sdk import (
    EVIDENCE_LIMIT,
    Context,
    DmarcPolicy,
    Evidence,
    Item,
    MailDns,
    Reason,
    Status,
    TxtAnswer,
    Unreachable,
    Verdict,
    check,
    dmarc_policy,
    dmarc_records,
    failed,
    line_for,
    not_applicable,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

_WORDS = {
    "dmarc.rua_invalid": ("rua-invalid", "Une adresse de rapports DMARC de {} est mal écrite."),
    "dmarc.rua_unauthorised": (
        "rua-unauthorised",
        "Les rapports DMARC de {} vont à un domaine qui ne les accepte pas.",
    ),
    "dmarc.rua_no_mx": (
        "rua-no-mx",
        "Les rapports DMARC de {} vont à un domaine qui ne reçoit pas de courrier.",
    ),
}


@check(
    "mail.dmarc-reports",
    needs=MailDns,
    about="domain",
    impact=2,
    likelihood=2,
    measure="authenticate-mail",
    sources=("PA-066 R48+",),
)
def dmarc_reports_arrive(mail: MailDns, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(mail.dmarc, Unreachable):
        return unknown(mail.dmarc)
    beyond = () if isinstance(mail.dmarc_beyond, Unreachable) else mail.dmarc_beyond
    policy = dmarc_policy(mail.domain, (*mail.dmarc, *beyond))
    if policy is None:
        return not_applicable(f"Le domaine {name} n'a pas de consigne DMARC : voir cette question d'abord.")
    if not report_uris(policy.record, "rua"):
        return _nobody(name, mail, policy)
    return _judged(name, mail, policy)


def _nobody(name: str, mail: MailDns, policy: DmarcPolicy) -> Verdict:
    item = Item(f"_dmarc.{policy.at}", Status.PARTIAL, "dmarc.no_rua", "« rua » est absent ou vide.")
    lost = tuple(_lost_items(policy, "rua"))
    return partial(
        f"Personne ne reçoit les rapports DMARC de {name}.",
        reason="no-rua",
        items=(item, *lost),
        evidence=(_shown(policy), *_line(mail, policy)),
    )


def _judged(name: str, mail: MailDns, policy: DmarcPolicy) -> Verdict:
    items = tuple(_items(mail, policy))
    evidence = [_shown(policy), *_permissions(policy, items)]
    mailbox = [item for item in items if item.key.startswith("rua ")]
    wrong = [item for item in mailbox if item.status.is_open] or [
        item for item in items if item.status.is_open
    ]
    if wrong:
        if any(item.reason == "dmarc.rua_invalid" for item in wrong):
            evidence += _line(mail, policy)
        reason, text = _WORDS[wrong[0].reason]
        nobody = all(item.status is Status.FAIL for item in mailbox)
        say = failed if nobody else partial
        return say(text.format(name), reason=reason, items=items, evidence=tuple(evidence))
    lost = next((item for item in mailbox if item.status is Status.UNKNOWN), None)
    if lost is not None:
        return unknown(Unreachable(Reason(lost.reason), lost.text), items=items, evidence=tuple(evidence))
    return passed(f"Les rapports DMARC de {name} ont un destinataire.", items=items, evidence=tuple(evidence))


def _items(mail: MailDns, policy: DmarcPolicy) -> Iterator[Item]:
    reports = mail.reports
    seen = {} if isinstance(reports, Unreachable) else {(each.tag, each.uri): each for each in reports}
    missing = reports if isinstance(reports, Unreachable) else Unreachable(Reason.NOT_COLLECTED)
    for tag, most in MOST_REPORT_TARGETS.items():
        addresses = tuple(dict.fromkeys(report_uris(policy.record, tag)))
        looked = [address for address in addresses if address.host][:most]
        for address in addresses:
            if not address.host or address in looked:
                yield _item(tag, address, seen.get((tag, address.uri), missing))
        yield from _lost_items(policy, tag)


def _lost_items(policy: DmarcPolicy, tag: str) -> Iterator[Item]:
    """A setting ends with the semicolon: what follows is nobody's address any more."""
    wrong = Status.FAIL if tag == "rua" else Status.PARTIAL
    read = {address.uri for address in report_uris(policy.record, tag) if address.host}
    for address in dict.fromkeys(each for each in stray_reports(policy.record, tag) if each.uri not in read):
        text = f"« {address.text} » ne reçoit rien : des virgules séparent les adresses, et non « ; »."
        yield Item(f"{tag} {address.text}", wrong, "dmarc.rua_invalid", text)


def _item(tag: str, address: ReportUri, target: ReportTarget | Unreachable) -> Item:
    key = f"{tag} {address.text}"
    # A report of failure is worth little to a town, and few senders send any.
    wrong = Status.FAIL if tag == "rua" else Status.PARTIAL
    if not address.host:
        fault = "seule une adresse « mailto: » est sûrement servie" if address.uri else "mal écrite"
        return Item(key, wrong, "dmarc.rua_invalid", f"« {address.text} » : {fault}.")
    if isinstance(target, Unreachable):
        return Item(key, Status.UNKNOWN, target.reason, f"« {address.text} » : {target.reason.french}.")
    permission, receives = target.authorisation, target.receives
    if isinstance(permission, TxtAnswer) and not dmarc_records(permission):
        text = f"Le domaine {address.host} n'a pas autorisé ces rapports : ils ne partent pas."
        return Item(key, wrong, "dmarc.rua_unauthorised", text)
    if receives is False:
        return Item(key, wrong, "dmarc.rua_no_mx", f"Le domaine {address.host} ne reçoit pas de courrier.")
    for part in (permission, receives):
        if isinstance(part, Unreachable):
            return Item(key, Status.UNKNOWN, part.reason, f"« {address.text} » : {part.reason.french}.")
    return Item(key, Status.PASS, "", f"« {address.text} » peut recevoir les rapports.")


def _shown(policy: DmarcPolicy) -> Evidence:
    return Evidence(f"TXT _dmarc.{policy.at}", policy.record)


def _permissions(policy: DmarcPolicy, items: tuple[Item, ...]) -> Iterator[Evidence]:
    """What the other domain would have to publish (RFC 9990 §4)."""
    refused = {item.key for item in items if item.reason == "dmarc.rua_unauthorised"}
    hosts = dict.fromkeys(
        address.host
        for tag in ("rua", "ruf")
        for address in report_uris(policy.record, tag)
        if f"{tag} {address.text}" in refused
    )
    for host in hosts:
        line = txt_line(f"{policy.at}._report._dmarc.{host}", "v=DMARC1")
        yield Evidence(f"ligne à publier, par {host} (RFC 9990 §4)", line)


def _line(mail: MailDns, policy: DmarcPolicy) -> Iterator[Evidence]:
    """The same policy with an address that can serve; nothing when evidence could not hold it whole."""
    tags = dmarc_tags(policy.record)
    # To mend one wrong policy is to refuse mail: « mail.dmarc » weighs that, and its line mends the addresses too.
    if is_broken(tags):
        yield Evidence("à savoir", "la ligne proposée pour la consigne DMARC corrige aussi les adresses")
        return
    # A registry's record is not the town's to change.
    if policy.at != mail.domain and tags.get("psd", "").lower() == "y":
        return
    record = next_record(policy.at, (policy.record,), policy=None)
    line = txt_line(f"_dmarc.{policy.at}", record)
    if len(line) <= EVIDENCE_LIMIT:
        walk = () if isinstance(mail.dmarc, Unreachable) else mail.dmarc
        beyond = () if isinstance(mail.dmarc_beyond, Unreachable) else mail.dmarc_beyond
        aliases = mail.dmarc_aliases if policy.at == mail.domain else ()
        yield from line_for(line, aliases, replaced=written_at(policy.at, (*walk, *beyond)))
        if not kept_reports((policy.record,), "rua"):
            yield Evidence("à savoir", f"la boîte dmarc@{policy.at} doit exister")
