"""Which product said these words: rules as data, each one specific enough to stand alone. Pure.

What only repeats the question proves nothing: a site may send every path on, or name it in a refusal.
"""

import re
from collections.abc import Iterable, Iterator

from cyberaudit.facts.products import ADMINISTERED, BY_ID
from cyberaudit.facts.services import Trait
from cyberaudit.frozen import frozen
from cyberaudit.plaintext import clean
from cyberaudit.probes.services.clues import (
    AMBIGUOUS_PATHS,
    DEFAULT_PATHS,
    LOGIN_FIELD,
    PATHS,
    RULES,
    Rule,
    Where,
)
from cyberaudit.probes.services.heard import Heard, Page
from cyberaudit.probes.services.pages import sent_on

# Ours: what a person reads before believing.
MAX_CLUES = 6
CLUE_CHARACTERS = 100
_LOGIN_FIELD = re.compile(LOGIN_FIELD, re.IGNORECASE)
# Ours: what pages of administration call themselves; « administration » alone is what a town hall is, and a service
# for families has an « Admin » too: the word counts when the title begins with it.
_SAYS_ADMIN = re.compile(
    r"^(?:admin|administrator)\b|(?:^|[-–|:] )(?:console|page|interface|portail) d.administration\b|"
    r"\b(?:web ?admin|(?:web )?management (?:console|interface|page)|device management|"
    r"configuration (?:page|utility)|admin(?:istration)? (?:console|login|panel|page|portal)|router login|"
    r"administration d[eu] (?:la box|routeur|serveur|système))\b",
    re.IGNORECASE,
)
# Ours: names of what is administered by a page, and what a page of identification is called.
_MAY_COMMAND = re.compile(
    r"\b(?:forti\w+|stormshield|netasq|cisco|sonicwall|palo alto|pfsense|opnsense|zyxel|zywall|usg|sophos|watchguard|"
    r"fireware|check point|ipfire|mikrotik|routeros|unifi|ubiquiti|edge(?:os|router|switch)|airos|openwrt|luci|draytek|"
    r"vigor|tp-?link|omada|netgear|aruba|teltonika|livebox|freebox|bbox|sfr box|synology|qnap|truenas|freenas|asustor|"
    r"openmediavault|my ?cloud|readynas|proxmox|vmware|esxi|vsphere|vcenter|xenserver|xcp-ng|xen orchestra|portainer|"
    r"idrac\w*|ilo|supermicro|xclarity|irmc|megarac|veeam|nakivo|urbackup|guacamole|meshcentral|hikvision|dahua|axis|"
    r"vivotek|mobotix|simatic|schneider|wago|loxone|3cx|yealink|freepbx|webmin|cpanel|whm|plesk|phpmyadmin|adminer|"
    r"jenkins|grafana|zabbix|centreon|admin|administrator|router|routeur|nas|firewall|pare-feu|console|dashboard|"
    r"tableau de bord|management|log ?in|sign in|connexion|identification|authentification)\b",
    re.IGNORECASE,
)
# What stands before the file that a page calls, and that nobody needs to read.
_CALLS = re.compile(r"""^(?:href|src|action|location(?:\.\w{1,8})?|url)\s?[=(]\s?["']?""", re.IGNORECASE)
_ADMIN_REALM = re.compile(r"\b(?:admin|administrator|administrateur|administration)\b", re.IGNORECASE)
_SAYS_VPN = re.compile(
    r"(?:^|[-–|:] )(?:ssl[- ]?vpn|(?:portail|accès) vpn)\b|\bvpn (?:portal|login|service|gateway)\b",
    re.IGNORECASE,
)
_PURPOSES = {Trait.ADMIN_PAGE, Trait.VPN_PORTAL}
_RANKS = {Where.SUBJECT: 1, Where.BANNER: 2}
_LABELS = {
    Where.SUBJECT: "certificat",
    Where.BANNER: "annonce",
    Where.SERVER: "serveur",
    Where.TITLE: "titre",
    Where.REALM: "identification demandée",
    Where.COOKIE: "cookie",
    Where.HEADER: "en-tête",
    Where.LOCATION: "renvoi",
    Where.BODY: "texte de la page",
}


