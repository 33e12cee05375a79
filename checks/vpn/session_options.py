"""Les réglages fins du chiffrement de l'accès à distance sont-ils bons ?

## Pourquoi
Le chiffrement a des options. Certaines, anciennes ou faites pour aller plus vite, ont déjà servi à voler des mots de
passe ou à rejouer un ordre.

## Corriger
1. Couper la compression TLS et les données en avance (0-RTT).
2. Exiger la renégociation protégée, et refuser celle que le client demande.
3. Limiter les tickets de reprise à 24 heures.
4. Activer « extended_master_secret », et retirer « heartbeat ».
5. OpenSSL : « Options = -Compression,NoRenegotiation ».
6. nginx : « ssl_early_data off » ; « ssl_session_timeout 1d », ou moins.
7. FortiOS, « config vpn ssl settings » : « set ssl-client-renegotiation disable » ;
   « set unsafe-legacy-renegotiation disable ».
8. Mettre à jour l'équipement si ces réglages n'existent pas.

## Limites
Ce que le serveur ne montre qu'à un client muni d'un certificat n'est pas visible. OpenVPN renvoie qui n'a pas de
certificat avant tout ticket : de lui, les tickets, 0-RTT et le retour à une version ancienne sont sans objet. La
renégociation demandée par le client n'est essayée que si l'autorisation le permet ; non essayée, elle ne compte pas.
L'agrafage de la révocation (R35) n'est qu'une remarque. Le retour forcé à une version ancienne, la renégociation par
le client, la gravité 2 et la vraisemblance 1 sont notre jugement. La compression et la renégociation sans protection
montent la vraisemblance à 2.
"""

from functools import partial

from cyberaudit.sdk import (
    Context,
    OpenVpnEndpoint,
    TlsEndpoint,
    TlsQuestion,
    TlsSeen,
    Verdict,
    VpnKind,
    Words,
    check,
    judge_tls,
    option_evidence,
    option_items,
    option_likelihood,
    speaks_tls,
)

WORDS = Words(
    bad="garde des réglages dangereux",
    half="garde des réglages à corriger",
    good="a de bons réglages de chiffrement",
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
    inside_openvpn = ctx.asset.type is VpnKind.OPENVPN
    question = TlsQuestion(
        items=partial(option_items, inside_openvpn=inside_openvpn),
        evidence=partial(option_evidence, inside_openvpn=inside_openvpn),
        likelihood=option_likelihood,
        words=WORDS,
    )
    return judge_tls(seen, ctx, question)
