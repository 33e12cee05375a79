"""Le logo de la mairie peut-il s'afficher à côté de ses messages (BIMI) ?

## Pourquoi
Certaines messageries affichent le logo d'un expéditeur qui protège son nom. Une annonce mal écrite, ou un logo
introuvable, n'affiche rien et trompe celui qui l'a payée.

## Corriger
1. Faire d'abord écarter les faux messages : DMARC à « quarantine » ou « reject ».
2. Publier un seul enregistrement « v=BIMI1; l=https://… ; a=… » à « default._bimi. » suivi du domaine.
3. Déposer le logo en SVG (profil « tiny-ps ») à une adresse https qui répond.
4. Pour les plus grandes messageries, y joindre un certificat de marque (« a= »), qui est payant.

## Limites
Aucun texte officiel français ne parle de BIMI : la gravité est notre jugement. C'est un ornement, et son absence n'est
jamais une faute. Ni le certificat de marque ni le détail du dessin ne sont examinés.
"""

from collections.abc import Iterator

from cyberaudit.facts.bimi import Bimi, BimiRecord, LogoPage, bimi_record, bimi_records
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    MailDns,
    Reason,
    Status,
    Unreachable,
    Verdict,
    check,
    clean,
    dmarc_policy,
    not_applicable,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

# What a web server says that leaves no doubt; other troubles may be those of our line.
CERTAIN = (Reason.REFUSED, Reason.PROTOCOL_ERROR, Reason.TLS_FAILURE)
# BIMI draft §4.2 asks for a policy at enforcement.
ENFORCED = ("quarantine", "reject")


@check(
    "mail.bimi",
    needs=(Bimi, MailDns),
    about="domain",
    impact=1,
    likelihood=1,
    measure="repair-mail-policies",
)
def the_logo_can_be_shown(facts: tuple[Bimi | Unreachable, MailDns | Unreachable], ctx: Context) -> Verdict:
    bimi, dns = facts
    name = ctx.asset.name
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(bimi, Unreachable):
        return unknown(bimi)
    if isinstance(bimi.txt, Unreachable):
        return unknown(bimi.txt)
    texts = bimi_records(bimi.txt)
    if not texts:
        return not_applicable(
            f"Le domaine {name} n'annonce aucun logo (BIMI) : c'est un ornement facultatif."
        )
    record = bimi_record(texts[0]) if len(texts) == 1 else None
    if record is not None and record.declines:
        return not_applicable(f"Le domaine {name} dit ne vouloir aucun logo (BIMI).")
    items = tuple(_items(bimi, dns, texts, record))
    evidence = tuple(Evidence(f"TXT default._bimi.{bimi.domain}", text) for text in texts)
    if any(item.status.is_open for item in items):
        text = f"Le logo annoncé par {name} ne peut pas s'afficher."
        return partial(text, reason="no-logo", items=items, evidence=evidence)
    unseen = next((item for item in items if item.status is Status.UNKNOWN), None)
    if unseen is not None:
        return unknown(unseen.text, items=items, evidence=evidence)
    return passed(f"Le logo annoncé par {name} peut s'afficher.", items=items, evidence=evidence)


def _items(
    bimi: Bimi, dns: MailDns | Unreachable, texts: tuple[str, ...], record: BimiRecord | None
) -> Iterator[Item]:
    at = f"default._bimi.{bimi.domain}"
    if record is None:
        cause = "est mal écrit" if len(texts) == 1 else "est en plusieurs exemplaires"
        yield Item(at, Status.PARTIAL, "bimi.syntax", f"L'enregistrement {at} {cause} : il ne compte pas.")
        return
    yield _dmarc(bimi.domain, dns)
    if record.logo:
        yield _logo(clean(record.logo, limit=80), bimi.logo)
    if not record.authority:
        text = "Aucun certificat de marque : les plus grandes messageries n'afficheront pas le logo."
        yield Item("a", Status.PASS, "", text)


def _dmarc(domain: str, dns: MailDns | Unreachable) -> Item:
    answers = dns if isinstance(dns, Unreachable) else dns.dmarc
    if isinstance(answers, Unreachable):
        return Item("dmarc", Status.UNKNOWN, answers.reason, f"Consigne DMARC : {answers.reason.french}.")
    policy = dmarc_policy(domain, answers)
    if policy is None or policy.policy not in ENFORCED:
        text = "Le logo ne s'affiche que si DMARC fait écarter les faux messages."
        return Item("dmarc", Status.PARTIAL, "bimi.dmarc_not_enforced", text)
    return Item("dmarc", Status.PASS, "", "DMARC fait écarter les faux messages.")


def _logo(place: str, logo: LogoPage | Unreachable | None) -> Item:
    code = "bimi.logo_unreachable"
    match logo:
        case LogoPage(status=200, is_svg=True, is_tiny=is_tiny):
            profile = "" if is_tiny else ", sans le profil « tiny-ps » que certaines messageries exigent"
            return Item("l", Status.PASS, "", f"Le logo répond à {place}{profile}.")
        case LogoPage(status=200):
            return Item("l", Status.PARTIAL, code, f"{place} n'est pas un dessin SVG.")
        case LogoPage(status=status):
            return Item("l", Status.PARTIAL, code, f"{place} ne donne pas le logo (réponse {status}).")
        case Unreachable(reason=reason) if reason in CERTAIN:
            return Item("l", Status.PARTIAL, code, f"{place} : {reason.french}.")
        case Unreachable(reason=reason):
            return Item("l", Status.UNKNOWN, reason, f"{place} : {reason.french}.")
        case _:
            return Item("l", Status.UNKNOWN, Reason.NOT_LOOKED, f"{place} n'a pas été regardé.")
