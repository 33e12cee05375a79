"""What the `looking` of a profile adds to the options of a scan: the command line goes first."""

from dataclasses import replace
from pathlib import Path

from cyberaudit.probes.instruments import NEUTRAL_NAME, Options
from cyberaudit.town.profile import Profile


def as_declared(profile: Profile, options: Options) -> Options:
    """`options`, completed by the profile where the command line says nothing; its files stand beside it."""
    said = profile.looking
    folder = Path(profile.file).parent
    bootstrap = said.rdap_bootstrap
    if bootstrap and "://" not in bootstrap:
        bootstrap = str(folder / bootstrap)
    return replace(
        options,
        trust_anchor=options.trust_anchor or _beside(folder, said.trust_anchor),
        root_hints=options.root_hints or _beside(folder, said.root_hints),
        ca_bundle=options.ca_bundle or _beside(folder, said.ca_bundle),
        subdomain_list=options.subdomain_list or _beside(folder, said.subdomain_list),
        resolvers=options.resolvers or said.resolvers,
        rdap_bootstrap=options.rdap_bootstrap or bootstrap,
        whois=options.whois or said.whois,
        ehlo=said.ehlo if said.ehlo and options.ehlo == NEUTRAL_NAME else options.ehlo,
        allow_private=options.allow_private or said.allow_private,
        smtp=options.smtp and said.smtp,
        axfr=options.axfr and said.axfr,
        empty_password=options.empty_password and said.empty_password,
    )


def _beside(folder: Path, name: str) -> Path | None:
    return folder / name if name else None
