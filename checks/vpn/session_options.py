"""Les réglages fins du chiffrement de l'accès à distance sont-ils bons ?

## Pourquoi
Le chiffrement a des options. Certaines, anciennes ou faites pour aller plus vite, ont déjà servi à voler des mots de
passe ou à rejouer un ordre.

## Corriger
1. Couper la compression TLS et les données en avance (0-RTT).
2. Exiger la renégociation protégée, et refuser celle que le client demande.
3. Limiter les tickets de reprise à 24 heures.
4. Activer extended_master_secret, et retirer heartbeat.
5. Mettre à jour l'équipement si ces réglages n'existent pas.

## Limites
Ce que le serveur ne montre qu'à un client muni d'un certificat n'est pas visible. La renégociation demandée par le
client n'est essayée que si l'autorisation le permet ; non essayée, elle ne compte pas. L'agrafage de la révocation
(R35) n'est qu'une remarque. Le retour forcé à une version ancienne, la renégociation par le client, la gravité 2 et
la vraisemblance 1 sont notre jugement. La compression et la renégociation sans protection montent la vraisemblance à
2.
"""

from cyberaudit.sdk import (
    Context,
    OpenVpnEndpoint,
    TlsEndpoint,
    TlsQuestion,
    TlsSeen,
    Verdict,
    Words,
    check,
    judge_tls,
    option_evidence,
    option_items,
    option_likelihood,
    speaks_tls,
)

OPTIONS = TlsQuestion(
    items=option_items,
    evidence=option_evidence,
    likelihood=option_likelihood,
    words=Words(
        bad="garde des réglages dangereux",
        half="garde des réglages à corriger",
        good="a de bons réglages de chiffrement",
    ),
)


@check(
    "vpn.session-options",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    concerns=speaks_tls,
    seen_from="any",
    impact=2,
    likelihood=1,
    measure="modern-vpn-encryption",
    sources=("TLS R14", "TLS R16", "TLS R19", "TLS R20", "TLS R22", "TLS R23", "TLS R35"),
)
def session_options_are_sound(seen: TlsSeen, ctx: Context) -> Verdict:
    return judge_tls(seen, ctx, OPTIONS)