@frozen
class Recognised:
    """What the words allow to say."""

    product: str
    """Id in `facts.products`; empty when nothing says it, or when two products are said."""
    traits: frozenset[Trait]
    clues: tuple[str, ...]


@frozen
class _Match:
    rule: Rule
    rank: int
    """Page 3, banner 2, certificate 1, and 0 for what several products have in common."""
    clue: str


def recognise(heard: Heard) -> Recognised:
    """The product, the traits its pages show, and what it stands on.

    What a page says weighs more than a certificate, which may be of the machine in front. Two products said
    with the same weight are none.
    """
    matches = tuple(_matches(heard))
    best = max((match.rank for match in matches), default=0)
    weighty = [match for match in matches if match.rank == best]
    products = {match.rule.product for match in weighty}
    product = products.pop() if len(products) == 1 else ""
    agreeing = [match for match in matches if match.rule.product == product] if product else weighty
    traits = frozenset().union(*(_traits(match) for match in agreeing)) if product else frozenset[Trait]()
    clues = dict.fromkeys((*(match.clue for match in agreeing), *heard.clues))
    traits |= _from_pages(heard.pages) | (frozenset() if product else _doubts(heard.pages))
    return Recognised(product, traits, tuple(clues)[:MAX_CLUES])


def seen_on_pages(pages: tuple[Page, ...]) -> bool:
    """A page alone tells the product, and what the page is for."""
    found = recognise(Heard("http", pages=pages))
    sort = BY_ID[found.product].sort if found.product else None
    return sort is not None and (sort not in ADMINISTERED or bool(found.traits & _PURPOSES))


def paths_to_try(pages: tuple[Page, ...], subject: str) -> tuple[str, ...]:
    """Well-known places, the likeliest first: those of the product that is suspected, those the pages name, the
    usual portals behind TLS; never one that was asked already.
    """
    asked = {page.path for page in pages}
    suspected = recognise(Heard("http", subject=subject, pages=pages)).product
    text = "\n".join(page.body + page.header("location") for page in pages)
    named = (
        path for paths in PATHS.values() for path in paths if path in text and path not in AMBIGUOUS_PATHS
    )
    usual = DEFAULT_PATHS if subject and not suspected else ()
    candidates = dict.fromkeys((*PATHS.get(suspected, ()), *named, *usual))
    return tuple(path for path in candidates if path not in asked)


def _matches(heard: Heard) -> Iterator[_Match]:
    for rule in RULES:
        for clue in _proofs(rule, heard):
            yield _Match(rule, 0 if rule.generic else _RANKS.get(rule.where, 3), clue)
            break


def _proofs(rule: Rule, heard: Heard) -> Iterator[str]:
    """What the rule finds, one safe phrase a place."""
    if rule.where in _RANKS:
        text = heard.subject if rule.where is Where.SUBJECT else heard.banner
        found = rule.pattern.search(text) if _is_said_here(rule, heard) else None
        if found:
            yield _phrase(rule.where, found[0])
        return
    for page in heard.pages:
        found = _found(rule, page) if _counts(rule, page, heard.pages) else None
        if found and _also(rule, page):
            yield _page_phrase(rule, page, found[0])


def _counts(rule: Rule, page: Page, pages: tuple[Page, ...]) -> bool:
    """The page is one on which the rule may look."""
    if rule.path and not rule.path.search(page.path):
        return False
    if rule.where is not Where.BODY:
        return True
    refused = page.status >= 400 and page.status not in rule.errors
    return not refused and not (rule.path and _is_everywhere(rule, pages))


