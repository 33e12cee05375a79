"""What the embedded town publishes in DNS: a domain in order, a neglected one, a forgotten one, their parent.

Every name is under the reserved `example` (RFC 2606) and every address is a documentation one (RFC 5737,
RFC 3849). The parent is served too: looking for a DMARC policy climbs up to it (RFC 9989).

No domain without MX has an address at its own name: mail clients would try that address (RFC 5321 §5.1),
and nothing listens for it here.
"""

from collections.abc import Mapping

GOOD = "saint-etienne-d-o.example"
BAD = "mairie-seod.example"
FORGOTTEN = "tourisme-seod.example"
PARENT = "example"
ROOT = "."
SIGNED = (ROOT, PARENT, GOOD)
"""The neglected domain and the forgotten one are not signed, as most are."""
NAME_SERVERS = ("198.51.100.53", "203.0.113.53", "2001:db8:53::53", "2001:db8:54::53")
"""Where `ns1` and `ns2` of the provider stand."""
REGISTRY = "rdap.registre.example"
REGISTRY_ADDRESS = "198.51.100.43"

_HEAD = """\
$TTL 3600
@ SOA ns1.annuaire-dns.example. technique.annuaire-dns.example. 2026112101 14400 3600 1209600 300
@ NS ns1.annuaire-dns.example.
@ NS ns2.annuaire-dns.example.
"""

# The DKIM key is a real RSA public key whose private half was thrown away; it needs two strings, as all do.
_GOOD = """\
@ CAA 0 issue "autorite.example"
@ CAA 0 iodef "mailto:technique@saint-etienne-d-o.example"
@ MX 10 mx1
@ MX 20 mx2
@ A 192.0.2.80
@ AAAA 2001:db8::80
@ TXT "v=spf1 mx -all"
@ TXT "registre=mairie de Saint-Etienne-d'O"
www CNAME @
mx1 A 192.0.2.25
mx1 AAAA 2001:db8::25
mx2 A 192.0.2.26
mx2 AAAA 2001:db8::26
_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@saint-etienne-d-o.example"
s2026._domainkey TXT "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAuu1Jic+7nWKDvBeARr6y\
norsuSNodlt+a1Ww+LVmBLybVtvm0TmMtXrHmomEVPLeM1ZdNBASsIigJHKvHd1k+moL10zTpB4K29oPk2M76m2Ladl1dN4HC6f3YM\
HV9HsIrG6ryzRQHjUsHrjDF4fuZP/xbyZ4WRBY7aTO7DOfadZy" "U3iVBhLyuI6keBxYIzvGyD3aINvC97aJV8sxe8Iif1Qd9YqWL\
pCJg2/pvGury8miKdLxIskb94JkhozqwKHnjwty9qRZnwR+atx8JoY4ls+FbsBe1bq/7zObne+d1TQPYJHSRvhkq74itZgTPMakvvSH\
8ozjie1lB1P6Wp9JYwIDAQAB"
"""

# Two SPF records: the new provider's was added, the old one's was never removed.
_BAD = """\
@ MX 10 courrier
@ A 203.0.113.80
@ TXT "v=spf1 include:_spf.ancien-hebergeur.example ~all"
@ TXT "v=spf1 mx -all"
www CNAME @
courrier A 203.0.113.25
_dmarc TXT "v=DMARC1; p=none; rua=mailto:mairie@mairie-seod.example"
"""

_FORGOTTEN = """\
www A 203.0.113.81
"""

_PARENT = """\
saint-etienne-d-o NS ns1.annuaire-dns
saint-etienne-d-o NS ns2.annuaire-dns
mairie-seod NS ns1.annuaire-dns
mairie-seod NS ns2.annuaire-dns
tourisme-seod NS ns1.annuaire-dns
tourisme-seod NS ns2.annuaire-dns
ns1.annuaire-dns A 198.51.100.53
ns1.annuaire-dns AAAA 2001:db8:53::53
ns2.annuaire-dns A 203.0.113.53
ns2.annuaire-dns AAAA 2001:db8:54::53
rdap.registre A 198.51.100.43
_spf.ancien-hebergeur TXT "v=spf1 ip4:198.51.100.16/28 -all"
"""

# The reverse names stand in the root itself: nobody else needs them here. The neglected server has none.
_ROOT = """\
example NS ns1.annuaire-dns.example.
example NS ns2.annuaire-dns.example.
25.2.0.192.in-addr.arpa PTR mx1.saint-etienne-d-o.example.
26.2.0.192.in-addr.arpa PTR mx2.saint-etienne-d-o.example.
5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mx1.saint-etienne-d-o.example.
6.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa PTR mx2.saint-etienne-d-o.example.
"""

ZONES: Mapping[str, str] = {
    GOOD: _HEAD + _GOOD,
    BAD: _HEAD + _BAD,
    FORGOTTEN: _HEAD + _FORGOTTEN,
    PARENT: _HEAD + _PARENT,
    ROOT: _HEAD + _ROOT,
}
"""Origin → master file text (RFC 1035 §5)."""
