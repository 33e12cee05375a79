"""L'accès à distance n'accepte-t-il que des chiffrements actuels ?

## Pourquoi
Les anciennes versions du chiffrement ont des failles connues. Tant que l'accès à distance les accepte, un espion
bien placé peut y ramener la connexion d'un agent.

## Corriger
1. Désactiver TLS 1.0 et TLS 1.1, ainsi que SSL, sur le pare-feu ou le serveur d'accès.
2. Proposer TLS 1.3, et garder TLS 1.2 pour les anciens postes.
3. Mettre à jour l'équipement si TLS 1.3 n'existe pas dans ses réglages.
4. Essayer ensuite avec un poste de chaque modèle.

## Limites
Seuls les accès de type SSL sont regardés, et seulement leurs versions : ni les suites ni SSL 2 et SSL 3 ne sont
encore essayés. Un serveur qui coupe sans répondre laisse la question ouverte. Une seule adresse de l'accès est
regardée : s'il en a d'autres, le contrôle ne conclut jamais que tout est en ordre. La vraisemblance 2 est notre
jugement.
"""

from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Reason,
    Status,
    TlsEndpoint,
    Unreachable,
    Verdict,
    VpnKind,
    check,
    failed,
    not_applicable,
    partial,
    passed,
    unknown,
)

# ANSSI TLS v1.2, R4: TLS 1.0 and 1.1 are not to be used
FORBIDDEN = ("TLSv1", "TLSv1.1")
# ANSSI TLS v1.2, R3: prefer TLS 1.3, accept TLS 1.2
ACCEPTED, PREFERRED = "TLSv1.2", "TLSv1.3"
NAMES = {"TLSv1": "TLS 1.0", "TLSv1.1": "TLS 1.1", "TLSv1.2": "TLS 1.2", "TLSv1.3": "TLS 1.3"}


@check(
    "vpn.protocols",
    needs=TlsEndpoint,
    about="vpn",
    seen_from="any",
    impact=3,
    likelihood=2,
    measure="modern-vpn-encryption",
    sources=("TLS R3", "TLS R4", "RC 8.1", "MSS DISTANCE.1"),
)
def only_current_versions_are_accepted(endpoint: TlsEndpoint, ctx: Context) -> Verdict:
    name = ctx.asset.name
    if ctx.asset.type is not VpnKind.SSL:
        return not_applicable(f"L'accès « {name} » n'utilise pas TLS.")
    said = {version: _said(endpoint, version) for version in NAMES}
    evidence = tuple(Evidence(NAMES[version], _word(answer)) for version, answer in said.items())
    old = tuple(_old_item(version) for version in FORBIDDEN if said[version] is True)
    if old:
        text = f"L'accès « {name} » accepte encore un chiffrement dépassé."
        return failed(text, reason="old-version", items=old, evidence=evidence)
    lost = next((answer for answer in said.values() if isinstance(answer, Unreachable)), None)
    if lost:
        return unknown(lost, evidence=evidence)
    if said[PREFERRED] is True and endpoint.left_out:
        unseen = Evidence("non regardé", ", ".join(endpoint.left_out))
        return unknown(
            f"Une partie des adresses de l'accès « {name} » n'a pas été regardée.",
            evidence=(*evidence, unseen),
        )
    if said[PREFERRED] is True:
        return passed(f"L'accès « {name} » n'accepte que des chiffrements actuels.", evidence=evidence)
    if said[ACCEPTED] is True:
        item = Item("R3", Status.PARTIAL, "no-tls-1.3", "TLS 1.3 n'est pas proposé.")
        text = f"L'accès « {name} » ne propose pas encore le chiffrement le plus récent."
        return partial(text, reason="no-tls-1.3", items=(item,), evidence=evidence)
    return unknown(f"L'accès « {name} » n'a accepté aucun des chiffrements essayés.", evidence=evidence)


def _said(endpoint: TlsEndpoint, version: str) -> bool | Unreachable:
    answers = (answer.accepted for answer in endpoint.versions if answer.version == version)
    return next(answers, Unreachable(Reason.NOT_COLLECTED))


def _old_item(version: str) -> Item:
    return Item(version, Status.FAIL, "old-version", f"{NAMES[version]} est accepté.")


def _word(answer: bool | Unreachable) -> str:  # noqa: FBT001 — the value itself is the subject
    if isinstance(answer, Unreachable):
        return str(answer)
    return "accepté" if answer else "refusé"
