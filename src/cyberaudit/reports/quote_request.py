"""A one-page request for a quote, neutral: what the town needs, on what conditions, and where to look for somebody."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape

from cyberaudit import french
from cyberaudit.engine.measures import Confidence, Measure, Remedies
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.reports.commune import of_commune
from cyberaudit.reports.points import safe
from cyberaudit.reports.words import ToTreatView
from cyberaudit.reports.wrap import wrap

_NUMBERED = re.compile(r"\d+\.\s+(.*)")
# What a stranger could aim at, given later to the one chosen: an IPv4 or IPv6 address, a name with a dot.
_ADDRESS = re.compile(
    r"\b\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?\b|(?:[0-9a-fA-F]{0,4}:){2,}[0-9a-fA-F]{0,4}|\b(?:[\w-]+\.)+[a-z]{2,}\b"
)
_CONDITIONS = (
    "Le prix hors taxes et toutes taxes comprises.",
    "L'achat d'un côté, l'abonnement par an de l'autre.",
    "Le temps de travail prévu, et la date de fin.",
    "Qui intervient : votre entreprise, ou un sous-traitant nommé.",
    "Ce que la mairie doit préparer.",
    "Comment la mairie vérifie que c'est fait.",
    "La réversibilité : comment la mairie change de prestataire et reprend ses accès et ses données.",
    "Deux références de collectivités de taille proche.",
)
_ADVICE = (
    "Demandez trois devis, avec ce même texte.",
    "Le prix reçu s'écrit dans le profil de la commune, sous « plan », puis « quotes ».",
)


@frozen
class QuoteRequest:
    """Everything the page says."""

    title: str
    sender: str
    """« Mairie de Ville-Exemple, le 25 novembre 2026 »"""
    need: str
    requirements: tuple[str, ...]
    to_treat: tuple[str, ...]
    """What is concerned; empty when nothing was seen open."""
    withheld: bool
    """Addresses were left out of it."""
    done_when: str
    conditions: tuple[str, ...]
    where: tuple[str, ...]
    """For the town alone: where to look for somebody, and what to do with the answers."""


def quote_request(
    measure: Measure,
    *,
    town: str,
    today: date,
    to_treat: Sequence[ToTreatView],
    remedies: Remedies,
    technical: bool,
) -> QuoteRequest:
    """The request for one measure; `technical`: with what was seen on each thing, addresses included."""
    things = tuple(dict.fromkeys(_things(to_treat, technical=technical)))
    return QuoteRequest(
        title=french.typeset(f"Demande de devis : {measure.title[:1].lower()}{measure.title[1:]}"),
        sender=f"Mairie {of_commune(safe(town))}, le {french.day(today)}",
        need=french.typeset(measure.why),
        requirements=_requirements(measure),
        to_treat=things,
        withheld=bool(things) and not technical,
        done_when=french.typeset(measure.done_when),
        conditions=tuple(french.typeset(each) for each in _CONDITIONS),
        where=tuple(french.typeset(each) for each in (*_ADVICE[:1], *_where(remedies), *_ADVICE[1:])),
    )


def _requirements(measure: Measure) -> tuple[str, ...]:
    """What the text for the contractor numbers; the steps when it numbers nothing."""
    numbered = (_NUMBERED.match(line.strip()) for line in measure.contractor.splitlines())
    found = tuple(french.typeset(each[1]) for each in numbered if each)
    return found or tuple(french.typeset(step) for step in measure.steps)


def _things(to_treat: Sequence[ToTreatView], *, technical: bool) -> Iterator[str]:
    """What is concerned, by its name; what only an address would name is counted."""
    if technical:
        yield from (f"{each.asset_name}{french.NBSP}: {each.text}" for each in to_treat)
        return
    names = dict.fromkeys(each.asset_name for each in to_treat)
    bare = [without_addresses(name) for name in names]
    yield from filter(None, bare)
    if nameless := bare.count(""):
        many = "éléments, nommés" if nameless > 1 else "élément, nommé"
        yield f"{french.number(nameless)}{french.NBSP}{many} au prestataire retenu"


def without_addresses(text: str) -> str:
    """The name of a thing, what one could aim at left out; empty when nothing is left."""
    kept = " ".join(_ADDRESS.sub(" ", clean(text)).split())
    return french.typeset(kept) if any(char.isalpha() for char in kept) else ""


def _where(remedies: Remedies) -> Iterator[str]:
    """Public ways to somebody; an address only when it is confirmed."""
    for source_id, text in (
        ("CM-ACCOMPAGNEMENT", "Cherchez un prestataire labellisé ExpertCyber"),
        ("MAC", "Demandez un diagnostic gratuit à MonAideCyber, un service de l'ANSSI"),
    ):
        source = remedies.sources.get(source_id)
        url = source.url if source and source.confidence is Confidence.CONFIRMED else ""
        yield f"{text} : {url}" if url else f"{text}."
    yield "Demandez aussi un prix à l'opérateur public de services numériques de votre département."
    yield "Votre intercommunalité a peut-être déjà un marché, ou un agent qui peut aider."


def _sections(request: QuoteRequest) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Heading, paragraphs or items, and whether they are items."""
    yield "Ce dont la mairie a besoin", (request.need,), False
    yield "Ce qui est demandé", request.requirements, True
    if request.to_treat:
        yield "Ce qui est concerné", request.to_treat, True
    if request.withheld:
        yield "", ("Les adresses et les détails sont remis au prestataire retenu.",), False
    yield "C'est fait quand", (request.done_when,), False
    yield "Merci d'indiquer dans votre réponse", request.conditions, True


