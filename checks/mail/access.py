"""L'accès des agents à leur courrier depuis l'extérieur est-il protégé ?

## Pourquoi
Un logiciel de messagerie qui se connecte sans chiffrement montre le mot de passe à qui écoute le réseau. Avec ce mot
de passe, un inconnu lit le courrier de la mairie et écrit en son nom.

## Corriger
1. Fermer les accès qui ne servent plus (POP, IMAP, messagerie web).
2. Proposer IMAP sur le port 993 et l'envoi sur le port 465, chiffrés dès la connexion.
3. Sur les ports 143, 110 et 587, refuser tout mot de passe avant STARTTLS.
4. Présenter un certificat reconnu, au nom exact du serveur.

## Limites
Sont regardés les accès annoncés dans l'annuaire des noms (RFC 6186), et les noms usuels sous le domaine : « mail »,
« imap », « smtp », « webmail ». Un accès sous un autre nom n'est pas vu. Personne ne se connecte à une boîte : un
serveur qui ne refuse le mot de passe qu'après l'avoir reçu paraît ouvert. Un nom qui existe et dont aucun accès ne
répond laisse la question ouverte, sauf si tout nom du domaine mène au même endroit. Un accès annoncé sur un port qui
n'est pas celui du courrier n'est pas regardé. La gravité et la vraisemblance sont notre jugement.
"""

from collections.abc import Iterator

from cyberaudit.facts.mail_access import AccessPoint, AccessSession, MailAccess
from cyberaudit.facts.mail_servers import OLD_VERSIONS
from cyberaudit.sdk import (
    Bounds,
    Context,
    Evidence,
    Item,
    Reason,
    Status,
    TlsSession,
    Trait,
    Unreachable,
    Verdict,
    certificate_items,
    check,
    failed,
    french,
    not_applicable,
    partial,
    passed,
    shown,
    unknown,
)

# Product rule, as for every certificate: 30 days. ANSSI TLS v1.2, R26: RSA of 2048 bits.
BOUNDS = Bounds(warn_days=30, rsa_bits=2048, curve_bits=0)
NAMES = {"imap": "IMAP", "pop3": "POP", "submission": "envoi"}
# At a usual port of a usual name that nobody announced, there may well be nothing.
_NOTHING_THERE = (Reason.REFUSED, Reason.TIMEOUT, Reason.NO_ROUTE, Reason.RESET)
_CLOSED = (Reason.REFUSED, Reason.NO_ROUTE)


@check(
    "mail.access",
    needs=MailAccess,
    about="domain",
    impact=3,
    likelihood=2,
    measure="encrypt-mail-access",
    sources=("PA-066 R40", "PA-066 R41", "H 24"),
    concerns=lambda asset, _town: asset.sends_mail,
)
def access_to_mail_is_protected(access: MailAccess, ctx: Context) -> Verdict:
    name = ctx.asset.name
    items = tuple(_items(access, ctx))
    evidence = tuple(_evidence(access))
    statuses = {item.status for item in items}
    if Status.FAIL in statuses:
        text = f"Un accès au courrier de {name} prend les mots de passe en clair."
        return failed(text, reason="clear-passwords", items=items, evidence=evidence)
    if Status.PARTIAL in statuses:
        text = f"Un accès au courrier de {name} ne prouve pas son identité, ou chiffre mal."
        return partial(text, reason="weak-access", items=items, evidence=evidence)
    lost = _first_cause(access)
    if lost is not None:
        return unknown(lost, items=items, evidence=evidence)
    if Status.UNKNOWN in statuses:
        return unknown(
            f"Un accès au courrier de {name} n'a pas pu être jugé.", items=items, evidence=evidence
        )
    if access.left_out:
        more = french.count(len(access.left_out), "accès", "accès")
        text = f"{more} au courrier de {name} : non regardé, au-delà de la limite ou sur un port inhabituel."
        return unknown(text, items=items, evidence=evidence)
    if not items:
        return not_applicable(f"Aucun accès au courrier n'a été trouvé sous le domaine {name}.")
    return passed(
        f"Les accès au courrier de {name} qui ont été trouvés sont chiffrés.", items=items, evidence=evidence
    )


def _first_cause(access: MailAccess) -> Unreachable | None:
    """Why some access may be there that was not found."""
    if isinstance(access.announced, Unreachable):
        return access.announced
    return next((each.addresses for each in access.names if isinstance(each.addresses, Unreachable)), None)


