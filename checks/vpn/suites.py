"""L'accès à distance n'emploie-t-il que des méthodes de chiffrement solides ?

## Pourquoi
Sous une même version, le serveur et l'ordinateur choisissent leur méthode de chiffrement dans une liste. Une seule
méthode faible laissée dans la liste peut suffire à lire les mots de passe des agents.

## Corriger
1. Garder les suites ECDHE avec AES-GCM ou ChaCha20-Poly1305, et celles de TLS 1.3.
2. Retirer RC4, DES, 3DES, « NULL », « EXPORT », les suites anonymes et l'échange de clés RSA.
3. Retirer les suites en SHA-1 et en MD5, et les suites CBC. Sinon, exiger « encrypt_then_mac » pour CBC.
4. Garder au moins deux suites, et laisser le serveur imposer son ordre.
5. OpenSSL : « CipherString = ECDHE+AESGCM:ECDHE+CHACHA20 », et « Options = ServerPreference ».
6. nginx : « ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20 », et « ssl_prefer_server_ciphers on ».
7. OpenVPN : « tls-cipher TLS-ECDHE-ECDSA-WITH-AES-256-GCM-SHA384:TLS-ECDHE-RSA-WITH-AES-256-GCM-SHA384 » et leurs
   pareilles en AES-128-GCM-SHA256.
8. FortiOS, « config vpn ssl settings » : « set algorithm high » ; Stormshield : « CONFIG OPENVPN UPDATE tlsCipher=… ».

## Limites
Les suites sont celles que le serveur accepte vraiment, essayées une à une. Une liste qui n'a pas pu être menée à son
bout laisse la question ouverte. Les formes dégradées admises par le guide (CBC avec encrypt_then_mac, Camellia, ARIA,
clé partagée) comptent pour moitié. La gravité 3 et la vraisemblance 1 sont notre jugement. Une suite anonyme, au
chiffrement à écarter ou sans protection des échanges passés monte la vraisemblance à 3.
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
    speaks_tls,
    suite_evidence,
    suite_items,
    suite_likelihood,
)

SUITES = TlsQuestion(
    items=suite_items,
    evidence=suite_evidence,
    likelihood=suite_likelihood,
    words=Words(
        bad="accepte des méthodes de chiffrement à écarter",
        half="accepte des méthodes de chiffrement seulement tolérées",
        good="n'emploie que des méthodes de chiffrement solides",
    ),
)


@check(
    "vpn.suites",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    concerns=speaks_tls,
    seen_from="any",
    impact=3,
    likelihood=1,
    measure="modern-vpn-encryption",
    sources=("TLS R5", "TLS R6", "TLS R8", "TLS R9", "TLS R10", "TLS R11", "TLS R12", "TLS R13", "RC 8.1"),
)
def only_sound_suites_are_accepted(seen: TlsSeen, ctx: Context) -> Verdict:
    return judge_tls(seen, ctx, SUITES)
