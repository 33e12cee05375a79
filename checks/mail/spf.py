"""Qui a le droit d'envoyer du courrier au nom de la mairie ?

## Pourquoi
Sans cette liste, n'importe qui peut envoyer un faux avis de paiement signé « mairie ». Les messageries des
habitants n'ont aucun moyen de le reconnaître.

## Corriger
1. Lister les services qui envoient du courrier pour le domaine : messagerie, site, logiciels métier, imprimantes.
2. Publier un seul enregistrement TXT qui les nomme, par exemple « v=spf1 mx include:… -all ».
3. S'il y en a deux, les réunir en un seul : deux enregistrements s'annulent.
4. Finir par « -all » quand la liste est complète, et jamais par « +all ».
5. Relire chaque terme : une seule faute d'écriture annule toute la liste.

## Limites
Le nombre de recherches DNS et le contenu des « include » ne sont pas encore comptés. Une fin « ~all » n'est
acceptée qu'avec une politique DMARC qui met à l'écart ou refuse. Une fin « +all » ou une plage « /0 » portent la
vraisemblance à 4 : l'usurpation est alors autorisée par écrit.
"""

from cyberaudit.sdk import (
    Context,
    Evidence,
    MailDns,
    SpfFault,
    SpfTerm,
    Unreachable,
    Verdict,
    check,
    dmarc_policy,
    failed,
    partial,
    passed,
    spf_all,
    spf_records,
    spf_redirect,
    spf_terms,
    spf_widest,
    unknown,
    writes_no_mail,
)

# facts on mail: a range of IPv4 shorter than /8 is bad; such an IPv6 range is worse
NARROW_ENOUGH = 8


@check(
    "mail.spf",
    needs=MailDns,
    about="domain",
    impact=3,
    likelihood=3,
    measure="authenticate-mail",
    sources=("RCPNT 2.5", "PA-066 R44", "H 24"),
)
def spf_published(mail: MailDns, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(mail.apex, Unreachable):
        return unknown(mail.apex)
    records = spf_records(mail.apex)
    evidence = tuple(Evidence(f"TXT {mail.domain}", record) for record in records)
    if not records:
        return failed(f"Le domaine {name} ne dit pas qui peut écrire en son nom.", reason="no-record")
    if len(records) > 1:
        text = f"Le domaine {name} publie {len(records)} listes SPF : elles s'annulent."
        return failed(text, reason="several-records", evidence=evidence)
    flaw = _flaw(name, records[0], evidence)
    if flaw is not None:
        return flaw
    if spf_redirect(records[0]) is None:
        return _ending(name, records[0], mail, evidence)
    return _redirected(name, mail, evidence)


def _redirected(name: str, mail: MailDns, evidence: tuple[Evidence, ...]) -> Verdict:
    if isinstance(mail.spf_redirects, Unreachable):
        return unknown(mail.spf_redirects, evidence=evidence)
    followed = [(answer.name, spf_records(answer)) for answer in mail.spf_redirects]
    if not followed or any(len(records) != 1 for _, records in followed):
        return _broken_redirect(name, evidence)
    evidence = (*evidence, *(Evidence(f"TXT {at}", record) for at, (record,) in followed))
    for _, (record,) in followed:
        flaw = _flaw(name, record, evidence)
        if flaw is not None:
            return flaw
    _, (last,) = followed[-1]
    if spf_redirect(last) is not None:
        return _broken_redirect(name, evidence)
    return _ending(name, last, mail, evidence)


def _broken_redirect(name: str, evidence: tuple[Evidence, ...]) -> Verdict:
    text = f"La liste SPF de {name} renvoie à une liste absente ou double."
    return failed(text, reason="broken-redirect", evidence=evidence)


def _flaw(name: str, record: str, evidence: tuple[Evidence, ...]) -> Verdict | None:
    """What makes the list worthless whatever its end: receivers cannot read it, or it lets nearly all write."""
    terms = spf_terms(record)
    if isinstance(terms, SpfFault):
        text = f"La liste SPF de {name} est mal écrite : les messageries l'ignorent en entier."
        return failed(text, reason="syntax", evidence=(*evidence, Evidence("terme mal écrit", terms.term)))
    widest = spf_widest(terms)
    if widest is None or widest.admits is None or widest.admits >= NARROW_ENOUGH:
        return None
    return _too_broad(name, widest, evidence)


def _too_broad(name: str, term: SpfTerm, evidence: tuple[Evidence, ...]) -> Verdict:
    evidence = (*evidence, Evidence("plage trop large", term.text))
    if term.admits == 0:
        text = f"La liste SPF de {name} autorise toutes les adresses d'Internet à écrire en son nom."
        return failed(text, reason="too-broad", evidence=evidence, likelihood=4)
    text = f"La liste SPF de {name} autorise des millions d'adresses à écrire en son nom."
    return failed(text, reason="too-broad", evidence=evidence)


def _ending(name: str, record: str, mail: MailDns, evidence: tuple[Evidence, ...]) -> Verdict:
    match spf_all(record):
        case "-":
            return passed(
                f"Le domaine {name} dit qui peut écrire en son nom et refuse les autres.", evidence=evidence
            )
        case "~":
            return _soft_fail(name, mail, evidence)
        case "+":
            text = f"La liste SPF de {name} autorise tout le monde à écrire en son nom."
            return failed(text, reason="plus-all", evidence=evidence, likelihood=4)
        case "?":
            text = f"La liste SPF de {name} ne se prononce pas sur les expéditeurs inconnus."
            return partial(text, reason="neutral-all", evidence=evidence)
        case _:
            text = f"La liste SPF de {name} n'a pas de fin : les inconnus ne sont pas refusés."
            return partial(text, reason="no-all", evidence=evidence)


def _soft_fail(name: str, mail: MailDns, evidence: tuple[Evidence, ...]) -> Verdict:
    """« ~all » is enough beside an enforcing DMARC policy (M3AAWG, NCSC-NL)."""
    policy = None if isinstance(mail.dmarc, Unreachable) else dmarc_policy(mail.domain, mail.dmarc)
    if policy and policy.policy != "none":
        text = f"Le domaine {name} dit qui peut écrire en son nom, et sa politique DMARC écarte les autres."
        return passed(text, evidence=evidence)
    if isinstance(mail.dmarc, Unreachable):
        return unknown(mail.dmarc, evidence=evidence)
    text = f"La liste SPF de {name} signale les expéditeurs inconnus sans les refuser."
    return partial(text, reason="soft-all", evidence=evidence)
