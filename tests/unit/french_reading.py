"""How a French text is cut into sentences and words, and the words and signs that our texts avoid."""

import re
from collections.abc import Iterator

SPACES = r"[ \u00a0\u202f\n]"
_QUOTED = re.compile(rf"«{SPACES}?.*?{SPACES}?»|`[^`]*`", re.DOTALL)
_ITEM = re.compile(r"^\s*(?:\d\.|[-*])\s+")
_END = re.compile(r"(?<=[.?!…])(?:\s+)(?=[^\W_]|[«(§\0])")
_WORD = re.compile(r"[^\W_]")


def unquoted(text: str) -> str:
    """Without what stands in « » or between backticks: a command, a setting, a word that is not ours."""
    return _QUOTED.sub("«x»", text)


def blocks(text: str) -> Iterator[str]:
    """Paragraphs and items of a list, each on one line."""
    block: list[str] = []
    for line in text.splitlines():
        starts = not line.strip() or _ITEM.match(line)
        if starts and block:
            yield " ".join(block)
            block = []
        if line.strip():
            block.append(_ITEM.sub("", line).strip())
    if block:
        yield " ".join(block)


def sentences(text: str) -> Iterator[str]:
    """Each sentence; what is quoted is never cut."""
    for block in blocks(text):
        quotes = iter(_QUOTED.findall(block))
        for part in _END.split(_QUOTED.sub("\0", block)):
            yield "".join(next(quotes) if each == "\0" else each for each in part)


def words(sentence: str) -> int:
    """How many words one reads: what is quoted, an address or a command is one, a lone sign is none."""
    return sum(1 for each in re.split(SPACES, unquoted(sentence)) if _WORD.search(each))


# Ordinary English words and trade words that have a French one. Words that both languages write alike (port, zone,
# code, machine, service, simple, double, test, script, options) cannot be told apart and are left out.
ENGLISH = """
    the and with your this that from when where which what how are was were has have not should must will would could
    password passwords passphrase backup backups firewall firewalls phishing ransomware malware malwares spyware
    antispam antimalware e-mail e-mails email emails mail mails mailing mailings newsletter login logins logout logon
    log logs logging update updates upgrade upgrades patch patches patching hotfix bug bugs bugfix crash reboot reset
    server servers client-side host hosts hostname hosting cloud router routers switch switches hub gateway gateways
    proxy reverse-proxy wildcard split-tunneling tunneling tunnelling stateful stateless anycast glue payload token
    tokens hash hashing hashed handshake keepalive heartbeat downgrade fallback feature features default defaults
    checklist check checks checking scan scans scanner scanners scanning scanned report reporting reports dashboard
    open closed opened close relay relays spoofing spoof sniffing brute-force bruteforce exploit exploits exploited
    hack hacker hackers hacking hacked pentest pentests audit-log workaround monitoring monitor tracking tracker
    storage disk disks drive drives folder folders file files path paths key keys keyfile keylogger user users admin
    admins superuser root account accounts group groups owner owners policy policies rule rules setting settings
    setup wizard remote desktop laptop laptops smartphone smartphones device devices hardware software firmware
    firmwares freeware shareware plugin plugins add-on browser browsers website websites webmaster web-mail online
    offline off-line on-line off-site on-site snapshot snapshots restore restored retention rollback roll-back
    timeout time-out timestamp stream streaming buffer overflow cluster clusters failover deadline feedback meeting
    planning-poker workflow process workshop kit-less onboarding offboarding turnover reply unknown warning warnings
    error errors fail failed failure pass passed skipped missing none null false true yes empty invalid valid-until
    lock locked unlock unlocked lockout whitelist blacklist allowlist denylist sandbox honeypot botnet botnets ddos
    compliance awareness endpoint endpoints network networks wireless wifi hotspot bluetooth-less download downloads
    upload uploads spam-filter junk trash inbox outbox challenge response request requests query queries header
    headers footer body subject-line sender receiver recipient bounce bounced mailbox mailboxes forward forwarding
    best practices practice state-of-the-art as-is via-vpn please contact-us read write only
""".split()  # noqa: SIM905 - a list of two hundred words reads better as prose
ENGLISH_IN_FRENCH = frozenset(
    {
        # Both languages: « compliance » is quoted where it is a setting; « process » and « contact » are not.
        "contact",
        # « un client », « simple », « minute »… are never in the list above. « root » names an account and is quoted.
        "none",
    }
)
_ENGLISH = re.compile(
    r"(?<![\w./:@-])(?:"
    + "|".join(sorted(map(re.escape, set(ENGLISH) - ENGLISH_IN_FRENCH), key=len, reverse=True))
    + r")(?![\w@-]|\.\w)",
    re.IGNORECASE,
)


