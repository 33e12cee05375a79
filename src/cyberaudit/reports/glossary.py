"""The hard words a report can contain, each with what it means for somebody who is no technician."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from cyberaudit.frozen import frozen


@frozen
class Term:
    """One entry of the glossary."""

    word: str
    """As it heads the entry: « pare-feu »."""
    meaning: str
    """One or two plain sentences."""
    forms: tuple[str, ...] = ()
    """Other ways the texts say it; each also matches with a plural « s » or « x » on any of its words."""


TERMS = (
    Term(
        "17Cyber",
        "Service public gratuit, ouvert jour et nuit à l'adresse 17cyber.gouv.fr. "
        "Il dit quoi faire pendant une attaque, et met en relation avec la police ou la gendarmerie.",
    ),
    Term(
        "administrateur",
        "Personne ou compte qui a tous les droits sur un ordinateur ou un service.",
        ("compte d'administration", "droits d'administration"),
    ),
    Term(
        "adresse IP",
        "Numéro qui désigne un appareil sur un réseau, comme un numéro de téléphone désigne une ligne.",
    ),
    Term(
        "amplification",
        "Attaque par ricochet : une petite question provoque une grosse réponse, envoyée à la victime.",
    ),
    Term(
        "annuaire",
        "Liste centrale des comptes et des ordinateurs de la mairie. Elle dit qui a le droit d'ouvrir quoi.",
    ),
    Term(
        "antivirus",
        "Logiciel qui repère et bloque les programmes malveillants sur un ordinateur.",
    ),
    Term(
        "automate",
        "Petit ordinateur qui commande un équipement : chauffage, pompe, éclairage, porte ou alarme.",
    ),
    Term(
        "BIMI",
        "Annonce qui fait afficher le logo de la mairie à côté de ses messages. C'est un ornement.",
    ),
    Term(
        "bureau d'enregistrement",
        "Société qui loue les noms de domaine et transmet les choix de la mairie au registre.",
    ),
    Term(
        "CAA",
        "Ligne publiée avec le nom de domaine, qui dit quelles autorités peuvent délivrer un certificat à la mairie.",
    ),
    Term(
        "centre régional de réponse aux incidents",
        "Équipe publique qui aide gratuitement les mairies de sa région pendant et après une attaque.",
        ("CSIRT", "centre régional d'urgence cyber"),
    ),
    Term(
        "certificat",
        "Pièce d'identité d'un site ou d'un serveur. Une autorité la délivre, et elle a une date de fin.",
    ),
    Term(
        "chiffrer",
        "Rendre un texte ou un fichier illisible pour qui n'a pas la clé.",
        ("chiffrement", "chiffré", "chiffrée"),
    ),
    Term(
        "CNIL",
        "Autorité publique qui veille sur les données personnelles. Les fuites de données lui sont déclarées.",
    ),
    Term(
        "coffre à mots de passe",
        "Logiciel qui garde tous les mots de passe, fermé par un seul mot de passe long.",
        ("gestionnaire de mots de passe",),
    ),
    Term(
        "correctif",
        "Petite mise à jour par laquelle un éditeur répare une faille de son logiciel.",
        ("mise à jour de sécurité",),
    ),
    Term(
        "DANE",
        "Annonce publiée avec le nom de domaine, qui dit quel certificat montrent les serveurs de courrier.",
    ),
    Term(
        "délégué à la protection des données",
        "Personne que toute commune doit désigner pour veiller aux données personnelles. "
        "Elle peut être partagée entre plusieurs communes.",
        ("DPO",),
    ),
    Term(
        "DKIM",
        "Signature ajoutée à chaque message envoyé. Elle prouve qu'il vient de la mairie et n'a pas été modifié.",
    ),
    Term(
        "DMARC",
        "Consigne publiée par la mairie. Elle dit aux messageries que faire d'un message qui usurpe son nom.",
    ),
    Term(
        "DNS",
        "Annuaire d'Internet. Il fait correspondre un nom, comme celui du site de la mairie, à une adresse.",
        ("annuaire des noms", "annuaire d'Internet"),
    ),
    Term(
        "DNSSEC",
        "Signature des réponses de l'annuaire d'Internet. Elle empêche de les fausser en chemin.",
    ),
    Term(
        "double authentification",
        "Deuxième preuve demandée après le mot de passe : un code sur le téléphone, une application ou une clé.",
        ("deuxième preuve", "second facteur", "authentification à deux facteurs", "MFA"),
    ),
    Term(
        "faille",
        "Défaut d'un logiciel ou d'un équipement, par lequel un inconnu peut entrer.",
        ("vulnérabilité",),
    ),
    Term(
        "hameçonnage",
        "Message trompeur qui imite un service connu pour obtenir un mot de passe, un code ou un virement.",
    ),
    Term(
        "hébergeur",
        "Société qui garde un site, un courrier ou des fichiers sur ses propres machines.",
    ),
    Term(
        "homologation",
        "Décision signée par un élu : un service en ligne est assez sûr pour être ouvert aux habitants.",
    ),
    Term(
        "indésirables",
        "Dossier où les messageries rangent le courrier qu'elles croient publicitaire ou frauduleux.",
        ("pourriel", "spam"),
    ),
    Term(
        "IPsec",
        "Procédé de chiffrement d'un accès à distance. L'ANSSI le préfère aux autres.",
        ("IKEv1", "IKEv2"),
    ),
    Term(
        "IPv6",
        "Nouvelle sorte d'adresses d'Internet, à côté des anciennes (IPv4). Le pare-feu doit filtrer les deux.",
        ("IPv4",),
    ),
    Term(
        "journal",
        "Trace écrite de ce qui s'est passé sur un équipement : connexions, refus, erreurs.",
        ("journaux", "journalisation"),
    ),
    Term(
        "mandataire",
        "Machine qui se place entre deux autres et parle à la place de l'une d'elles.",
    ),
    Term(
        "micrologiciel",
        "Logiciel interne d'un équipement : box, pare-feu, imprimante. Il se met à jour comme les autres.",
    ),
    Term(
        "MTA-STS",
        "Annonce par laquelle la mairie demande que son courrier lui soit toujours remis chiffré.",
    ),
    Term(
        "MX",
        "Ligne publiée avec le nom de domaine, qui dit quel serveur reçoit le courrier.",
    ),
    Term(
        "NAS",
        "Boîtier de disques branché au réseau, où l'on range des fichiers partagés ou des sauvegardes.",
        ("disque réseau",),
    ),
    Term(
        "nom de domaine",
        "Nom de la mairie sur Internet, celui de son site et de ses adresses. Il se loue à l'année.",
    ),
    Term(
        "pare-feu",
        "Équipement ou logiciel placé entre deux réseaux. Il laisse passer ce qui est prévu, et bloque le reste.",
    ),
    Term(
        "plan de continuité",
        "Document qui dit comment la mairie travaille sans informatique, puis comment elle la remet en route.",
        ("plan de reprise", "PCA", "PRA"),
    ),
    Term(
        "port",
        "Numéro d'une porte d'un ordinateur. Chaque service, comme le courrier ou le web, a la sienne.",
    ),
    Term(
        "prise de main à distance",
        "Outil qui permet de se servir d'un ordinateur depuis un autre lieu, comme si l'on était devant.",
        ("Bureau à distance", "télémaintenance"),
    ),
    Term(
        "rançongiciel",
        "Logiciel malveillant qui rend les fichiers illisibles, puis demande de l'argent pour les rendre.",
    ),
    Term(
        "redirection",
        "Règle de la box ou du pare-feu qui mène d'Internet à une machine de la mairie.",
        ("UPnP",),
    ),
    Term(
        "registre des traitements",
        "Liste obligatoire des fichiers de données personnelles que tient la mairie, avec leur raison d'être.",
    ),
    Term(
        "restaurer",
        "Reprendre des fichiers dans une sauvegarde et les remettre en service.",
        ("restauration", "restauré"),
    ),
    Term(
        "RGPD",
        "Règlement européen sur les données personnelles. Il s'applique à toutes les communes.",
    ),
    Term(
        "RGS",
        "Règles de sécurité que l'État impose aux services en ligne des administrations.",
        ("référentiel général de sécurité",),
    ),
    Term(
        "sauvegarde hors ligne",
        "Copie gardée sur un support débranché. Un logiciel malveillant ne peut pas l'atteindre.",
        ("copie hors ligne", "copie débranchée", "hors ligne"),
    ),
    Term(
        "SecNumCloud",
        "Qualification que l'ANSSI donne aux hébergeurs les plus sûrs. Rien n'oblige une petite commune à l'exiger.",
    ),
    Term(
        "SNMP",
        "Moyen de surveiller les équipements d'un réseau. Mal réglé, il décrit ce réseau à n'importe qui.",
    ),
    Term(
        "SPF",
        "Liste publiée des services qui ont le droit d'envoyer du courrier au nom de la mairie.",
    ),
    Term(
        "TLS",
        "Procédé qui chiffre une connexion : le cadenas d'un site, ou le trajet d'un message.",
        ("SSL", "STARTTLS"),
    ),
    Term(
        "transfert de zone",
        "Copie en une fois de tous les noms d'un domaine. Elle ne doit être permise qu'à ses propres serveurs.",
        ("AXFR",),
    ),
    Term(
        "usurpation",
        "Fait d'écrire ou de se présenter sous le nom de quelqu'un d'autre, ici celui de la mairie.",
        ("usurpe", "usurpent", "usurper"),
    ),
    Term(
        "violation de données",
        "Perte, vol ou diffusion de données personnelles. "
        "La CNIL doit le savoir dans les 72 heures, sauf s'il n'y a pas de risque pour les personnes.",
        ("violation de données personnelles",),
    ),
    Term(
        "VPN",
        "Accès chiffré qui permet de travailler de chez soi comme à la mairie.",
        ("accès à distance",),
    ),
)  # fmt: skip


def terms_in(texts: Iterable[str]) -> tuple[Term, ...]:
    """The terms that occur in `texts`, in alphabetical order, accents and capitals folded.

    Whole words only, in any case, singular or plural; the longest term wins: « annuaire des noms » is not
    « annuaire ». What stands inside an address (`dns.mairie.example`) does not count.
    """
    pattern, meant = _scanner()
    occurring = {match.lastindex or 0 for match in pattern.finditer("\n".join(texts).casefold())}
    return tuple(sorted({meant[group] for group in occurring}, key=alphabetical))


def alphabetical(term: Term) -> str:
    """What a term is sorted by: « délégué » after « DANE », « Écran » among the e."""
    letters = unicodedata.normalize("NFD", term.word.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@cache
def _scanner() -> tuple[re.Pattern[str], dict[int, Term]]:
    """One pattern, a group a form, the longest first; the term of each group."""
    forms = [(form.casefold(), term) for term in TERMS for form in (term.word, *term.forms)]
    forms.sort(key=lambda each: -len(each[0]))
    groups = "|".join(f"({_in_any_number(form)})" for form, _ in forms)
    first = "".join(sorted({form[0] for form, _ in forms}))
    # Neither inside a longer word nor inside an address or a check's name; the first letter spares nine tries in ten.
    pattern = re.compile(rf"(?<![\w./@-])(?=[{first}])(?:{groups})(?![\w@-]|\.\w)")
    return pattern, {group: term for group, (_, term) in enumerate(forms, start=1)}


def _in_any_number(form: str) -> str:
    """Any of its words may be plural, and be apart by any space."""
    return r"\s+".join(rf"{re.escape(word)}[sx]?" for word in form.split())


__all__ = ["TERMS", "Term", "alphabetical", "terms_in"]