def _is_everywhere(rule: Rule, pages: tuple[Page, ...]) -> bool:
    """The words stand on the front page too: those of a site that shows itself whatever is asked."""
    places = [other.path for other in RULES if other.product == rule.product and other.path]
    front = (page for page in pages[:2] if not any(place.search(page.path) for place in places))
    return any(rule.pattern.search(page.body) and not sent_on(page) for page in front)


def _is_said_here(rule: Rule, heard: Heard) -> bool:
    """A banner of HTTP is its `Server`, which has rules of its own."""
    return rule.where is Where.SUBJECT or not heard.pages


def _also(rule: Rule, page: Page) -> bool:
    return rule.also is None or any(rule.also.search(text) for text in (page.title, _own_words(page)))


def _found(rule: Rule, page: Page) -> re.Match[str] | None:
    """The first words that match and that are not those of the question."""
    found = (one for text in _texts(rule.where, page) for one in rule.pattern.finditer(text))
    if rule.where is Where.LOCATION:
        return next((one for one in found if one[0].lower() not in page.path.lower()), None)
    return next(found, None)


def _own_words(page: Page) -> str:
    """The body without the path that was asked, with its suffix or without."""
    stem = re.sub(r"\.\w{1,5}$", "", page.path.partition("?")[0])
    if len(stem) < 2:
        return page.body
    return re.sub(re.escape(stem) + r"(?:\.\w{1,5})?(?![\w-])", " ", page.body, flags=re.IGNORECASE)


def _texts(where: Where, page: Page) -> Iterable[str]:
    match where:
        case Where.TITLE:
            return (page.title,)
        case Where.BODY:
            return (_own_words(page),)
        case Where.SERVER:
            return page.values("server")
        case Where.REALM:
            return page.values("www-authenticate")
        case Where.LOCATION:
            return page.values("location")
        case Where.COOKIE:
            return page.cookies
        case Where.HEADER:
            return tuple(f"{name}: {value}" for name, value in page.headers)
        case _:
            return ()


def _page_phrase(rule: Rule, page: Page, found: str) -> str:
    where = f"{page.path} : {page.status}, " if page.path != "/" else ""
    return clean(where + _phrase(rule.where, found), limit=CLUE_CHARACTERS)


def _phrase(where: Where, found: str) -> str:
    said = _CALLS.sub("", found.strip())
    return clean(f"{_LABELS[where]} « {said} »", limit=CLUE_CHARACTERS)


def _traits(match: _Match) -> frozenset[Trait]:
    """Of the rule; when it has none of its own, the page of a device is its administration."""
    rule = match.rule
    if rule.where in _RANKS:
        return frozenset()
    if rule.traits is not None:
        return rule.traits
    administered = BY_ID[rule.product].sort in ADMINISTERED
    return frozenset({Trait.ADMIN_PAGE}) if administered else frozenset()


def _from_pages(pages: tuple[Page, ...]) -> frozenset[Trait]:
    """What any page may say of itself."""
    found = set[Trait]()
    for page in pages:
        if _LOGIN_FIELD.search(page.body) is None and page.status != 401:
            continue
        found.add(Trait.LOGIN_FORM)
        found |= {Trait.ADMIN_PAGE} if _says_admin(page) else set()
        found |= {Trait.VPN_PORTAL} if _SAYS_VPN.search(page.title) else set()
    return frozenset(found)


def _doubts(pages: tuple[Page, ...]) -> frozenset[Trait]:
    """A page of administration that builds its form afterwards may hide behind such a title."""
    named = any(_MAY_COMMAND.search(page.title) for page in pages if page.status < 400 or page.status == 403)
    return frozenset({Trait.MAY_COMMAND}) if named else frozenset()


def _says_admin(page: Page) -> bool:
    realm = page.header("www-authenticate")
    return any(
        pattern.search(text)
        for pattern, text in ((_SAYS_ADMIN, page.title), (_SAYS_ADMIN, realm), (_ADMIN_REALM, realm))
    )
