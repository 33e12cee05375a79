"""L'accès à distance n'accepte-t-il que des chiffrements actuels ?

## Pourquoi
Les anciennes versions du chiffrement ont des failles connues. Tant que l'accès à distance les accepte, un espion
bien placé peut y ramener la connexion d'un agent.

## Corriger
1. Désactiver TLS 1.0 et TLS 1.1, ainsi que SSL 2 et SSL 3, sur le pare-feu ou le serveur d'accès.
2. Proposer TLS 1.3, et garder TLS 1.2 pour les anciens postes.
3. OpenSSL : « MinProtocol = TLSv1.2 » ; nginx : « ssl_protocols TLSv1.2 TLSv1.3 » ; OpenVPN : « tls-version-min 1.2 ».
4. FortiOS, « config vpn ssl settings » : « set ssl-min-proto-ver tls1-2 ».
5. Mettre à jour l'équipement si TLS 1.3 n'existe pas dans ses réglages.
6. Essayer ensuite avec un poste de chaque modèle.

## Limites
Les accès SSL et le canal d'OpenVPN sont regardés, à chacune de leurs adresses. Une version est refusée quand le
serveur le dit. S'il coupe sans répondre, ou refuse toutes les versions, la question reste ouverte. Un canal OpenVPN
caché par une clé ne se voit pas. Un accès qui répond en clair (http) échoue. La vraisemblance 2 est notre jugement.
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
    version_evidence,
    version_items,
)

VERSIONS = TlsQuestion(
    items=version_items,
    evidence=version_evidence,
    words=Words(
        bad="accepte encore un chiffrement dépassé",
        half="ne propose pas encore le chiffrement le plus récent",
        good="n'accepte que des chiffrements actuels",
    ),
    minds_clear_text=True,
)


@check(
    "vpn.protocols",
    needs=(TlsEndpoint, OpenVpnEndpoint),
    about="vpn",
    concerns=speaks_tls,
    seen_from="any",
    impact=3,
    likelihood=2,
    measure="modern-vpn-encryption",
    sources=("TLS R3", "TLS R4", "RC 8.1", "MSS DISTANCE.1"),
)
def only_current_versions_are_accepted(seen: TlsSeen, ctx: Context) -> Verdict:
    return judge_tls(seen, ctx, VERSIONS)