_FOR_US = "Pour la mairie (à ne pas envoyer)"


def text(request: QuoteRequest, *, width: int) -> str:
    """The page as plain lines of at most `width` cells."""
    lines = [*wrap(request.title, width), *wrap(request.sender, width)]
    for heading, paragraphs, are_items in _sections(request):
        lines += ["", *([heading] if heading else [])]
        for each in paragraphs:
            lines += wrap(each, width, first="  - " if are_items else "  ")
    lines += ["", "-" * min(width, 40), _FOR_US]
    for each in request.where:
        lines += wrap(each, width, first="  - ")
    return "\n".join(lines) + "\n"


_STYLE = """\
@page { size: A4; margin: 16mm }
html { color-scheme: light }
body { font: 10.5pt/1.4 system-ui, sans-serif; max-width: 44rem; margin: 1rem auto; padding: 0 1rem; color: #1a1a1a;
  background: #fff }
h1 { font-size: 1.35rem; margin: 0 } h2 { font-size: 1.05rem; margin: .9rem 0 .2rem }
p, ul { margin: .2rem 0 } ul { padding-left: 1.3rem }
aside { border-top: 1px dashed #595959; margin-top: 1.2rem }
@media print { body { margin: 0; padding: 0; max-width: none } }"""


def html(request: QuoteRequest) -> str:
    """The same page, one file, ready to print on one A4."""
    body = [f"<h1>{escape(request.title)}</h1>", f"<p>{escape(request.sender)}</p>"]
    for heading, paragraphs, are_items in _sections(request):
        body += [f"<h2>{escape(heading)}</h2>"] if heading else []
        body += [_list(paragraphs)] if are_items else [f"<p>{escape(each)}</p>" for each in paragraphs]
    where = "\n".join((f"<h2>{escape(_FOR_US)}</h2>", _list(request.where)))
    return "\n".join(
        (
            "<!doctype html>",
            '<html lang="fr"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(request.title)}</title>",
            f"<style>\n{_STYLE}\n</style></head>",
            "<body><main>",
            *body,
            f"</main>\n<aside>\n{where}\n</aside>",
            "</body></html>\n",
        )
    )


def _list(items: Sequence[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{escape(each)}</li>" for each in items) + "\n</ul>"


def plain(request: QuoteRequest) -> dict[str, object]:
    """The same for machines."""
    return {
        "title": request.title,
        "sender": request.sender,
        "need": request.need,
        "requirements": list(request.requirements),
        "to_treat": list(request.to_treat),
        "done_when": request.done_when,
        "conditions": list(request.conditions),
        "where": list(request.where),
    }


__all__ = ["QuoteRequest", "html", "plain", "quote_request", "text", "without_addresses"]
