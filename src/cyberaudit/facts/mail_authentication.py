"""Whether real mail of a domain can pass authentication, as far as DNS shows: before false mail may be refused."""

from cyberaudit.facts.dkim import Dkim, DkimSelector
from cyberaudit.facts.dkim_key import read_key
from cyberaudit.facts.mail import MailDns
from cyberaudit.facts.spf import ASKS_DNS, SpfFault, spf_all, spf_reached, spf_records, spf_terms
from cyberaudit.model import Unreachable

# RFC 8301 §3.2: receivers take no shorter one.
SHORTEST_RSA = 1024


def may_refuse(mail: MailDns, dkim: Dkim | Unreachable) -> bool:
    """SPF is in order and a DKIM key is seen; what was not seen does not count as there."""
    return has_sound_spf(mail) and has_key(dkim)


def has_sound_spf(mail: MailDns) -> bool:
    """One list, well written, that receivers read to its end."""
    records = () if isinstance(mail.apex, Unreachable) else spf_records(mail.apex)
    terms = spf_terms(records[0]) if len(records) == 1 else ()
    if not terms or isinstance(terms, SpfFault) or spf_all(records[0]) == "+":
        return False
    if mail.spf is None or isinstance(mail.spf, Unreachable):
        return not any(term.name in ASKS_DNS for term in spf_reached(terms))
    return mail.spf.is_whole and not mail.spf.is_broken and not mail.spf.cut


def has_key(dkim: Dkim | Unreachable) -> bool:
    """At least one key of its own that receivers accept."""
    return not isinstance(dkim, Unreachable) and any(_is_sound(each) for each in dkim.own)


def _is_sound(selector: DkimSelector) -> bool:
    if isinstance(selector.records, Unreachable) or len(selector.records) != 1:
        return False
    key = read_key(selector.records[0])
    usable = key.fault is None and not key.revoked and key.signs_mail and not key.refuses_sha256
    return usable and (key.kind != "rsa" or key.bits >= SHORTEST_RSA)
