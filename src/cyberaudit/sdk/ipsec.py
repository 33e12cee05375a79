"""Which declared access stands for an IPsec gateway, so that what it shows is told once."""

from cyberaudit.declared import Asset, AssetKind, Host, Town, Vpn, VpnKind

# Of several accesses on one gateway, the one that is declared as what it is speaks for all; L2TP rides inside.
_ORDER = (VpnKind.IPSEC, VpnKind.L2TP)
# RFC 7296 §2 and §2.23: whichever is declared, both are asked.
_USUAL = frozenset({"", "udp/500", "udp/4500"})


def speaks_for_its_gateway(asset: Asset, town: Town) -> bool:
    """The first IPsec access declared on its gateway; the first L2TP access where there is none."""
    if not isinstance(asset, Vpn) or asset.type not in _ORDER:
        return False
    every = [each for each in town.of_kind(AssetKind.VPN) if isinstance(each, Vpn) and each.type in _ORDER]
    ours = [each for each in every if _gateway(each, town) == _gateway(asset, town)]
    first = min(ours, key=lambda each: _ORDER.index(each.type), default=asset)
    return first.key == asset.key


def _gateway(asset: Vpn, town: Town) -> tuple[frozenset[str], str]:
    """Its addresses, or its host's name for want of them; and its own port, where it has one."""
    host = town.asset(f"{AssetKind.HOST}/{asset.host}")
    addresses = frozenset(host.addresses) if isinstance(host, Host) else frozenset()
    # The port of an L2TP access is that of L2TP, inside the tunnel.
    port = "" if asset.type is VpnKind.L2TP or asset.port in _USUAL else asset.port
    return addresses or frozenset({asset.host}), port
