"""L'accès à distance échange-t-il ses clés d'une façon solide ?

## Pourquoi
Au début de chaque connexion, l'ordinateur et le serveur conviennent d'une clé secrète. Si cet échange est faible, ce
qui est enregistré aujourd'hui pourra être lu un jour.

## Corriger
1. Garder les courbes secp256r1, secp384r1, secp521r1 et x25519.
2. Retirer les courbes de moins de 256 bits, et Diffie-Hellman en dessous de 2048 bits.
3. Préférer les courbes à Diffie-Hellman. Prévoir 3072 bits pour ce qui doit rester secret après 2030.
4. Signer en SHA-2, jamais en SHA-1 ni en MD5.
5. Proposer X25519MLKEM768 quand l'équipement le permet.
6. OpenSSL : « Groups = X25519:P-256:P-384 » ; nginx : « ssl_ecdh_curve X25519:prime256v1:secp384r1 ».
7. OpenVPN : « tls-groups X25519:secp256r1:secp384r1 », et « dh none ».

## Limites
En TLS 1.3, la signature du serveur est chiffrée, mais SHA-1 y est interdit. Diffie-Hellman de 2048 bits ou plus compte
pour moitié, comme dans le guide (R7-). Les groupes ffdhe proposés en TLS 1.3 seulement, après les courbes, sont une
remarque. Leur taille est fixée par la norme, et OpenSSL les propose de lui-même. C'est notre jugement. L'absence d'un
groupe post-quantique n'est qu'une remarque. La gravité 3 et la vraisemblance 1 sont notre jugement. Un échange trop
faible monte la vraisemblance à 3.
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
    exchange_evidence,
    exchange_items,
    exchange_likelihood,
    judge_tls,
    speaks_tls,
)

EXCHANGE = TlsQuestion(
    items=exchange_items,
    evidence=exchange_evidence,
    likelihood=exchange_likelihood,
    words=Words(
        bad="échange ses clés d'une façon trop faible",
        half="échange ses clés d'une façon seulement tolérée",
        good="échange ses clés d'une façon solide",
    ),
)


@check(
    "vpn.key-exchange",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    concerns=speaks_tls,
    seen_from="any",
    impact=3,
    likelihood=1,
    measure="modern-vpn-encryption",
    sources=("TLS R6", "TLS R7", "TLS R11", "PG-083", "TLS-PQ"),
)
def keys_are_agreed_on_soundly(seen: TlsSeen, ctx: Context) -> Verdict:
    return judge_tls(seen, ctx, EXCHANGE)