def english_words(text: str, *, allowed: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """English words of `text`, outside of what it quotes."""
    found = (match[0] for match in _ENGLISH.finditer(unquoted(text)))
    return tuple(word for word in found if word.lower() not in allowed)


_UNACCENTED = re.compile(
    r"\b(?:etat|etats|etre|meme|memes|tres|deja|apres|pres|cote|cotes|securite|reseau|reseaux|numero|numeros|echeance|"
    r"systeme|systemes|controle[sr]?(?<!controle)|acces|verifier|telephone|telephones|donnees|departement|prefecture|"
    r"cles?|derniere|dernieres|premiere|premieres|equipement|equipements|electronique|proteger|generer|"
    r"prevenir(?<!prevenir)|declarer|regle|regles|regler|requete|requetes|lheure|fevrier|aout|decembre|interieur|"
    r"exterieur|hebergeur|hebergeurs|editeur|editeurs|operateur|operateurs|elus?|eleve|agree|reponse|reponses|"
    r"repondre|evaluer|ecrire|ecrit|ecran|envoye|arret|arreter|bientot|plutot|tot|tache|delai|delais|duree|annee|"
    r"annees|journee|fermee|privee|cree|creer|supprime|desactiver|desactive|francais|francaise|maniere|hameconnage|"
    r"rancongiciel|rancongiciels|a distance|a jour|a cote|a partir|grace a|jusqu'a|c'est a dire|la ou)\b"
)
_BARE_CAPITAL = re.compile(
    r"\b(?:E(?:tat|tats|tape|tapes|tude|tre|crire|crit|viter|chec|change|changer|cheance|quipements?|lus?|lectronique"
    r"|diteurs?|valuation|valuer|couter|cole|coles|nergie|tabliss\w+|teindre)|"
    r"A (?:qui|partir|défaut|chaque|cause|côté|distance|moins|faire|éviter|noter|vérifier|améliorer|corriger|compléter"
    r"|arbitrer|titre|l'|l’))\b|\bCa\b"
)  # fmt: skip


def spelling(text: str) -> Iterator[str]:
    """Accents that are missing, on small letters and on capitals."""
    shown = unquoted(text)
    yield from (match[0] for match in _UNACCENTED.finditer(shown))
    yield from (match[0] for match in _BARE_CAPITAL.finditer(shown))


_TYPOGRAPHY = {
    "a straight double quote": re.compile(r'"|“|”'),
    "three dots": re.compile(r"\.\.\."),
    "a curved apostrophe beside straight ones": re.compile(r"’"),
    "no space before a double sign": re.compile(r"[^\W\d][;!?]|[a-zéè]:(?=\s)"),
    "a space that may break": re.compile(r" [:;!?»€%](?:\s|$|[.,)])|« "),
    "no space before the euro": re.compile(r"\d€|€\d|\bEUR\b|\d\s?euros?\b"),
    "thousands together": re.compile(r"\b\d{4,}[\s\u00a0]€"),
    "thousands that may break": re.compile(r"\d \d{3}[\s\u00a0]€"),
    "a date that is not French": re.compile(
        r"\b20\d\d-\d\d-\d\d\b|\b\d\d?/\d\d?/20\d\d\b|\b\d\d? [A-ZÉ][a-zéû]+ 20\d\d"
    ),
    "two spaces": re.compile(r"\S  +\S"),
}


def typography(text: str) -> Iterator[str]:
    """What a printer would correct in a text already typeset."""
    shown = unquoted(text)
    yield from (name for name, pattern in _TYPOGRAPHY.items() if pattern.search(shown))
    if re.search(r"[“”]|(?<!\.)\.\.\.(?!\.)", text):
        yield "quotes or dots inside a quotation"


_ALARM = re.compile(
    r"catastroph|désastr|hacker|terroris|apocalyp|effray|terrifi|terribl|dramatiqu|\bfatal|mortel|\bpanique|"
    r"cyberguerre|cyberattaque massive|\bhorreur|\bcauchemar|péril|dévast|alarmant|\burgence absolue|"
    r"(?<=\w)[ \u00a0\u202f]?!(?:\s|$)",
    re.IGNORECASE,
)
_BLAME = re.compile(
    r"négligen|\bfaute de\b|\bla faute d|\bpar (?:sa|votre|leur) faute|coupable|irresponsab|incompéten|laxis|"
    r"inexcusab|inadmissib|inaccept|paress|imprud|insouci|amateuris|auriez dû|auraient? dû savoir|mauvais élève|"
    r"honte|bâcl|ignoran",
    re.IGNORECASE,
)


def tone(text: str) -> Iterator[str]:
    """Words that frighten or accuse."""
    yield from (match[0] for match in _ALARM.finditer(unquoted(text)))
    yield from (match[0] for match in _BLAME.finditer(unquoted(text)))
