"""`cyberaudit look spf`: where a domain's list of senders leads, or what it says of one message."""

from datetime import datetime
from ipaddress import ip_address

from cyberaudit.errors import UsageError
from cyberaudit.facts.mail import TxtAnswer
from cyberaudit.facts.spf import SpfFault, spf_records, spf_terms
from cyberaudit.facts.spf_result import SpfLook, SpfQuestion, SpfResult
from cyberaudit.facts.spf_tree import SpfTree
from cyberaudit.model import Unreachable
from cyberaudit.plaintext import clean
from cyberaudit.probes.instruments import Options, set_up
from cyberaudit.probes.spf.asked import spf_now
from cyberaudit.run.exit_code import ExitCode
from cyberaudit.town.scope import scope_for_look
from cyberaudit.town.single import domain_asset, town_of

# RFC 5321 §4.5.3.1: 64 characters, « @ », 255.
LONGEST_ADDRESS = 320


def look_at_spf(
    name: str,
    options: Options,
    *,
    authorized_by: str,
    now: datetime,
    ip: str = "",
    mail_from: str = "",
    helo: str = "",
) -> SpfLook:
    """The SPF list of the domain `name`; with `ip`, what it says of a message from there.

    `mail_from` and `helo` complete the message: `postmaster` at the domain, and the domain, when empty.

    Raises:
        UsageError: `name` is no domain name, `ip` no address, or the message is not whole.
        ScopeError: nobody authorized it.
    """
    asset = domain_asset(name)
    question = _question(asset.domain, ip=ip, mail_from=mail_from, helo=helo)
    scope = scope_for_look(domains=(asset.domain,), authorized_by=authorized_by)
    instruments = set_up(town_of(asset), scope, options, now=now)
    return spf_now(instruments.resolver, asset.domain, question, now=now)


def spf_code(seen: SpfLook) -> ExitCode:
    """What the shell learns: too little was seen, receivers cannot use the list, or done."""
    if seen.outcome is not None:
        return ExitCode.INCOMPLETE if seen.outcome.result is SpfResult.TEMPERROR else ExitCode.DONE
    if isinstance(seen.apex, Unreachable) or isinstance(seen.tree, Unreachable):
        return ExitCode.INCOMPLETE
    if _is_refused(seen.apex) or (isinstance(seen.tree, SpfTree) and seen.tree.is_broken):
        return ExitCode.FOUND
    return ExitCode.INCOMPLETE if seen.tree is not None and not seen.tree.is_whole else ExitCode.DONE


def _is_refused(apex: TxtAnswer) -> bool:
    """Several records, or one that receivers cannot read."""
    records = spf_records(apex)
    return len(records) > 1 or any(isinstance(spf_terms(record), SpfFault) for record in records)


def _question(domain: str, *, ip: str, mail_from: str, helo: str) -> SpfQuestion | None:
    if not ip:
        if mail_from or helo:
            raise UsageError("--from et --helo décrivent un message : dites aussi d'où il vient, avec --ip.")
        return None
    try:
        address = ip_address(ip)
    except ValueError:
        raise UsageError(f"--ip : « {clean(ip)} » n'est pas une adresse IP.") from None
    if len(mail_from) > LONGEST_ADDRESS or len(helo) > LONGEST_ADDRESS:
        raise UsageError(f"--from et --helo : {LONGEST_ADDRESS} caractères au plus.")
    return SpfQuestion(str(address), mail_from or f"postmaster@{domain}", helo or domain)
