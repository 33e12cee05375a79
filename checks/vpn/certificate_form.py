"""Le certificat de l'accès à distance est-il fait dans les règles ?

## Pourquoi
Une clé trop courte ou une signature dépassée permettent de fabriquer un faux certificat. L'imitateur passe alors pour
la mairie, et aucun agent n'est averti. Les autres défauts gênent plus qu'ils ne menacent.

## Corriger
1. Prendre une clé RSA de 3072 bits (2048 au moins), ou une clé elliptique secp256r1 ou secp384r1.
2. Faire signer le certificat en SHA-2, pour 825 jours au plus ; une autorité publique en accorde moins.
3. Demander un certificat de serveur : KeyUsage critique, ExtendedKeyUsage « serverAuth », SubjectAltName.
4. Vérifier qu'il désigne la clé de son autorité, et où demander s'il est révoqué.
5. Envoyer la chaîne complète et dans l'ordre, sans double ni certificat étranger.
6. Certificat « must-staple » : joindre la réponse OCSP (nginx : « ssl_stapling on »), ou en prendre un sans cette
   obligation.

## Limites
Seuls les accès de type SSL et OpenVPN sont regardés. D'un accès OpenVPN, seules la clé et la signature sont jugées. La
révocation elle-même n'est pas demandée à l'autorité. Joindre la réponse OCSP (R35) ne compte que si le certificat y
oblige : certains navigateurs le refusent sinon. Le journal public (R38) ne compte que pour les autorités
publiques. L'absence de tout SubjectAltName est dite par la question de l'identité (vpn.certificate). Un certificat
envoyé seul, d'une autorité inconnue d'ici, laisse R34 sans réponse. Un intermédiaire manque, ou l'autorité est propre à
la mairie, et rien ne les distingue. Donner cette autorité à l'outil (--ca-bundle) tranche. Une clé RSA de moins de 3072
bits est signalée comme un conseil, sans rien changer au résultat. La gravité 3 et la vraisemblance 1
sont notre jugement : un défaut de forme seul compte pour peu. Une clé trop courte ou une signature dépassée monte la
vraisemblance à 3.
"""

from dataclasses import dataclass

from cyberaudit.sdk import (
    Context,
    FormBounds,
    OpenVpnEndpoint,
    TlsEndpoint,
    TlsQuestion,
    TlsSeen,
    Verdict,
    VpnKind,
    Words,
    check,
    form_evidence,
    form_items,
    judge_tls,
    speaks_tls,
)

WORDS = Words(
    bad="a un certificat facile à imiter",
    half="a un certificat qui s'écarte des règles",
    good="a un certificat fait dans les règles",
)
EASY_TO_FORGE = 3


@dataclass(frozen=True, slots=True)
class Settings:
    # ANSSI TLS v1.2, R26; PG-083 v3.00: RSA of 2048 bits or more until the end of 2030
    rsa_bits: int = 2048
    # ANSSI TLS v1.2, R26: elliptic keys of 256 bits or more
    curve_bits: int = 256
    # ANSSI TLS v1.2, R26
    rsa_exponent: int = 65537
    # ANSSI TLS v1.2, R25: issued since 1 March 2018
    days: int = 825
    # ANSSI TLS v1.2, R25: three years, one of them a leap year, issued before
    older_days: int = 1096


@check(
    "vpn.certificate-form",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    seen_from="any",
    impact=3,
    likelihood=1,
    measure="renew-vpn-certificate",
    sources=(
        "TLS R24",
        "TLS R25",
        "TLS R26",
        "TLS R27",
        "TLS R28",
        "TLS R29",
        "TLS R32",
        "TLS R33",
        "TLS R34",
        "TLS R35",
        "TLS R38",
        "PG-083",
    ),
    settings=Settings,
    concerns=speaks_tls,
)
def certificate_follows_the_rules(seen: TlsSeen, ctx: Context) -> Verdict:
    settings, is_private = ctx.settings, ctx.asset.type is VpnKind.OPENVPN
    bounds = FormBounds(
        rsa_bits=settings.rsa_bits,
        curve_bits=settings.curve_bits,
        exponent=settings.rsa_exponent,
        days=settings.days,
        older_days=settings.older_days,
    )
    question = TlsQuestion(
        items=lambda server: form_items(server, bounds, is_private=is_private),
        evidence=lambda server: form_evidence(server, is_private=is_private),
        words=WORDS,
        likelihood=lambda _items: EASY_TO_FORGE,
    )
    return judge_tls(seen, ctx, question)
