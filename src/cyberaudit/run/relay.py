"""The mail server that a profile names, with the password that this machine keeps for it and for no other host."""

from pathlib import Path

from cyberaudit.declared import Delivery
from cyberaudit.delivery.sending import Relay
from cyberaudit.errors import UsageError
from cyberaudit.plaintext import clean
from cyberaudit.probes.endpoint import parse_endpoint
from cyberaudit.run.accesses import read_secret
from cyberaudit.town.local import LocalConfig, host_and_port
from cyberaudit.town.nearby import nearby_path

# RFC 6409 §3.1, RFC 8314 §7.3
USUAL_PORTS = {"starttls": 587, "tls": 465}


def relay_of(delivery: Delivery, config: LocalConfig, *, folder: Path, relay_at: str = "") -> Relay:
    """The relay of `delivery`; `folder` is where the profile stands, `relay_at` where tests find it instead.

    Raises:
        UsageError: the password's label is not known here or is kept for another host, the secret or the
            file of authorities cannot be read, or `relay_at` is another machine.
    """
    host, port = host_and_port(delivery.relay) or ("", 0)
    return Relay(
        host=host,
        port=port,
        security=delivery.security,
        user=(delivery.user or delivery.sender) if delivery.password else "",
        password=_password(delivery, config, host=host, port=port),
        ca_file=nearby_path(folder, delivery.ca_bundle) if delivery.ca_bundle else None,
        address_override=_elsewhere(relay_at) if relay_at else None,
    )


def _password(delivery: Delivery, config: LocalConfig, *, host: str, port: int) -> str:
    if not delivery.password:
        return ""
    label = clean(delivery.password)
    source = config.secrets.get(delivery.password)
    if source is None:
        raise UsageError(
            f"La configuration de cette machine ne connaît pas « {label} », le mot de passe du serveur d'envoi."
            " Écrivez-le sous « secrets », dans ~/.config/cyberaudit/config.yaml."
        )
    if (host, port) != (source.host, source.port or USUAL_PORTS[delivery.security]):
        kept = f"{source.host}:{source.port}" if source.port else source.host
        raise UsageError(
            f"Le profil veut envoyer « {label} » à « {clean(delivery.relay)} » : la configuration de cette machine le"
            f" réserve à « {clean(kept)} »."
        )
    return read_secret(source, label)


def _elsewhere(relay_at: str) -> tuple[str, int]:
    """An address and port of this machine: a password goes there.

    Raises:
        UsageError: malformed, or another machine.
    """
    target = parse_endpoint(relay_at)
    if not target.address.is_loopback:
        raise UsageError(
            f"--relay-at : seulement une adresse de cette machine, comme 127.0.0.1:2525, pas {target}."
        )
    return str(target.address), target.port
