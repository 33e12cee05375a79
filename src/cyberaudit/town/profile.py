"""A profile that was read and holds together: the declared town, its text, and the place of each value."""

from collections.abc import Mapping

from cyberaudit.declared import AssetKind, Town
from cyberaudit.errors import Place, Problem
from cyberaudit.frozen import frozen
from cyberaudit.town.looking import Looking
from cyberaudit.town.source import Source, Trail, Tree

SECTIONS: Mapping[AssetKind, str] = {
    AssetKind.TOWN: "commune",
    AssetKind.ZONE: "zones",
    AssetKind.HOST: "hosts",
    AssetKind.FLOW: "flows",
    AssetKind.VPN: "vpn",
    AssetKind.DOMAIN: "domains",
    AssetKind.MAIL_HOST: "mail",
    AssetKind.BACKUP: "backups",
    AssetKind.WEBSITE: "websites",
    AssetKind.LINK: "links",
    AssetKind.CLOUD: "cloud",
    AssetKind.PRACTICE: "practices",
}
"""Under which key the profile declares assets of each kind."""


@frozen
class Profile:
    """What `cyberaudit.town.load` gives; checks get its `town` only."""

    town: Town
    source: Source
    looking: Looking

    @property
    def file(self) -> str:
        return self.source.page.file

    @property
    def text(self) -> str:
        return self.source.page.text

    def place(self, trail: Trail = ()) -> Place:
        """Where the value at `("hosts", 1, "addresses")` begins; what is around it when it is not written."""
        return self.source.place(trail)

    def problem(self, sentence: str, trail: Trail = ()) -> Problem:
        """Something wrong with one value, ready to be told."""
        return self.source.problem(sentence, trail)

    def trail_of(self, asset_key: str) -> Trail:
        """The way to the asset `domain/main`; its section, or the top, when the profile does not write it."""
        kind, _, asset_id = asset_key.partition("/")
        section = SECTIONS[AssetKind(kind)]
        entries: Tree = self.source.tree.get(section)
        if isinstance(entries, list):
            ids = [entry.get("id") if isinstance(entry, dict) else None for entry in entries]
            return (section, ids.index(asset_id)) if asset_id in ids else (section,)
        if kind == AssetKind.PRACTICE and isinstance(entries, dict):
            written = next((key for key in entries if key.replace("_", "-") == asset_id), "")
            return (section, written) if written else (section,)
        return (section,)

    def place_of(self, asset_key: str) -> Place:
        """The line that declares the asset `domain/main`."""
        return self.place(self.trail_of(asset_key))


__all__ = ["SECTIONS", "Profile"]
