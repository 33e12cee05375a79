"""La mairie saura-t-elle que des messages n'ont pas pu lui arriver chiffrés ?

## Pourquoi
Les messageries qui ne parviennent pas à chiffrer vers la mairie peuvent le lui écrire chaque jour. Une adresse mal
écrite perd ces rapports, et la panne reste invisible.

## Corriger
1. Publier un seul enregistrement « v=TLSRPTv1; rua=mailto:… » à « _smtp._tls. » suivi du domaine.
2. Donner une adresse qui existe et que quelqu'un lit, ou celle d'un service d'analyse.
3. Écrire « mailto: » devant une adresse de courrier, « https:// » devant une adresse web (RFC 8460, §3).

## Limites
Aucun texte officiel français ne demande ces rapports : la gravité est notre jugement. C'est un complément, et son
absence n'est jamais une faute. Que l'adresse soit lue ne se voit pas du dehors.
"""

import re
from collections.abc import Iterator

from cyberaudit.facts.tls_reports import (
    TlsReports,
    is_report_record,
    is_report_uri,
    report_records,
    report_uris,
)
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Status,
    Unreachable,
    Verdict,
    check,
    clean,
    line_for,
    not_applicable,
    partial,
    passed,
    unknown,
    writes_no_mail,
)

# RFC 1035 §3.3: a character-string, less « v=TLSRPTv1; rua= ».
MOST_WRITTEN = 255 - 17
_RUA = re.compile(r"(?i)\brua[ \t]*=[ \t]*([^;\s]+(?:[ \t]*,[ \t]*[^;\s,]+)*)")


@check(
    "mail.tls-reports",
    needs=TlsReports,
    about="domain",
    impact=1,
    likelihood=1,
    measure="repair-mail-policies",
)
def encryption_reports_arrive(reports: TlsReports, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if not ctx.asset.sends_mail:
        return writes_no_mail(ctx)
    if isinstance(reports.txt, Unreachable):
        return unknown(reports.txt)
    records = report_records(reports.txt)
    if not records:
        return not_applicable(
            f"Le domaine {name} ne demande pas de rapports de chiffrement : c'est un complément facultatif."
        )
    at = f"_smtp._tls.{reports.domain}"
    items = tuple(_items(at, records))
    evidence = tuple(Evidence(f"TXT {at} (RFC 8460 §3)", record) for record in records)
    if not any(item.status.is_open for item in items):
        return passed(
            f"Le domaine {name} reçoit les rapports de chiffrement.", items=items, evidence=evidence
        )
    text = f"Les rapports de chiffrement demandés par {name} n'arrivent pas tous."
    lines = tuple(_lines(at, records, reports))
    return partial(text, reason="reports-lost", items=items, evidence=(*evidence, *lines))


def _items(at: str, records: tuple[str, ...]) -> Iterator[Item]:
    if len(records) > 1:
        text = f"{at} porte {len(records)} enregistrements : ils s'annulent."
        yield Item(at, Status.PARTIAL, "tls_rpt.multiple", text)
    elif not is_report_record(records[0]):
        text = f"L'enregistrement {at} est mal écrit : il ne compte pas."
        yield Item(at, Status.PARTIAL, "tls_rpt.syntax", text)
    else:
        for uri in dict.fromkeys(report_uris(records[0])):
            yield _uri_item(at, uri)


def _uri_item(at: str, uri: str) -> Item:
    if is_report_uri(uri):
        return Item(uri, Status.PASS, "", f"Les rapports vont à {clean(uri, limit=100)}.")
    shown = f"« {clean(uri, limit=100)} »" if uri else "vide"
    return Item(
        uri or at, Status.PARTIAL, "tls_rpt.rua_invalid", f"L'adresse de rapport {shown} ne peut pas servir."
    )


def _lines(at: str, records: tuple[str, ...], reports: TlsReports) -> Iterator[Evidence]:
    """The addresses that can serve are kept; a bare one gets the word it lacks."""
    written = [uri for record in records for uri in report_uris(record) or _salvaged(record)]
    mended = (uri if is_report_uri(uri) else f"mailto:{uri}" for uri in written)
    kept = tuple(dict.fromkeys(uri for uri in mended if is_report_uri(uri)))
    rua = ",".join(kept) or f"mailto:postmaster@{reports.domain}"
    line = f'{at}. IN TXT "v=TLSRPTv1; rua={rua}"'
    # RFC 1035 §3.3: one string holds 255 bytes; more addresses than that are not proposed.
    if len(rua) <= MOST_WRITTEN and rua.isascii() and '"' not in rua and "\\" not in rua:
        yield from line_for(line, reports.txt_aliases, replaced=len(records))
        if not kept:
            yield Evidence("à savoir", f"la boîte postmaster@{reports.domain} doit exister")


def _salvaged(record: str) -> tuple[str, ...]:
    """The addresses of a record that forgets a semicolon."""
    found = _RUA.search(record)
    return tuple(part.strip(" \t;") for part in found[1].split(",")) if found else ()
