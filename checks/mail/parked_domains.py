"""Les noms de domaine qui n'envoient pas de courrier sont-ils verrouillés ?

## Pourquoi
Un nom oublié, celui du tourisme ou d'une ancienne fête, sert souvent à écrire de faux messages de la mairie.
Trois lignes suffisent à dire que ce nom n'écrit jamais.

## Corriger
Publier pour chaque nom sans courrier :
1. un MX nul, « 0 . », qui refuse tout message ;
2. « v=spf1 -all », qui n'autorise personne ;
3. « v=DMARC1; p=reject; » à « _dmarc. », qui fait refuser les faux.

## Limites
Seuls les domaines déclarés avec « sends_mail: false » sont regardés. L'absence de tout MX est acceptée à la place
du MX nul.
"""

from cyberaudit.sdk import (
    Context,
    Domain,
    Every,
    Evidence,
    Item,
    MailDns,
    Status,
    Unreachable,
    Verdict,
    check,
    dmarc_policy,
    failed,
    french,
    not_applicable,
    partial,
    passed,
    spf_records,
    unknown,
)


@check(
    "mail.parked-domains",
    needs=Every(MailDns),
    about="town",
    impact=3,
    likelihood=2,
    measure="lock-unused-domains",
    sources=("PA-066 R44", "PA-066 R48+"),
)
def unused_names_are_locked(every: tuple[tuple[Domain, MailDns | Unreachable], ...], ctx: Context) -> Verdict:
    parked = [(domain, mail) for domain, mail in every if not domain.sends_mail]
    if not parked:
        return not_applicable("Tous les noms de domaine déclarés servent au courrier.")
    items = tuple(_item(domain, mail) for domain, mail in parked)
    evidence = tuple(line for _, mail in parked if isinstance(mail, MailDns) for line in _evidence(mail))
    open_names = [domain.name for (domain, _), item in zip(parked, items, strict=True) if item.status.is_open]
    if open_names:
        idle = "qui ne sert pas au courrier" if len(open_names) == 1 else "qui ne servent pas au courrier"
        text = f"On peut écrire au nom de {french.listed(open_names)}, {idle}."
        if any(item.status is Status.FAIL for item in items):
            return failed(text, reason="unlocked", items=items, evidence=evidence)
        return partial(text, reason="half-locked", items=items, evidence=evidence)
    unseen = [item for item in items if item.status is Status.UNKNOWN]
    if unseen:
        return unknown(unseen[0].text, items=items, evidence=evidence)
    return passed("Les noms de domaine sans courrier sont verrouillés.", items=items, evidence=evidence)


def _item(domain: Domain, mail: MailDns | Unreachable) -> Item:
    if isinstance(mail, Unreachable):
        return Item(domain.id, Status.UNKNOWN, mail.reason, f"{domain.name} : {mail.reason.french}.")
    if mail.exists is False:
        text = f"{domain.name} n'est enregistré par personne : un inconnu peut le prendre."
        return Item(domain.id, Status.FAIL, "no-domain", text)
    parts = (mail.exists, mail.mx, mail.apex, mail.dmarc)
    missing = _missing(mail)
    if missing:
        status = Status.PARTIAL if len(missing) == 1 and "le refus DMARC" not in missing else Status.FAIL
        return Item(domain.id, status, "unlocked", f"{domain.name} : il manque {french.listed(missing)}.")
    lost = next((part for part in parts if isinstance(part, Unreachable)), None)
    if lost is not None:
        return Item(domain.id, Status.UNKNOWN, lost.reason, f"{domain.name} : {lost.reason.french}.")
    return Item(domain.id, Status.PASS, "", f"{domain.name} est verrouillé.")


def _missing(mail: MailDns) -> list[str]:
    found = []
    if not isinstance(mail.mx, Unreachable) and any(mx.host for mx in mail.mx):
        found.append("le refus du courrier entrant")
    if not isinstance(mail.apex, Unreachable) and not _denies_everyone(spf_records(mail.apex)):
        found.append("le refus SPF")
    if not isinstance(mail.dmarc, Unreachable):
        policy = dmarc_policy(mail.domain, mail.dmarc)
        if policy is None or policy.policy != "reject":
            found.append("le refus DMARC")
    return found


def _denies_everyone(records: tuple[str, ...]) -> bool:
    return len(records) == 1 and records[0].lower().split() == ["v=spf1", "-all"]


def _evidence(mail: MailDns) -> tuple[Evidence, ...]:
    spf = () if isinstance(mail.apex, Unreachable) else spf_records(mail.apex)
    policy = None if isinstance(mail.dmarc, Unreachable) else dmarc_policy(mail.domain, mail.dmarc)
    lines = [Evidence(f"TXT {mail.domain}", record) for record in spf]
    if policy:
        lines.append(Evidence(f"TXT _dmarc.{policy.at}", policy.record))
    return tuple(lines)