def _items(access: MailAccess, ctx: Context) -> Iterator[Item]:
    for point in access.points:
        yield from _of_point(point, ctx)
    yield from _silent_names(access)
    page = access.webmail
    if page is not None and isinstance(page.status, Unreachable):
        if page.status.reason not in _CLOSED and _is_a_name(access, page.name):
            text = f"{page.name} (messagerie web) : {page.status.reason.french}."
            yield Item(page.name, Status.UNKNOWN, "access.unreachable", text)
    elif page is not None:
        text = f"{page.name} ouvre une messagerie web : exiger une deuxième preuve (PA-066, R40)."
        yield Item(page.name, Status.PASS, "access.webmail", text)


def _silent_names(access: MailAccess) -> Iterator[Item]:
    """Usual names that exist, and of which every port tried kept silent: filtered here perhaps, and open elsewhere."""
    guessed = [point for point in access.points if not point.announced]
    for host in dict.fromkeys(point.host for point in guessed):
        sessions = [point.session for point in access.points if point.host == host]
        mute = all(
            isinstance(each, Unreachable) and each.reason in (Reason.TIMEOUT, Reason.DEADLINE)
            for each in sessions
        )
        if mute and _is_a_name(access, host):
            text = f"{host} existe, et aucun de ses accès au courrier n'a répondu."
            yield Item(host, Status.UNKNOWN, "access.unreachable", text)


def _is_a_name(access: MailAccess, host: str) -> bool:
    """Somebody created it: it is not led to where any name of the domain is."""
    found = next((each.addresses for each in access.names if each.name == host), ())
    if isinstance(found, Unreachable) or isinstance(access.wildcard, Unreachable):
        return True
    return not (found and set(found) <= set(access.wildcard))


def _of_point(point: AccessPoint, ctx: Context) -> Iterator[Item]:
    key, told, session = _key(point), _told(point), point.session
    if isinstance(session, Unreachable):
        if point.announced or session.reason not in _NOTHING_THERE:
            text = f"{told} : {session.reason.french}."
            yield Item(key, Status.UNKNOWN, "access.unreachable", text)
        return
    items = [*_login(session, key, told), *_encryption(session, point, ctx)]
    yield from items or [Item(key, Status.PASS, "", f"{told} est chiffré.")]


def _login(session: AccessSession, key: str, told: str) -> Iterator[Item]:
    if isinstance(session.clear_login, Unreachable):
        text = f"{told} : {session.clear_login.reason.french}."
        yield Item(key, Status.UNKNOWN, session.clear_login.reason, text)
    elif session.clear_login:
        text = f"{told} prend un mot de passe avant de chiffrer."
        yield Item(key, Status.FAIL, "access.login_in_clear", text)


def _encryption(session: AccessSession, point: AccessPoint, ctx: Context) -> Iterator[Item]:
    key, told = _key(point), _told(point)
    match session.tls:
        case None:
            return
        case Unreachable(reason=Reason.TLS_FAILURE):
            text = f"{told} propose un chiffrement qui n'aboutit pas."
            yield Item(key, Status.PARTIAL, "access.tls_broken", text)
        case Unreachable() as cause:
            yield Item(key, Status.UNKNOWN, cause.reason, f"{told} : {cause.reason.french}.")
        case tls:
            if tls.version in OLD_VERSIONS:
                text = f"{told} ne chiffre qu'en {tls.version}, dépassé."
                yield Item(key, Status.PARTIAL, "access.old_tls", text)
            for item in certificate_items(tls, ctx, key=key, host=point.host, bounds=BOUNDS):
                status = Status.UNKNOWN if item.status is Status.UNKNOWN else Status.PARTIAL
                if item.reason != Trait.WEAK_SIGNATURE:
                    yield Item(key, status, "access.cert", item.text)


def _key(point: AccessPoint) -> str:
    return f"{point.host}:{point.port}"


def _told(point: AccessPoint) -> str:
    """« imap.mairie.example (IMAP, port 143) »"""
    return f"{point.host} ({NAMES.get(point.protocol, point.protocol)}, port {point.port})"


def _evidence(access: MailAccess) -> Iterator[Evidence]:
    for entry in () if isinstance(access.announced, Unreachable) else access.announced:
        yield Evidence(f"SRV {entry.service}.{access.domain}", f"{entry.host or '.'} {entry.port}")
    for point in access.points:
        session = point.session
        if isinstance(session, Unreachable):
            yield Evidence(_key(point), str(session))
        elif isinstance(session.tls, TlsSession):
            yield Evidence(_key(point), shown(session.tls))
        else:
            yield Evidence(_key(point), "sans chiffrement" if session.tls is None else str(session.tls))
    if access.webmail is not None:
        yield Evidence(access.webmail.name, f"https : {access.webmail.status}")
