"""The tools whose repositories and sets are recognised: one line each."""

from cyberaudit.probes.stores.borg import log_repository as borg
from cyberaudit.probes.stores.borg import store_repository as borg_store
from cyberaudit.probes.stores.inspection import Claim, Family
from cyberaudit.probes.stores.repositories import (
    hyper_backup,
    kopia,
    pbs,
    rdiff_backup,
    rsnapshot,
    windows_image,
)
from cyberaudit.probes.stores.restic import claim as restic
from cyberaudit.probes.stores.sets import duplicati, duplicity, veeam_chain, volumes, vzdump
from cyberaudit.probes.stores.vaults import cryptomator, ecryptfs, encfs, gocryptfs

CLAIMS: tuple[Claim, ...] = (
    restic.CLAIM,
    borg.CLAIM,
    borg_store.CLAIM,
    kopia.CLAIM,
    pbs.CLAIM,
    hyper_backup.CLAIM,
    rdiff_backup.CLAIM,
    windows_image.CLAIM,
    rsnapshot.CLAIM,
    gocryptfs.CLAIM,
    encfs.CLAIM,
    cryptomator.CLAIM,
    ecryptfs.CLAIM,
)
"""Asked in this order of every folder; the first that reads something has it."""
FAMILIES: tuple[Family, ...] = (
    duplicity.FAMILY,
    duplicati.FAMILY,
    vzdump.FAMILY,
    veeam_chain.FAMILY,
    volumes.FAMILY,
)
"""Asked in this order of every name; the first whose it is has it."""
