"""How a profile wants names and mail to be asked about; the command line may say otherwise."""

from cyberaudit.frozen import frozen


@frozen
class Looking:
    """The `looking` block. File names are relative to the profile's folder, and stay inside it."""

    resolvers: tuple[str, ...]
    """`IP[:port]`; empty: those of this machine."""
    trust_anchor: str
    root_hints: str
    ca_bundle: str
    rdap_bootstrap: str
    """A file, or an https address."""
    whois: str
    ehlo: str
    subdomain_list: str
    allow_private: bool
    """The private addresses that domains publish may be visited: a test network."""
    smtp: bool
    axfr: bool
    empty_password: bool
    """Whether a repository of backups opens without a password is tried, on bytes that were read anyway."""
