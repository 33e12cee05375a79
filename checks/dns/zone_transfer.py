"""N'importe qui peut-il recopier toute la liste des noms de la mairie ?

## Pourquoi
Un serveur de noms mal réglé donne d'un coup tous les noms du domaine : accès à distance, essais oubliés, serveurs
internes. Un attaquant y gagne une carte complète.

## Corriger
1. N'autoriser le transfert de zone (AXFR) qu'aux adresses des serveurs secondaires (« allow-transfer » chez BIND).
2. Protéger ces transferts par une clé (TSIG).
3. Retirer de la zone publique les noms qui ne servent qu'à l'intérieur.
4. Refaire le contrôle depuis l'extérieur.

## Limites
L'essai n'est fait que si l'autorisation signée nomme « dns-transfer » et couvre le serveur : sinon rien n'est dit.
Seul le début du transfert est lu, et rien n'en est gardé que le nombre d'enregistrements. Se taire ou couper la
ligne n'est un refus que si rien n'est arrivé, alors que le serveur répond en TCP à une autre question. Un transfert
commencé puis interrompu avant le deuxième enregistrement reste sans réponse. De même quand rien ne prouve que le
serveur répond lui-même : notre ligne peut intercepter ces questions. Aucun texte officiel français confirmé ne parle
de ce réglage : c'est notre jugement.
"""

from cyberaudit.facts.zone import DnsZone, NameServer, Standing
from cyberaudit.facts.zone_reading import State, heard_tcp, state
from cyberaudit.sdk import (
    Context,
    Evidence,
    Item,
    Reason,
    Status,
    TrialWords,
    Unreachable,
    Verdict,
    check,
    french,
    server_key,
    server_name,
    trial_verdict,
    unless_third_partys,
    untried,
)

WORDS = TrialWords(
    opened="Un serveur de noms donne à n'importe qui tous les noms de {}.",
    reason="axfr-open",
    reference=Evidence("norme", "RFC 5936 §5"),
    closed="Les serveurs de noms de {} gardent pour eux la liste complète des noms.",
)
_SILENCES = (Reason.TIMEOUT, Reason.DEADLINE, Reason.RESET)


@check(
    "dns.zone-transfer",
    needs=DnsZone,
    about="domain",
    seen_from="outside",
    impact=2,
    likelihood=3,
    measure="close-name-servers",
)
def no_transfer_to_strangers(zone: DnsZone, ctx: Context) -> Verdict:
    return unless_third_partys(trial_verdict(zone, ctx, _item, WORDS), ctx, test="dns-transfer")


def _item(server: NameServer, zone: DnsZone) -> Item:
    key, who = server_key(server), server_name(server)
    nothing = untried(server, server.transfer, zone)
    if nothing is not None:
        return nothing
    match server.transfer:
        case int(count) if count > 0:
            what = french.count(count, "enregistrement donné", "enregistrements donnés")
            text = f"{who} laisse recopier la zone : {what} avant que nous ne coupions."
            return Item(key, Status.FAIL, "ns.axfr_open", text)
        case int():
            return Item(key, Status.PASS, "", f"{who} refuse de donner la zone.")
        case Unreachable() as cause if _turned_away(server, cause, zone):
            return Item(key, Status.PASS, "", f"{who} ne donne pas la zone.")
        case Unreachable() as cause:
            return Item(key, Status.UNKNOWN, cause.reason, f"{who} : {cause.reason.french}.")


def _turned_away(server: NameServer, cause: Unreachable, zone: DnsZone) -> bool:
    """Not a byte came where another question over TCP was answered; or there is no TCP port to ask for it at."""
    if state(server, zone) in (State.UNSEEN, State.MUTE):
        return False
    if cause.reason is Reason.REFUSED and heard_tcp(zone, like=server.address):
        return True
    return cause.reason in _SILENCES and isinstance(server.tcp, Standing)
